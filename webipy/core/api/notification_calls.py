"""The params and results of the methods `notification.*`: people who are told when what they have started has ended.

See webipy.core.api.calls and webipy.server.sessions.notifications.
"""

from __future__ import annotations

from webipy.core.api.calls import OfSession, Params, Result
from webipy.core.events.events import ExecutionStatus


class AskNotification(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which execution."""

    execution: str


class Asked(Result, frozen=True, kw_only=True):
    """A notification that was asked for."""

    id: str
    """Its id: the same person, session and execution have the same one."""


class Waiting(Result, frozen=True, kw_only=True):
    """A notification that waits for the end of what it is about."""

    id: str
    """The id of the notification."""
    session: str
    executions: list[str]
    """The ids of the executions: it is sent when all of them have ended."""
    asked: str
    """When it was asked for, RFC 3339 in UTC."""


class NotificationList(Result, frozen=True, kw_only=True):
    """The notifications that the caller waits for, the oldest first."""

    waiting: list[Waiting]
    """The notifications."""
    ways: list[str]
    """How they come beside pages: `webhook`, `mail`, `push`."""


class ConfirmNotification(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which notification was shown."""

    id: str
    """Its id."""
    seen: bool = False
    """Whether somebody was looking at the page: then none of their browsers is told by Web Push."""


class Notified(Result, frozen=True, kw_only=True):
    """What a person asked to be told: the params of the JSON-RPC notification `notification`."""

    id: str
    """Its id: a page that has shown it shows it never again."""
    session: str
    title: str
    """The title of the session."""
    executions: list[str]
    status: ExecutionStatus
    """How the executions ended, as a whole: the worst of them."""
    duration_s: float
    """Seconds that they ran, together."""
    ended: str
    """When the last one had ended, RFC 3339 in UTC."""
    text: str
    """What has happened, as a sentence."""
    url: str
    """The page of the session."""
