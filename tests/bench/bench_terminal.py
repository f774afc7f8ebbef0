"""What a terminal costs: a key to its echo beside a bare pty, and CPU for 100 MB.

python -m tests.bench.bench_terminal
"""

from __future__ import annotations

import os
import pty
import select
import statistics
import time

from tests.live import Server
from tests.terminals import SHELL, TerminalLine

KEYS = 300
MEGABYTES = 100


def cpu_s(pid: int) -> float:
    """CPU seconds of a process."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def bare() -> list[float]:
    """Seconds from a key to its echo on a pty, by `cat` in raw mode."""
    child, terminal = pty.fork()
    if child == 0:
        os.execvp("sh", ["sh", "-c", "stty raw -echo; echo ready; exec cat"])
    seen = b""
    while b"ready\n" not in seen:
        seen += os.read(terminal, 100)
    found = []
    for _ in range(KEYS):
        began = time.perf_counter()
        os.write(terminal, b"x")
        select.select([terminal], [], [])
        os.read(terminal, 10)
        found.append(time.perf_counter() - began)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return found


def through(line: TerminalLine) -> list[float]:
    """The same through webipy, over a WebSocket."""
    line.type("stty raw -echo; echo rea''dy; cat\r")
    line.until("ready\n")
    found = []
    for _ in range(KEYS):
        end = line.position
        began = time.perf_counter()
        line.line.send("terminal.input", terminal=line.terminal, text="x")
        while line.position == end:
            line.read()
        found.append(time.perf_counter() - began)
    return found


def main() -> None:
    """Prints the figures."""
    server = Server(environment=SHELL)
    try:
        server.start()
        line = TerminalLine(server, server.call("terminal.create")["id"])
        plain, ours = bare(), through(line)
        print(
            f"key to echo, p50: bare pty {statistics.median(plain) * 1000:.2f} ms, webipy {statistics.median(ours) * 1000:.2f} ms"
        )
        line = TerminalLine(server, server.call("terminal.create")["id"])
        line.type("PS1='$ '; stty -echo; echo rea''dy\r")
        line.until("ready")
        host = next(one["pid"] for one in server.terminal_hosts() if one["endpoint"].endswith("/2/host"))
        before, began = (cpu_s(server.pid), cpu_s(host)), time.perf_counter()
        end = line.position + MEGABYTES * 1_000_000
        line.type(f"yes 'a line of some text, as programs print it' | head -c {MEGABYTES}000000\r")
        while line.position < end:
            line.read()
            line.text = ""
        took = time.perf_counter() - began
        print(
            f"{MEGABYTES} MB: {took:.1f} s, CPU of the server {cpu_s(server.pid) - before[0]:.1f} s, of the host {cpu_s(host) - before[1]:.1f} s"
        )
    finally:
        server.close()


if __name__ == "__main__":
    main()
