"""Start and memory: from spawning `twistd webipy` to the first 200 on /healthz, and what the processes hold when idle."""

from __future__ import annotations

import json
import statistics
import time

from tests.bench.stack import Client, Server, table
from tests.live import rss_mb

STARTS = 5
SPARES = 5
NOTEBOOK = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def first_result(server: Server, client: Client, name: str) -> float:
    """Seconds from asking for the session of a notebook to the first result in it."""
    folder = server.root / "notebooks"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.ipynb").write_text(json.dumps(NOTEBOOK))
    began = time.perf_counter()
    session = client.call("session.create", path=f"notebooks/{name}.ipynb", kernelspec="python3")["id"]
    client.call("execution.start", session=session, code="1 + 1", id="first")
    found = client.call("execution.wait", session=session, execution="first")
    seconds = time.perf_counter() - began
    assert found["outputs"][0]["data"]["text/plain"] == "2", found
    return seconds


def with_spare() -> tuple[list[float], float]:
    """The same where a spare kernel waits, some times, and the memory of a spare with its host, MB."""
    server = Server("--spare-kernels=1")
    try:
        client, found, memory = Client(server), list[float](), 0.0
        for number in range(SPARES):
            while len(server.host_pids()) < number + 1:
                time.sleep(0.05)
            time.sleep(3)  # the spare is ready, and idle as it would be
            newest = max(server.state.glob("hosts/*/host.json"), key=lambda path: path.stat().st_mtime)
            fact = json.loads(newest.read_text())
            memory = rss_mb(fact["pid"]) + rss_mb(fact["kernel_pid"])
            found.append(first_result(server, client, f"spare{number}"))
        return found, memory
    finally:
        server.close()


def main() -> None:
    """Measures and prints."""
    ups = []
    for _ in range(STARTS):
        server = Server()
        ups.append(server.seconds_up)
        idle = rss_mb(server.pid)
        server.close()
    server = Server()
    try:
        client = Client(server)
        cold = first_result(server, client, "cold")
        spare, memory = with_spare()
        host = rss_mb(server.host_pids()[0])
        rows = [
            ("server up: spawn to 200 on /healthz, median s", f"{statistics.median(ups):.2f}", "< 1"),
            ("server, idle, MB", f"{idle:.1f}", "< 70"),
            ("server with one session, MB", f"{rss_mb(server.pid):.1f}", ""),
            ("kernel host, idle, MB", f"{host:.1f}", "< 25"),
            ("new notebook to first result, cold, s", f"{cold:.2f}", "< 1.5"),
            (
                "the same with a spare kernel, median (worst), s",
                f"{statistics.median(spare):.2f} ({max(spare):.2f})",
                "< 0.4",
            ),
            ("a spare kernel with its host, MB", f"{memory:.0f}", ""),
        ]
        table("Start and memory", rows)
    finally:
        server.close()


if __name__ == "__main__":
    main()
