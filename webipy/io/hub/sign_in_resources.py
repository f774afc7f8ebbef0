"""Signing in at a hub: two addresses that a browser goes through; and signing out, which goes on there.

    page, 401 ──► GET /oauth_login?next=/s/abc ──302──► the hub's sign-in ──302──► GET /oauth_callback?code=C&state=ID
                                                                                       │ C for a token, whose it is, whether they may
                  POST /login {"code"} ◄── the page, #code=ID.ONE-TIME-CODE ◄──302─────┘

The browser's cookie of the attempt goes along all the way (webipy.server.people.hub_attempts), and the last step makes the two secrets of any login
(webipy.io.web.sign_in). Who may not is told so, in a page of words; a failure leads to no other address, so that nothing goes round in circles.

Source: RFC 6749, section 4.1; JupyterHub, "OAuth in JupyterHub".
"""

from __future__ import annotations

from html import escape
from urllib.parse import quote, urlencode

import msgspec
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.resource import IResource, Resource
from twisted.web.server import NOT_DONE_YET, Request

from webipy.core import errors
from webipy.io.hub.environment import HubEnvironment
from webipy.io.web.request_auth import RequestAuth, cookies_of
from webipy.io.web.requests import PageRequest, status_of
from webipy.io.web.site import Logout
from webipy.server.people.hub_attempts import ATTEMPT_SECONDS, COOKIE, ID, HubAttempts
from webipy.server.people.hub_logins import HubLogins
from webipy.server.ports.hub import Hub


class SignIn(msgspec.Struct, frozen=True):
    """What both addresses need.

    Args:
        hub: The hub.
        environment: What it says of itself.
        logins: The logins that it answers for.
        attempts: The sign-ins that are under way.
        auth: Knows under which path our addresses are.
    """

    hub: Hub
    environment: HubEnvironment
    logins: HubLogins
    attempts: HubAttempts
    auth: RequestAuth

    def resources(self) -> dict[bytes, IResource]:
        """The resources, by the first part of their paths."""
        out = HubLogout(self.auth, self.environment.place.sign_out)
        return {b"oauth_login": _Begin(self), b"oauth_callback": _Callback(self), b"logout": out}


def _argument(request: Request, name: bytes) -> str:
    found = (request.args or {}).get(name)
    return found[0].decode("utf-8", "replace") if found else ""


def lead(request: Request, address: str) -> None:
    """Leads a browser to another address.

    Args:
        request: Whose answer it is.
        address: The address.
    """
    request.setResponseCode(302)
    request.setHeader(b"Location", address.encode())
    request.setHeader(b"Content-Length", b"0")
    request.finish()


class _Begin(Resource):
    """`/oauth_login`: leads to the hub."""

    isLeaf = True

    def __init__(self, sign_in: SignIn) -> None:
        super().__init__()
        self._sign_in = sign_in

    def render_GET(self, request: PageRequest) -> int:
        """302 to the hub, with a cookie of the attempt. It comes back from another site, so the cookie is not a strict one."""
        one, hub = self._sign_in, self._sign_in.environment
        begun = one.attempts.begin(_argument(request, b"next") or "/")
        is_secure = _is_https(request) or (hub.public is not None and hub.public.scheme == "https")
        line = f"{COOKIE}{begun.id}={begun.cookie}; Path={one.auth.below.path}; HttpOnly; SameSite=Lax; Max-Age={ATTEMPT_SECONDS}"
        request.responseHeaders.addRawHeader(b"Set-Cookie", f"{line}{'; Secure' if is_secure else ''}".encode())
        asked = {
            "client_id": hub.client,
            "redirect_uri": hub.callback,
            "response_type": "code",
            "state": begun.id,
            "code_challenge": begun.challenge,
            "code_challenge_method": "S256",
        }
        lead(request, f"{hub.place.authorize}?{urlencode(asked)}")
        return NOT_DONE_YET


def _is_https(request: PageRequest) -> bool:
    """Whether the proxy says that the browser speaks https; that makes a cookie safer and nothing else."""
    return (request.header("x-forwarded-proto") or "").partition(",")[0].strip() == "https"


class _Callback(Resource):
    """`/oauth_callback`: a browser comes back from the hub."""

    isLeaf = True
    _log = Logger()

    def __init__(self, sign_in: SignIn) -> None:
        super().__init__()
        self._sign_in = sign_in

    def render_GET(self, request: PageRequest) -> int:
        """302 to the page with a one-time code; 401, 403 and 503 with a page of words."""
        gone: list[Failure] = []
        request.notifyFinish().addErrback(gone.append)
        answered = Deferred.fromCoroutine(self._answer(request, gone))
        answered.addErrback(self._failed, request, gone)
        return NOT_DONE_YET

    async def _answer(self, request: PageRequest, gone: list[Failure]) -> None:
        one, attempt = self._sign_in, _argument(request, b"state")
        if ID.fullmatch(attempt) is None:
            raise errors.NotAuthenticated("The hub came back without what it was given. Begin again.")
        returned = one.attempts.read(attempt, cookies_of(request.header("cookie"), (COOKIE + attempt,)))
        objection = _argument(request, b"error_description") or _argument(request, b"error")
        if objection:
            raise errors.NotPermitted(f"The hub does not let you in here: {objection[:200]}")
        token = await one.hub.token_of(_argument(request, b"code"), returned.verifier)
        code = await one.logins.grant(token, returned.cookie)
        if not gone:
            lead(request, f"{one.auth.below.path}{self._next(returned.next)[1:]}#code={attempt}.{code}")

    def _next(self, wanted: str) -> str:
        """Where to go: our page takes the code, and leads on to the first page that the hub names."""
        first = self._sign_in.environment.default
        return f"/?then={quote(first, safe='')}" if wanted == "/" and first != "/" else wanted

    def _failed(self, failure: Failure, request: PageRequest, gone: list[Failure]) -> None:
        fault = failure.value
        if not isinstance(fault, errors.Failure):
            self._log.failure("a sign-in at the hub failed", failure)
            fault = errors.InternalError("The server made a mistake; its log has more.")
        if not gone:
            _say(request, status_of(fault), fault.message, self._sign_in.auth.below.path)


class HubLogout(Logout):
    """`/logout`, also for JupyterLab's menu, which goes there.

    Args:
        auth: Knows who sends a request.
        sign_out: The address where a browser signs out of the hub, with which the login here ends.
    """

    def __init__(self, auth: RequestAuth, sign_out: str) -> None:
        super().__init__(auth)
        self._sign_out = sign_out

    def render_GET(self, request: PageRequest) -> int:
        """302 to the hub: a cookie alone ends nothing here."""
        lead(request, self._sign_out)
        return NOT_DONE_YET


def _say(request: PageRequest, status: int, message: str, path: str) -> None:
    """Ends a request with a page of words, and the way back to the page."""
    again = f'<p><a href="{escape(path)}">Begin again</a></p>' if status != 403 else ""
    body = f"<!doctype html><meta charset=utf-8><title>webipy</title><h1>You are not signed in</h1><p>{escape(message)}</p>{again}"
    raw = body.encode()
    request.setResponseCode(status)
    request.setHeader(b"Content-Type", b"text/html; charset=utf-8")
    request.setHeader(b"Content-Length", str(len(raw)).encode())
    request.write(raw)
    request.finish()
