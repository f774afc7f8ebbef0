"""Requests: the checks that all of them pass, and how one is refused.

Every request is a `PageRequest`, whatever it is for: its body is limited before it is read, that of somebody without a login to what a sign-in needs, the security
headers are set (so errors have them too), the `Host` header is checked, and the base URL is taken from its path; only then is it routed
(webipy.io.web.site). Who sends it is asked of `RequestAuth`; where a hub has to be asked first, nothing of the request is looked at until it has
answered (webipy.io.web.held_requests). How long it may take to come: webipy.io.web.http_channel.

Invariants: a failure is JSON, `{"message", "data": {"name", ...}}`, with the status that goes best with it; nothing of the server's
inside is shown; twisted.web puts no body on the disk for somebody without a login. Past `process`, `path` is what is below the base URL. What is outside
gets 404, and is not told where the base URL is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from io import BytesIO
from typing import Any, BinaryIO, Final, Protocol
from urllib.parse import parse_qsl, unquote_to_bytes

import msgspec
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web import http
from twisted.web.resource import IResource, Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from webipy.core import errors
from webipy.core.api.access import Principal
from webipy.core.api.rpc import MAX_MESSAGE_BYTES
from webipy.io.web.held_requests import Held
from webipy.io.web.http_channel import Channel
from webipy.io.web.request_auth import RequestAuth
from webipy.io.web.lingering import linger
from webipy.io.web.security_headers import SERVER_NAME, security_headers
from webipy.io.web.anonymous_connections import AnonymousConnections

ANONYMOUS_BODY_BYTES = 16 * 1024
"""The same of somebody who has no login: a code, a token, or a name. It stays in memory."""

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
    errors.HubUnreachable: 503,
    errors.IdentityProviderFault: 503,
}

SERVICE_WORKER: Final = b"/push-worker.js"
"""The only script that a browser may keep and run while no page is open: a file of somebody's would stay there. Source: Service Workers, Fetch hook."""

OUTSIDE = "There is nothing at this address."
NOTHING_HERE = OUTSIDE + " The page is at {path}."


class Body(Protocol):
    """Where the body of one request goes, piece by piece."""

    def came(self, piece: bytes) -> errors.Failure | None:
        """Takes a piece.

        Returns:
            A failure that ends the connection, or `None`.
        """


class BodyTaker(Resource):
    """A resource at the top of the tree that takes the bodies of PUT itself, of any size."""

    def take_body(self, request: PageRequest, path: bytes, size: int | None) -> Body:
        """Called when the headers of a request are read and its body is not.

        Args:
            request: The request.
            path: The path of its request line, percent-encoded.
            size: Bytes of the body; `None` when they are not announced.

        Returns:
            What takes the body, piece by piece.

        Raises:
            errors.Failure: Who sends it may not: the body is not read.
        """
        raise NotImplementedError


class LargeBodies(Resource):
    """A resource at the top of the tree some of whose paths take larger bodies than `MAX_MESSAGE_BYTES`, from owners."""

    def most_bytes(self, path: bytes) -> int:
        """How many bytes a body may have.

        Args:
            path: The path of the request line, percent-encoded.
        """
        raise NotImplementedError


class ReadResource(Resource):
    """A resource that only reads, and answers when a coroutine has found what is asked for. The tree below its name is its own."""

    isLeaf = True
    _log = Logger()

    def render_GET(self, request: PageRequest) -> int:
        """What is asked for; 401 when nobody is logged in, 403 for guests of another session, 404 when it is not there."""
        gone: list[Failure] = []
        request.notifyFinish().addErrback(gone.append)
        Deferred.fromCoroutine(self._get(request, gone)).addErrback(self._failed, request, gone)
        return NOT_DONE_YET

    async def _get(self, request: PageRequest, gone: list[Failure]) -> None:
        """Answers; `gone` is not empty once the connection has ended."""
        raise NotImplementedError

    def _failed(self, failure: Failure, request: PageRequest, gone: list[Failure]) -> None:
        fault = failure.value
        if not isinstance(fault, errors.Failure):
            self._log.failure("{path} failed", failure, path=request.path)
            fault = errors.InternalError("The server made a mistake; its log has more.")
        if not gone:
            self._refuse(request, fault)

    def _refuse(self, request: PageRequest, fault: errors.Failure) -> None:
        refuse(request, status_of(fault), fault)


TOKEN_TOP: Final = "token"
"""The first part of paths whose second part is the token."""

_TOKEN_IN_PATH: Final = re.compile(rf"/{TOKEN_TOP}/[^/]*")


class TokenInAddress(Resource):
    """A resource at the top of the tree below which the token may stand in the address, for programs that can send it nowhere else.

    It counts like an `Authorization` header, and before one. No address is logged with its query.
    """

    def token_of(self, target: bytes) -> str | None:
        """The token in an address; `None` when there is none.

        Args:
            target: The path below the base URL, and the query, of the request line.
        """
        query = dict(parse_qsl(target.partition(b"?")[2].decode("latin-1"), errors="replace"))
        return query.get("token")


class PageRequest(Request):
    """A request that has passed the checks that all requests must pass."""

    content_type = ""
    body: Body | None = None
    login: str | None = None
    """The login that it came by, once somebody has asked."""
    is_read = False
    """Whether its body is there."""
    _wrong: tuple[errors.Failure | None] | None = None
    """What comes of a wrong token, once it was looked at."""
    received = 0
    """Bytes of the body that have come."""
    is_held = False
    """Whether the body is left unread for now, because what takes it is slower than it comes."""
    _most = MAX_MESSAGE_BYTES
    is_refused = False
    """Whether it was answered past twisted.web, such as before its body was read; nothing else is sent."""
    _is_lingering = False
    held: Held | None = None
    """What has come of it, while the hub is asked who sends it."""
    _was_held = False

    def header(self, name: str) -> str | None:
        """One request header as text; latin-1, as HTTP has it. Several lines of cookies count as one (RFC 9113, section 8.2.3)."""
        value = self.requestHeaders.getRawHeaders(name.encode())
        if value and name == "cookie":
            value = [b"; ".join(value)]
        return value[-1].decode("latin-1") if value else None

    def address(self, auth: RequestAuth) -> str:
        """The address that it came from."""
        return auth.address_of(getattr(self.getClientAddress(), "host", ""), self.header)

    def who(self, auth: RequestAuth) -> Principal | None:
        """Who sends it; when that login ends, this request ends with it.

        Raises:
            errors.Throttled, errors.HubUnreachable, errors.NotPermitted: As `Logins.principal_of`.
        """
        found = self._asked(auth)
        if isinstance(found, errors.Failure):
            raise found
        if found is not None and self.login is None:
            self.login = found.login
            requests = self._site.requests
            requests.add(self)
            self.notifyFinish().addBoth(lambda _: requests.discard(self))
        return found

    def _asked(self, auth: RequestAuth) -> Principal | errors.Failure | None:
        """Who sends it, or why that cannot be said. A wrong token is counted once, however often it is asked."""
        if self._wrong is not None:
            return self._wrong[0]
        ticketed = None
        if self.method in (b"GET", b"HEAD") and (given := ticket_in(self.args)) is not None:
            ticketed = (given, unquote_to_bytes(self.path))
        found: Principal | errors.Failure | None
        try:
            found = auth.principal_of(partial(credential, self), self.address(auth), ticketed)
        except errors.Failure as fault:
            found = fault
        if not isinstance(found, Principal) and shows_token(self):
            self._wrong = (found,)
        return found

    def write(self, data: bytes) -> None:
        """Sends a part of the answer, unless the request was refused meanwhile."""
        if not self.is_refused:
            super().write(data)

    def finish(self) -> None:
        """Ends the answer, unless the request was refused meanwhile: then the connection ends."""
        if not self.is_refused:
            super().finish()

    def let_go(self) -> None:
        """Goes on after its login has ended: it is the one that ends it."""
        self.login = None

    def end_login(self) -> None:
        """The login that it came by has ended: answers that if nothing was sent yet, and closes the connection."""
        self.login = None
        channel: Any = self.channel
        if channel is None:
            return
        if self.startedWriting or not self.is_read:
            channel.transport.abortConnection()
        else:
            self._refuse_now(errors.NotAuthenticated("Your login was ended."))
            channel.loseConnection()

    def gotLength(self, length: int | None) -> None:
        """The headers are read, the body is not: refuses one that is too large. Where a hub is asked first, it is called again with its answer.

        The type is put aside: twisted.web would parse forms, which nobody here takes.
        """
        self.content_type = self.content_type or (self.header("content-type") or "").partition(";")[0].strip().lower()
        self.requestHeaders.removeHeader(b"content-type")
        token = None if self._was_held else self._auth.question(partial(credential, self))
        if token is not None and self._auth.hub is not None:
            self.content, self.held, self._was_held = BytesIO(), Held(self, length), True
            self.held.hold(self._auth.hub.ask(token))
            return
        found = self._resource()
        if isinstance(found, BodyTaker) and _verb(self) == b"PUT":
            self.content = BytesIO()
            try:
                self.body = found.take_body(self, self._target(), length)
            except errors.Failure as fault:
                self._refuse_body(fault)
            return
        if length is not None and length <= ANONYMOUS_BODY_BYTES:
            super().gotLength(length)
            return
        who = self._asked(self._auth)
        if not isinstance(who, Principal):
            self._most, self.content = ANONYMOUS_BODY_BYTES, BytesIO()
        elif who.session is None and isinstance(found, LargeBodies):
            self._most = found.most_bytes(self._target())
        if length is not None and length > self._most:
            self._refuse_body()
        elif self.content is None:
            super().gotLength(length)

    def _target(self) -> bytes:
        """The path of the request line below the base URL, or nothing; twisted.web itself sets the path when the body is there."""
        assert self.channel is not None
        path: bytes = self.uri if self.is_read else self.channel._path
        return self._auth.below.rest_of(path.partition(b"?")[0]) or b""

    def _resource(self) -> IResource | None:
        """What stands at the top of the tree for the path of this request."""
        top = self._target().split(b"/")[1:2] if self.channel is not None else []
        return self._site.resource.children.get(top[0]) if top else None

    @property
    def _site(self) -> PageSite:
        assert self.channel is not None
        site: PageSite = self.channel.site  # type: ignore[attr-defined]  # twisted.web sets it on every channel
        return site

    @property
    def _auth(self) -> RequestAuth:
        return self._site.auth

    def handleContentChunk(self, data: bytes) -> None:
        """A part of the body: stops one that turns out too large."""
        if self.held is not None:
            self.held.came(data)
            return
        self.received += len(data)
        if self.is_refused:
            return
        if self.body is not None:
            fault = self.body.came(data)
            if fault is not None:
                self._refuse_body(fault)
            return
        if self.received > self._most:
            self._refuse_body()
            return
        super().handleContentChunk(data)

    def _too_large(self) -> errors.Failure:
        if self._most < MAX_MESSAGE_BYTES:
            hint = "send the header Authorization: Bearer TOKEN, or open the address that webipy open prints"
            return errors.NotAuthenticated(f"Log in first: {hint}. Without, a body holds {self._most} bytes.")
        return errors.TooLarge(f"A body holds at most {self._most} bytes.", limit_bytes=self._most)

    def _refuse_body(self, fault: errors.Failure | None = None) -> None:
        """Answers what is not read whole, and ends the connection when the client has sent the rest."""
        self._refuse_now(fault or self._too_large())
        assert self.channel is not None
        self._is_lingering = linger(self, self.channel)

    def _refuse_now(self, fault: errors.Failure) -> None:
        """Answers past twisted.web, which answers only what it has read whole; nothing else is sent after it."""
        self.is_refused = True
        self.content = self.content if self.content is not None else BytesIO()
        status, body = status_of(fault), _json_error(fault)
        headers = {
            **security_headers(self._auth, self.header),
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

    def process(self) -> None:
        """Sets the headers of every answer, checks the host, and only then lets the request be routed."""
        self.is_read = True
        if self.held is not None:
            self.held.is_whole = True
            return
        if self._is_lingering:
            assert self.channel is not None
            self.channel.loseConnection()
        if self.is_refused:
            return
        for name, value in security_headers(self._auth, self.header).items():
            self.setHeader(name, value)
        if self._auth.hub is not None and self._auth.hub.version:
            self.setHeader(b"X-JupyterHub-Version", self._auth.hub.version.encode())
        if shows_token(self) or self.header("cookie"):
            self._show_login()
        if not self._auth.is_ours(self.header("host")):
            hint = "Reach webipy by localhost or 127.0.0.1, or start it with --public-url URL or --allow-host NAME."
            refuse(self, 421, errors.NotPermitted(f"This server is not known under that name. {hint}"))
            return
        rest = self._auth.below.rest_of(self.path)
        if rest is None:
            refuse(self, 404, errors.NotFound(OUTSIDE))
        elif self.header("service-worker") is not None and rest != SERVICE_WORKER:
            refuse(self, 403, errors.NotPermitted("Nothing at this address becomes a service worker."))
        elif not rest:
            _add_slash(self, b"no-referrer" if self._auth.hub is None else b"same-origin")  # see first_page
        else:
            self.path = rest
            super().process()

    def _show_login(self) -> None:
        """Counts a connection whose request comes with a login as anonymous no more; what the login may do is asked where it is done."""
        assert isinstance(self.channel, Channel)
        if self.channel.is_anonymous and isinstance(self._asked(self._auth), Principal):
            self.channel.is_known()

    def render(self, resrc: IResource) -> None:
        """Renders what was found, if it takes the method."""
        self.setHeader(b"Server", SERVER_NAME)  # twisted.web has set its own
        allowed = {name.removeprefix("render_") for name in dir(resrc) if name.startswith("render_")}
        if "GET" not in allowed:
            allowed.discard("HEAD")
        if not allowed:
            refuse(self, 404, errors.NotFound(NOTHING_HERE.format(path=self._auth.path_of(self.header))))
        elif self.method.decode("latin-1") not in allowed:
            self.setHeader(b"Allow", ", ".join(sorted(allowed)).encode())
            refuse(self, 405, errors.InvalidRequest(f"This address takes {' and '.join(sorted(allowed))} only."))
        else:
            super().render(resrc)


TICKET_ARGUMENTS: Final = (b"ticket", b"_xsrf")
"""Where a ticket stands in an address: JupyterLab puts its lab token where Jupyter has the second half of its own logins."""


def ticket_in(arguments: Mapping[bytes, Sequence[bytes]] | None) -> str | None:
    """The ticket in the query of an address, if there is one."""
    given = [values[0] for name in TICKET_ARGUMENTS if (values := (arguments or {}).get(name))]
    return given[0].decode("latin-1") if given else None


def _verb(request: PageRequest) -> bytes:
    """The method of the request line."""
    verb: bytes = request.method if request.is_read or request.channel is None else request.channel._command
    return verb


def credential(request: PageRequest, name: str) -> str | None:
    """A header, with a token in the address in place of the `Authorization` header where one may stand there (`TokenInAddress`).

    Args:
        request: The request.
        name: The name of the header, in lower case.
    """
    token = _address_token(request) if name == "authorization" else None
    return request.header(name) if token is None else f"token {token}"


def shows_token(request: PageRequest) -> bool:
    """Whether a request comes with a token, right or wrong."""
    return credential(request, "authorization") is not None


def _address_token(request: PageRequest) -> str | None:
    if request.channel is None:
        return None
    target: bytes = request.uri if request.is_read else request.channel._path
    site: PageSite = request.channel.site  # type: ignore[attr-defined]  # twisted.web sets it on every channel
    path, mark, query = target.partition(b"?")
    rest = site.auth.below.rest_of(path) or b""
    top = site.resource.children.get(rest.partition(b"/")[2].partition(b"/")[0])
    return top.token_of(rest + mark + query) if isinstance(top, TokenInAddress) else None


def _taken(content: BinaryIO) -> bytes:
    """The body of a request, of which nothing else keeps it."""
    with content:
        return content.read()


def _add_slash(request: PageRequest, referrer: bytes) -> None:
    """Leads from the base URL without the slash at its end to the one with it: by the last part alone, as a proxy may have taken others away."""
    path, mark, query = request.uri.partition(b"?")
    request.setHeader(b"Referrer-Policy", referrer)
    request.setResponseCode(308)
    request.setHeader(b"Location", b"./" + path.rpartition(b"/")[2] + b"/" + mark + query)
    request.setHeader(b"Content-Length", b"0")
    request.finish()


def hand_over(request: PageRequest) -> bool:
    """Takes a request out of those that end with their login: its connection becomes a WebSocket, which ends by itself.

    Returns:
        Whether its connection is still there.
    """
    request.let_go()
    if request.channel is None or request.channel.transport is None:
        return False
    site: PageSite = request.channel.site  # type: ignore[attr-defined]  # twisted.web sets it on every channel
    site.requests.discard(request)
    return True


READ_PATHS = (b"/files/", b"/outputs/", b"/exports/", b"/nbconvert/")
"""Where a person may come with the browser itself, which sends no key there."""


def refuse(request: Request, status: int, fault: errors.Failure) -> None:
    """Ends a request with a failure as JSON.

    A person in a browser who asks for a file gets the page, which fetches a ticket for it, or lets them sign in.

    Args:
        request: The request.
        status: The HTTP status.
        fault: The failure.
    """
    page = page_for(request) if status == 401 else None
    body = page.render_GET(request) if page is not None else _json_error(fault)
    request.setResponseCode(status)
    if page is None:
        request.setHeader(b"Content-Type", b"application/json")
    request.setHeader(b"Content-Length", str(len(body)).encode())
    request.write(body)
    request.finish()


def page_for(request: Request) -> PageOfSite | None:
    """The page, where a person asks for a file by its address; `None` where it is no person, or no file."""
    if not isinstance(request, PageRequest) or request.method != b"GET" or request.channel is None:
        return None
    is_person = "text/html" in (request.header("accept") or "") and request.header("authorization") is None
    if not is_person or not request.path.startswith(READ_PATHS):
        return None
    site: PageSite = request.channel.site  # type: ignore[attr-defined]  # twisted.web sets it on every channel
    return site.page


def status_of(fault: errors.Failure) -> int:
    """The HTTP status that goes best with a failure; 400 for what has none of its own."""
    if isinstance(fault, errors.FileFault):
        return {"full": 507, "denied": 403, "read_only": 403, "outside": 403, "hidden": 403, "failed": 500}.get(
            str(fault.facts.get("reason")), 409
        )
    return _STATUSES.get(type(fault), 400)


def _json_error(fault: errors.Failure) -> bytes:
    return msgspec.json.encode({"message": fault.message, "data": {"name": fault.name, **fault.facts}})


class PageOfSite(Protocol):
    """What shows a person the page."""

    def render_GET(self, request: Request) -> bytes:
        """The page, with its headers set."""


class PageSite(Site):
    """The site. Answers below 400 are not logged: a notebook asks often. Nor is 429: who tries too much would fill the disk, too."""

    protocol = Channel  # type: ignore[assignment]  # Twisted types it as what chooses between HTTP/1.1 and 2
    requestFactory = PageRequest
    displayTracebacks = False
    noisy = False
    _log = Logger()

    def __init__(
        self, root: IResource, auth: RequestAuth, anonymous: AnonymousConnections, page: PageOfSite | None = None
    ) -> None:
        super().__init__(root, timeout=60)
        self.auth = auth
        self.anonymous = anonymous
        self.page = page
        self.requests: set[PageRequest] = set()
        """Those under way whose login is known."""

    def end_login(self, login: str) -> None:
        """Ends what is under way for a login that was ended: answers that are waited for, downloads, uploads."""
        for request in tuple(self.requests):
            if request.login == login:
                request.end_login()

    def log(self, request: http.Request) -> None:
        """Logs what went wrong: method, path (without its query) and status."""
        if request.code >= 400 and request.code != 429:
            path = request.path.decode("latin-1")[:200] if request.path else ""
            path = _TOKEN_IN_PATH.sub(f"/{TOKEN_TOP}/...", path)
            self._log.info(
                "{status} {method} {path}", status=request.code, method=request.method.decode("latin-1")[:16], path=path
            )


class JsonPost(Resource):
    """A resource that takes JSON by POST from our own page or from no page at all."""

    isLeaf = True
    _log = Logger()

    def __init__(self, auth: RequestAuth) -> None:
        super().__init__()
        self._auth = auth

    def render_POST(self, request: PageRequest) -> int:
        """Checks where it comes from and what it carries, then answers."""
        if not self._auth.is_same_site(request.header):
            refuse(request, 403, errors.NotPermitted("Another site's page may not do this."))
        elif request.content_type != "application/json":
            refuse(request, 415, errors.InvalidRequest("Send the body as Content-Type: application/json."))
        else:
            gone = request.notifyFinish()
            gone.addErrback(lambda _: None)
            assert request.content is not None
            asked = Deferred.fromCoroutine(self.answer(request, _taken(request.content)))
            asked.addErrback(self._failed, request)
        return NOT_DONE_YET

    async def answer(self, request: PageRequest, body: bytes) -> None:
        """Does what the resource is for, and finishes the request.

        Args:
            request: The request.
            body: Its body.
        """
        raise NotImplementedError

    def _failed(self, failure: Failure, request: PageRequest) -> None:
        fault = failure.value
        if isinstance(fault, errors.Failure):
            refuse(request, status_of(fault), fault)
        else:
            self._log.failure("{path} failed", failure, path=request.path)
            refuse(request, 500, errors.InternalError("The server made a mistake; its log has more."))
