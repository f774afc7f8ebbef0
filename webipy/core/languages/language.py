"""How a language writes names and values: a few words, and a few functions from values to code.

A text is never more than a text, whatever it holds: everything that the language would act on is escaped, and so is every character that does not
print. What a language has no form for is refused with a sentence, not guessed. The languages are in `webipy.core.languages.languages` and
`webipy.core.languages.more_languages`; `webipy.core.languages.parameters` writes with them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping

import attrs

from webipy.core import errors

MAX_DEPTH = 64
"""Lists and maps within each other: more than anybody writes, less than a parser of any language takes."""

MAX_BITS = 10_000
"""Of an integer: three thousand digits, less than what Python writes."""

Value = None | bool | int | float | str | list["Value"] | dict[str, "Value"]

PRINTS_NOT = re.compile(
    r"[\x00-\x1f\x7f-\xa0\xad\u0600-\u0605\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


@attrs.define(frozen=True)
class Language:
    """How a language writes values.

    Args:
        comment: Makes a comment of a text.
        assign: Makes an assignment of a name, the code of a value, and the value.
        words: Null, true, false, not a number, infinity, minus infinity.
        text: Makes the code of a text.
        integer: Makes the code of an integer.
        items: Makes the code of a list from that of its items, and the items.
        pairs: Makes the code of a map from that of its keys and values, and the map.
        name: The names that it takes, beyond being an identifier.
        real: Makes the code of a finite number with a fraction.
    """

    comment: str
    assign: Callable[[str, str, Value], str]
    words: tuple[str, str, str, str, str, str]
    text: Callable[[str], str]
    integer: Callable[[int], str]
    items: Callable[[list[str], list[Value]], str]
    pairs: Callable[[list[tuple[str, str]], dict[str, Value]], str]
    name: Callable[[str], bool]
    real: Callable[[float], str] = repr

    def code(self, value: Value, depth: int = 0) -> str:
        """The code of a value.

        Args:
            value: The value.
            depth: How many lists and maps it stands in.

        Raises:
            errors.InvalidParams: The language has no form for it.
        """
        if depth > MAX_DEPTH:
            raise errors.InvalidParams(f"Parameters go at most {MAX_DEPTH} levels deep.", field="parameters")
        match value:
            case None:
                return self.words[0]
            case bool():
                return self.words[1 if value else 2]
            case int() if value.bit_length() > MAX_BITS:
                raise errors.InvalidParams("An integer has too many digits.", field="parameters")
            case int():
                return self.integer(value)
            case float() if math.isfinite(value):
                return self.real(value)
            case float():
                return self.words[3 if value != value else 4 if value > 0 else 5]
            case str():
                return self.text(value)
            case list():
                return self.items([self.code(item, depth + 1) for item in value], value)
            case _:
                return self.pairs([(self.text(key), self.code(v, depth + 1)) for key, v in value.items()], value)


def quoted(text: str, escapes: Mapping[str, str], other: Callable[[str], str], quote: str = '"') -> str:
    """A text between quotes, with every character escaped that has an escape or does not print.

    Args:
        text: The text.
        escapes: Escapes by character.
        other: Makes the escape of any other character.
        quote: What stands at both ends.
    """
    escaped = (escapes.get(c) or (other(c) if PRINTS_NOT.match(c) else c) for c in text)
    return f"{quote}{''.join(escaped)}{quote}"


C_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def by_point(c: str) -> str:
    """An escape by the number of a character: 4 digits, or 8."""
    return f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}"


def refuse_half(text: str) -> None:
    """Checks that a text holds no lone surrogate, which is no text in the language.

    Raises:
        errors.InvalidParams: It holds one.
    """
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise errors.InvalidParams("A text holds half a character (a lone surrogate).", field="parameters")


def refuse_nul(text: str, language: str) -> None:
    """Checks that a text holds no NUL, which would end it early in the language.

    Args:
        text: The text.
        language: Name of the language, for the message.

    Raises:
        errors.InvalidParams: It holds one.
    """
    if "\0" in text:
        raise errors.InvalidParams(f"A text in {language} cannot hold the character NUL.", field="parameters")


def octals(c: str) -> str:
    """Escapes by the numbers of the bytes of a character in UTF-8, as 3 octal digits each."""
    return "".join(f"\\{byte:03o}" for byte in c.encode())


def sized(huge: str, value: int) -> str:
    """The code of an integer in a language with 32 and 64 bits.

    Args:
        huge: Format of a larger integer; gets its digits.
        value: The integer.
    """
    if -(1 << 31) <= value < 1 << 31:
        return str(value)
    return f"{value}L" if -(1 << 63) <= value < 1 << 63 else huge.format(value)


def listed(form: str, between: str, codes: list[str], values: list[Value]) -> str:
    """The code of a list of any values.

    Args:
        form: Format of the list; gets its items.
        between: What stands between items.
        codes: Code of each item.
        values: The items; not used.
    """
    return form.format(between.join(codes))


def mapped(form: str, pair: str, between: str, pairs: list[tuple[str, str]], values: dict[str, Value]) -> str:
    """The code of a map of any values.

    Args:
        form: Format of the map; gets its pairs.
        pair: Format of a pair; gets key and value.
        between: What stands between pairs.
        pairs: Code of each key and value.
        values: The map; not used.
    """
    return form.format(between.join(pair.format(key, value) for key, value in pairs))


def is_mixed(values: list[Value]) -> bool:
    """Whether a typed language needs a type above those of the values."""
    return not values or len({type(value) for value in values}) > 1 or isinstance(values[0], list | dict | None)


def assigned(form: str, name: str, code: str, value: Value) -> str:
    """The code of an assignment that is the same for every value.

    Args:
        form: Format of the assignment; gets name and code.
        name: The name.
        code: Code of the value.
        value: The value; not used.
    """
    return form.format(name, code)


def any_name(name: str) -> bool:
    """Every identifier is a name."""
    return True


def by_unit(c: str) -> str:
    """Escapes by the UTF-16 units of a character, 4 digits each."""
    units = c.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
