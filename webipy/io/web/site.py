"""The twisted.web tree: the page, its files, sign-in, `/rpc` by POST and WebSocket, `/healthz`.

Every request has passed `PageRequest` (webipy.io.web.requests) before it is routed: there the base URL is taken away, and what is outside of it is refused,
so that all here and in the API is written as if it were `/`. Who sends it is asked of `RequestAuth`; what it may do is decided in the method table
alone. The page gets the way from its own address to the base URL (`../`), and so holds behind any proxy, whatever that takes away.

    GET  /  /s/<session>       the page (static/index.html with the nonce of this response); a person at a wrong address gets it, too
    GET  /static/<file>        its files: names carry a hash, so they are kept for a year
    GET  /push-worker.js       the service worker that shows what comes by Web Push
    GET  /frame                the document of sealed output frames: see webipy.io.web.frame_document
    POST /login  /logout       a login and its end: see webipy.io.web.sign_in
    POST /invitation           whom an invitation is for: see webipy.io.web.sign_in
    POST /share                what a link is for: see webipy.io.web.share_preview
    POST /rpc                  one call or a batch; WebSocket at the same place
    GET  /rpc/openrpc.json     the API, described
    GET  /healthz              200 while the server answers and can write
    GET  /metrics              numbers for Prometheus, for whoever runs the server
    GET  /exports/...          see webipy.io.web.exports_resource
    GET  /widgets/...          see webipy.io.web.widgets_resource
    GET  /files/...  PUT       see webipy.io.web.files_resource; a person who comes there without a ticket gets the page, which makes one

Source of the page's policy: CSP level 3; the sealed frame is described in docs/decisions.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.iweb import IRequest
from twisted.web.resource import IResource, Resource
from twisted.web.server import NOT_DONE_YET, Request

from webipy.core import errors
from webipy.core.api.token_scopes import Touched
from webipy.io.web.anonymous_connections import AnonymousConnections
from webipy.io.web.frame_document import Frame
from webipy.io.web.request_auth import RequestAuth
from webipy.io.web.metrics import Metrics
from webipy.io.web.requests import SERVICE_WORKER, JsonPost, PageRequest, PageSite, refuse, status_of
from webipy.io.web.paced_responses import send, send_file
from webipy.io.web.sign_in import form_of, invitation_for, note_sign_in, set_cookie, sign_in, sign_in_program
from webipy.server.methods.api import Api
from webipy.server.methods.method import Connection
from webipy.server.people.sso_attempts import CODE, state_of

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; style-src-attr 'none'; img-src 'self' data: blob:; "
    "media-src 'self' data: blob:; font-src 'self'; connect-src 'self'; frame-src 'self'; worker-src 'self'; manifest-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types webipy dompurify"
)
_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".woff": "font/woff",
    ".ttf": "font/ttf",
    ".map": "application/json",
    ".txt": "text/plain; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
}


def _taking(coding: bytes) -> re.Pattern[bytes]:
    """An Accept-Encoding that takes a coding (RFC 9110, section 12.5.3)."""
    return re.compile(rb"(?:^|,)\s*" + coding + rb"\s*(?:,|$|;(?!\s*q=0(?:\.0*)?\s*(?:,|$)))", re.IGNORECASE)


_CODINGS = (("br", ".br", _taking(b"br")), ("gzip", ".gz", _taking(b"gzip")))
"""What the build lays beside a file, the smaller first: name, ending, who takes it. Browsers take Brotli on TLS and on this machine alone."""


class Missing(Resource):
    """What is at every path where nothing is, and below: it takes no method."""

    isLeaf = True


class Branch(Resource):
    """A resource whose other children are `Missing`."""

    def getChild(self, path: bytes, request: IRequest) -> Resource:
        """Any child that is not there."""
        return Missing()


class Page(Branch):
    """The page: the same document for home and for every session."""

    def __init__(self, static: Path) -> None:
        super().__init__()
        self._index = static / "index.html"

    def getChild(self, path: bytes, request: IRequest) -> Resource:
        """`/` itself."""
        return self if path == b"" else Missing()

    def render_GET(self, request: Request) -> bytes:
        """index.html with the nonce of this answer, and the way from here to the base URL."""
        if not self._index.is_file():
            request.setResponseCode(503)
            request.setHeader(b"Content-Type", b"text/plain; charset=utf-8")
            return b"The page is not built in this checkout. Build it with: make serve (or pip install .)\n"
        nonce = secrets.token_urlsafe(16)
        request.setHeader(b"Content-Type", b"text/html; charset=utf-8")
        request.setHeader(b"Content-Security-Policy", PAGE_POLICY.format(nonce=nonce).encode())
        way = b"../" * (request.path.count(b"/") - 1) or b"./"
        return self._index.read_bytes().replace(b"{{nonce}}", nonce.encode()).replace(b"{{base}}", way)


class Nowhere(Branch):
    """A wrong address in a browser: the page explains it to people, and the status to everything else."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page = page

    def getChild(self, path: bytes, request: IRequest) -> Resource:
        """Nothing is below it either."""
        return self

    def render_GET(self, request: Request) -> bytes:
        """The page, with the status of what is not there."""
        request.setResponseCode(404)
        return self._page.render_GET(request)


class Root(Branch):
    """The top of the tree. At an address that is none, a browser gets the page, which explains it, and a program gets JSON."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._nowhere = Nowhere(page)
        self.putChild(b"", page)

    def getChild(self, path: bytes, request: IRequest) -> Resource:
        """What is not there, as whoever asks can read it."""
        assert isinstance(request, PageRequest)
        is_read = request.method in (b"GET", b"HEAD")
        return self._nowhere if is_read and "text/html" in (request.header("accept") or "") else Missing()


class NotebookPages(Branch):
    """`/n/<path of a notebook>`: the page again, which opens the notebook. Whether there is one is none of this address's business."""

    isLeaf = True

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page = page

    def render_GET(self, request: Request) -> bytes:
        """The page."""
        return self._page.render_GET(request)


class SessionPages(Branch):
    """`/s/<session>`: the page again; which session it is, the page reads off its address."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page = page

    def getChild(self, path: bytes, request: IRequest) -> Resource:
        """The page."""
        return self._page if path else Missing()


class Static(Resource):
    """The page's files: one folder, listed once, and again when webipy was upgraded under the running server: the page is that of the new files then.

    Pages of Jupyter have their favicons below the same name.
    """

    isLeaf = True

    def __init__(self, static: Path, favicons: IResource | None = None) -> None:
        super().__init__()
        self._static, self._favicons = static, favicons
        self._files: dict[str, Path] = {}
        self._changed = -1
        self._list()

    def _list(self) -> None:
        """Lists the folder, unless it is as it was."""
        changed = self._static.stat().st_mtime_ns if self._static.is_dir() else -1
        if changed != self._changed:
            paths = [path for path in self._static.rglob("*") if path.is_file()]
            self._files = {path.relative_to(self._static).as_posix(): path for path in paths}
            self._changed = changed

    def render_GET(self, request: Request) -> int:
        """A file by its exact name; names outside the list do not exist."""
        assert request.postpath is not None
        name = "/".join(part.decode("latin-1") for part in request.postpath)
        if self._favicons is not None and name.startswith("favicons/"):
            self._favicons.render(request)
            return NOT_DONE_YET
        if name not in self._files or not self._files[name].is_file():
            self._list()
        found = self._files.get(name)
        if found is None:
            refuse(request, 404, errors.NotFound("The page has no such file."))
            return NOT_DONE_YET
        accepts = b",".join(request.requestHeaders.getRawHeaders(b"accept-encoding") or [])
        request.setHeader(b"Content-Type", _TYPES.get(found.suffix, "application/octet-stream").encode())
        request.setHeader(b"Cache-Control", b"public, max-age=31536000, immutable")
        request.setHeader(
            b"Access-Control-Allow-Origin", b"*"
        )  # sealed frames have no origin; these files are no secret
        request.setHeader(b"Cross-Origin-Resource-Policy", b"cross-origin")
        for coding, ending, taken in _CODINGS:
            packed = self._files.get(name + ending)
            if packed is not None and taken.search(accepts) and packed.is_file():
                request.setHeader(b"Content-Encoding", coding.encode())
                request.setHeader(b"Vary", b"Accept-Encoding")
                found = packed
                break
        file = found.open("rb")  # closed when it is sent
        send_file(request, file, os.fstat(file.fileno()).st_size)
        return NOT_DONE_YET


class PushWorker(Resource):
    """The service worker of the page (web/src/worker). It stands at the base URL, so that it may show all pages, and answers none of their requests.

    Its name stays while its content changes, so browsers ask for it each time. Its policy, that of all that is no page, lets it load nothing.
    """

    isLeaf = True

    def __init__(self, static: Path) -> None:
        super().__init__()
        self._file = static / "push-worker.js"

    def render_GET(self, request: Request) -> int:
        """The script."""
        if request.postpath or not self._file.is_file():
            refuse(request, 404, errors.NotFound("The page has no such file."))
            return NOT_DONE_YET
        request.setHeader(b"Content-Type", _TYPES[".js"].encode())
        request.setHeader(b"Cache-Control", b"no-cache")
        send(request, self._file.read_bytes())
        return NOT_DONE_YET


class Login(JsonPost):
    """Exchanges a name and a password, a one-time code, the token, or the secret of a link and a name, for a login: see webipy.io.web.sign_in."""

    async def answer(self, request: PageRequest, body: bytes) -> None:
        """200 with the key and the cookie; 204 when this browser is signed in already.

        Args:
            request: The request.
            body: The form, JSON; see `LoginForm`.
        """
        request.let_go()
        form, address = form_of(body), request.address(self._auth)
        if form.host is not None:
            made = await sign_in_program(self._auth, form, address)
            note_sign_in(self._auth, form, address, token=made.token)
            _write_json(request, made)
            request.finish()
            return
        secrets = await sign_in(self._auth, form, request.header, address)
        if secrets is None:
            request.setResponseCode(204)
        else:
            note_sign_in(self._auth, form, address, secrets=secrets)
            set_cookie(request, request.header, secrets.cookie, self._auth, stays=secrets.stays)
            if form.code is not None and form.code.startswith(CODE):
                taken_back = self._auth.attempt_cookie(request.header, state_of(form.code), "", 0)
                request.responseHeaders.addRawHeader(b"Set-Cookie", taken_back.encode())
            _write_json(request, {"key": secrets.key} | ({"notice": secrets.notice} if secrets.notice else {}))
        request.finish()


def _write_json(request: Request, value: object) -> None:
    answer = msgspec.json.encode(value)
    request.setHeader(b"Content-Type", b"application/json")
    request.setHeader(b"Content-Length", str(len(answer)).encode())
    request.write(answer)


class InvitationPreview(JsonPost):
    """`/invitation`: whom an invitation is for."""

    async def answer(self, request: PageRequest, body: bytes) -> None:
        """200 with the names of the account.

        Args:
            request: The request.
            body: The form, JSON; see `LoginForm`.

        Raises:
            errors.NotAuthenticated, errors.Throttled: The invitation is for nobody, or too many were.
        """
        _write_json(request, invitation_for(self._auth, form_of(body), request.address(self._auth)))
        request.finish()


class Logout(JsonPost):
    """Ends the login that the request comes by."""

    async def answer(self, request: PageRequest, body: bytes) -> None:
        """204, and the cookie is taken back; a cookie without its key ends nothing: another port may have sent it.

        Where a hub signs people in, 200 with the address where they sign out there: otherwise they would be signed in again at once.

        Args:
            request: The request.
            body: Ignored.
        """
        who = request.who(self._auth)
        if who is not None:
            request.let_go()
            await self._auth.logins.sign_out(who.login)
            origin = self._auth.origin(who, request.header, request.address(self._auth))
            self._auth.logins.audit.note("sign_out", who, origin)
        set_cookie(request, request.header, "", self._auth)
        if self._auth.hub is None:
            request.setResponseCode(204)
        else:
            _write_json(request, {"next": self._auth.hub.place.sign_out})
        request.finish()


class RpcPost(JsonPost):
    """`POST /rpc`, with the WebSocket at the same address."""

    isLeaf = False

    def __init__(self, auth: RequestAuth, api: Api, websocket: IResource) -> None:
        super().__init__(auth)
        self._api = api
        self._websocket = websocket
        self.putChild(b"openrpc.json", OpenRpcFile(api))

    def getChild(self, path: bytes, request: IRequest) -> Resource:
        """Nothing else is below."""
        return Missing()

    def render_GET(self, request: PageRequest) -> Any:
        """A WebSocket handshake, or a word on what belongs here."""
        if (request.header("upgrade") or "").lower() == "websocket":
            return self._websocket.render(request)
        refuse(request, 405, errors.InvalidRequest("Open a WebSocket here, or POST a JSON-RPC 2.0 call."))
        return NOT_DONE_YET

    async def answer(self, request: PageRequest, body: bytes) -> None:
        """The answers of the method table; 401 when nobody is logged in.

        Args:
            request: The request.
            body: A call or a batch, JSON-RPC 2.0.

        Raises:
            errors.NotAuthenticated: Nobody is logged in, or the login ended while the call was under way.
        """
        who = request.who(self._auth)
        origin = self._auth.origin(who, request.header, request.address(self._auth))
        connection = Connection(who, origin=origin)
        if connection.principal is None:
            raise self._auth.refusal(request.header)
        request.notifyFinish().addErrback(lambda _: connection.leave())
        asked = Deferred.fromCoroutine(self._api.post(body, connection))
        del body  # it may be large, and the call may wait for long
        reply = await asked
        if connection.is_gone:
            return
        if self._auth.logins.refresh(connection.principal) is None:
            raise errors.NotAuthenticated("Your login was ended.")
        request.setResponseCode(200 if reply is not None else 204)
        request.setHeader(b"Content-Type", b"application/json")
        if reply is not None:
            _hold(connection, request, len(reply))
            send(request, reply)
        else:
            request.finish()


def _hold(connection: Connection, request: Request, size: int) -> None:
    """Counts an answer of so many bytes until it is sent."""

    def is_sent(_: object) -> None:
        connection.hold(-size)

    connection.hold(size)
    request.notifyFinish().addBoth(is_sent)


class OpenRpcFile(Resource):
    """The description of the API, for generators and explorers."""

    isLeaf = True

    def __init__(self, api: Api) -> None:
        super().__init__()
        self._api = api

    def render_GET(self, request: Request) -> int:
        """The result of rpc.discover."""
        gone: list[Failure] = []
        request.notifyFinish().addErrback(gone.append)

        def write(body: bytes) -> None:
            if not gone:
                request.setHeader(b"Content-Type", b"application/json")
                send(request, body)

        Deferred.fromCoroutine(self._api.described()).addCallback(write)
        return NOT_DONE_YET


class Health(Resource):
    """`/healthz`."""

    isLeaf = True

    def __init__(self, api: Api) -> None:
        super().__init__()
        self._api = api

    def render_GET(self, request: Request) -> bytes:
        """200 and `ok`, or 503 and what is wrong."""
        request.setHeader(b"Content-Type", b"text/plain; charset=utf-8")
        if any(session.journal.fault is not None for session in self._api.services.sessions.all()):
            request.setResponseCode(503)
            return b"degraded: the journal cannot be written\n"
        return b"ok\n"


class MetricsText(Resource):
    """`/metrics`."""

    isLeaf = True
    _log = Logger()

    def __init__(self, auth: RequestAuth, metrics: Metrics) -> None:
        super().__init__()
        self._auth = auth
        self._metrics = metrics

    def render_GET(self, request: PageRequest) -> int:
        """The numbers; 401 when nobody is logged in, 403 for guests."""
        gone: list[Failure] = []
        request.notifyFinish().addErrback(gone.append)
        try:
            self._auth.permit(request.who(self._auth), Touched("server.describe", "read"))
        except errors.Failure as fault:
            refuse(request, status_of(fault), fault)
            return NOT_DONE_YET
        Deferred.fromCoroutine(self._metrics.text()).addCallbacks(
            self._send, self._failed, callbackArgs=(request, gone), errbackArgs=(request, gone)
        )
        return NOT_DONE_YET

    @staticmethod
    def _send(numbers: bytes, request: PageRequest, gone: list[Failure]) -> None:
        if not gone:
            request.setHeader(b"Content-Type", b"text/plain; version=0.0.4; charset=utf-8")
            send(request, numbers)

    def _failed(self, failure: Failure, request: PageRequest, gone: list[Failure]) -> None:
        self._log.failure("the numbers cannot be read", failure)
        if not gone:
            refuse(request, 500, errors.InternalError("The server made a mistake; its log has more."))


def build_site(
    auth: RequestAuth,
    api: Api,
    websocket: IResource,
    static: Path,
    metrics: Metrics,
    more: Mapping[bytes, IResource] | None = None,
    anonymous: AnonymousConnections | None = None,
) -> PageSite:
    """Builds the whole tree.

    Args:
        auth: Reads who sends a request.
        api: The method table.
        websocket: The resource of the WebSocket.
        static: The folder of the built page.
        metrics: The numbers of `/metrics`.
        more: Further resources at the top, by the first part of their paths; `favicons` are what pages of Jupyter have below `/static/favicons`.
        anonymous: The connections without a login, the same ones that the WebSocket has; `None` for new ones.
    """
    page = Page(static)
    root = Root(page)
    root.putChild(b"s", SessionPages(page))
    root.putChild(b"n", NotebookPages(page))
    more = dict(more or {})
    root.putChild(b"static", Static(static, more.pop(b"favicons", None)))
    root.putChild(SERVICE_WORKER[1:], PushWorker(static))
    root.putChild(b"frame", Frame(static))
    root.putChild(b"login", Login(auth))
    root.putChild(b"invitation", InvitationPreview(auth))
    root.putChild(b"logout", Logout(auth))
    root.putChild(b"rpc", RpcPost(auth, api, websocket))
    root.putChild(b"healthz", Health(api))
    root.putChild(b"metrics", MetricsText(auth, metrics))
    for name, resource in more.items():
        root.putChild(name, resource)
    return PageSite(root, auth, AnonymousConnections() if anonymous is None else anonymous, page)
