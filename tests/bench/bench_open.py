"""What one open notebook costs: the memory for it, and the processor time of an edit with its save.

The notebook has 2,000 cells and 10 MB (see bench_notebook). Memory is that of the whole process over what it was before, at rest: up to 24 MB of it
may be free (`webipy.io.free_memory`). Processor time is that of all its threads.
"""

from __future__ import annotations

import time

from tests.bench.bench_notebook import notebook
from tests.bench.stack import Client, Server, table
from tests.live import rss_mb
from webipy.core.ipynb import notebook_file

EDITS = 10
REST_S = 3.0


def main() -> None:
    """Measures and prints."""
    server = Server()
    try:
        body = notebook_file.write(notebook(), None)
        path = server.root / "large.ipynb"
        path.write_bytes(body)
        client = Client(server)
        client.call("session.list")
        idle = rss_mb(server.pid)
        session = client.call("session.create", path="large.ipynb")["id"]
        time.sleep(REST_S)
        opened = rss_mb(server.pid)
        client.call("session.subscribe", session=session, since=0, snapshot=True)
        client.call("session.unsubscribe", session=session)
        client.call("cell.set_source", session=session, cell="cell-1", source="first = 1")
        client.call("notebook.save", session=session)
        time.sleep(REST_S)
        saved = rss_mb(server.pid)
        began = server.cpu_seconds()
        for number in range(EDITS):
            client.call("cell.set_source", session=session, cell=f"cell-{4 * number + 1}", source=f"y = {number}")
            client.call("notebook.save", session=session)
        cost = (server.cpu_seconds() - began) / EDITS
        assert f"y = {EDITS - 1}".encode() in path.read_bytes()
        time.sleep(REST_S)
        rows = [
            ("size of the notebook, MB", f"{len(body) / 1e6:.1f}", ""),
            ("opened: memory for it, MB", f"{opened - idle:.0f}", ""),
            ("read by a subscriber, edited and saved: memory for it, MB", f"{saved - idle:.0f}", ""),
            (f"after {EDITS} more edits and saves, MB", f"{rss_mb(server.pid) - idle:.0f}", ""),
            ("an edit and its save: processor time, ms", f"{cost * 1e3:.0f}", ""),
        ]
        table("An open notebook", rows)
    finally:
        server.close()


if __name__ == "__main__":
    main()
