"""Power cuts: what a disk holds at any moment of a server's life, worked out from its system calls. C7, C8."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import sqlite3
import tempfile
from pathlib import Path
from unittest import SkipTest

import attrs

from tests.faults import FaultTestCase, rounds
from tests.faults.powercut import Disk, Inode, calls, tracing
from tests.live import until, until_ended
from webipy.io.storage.journal_file import JournalFile

TOLD = re.compile(rb'"id":"([0-9a-f]{32})".*?"durable_seq":(\d+)')
ETAG = re.compile(rb'"etag":"[0-9a-f]+-([0-9a-f]+)-')
"""Its second part is the size of the file."""


@attrs.define
class JournalSummary:
    """What clients were told before a cut."""

    durable: dict[str, int] = attrs.field(factory=dict)
    saved: int = 0
    """Cells of the file that the last answer to `notebook.save` spoke of."""


class PowerCut(FaultTestCase):
    """A server that is killed once and started again; then the disk at many moments of both."""

    def setUp(self) -> None:
        super().setUp()
        if shutil.which("strace") is None:
            raise SkipTest("strace is not installed")
        self.file = self.server.root / "a.ipynb"
        self.file.write_text(json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
        self.before = self.file.read_bytes()
        self.sources: list[str] = []
        self.versions = {len(self.before): 0}  # the cells of each version of the file, by its size: it only grows

    def test_c7_c8_what_was_called_durable_is_there_after_a_cut_at_any_moment(self) -> None:
        """And so is the session; the notebook's file is a whole one, and not older than the last save that was answered."""
        logs = [self.server.folder / name for name in ("one.trace", "two.trace")]
        session = self.live(logs)
        wanted = self.events_in(self.server.state, session)
        disk, told = self.disk(), JournalSummary()
        done = list(calls(logs, self.server.folder))
        cuts = set(self.random.sample(range(len(done)), min(len(done), rounds(150, 2_000))))
        for number, call in enumerate(done):
            disk.do(call)
            if call.name == "rename" and str(self.file) in call.paths:
                content = disk.read(str(self.file))
                self.versions[len(content)] = len(json.loads(content)["cells"])
            elif call.name == "sendto":
                self.hear(call.body, told)
            elif number in cuts:
                self.look(disk.cut(self.random), session, wanted, told)
        self.assertGreaterEqual(told.durable[session], 60)
        self.assertGreater(told.saved, 40)

    def live(self, logs: list[Path]) -> str:
        """What the server does: writes, saves, is killed with events that are not durable, goes on with them."""
        self.server.start(tracer=tracing(logs[0]))
        session = str(self.server.call("session.create", path="a.ipynb")["id"])
        for _ in range(3):
            self.write(session, 10)
            self.server.call("notebook.save", session=session)
        self.write(session, 10)
        self.kill()
        self.server.start(tracer=tracing(logs[1]))
        self.server.call("session.get", session=session)
        self.write(session, 10)
        self.server.call("notebook.save", session=session)
        self.write(session, 10)
        until(lambda: self.is_durable(session), "all is durable")
        self.kill()
        return session

    def kill(self) -> None:
        """Kills the server, and waits until strace has written everything down."""
        status = Path(f"/proc/{self.server.pid}/status").read_text()
        tracer = int(status.partition("TracerPid:")[2].split()[0])
        self.server.health()  # so that the answer before this one has been written down
        self.server.kill()
        until_ended(tracer)

    def write(self, session: str, cells: int) -> None:
        """Adds cells, each before the others, and asks after some how much is durable."""
        for number in range(cells):
            self.sources.append(f"cell {len(self.sources)}")
            self.server.call("cell.insert", session=session, source=self.sources[-1])
            if number % 3 == 0:
                self.server.call("session.get", session=session)

    def is_durable(self, session: str) -> bool:
        """Whether a power cut would take nothing."""
        found = self.server.call("session.get", session=session)
        return bool(found["durable_seq"] == found["seq"])

    def disk(self) -> Disk:
        """The disk before the server."""
        disk = Disk()
        for path, body in ((self.file, self.before), (self.server.folder / "log", b"")):
            disk.names[str(path)] = Inode(bytearray(body), size=len(body))
        disk.durable_names.update(disk.names)
        return disk

    def hear(self, body: bytes, told: JournalSummary) -> None:
        """Takes in what a client is told."""
        found = TOLD.search(body)
        if found is not None:
            told.durable[found[1].decode()] = max(told.durable.get(found[1].decode(), 0), int(found[2]))
        etag = ETAG.search(body)
        if etag is not None:
            told.saved = self.versions[int(etag[1], 16)]

    def events_in(self, state: Path, session: str) -> list[bytes]:
        """All events of a session's journal."""
        journal = JournalFile(state / "journals" / f"{session}.sqlite")
        try:
            journal.open()
            found: list[bytes] = []
            while len(found) < journal.written:
                found += journal.read(len(found) + 1, journal.written, 1 << 20)
            return found
        finally:
            journal.close()

    def look(self, files: dict[str, bytes], session: str, wanted: list[bytes], told: JournalSummary) -> None:
        """Looks at what is there after a cut."""
        notebook = [cell["source"] for cell in json.loads(files[str(self.file)])["cells"]]
        self.assertEqual(["".join(source) for source in reversed(notebook)], self.sources[: len(notebook)])
        self.assertGreaterEqual(len(notebook), told.saved)
        if session not in told.durable:
            return
        with tempfile.TemporaryDirectory(prefix="wf") as folder:
            for path, body in files.items():
                place = Path(folder, *Path(path).relative_to(self.server.folder).parts)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(body)
            state = Path(folder, "state")
            self.assertEqual((state / "token").read_text().strip(), self.server.token)
            with contextlib.closing(sqlite3.connect(state / "webipy.sqlite")) as registry:
                self.assertIn((session,), registry.execute("SELECT id FROM sessions").fetchall())
            found = self.events_in(state, session)
            self.assertGreaterEqual(len(found), told.durable[session])
            self.assertEqual(found, wanted[: len(found)])
