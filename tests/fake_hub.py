"""A small hub: what of a JupyterHub's API the server of a user needs, in one resource of twisted.web.

In the process of a test it is the port `Hub` itself, and a site for the real client of HTTP. As a program, `python -m tests.fake_hub`, it prints its
port and is told by `POST /control` who sits in front of the browser and which tokens end; `GET /control` says what it was told of activity.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import Any
from urllib.parse import urlencode

import attrs
from twisted.internet.defer import Deferred, fail, succeed
from twisted.web.resource import Resource
from twisted.web.server import Request, Site

from webipy.core import errors
from webipy.server.ports.hub import HubUser

SERVER_TOKEN = "server-token-at-the-hub"
CLIENT = "jupyterhub-user-ada"
PREFIX = "/user/ada/"
ACCESS = ["access:servers!server=ada/", "access:servers!user=ada"]
FULL = frozenset((ACCESS[0], "read:users:name!user=ada"))


@attrs.define
class Person:
    """Somebody who has a token."""

    name: str = "ada"
    scopes: frozenset[str] = FULL


class FakeHub(Resource):
    """The hub: see the module."""

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.tokens: dict[str, Person] = {"ada-token": Person(), SERVER_TOKEN: Person()}
        self.visitor = Person()
        """Who sits in front of the browser."""
        self.codes: dict[str, tuple[str, str]] = {}
        """Challenge and address of return, by code."""
        self.activity: list[Any] = []
        self.asked: list[str] = []
        """The tokens that it was asked about."""
        self.is_down = False
        self.status = 200
        self.body: bytes | None = None

    # ---- the port

    def user_of(self, token: str) -> Deferred[HubUser | None]:
        """Whose a token is."""
        if self.is_down:
            return fail(errors.HubUnreachable("The hub cannot be reached."))
        self.asked.append(token)
        found = self.tokens.get(token)
        return succeed(None if found is None else HubUser(found.name, found.scopes))

    def token_of(self, code: str, verifier: str) -> Deferred[str]:
        """The token for a code."""
        if self.is_down:
            return fail(errors.HubUnreachable("The hub cannot be reached."))
        challenge, _ = self.codes.pop(code, ("", ""))
        if challenge != challenge_of(verifier):
            return fail(errors.NotAuthenticated("The hub does not take the code."))
        return succeed(self.new_token())

    def new_code(self, challenge: str, redirect: str = PREFIX + "oauth_callback") -> str:
        """A code, as the sign-in gives it to a browser."""
        code = secrets.token_urlsafe(8)
        self.codes[code] = (challenge, redirect)
        return code

    def new_token(self) -> str:
        """A token of the visitor."""
        token = secrets.token_urlsafe(8)
        self.tokens[token] = self.visitor
        return token

    # ---- HTTP

    def render(self, request: Request) -> bytes:
        """Answers whatever is asked."""
        request.setHeader(b"Content-Type", b"application/json")
        request.setHeader(b"X-JupyterHub-Version", b"6.0.0")
        if self.status != 200:
            request.setResponseCode(self.status)
            return b"{}"
        if self.body is not None:
            return self.body
        path = request.path.decode()
        if path == "/hub/api":
            return b'{"version": "6.1.1"}'
        if path == "/hub/api/user":
            return self._user(request)
        if path == "/hub/api/oauth2/authorize":
            return self._authorize(request)
        if path == "/hub/api/oauth2/token":
            return self._token(request)
        if path.endswith("/activity"):
            return self._activity(request)
        if path == "/control":
            return self._control(request)
        request.setResponseCode(404)
        return b"{}"

    def _bearer(self, request: Request) -> str:
        header = request.requestHeaders.getRawHeaders(b"authorization", [b""])[0].decode()
        return str(header.removeprefix("token "))

    def _user(self, request: Request) -> bytes:
        token = self._bearer(request)
        self.asked.append(token)
        found = self.tokens.get(token)
        if found is None:
            request.setResponseCode(403)
            return b'{"status": 403, "message": "Missing or invalid credentials."}'
        return json.dumps({"kind": "user", "name": found.name, "admin": False, "scopes": sorted(found.scopes)}).encode()

    def _authorize(self, request: Request) -> bytes:
        given = {name.decode(): values[0].decode() for name, values in (request.args or {}).items()}
        assert given["client_id"] == CLIENT and given["response_type"] == "code", given
        assert given["code_challenge_method"] == "S256", given
        code = self.new_code(given["code_challenge"], given["redirect_uri"])
        request.setResponseCode(302)
        back = urlencode({"code": code, "state": given["state"]})
        request.setHeader(b"Location", f"{given['redirect_uri']}?{back}".encode())
        return b""

    def _token(self, request: Request) -> bytes:
        given = {name.decode(): values[0].decode() for name, values in (request.args or {}).items()}
        challenge, redirect = self.codes.pop(given.get("code", ""), ("", ""))
        is_right = (
            given.get("client_secret") == SERVER_TOKEN
            and given.get("client_id") == CLIENT
            and given.get("grant_type") == "authorization_code"
            and given.get("redirect_uri") == redirect
            and challenge == challenge_of(given.get("code_verifier", ""))
        )
        if not is_right:
            request.setResponseCode(400)
            return b'{"error": "invalid_grant", "error_description": "The code is not right."}'
        return json.dumps({"access_token": self.new_token(), "token_type": "Bearer"}).encode()

    def _activity(self, request: Request) -> bytes:
        if self._bearer(request) != SERVER_TOKEN:
            request.setResponseCode(403)
            return b"{}"
        assert request.content is not None
        self.activity.append(json.loads(request.content.read()))
        return b""

    def _control(self, request: Request) -> bytes:
        if request.method == b"POST":
            assert request.content is not None
            told = json.loads(request.content.read())
            for token in told.get("end", []):
                self.tokens.pop(token, None)
            if "visitor" in told:
                self.visitor = Person(told["visitor"]["name"], frozenset(told["visitor"]["scopes"]))
            if told.get("sign_out"):
                self.tokens = {SERVER_TOKEN: Person()}
        return json.dumps({"activity": self.activity, "asked": len(self.asked)}).encode()


def challenge_of(verifier: str) -> str:
    """What the hub compares a verifier with (RFC 7636, section 4.6)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def environment(api: str, port: int = 0) -> dict[str, str]:
    """What the hub says to the server of ada.

    Args:
        api: The address of the hub's API.
        port: Where the server listens; 0 for a free one.
    """
    return {
        "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{port}{PREFIX}",
        "JUPYTERHUB_SERVICE_PREFIX": PREFIX,
        "JUPYTERHUB_API_URL": api,
        "JUPYTERHUB_API_TOKEN": SERVER_TOKEN,
        "JPY_API_TOKEN": SERVER_TOKEN,
        "JUPYTERHUB_CLIENT_ID": CLIENT,
        "JUPYTERHUB_OAUTH_CALLBACK_URL": PREFIX + "oauth_callback",
        "JUPYTERHUB_OAUTH_ACCESS_SCOPES": json.dumps(ACCESS),
        "JUPYTERHUB_OAUTH_SCOPES": json.dumps(ACCESS),
        "JUPYTERHUB_USER": "ada",
        "JUPYTERHUB_SERVER_NAME": "",
        "JUPYTERHUB_HOST": "",
        "JUPYTERHUB_BASE_URL": "/",
        "JUPYTERHUB_ACTIVITY_URL": api + "/users/ada/activity",
        "JUPYTERHUB_ACTIVITY_INTERVAL": "1",
    }


def main() -> None:
    """Runs the hub as a program."""
    from twisted.internet import reactor

    running: Any = reactor
    print(running.listenTCP(0, Site(FakeHub()), interface="127.0.0.1").getHost().port, flush=True)
    running.run()


if __name__ == "__main__":
    main()
