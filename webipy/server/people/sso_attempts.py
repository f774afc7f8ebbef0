"""Single sign-ons that are under way: what the server keeps of each, while a browser is at the identity provider.

    begin ──► id (goes to the provider, comes back as `state`) and cookie ──► ... at the provider ... ──► use(id, cookie): once
    finish ──► code, in the fragment of the address that the browser is led to ──► end(code, cookie): once, by POST /login

A sign-on counts in the browser that began it: the cookie holds 256 random bits, of which there is a digest here, and both steps want it. So neither
an address of return nor a code of somebody else's sign-on signs anybody in (login CSRF), and a log of addresses is worth nothing.

Invariants: a sign-on ends after `ATTEMPT_SECONDS`, and is used once, by its own browser alone: whoever has not the cookie uses nothing up. Their
number is limited; the oldest of the same address makes room first, so that one address is not in the way of others.

Rejected: a signed cookie that carries all of it, as for a hub (it could be used twice within its time).

Source: RFC 6749, sections 4.1 and 10.12; RFC 7636, section 4; RFC 9700, section 4.7.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterable
from typing import Final

import attrs
import msgspec

from webipy.core import errors
from webipy.server.people.shares import digest
from webipy.server.ports.identity_provider import Question

ATTEMPT_SECONDS: Final = 600.0
"""How long somebody may take at the provider."""

CODE_SECONDS: Final = 120.0
"""How long the page may take to send the code."""

MOST_OF_ADDRESS: Final = 500
MOST: Final = 4000
"""Sign-ons that are under way, some 3 KB each at most."""

CODE: Final = "sso."
"""How a code of a single sign-on begins."""

_NEXT = re.compile(r"/(?![/\\])[!-\[\]-~]{0,3000}")
"""A path and a query of this server, and no other server's."""


@attrs.frozen
class Place:
    """Where a browser is that begins to sign in.

    Args:
        origin: The origin of the page.
        home: The path that the page is below, with a slash at both ends.
        next: Where it wants to be: a path and a query below `home`, from its slash on.
        address: The address that it asks from.
        stays: Whether it is to stay signed in.
    """

    origin: str
    home: str
    next: str
    address: str
    stays: bool = False


class Outcome(msgspec.Struct, frozen=True):
    """How a single sign-on has ended.

    Args:
        account: Id of the account that is signed in to; empty: none.
        notice: A sentence for its person; empty: none.
        fault: Why nobody is signed in; `None`: somebody is.
        stays: Whether the browser is to stay signed in.
    """

    account: str = ""
    notice: str = ""
    fault: errors.Failure | None = None
    stays: bool = False


@attrs.frozen
class Attempt:
    """A single sign-on that is under way.

    Args:
        question: What the browser takes along; its state is the id.
        place: Where it began.
        cookie: The digest of what the browser keeps.
        until: When it ends, seconds of the clock.
    """

    question: Question
    place: Place
    cookie: bytes
    until: float

    @property
    def way_back(self) -> str:
        """The path to lead the browser to, from the root of the host on."""
        where = self.place.next if _NEXT.fullmatch(self.place.next) else "/"
        path = self.place.home + where[1:]
        return path if _NEXT.fullmatch(path) else "/"


class _Finished(msgspec.Struct, frozen=True):
    attempt: Attempt
    code: bytes
    outcome: Outcome
    until: float


@attrs.define(eq=False)
class SsoAttempts:
    """The single sign-ons that are under way on one server.

    Args:
        seconds: A monotonic clock.
        new_secret: 256 new random bits as text.
    """

    seconds: Callable[[], float]
    new_secret: Callable[[], str]
    _begun: dict[str, Attempt] = attrs.field(factory=dict)
    _finished: dict[str, _Finished] = attrs.field(factory=dict)
    """Both by the id; the oldest first."""

    def begin(self, place: Place) -> tuple[Attempt, str]:
        """Begins one; returns it, and the cookie for the browser.

        Args:
            place: Where the browser is.
        """
        self._forget()
        theirs = [state for state, one in self._begun.items() if one.place.address == place.address]
        if len(theirs) >= MOST_OF_ADDRESS:
            del self._begun[theirs[0]]
        elif len(self._begun) >= MOST:
            del self._begun[next(iter(self._begun))]
        state, cookie = self.new_secret(), self.new_secret()
        question = Question(f"{place.origin}{place.home}sso/callback", state, self.new_secret(), self.new_secret())
        attempt = Attempt(question, place, digest(cookie), self.seconds() + ATTEMPT_SECONDS)
        self._begun[state] = attempt
        return attempt, cookie

    def _forget(self) -> None:
        """Forgets what has taken too long."""
        now = self.seconds()
        self._begun = {state: one for state, one in self._begun.items() if now < one.until}
        self._finished = {state: one for state, one in self._finished.items() if now < one.until}

    def use(self, state: str, cookies: Iterable[str]) -> Attempt | None:
        """The sign-on that a browser comes back from, which is used up; `None`: it has not begun here, has ended, or was used.

        Args:
            state: Its id.
            cookies: The values of the cookies of that id.
        """
        self._forget()
        attempt = self._begun.get(state)
        if attempt is None or not _is_of(attempt, cookies):
            return None
        del self._begun[state]
        return attempt

    def finish(self, attempt: Attempt, outcome: Outcome) -> str:
        """Keeps how a sign-on has ended until the page asks; returns the code for that.

        Args:
            attempt: The sign-on, after `use`.
            outcome: How it has ended.
        """
        secret, state = self.new_secret(), attempt.question.state
        while len(self._finished) >= MOST:
            del self._finished[next(iter(self._finished))]
        self._finished[state] = _Finished(attempt, digest(secret), outcome, self.seconds() + CODE_SECONDS)
        return f"{CODE}{state}.{secret}"

    def end(self, code: str, cookies: Iterable[str]) -> Outcome | None:
        """How the sign-on of a code has ended; the code is used up. `None`: there is none, or it is another browser's.

        Args:
            code: The code.
            cookies: The values of the cookies of its id.
        """
        self._forget()
        state, _, secret = code.removeprefix(CODE).partition(".")
        found = self._finished.get(state)
        if found is None or not _is_of(found.attempt, cookies) or not hmac.compare_digest(found.code, digest(secret)):
            return None
        del self._finished[state]
        return found.outcome


def state_of(code: str) -> str:
    """The id in a code, after which the cookie is named."""
    return code.removeprefix(CODE).partition(".")[0]


def _is_of(attempt: Attempt, cookies: Iterable[str]) -> bool:
    return any(hmac.compare_digest(attempt.cookie, digest(cookie)) for cookie in cookies)
