"""Routes of a Jupyter Server: who asks, what they ask, and how they are answered.

A route is a path with a function for each HTTP method. The function gets an `Asked` (who asks, the parts of the path, the query, the body), calls
methods of the table through `Asked.ask`, and returns an `Answer` or raises. All the rest is done here, once, for every route: the login, the right,
JSON and its faults, CORS, OPTIONS, HEAD, a trailing slash, an unknown path, an unknown method.

To add a route:

1. write `async def answer(asked: Asked) -> Answer` in the module of its noun in this folder, such as webipy.io.jupyter.kernelspecs
2. list it as a `Route` in the function `routes` of that module: `Route("/api/things/{thing}/{path...}", {"GET": answer})`. A name in braces
   stands for one part of the path, one with dots for all parts up to what follows it, or for none; `asked.parts["thing"]` has it,
   percent-decoded
3. list the module, and a new first part of paths, in webipy.io.jupyter.tree

The route needs the right `own` unless it says otherwise (`verb`): Jupyter's API knows one user who may do all, so guests of a session are kept out
of it. For the scopes of a script token it counts as one method (`method`); where all that it does are calls of methods, these are asked alone. The
methods that are called ask for their own rights once more. tests/test_jupyter_routes.py walks over every route with every kind of login.

Invariants: an answer is JSON `{"message", "reason"}` when it is a refusal; who is not logged in gets 403 and never a redirect to a form, but for a
person who opens the address of a document (webipy.io.web.requests); a
cookie counts only with the key of our page, so no page of another origin can use it; `Access-Control-Allow-Origin` is sent only to who shows
the token.

Source: jupyter_server 2.21, REST API. Rejected: a twisted.web resource for each path (the tree would be spread over classes, and 404 and 405
with it); Jupyter's `_xsrf` cookie (the key of the page does its work).
"""

from __future__ import annotations

import codecs
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl, unquote

import attrs
import msgspec
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.server import NOT_DONE_YET

from webipy.core import errors
from webipy.core.api import access, calls
from webipy.core.api.access import Principal, Verb
from webipy.core.api.rpc import MAX_MESSAGE_BYTES
from webipy.core.api.token_scopes import Touched
from webipy.io.web.paced_responses import send
from webipy.io.web.request_auth import RequestAuth, confinement_of
from webipy.io.web.requests import LargeBodies, PageRequest, TokenInAddress, page_for, refuse, shows_token, status_of
from webipy.server.methods.api import Api
from webipy.server.methods.method import Connection
from webipy.server.ports.confinement import confined

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
LOG_IN: Final = "Forbidden: send the header Authorization: token TOKEN, or ?token=TOKEN."
NOT_ALLOWED: Final = "Method Not Allowed"
FILE_PATHS: Final = ("/api/contents/", "/nbconvert/")
"""The beginnings of the paths whose bodies hold whole files."""

MAX_MODEL_BYTES: Final = 384 * 1024 * 1024
"""Their bodies at most: a file of 256 MiB in base64, and what stands around it."""

PIECE_BYTES: Final = 1024 * 1024
"""How much of a body is looked at as text at once."""

_STATUSES: dict[type[errors.Failure], int] = {
    errors.NotAuthenticated: 403,
    errors.InvalidParams: 400,
    errors.UnknownKernelspec: 501,
    errors.KernelFailed: 500,
    errors.KernelNotReady: 404,
    errors.KernelDead: 404,
    errors.Degraded: 503,
    errors.Conflict: 409,
}
"""The HTTP statuses of failures that Jupyter's clients expect, where they are other than elsewhere."""

T = TypeVar("T")
R = TypeVar("R", bound=calls.Result)


class Refusal(Exception):
    """A request that is refused.

    Args:
        status: The HTTP status.
        message: One sentence for a person.
        reason: A word for programs; `None` for none.
    """

    def __init__(self, status: int, message: str, reason: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.reason = status, message, reason


class Answer(msgspec.Struct, frozen=True):
    """What is sent.

    Args:
        value: The body as a value that is sent as JSON; ignored where `body` is given.
        status: The HTTP status.
        headers: More headers.
        body: The body as bytes; `None` for the JSON of `value`.
        content_type: The type of `body`.
    """

    value: object = None
    status: int = 200
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    body: bytes | None = None
    content_type: str = "application/json"


@attrs.define(eq=False)
class Asked:
    """One request to a route, after its login and its right were checked.

    Args:
        request: The HTTP request.
        parts: The parts of the path that the route leaves open, percent-decoded.
        api: The method table.
        connection: Who asks.
    """

    request: PageRequest
    parts: Mapping[str, str]
    api: Api
    connection: Connection
    base: str = ""
    """The base URL without the slash at its end."""

    async def ask(self, method: str, params: calls.Params, result: type[R]) -> R:
        """Calls a method of the table, with the rights of who asks.

        Args:
            method: The name of the method.
            params: Its params.
            result: The struct of its result.

        Raises:
            errors.Failure: It failed, or who asks lacks the right.
        """
        found = await self.api.perform(method, params, self.connection)
        assert isinstance(found, result)
        return found

    def check(self, touched: Touched) -> None:
        """Returns when the scopes of the script token of who asks include something that is no call.

        Args:
            touched: What is done.

        Raises:
            errors.NotPermitted: They do not.
        """
        self.api.services.logins.script_tokens.check(self.connection.principal, touched)

    def query(self, name: str) -> str | None:
        """An argument of the query, `None` where it is not given. Unknown arguments, such as the time that some clients append, are ignored."""
        return dict(self.arguments()).get(name)

    def arguments(self) -> Sequence[tuple[str, str]]:
        """All arguments of the query, in their order; one without a value has an empty one."""
        query = self.request.uri.partition(b"?")[2].decode("latin-1")
        return parse_qsl(query, keep_blank_values=True, encoding="utf-8", errors="replace")

    def body(self, kind: type[T]) -> T:
        """The body of the request, which is JSON; an empty one counts as `{}`.

        Args:
            kind: What it is decoded to; fields that it does not name are ignored.

        Raises:
            Refusal: 400, it is not JSON of that shape.
        """
        return decoded(self.raw_body(), kind)

    def raw_body(self) -> bytes:
        """The bytes of the body; nothing else keeps them afterwards."""
        content, self.request.content = self.request.content, None
        if content is None:
            return b""
        with content:
            body: bytes = content.read()
        return body


def decoded(raw: bytes, kind: type[T]) -> T:
    """The body of a request, which is JSON; an empty one counts as `{}`. For a large one in another thread.

    Args:
        raw: The bytes.
        kind: What they are decoded to; fields that it does not name are ignored.

    Raises:
        Refusal: 400, they are not JSON of that shape.
    """
    try:
        _check_text(raw)
        return msgspec.json.decode(raw.strip() or b"{}", type=kind)
    except msgspec.ValidationError as fault:
        raise Refusal(400, f"The body of the request is wrong: {fault}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refusal(400, "Invalid JSON in body of request") from None


def _check_text(raw: bytes) -> None:
    """Reads a body as UTF-8, also those fields that nobody asks for; a large one is not kept a second time.

    Raises:
        UnicodeDecodeError: It is none.
    """
    if not raw.isascii():
        decoder = codecs.getincrementaldecoder("utf-8")()
        for at in range(0, len(raw), PIECE_BYTES):
            decoder.decode(raw[at : at + PIECE_BYTES], at + PIECE_BYTES >= len(raw))


Function = Callable[[Asked], Awaitable[Answer]]


class Route(msgspec.Struct, frozen=True):
    """One path of the API.

    Args:
        path: The path, such as `/api/kernels/{kernel}/interrupt`.
        functions: What answers, by HTTP method; HEAD goes with GET.
        verb: The right that it needs, on the whole server; `none` lets everybody in.
        method: What it counts as for the scopes of a script token: the name of a method, called with the path in its address; empty where all that
            it does are calls of methods, which ask for themselves.
        is_narrow: Whether the calls in it keep a token for one session or folder inside of that.
        upgrade: Takes a WebSocket handshake at this path over; `None`: there is no WebSocket. It raises what refuses the handshake.
    """

    path: str
    functions: Mapping[str, Function]
    verb: Verb = "own"
    method: str = "server.describe"
    is_narrow: bool = False
    upgrade: Callable[[Asked], Awaitable[None]] | None = None

    def touched(self, method: str, parts: Mapping[str, str]) -> Touched:
        """What a request touches, for the scopes of a script token: GET and HEAD read.

        Args:
            method: The HTTP method.
            parts: The open parts of its path.
        """
        verb: Verb = "read" if method in ("GET", "HEAD") else "write"
        paths = (parts["path"],) if "path" in parts else None
        return Touched(self.method, verb, paths=paths, is_own=self.is_narrow)

    def parts(self, path: str) -> dict[str, str] | None:
        """The open parts of a path of this route; `None` when it is another route's.

        Args:
            path: The path as it came, percent-encoded, without a slash at its end.
        """
        wanted, given = self.path.split("/"), path.split("/")
        open_at = next((at for at, part in enumerate(wanted) if part.endswith("...}")), None)
        found = {}
        if open_at is not None:
            after = len(wanted) - open_at - 1
            if len(given) < open_at + after:
                return None
            end = len(given) - after
            found[wanted[open_at][1:-4]] = "/".join(map(unquote, given[open_at:end]))
            wanted, given = wanted[:open_at] + wanted[open_at + 1 :], given[:open_at] + given[end:]
        if len(given) != len(wanted):
            return None
        for number, (part, one) in enumerate(zip(wanted, given, strict=True)):
            if part.startswith("{") and (one or number == 0):
                found[part[1:-1]] = unquote(one)
            elif part != one:
                return None
        return found


class JupyterRoutes(TokenInAddress, LargeBodies):
    """All routes below one name at the top of the tree.

    Args:
        auth: Reads who sends a request.
        api: The method table.
        routes: The routes; the first that fits answers.
    """

    isLeaf = True
    _log = Logger()

    def __init__(self, auth: RequestAuth, api: Api, routes: Sequence[Route]) -> None:
        super().__init__()
        self._auth, self._api, self.routes = auth, api, routes

    def render_GET(self, request: PageRequest) -> int:
        """Answers, with any method of HTTP."""
        gone: list[Failure] = []
        request.notifyFinish().addErrback(gone.append)
        asked = Deferred.fromCoroutine(self._answer(request, gone))
        asked.addErrback(self._failed, request, gone)
        return NOT_DONE_YET

    render_HEAD = render_POST = render_PUT = render_PATCH = render_DELETE = render_OPTIONS = render_GET

    async def _answer(self, request: PageRequest, gone: list[Failure]) -> None:
        self._allow_origin(request)
        path, slash = request.path.decode("latin-1"), request.path.endswith(b"/")
        method = request.method.decode("latin-1")
        if slash and method in ("GET", "HEAD", "POST", "PUT"):
            _redirect(request)
            return
        route, parts = self.find(self._local(path))
        if method == "OPTIONS":
            _finish(request, Answer(status=204))
            return
        who = request.who(self._auth)
        origin = self._auth.origin(who, request.header, request.address(self._auth), "jupyter")
        connection = Connection(who, origin=origin)
        if route.verb != "none" and connection.principal is None:
            if page_for(request) is not None:
                refuse(request, 401, errors.NotAuthenticated(LOG_IN))
                return
            raise Refusal(403, LOG_IN)
        self._permit(connection.principal, route, route.touched(method, parts))
        request.notifyFinish().addErrback(lambda _: connection.leave())
        asked = Asked(request, parts, self._api, connection, self._auth.below.path.rstrip("/"))
        if route.upgrade is not None and (request.header("upgrade") or "").lower() == "websocket":
            await route.upgrade(asked)
            return
        function = route.functions.get("GET" if method == "HEAD" else method)
        if function is None and route.upgrade is not None and method == "GET":
            raise Refusal(400, 'Can "Upgrade" only to "WebSocket".')
        if function is None:
            raise Refusal(405, NOT_ALLOWED)
        with confined(
            confinement_of(self._auth, connection.principal, "own")
        ):  # for what a route does itself; calls have their own
            answer = await function(asked)
        self._note(route, method, asked)
        if not gone:
            _finish(request, answer)

    def _permit(self, principal: Principal | None, route: Route, touched: Touched) -> None:
        """Returns when somebody may use a route.

        Raises:
            errors.NotPermitted: They may not.
        """
        if route.verb != "none" and access.is_confined(principal):
            words = "Jupyter's API and JupyterLab are for whoever runs this server, and its admins. webipy's own page is for everybody."
            raise errors.NotPermitted(words, verb=route.verb)
        access.permit(principal, route.verb, None)
        if route.method and route.verb != "none":
            self._auth.logins.script_tokens.check(principal, touched)

    def _note(self, route: Route, method: str, asked: Asked) -> None:
        """Records what a request has changed that is no call, in the audit log."""
        if method not in ("GET", "HEAD") and route.method and not route.is_narrow:
            who, parts = asked.connection, asked.parts
            log, word = self._auth.logins.audit, f"{method} {route.path}"
            log.note(word, who.principal, who.origin, path=parts.get("path"), target=parts.get("name", ""))

    def most_bytes(self, path: bytes) -> int:
        """Whole files come in bodies of `/api/contents` and `/nbconvert`."""
        is_file = self._local(path.decode("latin-1")).startswith(FILE_PATHS)
        return MAX_MODEL_BYTES if is_file else MAX_MESSAGE_BYTES

    def _local(self, path: str) -> str:
        """The path as routes have it."""
        return path

    def find(self, path: str) -> tuple[Route, dict[str, str]]:
        """The route of a path, and its open parts.

        Args:
            path: The path, percent-encoded.

        Raises:
            Refusal: 404, there is none.
        """
        for route in self.routes:
            parts = route.parts(path.rstrip("/"))
            if parts is not None:
                return route, parts
        raise Refusal(404, "Not Found")

    def _allow_origin(self, request: PageRequest) -> None:
        """Sets the headers that let a page of another origin read the answer, if it shows the token.

        Source: Fetch, section 3.3 (CORS protocol).
        """
        request.setHeader(b"Access-Control-Allow-Headers", b"accept, content-type, authorization, x-xsrftoken")
        request.setHeader(b"Access-Control-Allow-Methods", ", ".join((*METHODS, "OPTIONS")).encode())
        origin = request.header("origin")
        if origin and shows_token(request) and request.who(self._auth) is not None:
            request.setHeader(b"Access-Control-Allow-Origin", origin.encode("latin-1"))
            request.setHeader(b"Vary", b"Origin")

    def _failed(self, failure: Failure, request: PageRequest, gone: list[Failure]) -> None:
        fault: Any = failure.value
        if isinstance(fault, errors.Failure):
            fault = Refusal(_status(fault, request), fault.message)
        elif not isinstance(fault, Refusal):
            if not isinstance(fault, CancelledError):
                self._log.failure("{path} failed", failure, path=request.path[:200])
            fault = Refusal(500, "The server made a mistake; its log has more.")
        if not gone:
            extra = {"traceback": ""} if fault.status == 500 else {}
            _finish(request, Answer({"message": fault.message, "reason": fault.reason, **extra}, fault.status))


def _status(fault: errors.Failure, request: PageRequest) -> int:
    """The HTTP status of a failure. What is hidden or leads out of the root is not there for who reads."""
    reason = fault.facts.get("reason") if isinstance(fault, errors.FileFault) else None
    if reason in ("hidden", "outside"):
        return 404 if request.method in (b"GET", b"HEAD") else 400
    if reason in ("not_a_folder", "not_a_file", "not_empty", "too_long", "links"):
        return 400
    return _STATUSES.get(type(fault), status_of(fault))


def _finish(request: PageRequest, answer: Answer) -> None:
    request.setResponseCode(answer.status)
    for name, value in answer.headers.items():
        request.setHeader(name.encode(), value.encode("utf-8"))
    body = msgspec.json.encode(answer.value) if answer.body is None else answer.body
    if answer.status in (204, 302, 304):
        request.finish()
        return
    request.setHeader(b"Content-Type", answer.content_type.encode())
    send(request, body)


def _redirect(request: PageRequest) -> None:
    """To the same address without slashes at its end, relative to itself: a proxy may have taken parts of the path away."""
    path, mark, query = request.uri.partition(b"?")
    bare = path.rstrip(b"/")
    request.setHeader(b"Location", b"../" * (len(path) - len(bare)) + bare.rpartition(b"/")[2] + mark + query)
    _finish(request, Answer(status=302))
