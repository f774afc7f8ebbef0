"""JSON as text: a normal form to compare by, and changes that touch nothing else.

Two things that decoding to Python values and encoding again cannot do, because it forgets how numbers were spelled,
how the text was laid out and in which order keys came:

    normal(raw)    the same value always gives the same bytes: compact, keys sorted, strings spelled in one way.
                   Numbers keep their spelling (`1e-5`, `1.0`, integers of any size).
    Outline        an object or array taken apart into its members and the text between them. Members that are not
                   replaced keep their bytes, and so does all white space.

`Style` is how a text is laid out (what `json.dumps` calls indent, separators and ensure_ascii), found in a text or
given, and writes new values like that.

Invariants: `Outline.rejoin()` right after `split_object` is the text itself; `normal(normal(x)) == normal(x)`; no single call into C
works on more than one member, so that another thread (the reactor) gets its turn between them.

Rejected: a JSON parser of our own in Python (a hundred times slower than msgspec's); `json` of the standard library
(respells numbers, and holds the interpreter for a whole file).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import BytesIO
from itertools import pairwise

import attrs
import msgspec
from msgspec import Raw

from webipy.core.json_depth import is_too_deep, too_deep_reason

_decode_map: Callable[[bytes | memoryview | Raw], dict[str, Raw]] = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_list: Callable[[bytes | memoryview | Raw], list[Raw]] = msgspec.json.Decoder(list[Raw]).decode
_decode_text = msgspec.json.Decoder(str).decode
_decode_lines = msgspec.json.Decoder(list[str]).decode
_decode_tree = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_encode_sorted = msgspec.json.Encoder(order="sorted").encode

_AT_ONCE = 128 * 1024
"""Bytes of JSON that are sorted in one call: more is taken apart first."""

_MOST_SPACE = 16
"""Bytes of white space at the end of a text that are kept when it is laid out again."""

_SPACE = re.compile(rb"[ \t\r\n]*")
_BETWEEN = re.compile(rb"[ \t\r\n]*,[ \t\r\n]*")
_KEY = re.compile(rb'("[^"\\]*+(?:\\.[^"\\]*+)*+")([ \t\r\n]*:[ \t\r\n]*)')
_NOT_ASCII = re.compile(r"[^\x00-\x7e]")


class TooDeep(RecursionError):
    """JSON is nested deeper than `json_depth.MAX_DEPTH`."""


def members(raw: bytes | memoryview | Raw) -> dict[str, Raw]:
    """The members of an object, still as JSON.

    Raises:
        msgspec.DecodeError: It is no object.
    """
    return _decode_map(raw)


def elements(raw: bytes | Raw) -> list[Raw]:
    """The elements of an array, still as JSON.

    Raises:
        msgspec.DecodeError: It is no array.
    """
    return _decode_list(raw)


def quoted(text: str) -> bytes:
    """A string as JSON."""
    return _encode(text)


def joined(names: Iterable[tuple[str, bytes]]) -> bytes:
    """The compact object of these members."""
    return b"{" + b",".join(_encode(name) + b":" + value for name, value in names) + b"}"


def listed(values: Iterable[bytes]) -> bytes:
    """The compact array of these elements."""
    return b"[" + b",".join(values) + b"]"


# ---- the normal form


def normal(raw: bytes | memoryview | Raw) -> bytes:
    """The normal form of a JSON text.

    Raises:
        msgspec.DecodeError: It is not JSON.
        TooDeep: It is nested too deeply.
    """
    text = bytes(raw)
    if is_too_deep(text):
        raise TooDeep(too_deep_reason())
    return _normal(text)


def _normal(raw: bytes | Raw) -> bytes:
    text = bytes(raw)
    first = text[:1]
    if first == b'"':
        return text if b"\\" not in text else _encode(_decode_text(text))
    if first not in (b"{", b"["):
        return text
    if len(text) <= _AT_ONCE:
        compact = msgspec.json.format(text, indent=-1)
        if first == b"[" and b'"' not in compact and b"{" not in compact:
            return compact
        in_one = _sorted_at_once(compact)
        if in_one is not None:
            return in_one
    parts = []
    if first == b"[":
        for value in _decode_list(text):
            parts.append(_normal(value))
        return listed(parts)
    for name, value in sorted(_decode_map(text).items()):
        parts.append(_encode(name) + b":" + _normal(value))
    return b"{" + b",".join(parts) + b"}"


def _sorted_at_once(compact: bytes) -> bytes | None:
    """The normal form, when decoding and encoding respells nothing."""
    try:
        tree = _decode_tree(compact)
    except msgspec.ValidationError:  # a number beyond what a float holds
        return None
    return _encode_sorted(tree) if _encode(tree) == compact else None


def one_text(raw: bytes | Raw) -> bytes:
    """The normal form of a text that may be given as a list of its lines.

    Raises:
        msgspec.DecodeError: It is neither a string nor a list of strings.
    """
    text = bytes(raw)
    if text[:1] == b"[":
        return _encode("".join(_decode_lines(text)))
    return text if text[:1] == b'"' and b"\\" not in text else _encode(_decode_text(text))


def lines_of(text: bytes) -> bytes:
    """A JSON string as the compact list of its lines, cut as `str.splitlines` does."""
    return _encode(_decode_text(text).splitlines(keepends=True))


# ---- how a text is laid out


@attrs.define(frozen=True, slots=True)
class Style:
    """How a JSON text is laid out.

    Args:
        unit: White space of one level, or `None` when all is on one line.
        newline: Line end.
        comma: What stands between members when all is on one line.
        colon: What stands between a name and its value.
        is_ascii: Other characters are written as escapes.
    """

    unit: bytes | None = b" "
    newline: bytes = b"\n"
    comma: bytes = b", "
    colon: bytes = b": "
    is_ascii: bool = False

    def break_at(self, level: int) -> bytes:
        """What stands before a member at a level of nesting (0: the outermost bracket's own)."""
        return b"" if self.unit is None else self.newline + self.unit * level

    def between(self, level: int) -> bytes:
        """What stands between two members at a level."""
        return self.comma if self.unit is None else b"," + self.break_at(level)

    def text(self, compact: bytes, level: int) -> bytes:
        """Lays a value out.

        Args:
            compact: The value as compact JSON.
            level: Level of nesting of its last bracket.
        """
        if compact[:1] in (b"{", b"["):
            compact = self._spread(compact, level)
        if self.is_ascii and not compact.isascii():
            compact = _NOT_ASCII.sub(_escape, compact.decode()).encode()
        elif self.is_ascii and b"\x7f" in compact:
            compact = compact.replace(b"\x7f", b"\\u007f")
        return compact

    def _spread(self, compact: bytes, level: int) -> bytes:
        if self.unit is None:
            if self.comma == b"," and self.colon == b":":
                return compact
            return msgspec.json.format(compact, indent=0)
        is_spaces = self.unit and not self.unit.strip(b" ")
        spread = msgspec.json.format(compact, indent=len(self.unit) if is_spaces else 1)
        if not is_spaces:
            unit = self.unit
            spread = re.sub(rb"\n( *)", lambda found: b"\n" + unit * len(found[1]), spread)
        line_start = self.break_at(level)
        return spread if line_start == b"\n" else spread.replace(b"\n", line_start)

    def name(self, name: str) -> bytes:
        """A name and what stands before its value."""
        return self.text(_encode(name), 0) + self.colon


def _escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def style_of(outline: Outline, body: bytes) -> Style:
    """Finds the style of a JSON object: as it begins, so it goes on.

    Args:
        outline: The object, taken apart.
        body: Its text.
    """
    if not outline.values:
        return Style()
    head = _KEY.match(outline.heads[0])
    opening, colon = outline.opening.lstrip()[1:], head[2] if head is not None else b": "
    is_ascii = body.isascii() and _has_escape(body)
    if b"\n" not in opening:
        comma = outline.separators[0] if outline.separators else b", "
        return Style(None, b"\n", comma, colon if colon in (b":", b": ") else b": ", is_ascii)
    newline = b"\r\n" if b"\r\n" in opening else b"\n"
    return Style(opening.rpartition(b"\n")[2], newline, b", ", colon, is_ascii)


def _has_escape(body: bytes) -> bool:
    """Whether a character that is not ASCII is written as an escape."""
    start = 0
    while start < len(body):
        at = body.find(b"\\u", start, start + _AT_ONCE)
        start = at + 2 if at >= 0 else start + _AT_ONCE - 1
        if at >= 0 and (body[at + 2 : at + 4] != b"00" or body[at + 4 : at + 5] in b"89abcdefABCDEF"):
            before = at
            while before and body[before - 1 : before] == b"\\":
                before -= 1
            if (at - before) % 2 == 0:
                return True
    return False


# ---- taken apart


Piece = bytes | memoryview
"""Some text; where it is large, a view of the text that it is part of."""


class Outline(msgspec.Struct):
    """An object or array, taken apart: `opening head value separator head value ... closing`.

    In an array all heads are empty; in an object a head is a name, its colon, and the space around it. A value that is an outline itself is
    in `inner`, by its name, in place of that in `values`.
    """

    opening: bytes
    heads: list[bytes]
    values: list[Piece]
    separators: list[bytes]
    closing: bytes
    names: list[str] = msgspec.field(default_factory=list)
    inner: dict[str, Outline] = msgspec.field(default_factory=dict)

    def pieces(self) -> Iterator[Piece]:
        """The text, piece by piece."""
        yield self.opening
        for number, (head, value) in enumerate(zip(self.heads, self.values, strict=True)):
            if number:
                yield self.separators[number - 1]
            yield head
            if self.names and self.names[number] in self.inner:
                yield from self.inner[self.names[number]].pieces()
            else:
                yield value
        yield self.closing

    def rejoin(self) -> bytes:
        """The text again, in one piece."""
        whole = BytesIO()  # grows in place: no copy of a large text holds other threads up
        for piece in self.pieces():
            whole.write(piece)
        return whole.getvalue()

    def get(self, name: str) -> Piece | None:
        """The value of a member of an object."""
        return self.values[self.names.index(name)] if name in self.names else None

    def put(self, name: str, value: Piece, style: Style, level: int, after: str | None = None) -> None:
        """Sets a member of an object whose bracket stands at `level`.

        A new one goes where the order of the names asks for it; if they have none, behind `after`, or to the end.

        Args:
            name: The member.
            value: Its text.
            style: How a new member is laid out.
            level: Level of nesting of the object's bracket.
            after: The member that a new one follows where the names have no order.
        """
        if name in self.names:
            self.values[self.names.index(name)] = value
            return
        at = len(self.names)
        if self.names and self.names == sorted(self.names):
            at = next((number for number, known in enumerate(self.names) if known > name), at)
        elif after in self.names:
            at = self.names.index(after) + 1
        if self.values:
            between = self.separators[0] if self.separators else style.between(level + 1)
            self.separators.insert(min(at, len(self.separators)), between)
        else:
            self.opening, self.closing = b"{" + style.break_at(level + 1), style.break_at(level) + b"}"
        self.names.insert(at, name)
        self.heads.insert(at, style.name(name))
        self.values.insert(at, value)

    def drop(self, name: str) -> None:
        """Removes a member of an object."""
        if name not in self.names:
            return
        at = self.names.index(name)
        del self.names[at], self.heads[at], self.values[at]
        if self.separators:
            del self.separators[max(0, at - 1)]
        if not self.values:
            self.opening, self.closing = b"{", b"}"

    def fill(self, chosen: Sequence[tuple[int | None, Piece]], style: Style, level: int) -> None:
        """Replaces the elements of an array. Elements that stood beside each other keep what stood between them.

        Args:
            chosen: The new elements, each with its place before; `None` for a new one.
            style: How new elements are laid out.
            level: Level of nesting of the array's bracket.
        """
        usual = self.separators[0] if self.separators else style.between(level + 1)
        separators = [
            self.separators[one] if one is not None and other == one + 1 else usual
            for (one, _), (other, _) in pairwise(chosen)
        ]
        if not chosen:
            self.opening, self.closing = b"[", b"]"
        elif not self.values:
            self.opening, self.closing = b"[" + style.break_at(level + 1), style.break_at(level) + b"]"
        self.heads = [b""] * len(chosen)
        self.values = [value for _, value in chosen]
        self.separators = separators


def split_object(raw: Piece) -> Outline | None:
    """Takes an object apart.

    Args:
        raw: The text, white space around it included.

    Returns:
        Its outline; `None` when a name occurs twice in it.

    Raises:
        msgspec.DecodeError: It is no object.
    """
    values = _decode_map(raw)
    start = _end(_SPACE, raw, 0)
    opening = bytes(raw[: _end(_SPACE, raw, start + 1)])
    outline, at = Outline(opening, [], [], [], b""), len(opening)
    for name, value in values.items():
        if outline.values:
            between = _BETWEEN.match(raw, at)
            if between is None:
                return None
            outline.separators.append(between[0])
            at = between.end()
        head = _KEY.match(raw, at)
        if head is None or _decode_text(head[1]) != name:
            return None
        at = head.end() + memoryview(value).nbytes
        outline.heads.append(head[0])
        outline.values.append(_piece(raw, head.end(), at))
        outline.names.append(name)
    outline.closing = bytes(raw[at:])
    return outline if outline.closing.strip() == b"}" else None


def _piece(raw: Piece, start: int, end: int) -> Piece:
    return bytes(raw[start:end]) if end - start < _AT_ONCE else memoryview(raw)[start:end]


def rebuilt_object(raw: Piece, style: Style, level: int) -> Outline:
    """Takes an object apart in which names occur twice: the last of each stays, laid out again.

    Args:
        raw: The text.
        style: How it is laid out.
        level: Level of nesting of its bracket.

    Raises:
        msgspec.DecodeError: It is no object.
    """
    after = bytes(raw[-_MOST_SPACE:]).rpartition(b"}")[2]
    outline = Outline(b"{" + style.break_at(level + 1), [], [], [], style.break_at(level) + b"}" + after)
    for name, value in _decode_map(raw).items():
        if outline.names:
            outline.separators.append(style.between(level + 1))
        outline.names.append(name)
        outline.heads.append(style.name(name))
        outline.values.append(bytes(value))
    return outline


def split_array(raw: Piece) -> Outline:
    """Takes an array apart.

    Args:
        raw: The text from bracket to bracket.

    Raises:
        msgspec.DecodeError: It is no array.
    """
    opening = bytes(raw[: _end(_SPACE, raw, 1)])
    outline, at = Outline(opening, [], [], [], b""), len(opening)
    for value in _decode_list(raw):
        if outline.values:
            end = _end(_BETWEEN, raw, at)
            outline.separators.append(bytes(raw[at:end]))
            at = end
        end = at + memoryview(value).nbytes
        outline.heads.append(b"")
        outline.values.append(bytes(raw[at:end]))
        at = end
    outline.closing = bytes(raw[at:])
    return outline


def _end(pattern: re.Pattern[bytes], raw: Piece, at: int) -> int:
    found = pattern.match(raw, at)
    assert found is not None
    return found.end()
