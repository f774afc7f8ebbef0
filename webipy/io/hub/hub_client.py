"""Asks a JupyterHub: whose a token is, for the token of a code, and says that somebody works here.

Each question is one HTTP request with `ANSWER_SECONDS` for the whole answer. What the hub says of a token is read by its status: 403 and 401 mean
that it is none; all else but 200, no answer, or one that cannot be read, means that the hub does not say (errors.HubUnreachable). No token is in a
log or a message.

Source: JupyterHub REST API, `GET /user`, `POST /oauth2/token`, `POST /users/{name}/activity`; RFC 6749, section 4.1.3.
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from twisted.internet.defer import Deferred

from webipy.core import errors
from webipy.io.http_client import HttpClient, NoAnswer
from webipy.io.hub.environment import HubEnvironment
from webipy.io.reactor import Reactor
from webipy.server.ports.hub import HubUser

_VERSION: Final = re.compile(r"[0-9A-Za-z.+-]{1,40}")
ANSWER_SECONDS: Final = 10.0


class _User(msgspec.Struct):
    name: str
    scopes: list[str] = []


class _Token(msgspec.Struct):
    access_token: str


class _Refusal(msgspec.Struct):
    error: str = ""
    error_description: str = ""


class _Version(msgspec.Struct):
    version: str = ""


class HubClient:
    """See `webipy.server.ports.hub.Hub`.

    Args:
        hub: What the hub says of itself and of this server.
        reactor: Twisted's.
    """

    def __init__(self, hub: HubEnvironment, reactor: Reactor) -> None:
        self._hub = hub
        self._client = HttpClient(reactor, ANSWER_SECONDS)

    async def version(self) -> str:
        """The version of the hub; empty when it does not say.

        Raises:
            errors.HubUnreachable: It does not answer.
        """
        status, body = await self._ask("GET", self._hub.api, self._hub.token)
        if status != 200:
            raise self._odd(status)
        found: str = self._read(body, _Version).version
        return found if _VERSION.fullmatch(found) else ""

    def user_of(self, token: str) -> Deferred[HubUser | None]:
        """Whose a token is; see the port."""
        return Deferred.fromCoroutine(self._user_of(token))

    async def _user_of(self, token: str) -> HubUser | None:
        status, body = await self._ask("GET", f"{self._hub.api}/user", token)
        if status in (401, 403):
            return None
        if status != 200:
            raise self._odd(status)
        found = self._read(body, _User)
        return HubUser(found.name, frozenset(found.scopes))

    def token_of(self, code: str, verifier: str) -> Deferred[str]:
        """The token for a code; see the port.

        Args:
            code: The code.
            verifier: The secret whose digest the browser brought there.
        """
        return Deferred.fromCoroutine(self._token_of(code, verifier))

    async def _token_of(self, code: str, verifier: str) -> str:
        form = {
            "client_id": self._hub.client,
            "client_secret": self._hub.token,
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._hub.callback,
            "code_verifier": verifier,
        }
        status, body = await self._ask("POST", f"{self._hub.api}/oauth2/token", self._hub.token, urlencode(form), _FORM)
        if 400 <= status < 500:
            try:
                why = msgspec.json.decode(body, type=_Refusal)
            except (msgspec.DecodeError, UnicodeDecodeError):
                why = _Refusal()
            reason = (why.error_description or why.error or f"status {status}")[:200]
            raise errors.NotAuthenticated(f"The hub does not take the sign-in that it began: {reason}. Begin again.")
        if status != 200:
            raise self._odd(status)
        token: str = self._read(body, _Token).access_token
        return token

    async def report(self, at: str) -> None:
        """Says that somebody worked here last at a moment.

        Args:
            at: The moment, RFC 3339 in UTC.

        Raises:
            errors.HubUnreachable: The hub does not take it.
        """
        report = {"servers": {self._hub.place.server: {"last_activity": at}}, "last_activity": at}
        body = msgspec.json.encode(report).decode()
        status, _ = await self._ask("POST", self._hub.activity, self._hub.token, body, "application/json")
        if status >= 300:
            raise self._odd(status)

    async def _ask(self, method: str, url: str, token: str, body: str = "", kind: str = "") -> tuple[int, bytes]:
        headers = {"Authorization": f"token {token}", "Accept": "application/json"}
        if body:
            headers["Content-Type"] = kind
        try:
            answer = await self._client.ask(method, url, headers, body.encode() or None)
        except NoAnswer as fault:
            raise errors.HubUnreachable(f"The hub at {self._hub.api} cannot be reached: {fault.reason}.") from None
        return answer.status, answer.body

    def _odd(self, status: int) -> errors.HubUnreachable:
        return errors.HubUnreachable(f"The hub at {self._hub.api} answers with status {status}; its log says why.")

    def _read(self, body: bytes, kind: type[Any]) -> Any:
        try:
            return msgspec.json.decode(body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise errors.HubUnreachable(
                f"What answers at {self._hub.api} is no JupyterHub that webipy knows: 2.0 or newer is needed."
            ) from None


_FORM: Final = "application/x-www-form-urlencoded"
