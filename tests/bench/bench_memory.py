"""What the server keeps of notebooks that were opened, edited, saved and closed: memory, at its highest and with nothing open.

Three notebooks of some 20 MB, opened and closed by turns. The memory is that of the whole process, when it is at rest.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

from tests.bench.stack import Client, Server, table

ROUNDS = 8
CELLS = 400
LINES = 2_000
REST_S = 8.0


def notebook() -> bytes:
    """A notebook of 400 cells that have printed 2,000 lines each."""
    text = [f"line {number} {number * 7919 % 1_000_003}\n" for number in range(LINES)]
    output = {"output_type": "stream", "name": "stdout", "text": text}
    cells = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "execution_count": 1, "source": "x", "outputs": [output]}
        for n in range(CELLS)
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1).encode()


def memory_mb(server: Server, field: str) -> float:
    """`VmRSS`, the memory now, or `VmHWM`, the most that it was."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    return int(status.split(f"{field}:")[1].split()[0]) / 1024


def main() -> None:
    """Measures and prints."""
    server = Server()
    try:
        body = notebook()
        for number in range(3):
            (server.root / f"{number}.ipynb").write_bytes(body)
        client = Client(server)
        idle = memory_mb(server, "VmRSS")
        for number in range(ROUNDS):
            session = client.call("session.create", path=f"{number % 3}.ipynb")["id"]
            client.call("cell.set_source", session=session, cell=f"c{number}", source=f"y = {number}")
            client.call("notebook.save", session=session)
            client.call("session.close", session=session)
        time.sleep(REST_S)
        rows = [
            ("size of a notebook, MB", f"{len(body) / 1e6:.1f}", ""),
            ("memory of the server before, MB", f"{idle:.0f}", ""),
            (
                f"with nothing open after {ROUNDS} were opened, edited, saved and closed, MB",
                f"{memory_mb(server, 'VmRSS'):.0f}",
                "< 120",
            ),
            ("at its highest, MB", f"{memory_mb(server, 'VmHWM'):.0f}", ""),
        ]
        table("Memory after many notebooks", rows)
    finally:
        server.close()


if __name__ == "__main__":
    main()
