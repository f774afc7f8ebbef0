"""Names and values as code: what a cell with the tag `injected-parameters` says in the language of its kernel.

Values come from JSON; what JSON has no number for is a map with one key: `{"$numberDouble": "NaN"}`, `"Infinity"` or `"-Infinity"`, as MongoDB's
extended JSON spells them. A text is never more than a text, whatever it holds: everything that the language would act on is
escaped, and so is every character that does not print. What a language has no form for is refused with a sentence, not
guessed. `table` names the languages; each is a `Language`: a few words, and a few functions from values to code.

Source of the conventions (the tags, the header, one assignment a line, the types that values become): papermill, "Parameterize
a notebook". Differences: mixed lists and nulls work in typed languages, and control characters are escaped everywhere.
"""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Callable, Mapping
from functools import partial

import attrs
import msgspec
from msgspec import Raw

from webipy.core import errors

MAX_DEPTH = 64
"""Lists and maps within each other: more than anybody writes, less than a parser of any language takes."""

Value = None | bool | int | float | str | list["Value"] | dict[str, "Value"]

_NO_NUMBER = "$numberDouble"
_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}

_PRINTS_NOT = re.compile(
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
    """

    comment: str
    assign: Callable[[str, str, Value], str]
    words: tuple[str, str, str, str, str, str]
    text: Callable[[str], str]
    integer: Callable[[int], str]
    items: Callable[[list[str], list[Value]], str]
    pairs: Callable[[list[tuple[str, str]], dict[str, Value]], str]
    name: Callable[[str], bool]

    def code(self, value: Value, depth: int = 0) -> str:
        """The code of a value.

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
            case int():
                return self.integer(value)
            case float():
                return (
                    repr(value) if math.isfinite(value) else self.words[3 if value != value else 4 if value > 0 else 5]
                )
            case str():
                return self.text(value)
            case list():
                return self.items([self.code(item, depth + 1) for item in value], value)
            case dict():
                return self.pairs([(self.text(key), self.code(v, depth + 1)) for key, v in value.items()], value)


def source(language: str, parameters: Mapping[str, Value]) -> str:
    """The source of the cell that sets parameters.

    Args:
        language: The language of the kernel, as its kernelspec or its kernel_info_reply names it.
        parameters: Names and values, in the order in which they are set.

    Raises:
        errors.InvalidParams: The language is not known here, a name is none in it, or it has no form for a value.
    """
    known = table().get(language.lower())
    if known is None:
        raise errors.InvalidParams(
            f"Parameters cannot be written in {language or 'the language of this kernel'!r}; they can in "
            "Python, R, Julia, Scala, Bash, MATLAB, C#, F# and PowerShell.",
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
    """The value of the parameter `name`, from its JSON.

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


# ---- texts ----------------------------------------------------------------------------------------------------------


def _quoted(text: str, escapes: Mapping[str, str], other: Callable[[str], str], quote: str = '"') -> str:
    """A text between quotes, with every character that has an escape, or that does not print, escaped."""
    escaped = (escapes.get(c) or (other(c) if _PRINTS_NOT.match(c) else c) for c in text)
    return f"{quote}{''.join(escaped)}{quote}"


_C_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _by_point(c: str) -> str:
    return f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}"


def _refuse_half(text: str) -> None:
    """Refuses a lone surrogate, which is no text in the language."""
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise errors.InvalidParams("A text holds half a character (a lone surrogate).", field="parameters")


def _refuse_nul(text: str, language: str) -> None:
    if "\0" in text:
        raise errors.InvalidParams(f"A text in {language} cannot hold the character NUL.", field="parameters")


def _r_text(text: str) -> str:
    _refuse_half(text)
    _refuse_nul(text, "R")
    return _quoted(text, _C_ESCAPES, _by_point)


def _julia_text(text: str) -> str:
    _refuse_half(text)
    return _quoted(text, {**_C_ESCAPES, "$": "\\$"}, _by_point)


def _net_text(text: str) -> str:
    return _quoted(text, _C_ESCAPES, _by_point)


def _bash_text(text: str) -> str:
    _refuse_half(text)
    _refuse_nul(text, "Bash")
    if re.fullmatch(r"[A-Za-z0-9_%+=:,./-]+", text):
        return text
    if _PRINTS_NOT.search(text) is None and "'" not in text and "!" not in text:
        return f"'{text}'"
    octal = {"\\": "\\\\", "'": "\\'", "!": "\\041", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return "$" + _quoted(text, octal, _octals, "'")


def _octals(c: str) -> str:
    return "".join(f"\\{byte:03o}" for byte in c.encode())


def _matlab_text(text: str) -> str:
    _refuse_half(text)
    if "\\" not in text and _PRINTS_NOT.search(text) is None:
        return '"' + text.replace('"', '""') + '"'
    return _matlab_characters(text)


def _matlab_characters(text: str) -> str:
    """The form that means the same in every version, and in Octave: nothing is escaped, what does not print is a number."""
    if _PRINTS_NOT.search(text) is None:
        return "'" + text.replace("'", "''") + "'"
    parts = re.findall(rf"{_PRINTS_NOT.pattern}|(?:(?!{_PRINTS_NOT.pattern})[\s\S])+", text)
    codes = (f"char({ord(p)})" if _PRINTS_NOT.match(p) else "'" + p.replace("'", "''") + "'" for p in parts)
    return f"[{', '.join(codes)}]"


_POWERSHELL_ESCAPES = {
    **{c: f"`{c}" for c in '`"$\u201c\u201d\u201e'},
    "\n": "`n",
    "\r": "`r",
    "\t": "`t",
    "\0": "`0",
}


def _powershell_text(text: str) -> str:
    _refuse_half(text)
    return _quoted(text, _POWERSHELL_ESCAPES, lambda c: f"$([char]0x{ord(c):02x})")


# ---- numbers, lists and maps ----------------------------------------------------------------------------------------


def _sized(huge: str, value: int) -> str:
    """An integer of a language with 32 and 64 bits; `huge` makes a larger one of its digits."""
    if -(1 << 31) <= value < 1 << 31:
        return str(value)
    return f"{value}L" if -(1 << 63) <= value < 1 << 63 else huge.format(value)


def _listed(form: str, between: str, codes: list[str], values: list[Value]) -> str:
    return form.format(between.join(codes))


def _mapped(form: str, pair: str, between: str, pairs: list[tuple[str, str]], values: dict[str, Value]) -> str:
    return form.format(between.join(pair.format(key, value) for key, value in pairs))


def _is_mixed(values: list[Value]) -> bool:
    """Whether a typed language needs a type above those of the values."""
    return not values or len({type(value) for value in values}) > 1 or isinstance(values[0], list | dict | None)


def _boxed(codes: list[str], values: list[Value]) -> list[str]:
    return [f"box ({code})" for code in codes] if values and _is_mixed(values) else codes


def _r_pairs(pairs: list[tuple[str, str]], values: dict[str, Value]) -> str:
    if all(values):
        return f"list({', '.join(f'{key} = {value}' for key, value in pairs)})"
    return f"stats::setNames(list({', '.join(v for _, v in pairs)}), c({', '.join(k for k, _ in pairs)}))"


def _csharp_items(codes: list[str], values: list[Value]) -> str:
    return f"new {'object' if _is_mixed(values) else ''}[] {{ {', '.join(codes)} }}"


def _csharp_assign(name: str, code: str, value: Value) -> str:
    return f"{'object' if value is None else 'var'} {name} = {code};"


def _fsharp_items(codes: list[str], values: list[Value]) -> str:
    return f"[ {'; '.join(_boxed(codes, values))} ]"


def _fsharp_pairs(pairs: list[tuple[str, str]], values: dict[str, Value]) -> str:
    boxed = _boxed([code for _, code in pairs], list(values.values()))
    return f"Map.ofList [ {'; '.join(f'({key}, {code})' for (key, _), code in zip(pairs, boxed, strict=True))} ]"


def _matlab_pairs(pairs: list[tuple[str, str]], values: dict[str, Value]) -> str:
    if not pairs:
        return "containers.Map()"
    keys, codes = ", ".join(map(_matlab_characters, values)), ", ".join(code for _, code in pairs)
    return f"containers.Map({{{keys}}}, {{{codes}}}, 'UniformValues', false)"


def _bash_items(codes: list[str], values: list[Value]) -> str:
    if any(isinstance(value, list | dict) for value in values):
        raise errors.InvalidParams("Bash has no lists within lists.", field="parameters")
    return f"({' '.join(code or chr(39) * 2 for code in codes)})"


def _bash_pairs(pairs: list[tuple[str, str]], values: dict[str, Value]) -> str:
    if any(isinstance(value, list | dict) for value in values.values()) or not all(values):
        raise errors.InvalidParams("Bash has no lists within maps, and no empty keys.", field="parameters")
    return f"({' '.join(f'[{key}]={value}' for key, value in pairs)})"


def _bash_assign(name: str, code: str, value: Value) -> str:
    return f"declare -A {name}={code}" if isinstance(value, dict) else f"{name}={code}"


def _assigned(form: str, name: str, code: str, value: Value) -> str:
    return form.format(name, code)


def _r_assign(name: str, code: str, value: Value) -> str:
    return f"{name if name[0].isalpha() else f'`{name}`'} = {code}"


# ---- the languages --------------------------------------------------------------------------------------------------


def _any_name(name: str) -> bool:
    return True


def _is_no_keyword(name: str) -> bool:
    return not keyword.iskeyword(name)


def table() -> dict[str, Language]:
    """The languages by their names, in lower case."""
    return {**_scripts(), **_typed()}


def _scripts() -> dict[str, Language]:
    form, c_words = _assigned, ("true", "false")
    python = Language(
        "# Parameters",
        partial(form, "{} = {}"),
        ("None", "True", "False", "float('nan')", "float('inf')", "float('-inf')"),
        lambda text: _quoted(text, _C_ESCAPES, _by_point),
        str,
        partial(_listed, "[{}]", ", "),
        partial(_mapped, "{{{}}}", "{}: {}", ", "),
        _is_no_keyword,
    )
    r = Language(
        "# Parameters",
        _r_assign,
        ("NULL", "TRUE", "FALSE", "NaN", "Inf", "-Inf"),
        _r_text,
        str,
        partial(_listed, "list({})", ", "),
        _r_pairs,
        _any_name,
    )
    julia = Language(
        "# Parameters",
        partial(form, "{} = {}"),
        ("nothing", *c_words, "NaN", "Inf", "-Inf"),
        _julia_text,
        str,
        partial(_listed, "[{}]", ", "),
        partial(_mapped, "Dict({})", "{} => {}", ", "),
        _any_name,
    )
    return {"python": python, "r": r, "julia": julia, **_shells()}


def _shells() -> dict[str, Language]:
    bash = Language(
        "# Parameters",
        _bash_assign,
        ("", "true", "false", "nan", "inf", "-inf"),
        _bash_text,
        str,
        _bash_items,
        _bash_pairs,
        str.isascii,
    )
    matlab = Language(
        "% Parameters",
        partial(_assigned, "{} = {};"),
        ("NaN", "true", "false", "NaN", "Inf", "-Inf"),
        _matlab_text,
        str,
        partial(_listed, "{{{}}}", ", "),
        _matlab_pairs,
        lambda name: name.isascii() and name[0] != "_",
    )
    powershell = Language(
        "# Parameters",
        partial(_assigned, "${} = {}"),
        ("$Null", "$True", "$False", "[double]::NaN", "[double]::PositiveInfinity", "[double]::NegativeInfinity"),
        _powershell_text,
        str,
        partial(_listed, "@({})", ", "),
        partial(_mapped, "@{{{}}}", "{} = {}", "; "),
        _any_name,
    )
    return {"bash": bash, "matlab": matlab, "octave": matlab, "powershell": powershell, "pwsh": powershell}


def _typed() -> dict[str, Language]:
    scala = Language(
        "// Parameters",
        partial(_assigned, "val {} = {}"),
        ("None", "true", "false", "Double.NaN", "Double.PositiveInfinity", "Double.NegativeInfinity"),
        lambda text: _quoted(text, _C_ESCAPES, _by_unit),
        partial(_sized, 'BigInt("{}")'),
        partial(_listed, "Seq({})", ", "),
        partial(_mapped, "Map({})", "{} -> {}", ", "),
        _any_name,
    )
    csharp = Language(
        "// Parameters",
        _csharp_assign,
        ("null", "true", "false", "double.NaN", "double.PositiveInfinity", "double.NegativeInfinity"),
        _net_text,
        partial(_sized, 'System.Numerics.BigInteger.Parse("{}")'),
        _csharp_items,
        partial(_mapped, "new Dictionary<string, object> {{ {} }}", "{{ {}, {} }}", ", "),
        _any_name,
    )
    fsharp = Language(
        "// Parameters",
        partial(_assigned, "let {} = {}"),
        ("None", "true", "false", "nan", "infinity", "-infinity"),
        _net_text,
        partial(_sized, 'System.Numerics.BigInteger.Parse("{}")'),
        _fsharp_items,
        _fsharp_pairs,
        _any_name,
    )
    return {"scala": scala, "c#": csharp, "csharp": csharp, "f#": fsharp, "fsharp": fsharp}


def _by_unit(c: str) -> str:
    units = c.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
