"""Start and memory: from spawning `twistd webipy` to the first 200 on /healthz, and what the processes hold when idle."""

from __future__ import annotations

import statistics
import time

from tests.bench.stack import Client, Server, rss_mb, table

STARTS = 5


def main() -> None:
    """Measures and prints."""
    ups = []
    for _ in range(STARTS):
        server = Server()
        ups.append(server.seconds_up)
        idle = rss_mb(server.process.pid)
        server.close()
    server = Server()
    try:
        client = Client(server)
        began = time.perf_counter()
        client.open_session()
        cold = time.perf_counter() - began
        host = rss_mb(server.host_pids()[0])
        rows = [
            ("server up: spawn to 200 on /healthz, median s", f"{statistics.median(ups):.2f}", "< 1"),
            ("server, idle, MB", f"{idle:.1f}", "< 70"),
            ("server with one session, MB", f"{rss_mb(server.process.pid):.1f}", ""),
            ("kernel host, idle, MB", f"{host:.1f}", "< 25"),
            ("new session to first result, cold, s", f"{cold:.2f}", "< 1.5"),
        ]
        table("Start and memory", rows)
    finally:
        server.close()


if __name__ == "__main__":
    main()
