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

from abuse import abuse
from checks import Disk, recover, settle, word
from disks import DiskImage, cannotMount, mounted
from ground import Ground
from rig import FAIL, FOLDER_SYNC, KILL, LOG_SYNC, PHASES, SHORTEN, Daemon, Gone, Ledger, Violation
from traffic import answers, soak
from scenario import Life
from torn import torn


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
            # What is interrupted or written in part is gone on with, and nobody needs to know.
            if isHit and error not in (0, errno.EINTR) and not said(daemon) and not life.refusals:
                with count.lock:
                    silent[f"{name[error]} at {hit[1]} {re.sub('[0-9]+', 'N', hit[2])}"] += 1
            with count.lock:
                for refusal in life.refusals:
                    refused[refusal.reason] += 1
            recover(daemon, ledger)
            for refusal in life.refusals:
                if refusal.reason == "internalError":
                    raise Violation(f"a client is told of an internal error: {refusal}")
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
    count.note("met without a word in the log or to a client: " + (", ".join(f"{number} {call}" for call, number in silent.most_common()) or "none"))


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
            if kinds - {"diskFull", "commit"}:
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


def summary(calls):
    return ", ".join(f"{number} {call}" for call, number in collections.Counter(call[1] for call in calls).most_common())


ALL = {"kill": kill, "fail": fail, "full": full, "clock": clock, "power": power, "controls": controls, "torn": torn,
       "abuse": abuse, "answers": answers, "soak": soak}
