"""From the bytes of a notebook file to JSON, and back to bytes with what is not JSON still in it.

Programs write what JSON does not have: `NaN` and `Infinity`, halves of surrogate pairs, a byte order mark. Such a file is read all the same:

    text(body) ──► Text.body    JSON, in which these are `null`, U+FFFD and nothing: what the document is read from
                   Text.marked  the same JSON with a mark in each such place: what is laid out again and written
    Text.restored(written)      the marks as they were spelled: so what did not change keeps its bytes

A mark begins with letters that are nowhere in the file.
"""

from __future__ import annotations

import codecs
import re
from itertools import count

import msgspec

from webipy.core.errors import InvalidNotebook

_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|-?\bInfinity\b|\bNaN\b')
_ESCAPE = re.compile(rb"\\(?:u([0-9a-fA-F]{4})|[^u])")
_CONFLICT = re.compile(rb"^(?:<{7}|={7}|>{7})(?: |\r?$)", re.MULTILINE)
_CHUNK = 1 << 20


class Text(msgspec.Struct, frozen=True):
    """The JSON of a file; see the module.

    Args:
        repairs: What was not JSON, in sentences.
        mark: What the marks in `marked` begin with; empty when there are none.
        head: What stood before the JSON.
    """

    body: bytes
    marked: bytes
    repairs: list[str] = msgspec.field(default_factory=list)
    mark: bytes = b""
    head: bytes = b""

    def restored(self, written: bytes) -> bytes:
        """What is to be in the file, with what was there spelled as it was."""
        if self.mark:
            marks = re.compile(rb'"%b(NaN|-?Infinity)"|%b(u[0-9a-fA-F]{4});' % (self.mark, self.mark))
            written = marks.sub(lambda found: found[1] or b"\\" + found[2], written)
        return self.head + written


def text(body: bytes) -> Text:
    """The JSON of a file.

    Raises:
        InvalidNotebook: It is no text in UTF-8, or (where that can be seen here) no JSON.
    """
    check_encoding(body)
    if not body.startswith(codecs.BOM_UTF8):
        return Text(body, body)
    rest = body[len(codecs.BOM_UTF8) :]
    repairs = ["The file began with a byte order mark, which JSON does not have."]
    return Text(rest, rest, repairs, head=codecs.BOM_UTF8)


def repaired(text: Text) -> Text:
    """The same without what programs write that is not JSON; the text itself where nothing of that was found."""
    mark = next(mark for number in count() if (mark := b"webipy%d:" % number) not in text.body)
    plain: list[bytes] = []
    marked: list[bytes] = []
    at = halves = numbers = 0
    for token in _TOKEN.finditer(text.body):
        found = token[0]
        if found[:1] != b'"':
            numbers += 1
            new, with_mark = b"null", b'"' + mark + found + b'"'
        elif b"\\ud" in found or b"\\uD" in found:
            new, with_mark = _whole_characters(found, mark)
            halves += new != found
        else:
            continue
        between = text.body[at : token.start()]
        plain += (between, new)
        marked += (between, with_mark)
        at = token.end()
    repairs = list(text.repairs)
    if halves:
        repairs.append(f"Texts with halves of characters, replaced by \N{REPLACEMENT CHARACTER}: {halves}.")
    if numbers:
        repairs.append(f"Numbers that are NaN or Infinity, which JSON does not have, read as null: {numbers}.")
    if not halves and not numbers:
        return text
    rest = text.body[at:]
    return Text(b"".join([*plain, rest]), b"".join([*marked, rest]), repairs, mark, text.head)


def _whole_characters(text: bytes, mark: bytes) -> tuple[bytes, bytes]:
    """A JSON string without halves of surrogate pairs, and with marks for them."""
    plain: list[bytes] = []
    marked: list[bytes] = []
    at = 0
    escapes = list(_ESCAPE.finditer(text))
    paired = False
    for number, escape in enumerate(escapes):
        unit = int(escape[1] or b"0", 16)
        if paired or not 0xD800 <= unit <= 0xDFFF:
            paired = False
            continue
        following = escapes[number + 1] if number + 1 < len(escapes) else None
        if unit < 0xDC00 and following and following.start() == escape.end():
            paired = 0xDC00 <= int(following[1] or b"0", 16) <= 0xDFFF
        if not paired:
            between = text[at : escape.start()]
            plain += (between, b"\\ufffd")
            marked += (between, mark + escape[0][1:] + b";")
            at = escape.end()
    return b"".join([*plain, text[at:]]), b"".join([*marked, text[at:]])


def check_encoding(body: bytes) -> None:
    """Returns when the bytes are text in UTF-8.

    Raises:
        InvalidNotebook: They are not.
    """
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or body[:4] in (b"{\0\n\0", b"\0{\0\n", b'{\0"\0'):
        raise InvalidNotebook("The file is encoded in UTF-16; notebooks are in UTF-8.", where="")
    if b"\0" in body:
        place = body.index(b"\0")
        raise InvalidNotebook(
            f"The file holds NUL bytes (the first is byte {place}): it is no text, or it was damaged.", where=""
        )
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(body), _CHUNK):
            decoder.decode(body[at : at + _CHUNK])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise InvalidNotebook("The file is not encoded in UTF-8, as notebooks are.", where="") from None


def no_json(body: bytes, fault: msgspec.DecodeError) -> InvalidNotebook:
    """The failure of a text that is not JSON, in the words of a person.

    Args:
        body: The file.
        fault: What the decoder raised.
    """
    if not body.strip():
        return InvalidNotebook("The file is empty: not even an empty notebook is in it.", where="")
    conflict = " It holds the marks of a merge conflict." if has_conflict_marks(body) else ""
    if body.lstrip()[:1] not in (b"{", b"["):
        return InvalidNotebook(f"The file is not JSON, as notebooks are.{conflict}", where="")
    if "truncated" in str(fault):
        return InvalidNotebook("The file ends in the middle: its JSON is cut off.", where="")
    found = re.search(r"\(byte (\d+)\)", str(fault))
    line = f", line {body[: int(found[1])].count(10) + 1}" if found else ""
    return InvalidNotebook(f"The file is not valid JSON{line}.{conflict}", where="")


def has_conflict_marks(body: bytes) -> bool:
    """Whether lines mark a conflict, as git writes them: all three kinds, each at the start of a line."""
    return {found[0][:1] for found in _CONFLICT.finditer(body)} == {b"<", b"=", b">"}
