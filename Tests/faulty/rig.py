"""The real daemon under the shim, clients of it, and what they were told."""

import ctypes
import json
import mmap
import os
import pathlib
import select
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time

# How long an answer may take before it counts as none.
PATIENCE = 20.0
RECORD, KILL, FAIL, SHORTEN = range(4)
OPEN, CREATE, WRITE, SYNC, NAME, REMOVE, RESIZE = (1 << bit for bit in range(7))
LOG_SYNC, FOLDER_SYNC = 1, 2
PHASES = ["start", "commit", "publish", "retention", "rollback", "release", "purge", "burst", "stop"]


class Violation(Exception):
    """Something that must not be."""


class Gone(Exception):
    """The daemon closed the connection."""


class Refused(Exception):
    """An error reply."""

    def __init__(self, error):
        super().__init__(error["message"])
        self.code, self.reason = error["code"], error.get("data", {}).get("reason")


class Control:
    """The page through which the shim is told what to break."""

    LAYOUT = struct.Struct("<8I3Qq256s")
    FIELDS = ["armed", "action", "error", "lasting", "kinds", "lies", "phase", "unused", "target", "count", "hits", "clock", "hit"]

    def __init__(self, path):
        self.path = path
        path.write_bytes(bytes(4096))
        with open(path, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), 4096)

    def get(self, name):
        value = self.LAYOUT.unpack_from(self.page)[self.FIELDS.index(name)]
        return value.split(b"\0")[0].decode(errors="replace") if name == "hit" else value

    def set(self, **values):
        for name, value in values.items():
            index = self.FIELDS.index(name)
            offset = 4 * index if index < 8 else 32 + 8 * (index - 8)
            struct.pack_into("<I" if index < 8 else "<q" if name == "clock" else "<Q", self.page, offset, value)

    def clear(self):
        """Nothing is broken any more, and nothing counted."""
        lies, clock = self.get("lies"), self.get("clock")
        self.page[:4096] = bytes(4096)
        self.set(lies=lies, clock=clock)


class Client:
    """One connection, a request at a time."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        try:
            # Without a time limit: with one, a full queue of those that wait to be let in is an error.
            self.socket.connect(str(path))
        except OSError as error:
            raise Gone from error
        self.socket.settimeout(PATIENCE)
        self.rest = b""
        self.number = 0

    def call(self, method, /, **parameters):
        self.number += 1
        line = json.dumps({"jsonrpc": "2.0", "id": self.number, "method": method, "params": parameters})
        try:
            self.socket.sendall(line.encode() + b"\n")
            while True:
                while b"\n" not in self.rest:
                    piece = self.socket.recv(1 << 16)
                    if not piece:
                        raise Gone
                    self.rest += piece
                answer, _, self.rest = self.rest.partition(b"\n")
                reply = json.loads(answer)
                if reply.get("id") == self.number:
                    break
        except TimeoutError:
            raise Violation(f"no answer to {method} within {PATIENCE:.0f} s") from None
        except OSError as error:
            raise Gone from error
        if "error" in reply:
            raise Refused(reply["error"])
        return reply["result"]

    def close(self):
        self.socket.close()


class Daemon:
    """One process of the daemon at a time, on one state directory."""

    def __init__(self, tools, folder, settings=None, state=None, shimmed=True):
        self.tools, self.folder, self.shimmed = tools, folder, shimmed
        folder.mkdir(parents=True, exist_ok=True)
        self.state = state or folder / "state"
        self.path, self.logPath, self.trace = folder / "socket", folder / "log", folder / "trace"
        self.control = Control(folder / "control")
        self.process, self.limit, self.model = None, None, tools.model
        self.configure(settings or {})

    def configure(self, settings):
        values = {"labels": ["alpha", "beta"], "learning": {"idleSeconds": 0.02}, "revisions": {"keep": 2},
                  "inference": {"threads": 1}, "tuning": {"enabled": False, "holdoutShare": 2}}
        for name, value in settings.items():
            values[name] = {**values[name], **value} if isinstance(values.get(name), dict) else value
        (self.folder / "settings.yaml").write_text(json.dumps(values))

    def start(self, wait=True):
        """Starts it; whether it serves. With `wait` it must."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ATTUNED_")}
        notify = self.folder / "notify"
        notify.unlink(missing_ok=True)
        readiness = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        readiness.bind(str(notify))
        environment.update(NOTIFY_SOCKET=str(notify), SWIFT_BACKTRACE="enable=no", OPENBLAS_NUM_THREADS="1")
        if self.shimmed:
            environment.update(
                LD_PRELOAD=str(self.tools.shim), FAULTS_CONTROL=str(self.control.path), FAULTS_ROOT=str(self.state),
                FAULTS_TRACE=str(self.trace))
        with open(self.logPath, "ab") as log:
            self.process = subprocess.Popen(
                [*(["prlimit", f"--nofile={self.limit}"] if self.limit else []), self.tools.binaries / "attuned", "--model", self.model, "--state-directory", self.state,
                 "--socket", self.path, "--config", self.folder / "settings.yaml"],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment)
        deadline = time.monotonic() + PATIENCE
        handle = os.pidfd_open(self.process.pid)
        try:
            while True:
                ready, _, _ = select.select([readiness, handle], [], [], max(0, deadline - time.monotonic()))
                if readiness in ready:
                    if b"READY=1" in readiness.recv(4096):
                        return True
                elif handle in ready:
                    self.process.wait()
                    if wait:
                        raise Violation(f"the daemon did not start: {self.lastWords()}")
                    return False
                else:
                    self.kill()
                    raise Violation("the daemon was not ready in time")
        finally:
            os.close(handle)
            readiness.close()

    @property
    def isAlive(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self):
        """Ends it with SIGTERM; it must exit with 0."""
        self.process.terminate()
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Violation("the daemon did not stop") from None
        return code

    @property
    def log(self):
        return self.logPath.read_text(errors="replace")

    def lastWords(self):
        return " / ".join(self.log.splitlines()[-3:])

    def client(self):
        return Client(self.path)


class Ledger:
    """What clients sent and what they were told, kept outside of the daemon."""

    def __init__(self, other=None):
        self.lock = threading.Lock()
        self.corrections = {key: dict(entry) for key, entry in other.corrections.items()} if other else {}
        self.answers = dict(other.answers) if other else {}

    def send(self, client, key, text, label):
        """Submits a correction; its sequence, or None if it was refused."""
        with self.lock:
            entry = self.corrections.setdefault(
                key, {"text": text, "label": label, "sequence": None, "purge": None, "refusals": []})
        try:
            receipt = client.call("corrections/submit", input=text, label=label, idempotencyKey=key)
        except Refused as error:
            entry["refusals"].append(error)
            return None
        with self.lock:
            if entry["sequence"] not in (None, receipt["sequence"]):
                raise Violation(f"{key} was {entry['sequence']} and is now {receipt['sequence']}")
            entry["sequence"] = receipt["sequence"]
        return receipt["sequence"]

    def purge(self, client, key):
        entry = self.corrections[key]
        entry["purge"] = "asked"
        client.call("corrections/retract", sequence=entry["sequence"], purge=True)
        entry["purge"] = "done"

    def predict(self, client, text):
        """Asks, and compares with what the same revision answered before."""
        answer = client.call("predict", input=text)
        scores = {score["label"]: score["score"] for score in answer["scores"]}
        with self.lock:
            known = self.answers.setdefault((answer["revision"], text), scores)
        if known != scores:
            raise Violation(f"revision {answer['revision']} answers {text!r} with {scores}, and before with {known}")
        return answer["revision"]

    @property
    def acknowledged(self):
        return {key: entry for key, entry in self.corrections.items() if entry["sequence"] is not None}
