"""Single sign-on: two addresses below `/sso`, one for the page and one for a browser that comes back from the identity provider.

    page ── POST /sso/begin {"next": "/s/abc", "stay": false} ──► 200 {"url"} and the cookie of the sign-on ──► the provider's sign-in
         ──302──► GET /sso/callback?code=C&state=ID ──303──► /s/abc#code=CODE ──► POST /login {"code": CODE} (webipy.io.web.sign_in)

The page begins, as only it knows the address that people have opened, behind whatever proxies: its `Origin` is one of ours, exactly, and with the
path that it is below it makes the address of return. So no other site's page begins a sign-on, either. The cookie is one for the way back from
another site (`SameSite=Lax`), for ten minutes; all its names are those of our other cookies, with the id of the sign-on behind.

A failure leads to the page, too, which asks by the code why, and says it: no text comes from the address. So nothing goes round in circles, and
nobody makes our page say what they like.

Source: RFC 6749, section 4.1.2; RFC 9207.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.resource import IResource, Resource
from twisted.web.server import NOT_DONE_YET, Request

from webipy.core import errors
from webipy.io.web.request_auth import RequestAuth, attempt_cookies
from webipy.io.web.requests import JsonPost, PageRequest
from webipy.server.people.single_sign_on import SingleSignOn
from webipy.server.people.sso_attempts import ATTEMPT_SECONDS, CODE, Place
from webipy.server.ports.identity_provider import Answer

MOST_CHARACTERS: Final = 8192
"""Of a code or an error that a browser brings."""

_STATE: Final = re.compile(r"[A-Za-z0-9_-]{8,100}")


class _Form(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `POST /sso/begin`."""

    next: str = "/"
    stay: bool = False


def sso_resource(sso: SingleSignOn, auth: RequestAuth) -> Resource:
    """What stands at `/sso`.

    Args:
        sso: The single sign-on.
        auth: Knows under which origins and paths our addresses are.
    """
    found = _Nothing()
    found.putChild(b"begin", Begin(sso, auth))
    found.putChild(b"callback", Callback(sso, auth))
    return found


class _Nothing(Resource):
    """What takes no method."""

    def getChild(self, path: bytes, request: Request) -> IResource:
        """Nothing else is below."""
        return _Nothing()


class Begin(JsonPost):
    """`/sso/begin`: where a browser signs in at the provider."""

    def __init__(self, sso: SingleSignOn, auth: RequestAuth) -> None:
        super().__init__(auth)
        self._sso = sso

    async def answer(self, request: PageRequest, body: bytes) -> None:
        """200 with the address, and the cookie of the sign-on.

        Args:
            request: The request.
            body: `{"next": "/s/abc", "stay": false}`: where to go afterwards, and whether the browser is to stay signed in.

        Raises:
            errors.InvalidParams: It is none.
            errors.InvalidRequest: No page sends it.
            errors.IdentityProviderFault: The provider does not answer.
        """
        try:
            wanted = msgspec.json.decode(body, type=_Form)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
            raise errors.InvalidParams(f'Send {{"next": "/"}}: {fault}.', field="next") from None
        origin = request.header("origin")
        if origin is None:
            raise errors.InvalidRequest("Only a page in a browser begins this; commands sign in with: webipy login URL")
        home = self._auth.home_of(request.header)
        gone: list[Failure] = []
        request.notifyFinish().addErrback(gone.append)
        place = Place(origin, home, wanted.next, request.address(self._auth), wanted.stay)
        address, attempt, cookie = await self._sso.begin(place)
        if gone:
            return
        line = self._auth.attempt_cookie(request.header, attempt.question.state, cookie, int(ATTEMPT_SECONDS))
        request.responseHeaders.addRawHeader(b"Set-Cookie", line.encode())
        raw = msgspec.json.encode({"url": address})
        request.setHeader(b"Content-Type", b"application/json")
        request.setHeader(b"Content-Length", str(len(raw)).encode())
        request.write(raw)
        request.finish()


class Callback(Resource):
    """`/sso/callback`: a browser comes back from the provider."""

    isLeaf = True
    _log = Logger()

    def __init__(self, sso: SingleSignOn, auth: RequestAuth) -> None:
        super().__init__()
        self._sso, self._auth = sso, auth

    def render_GET(self, request: PageRequest) -> int:
        """303 to the page, with a code by which it asks how that has ended."""
        gone: list[Failure] = []
        request.notifyFinish().addErrback(gone.append)
        answered = Deferred.fromCoroutine(self._answer(request, gone))
        answered.addErrback(self._failed, request, gone)
        return NOT_DONE_YET

    async def _answer(self, request: PageRequest, gone: list[Failure]) -> None:
        state = _argument(request, b"state") or ""
        is_state = _STATE.fullmatch(state) is not None
        cookies = attempt_cookies(self._auth, request.header, state) if is_state else ()
        answer = Answer(
            _argument(request, b"code") or "", _argument(request, b"iss"), _argument(request, b"error") or ""
        )
        way_back, code = await self._sso.come_back(state, cookies, answer, request.address(self._auth))
        if not gone:
            _lead(request, f"{way_back or self._auth.path_of(request.header)}#code={code}")

    def _failed(self, failure: Failure, request: PageRequest, gone: list[Failure]) -> None:
        self._log.failure("a single sign-on failed", failure)
        if not gone:
            _lead(request, f"{self._auth.path_of(request.header)}#code={CODE}failed")


def _argument(request: Request, name: bytes) -> str | None:
    """What a browser brings under a name, once; what it brings twice is nothing (RFC 6749, section 3.1)."""
    found = (request.args or {}).get(name, [])
    if len(found) != 1 or len(found[0]) > MOST_CHARACTERS:
        return None
    return str(found[0].decode("utf-8", "replace"))


def _lead(request: Request, address: str) -> None:
    request.setResponseCode(303)
    request.setHeader(b"Location", address.encode())
    request.setHeader(b"Content-Length", b"0")
    request.finish()
