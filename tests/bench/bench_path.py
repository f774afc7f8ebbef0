"""The way of an execution: how much longer it takes through webipy than straight over ZeroMQ.

`1+1` from sent to finished seen, and what it costs the server and the host; completions; an interrupt; the first `print` of a running cell,
flushed and not; eight kernels at once; a flood of flushed prints. Both ways in turn, in one run.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.bench.stack import Client, Direct, Server, cpu_seconds, percentile_ms, table
from tests.live import Json

ROUNDS = 10
CALLS = 30
PRINTS = 25
FLOOD = 20_000
KERNELS = 8
EACH = 40
AT_ONCE_ROUNDS = 5
INTERRUPTS = 15

UNFLUSHED = "import time; print(time.time()); time.sleep(.15)"
FLUSHED = "import time; print(time.time(), flush=True); time.sleep(.05)"
FLOODING = f"for i in range({FLOOD}): print(i, flush=True)"


def round_trips(way: Direct | Client) -> list[float]:
    """Seconds from sending `1+1` to seeing that it has finished."""
    taken = []
    for _ in range(CALLS):
        began = time.perf_counter()
        way.run("1+1")
        taken.append(time.perf_counter() - began)
    return taken


def timed(call: Callable[[], object], count: int) -> list[float]:
    """Seconds of each of some calls."""
    taken = []
    for _ in range(count):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return taken


def at_once(ways: list[Direct] | list[Client]) -> float:
    """Executions a second when each way runs `1+1` one after the other, all at the same time."""

    def run(way: Direct | Client) -> None:
        for _ in range(EACH):
            way.run("1+1")

    with ThreadPoolExecutor(len(ways)) as threads:
        began = time.perf_counter()
        list(threads.map(run, ways))
        return len(ways) * EACH / (time.perf_counter() - began)


def eight_kernels(server: Server) -> tuple[float, float]:
    """Executions a second of eight kernels at once, direct and through webipy: medians of some rounds in turn."""
    directs = [Direct() for _ in range(KERNELS)]
    with ThreadPoolExecutor(KERNELS) as threads:  # at once: who does not read is taken for gone after 20 s
        clients = list(threads.map(lambda _: open_client(server), range(KERNELS)))
    rounds = [(at_once(directs), at_once(clients)) for _ in range(AT_ONCE_ROUNDS)]
    for direct in directs:
        direct.close()
    for client in clients:
        client.close()
    return statistics.median(plain for plain, _ in rounds), statistics.median(ours for _, ours in rounds)


def open_client(server: Server) -> Client:
    """A client with a warm kernel."""
    client = Client(server)
    client.open_session()
    return client


def first_output(way: Direct | Client, code: str) -> list[float]:
    """Seconds from `print` in the kernel to the text at the client."""
    taken: list[float] = []

    def note(output: Json) -> None:
        if output["text"].strip():  # the end of the line may come by itself
            taken.append(time.time() - float(output["text"]))

    for _ in range(PRINTS):
        way.run(code, note)
    return taken


def flood(way: Direct | Client) -> tuple[float, int]:
    """Seconds until a flood is over, and the lines that came."""
    lines = 0

    def count(output: Json) -> None:
        nonlocal lines
        lines += output["text"].count("\n")

    began = time.perf_counter()
    way.run(FLOODING, count)
    return time.perf_counter() - began, lines


Row = tuple[str, str, str]


def compared(name: str, one: list[float], other: list[float], reach: str, percent: int = 50) -> Row:
    """A row of two medians, or other percentiles, in ms, and their ratio."""
    plain, ours = percentile_ms(one, percent), percentile_ms(other, percent)
    return f"{name}, direct / webipy, p{percent} ms", f"{plain:.2f} / {ours:.2f}: {ours / plain:.2f} x", reach


def short_ways(server: Server, direct: Direct, client: Client) -> list[Row]:
    """What somebody waits for: an execution, a completion, an interrupt, the first output."""
    (host,) = server.host_pids()
    plain, ours, completed, completions = [list[float]() for _ in range(4)]
    server_s = host_s = 0.0
    for _ in range(ROUNDS):
        plain += round_trips(direct)
        before = server.cpu_seconds(), cpu_seconds(host)
        ours += round_trips(client)
        server_s += server.cpu_seconds() - before[0]
        host_s += cpu_seconds(host) - before[1]
        completed += timed(lambda: direct.complete("import o"), CALLS // 3)
        completions += timed(lambda: client.complete("import o"), CALLS // 3)
    rows = [compared("1+1", plain, ours, "<= 1.2 x"), compared("1+1", plain, ours, "<= 1.4 x", 95)]
    cpu = f"{server_s / len(ours) * 1000:.2f} + {host_s / len(ours) * 1000:.2f}"
    rows += [("  CPU of the server and the host for it, ms", cpu, "<= 1.3 together")]
    rows += [compared("completion", completed, completions, "<= 1.15 x")]
    stopped = [way.interrupt() for _ in range(INTERRUPTS) for way in (direct, client)]
    rows += [compared("interrupt", stopped[::2], stopped[1::2], "<= 1.3 x")]
    for name, code, reach in (("unflushed print", UNFLUSHED, "webipy < 60"), ("flushed print", FLUSHED, "<= 1.4 x")):
        rows += [compared(name, first_output(direct, code), first_output(client, code), reach)]
    return rows


def floods(server: Server, direct: Direct, client: Client) -> list[Row]:
    """A flood of flushed prints."""
    seconds, lines = flood(direct)
    cpu, turns = server.cpu_seconds(), server.turns()
    ours_s, ours_lines = flood(client)
    cpu = server.cpu_seconds() - cpu
    after = server.turns()
    ticks = after["+Inf"] - turns["+Inf"]
    slow = ticks - (after["0.02"] - turns["0.02"])
    return [
        (f"{FLOOD} flushed prints, direct / webipy, s", f"{seconds:.1f} / {ours_s:.1f}", "direct / webipy >= 0.7"),
        ("  lines that came, direct / webipy", f"{lines} / {ours_lines}", f"{FLOOD} / {FLOOD}"),
        ("  CPU of the server, s", f"{cpu:.2f}", "<= 4"),
        ("  turns of the reactor over 20 ms, of ticks", f"{slow:.0f} of {ticks:.0f}", "0"),
    ]


def main() -> None:
    """Measures and prints."""
    server, direct = Server(), Direct()
    try:
        client = Client(server)
        client.open_session()
        rows = short_ways(server, direct, client)
        rows += floods(server, direct, client)
        plain, ours = eight_kernels(server)
        rows += [
            (
                f"{KERNELS} kernels at once, direct / webipy, 1/s",
                f"{plain:.0f} / {ours:.0f}: {ours / plain:.2f} x",
                ">= 0.95 x",
            )
        ]
        table("The way of an execution", rows)
    finally:
        direct.close()
        server.close()


if __name__ == "__main__":
    main()
