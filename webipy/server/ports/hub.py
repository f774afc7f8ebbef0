"""The port to a JupyterHub: whose a token is, and the token for the code that a browser brings back."""

from __future__ import annotations

from typing import Protocol

import msgspec
from twisted.internet.defer import Deferred


class HubPlace(msgspec.Struct, frozen=True):
    """Where people find a hub, and whose server this one is there.

    Args:
        user: The name of whom the server belongs to.
        server: Which one of their servers it is; empty for the one without a name.
        host: The origin of the hub; empty where it is that of the server.
        path: The path of the hub's own pages, with a slash at its end.
    """

    user: str
    server: str = ""
    host: str = ""
    path: str = "/hub/"

    @property
    def home(self) -> str:
        """The address of the page where people start and stop their servers."""
        return f"{self.host}{self.path}home"

    @property
    def sign_out(self) -> str:
        """The address where a browser signs out of the hub."""
        return f"{self.host}{self.path}logout"

    @property
    def authorize(self) -> str:
        """The address of the hub's sign-in."""
        return f"{self.host}{self.path}api/oauth2/authorize"


class HubUser(msgspec.Struct, frozen=True):
    """Whom a token of the hub belongs to.

    Args:
        name: The name of the user, or of the service, at the hub.
        scopes: What the token may do, with all that follows expanded.
    """

    name: str
    scopes: frozenset[str]


class Hub(Protocol):
    """Answers for the people of a hub."""

    def user_of(self, token: str) -> Deferred[HubUser | None]:
        """Whose a token is.

        Args:
            token: The token: visible ASCII.

        Returns:
            Its user; `None` when it is no token of the hub, or no longer.

        Raises:
            errors.HubUnreachable: The hub does not say; the Deferred fails with it.
        """

    def token_of(self, code: str, verifier: str) -> Deferred[str]:
        """The token for a code that the hub gave to a browser; a code counts once.

        Args:
            code: The code.
            verifier: The secret whose digest the browser brought there (RFC 7636).

        Raises:
            errors.NotAuthenticated: The hub does not take the code; the Deferred fails with it.
            errors.HubUnreachable: The hub does not answer; likewise.
        """
