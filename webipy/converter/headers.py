"""The YAML header of a text notebook, changed where its content changed and nowhere else.

jupytext writes headers again: keys sorted, its own version in it. Here what differs between the header as jupytext would have written it before and
the one that it writes now is found by its keys, and put into the header that is there, whose order, comments and spelling stay.

    apart(text)                    a text in three: what stands before the header, the header (without its marker of a comment), the rest
    changed(original, read, new)   the lines of a header, with the changes from `read` to `new`; `None` where that cannot be done by lines

The result is read again: it is taken only if it says what it should.

Source: jupytext, "Notebook metadata"; a header is YAML between two lines of three dashes, in programs behind a comment mark.
"""

from __future__ import annotations

import re
from typing import Any

_OPEN = re.compile(r"(?P<mark>(?:#'?|//|--|%|;+|!|\*)? ?)---[ \t]*")
_KEY = re.compile(r"(?P<indent> *)(?P<key>[^\s#:\-][^:]*?|'[^']*'|\"[^\"]*\"):(?:\s|$)")
_BEFORE = 3
"""Lines that may stand before a header: the one that names an interpreter, an encoding, an empty one."""


def apart(text: str) -> tuple[str, str, list[str], str] | None:
    """Splits a text at its header.

    Returns:
        What stands before it, its comment mark, its lines, and the rest from the closing line on; `None` without a header.
    """
    lines = text.splitlines(keepends=True)
    for at, line in enumerate(lines[: _BEFORE + 1]):
        opened = _OPEN.fullmatch(line.rstrip("\r\n"))
        if opened is None:
            continue
        mark = opened["mark"]
        for end in range(at + 1, len(lines)):
            found = lines[end].rstrip()
            if found in (f"{mark}---".rstrip(), f"{mark}...".rstrip()):
                inner = [one.rstrip("\r\n").removeprefix(mark.rstrip()) for one in lines[at + 1 : end]]
                inner = [one.removeprefix(" ") if mark.endswith(" ") else one for one in inner]
                return "".join(lines[: at + 1]), mark, inner, "".join(lines[end:])
            if not found.startswith(mark.rstrip()):
                return None
        return None
    return None


def joined(before: str, mark: str, header: list[str], rest: str) -> str:
    """Joins what `apart` split.

    Args:
        before: What stands before the header.
        mark: Its comment mark.
        header: Its lines.
        rest: The text from the closing line on.
    """
    return before + "".join(f"{mark}{line}".rstrip() + "\n" for line in header) + rest


def changed(original: list[str], read: list[str], new: list[str]) -> list[str] | None:
    """Applies the changes from `read` to `new` to the lines of a header, in its own order.

    Args:
        original: Lines of the header that is there.
        read: Lines of the header as jupytext would have written it.
        new: Lines of the header as jupytext writes it now.

    Returns:
        The lines; `None` where the changes cannot be made line by line.
    """
    import yaml

    if read == new:
        return original
    try:
        was, wanted, now = (yaml.safe_load("\n".join(lines)) or {} for lines in (read, new, original))
        if not all(isinstance(header, dict) for header in (was, wanted, now)):
            return None
        lines = list(original)
        goal = _put(lines, (), was, wanted, now)
        return lines if yaml.safe_load("\n".join(lines)) == goal else None
    except (yaml.YAMLError, LookupError):
        return None


def _put(lines: list[str], path: tuple[str, ...], was: Any, wanted: Any, now: Any) -> Any:
    """Changes the lines below a path; returns what they hold then.

    Raises:
        LookupError: The place is not written line by line.
    """
    goal = dict(now)
    for key in [key for key in was if key not in wanted and key in now]:
        first, end, _ = _block(lines, (*path, key))
        del lines[first:end]
        del goal[key]
    for key, value in wanted.items():
        if key in was and was[key] == value:
            continue
        known = now.get(key)
        if isinstance(value, dict) and isinstance(known, dict) and isinstance(was.get(key), dict):
            goal[key] = _put(lines, (*path, key), was[key], value, known)
            continue
        goal[key] = value
        if key in now:
            first, end, indent = _block(lines, (*path, key))
        else:
            first = end = _end(lines, path)
            indent = _child_indent(lines, path)
        lines[first:end] = [" " * indent + line for line in _dumped(key, value)]
    return goal


def _dumped(key: str, value: Any) -> list[str]:
    import yaml

    return str(yaml.safe_dump({key: value}, default_flow_style=False, allow_unicode=True, sort_keys=False)).splitlines()


def _block(lines: list[str], path: tuple[str, ...]) -> tuple[int, int, int]:
    """First line, end, and indent of what stands at a path; empty lines and comments behind it are not its own."""
    first, end, indent = 0, len(lines), -1
    for key in path:
        level = None
        for at in range(first if indent < 0 else first + 1, end):
            found = _KEY.match(lines[at])
            if found is None:
                continue
            level = len(found["indent"]) if level is None else level
            if len(found["indent"]) == level and found["key"].strip("'\"") == key:
                break
        else:
            raise LookupError(key)
        assert level is not None
        first, indent = at, level
        end = next((below for below in range(at + 1, end) if _is_outside(lines[below], level)), end)
    while end > first + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    return first, end, indent


def _is_outside(line: str, level: int) -> bool:
    """Whether a line does not belong to the key before it; a list may stand as far left as its key."""
    indent = len(line) - len(line.lstrip())
    return bool(line.strip()) and (indent < level or (indent == level and not line.lstrip().startswith("- ")))


def _end(lines: list[str], path: tuple[str, ...]) -> int:
    return _block(lines, path)[1] if path else len(lines)


def _child_indent(lines: list[str], path: tuple[str, ...]) -> int:
    if not path:
        return 0
    first, end, indent = _block(lines, path)
    below = (_KEY.match(line) for line in lines[first + 1 : end])
    return next((len(found["indent"]) for found in below if found is not None), indent + 2)
