"""The way of an execution: the files that hand it on from the WebSocket to the feed are those that the README names.

A file stands in the way when a function of it is on the stack at one of four moments: an event goes to the journal, a request goes to the kernel
host, messages of the host come back to the journal, a notification goes to the client. What such a function calls to decode, fold or check, and
leaves before it hands on, does not.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet import reactor as _reactor

from tests.fake_files import FakeFiles
from tests.fakes import FakeJournal, FakeLink, RigTestCase, run_of
from tests.test_documents import notebook
from tests.test_websocket import SocketTestCase, turn
from webipy.core.ipynb import document, notebook_file
from webipy.core.session.session_state import SessionState
from webipy.io.storage.journal import SqliteJournal, SqliteJournals
from webipy.io.web.websocket import TurnWrites
from webipy.server.notebooks.autosave import REST_SECONDS

reactor: Any = _reactor
ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text()
MOST_FILES = 7
MOST_ROOMS = 4
ENDS = "webipy/io/web/websocket.py"
"""Where the way begins and ends."""
HOST_LINK = "webipy/io/kernels/host_link.py"
"""What `FakeLink` stands for."""
FILES = "webipy/io/files"
"""What `FakeFiles` stands for."""


def named() -> list[str]:
    """The files that the README names, in their order."""
    found = re.search(
        r"An execution goes from its WebSocket to the feed(.*?)\(sends what is written\)", README, re.DOTALL
    )
    assert found is not None
    return re.findall(r"`(webipy/[a-z_/]+\.py)`", found[1])


def on_the_stack() -> set[str]:
    """The files of webipy whose functions are on the stack now."""
    found = set()
    frame = sys._getframe()
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(ROOT / "webipy"):
            found.add(str(path.relative_to(ROOT)))
        frame = frame.f_back  # type: ignore[assignment]  # the last one has none
    return found


class Way(SocketTestCase):
    """One execution over a real socket and a real journal."""

    def setUp(self) -> None:
        super().setUp()
        self.seen: set[str] = set()
        self.journals = SqliteJournals(Path(self.mktemp()), reactor)
        self.journals.start()
        object.__setattr__(self.services.world, "journals", self.journals)  # it is frozen, and everybody has it

    async def end(self) -> None:
        """The journal, too."""
        await super().end()
        await self.journals.stop()

    def watch(self, owner: type, name: str) -> None:
        """Takes note of who is on the stack when a method is called."""
        called: Callable[..., Any] = getattr(owner, name)

        def watched(*args: Any, **more: Any) -> Any:
            self.seen |= on_the_stack()
            return called(*args, **more)

        self.patch(owner, name, watched)

    async def test_the_readme_names_the_way(self) -> None:
        """Those files, and no others; seven at most."""
        line = await self.connect()
        created = await line.call("session.create", kernelspec="python3")
        session = created["result"]["id"]
        (host,) = self.disk.launcher.hosts.values()
        await turn()
        host.ready()
        await line.call("session.subscribe", session=session)
        await turn(0.1)
        for owner, method in ((SqliteJournal, "append"), (FakeLink, "send"), (TurnWrites, "add")):
            self.watch(owner, method)
        line.ask("execution.start", session=session, code="1+1", id="e1")
        while "e1" not in host.requests:
            await turn()
        host.emit(*run_of("e1"))
        while not any("execution_finished" in str(message) for message in line.messages):
            await turn()
        self.assertEqual(self.seen | {HOST_LINK}, {ENDS, *named()})
        self.assertLessEqual(len(named()), MOST_FILES)


def rooms_named() -> list[str]:
    """The rooms that the README names for a save, in their order."""
    found = re.search(r"A save goes through four rooms:(.*?)It reads no journal", README, re.DOTALL)
    assert found is not None
    return re.findall(r"`(webipy/[a-z_/]+)`", found[1])


class SaveWay(RigTestCase):
    """A save that comes by itself, after an edit of a notebook that webipy has written before."""

    def setUp(self) -> None:
        super().setUp()
        self.rig.disk.files.put("a.ipynb", notebook("1", "2"))
        self.session = self.rig.me.call("session.create", path="a.ipynb")["id"]
        self.edit("x = 1")
        self.calls: list[str] = []
        self.seen: set[str] = set()

    def edit(self, source: str) -> None:
        """Changes a cell, and waits until that is in the file."""
        self.rig.me.call("cell.set_source", session=self.session, cell="c0", source=source)
        self.rig.clock.advance(2 * REST_SECONDS)
        self.assertIn(source, self.rig.disk.files.body("a.ipynb").decode())

    def watch(self, owner: Any, *names: str) -> None:
        """Takes note of calls, and of who is on the stack then."""
        for name in names:
            called: Callable[..., Any] = getattr(owner, name)

            def watched(*args: Any, _called: Callable[..., Any] = called, _name: str = name, **more: Any) -> Any:
                self.calls.append(_name)
                self.seen |= {str(Path(file).parent) for file in on_the_stack()}
                return _called(*args, **more)

            self.patch(owner, name, watched)

    def test_the_readme_names_the_rooms(self) -> None:
        """Those rooms, and no others; four at most."""
        self.rig.me.call("cell.set_source", session=self.session, cell="c0", source="y = 2")
        self.watch(FakeJournal, "append")
        self.watch(FakeFiles, "write")
        self.watch(notebook_file, "write")
        self.watch(document.DocumentMaker, "prepare")
        self.rig.clock.advance(2 * REST_SECONDS)
        self.assertEqual(self.calls, ["prepare", "write", "write", "append"])
        self.assertEqual(self.seen | {FILES, "webipy/core/ipynb"}, set(rooms_named()))
        self.assertLessEqual(len(rooms_named()), MOST_ROOMS)

    def test_nothing_is_read_twice(self) -> None:
        """The journal is not read, the file is not parsed, and each event is applied once."""
        self.watch(FakeJournal, "read", "prelude")
        self.watch(notebook_file, "read")
        self.watch(FakeFiles, "read_folded")
        self.watch(SessionState, "apply")
        self.edit("y = 2")
        self.assertEqual(self.calls, ["apply", "read_folded", "apply"])
