"""Large values of outputs in notebook files: documents refer to blobs, files hold the values themselves.

    file ──fold──► the same JSON with a mark in place of each long string ──notebook_file.read──► from_file ──► document with references
    document with references ──► to_file ──notebook_file.write──► JSON with marks ──segments──► its bytes, and blobs in between ──► file

So a notebook with an output of any size is read, compared and written with little memory: nothing but the scan of the file and its
writing ever sees the value. A mark is the string `webipy:blob:SHA256`; a long string is one of `LONG_BYTES` or more as it stands in
the file. Marks outside of the data of outputs (a source, an attachment) are taken back: the long string is put there again.

Invariants: `from_file` of what `to_file` gives is the document, whatever of its values the file has as long strings; a value that is
large in another way (many lines, JSON) becomes a reference all the same, when it is read.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import attrs
import msgspec
from msgspec import Raw

from webipy.core.ipynb import json_source
from webipy.core.ipynb.document import Document, DocumentCell
from webipy.core.kernel import blobs, json_pieces
from webipy.core.kernel.blobs import Blob, Ref
from webipy.core.kernel.large_messages import INLINE_BYTES

LONG_BYTES: Final = INLINE_BYTES
READ_BYTES: Final = json_pieces.PART_BYTES + json_pieces.LONGEST  # of a long string, to be given to `first_of`

_MARK: Final = b"webipy:blob:"
_MARKED: Final = re.compile(rb'"webipy:blob:([0-9a-f]{64})"')
_TOKEN: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+("?)', re.DOTALL)  # its end may be missing
_INSIDE: Final = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_MARK_BYTES: Final = len(_MARK) + 64 + 3


class Value(msgspec.Struct, frozen=True):
    """A long string of a file.

    Args:
        offset: Where what is between its quotes begins in the file, bytes.
        length: Bytes of that.
        size: Bytes of the text itself.
        start: The text's start, for a preview.
    """

    offset: int
    length: int
    size: int
    start: str


class Folded(msgspec.Struct, frozen=True):
    """A notebook file with marks in place of long strings.

    Args:
        body: Its bytes.
        values: The long strings, by the names of their blobs.
    """

    body: bytes
    values: dict[str, Value]


def mark_of(name: str) -> bytes:
    """The mark of a blob, as JSON."""
    return b'"%b%b"' % (_MARK, name.encode())


# ---- reading


class _LongString(msgspec.Struct):
    """A long string whose end is not read yet."""

    offset: int
    length: int = 0
    size: int = 0
    start: str = ""
    rest: bytes = b""
    digest: hashlib._Hash = msgspec.field(default_factory=hashlib.sha256)

    def add(self, piece: bytes, is_last: bool) -> None:
        """Adds more of what is between the quotes; it does not end in the middle of an escape."""
        self.length += len(piece)
        piece, self.rest = self.rest + piece, b""
        if not is_last:  # the end may be inside a character, or a pair
            end = json_pieces.last_of(memoryview(piece), json_pieces.LONGEST)
            piece, self.rest = piece[:end], piece[end:]
        for text in json_pieces.utf8_of(memoryview(piece)) if piece else ():
            self.digest.update(text)
            self.size += len(text)
            self.start = blobs.longer_start(self.start, text)


def fold(pieces: Iterator[bytes]) -> Folded:
    """Reads a notebook file and puts a mark in place of each long string.

    Args:
        pieces: Its bytes, in order, each piece not empty.
    """
    out: list[bytes] = []
    values: dict[str, Value] = {}
    buffer, at, is_over = b"", 0, False
    while not is_over:
        piece = next(pieces, b"")
        is_over = not piece
        buffer += piece
        while buffer:
            end = _scanned(buffer, is_over)
            out.append(buffer[:end])
            buffer, at = buffer[end:], at + end
            if len(buffer) <= LONG_BYTES:
                break  # it goes on with the next piece
            buffer, at = _fold_one(buffer, at, pieces, out, values)
    return Folded(b"".join(out), values)


def _scanned(buffer: bytes, is_over: bool) -> int:
    """How far a buffer has nothing but whole tokens, none of them a long string; it begins outside of a string."""
    for token in _TOKEN.finditer(buffer):
        if token.end() - token.start() >= LONG_BYTES + 2 or not (token[1] or is_over):
            return token.start()
    return len(buffer)


def _fold_one(
    buffer: bytes, at: int, pieces: Iterator[bytes], out: list[bytes], values: dict[str, Value]
) -> tuple[bytes, int]:
    """Folds the long string at the start of a buffer; returns what follows it, and where that stands in the file."""
    found = _LongString(at + 1)
    buffer = buffer[1:]
    while True:
        inside = _INSIDE.match(buffer)
        assert inside is not None
        end = inside.end()
        is_last = buffer[end : end + 1] == b'"'
        found.add(buffer[:end], is_last)
        if is_last:
            break
        piece = next(pieces, b"")
        if not piece:  # the file ends in the middle of a string: it is no notebook, and this is how that shows
            out.append(b'"')
            return b"", at
        buffer = buffer[end:] + piece
    name = found.digest.hexdigest()
    values[name] = Value(found.offset, found.length, found.size, found.start)
    out.append(mark_of(name))
    return buffer[end + 1 :], found.offset + found.length + 1


def from_file(document: Document, values: Mapping[str, Value]) -> tuple[Document, dict[str, Blob]]:
    """Turns a document that was read from a file with marks into one that refers to blobs.

    Args:
        document: As `notebook_file.read` returns it for the folded body.
        values: The long strings of the file, by the names of their blobs.

    Returns:
        The document, and the blobs of what was large without being a long string, by their names.
    """
    found: dict[str, Blob] = {}
    cells = tuple(_mapped(cell, lambda output: _referring(output, values, found)) for cell in document.cells)
    return attrs.evolve(document, cells=cells), found


def placed(document: Document) -> Counter[str]:
    """Counts how often a document refers to each blob, by name."""
    return Counter(
        ref.sha256 for cell in document.cells for output in cell.outputs for ref in blobs.refs_of(output).values()
    )


def _mapped(cell: DocumentCell, change: Callable[[bytes], bytes]) -> DocumentCell:
    outputs = tuple(map(change, cell.outputs))
    return cell if outputs == cell.outputs else attrs.evolve(cell, outputs=outputs)


def _referring(output: bytes, values: Mapping[str, Value], found: dict[str, Blob]) -> bytes:
    if len(output) <= INLINE_BYTES and _MARK not in output:
        return output
    members = json_source.members(output)
    if "data" not in members:
        return output
    data, refs = json_source.members(members["data"]), dict[str, Ref]()
    previews: dict[str, str | None] = {}
    for kind, value in list(data.items()):
        marked = _MARKED.fullmatch(bytes(value)) if memoryview(value).nbytes < _MARK_BYTES else None
        name = marked[1].decode() if marked else ""
        if name in values:
            refs[kind] = Ref(name, values[name].size)
            previews[kind] = blobs.preview_of(kind, values[name].start, values[name].size)
    large = {kind: value for kind, value in data.items() if kind not in refs}
    for kind, blob in blobs.large_values(large, len(output), INLINE_BYTES).items():
        found[blob.ref.sha256], refs[kind] = blob, blob.ref
        previews[kind] = blobs.preview_of(kind, blob.start, blob.ref.size)
    if not refs:
        return output
    kept = {kind: value for kind, value in data.items() if kind not in refs}
    kept |= {kind: Raw(json_source.quoted(text)) for kind, text in previews.items() if text is not None}
    metadata = blobs.with_refs(json_source.members(members.get("metadata", Raw(b"{}"))), refs)
    members |= {"data": Raw(_sorted(kept)), "metadata": Raw(json_source.normal(_sorted(metadata)))}
    return _sorted(members)


def _sorted(members: Mapping[str, Raw]) -> bytes:
    return json_source.joined((name, bytes(value)) for name, value in sorted(members.items()))


def first_of(raw: bytes, *, is_last: bool) -> memoryview:
    """Cuts the first piece of a long string that ends between two characters.

    Args:
        raw: What was read of the rest of it, UTF-8: `READ_BYTES`, or all that is left.
        is_last: Whether that is all.
    """
    return memoryview(raw) if is_last else next(json_pieces.cut_text(memoryview(raw)))


# ---- writing


def to_file(document: Document, limit: int | None = None) -> tuple[Document, dict[str, Ref]]:
    """Puts marks in place of a document's references.

    Args:
        document: A document that refers to blobs.
        limit: Bytes of all blobs together, when given: the smallest get marks, the others stay references.

    Returns:
        The document with marks, and the blobs that they stand for, by their names.
    """
    refs: dict[str, Ref] = {}
    wanted = None if limit is None else _smallest(document, limit)
    cells = tuple(_mapped(cell, lambda output: _marked(output, refs, wanted)) for cell in document.cells)
    return attrs.evolve(document, cells=cells), refs


def _smallest(document: Document, limit: int) -> set[str]:
    sizes = {
        ref.sha256: ref.size
        for cell in document.cells
        for output in cell.outputs
        for ref in blobs.refs_of(output).values()
    }
    found: set[str] = set()
    for name in sorted(sizes, key=lambda name: sizes[name]):
        limit -= sizes[name]
        if limit >= 0:
            found.add(name)
    return found


def _marked(output: bytes, refs: dict[str, Ref], wanted: set[str] | None) -> bytes:
    own = blobs.refs_of(output)
    if not own or (wanted is not None and not wanted.issuperset(ref.sha256 for ref in own.values())):
        return output
    members = json_source.members(output)
    metadata = blobs.without_refs(json_source.members(members["metadata"]))
    if "data" in members:
        data = json_source.members(members["data"])
        data |= {kind: Raw(mark_of(ref.sha256)) for kind, ref in own.items()}
        refs.update({ref.sha256: ref for ref in own.values()})
        members |= {"data": Raw(_sorted(data)), "metadata": Raw(_sorted(metadata))}
    elif bytes(members["output_type"]) == b'"error"':  # files have the start of it, and nothing beside
        del members["metadata"]
    return _sorted(members)


def segments(body: bytes, refs: Mapping[str, Ref]) -> list[bytes | Ref]:
    """Splits a written file at its marks.

    Args:
        body: The file with marks.
        refs: The blobs that are put in, by their names; other marks stay.

    Returns:
        The bytes of the file, and in between the blobs whose values stand there.
    """
    parts: list[bytes | Ref] = []
    at = 0
    for marked in _MARKED.finditer(body):
        ref = refs.get(marked[1].decode())
        if ref is not None:
            parts += (body[at : marked.start()], ref)
            at = marked.end()
    return [*parts, body[at:]]


def value_of(pieces: Iterator[bytes], ref: Ref) -> Iterator[bytes]:
    """Encodes a blob as the JSON value that it stands for.

    Args:
        pieces: The bytes of the blob, in order.
        ref: The blob.
    """
    if ref.json:
        yield from pieces
        return
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    yield b'"'
    for piece in pieces:
        yield json_source.quoted(decoder.decode(piece))[1:-1]
    yield json_source.quoted(decoder.decode(b"", final=True))[1:]
