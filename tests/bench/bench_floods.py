"""Floods: prints, lines, megabytes and displays, whole and against a direct client; many subscribers; sleepers; many
sessions; the journal.

`python -m tests.bench.bench_floods 0.1` for a tenth of everything.
"""

from __future__ import annotations

import selectors
import socket
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
from twisted.internet import reactor
from twisted.internet.defer import Deferred

from tests.bench.stack import Client, Direct, Server, percentile_ms, table
from tests.live import Json, rss_mb
from webipy.io.storage.journal import SqliteJournals

SHARE = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
MEGABYTE = 1_000_000
LINES_EACH = 500

Rows = list[tuple[str, str, str]]


def share(number: int) -> int:
    """So much of a number as was asked for, and one at least."""
    return max(1, round(number * SHARE))


def timed(way: Direct | Client, code: str, size: Callable[[Json], int]) -> tuple[float, int]:
    """Seconds until a flood is over, and the sum of `size` over its outputs."""
    total = 0

    def count(output: Json) -> None:
        nonlocal total
        total += size(output)

    began = time.perf_counter()
    way.run(code, count)
    return time.perf_counter() - began, total


def whole(server: Server, client: Client, direct: Direct) -> Rows:
    """Floods through both ways."""
    prints, lines, megabytes, displays = share(20_000), share(200_000), share(100), share(20_000)
    table_ = [
        ("flushed prints", f"for i in range({prints}): print(i, flush=True)", _lines, prints),
        ("lines", f"for i in range({lines}): print(i)", _lines, lines),
        (
            "MB in prints of 1 MB",
            f"for i in range({megabytes}): print('x' * {MEGABYTE - 1}, flush=True)",
            _chars,
            megabytes * MEGABYTE,
        ),
        (
            "displays",
            f"from IPython.display import display\nfor i in range({displays}): display(i)",
            _displays,
            displays,
        ),
    ]
    rows: Rows = []
    for name, code, size, expected in table_:
        plain, _ = timed(direct, code, size)
        cpu = server.cpu_seconds()
        ours, found = timed(client, code, size)
        cpu = server.cpu_seconds() - cpu
        made = expected // MEGABYTE if expected >= MEGABYTE and size is _chars else expected
        came = "whole" if found == expected else f"{found} of {expected}"
        rows.append((f"{made} {name}: what came", came, "whole"))
        rows.append(("  direct / webipy, s (ratio)", f"{plain:.2f} / {ours:.2f} ({plain / ours:.2f})", ">= 0.7"))
        rows.append(("  CPU of the server, s", f"{cpu:.2f}", "<= 4" if name == "flushed prints" else ""))
    return rows


def _lines(output: Json) -> int:
    return int(output.get("text", "").count("\n"))


def _chars(output: Json) -> int:
    return len(output.get("text", ""))


def _displays(output: Json) -> int:
    return int("data" in output)


def sleeper(server: Server, client: Client) -> Rows:
    """One client sleeps through a flood."""
    megabytes = share(200)
    asleep = Client(server)
    asleep.call("session.subscribe", session=client.session, since=None)
    before = rss_mb(server.pid)
    client.run(f"for i in range({megabytes}): print('x' * {MEGABYTE - 1}, flush=True)")
    grown = rss_mb(server.pid) - before
    seen, began = 0, time.perf_counter()
    for event in asleep.events():
        seen += len(event["output"].get("text", "")) if event["type"] == "output_added" else 0
        if event["type"] == "execution_finished":
            break
    seconds = time.perf_counter() - began
    asleep.socket.close()
    return [
        (f"{megabytes} MB past a client that sleeps: server grows, MB", f"{grown:.0f}", "< 100"),
        ("  when it wakes: MB that it gets / s", f"{seen / MEGABYTE:.0f} / {seconds:.1f}", str(megabytes)),
    ]


def fan_out(server: Server, client: Client, subscribers: int, lines: int) -> Rows:
    """One kernel, many subscribers."""
    before = rss_mb(server.pid)
    others = [Client(server) for _ in range(subscribers)]
    for other in others:
        other.call("session.subscribe", session=client.session, since=None)
    each_kb = (rss_mb(server.pid) - before) * 1024 / subscribers
    cpu, began = server.cpu_seconds(), time.perf_counter()
    client.send(
        "execution.start",
        session=client.session,
        code=f"for i in range({lines}): print(i, flush=True)",
        id=f"fan{subscribers}",
    )
    reading = threading.Thread(target=_until_finished, args=(client,))
    reading.start()
    messages, complete = _drain(others, lines)
    seconds, cpu = time.perf_counter() - began, server.cpu_seconds() - cpu
    reading.join()
    for other in others:
        other.socket.close()
    return [
        (f"{subscribers} subscribers, {lines} lines: complete / s", f"{complete} / {seconds:.1f}", str(subscribers)),
        (
            "  CPU of the server for a kernel's message and subscriber, us",
            f"{cpu / lines / subscribers * 1e6:.2f}",
            "< 20",
        ),
        ("  CPU of the server for a notification (many of them), us", f"{cpu / messages * 1e6:.1f}", ""),
        ("  memory of an idle subscriber, kB", f"{each_kb:.1f}", "< 25"),
    ]


def _until_finished(client: Client) -> None:
    for event in client.events():
        if event["type"] == "execution_finished":
            return


@attrs.define(eq=False)
class _Reader:
    """A subscriber that only counts: lines in the raw bytes, because decoding them would measure the measuring."""

    socket: socket.socket
    buffer: bytearray = attrs.field(factory=bytearray)
    messages: int = 0
    lines: int = 0
    has_ended: bool = False

    def read(self) -> None:
        """Takes what is there."""
        self.buffer += self.socket.recv(1 << 18)
        at = 0
        while len(self.buffer) - at >= 10:
            size, start = self.buffer[at + 1], at + 2
            if size == 126:
                size, start = struct.unpack_from(">H", self.buffer, start)[0], start + 2
            elif size == 127:
                size, start = struct.unpack_from(">Q", self.buffer, start)[0], start + 8
            if len(self.buffer) < start + size:
                break
            body, kind = self.buffer[start : start + size], self.buffer[at] & 15
            at = start + size
            if kind == 9:  # a ping: who does not answer is taken for gone after 20 s
                self.socket.sendall(bytes((0x8A, 0x80 | size)) + bytes(4) + body)
                continue
            self.messages += 1
            self.lines += body.count(b"\\n")
            self.has_ended = self.has_ended or b'"execution_finished"' in body
        del self.buffer[:at]


def _drain(others: list[Client], lines: int) -> tuple[int, int]:
    """Reads all until each has the end; gives the messages in all, and how many clients have every line."""
    poll = selectors.DefaultSelector()
    readers = [_Reader(other.socket) for other in others]
    for reader in readers:
        poll.register(reader.socket, selectors.EVENT_READ, reader)
    while poll.get_map():
        for key, _ in poll.select():
            key.data.read()
            if key.data.has_ended:
                poll.unregister(key.fileobj)
    return sum(reader.messages for reader in readers), sum(reader.lines == lines for reader in readers)


def sessions(server: Server, count: int) -> Rows:
    """Many sessions, each with a kernel, all of which print at once."""
    client, before, began = Client(server), rss_mb(server.pid), time.perf_counter()
    made = []
    for _ in range(count):
        client.open_session()
        made.append(client.session)
    started, began = time.perf_counter() - began, time.perf_counter()
    grown = rss_mb(server.pid) - before
    code = f"for i in range({LINES_EACH}): print(i, flush=True)"
    for session in made:
        client.send("execution.start", session=session, code=code, id="many")
    complete, expected = 0, "".join(f"{number}\n" for number in range(LINES_EACH))
    for session in made:
        ended = client.call("execution.wait", session=session, execution="many")
        complete += "".join(output.get("text", "") for output in ended["outputs"]) == expected
    seconds = time.perf_counter() - began
    for session in made:
        client.call("session.close", session=session)
    client.socket.close()
    return [
        (f"{count} sessions with kernels, one after the other: s", f"{started:.0f}", ""),
        ("  the server grows, kB each", f"{grown * 1024 / count:.0f}", ""),
        (f"  each prints {LINES_EACH} lines, all at once: complete / s", f"{complete} / {seconds:.1f}", str(count)),
    ]


async def journal() -> Rows:
    """The journal alone: events of 200 bytes, in batches as a flood makes them; then how late they are durable."""
    with tempfile.TemporaryDirectory() as folder:
        journals = SqliteJournals(Path(folder), reactor)  # type: ignore[arg-type]  # the reactor is a module to mypy
        journals.start()
        opened = await journals.open("bench")
        one, body = opened.journal, b'{"type":"output_added","text":"' + b"x" * 170 + b'"}'
        count, size, taken = share(100_000), 50, []
        began = time.perf_counter()
        for first in range(1, count, size):
            start = time.perf_counter()
            await one.append(first, [body] * size, None)
            taken.append(time.perf_counter() - start)
        seconds = time.perf_counter() - began
        written, lag = time.perf_counter(), one.durable_seq
        while one.durable_seq < one.written:
            await _turn()
        lag = round((time.perf_counter() - written) * 1000)
        await journals.stop()
    return [
        ("journal, batches of 50: events a second", f"{count / seconds:,.0f}", ">= 20,000"),
        ("  a commit, p50 / p99 ms", f"{percentile_ms(taken, 50):.1f} / {percentile_ms(taken, 99):.1f}", "p99 < 20"),
        ("  durable after the last commit, ms", f"{lag}", "< 100"),
    ]


def _turn() -> Deferred[None]:
    told: Deferred[None] = Deferred()
    reactor.callLater(0.001, told.callback, None)
    return told


def main() -> None:
    """Measures and prints."""
    server, direct = Server(), Direct()
    try:
        client = Client(server)
        client.open_session()
        table("Floods, against a direct client", whole(server, client, direct))
        table("A client that sleeps", sleeper(server, client))
        table(
            "Many subscribers", fan_out(server, client, 100, share(50_000)) + fan_out(server, client, 500, share(5_000))
        )
        table("Many sessions", sessions(server, share(100)))
    finally:
        direct.close()
        server.close()
    rows: list[Any] = []
    told = Deferred.fromCoroutine(journal())
    told.addBoth(rows.append).addBoth(lambda _: reactor.stop())
    reactor.run()
    if not isinstance(rows[0], list):
        rows[0].raiseException()
    table("The journal", rows[0])


if __name__ == "__main__":
    main()
