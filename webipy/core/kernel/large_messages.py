"""Large messages of a kernel, taken apart to what one message of the host link may hold.

A kernel sends what it likes: text or a picture of a hundred megabytes in one message, or a reply with a traceback of that size. What
follows (the link, the journal, a reader's socket) has limits, so what is over `INLINE_BYTES` is taken apart here, once, where
it comes from:

    stream                       several stream messages of at most a MiB of text each, one after the other
    display_data, execute_result, update_display_data
                                 its largest values as blobs (webipy.core.kernel.blobs), in parts, and then the rest of it
    error                        the start of it, and all of its traceback as a blob
    input_request                the prompt as text of stdout, and the request with the last of it
    execute_reply                what ends the execution, with a sentence about what is left out
    a message over the limit     an error output, and a reply that says `error`: the execution has failed

Large parts may be memoryviews of what was read. A text is not decoded whole, so it costs its own memory once and that of a piece.

Invariants: what is left out is reported; a reply is never lost; every message that comes out is small, except those that
`LINK_BYTES` allows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec
from msgspec import UNSET, Raw, UnsetType

from webipy.core.kernel import blobs, json_pieces, jupyter_messages, wire
from webipy.core.kernel.json_pieces import size_text
from webipy.core.kernel.wire import Message

INLINE_BYTES: Final = 2 * 1024 * 1024  # content, metadata and buffers of a message that is passed on as it is
MAX_OUTPUT_BYTES: Final = 1024 * 1024 * 1024  # one output; more is a data set and no output
LINK_BYTES: Final = 60 * 1024 * 1024  # what cannot be taken apart is passed on whole up to here
MAX_ANSWER_BYTES: Final = 16 * 1024 * 1024  # the reply to a request that is no execution
WORDS_BYTES: Final = 16 * 1024  # of each text in what stands for something that is left out
MAX_LINES: Final = 200  # of a large traceback, that stay in the output: the first half of them and the last
MAX_FAILED: Final = 1000  # executions that have failed so and have not ended; one at a time is usual

TOO_LARGE: Final = "OutputTooLarge"

Piece = tuple[str, Message]
"""A channel and a message on it."""

_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_DISPLAYS: Final = frozenset({"display_data", "execute_result", "update_display_data"})


def size_of(message: Message) -> int:
    """Bytes of a message without its headers."""
    return len(message.content) + len(message.metadata) + sum(map(len, message.buffers))


def is_large(message: Message) -> bool:
    """Whether a message is to be taken apart."""
    return size_of(message) > INLINE_BYTES


class Large:
    """Takes large messages apart, and remembers which executions have failed because an output of theirs could not be kept.

    Args:
        lost: Makes the event that says output is missing, from a reason.
    """

    def __init__(self, lost: Callable[[str], Message]) -> None:
        self._lost = lost
        self._failed: dict[str, str] = {}

    def taken_apart(self, channel: str, message: Message) -> Iterable[Piece]:
        """Takes a large message apart.

        Args:
            channel: Channel that it came on.
            message: The message.

        Returns:
            What is passed on in its place, each with its channel, in order; a message that is not large itself.
        """
        if not is_large(message):
            return ((channel, message),)
        if channel == "iopub":
            return self._published(message)
        if message.header.msg_type == "execute_reply":
            return self._replied(channel, message)
        if channel == "stdin":
            return _asked(message)
        return [(channel, short_answer(message) if size_of(message) > MAX_ANSWER_BYTES else message)]

    def judged(self, reply: Message) -> Message:
        """Turns an execute_reply into a failure when an output of its execution is not kept; else returns it unchanged."""
        reason = self._failed.pop(reply.parent.msg_id, None) if reply.parent is not None else None
        return reply if reason is None else failed_reply(reply, reason)

    def _published(self, message: Message) -> Iterable[Piece]:
        msg_type, size = message.header.msg_type, size_of(message)
        if size > MAX_OUTPUT_BYTES:
            return self._refused(message, too_large(msg_type, size))
        try:
            if msg_type == "stream":
                return ((channel, piece) for channel, piece in texts(message))
            if msg_type in _DISPLAYS:
                return shown(message)
            if msg_type == "error":
                return failed(message)
            if msg_type == "execute_input":
                return [("iopub", _begun(message))]
        except (*_UNREADABLE, wire.Malformed):
            pass  # it is not of its shape: it goes on whole, and the server says what is wrong with it
        if size <= LINK_BYTES:
            return [("iopub", message)]
        return self._refused(message, too_large(msg_type, size, LINK_BYTES))

    def _refused(self, message: Message, reason: str) -> Iterator[Piece]:
        """Fail the execution that the message belongs to, and show why in its place."""
        if message.parent is None:
            yield "host", self._lost(reason)
            return
        if len(self._failed) >= MAX_FAILED:
            del self._failed[next(iter(self._failed))]
        self._failed[message.parent.msg_id] = reason
        yield "iopub", error_output(message, reason)

    def _replied(self, channel: str, message: Message) -> Iterator[Piece]:
        reply, reason = short_reply(message)
        yield "host", self._lost(reason)
        yield channel, reply


# ---- text


class _Stream(msgspec.Struct):
    name: str
    text: Raw


class _Prompt(msgspec.Struct):
    prompt: Raw
    password: bool = False


def texts(message: Message) -> Iterator[Piece]:
    """The stream messages that a large one is cut into.

    Raises:
        msgspec.DecodeError: It is not of its shape, or other exceptions of decoding.
    """
    stream = msgspec.json.decode(message.content, type=_Stream)
    inner = json_pieces.inner_of(stream.text)
    if inner is None:
        raise msgspec.ValidationError("text is not a string")
    return _written(message, stream.name, inner)


def _written(message: Message, name: str, inner: memoryview) -> Iterator[Piece]:
    head = b'{"name":' + jupyter_messages.encode(name) + b',"text":"'
    header = msgspec.structs.replace(message.header, msg_type="stream")
    for piece in json_pieces.cut_text(inner):
        yield "iopub", Message(header, message.parent, content=b"".join([head, piece, b'"}']))


def _asked(message: Message) -> Iterator[Piece]:
    """A request for input with a large prompt: its text, to be shown before, and the request with the end of it."""
    try:
        asked = msgspec.json.decode(message.content, type=_Prompt)
    except _UNREADABLE:
        asked = _Prompt(Raw(b'""'))
    inner = json_pieces.inner_of(asked.prompt) or memoryview(b"")
    last = json_pieces.last_of(inner, WORDS_BYTES)
    prompt = Raw(b'"%b"' % bytes(inner[last:]))
    if last:
        yield from _written(message, "stdout", inner[:last])
    yield "stdin", _with(message, jupyter_messages.encode({"prompt": prompt, "password": asked.password}))


class _Input(msgspec.Struct):
    execution_count: int | None = None


def _begun(message: Message) -> Message:
    """The begin of an execution, without its code: the server that sent it has it."""
    count = msgspec.json.decode(message.content, type=_Input).execution_count
    return _with(message, jupyter_messages.encode({"code": "", "execution_count": count}))


# ---- displays and errors


class _Display(msgspec.Struct, omit_defaults=True):
    data: dict[str, Raw]
    metadata: dict[str, Raw] | None = None
    transient: Raw | UnsetType = UNSET
    execution_count: int | None | UnsetType = UNSET


def shown(message: Message) -> Iterator[Piece]:
    """The parts of the largest values of a display as blobs, and the display with what is left.

    Raises:
        msgspec.DecodeError, webipy.core.kernel.wire.Malformed and others: It is not of its shape, or what is left is still large.
    """
    display = msgspec.json.decode(message.content, type=_Display)
    moved = blobs.large_values(display.data, size_of(message), INLINE_BYTES)
    if size_of(message) - sum(memoryview(display.data[kind]).nbytes for kind in moved) > INLINE_BYTES:
        raise wire.Malformed("its metadata are large")
    data = {kind: value for kind, value in display.data.items() if kind not in moved}
    for kind, blob in moved.items():
        preview = blobs.preview_of(kind, blob.start, blob.ref.size)
        if preview is not None:
            data[kind] = Raw(jupyter_messages.encode(preview))
    metadata = blobs.with_refs(display.metadata or {}, {kind: blob.ref for kind, blob in moved.items()})
    rest = _Display(data, metadata, display.transient, display.execution_count)
    return _parts_and(moved.values(), _with(message, jupyter_messages.encode(rest)))


def _parts_and(moved: Iterable[blobs.Blob], message: Message) -> Iterator[Piece]:
    for blob in moved:
        for part in blob.parts():
            yield "host", blobs.encode_part(part)
    yield "iopub", message


class _Error(msgspec.Struct):
    ename: Raw = Raw(b'""')
    evalue: Raw = Raw(b'""')
    traceback: list[Raw] = []


def failed(message: Message) -> Iterator[Piece]:
    """The traceback of an error as a blob, and the error with the start of it.

    Raises:
        msgspec.DecodeError and others: It is not of its shape.
    """
    error = msgspec.json.decode(message.content, type=_Error)
    lines = [inner for line in error.traceback if (inner := json_pieces.inner_of(line)) is not None]
    blob = blobs.Blob(lambda: _joined(lines))
    half = MAX_LINES // 2
    kept = lines if len(lines) <= MAX_LINES else [*lines[:half], *lines[-half:]]
    share = max(json_pieces.LONGEST, INLINE_BYTES // 4 // max(1, len(kept)))
    content = {
        "ename": _words(error.ename),
        "evalue": _words(error.evalue),
        "traceback": [_start(line, share) for line in kept],
        "metadata": blobs.with_refs({}, {"text/plain": blob.ref}),
    }
    return _parts_and([blob], _with(message, jupyter_messages.encode(content)))


def _joined(lines: list[memoryview]) -> Iterator[bytes]:
    for number, line in enumerate(lines):
        if number:
            yield b"\n"
        yield from json_pieces.utf8_of(line)


def _start(inner: memoryview, limit: int) -> str:
    start = json_pieces.text_of(bytes(next(json_pieces.cut_text(inner, limit))))
    return start if len(inner) <= limit else f"{start} [{size_text(len(inner))} in all: the rest is left out here]"


def _words(text: Raw) -> str:
    """The start of a text."""
    inner = json_pieces.inner_of(text)
    return "" if inner is None else _start(inner, WORDS_BYTES)


# ---- replies


class _Reply(msgspec.Struct):
    status: str = "ok"
    execution_count: int | None = None
    ename: Raw = Raw(b'""')
    evalue: Raw = Raw(b'""')
    user_expressions: dict[str, Raw] | None = None


def short_reply(message: Message) -> tuple[Message, str]:
    """A large execute_reply as what ends the execution, and a sentence about what is left out of it."""
    size = size_text(size_of(message))
    reason = f"The kernel's reply to this execution has {size}; what it carried beside its status was not kept."
    try:
        reply = msgspec.json.decode(message.content, type=_Reply)
    except _UNREADABLE:
        reply = _Reply(status="error")
    asked = {"status": "error", "ename": TOO_LARGE, "evalue": reason, "traceback": []}
    content: dict[str, object] = {
        "status": reply.status,
        "execution_count": reply.execution_count,
        "user_expressions": dict.fromkeys(list(reply.user_expressions or {})[:100], asked),
        "payload": [],
    }
    if reply.status != "ok":
        content |= {"ename": _words(reply.ename), "evalue": _words(reply.evalue), "traceback": [reason]}
    return _with(message, jupyter_messages.encode(content), message.metadata), reason


def short_answer(message: Message) -> Message:
    """What stands for a reply, to a request that is no execution, that is over `MAX_ANSWER_BYTES`."""
    limit = size_text(MAX_ANSWER_BYTES)
    reason = f"The kernel's answer has {size_text(size_of(message))}; at most {limit} are passed on."
    return _with(message, jupyter_messages.encode({"status": "error", "ename": "AnswerTooLarge", "evalue": reason}))


# ---- what is over every limit


def too_large(msg_type: str, size_bytes: int, limit_bytes: int = MAX_OUTPUT_BYTES) -> str:
    """The reason why an output is not kept, in one sentence.

    Args:
        msg_type: Type of the kernel's message.
        size_bytes: Its size.
        limit_bytes: The limit that it is over.
    """
    what = {"stream": "A text", "execute_result": "A result", "error": "An error"}.get(msg_type, "An output")
    limit = size_text(limit_bytes)
    if msg_type.startswith("comm_"):  # never taken apart
        return (
            f"A message of a widget ({msg_type}) of {size_text(size_bytes)} was not sent: one may have {size_text(LINK_BYTES)} at most. "
            "Send such a value in parts, or show it as an output, which may be larger."
        )
    return f"{what} of {size_text(size_bytes)} ({msg_type}) was not kept: one output may have {limit} at most."


def error_output(message: Message, reason: str) -> Message:
    """The error that stands in place of an output that is not kept.

    Args:
        message: The message that is not kept.
        reason: Why, in one sentence.
    """
    header = msgspec.structs.replace(message.header, msg_type="error")
    content = jupyter_messages.encode({"ename": TOO_LARGE, "evalue": reason, "traceback": [f"{TOO_LARGE}: {reason}"]})
    return Message(header, message.parent, b"{}", content)


def failed_reply(message: Message, reason: str) -> Message:
    """The reply of an execution whose output is not kept: it has failed, whatever the kernel replied.

    Args:
        message: The kernel's execute_reply.
        reason: Why, in one sentence.
    """
    try:
        reply = msgspec.json.decode(message.content, type=_Reply)
    except _UNREADABLE:
        return message
    if reply.status != "ok":
        return message
    content = {"status": "error", "execution_count": reply.execution_count, "ename": TOO_LARGE, "evalue": reason}
    return _with(
        message, jupyter_messages.encode({**content, "traceback": [f"{TOO_LARGE}: {reason}"]}), message.metadata
    )


def _with(message: Message, content: bytes, metadata: bytes = b"{}") -> Message:
    """A message with other content, and with its metadata where they are short."""
    return Message(message.header, message.parent, metadata if len(metadata) <= WORDS_BYTES else b"{}", content)
