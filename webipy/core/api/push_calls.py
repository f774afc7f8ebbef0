"""The params and results of the methods `push.*`: browsers in which a person is told by Web Push, also when no page is open there.

See webipy.core.api.calls and webipy.server.sessions.push_browsers.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from webipy.core.api.calls import Params, Result
from webipy.core.push_addresses import MOST_ENDPOINT


class PushKey(Result, frozen=True, kw_only=True):
    """What a browser subscribes with."""

    public_key: str
    """The key of this server (`applicationServerKey`), a point of P-256 as base64url."""


class SubscribePush(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The subscription of the browser of this call, as `PushSubscription.toJSON` has it."""

    endpoint: Annotated[str, msgspec.Meta(max_length=MOST_ENDPOINT)]
    """The address at the push service of the browser."""
    p256dh: Annotated[str, msgspec.Meta(max_length=100)]
    """The public key of the browser, base64url."""
    auth: Annotated[str, msgspec.Meta(max_length=40)]
    """The secret that the browser shares with whoever may send to it, base64url."""


class PushBrowser(Result, frozen=True, kw_only=True):
    """A browser in which the caller is told by Web Push."""

    id: str
    """The id of its subscription."""
    browser: str
    """The browser and its system, as it says."""
    service: str
    """The host of its push service."""
    since: str
    """When it was subscribed, RFC 3339 in UTC."""
    digest: str
    """SHA-256 of its endpoint, in hexadecimal: a page knows its own subscription by it. No result has the endpoint."""
    here: bool
    """Whether this call came by the login that it was subscribed with."""


class PushBrowsers(Result, frozen=True, kw_only=True):
    """The browsers in which the caller is told by Web Push, the oldest first."""

    offered: bool
    """Whether this server sends Web Push at all."""
    browsers: list[PushBrowser]
    """The browsers."""


class UnsubscribePush(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which subscription ends."""

    id: str
    """Its id."""
