"""Rooms and the programs in them, as each needs the other: a program is a socket (webipy.io.jupyter.collaboration), a room is that of a session
(webipy.server.notebooks.room)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, Protocol

from webipy.core.api import calls

Ending = Literal["closed", "renewed", "stopped", "empty"]
"""Why a room ends: its session was closed; its shared document has to be made anew; the server stops; nobody is in it."""


class Member(Protocol):
    """One program in a room."""

    login: str
    """The id of the login that it came by."""
    is_page: bool
    """Whether it is a page in a browser: those say which cell they run."""

    async def call(self, method: str, params: calls.Params) -> calls.Result:
        """Calls a method of the table with the rights of the program.

        Args:
            method: The name of the method.
            params: Its params.

        Raises:
            errors.Failure: It failed, or the program lacks the right.
        """

    def give_state(self, state: bytes) -> None:
        """Says what is here, a state vector: the program answers with what it has besides."""

    def give_missing(self, update: bytes) -> None:
        """Sends what the program lacks, an update: the answer to its state."""

    def give_update(self, update: bytes) -> None:
        """Sends what has changed, an update."""

    def end(self, ending: Ending) -> None:
        """The room has ended."""


class Room(Protocol):
    """A room."""

    is_over: bool

    @property
    def members(self) -> Iterable[Member]:
        """The programs that are in it."""

    def enter(self, member: Member) -> None:
        """Adds a program, and asks it what it has that is not here."""

    def leave(self, member: Member) -> None:
        """Removes a program; what it ran ends for the room."""

    def missing(self, member: Member, state: bytes) -> None:
        """Sends a program what it lacks.

        Args:
            member: The program.
            state: What it has, a state vector.

        Raises:
            ValueError: It is none.
        """

    def take(self, member: Member, update: bytes) -> None:
        """Takes what a program has changed.

        Args:
            member: The program.
            update: The update.

        Raises:
            ValueError: It is no update; nothing has changed.
        """
