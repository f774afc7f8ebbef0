"""The methods `execution.*`, `output.*`, `input.*`, `comm.*` and `message.*`."""

from __future__ import annotations

import base64
from typing import Literal

from msgspec import UNSET, Raw, UnsetType
from twisted.internet.defer import Deferred

from webipy.core import errors
from webipy.core.api import access, calls
from webipy.core.events import events
from webipy.core.events.outputs import TextRange
from webipy.core.json_depth import is_too_deep, too_deep_reason
from webipy.core.kernel import blobs, json_pieces, jupyter_messages, wire
from webipy.core.kernel.host_protocol import Cancel
from webipy.core.kernel.kernel import base64s
from webipy.server.methods import raw_messages
from webipy.server.methods.failures import OF_KERNEL, OF_SESSION, OF_WORK
from webipy.server.methods.kernel_inquiries import clean, content_of
from webipy.server.methods.method import Connection, Methods, Services
from webipy.server.sessions import guest_view
from webipy.server.sessions.session import Session, execution_record, last_seq

METHODS = Methods()
method = METHODS.method

LONG_TEXT = 8 * 1024 * 1024
"""Characters: of a text of an execution that is more than twice as long, the start and the end of this length are returned; output.read has the
rest."""

CANCEL_SECONDS = 2.0
"""How long the host may take to report a cancelled execution, which waits in the host or in the kernel."""

MAX_HEADER_BYTES = 4096
"""Of the header of a client's request, which stands in the journal with the execution; real ones have some 250."""

RESTART_SECONDS = 8.0
"""The same during a restart: the host cancels when the old process has ended."""


# ---- executions ---------------------------------------------------------------------------------------------------


@method(
    "execution.start",
    "execute",
    "session",
    raises=(*OF_WORK, errors.AlreadyExists, errors.TooLarge),
    example={"code": "x + 12", "cell": "c3", "id": "e5"},
)
async def execution_start(
    services: Services, connection: Connection, params: calls.StartExecution
) -> calls.ExecutionAccepted:
    """Accepts code to run; answers when that is in the journal. It runs once, whatever happens to the client or the server."""
    session = services.sessions.get(params.session)
    shown = session.state.notebook.get(params.cell) if params.cell and session.state.notebook.has(params.cell) else None
    queued = events.ExecutionQueued(
        execution=params.id or services.world.new_id(),
        queue=_queue(services, connection, params.queue),
        code=params.code,
        cell=params.cell,
        silent=params.silent,
        store_history=params.store_history,
        stop_on_error=params.stop_on_error,
        allow_stdin=params.allow_stdin,
        user_expressions=params.user_expressions,
        request=_checked_header(params.request),
        version=shown.version if shown is not None and shown.source == params.code else None,
    )
    seq = await session.execute(queued, connection.name)
    if params.notify:
        await services.notifications.tell(connection.principal, session, [queued.execution])
    return calls.ExecutionAccepted(execution=queued.execution, seq=seq)


def _queue(services: Services, connection: Connection, name: str | None) -> str:
    """The queue of an execution: the person's own queue of that name, or that of the connection; POSTs share one of the person's."""
    if name is not None or connection.send is None:
        return f"{connection.name}/{name or ''}"
    connection.queue = connection.queue or services.world.new_id()
    return connection.queue


def _checked_header(header: Raw | UnsetType) -> Raw | UnsetType:
    if not isinstance(header, UnsetType):
        raw = bytes(header)
        if len(raw) > MAX_HEADER_BYTES or not raw.startswith(b"{") or is_too_deep(raw):
            raise errors.InvalidParams(f"request is a JSON map of at most {MAX_HEADER_BYTES} bytes.", field="request")
    return header


@method("execution.list", "read", "session", raises=OF_SESSION)
async def execution_list(
    services: Services, connection: Connection, params: calls.ListExecutions
) -> calls.ExecutionList:
    """The executions that had not finished when an event was written, as the events that queued them."""
    session = services.sessions.get(params.session)
    at = session.written if params.at is None else min(params.at, session.written)
    found: list[Raw] = []
    async with connection.heavy():
        for execution, span in session.state.spans.open_at(at).items():
            if span.queued <= connection.hidden(session):
                continue
            run = None if session.kernel is None else session.kernel.executions.open.get(execution)
            if run is not None:
                found.append(Raw(events.encode(run.queued)))
            else:
                await session.each_event(span.queued, span.queued, lambda one: found.append(Raw(events.encode(one))))
    return calls.ExecutionList(queued=found)


@method(
    "execution.wait",
    "read",
    "session",
    raises=(*OF_SESSION, errors.Timeout),
    example={"execution": "e1", "timeout_s": 10},
)
async def execution_wait(services: Services, connection: Connection, params: calls.WaitExecution) -> calls.Execution:
    """Waits until an execution has finished; returns how, with its outputs."""
    session = services.sessions.get(params.session)
    _check_shown(session, connection, params.execution)
    await connection.until(Deferred.fromCoroutine(session.ended(params.execution, params.timeout_s)))
    async with connection.heavy():
        return await _as_result(services, connection, session, params.execution)


@method("execution.get", "read", "session", raises=OF_SESSION, example={"execution": "e1"})
async def execution_get(services: Services, connection: Connection, params: calls.OfExecution) -> calls.Execution:
    """An execution as it is now, with its outputs so far."""
    session = services.sessions.get(params.session)
    _check_shown(session, connection, params.execution)
    async with connection.heavy():
        return await _as_result(services, connection, session, params.execution)


def _check_shown(session: Session, connection: Connection, execution: str) -> None:
    """Returns when the principal may see an execution: a guest sees none from before the session was opened last."""
    if session.state.spans.get(execution).queued <= connection.hidden(session):
        raise errors.NotFound(f"This session has no execution {execution!r}.", kind="execution", id=execution)


@method(
    "execution.cancel",
    "execute",
    "session",
    raises=(*OF_KERNEL, errors.NotWaiting),
    example={"execution": "e3"},
)
async def execution_cancel(services: Services, connection: Connection, params: calls.OfExecution) -> calls.Done:
    """Cancels a queued execution; answers when it has ended as `cancelled`. kernel.interrupt ends one that runs."""
    session = services.sessions.get(params.session)
    session.state.spans.get(params.execution)
    run = session.kernel_connection.live().executions.open.get(params.execution)
    if run is None:
        raise errors.NotWaiting(_FINISHED.format(params.execution), kind="execution", id=params.execution)
    if run.running:
        raise errors.NotWaiting(_RUNS.format(params.execution), kind="execution", id=params.execution)
    session.kernel_connection.command(Cancel(params.execution))
    try:
        await session.ended(params.execution, patience_s(session))
    except errors.Timeout:
        raise errors.NotWaiting(_RUNS.format(params.execution), kind="execution", id=params.execution) from None
    if (await _as_result(services, connection, session, params.execution)).status != "cancelled":
        raise errors.NotWaiting(_FINISHED.format(params.execution), kind="execution", id=params.execution)
    return calls.Done()


def patience_s(session: Session) -> float:
    """How long the host may take to change its queue, in seconds."""
    is_restarting = session.kernel is not None and session.kernel.state == "restarting"
    return RESTART_SECONDS if is_restarting else CANCEL_SECONDS


_RUNS = "Execution {} runs already; an interrupt ends it."
_FINISHED = "Execution {} has finished."


async def _as_result(services: Services, connection: Connection, session: Session, execution: str) -> calls.Execution:
    run = await execution_record(session, execution, LONG_TEXT)
    queued, started, finished = run.queued, run.started, run.finished
    assert queued is not None
    status: Literal["queued", "running"] = "running" if started is not None else "queued"
    return calls.Execution(
        session=session.id,
        id=execution,
        status=finished.status if finished is not None else status,
        code=queued.code,
        outputs=await services.world.aside(run.outputs.shown),
        cell=queued.cell,
        execution_count=(finished.execution_count if finished else None)
        or (started.execution_count if started else None),
        duration_s=finished.duration_s if finished else None,
        reason=guest_view.reason(finished.reason, connection.principal) if finished else "",
        user_expressions=_expressions(connection, session, queued, finished),
        queued=queued.time,
        by=queued.by,
        run=queued.run,
        version=queued.version,
        started=started.time if started else None,
        finished=finished.time if finished else None,
    )


def _expressions(
    connection: Connection, session: Session, queued: events.ExecutionQueued, finished: events.ExecutionFinished | None
) -> Raw | UnsetType:
    """The results of the expressions; those of a silent execution only for the person who started it, while they are kept."""
    if not queued.silent:
        return finished.user_expressions if finished else UNSET
    may_run = connection.principal is not None and access.holds(connection.principal, "execute")
    if session.kernel is None or not may_run or queued.by != connection.name:
        return UNSET
    return session.kernel.executions.private.get(queued.execution, UNSET)


@method("output.read", "read", "session", raises=OF_SESSION, example={"execution": "e1", "output": 0})
async def output_read(services: Services, connection: Connection, params: calls.ReadOutput) -> calls.OutputText:
    """Returns a part of the text of a stream output, such as the rest of one that a snapshot cuts, or of a large value that an output refers to."""
    session = services.sessions.get(params.session)
    if not any(cell.execution == params.execution for cell in session.state.notebook.cells()):
        _check_shown(session, connection, params.execution)
    if params.mime is not None:
        outputs = (await execution_record(session, params.execution, LONG_TEXT)).outputs.outputs()
        return await _value_read(session, outputs, params, params.mime)
    span, found = (
        session.state.spans.get(params.execution),
        TextRange(params.execution, params.output, params.offset, params.limit),
    )
    await session.each_event(span.queued, last_seq(session, params.execution), found.apply)
    if found.text is None:
        message = f"Output {params.output} of execution {params.execution} is no text, or there is none."
        raise errors.NotFound(message, kind="output", id=str(params.output))
    return calls.OutputText(text=found.text, offset=params.offset, size=found.size)


async def _value_read(session: Session, outputs: list[Raw], params: calls.ReadOutput, mime: str) -> calls.OutputText:
    ref = blobs.refs_of(outputs[params.output]).get(mime) if params.output < len(outputs) else None
    if ref is None:
        message = f"Output {params.output} of execution {params.execution} refers to no {mime}."
        raise errors.NotFound(message, kind="output", id=str(params.output))
    read = await session.journal.read_blob(ref.sha256, params.offset, params.limit + json_pieces.LONGEST)
    first, text = json_pieces.whole_text(read, params.limit)
    return calls.OutputText(text=text, offset=params.offset + first, size=ref.size)


@method(
    "input.reply", "execute", "session", raises=(*OF_WORK, errors.NotWaiting), example={"request": "r1", "value": "Ada"}
)
async def input_reply(services: Services, connection: Connection, params: calls.ReplyInput) -> calls.Accepted:
    """Answers `input()` or `getpass()`. The first answer is used."""
    session = services.sessions.get(params.session)
    session.check_writable()
    kernel = session.kernel_connection.live()
    if params.request not in kernel.executions.inputs:
        raise errors.NotWaiting(
            "This input was answered already, or the code does not wait for it any more.",
            kind="input",
            id=params.request,
        )
    event = kernel.executions.answered(params.request, params.value)
    seq = await session.append([event], connection.name)
    session.kernel_connection.send_answer(params.request, params.value)
    return calls.Accepted(seq=seq)


# ---- comms and messages -------------------------------------------------------------------------------------------


def _raw(value: Raw | UnsetType) -> bytes:
    return b"{}" if isinstance(value, UnsetType) else bytes(value)


def _unpacked(buffers: list[str]) -> tuple[bytes, ...]:
    try:
        return tuple(base64.b64decode(buffer, validate=True) for buffer in buffers)
    except ValueError as fault:  # binascii.Error, and what it says of letters that are not ASCII
        raise errors.InvalidParams(f"buffers are base64: {fault}", field="buffers") from None


def _check_sendable(msg_type: str, content: bytes, metadata: bytes, buffers: tuple[bytes, ...]) -> None:
    """Returns when a message can be sent to a kernel.

    Raises:
        errors.InvalidParams: It has too many parts, a part that is too large, or content or metadata that are no maps or too deep.
    """
    if len(buffers) > wire.MAX_BUFFERS:
        raise errors.InvalidParams(
            f"buffers: a message has at most {wire.MAX_BUFFERS}, this one {len(buffers)}.", field="buffers"
        )
    for field, value in (("content", content), ("metadata", metadata)):
        if not value.lstrip().startswith(b"{"):
            raise errors.InvalidParams(f"{field} is a JSON map.", field=field)
        if is_too_deep(value):
            raise errors.InvalidParams(f"{field} is {too_deep_reason()}.", field=field)
    try:
        wire.split(wire.new_message(msg_type, content, msg_id="", session="", metadata=metadata, buffers=buffers))
    except wire.Malformed as fault:
        raise errors.InvalidParams(f"This cannot be sent to a kernel: {fault}.", field="content") from None


@method(
    "comm.open", "execute", "session", raises=OF_WORK, example={"target": "jupyter.widget", "content": {"state": {}}}
)
async def comm_open(services: Services, connection: Connection, params: calls.OpenComm) -> calls.CommAccepted:
    """Opens a comm to a target that the kernel has registered."""
    session = services.sessions.get(params.session)
    comm, buffers = params.comm or services.world.new_id(), _unpacked(params.buffers)
    event = events.CommOpened(
        comm=comm,
        target=params.target,
        content=Raw(_raw(params.content)),
        metadata=Raw(_raw(params.metadata)),
        buffers=params.buffers,
    )
    content = jupyter_messages.encode(
        {"comm_id": comm, "target_name": params.target, "data": Raw(_raw(params.content))}
    )
    return await _comm(services, connection, session, "comm_open", comm, event, content, _raw(params.metadata), buffers)


@method(
    "comm.send", "execute", "session", raises=OF_WORK, example={"comm": "k1", "content": {"method": "request_state"}}
)
async def comm_send(services: Services, connection: Connection, params: calls.SendComm) -> calls.CommAccepted:
    """Sends a message on a comm."""
    session, buffers = services.sessions.get(params.session), _unpacked(params.buffers)
    event = events.CommMessage(
        comm=params.comm, content=Raw(_raw(params.content)), metadata=Raw(_raw(params.metadata)), buffers=params.buffers
    )
    content = jupyter_messages.encode({"comm_id": params.comm, "data": Raw(_raw(params.content))})
    return await _comm(
        services, connection, session, "comm_msg", params.comm, event, content, _raw(params.metadata), buffers
    )


@method("comm.close", "execute", "session", raises=OF_WORK, example={"comm": "k1"})
async def comm_close(services: Services, connection: Connection, params: calls.CloseComm) -> calls.CommAccepted:
    """Closes a comm."""
    session = services.sessions.get(params.session)
    event = events.CommClosed(comm=params.comm, content=Raw(_raw(params.content)))
    content = jupyter_messages.encode({"comm_id": params.comm, "data": Raw(_raw(params.content))})
    return await _comm(services, connection, session, "comm_close", params.comm, event, content, b"{}", ())


async def _comm(
    services: Services,
    connection: Connection,
    session: Session,
    msg_type: str,
    comm: str,
    event: events.AnyEvent,
    content: bytes,
    metadata: bytes,
    buffers: tuple[bytes, ...],
) -> calls.CommAccepted:
    session.check_writable()
    session.kernel_connection.live()
    _check_sendable(msg_type, content, metadata, buffers)  # so that whatever is journaled as sent is sent
    seq = await session.append([event], connection.name)
    session.kernel_connection.live()
    session.kernel_connection.send(
        "shell", msg_type, content, services.world.new_id(), metadata=metadata, buffers=buffers
    )
    return calls.CommAccepted(comm=comm, seq=seq)


@method(
    "message.send",
    "execute",
    "session",
    stronger=raw_messages.verb,
    raises=(*OF_WORK, errors.KernelFailed, errors.Timeout),
    example={"channel": "shell", "msg_type": "comm_info_request"},
)
async def message_send(services: Services, connection: Connection, params: calls.SendMessage) -> calls.Reply:
    """Sends a Jupyter request that has no method of its own, and returns the reply; what it publishes comes as events."""
    known = raw_messages.sendable(params)
    session, content, metadata = services.sessions.get(params.session), _raw(params.content), _raw(params.metadata)
    buffers = _unpacked(params.buffers)
    _check_sendable(params.msg_type, content, metadata, buffers)  # so that whatever is journaled as sent is sent
    session.kernel_connection.live()
    if known.is_journaled:
        session.check_writable()
        sent = events.MessageSent(channel=params.channel, msg_type=params.msg_type, content=Raw(content))
        await session.append([sent], connection.name)
    reply = await session.kernel_connection.request(
        params.channel, params.msg_type, content, params.timeout_s, metadata, buffers
    )
    return calls.Reply(
        msg_type=reply.header.msg_type,
        content=Raw(content_of(reply)),
        metadata=Raw(clean(reply.metadata)),
        buffers=base64s(reply),
    )
