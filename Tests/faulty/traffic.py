"""Many predictions while revisions come and go, and a long mixed load."""

import random
import threading
import time

from checks import Disk, descriptors, expect, memory, settle, word
from rig import Daemon, Gone, Ledger, Refused, Violation


def answers(tools, options, count):
    """Predictions from eight clients while revisions come and go: each is its revision's."""
    publishes, predictions = (100, 10_000) if options.full else (25, 2_000)
    folder = tools.folder / "answers"
    daemon, ledger = Daemon(tools, folder, {"revisions": {"keep": 1000}}, shimmed=False), Ledger()
    texts = [word(number) for number in range(40)]
    made, faults, named = [0], [], set()

    def ask(number):
        client, generator = daemon.client(), random.Random(number)
        try:
            while made[0] < predictions and not faults or not ended.is_set():
                named.add(ledger.predict(client, generator.choice(texts)))
                made[0] += 1
        except (Violation, Gone, Refused) as error:
            faults.append(f"{type(error).__name__} {error}")
        client.close()

    def case(_):
        daemon.start()
        threads = [threading.Thread(target=ask, args=[number]) for number in range(8)]
        for thread in threads:
            thread.start()
        client, generator = daemon.client(), random.Random(options.seed)
        first = client.call("status")["revision"]
        rollbacks, number = 0, 0
        while (last := client.call("status")["revision"]) < first + publishes or rollbacks < publishes // 5:
            number += 1
            ledger.send(client, f"key {number}", word(5000 + number), generator.choice(["alpha", "beta", "gamma"]))
            if number % 5 == 0:
                kept = [entry["id"] for entry in client.call("revisions/list")["revisions"]]
                client.call("revisions/activate", revision=generator.choice(kept))
                client.call("corrections/release", state="withheld")
                rollbacks += 1
            if number % 80 == 0:
                # Other bodies, too.
                settle(client, ledger)
                client.call("tuning/start", method="bias", wait="finished", seed=number)
            if faults:
                break
        ended.set()
        for thread in threads:
            thread.join()
        if faults:
            raise Violation(faults[0])
        # Another process, with the same files, must give the same answers under the same names.
        settle(client, ledger)
        client.close()
        daemon.stop()
        daemon.start()
        client = daemon.client()
        checked = 0
        for (revision, text), scores in sorted(ledger.answers.items()):
            again = client.call("predict", input=text, revision=revision)
            if {score["label"]: score["score"] for score in again["scores"]} != scores:
                raise Violation(f"revision {revision} answers {text!r} otherwise than it did")
            checked += 1
        client.close()
        daemon.stop()
        count.note(f"{made[0]} predictions naming {len(named)} revisions, {rollbacks} rollbacks, up to revision {last}; "
                   f"{checked} different answers computed again by another process")
        return None

    ended = threading.Event()
    count.run("run", "answers", case)


def soak(tools, options, count):
    """A long mixed load; memory and descriptors at the end are those after the warm-up."""
    requests, corrections, bursts = (200_000, 2_000, 40) if options.full else (30_000, 400, 12)
    folder = tools.folder / "soak"
    daemon, ledger = Daemon(tools, folder, {"tuning": {"enabled": True, "startAfter": 64}}, shimmed=False), Ledger()
    daemon.start()
    texts = [word(number) for number in range(500)]
    state = {"requests": 0, "corrections": 0, "bursts": 0}
    lock, faults = threading.Lock(), []

    def work(number, share):
        client, generator = daemon.client(), random.Random(number)
        try:
            while True:
                with lock:
                    if state["requests"] >= share * requests or faults:
                        break
                    state["requests"] += 1
                    teaches = state["corrections"] < state["requests"] * corrections / requests
                    if teaches:
                        state["corrections"] += 1
                        key = state["corrections"]
                    nth = state["bursts"] + 1
                    tunes = nth < state["requests"] * bursts / requests
                    if tunes:
                        state["bursts"] = nth
                if tunes:
                    begin(client, nth)
                if teaches:
                    # Something to be learnt from them: a head that answers one label to everything is an error.
                    label = generator.choice(["alpha", "beta", "gamma"])
                    text = f"{' '.join(label)} {word(20_000 + key)}"
                    if ledger.send(client, f"key {key}", text, label) is None:
                        raise Violation(f"a correction was refused: {ledger.corrections[f'key {key}']['refusals']}")
                elif generator.random() < 0.02:
                    client.call(generator.choice(["status", "metrics", "revisions/list"]))
                elif generator.random() < 0.02:
                    client.close()
                    client = daemon.client()
                else:
                    ledger.predict(client, generator.choice(texts))
        except (Violation, Gone, Refused) as error:
            faults.append(f"{type(error).__name__} {error}")
        client.close()

    def begin(client, seed):
        """One that begins by itself may be under way."""
        try:
            client.call("tuning/start", method=["bias", "lora", "bias", "top-layers"][seed % 4], wait="finished", seed=seed)
        except Refused as error:
            if error.reason != "burst":
                raise

    def stage(share):
        threads = [threading.Thread(target=work, args=[number, share]) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if faults:
            raise Violation(faults[0])
        client = daemon.client()
        settle(client, ledger, 60)
        client.close()
        time.sleep(1)
        return memory(daemon), descriptors(daemon)

    def case(_):
        warm, few = stage(0.5)
        final, many = stage(1)
        log = daemon.log
        bad = [line for line in log.splitlines() if " ERROR " in line or " CRITICAL " in line]
        count.note(f"{state['requests']} requests, {state['corrections']} corrections, {log.count('a burst begins')} bursts; "
                   f"memory {warm >> 20} MiB after the warm-up, {final >> 20} at the end; descriptors {few}, {many}")
        daemon.stop()
        expect(final < 1.1 * warm, f"memory grew from {warm >> 10} to {final >> 10} KiB")
        expect(many <= few, f"descriptors grew from {few} to {many}")
        expect(not bad, f"errors were logged: {bad[:3]}")
        Disk(daemon.state).check(ledger, isFinal=True)
        return None

    count.run("run", "soak", case)
