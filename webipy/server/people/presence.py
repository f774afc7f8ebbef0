"""Who is in a session now, and where: one seat for each connection that follows it.

::

    session.subscribe ──► seat ──presence.set──► changed ──► (a short time later, once) ──► notification `presence` to every seat
    unsubscribed, closed, thrown out ──► no seat ─┘

Nothing of it is journaled or outlives a connection: it is where people look, not what they did. It says what is so, not what has changed, so that a
reader who is behind is told the last one only (webipy.server.methods.method.Connection.tell_latest).

Invariants: a session is told at most once in `TELL_SECONDS`, more seldom the more people follow it; the list is made once for all, whoever
reads it; at most `MAX_LISTED` are in it. Somebody who is alone is told nothing: one page costs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import count

import attrs
import msgspec

from webipy.core import errors
from webipy.core.api import rpc
from webipy.core.api.access import Principal, holds
from webipy.core.api.people_calls import AskState, Person, Selection

TELL_SECONDS = 0.06
CROWD = 20
"""With more seats than this, all are told less often, in proportion."""

MAX_LISTED = 100
"""Seats in one notification; it counts the others."""

ASK_SECONDS = 60.0
"""A person asks to edit once in this time, on whatever connections."""

IDLE_SECONDS = 120.0
"""Who has not moved for so long is idle."""


@attrs.define(eq=False)
class Participant:
    """One connection in a session.

    Args:
        principal: Who it is, with the right that they have at this moment; `None` when their login has ended.
        tell: Sends a notification that takes the place of an earlier one.
    """

    id: str
    principal: Callable[[], Principal | None]
    tell: Callable[[bytes], None]
    cell: str | None = None
    selection: Selection | None = None
    moved: float = 0.0
    asks: AskState | None = None


@attrs.define(eq=False)
class _Attendance:
    participants: dict[str, Participant] = attrs.field(factory=dict)
    is_due: bool = False
    told: int = 0
    """Seats that the last notification went to."""
    stop_clock: Callable[[], None] = lambda: None
    """Ends the wait for somebody to be idle."""


@attrs.define(eq=False)
class Presence:
    """The people of all sessions.

    Args:
        later: Calls a function after so many seconds and gives what cancels that.
        clock: Seconds that only go forward.
    """

    later: Callable[[float, Callable[[], None]], Callable[[], None]]
    clock: Callable[[], float]
    _sessions: dict[str, _Attendance] = attrs.field(factory=dict)
    _asked: dict[str, float] = attrs.field(factory=dict)
    """When people asked to edit, for as long as they must not again."""
    _ids: count[int] = attrs.field(factory=lambda: count(1))

    def enter(
        self, session: str, principal: Callable[[], Principal | None], tell: Callable[[bytes], None]
    ) -> Participant:
        """A connection follows a session from now on."""
        participant = Participant(str(next(self._ids)), principal, tell, moved=self.clock())
        self._sessions.setdefault(session, _Attendance()).participants[participant.id] = participant
        self.changed(session)
        return participant

    def move(self, session: str, participant: Participant, cell: str | None, selection: Selection | None) -> None:
        """Somebody is at another place, or still there."""
        participant.cell, participant.selection, participant.moved = cell, selection, self.clock()
        self.changed(session)

    def ask(self, session: str, participant: Participant) -> None:
        """Somebody who may only view would like to edit; whoever runs the server is told, now or when they come.

        Raises:
            errors.Throttled: They asked a moment ago.
        """
        who, now = participant.principal(), self.clock()
        self._asked = {person: at for person, at in self._asked.items() if now - at < ASK_SECONDS}
        person = who.person if who is not None else ""
        if person in self._asked:
            wait = ASK_SECONDS - now + self._asked[person]
            raise errors.Throttled(
                f"You asked a moment ago; ask again in {math.ceil(wait)} s.", retry_after_s=round(wait, 1)
            )
        self._asked[person] = now
        participant.asks, participant.moved = "waiting", now
        self.changed(session)

    def decline(self, session: str, person: str) -> None:
        """Whoever asked is told that they may not edit now.

        Raises:
            errors.NotFound: Nobody of that name asks (any more).
        """
        attendance = self._sessions.get(session, _Attendance())
        asking = [
            participant
            for participant in attendance.participants.values()
            if participant.asks == "waiting" and _is(participant, person)
        ]
        if not asking:
            raise errors.NotFound(f"{person!r} does not ask to edit (any more).", kind="person", id=person)
        for participant in asking:
            participant.asks = "declined"
        self.changed(session)

    def leave(self, session: str, participant: Participant) -> None:
        """A connection follows no more."""
        attendance = self._sessions[session]
        attendance.participants.pop(participant.id, None)
        if attendance.participants:
            self.changed(session)
        else:
            attendance.stop_clock()
            del self._sessions[session]

    def changed(self, session: str) -> None:
        """Something about the people of a session is not as before; they are told soon."""
        attendance = self._sessions.get(session)
        if attendance is not None and not attendance.is_due:
            attendance.is_due = True
            self.later(
                TELL_SECONDS * max(1.0, len(attendance.participants) / CROWD), lambda: self._tell(session, attendance)
            )

    def _tell(self, session: str, attendance: _Attendance) -> None:
        attendance.is_due = False
        attendance.stop_clock()
        people, participants = self._people(attendance), tuple(attendance.participants.values())
        if len(people) > 1 or attendance.told > 1 or any(person.is_guest for person in people):
            listed = msgspec.json.encode(people[:MAX_LISTED])
            for participant in participants:
                head = b'{"session":%b,"you":"%b","more":%d' % (
                    msgspec.json.encode(session),
                    participant.id.encode(),
                    max(0, len(people) - MAX_LISTED),
                )
                participant.tell(rpc.notification("presence", b'%b,"people":%b}' % (head, listed)))
        attendance.told = len(people)
        active = [IDLE_SECONDS - self.clock() + participant.moved for participant in participants]
        waits = [seconds for seconds in active if seconds > 0]
        if waits and len(people) > 1:
            attendance.stop_clock = self.later(min(waits), lambda: self.changed(session))

    def _people(self, attendance: _Attendance) -> list[Person]:
        """Those that are in, who moved last first."""
        people = []
        for participant in sorted(attendance.participants.values(), key=lambda participant: -participant.moved):
            who = participant.principal()
            if who is not None:
                people.append(
                    Person(
                        id=participant.id,
                        person=who.person,
                        name=who.name,
                        verb=who.verb,
                        is_guest=who.session is not None,
                        cell=participant.cell,
                        selection=participant.selection,
                        is_idle=self.clock() - participant.moved >= IDLE_SECONDS,
                        asks=None if holds(who, "write") else participant.asks,
                    )
                )
        return people


def _is(participant: Participant, person: str) -> bool:
    who = participant.principal()
    return who is not None and who.person == person
