"""The twisted.web tree: the page, its files, sign-in, `/rpc` by POST and WebSocket, `/healthz`.

Every request passes `PageRequest` before it is routed: the security headers are set (so errors have them too), the
size of the body is limited before it is read, and the `Host` header is checked. Who sends it is asked of `Gate`; what
it may do is decided in the method table alone.

    GET  /  /s/<session>       the page (static/index.html with the nonce of this response); a person at a wrong address gets it, too
    GET  /static/<file>        its files: names carry a hash, so they are kept for a year
    GET  /frame                the document of sealed output frames: see webipy.io.frames
    POST /login  /logout       {"code"}, {"token"} or {"share", "name"} to a cookie, and its end
    POST /share                what a link is for: see webipy.io.offers
    POST /rpc                  one call or a batch; WebSocket at the same place
    GET  /rpc/openrpc.json     the API, described
    GET  /healthz              200 while the server answers and can write
    GET  /metrics              numbers for Prometheus, for whoever runs the server
    GET  /exports/...          see webipy.io.exports
    GET  /files/...  PUT       see webipy.io.files_resource

Source of the headers: OWASP secure headers; CSP level 3; the sealed frame is described in docs/decisions.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

import msgspec
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web import http
from twisted.web.iweb import IRequest
from twisted.web.resource import IResource, Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from webipy.core import access, errors
from webipy.io.frames import Frame
from webipy.io.gate import COOKIE, Gate, cookie_of
from webipy.io.lingering import linger
from webipy.io.metrics import Metrics
from webipy.server.api import Api, answered
from webipy.server.logins import COOKIE_DAYS
from webipy.server.method import Caller

MAX_BODY_BYTES = 16 * 1024 * 1024
"""Body of one POST, as of one WebSocket message: code is text, and data goes elsewhere."""

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; style-src-attr 'none'; img-src 'self' data: blob:; "
    "media-src 'self' data: blob:; font-src 'self'; connect-src 'self'; frame-src 'self'; worker-src 'self'; manifest-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types webipy dompurify"
)
STRICT_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

_HEADERS = {
    b"X-Content-Type-Options": b"nosniff",
    b"Referrer-Policy": b"no-referrer",
    b"Cross-Origin-Opener-Policy": b"same-origin",
    b"Cross-Origin-Resource-Policy": b"same-origin",
    b"Permissions-Policy": b"camera=(), microphone=(), geolocation=(), usb=(), payment=(), display-capture=()",
    b"Cache-Control": b"no-store",
    b"Content-Security-Policy": STRICT_POLICY.encode(),
    b"Server": b"webipy",
}

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
}


def _taking(coding: bytes) -> re.Pattern[bytes]:
    """An Accept-Encoding that takes a coding (RFC 9110, section 12.5.3)."""
    return re.compile(rb"(?:^|,)\s*" + coding + rb"\s*(?:,|$|;(?!\s*q=0(?:\.0*)?\s*(?:,|$)))", re.IGNORECASE)


_CODINGS = (("br", ".br", _taking(b"br")), ("gzip", ".gz", _taking(b"gzip")))
"""What the build lays beside a file, the smaller first: name, ending, who takes it. Browsers take Brotli on TLS and on this machine alone."""

_STATUSES: dict[type[errors.Failure], int] = {
    errors.NotAuthenticated: 401,
    errors.NotPermitted: 403,
    errors.NotFound: 404,
    errors.AlreadyExists: 409,
    errors.Conflict: 412,
    errors.TooLarge: 413,
    errors.Throttled: 429,
    errors.Quota: 429,
    errors.InternalError: 500,
}

NOTHING_HERE = "There is nothing at this address. The page is at /."


class Body(Protocol):
    """Where the body of one request goes, piece by piece."""

    def came(self, piece: bytes) -> errors.Failure | None:
        """Takes a piece; a failure ends the connection."""


class BodyTaker(Resource):
    """A resource at the top of the tree that takes the bodies of PUT itself, of any size."""

    def take_body(self, request: PageRequest, path: bytes, size: int | None) -> Body:
        """The headers of a request for `path` are read, its body of `size` bytes (`None`: not told) is not."""
        raise NotImplementedError


class PageRequest(Request):
    """A request that has passed the checks that all requests must pass."""

    content_type = ""
    body: Body | None = None
    _received = 0
    _is_refused = False
    _is_lingering = False

    def header(self, name: str) -> str | None:
        """One request header as text; latin-1, as HTTP has it."""
        value = self.requestHeaders.getRawHeaders(name.encode())
        return value[-1].decode("latin-1") if value else None

    def gotLength(self, length: int | None) -> None:
        """The headers are read, the body is not: refuses one that is too large.

        The type is put aside: twisted.web would parse forms, which nobody here takes.
        """
        self.content_type = (self.header("content-type") or "").partition(";")[0].strip().lower()
        self.requestHeaders.removeHeader(b"content-type")
        taker = self._taker()
        if taker is not None:
            self.content = BytesIO()
            self.body = taker.take_body(self, self._target(), length)
            return
        if length is not None and length > MAX_BODY_BYTES:
            self._refuse_body()
            return
        super().gotLength(length)

    def _target(self) -> bytes:
        """The path of the request line; twisted.web itself tells it when the body is there."""
        assert self.channel is not None
        path: bytes = self.channel._path
        return path.partition(b"?")[0]

    def _taker(self) -> BodyTaker | None:
        """Who takes the body of this request, if it is not this class."""
        if self.channel is None or self.channel._command != b"PUT":
            return None
        top = self._target().split(b"/")[1:2]
        site: PageSite = self.channel.site  # type: ignore[attr-defined]  # twisted.web sets it on every channel
        found = site.resource.children.get(top[0]) if top else None
        return found if isinstance(found, BodyTaker) else None

    def handleContentChunk(self, data: bytes) -> None:
        """A part of the body: stops one that turns out too large."""
        self._received += len(data)
        if self._is_refused:
            return
        if self.body is not None:
            fault = self.body.came(data)
            if fault is not None:
                self._refuse_body(status_of(fault), fault)
            return
        if self._received > MAX_BODY_BYTES:
            self._refuse_body()
            return
        super().handleContentChunk(data)

    def _refuse_body(self, status: int = 413, fault: errors.Failure | None = None) -> None:
        """Answers and ends the connection, past twisted.web, which answers only what it has read whole."""
        self._is_refused = True
        self.content = self.content if self.content is not None else BytesIO()
        too_large = errors.TooLarge(f"A body holds at most {MAX_BODY_BYTES} bytes.", limit_bytes=MAX_BODY_BYTES)
        body = _json_error(fault or too_large)
        headers = {
            **_HEADERS,
            b"Connection": b"close",
            b"Content-Type": b"application/json",
            b"Content-Length": b"%d" % len(body),
        }
        head = b"".join(b"%b: %b\r\n" % header for header in headers.items())
        assert self.channel is not None
        transport = self.channel.transport
        assert transport is not None
        line = b"HTTP/1.1 %d %b\r\n" % (status, http.RESPONSES.get(status, b"Refused"))
        transport.write(b"%b%b\r\n%b" % (line, head, body))
        self._is_lingering = linger(self, self.channel)

    def process(self) -> None:
        """Sets the headers of every answer, checks the host, and only then lets the request be routed."""
        if self._is_lingering:
            assert self.channel is not None
            self.channel.loseConnection()
        if self._is_refused:
            return
        for name, value in _HEADERS.items():
            self.setHeader(name, value)
        assert self.channel is not None
        site: PageSite = self.channel.site  # type: ignore[attr-defined]  # twisted.web sets it on every channel
        if not site.gate.is_ours(self.header("host")):
            hint = "Reach webipy by localhost or 127.0.0.1, or start it with --allow-host NAME."
            refuse(self, 421, errors.NotPermitted(f"This server is not known under that name. {hint}"))
            return
        super().process()

    def render(self, resrc: IResource) -> None:
        """Renders what was found, if it takes the method."""
        self.setHeader(b"Server", _HEADERS[b"Server"])  # twisted.web has set its own
        allowed = {name.removeprefix("render_") for name in dir(resrc) if name.startswith("render_")}
        if "GET" not in allowed:
            allowed.discard("HEAD")
        if not allowed:
            refuse(self, 404, errors.NotFound(NOTHING_HERE))
        elif self.method.decode("latin-1") not in allowed:
            self.setHeader(b"Allow", ", ".join(sorted(allowed)).encode())
            refuse(self, 405, errors.InvalidRequest(f"This address takes {' and '.join(sorted(allowed))} only."))
        else:
            super().render(resrc)


def refuse(request: Request, status: int, fault: errors.Failure) -> None:
    """Ends a request with a failure as JSON."""
    body = _json_error(fault)
    request.setResponseCode(status)
    request.setHeader(b"Content-Type", b"application/json")
    request.setHeader(b"Content-Length", str(len(body)).encode())
    request.write(body)
    request.finish()


def status_of(fault: errors.Failure) -> int:
    """The HTTP status that goes best with a failure; 400 for what has none of its own."""
    if isinstance(fault, errors.FileFault):
        return {"full": 507, "denied": 403, "read_only": 403, "outside": 403, "failed": 500}.get(
            str(fault.facts.get("reason")), 409
        )
    return _STATUSES.get(type(fault), 400)


def _json_error(fault: errors.Failure) -> bytes:
    return msgspec.json.encode({"message": fault.message, "data": {"name": fault.name, **fault.facts}})


class PageSite(Site):
    """The site. Answers below 400 are not logged: a notebook asks often."""

    requestFactory = PageRequest
    displayTracebacks = False
    noisy = False
    _log = Logger()

    def __init__(self, root: IResource, gate: Gate) -> None:
        super().__init__(root, timeout=60)
        self.gate = gate

    def log(self, request: http.Request) -> None:
        """Logs what went wrong: method, path (without its query) and status."""
        if request.code >= 400:
            path = request.path.decode("latin-1")[:200] if request.path else ""
            self._log.info(
                "{status} {method} {path}", status=request.code, method=request.method.decode("latin-1")[:16], path=path
            )


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
        """index.html with the nonce of this answer."""
        if not self._index.is_file():
            request.setResponseCode(503)
            request.setHeader(b"Content-Type", b"text/plain; charset=utf-8")
            return b"The page is not built in this checkout. Build it with: make serve (or pip install .)\n"
        nonce = secrets.token_urlsafe(16)
        request.setHeader(b"Content-Type", b"text/html; charset=utf-8")
        request.setHeader(b"Content-Security-Policy", PAGE_POLICY.format(nonce=nonce).encode())
        return self._index.read_bytes().replace(b"{{nonce}}", nonce.encode())


class Nowhere(Branch):
    """A wrong address in a browser: the page says so in words, and the status says so to everything else."""

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
    """The top of the tree. At an address that is none, a browser gets the page, which says so, and a program gets JSON."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._nowhere = Nowhere(page)
        self.putChild(b"", page)

    def getChild(self, path: bytes, request: IRequest) -> Resource:
        """What is not there, as whoever asks can read it."""
        assert isinstance(request, PageRequest)
        is_read = request.method in (b"GET", b"HEAD")
        return self._nowhere if is_read and "text/html" in (request.header("accept") or "") else Missing()


class SessionPages(Branch):
    """`/s/<session>`: the page again; which session it is, the page reads off its address."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page = page

    def getChild(self, path: bytes, request: IRequest) -> Resource:
        """The page."""
        return self._page if path else Missing()


class Static(Resource):
    """The page's files: one flat folder, listed once."""

    isLeaf = True

    def __init__(self, static: Path) -> None:
        super().__init__()
        self._files = (
            {path.relative_to(static).as_posix(): path for path in static.rglob("*") if path.is_file()}
            if static.is_dir()
            else {}
        )

    def render_GET(self, request: Request) -> bytes | int:
        """A file by its exact name; names outside the list do not exist."""
        assert request.postpath is not None
        name = "/".join(part.decode("latin-1") for part in request.postpath)
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
            if packed is not None and taken.search(accepts):
                request.setHeader(b"Content-Encoding", coding.encode())
                request.setHeader(b"Vary", b"Accept-Encoding")
                return packed.read_bytes()
        return found.read_bytes()


class _LoginForm(msgspec.Struct, forbid_unknown_fields=True):
    code: str | None = None
    token: str | None = None
    share: str | None = None
    name: str = ""


class JsonPost(Resource):
    """A resource that takes JSON by POST from our own page or from no page at all."""

    isLeaf = True
    _log = Logger()

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self._gate = gate

    def render_POST(self, request: PageRequest) -> int:
        """Checks where it comes from and what it carries, then answers."""
        if not self._gate.is_same_site(request.header):
            refuse(request, 403, errors.NotPermitted("Another site's page may not do this."))
        elif request.content_type != "application/json":
            refuse(request, 415, errors.InvalidRequest("Send the body as Content-Type: application/json."))
        else:
            gone = request.notifyFinish()
            gone.addErrback(lambda _: None)
            assert request.content is not None
            asked = Deferred.fromCoroutine(self.answer(request, request.content.read()))
            asked.addErrback(self._failed, request)
        return NOT_DONE_YET

    async def answer(self, request: PageRequest, body: bytes) -> None:
        """Does what the resource is for, and finishes the request."""
        raise NotImplementedError

    def _failed(self, failure: Failure, request: PageRequest) -> None:
        told = failure.value
        if isinstance(told, errors.Failure):
            refuse(request, status_of(told), told)
        else:
            self._log.failure("{path} failed", failure, path=request.path)
            refuse(request, 500, errors.InternalError("The server made a mistake; its log tells more."))


class Login(JsonPost):
    """Exchanges a one-time code, the token, or the secret of a link and a name, for a cookie. It takes the place of a guest's."""

    async def answer(self, request: PageRequest, body: bytes) -> None:
        """204 with the cookie."""
        try:
            form = msgspec.json.decode(body, type=_LoginForm)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
            raise errors.InvalidParams(
                f'Send {{"code": "..."}}, {{"token": "..."}} or {{"share": "...", "name": "..."}}: {fault}.',
                field="code",
            ) from None
        logins, before = self._gate.logins, cookie_of(request.header("cookie"))
        if form.share is not None:
            cookie = await logins.join(form.share, form.name)
        else:
            cookie = await logins.login(form.code, form.token)
        if before is not None:
            await logins.leave(before)
        set_cookie(request, cookie, COOKIE_DAYS * 86_400, is_secure=self._gate.is_behind_proxy)
        request.setResponseCode(204)
        request.finish()


class Logout(JsonPost):
    """Ends the login of the cookie that comes along."""

    async def answer(self, request: PageRequest, body: bytes) -> None:
        """204, and the cookie is taken back."""
        cookie = cookie_of(request.header("cookie"))
        if cookie is not None:
            await self._gate.logins.logout(cookie)
        set_cookie(request, "", 0, is_secure=self._gate.is_behind_proxy)
        request.setResponseCode(204)
        request.finish()


def set_cookie(request: Request, value: str, max_age: int, *, is_secure: bool) -> None:
    """Sets our cookie: not for scripts, not for other sites."""
    secure = "; Secure" if is_secure else ""
    line = f"{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={max_age}{secure}"
    request.responseHeaders.addRawHeader(b"Set-Cookie", line.encode())


class RpcPost(JsonPost):
    """`POST /rpc`, with the WebSocket at the same address."""

    isLeaf = False

    def __init__(self, gate: Gate, api: Api, websocket: IResource) -> None:
        super().__init__(gate)
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
        """The answers of the method table; 401 when nobody is logged in."""
        caller = Caller(self._gate.principal_of(request.header))
        if caller.principal is None:
            raise errors.NotAuthenticated(
                "Log in first: send the header Authorization: Bearer TOKEN, or open the address that webipy open prints."
            )
        gone: list[bool] = []
        request.notifyFinish().addErrback(lambda _: gone.append(True))
        reply = await answered(self._api, body, caller)
        if gone:
            return
        if self._gate.logins.still(caller.principal) is None:
            raise errors.NotAuthenticated("Your login was ended.")
        request.setResponseCode(200 if reply is not None else 204)
        request.setHeader(b"Content-Type", b"application/json")
        if reply is not None:
            request.setHeader(b"Content-Length", str(len(reply)).encode())
            request.write(reply)
        request.finish()


class OpenRpcFile(Resource):
    """The description of the API, for generators and explorers."""

    isLeaf = True

    def __init__(self, api: Api) -> None:
        super().__init__()
        self._api = api

    def render_GET(self, request: Request) -> int:
        """The result of rpc.discover."""
        told = answered(self._api, b'{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}', Caller(None))

        def write(reply: bytes | None) -> None:
            assert reply is not None
            request.setHeader(b"Content-Type", b"application/json")
            request.write(bytes(msgspec.json.decode(reply, type=dict[str, msgspec.Raw])["result"]))
            request.finish()

        told.addCallback(write)
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
        if any(session.journal.fault is not None for session in self._api.house.sessions.all()):
            request.setResponseCode(503)
            return b"degraded: the journal cannot be written\n"
        return b"ok\n"


class MetricsText(Resource):
    """`/metrics`."""

    isLeaf = True

    def __init__(self, gate: Gate, metrics: Metrics) -> None:
        super().__init__()
        self._gate = gate
        self._metrics = metrics

    def render_GET(self, request: PageRequest) -> bytes | int:
        """The numbers; 401 when nobody is logged in, 403 for guests."""
        try:
            access.permit(self._gate.principal_of(request.header), "read", None)
        except errors.Failure as fault:
            refuse(request, status_of(fault), fault)
            return NOT_DONE_YET
        request.setHeader(b"Content-Type", b"text/plain; version=0.0.4; charset=utf-8")
        return self._metrics.text()


def build_site(
    gate: Gate,
    api: Api,
    websocket: IResource,
    static: Path,
    metrics: Metrics,
    more: Mapping[bytes, IResource] | None = None,
) -> PageSite:
    """The whole tree; `more` are resources at its top that have modules of their own."""
    page = Page(static)
    root = Root(page)
    root.putChild(b"s", SessionPages(page))
    root.putChild(b"static", Static(static))
    root.putChild(b"frame", Frame(static))
    root.putChild(b"login", Login(gate))
    root.putChild(b"logout", Logout(gate))
    root.putChild(b"rpc", RpcPost(gate, api, websocket))
    root.putChild(b"healthz", Health(api))
    root.putChild(b"metrics", MetricsText(gate, metrics))
    for name, resource in (more or {}).items():
        root.putChild(name, resource)
    return PageSite(root, gate)
