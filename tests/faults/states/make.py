"""Makes a state directory's text: `python -m tests.faults.states.make NUMBER` writes states/NUMBER/*.sql.

Run once for each format of the files, by the version that writes it, and kept from then on: every later version must
open it. The session has two cells, an execution with output, a kernel that was ended and, from format 2 on, a link.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from pathlib import Path

from tests.live import Server, until, until_ended


def main() -> None:
    """Writes the files."""
    folder = Path(__file__).parent / sys.argv[1]
    folder.mkdir()
    server = Server()
    try:
        server.start()
        session = server.call("session.create", title="Kept", kernelspec="python3", cwd="/")["id"]
        first = server.call("cell.insert", session=session, source="print('kept')")["cell"]
        server.call("cell.insert", session=session, source="second", after=first)
        server.call("share.link", session=session, verb="read", label="For Grace", days=365)
        server.call("execution.start", session=session, cell=first, code="print('kept')", id="kept")
        server.wait(session, "kept")
        (host,) = server.hosts()
        os.kill(host["pid"], signal.SIGTERM)
        until_ended(host["pid"])
        until(lambda: server.call("session.get", session=session)["kernel"]["state"] == "dead", "it is told")
        server.stop()
        for path in (server.state / "webipy.sqlite", *server.state.glob("journals/*.sqlite")):
            database = sqlite3.connect(path)
            (folder / f"{path.stem}.sql").write_text("\n".join(database.iterdump()) + "\n")
            database.close()
    finally:
        server.close()


if __name__ == "__main__":
    main()
