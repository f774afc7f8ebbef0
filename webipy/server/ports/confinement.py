"""The confinement of a call: which files it may reach, checked again where each of them is opened.

A method that names paths is refused before it begins, when the caller has no right there. Between that and the moment when the file is opened the
path can become a link, and a link can lead anywhere below the root. So the right is decided once more on the real path of what was opened::

    call of a member, or of a token for a folder ──► CONFINEMENT ──into coroutines, and threads by `bind`──► RootFolder: opened at a/b.csv ──► allows?

The server's own work (saves that are due, restored sessions) has no confinement: it works on paths that were checked when they came.

A script token for a folder is confined, too, whoever's it is: beside the right of its person, what is opened lies in that folder.

Invariants: a confinement asks for the right at this moment, so what is revoked during a call cannot be opened any more; what it does not allow
counts as not being there; whoever hands work on to another thread, or to a queue, binds it.

Rejected: a copy of the port `Files` for each caller (what forgets to use it is open to all; here what forgets nothing is closed).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import msgspec
from twisted.internet.defer import Deferred

from webipy.core.api.access import RANK, Verb
from webipy.core.api.grants import is_within

_T = TypeVar("_T")


class Confinement(msgspec.Struct, frozen=True):
    """What a call may reach.

    Args:
        verb_at: Returns the caller's right at a path, relative to the root, at this moment; called in any thread.
        strongest: The verb that is needed at paths that the call did not name.
        needed: The verbs that are needed at the paths that it named, by path.
        own: Paths that it may reach in any case: the file of the session that it is about, and those that are paired with it.
        made: The ids of the sessions without a file that the call has made; they are the caller's.
        folder: The folder that the caller's script token is for; empty: it is for none, or the caller came by none.
    """

    verb_at: Callable[[str], Verb]
    strongest: Verb
    needed: Mapping[str, Verb] = msgspec.field(default_factory=dict)
    own: frozenset[str] = frozenset()
    made: list[str] = msgspec.field(default_factory=list)
    folder: str = ""

    def is_inside(self, path: str) -> bool:
        """Whether a path, relative to the root, links followed, lies in the folder that the caller's script token is for."""
        return is_within(path, self.folder)

    def allows(self, path: str) -> bool:
        """Whether the call may reach what is at a path, relative to the root, links followed."""
        if path in self.own:
            return True
        return self.is_inside(path) and RANK[self.verb_at(path)] >= RANK[self.needed.get(path, self.strongest)]


CONFINEMENT: ContextVar[Confinement | None] = ContextVar("confinement", default=None)
"""That of the current call; `None`: it is not confined."""


@contextmanager
def confined(by: Confinement | None) -> Iterator[None]:
    """A context in which a confinement counts; `None`: none does, for the server's own work."""
    before = CONFINEMENT.set(by)
    try:
        yield
    finally:
        CONFINEMENT.reset(before)


def bind(call: Callable[[], _T]) -> Callable[[], _T]:
    """A function that runs with the confinement of this moment, whoever calls it, in whatever thread."""
    by = CONFINEMENT.get()

    def run() -> _T:
        with confined(by):
            return call()

    return run


def binding(run: Callable[[Callable[[], Any]], Deferred[Any]]) -> Callable[[Callable[[], Any]], Deferred[Any]]:
    """What runs functions elsewhere, so that each runs with the confinement of whoever wants it."""
    return lambda call: run(bind(call))


def note_made(session: str) -> None:
    """Notes that the current call has made a session that has no file."""
    by = CONFINEMENT.get()
    if by is not None:
        by.made.append(session)


def allows(path: str) -> bool:
    """Whether the current call may reach what is at a path, relative to the root."""
    by = CONFINEMENT.get()
    return by is None or by.allows(path)


def is_inside(path: str) -> bool:
    """Whether a path, relative to the root, links followed, lies in the folder that the current call came by a script token for, if any."""
    by = CONFINEMENT.get()
    return by is None or by.is_inside(path)
