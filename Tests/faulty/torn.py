"""Files of the state, and the model's weights, that are cut short or have bits flipped."""

import random
import shutil

from checks import Disk, settle
from ground import Ground
from rig import Daemon, Ledger, Violation

FILES = {"head": "state/revisions/*/head.safetensors", "body": "state/revisions/*/delta.safetensors",
         "manifest": "state/revisions/*/revision.json", "journal": "state/state.sqlite", "log": "state/state.sqlite-wal",
         "model": "model/model.safetensors"}


def torn(tools, options, count):
    """Each is refused, or mended, or harmless; and nothing wrong is served."""
    source = tools.folder / "torn"
    ledger = prepare(tools, source)
    serving = f"{Disk(source / 'state').serving:06}"
    generator = random.Random(options.seed)
    for name, pattern in FILES.items():
        path = pattern.replace("*", serving)
        data = (source / path).read_bytes()
        lengths = boundaries(name, data)
        if not options.full and len(lengths) > 12:
            lengths = lengths[:8] + generator.sample(lengths[8:], 4)
        bits = generator.sample(range(len(data) * 8), min(len(data) * 8, 1000 if options.full else 8))
        count.runAll([
            ("", f"{name} cut to {length}", case(tools, source, ledger, path, name, lambda data, n=length: data[:n]))
            for length in lengths])
        count.runAll([
            ("", f"{name} with bit {bit} flipped", case(tools, source, ledger, path, name, lambda data, n=bit: flipped(data, n)))
            for bit in bits])


def prepare(tools, folder):
    """A state whose log has commits in it, as a kill leaves it, and a model; the ledger of what was acknowledged."""
    daemon, ledger, life = Ground.of(tools, True).life(folder)
    daemon.shimmed, life.stops, life.phases = False, False, ["commit", "publish", "retention"]
    daemon.start()
    life.goOn()
    daemon.kill()
    Disk(daemon.state).check(ledger)
    shutil.copytree(tools.model, folder / "model")
    return ledger


def boundaries(name, data):
    """Where a file may be cut: at the ends of headers first, then of what follows them, and within these."""
    lengths = [0, 1, len(data) // 2, len(data) - 1]
    if name in ("head", "body", "model"):
        header = 8 + int.from_bytes(data[:8], "little")
        lengths += [4, 8, 8 + header // 2, header, header + 4]
        lengths += range(header, len(data), max(4, (len(data) - header) // 40 & ~3))
    elif name == "journal":
        lengths += [16, 100, 4095, 4096, *range(8192, len(data), 4096), *range(6000, len(data), 40_960)]
    elif name == "log":
        frames = range(32, len(data), 4096 + 24)
        lengths += [24, 32, *(frame + part for frame in frames for part in (24, 2048, 4096 + 24))]
    else:
        lengths += range(0, len(data), max(1, len(data) // 40))
    return list(dict.fromkeys(length for length in lengths if length < len(data)))


def flipped(data, bit):
    result = bytearray(data)
    result[bit // 8] ^= 1 << bit % 8
    return bytes(result)


def case(tools, source, ledger, path, name, damage):
    def run(folder):
        daemon = Daemon(tools, folder, {"learning": {"enabled": False}}, shimmed=False)
        shutil.copytree(source / "state", daemon.state, symlinks=True)
        if name == "model":
            daemon.model = folder / "model"
            shutil.copytree(tools.model, daemon.model)
        data = (folder / path).read_bytes()
        (folder / path).unlink()
        (folder / path).write_bytes(damage(data))
        (folder / path).chmod(0o600)
        try:
            return f"{name} {survives(daemon, Ledger(ledger), name)}"
        finally:
            daemon.kill()
    return run


def survives(daemon, ledger, name):
    """Starts on what is damaged; a word for how that went."""
    before = {path.name for path in daemon.state.iterdir()}
    if not daemon.start(wait=False):
        code = daemon.process.returncode
        # 78: for systemd, that another start would come to the same; other weights are another model's.
        if code not in ((1, 78) if name == "model" else (1,)) or "Error: " not in daemon.log:
            raise Violation(f"the daemon ends with {code} and does not say why: {daemon.lastWords()}")
        if added := {path.name for path in daemon.state.iterdir()} - before:
            raise Violation(f"it refuses to start and leaves {added}")
        return "refused"
    if name == "model":
        raise Violation("other weights are served under the model's name")
    isLoud = "CRITICAL" in daemon.log
    client = daemon.client()
    for text in {text for _, text in ledger.answers}:
        ledger.predict(client, text)
    lost = compare(client, ledger)
    # Nobody can tell a last transaction that is damaged from one that was being written when the power failed.
    last = max(entry["sequence"] for entry in ledger.acknowledged.values())
    if lost and not isLoud and not (name == "log" and lost == {last}):
        raise Violation(f"{lost} were acknowledged and are gone, and nobody says so")
    if lost and name not in ("journal", "log"):
        raise Violation(f"{lost} were acknowledged and are gone, though the journal is sound")
    ledger.corrections = {key: entry for key, entry in ledger.corrections.items() if entry["sequence"] not in lost}
    sequence = ledger.send(client, "new", "n e w", "alpha")
    if sequence is None or sequence <= last:
        raise Violation(f"a new correction gets the sequence {sequence}")
    client.close()
    goesOn(daemon, ledger, lost, isLoud and name in ("journal", "log"))
    aside = list(daemon.state.glob("damaged-*.sqlite"))
    if (name in ("journal", "log") and isLoud) != bool(aside):
        raise Violation(f"set aside are {aside}")
    return "mended" if isLoud else "harmless"


def compare(client, ledger):
    """Every correction that is there is as it was acknowledged; the sequences of those that are not."""
    found, cursor = {}, None
    while True:
        page = client.call("corrections/list", limit=1000, **({"cursor": cursor} if cursor else {}))
        found.update({entry["sequence"]: entry for entry in page["corrections"]})
        if not (cursor := page.get("nextCursor")):
            break
    lost = set()
    for key, entry in ledger.acknowledged.items():
        row = found.get(entry["sequence"])
        if row is None:
            lost.add(entry["sequence"])
        elif (row["input"], row["label"]) != (entry["text"], entry["label"]):
            raise Violation(f"{key} is {row}")
    return lost


def goesOn(daemon, ledger, lost, isMended):
    """It ends, starts again without a word, and learns what it has not."""
    if (code := daemon.stop()) != 0:
        raise Violation(f"the daemon ends with {code}")
    Disk(daemon.state).check(ledger, isFinal=True, lost=lost, isMended=isMended)
    daemon.configure({})
    said = len(daemon.log)
    daemon.start()
    client = daemon.client()
    settle(client, ledger)
    client.close()
    if (code := daemon.stop()) != 0:
        raise Violation(f"the daemon ends with {code} when it has learnt again")
    if "CRITICAL" in daemon.log[said:]:
        raise Violation(f"it is not mended for good: {daemon.lastWords()}")
    Disk(daemon.state).check(ledger, isFinal=True, isMended=isMended)
