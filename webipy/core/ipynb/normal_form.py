"""What a notebook file holds beside text: outputs, attachments and metadata, in a form to compare by.

In files a text may be a list of its lines, keys come in any order, and numbers and strings are spelled as some program
liked it; kernels send the same in yet other ways. Here everything gets one form, so that what was written and what is
read again are the same bytes:

    kernel      ──► output(raw), attachments(raw), metadata(raw): normal form (`json_source.normal`), texts in one piece
    file        ──► kept_output(raw), kept_attachments(raw), kept_metadata(raw): the same, whatever is in it
    normal form ──► filed(normal), split_attachments(normal): texts as lists of lines, as files have them

One wrong value in a file does not cost more than itself: it is read as what it may mean, or as nothing, and that is reported (`Report`). An output
that cannot be one at all is shown by a sentence: a display whose bundle holds the sentence and, as `UNREADABLE`, what is in the
file; where it is written it is that again.

Source: nbformat 4.5, `output` and `misc` of its JSON schema; which texts are cut into lines is what the nbformat library
does when it writes: `text/*`, JavaScript and SVG, and never JSON (`application/json`, `application/*+json`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

import msgspec
from msgspec import Raw

from webipy.core.errors import InvalidNotebook
from webipy.core.ipynb import json_source

_T = TypeVar("_T")

_decode_text = msgspec.json.Decoder(str).decode
_decode_lines = msgspec.json.Decoder(list[str]).decode

Report = Callable[[str, str], None]
"""Called with what was wrong, and the place."""

UNREADABLE = "application/vnd.webipy.unreadable+json"
"""Media type, in a bundle here, of an output that cannot be shown: what is in the file."""

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

    Args:
        raw: JSON.
        where: Place in the file, for the message.

    Raises:
        InvalidNotebook: It is no map.
    """
    if _first(raw) != b"{":
        raise wrong(where, "a map", raw)
    return _within(where, lambda: json_source.normal(raw))


def attachments(raw: bytes | Raw, where: str = "attachments", report: Report | None = None) -> bytes:
    """The normal form of the attachments of a cell: names, and under each a map of media types.

    Args:
        raw: JSON.
        where: Place in the file, for the message.
        report: When given, it is called for a value that is no such map, which stays as it is.

    Raises:
        InvalidNotebook: They are of another shape.
    """
    if _first(raw) != b"{":
        raise wrong(where, "a map", raw)
    return _within(
        where,
        lambda: json_source.joined(
            (name, _attached(bundle, f"{where}[{name!r}]", report))
            for name, bundle in sorted(json_source.members(raw).items())
        ),
    )


def _attached(raw: Raw, where: str, report: Report | None) -> bytes:
    if report is None or _first(raw) == b"{":
        return _bundle(raw, where)
    report("Cannot be shown, and stays as it is", where)
    return json_source.normal(raw)


def output(raw: bytes | Raw, where: str = "output") -> bytes:
    """The normal form of an output.

    Args:
        raw: JSON.
        where: Its place in the file, for the message.

    Raises:
        InvalidNotebook: It is no output of nbformat 4.
    """
    if _first(raw) != b"{":
        raise wrong(where, "a map", raw)
    members = _within(where, lambda: json_source.members(raw))
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
    return json_source.joined((name, _member(name, members[name], f"{where}.{name}")) for name in sorted(members))


def kept_output(raw: bytes | Raw, where: str, report: Report) -> bytes:
    """The normal form of an output as some program wrote it; one that cannot be read is shown by a sentence.

    Args:
        raw: JSON.
        where: Place in the file.
        report: Called for each value that was wrong.
    """
    try:
        return output(_mended(raw, where, report), where)
    except InvalidNotebook as fault:
        report("Cannot be shown, and stays as it is", where)
        sentence = f"[This output cannot be shown. {fault.message}]"
    try:
        bundle = [(UNREADABLE, json_source.normal(raw)), ("text/plain", json_source.quoted(sentence))]
    except RecursionError:
        bundle = [("text/plain", json_source.quoted(sentence))]
    shown = [("data", json_source.joined(bundle)), ("metadata", b"{}"), ("output_type", b'"display_data"')]
    return json_source.joined(shown)


def _mended(raw: bytes | Raw, where: str, report: Report) -> bytes:
    """An output with something in the place of each value that is wrong and not all of it.

    Raises:
        InvalidNotebook: It is no map, or nested too deeply.
    """
    if _first(raw) != b"{":
        raise wrong(where, "a map", raw)
    members = _within(where, lambda: json_source.members(raw))
    kind = bytes(members.get("output_type", b""))
    if kind == b'"stream"' and "name" in members and shape(members["name"]) != "text":
        report("Not text, read as stdout", f"{where}.name")
        members["name"] = Raw(b'"stdout"')
    elif kind in (b'"display_data"', b'"execute_result"'):
        if "metadata" in members:
            members["metadata"] = Raw(kept_metadata(members["metadata"], f"{where}.metadata", report))
        if "execution_count" in members and kind == b'"execute_result"':
            members["execution_count"] = Raw(kept_count(members["execution_count"], f"{where}.execution_count", report))
    elif kind == b'"error"':
        for name in ("ename", "evalue"):
            members[name] = Raw(json_source.quoted(kept_text(members.get(name), f"{where}.{name}", report)))
        members["traceback"] = Raw(_kept_traceback(members.get("traceback"), f"{where}.traceback", report))
    return json_source.joined((name, bytes(value)) for name, value in members.items())


def kept_metadata(raw: bytes | Raw, where: str, report: Report) -> bytes:
    """The normal form of metadata, without what is nested too deeply; an empty map where they are no map.

    Args:
        raw: JSON.
        where: Place in the file.
        report: Called for each value that was wrong.
    """
    try:
        return metadata(raw, where)
    except InvalidNotebook:
        if _first(raw) != b"{":
            report("Not a map, read as empty", where)
            return b"{}"
    kept = []
    for name, value in sorted(json_source.members(raw).items()):
        try:
            kept.append((name, json_source.normal(value)))
        except RecursionError:
            report("Nested too deeply, and not read", f"{where}.{name}")
    return json_source.joined(kept)


def kept_attachments(raw: bytes | Raw, where: str, report: Report) -> bytes | None:
    """The normal form of attachments; `None` where they are no map.

    Args:
        raw: JSON.
        where: Place in the file.
        report: Called for each value that was wrong.
    """
    try:
        return attachments(raw, where, report)
    except InvalidNotebook:
        report("Cannot be shown, and stays as it is", where)
        return None


def kept_count(raw: bytes | Raw, where: str, report: Report) -> bytes:
    """An execution count; a whole number in another spelling is read, anything else is null.

    Args:
        raw: JSON.
        where: Place in the file.
        report: Called when it was wrong.
    """
    try:
        return count(raw, where)
    except InvalidNotebook:
        number = whole(raw)
        report("Not a whole number" if number is not None else "Not a whole number, read as none", where)
        return b"null" if number is None else b"%d" % number


def whole(raw: bytes | Raw) -> int | None:
    """A whole number, also one in quotes or with a point and zeros; `None` for anything else."""
    found = re.fullmatch(rb'"?([0-9]{1,%d})(?:\.0*)?"?' % _DIGITS, bytes(raw))
    return int(found[1]) if found else None


def kept_text(raw: bytes | Raw | None, where: str, report: Report) -> str:
    """A text that may be a list of its lines; another value is shown as its JSON, null or nothing as no text.

    Args:
        raw: JSON; `None` when it is missing.
        where: Place in the file.
        report: Called when it was wrong.
    """
    if raw is None:
        report("Missing", where)
        return ""
    if shape(raw) == "text":
        return _decode_text(raw)
    try:
        if shape(raw) == "a list":
            return "".join(_decode_lines(raw))
    except msgspec.ValidationError:
        parts = json_source.elements(raw)
        report("Not text", where)
        return "".join(map(_as_text, parts))
    report("Not text", where)
    return _as_text(raw)


def _as_text(raw: bytes | Raw) -> str:
    kind = shape(raw)
    return _decode_text(raw) if kind == "text" else "" if kind == "null" else bytes(raw).decode()


def _kept_traceback(raw: Raw | None, where: str, report: Report) -> bytes:
    if raw is not None and shape(raw) == "a list":
        try:
            return _traceback(raw, where)
        except InvalidNotebook:
            report("Not text", where)
            return json_source.listed(
                json_source.normal(line) for line in json_source.elements(raw) if shape(line) == "text"
            )
    text = kept_text(raw, where, report if raw is None else _no_list(report))
    return msgspec.json.encode(text.splitlines())


def _no_list(report: Report) -> Report:
    return lambda fault, where: report("Not a list of lines", where)


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
            return _within(where, lambda: json_source.normal(raw))


def count(raw: bytes | Raw, where: str) -> bytes:
    """An execution count: a whole number, or null.

    Args:
        raw: JSON.
        where: Place in the file, for the message.

    Raises:
        InvalidNotebook: It is something else.
    """
    text = bytes(raw)
    if text != b"null" and not (text.isdigit() and len(text) <= _DIGITS):
        raise wrong(where, "a whole number or null", raw)
    return text


def _text(raw: Raw, where: str) -> bytes:
    try:
        return json_source.one_text(raw)
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
        lambda: json_source.joined(
            (kind, _content(kind, value)) for kind, value in sorted(json_source.members(raw).items())
        ),
    )


def _content(kind: str, raw: Raw) -> bytes:
    if not _is_json(kind) and _first(raw) == b"[":
        try:
            return json_source.one_text(raw)
        except msgspec.ValidationError:
            pass  # some other list, which is kept as it is
    return json_source.normal(raw)


def _is_json(kind: str) -> bool:
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def wrong(where: str, wanted: str, raw: bytes | Raw) -> InvalidNotebook:
    """The failure for a value of the wrong kind.

    Args:
        where: Place in the file.
        wanted: What should be there, in words.
        raw: What is there, JSON.
    """
    return InvalidNotebook(f"{where} should be {wanted}, and is {shape(raw)}.", where=where)


def _within(where: str, work: Callable[[], _T]) -> _T:
    try:
        return work()
    except RecursionError:
        raise InvalidNotebook(f"{where} is nested too deeply.", where=where) from None


# ---- as files have it


def filed(normal: bytes, is_in_lines: bool, is_shown: bool = False) -> bytes:
    """An output in normal form as files hold it.

    Args:
        normal: The output in normal form.
        is_in_lines: Texts are lists of lines.
        is_shown: An output that cannot be shown is the sentence that says so, and not what it was.
    """
    mark = UNREADABLE.encode()
    if mark in memoryview(normal)[: len(mark) + 16].tobytes():
        members = json_source.members(normal)
        bundle = json_source.members(members["data"])
        kept = bundle.pop(UNREADABLE, None)
        if kept is not None and not is_shown:
            return bytes(kept)
        members["data"] = Raw(json_source.joined((kind, bytes(value)) for kind, value in bundle.items()))
        normal = json_source.joined((name, bytes(value)) for name, value in members.items())
    return split_output(normal) if is_in_lines else normal


def split_output(normal: bytes) -> bytes:
    """An output in normal form, its texts as lists of lines."""
    members = json_source.members(normal)
    kind = bytes(members["output_type"])
    if kind == b'"stream"':
        members["text"] = Raw(json_source.lines_of(bytes(members["text"])))
    elif "data" in members:
        members["data"] = Raw(_split_bundle(members["data"]))
    return json_source.joined((name, bytes(value)) for name, value in members.items())


def split_attachments(normal: bytes) -> bytes:
    """Attachments in normal form, their texts as lists of lines."""
    return json_source.joined(
        (name, _split_bundle(bundle) if _first(bundle) == b"{" else bytes(bundle))
        for name, bundle in json_source.members(normal).items()
    )


def _split_bundle(raw: Raw) -> bytes:
    return json_source.joined((kind, _split(kind, bytes(value))) for kind, value in json_source.members(raw).items())


def _split(kind: str, value: bytes) -> bytes:
    is_split = kind.startswith("text/") or kind in _IN_LINES
    return json_source.lines_of(value) if is_split and value[:1] == b'"' else value
