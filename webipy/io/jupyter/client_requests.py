"""What Jupyter clients ask of a kernel over its socket, as calls of the method table.

::

    execute_request ──► execution.start      complete, inspect, is_complete, history ──► completion.get …      kernel_info ──► kernel.describe
    comm_open, comm_msg, comm_close ──► comm.*      input_reply ──► input.reply      interrupt, shutdown ──► kernel.*
    comm_info, debug, subshells, usage, connect ──► message.send      everything else ──► nothing: it does not reach the kernel

An execution takes the id of its request, so a request that is sent again after a cut runs once. It belongs to the cell that the metadata name
(`cellId`, as JupyterLab has it), if the document has that cell. Its reply comes with the events of the session; the replies to all other requests go
to the socket that asked, between a `busy` and an `idle` of their own, and are no events.

Source: Jupyter messaging 5.4.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol

import msgspec
from msgspec import Raw

from webipy.core import errors
from webipy.core.api import calls, history_calls
from webipy.core.kernel import jupyter_messages
from webipy.core.kernel.socket_messages import CHANNELS, ClientMessage
from webipy.io.jupyter.routes import Asked

PATIENCE_SECONDS: Final = 600.0
"""How long a request waits for a kernel that runs code."""

INQUIRY_SECONDS: Final = 60.0
"""The same for completions and the like."""

RAW: Final = frozenset(
    [
        "comm_info_request",
        "connect_request",
        "create_subshell_request",
        "debug_request",
        "delete_subshell_request",
        "list_subshell_request",
        "usage_request",
    ]
)
"""Requests that go to the kernel as they are."""

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


class _Execute(msgspec.Struct):
    code: str
    silent: bool = False
    store_history: bool = True
    user_expressions: dict[str, str] | None = None
    allow_stdin: bool = True
    stop_on_error: bool = True


class _Cell(msgspec.Struct, rename="camel"):
    cell_id: str | None = None


class _At(msgspec.Struct):
    code: str = ""
    cursor_pos: int = 0
    detail_level: int = 0


class _History(msgspec.Struct):
    hist_access_type: str = "tail"
    session: int = 0
    start: int = 0
    stop: int | None = None
    output: bool = False
    raw: bool = True
    n: int | None = None
    pattern: str | None = None
    unique: bool = False


class _Comm(msgspec.Struct):
    comm_id: str
    target_name: str = ""
    data: Raw = Raw(b"{}")


class _Input(msgspec.Struct):
    value: str = ""


class _Shutdown(msgspec.Struct):
    restart: bool = False


class Socket(Protocol):
    """The socket that asks."""

    def reply(self, request: ClientMessage, content: bytes, buffers: tuple[bytes, ...] = ()) -> None:
        """Sends the reply to a request.

        Args:
            request: The request.
            content: The content of the reply, JSON.
            buffers: Its buffers.
        """

    def publish_state(self, request: ClientMessage, state: str) -> None:
        """Sends a status that belongs to a request.

        Args:
            request: The request.
            state: The state.
        """

    def prompt_of(self, request: ClientMessage) -> str | None:
        """The id of the prompt that an answer is for; `None` when none waits."""

    def describe_later(self, request: ClientMessage) -> None:
        """Answers a kernel_info_request when the kernel is ready."""


def execution_id(msg_id: str) -> str:
    """The id of the execution of a request: its own, if that can be one, else a digest of it."""
    return msg_id if _ID.fullmatch(msg_id) else hashlib.sha256(msg_id.encode()).hexdigest()


class ClientRequests(msgspec.Struct, eq=False):
    """The requests of one socket.

    Args:
        asked: Who asks.
        session: The id of the session of the kernel.
        socket: The socket.
        close: Closes the session, where it was made for its kernel alone; else ends the kernel.
    """

    asked: Asked
    session: str
    socket: Socket
    close: Callable[[], Awaitable[None]]

    async def carry_out(self, message: ClientMessage) -> None:
        """Carries a message out."""
        function = _FUNCTIONS.get((message.channel, message.msg_type))
        if function is None:
            known = message.msg_type in RAW and message.channel in ("shell", "control")
            function = ClientRequests._raw if known else None
        if function is None or message.channel not in CHANNELS:
            return
        try:
            await function(self, message)
        except errors.Failure as fault:
            self._failed(message, fault.name, fault.message)
        except (msgspec.DecodeError, UnicodeDecodeError) as fault:
            self._failed(message, "InvalidRequest", f"The content of this {message.msg_type} is wrong: {fault}")

    def _failed(self, message: ClientMessage, name: str, reason: str) -> None:
        """Replies with a failure; what is no request has no reply."""
        if message.msg_type.endswith("_request"):
            failure = {"status": "error", "ename": name, "evalue": reason, "traceback": []}
            self._answer(message, failure)
        elif message.msg_type.startswith("comm_"):
            self.socket.publish_state(message, "idle")

    def _answer(self, message: ClientMessage, content: Mapping[str, object], buffers: tuple[bytes, ...] = ()) -> None:
        self.socket.publish_state(message, "busy")
        self.socket.reply(message, jupyter_messages.encode(content), buffers)
        self.socket.publish_state(message, "idle")

    async def _execute(self, message: ClientMessage) -> None:
        wanted = jupyter_messages.decode(message.content, _Execute)
        params = calls.StartExecution(
            session=self.session,
            code=wanted.code,
            cell=_cell_of(message.metadata) or self._claimed(wanted),
            id=execution_id(message.msg_id),
            silent=wanted.silent,
            store_history=wanted.store_history,
            stop_on_error=wanted.stop_on_error,
            allow_stdin=wanted.allow_stdin,
            user_expressions=wanted.user_expressions or {},
            queue=execution_id(message.session or "client"),
            request=Raw(message.header),
        )
        try:
            await self.asked.ask("execution.start", params, calls.ExecutionAccepted)
        except errors.NotFound as fault:
            if params.cell is None or fault.facts.get("kind") != "cell":
                raise
            rest = msgspec.structs.replace(params, cell=None)  # the cell of a document that is not here
            await self.asked.ask("execution.start", rest, calls.ExecutionAccepted)

    def _claimed(self, wanted: _Execute) -> str | None:
        """The cell of a request that names none: programs that edit a notebook together with others leave that out."""
        principal = self.asked.connection.principal
        if wanted.silent or principal is None:
            return None
        return self.asked.api.services.rooms.claim(self.session, principal.login, wanted.code)

    async def _describe(self, message: ClientMessage) -> None:
        of = calls.OfSession(session=self.session)
        found = await self.asked.ask("kernel.describe", of, calls.KernelDescription)
        if bytes(found.kernel_info) == b"null":
            self.socket.describe_later(message)
            return
        self.socket.publish_state(message, "busy")
        self.socket.reply(message, bytes(found.kernel_info))
        self.socket.publish_state(message, "idle")
        session = await self.asked.ask("session.get", of, calls.Session)
        if session.kernel is not None and session.kernel.state not in ("idle", "starting"):
            self.socket.publish_state(message, session.kernel.state)

    async def _complete(self, message: ClientMessage) -> None:
        at = jupyter_messages.decode(message.content, _At)
        params = calls.GetCompletion(
            session=self.session, code=at.code, cursor=max(0, at.cursor_pos), timeout_s=INQUIRY_SECONDS
        )
        found = await self.asked.ask("completion.get", params, calls.Completion)
        self._answer(message, {"status": "ok", **_fields(found)})

    async def _inspect(self, message: ClientMessage) -> None:
        at = jupyter_messages.decode(message.content, _At)
        params = calls.GetInspection(
            session=self.session,
            code=at.code,
            cursor=max(0, at.cursor_pos),
            detail=1 if at.detail_level else 0,
            timeout_s=INQUIRY_SECONDS,
        )
        self._answer(
            message, {"status": "ok", **_fields(await self.asked.ask("inspection.get", params, calls.Inspection))}
        )

    async def _is_complete(self, message: ClientMessage) -> None:
        code = jupyter_messages.decode(message.content, _At).code
        params = calls.IsComplete(session=self.session, code=code, timeout_s=INQUIRY_SECONDS)
        self._answer(message, _fields(await self.asked.ask("code.is_complete", params, calls.Completeness)))

    async def _history(self, message: ClientMessage) -> None:
        wanted = jupyter_messages.decode(message.content, _History)
        params = history_calls.GetHistory(
            session=self.session,
            raw=wanted.raw,
            output=wanted.output,
            n=min(max(1, wanted.n or 1000), 100_000),
            pattern=wanted.pattern if wanted.hist_access_type == "search" else None,
            unique=wanted.unique,
            of=wanted.session if wanted.hist_access_type == "range" else None,
            start=wanted.start,
            stop=wanted.stop,
            timeout_s=INQUIRY_SECONDS,
        )
        found = await self.asked.ask("history.get", params, history_calls.History)
        self._answer(message, {"status": "ok", **_fields(found)})

    async def _comm(self, message: ClientMessage) -> None:
        comm = jupyter_messages.decode(message.content, _Comm)
        buffers = [base64.b64encode(buffer).decode() for buffer in message.buffers]
        self.socket.publish_state(message, "busy")
        of: dict[str, Any] = {"session": self.session, "comm": comm.comm_id, "content": comm.data}
        method = "comm.close"
        params: calls.Params = calls.CloseComm(**of)
        if message.msg_type != "comm_close":
            of |= {"metadata": Raw(message.metadata), "buffers": buffers}
            method = "comm.send" if message.msg_type == "comm_msg" else "comm.open"
            params = (
                calls.SendComm(**of)
                if message.msg_type == "comm_msg"
                else calls.OpenComm(**of, target=comm.target_name)
            )
        await self.asked.ask(method, params, calls.CommAccepted)
        behind = calls.SendMessage(
            session=self.session, channel="shell", msg_type="kernel_info_request", timeout_s=PATIENCE_SECONDS
        )
        await self.asked.ask("message.send", behind, calls.Reply)  # the kernel takes requests in their order
        self.socket.publish_state(message, "idle")

    async def _raw(self, message: ClientMessage) -> None:
        params = calls.SendMessage(
            session=self.session,
            channel="control" if message.channel == "control" else "shell",
            msg_type=message.msg_type,
            content=Raw(message.content),
            metadata=Raw(message.metadata),
            buffers=[base64.b64encode(buffer).decode() for buffer in message.buffers],
            timeout_s=PATIENCE_SECONDS,
        )
        self.socket.publish_state(message, "busy")
        reply = await self.asked.ask("message.send", params, calls.Reply)
        self.socket.reply(message, bytes(reply.content), tuple(map(base64.b64decode, reply.buffers)))
        self.socket.publish_state(message, "idle")

    async def _input(self, message: ClientMessage) -> None:
        value = jupyter_messages.decode(message.content, _Input).value
        request = self.socket.prompt_of(message)
        if request is not None:
            params = calls.ReplyInput(session=self.session, request=request, value=value)
            await self.asked.ask("input.reply", params, calls.Accepted)

    async def _interrupt(self, message: ClientMessage) -> None:
        await self.asked.ask("kernel.interrupt", calls.InterruptKernel(session=self.session), calls.Interrupted)
        self._answer(message, {"status": "ok"})

    async def _shut_down(self, message: ClientMessage) -> None:
        restart = jupyter_messages.decode(message.content, _Shutdown).restart
        self._answer(message, {"status": "ok", "restart": restart})
        if restart:
            await self.asked.ask("kernel.restart", calls.OfSession(session=self.session), calls.Session)
        else:
            await self.close()


def _cell_of(metadata: bytes) -> str | None:
    """The cell that a request says it comes from."""
    try:
        return jupyter_messages.decode(metadata, _Cell).cell_id
    except msgspec.DecodeError:
        return None


def _fields(result: calls.Result) -> dict[str, object]:
    return {name: getattr(result, name) for name in result.__struct_fields__}


_Function = Callable[[ClientRequests, ClientMessage], Awaitable[None]]
_SHELL: Final[Mapping[str, _Function]] = {
    "execute_request": ClientRequests._execute,
    "complete_request": ClientRequests._complete,
    "inspect_request": ClientRequests._inspect,
    "is_complete_request": ClientRequests._is_complete,
    "history_request": ClientRequests._history,
    "comm_open": ClientRequests._comm,
    "comm_msg": ClientRequests._comm,
    "comm_close": ClientRequests._comm,
}
_EITHER: Final[Mapping[str, _Function]] = {
    "kernel_info_request": ClientRequests._describe,
    "interrupt_request": ClientRequests._interrupt,
    "shutdown_request": ClientRequests._shut_down,
}
_FUNCTIONS: Final[Mapping[tuple[str, str], _Function]] = {
    **{("shell", name): function for name, function in _SHELL.items()},
    **{(channel, name): function for channel in ("shell", "control") for name, function in _EITHER.items()},
    ("stdin", "input_reply"): ClientRequests._input,
}
"""What carries out which message, by its channel and its type."""
