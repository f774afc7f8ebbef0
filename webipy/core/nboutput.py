"""What a notebook file holds beside text: outputs, attachments and metadata, in a form to compare by.

In files a text may be a list of its lines, keys come in any order, and numbers and strings are spelled as some program
liked it; kernels send the same in yet other ways. Here everything gets one form, so that what was written and what is
read again are the same bytes:

    file or kernel ──► output(raw), attachments(raw), metadata(raw): normal form (`jsontext.normal`), texts in one piece
    normal form    ──► split_output(normal), split_attachments(normal): texts as lists of lines, as files have them

Source: nbformat 4.5, `output` and `misc` of its JSON schema; which texts are cut into lines is what the nbformat library
does when it writes: `text/*`, JavaScript and SVG, and never JSON (`application/json`, `application/*+json`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec
from msgspec import Raw

from webipy.core import jsontext
from webipy.core.errors import InvalidNotebook

_T = TypeVar("_T")

_IN_LINES = ("application/javascript", "image/svg+xml")
_MEMBERS = {
    "stream": ("name", "text"),
    "display_data": ("data", "metadata"),
    "execute_result": ("data", "metadata", "execution_count"),
    "error": ("ename", "evalue", "traceback"),
}
_DIGITS = 18
"""Of an execution count: what a 64-bit number holds."""

_SHAPES = {b'"': "text", b"{": "a map", b"[": "a list", b"t": "true", b"f": "false", b"n": "null"}


def shape(raw: bytes | Raw) -> str:
    """What kind of JSON value this is, in words."""
    return _SHAPES.get(_first(raw), "a number")


def _first(raw: bytes | Raw) -> bytes:
    return bytes(memoryview(raw)[:1])


def metadata(raw: bytes | Raw, where: str = "metadata") -> bytes:
    """The normal form of metadata.

    Raises:
        InvalidNotebook: It is no map.
    """
    if _first(raw) != b"{":
        raise wrong(where, "a map", raw)
    return _within(where, lambda: jsontext.normal(raw))


def attachments(raw: bytes | Raw, where: str = "attachments") -> bytes:
    """The normal form of the attachments of a cell: names, and under each a map of media types.

    Raises:
        InvalidNotebook: They are of another shape.
    """
    if _first(raw) != b"{":
        raise wrong(where, "a map", raw)
    return _within(
        where,
        lambda: jsontext.joined(
            (name, _bundle(bundle, f"{where}[{name!r}]")) for name, bundle in sorted(jsontext.members(raw).items())
        ),
    )


def output(raw: bytes | Raw, where: str = "output") -> bytes:
    """The normal form of an output.

    Args:
        where: Its place in the file, for the message.

    Raises:
        InvalidNotebook: It is no output of nbformat 4.
    """
    if _first(raw) != b"{":
        raise wrong(where, "a map", raw)
    members = _within(where, lambda: jsontext.members(raw))
    members.pop("transient", None)
    kind = _kind(members, where)
    if kind == "stream" and "name" not in members:
        members["name"] = Raw(b'"stdout"')
    if kind in ("display_data", "execute_result"):
        members.setdefault("metadata", Raw(b"{}"))
    if kind == "execute_result":
        members.setdefault("execution_count", Raw(b"null"))
    for name in _MEMBERS[kind]:
        if name not in members:
            raise InvalidNotebook(f"The output at {where} has no `{name}`.", where=f"{where}.{name}")
    return jsontext.joined((name, _member(name, members[name], f"{where}.{name}")) for name in sorted(members))


def _kind(members: dict[str, Raw], where: str) -> str:
    where = f"{where}.output_type"
    named = members.get("output_type")
    if named is None:
        raise InvalidNotebook(f"{where} is missing: it says what kind of output this is.", where=where)
    if _first(named) != b'"':
        raise wrong(where, "text", named)
    kind = _within(where, lambda: msgspec.json.decode(named, type=str))
    if kind not in _MEMBERS:
        raise InvalidNotebook(
            f"{where} is {kind!r:.60}: it can be stream, display_data, execute_result or error.", where=where
        )
    return kind


def _member(name: str, raw: Raw, where: str) -> bytes:
    match name:
        case "text" | "name" | "ename" | "evalue":
            return _text(raw, where)
        case "data":
            return _bundle(raw, where)
        case "metadata":
            return metadata(raw, where)
        case "traceback":
            return _traceback(raw, where)
        case "execution_count":
            return count(raw, where)
        case _:
            return _within(where, lambda: jsontext.normal(raw))


def count(raw: bytes | Raw, where: str) -> bytes:
    """An execution count: a whole number, or null.

    Raises:
        InvalidNotebook: It is something else.
    """
    text = bytes(raw)
    if text != b"null" and not (text.isdigit() and len(text) <= _DIGITS):
        raise wrong(where, "a whole number or null", raw)
    return text


def _text(raw: Raw, where: str) -> bytes:
    try:
        return jsontext.one_text(raw)
    except msgspec.ValidationError:
        raise wrong(where, "text, or a list of its lines", raw) from None


def _traceback(raw: Raw, where: str) -> bytes:
    try:
        return msgspec.json.encode(msgspec.json.decode(raw, type=list[str]))
    except msgspec.ValidationError:
        raise wrong(where, "a list of lines", raw) from None


def _bundle(raw: Raw, where: str) -> bytes:
    """A map of media types; its texts in one piece."""
    if _first(raw) != b"{":
        raise wrong(where, "a map of media types", raw)
    return _within(
        where,
        lambda: jsontext.joined((kind, _content(kind, value)) for kind, value in sorted(jsontext.members(raw).items())),
    )


def _content(kind: str, raw: Raw) -> bytes:
    if not _is_json(kind) and _first(raw) == b"[":
        try:
            return jsontext.one_text(raw)
        except msgspec.ValidationError:
            pass  # some other list, which is kept as it is
    return jsontext.normal(raw)


def _is_json(kind: str) -> bool:
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def wrong(where: str, wanted: str, raw: bytes | Raw) -> InvalidNotebook:
    """The failure for a value of the wrong kind."""
    return InvalidNotebook(f"{where} should be {wanted}, and is {shape(raw)}.", where=where)


def _within(where: str, work: Callable[[], _T]) -> _T:
    try:
        return work()
    except RecursionError:
        raise InvalidNotebook(f"{where} is nested too deeply.", where=where) from None


# ---- as files have it


def split_output(normal: bytes) -> bytes:
    """An output in normal form, its texts as lists of lines."""
    members = jsontext.members(normal)
    kind = bytes(members["output_type"])
    if kind == b'"stream"':
        members["text"] = Raw(jsontext.lines_of(bytes(members["text"])))
    elif "data" in members:
        members["data"] = Raw(_split_bundle(members["data"]))
    return jsontext.joined((name, bytes(value)) for name, value in members.items())


def split_attachments(normal: bytes) -> bytes:
    """Attachments in normal form, their texts as lists of lines."""
    return jsontext.joined((name, _split_bundle(bundle)) for name, bundle in jsontext.members(normal).items())


def _split_bundle(raw: Raw) -> bytes:
    return jsontext.joined((kind, _split(kind, bytes(value))) for kind, value in jsontext.members(raw).items())


def _split(kind: str, value: bytes) -> bytes:
    is_split = kind.startswith("text/") or kind in _IN_LINES
    return jsontext.lines_of(value) if is_split and value[:1] == b'"' else value
