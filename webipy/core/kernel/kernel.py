"""One kernel's life, sans-io: numbered messages of its host in, events and replies out.

Data flow: `Kernel.receive` turns a batch of messages from the host into `Received`: the events to journal (without seq and
time, which the session gives), and the replies that somebody waits for. Requests are made by the session; the host
forwards each to the kernel once.

The states::

    starting ──ready──► idle ◄──► busy            idle and busy follow the kernel's own status messages for code that runs;
       │                  │         │             completions and inspections do not count
       └──failed──► dead ◄┴─ died ──┘
    any ──restart──► restarting ──ready──► idle

A restart ends what was open when it was asked for; what is accepted from then on waits for the new process.

Invariants: when the kernel dies or restarts no execution of it stays open; text of a stream that is adjacent within a
batch is one event; content that is not JSON, or not of its shape, is reported as lost output and stops nothing.

Source: Jupyter messaging 5.4; docs/kernel-host.md. Rejected: one event for each kernel message; the kernel's own
abort of queued requests (kernels differ: the host holds the queue).
"""

from __future__ import annotations

import attrs
import msgspec
from msgspec import Raw

from webipy.core.events import outputs
from webipy.core.events.events import (
    AnyEvent,
    CommClosed,
    CommMessage,
    CommOpened,
    InputRequested,
    KernelDied,
    KernelReady,
    KernelStarted,
    KernelStartRetried,
    KernelState,
    KernelStateChanged,
    MessageReceived,
    OutputAdded,
    OutputLost,
    OutputsCleared,
    OutputUpdated,
    WidgetOutputAdded,
    WidgetOutputsCleared,
)
from webipy.core.events.stream_coalescer import StreamCoalescer
from webipy.core.kernel import host_protocol, jupyter_messages, wire
from webipy.core.kernel.executions import Executions
from webipy.core.kernel.inquiries import FEATURE, PASSING, is_inquiry
from webipy.core.kernel.output_capture import OutputCapture
from webipy.core.kernel.wire import Message

MAX_WORDS = 300
"""Characters of a dead process's last words that the reason of a lost execution quotes."""
_BUSY_MAKING = frozenset({"execute_request", "comm_open", "comm_msg", "comm_close", "debug_request"})
_SILENT = frozenset({"iopub_welcome", "execute_input", "clear_output", "shutdown_reply"})
"""Published messages that need no event of their own type."""
_CAPTURED = frozenset({"stream", "display_data", "execute_result", "error", "clear_output"})
"""What an Output widget captures."""


class Received(msgspec.Struct, frozen=True):
    """The result of a batch of messages.

    Args:
        events: To journal.
        replies: By the id of the request they answer.
        dropped: Requests that got no reply, with the host's reason.
        widget_updates: Updates for the Output widgets in the kernel: contents of comm_msg, JSON.
        ended: Requests that are no executions and are done, as the kernel says: a reply is here, or close behind.
    """

    events: list[AnyEvent]
    replies: list[tuple[str, Message]]
    dropped: list[tuple[str, str]]
    widget_updates: list[bytes] = msgspec.field(default_factory=list)
    ended: list[str] = msgspec.field(default_factory=list)


@attrs.define(slots=True)
class Kernel:
    """One kernel of one session.

    Args:
        id: Its id, the same over restarts.
        kernelspec: Name of the launch recipe.
        display_name: Its name for people.
        language: The language it runs; empty until the kernel reports it, where the kernelspec names none.
        url_without_key: Where its host listens.
        start: Number of its present process, from 1.
    """

    id: str
    kernelspec: str
    display_name: str
    language: str
    url_without_key: str
    start: int = 1
    state: KernelState = "starting"
    pid: int | None = None
    execution_count: int = 0
    is_over: bool = False
    """Whether it ended because that was asked for: its host ends, too."""
    way: host_protocol.KnownWay | None = None
    """How its process was started, when it is known."""
    tail: str = ""
    """The last raw output of the process that ended last."""
    answers_beside: bool = False
    """Whether it answers inquiries while code runs."""
    _new: StreamCoalescer = attrs.field(factory=StreamCoalescer)
    executions: Executions = attrs.field(init=False)
    _ending: frozenset[str] = frozenset()
    _leaving: int = 0
    """The start whose end a restart was asked for."""
    _busy_with: set[str] = attrs.field(factory=set)
    _replies: list[tuple[str, Message]] = attrs.field(factory=list)
    _dropped: list[tuple[str, str]] = attrs.field(factory=list)
    _ended: list[str] = attrs.field(factory=list)
    _capture: OutputCapture = attrs.field(factory=OutputCapture)

    def __attrs_post_init__(self) -> None:
        self.executions = Executions(self._new)

    def restore(self, event: AnyEvent) -> None:
        """Applies an event of the journal, as when it was made: so a kernel comes back after the server did."""
        self.executions.restore(event)
        self._capture.restore(event)
        match event:
            case KernelStateChanged():
                self.state = event.state
                self._ending = frozenset(self.executions.open) if event.state == "restarting" else frozenset()
                self._leaving = self.start if event.state == "restarting" else 0
            case KernelDied():
                self.is_over, self.tail = event.expected, event.tail
            case KernelReady():
                self.start, self.execution_count = event.start, 0
                self.answers_beside = event.answers_beside
                self.language = self.language or _language(event.language_info)
            case _:
                self.execution_count = getattr(event, "execution_count", None) or self.execution_count

    @property
    def runs_code(self) -> bool:
        """Whether a request to its main thread would wait behind code now."""
        return self.state == "busy" or (self.state == "idle" and bool(self.executions.open))

    def started(self) -> list[AnyEvent]:
        """The first events of a kernel that is being started."""
        born = KernelStarted(
            kernel=self.id,
            kernelspec=self.kernelspec,
            display_name=self.display_name,
            language=self.language,
            url_without_key=self.url_without_key,
        )
        return [born, KernelStateChanged(state="starting")]

    def restarting(self) -> list[AnyEvent]:
        """The events of a restart that was asked for."""
        if self.state != "restarting":
            self._ending, self._leaving = frozenset(self.executions.open), self.start
            self._become("restarting")
        return self._new.flush()

    def lost(self, reason: str, *, expected: bool = False, even_dead: bool = False) -> list[AnyEvent]:
        """Ends the kernel without its host: the host is gone, or was left.

        Args:
            reason: One sentence for a person.
            expected: Whether it was asked to end.
            even_dead: Whether one that died by itself has an end, too, which it has not had (`is_over`): nobody waits for its restart any more.

        Returns:
            Its last events, with the end of everything that was open.
        """
        if self.state != "dead" or even_dead:
            tail = self.tail if self.state == "dead" else ""
            self._die(host_protocol.KernelDied(expected=expected, tail=tail), reason)
        return self._new.flush()

    # ---- what comes from it

    def receive(self, batch: list[tuple[str, Message]]) -> Received:
        """Turns a batch of messages from the host into events and replies.

        Args:
            batch: Pairs of channel and message; signatures are verified, contents are not.
        """
        for channel, message in batch:
            kind = message.header.msg_type
            is_private = _is_private(message, self.executions)
            if channel in ("shell", "control") and (kind != "execute_reply" or is_private):
                if message.parent is not None:
                    self._replies.append((message.parent.msg_id, message))
                continue
            if is_private and kind not in PASSING:
                continue
            try:
                if channel == "iopub" and kind == "stream":
                    self._written(message)
                else:
                    self._receive_one(channel, message, wire.clean_content(message.content))
            except wire.TooDeep as fault:
                self._refuse(message, f"The kernel sent a {kind} that cannot be kept: {fault}.")
            except wire.Malformed:
                self._refuse(message, f"The kernel sent a {kind} that is not JSON.")
            except msgspec.DecodeError as fault:
                self._refuse(message, f"The kernel sent a malformed {kind}: {fault}")
        updates = self._capture.pending_updates() if self.state == "idle" else []
        taken = Received(self._new.flush(), self._replies, self._dropped, updates, self._ended)
        self._replies, self._dropped, self._ended = [], [], []
        return taken

    def _receive_one(self, channel: str, message: Message, content: bytes) -> None:
        parent = message.parent.msg_id if message.parent is not None else None
        kind = message.header.msg_type
        if channel == "iopub":
            self._published(message, parent if self.executions.knows(parent) else None, content)
        elif channel == "host":
            self._hosted(kind, content)
        elif channel == "stdin" and kind == "input_request":
            asked = jupyter_messages.decode(content, jupyter_messages.InputRequest)
            execution = parent if self.executions.knows(parent) else None
            if execution is not None and execution not in self.executions.open:
                return  # its execution has ended
            request = message.header.msg_id
            self.executions.asked(
                InputRequested(request=request, prompt=asked.prompt, password=asked.password, execution=execution)
            )
        elif kind == "execute_reply" and parent is not None:
            reply = jupyter_messages.decode(content, jupyter_messages.ExecuteReply)
            self.execution_count = reply.execution_count or self.execution_count
            self.executions.replied(parent, message.header.date, reply, _began(message))

    def _refuse(self, message: Message, reason: str) -> None:
        """Reports a message that cannot be read; an execution whose reply it was has ended all the same."""
        self._new.add(OutputLost(reason=reason, count=1))
        if message.header.msg_type == "execute_reply" and message.parent is not None:
            self.executions.replied(
                message.parent.msg_id, message.header.date, jupyter_messages.ExecuteReply(status="error")
            )

    # ---- iopub

    def _written(self, message: Message) -> None:
        """Text was written to a stream."""
        parent = message.parent.msg_id if message.parent is not None else None
        execution = parent if self.executions.knows(parent) else None
        text, captor = _text(message.content), self._capture.captor(parent)
        if captor is None:
            self._new.add_text(execution, self.executions.cell_of(execution), text.name, text.text)
            return
        output = outputs.joined_stream(text.name, [text.text])
        self._capture.record(WidgetOutputAdded(comm=captor, output=output))
        self._new.add_text(execution, None, text.name, text.text, captor)

    def _published(self, message: Message, execution: str | None, content: bytes) -> None:
        cell = self.executions.cell_of(execution)
        captor = self._capture.captor(message.parent.msg_id if message.parent is not None else None)
        match message.header.msg_type:
            case kind if captor is not None and kind in _CAPTURED:
                self._captured(captor, kind, execution, content)
            case "display_data" | "execute_result" | "error" as kind:
                output, display_id = _output(kind, content)
                if kind == "error":
                    self.executions.failed(execution)
                self._new.add(OutputAdded(execution=execution, cell=cell, output=output, display_id=display_id))
            case "status":
                self._status(
                    message, execution, jupyter_messages.decode(content, jupyter_messages.Status).execution_state
                )
            case "execute_input" if execution is not None:
                count = jupyter_messages.decode(content, jupyter_messages.ExecuteInput).execution_count
                self.execution_count = count or self.execution_count
                self.executions.begin(execution, count)
            case "execute_input" if message.parent is not None and message.parent.msg_type == "execute_request":
                self._new.add(_whole(message, None, content))  # a program that has joined the kernel runs code
            case "clear_output" if execution is not None:
                wait = jupyter_messages.decode(content, jupyter_messages.Clear).wait
                self._new.add(OutputsCleared(execution=execution, cell=cell, wait=wait))
            case "update_display_data":
                self._updated(jupyter_messages.decode(content, jupyter_messages.Display))
            case "comm_open" | "comm_msg" | "comm_close" as kind:
                comm = _comm(kind, message, execution, jupyter_messages.decode(content, jupyter_messages.Comm))
                if self._capture.observe(comm):
                    self._new.add(comm)
            case kind if kind not in _SILENT:
                self._new.add(_whole(message, execution, content))

    def _captured(self, comm: str, kind: str, execution: str | None, content: bytes) -> None:
        """Records an output that an Output widget captures."""
        if kind == "clear_output":
            cleared = WidgetOutputsCleared(
                comm=comm, wait=jupyter_messages.decode(content, jupyter_messages.Clear).wait
            )
            self._capture.record(cleared)
            self._new.add(cleared)
        else:
            output, display_id = _output(kind, content)
            added = WidgetOutputAdded(comm=comm, output=output, execution=execution, display_id=display_id)
            self._capture.record(added)
            self._new.add(added)

    def _status(self, message: Message, execution: str | None, state: str) -> None:
        parent = message.parent
        if state == "busy":
            self.executions.busy(execution, message.header.date)
            if parent is not None and parent.msg_type in _BUSY_MAKING:
                self._busy_with.add(parent.msg_id)
                self._become("busy")
        elif state == "idle":
            self.executions.idle(execution, message.header.date)
            if parent is not None and parent.msg_type in _BUSY_MAKING:
                self._busy_with.discard(parent.msg_id)
                if not self._busy_with and self.state == "busy":
                    self._become("idle")
            if parent is not None and execution is None:
                self._ended.append(parent.msg_id)

    def _updated(self, shown: jupyter_messages.Display) -> None:
        if shown.transient is not None and shown.transient.display_id:
            display_id = shown.transient.display_id
            updated = OutputUpdated(display_id=display_id, data=shown.data, metadata=shown.metadata)
            self._capture.updated(updated)
            self._new.add(updated)

    def _become(self, state: KernelState) -> None:
        if state != self.state:
            self.state = state
            self._new.add(KernelStateChanged(state=state))

    # ---- the host's own events

    def _hosted(self, kind: str, content: bytes) -> None:
        match kind:
            case "kernel_starting":
                started = jupyter_messages.decode(content, host_protocol.KernelStarting)
                self.start, self.pid = started.start, started.pid
            case "kernel_ready":
                self._ready(jupyter_messages.decode(content, host_protocol.KernelReady))
            case "kernel_restarting":
                self._restarted()
            case "kernel_died":
                death = jupyter_messages.decode(content, host_protocol.KernelDied)
                if self.state != "restarting" or not death.expected:
                    self._die(death, death.reason or death_reason(death.exit_status, death.signal, death.expected))
            case "start_retried":
                again = jupyter_messages.decode(content, host_protocol.StartRetried)
                self._new.add(KernelStartRetried(kernel=self.id, reason=again.reason, how=again.how, tail=again.tail))
            case "start_failed":
                failed = jupyter_messages.decode(content, host_protocol.StartFailed)
                self._die(host_protocol.KernelDied(tail=failed.tail), failed.reason)
            case "request_dropped":
                self._request_dropped(jupyter_messages.decode(content, host_protocol.RequestDropped))
            case "request_moved":
                moved = jupyter_messages.decode(content, host_protocol.RequestMoved)
                self.executions.moved(moved.msg_id, moved.after)
            case "output_lost":
                lost = jupyter_messages.decode(content, host_protocol.OutputLost)
                self._new.add(OutputLost(reason=lost.reason, count=lost.count))
            case _:
                pass

    def _ready(self, ready: host_protocol.KernelReady) -> None:
        kernel_info = jupyter_messages.decode(ready.kernel_info, jupyter_messages.KernelInfo)
        self.start, self.pid, self.execution_count = ready.start, ready.pid, 0
        self.answers_beside = FEATURE in _features(kernel_info.supported_features)
        self.language = self.language or _language(kernel_info.language_info)
        if ready.way is not None:
            self.way = host_protocol.KnownWay(ready.way.boot, ready.way.transport, ready.is_encrypted)
        self._busy_with.clear()
        self._new.add(
            KernelReady(
                kernel=self.id,
                start=ready.start,
                seconds=round(ready.seconds, 3),
                language_info=kernel_info.language_info,
                implementation=kernel_info.implementation,
                banner=kernel_info.banner,
                transport=self.way.transport if self.way is not None else "ipc",
                encrypted=ready.is_encrypted,
                answers_beside=self.answers_beside,
                kernel_info=ready.kernel_info,
            )
        )
        if self.state != "restarting" or ready.start > self._leaving:  # else that process is on its way out
            self._become("idle")

    def _restarted(self) -> None:
        ending = self._ending if self.state == "restarting" else frozenset(self.executions.open)
        self.executions.end_all(ending, running="lost", waiting="aborted", reason="The kernel was restarted.")
        self._ending, self._leaving = frozenset(), 0
        self._capture.forget()
        self._become("restarting")

    def _request_dropped(self, dropped: host_protocol.RequestDropped) -> None:
        if dropped.msg_id in self.executions.open:
            self.executions.dropped(dropped.msg_id, dropped.reason)
        else:
            self._dropped.append((dropped.msg_id, dropped.reason))

    def _die(self, death: host_protocol.KernelDied, reason: str) -> None:
        self.pid, self.is_over, self.tail = None, death.expected, death.tail or self.tail
        self._capture.forget()
        self._new.add(
            KernelDied(
                kernel=self.id,
                reason=reason,
                exit_status=death.exit_status,
                signal=death.signal,
                tail=death.tail,
                expected=death.expected,
            )
        )
        lost = reason if death.expected else reason + last_words(death.tail)
        self.executions.end_all(tuple(self.executions.open), running="lost", waiting="lost", reason=lost)
        self._become("dead")


def _language(language_info: Raw) -> str:
    """The language in a `language_info`; empty where it names none."""
    try:
        return jupyter_messages.decode(language_info, jupyter_messages.LanguageInfo).name
    except msgspec.DecodeError:
        return ""


def _is_private(message: Message, executions: Executions) -> bool:
    """Whether it belongs to an inquiry. An execution may have any id that a client chose."""
    parent = message.parent.msg_id if message.parent is not None else None
    return is_inquiry(parent) and not executions.knows(parent)


def _features(features: Raw) -> list[object]:
    """The `supported_features` of a kernel; none where they are no list."""
    try:
        return jupyter_messages.decode(features, list[object])
    except msgspec.DecodeError:
        return []


def _began(reply: Message) -> str:
    """When the kernel began with the request, as ipykernel has it in the metadata of its replies; empty for others."""
    try:
        return jupyter_messages.decode(wire.clean_content(reply.metadata), jupyter_messages.ReplyMetadata).started
    except (wire.Malformed, msgspec.DecodeError):
        return ""


def _text(content: bytes) -> jupyter_messages.Text:
    """Stream text, safe to splice as after `wire.clean_content`, but looked at once: it is most of what comes, and may be large."""
    try:
        text = jupyter_messages.decode(content, jupyter_messages.Text)
        if not content.isascii():  # which is looked at in a tenth of the time
            content.decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return jupyter_messages.decode(wire.clean_content(content), jupyter_messages.Text)
    return text


def _output(kind: str, content: bytes) -> tuple[Raw, str | None]:
    """The nbformat output of a published message, and its display id."""
    if kind == "error":
        e = jupyter_messages.decode(content, jupyter_messages.Error)
        return Raw(jupyter_messages.encode(jupyter_messages.error(e.ename, e.evalue, e.traceback, e.metadata))), None
    shown = jupyter_messages.decode(content, jupyter_messages.Display)
    output: jupyter_messages.ResultOutput | jupyter_messages.ShownOutput
    if kind == "execute_result":
        output = jupyter_messages.ResultOutput(kind, shown.execution_count, shown.data, shown.metadata)
    else:
        output = jupyter_messages.ShownOutput(kind, shown.data, shown.metadata)
    return Raw(jupyter_messages.encode(output)), shown.transient.display_id if shown.transient is not None else None


def _comm(kind: str, message: Message, execution: str | None, comm: jupyter_messages.Comm) -> AnyEvent:
    metadata, buffers = Raw(wire.clean_content(message.metadata)), base64s(message)
    if kind == "comm_open":
        return CommOpened(
            comm=comm.comm_id,
            target=comm.target_name,
            content=comm.data,
            metadata=metadata,
            execution=execution,
            buffers=buffers,
        )
    if kind == "comm_msg":
        return CommMessage(
            comm=comm.comm_id, content=comm.data, metadata=metadata, execution=execution, buffers=buffers
        )
    return CommClosed(comm=comm.comm_id, content=comm.data, execution=execution)


def _whole(message: Message, execution: str | None, content: bytes) -> AnyEvent:
    return MessageReceived(
        channel="iopub",
        msg_type=message.header.msg_type,
        content=Raw(content),
        metadata=Raw(wire.clean_content(message.metadata)),
        execution=execution,
        buffers=base64s(message),
    )


def death_reason(exit_status: int | None, signal: str | None, expected: bool) -> str:
    """One sentence for a person about how a kernel process ended.

    Args:
        exit_status: Exit status of the process, if it ended by itself.
        signal: Name of the signal that killed it, such as `SIGSEGV`.
        expected: Whether it was asked to end.
    """
    if expected:
        return "The kernel was shut down."
    if signal == "SIGKILL":
        return "The kernel was killed (SIGKILL): by a person, or by the system because memory ran out."
    if signal is not None:
        return f"The kernel crashed ({signal})."
    if exit_status is not None:
        return f"The kernel ended by itself with exit status {exit_status}."
    return "The kernel is gone."


def last_words(tail: str) -> str:
    """A sentence that quotes one line of a dead process's raw output: the one where Python names a fatal error, else the last one."""
    lines = [line.strip() for line in tail.splitlines() if line.strip()]
    fatal = [line for line in lines if line.startswith("Fatal Python error")]
    quoted = (fatal or lines)[-1:]
    return f" Its last words: {quoted[0][:MAX_WORDS]}" if quoted else ""


def base64s(message: Message) -> list[str]:
    """The buffers of a message as base64, as JSON carries them."""
    return [str(msgspec.to_builtins(buffer)) for buffer in message.buffers]
