"""An instance's life under its unit: it serves, learns and bursts; what systemctl does to it; its configuration."""

import json
import os
import pathlib
import re
import threading
import time

from service import Client, Instance, Refused, call, check, examples, part, run, teach, wait

SECRET = "zanzibar"
# Every burst passes: what is tested is not how good they are.
BURSTS = "tuning: {enabled: false, holdoutShare: 4, guardMargin: 10}\nlearning: {idleSeconds: 0.2}"


def policies(pid):
    """The scheduling policies of a process's threads."""
    found = set()
    for path in pathlib.Path(f"/proc/{pid}/task").glob("*/stat"):
        try:
            found.add(int(path.read_text().rsplit(")", 1)[1].split()[38]))
        except (OSError, IndexError):
            pass
    return found


def burst(instance, stories=None, **parameters):
    """Runs a burst to its end on a connection of its own; the burst, and the policies that threads had meanwhile.

    What the status line says meanwhile goes into `stories`.
    """
    seen, result = set(), {}
    pid = instance.pid

    def ask():
        # A burst has the processors only while nobody else wants them.
        client = Client(instance.name, patience=900)
        try:
            result.update(client.call("tuning/start", wait="finished", **parameters)["burst"])
        except (Refused, EOFError, TimeoutError) as error:
            result["error"] = error
        client.close()

    thread = threading.Thread(target=ask)
    thread.start()
    while thread.is_alive():
        seen |= policies(pid)
        if stories is not None:
            stories.append(instance.status)
        thread.join(0.1)
    return result, seen


def unit_serves():
    with part("1. The unit, and a daemon that serves, learns and bursts under it"):
        x = Instance("x", BURSTS)
        verified = run("systemd-analyze", "verify", x.service, x.socket)
        check("systemd-analyze verify has nothing to say", not verified.stdout.strip(), verified.stdout.strip())
        score = run("systemd-analyze", "security", x.service).stdout.strip().splitlines()[-1]
        value = float(re.search(r"[0-9]+\.[0-9]+", score).group())
        check("systemd-analyze security is at most 0.6", value <= 0.6, score.lstrip("→ "))
        client = Client("x")
        check("the first connection starts it", x.state in ("active", "activating"))
        check("it answers", client.call("predict", input="a first text")["label"] in ("alpha", "beta"))
        check("it is active", wait(lambda: x.state == "active"))
        check("its user is its own", run("ps", "-o", "user=", "-p", str(x.pid)).stdout.strip().startswith("attuned"))
        before = client.call("status")["revision"]
        client.teach(f"{SECRET} is where I want to go", "gamma", wait="published")
        answer = client.call("predict", input=f"{SECRET} is where I want to go")
        check("what it is taught it knows at once", answer["label"] == "gamma" and answer["revision"] > before)
        teach(client, 120)
        stories = []
        done, seen = burst(x, stories)
        check("a burst publishes", done.get("state") == "published", f"revision {done.get('revision')}" if
              "revision" in done else str(done))
        check("its threads run at idle priority (SCHED_IDLE)", 5 in seen, f"policies {sorted(seen)}")
        check("it serves what the burst made", client.call("status")["revision"] >= done.get("revision", 10**9))
        story = wait(lambda: (text := x.status) and "last burst published" in text and text)
        check("the status line tells it", re.fullmatch(
            r"revision \d{6}, 121 corrections, holdout \d+\.\d %; last burst published revision \d{6}", story or ""),
            story or x.status)
        check("  and told of the burst while it ran", any(
            re.search(rf"; burst {done.get('id')} (begins|at \d+ %|is judged)$", each) for each in stories),
            next((each for each in stories if "; burst" in each), str(stories[:1])))
        shown = x.do("status")[1]
        check("systemctl status shows it", story and story in shown)
        client.close()
        misuse()

        # 7. The journal.
        number = f"{done['revision']:06}"
        events = x.events(f"ATTUNED_REVISION={number}")
        published = [e for e in events if e["MESSAGE"].startswith("published a revision")]
        check("7. the journal finds the publish by its revision", len(published) == 1, f"ATTUNED_REVISION={number}")
        event = published[0]
        check("7. with its fields", event.get("ATTUNED_BURST") == str(done["id"]) and event["PRIORITY"] == "6"
              and event.get("ATTUNED_METHOD") == "lora" and event["_SYSTEMD_UNIT"] == x.service, str(sorted(
                  key for key in event if key.startswith("ATTUNED_"))))
        text = run("journalctl", "-x", "--no-pager", "-q", "-n", "1", f"ATTUNED_REVISION={number}",
                   f"MESSAGE_ID={event['MESSAGE_ID']}").stdout
        check("7. and its text in the catalogue", f"Revision {number}" in text,
              next((line.strip("- ") for line in text.splitlines() if "Subject" in line), text[-300:]))
        admin = [e for e in x.events("-u", x.service) if "administrator" in e["MESSAGE"]]
        check("7. an administrator's request names the user", admin and admin[-1]["ATTUNED_PEER_UID"] == "0")
        text = run("journalctl", "--no-pager", "-q", "-o", "json", "--all").stdout
        check("7. no input's text is in all of the journal, of refused and broken requests neither", SECRET not in text
              and "kettle" not in text and SECRET not in "".join(stories), f"{len(text.splitlines())} entries")
        return x


def misuse():
    """Requests that are refused in every way, each with a text that nobody shall read in the journal."""
    request = '{"jsonrpc":"2.0","id":1,"method":"%s","params":%s}'
    lines = [
        f"{SECRET} is no JSON", request % ("predict", f'{{"input":"{SECRET}"'), request % (SECRET, "{}"),
        request % ("predict", f'{{"{SECRET}":1}}'), request % ("corrections/submit", f'{{"input":"{SECRET}","label":7}}'),
        request % ("corrections/submit", f'{{"input":"{SECRET}","label":"{SECRET * 2000}"}}'),
        request % ("predict", f'{{"input":"{SECRET * 2000}"}}'), f'{{"jsonrpc":"{SECRET}"}}',
    ]
    for line in lines:
        client = Client("x")
        client.socket.sendall(line.encode() + b"\n")
        client.lines.readline()
        client.close()


def systemctl(x):
    with part("2. What systemctl does to it"):
        x.reset()
        revision = call("x", "status")["revision"]
        pid = x.pid
        check("status says that it runs", x.do("status")[0] == 0)
        code, output = x.do("restart")
        check("restart", code == 0 and x.state == "active" and x.pid != pid, output)
        check("  and the journal tells of both", x.said(pid, "stopped") and x.said(x.pid, "serving"))
        check("it goes on where it was", call("x", "status")["revision"] >= revision)
        check("is-active", run("systemctl", "is-active", x.service).stdout.strip() == "active")
        pid = x.pid
        x.configure(BURSTS + "\nlimits: {connections: 77}\ninference: {batchTokens: 256}")
        code, output = x.do("reload")
        check("reload succeeds and keeps the process", code == 0 and x.pid == pid and x.state == "active", output)
        limits = call("x", "server/discover")["limits"]
        check("its new values hold when it returns", limits["connections"] == 77)
        check("the journal says so", x.said(pid, "the configuration was read again") == 1)
        check("it says what takes a restart", "needRestart=inference.batchTokens" in x.journal(), "")
        x.configure(BURSTS + "\nlimits: {connections: 78}")
        run("systemctl", "kill", "-s", "HUP", x.service)
        check("SIGHUP does the same", wait(lambda: call("x", "server/discover")["limits"]["connections"] == 78))
        check("and the process stays", x.pid == pid)
        code = run("systemctl", "clean", "--what=state", x.service).returncode
        check("clean is refused while it runs", code != 0 and call("x", "status")["revision"] >= revision)
        code, output = x.do("stop")
        check("stop", code == 0 and x.state == "inactive" and x.show("Result") == "success", output)
        check("the journal says so", x.said(pid, "stopped"))
        check("status and is-active say that it does not run", x.do("status")[0] == 3
              and run("systemctl", "is-active", x.service).stdout.strip() == "inactive")
        check("try-restart leaves what is stopped alone", x.do("try-restart")[0] == 0 and x.state == "inactive")
        check("start", x.do("start")[0] == 0 and x.state == "active" and x.said(x.pid, "serving"))
        pid = x.pid
        check("try-restart restarts what runs", x.do("try-restart")[0] == 0 and x.pid != pid and x.state == "active"
              and x.said(pid, "stopped") and x.said(x.pid, "serving"))
        code, output = x.do("enable")
        links = [pathlib.Path("/etc/systemd/system") / each for each in (
            "sockets.target.wants/attuned@x.socket", "multi-user.target.wants/attuned@x.service")]
        check("enable, of the socket too", code == 0 and all(each.is_symlink() for each in links)
              and run("systemctl", "is-enabled", x.service).stdout.strip() == "enabled", output)
        code, output = x.do("disable")
        check("disable", code == 0 and not any(each.is_symlink() for each in links) and x.state == "active", output)
        restarts, pid = int(x.show("NRestarts")), x.pid
        run("systemctl", "kill", x.service)
        check("kill (SIGTERM) is a clean end", wait(lambda: x.state == "inactive") and x.show("Result") == "success"
              and x.said(pid, "stopped"))
        check("the socket starts it again", call("x", "status")["revision"] >= revision and x.pid != pid)
        check("no restart was needed for any of it", int(x.show("NRestarts")) == restarts)

        # A burst is no reason to be slow: it is abandoned, and what it was to learn is still there.
        x.configure(BURSTS + "\n")
        before = call("x", "status")["corrections"]["learnt"]
        threading.Thread(target=burst, args=(x,), daemon=True).start()
        running = wait(lambda: (call("x", "tuning/status")["burst"] or {}).get("state") == "running")
        check("a burst runs", running)
        code, output = x.do("stop")
        check("stop during a burst is clean", code == 0 and x.state == "inactive" and x.show("Result") == "success",
              x.show("Result"))
        after = call("x", "status")
        check("and loses nothing", after["corrections"]["learnt"] == before, f"{before} learnt")
        x.stop()
        state = pathlib.Path("/var/lib/private/attuned/x")
        check("its state is in its directory", (state / "state.sqlite").exists())
        code, output = run("systemctl", "clean", "--what=state", x.service).returncode, ""
        check("clean --what=state removes it", code == 0 and not state.exists())
        x.remove()


def bad_configuration():
    with part("6. A bad configuration"):
        bad = Instance("bad", "tuning: {rank: many}")
        code, output = bad.do("start")
        check("a start fails", code != 0 and bad.state == "failed")
        check("and is not tried again", int(bad.show("NRestarts")) == 0 and bad.show("ExecMainStatus") == "78")
        line = "/etc/attuned/bad.yaml: 'tuning.rank' must be an integer from 1 to 512, but is 'many'"
        shown = bad.do("status")[1]
        check("systemctl status has one clear line", sum(line in each for each in shown.splitlines()) >= 1
              and bad.status == f"cannot start: {line}", bad.status)
        event = [e for e in bad.events("-u", bad.service) if line in e["MESSAGE"]]
        check("the journal has it once, as an error", len(event) == 1 and event[0]["PRIORITY"] == "3")
        check("and the number of the error is EINVAL", bad.show("StatusErrno") == "22")
        bad.configure("labels: [one, two]".replace("labels", "# labels"))
        bad.reset()
        bad.systemctl("start", bad.socket)
        check("mended, it starts", bad.do("start")[0] == 0 and bad.state == "active")
        pid = bad.pid
        for settings, culprit in [
            ("tuning: {rank: many}", "tuning.rank"), ("no: [such", "bad.yaml"), ("nothing: 1", "nothing"),
            ("roles: {admin: [nobody-of-this-name]}", "nobody-of-this-name"),
            ("limits: {connections: 5}\nroles: {teach: ['@no-such-group']}", "no-such-group"),
        ]:
            bad.configure(settings)
            code, output = bad.do("reload")
            said = bad.events("-u", bad.service)[-12:]
            check(f"a reload with {culprit} is refused, and why is said", code != 0
                  and any(culprit in e["MESSAGE"] for e in said), "")
            check("  and the old one stays", bad.state == "active" and bad.pid == pid
                  and call("bad", "server/discover")["limits"]["connections"] == 256)
        done = run("attunectl", "reload", "--instance", "bad")
        check("attunectl reload says it too", done.returncode == 1 and "no-such-group" in done.stdout,
              done.stdout.strip())
        bad.configure("limits: {connections: 5}")
        check("mended, it is taken", bad.do("reload")[0] == 0
              and call("bad", "server/discover")["limits"]["connections"] == 5)
        bad.remove()
