"""The languages in which papermill writes parameters, too: Python, R, Julia, Scala, Bash, MATLAB, C#, F# and PowerShell.

Source of the conventions (the header, one assignment a line, the types that values become): papermill, its translators. Differences: mixed lists
and nulls work in typed languages, and control characters are escaped everywhere.
"""

from __future__ import annotations

import keyword
import re
from functools import partial

from webipy.core import errors
from webipy.core.languages.language import (
    C_ESCAPES,
    PRINTS_NOT,
    Language,
    Value,
    any_name,
    assigned,
    by_point,
    by_unit,
    is_mixed,
    listed,
    mapped,
    octals,
    quoted,
    refuse_half,
    refuse_nul,
    sized,
)

# ---- texts ----------------------------------------------------------------------------------------------------------


def _r_text(text: str) -> str:
    refuse_half(text)
    refuse_nul(text, "R")
    return quoted(text, C_ESCAPES, by_point)


def _julia_text(text: str) -> str:
    refuse_half(text)
    return quoted(text, {**C_ESCAPES, "$": "\\$"}, by_point)


def _net_text(text: str) -> str:
    return quoted(text, C_ESCAPES, by_point)


def _bash_text(text: str) -> str:
    refuse_half(text)
    refuse_nul(text, "Bash")
    if re.fullmatch(r"[A-Za-z0-9_%+=:,./-]+", text):
        return text
    if PRINTS_NOT.search(text) is None and "'" not in text and "!" not in text:
        return f"'{text}'"
    octal = {"\\": "\\\\", "'": "\\'", "!": "\\041", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return "$" + quoted(text, octal, octals, "'")


def _matlab_text(text: str) -> str:
    refuse_half(text)
    if "\\" not in text and PRINTS_NOT.search(text) is None:
        return '"' + text.replace('"', '""') + '"'
    return _matlab_characters(text)


def _matlab_characters(text: str) -> str:
    """The form that means the same in every version, and in Octave: nothing is escaped, what does not print is a number."""
    if PRINTS_NOT.search(text) is None:
        return "'" + text.replace("'", "''") + "'"
    parts = re.findall(rf"{PRINTS_NOT.pattern}|(?:(?!{PRINTS_NOT.pattern})[\s\S])+", text)
    codes = (f"char({ord(p)})" if PRINTS_NOT.match(p) else "'" + p.replace("'", "''") + "'" for p in parts)
    return f"[{', '.join(codes)}]"


_POWERSHELL_ESCAPES = {
    **{c: f"`{c}" for c in '`"$\u201c\u201d\u201e'},
    "\n": "`n",
    "\r": "`r",
    "\t": "`t",
    "\0": "`0",
}


def _powershell_text(text: str) -> str:
    refuse_half(text)
    return quoted(text, _POWERSHELL_ESCAPES, lambda c: f"$([char]0x{ord(c):02x})")


# ---- numbers, lists and maps ----------------------------------------------------------------------------------------


def _boxed(codes: list[str], values: list[Value]) -> list[str]:
    return [f"box ({code})" for code in codes] if values and is_mixed(values) else codes


def _r_pairs(pairs: list[tuple[str, str]], values: dict[str, Value]) -> str:
    if all(values):
        return f"list({', '.join(f'{key} = {value}' for key, value in pairs)})"
    return f"stats::setNames(list({', '.join(v for _, v in pairs)}), c({', '.join(k for k, _ in pairs)}))"


def _csharp_items(codes: list[str], values: list[Value]) -> str:
    return f"new {'object' if is_mixed(values) else ''}[] {{ {', '.join(codes)} }}"


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


def _r_assign(name: str, code: str, value: Value) -> str:
    return f"{name if name[0].isalpha() else f'`{name}`'} = {code}"


# ---- the languages --------------------------------------------------------------------------------------------------


def _is_no_keyword(name: str) -> bool:
    return not keyword.iskeyword(name)


def papermills() -> dict[str, Language]:
    """The languages by their names, in lower case."""
    return {**_scripts(), **_typed()}


def _scripts() -> dict[str, Language]:
    form, c_words = assigned, ("true", "false")
    python = Language(
        "# Parameters",
        partial(form, "{} = {}"),
        ("None", "True", "False", "float('nan')", "float('inf')", "float('-inf')"),
        lambda text: quoted(text, C_ESCAPES, by_point),
        str,
        partial(listed, "[{}]", ", "),
        partial(mapped, "{{{}}}", "{}: {}", ", "),
        _is_no_keyword,
    )
    r = Language(
        "# Parameters",
        _r_assign,
        ("NULL", "TRUE", "FALSE", "NaN", "Inf", "-Inf"),
        _r_text,
        str,
        partial(listed, "list({})", ", "),
        _r_pairs,
        any_name,
    )
    julia = Language(
        "# Parameters",
        partial(form, "{} = {}"),
        ("nothing", *c_words, "NaN", "Inf", "-Inf"),
        _julia_text,
        str,
        partial(listed, "[{}]", ", "),
        partial(mapped, "Dict({})", "{} => {}", ", "),
        any_name,
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
        partial(assigned, "{} = {};"),
        ("NaN", "true", "false", "NaN", "Inf", "-Inf"),
        _matlab_text,
        str,
        partial(listed, "{{{}}}", ", "),
        _matlab_pairs,
        lambda name: name.isascii() and name[0] != "_",
    )
    powershell = Language(
        "# Parameters",
        partial(assigned, "${} = {}"),
        ("$Null", "$True", "$False", "[double]::NaN", "[double]::PositiveInfinity", "[double]::NegativeInfinity"),
        _powershell_text,
        str,
        partial(listed, "@({})", ", "),
        partial(mapped, "@{{{}}}", "{} = {}", "; "),
        any_name,
    )
    return {"bash": bash, "matlab": matlab, "octave": matlab, "powershell": powershell, "pwsh": powershell}


def _typed() -> dict[str, Language]:
    scala = Language(
        "// Parameters",
        partial(assigned, "val {} = {}"),
        ("None", "true", "false", "Double.NaN", "Double.PositiveInfinity", "Double.NegativeInfinity"),
        lambda text: quoted(text, C_ESCAPES, by_unit),
        partial(sized, 'BigInt("{}")'),
        partial(listed, "Seq({})", ", "),
        partial(mapped, "Map({})", "{} -> {}", ", "),
        any_name,
    )
    csharp = Language(
        "// Parameters",
        _csharp_assign,
        ("null", "true", "false", "double.NaN", "double.PositiveInfinity", "double.NegativeInfinity"),
        _net_text,
        partial(sized, 'System.Numerics.BigInteger.Parse("{}")'),
        _csharp_items,
        partial(mapped, "new Dictionary<string, object> {{ {} }}", "{{ {}, {} }}", ", "),
        any_name,
    )
    fsharp = Language(
        "// Parameters",
        partial(assigned, "let {} = {}"),
        ("None", "true", "false", "nan", "infinity", "-infinity"),
        _net_text,
        partial(sized, 'System.Numerics.BigInteger.Parse("{}")'),
        _fsharp_items,
        _fsharp_pairs,
        any_name,
    )
    return {"scala": scala, "c#": csharp, "csharp": csharp, "f#": fsharp, "fsharp": fsharp}
