"""The languages in which papermill writes no parameters, and whose kernels read them all the same.

Each has a header and one assignment a line, as in `webipy.core.languages.languages`. Languages whose lists and maps hold values of one
kind only refuse
others. Where a declaration over an earlier one would be an error, a plain assignment is written (JavaScript).

Source: the manuals of the languages, on literals; gopher-notebooks, evcxr, IHaskell and others, on what may be declared twice.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import attrs

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
    listed,
    mapped,
    octals,
    quoted,
    refuse_half,
    refuse_nul,
    sized,
)

_64 = 1 << 63


def others() -> dict[str, Language]:
    """The languages by their names, in lower case."""
    return {**_scripts(), **_lisps(), **_compiled(), **_functional(), **_java_like()}


def _refuse(language: str, what: str) -> errors.InvalidParams:
    return errors.InvalidParams(f"Parameters in {language} cannot hold {what}.", field="parameters")


# ---- texts, numbers, lists and maps ---------------------------------------------------------------------------------


def _whole_text(escapes: dict[str, str], other: Callable[[str], str], text: str) -> str:
    """A text without half characters."""
    refuse_half(text)
    return quoted(text, {**C_ESCAPES, **escapes}, other)


def _braced(c: str) -> str:
    return f"\\u{{{ord(c):x}}}"


def _decimals(c: str) -> str:
    return "".join(f"\\{byte:03d}" for byte in c.encode())


def _perl_text(text: str) -> str:
    """Without `use utf8` a source of Perl is bytes: all that is not ASCII is escaped."""
    refuse_half(text)
    escapes = {**C_ESCAPES, "$": "\\$", "@": "\\@", **{c: f"\\x{{{ord(c):x}}}" for c in text if not c.isascii()}}
    return quoted(text, escapes, lambda c: f"\\x{{{ord(c):x}}}")


def _haskell_text(text: str) -> str:
    refuse_half(text)
    return quoted(text, C_ESCAPES, lambda c: f"\\{ord(c)}\\&")


def _fish_text(text: str) -> str:
    refuse_half(text)
    refuse_nul(text, "fish")
    outside = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    parts = "".join(
        f"'{outside.get(c) or ''.join(f'{chr(92)}x{byte:02x}' for byte in c.encode())}'" if PRINTS_NOT.match(c)
        else f"\\{c}" if c in "\\'" else c
        for c in text
    )  # fmt: skip
    return f"'{parts}'"


def _lisp_text(text: str) -> str:
    """A text has no escapes but for quotes: what does not print is joined to it by its number."""
    refuse_half(text)
    parts: list[str] = []
    for c in text:
        if PRINTS_NOT.match(c):
            parts.append(f"(string (code-char {ord(c)}))")
        elif parts and parts[-1].startswith('"'):
            parts[-1] = f'{parts[-1][:-1]}{_lisp_escaped(c)}"'
        else:
            parts.append(f'"{_lisp_escaped(c)}"')
    if len(parts) < 2 and not any(part.startswith("(") for part in parts):
        return parts[0] if parts else '""'
    return f"(concatenate 'string {' '.join(parts)})"


def _lisp_escaped(c: str) -> str:
    return f"\\{c}" if c in '\\"' else c


def _wolfram_other(c: str) -> str:
    return f"\\:{ord(c):04x}" if ord(c) < 0x10000 else f"\\|{ord(c):06x}"


def _tcl_text(text: str) -> str:
    refuse_half(text)
    return quoted(text, {**C_ESCAPES, **{c: f"\\{c}" for c in "$[]{}"}}, by_unit)


def _bounded(language: str, plain: str, long: str, value: int) -> str:
    """An integer of a language with no more than 64 bits."""
    if not -_64 <= value < _64:
        raise _refuse(language, "integers of more than 64 bits")
    return (plain if -(1 << 31) <= value < 1 << 31 else long).format(value)


def _in_parentheses(code: str) -> str:
    return f"({code})" if code.startswith("-") else code


def _alike(language: str, values: list[Value]) -> None:
    """Refuses values of several kinds."""
    if len({type(value) for value in values}) > 1:
        raise _refuse(language, "lists or maps with values of several kinds")


def _one_kind(language: str, empty: str, form: str, between: str, codes: list[str], values: list[Value]) -> str:
    _alike(language, values)
    return form.format(between.join(map(_in_parentheses, codes))) if codes else empty


def _one_kind_map(
    language: str,
    empty: str,
    form: str,
    pair: str,
    between: str,
    pairs: list[tuple[str, str]],
    values: dict[str, Value],
) -> str:
    _alike(language, list(values.values()))
    parts = (pair.format(key, _in_parentheses(value)) for key, value in pairs)
    return form.format(between.join(parts)) if pairs else empty


def _none(language: str, what: str, codes: object, values: object) -> str:
    raise _refuse(language, what)


def _null_typed(form: str, null: str, name: str, code: str, value: Value) -> str:
    """An assignment whose null needs a type."""
    return (null if value is None else form).format(name, code)


def _js_pairs(pairs: list[tuple[str, str]], values: dict[str, Value]) -> str:
    parts = (f"{f'[{key}]' if key == chr(34) + '__proto__' + chr(34) else key}: {value}" for key, value in pairs)
    return f"{{{', '.join(parts)}}}"


def _js_integer(value: int) -> str:
    return str(value) if abs(value) <= 1 << 53 else f"{value}n"


def _go_items(codes: list[str], values: list[Value]) -> str:
    kinds: dict[type, str] = {bool: "bool", int: "int", float: "float64", str: "string"}
    found = {type(value) for value in values}
    kind = kinds.get(next(iter(found)), "any") if len(found) == 1 else "any"
    return f"[]{kind}{{{', '.join(codes)}}}"


def _rust_integer(value: int) -> str:
    if not -(1 << 127) <= value < 1 << 127:
        raise _refuse("Rust", "integers of more than 128 bits")
    return f"{value}{'' if -(1 << 31) <= value < 1 << 31 else 'i64' if -_64 <= value < _64 else 'i128'}"


def _fish_assign(name: str, code: str, value: Value) -> str:
    return f"set {name} {code}".rstrip() if isinstance(value, list) else f"set {name} {code or chr(39) * 2}"


def _fish_items(codes: list[str], values: list[Value]) -> str:
    if any(isinstance(value, list) for value in values):
        raise _refuse("fish", "lists within lists")
    return " ".join(code or "''" for code in codes)


def _lower(name: str) -> bool:
    return name[0] == "_" or name[0].islower()


# ---- the languages --------------------------------------------------------------------------------------------------

_NO_NUMBERS = ("", "", "")


@attrs.define(frozen=True)
class _Finite(Language):
    """A language without not a number and infinity."""

    spelled: str = ""

    def code(self, value: Value, depth: int = 0) -> str:
        """The code of a value."""
        if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
            raise _refuse(self.spelled, "what is no number, or is infinite")
        return super().code(value, depth)


def _scripts() -> dict[str, Language]:
    words = ("true", "false")
    javascript = Language(
        "// Parameters", partial(assigned, "{} = {};"), ("null", *words, "NaN", "Infinity", "-Infinity"),
        lambda text: quoted(text, C_ESCAPES, by_unit), _js_integer, partial(listed, "[{}]", ", "), _js_pairs, any_name,
    )  # fmt: skip
    typescript = attrs.evolve(javascript, assign=partial(assigned, "let {} = {};"))
    ruby = Language(
        "# Parameters", partial(assigned, "{} = {}"), ("nil", *words, "Float::NAN", "Float::INFINITY", "-Float::INFINITY"),
        partial(_whole_text, {"#": "\\#"}, _braced), str, partial(listed, "[{}]", ", "),
        partial(mapped, "{{{}}}", "{} => {}", ", "), _lower,
    )  # fmt: skip
    perl = Language(
        "# Parameters", partial(assigned, "${} = {};"), ("undef", "1", "0", "9**9**9 / 9**9**9", "9**9**9", "-9**9**9"),
        _perl_text, str, partial(listed, "[{}]", ", "), partial(mapped, "{{{}}}", "{} => {}", ", "), str.isascii,
    )  # fmt: skip
    php = Language(
        "// Parameters", partial(assigned, "${} = {};"), ("null", *words, "NAN", "INF", "-INF"),
        partial(_whole_text, {"$": "\\$"}, _braced), str, partial(listed, "[{}]", ", "),
        partial(mapped, "[{}]", "{} => {}", ", "), any_name,
    )  # fmt: skip
    lua = Language(
        "-- Parameters", partial(assigned, "{} = {}"), ("nil", *words, "(0/0)", "math.huge", "-math.huge"),
        partial(_whole_text, {}, _decimals), str, partial(listed, "{{{}}}", ", "),
        partial(mapped, "{{{}}}", "[{}] = {}", ", "), str.isascii,
    )  # fmt: skip
    tcl = Language(
        "# Parameters", partial(assigned, "set {} {}"), ("{}", *words, "NaN", "Inf", "-Inf"), _tcl_text, str,
        partial(listed, "[list {}]", " "), partial(mapped, "[dict create {}]", "{} {}", " "), any_name,
    )  # fmt: skip
    fish = Language(
        "# Parameters", _fish_assign, ("", *words, "nan", "inf", "-inf"), _fish_text, str, _fish_items,
        partial(_none, "fish", "maps"), str.isascii,
    )  # fmt: skip
    found = {"javascript": javascript, "typescript": typescript, "ruby": ruby, "perl": perl, "php": php, "lua": lua}
    return {**found, "node": javascript, "tcl": tcl, "fish": fish}


def _lisps() -> dict[str, Language]:
    numbers = ("+nan.0", "+inf.0", "-inf.0")
    scheme = Language(
        "; Parameters", partial(assigned, "(define {} {})"), ("'()", "#t", "#f", *numbers),
        partial(_whole_text, {}, lambda c: f"\\x{ord(c):x};"), str, partial(listed, "(list {})", " "),
        partial(mapped, "(list {})", "(cons {} {})", " "), any_name,
    )  # fmt: skip
    racket = attrs.evolve(
        scheme, words=("'null", "#t", "#f", *numbers), text=partial(_whole_text, {}, by_point),
        pairs=partial(mapped, "(hash {})", "{} {}", " "),
    )  # fmt: skip
    clojure = Language(
        ";; Parameters", partial(assigned, "(def {} {})"), ("nil", "true", "false", "##NaN", "##Inf", "##-Inf"),
        lambda text: quoted(text, C_ESCAPES, by_unit), str, partial(listed, "[{}]", " "),
        partial(mapped, "{{{}}}", "{} {}", ", "), any_name,
    )  # fmt: skip
    lisp = _Finite(
        ";; Parameters", partial(assigned, "(defparameter {} {})"), ("nil", "t", "nil", *_NO_NUMBERS), _lisp_text, str,
        partial(listed, "(list {})", " "), partial(mapped, "(list {})", "(cons {} {})", " "), any_name, spelled="Common Lisp",
    )  # fmt: skip
    return {
        "scheme": scheme,
        "racket": racket,
        "clojure": clojure,
        "common-lisp": lisp,
        "common lisp": lisp,
        "lisp": lisp,
    }


def _compiled() -> dict[str, Language]:
    no_number, endless = (
        "func() float64 { var z float64; return z / z }()",
        "func() float64 { var z float64; return 1 / z }()",
    )
    go = Language(
        "// Parameters", partial(_null_typed, "var {} = {}", "var {} any = {}"),
        ("nil", "true", "false", no_number, endless, f"-{endless}"), partial(_whole_text, {}, by_point),
        partial(_bounded, "Go", "{}", "{}"), _go_items, partial(mapped, "map[string]any{{{}}}", "{}: {}", ", "), any_name,
    )  # fmt: skip
    rust = Language(
        "// Parameters", partial(assigned, "let {} = {};"),
        ("None::<()>", "true", "false", "f64::NAN", "f64::INFINITY", "f64::NEG_INFINITY"),
        lambda text: f"String::from({_whole_text({}, _braced, text)})", _rust_integer,
        partial(_one_kind, "Rust", "Vec::<()>::new()", "vec![{}]", ", "),
        partial(
            _one_kind_map, "Rust", "std::collections::HashMap::<String, ()>::new()",
            "std::collections::HashMap::from([{}])", "({}, {})", ", ",
        ),
        any_name,
    )  # fmt: skip
    cpp = Language(
        "// Parameters", partial(assigned, "auto {} = {};"),
        ("nullptr", "true", "false", '__builtin_nan("")', "__builtin_inf()", "-__builtin_inf()"),
        partial(_whole_text, {}, octals), partial(_bounded, "C++", "{}", "{}LL"), partial(_none, "C++", "lists"),
        partial(_none, "C++", "maps"), str.isascii,
    )  # fmt: skip
    return {"go": go, "rust": rust, "c++": cpp}


def _functional() -> dict[str, Language]:
    haskell = Language(
        "-- Parameters", partial(assigned, "{} = {}"), ("Nothing", "True", "False", "(0/0)", "(1/0)", "(-1/0)"),
        _haskell_text, str, partial(_one_kind, "Haskell", "[]", "[{}]", ", "),
        partial(_one_kind_map, "Haskell", "[]", "[{}]", "({}, {})", ", "), _lower,
    )  # fmt: skip
    ocaml = Language(
        "(* Parameters *)", partial(assigned, "let {} = {};;"), ("None", "true", "false", "nan", "infinity", "neg_infinity"),
        partial(_whole_text, {}, _decimals), partial(_bounded, "OCaml", "{}", "{}"),
        partial(_one_kind, "OCaml", "[]", "[{}]", "; "), partial(_one_kind_map, "OCaml", "[]", "[{}]", "({}, {})", "; "),
        lambda name: name.isascii() and _lower(name),
    )  # fmt: skip
    elixir = _Finite(
        "# Parameters", partial(assigned, "{} = {}"), ("nil", "true", "false", *_NO_NUMBERS),
        partial(_whole_text, {"#": "\\#"}, _braced), str, partial(listed, "[{}]", ", "),
        partial(mapped, "%{{{}}}", "{} => {}", ", "), _lower, spelled="Elixir",
    )  # fmt: skip
    wolfram = Language(
        "(* Parameters *)", partial(assigned, "{} = {};"),
        ("Null", "True", "False", "Indeterminate", "Infinity", "-Infinity"), partial(_whole_text, {}, _wolfram_other), str,
        partial(listed, "{{{}}}", ", "), partial(mapped, "<|{}|>", "{} -> {}", ", "), lambda name: "_" not in name,
        lambda value: repr(value).replace("e+", "*^").replace("e", "*^"),
    )  # fmt: skip
    return {
        "haskell": haskell,
        "ocaml": ocaml,
        "elixir": elixir,
        "wolfram language": wolfram,
        "wolfram": wolfram,
        "mathematica": wolfram,
    }


def _java_like() -> dict[str, Language]:
    numbers = ("Double.NaN", "Double.POSITIVE_INFINITY", "Double.NEGATIVE_INFINITY")
    java = Language(
        "// Parameters", partial(_null_typed, "var {} = {};", "Object {} = {};"), ("null", "true", "false", *numbers),
        lambda text: quoted(text, C_ESCAPES, by_unit), partial(sized, 'new java.math.BigInteger("{}")'),
        lambda codes, values: f"java.util.Arrays.asList(new Object[] {{{', '.join(codes)}}})",
        partial(mapped, "new java.util.LinkedHashMap<String, Object>() {{{{ {} }}}}", "put({}, {});", " "), any_name,
    )  # fmt: skip
    kotlin = Language(
        "// Parameters", partial(_null_typed, "val {} = {}", "val {}: Any? = {}"), ("null", "true", "false", *numbers),
        lambda text: quoted(text, {**C_ESCAPES, "$": "\\$"}, by_unit), partial(sized, 'java.math.BigInteger("{}")'),
        partial(listed, "listOf<Any?>({})", ", "), partial(mapped, "mapOf<String, Any?>({})", "{} to {}", ", "), any_name,
    )  # fmt: skip
    groovy = Language(
        "// Parameters", partial(assigned, "{} = {}"), ("null", "true", "false", *numbers),
        lambda text: quoted(text, {**C_ESCAPES, "$": "\\$"}, by_unit), partial(sized, "{}G"), partial(listed, "[{}]", ", "),
        lambda pairs, values: f"[{', '.join(f'{key}: {value}' for key, value in pairs) or ':'}]", any_name,
    )  # fmt: skip
    return {"java": java, "kotlin": kotlin, "groovy": groovy}
