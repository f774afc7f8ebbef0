"""Tells people that what they have started has ended: once, whatever happens to the server in between.

    asked ──kept──► waits for the ends in the journal ──► ended ──kept──► each way delivers ──► told ──kept──► over

A notification is kept, and survives a power cut, before the call that has asked for it is answered; its end is read from the journal, where it
stands before anybody sees it; and a way is taken off `pending` once the other side has it. A server that starts goes on where the last one was: it
looks for the ends that it has missed, and delivers what is pending. So none is missed.

That none comes twice is a matter of two: between the delivery and its note here the server may die, and delivers again. A notification has one id
for ever, made from the person and the execution, and each delivery carries it: pages remember which ids they have shown, a webhook gets it as
`Idempotency-Key`, an e-mail as its `Message-ID`, a push service as its topic. Of several pages of a person one is asked at a time.

A page and Web Push may be the same browser. So a page has `PAGE_SECONDS` to say that it has shown it: then that browser is not called, and none is
when somebody was looking at the page. What both have shown in spite of that, the browser knows by the id.

Invariants: asking twice is asking once; what is over is never delivered again; a person gets nothing about a session that they may not see, as
asking needs the right to read it.

Rejected: noting the delivery before it (what is lost then is lost for good); events in the journal (who waits for what is nobody else's business);
looking at what is connected at the end, and nothing else (the page is closed when it matters).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import attrs
import msgspec
from twisted.internet.defer import CancelledError, Deferred, DeferredSemaphore
from twisted.logger import Logger

from webipy.core import errors
from webipy.core.api import notification_calls, rpc
from webipy.core.api.access import Principal
from webipy.core.events import events
from webipy.core.events.events import AnyEvent, ExecutionStatus
from webipy.server.ports.notifications import PUSH, Notification, NotificationStore, Sender, Undelivered, Way
from webipy.server.ports.web_push import PushSender, SubscriptionStore
from webipy.server.ports.world import World, pause
from webipy.server.sessions import guest_view
from webipy.server.sessions.forgetful_notifications import Forgetful
from webipy.server.sessions.mail_addresses import MailAddresses
from webipy.server.sessions.push_browsers import PushBrowsers
from webipy.server.sessions.session import Session
from webipy.server.sessions.sessions import Sessions

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 300.0
"""Between two tries of a delivery; the pause doubles each time."""

GIVE_UP_S: Final = 86_400.0
"""So long a delivery is tried after the server has begun with it."""

AT_ONCE: Final = 8
"""Deliveries under way at a time, of each way."""

PAGE_SECONDS: Final = 5.0
"""So long browsers are not called, while a page may say that it has shown it, or comes back after a restart of the server."""

MOST_WAITING: Final = 1000
"""Notifications that one person waits for, and those that wait for a page of theirs; a run of a notebook is one. As many that are over are kept."""

FOR_EVER_S: Final = 10 * 365 * 86_400.0

_WORST: Final[tuple[ExecutionStatus, ...]] = ("error", "lost", "cancelled", "aborted", "ok")
"""A whole has the first status that one of its parts has."""

_WORDS: Final[dict[ExecutionStatus, str]] = {
    "ok": "Finished",
    "error": "Failed",
    "aborted": "Not run",
    "cancelled": "Cancelled",
    "lost": "Lost",
}


class KeptNotifications(NotificationStore, SubscriptionStore, Protocol):
    """Where notifications are kept, with where people are told."""


class Listener(msgspec.Struct, eq=False):
    """A page that shows notifications.

    Args:
        person: Whose page it is.
        send: Sends it a notification, JSON.
    """

    person: str
    send: Callable[[bytes], None]


@attrs.define(eq=False)
class Notifications:
    """The notifications of a server.

    Args:
        world: The outside.
        sessions: The open sessions.
        page_url: Returns the address of the page for a session's id, with a fragment.
        has_login: Whether there is a login of that id; asked at the start, of the browsers that are told by Web Push.
        store: Keeps them.
        senders: Deliver them, by their ways; pages need none.
        addresses: Where people want mails.
        browsers: The browsers of people who are told by Web Push.
        web_push: Sends to these; `None`: nothing does.
    """

    world: World
    sessions: Sessions
    page_url: Callable[[str | None, str], str]
    has_login: Callable[[str], bool] = bool
    store: KeptNotifications = attrs.field(factory=Forgetful)
    senders: dict[Way, Sender] = attrs.field(factory=dict)
    addresses: MailAddresses = attrs.field(
        default=attrs.Factory(lambda self: MailAddresses(lambda: self.store), takes_self=True)
    )
    browsers: PushBrowsers = attrs.field(
        default=attrs.Factory(lambda self: PushBrowsers(lambda: self.store, self.has_login), takes_self=True)
    )
    web_push: PushSender | None = None
    _all: dict[str, Notification] = attrs.field(factory=dict)
    _works: dict[str, list[Deferred[None]]] = attrs.field(factory=dict)
    """What is under way for each: the wait for its end, its deliveries."""
    _listeners: list[Listener] = attrs.field(factory=list)
    _offers: dict[str, Listener] = attrs.field(factory=dict)
    """The page that each was sent to, and that has not confirmed it yet."""
    _turns: dict[Way, DeferredSemaphore] = attrs.field(factory=dict)
    _log = Logger()

    # ---- asking

    async def tell(self, principal: Principal | None, session: Session, executions: Sequence[str]) -> Notification:
        """Tells somebody when executions have ended, from when it is kept; asking again changes nothing.

        Args:
            principal: Who.
            session: The session.
            executions: The ids of the executions, the first of which identifies them.

        Raises:
            errors.TooLarge: They wait for `MOST_WAITING` already.
        """
        assert principal is not None  # who starts something, or reads it, is somebody
        person = principal.person
        identity = notification_id(person, session.id, executions[0])
        known = self._all.get(identity)
        if known is not None:
            return known
        if sum(one.person == person and one.ended is None for one in self._all.values()) >= MOST_WAITING:
            raise errors.TooLarge(f"You wait for {MOST_WAITING} notifications already.", limit=MOST_WAITING)
        asked = Notification(
            id=identity,
            session=session.id,
            title=session.record.title,
            executions=tuple(executions),
            person=person,
            name=principal.name,
            asked=self.world.now(),
            is_limited=guest_view.is_limited(principal),
        )
        self._all[identity] = asked
        await self.store.put(asked)
        if self._all.get(identity) is asked:  # it was not withdrawn meanwhile
            self._work(identity, self._wait(asked))
        return asked

    async def withdraw(self, identity: str) -> None:
        """Forgets a notification that waits; nothing happens when there is none.

        Args:
            identity: Its id.
        """
        known = self._all.get(identity)
        if known is None or known.ended is not None:
            return
        del self._all[identity]
        for work in self._works.pop(identity, []):
            work.cancel()
        await self.store.remove(identity)

    def of(self, person: str) -> list[Notification]:
        """The notifications that somebody waits for, the oldest first."""
        return [one for one in self._all.values() if one.person == person and one.ended is None]

    # ---- the life of a server

    async def resume(self) -> None:
        """Goes on where the last server was."""
        await self.addresses.load()
        await self.browsers.load()
        for found in await self.store.load():
            self._all.setdefault(found.id, found)
        for found in list(self._all.values()):
            if found.ended is not None:
                self._deliver(found)
            elif all(self._is_known(found, execution) for execution in found.executions):
                self._work(found.id, self._wait(found))
            elif any(one.id == found.session for one in self.sessions.all()):
                await self.withdraw(found.id)  # a power cut has taken what it is about
            else:
                await self._end(found, "lost", 0.0, "The session was closed.")

    def _is_known(self, found: Notification, execution: str) -> bool:
        session = next((one for one in self.sessions.all() if one.id == found.session), None)
        return session is not None and session.state.spans.find(execution) is not None

    def stop(self) -> None:
        """Ends what is under way; the next server goes on with it."""
        works, self._works = self._works, {}
        for work in [one for many in works.values() for one in many]:
            work.cancel()

    def _work(self, identity: str, work: object) -> None:
        done: Deferred[None] = Deferred.fromCoroutine(work)  # type: ignore[arg-type]  # a coroutine, which has no type of its own here
        mine = self._works.setdefault(identity, [])
        mine.append(done)

        def over(outcome: object) -> object:
            if done in mine:
                mine.remove(done)
            if not mine and self._works.get(identity) is mine:
                del self._works[identity]
            return outcome

        done.addBoth(over)
        done.addErrback(lambda failure: failure.trap(CancelledError) and None)
        done.addErrback(lambda failure: self._log.failure("a notification failed", failure))

    # ---- ends

    async def _wait(self, notification: Notification) -> None:
        session = self.sessions.get(notification.session)
        for execution in notification.executions:
            await session.ended(execution, FOR_EVER_S)
        ends: list[events.ExecutionFinished] = []

        def keep(event: AnyEvent) -> None:
            if isinstance(event, events.ExecutionFinished) and event.execution in notification.executions:
                ends.append(event)

        for execution in notification.executions:
            finished = session.state.spans.get(execution).finished
            if finished is not None:
                await session.each_event(finished, finished, keep)
        found = {end.status: end for end in ends}
        status: ExecutionStatus = next((one for one in _WORST if one in found), "lost")
        reason = found[status].reason if status in found else ""
        await self._end(notification, status, sum(end.duration_s for end in ends), reason)

    async def _end(self, notification: Notification, status: ExecutionStatus, duration_s: float, reason: str) -> None:
        session = next((one for one in self.sessions.all() if one.id == notification.session), None)
        ended = msgspec.structs.replace(
            notification,
            title=notification.title if session is None else session.record.title,
            ended=self.world.now(),
            status=status,
            duration_s=duration_s,
            reason=guest_view.text(reason) if notification.is_limited else reason,
            pending=self._ways_of(notification.person),
        )
        self._all[ended.id] = ended
        self._trim(ended.person)
        await self.store.put(ended)
        self._deliver(ended)

    def _ways_of(self, person: str) -> tuple[Way, ...]:
        """How somebody is told: a page is their own, the webhook is for all but guests, mail for who has set an address, a browser for who has it."""
        if person != "owner" and not person.startswith(("account ", "hub ")):
            return ("page",)
        has_mail = person == "owner" or self.addresses.get(person) is not None
        browsers = self.browsers.of(person) if self.web_push is not None else []
        return (
            "page",
            *(way for way in self.senders if way != "mail" or has_mail),
            *(PUSH + browser.id for browser in browsers),
        )

    def ways_beside_pages(self, person: str) -> list[str]:
        """How somebody (`Principal.person`) is told beside pages."""
        return list(dict.fromkeys(_kind(way) for way in self._ways_of(person) if way != "page"))

    # ---- deliveries

    def _deliver(self, notification: Notification) -> None:
        for way in notification.pending:
            if way == "page":
                self._offer(notification)
            elif way in self.senders or (self.web_push is not None and way.startswith(PUSH)):
                self._work(notification.id, self._send(notification.id, way))

    async def _send(self, identity: str, way: Way) -> None:
        """Delivers in one way, with growing pauses."""
        began, wait_s, kind = self.world.clock(), FIRST_PAUSE_S, _kind(way)
        if way.startswith(PUSH) and "page" in self._all[identity].pending:
            await pause(self.world, PAGE_SECONDS)
        while way in self._all[identity].pending:  # a page may have shown it meanwhile
            try:
                await self._carry(self._all[identity], way)
                break
            except Undelivered as fault:
                if fault.is_gone:
                    self._log.info("a browser has left its push service and is forgotten: {fault}", fault=str(fault))
                    await self.browsers.remove([way.removeprefix(PUSH)])
                    break
                if fault.is_final or self.world.clock() - began > GIVE_UP_S:
                    self._log.error("a notification was not delivered by {way}: {fault}", way=kind, fault=str(fault))
                    break
                if wait_s == FIRST_PAUSE_S:
                    self._log.warn("a notification waits for {way}: {fault}", way=kind, fault=str(fault))
            await pause(self.world, wait_s)
            wait_s = min(2 * wait_s, LONGEST_PAUSE_S)
        await self._delivered(identity, way)

    async def _carry(self, known: Notification, way: Way) -> None:
        """Tries one delivery; that to a browser that is forgotten is none."""
        turns = self._turns.setdefault(_kind(way), DeferredSemaphore(AT_ONCE))
        browser = self.browsers.get(way.removeprefix(PUSH))
        if not way.startswith(PUSH):
            sent = msgspec.structs.replace(known, mail_to=self.addresses.get(known.person) or "")
            await turns.run(self.senders[way].send, sent, text_of(known), self.page_url(known.session, ""))
        elif browser is not None and self.web_push is not None:
            await turns.run(self.web_push.send, known, browser, text_of(known))

    async def _delivered(self, identity: str, *ways: Way) -> None:
        known = self._all[identity]
        if not any(way in known.pending for way in ways):
            return
        self._all[identity] = noted = msgspec.structs.replace(
            known, pending=tuple(one for one in known.pending if one not in ways)
        )
        self._trim(noted.person)
        await self.store.put(noted)

    def _trim(self, person: str) -> None:
        """Forgets the oldest of what is over, and does not wait any longer for a page of somebody who opens none."""
        over = [one.id for one in self._all.values() if one.is_over]
        for identity in over[: -MOST_WAITING or None]:
            del self._all[identity]
        unseen = [one for one in self._all.values() if one.person == person and one.pending == ("page",)]
        for known in unseen[: -MOST_WAITING or None]:
            self._work(known.id, self._delivered(known.id, "page"))

    # ---- pages

    def listen(self, person: str, send: Callable[[bytes], None]) -> Callable[[], None]:
        """Sends a page what is pending for its person, and what comes; returns a function that ends that.

        Args:
            person: Whose page it is.
            send: Sends it a notification, JSON.
        """
        listener = Listener(person, send)
        self._listeners.append(listener)
        for known in list(self._all.values()):
            if known.person == person and "page" in known.pending and known.id not in self._offers:
                self._offer(known)

        def leave() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)
            left = [identity for identity, one in self._offers.items() if one is listener]
            for identity in left:
                del self._offers[identity]
                self._offer(self._all[identity])

        return leave

    def _offer(self, notification: Notification) -> None:
        """Sends a notification to the page of its person that was opened last."""
        listener = next((one for one in reversed(self._listeners) if one.person == notification.person), None)
        if listener is not None:
            self._offers[notification.id] = listener
            params = as_result(notification, self.page_url(notification.session, ""))
            listener.send(rpc.notification("notification", msgspec.json.encode(params)))

    async def confirm(self, person: str, identity: str, login: str = "", *, is_seen: bool = False) -> None:
        """Notes that a page has shown a notification; nothing happens when that is known, or it is somebody else's.

        Args:
            person: Whose page it was.
            identity: The id of the notification.
            login: The login of its browser, which need not be called any more.
            is_seen: Whether somebody was looking at it, so that no browser of theirs need be called.
        """
        known = self._all.get(identity)
        if known is not None and known.person == person and known.ended is not None:
            self._offers.pop(identity, None)
            here = [PUSH + one.id for one in self.browsers.of(person) if is_seen or one.login == login]
            await self._delivered(identity, "page", *here)


def _kind(way: Way) -> str:
    """A way without which browser it is."""
    return way.partition(" ")[0]


def notification_id(person: str, session: str, execution: str) -> str:
    """The id of a notification.

    Args:
        person: Who wants to know.
        session: The id of the session.
        execution: The id of the first execution.
    """
    return hashlib.sha256("\0".join((person, session, execution)).encode()).hexdigest()[:32]


def text_of(notification: Notification) -> str:
    """What has happened, as a sentence."""
    words, seconds = _WORDS[notification.status or "lost"], notification.duration_s
    spent = f" after {duration(seconds)}" if seconds else ""
    more = f" {notification.reason}" if notification.reason else ""
    return f"{words}{spent}: {notification.title}.{more}"


def duration(seconds: float) -> str:
    """A time in words, such as `1 h 5 min`, `12 s`."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def as_result(notification: Notification, url: str) -> notification_calls.Notified:
    """A notification as pages get it.

    Args:
        notification: One that has ended.
        url: The page of the session.
    """
    return notification_calls.Notified(
        id=notification.id,
        session=notification.session,
        title=notification.title,
        executions=list(notification.executions),
        status=notification.status or "lost",
        duration_s=notification.duration_s,
        ended=notification.ended or "",
        text=text_of(notification),
        url=url,
    )
