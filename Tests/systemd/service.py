"""What the checks of a booted systemd share: running commands, clients of the daemon, instances, the tally."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time
import traceback

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent
MODELS = pathlib.Path("/usr/local/share/attuned/models")
MODEL = "all-MiniLM-L6-v2"
# Longer than anything takes, even where others use the machine: only a fault waits so long.
PATIENCE = 120

passed, failed = 0, []


def check(name, holds, detail=""):
    """Counts and prints one check."""
    global passed
    if holds:
        passed += 1
        first = str(detail).strip().split("\n")[0]
        print(f"  ok    {name}" + (f": {first}" if first else ""), flush=True)
    else:
        failed.append(name)
        print(f"  FAIL  {name}" + (f": {detail}" if detail else ""), flush=True)
    return bool(holds)


@contextlib.contextmanager
def part(title):
    """A part of the suite; what it raises is a failed check and not the end of the others."""
    began = time.monotonic()
    print(f"{title}", flush=True)
    try:
        yield
    except Exception:
        traceback.print_exc(file=sys.stdout)
        check(f"{title}: ended before its last check", False)
    print(f"  ({time.monotonic() - began:.0f} s)", flush=True)


def run(*words, user=None, **options):
    """Runs a command, with its output as text; never raises for its exit code."""
    return subprocess.run(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE, user=user, **options)


def wait(condition, patience=PATIENCE):
    """Whether `condition` comes true in time; what it returned."""
    end = time.monotonic() + patience
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(0.05)


class Refused(Exception):
    """An error that the daemon answered with."""

    def __init__(self, error):
        super().__init__(error["message"])
        self.code, self.reason = error["code"], error["data"]["reason"]


class Client:
    """A client of one instance: one request at a time."""

    def __init__(self, instance, patience=PATIENCE):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(patience)
        self.socket.connect(f"/run/attuned/{instance}.sock")
        self.lines = self.socket.makefile("rb")
        self.number = 0

    def call(self, name, /, **parameters):
        """The result of a request; EOFError if the daemon goes away."""
        self.number += 1
        request = {"jsonrpc": "2.0", "id": self.number, "method": name, "params": parameters}
        try:
            self.socket.sendall(json.dumps(request).encode() + b"\n")
            line = self.lines.readline()
        except (BrokenPipeError, ConnectionResetError) as error:
            raise EOFError from error
        if not line.endswith(b"\n"):
            raise EOFError
        reply = json.loads(line)
        if "error" in reply:
            raise Refused(reply["error"])
        return reply["result"]

    def teach(self, text, label, **parameters):
        return self.call("corrections/submit", input=text, label=label, **parameters)

    def close(self):
        self.socket.close()


def call(instance, name, /, **parameters):
    """One request on a connection of its own."""
    client = Client(instance)
    try:
        return client.call(name, **parameters)
    finally:
        client.close()


class Instance:
    """attuned@NAME, with its configuration."""

    def __init__(self, name, settings="", drop_in="", model=MODEL):
        self.name, self.model = name, model
        self.service, self.socket = f"attuned@{name}.service", f"attuned@{name}.socket"
        self.file = pathlib.Path(f"/etc/attuned/{name}.yaml")
        self.configure(settings)
        self.drop_in(drop_in)
        self.systemctl("start", self.socket)

    def configure(self, settings):
        self.file.parent.mkdir(exist_ok=True)
        self.file.write_text(f"model: {MODELS}/{self.model}\nlabels: [alpha, beta]\n{settings}\n")

    def drop_in(self, text, name="test"):
        folder = pathlib.Path(f"/run/systemd/system/{self.service}.d")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.conf").write_text(f"[Service]\n{text}\n")
        run("systemctl", "daemon-reload")

    def systemctl(self, *words):
        done = run("systemctl", *words)
        if done.returncode:
            raise RuntimeError(f"systemctl {' '.join(words)}: {done.stdout}\n{self.journal()}")
        return done.stdout

    def do(self, verb):
        """`systemctl VERB`: its exit code and output."""
        done = run("systemctl", verb, self.service)
        return done.returncode, done.stdout

    def reset(self):
        run("systemctl", "reset-failed", self.service, self.socket)

    def show(self, key):
        return run("systemctl", "show", "-P", key, self.service).stdout.strip()

    @property
    def state(self):
        return self.show("ActiveState")

    @property
    def pid(self):
        return int(self.show("MainPID"))

    @property
    def status(self):
        """The line that the daemon shows."""
        return self.show("StatusText")

    def journal(self, *words):
        return run("journalctl", "--no-pager", "-q", "-u", self.service, *words).stdout

    def events(self, *words):
        """The journal's entries as dictionaries."""
        run("journalctl", "--sync")
        text = run("journalctl", "--no-pager", "-q", "-o", "json", *words).stdout
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    def stop(self):
        run("systemctl", "stop", self.socket, self.service)
        self.reset()

    def remove(self):
        """Stops it and takes it and its state away."""
        self.stop()
        run("systemctl", "clean", "--what=state", self.service)
        self.file.unlink(missing_ok=True)


def examples(count, first=0):
    """Texts that say in several ways which of two labels they have."""
    things = ["parcel", "invoice", "cable", "lamp", "kettle", "chair", "printer", "phone", "jacket", "clock"]
    praise = ["works well", "came early", "looks lovely", "is a pleasure", "could not be better"]
    blame = ["broke at once", "never came", "looks shabby", "is a nuisance", "could not be worse"]
    for index in range(first, first + count):
        words = (blame if index % 2 else praise)[index // 20 % 5]
        yield f"my {things[index // 2 % 10]} number {index} {words}", "beta" if index % 2 else "alpha"


def teach(client, count, first=0):
    """Teaches examples and waits until all are learnt and nothing is to be done any more."""
    for text, label in examples(count, first):
        client.teach(text, label)
    wait(lambda: (now := client.call("status"))["corrections"]["queued"] == 0 and now["state"] == "serving")


def keep_teaching(instance, number, stop, acknowledged, refusals):
    """Teaches one correction after another until `stop` is set and the last one is acknowledged.

    A connection that ends is replaced at once by another; what was not acknowledged is sent again with the same key.
    """
    count, client, is_owed = 0, None, False
    while is_owed or not stop.is_set():
        is_owed = True
        try:
            client = client or Client(instance)
            client.teach(f"client {number} says {count}", "beta" if count % 2 else "alpha", idempotencyKey=f"{number}-{count}")
            acknowledged.append((number, count))
            count, is_owed = count + 1, False
        except EOFError:
            client = None
        except Refused as error:
            # Shutting down is said on a connection that then ends.
            if error.reason != "shuttingDown":
                refusals.append(str(error))
            client.close()
            client = None
        except OSError as error:
            refusals.append(repr(error))
            client = None
            if len(refusals) > 100:
                return
