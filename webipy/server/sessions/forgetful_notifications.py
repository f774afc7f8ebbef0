"""Keeps notifications in memory, where no file is wanted: in tests, and until a server has its own.

Source: webipy.server.ports.notifications.NotificationStore, webipy.server.ports.web_push.SubscriptionStore.
"""

from __future__ import annotations

import msgspec
from twisted.internet.defer import Deferred, succeed

from webipy.server.ports.notifications import Notification
from webipy.server.ports.web_push import Subscription


class Forgetful(msgspec.Struct, eq=False):
    """Keeps notifications in memory only."""

    kept: dict[str, Notification] = msgspec.field(default_factory=dict)
    mail: dict[str, str] = msgspec.field(default_factory=dict)
    browsers: dict[str, Subscription] = msgspec.field(default_factory=dict)

    def load(self) -> Deferred[list[Notification]]:
        """All that are kept."""
        return succeed(list(self.kept.values()))

    def put(self, notification: Notification) -> Deferred[None]:
        """Keeps one."""
        self.kept[notification.id] = notification
        return succeed(None)

    def remove(self, notification: str) -> Deferred[None]:
        """Forgets one."""
        self.kept.pop(notification, None)
        return succeed(None)

    def addresses(self) -> Deferred[dict[str, str]]:
        """The addresses of mail."""
        return succeed(dict(self.mail))

    def put_address(self, person: str, address: str | None) -> Deferred[None]:
        """Keeps or forgets an address.

        Args:
            person: Whose it is (`Principal.person`).
            address: The address; `None` for none.
        """
        if address is None:
            self.mail.pop(person, None)
        else:
            self.mail[person] = address
        return succeed(None)

    def subscriptions(self) -> Deferred[list[Subscription]]:
        """The browsers."""
        return succeed(list(self.browsers.values()))

    def put_subscription(self, subscription: Subscription) -> Deferred[None]:
        """Keeps a browser."""
        self.browsers[subscription.id] = subscription
        return succeed(None)

    def remove_subscriptions(self, ids: list[str]) -> Deferred[None]:
        """Forgets browsers."""
        for one in ids:
            self.browsers.pop(one, None)
        return succeed(None)
