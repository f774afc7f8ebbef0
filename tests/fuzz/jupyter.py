"""The surface of a Jupyter Server: its routes with any method, path, query and body, and its sockets with any frame, on a real server.

Data flow: the server itself lists its routes (`/api/spec.yaml`); `Requests.one` sends one request by somebody, mostly the owner, and judges the
answer; `one_socket` opens a socket of a kernel, of events or of a terminal, sends frames that are good, odd or broken, and cuts it anywhere.

What must hold: no status that says the server has failed by itself, and no traceback (`ServerTarget.look`); a refusal is JSON with its message; who
is no owner gets nothing but a refusal, and never the canary; a socket ends with a code that the surface has, and as long as it is open the
kernel's description comes.

Rejected: routes in a table of their own here (a new one would not be tried).
"""

from __future__ import annotations

import http.client
import json
import random
import socket
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from tests.attack.ground import WAIT_S, Answer
from tests.blocking_websocket import BINARY, FIN, TEXT, BlockingWebSocket, Closed, HandshakeRefused
from tests.fuzz import CANARY, Found
from tests.fuzz.sockets import BROKEN
from tests.fuzz.targets import PATHS, ServerTarget
from tests.fuzz.values import HOSTILE, WORDS, json_value, mutated, read
from webipy.core.kernel.socket_messages import V1

PATIENCE_S = 90.0
"""An answer may wait for a kernel that starts."""

MOST_KERNELS, MOST_TERMINALS = 4, 3
"""When there are more, they are ended: each is a process."""

UNWANTED = frozenset({"/api/shutdown"})
"""It would end the run."""

OPEN = (
    "/api",
    "/lab",
    "/doc",
    "/tree",
    "/notebooks",
    "/edit",
    "/consoles",
    "/terminals",
    "/notebook",
    "/custom",
    "/lsp",
    "/static",
    "/favicons",
)
"""What everybody may get: the version, and pages without a secret (tests/test_jupyter_routes.py)."""

SLOW = ("/nbconvert/", "/restart", "/api/sessions", "/api/kernels", "/api/terminals")
"""Routes that start processes, tried less often."""

CLOSE_CODES = frozenset({None, 1000, 1001, 1002, 1003, 1007, 1009, 1011, 1012, 4401, 4429})
"""How a socket may end."""

FIELDS: Mapping[str, Sequence[str]] = {
    "path": [*map(json.dumps, PATHS), "null"],
    "type": ['"notebook"', '"file"', '"directory"', '"console"', '"x"'],
    "name": ['"python3"', '"python"', '"nope"', '"a.ipynb"', "null"],
    "format": ['"json"', '"text"', '"base64"', "null"],
    "content": ['"text"', '"aGk="', "null", '{"cells":[],"metadata":{},"nbformat":4,"nbformat_minor":5}', "{}", "[]"],
    "chunk": ["1", "2", "-1", "0", "null"],
    "copy_from": [*map(json.dumps, PATHS)],
    "ext": ['".txt"', '".ipynb"', '"/x"'],
    "kernel": ["{}", '{"name":"python3"}', '{"name":"nope"}', '{"id":KERNEL}', '{"id":"none"}', "null"],
    "notebook": ['{"path":"a.ipynb"}', "null"],
    "env": ['{"A":"1"}', "{}"],
    "kernel_id": ["KERNEL", '"x"'],
    "cwd": ['""', '"folder"', '"/"', '"nowhere"'],
    "schema_id": ['"https://example.org/x"'],
    "version": ['"1"', "2"],
    "data": ["{}", '{"a":1}'],
    "timestamp": ['"2026-03-01T09:30:00Z"'],
    "hash": ['"x"'],
    "last_modified": ['"2026-03-01T09:30:00Z"'],
}
"""The fields that bodies have, with plausible values; KERNEL stands for the id of one that runs."""

ARGUMENTS: Mapping[str, Sequence[str]] = {
    "type": ("directory", "file", "notebook"),
    "format": ("text", "base64", "json"),
    "content": ("0", "1"),
    "hash": ("0", "1"),
    "download": ("1", "true", ""),
    "path": PATHS,
    "kernel": ("KERNEL", "none"),
    "permissions": ('{"contents":["read"]}', "{}"),
    "sanitize_html": ("true",),
    "session_id": ("fuzz",),
    "inline": ("1",),
    "zip": ("1",),
    "1764444": ("",),
}

REQUESTS: Mapping[str, Sequence[str]] = {
    "execute_request": (
        '{"code":"1"}',
        '{"code":"print(1)","silent":true}',
        '{"code":"1","user_expressions":{"a":"1"}}',
        '{"code":"input()"}',
    ),
    "complete_request": ('{"code":"im","cursor_pos":2}', '{"code":"im","cursor_pos":-5}'),
    "inspect_request": ('{"code":"print","cursor_pos":3,"detail_level":9}',),
    "is_complete_request": ('{"code":"for i in x:"}',),
    "history_request": (
        '{"hist_access_type":"tail","n":3}',
        '{"hist_access_type":"range","session":-1,"start":9,"stop":1}',
    ),
    "kernel_info_request": ("{}",),
    "comm_info_request": ("{}",),
    "connect_request": ("{}",),
    "usage_request": ("{}",),
    "debug_request": ('{"type":"request","seq":1,"command":"debugInfo"}', "{}"),
    "create_subshell_request": ("{}",),
    "list_subshell_request": ("{}",),
    "delete_subshell_request": ('{"subshell_id":"x"}',),
    "comm_open": ('{"comm_id":"c1","target_name":"nothing","data":{}}',),
    "comm_msg": ('{"comm_id":"c1","data":{}}',),
    "comm_close": ('{"comm_id":"c1","data":{}}',),
    "interrupt_request": ("{}",),
    "input_reply": ('{"value":"x"}',),
    "shutdown_request": ('{"restart":true}',),
    "execute_reply": ("{}",),
    "status": ('{"execution_state":"dead"}',),
}
"""Types of messages with plausible contents."""


class Requests:
    """Requests to all routes.

    Args:
        target: The server.
        dice: What is random.
    """

    def __init__(self, target: ServerTarget, dice: random.Random) -> None:
        self.target, self.dice = target, dice
        answer = self.send("owner", "GET", b"/api/spec.yaml")
        listed: dict[str, dict[str, Any]] = json.loads(answer.body)["paths"]
        listed["/files/{path}"] = {"get": {}, "put": {}, "head": {}}
        self.routes = sorted((path, sorted(methods)) for path, methods in listed.items() if path not in UNWANTED)
        self.kernels = self.sessions = self.terminals = ["none"]
        self.look()

    def look(self) -> None:
        """Looks which kernels, sessions and terminals there are, and ends those that are too many.

        Raises:
            Found: The server is not well.
        """
        self.target.look()
        self.target.renew()
        for what, key, most in (("kernels", "id", MOST_KERNELS), ("terminals", "name", MOST_TERMINALS)):
            named = self._names(what, key)
            for name in named if len(named) > most else []:
                self.send("owner", "DELETE", f"/api/{what}/{quote(name, safe='')}".encode())
        if not self._names("kernels", "id"):
            self.send("owner", "POST", b"/api/kernels", b"{}")
        self.kernels = self._names("kernels", "id") or ["none"]
        self.sessions = self._names("sessions", "id") or ["none"]
        self.terminals = self._names("terminals", "name") or ["none"]

    def _names(self, what: str, key: str) -> list[str]:
        answer = self.send("owner", "GET", f"/api/{what}".encode())
        return [str(one[key]) for one in json.loads(answer.body)]

    def one(self) -> None:
        """One request of somebody.

        Raises:
            Found: The answer is not one that may come.
        """
        dice = self.dice
        route, methods = dice.choice(self.routes)
        while any(part in route for part in SLOW) and dice.random() < 0.7:
            route, methods = dice.choice(self.routes)
        who = "owner" if dice.random() < 0.8 else dice.choice(("stranger", "viewer", "editor", "runner"))
        verbs = [method.upper() for method in methods] or ["GET"]
        verb = dice.choice(
            verbs if dice.random() < 0.85 else ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
        )
        path, query, body = self._path(route), self._query(), self._body() if verb in ("POST", "PUT", "PATCH") else b""
        judge(who, route, verb, path + query, body, self.send(who, verb, path + query, body))

    def _path(self, route: str) -> bytes:
        parts = []
        for part in route.split("/"):
            if not part.startswith("{"):
                parts.append(part.encode())
                continue
            known = {
                "{kernel}": self.kernels,
                "{session}": self.sessions,
                "{name}": self.terminals,
                "{format}": ("html", "script", "notebook"),
            }
            words: Sequence[str] = known.get(part, PATHS) if self.dice.random() < 0.7 else WORDS
            word = self.dice.choice(list(words)).encode("utf-8", "surrogatepass")[:3000]
            parts.append(quote(word, safe="/" if self.dice.random() < 0.8 else "").encode())
        path = b"/".join(parts)
        return mutated(path, self.dice, 1) if self.dice.random() < 0.1 else path

    def _query(self) -> bytes:
        pairs = []
        for name in self.dice.sample(sorted(ARGUMENTS), self.dice.randrange(4)):
            words = ARGUMENTS[name] if self.dice.random() < 0.7 else WORDS
            value = self.dice.choice(words).replace("KERNEL", self.kernels[0])
            pairs.append(f"{name}={quote(value.encode('utf-8', 'surrogatepass')[:2000], safe='')}")
        return (f"?{'&'.join(pairs)}" if pairs else "").encode()

    def _body(self) -> bytes:
        kind = self.dice.randrange(10)
        if kind == 0:
            return json_value(self.dice).encode("utf-8", "surrogatepass")
        if kind == 1:
            return b""
        fields = {}
        for name in self.dice.sample(sorted(FIELDS), self.dice.randrange(1, 8)):
            plausible = self.dice.choice(FIELDS[name]).replace("KERNEL", json.dumps(self.kernels[0]))
            fields[name] = plausible if self.dice.random() < 0.8 else self.dice.choice(HOSTILE)
        text = "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in fields.items()) + "}"
        body = text.encode("utf-8", "surrogatepass")
        return mutated(body, self.dice) if kind == 2 else body

    def send(self, who: str, verb: str, target: bytes, body: bytes = b"") -> Answer:
        """Sends a request as its bytes are, on a connection of its own.

        Args:
            who: Who asks.
            verb: The method.
            target: The path and the query; what would end the line is left out.
            body: The body.

        Raises:
            Found: No answer came.
        """
        port = self.target.ground.server.port
        safe = bytes(byte for byte in target if byte not in b"\r\n \t") or b"/"
        lines = [verb.encode() + b" " + safe + b" HTTP/1.1", f"Host: 127.0.0.1:{port}".encode(), b"Connection: close"]
        lines += [f"{name}: {value}".encode("latin-1") for name, value in self.target.who(who).headers.items()]
        lines += [b"Content-Type: application/json", f"Content-Length: {len(body)}".encode()]
        with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as line:
            try:
                line.sendall(b"\r\n".join(lines) + b"\r\n\r\n" + body)
                answer = http.client.HTTPResponse(line, method=verb)
                answer.begin()
                return Answer(answer.status, answer.headers, answer.read())
            except (OSError, http.client.HTTPException) as fault:
                shown = f"{verb} {safe[:2000]!r}\n  {body[:2000]!r}"
                raise Found(f"no answer came: {type(fault).__name__}\n  {who}: {shown}\n  {fault}") from None


def judge(who: str, route: str, verb: str, target: bytes, body: bytes, answer: Answer) -> None:
    """Looks at an answer.

    Args:
        who: Who asked.
        route: The path of the route that was meant.
        verb: The method.
        target: What was asked for.
        body: The body that was sent.
        answer: The answer.

    Raises:
        Found: It is not one that may come.
    """

    def found(what: str) -> Found:
        shown = f"{verb} {target[:2000]!r}\n  {body[:2000]!r}\n  {answer.status} {answer.body[:1000]!r}"
        return Found(f"{what} ({verb} {route})\n  {who}: {shown}")

    if answer.status >= 500 and (answer.status not in (500, 501, 503) or b"made a mistake" in answer.body):
        raise found(f"status {answer.status}")
    if who != "owner" and CANARY.encode() in answer.body:
        raise found("a guest was told what is none of their business")
    is_open = verb == "OPTIONS" or target.partition(b"?")[0].rstrip(b"/") == b"/api" or route.startswith(OPEN[1:])
    if who != "owner" and answer.status < 300 and not is_open:
        raise found(f"a {who} may not do that")
    is_address = all(33 <= byte < 127 for byte in target)  # what is none is refused before it is looked for
    if answer.status >= 400 and verb != "HEAD" and route.startswith("/api/") and is_address:
        try:
            read(answer.body)["message"]
        except (ValueError, KeyError, TypeError, IndexError):
            raise found("a refusal is not JSON with its message") from None
    if (
        answer.status == 200
        and verb == "GET"
        and "json" in (answer.headers["Content-Type"] or "")
        and route.startswith("/api/")
    ):
        try:
            read(answer.body.decode("utf-8"))
        except RecursionError:
            return
        except ValueError:
            raise found("the answer is no JSON") from None


# ---- sockets -------------------------------------------------------------------------------------------------------


class JupyterSocket(BlockingWebSocket):
    """A WebSocket of the owner.

    Args:
        target: The server.
        path: Its path and query.
        is_v1: Whether the newer spelling of messages is offered.
    """

    def __init__(self, target: ServerTarget, path: str, is_v1: bool) -> None:
        self.path = path
        connected = socket.create_connection(("127.0.0.1", target.ground.server.port), PATIENCE_S)
        more = {"Sec-WebSocket-Protocol": V1} if is_v1 else {}
        super().__init__(connected, {**target.who("owner").headers, **more})


def one_socket(requests: Requests) -> None:
    """One socket from its handshake to its end.

    Raises:
        Found: Something did not hold.
    """
    dice, target = requests.dice, requests.target
    client = quote(dice.choice(("fuzz", "", *WORDS[:40])).encode("utf-8", "surrogatepass")[:500], safe="")
    is_v1 = dice.random() < 0.5
    kind = dice.choice(("kernel", "kernel", "kernel", "terminal", "events"))
    path = {
        "kernel": f"/api/kernels/{dice.choice(requests.kernels)}/channels?session_id={client}",
        "terminal": f"/terminals/websocket/{quote(dice.choice(requests.terminals), safe='')}",
        "events": "/api/events/subscribe",
    }[kind]
    try:
        wire = JupyterSocket(target, path, is_v1 and kind == "kernel")
    except HandshakeRefused as refused:
        if refused.status != 404:
            raise Found(f"the handshake of {path[:300]} was answered with {refused.status}") from None
        return
    frames: list[bytes] = []
    try:
        for _ in range(dice.randrange(1, 12)):
            first, frame = _terminal_frame(dice) if kind == "terminal" else _frame(dice, is_v1)
            frames.append(frame)
            wire.frame(first, frame)
        if dice.random() < 0.3:
            first, frame, is_masked = dice.choice(BROKEN)
            wire.frame(first, frame, is_masked=is_masked)
        elif kind == "kernel" and dice.random() < 0.7:
            _described(wire, is_v1)
    except Closed as closed:
        if closed.code not in CLOSE_CODES:
            raise Found(
                f"a socket of {kind} was closed with {closed.code}: {closed}\n  {frames[-3:]!r}"[:4000]
            ) from None
    except TimeoutError:
        raise Found(f"the kernel was not described\n  {frames!r}"[:4000]) from None
    finally:
        wire.close()


def _described(wire: BlockingWebSocket, is_v1: bool) -> None:
    """Asks for the description of the kernel, and reads until it comes.

    Raises:
        TimeoutError: It did not come.
        Closed: The socket was closed before.
    """
    wire.socket.settimeout(WAIT_S)
    for first, frame in [_spelled("shell", "kernel_info_request", "{}", "last", is_v1)]:
        wire.frame(first, frame)
    for _ in range(100_000):
        if b"kernel_info_reply" in (said := wire.receive(WAIT_S)) and b'"last"' in said:
            return
    raise TimeoutError


def _frame(dice: random.Random, is_v1: bool) -> tuple[int, bytes]:
    kind = dice.choice(sorted(REQUESTS))
    while kind in ("shutdown_request", "create_subshell_request") and dice.random() < 0.95:
        kind = dice.choice(sorted(REQUESTS))
    channel = dice.choice(("shell", "shell", "shell", "control", "control", "stdin", "iopub", "x"))
    content = dice.choice(REQUESTS[kind]) if dice.random() < 0.7 else json_value(dice)
    first, frame = _spelled(channel, kind, content, f"m{dice.randrange(50)}", is_v1, dice)
    return (first, mutated(frame, dice)) if dice.random() < 0.15 else (first, frame)


def _spelled(
    channel: str, kind: str, content: str, msg_id: str, is_v1: bool, dice: random.Random | None = None
) -> tuple[int, bytes]:
    """A message as a frame; its first byte and its payload."""
    header: dict[str, object] = {
        "msg_id": msg_id,
        "msg_type": kind,
        "session": "fuzz",
        "username": "",
        "version": "5.3",
        "date": 1.5,
    }
    parent, metadata, buffers = "{}", "{}", list[bytes]()
    if dice is not None:
        parent = dice.choice(("{}", "{}", "null", '{"msg_id":"m1"}', json_value(dice)))
        metadata = dice.choice(("{}", '{"cellId":"c1"}', '{"cellId":5}', json_value(dice)))
        buffers = [dice.randbytes(dice.randrange(20)) for _ in range(dice.choice((0, 0, 0, 1, 3)))]
        if dice.random() < 0.2:
            header[dice.choice(("msg_id", "session", "subshell_id", "date", "username"))] = dice.choice(
                (None, 5, "", "x" * 500, "\0", [], "s1")
            )
    parts = [json.dumps(header), parent, metadata, content]
    if is_v1:
        texts = [part.encode("utf-8", "surrogatepass") for part in (channel, *parts)]
        return FIN | BINARY, _joined([*texts, *buffers], "<Q", is_ended=True)
    names = ("header", "parent_header", "metadata", "content")
    fields = ",".join(f'"{name}":{part}' for name, part in zip(names, parts, strict=True))
    text = f'{{"channel":{json.dumps(channel)},{fields},"buffers":[]}}'.encode("utf-8", "surrogatepass")
    if buffers:
        return FIN | BINARY, _joined([text, *buffers], ">I", is_ended=False)
    return FIN | TEXT, text


def _joined(parts: Sequence[bytes], number: str, *, is_ended: bool) -> bytes:
    """The parts of a binary frame, with their offsets in front."""
    count = len(parts) + is_ended
    at = struct.calcsize(number) * (count + 1)
    offsets = []
    for part in parts:
        offsets.append(at)
        at += len(part)
    offsets += [at] * is_ended
    return struct.pack(f"{number[0]}{count + 1}{number[1]}", count, *offsets) + b"".join(parts)


def _terminal_frame(dice: random.Random) -> tuple[int, bytes]:
    """What a terminal may be told: nothing that a shell would carry out."""
    makers: tuple[Callable[[], str], ...] = (
        lambda: f'["set_size",{dice.choice(HOSTILE)},{dice.choice(HOSTILE)}]',
        lambda: '["set_size",24,80,1,1]',
        lambda: '["stdin","\\u0015"]',
        lambda: json.dumps(["stdin", "".join(char for char in dice.choice(WORDS) if char >= " ")[:100]]),
        lambda: '["stdin",5]',
        lambda: '["disconnect",1]',
        lambda: "[]",
        lambda: "{}",
        lambda: json_value(dice).replace("\\n", "").replace("\\r", ""),
    )
    frame = dice.choice(makers)().encode("utf-8", "surrogatepass")
    return FIN | dice.choice((TEXT, TEXT, TEXT, BINARY)), frame


def fuzz(
    target: ServerTarget, attempt: Callable[[str, Callable[[], None]], None], dice: random.Random, turns: Iterable[int]
) -> None:
    """Requests and sockets in turn.

    Args:
        target: The server.
        attempt: Carries a try out under a name, and keeps what it finds.
        dice: What is random.
        turns: The turns, from 0.
    """
    requests = Requests(target, dice)
    for number in turns:
        attempt("requests", requests.one)
        if number % 8 == 0:
            attempt("channels", lambda: one_socket(requests))
        if number % 40 == 0:
            attempt("requests", requests.look)
