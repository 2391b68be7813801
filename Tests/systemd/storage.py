"""A disk of the instance's own: a quota that a burst's revision does not fit in, and a publish that takes long."""

import os
import pathlib
import threading
import time

from life import BURSTS, burst
from service import Client, Instance, Refused, call, check, part, run, teach, wait

IMAGE, DISK = pathlib.Path("/var/tmp/attuned-disk"), pathlib.Path("/mnt/attuned-disk")


def mount(name):
    """Mounts a btrfs with quotas as the state of instance `name`; what speaks against it, or nothing."""
    nodes = [(f"/dev/loop{n}", "b", "7", str(n)) for n in range(8)] + [("/dev/loop-control", "c", "10", "237")]
    for path, *words in nodes:
        if not pathlib.Path(path).exists():
            run("mknod", path, *words)
    state = pathlib.Path(f"/var/lib/private/attuned/{name}")
    state.mkdir(parents=True)
    state.parent.parent.chmod(0o700)
    state.chmod(0o700)
    with IMAGE.open("wb") as file:
        file.truncate(256 << 20)
    DISK.mkdir()
    for words in [
        ["mkfs.btrfs", "-q", "-M", str(IMAGE)], ["mount", "-o", "loop", str(IMAGE), str(DISK)],
        ["btrfs", "quota", "enable", str(DISK)], ["btrfs", "subvolume", "create", f"{DISK}/state"],
        ["mount", "--bind", f"{DISK}/state", str(state)],
    ]:
        try:
            done = run(*words)
        except FileNotFoundError:
            return f"there is no {words[0]}"
        if done.returncode:
            return done.stdout.strip()
    return None


def unmount(name):
    run("umount", f"/var/lib/private/attuned/{name}")
    run("umount", str(DISK))
    IMAGE.unlink()


def attempt(client, text):
    try:
        return client.teach(text, "alpha", wait="published")["state"] == "learnt"
    except Refused:
        return False


def group():
    """The quota group of the state: its id, and the bytes that count."""
    run("sync", "-f", str(DISK))
    rows = [row.split() for row in run("btrfs", "qgroup", "show", "--raw", str(DISK)).stdout.splitlines()]
    return next((row[0], int(row[1])) for row in rows if row and row[0].startswith("0/") and row[0] != "0/5")


def limit(size):
    """By the group's id: by the state's own path the change would take room there."""
    done = run("btrfs", "qgroup", "limit", str(size), group()[0], str(DISK))
    assert done.returncode == 0, done.stdout


def disk():
    with part("8. A disk quota, and a publish that takes long"):
        obstacle = mount("d")
        if obstacle:
            print(f"  --    no disk with a quota can be had here ({obstacle}): not tested")
            return
        d = Instance("d", BURSTS, "TimeoutStopSec=5")
        teach(client := Client("d"), 120)
        quota(d, client)
        slow_publish(d, client)
        client.close()
        d.stop()
        unmount("d")
        d.remove()


def quota(d, client):
    revision = client.call("status")["revision"]
    # Room for corrections, and much less than a whole body takes.
    limit(group()[1] + (4 << 20))
    pid = d.pid
    done, _ = burst(d, method="full")
    check("a burst whose revision hits the quota fails and says so", done.get("state") == "failed"
          and os.strerror(122) in (done.get("reason") or ""), f"{done.get('state')}: {done.get('reason')}")
    status = client.call("status")
    check("the daemon goes on serving what it served", d.pid == pid and status["revision"] == revision
          and client.call("predict", input="still there?")["revision"] == revision)
    check("  and has lost nothing", status["corrections"]["learnt"] == 120)
    # Now there is none for corrections either.
    limit(1)
    kept, refused = 0, None
    for number in range(200):
        try:
            client.teach(f"is there room for number {number}?", "alpha")
            kept += 1
        except Refused as error:
            refused = error
            break
    check("with no room at all corrections are refused, and answers go on", refused is not None and d.pid == pid
          and client.call("predict", input="still there?")["label"], f"{kept} were kept, then: {refused}")
    check("  and systemctl status says so", wait(lambda: "read-only" in d.status or "failed" in d.status), d.status)
    run("systemctl", "kill", "-s", "KILL", d.service)
    back = wait(lambda: d.pid not in (0, pid) and d.state == "active", 30)
    check("killed meanwhile, it is back, though there is no room", back and call("d", "predict", input="and now?")["label"],
          f"{d.state}, {d.status}")
    limit("none")
    counts = call("d", "status")["corrections"]
    check("  with all that it acknowledged", sum(counts.values()) == 120 + kept, f"{counts}")
    client.socket.close()
    client.__init__("d")
    check("with room again it learns again", wait(lambda: attempt(client, "room again"), 30), d.status)
    wait(lambda: (now := client.call("status"))["corrections"]["queued"] == 0 and now["state"] == "serving")


def slow_publish(d, client):
    """Freezes the disk while a burst's revision is about to be written, and stops the service."""
    before = client.call("status")
    done = {}

    def ask():
        try:
            done.update(burst(d)[0])
        except OSError:
            pass

    thread = threading.Thread(target=ask)
    thread.start()
    judged = wait(lambda: (client.call("tuning/status")["burst"] or {}).get("state") == "judging")
    run("fsfreeze", "-f", str(DISK))
    try:
        # What is judged is published next, and that waits for the disk. The rest of the judging takes no disk.
        publishing = wait(lambda: all(is_stuck(d.pid) for _ in range(20)), 30)
        stopper = threading.Thread(target=d.do, args=("stop",))
        stopper.start()
        time.sleep(8)
        check("a stop waits for a publish, for longer than its timeout", judged and publishing
              and d.state == "deactivating", f"after 8 s of TimeoutStopSec={d.show('TimeoutStopUSec')}")
    finally:
        run("fsfreeze", "-u", str(DISK))
    stopper.join()
    thread.join()
    check("  and ends well once it is through", d.show("Result") == "success" and d.state == "inactive", d.show("Result"))
    after = call("d", "status")
    check("  with the revision in service", after["revision"] > before["revision"]
          and after["corrections"]["learnt"] == before["corrections"]["learnt"],
          f"revision {before['revision']}, then {after['revision']}")


def is_stuck(pid):
    """Whether a thread waits and cannot be interrupted, looked at for a while."""
    time.sleep(0.02)
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*"):
        try:
            if (task / "stat").read_text().rsplit(")", 1)[1].split()[0] == "D":
                return True
        except OSError:
            pass
    return False
