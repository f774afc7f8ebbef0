"""Large messages of a kernel, cut to what one message of the host link may hold.

A kernel sends what it likes: text of a hundred megabytes in one message, or a reply with a traceback of that size. What follows
(the link, the journal, a reader's socket) has limits, so what is over `INLINE_BYTES` is taken apart here, once, where it comes from:

    stream                       several stream messages of at most `PART_BYTES` of text each, one after the other
    input_request                the prompt as text of stdout, and the request with the last of it
    execute_reply                what ends the execution; what is left out is said
    a message over the limit     an error output, and a reply that says `error`: the execution has failed

The JSON of a text is not decoded: it is cut between two characters, which may be escaped. So a large text costs its own memory
once and that of a piece.

Invariants: the pieces of a text, joined, are the text; a reply is never lost; every message that comes out is small.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from webipy.core import contents
from webipy.core.wire import Message

INLINE_BYTES: Final = 2 * 1024 * 1024  # content, metadata and buffers of a message that is passed on as it is
PART_BYTES: Final = 1024 * 1024  # text, as JSON, in one piece
MAX_OUTPUT_BYTES: Final = 1024 * 1024 * 1024  # one output; more is a data set and no output
LINK_BYTES: Final = 60 * 1024 * 1024  # what cannot be taken apart is passed on whole up to here
MAX_ANSWER_BYTES: Final = 16 * 1024 * 1024  # the reply to a request that is no execution
WORDS_BYTES: Final = 16 * 1024  # of each text in what stands for something that is left out

TOO_LARGE: Final = "OutputTooLarge"

_BACKSLASH, _QUOTE, _LOW = ord("\\"), ord('"'), 0x80
_ESCAPE_BYTES = 6  # \uXXXX


def size_of(message: Message) -> int:
    """Bytes of a message without its headers."""
    return len(message.content) + len(message.metadata) + sum(map(len, message.buffers))


def is_large(message: Message) -> bool:
    """Whether a message is to be taken apart."""
    return size_of(message) > INLINE_BYTES


# ---- text


class _Stream(msgspec.Struct):
    name: str
    text: msgspec.Raw


class _Prompt(msgspec.Struct):
    prompt: msgspec.Raw
    password: bool = False


def cut_text(inner: memoryview, limit: int = PART_BYTES) -> Iterator[memoryview]:
    """Cuts what stands between the quotes of a JSON string into pieces that are valid by themselves.

    Args:
        inner: UTF-8.
        limit: Most bytes of a piece; more than the longest character takes, which is 12.
    """
    start = 0
    while len(inner) - start > limit:
        end = _border(inner, start + limit)
        yield inner[start:end]
        start = end
    yield inner[start:]


def _border(inner: memoryview, end: int) -> int:
    """The last place up to `end` between two characters."""
    while inner[end] & 0xC0 == _LOW:  # inside a character of several bytes
        end -= 1
    place = _escape_over(inner, end)
    if place is not None:
        end = place
    return end - _ESCAPE_BYTES if _is_high(inner, end) else end  # the second half of a pair must follow the first


def _escape_over(inner: memoryview, end: int) -> int | None:
    """Where the escape begins that `end` is inside of, if it is."""
    for place in range(end - 1, max(end - _ESCAPE_BYTES, -1), -1):
        if inner[place] == _BACKSLASH:
            first = place
            while first > 0 and inner[first - 1] == _BACKSLASH:
                first -= 1
            begins = place if (place - first) % 2 == 0 else place - 1
            length = _ESCAPE_BYTES if inner[begins + 1] == ord("u") else 2
            return begins if begins + length > end else None
    return None


def _is_high(inner: memoryview, end: int) -> bool:
    """Whether the escape just before `end` is the first half of a surrogate pair."""
    before = bytes(inner[max(0, end - _ESCAPE_BYTES) : end])
    if len(before) < _ESCAPE_BYTES or before[:2] != b"\\u" or before[2:4].lower() not in (b"d8", b"d9", b"da", b"db"):
        return False
    return _escape_over(inner, end - 1) == end - _ESCAPE_BYTES


def _inner(text: msgspec.Raw) -> memoryview | None:
    view = memoryview(text)
    return view[1:-1] if view[0] == _QUOTE else None


def pieces(message: Message) -> Iterator[Message] | None:
    """The stream messages that a large one is cut into; `None` when it is none that can be cut."""
    try:
        stream = msgspec.json.decode(message.content, type=_Stream)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    inner = _inner(stream.text)
    return None if inner is None else _written(message, stream.name, inner)


def _written(message: Message, name: str, inner: memoryview) -> Iterator[Message]:
    head = b'{"name":' + contents.encode(name) + b',"text":"'
    for piece in cut_text(inner):
        yield msgspec.structs.replace(message, content=b"".join([head, piece, b'"}']), metadata=b"{}", buffers=())


def prompted(message: Message) -> tuple[Iterator[Message], Message]:
    """A request for input with a large prompt: its text, to be shown before, and the request with the end of it."""
    try:
        asked = msgspec.json.decode(message.content, type=_Prompt)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        asked = _Prompt(msgspec.Raw(b'""'))
    inner = _inner(asked.prompt) or memoryview(b"")
    last = _border(inner, len(inner) - WORDS_BYTES) if len(inner) > WORDS_BYTES else 0
    prompt = msgspec.Raw(b'"%b"' % bytes(inner[last:]))
    request = contents.encode({"prompt": prompt, "password": asked.password})
    header = msgspec.structs.replace(message.header, msg_type="stream")
    shown = msgspec.structs.replace(message, header=header)
    before = _written(shown, "stdout", inner[:last]) if last else iter(())
    return before, msgspec.structs.replace(message, content=request, metadata=b"{}", buffers=())


# ---- replies


class _Reply(msgspec.Struct):
    status: str = "ok"
    execution_count: int | None = None
    ename: msgspec.Raw = msgspec.Raw(b'""')
    evalue: msgspec.Raw = msgspec.Raw(b'""')
    user_expressions: dict[str, msgspec.Raw] | None = None


def short_reply(message: Message) -> tuple[Message, str]:
    """A large execute_reply as what ends the execution, and a sentence about what is left out of it."""
    said = size_text(size_of(message))
    reason = f"The kernel's reply to this execution has {said}; what it carried beside its status was not kept."
    try:
        reply = msgspec.json.decode(message.content, type=_Reply)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        reply = _Reply(status="error")
    asked = {"status": "error", "ename": TOO_LARGE, "evalue": reason, "traceback": []}
    told: dict[str, object] = {
        "status": reply.status,
        "execution_count": reply.execution_count,
        "user_expressions": dict.fromkeys(list(reply.user_expressions or {})[:100], asked),
        "payload": [],
    }
    if reply.status != "ok":
        told |= {"ename": _words(reply.ename), "evalue": _words(reply.evalue), "traceback": [reason]}
    metadata = message.metadata if len(message.metadata) <= WORDS_BYTES else b"{}"
    return _with(message, contents.encode(told), metadata), reason


def _words(text: msgspec.Raw) -> str:
    """The start of a text."""
    inner = _inner(text)
    if inner is None:
        return ""
    piece = next(cut_text(inner, WORDS_BYTES))
    try:
        return contents.decode(b'"%b"' % bytes(piece), str)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""


def short_answer(message: Message) -> Message:
    """What stands for a reply, to a request that is no execution, that is over `MAX_ANSWER_BYTES`."""
    limit = size_text(MAX_ANSWER_BYTES)
    said = f"The kernel's answer has {size_text(size_of(message))}; at most {limit} are passed on."
    return _with(message, contents.encode({"status": "error", "ename": "AnswerTooLarge", "evalue": said}))


# ---- what is over every limit


def too_large(msg_type: str, size_bytes: int, limit_bytes: int = MAX_OUTPUT_BYTES) -> str:
    """Why an output was not kept, in a sentence."""
    what = {"stream": "A text", "execute_result": "A result", "error": "An error"}.get(msg_type, "An output")
    return f"{what} of {size_text(size_bytes)} ({msg_type}) was not kept: one output may have {size_text(limit_bytes)} at most."


def error_output(message: Message, reason: str) -> Message:
    """The error that stands in the place of an output that was not kept."""
    header = msgspec.structs.replace(message.header, msg_type="error")
    content = contents.encode({"ename": TOO_LARGE, "evalue": reason, "traceback": [f"{TOO_LARGE}: {reason}"]})
    return Message(header, message.parent, b"{}", content)


def failed_reply(message: Message, reason: str) -> Message:
    """The reply of an execution an output of which was not kept: it has failed, whatever the kernel says."""
    try:
        reply = msgspec.json.decode(message.content, type=_Reply)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return message
    if reply.status != "ok":
        return message
    told = {"status": "error", "execution_count": reply.execution_count, "ename": TOO_LARGE, "evalue": reason}
    return _with(message, contents.encode({**told, "traceback": [f"{TOO_LARGE}: {reason}"]}), message.metadata)


def _with(message: Message, content: bytes, metadata: bytes = b"{}") -> Message:
    return Message(message.header, message.parent, metadata, content)


def size_text(size_bytes: int) -> str:
    """A size for a person: `1.0 GiB`, `70.0 MiB`, `12 kiB`."""
    for unit, factor in (("GiB", 1 << 30), ("MiB", 1 << 20)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.1f} {unit}"
    return f"{max(1, round(size_bytes / 1024))} KiB"
