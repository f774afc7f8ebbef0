"""Tickets: credentials with which a browser itself fetches one file, where it can send no header.

::

    ticket.make ──► ADDRESS?ticket=UNTIL.MAC ──► the browser, with the login's cookie ──► GET

A download that the browser carries out, or a tab that shows a file, sends the cookie and nothing else, and the cookie alone is not
enough (webipy.server.people.logins). A ticket replaces the key of the login there: it is made for one login, one path and some minutes, is
valid only together with the cookie of that login, for reading, and carries no right that the login has not at that moment.

Invariant: no ticket is stored; it is a MAC under a key that this process made and nobody else has, so all end with the server.

Rejected: a ticket that is valid without the cookie (an address is copied, and stands in histories); a cookie of its own for downloads
(it would go to every port of the host, too); fetching files of any size into the memory of the page.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable

import msgspec

TICKET_SECONDS = 300
"""A download must begin within this time; one that has begun goes on."""


class Tickets(msgspec.Struct, eq=False):
    """The tickets of one server.

    Args:
        seconds: A monotonic clock.
        secret: The key of the MAC, which no other process has.
    """

    seconds: Callable[[], float]
    secret: bytes

    def make(self, login: str, path: bytes) -> str:
        """A new ticket.

        Args:
            login: Id of the login.
            path: The path that it is for, percent-decoded.

        Returns:
            The ticket: ASCII, safe in an address.
        """
        until = int(self.seconds()) + TICKET_SECONDS
        return f"{until}.{self._mac(login, path, until)}"

    def is_valid(self, ticket: str, login: str, path: bytes) -> bool:
        """Whether a ticket was made for a login and a path, and has not expired.

        Args:
            ticket: As the client sent it.
            login: Id of the login.
            path: The path that is asked for, percent-decoded.
        """
        until, is_ticket, mac = ticket.partition(".")
        if not is_ticket or len(ticket) > 100 or not (until.isascii() and until.isdigit()):
            return False
        is_ours = hmac.compare_digest(mac.encode("utf-8", "replace"), self._mac(login, path, int(until)).encode())
        return is_ours and self.seconds() < int(until)

    def _mac(self, login: str, path: bytes, until: int) -> str:
        signed = b"%d\0%b\0%b" % (until, login.encode(), path)
        return hmac.new(self.secret, signed, hashlib.sha256).hexdigest()
