"""The port to what hashes passwords: slow on purpose, so never in a turn of the reactor."""

from __future__ import annotations

from typing import Protocol

import attrs
from twisted.internet.defer import Deferred


@attrs.define(frozen=True, slots=True)
class Checked:
    """What came of a password that was checked.

    Args:
        is_right: Whether it is the one of the hash.
        renewed: A hash of it by today's parameters, when that of before was made by others and the password is right; `None` otherwise.
    """

    is_right: bool
    renewed: str | None = attrs.field(default=None, repr=False)


class Passwords(Protocol):
    """Hashes passwords and checks them. Each call fails with errors.Throttled when too many wait already.

    `row` is whose turn it is: those of one row have their turns one after the other, and all rows in turn.
    """

    def hash(self, password: str, row: str) -> Deferred[str]:
        """The hash of a new password, with a salt of its own, as text that says how it was made.

        Args:
            password: The password.
            row: Whose turn it is.
        """

    def check(self, hashed: str | None, password: str, row: str) -> Deferred[Checked]:
        """Whether a password is right. Without a hash it is wrong, and takes as long.

        Args:
            hashed: The hash of the right one; `None`: there is none.
            password: The password.
            row: Whose turn it is, such as an address.
        """

    def is_frequent(self, password: str) -> Deferred[bool]:
        """Whether many people have this password, so that it is guessed first."""
