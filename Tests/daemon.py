"""A daemon of its own for a measurement in Python: started in a temporary folder, spoken to on its socket, removed."""

import csv
import json
import os
import pathlib
import random
import shutil
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Refused(Exception):
    """An error reply; `reason` is the word for programs."""

    def __init__(self, method, error):
        super().__init__(f"{method}: {error['message']}")
        self.reason = error.get("data", {}).get("reason")


class Daemon:
    """Runs `attuned` until it is closed; use it as a context manager."""

    def __init__(self, options, settings, folder=None, model=None):
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="attuned-measure-"))
        self.isTemporary = folder is None
        self.path = str(self.folder / "socket")
        # JSON is YAML, and holds label names with commas.
        (self.folder / "config.yaml").write_text(json.dumps(settings))
        self.options = options
        self.model = model or options.model
        self.log = open(self.folder / "log", "ab")
        self.start()

    def start(self):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ATTUNED_")}
        self.process = subprocess.Popen(
            [self.options.binaries / "attuned", "--model", self.model, "--state-directory",
             self.folder / "state", "--socket", self.path, "--config", self.folder / "config.yaml"],
            stdout=self.log, stderr=self.log, env=environment)
        deadline = time.monotonic() + 120
        while True:
            try:
                self.connection = Connection(self.path)
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"the daemon did not start:\n{self.tail()}") from None
                time.sleep(0.05)

    def call(self, method, **parameters):
        return self.connection.call(method, **parameters)

    def tail(self, bytes=4000):
        return (self.folder / "log").read_text(errors="replace")[-bytes:]

    def wait_until_idle(self, timeout=3600):
        """Returns when everything is learnt, by the head and by the body, and nothing more is due."""
        deadline = time.monotonic() + timeout
        since, last = time.monotonic(), None
        while time.monotonic() < deadline:
            status = self.call("status")
            isResting = status["state"] == "serving" and status["corrections"]["queued"] == 0
            if not isResting or status["revision"] != last:
                since, last = time.monotonic(), status["revision"]
            elif time.monotonic() - since > 1:
                return status
            time.sleep(0.05)
        raise RuntimeError(f"the daemon does not come to rest:\n{self.tail()}")

    def evaluate(self, examples):
        """What `evaluate` says of (text, label) pairs, asked for in pieces; accuracy in percent."""
        right = 0
        for start in range(0, len(examples), 500):
            piece = examples[start:start + 500]
            answer = self.call("evaluate", examples=[{"input": text, "label": label} for text, label in piece])
            right += round(answer["accuracy"] * answer["count"])
        return 100 * right / len(examples)

    def export(self, directory):
        """Writes the tuned model as a model directory, and returns it."""
        subprocess.run([self.options.binaries / "attuned", "export", "--model", self.model, "--state-directory",
                        self.folder / "state", "--merged", "current", directory], check=True, stdout=self.log, stderr=self.log)
        return directory

    def stop(self):
        self.connection.close()
        self.process.terminate()
        self.process.wait()

    def close(self):
        if self.process.poll() is None:
            self.stop()
        self.log.close()
        if self.isTemporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Connection:
    """One client: a request at a time."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rwb")
        self.number = 0

    def call(self, method, **parameters):
        self.number += 1
        line = json.dumps({"jsonrpc": "2.0", "id": self.number, "method": method, "params": parameters})
        self.file.write(line.encode() + b"\n")
        self.file.flush()
        while True:
            answer = self.file.readline()
            if not answer:
                raise RuntimeError(f"{method}: the daemon closed the connection")
            reply = json.loads(answer)
            if reply.get("id") != self.number:
                continue
            if "error" in reply:
                raise Refused(method, reply["error"])
            return reply["result"]

    def close(self):
        self.file.close()
        self.socket.close()


def rows(path):
    """The (text, label) pairs of a CSV file with the columns text, and label or category."""
    with open(path, encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        name = "label" if "label" in reader.fieldnames else "category"
        return [(row["text"], row[name]) for row in reader]


def first(train, k, seed):
    """The first k texts of each label of the file shuffled with `seed`, in that order."""
    shuffled = list(train)
    random.seed(seed)
    random.shuffle(shuffled)
    taken, chosen = {}, []
    for text, label in shuffled:
        if taken.setdefault(label, 0) < k:
            taken[label] += 1
            chosen.append((text, label))
    return chosen


def add_options(parser):
    """The options that every measurement has."""
    cache = os.environ.get("ATTUNED_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "attuned")
    parser.add_argument("--seeds", type=numbers, default=[0, 1, 2])
    parser.add_argument("--model", type=pathlib.Path, default=pathlib.Path(cache, "models", "all-MiniLM-L6-v2"))
    parser.add_argument("--binaries", type=pathlib.Path, default=ROOT / ".build" / "release")


def parsed(parser):
    """The options, once what they name is there."""
    options = parser.parse_args()
    paths = [options.train, options.test, options.model, options.binaries / "attuned", options.binaries / "attunectl"]
    for path in paths:
        if path is not None and not path.exists():
            parser.error(f"there is no {path}; 'bash Systemd/quickstart' fetches the model and builds the binaries")
    return options


def numbers(text):
    return [int(part) for part in text.split(",")]
