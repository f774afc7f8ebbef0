"""The way of an execution: how much longer it takes through webipy than straight over ZeroMQ.

`1+1` from sent to finished seen; the first `print` of a running cell, flushed and not; a flood of flushed prints. Both ways in turn, in one run.
"""

from __future__ import annotations

import time

from tests.bench.stack import Client, Direct, Json, Server, median_ms, percentile_ms, table

ROUNDS = 10
CALLS = 30
PRINTS = 25
FLOOD = 20_000

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


def first_output(way: Direct | Client, code: str) -> list[float]:
    """Seconds from `print` in the kernel to the text at the client."""
    taken: list[float] = []

    def note(output: Json) -> None:
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


def main() -> None:
    """Measures and prints."""
    server, direct = Server(), Direct()
    try:
        client = Client(server)
        client.open_session()
        ours: list[float] = []
        plain: list[float] = []
        for _ in range(ROUNDS):
            plain += round_trips(direct)
            ours += round_trips(client)
        ratio = median_ms(ours) / median_ms(plain)
        rows = [("1+1, direct, median / p90 ms", f"{median_ms(plain):.2f} / {percentile_ms(plain, 90):.2f}", "")]
        rows += [("1+1, webipy, median / p90 ms", f"{median_ms(ours):.2f} / {percentile_ms(ours, 90):.2f}", "")]
        rows += [("1+1, ratio of the medians", f"{ratio:.2f}", "<= 1.5")]
        for name, code, reach in (
            ("unflushed print", UNFLUSHED, "webipy < 60"),
            ("flushed print", FLUSHED, "webipy <= direct + 10"),
        ):
            one, other = first_output(direct, code), first_output(client, code)
            rows += [(f"{name}, direct / webipy, median ms", f"{median_ms(one):.1f} / {median_ms(other):.1f}", reach)]
        seconds, lines = flood(direct)
        cpu, turns = server.cpu_seconds(), server.turns()
        ours_s, ours_lines = flood(client)
        cpu = server.cpu_seconds() - cpu
        rows += [
            (f"{FLOOD} flushed prints, direct / webipy, s", f"{seconds:.1f} / {ours_s:.1f}", "direct / webipy >= 0.7")
        ]
        rows += [("  lines that came, direct / webipy", f"{lines} / {ours_lines}", f"{FLOOD} / {FLOOD}")]
        rows += [("  CPU of the server, s", f"{cpu:.2f}", "<= 4")]
        after = server.turns()
        ticks = after["+Inf"] - turns["+Inf"]
        slow = ticks - (after["0.02"] - turns["0.02"])
        rows += [("  turns of the reactor over 20 ms, of ticks", f"{slow:.0f} of {ticks:.0f}", "0")]
        table("The way of an execution", rows)
    finally:
        direct.close()
        server.close()


if __name__ == "__main__":
    main()
