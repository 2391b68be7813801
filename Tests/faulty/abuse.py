"""Clients that mean harm, and clients in great number, against the real daemon."""

import json
import os
import resource
import select
import socket
import threading
import time

from checks import descriptors, expect, memory, settle, word
from rig import Daemon, Gone, Ledger, Refused, Violation

# What abuse may cost in memory, all of it together.
MOST = 64 << 20


class Bystander(threading.Thread):
    """A well-behaved client that is answered throughout."""

    def __init__(self, daemon, ledger):
        super().__init__(daemon=True)
        self.process, self.ledger, self.client = daemon, ledger, daemon.client()
        self.ends, self.fault, self.answers, self.slowest, self.highest = threading.Event(), None, 0, 0, 0
        self.start()

    def run(self):
        try:
            while True:
                began = time.monotonic()
                self.ledger.predict(self.client, "a b c")
                self.answers, self.slowest = self.answers + 1, max(self.slowest, time.monotonic() - began)
                self.highest = max(self.highest, memory(self.process))
                if self.ends.wait(0.002):
                    break
        except (Violation, Gone, Refused, OSError) as error:
            self.fault = error

    def finish(self):
        self.ends.set()
        self.join()
        self.client.close()
        if self.fault is not None:
            raise Violation(f"another client was not answered: {type(self.fault).__name__} {self.fault}")


def raw(path):
    connection = socket.socket(socket.AF_UNIX)
    # Waiting for a place in the queue is for calls that wait.
    connection.connect(str(path))
    connection.settimeout(20)
    return connection


def exchange(path, data):
    """Sends bytes, ends, and returns the replies."""
    connection = raw(path)
    answer = b""
    try:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
    except BrokenPipeError:
        pass
    try:
        while piece := connection.recv(1 << 16):
            answer += piece
    except ConnectionResetError:
        pass
    connection.close()
    return [json.loads(line) for line in answer.splitlines()]


def reasons(replies):
    """Why each was refused; None for a result."""
    return [reply["error"]["data"]["reason"] if "error" in reply else None for reply in replies]


def request(text, number=1):
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": "predict", "params": {"input": text}}).encode()


def requests(count):
    return b"".join(request(word(number), number) + b"\n" for number in range(count))


def limits(daemon, options):
    """A line as long as it may be, one byte more, and one without an end."""
    most, line = 1 << 20, request("a")
    found = reasons(exchange(daemon.path, line + b" " * (most - len(line)) + b"\n" + request("b", 2) + b"\n"))
    expect(found == [None, None], f"a line of the limit gets {found}")
    found = reasons(exchange(daemon.path, line + b" " * (most + 1 - len(line)) + b"\n" + line + b"\n"))
    expect(found == ["lineTooLong"], f"a line over the limit gets {found}")
    found = reasons(exchange(daemon.path, b"[" * (4 << 20)))
    expect(found == ["lineTooLong"], f"four limits without an end get {found}")


def malformed(daemon, options):
    """Each is refused for its own reason, and the connection goes on."""
    def call(identifier=b"1", method=b"status", parameters=b"{}"):
        return b'{"jsonrpc":"2.0","id":%b,"method":"%b","params":%b}' % (identifier, method, parameters)

    def predict(text):
        return call(method=b"predict", parameters=b'{"input":"%b"}' % text)

    submit = b'{"input":"a","label":"%b","weight":%b}'
    cases = {
        "depth 33": ("tooDeep", call(parameters=b'{"a":' + b"[" * 31 + b"]" * 31 + b"}")),
        "depth 32": ("unknownParameter", call(parameters=b'{"a":' + b"[" * 30 + b"]" * 30 + b"}")),
        "a duplicate key": ("duplicateKey", b'{"jsonrpc":"2.0","id":1,"id":2,"method":"status"}'),
        "invalid UTF-8": ("invalidUTF8", predict(b"\xc3\x28")), "a surrogate in UTF-8": ("invalidUTF8", predict(b"\xed\xa0\x80")),
        "NUL": ("nul", predict(b"a\x00b")), "an escaped NUL": ("nul", predict(b"a\\u0000b")),
        "a lone surrogate": ("invalidUTF8", predict(b"\\ud800")), "a byte-order mark": ("byteOrderMark", b"\xef\xbb\xbf" + request("a")),
        "NaN": ("notJSON", call(b"NaN")), "Infinity": ("notJSON", call(b"-Infinity")),
        "a huge number": ("notJSON", call(b"1" + b"0" * 400)), "a fraction for an id": ("notARequest", call(b"1.5")),
        "a number beyond doubles": (None, call(method=b"corrections/submit", parameters=submit % (b"alpha", b"1e999"))),
        "a negative weight": ("outOfRange", call(method=b"corrections/submit", parameters=submit % (b"alpha", b"-1"))),
        "an empty label": ("outOfRange", call(method=b"corrections/submit", parameters=submit % (b"", b"1"))),
        "a batch": ("batch", b"[" + request("a") + b"]"), "garbage": ("notJSON", bytes(range(1, 10))),
        "UTF-16": ("nul", request("a").decode().encode("utf-16-le")), "trailing garbage": ("trailingGarbage", request("a") + b"x"),
    }
    for name, (reason, line) in cases.items():
        found = reasons(exchange(daemon.path, line + b"\n" + request("a", 2) + b"\n"))
        isSo = len(found) == 2 and found[1] is None and (found[0] == reason or reason is None and found[0] is not None)
        expect(isSo, f"{name} gets {found}")


def endings(daemon, options):
    """The end of input with replies pending, and in the middle of a line."""
    found = reasons(exchange(daemon.path, requests(200)))
    expect(found == [None] * 200, f"of 200 replies that were pending {found.count(None)} came")
    found = reasons(exchange(daemon.path, request("a") + b"\n" + request("b")))
    expect(sorted(found, key=str) == [None, "unterminated"], f"an unterminated last line gets {found}")


def slow(daemon, options):
    """Forty connections that each send a byte at a time."""
    connections = [raw(daemon.path) for _ in range(40)]
    line = b'{"jsonrpc":"2.0","id":1,"method":"status"}\n'
    for position in range(len(line)):
        for connection in connections:
            connection.sendall(line[position:position + 1])
        time.sleep(1 if options.full else 0.01)
    for connection in connections:
        expect(b'"result"' in connection.recv(1 << 16), "a slow client is not answered")
        connection.close()


def deaf(daemon, options):
    """Forty clients that ask as long as they can and never read."""
    connections = [raw(daemon.path) for _ in range(40)]
    lines, sent = requests(2000), 0
    for connection in connections:
        connection.setblocking(False)
    for _ in range(500 if options.full else 100):
        for connection in connections:
            try:
                sent += connection.send(lines)
            except BlockingIOError:
                pass
        time.sleep(0.005)
    for connection in connections:
        connection.close()
    return f"{sent >> 10} KiB taken from clients that do not read"


def crowd(daemon, options):
    """Ten thousand connects, one after the other; then more at once than there are slots."""
    for _ in range(10_000):
        raw(daemon.path).close()
    # Those that are closed may not all have been noticed yet.
    client = daemon.client()
    while descriptors(daemon) > crowd.before + 3:
        client.call("status")
    held = [raw(daemon.path) for _ in range(400)]
    answered, refused = hold(held)
    client.close()
    # One slot is the bystander's and one this client's.
    expect((answered, refused) == (254, 146), f"of 400 connections {answered} are answered and {refused} refused")
    return f"of 400 at once {refused} were refused"


def hold(connections):
    """Asks on all of them; how many are answered and how many refused. Then they are closed."""
    for connection in connections:
        try:
            connection.sendall(request("a") + b"\n")
        except OSError:
            pass
    waiting, answered, refused = {connection.fileno(): connection for connection in connections}, 0, 0
    poll = select.poll()
    for descriptor in waiting:
        poll.register(descriptor, select.POLLIN)
    deadline = time.monotonic() + 20
    while waiting and time.monotonic() < deadline:
        for descriptor, _ in poll.poll(1000):
            try:
                answer = waiting[descriptor].recv(1 << 16)
            except ConnectionResetError:
                answer = b""
            refused += b"tooManyConnections" in answer
            answered += b'"result"' in answer
            poll.unregister(descriptor)
            del waiting[descriptor]
    for connection in connections:
        connection.close()
    return answered, refused


def oneUser(daemon, options):
    """One user takes all of its slots; another is served."""
    if os.geteuid() != 0:
        return "skipped: it takes root to be another user"
    for path, mode in [(daemon.folder.parent, 0o711), (daemon.folder, 0o711), (daemon.path, 0o666)]:
        os.chmod(path, mode)
    result, leave = os.pipe(), os.pipe()
    if (child := os.fork()) == 0:
        try:
            os.setgid(65_533)
            os.setuid(65_533)
            held = [raw(daemon.path) for _ in range(80)]
            for connection in held[64:]:
                connection.settimeout(10)
            os.write(result[1], bytes([sum(b"tooManyConnections" in connection.recv(4096) for connection in held[64:])]))
            os.read(leave[0], 1)
        finally:
            os._exit(0)
    os.close(result[1])
    refused = os.read(result[0], 1)
    client = daemon.client()
    client.call("status")
    client.close()
    os.write(leave[1], b"x")
    os.waitpid(child, 0)
    for descriptor in [result[0], *leave]:
        os.close(descriptor)
    expect(refused == bytes([16]), f"of 80 connections of one user, {list(refused)} were refused")
    return "of 80 of one user 16 were refused"


def scarce(daemon, options):
    """No descriptor is left: nobody new is let in, nothing can be stored, and all is well when there are some again."""
    usual = resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE)
    teacher, ledger = daemon.client(), Ledger()
    few = descriptors(daemon) + 8
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (few, usual[1]))
    held = [raw(daemon.path) for _ in range(100)]
    spent = processorTime(daemon)
    for number in range(10):
        ledger.send(teacher, f"scarce {number}", f"s c {word(number)}", "alpha")
    time.sleep(1)
    spent = (processorTime(daemon) - spent) / os.sysconf("SC_CLK_TCK")
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, usual)
    for connection in held:
        connection.close()
    if ledger.send(teacher, "scarce again", "s c a g a i n", "alpha") is None:
        raise Violation("corrections are still refused though there are descriptors again")
    settle(teacher, ledger)
    teacher.close()
    refusals = {str(error.reason) for entry in ledger.corrections.values() for error in entry["refusals"]}
    return f"without descriptors {len(ledger.acknowledged) - 1} of 10 corrections were stored, refusals {refusals or 'none'}; " \
           f"{spent:.2f} s of processor time"


def few(tools, count, folder):
    """With few descriptors from the start there are as many slots as these allow, and some to spare for what must go on."""
    daemon, ledger = Daemon(tools, folder, shimmed=False), Ledger()
    daemon.limit = 128
    daemon.start()
    bystander = Bystander(daemon, ledger)
    teacher = daemon.client()
    answered, refused = hold([raw(daemon.path) for _ in range(200)])
    expect(answered == 128 - 64 - 2 and refused == 200 - answered, f"{answered} of 200 are answered, {refused} refused")
    said = teacher.call("server/discover")["limits"]["connections"]
    expect(said == 128 - 64, f"'server/discover' says that there may be {said} connections")
    if ledger.send(teacher, "few", "f e w", "alpha") is None:
        raise Violation("corrections are refused")
    settle(teacher, ledger)
    teacher.close()
    bystander.finish()
    if daemon.stop() != 0:
        raise Violation(f"the daemon did not end well: {daemon.lastWords()}")
    count.note(f"few: with 128 descriptors {answered} of 200 connections were answered, and {refused} refused")
    return "survived"


def processorTime(daemon):
    with open(f"/proc/{daemon.process.pid}/stat") as file:
        return sum(map(int, file.read().rsplit(")", 1)[1].split()[11:13]))


def abuse(tools, options, count):
    """All of the above, each beside a client that must be answered; what it costs in memory and descriptors."""
    daemon, ledger = Daemon(tools, tools.folder / "abused", shimmed=False), Ledger()
    daemon.start()
    client = daemon.client()
    ledger.predict(client, "a b c")
    before = descriptors(daemon) - 1
    client.close()
    first, before = memory(daemon), settled(daemon, before)
    highest, crowd.before = first, before

    def case(kind):
        def run(_):
            nonlocal highest
            bystander = Bystander(daemon, ledger)
            try:
                note = kind(daemon, options)
            finally:
                bystander.finish()
                highest = max(highest, bystander.highest)
            count.note(f"{kind.__name__}: {note + '; ' if note else ''}another client got {bystander.answers} answers, the slowest "
                       f"in {bystander.slowest * 1000:.0f} ms; {bystander.highest >> 20} MiB at most")
            return "survived"
        return run

    for kind in [limits, malformed, endings, slow, deaf, crowd, oneUser, scarce]:
        count.run("", kind.__name__, case(kind))
    count.run("", "few", lambda folder: few(tools, count, folder))
    left = settled(daemon, before)
    count.note(f"memory: {first >> 20} MiB at first, {highest >> 20} at most; descriptors: {before} at first, {left} at the end")
    if left > before:
        count.blame(f"{left - before} descriptors were left open")
    if highest > first + MOST:
        count.blame(f"memory grew from {first >> 20} to {highest >> 20} MiB")
    if daemon.stop() != 0:
        count.blame(f"the daemon did not end well: {daemon.lastWords()}")


def settled(daemon, most):
    """How many descriptors there are once no more are closed."""
    deadline = time.monotonic() + 5
    while (left := descriptors(daemon)) > most and time.monotonic() < deadline:
        time.sleep(0.05)
    return left
