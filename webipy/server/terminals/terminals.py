"""The terminals of one server: started, found again, listed, closed.

Ids are numbers that are not given twice while the server runs, or names that a client chose. Terminals that have ended stay in the list until they
are closed, the newest of them only.
"""

from __future__ import annotations

import os
from typing import Final

import attrs
from twisted.internet.defer import Deferred, DeferredList

from webipy.core import errors
from webipy.server.ports.terminals import TerminalLauncher, TerminalRecord
from webipy.server.ports.world import World
from webipy.server.terminals.terminal import Terminal

MAX_TERMINALS: Final = 32
"""Terminals whose shell runs; each has a host of some 20 MB."""

KEPT_ENDED: Final = 8
"""Terminals that have ended and were not closed."""

CLOSE_SECONDS: Final = 5.0
"""How long the end of a terminal is waited for when it is closed."""


@attrs.define(eq=False)
class Terminals:
    """The terminals.

    Args:
        world: The outside.
        root: The folder that terminals start in by default, absolute.
    """

    world: World
    root: str
    _open: dict[str, Terminal] = attrs.field(factory=dict)
    _starting: set[str] = attrs.field(factory=set)
    _number: int = 0

    @property
    def is_enabled(self) -> bool:
        """Whether terminals can be started."""
        return self.world.terminals is not None

    async def restore(self) -> None:
        """Connects to the terminals of former servers."""
        if self.world.terminals is None:
            return
        for record in await self.world.terminals.find():
            self._add(self.world.terminals, record, is_returned=True)

    def all(self) -> list[Terminal]:
        """The terminals, the oldest first."""
        return list(self._open.values())

    def get(self, terminal: str) -> Terminal:
        """The terminal of an id.

        Raises:
            errors.NotFound: There is none.
        """
        found = self._open.get(terminal)
        if found is None:
            raise errors.NotFound(
                f"There is no terminal {terminal!r}: it was closed, or its machine was started again.",
                kind="terminal",
                id=terminal,
            )
        return found

    async def create(self, folder: str, rows: int, cols: int, id: str | None) -> Terminal:
        """Starts a terminal.

        Args:
            folder: The folder that its shell starts in, relative to the root.
            rows: Its lines.
            cols: Its columns.
            id: The id that it gets; `None` for the next number.

        Raises:
            errors.TerminalFailed: It cannot be started, or terminals are switched off.
            errors.Quota: As many run as may.
            errors.AlreadyExists: Another one has the id.
            errors.InvalidParams: There is no such folder.
        """
        launcher = self.world.terminals
        if launcher is None:
            raise errors.TerminalFailed(
                "Terminals are switched off on this server: it was started with --no-terminals."
            )
        self._check_room()
        if id is not None and (id in self._open or id in self._starting):
            raise errors.AlreadyExists(f"There is a terminal {id!r} already.", kind="terminal", id=id)
        name = id if id is not None else self._next_number()
        self._starting.add(name)
        try:
            record = await launcher.launch(name, await self._folder(folder), rows, cols)
        finally:
            self._starting.discard(name)
        terminal = self._add(launcher, record, is_returned=False)
        await terminal.ready()
        return terminal

    def _check_room(self) -> None:
        running = sum(one.ended is None for one in self._open.values()) + len(self._starting)
        if running >= MAX_TERMINALS:
            raise errors.Quota(
                f"{running} terminals run, which is all that may. Close one first.",
                what="terminals",
                limit=MAX_TERMINALS,
                used=running,
                free_in_s=None,
            )

    def _next_number(self) -> str:
        taken = {*self._open, *self._starting}
        self._number = max([self._number, *(int(one) for one in taken if one.isascii() and one.isdigit())]) + 1
        return str(self._number)

    async def _folder(self, folder: str) -> str:
        path = os.path.normpath(os.path.join(self.root, folder.strip("/") or "."))
        inside = path == self.root or path.startswith(self.root.rstrip("/") + "/")
        if "\0" in folder or not inside or not await self.world.launcher.is_folder(path):
            raise errors.InvalidParams(f"There is no folder {folder!r} below the root.", field="folder")
        return path

    def _add(self, launcher: TerminalLauncher, record: TerminalRecord, *, is_returned: bool) -> Terminal:
        terminal = Terminal(self.world, record, self.root, is_returned)
        self._open[terminal.id] = terminal
        terminal.over.addCallback(lambda _: launcher.remove(record))
        terminal.over.addCallback(lambda _: self._forget_ended())
        terminal.connect(launcher.connect(record, terminal))
        return terminal

    def _forget_ended(self) -> None:
        ended = [one.id for one in self._open.values() if one.ended is not None]
        for old in ended[:-KEPT_ENDED]:
            del self._open[old]

    async def close(self, terminal: str) -> None:
        """Closes a terminal: what runs in it is hung up, and it leaves the list.

        Args:
            terminal: Its id.

        Raises:
            errors.NotFound: There is none.
        """
        found = self.get(terminal)
        await self._hang_up(found)
        self._open.pop(terminal, None)

    async def _hang_up(self, terminal: Terminal) -> None:
        terminal.hang_up()
        if not terminal.over.called:
            ended: Deferred[None] = Deferred()

            def end() -> None:
                if not ended.called:
                    ended.callback(None)

            cancel = self.world.later(CLOSE_SECONDS, end)
            terminal.over.addCallback(lambda _: end())
            await ended
            cancel()

    async def leave(self, *, is_end: bool) -> None:
        """Leaves all terminals, as the server ends.

        Args:
            is_end: Whether they are closed; else they go on.
        """
        if is_end:
            closing = [Deferred.fromCoroutine(self._hang_up(one)) for one in self.all() if one.ended is None]
            await DeferredList(closing, consumeErrors=True)
        for terminal in self.all():
            terminal.detach()
        if self.world.terminals is not None:
            self.world.terminals.stop()
