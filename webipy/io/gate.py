"""Who may come in: hosts, origins and credentials of a request, read in one place for HTTP and WebSocket alike.

The `Host` header must name this server, so that a name that an attacker points at a loopback address (DNS rebinding)
is refused with 421. A cookie counts only with our own `Origin` (webipy.server.logins). Both are exact comparisons;
there are no patterns to get wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import attrs

from webipy.core.access import Principal
from webipy.server.logins import Credentials, Logins

COOKIE = "webipy"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^:\[\]@/]+)(?::[0-9]{1,5})?")

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
        name = _name_of(host or "")
        return name in LOOPBACK or name in self.hosts

    def principal_of(self, header: Header) -> Principal | None:
        """Who sends a request with these headers."""
        return self.logins.principal_of(
            Credentials(
                authorization=header("authorization"),
                cookie=cookie_of(header("cookie")),
                origin=header("origin"),
                fetch_site=header("sec-fetch-site"),
                own_origins=self._own_origins(header),
            )
        )

    def is_same_site(self, header: Header) -> bool:
        """Whether a request that changes something comes from our own page, or from no page at all."""
        origin = header("origin")
        if origin is not None and origin not in self._own_origins(header):
            return False
        return header("sec-fetch-site") in (None, "same-origin", "none")

    def _own_origins(self, header: Header) -> frozenset[str]:
        """The origins of our own page, as this request reached us; behind a proxy plain http counts on this machine only."""
        host = (header("host") or "").lower()
        schemes = ["https"] if self.is_behind_proxy else []
        if not self.is_behind_proxy or _name_of(host) in LOOPBACK:
            schemes.append("http")
        return frozenset(f"{scheme}://{host}" for scheme in schemes)


def _name_of(host: str) -> str:
    """The name in a `Host` header, in lower case; an empty one for what is no name with or without a port."""
    found = _HOST.fullmatch(host.lower())
    return found.group(1) if found else ""


def cookie_of(header: str | None) -> str | None:
    """The value of our cookie in a `Cookie` header.

    Not by http.cookies: all programs on localhost share their cookies, and that one gives up at the first it does not like.
    Source: RFC 6265, section 4.2.1.
    """
    for pair in (header or "").split(";"):
        name, is_pair, value = pair.strip().partition("=")
        if is_pair and name == COOKIE:
            return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
    return None
