"""Signing in at a hub, while it is under way: what a browser keeps for it, so that the server need not.

    begin ──► id (goes to the hub and comes back as `state`) and cookie ──► ... at the hub ... ──► read(id, cookie) ──► verifier, next

The cookie is named after the id and signed: it says until when it counts, what proves to the hub that the same server asks (RFC 7636), and
where to go afterwards. Whoever comes back without the cookie of the id began elsewhere: a link that somebody else made signs nobody in. Several tabs
may be under way at once, and nobody who begins a thousand times is in the way of others.

Source: RFC 6749, sections 4.1 and 10.12; RFC 7636, section 4.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from typing import Final

import attrs
import msgspec

from webipy.core import errors

ATTEMPT_SECONDS: Final = 600
"""How long somebody may take at the hub."""

COOKIE: Final = "webipy-hub-"
"""The name of the cookie, before the id."""

ID: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")

_NEXT = re.compile(r"/(?![/\\])[!-\[\]-~]{0,2000}")
"""A path and a query of this server, and no other server's."""


class Begun(msgspec.Struct, frozen=True):
    """A sign-in that begins.

    Args:
        id: Its id, not secret.
        cookie: What the browser keeps.
        challenge: The digest of the verifier, for the hub.
    """

    id: str
    cookie: str
    challenge: str


class Returned(msgspec.Struct, frozen=True):
    """A browser that is back from the hub.

    Args:
        verifier: What proves to the hub that the same server asks.
        next: Where to go: a path and a query below the base URL, from its slash on.
        cookie: What the browser kept.
    """

    verifier: str
    next: str
    cookie: str


@attrs.define(eq=False)
class HubAttempts:
    """The sign-ins at a hub that are under way.

    Args:
        seconds: A clock.
        new_secret: 256 new random bits as text.
    """

    seconds: Callable[[], float]
    new_secret: Callable[[], str]
    _key: bytes = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._key = self.new_secret().encode()

    def begin(self, next: str) -> Begun:
        """Begins a sign-in.

        Args:
            next: Where to go afterwards, as the browser says; what is no path of this server counts as `/`.
        """
        where = next if _NEXT.fullmatch(next) else "/"
        attempt, verifier = self.new_secret()[:22], self.new_secret()
        facts = f"{int(self.seconds()) + ATTEMPT_SECONDS}.{verifier}.{_packed(where.encode())}"
        challenge = _packed(hashlib.sha256(verifier.encode()).digest())
        return Begun(attempt, f"{facts}.{self._mark(attempt, facts)}", challenge)

    def _mark(self, attempt: str, facts: str) -> str:
        return _packed(hmac.digest(self._key, f"{attempt}.{facts}".encode(), "sha256"))

    def read(self, attempt: str, cookies: Iterable[str]) -> Returned:
        """What a browser that comes back has kept.

        Args:
            attempt: The id that the hub was given.
            cookies: The values of the cookies of that id.

        Raises:
            errors.NotAuthenticated: None is of this id, or it took too long.
        """
        for cookie in cookies:
            facts, _, mark = cookie.rpartition(".")
            parts = facts.split(".")
            is_ours = hmac.compare_digest(mark.encode(), self._mark(attempt, facts).encode())
            if is_ours and int(parts[0]) >= self.seconds():
                return Returned(parts[1], _unpacked(parts[2]).decode(), cookie)
        raise errors.NotAuthenticated(
            "This sign-in was begun in another browser, before the server was started again, or too long ago. Begin again."
        )


def _packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
