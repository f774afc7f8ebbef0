"""The outside world of the server in one value: all ports, the clock, and work off the reactor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

import attrs
from twisted.internet.defer import Deferred

from webipy.server.ports.conversion import Converter
from webipy.server.ports.files import Files, Trash
from webipy.server.ports.grants import GrantStore
from webipy.server.ports.journals import Archive, Journals
from webipy.server.ports.kernels import Launcher, Processes
from webipy.server.ports.registry import Registry
from webipy.server.ports.terminals import TerminalLauncher
from webipy.server.ports.turns import Turns

T = TypeVar("T")


class Aside(Protocol):
    """Runs a function of values off the reactor."""

    def __call__(self, call: Callable[[], T]) -> Deferred[T]:
        """Fires with the function's result, or fails as it does."""


@attrs.define(frozen=True, slots=True)
class World:
    """What every session needs of the outside.

    Args:
        journals: The journals of open sessions.
        registry: The list of sessions.
        launcher: Starts kernel hosts.
        now: The time as RFC 3339 UTC with microseconds.
        new_id: A new id that nobody can guess.
        later: Calls a function after so many seconds; returns a function that cancels the call.
        files: The files under the root.
        converter: Other formats of documents.
        clock: Seconds that only go forward.
        aside: Runs long work on values off the reactor.
        processes: The processes of this machine.
        trash: What was deleted under the root.
        archive: The journals as files.
        terminals: Starts terminal hosts; `None`: terminals are switched off.
        turns: Turns of the reactor, for long work.
        grants: The rights that people were given.
    """

    journals: Journals
    registry: Registry
    launcher: Launcher
    now: Callable[[], str]
    new_id: Callable[[], str]
    later: Callable[[float, Callable[[], None]], Callable[[], None]]
    files: Files
    converter: Converter
    clock: Callable[[], float]
    aside: Aside
    processes: Processes
    trash: Trash
    archive: Archive
    terminals: TerminalLauncher | None = None
    turns: Turns = attrs.field(default=attrs.Factory(lambda self: Turns(self.clock, self.later), takes_self=True))
    grants: GrantStore = attrs.field(kw_only=True)


async def pause(world: World, seconds: float) -> None:
    """Returns after some time.

    Args:
        world: The outside.
        seconds: How long.
    """
    over: Deferred[None] = Deferred()
    world.later(seconds, lambda: over.callback(None))
    await over
