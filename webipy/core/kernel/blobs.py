"""Values of outputs that are too large for an event: they lie as blobs beside the journal, and the output refers to them.

A blob is one value of a MIME bundle: the text of a JSON string as UTF-8 (a picture stays base64), or, where the value is no string,
its JSON. It is named by the SHA-256 of its bytes, so the same value is the same blob however often it is shown, and whether
it comes from a kernel or from a file.

An output refers to its blobs in its metadata, so that whoever does not know of them passes them on like any metadata::

    {"output_type": "display_data", "data": {"text/plain": "<Figure>"},
     "metadata": {"webipy": {"blobs": {"image/png": {"sha256": "…", "size": 73400320}}}}}

Texts for people keep their start in `data` under the same name; the blob is the whole.

On the link and to the journal a blob comes in parts, each with its offset and the size of the whole, in order and before the
output: what is repeated, because a server died, is written to the same place again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import msgspec
from msgspec import Raw

from webipy.core.kernel import json_pieces, jupyter_messages, wire
from webipy.core.kernel.wire import Message

PART: Final = "blob_part"  # the type of the messages that bring parts
PREVIEW_CHARACTERS: Final = 8 * 1024  # of a text for people, that stay in the output
METADATA: Final = "webipy"

_FOR_PEOPLE: Final = frozenset({"text/plain", "text/markdown", "text/latex"})
_ID: Final = re.compile(r"[0-9a-f]{64}")
_REFERENCE: Final = re.compile(rb'"sha256":"([0-9a-f]{64})","size":(\d{1,18})')
MARK: Final = b'"blobs":{"'  # what JSON that refers to a blob has in it


class Ref(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an output says of one of its blobs.

    Attributes:
        sha256: Its name, hex.
        size: Its bytes.
        json: Whether it is the JSON of a value that is no string.
    """

    sha256: str
    size: int
    json: bool = False


class Part(msgspec.Struct, frozen=True):
    """Some bytes of a blob.

    Attributes:
        blob: Its name.
        offset: Where they stand in it.
        size: Bytes of the whole.
        data: The bytes.
    """

    blob: str
    offset: int
    size: int
    data: bytes


class _PartHeader(msgspec.Struct):
    blob: str
    offset: int
    size: int


class _Ours(msgspec.Struct, frozen=True):
    blobs: dict[str, Ref] = {}


class _Metadata(msgspec.Struct, frozen=True):
    webipy: _Ours = _Ours()


class _Output(msgspec.Struct, frozen=True):
    metadata: _Metadata = _Metadata()


class Blob:
    """A value on its way: it is looked at once for its name, and once to be sent; nothing of it is copied whole.

    `start` is the beginning of its text.

    Args:
        pieces: Returns its bytes, piece by piece, as often as it is called.
        is_json: Whether it is no string.
    """

    def __init__(self, pieces: Callable[[], Iterator[bytes]], is_json: bool = False) -> None:
        self._pieces = pieces
        digest, size, self.start = hashlib.sha256(), 0, ""
        for piece in pieces():
            digest.update(piece)
            size += len(piece)
            self.start = longer_start(self.start, piece)
        self.ref = Ref(digest.hexdigest(), size, is_json)

    def parts(self) -> Iterator[Part]:
        """Its bytes with their places."""
        offset = 0
        for piece in self._pieces():
            yield Part(self.ref.sha256, offset, self.ref.size, piece)
            offset += len(piece)


def blob_of(value: Raw | memoryview) -> Blob:
    """The blob of a value of a MIME bundle.

    Args:
        value: Its JSON.

    Raises:
        wire.Malformed: It is not JSON.
    """
    inner = json_pieces.inner_of(value)
    if inner is not None:
        return Blob(lambda: json_pieces.utf8_of(inner))
    whole = memoryview(wire.clean_content(bytes(value)))
    return Blob(lambda: _slices(whole), is_json=True)


def _slices(whole: memoryview) -> Iterator[bytes]:
    return (bytes(whole[at : at + json_pieces.PART_BYTES]) for at in range(0, len(whole), json_pieces.PART_BYTES))


def large_values(data: Mapping[str, Raw], left: int, inline: int) -> dict[str, Blob]:
    """The values of a MIME bundle that become blobs: the largest, until half of what may stay is left.

    Args:
        data: The bundle.
        left: Bytes of the whole that it is part of.
        inline: Bytes that may stay; where the whole has no more, no value becomes a blob.

    Raises:
        wire.Malformed: A value is not JSON.
    """
    if left <= inline:
        return {}
    found: dict[str, Blob] = {}
    sizes = {kind: memoryview(value).nbytes for kind, value in data.items()}
    for kind in sorted(sizes, key=lambda kind: (-sizes[kind], kind)):
        if left > inline // 2:
            found[kind] = blob_of(data[kind])
            left -= sizes[kind]
    return found


def longer_start(start: str, piece: bytes) -> str:
    """Appends to the start of a text, up to `PREVIEW_CHARACTERS`.

    Args:
        start: The start so far.
        piece: The bytes that follow, UTF-8.
    """
    room = PREVIEW_CHARACTERS - len(start)
    return start + piece[: 4 * room].decode(errors="ignore")[:room] if room > 0 else start


def preview_of(kind: str, start: str, size: int) -> str | None:
    """The start of a text for people, with a word about the rest; `None` for other values.

    Args:
        kind: MIME type of the value.
        start: Start of its text.
        size: Bytes of the whole.
    """
    if kind not in _FOR_PEOPLE:
        return None
    return f"{start}\n[{json_pieces.size_text(size)} in all: the rest is left out here]"


# ---- on the link


def encode_part(part: Part) -> Message:
    """A part as a message of the host."""
    content = jupyter_messages.encode(_PartHeader(part.blob, part.offset, part.size))
    msg_id = f"{part.blob[:16]}-{part.offset}"
    return wire.new_message(PART, content, msg_id=msg_id, session="host", buffers=(part.data,))


def decode_part(message: Message) -> Part:
    """The part that a message brings.

    Raises:
        msgspec.DecodeError: It is none.
    """
    header = jupyter_messages.decode(message.content, _PartHeader)
    data = message.buffers[0] if len(message.buffers) == 1 else b""
    if not is_name(header.blob) or not data or not 0 <= header.offset <= header.size - len(data):
        raise msgspec.ValidationError("it has no place in a blob")
    return Part(header.blob, header.offset, header.size, data)


def is_name(text: str) -> bool:
    """Whether a text is the name of a blob."""
    return _ID.fullmatch(text) is not None


# ---- in outputs and events


def refs_of(output: bytes | Raw) -> dict[str, Ref]:
    """The blobs of an output, by MIME type."""
    if MARK not in bytes(output):
        return {}
    try:
        found = msgspec.json.decode(output, type=_Output).metadata.webipy.blobs
    except msgspec.DecodeError:
        return {}  # somebody else's metadata, under our name
    return {kind: ref for kind, ref in found.items() if is_name(ref.sha256) and ref.size >= 0}


def found_in(body: bytes) -> dict[str, int]:
    """The blobs that the JSON of an event refers to, with their sizes; nothing is decoded."""
    if _is_text(body) or MARK not in body:
        return {}
    return {name.decode(): int(size) for name, size in _REFERENCE.findall(body)}


def _is_text(body: bytes) -> bool:
    """Whether an event is text of a stream, which refers to nothing and may be long. What looks like it in a string has its quotes escaped."""
    return body.startswith(b'{"type":"output_added"') and b'"output":{"output_type":"stream"' in body[:400]


def with_refs(metadata: dict[str, Raw], refs: dict[str, Ref]) -> dict[str, Raw]:
    """Adds references to blobs to metadata.

    Args:
        metadata: Metadata of an output, by name.
        refs: The blobs, by MIME type.
    """
    try:
        ours = jupyter_messages.decode(metadata[METADATA], dict[str, Raw]) if METADATA in metadata else {}
    except msgspec.DecodeError:
        ours = {}
    return {**metadata, METADATA: Raw(jupyter_messages.encode({**ours, "blobs": refs}))}


def without_refs(metadata: dict[str, Raw]) -> dict[str, Raw]:
    """Metadata without what `with_refs` put there."""
    try:
        ours = jupyter_messages.decode(metadata.get(METADATA, Raw(b"{}")), dict[str, Raw])
    except msgspec.DecodeError:
        return metadata
    ours.pop("blobs", None)
    rest = {name: value for name, value in metadata.items() if name != METADATA}
    return {**rest, METADATA: Raw(jupyter_messages.encode(ours))} if ours else rest


def with_values(content: bytes, values: Mapping[str, bytes]) -> bytes:
    """A displayed bundle with its large values in their places, and without a word of their being blobs.

    Args:
        content: JSON with `data` and `metadata`, such as an output.
        values: The bytes of its blobs, by their names; a value that is missing keeps its preview.
    """
    found, refs = jupyter_messages.decode(content, dict[str, Raw]), refs_of(content)
    data = jupyter_messages.decode(found["data"], dict[str, Raw])
    metadata = jupyter_messages.decode(found["metadata"], dict[str, Raw])
    for kind, ref in refs.items():
        value = values.get(ref.sha256)
        if value is not None:
            data[kind] = Raw(value if ref.json else jupyter_messages.encode(value.decode("utf-8", "replace")))
    metadata.pop(METADATA, None)
    return jupyter_messages.encode({**found, "data": data, "metadata": metadata})
