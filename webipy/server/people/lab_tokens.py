"""Lab tokens: what a page of JupyterLab shows in place of the key of its login.

::

    page of JupyterLab, asked for with cookie and key ──► make ──► its configuration ──► Authorization, ?token=, ?_xsrf=  with the cookie

JupyterLab knows nothing of keys: it sends one token with all that it asks. It is given a token of its own. A lab token belongs to one login, counts
only together with the cookie of that login, as the key does, and no longer than the login. It ends when it was not used for `LAB_TOKEN_DAYS`; a
page that is open uses its token every few seconds. Where the browser itself fetches something (a picture, a download) the token may stand in the
address, for reading.

Invariants: only SHA-256 digests are kept; they outlive the server, so that a page goes on after a restart; a token is kept before it is shown. At
most `MOST_OF_LOGIN` of one login count: those that were used last.

Rejected: the key of the login itself as the token (it would stand in addresses); the server's token (it counts without a cookie, from everywhere);
a cookie that scripts can read, as Jupyter has one (every port of the host would be sent both halves of the login).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from hashlib import sha256
from typing import Final, Protocol

import attrs
from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from webipy.core.timestamps import seconds_between

LAB_TOKEN_DAYS: Final = 3
"""How long a token counts that is not used: a weekend."""

NOTED_SECONDS: Final = 3600.0
"""The use of a token is written down at most so often."""

MOST_OF_LOGIN: Final = 100
"""Pages of one login whose tokens count."""


@attrs.define(frozen=True, slots=True)
class LabToken:
    """What is kept of a token.

    Args:
        digest: SHA-256 of the token, in hexadecimal.
        login: Id of the login.
        used: When it was used last, RFC 3339 UTC with microseconds.
    """

    digest: str
    login: str
    used: str


class LabTokenStore(Protocol):
    """Where lab tokens are kept."""

    def load(self) -> Deferred[list[LabToken]]:
        """All that were kept."""

    def keep(self, tokens: list[LabToken]) -> Deferred[None]:
        """Keeps these, in place of those before."""


class NoStore:
    """Keeps nothing: the tokens end with the server."""

    def load(self) -> Deferred[list[LabToken]]:
        """Nothing."""
        return succeed([])

    def keep(self, tokens: list[LabToken]) -> Deferred[None]:
        """Does nothing."""
        return succeed(None)


@attrs.define(eq=False)
class LabTokens:
    """The lab tokens of one server.

    Args:
        store: Where they are kept.
        now: The time, RFC 3339 UTC with microseconds.
        new_secret: 256 new random bits as text.
    """

    store: LabTokenStore
    now: Callable[[], str]
    new_secret: Callable[[], str]
    _tokens: dict[str, LabToken] = attrs.field(factory=dict)
    _log = Logger()

    async def load(self, logins: Collection[str]) -> None:
        """Reads the tokens that outlived the server.

        Args:
            logins: The ids of the logins that there are.
        """
        self._tokens = {one.digest: one for one in await self.store.load() if one.login in logins}

    async def make(self, login: str) -> str:
        """A new token.

        Args:
            login: Id of the login that it is for.

        Returns:
            The token: hexadecimal.
        """
        token = sha256(self.new_secret().encode()).hexdigest()
        made = LabToken(_digest(token), login, self.now())
        self._tokens[made.digest] = made
        self._drop(one for one in self._tokens.values() if self._is_over(one))
        ours = sorted((one for one in self._tokens.values() if one.login == login), key=lambda one: one.used)
        self._drop(ours[:-MOST_OF_LOGIN])
        await self._keep()
        return token

    def is_valid(self, token: str, login: str) -> bool:
        """Whether a token counts for a login; it was used now.

        Args:
            token: As the client sent it.
            login: Id of the login whose cookie the request has.
        """
        found = self._tokens.get(_digest(token))
        if found is None or found.login != login or self._is_over(found):
            return False
        if seconds_between(found.used, now := self.now()) >= NOTED_SECONDS:
            self._tokens[found.digest] = attrs.evolve(found, used=now)
            self._keep_soon()
        return True

    def is_known(self, token: str) -> bool:
        """Whether it is a lab token, of whatever login."""
        return _digest(token) in self._tokens

    def end(self, login: str) -> None:
        """Ends all tokens of a login."""
        if self._drop(one for one in self._tokens.values() if one.login == login):
            self._keep_soon()

    def _is_over(self, token: LabToken) -> bool:
        return seconds_between(token.used, self.now()) > LAB_TOKEN_DAYS * 86_400

    def _drop(self, tokens: Iterable[LabToken]) -> bool:
        dropped = [self._tokens.pop(one.digest) for one in list(tokens)]
        return bool(dropped)

    def _keep(self) -> Deferred[None]:
        return self.store.keep(list(self._tokens.values()))

    def _keep_soon(self) -> None:
        self._keep().addErrback(lambda failure: self._log.failure("lab tokens could not be written down", failure))


def _digest(token: str) -> str:
    return sha256(token.encode("utf-8", "replace")).hexdigest()
