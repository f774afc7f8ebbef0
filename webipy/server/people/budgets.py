"""Budgets: what one login may ask of the server at once and in the course of time.

    call ──begin──► (too many calls, too many bytes, no time left: `throttled`) ──heavy──► waits for the login's own large calls ──► end

Each login has a budget of calls under way, of bytes that the server holds for it (answers that were not sent), and of seconds of server time, which
are measured whatever a call does and come back at a rate. The budget of whoever runs the server is so large that only a program gone wrong uses it
up; that of a guest is enough for a page, and too little to hold others up. Calls that may be large, in what they read or answer, are carried out one
after the other for a guest, a few at once for others, and begin when the answers before them are sent.

Invariants: each `begin` is followed by one `end`, however the call ends; a call that is refused was not carried out; nobody's budget depends on what
others do.

Rejected: limits of calls a minute (they do not measure what a call costs); closing the connections of a login that asks too much (their page would
come back and ask again).
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Final, Protocol

import attrs
import msgspec
from twisted.internet.defer import Deferred

from webipy.core import errors
from webipy.core.api.access import Principal

MEBIBYTE: Final = 1024 * 1024
MOST_BUDGETS: Final = 2000
"""Budgets that are kept; past this number, those go of which nothing is used."""

ENOUGH_SECONDS: Final = 0.1
"""A login that has used up its time may call again when it has so much."""


class Intake(msgspec.Struct, eq=False):
    """A large message that is being received, or waits for its turn.

    Args:
        on_turn: Called when its turn comes.
        is_on: Whether its turn has come.
    """

    on_turn: Callable[[], None]
    is_on: bool = False


@attrs.define(frozen=True)
class Allowance:
    """The size of a budget.

    Args:
        calls: Calls under way.
        held_bytes: Bytes of answers that are held for it.
        seconds: Seconds of server time that it can save up.
        rate: Seconds of server time that it gains in a second.
        at_once: Large calls carried out at once.
        begins_bytes: The most that may be held for it when another large call begins.
        lines: Connections, and calls by POST.
    """

    calls: int
    held_bytes: int
    seconds: float
    rate: float
    at_once: int
    begins_bytes: int
    lines: int


OWNER: Final = Allowance(20_000, 1024 * MEBIBYTE, 600.0, 1.0, 4, 64 * MEBIBYTE, 1000)
"""For a login of whoever runs the server: pages, and programs by the token."""

GUEST: Final = Allowance(600, 48 * MEBIBYTE, 20.0, 0.25, 1, 4 * MEBIBYTE, 8)
"""For a guest: some pages, and those that are closing."""


class _Connection(Protocol):
    def until(self, waited: Deferred[None]) -> Deferred[None]:
        """Waits, and cancels the wait when the connection is closed."""


@attrs.define(eq=False)
class Budget:
    """The budget of one login.

    Args:
        allowance: Its size.
        clock: Seconds that only go forward.
        later: Calls a function after so many seconds.
    """

    allowance: Allowance
    clock: Callable[[], float]
    later: Callable[[float, Callable[[], None]], object]
    calls: int = 0
    held: int = 0
    lines: int = 0
    """Connections that are open, and calls by POST under way."""
    _busy: int = 0
    _intakes: list[Intake] = attrs.field(factory=list)
    _waiting: deque[Deferred[None]] = attrs.field(factory=deque)
    _seconds: float = attrs.field(init=False)
    _counted: float = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._seconds, self._counted = self.allowance.seconds, self.clock()

    @property
    def seconds(self) -> float:
        """Seconds of server time that are left; less than 0 when a call took more than there was."""
        now = self.clock()
        gained = (now - self._counted) * self.allowance.rate
        self._seconds, self._counted = min(self.allowance.seconds, self._seconds + gained), now
        return self._seconds

    def is_whole(self) -> bool:
        """Whether nothing of it is used."""
        return not (self.calls or self.held or self.lines) and self.seconds >= self.allowance.seconds

    def enter(self) -> None:
        """Counts one more of `lines`, for a call by POST.

        Raises:
            errors.Throttled: There are as many as the budget has.
        """
        most = self.allowance.lines
        if self.lines >= most:
            raise errors.Throttled(
                f"{most} connections and calls by POST of this login are open, which is all that it may have; wait for one of them.",
                retry_after_s=1,
            )
        self.lines += 1

    def begin(self) -> None:
        """Counts a call that begins, until `end`.

        Raises:
            errors.Throttled: The budget has no room for it.
        """
        left, allowance = self.seconds, self.allowance
        if left <= 0:
            wait = (ENOUGH_SECONDS - left) / allowance.rate
            raise errors.Throttled(
                f"The calls of this login took all the time of the server that it may have; try again in {wait:.0f} s.",
                retry_after_s=round(wait, 1),
            )
        if self.calls >= allowance.calls:
            raise errors.Throttled(
                f"{allowance.calls} calls of this login are under way, which is all that it may have; wait for one of their answers.",
                retry_after_s=1,
            )
        if self.held > allowance.held_bytes:
            raise errors.Throttled(
                f"Answers of more than {allowance.held_bytes} bytes wait for this login to read them; read them first.",
                retry_after_s=1,
            )
        self.calls += 1

    def end(self) -> None:
        """Counts a call that has ended."""
        self.calls -= 1

    def spend(self, seconds: float) -> None:
        """Subtracts server time; the debt is at most what can be saved up."""
        self._seconds = max(self.seconds - seconds, -self.allowance.seconds)

    def announce(self, on_turn: Callable[[], None]) -> Intake:
        """Announces a large message: `at_once` of them are received at once, the others wait. Call `arrived` when it has ended.

        Args:
            on_turn: Called when its turn comes, unless `is_on` is set already.
        """
        intake = Intake(on_turn, len(self._intakes) < self.allowance.at_once)
        self._intakes.append(intake)
        return intake

    def arrived(self, intake: Intake) -> None:
        """Ends a large message, received or not; the turn of the next one comes."""
        self._intakes.remove(intake)
        for one in self._intakes[: self.allowance.at_once]:
            if not one.is_on:
                one.is_on = True
                one.on_turn()

    def hold(self, size: int) -> None:
        """Counts bytes of an answer that are held until they are sent; a negative size counts them off."""
        self.held += size
        if size < 0:
            self._wake_soon()

    @asynccontextmanager
    async def heavy(self, connection: _Connection) -> AsyncIterator[None]:
        """A context for the part of a call that may be large: waits until there is room for it."""
        while self._waiting or not self._has_room():
            turn: Deferred[None] = Deferred(lambda turn: self._waiting.remove(turn))
            self._waiting.append(turn)
            self._wake_soon()
            await connection.until(turn)
            if self._has_room():
                break
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1
            self._wake_soon()

    def _has_room(self) -> bool:
        return self._busy < self.allowance.at_once and self.held <= self.allowance.begins_bytes

    def _wake_soon(self) -> None:
        if self._waiting:
            self.later(0, self._wake)

    def _wake(self) -> None:
        if self._waiting and self._has_room():
            self._waiting.popleft().callback(None)
            self._wake_soon()


PAYER: ContextVar[Budget | None] = ContextVar("payer", default=None)
"""The budget of the current call."""


@attrs.define(eq=False)
class Budgets:
    """The budgets of all logins.

    Args:
        clock: Seconds that only go forward.
        later: Calls a function after so many seconds.
    """

    clock: Callable[[], float]
    later: Callable[[float, Callable[[], None]], object]
    _by_login: dict[str, Budget] = attrs.field(factory=dict)

    def of(self, principal: Principal | None) -> Budget:
        """The budget of the login of a principal."""
        login = principal.seat if principal is not None else ""
        found = self._by_login.get(login)
        if found is None:
            if len(self._by_login) >= MOST_BUDGETS:
                self._by_login = {name: budget for name, budget in self._by_login.items() if not budget.is_whole()}
            is_owner = principal is not None and principal.session is None
            found = self._by_login[login] = Budget(OWNER if is_owner else GUEST, self.clock, self.later)
        return found
