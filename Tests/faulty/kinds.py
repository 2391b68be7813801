"""The kinds of faults, each a function of the tools, the options and the count."""

import collections
import errno
import itertools
import os
import pathlib
import random
import re
import shutil
import signal
import sqlite3
import tempfile
import threading
import time

from abuse import abuse, answers, soak
from checks import Disk, recover, settle, word
from disks import DiskImage, cannotMount, mounted
from rig import FAIL, FOLDER_SYNC, KILL, LOG_SYNC, PHASES, SHORTEN, Daemon, Gone, Ledger, Violation
from scenario import Life


class Ground:
    """A state that a life begins on: an empty one, or one that has been taught enough for a burst."""

    def __init__(self, tools, isTaught):
        self.tools, self.isTaught, self.ledger = tools, isTaught, Ledger()
        self.state = tools.folder / ("taught" if isTaught else "empty") / "state"
        self.phases = None if isTaught else ["commit", "publish"]
        if not isTaught:
            return
        daemon = Daemon(tools, self.state.parent, shimmed=False)
        daemon.start()
        client = daemon.client()
        Life(daemon, self.ledger).teach(client, 72)
        settle(client, self.ledger)
        client.call("tuning/start", method="bias", wait="finished", seed=3)
        settle(client, self.ledger)
        self.ledger.predict(client, "a b c")
        client.close()
        if (code := daemon.stop()) != 0:
            raise Violation(f"the daemon ended with {code}")
        Disk(self.state).check(self.ledger, isFinal=True)

    @classmethod
    def of(cls, tools, isTaught):
        """The one ground of its kind."""
        if isTaught not in tools.grounds:
            tools.grounds[isTaught] = cls(tools, isTaught)
        return tools.grounds[isTaught]

    def life(self, folder, settings=None, state=None):
        """A daemon on a copy of this state, and its life to be."""
        daemon, ledger = Daemon(self.tools, folder, settings, state), Ledger(self.ledger)
        if self.isTaught:
            shutil.copytree(self.state, daemon.state, symlinks=True, dirs_exist_ok=True)
        return daemon, ledger, Life(daemon, ledger, self.phases)

    def points(self):
        """The calls of one undisturbed life, as (phase, call, path), in order."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="points-", dir=self.tools.folder))
        daemon, ledger, life = self.life(folder)
        daemon.control.set(armed=1)
        try:
            if not life.run():
                raise Violation(f"an undisturbed life does not come to its end: {daemon.lastWords()}")
        finally:
            daemon.kill()
        if life.refusals:
            raise Violation(f"an undisturbed life has refusals: {[str(error) for error in life.refusals]}")
        Disk(daemon.state).check(ledger, isFinal=True)
        calls = []
        for line in daemon.trace.read_text().splitlines():
            phase, call, path = line.split(" ", 2)
            calls.append((PHASES[int(phase)] if self.isTaught else "birth", call, path))
        return calls


def chosen(calls, options, share):
    """The numbers of all calls, or of `share` of them: those first that differ in phase, name or place."""
    if options.full or len(calls) <= share:
        return list(range(1, len(calls) + 1))
    order = random.Random(options.seed).sample(range(len(calls)), len(calls))
    seen, first, rest = set(), [], []
    for index in order:
        phase, call, path = calls[index]
        kind = (phase, call, re.sub(r"[0-9]+", "N", path))
        (rest if kind in seen else first).append(index + 1)
        seen.add(kind)
    return sorted((first + rest)[:share])


def kill(tools, options, count):
    hits = collections.Counter()

    def case(ground, number):
        def run(folder):
            daemon, ledger, life = ground.life(folder)
            daemon.control.set(armed=1, action=KILL, target=number)
            isEnded = life.run()
            call = daemon.control.get("hit").split(" ", 2)
            recover(daemon, ledger)
            if isEnded:
                return "not reached"
            with count.lock:
                hits[PHASES[int(call[0])] if ground.isTaught else "birth"] += 1
            return call[1]
        return run

    for isTaught, share in [(False, 12), (True, 48)]:
        ground = Ground.of(tools, isTaught)
        all = ground.points()
        count.note(f"{'a life on a taught state' if isTaught else 'a birth'} is {len(all)} calls: {summary(all)}")
        count.runAll([
            ("", f"at call {number}: {' '.join(all[number - 1])}", case(ground, number))
            for number in chosen(all, options, share)])
    count.note("killed in " + ", ".join(f"{number} {phase}" for phase, number in hits.items()))


# What fails, how, and for which calls. EINTR is for calls that wait.
FAULTS = [(FAIL, errno.EIO, "EIO"), (FAIL, errno.ENOSPC, "ENOSPC"), (FAIL, errno.EROFS, "EROFS"), (FAIL, errno.EINTR, "EINTR"),
          (SHORTEN, 0, "short")]
WAITING = {"open", "write", "pwrite", "fsync", "fdatasync", "ftruncate"}
WRITING = {"write", "pwrite"}


def fail(tools, options, count):
    silent, refused = collections.Counter(), collections.Counter()

    def case(ground, number, action, error):
        def run(folder):
            daemon, ledger, life = ground.life(folder)
            life.stops = False
            daemon.control.set(armed=1, action=action, error=error, target=number)
            isEnded = life.run()
            hit = daemon.control.get("hit").split(" ", 2)
            isHit = daemon.control.get("hits") > 0
            daemon.control.clear()
            if isEnded:
                carriesOn(daemon, ledger)
            elif hit[0] != "0":
                raise Violation(f"the daemon is gone: {daemon.lastWords()}")
            elif daemon.process.returncode != 1 or "Error: " not in daemon.log:
                raise Violation(f"the daemon ends with {daemon.process.returncode} at its start and does not say why")
            if isHit and not said(daemon):
                with count.lock:
                    silent[f"{hit[1]} {re.sub('[0-9]+', 'N', hit[2])}"] += 1
            with count.lock:
                for refusal in life.refusals:
                    refused[refusal.reason] += 1
            recover(daemon, ledger)
            return "not reached" if not isHit else name[error]
        return run

    name = {error: text for _, error, text in FAULTS}
    for isTaught, share in [(False, 16), (True, 64)]:
        ground = Ground.of(tools, isTaught)
        all = ground.points()
        cases = []
        for index, (action, error, text) in enumerate(FAULTS):
            for number in chosen(all, options, share):
                call = all[number - 1][1]
                isMeant = call in WRITING if action == SHORTEN else call in WAITING if error == errno.EINTR else True
                if isMeant and (number + index) % 3 == 0:
                    cases.append(("", f"{text} at call {number}: {' '.join(all[number - 1])}", case(ground, number, action, error)))
        count.runAll(cases)
    count.note("refusals that clients got: " + (", ".join(f"{number} {reason}" for reason, number in refused.items()) or "none"))
    count.note("met without a word in the log: " + (", ".join(f"{number} {call}" for call, number in silent.most_common()) or "none"))


def carriesOn(daemon, ledger):
    """A running daemon accepts and learns again, by itself, once nothing is broken any more."""
    client = daemon.client()
    if ledger.send(client, f"then {len(ledger.corrections)}", word(len(ledger.corrections) + 900), "beta") is None:
        raise Violation("corrections are still refused though nothing is broken any more")
    if client.call("status")["readOnly"]["flag"]:
        raise Violation("status says read-only after a correction was stored")
    if "publishing has stopped" not in daemon.log:
        settle(client, ledger)
    client.close()
    if (code := daemon.stop()) != 0:
        raise Violation(f"the daemon ended with {code}: {daemon.lastWords()}")


def said(daemon):
    return re.search(r"\b(warning|error|critical)\b|^Error: ", daemon.log, re.MULTILINE | re.IGNORECASE) is not None


def full(tools, options, count):
    """A disk with room for so many pages more, through commits and publishes; then there is room again."""
    ground = Ground.of(tools, True)

    def case(pages):
        def run(folder):
            with mounted(folder, "tmpfs", 8 << 20) as disk:
                daemon, ledger, life = ground.life(folder, state=disk / "state")
                life.stops, life.patience = False, 1.5
                life.phases = ["commit", "publish", "retention", "purge"]
                daemon.start()
                fill(disk, pages)
                # From here an error is no wonder, so that nobody waits for long.
                daemon.control.set(hits=1)
                if not life.goOn():
                    raise Violation(f"the daemon is gone: {daemon.lastWords()}")
                (disk / "filler").unlink()
                carriesOn(daemon, ledger)
                recover(daemon, ledger)
            kinds = {refusal.reason for refusal in life.refusals}
            if kinds - {"notWritable", "commit"}:
                raise Violation(f"refused for {kinds}")
            return "with refusals" if kinds else "that fitted"
        return run

    if reason := cannotMount():
        count.skipped = reason
        return
    pages = range(64) if options.full else [0, 1, 2, 4, 8, 16, 32, 63]
    count.runAll([("", f"{number} pages of room", case(number)) for number in pages])


def fill(disk, pages):
    """Leaves so many pages of 4 KiB free."""
    with open(disk / "filler", "wb") as filler:
        free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize // 4096
        for _ in range(free - pages):
            try:
                filler.write(bytes(4096))
                filler.flush()
            except OSError:
                break


def clock(tools, options, count):
    """The clock is set while the daemon runs, and before it starts; order is by sequence."""
    year = 365 * 86_400
    now = time.time()
    offsets = {"1970": 60 - now, "a year back": -year, "a year on": year, "2040": (2040 - 1970) * year - now + 86_400 * 18}
    ground = Ground.of(tools, True)

    def case(offset, isAtStart):
        def run(folder):
            daemon, ledger, life = ground.life(folder)
            if isAtStart:
                daemon.control.set(clock=int(offset))
            daemon.start()
            life.stops = False
            life.phases = ["commit", "publish"]
            life.goOn()
            daemon.control.set(clock=0 if isAtStart else int(offset))
            life.phases = PHASES[1:-1]
            if not life.goOn() or life.refusals:
                raise Violation(f"refused: {[str(error) for error in life.refusals]}; {daemon.lastWords()}")
            client = daemon.client()
            created = [entry["created"] for entry in client.call("corrections/list", limit=1000)["corrections"]]
            sequences = [entry["sequence"] for entry in client.call("corrections/list", limit=1000)["corrections"]]
            if sequences != sorted(sequences):
                raise Violation("the list is not in the order of sequences")
            if isAtStart == (created == sorted(created)) and offset > 0:
                raise Violation("the clock was not moved: the case shows nothing")
            client.close()
            carriesOn(daemon, ledger)
            recover(daemon, ledger)
        return run

    count.runAll([
        ("moved before the start" if isAtStart else "moved while it runs", f"{name}, {isAtStart}", case(offset, isAtStart))
        for name, offset in offsets.items() for isAtStart in (True, False)])


def power(tools, options, count):
    """The power fails while clients teach, at a moment chosen by how much they were told."""
    for kind in ["ext4", "xfs"]:
        if reason := cannotMount(kind):
            count.note(f"{kind}: skipped: {reason}")
            continue
        losses = outages(tools, options, count, kind, 100 if options.full else 6)
        for text in losses:
            count.blame(text)


def controls(tools, options, count):
    """Without a sync that matters, the same must lose something."""
    for lies, text in [(LOG_SYNC, "without the log's syncs (as with synchronous=NORMAL)"),
                       (FOLDER_SYNC, "without the directories' syncs")]:
        for kind in ["ext4", "xfs"]:
            if reason := cannotMount(kind):
                count.note(f"{kind}: skipped: {reason}")
                continue
            losses = outages(tools, options, count, kind, 60, lies, most=5 if options.full else 1)
            count.note(f"{kind} {text}: {len(losses)} losses, such as: {losses[0] if losses else '-'}")
            if losses:
                count.passed["that lost as they should"] += 1
            else:
                count.blame(f"{text} nothing was lost on {kind}: the suite could not have seen a loss")


def outages(tools, options, count, kind, rounds, lies=0, most=None):
    """What was violated in so many power failures, or until there were `most`; a state begins anew after a loss."""
    losses = []
    generator = random.Random(f"{options.seed} {kind} {lies}")
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"power-{kind}-", dir=tools.folder))
    disk = DiskImage(folder, kind, (320 if kind == "xfs" else 64) << 20)
    daemon, ledger, lives, told = None, None, 0, 0
    try:
        for number in range(rounds):
            disk.mount()
            if daemon is None or number % 20 == 0:
                # Another state: with many corrections a round says no more, and takes longer.
                lives += 1
                daemon, ledger = Daemon(tools, folder / f"life{lives}", state=disk.root / f"state{lives}"), Ledger()
                daemon.control.set(lies=lies)
            try:
                daemon.start()
                # Only once its log is written over, and not longer with each commit, a commit brings nothing else to disk
                # by the way; that takes a while.
                isLong = number % 4 == 3 or lies == FOLDER_SYNC
                told += load(daemon, ledger, number, generator.randrange(*((150, 300) if isLong else (0, 60))), disk)
                disk.unmount()
                disk.mount()
                daemon.control.set(lies=0)
                recover(daemon, ledger)
                daemon.control.set(lies=lies)
                if most is None:
                    count.passed[f"power failures of {kind}"] += 1
            except (Violation, sqlite3.DatabaseError) as error:
                losses.append(f"power failure {number} of {kind}: {error}")
                daemon.kill()
                daemon = None
                if len(losses) == most:
                    break
            disk.unmount()
    finally:
        if daemon:
            daemon.kill()
        disk.unmount()
        disk.remove()
    if most is None:
        count.note(f"{kind}: {told} corrections acknowledged before {rounds} failures")
    return losses


def load(daemon, ledger, number, limit, disk):
    """Teaches from four connections until the power fails after `limit` acknowledgements; how many there were."""
    told, failed = itertools.count(1), threading.Event()
    counted = [0]

    def teach(name):
        try:
            client = daemon.client()
            for index in range(400):
                key = f"{number} {name} {index}"
                label = ["alpha", "beta", "gamma"][index % 3]
                if ledger.send(client, key, word(100_000 + (number * 4 + name) * 400 + index), label) is None:
                    return
                counted[0] = next(told)
                if counted[0] > limit and not failed.is_set():
                    failed.set()
                    awaitRevision(client)
                    # Where there is no power nobody speaks: a sync under way when a file system is shut down was seen to
                    # end well all the same, and what it was for was not there afterwards.
                    daemon.process.send_signal(signal.SIGSTOP)
                    disk.fail()
                    daemon.process.kill()
        except Gone:
            pass

    def awaitRevision(client):
        """Half of all failures come right after a revision was published."""
        before = client.call("status")["revision"]
        for _ in range(1000 if number % 2 or daemon.control.get("lies") else 0):
            if client.call("status")["revision"] != before:
                return

    threads = [threading.Thread(target=teach, args=[name]) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    daemon.kill()
    return counted[0]


def torn(tools, options, count):
    """Files that are cut short or have bits flipped: refused, or mended, or never minded; and nothing wrong is served."""
    ground = Ground.of(tools, True)
    source = tools.folder / "torn" / "state"
    ledger = withLog(tools, ground, source)
    files = {"head": "revisions/*/head.safetensors", "body": "revisions/*/delta.safetensors", "manifest": "revisions/*/revision.json",
             "journal": "state.sqlite", "log": "state.sqlite-wal"}
    serving = f"{Disk(source).serving:06}"

    def case(name, damage):
        def run(folder):
            daemon = Daemon(tools, folder, {"learning": {"enabled": False}}, shimmed=False)
            shutil.copytree(source, daemon.state, symlinks=True)
            path = daemon.state / files[name].replace("*", serving)
            data = bytearray(path.read_bytes())
            damage(data)
            path.chmod(0o600)
            path.write_bytes(data)
            try:
                return survives(daemon, Ledger(ledger), name)
            finally:
                daemon.kill()
        return run

    def cut(length):
        def damage(data):
            del data[length:]
        return damage

    def flip(bit):
        def damage(data):
            data[bit // 8] ^= 1 << bit % 8
        return damage

    generator = random.Random(options.seed)
    for name, pattern in files.items():
        data = (source / pattern.replace("*", serving)).read_bytes()
        header = 8 + int.from_bytes(data[:8], "little") if pattern.endswith("safetensors") else 100
        lengths = sorted({0, 4, 8, 32, header // 2, header, header + 4, 4096, len(data) // 2, len(data) - 4096, len(data) - 1})
        lengths = [length for length in lengths if 0 <= length < len(data)]
        bits = [generator.randrange(len(data) * 8) for _ in range(1000 if options.full else 8)]
        count.runAll([("", f"{name} cut to {length}", case(name, cut(length))) for length in lengths])
        count.runAll([("", f"{name} with bit {bit} flipped", case(name, flip(bit))) for bit in bits])


def withLog(tools, ground, source):
    """Makes `source` a state whose log has commits in it, as a kill leaves it; the ledger of what was acknowledged."""
    daemon, ledger, life = ground.life(source.parent)
    daemon.shimmed, life.stops, life.phases = False, False, ["commit", "publish", "retention"]
    daemon.start()
    life.goOn()
    daemon.kill()
    Disk(daemon.state).check(ledger)
    return ledger


def survives(daemon, ledger, name):
    """Starts on a damaged state; a word for how that went."""
    if not daemon.start(wait=False):
        code = daemon.process.returncode
        if code != 1 or "Error: " not in daemon.log:
            raise Violation(f"the daemon ends with {code} and does not say why: {daemon.lastWords()}")
        return f"{name}: refused"
    client = daemon.client()
    isLoud = "CRITICAL" in daemon.log
    for _ in range(2):
        for text in {text for _, text in ledger.answers}:
            ledger.predict(client, text)
    found, cursor = {}, None
    while True:
        page = client.call("corrections/list", limit=1000, **({"cursor": cursor} if cursor else {}))
        found.update({entry["sequence"]: entry for entry in page["corrections"]})
        if not (cursor := page.get("nextCursor")):
            break
    missing = []
    for key, entry in ledger.acknowledged.items():
        row = found.get(entry["sequence"])
        if row is None:
            missing.append(entry["sequence"])
        elif row["input"] != entry["text"] or row["label"] != entry["label"]:
            raise Violation(f"{key} is {row}")
    last = max(entry["sequence"] for entry in ledger.acknowledged.values())
    if missing and not isLoud and not (name == "log" and missing == [last]):
        raise Violation(f"{len(missing)} acknowledged corrections are gone, and nobody says so")
    if missing and name not in ("journal", "log"):
        raise Violation(f"{len(missing)} acknowledged corrections are gone, though the journal is sound")
    new = ledger.send(client, "new", "n e w", "alpha")
    if new is None or new in found:
        raise Violation("a new correction does not find its place")
    client.close()
    if (code := daemon.stop()) != 0:
        raise Violation(f"the daemon ends with {code}")
    if name in ("journal", "log") and isLoud and not list(daemon.state.glob("damaged-*.sqlite")):
        raise Violation("the damaged journal was not set aside")
    # An older journal may name revisions that were removed since; then the log says so.
    if "revisions that are kept are missing" not in daemon.log:
        Disk(daemon.state).checkRevisions()
    return f"{name}: {'mended' if isLoud else 'harmless'}"


def summary(calls):
    return ", ".join(f"{number} {call}" for call, number in collections.Counter(call[1] for call in calls).most_common())


ALL = {"kill": kill, "fail": fail, "full": full, "clock": clock, "power": power, "controls": controls, "torn": torn, "abuse": abuse, "answers": answers, "soak": soak}
