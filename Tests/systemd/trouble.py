"""Connections through starts and restarts, watchdog, users, and what goes wrong: memory, disk, kills."""

import os
import pathlib
import signal
import socket
import threading
import time

from life import BURSTS, burst
from service import MODELS, Client, Instance, Refused, call, check, examples, keep_teaching, part, run, teach, wait


def activation():
    with part("3. Socket activation"):
        a = Instance("a", "learning: {idleSeconds: 0.2}")
        check("nothing runs before", a.state == "inactive")
        answers = []

        def ask():
            client = Client("a")
            answers.append(client.call("predict", input="who is there?")["label"])
            client.close()

        threads = [threading.Thread(target=ask) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        check("20 clients that connect before it runs are all answered", len(answers) == 20, f"{len(answers)} answers")

        stop, acknowledged, refusals = threading.Event(), [], []

        def go_on(number):
            keep_teaching("a", number, stop, acknowledged, refusals)

        threads = [threading.Thread(target=go_on, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        restarts = 0
        for _ in range(10):
            seen = len(acknowledged)
            wait(lambda: len(acknowledged) > seen + 16)
            a.reset()
            restarts += a.do("restart")[0] == 0
        stop.set()
        for thread in threads:
            thread.join()
        check("10 restarts under 8 clients", restarts == 10, f"{len(acknowledged)} corrections acknowledged")
        check("no connection was refused", not refusals, "; ".join(refusals[:3]))
        client = Client("a")
        counts = client.call("status")["corrections"]
        total = sum(counts.values())
        check("no acknowledged correction is lost, and none is there twice", total == len(acknowledged),
              f"{total} kept of {len(acknowledged)}")
        client.close()
        a.remove()


def watchdog(seconds=60):
    with part("4. The watchdog"):
        w = Instance("w", BURSTS, "WatchdogSec=5\nEnvironment=ATTUNED_TEST_BLOCKING=1")
        teach(client := Client("w"), 120)
        client.close()
        for name, way in [("SIGSTOP", "STOP"), ("a serving loop that hangs", "USR1")]:
            pid, restarts = w.pid, int(w.show("NRestarts"))
            run("systemctl", "kill", "-s", way, w.service)
            back = wait(lambda: w.pid not in (0, pid) and w.state == "active")
            check(f"{name}: killed and back", back and int(w.show("NRestarts")) == restarts + 1)
            check("  it was the watchdog", "Watchdog timeout" in run("journalctl", "-q", "UNIT=" + w.service).stdout)
            check("  and it answers, with all it knew", call("w", "status")["corrections"]["learnt"] == 120)
            run("journalctl", "--rotate")
            run("journalctl", "--vacuum-time=1s")
        pid, stop, answered, bursts = w.pid, threading.Event(), [], []

        def load():
            client = Client("w")
            texts = [text for text, _ in examples(64)]
            try:
                while not stop.is_set():
                    client.call("predict", inputs=texts)
                    answered.append(len(texts))
            except EOFError:
                pass
            client.close()

        def tune():
            while not stop.is_set():
                bursts.append(burst(w)[0].get("state"))

        threads = [threading.Thread(target=load) for _ in range(8)]
        tuner = threading.Thread(target=tune)
        tuner.start()
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        stop.set()
        for thread in threads:
            thread.join()
        call("w", "tuning/cancel")
        tuner.join()
        check(f"busy for {seconds} s, with bursts, it is left alone", w.pid == pid,
              f"{sum(answered)} texts answered, bursts: {', '.join(map(str, bursts))}")
        if w.pid != pid:
            print(run("journalctl", "-q", "--no-pager", "-n", "40", "-u", w.service).stdout)
        w.remove()


AS = """
import json, sys
sys.path.insert(0, sys.argv[1])
from service import Client, Refused
answers = []
try:
    client = Client(sys.argv[2])
    for line in sys.argv[3:]:
        method, parameters = line.split(" ", 1)
        try:
            answers.append(client.call(method, **json.loads(parameters)))
        except Refused as error:
            answers.append(error.reason)
except PermissionError:
    answers.append("not connected")
print(json.dumps(answers))
"""


def as_user(name, groups, instance, *requests):
    """What `instance` answers to a user: results, or the reasons for refusals."""
    import json
    folder = str(pathlib.Path(__file__).resolve().parent)
    done = run("python3", "-c", AS, folder, instance, *requests, user=name, group=name, extra_groups=groups)
    try:
        return json.loads(done.stdout)
    except ValueError:
        return [done.stdout]


def users():
    with part("5. Two instances, and who may do what"):
        import tiny_model
        tiny_model.write(MODELS / "all-MiniLM-L6-v2", MODELS / "tiny")
        run("chmod", "-R", "a+rX", str(MODELS / "tiny"))
        for name in ("ann", "bob", "eve", "oscar"):
            run("useradd", "-M", name)
        run("groupadd", "operators")
        p = Instance("p", "roles: {admin: [ann], predict: ['@operators']}")
        q = Instance("q", model="tiny")
        call("p", "status"), call("q", "status")
        models = [call(name, "server/discover")["model"]["name"] for name in "pq"]
        check("each has its model", models == ["all-MiniLM-L6-v2", "tiny"], " ".join(models))
        owners = [run("ps", "-o", "uid=", "-p", str(each.pid)).stdout.strip() for each in (p, q)]
        check("each has a user of its own", owners[0] != owners[1] and "0" not in owners, " ".join(owners))
        run("chmod", "a+rx", *map(str, pathlib.Path(__file__).resolve().parents[:0]))
        predict, admin = 'predict {"input": "hello"}', 'tuning/start {"wait": "started"}'
        submit = 'corrections/submit {"input": "%s", "label": "alpha"}'
        clients = ["attuned-clients"]
        answers = as_user("bob", clients, "p", predict, submit % "by bob", admin)
        check("a member of the group may predict and teach, and no more", len(answers) == 3
              and isinstance(answers[0], dict) and isinstance(answers[1], dict) and answers[2] == "role", str(answers[2:]))
        check("one outside it may not connect", as_user("eve", [], "p", predict) == ["not connected"])
        answers = as_user("ann", clients, "p", submit % "by ann", 'configuration/reload {}')
        check("a named user may administer", len(answers) == 2 and isinstance(answers[1], dict), str(answers))
        check("but not the other instance", as_user("ann", clients, "q", 'configuration/reload {}') == ["role"])
        listed = call("p", "corrections/list", limit=10)["corrections"]
        ids = [int(run("id", "-u", name).stdout) for name in ("bob", "ann")]
        check("users are seen rightly", [each["uid"] for each in listed] == ids, str(ids))
        p.configure("roles: {admin: [bob]}")
        p.do("reload")
        answers = as_user("bob", clients, "p", 'configuration/reload {}')
        check("a reload changes roles", isinstance(answers[0], dict) and
              as_user("ann", clients, "p", 'configuration/reload {}') == ["role"])
        p.remove(), q.remove()


def losses():
    with part("8. Memory, disk, SIGKILL"):
        m = Instance("m", BURSTS)
        teach(client := Client("m"), 120)
        pid = m.pid
        os.kill(pid, signal.SIGKILL)
        check("after SIGKILL a client's next connection is answered", call("m", "status")["corrections"]["learnt"] == 120)
        check("and it was systemd that started it again", m.pid != pid and int(m.show("NRestarts")) == 1)
        wait(lambda: call("m", "status")["state"] == "serving")
        revision = call("m", "status")["revision"]

        def answers():
            return all(call("m", "predict", input=f"a text, {each}")["label"] for each in range(50))

        # So little room above what it has that a burst takes more; and no swap to go to.
        answers()
        used = int(m.show("MemoryCurrent"))
        if 0 < used < 1 << 50:
            pid, limit = m.pid, used + (16 << 20)
            run("systemctl", "set-property", "--runtime", m.service, f"MemoryMax={limit}", "MemorySwapMax=0")
            check("under a memory limit it answers", answers() and m.pid == pid, f"{limit >> 20} MB")
            done, _ = burst(m)
            gone = wait(lambda: m.pid not in (0, pid) and m.state == "active", 30)
            run("systemctl", "set-property", "--runtime", m.service, "MemoryMax=infinity")
            check("a burst that hits the memory limit ends the daemon, which is back", gone,
                  f"the burst: {done.get('error') or done.get('state')!r}")
            check("  and puts off the next one", wait(lambda: m.events("-u", m.service, "ATTUNED_TIMES=1")))
            status = call("m", "status")
            check("  and has lost nothing", status["corrections"]["learnt"] == 120 and status["revision"] == revision,
                  f"revision {revision}")
        else:
            print("  --    memory limits do not act here: not tested")
        m.remove()

        state = pathlib.Path("/var/lib/private/attuned/d")
        state.mkdir(parents=True)
        run("chmod", "700", str(state.parent))
        run("mount", "-t", "tmpfs", "-o", "size=24m,mode=700", "tmpfs", str(state))
        d = Instance("d", BURSTS)
        teach(client := Client("d"), 120)
        revision = client.call("status")["revision"]
        # What is left is less than a revision with a body takes.
        room = os.statvfs(state)
        filler = state / "filler"
        with filler.open("wb") as file:
            file.write(b"x" * (room.f_bavail * room.f_frsize - (300 << 10)))
        pid = d.pid
        done, _ = burst(d, method="full")
        check("a burst whose revision finds no room fails and says so", done.get("state") in ("failed", "cancelled"),
              f"{done.get('state')}: {done.get('reason')}")
        status = client.call("status")
        check("the daemon goes on serving what it served", d.pid == pid and status["revision"] == revision
              and client.call("predict", input="still there?")["revision"] == revision)
        check("  and has lost nothing", status["corrections"]["learnt"] == 120)
        filler.unlink()
        client.close()
        x = call("d", "status")
        client = Client("d")
        taught = wait(lambda: attempt(client, "room again"), 30)
        check("with room again it learns again", taught, str(x["readOnly"]))
        d.stop()
        run("umount", str(state))
        d.remove()


def attempt(client, text):
    try:
        return client.teach(text, "alpha", wait="published")["state"] == "learnt"
    except Refused:
        return False
