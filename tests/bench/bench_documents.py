"""A large notebook in a running server: opened, edited and saved, and what that costs everybody else.

The file has 2,000 cells and 10 MB (see bench_notebook). Ticks of the reactor come from the server's own /metrics: how late its clock rang while
the work was done, so a turn that took too long is counted whatever it did.
"""

from __future__ import annotations

import json
import time

from tests.bench.bench_notebook import notebook
from tests.bench.stack import Client, Server, percentile_ms, table
from webipy.core.ipynb import notebook_file

EDITS = 300


def main() -> None:
    """Measures and prints."""
    server = Server()
    try:
        body = notebook_file.write(notebook(), None)
        (server.root / "large.ipynb").write_bytes(body)
        client = Client(server)
        before = server.turns()
        began = time.perf_counter()
        session = client.call("session.create", path="large.ipynb")["id"]
        opened_s = time.perf_counter() - began
        told = client.call("session.subscribe", session=session, since=0, snapshot=True)
        first_s = time.perf_counter() - began
        size = len(json.dumps(told))
        cells = client.call("cell.list", session=session)["cells"]
        client.call("session.unsubscribe", session=session)
        edits = [edit(client, session, cells[number % len(cells)]["id"], number) for number in range(EDITS)]
        client.call("notebook.save", session=session)
        client.call("cell.set_source", session=session, cell=cells[1]["id"], source="the last edit")
        began = time.perf_counter()
        client.call("notebook.save", session=session)
        saved_s = time.perf_counter() - began
        assert b"the last edit" in (server.root / "large.ipynb").read_bytes()
        after = server.turns()
        late = {name: after[name] - before.get(name, 0) for name in after}
        rows = [
            ("size of the notebook, MB", f"{len(body) / 1e6:.1f}", ""),
            ("open: asked to session there, s", f"{opened_s:.2f}", ""),
            (f"open: asked to its events here ({size / 1e6:.1f} MB), s", f"{first_s:.2f}", "< 1"),
            (f"an edit acknowledged, p50 of {EDITS}, ms", f"{percentile_ms(edits, 50):.1f}", ""),
            (f"an edit acknowledged, p95 of {EDITS}, ms", f"{percentile_ms(edits, 95):.1f}", "< 30"),
            ("save after one edit, s", f"{saved_s:.2f}", "< 1"),
            ("ticks of the reactor meanwhile, by lateness", json.dumps(late), "none over 20 ms"),
        ]
        table("A large notebook", rows)
    finally:
        server.close()


def edit(client: Client, session: str, cell: str, number: int) -> float:
    """Seconds until an edit is acknowledged."""
    began = time.perf_counter()
    client.call("cell.set_source", session=session, cell=cell, source=f"edited = {number}")
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
