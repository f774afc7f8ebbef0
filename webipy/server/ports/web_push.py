"""The ports of Web Push: where the browsers are kept that people want to be told in, and what sends to them."""

from __future__ import annotations

from typing import Protocol

import msgspec
from twisted.internet.defer import Deferred

from webipy.server.ports.notifications import Notification


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """A browser that somebody is told in also when no page is open there.

    Args:
        id: Its id.
        person: Whose browser it is (`Principal.person`).
        login: The login of that browser: the subscription ends with it.
        endpoint: The address at its push service. Whoever knows it, and the keys, can send there: no result of the API has it.
        key: The public key of the browser, base64url.
        secret: The secret that it shares with whoever may send to it, base64url.
        browser: What it is called, in words.
        since: When it was subscribed, RFC 3339 in UTC.
    """

    id: str
    person: str
    login: str
    endpoint: str
    key: str
    secret: str
    browser: str
    since: str


class SubscriptionStore(Protocol):
    """Keeps subscriptions over the end of the server."""

    def subscriptions(self) -> Deferred[list[Subscription]]:
        """All that are kept, the oldest first."""

    def put_subscription(self, subscription: Subscription) -> Deferred[None]:
        """Keeps one, new or changed; fires when it survives a power cut."""

    def remove_subscriptions(self, ids: list[str]) -> Deferred[None]:
        """Forgets those of these ids."""


class PushSender(Protocol):
    """Sends to browsers by their push services."""

    def public_key(self) -> Deferred[str]:
        """The key that browsers subscribe with, base64url; it is made when it is first asked for.

        Fails with `OSError` or `ValueError` when it cannot be read or written.
        """

    def check(self, endpoint: str, key: str, secret: str) -> None:
        """Returns when a subscription is one that may be sent to.

        Args:
            endpoint: The address at the push service.
            key: The public key of the browser, base64url.
            secret: Its secret, base64url.

        Raises:
            errors.InvalidParams: It may not.
        """

    def send(self, notification: Notification, to: Subscription, text: str) -> Deferred[None]:
        """Sends one; fires when the push service has it, and fails with `Undelivered`: with `is_gone` when the browser has left for good.

        Args:
            notification: The notification; the browser shows each id once.
            to: The browser.
            text: What has happened, in words.
        """
