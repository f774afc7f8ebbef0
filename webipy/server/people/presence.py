"""Who is in a session now, and where: one participant for each connection that subscribes to it.

::

    session.subscribe ──► participant ──presence.set──► changed ──► (a short time later, once) ──► notification `presence` to every participant
    unsubscribed, closed, login ended ──► no participant ─┘

Presence is not journaled and does not outlive a connection: it is where people look, not what they did. A notification holds the whole state, not
what has changed, so a connection that is behind gets the last one only (webipy.server.methods.method.Connection.send_latest).

What somebody asks for is theirs, and no connection's: webipy.server.people.hands. Whoever manages the session can ask all to follow them; that ends
when they say so, and when they were away for `LEAD_SECONDS`.

Invariants: a session is notified at most once in `NOTIFY_SECONDS`, more seldom the more participants it has; the list is made once for all
participants; at most `MAX_LISTED` are in it. Whoever manages the session and is alone gets no notification:
one page costs nothing; others learn their right by it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import attrs
import msgspec

from webipy.core.api import rpc
from webipy.core.api.access import Principal, holds
from webipy.core.api.people_calls import Person, Selection, View
from webipy.server.people.hands import Hand, Hands

NOTIFY_SECONDS = 0.06
CROWD = 20
"""With more participants than this, all are notified less often, in proportion."""

MAX_LISTED = 128
"""Participants in one notification; it says how many there are beside them."""

LEAD_SECONDS = 30.0
"""Whoever asked the others to follow, and was away for so long, does not ask any more."""

IDLE_SECONDS = 120.0
"""A participant who has not moved for so long is idle."""


class Participant(msgspec.Struct, eq=False):
    """One connection in a session.

    Args:
        id: Its id, unique among all sessions of this server.
        principal: Returns who it is, with the right that they have at this moment; `None` when their login has ended.
        notify: Sends a notification, in place of an earlier one that is not sent yet.
        cell: The cell that has the focus; `None` for none.
        selection: Where the cursor is in that cell.
        view: What their page shows.
        follows: Whom they follow, as `Principal.person`.
        moved: When they moved last, seconds of the clock.
        person: Who they were when they came, as `Principal.person`: also after their login has ended.
    """

    id: str
    principal: Callable[[], Principal | None]
    notify: Callable[[bytes], None]
    cell: str | None = None
    selection: Selection | None = None
    view: View | None = None
    follows: str | None = None
    moved: float = 0.0
    person: str = ""


class _Attendance(msgspec.Struct, eq=False):
    participants: dict[str, Participant] = msgspec.field(default_factory=dict)
    is_due: bool = False
    notified: int = 0
    """Participants that the last notification went to."""
    stop_clock: Callable[[], None] = lambda: None
    """Cancels the wait for a participant to become idle."""
    lead: str | None = None
    """Whom all are asked to follow."""
    lead_left: float | None = None
    """When the last connection of that person ended; `None` while they have one."""

    def has(self, person: str) -> bool:
        """Whether somebody has a connection here."""
        return any(participant.person == person for participant in self.participants.values())


@attrs.define(eq=False)
class Presence:
    """The participants of all sessions.

    Args:
        later: Calls a function after so many seconds; returns a function that cancels the call.
        clock: Seconds that only go forward.
    """

    later: Callable[[float, Callable[[], None]], Callable[[], None]]
    clock: Callable[[], float]
    hands: Hands = attrs.field(init=False)
    _sessions: dict[str, _Attendance] = attrs.field(factory=dict)
    _ids: count[int] = attrs.field(factory=lambda: count(1))

    def __attrs_post_init__(self) -> None:
        self.hands = Hands(self.clock)

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
        who, now = principal(), self.clock()
        person = who.person if who is not None else ""
        participant = Participant(str(next(self._ids)), principal, notify, moved=now, person=person)
        attendance = self._sessions.setdefault(session, _Attendance())
        attendance.participants[participant.id] = participant
        self.hands.came(session, person)
        if attendance.lead_left is not None and person == attendance.lead:
            attendance.lead = person if now - attendance.lead_left < LEAD_SECONDS else None
            attendance.lead_left = None
        self.changed(session)
        return participant

    def move(
        self,
        session: str,
        participant: Participant,
        cell: str | None,
        selection: Selection | None,
        view: View | None = None,
        follows: str | None = None,
    ) -> None:
        """Records where a participant is.

        Args:
            session: The session's id.
            participant: Who.
            cell: The cell that has the focus; `None` for none.
            selection: Where the cursor is in that cell.
            view: What their page shows.
            follows: Whom they follow.
        """
        participant.cell, participant.selection, participant.moved = cell, selection, self.clock()
        participant.view, participant.follows = view, follows
        self.changed(session)

    def who(self, session: str, person: str) -> Principal | None:
        """Somebody who is in a session; `None` when they are not.

        Args:
            session: The session's id.
            person: Who, as the notification names them.
        """
        for participant in self._sessions.get(session, _Attendance()).participants.values():
            who = participant.principal()
            if who is not None and who.person == person:
                return who
        return None

    def lead(self, session: str, person: str | None) -> None:
        """Asks all to follow somebody.

        Args:
            session: The session's id.
            person: Who, as the notification names them; `None`: nobody any more.
        """
        attendance = self._sessions[session]
        attendance.lead, attendance.lead_left = person, None
        self.changed(session)

    def leave(self, session: str, participant: Participant) -> None:
        """Removes a connection from a session.

        Args:
            session: The session's id.
            participant: What `enter` returned.
        """
        attendance = self._sessions[session]
        attendance.participants.pop(participant.id, None)
        if not attendance.has(participant.person):
            self.hands.left(session, participant.person)
            if attendance.lead == participant.person:
                attendance.lead_left = self.clock()
                self.later(LEAD_SECONDS, lambda: self.changed(session))
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
        people, participants = self._people(session, attendance), tuple(attendance.participants.values())
        if len(people) > 1 or attendance.notified > 1 or any(person.verb != "own" for person in people):
            listed = msgspec.json.encode(people[:MAX_LISTED])
            away = self.clock() - attendance.lead_left if attendance.lead_left is not None else 0.0
            lead = attendance.lead if away < LEAD_SECONDS else None
            common = (msgspec.json.encode(lead), max(0, len(people) - MAX_LISTED))
            for participant in participants:
                head = b'{"session":%b,"you":"%b","lead":%b,"more":%d' % (
                    msgspec.json.encode(session),
                    participant.id.encode(),
                    *common,
                )
                participant.notify(rpc.notification("presence", b'%b,"people":%b}' % (head, listed)))
        attendance.notified = len(people)
        active = [IDLE_SECONDS - self.clock() + participant.moved for participant in participants]
        waits = [seconds for seconds in active if seconds > 0]
        if waits and len(people) > 1:
            attendance.stop_clock = self.later(min(waits), lambda: self.changed(session))

    def _people(self, session: str, attendance: _Attendance) -> list[Person]:
        """The participants: those who ask first, then the one who moved last."""
        found = []
        for participant in sorted(attendance.participants.values(), key=lambda participant: -participant.moved):
            who = participant.principal()
            if who is not None:
                hand = self.hands.of(session, who.person)
                found.append(self._person(participant, who, hand if hand and not holds(who, hand.verb) else None))
        return sorted(found, key=lambda person: person.asks != "waiting")

    def _person(self, participant: Participant, who: Principal, hand: Hand | None) -> Person:
        return Person(
            id=participant.id,
            person=who.person,
            name=who.name,
            verb=who.verb,
            is_guest=who.session is not None,
            cell=participant.cell,
            selection=participant.selection,
            is_idle=self.clock() - participant.moved >= IDLE_SECONDS,
            asks=hand.state if hand else None,
            asks_for=hand.verb if hand else None,
            view=participant.view,
            follows=participant.follows,
        )
