"""The ports of notifications: where they are kept, and what delivers them."""

from __future__ import annotations

from typing import Final, Protocol

import msgspec
from twisted.internet.defer import Deferred

from webipy.core.events.events import ExecutionStatus

Way = str
"""How a person is told: a page of theirs (`page`), an HTTP request (`webhook`), an e-mail (`mail`), Web Push to a browser of theirs (`push ID`)."""

PUSH: Final = "push "
"""Before the id of the subscription of a browser (webipy.server.ports.web_push)."""


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """That a person wants to know when executions have ended, and what has become of that.

    Args:
        id: Made from the person and the first execution, so that asking twice is asking once; deliveries carry it.
        session: The id of the session.
        title: The title of the session.
        executions: The ids of the executions; it is over when all of them have ended.
        person: Who wants to know (`Principal.person`).
        name: What they are called.
        asked: When they asked, RFC 3339 in UTC.
        ended: When the last execution had ended; `None`: not yet.
        status: How they ended, as a whole.
        duration_s: Seconds that they ran, together.
        reason: Why they have no result, as a sentence; empty otherwise.
        pending: The ways by which the person has still to be told.
        is_limited: Whether the person sees nothing of the machine (webipy.server.sessions.guest_view).
        mail_to: The address that the person has set; known for the delivery alone, and never kept.
    """

    id: str
    session: str
    title: str
    executions: tuple[str, ...]
    person: str
    name: str
    asked: str
    ended: str | None = None
    status: ExecutionStatus | None = None
    duration_s: float = 0.0
    reason: str = ""
    pending: tuple[Way, ...] = ()
    is_limited: bool = False
    mail_to: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nobody waits for it any more."""
        return self.ended is not None and not self.pending


class NotificationStore(Protocol):
    """Keeps notifications over the end of the server."""

    def load(self) -> Deferred[list[Notification]]:
        """All that are kept, those that are over, too: the oldest first."""

    def put(self, notification: Notification) -> Deferred[None]:
        """Keeps one, new or changed; fires when it survives a power cut. Of those that are over only the latest are kept."""

    def remove(self, notification: str) -> Deferred[None]:
        """Forgets the one of that id."""

    def addresses(self) -> Deferred[dict[str, str]]:
        """The addresses of mail that people have set, by person."""

    def put_address(self, person: str, address: str | None) -> Deferred[None]:
        """Keeps the address of a person, in place of the one before, or forgets it. Fires when that survives a power cut.

        Args:
            person: Whose it is (`Principal.person`).
            address: The address; `None` for none.
        """


class Undelivered(Exception):
    """A notification could not be delivered.

    Args:
        reason: Why, as the end of a sentence.
        is_final: Whether another try would be in vain.
        is_gone: Whether whoever it is for is not there any more, so that nothing else can be delivered to them either.
    """

    def __init__(self, reason: str, *, is_final: bool = False, is_gone: bool = False) -> None:
        super().__init__(reason)
        self.is_final = is_final or is_gone
        self.is_gone = is_gone


class Sender(Protocol):
    """Delivers notifications in one way."""

    def send(self, notification: Notification, text: str, url: str) -> Deferred[None]:
        """Delivers one; fires when the other side has it, and fails with `Undelivered`.

        Args:
            notification: The notification; its id says to the other side whether it has had it before.
            text: What has happened, in words.
            url: The page of the session.
        """
