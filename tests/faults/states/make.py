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

from tests.faults import Stage, is_alive, until


def main() -> None:
    """Writes the files."""
    folder = Path(__file__).parent / sys.argv[1]
    folder.mkdir()
    stage = Stage()
    try:
        stage.start()
        session = stage.call("session.create", title="Kept", kernelspec="python3", cwd="/")["id"]
        first = stage.call("cell.insert", session=session, source="print('kept')")["cell"]
        stage.call("cell.insert", session=session, source="second", after=first)
        stage.call("share.link", session=session, verb="read", label="For Grace", days=365)
        stage.call("execution.start", session=session, cell=first, code="print('kept')", id="kept")
        stage.wait(session, "kept")
        (host,) = stage.host_facts()
        os.kill(host["pid"], signal.SIGTERM)
        until(lambda: not is_alive(host["pid"]), "the host ends")
        until(lambda: stage.call("session.get", session=session)["kernel"]["state"] == "dead", "it is told")
        stage.stop()
        for path in (stage.state / "webipy.sqlite", *stage.state.glob("journals/*.sqlite")):
            database = sqlite3.connect(path)
            (folder / f"{path.stem}.sql").write_text("\n".join(database.iterdump()) + "\n")
            database.close()
    finally:
        stage.close()


if __name__ == "__main__":
    main()
