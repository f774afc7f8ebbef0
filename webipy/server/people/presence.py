"""Who is in a session now, and where: one participant for each connection that subscribes to it.

::

    session.subscribe ──► participant ──presence.set──► changed ──► (a short time later, once) ──► notification `presence` to every participant
    unsubscribed, closed, login ended ──► no participant ─┘

Presence is not journaled and does not outlive a connection: it is where people look, not what they did. A notification holds the whole state, not
what has changed, so a connection that is behind gets the last one only (webipy.server.methods.method.Connection.send_latest).

Invariants: a session is notified at most once in `NOTIFY_SECONDS`, more seldom the more participants it has; the list is made once for all
participants; at most `MAX_LISTED` are in it. Whoever owns the session and is alone gets no notification:
one page costs nothing; others learn their right by it.
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

NOTIFY_SECONDS = 0.06
CROWD = 20
"""With more participants than this, all are notified less often, in proportion."""

MAX_LISTED = 100
"""Participants in one notification; it says how many there are beside them."""

ASK_SECONDS = 60.0
"""A person may ask to edit once in this time, whatever their connections."""

IDLE_SECONDS = 120.0
"""A participant who has not moved for so long is idle."""


@attrs.define(eq=False)
class Participant:
    """One connection in a session.

    Args:
        id: Its id, unique among all sessions of this server.
        principal: Returns who it is, with the right that they have at this moment; `None` when their login has ended.
        notify: Sends a notification, in place of an earlier one that is not sent yet.
        cell: The cell that has the focus; `None` for none.
        selection: Where the cursor is in that cell.
        moved: When they moved last, seconds of the clock.
        asks: Whether they ask to edit, and what became of that.
    """

    id: str
    principal: Callable[[], Principal | None]
    notify: Callable[[bytes], None]
    cell: str | None = None
    selection: Selection | None = None
    moved: float = 0.0
    asks: AskState | None = None


@attrs.define(eq=False)
class _Attendance:
    participants: dict[str, Participant] = attrs.field(factory=dict)
    is_due: bool = False
    notified: int = 0
    """Participants that the last notification went to."""
    stop_clock: Callable[[], None] = lambda: None
    """Cancels the wait for a participant to become idle."""


@attrs.define(eq=False)
class Presence:
    """The participants of all sessions.

    Args:
        later: Calls a function after so many seconds; returns a function that cancels the call.
        clock: Seconds that only go forward.
    """

    later: Callable[[float, Callable[[], None]], Callable[[], None]]
    clock: Callable[[], float]
    _sessions: dict[str, _Attendance] = attrs.field(factory=dict)
    _asked: dict[str, float] = attrs.field(factory=dict)
    """When people asked to edit, by person, until they may ask again."""
    _ids: count[int] = attrs.field(factory=lambda: count(1))

    def enter(
        self, session: str, principal: Callable[[], Principal | None], notify: Callable[[bytes], None]
    ) -> Participant:
        """Adds a connection to a session.

        Args:
            session: The session's id.
            principal: Returns who it is at this moment; `None` when their login has ended.
            notify: Sends a notification, in place of an earlier one that is not sent yet.

        Returns:
            The participant, until `leave`.
        """
        participant = Participant(str(next(self._ids)), principal, notify, moved=self.clock())
        self._sessions.setdefault(session, _Attendance()).participants[participant.id] = participant
        self.changed(session)
        return participant

    def move(self, session: str, participant: Participant, cell: str | None, selection: Selection | None) -> None:
        """Records where a participant is.

        Args:
            session: The session's id.
            participant: Who.
            cell: The cell that has the focus; `None` for none.
            selection: Where the cursor is in that cell.
        """
        participant.cell, participant.selection, participant.moved = cell, selection, self.clock()
        self.changed(session)

    def ask(self, session: str, participant: Participant) -> None:
        """Asks whoever runs the server to let a participant edit: the notification shows it until it is answered.

        Args:
            session: The session's id.
            participant: Who asks.

        Raises:
            errors.Throttled: They asked less than `ASK_SECONDS` ago.
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
        """Declines what a person asked.

        Args:
            session: The session's id.
            person: Who asked, as the notification names them.

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
        """Removes a connection from a session.

        Args:
            session: The session's id.
            participant: What `enter` returned.
        """
        attendance = self._sessions[session]
        attendance.participants.pop(participant.id, None)
        if attendance.participants:
            self.changed(session)
        else:
            attendance.stop_clock()
            del self._sessions[session]

    def changed(self, session: str) -> None:
        """Schedules a notification to the participants of a session."""
        attendance = self._sessions.get(session)
        if attendance is not None and not attendance.is_due:
            attendance.is_due = True
            self.later(
                NOTIFY_SECONDS * max(1.0, len(attendance.participants) / CROWD),
                lambda: self._notify(session, attendance),
            )

    def _notify(self, session: str, attendance: _Attendance) -> None:
        attendance.is_due = False
        attendance.stop_clock()
        people, participants = self._people(attendance), tuple(attendance.participants.values())
        if len(people) > 1 or attendance.notified > 1 or any(person.verb != "own" for person in people):
            listed = msgspec.json.encode(people[:MAX_LISTED])
            for participant in participants:
                head = b'{"session":%b,"you":"%b","more":%d' % (
                    msgspec.json.encode(session),
                    participant.id.encode(),
                    max(0, len(people) - MAX_LISTED),
                )
                participant.notify(rpc.notification("presence", b'%b,"people":%b}' % (head, listed)))
        attendance.notified = len(people)
        active = [IDLE_SECONDS - self.clock() + participant.moved for participant in participants]
        waits = [seconds for seconds in active if seconds > 0]
        if waits and len(people) > 1:
            attendance.stop_clock = self.later(min(waits), lambda: self.changed(session))

    def _people(self, attendance: _Attendance) -> list[Person]:
        """The participants, the one who moved last first."""
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
