"""Clients that mean harm, and clients in great number, against the real daemon."""

import json
import os
import socket
import threading
import time

from checks import descriptors, expect, memory, word
from rig import Client, Daemon, Gone, Ledger, Refused, Violation


class Bystander(threading.Thread):
    """A well-behaved client that is answered throughout."""

    def __init__(self, daemon, ledger):
        super().__init__(daemon=True)
        self.serving, self.ledger = daemon, ledger
        self.ends, self.fault, self.answers = threading.Event(), None, 0
        self.client = daemon.client()
        self.start()

    def run(self):
        try:
            while not self.ends.is_set():
                self.ledger.predict(self.client, "a b c")
                self.answers += 1
                time.sleep(0.002)
        except (Violation, Gone, Refused, OSError) as error:
            self.fault = error or Violation("the connection was closed")

    def finish(self):
        self.ends.set()
        self.join()
        self.client.close()
        if self.fault is not None:
            raise Violation(f"another client was not answered: {type(self.fault).__name__} {self.fault}")
        return self.answers


def raw(path):
    connection = socket.socket(socket.AF_UNIX)
    # Waiting for a place in the queue is for calls that wait.
    connection.connect(str(path))
    connection.settimeout(20)
    return connection


def exchange(path, data, half=True):
    """Sends bytes, ends, and returns all that comes back."""
    connection = raw(path)
    answer = b""
    try:
        connection.sendall(data)
        if half:
            connection.shutdown(socket.SHUT_WR)
        while piece := connection.recv(1 << 16):
            answer += piece
    except (BrokenPipeError, ConnectionResetError):
        pass
    finally:
        connection.close()
    return answer


def request(text, padding=0):
    line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "predict", "params": {"input": text}})
    return line.encode() + b" " * padding


def codes(answer):
    return [json.loads(line).get("error", {}).get("code") for line in answer.splitlines()]


def limitLines(daemon, options):
    most = 1 << 20
    line = request("a")
    expect(codes(exchange(daemon.path, line + b" " * (most - len(line)) + b"\n")) == [None], "a line of the limit is refused")
    expect(codes(exchange(daemon.path, line + b" " * (most + 1 - len(line)) + b"\n")) == [-32600], "a line over the limit is taken")


def malformed(daemon, options):
    """Each is refused by its own error, and the connection goes on."""
    deep = b'{"jsonrpc":"2.0","id":1,"method":"status","params":' + b"[" * 32 + b"]" * 32 + b"}"
    cases = {
        "depth 33": deep, "a duplicate key": b'{"jsonrpc":"2.0","id":1,"id":2,"method":"status"}',
        "invalid UTF-8": b'{"jsonrpc":"2.0","id":1,"method":"predict","params":{"input":"\xc3\x28"}}',
        "NUL": b'{"jsonrpc":"2.0","id":1,"method":"predict","params":{"input":"a\x00b"}}',
        "an escaped NUL": b'{"jsonrpc":"2.0","id":1,"method":"predict","params":{"input":"a\\u0000b"}}',
        "a byte-order mark": b"\xef\xbb\xbf" + request("a"), "NaN": b'{"jsonrpc":"2.0","id":NaN,"method":"status"}',
        "a huge number": b'{"jsonrpc":"2.0","id":1' + b"0" * 400 + b',"method":"status"}',
        "a number beyond doubles": b'{"jsonrpc":"2.0","id":1,"method":"corrections/submit","params":{"input":"a","label":"b","weight":1e999}}',
        "a batch": b"[" + request("a") + b"]", "garbage": bytes(range(1, 10)), "an empty line": b"",
        "trailing garbage": request("a") + b"x", "a lone surrogate": b'{"jsonrpc":"2.0","id":1,"method":"predict","params":{"input":"\\ud800"}}',
        "a fraction for an id": b'{"jsonrpc":"2.0","id":1.5,"method":"status"}',
        "a path for a label": b'{"jsonrpc":"2.0","id":1,"method":"corrections/submit","params":{"input":"a","label":""}}'}
    for name, line in cases.items():
        answer = exchange(daemon.path, line + b"\n" + request("a") + b"\n")
        found = codes(answer)
        expect(found and found[-1] is None, f"after {name} the connection does not go on: {answer[:200]}")
        expect(name == "an empty line" or len(found) == 2 and found[0] in (-32700, -32600, -32602), f"{name} gets {answer[:200]}")


def unterminated(daemon, options):
    answer = exchange(daemon.path, request("a") + b"\n" + request("b"))
    expect(len(answer.splitlines()) == 2 and codes(answer).count(None) == 1, f"an unterminated last line gets {answer[:300]}")


def pending(daemon, options):
    """The end of input with replies pending: all of them come."""
    lines = b"".join(request(word(number)).replace(b'"id": 1', f'"id": {number}'.encode()) + b"\n" for number in range(200))
    expect(len(exchange(daemon.path, lines).splitlines()) == 200, "replies were dropped at the end of the input")


def slow(daemon, options):
    """Forty connections that each send a byte at a time."""
    connections = [raw(daemon.path) for _ in range(40)]
    line = request("a") + b"\n"
    for position in range(len(line)):
        for connection in connections:
            connection.sendall(line[position:position + 1])
        time.sleep(1 if options.full and position < 3 else 0.005)
    for connection in connections:
        expect(codes(connection.recv(1 << 16)) == [None], "a slow client is not answered")
        connection.close()


def deaf(daemon, options):
    """Twenty clients that ask and never read."""
    connections = [raw(daemon.path) for _ in range(20)]
    lines = b"".join(request(word(number)).replace(b'"id": 1', f'"id": {number}'.encode()) + b"\n" for number in range(2000))
    before = memory(daemon)
    for connection in connections:
        connection.setblocking(False)
    for _ in range(200):
        for connection in connections:
            try:
                connection.send(lines)
            except BlockingIOError:
                pass
        time.sleep(0.005)
    grown = memory(daemon) - before
    for connection in connections:
        connection.close()
    expect(grown < 64 << 20, f"clients that do not read cost {grown >> 20} MiB")


def crowd(daemon, options):
    """Many connects, one after the other and at once."""
    for _ in range(10_000 if options.full else 1000):
        raw(daemon.path).close()
    held, refused = [], 0
    for _ in range(400):
        connection = raw(daemon.path)
        held.append(connection)
    # More than there are slots; root is not held to its own share, but to that of all.
    for connection in held:
        connection.settimeout(0.2 if refused else 2)
        try:
            if b"-32000" in connection.recv(1 << 12):
                refused += 1
        except TimeoutError:
            continue
        if refused > 20:
            break
    for connection in held:
        connection.close()
    expect(refused > 20, f"{refused} of 400 connections were refused")


def oneUser(daemon, options):
    """One user takes all of its slots; another is served."""
    if os.geteuid() != 0:
        return "skipped: it takes root to be another user"
    os.chmod(daemon.folder.parent, 0o711)
    os.chmod(daemon.folder, 0o711)
    os.chmod(daemon.path, 0o666)
    ready, leave = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgid(65_533)
            os.setuid(65_533)
            held = [raw(daemon.path) for _ in range(80)]
            refusals = 0
            for connection in held[64:]:
                connection.settimeout(5)
                refusals += b"-32000" in connection.recv(4096)
            os.write(ready[1], bytes([refusals]))
            os.read(leave[0], 1)
        finally:
            os._exit(0)
    os.close(ready[1])
    refusals = os.read(ready[0], 1)
    client = daemon.client()
    client.call("status")
    client.close()
    os.write(leave[1], b"x")
    os.waitpid(child, 0)
    expect(refusals == bytes([16]), f"of 80 connections of one user, {list(refusals)} were refused")
    return None


def scarce(tools, options, folder):
    """A process with few descriptors serves as many connections as it can, and does not spin."""
    daemon, ledger = Daemon(tools, folder, shimmed=False), Ledger()
    daemon.limit = 128
    daemon.start()
    bystander = Bystander(daemon, ledger)
    held = []
    for _ in range(300):
        try:
            held.append(raw(daemon.path))
        except OSError:
            break
    used = lambda: sum(map(int, open(f"/proc/{daemon.process.pid}/stat").read().rsplit(")", 1)[1].split()[11:13]))
    before = used()
    time.sleep(1)
    spent = (used() - before) / os.sysconf("SC_CLK_TCK")
    for connection in held:
        connection.close()
    bystander.finish()
    daemon.stop()
    expect(spent < 0.6, f"with no descriptor left it uses {spent:.0%} of a processor")


def abuse(tools, options, count):
    """All of the above, with a bystander; what it costs in memory."""
    kinds = [limitLines, malformed, unterminated, pending, slow, deaf, crowd, oneUser]
    folder = tools.folder / "abused"
    daemon, ledger = Daemon(tools, folder, {"limits": {"connectionsPerUser": 64}}, shimmed=False), Ledger()
    daemon.start()
    first, highest = memory(daemon), 0
    open_ = descriptors(daemon)
    for kind in kinds:
        def case(_):
            nonlocal highest
            bystander = Bystander(daemon, ledger)
            try:
                if note := kind(daemon, options):
                    count.note(f"{kind.__name__} {note}")
            finally:
                answers = bystander.finish()
                highest = max(highest, memory(daemon))
            count.note(f"{kind.__name__}: another client got {answers} answers; {memory(daemon) >> 20} MiB")
            return kind.__name__
        count.run("", kind.__name__, case)
    count.run("scarce descriptors", "scarce", lambda folder: scarce(tools, options, folder))
    deadline = time.monotonic() + 10
    while descriptors(daemon) > open_ and time.monotonic() < deadline:
        time.sleep(0.05)
    if descriptors(daemon) > open_:
        count.blame(f"{descriptors(daemon) - open_} descriptors were left open")
    count.note(f"memory: {first >> 20} MiB at first, {highest >> 20} at most")
    if daemon.stop() != 0:
        count.blame("the daemon did not end well")
