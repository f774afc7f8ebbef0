"""What a Jupyter client is sent: events of a session in, Jupyter messages out, sans-io.

::

    execution_queued ──► kept: its request is the parent of all that follows
    execution_started ──► status busy, execute_input      output_added … ──► stream, display_data, execute_result, error, clear_output
    execution_finished ──► execute_reply (to who asked), status idle      input_requested ──► input_request (to who asked)
    kernel_state_changed ──► status      comm_opened … by the kernel ──► comm_open, comm_msg, comm_close

The same events make the same messages with the same ids whenever they are read: so a client that comes back is sent what it missed, by another
server, too.

Invariants: no message without an event; a reply goes to the client id that asked; the parent is the header of the client's own request, whole. For an
execution that did not come from a Jupyter client (the page, the command line) a parent is made that has its id. `execute_input` names the cell in its
metadata, as JupyterLab does in its requests.

Source: Jupyter messaging 5.4. Rejected: passing the kernel's messages on beside the journal (they would be lost with the socket).
"""

from __future__ import annotations

import base64

import attrs
import msgspec
from msgspec import UNSET, Raw, UnsetType

from webipy.core.events import events
from webipy.core.events.events import AnyEvent
from webipy.core.kernel import jupyter_messages
from webipy.core.kernel.socket_messages import EMPTY, ServerMessage

PROTOCOL = "5.3"
KEPT_FINISHED = 100
"""Finished executions whose late output still gets its parent."""

_encode = jupyter_messages.encode


class _Asker(msgspec.Struct):
    session: str = ""


class _Output(msgspec.Struct):
    """An nbformat output."""

    output_type: str
    name: str = ""
    text: Raw = Raw(b'""')
    data: Raw = Raw(EMPTY)
    metadata: Raw = Raw(EMPTY)
    execution_count: int | None = None
    ename: str = ""
    evalue: str = ""
    traceback: list[str] = []


class _Run(msgspec.Struct):
    """An execution.

    Args:
        queued: The event that queued it.
        parent: The header of its request, JSON.
        asker: The client id that asked; `None` when no Jupyter client did.
        error: The last error among its outputs.
    """

    queued: events.ExecutionQueued
    parent: bytes
    asker: str | None
    has_started: bool = False
    error: _Output | None = None


@attrs.define
class ClientMessages:
    """Makes the messages for the clients of one kernel.

    Args:
        session: The id of the session, which is the client id in messages of the server.
        kernel: The id of the kernel.
        is_gone: Whether the session has another kernel now, or is closed.
    """

    session: str
    kernel: str
    is_gone: bool = False
    inputs: dict[str, str | None] = attrs.field(factory=dict)
    """The prompts that wait, with the client id that is asked."""
    _runs: dict[str, _Run] = attrs.field(factory=dict)
    _finished: dict[str, _Run] = attrs.field(factory=dict)
    _running: str | None = None
    _is_busy_untold: bool = False
    """The kernel has got busy. An execution says so itself, with its parent: clients expect that as the first message of it."""
    _seq: int = 0
    _count: int = 0
    _date: str = ""

    def queue(self, event: events.ExecutionQueued) -> None:
        """Adds an execution that was queued before."""
        parent, asker = _parent_of(event, self.session)
        self._runs[event.execution] = _Run(event, parent, asker)

    def apply(self, event: AnyEvent) -> list[ServerMessage]:
        """The messages that the next event makes."""
        self._seq, self._count, self._date = event.seq, 0, event.time
        if isinstance(event, events.KernelStateChanged) and event.state == "busy" and self._running is None:
            self._is_busy_untold = True
            return []
        is_untold, self._is_busy_untold = self._is_busy_untold, False
        if is_untold and not isinstance(event, events.ExecutionStarted | events.KernelStateChanged):
            return [self._status("busy", None), *self._of(event)]
        return self._of(event)

    def _of(self, event: AnyEvent) -> list[ServerMessage]:
        match event:
            case events.ExecutionQueued():
                self.queue(event)
                return []
            case events.ExecutionStarted():
                return self._started(event)
            case events.ExecutionFinished():
                return self._ended(event)
            case events.OutputAdded():
                return self._output(event.execution, event.output, event.display_id)
            case events.WidgetOutputAdded():
                return self._output(event.execution, event.output, event.display_id)
            case events.OutputUpdated():
                content = {
                    "data": event.data,
                    "metadata": event.metadata,
                    "transient": {"display_id": event.display_id},
                }
                return [self._publish("update_display_data", content, self._running)]
            case events.OutputsCleared():
                return [self._publish("clear_output", {"wait": event.wait}, event.execution)]
            case events.WidgetOutputsCleared():
                return [self._publish("clear_output", {"wait": event.wait}, self._running)]
            case events.InputRequested():
                return self._asked(event)
            case events.InputReplied():
                self.inputs.pop(event.request, None)
                return []
            case events.CommOpened() | events.CommMessage() | events.CommClosed():
                return self._comm(event) if event.by is None else []
            case events.MessageReceived() if event.channel == "iopub":
                sent = self._publish(event.msg_type, event.content, event.execution)
                return [attrs.evolve(sent, metadata=bytes(event.metadata), buffers=_bytes(event.buffers))]
            case _:
                return self._kernel(event)

    # ---- executions

    def _started(self, event: events.ExecutionStarted) -> list[ServerMessage]:
        run = self._runs.get(event.execution)
        self._running = event.execution
        begun = [self._status("busy", event.execution)]
        if run is None or run.queued.silent:
            return begun
        run.has_started = True
        content = {"code": run.queued.code, "execution_count": event.execution_count or 0}
        announced = self._publish("execute_input", content, event.execution)
        if not run.queued.cell:
            return [*begun, announced]
        return [*begun, attrs.evolve(announced, metadata=_encode({"cellId": run.queued.cell}))]

    def _ended(self, event: events.ExecutionFinished) -> list[ServerMessage]:
        run = self._runs.pop(event.execution, None)
        if self._running == event.execution:
            self._running = None
        if run is None:
            return [self._status("idle", event.execution)]
        self._finished[event.execution] = run
        if len(self._finished) > KEPT_FINISHED:
            del self._finished[next(iter(self._finished))]
        begun = [] if run.has_started or run.queued.silent else [self._status("busy", event.execution)]
        idle = self._status("idle", event.execution)
        if run.asker is None:
            return [*begun, idle]
        reply = self._message("shell", "execute_reply", _reply(run, event), run.parent)
        lacks = event.execution if run.queued.silent and run.queued.user_expressions and event.status == "ok" else None
        return [*begun, attrs.evolve(reply, to=run.asker, execution=lacks), idle]

    def _output(self, execution: str | None, output: Raw, display_id: str | None) -> list[ServerMessage]:
        shown = jupyter_messages.decode(output, _Output)
        transient = {} if display_id is None else {"transient": {"display_id": display_id}}
        content: dict[str, object]
        match shown.output_type:
            case "stream":
                content = {"name": shown.name, "text": shown.text}
            case "error":
                run = self._runs.get(execution or "")
                if run is not None:
                    run.error = shown
                content = {"ename": shown.ename, "evalue": shown.evalue, "traceback": shown.traceback}
            case "execute_result":
                content = {
                    "data": shown.data,
                    "metadata": shown.metadata,
                    "execution_count": shown.execution_count or 0,
                }
            case _:
                content = {"data": shown.data, "metadata": shown.metadata}
        if shown.output_type in ("display_data", "execute_result"):
            content |= transient or {"transient": {}}
        return [self._publish(shown.output_type, content, execution)]

    def _asked(self, event: events.InputRequested) -> list[ServerMessage]:
        run = self._runs.get(event.execution or "")
        asker = None if run is None else run.asker
        self.inputs[event.request] = asker
        if asker is None:
            return []
        content = {"prompt": event.prompt, "password": event.password}
        asked = self._message("stdin", "input_request", _encode(content), self._parent(event.execution), event.request)
        return [attrs.evolve(asked, to=asker)]

    # ---- comms and the kernel

    def _comm(self, event: events.CommOpened | events.CommMessage | events.CommClosed) -> list[ServerMessage]:
        content: dict[str, object] = {"comm_id": event.comm, "data": event.content}
        if isinstance(event, events.CommClosed):
            return [self._publish("comm_close", content, event.execution)]
        kind = "comm_open" if isinstance(event, events.CommOpened) else "comm_msg"
        if isinstance(event, events.CommOpened):
            content["target_name"] = event.target
        sent = self._publish(kind, content, event.execution)
        return [attrs.evolve(sent, metadata=bytes(event.metadata), buffers=_bytes(event.buffers))]

    def _kernel(self, event: AnyEvent) -> list[ServerMessage]:
        match event:
            case events.KernelStarted() if event.kernel != self.kernel:
                self.is_gone = True
                return [self._status("dead", None)]
            case events.SessionClosed():
                self.is_gone = True
                return [self._status("dead", None)]
            case events.KernelStateChanged() if event.state not in ("idle", "busy") or self._running is None:
                # `restarting` means a restart that nobody asked for: clients open their sockets again, and who asked does that anyway
                return [self._status("starting" if event.state == "restarting" else event.state, None)]
            case _:
                return []

    # ---- messages

    def _status(self, state: str, execution: str | None) -> ServerMessage:
        return self._publish("status", {"execution_state": state}, execution)

    def _publish(self, msg_type: str, content: object, execution: str | None) -> ServerMessage:
        return self._message("iopub", msg_type, _encode(content), self._parent(execution))

    def _message(
        self, channel: str, msg_type: str, content: bytes, parent: bytes, msg_id: str | None = None
    ) -> ServerMessage:
        self._count += 1
        name = msg_id or f"{self.session}_{self._seq}_{self._count}"
        header = header_of(name, msg_type, self.session, self._date)
        return ServerMessage(channel, name, msg_type, header, parent, content)

    def _parent(self, execution: str | None) -> bytes:
        if execution is None:
            return EMPTY
        run = self._runs.get(execution) or self._finished.get(execution)
        return run.parent if run is not None else header_of(execution, "execute_request", self.session, self._date)


def header_of(msg_id: str, msg_type: str, session: str, date: str) -> bytes:
    """The header of a message that the server makes, JSON.

    Args:
        msg_id: Its id.
        msg_type: Its type.
        session: The client id of its sender.
        date: When it was made, RFC 3339.
    """
    known = {"msg_id": msg_id, "msg_type": msg_type, "session": session, "username": "webipy"}
    return _encode({**known, "date": date, "version": PROTOCOL})


def _parent_of(event: events.ExecutionQueued, session: str) -> tuple[bytes, str | None]:
    """The header of the request of an execution, and the client id that asked."""
    if isinstance(event.request, UnsetType):
        return header_of(event.execution, "execute_request", session, event.time), None
    return bytes(event.request), jupyter_messages.decode(event.request, _Asker).session


def _reply(run: _Run, event: events.ExecutionFinished) -> bytes:
    """The content of an execute_reply (Jupyter messaging 5.4)."""
    count = {"execution_count": event.execution_count or 0}
    if event.status == "ok":
        expressions = Raw(EMPTY) if event.user_expressions is UNSET else event.user_expressions
        payload = Raw(b"[]") if event.payload is UNSET else event.payload
        return _encode({"status": "ok", **count, "user_expressions": expressions, "payload": payload})
    if event.status in ("aborted", "cancelled"):
        return _encode({"status": "aborted", **count})
    error = run.error if event.status == "error" and run.error is not None else _Output("error", ename=event.status)
    failure = {"ename": error.ename, "evalue": error.evalue or event.reason, "traceback": error.traceback}
    return _encode({"status": "error", **failure, **count})


def _bytes(buffers: list[str]) -> tuple[bytes, ...]:
    return tuple(base64.b64decode(buffer) for buffer in buffers)
