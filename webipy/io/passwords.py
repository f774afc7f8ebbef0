"""Passwords, hashed by Argon2id in one thread of their own: see `webipy.server.ports.passwords.Passwords`.

    hash, check ──► a row for each address ──► one thread, the rows in turn ──► the Deferred fires in the reactor

Hashing takes some 50 ms and 46 MiB on purpose. One thread does it, which starts with the first password and lets the reactor run meanwhile (the
library releases the interpreter's lock), so that a server without accounts loads nothing. At most `MOST_WAITING` wait; the rows have their turns
one after the other, so who guesses from one address delays others by one password, not by a queue.

Source: RFC 9106 (Argon2); OWASP Password Storage Cheat Sheet (46 MiB, one pass, one lane).

Rejected: hashlib.scrypt (a thread more of memory for the same cost of an attack, and no standard text for a hash); a pool of threads (each takes 46
MiB and a processor, on a machine where kernels want both).
"""

from __future__ import annotations

import importlib.util
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import attrs
from twisted.internet.defer import Deferred, fail

from webipy.core import errors
from webipy.core.api.user_calls import MIN_PASSWORD
from webipy.io.reactor import TimedReactor
from webipy.io.worker import Worker
from webipy.server.ports.passwords import Checked

if TYPE_CHECKING:
    from argon2 import PasswordHasher

_T = TypeVar("_T")

PASSES = 1
MEMORY_KIB = 46 * 1024
LANES = 1

MOST_WAITING = 200
"""Passwords that wait, of all addresses; some ten seconds."""

MOST_OF_ROW = 50
"""Passwords that wait, of one address: a class that signs in at once, behind one router."""

_NOBODY = "a password that nobody has"


@attrs.define(eq=False)
class Argon2Passwords:
    """See the module.

    Args:
        reactor: Fires the Deferreds.
    """

    reactor: TimedReactor
    _worker: Worker | None = None
    _rows: dict[str, deque[Callable[[], None]]] = attrs.field(factory=dict)
    """What waits, by row; the row whose turn comes next is first."""
    _is_busy: bool = False
    _hasher: PasswordHasher | None = None
    _dummy: str = ""
    """A hash of a password that nobody has: what is checked where there is none."""
    _common: frozenset[str] = frozenset()

    def hash(self, password: str, row: str) -> Deferred[str]:
        """The hash of a new password.

        Args:
            password: The password.
            row: Whose turn it is.
        """
        return self._run(row, lambda: self._made().hash(password))

    def check(self, hashed: str | None, password: str, row: str) -> Deferred[Checked]:
        """Whether a password is right.

        Args:
            hashed: The hash of the right one; `None`: there is none, and it takes as long.
            password: The password.
            row: Whose turn it is.
        """
        return self._run(row, lambda: self._checked(hashed, password))

    def is_frequent(self, password: str) -> Deferred[bool]:
        """Whether it is in a list of the passwords that are found most often, whatever the case of its letters."""
        return self._run("", lambda: password.lower() in self._listed())

    def stop(self) -> None:
        """Ends the thread; what waits is not done."""
        self._rows.clear()
        if self._worker is not None:
            self._worker.stop()
            self._worker = None

    # ---- in the reactor

    def _run(self, row: str, work: Callable[[], _T]) -> Deferred[_T]:
        waiting = self._rows.get(row, ())
        if len(waiting) >= MOST_OF_ROW or sum(map(len, self._rows.values())) >= MOST_WAITING:
            return fail(
                errors.Throttled(
                    "Too many people sign in at this moment; try again in some seconds.", retry_after_s=5.0
                )
            )
        done: Deferred[_T] = Deferred()

        def begin() -> None:
            if self._worker is None:
                self._worker = Worker("webipy passwords", self.reactor)
            worked = self._worker.run(work)
            worked.addCallbacks(done.callback, done.errback)
            worked.addBoth(self._next)

        self._rows.setdefault(row, deque()).append(begin)
        self._begin()
        return done

    def _begin(self) -> None:
        """Lets the row that waits longest have its turn."""
        if self._is_busy or not self._rows:
            return
        row = next(iter(self._rows))
        waiting = self._rows.pop(row)
        begin = waiting.popleft()
        if waiting:
            self._rows[row] = waiting
        self._is_busy = True
        begin()

    def _next(self, _: object) -> None:
        self._is_busy = False
        self._begin()

    # ---- in the thread

    def _made(self) -> PasswordHasher:
        if self._hasher is None:
            from argon2 import PasswordHasher

            self._hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
            self._dummy = self._hasher.hash(_NOBODY)
        return self._hasher

    def _checked(self, hashed: str | None, password: str) -> Checked:
        hasher = self._made()
        from argon2.exceptions import InvalidHashError, VerificationError

        try:
            hasher.verify(hashed or self._dummy, password)
        except (VerificationError, InvalidHashError):  # also a hash that was changed from outside
            return Checked(is_right=False)
        if hashed is None:
            return Checked(is_right=False)  # somebody sends that very text
        return Checked(is_right=True, renewed=hasher.hash(password) if hasher.check_needs_rehash(hashed) else None)

    def _listed(self) -> frozenset[str]:
        if not self._common:
            self._common = frozenset(word for word in _known_passwords() if len(word) >= MIN_PASSWORD)
        return self._common


def _known_passwords() -> list[str]:
    """The 30,000 passwords that zxcvbn knows. Its module of lists is run by itself: the rest of it makes tables of 20 MB of them."""
    package = importlib.util.find_spec("zxcvbn")
    assert package is not None and package.origin is not None  # pyproject.toml asks for it
    lists = importlib.util.spec_from_file_location("_lists", Path(package.origin).with_name("frequency_lists.py"))
    assert lists is not None and lists.loader is not None
    module = importlib.util.module_from_spec(lists)
    lists.loader.exec_module(module)
    found: list[str] = module.FREQUENCY_LISTS["passwords"]
    return found
