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

from tests.fakes import FakeLink, run_of
from tests.test_websocket import SocketTestCase, turn
from webipy.io.storage.journal import SqliteJournal, SqliteJournals
from webipy.io.web.websocket import TurnWrites

reactor: Any = _reactor
ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text()
MOST_FILES = 7
ENDS = "webipy/io/web/websocket.py"
"""Where the way begins and ends."""
HOST_LINK = "webipy/io/kernels/host_link.py"
"""What `FakeLink` stands for."""


def named() -> list[str]:
    """The files that the README names, in their order."""
    found = re.search(
        r"An execution goes from its WebSocket to the feed(.*?)\(sends what is written\)", README, re.DOTALL
    )
    assert found is not None
    return re.findall(r"`(webipy/[a-z_/]+\.py)`", found[1])


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
            frame = sys._getframe()
            while frame is not None:
                path = Path(frame.f_code.co_filename)
                if path.is_relative_to(ROOT / "webipy"):
                    self.seen.add(str(path.relative_to(ROOT)))
                frame = frame.f_back  # type: ignore[assignment]  # the last one has none
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
