"""The administrators' page, done as it is written: every command of its sections, from the installation to the removal."""

import os
import pathlib
import pwd
import re
import shutil
import subprocess

import tiny_model
from service import MODELS, PROJECT, Instance, call, check, part, run, wait, without_sudo

PAGE = PROJECT / "Systemd/ADMINISTRATION.md"
PLACES = ["/usr/local/bin", "/usr/local/lib", "/usr/local/share", "/etc/systemd", "/etc/attuned", "/run/attuned",
          "/var/lib/private"]


class Page:
    """The page's blocks of commands, by section."""

    def __init__(self):
        # What the tests are told would be settings to the programs.
        for key in [key for key in os.environ if key.startswith("ATTUNED_") and key != "ATTUNED_CACHE"]:
            del os.environ[key]
        self.blocks, section, lines = {}, None, None
        for line in PAGE.read_text().splitlines():
            if line.startswith("```"):
                if lines is None:
                    lines = []
                else:
                    self.blocks.setdefault(section, []).append("\n".join(lines))
                    lines = None
            elif lines is not None:
                lines.append(line)
            elif line.startswith("## "):
                section = line[3:]
        self.done = []

    def follow(self, section, number=0, replaced=(), folder=PROJECT):
        """Runs a block as it stands, but for `replaced`; its exit code and output."""
        text = self.blocks[section][number]
        self.done.append((section, number))
        for old, new in replaced:
            assert old in text, f"the page has no {old} under {section}"
            text = text.replace(old, new)
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", text], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, text=True, timeout=900, cwd=folder)
        return done.returncode, done.stdout

    def edit(self, section, number, wanted):
        """Runs a block that opens an editor, in which somebody writes the section's block `wanted`."""
        self.done += [(section, number), (section, wanted)]
        pathlib.Path("/var/tmp/wanted").write_text(self.blocks[section][wanted] + "\n")
        script = pathlib.Path("/var/tmp/script")
        script.write_text("set -e\n" + self.blocks[section][number] + "\n")
        # An editor wants a terminal.
        done = run("script", "-qec", f"bash {script}", "/dev/null", stdin=subprocess.DEVNULL,
                   env={**os.environ, "SYSTEMD_EDITOR": "cp /var/tmp/wanted"})
        return done.returncode, done.stdout

    @property
    def rest(self):
        """What nobody has followed."""
        return [f"{section} {number}" for section, blocks in self.blocks.items() for number in range(len(blocks))
                if (section, number) not in self.done]


def files():
    """What of attuned is on the disk."""
    found = run("find", *[each for each in PLACES if pathlib.Path(each).exists()], "-name", "*attune*").stdout
    return set(found.split())


def learnt(name="spam"):
    counts = call(name, "status")["corrections"]
    return counts["learnt"] + counts["queued"]


def teach(count, name="spam", first=0):
    for number in range(first, first + count):
        done = run("attunectl", "teach", "--instance", name, f"text number {number}", "spam" if number % 2 else "ham")
        assert done.returncode == 0, done.stdout


def spam():
    """The page's instance, for what is asked of every instance here."""
    each = object.__new__(Instance)
    each.name, each.service, each.socket = "spam", "attuned@spam.service", "attuned@spam.socket"
    each.file = pathlib.Path("/etc/attuned/spam.yaml")
    return each


def page():
    page, x = Page(), spam()
    without_sudo()
    before = files()
    with part("The administrators' page: install, add an instance, permissions"):
        install(page)
        add(page, x)
        permissions(x)
    with part("The administrators' page: change, back up, restore, change the model"):
        change(page, x)
        backup(page, x)
        other_model(page, x)
    with part("The administrators' page: upgrade, roll back, export, erase, journal, resources, remove"):
        upgrade(page, x)
        roll_back(page, x)
        export(page)
        erase(page)
        journal(page, x)
        resources(page, x)
        remove(page, x, before)
        # Those that the package's own part follows.
        page.done += [("Install", 1), ("Install", 2)]
        check("no command of the page was left out", not page.rest, ", ".join(page.rest))


def install(page):
    code, output = page.follow("Install")
    check("quickstart --install", code == 0, output[-600:] if code else "")
    check("its socket is enabled and listens", run("systemctl", "is-active", "attuned@default.socket").stdout.strip() == "active"
          and run("systemctl", "is-enabled", "attuned@default.socket").stdout.strip() == "enabled")
    for command in re.findall(r"^  (sudo attunectl .*|systemctl status .*)$", output, re.MULTILINE):
        done = run("bash", "-c", command)
        check(f"what it says next works: {command}", done.returncode == 0, "" if done.returncode == 0 else done.stdout)
    check("its program needs no toolchain", "swift" not in run("ldd", "/usr/local/bin/attuned").stdout)
    score = run("systemd-analyze", "verify", "attuned@default.service", "attuned@default.socket").stdout.strip()
    check("its units are in order", not score, score)
    for topic in ("attuned", "attunectl", "attuned.conf", "attuned-protocol"):
        check(f"man {topic}", run("man", "-w", topic).stdout.startswith("/usr/local/"))
    schema = pathlib.Path("/usr/local/share/doc/attuned/protocol/Schemas/predict.params.schema.json")
    check("the protocol's schemas lie where its page says", schema.stat().st_mode & 0o777 == 0o644
          and str(schema.parent.parent) in (PROJECT / "Systemd/man/attuned-protocol.7").read_text())
    check("bash completes attunectl", run(
        "bash", "-c", ". /usr/local/share/bash-completion/completions/attunectl && complete -p attunectl").returncode == 0)


def add(page, x):
    code, output = page.follow("Add an instance")
    check("an instance is added, and answers", code == 0 and wait(lambda: x.state == "active")
          and re.search("spam|ham", output.splitlines()[-1]), output[-400:])


def permissions(x):
    run("useradd", "-M", "alice"), run("useradd", "-M", "carol"), run("groupadd", "-f", "readers")
    command = re.search(r"`(sudo usermod -aG attuned-clients alice)`", PAGE.read_text()).group(1)
    groups = ["attuned-clients"]

    def predict(user, groups):
        return run("attunectl", "predict", "--instance", "spam", "hello", user=user, group=user, extra_groups=groups)

    refused = predict("alice", [])
    check("one outside the group is refused, and told why", refused.returncode != 0
          and "may not open it" in refused.stdout, refused.stdout.strip())
    check("usermod lets a user in", run("bash", "-c", command).returncode == 0
          and "alice" in run("getent", "group", "attuned-clients").stdout and predict("alice", groups).returncode == 0)
    # A group of the instance's own.
    folder = pathlib.Path("/etc/systemd/system/attuned@spam.socket.d")
    folder.mkdir()
    (folder / "group.conf").write_text("[Socket]\nSocketGroup=readers\n")
    run("systemctl", "daemon-reload")
    run("systemctl", "stop", x.socket, x.service), run("systemctl", "start", x.socket)
    check("SocketGroup= gives an instance a group of its own", predict("carol", ["readers"]).returncode == 0
          and predict("alice", groups).returncode != 0)
    (folder / "group.conf").unlink(), folder.rmdir()
    run("systemctl", "daemon-reload")
    run("systemctl", "stop", x.socket, x.service), run("systemctl", "start", x.socket)
    check("  and without it all is as before", predict("alice", groups).returncode == 0)


def change(page, x):
    text = x.file.read_text()
    x.file.write_text(text + "limits: {connections: 33}\n")
    pid = x.pid
    code, output = page.follow("Change the configuration")
    check("a reload", code == 0 and x.pid == pid and call("spam", "server/discover")["limits"]["connections"] == 33, output)
    x.file.write_text(text + "limits: {connections: no}\n")
    code, output = page.follow("Change the configuration")
    check("a file with a fault: the command fails, and the journal says what is wrong", code != 0
          and "limits.connections" in x.journal(), output.splitlines()[0] if output else "")
    x.file.write_text(text)


def backup(page, x):
    teach(6)
    wait(lambda: call("spam", "status")["corrections"]["queued"] == 0)
    pathlib.Path("/backup").mkdir()
    code, output = page.follow("Back up and restore")
    check("a backup while the service runs", code == 0 and pathlib.Path("/backup/spam/state.sqlite").exists(), output)
    run("systemctl", "stop", x.service)
    code, output = page.follow("Back up and restore", replaced=[("/backup/spam", "/backup/spam-stopped")])
    check("a backup while it does not", code == 0 and pathlib.Path("/backup/spam-stopped/state.sqlite").exists(), output)
    run("systemctl", "stop", x.socket, x.service)
    command = re.search(r"`(sudo cp -dr /var/lib/private/attuned/spam /backup/spam)`", PAGE.read_text()).group(1)
    check("a copy while its socket is stopped", run("bash", "-c", f"{command}-copied").returncode == 0)
    run("systemctl", "start", x.socket)
    check("  and it goes on", learnt() == 6)
    teach(3, first=6)
    check("  and learns", learnt() == 9)
    code, output = page.follow("Back up and restore", 1)
    check("a backup can be verified", code == 0, output.strip()[-300:])
    code, output = page.follow("Back up and restore", 2)
    revision = call("spam", "status")["revision"] if code == 0 else None
    check("restored, it is as it was", code == 0 and learnt() == 6, f"revision {revision}" if code == 0 else output)
    teach(1, first=20)
    check("  and learns", learnt() == 7 and wait(lambda: x.state == "active"))
    # As on a machine that has had no instance yet.
    run("systemctl", "stop", "attuned@*.socket", "attuned@*.service")
    for folder in ("private", "attuned"):
        run("mv", f"/var/lib/{folder}", f"/var/lib/{folder}.away")
    for other in ("stopped", "copied"):
        code, output = page.follow("Back up and restore", 2, replaced=[("/backup/spam", f"/backup/spam-{other}")])
        check(f"so is the one made {other}", code == 0 and learnt() == 6, output)
    private = pathlib.Path("/var/lib/private")
    check("  and nobody else may look at it", private.stat().st_mode & 0o777 == 0o700)
    run("mv", "/var/lib/private.away/attuned/default", str(private / "attuned"))
    run("rm", "-rf", "/var/lib/private.away", "/var/lib/attuned.away")
    run("systemctl", "start", "attuned@default.socket")


def other_model(page, x):
    text = x.file.read_text()
    tiny_model.write(MODELS / "all-MiniLM-L6-v2", MODELS / "tiny")
    run("chmod", "-R", "a+rX", str(MODELS / "tiny"))
    x.file.write_text(text.replace("all-MiniLM-L6-v2", "tiny"))
    code, _ = x.do("restart")
    check("with another model it refuses to start, and says so", code != 0 and "--relearn" in x.journal(), x.status)
    check("  once", int(x.show("NRestarts")) == 0 and x.show("ExecMainStatus") == "78", x.show("NRestarts"))
    code, output = page.follow("Change the model")
    wait(lambda: code != 0 or call("spam", "status")["corrections"]["queued"] == 0)
    check("--relearn by a drop-in learns all again on it", code == 0 and learnt() == 6
          and call("spam", "server/discover")["model"]["name"] == "tiny", output)
    check("  and without it, it goes on", x.do("restart")[0] == 0 and learnt() == 6
          and "relearn" not in x.show("ExecStart"))


def upgrade(page, x):
    call("spam", "status")
    pid, default = x.pid, call("default", "status")["revision"]
    code, output = page.follow("Install")
    check("an upgrade restarts what runs, and keeps what was learnt", code == 0 and x.pid not in (0, pid)
          and learnt() == 6 and call("default", "status")["revision"] >= default, output[-400:])


def roll_back(page, x):
    revisions = call("spam", "revisions/list")["revisions"]
    number = sorted(each["id"] for each in revisions)[-2]
    code, output = page.follow("Roll back what was learnt", replaced=[(" 41 ", f" {number} ")])
    status = call("spam", "status")
    check("roll back", code == 0 and status["revision"] == number, output)
    code, output = page.follow("Roll back what was learnt", 1)
    check("  and let what is withheld be learnt after all", code == 0 and call("spam", "status")["corrections"]["withheld"] == 0
          and learnt() == 6, output)


def export(page):
    code, output = page.follow("Export what was learnt")
    made = pathlib.Path("/var/tmp/spam")
    check("a model directory is exported while the service runs", code == 0 and (made / "model.safetensors").exists()
          and (made / "head.safetensors").exists(), output)
    shutil.rmtree(made, ignore_errors=True)


def erase(page):
    """What alice has taught, and nothing else."""
    group = {"user": "alice", "group": "alice", "extra_groups": ["attuned-clients"]}
    taught = run("attunectl", "teach", "--instance", "spam", "alice was here", "spam", "--wait", "published", **group)
    check("alice teaches", taught.returncode == 0, taught.stdout)
    before = call("spam", "corrections/list")["corrections"]
    uid = pwd.getpwnam("alice").pw_uid
    code, output = page.follow("Erase what somebody taught", replaced=[(" 1000 ", f" {uid} ")])
    after = call("spam", "corrections/list")["corrections"]
    check("what a user taught is erased", code == 0 and [each["uid"] for each in after if "input" not in each] == [uid], output)
    check("  and nothing else", len(after) == len(before)
          and [each["input"] for each in after if "input" in each] == [each["input"] for each in before if each["uid"] != uid])
    check("  and is unlearnt", wait(lambda: call("spam", "status")["body"]["unlearning"] == 0))


def journal(page, x):
    revision = x.events("-u", x.service, "ATTUNED_BURST", "--lines=1") or x.events("-u", x.service)
    number = next((e["ATTUNED_REVISION"] for e in reversed(x.events("-u", x.service)) if e.get("ATTUNED_REVISION")), "000001")
    code, output = page.follow("Read the journal", replaced=[("000042", number)])
    check("the journal's commands work", code == 0 and "published a revision" in output and revision, output[-300:] if code else "")


def resources(page, x):
    pid = x.pid
    code, output = page.edit("Tune resources", 0, 1)
    limits = [x.show(key) for key in ("MemoryMax", "CPUQuotaPerSecUSec", "WatchdogUSec")]
    check("limits are tuned", code == 0 and limits == [str(1 << 30), "1.500000s", "10s"], f"{limits} {output}")
    check("  after a restart", x.state == "active" and x.pid != pid)


def remove(page, x, before):
    code, output = page.follow("Remove")
    left = [each for each in ("/etc/attuned/spam.yaml", "/var/lib/private/attuned/spam", "/run/attuned/spam.sock",
                              f"/etc/systemd/system/{x.service}.d") if pathlib.Path(each).exists()]
    check("an instance is removed", code == 0 and not left and x.state == "inactive", output or " ".join(left))
    shutil.rmtree(MODELS / "tiny")
    done = run("bash", "Systemd/quickstart", "--uninstall", cwd=PROJECT)
    left = files() - before
    kept = {"/etc/attuned", "/var/lib/private/attuned"}
    check("quickstart --uninstall leaves what was learnt and configured, and nothing else", done.returncode == 0
          and left == kept and pathlib.Path("/etc/attuned/default.yaml").exists()
          and pathlib.Path("/var/lib/private/attuned/default/state.sqlite").exists(),
          done.stdout if done.returncode else " ".join(sorted(left)))
