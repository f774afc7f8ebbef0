"""Names and values as code: what a cell with the tag `injected-parameters` says in the language of its kernel.

Values come from JSON; what JSON has no number for is a map with one key: `{"$numberDouble": "NaN"}`, `"Infinity"` or `"-Infinity"`, as MongoDB's
extended JSON spells them. A text is never more than a text, whatever it holds: everything that the language would act on is
escaped, and so is every character that does not print. What a language has no form for is refused with a sentence, not
guessed.

Source of the conventions (the tags, the header, one assignment a line): papermill, "Parameterize a notebook".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache

import msgspec
from msgspec import Raw

from webipy.core import errors
from webipy.core.languages.language import Language, Value
from webipy.core.languages.languages import papermills
from webipy.core.languages.more_languages import others

_NO_NUMBER = "$numberDouble"
_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}

_ALIASES = {
    "ipython": "python",
    "sage": "python",
    "sagemath": "python",
    "xonsh": "python",
    "sos": "python",
    "coconut": "python",
}
_ALIASES |= {
    "zsh": "bash",
    "nodejs": "javascript",
    "ecmascript": "javascript",
    "deno": "typescript",
    "calysto_scheme": "scheme",
}
"""Names of languages that are written as another one is."""

_VERSION = "0123456789."
"""What follows the name in `C++17` or `python3`, and what stands between the two."""
_BEFORE_VERSION = " \t_-"


def source(language: str, parameters: Mapping[str, Value]) -> str:
    """The source of the cell that sets parameters.

    Args:
        language: The language of the kernel, as its kernelspec or its kernel_info_reply names it.
        parameters: Names and values, in the order in which they are set.

    Raises:
        errors.InvalidParams: The language is not known here, a name is none in it, or it has no form for a value.
    """
    known = language_named(language)
    if known is None:
        raise errors.InvalidParams(
            f"Parameters cannot be written in {language or 'the language of this kernel'!r}; they can in "
            f"{', '.join(sorted(table()))}.",
            field="parameters",
        )
    lines = [known.comment]
    for name, value in parameters.items():
        if not name.isidentifier() or not known.name(name):
            raise errors.InvalidParams(
                f"{name!r:.80} cannot be the name of a parameter in {language}.", field="parameters"
            )
        lines.append(known.assign(name, known.code(value), value))
    return "\n".join(lines)


@cache
def table() -> dict[str, Language]:
    """The languages by their names, in lower case."""
    return {**papermills(), **others()}


def language_named(name: str) -> Language | None:
    """The language of that name, as kernels spell it; `None` when it is not known here."""
    known, plain = table(), name.lower()
    return (
        known.get(plain)
        or known.get(_ALIASES.get(plain, ""))
        or known.get(plain.rstrip(_VERSION).rstrip(_BEFORE_VERSION))
    )


# ---- values on the wire ---------------------------------------------------------------------------------------------


def encode(value: Value) -> Raw:
    """A value as JSON.

    Raises:
        UnicodeEncodeError: A text holds half a character.
    """
    return Raw(msgspec.json.encode(_to_wire(value)))


def _to_wire(value: Value) -> Value:
    match value:
        case float() if not math.isfinite(value):
            return {_NO_NUMBER: next(word for word, number in _NUMBERS.items() if repr(number) == repr(value))}
        case list():
            return [_to_wire(item) for item in value]
        case dict():
            return {key: _to_wire(item) for key, item in value.items()}
        case _:
            return value


def decode(name: str, raw: Raw) -> Value:
    """Decodes the value of a parameter.

    Args:
        name: The parameter, for the message.
        raw: The value as JSON; numbers that JSON lacks as in `encode`.

    Raises:
        errors.InvalidParams: It cannot be read.
    """
    try:
        return _from_wire(msgspec.json.decode(raw))
    except (msgspec.DecodeError, RecursionError) as fault:
        raise errors.InvalidParams(f"The value of {name!r:.80} cannot be read: {fault}.", field="parameters") from None


def _from_wire(value: Value) -> Value:
    match value:
        case dict() if value.keys() == {_NO_NUMBER} and value[_NO_NUMBER] in _NUMBERS:
            return _NUMBERS[str(value[_NO_NUMBER])]
        case list():
            return [_from_wire(item) for item in value]
        case dict():
            return {key: _from_wire(item) for key, item in value.items()}
        case _:
            return value
