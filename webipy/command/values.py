"""The parameters of `webipy run`, read from its command line as papermill reads those of its own.

    -p name=value, -p name value    True, False, None, what Python's `int` and `float` read (nan and inf, too), else a text
    -r name=value, -r name value    a text, whatever it looks like
    -y TEXT                         YAML, a map
    -f FILE, --params FILE          YAML or JSON, a map
    -b TEXT                         the same as -y, in base64

What stands further up in this list counts more; of the same kind, what comes later. Beyond papermill, `-p` reads JSON: lists, maps, `true`, `false`,
`null` and texts between quotation marks.

Dates in YAML stay texts, as papermill leaves them. Source: papermill 2.7, its command line.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Raw

from webipy.core.languages import parameters
from webipy.core.languages.language import MAX_DEPTH, Value

_WORDS: dict[str, Value] = {"True": True, "False": False, "None": None}
_JSON = re.compile(r'\s*[\[{"]|true\Z|false\Z|null\Z')
"""How JSON begins that is no number."""


class Given(msgspec.Struct, frozen=True):
    """What stands on the command line.

    Args:
        typed: Each `-p`.
        texts: Each `-r`.
        yaml: Each `-y`.
        files: Names and bodies of the files of `-f`.
        base64: Each `-b`.
    """

    typed: Sequence[str] = ()
    texts: Sequence[str] = ()
    yaml: Sequence[str] = ()
    files: Sequence[tuple[str, bytes]] = ()
    base64: Sequence[str] = ()


def read(given: Given) -> dict[str, Raw]:
    """The parameters, in the order in which they were first named.

    Raises:
        ValueError: One of them is wrong; the message says which and what would be right.
    """
    found: dict[str, Value] = {}
    for text in given.base64:
        found |= _read_option("-b", _from_base64, text)
    for name, body in given.files:
        found |= _read_option(f"-f {name}", _from_yaml, body)
    for text in given.yaml:
        found |= _read_option("-y", _from_yaml, text.encode("utf-8", "replace"))
    for text in given.typed:
        found |= _read_option("-p", _named, text, value)
    for text in given.texts:
        found |= _read_option("-r", _named, text, str)
    return {name: parameters.encode(one) for name, one in found.items()}


def _read_option(option: str, read: Any, *arguments: Any) -> dict[str, Value]:
    """What a function reads, with the name of the option in its errors."""
    try:
        found: dict[str, Value] = read(*arguments)
        for name in found:
            _check_name(name)
    except ValueError as fault:
        raise ValueError(f"{option}: {fault}") from None
    return found


def _named(text: str, read: Any) -> dict[str, Value]:
    name, equals, after = text.partition("=")
    if not equals:
        raise ValueError(f"{text!r} has no value; write name=value.")
    return {name: read(after.encode("utf-8", "replace").decode())}


def value(text: str) -> Value:
    """The value that a text stands for.

    Raises:
        ValueError: It is a number with too many digits.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _JSON.match(text):
        try:
            found: Value = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            return text
        return found
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        if kind is float and text.strip().lstrip("+-").isdigit():  # Python reads an integer up to a number of digits
            raise ValueError(f"{text[:20]}... has too many digits for a number; -r makes a text of it.")
        return number
    return text


def _check_name(name: Any) -> None:
    if not isinstance(name, str) or not name.isidentifier():
        raise ValueError(
            f"{name!r} cannot be the name of a parameter: it has letters, digits and _, and begins with no digit."
        )


# ---- YAML -----------------------------------------------------------------------------------------------------------


def _from_base64(text: str) -> dict[str, Value]:
    try:
        body = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("it is not base64.") from None
    return _from_yaml(body)


def _from_yaml(body: bytes) -> dict[str, Value]:
    """A map in YAML, of which JSON is a part; nothing where it is empty."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        found = _yaml(body)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ValueError('it is no mapping such as "n: 3" or {"n": 3}.')
    return {name: _plain(one) for name, one in found.items()}


def _yaml(body: bytes) -> Any:
    import yaml

    class Loader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML has no types
        """Without dates."""

    dates = "tag:yaml.org,2002:timestamp"
    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != dates]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    try:
        return yaml.load(body, Loader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as fault:
        raise ValueError(f"it cannot be read as YAML or JSON: {' '.join(str(fault).split())[:200]}.") from None


def _plain(value: Any, depth: int = 0) -> Value:
    """A value of YAML as parameters have them: keys are texts, and what is of no kind of ours is one."""
    if depth > MAX_DEPTH:
        raise ValueError(f"its lists and maps go more than {MAX_DEPTH} levels deep.")
    match value:
        case dict() as found:
            entries: Mapping[Any, Any] = found
            return {str(key): _plain(one, depth + 1) for key, one in entries.items()}
        case list() | tuple() | set():
            items: Iterable[Any] = value
            return [_plain(one, depth + 1) for one in items]
        case None | bool() | int() | float() | str():
            return value
        case _:
            return str(value)
