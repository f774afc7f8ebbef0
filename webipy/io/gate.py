"""Who may come in: hosts, origins and credentials of a request, read in one place for HTTP and WebSocket alike.

The `Host` header must name this server, so that a name that an attacker points at a loopback address (DNS rebinding)
is refused with 421. A cookie counts only with our own `Origin` (webipy.server.logins). Both are exact comparisons;
there are no patterns to get wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie

import attrs

from webipy.core.access import Principal
from webipy.server.logins import Credentials, Logins

COOKIE = "webipy"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})

Header = Callable[[str], str | None]
"""Looks a request header up by its lower-case name."""


@attrs.define(frozen=True)
class Gate:
    """The gate of one server.

    Args:
        logins: Knows the credentials.
        hosts: Names that this server is reached under, besides loopback.
        is_behind_proxy: Whether a proxy in front speaks HTTPS, so that the page's origin is an https one.
    """

    logins: Logins
    hosts: frozenset[str] = frozenset()
    is_behind_proxy: bool = False

    def is_ours(self, host: str | None) -> bool:
        """Whether a `Host` header names this server. The port may differ: a tunnel changes it."""
        if host is None:
            return False
        name = host[: host.index("]") + 1] if host.startswith("[") and "]" in host else host.partition(":")[0]
        return name.lower() in LOOPBACK or name.lower() in self.hosts

    def principal_of(self, header: Header) -> Principal | None:
        """Who sends a request with these headers."""
        host = (header("host") or "").lower()
        schemes = ("http", "https") if self.is_behind_proxy else ("http",)
        return self.logins.principal_of(
            Credentials(
                authorization=header("authorization"),
                cookie=cookie_of(header("cookie")),
                origin=header("origin"),
                fetch_site=header("sec-fetch-site"),
                own_origins=frozenset(f"{scheme}://{host}" for scheme in schemes),
            )
        )

    def is_same_site(self, header: Header) -> bool:
        """Whether a request that changes something comes from our own page, or from no page at all."""
        origin, host = header("origin"), (header("host") or "").lower()
        if origin is not None and origin not in (f"http://{host}", f"https://{host}"):
            return False
        return header("sec-fetch-site") in (None, "same-origin", "none")


def cookie_of(header: str | None) -> str | None:
    """The value of our cookie in a `Cookie` header."""
    if header is None:
        return None
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return None
    return found.value if found is not None else None
