"""Requests: the checks that all of them pass, and how one is refused.

Every request is a `PageRequest`, whatever it is for: its body is limited before it is read, the security headers are set (so errors
have them too), and the `Host` header is checked; only then is it routed (webipy.io.site). Who sends it is asked of `Gate`.

Invariants: a failure is JSON, `{"message", "data": {"name", ...}}`, with the status that goes best with it; nothing of the server's
inside is told.

Source of the headers: OWASP secure headers.
"""

from __future__ import annotations

from io import BytesIO
from typing import Protocol

import msgspec
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web import http
from twisted.web.resource import IResource, Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from webipy.core import errors
from webipy.io.gate import Gate
from webipy.io.lingering import linger

MAX_BODY_BYTES = 16 * 1024 * 1024
"""Body of one POST, as of one WebSocket message: code is text, and data goes elsewhere."""

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
        return {"full": 507, "denied": 403, "read_only": 403, "outside": 403, "hidden": 403, "failed": 500}.get(
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
