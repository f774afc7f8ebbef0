"""Raised hands: who asks in a session for more than they may do there, and what became of that.

::

    ask ──► waiting ──decline──► declined ──ask (a minute later)──► waiting
               ├──allow──► no hand        ├──lower, or away──► no hand
               └──lower, or away──► no hand

A hand is a person's, not a connection's: all their pages show it, and a page whose line breaks finds it again. It gives nobody any right: only
presence.allow does, which whoever manages the session calls.

Invariants: a person has one hand in a session; asks at most once in `ASK_SECONDS`, in whichever session, unless they were allowed what they asked
for; and has none any more when they were away for `AWAY_SECONDS`. Hands are in memory: a server that starts has none, and all rights that were given.

Rejected: hands in the journal (they say what somebody would like, not what was done); a timer for each of them (whoever is away is not shown, so it
is enough to look when somebody comes, or asks).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import attrs
import msgspec

from webipy.core import errors
from webipy.core.api.people_calls import AskState, Wish

ASK_SECONDS = 60.0
"""A person may ask once in this time, whatever their connections."""

AWAY_SECONDS = 30.0
"""A hand of somebody without a connection is lowered after this time: long enough for a line that breaks and a page that is loaded again."""


class Hand(msgspec.Struct, eq=False):
    """What somebody asks for.

    Args:
        verb: The right.
        state: Whether it was answered.
        away: Since when they have no connection, seconds of the clock; `None` while they have one.
    """

    verb: Wish
    state: AskState = "waiting"
    away: float | None = None


@attrs.define(eq=False)
class Hands:
    """The hands of all sessions of one server.

    Args:
        clock: Seconds that only go forward.
    """

    clock: Callable[[], float]
    _hands: dict[tuple[str, str], Hand] = attrs.field(factory=dict)
    """By session and person."""
    _asked: dict[str, float] = attrs.field(factory=dict)
    """When people asked, by person, until they may ask again."""

    def ask(self, session: str, person: str, verb: Wish) -> None:
        """Raises somebody's hand.

        Args:
            session: The session's id.
            person: Who asks, as `Principal.person`.
            verb: The right that they ask for.

        Raises:
            errors.Throttled: They asked less than `ASK_SECONDS` ago.
        """
        now = self.clock()
        self._forget_those_away(now)
        self._asked = {one: at for one, at in self._asked.items() if now - at < ASK_SECONDS}
        if person in self._asked:
            wait = ASK_SECONDS - now + self._asked[person]
            raise errors.Throttled(
                f"You asked a moment ago; ask again in {math.ceil(wait)} s.", retry_after_s=round(wait, 1)
            )
        self._asked[person] = now
        self._hands[session, person] = Hand(verb)

    def lower(self, session: str, person: str) -> None:
        """Takes somebody's hand back; nothing happens when they have none.

        Args:
            session: The session's id.
            person: Who, as `Principal.person`.
        """
        self._hands.pop((session, person), None)

    def decline(self, session: str, person: str) -> None:
        """Declines what somebody asks for.

        Args:
            session: The session's id.
            person: Who, as `Principal.person`.

        Raises:
            errors.NotFound: They do not ask (any more).
        """
        hand = self._hands.get((session, person))
        if hand is None or hand.state != "waiting" or hand.away is not None:
            raise errors.NotFound(f"{person!r} does not ask for anything (any more).", kind="person", id=person)
        hand.state = "declined"

    def allowed(self, session: str, person: str) -> None:
        """Lowers the hand of somebody who was answered by a right; they may ask for another one at once.

        Args:
            session: The session's id.
            person: Who, as `Principal.person`.
        """
        if self._hands.pop((session, person), None) is not None:
            self._asked.pop(person, None)

    def of(self, session: str, person: str) -> Hand | None:
        """The hand of somebody who is there; `None` when they do not ask.

        Args:
            session: The session's id.
            person: Who, as `Principal.person`.
        """
        return self._hands.get((session, person))

    def came(self, session: str, person: str) -> None:
        """Somebody has a connection again.

        Args:
            session: The session's id.
            person: Who, as `Principal.person`.
        """
        self._forget_those_away(self.clock())
        hand = self._hands.get((session, person))
        if hand is not None:
            hand.away = None

    def left(self, session: str, person: str) -> None:
        """Somebody has no connection any more.

        Args:
            session: The session's id.
            person: Who, as `Principal.person`.
        """
        hand = self._hands.get((session, person))
        if hand is not None:
            hand.away = self.clock()

    def _forget_those_away(self, now: float) -> None:
        stale = [key for key, hand in self._hands.items() if hand.away is not None and now - hand.away >= AWAY_SECONDS]
        for key in stale:
            del self._hands[key]
