"""What must hold of a state directory, whatever happened to the daemon."""

import hashlib
import json
import os
import re
import shutil
import sqlite3
import tempfile
import time

from rig import Gone, Refused, Violation

ALLOWED = {"state.sqlite", "state.sqlite-wal", "revisions", "current", "lock", "digests"}


def sequences(ranges):
    """The numbers in a manifest's "1-3,5"."""
    result = set()
    for part in filter(None, ranges.split(",")):
        first, _, last = part.partition("-")
        result.update(range(int(first), int(last or first) + 1))
    return result


class Disk:
    """A state directory as it lies there, read by others than the daemon."""

    def __init__(self, state):
        self.state = state
        with tempfile.TemporaryDirectory() as copy:
            for name in ["state.sqlite", "state.sqlite-wal"]:
                if (state / name).exists():
                    shutil.copy(state / name, copy)
            database = sqlite3.connect(f"{copy}/state.sqlite")
            try:
                self.read(database)
            finally:
                database.close()

    def read(self, database):
        finding = database.execute("PRAGMA quick_check").fetchone()[0]
        if finding != "ok":
            raise Violation(f"quick_check says {finding}")
        self.isEmpty = database.execute("PRAGMA user_version").fetchone()[0] == 0
        if self.isEmpty:
            self.rows, self.manifests, self.serving = [], {}, 0
            return
        self.rows = database.execute(
            "SELECT sequence, idempotency_key, text, label, state, purged FROM correction").fetchall()
        self.serving = database.execute("SELECT serving FROM service").fetchone()[0]
        self.manifests = dict(database.execute("SELECT number, manifest FROM revision WHERE manifest IS NOT NULL"))

    def check(self, ledger, isFinal=False, lost=frozenset(), isMended=False):
        """`lost` are corrections that are gone though something was learnt from them, and that somebody was told of.

        Where a damaged journal was set aside, a key may be another one: no digest tells which it was.
        """
        self.checkCorrections(ledger, isMended)
        self.checkRevisions(lost)
        if isFinal:
            self.checkNames()
            self.checkPurged(ledger)

    def checkCorrections(self, ledger, isMended):
        bySequence = {row[0]: row for row in self.rows}
        keys = [row[1] for row in self.rows if row[1] is not None]
        if len(keys) != len(set(keys)):
            raise Violation("a key is there twice")
        texts = [row[2] for row in self.rows if not row[5]]
        if len(texts) != len(set(texts)):
            raise Violation("a correction is there twice")
        for key, entry in ledger.acknowledged.items():
            row = bySequence.get(entry["sequence"])
            if row is None:
                raise Violation(f"acknowledged and lost: {key}")
            if row[5]:
                if entry["purge"] is None:
                    raise Violation(f"purged though nobody asked: {key}")
            elif entry["purge"] == "done":
                raise Violation(f"purged and still there: {key}")
            elif row[2:4] != (entry["text"], entry["label"]) or row[1] != key and not isMended:
                raise Violation(f"acknowledged and changed: {key} is {row}")

    def checkRevisions(self, lost):
        if self.serving and self.serving not in self.manifests:
            raise Violation(f"revision {self.serving} serves and has no manifest")
        for number, text in self.manifests.items():
            folder = self.state / "revisions" / f"{number:06}"
            manifest = json.loads(text)
            expected = {"revision.json": text.encode()}
            try:
                if (folder / "revision.json").read_bytes() != text.encode():
                    raise Violation(f"the manifest of revision {number} is not the database's")
                for name, file in manifest["files"].items():
                    data = (folder / name).read_bytes()
                    if len(data) != file["size"] or hashlib.sha256(data).hexdigest() != file["sha256"]:
                        raise Violation(f"{name} of revision {number} is not what the manifest says")
                names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
            except OSError as error:
                raise Violation(f"revision {number} is kept and cannot be read: {error}") from None
            if names != expected.keys() | manifest["files"].keys():
                raise Violation(f"revision {number} has the files {sorted(names)}")
        head = set()
        if self.serving:
            head = sequences(json.loads(self.manifests[self.serving])["corrections"]["head"]["sequences"])
        states = {row[0]: row[4] for row in self.rows}
        if missing := head - states.keys() - lost:
            raise Violation(f"revision {self.serving} has learnt {missing}, which are not in the journal")
        learnt = {sequence for sequence, state in states.items() if state == "learnt"}
        queued = {sequence for sequence, state in states.items() if state == "queued"}
        if learnt - head:
            raise Violation(f"{learnt - head} are learnt, but not by the serving revision")
        if queued & head:
            raise Violation(f"{queued & head} are queued, though the serving revision has learnt them")

    def checkNames(self):
        found = {path.name for path in self.state.iterdir()} - {"lost+found"}
        aside = {name for name in found if re.fullmatch(r"damaged-[0-9]+\.sqlite(-wal)?", name)}
        if found - ALLOWED - aside:
            raise Violation(f"left in the state directory: {sorted(found - ALLOWED - aside)}")
        names = {path.name for path in (self.state / "revisions").iterdir()}
        expected = {f"{number:06}" for number in self.manifests}
        if names != expected:
            raise Violation(f"revisions/ has {sorted(names)}, and kept are {sorted(expected)}")
        link = self.state / "current"
        target = f"revisions/{self.serving:06}" if self.serving else None
        if (str(link.readlink()) if link.is_symlink() else None) != target:
            raise Violation(f"'current' does not point to revision {self.serving}")

    def checkPurged(self, ledger):
        for entry in ledger.corrections.values():
            if entry["purge"] == "done":
                for name in ["state.sqlite", "state.sqlite-wal"]:
                    path = self.state / name
                    if path.exists() and entry["text"].encode() in path.read_bytes():
                        raise Violation(f"{name} has a trace of what was purged")

    @property
    def leftovers(self):
        """What a start has to sweep."""
        try:
            names = {path.name for path in (self.state / "revisions").iterdir()}
        except OSError:
            return set()
        return names - {f"{number:06}" for number in self.manifests}


def memory(daemon):
    """Resident bytes of the daemon."""
    with open(f"/proc/{daemon.process.pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descriptors(daemon):
    return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))


def expect(isSo, text):
    if not isSo:
        raise Violation(text)


def settle(client, ledger, timeout=20.0):
    """Waits until nothing is queued and the learner rests."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        status = client.call("status")
        if status["corrections"]["queued"] == 0 and status["state"] == "serving" and status["revision"] > 0:
            return status
        time.sleep(0.01)
    raise Violation(f"what is queued is not learnt: {status}")


def recover(daemon, ledger):
    """Starts the daemon again on what is there, and checks that all is well and goes on."""
    before = Disk(daemon.state) if (daemon.state / "state.sqlite").exists() else None
    leftovers = set()
    if before:
        before.check(ledger)
        leftovers = before.leftovers
    daemon.control.clear()
    said = len(daemon.log)
    daemon.start()
    if leftovers and "removing" not in daemon.log[said:]:
        raise Violation(f"{leftovers} were swept, and the log does not say so")
    client = daemon.client()
    resend(client, ledger)
    sequence = ledger.send(client, f"after {len(ledger.corrections)}", word(len(ledger.corrections) + 500), "alpha")
    if sequence is None:
        raise Violation("a correction is refused after the restart")
    settle(client, ledger)
    for text in {text for _, text in ledger.answers}:
        ledger.predict(client, text)
    client.close()
    if (code := daemon.stop()) != 0:
        raise Violation(f"the daemon ended with {code}")
    Disk(daemon.state).check(ledger, isFinal=True)


def resend(client, ledger):
    """What was not acknowledged is sent again, under its key; then everything sent is there once."""
    for key, entry in list(ledger.corrections.items()):
        if entry["sequence"] is None and ledger.send(client, key, entry["text"], entry["label"]) is None:
            raise Violation(f"{key} is refused: {entry['refusals'][-1]}")


def word(number):
    """A text of its own for each number, in the model's words."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    return " ".join(letters[number // 26 ** place % 26] for place in range(4)) + " text"
