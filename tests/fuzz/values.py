"""Values: hostile ones as JSON text, and plausible ones for a field of a params struct.

Everything is a *fragment*, JSON text rather than a Python value, so that what Python cannot say (two keys of one name, 1e400, half a surrogate) can
be sent, too.
"""

from __future__ import annotations

import functools
import json
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
import msgspec
from msgspec import inspect

Fragment = str
"""JSON text."""


def _text(value: object) -> Fragment:
    return json.dumps(value)


WORDS = (
    *(
        "",
        " ",
        "\0",
        "a\0b",
        "\n",
        "\r\n\t",
        "\x1b]0;x\x07",
        "\x7f\x9b31m",
        "\u202e\u2066",
        "\ufeff",
        "\ufffe\uffff",
        "e" + "\u0301" * 50,
    ),
    *("\U0001f4a5", "a\U0001f4a5b", "\ud7ff\ue000", "\u0130\u0131\ufb01\u1e9e", "\u2028\u2029"),
    *(
        "..",
        ".",
        "/",
        "//",
        "../x",
        "a/../../b",
        "/etc/passwd",
        "~/x",
        "./a//b/",
        "a/.",
        ".hidden",
        ".hidden/x",
        "%2e%2e/x",
        "..%00",
        "\\..\\x",
    ),
    *(
        "C:\\x",
        "con.ipynb",
        "a" * 255,
        "a" * 256,
        "a/" * 2000 + "b",
        "x.ipynb",
        "x.ipynb/y",
        "x.ipynb.webipy",
        "/proc/self/environ",
        "/dev/zero",
    ),
    *(
        "-",
        "--help",
        "-rf",
        "*",
        "[a-z]*",
        "(a+)+$",
        "<img src=x onerror=1>",
        "{0.__class__}",
        "%s%n",
        "${x}",
        "`x`",
        "$(x)",
        "'; --",
        "\\u0000",
    ),
    *(
        "__proto__",
        "constructor",
        "null",
        "true",
        "NaN",
        "0",
        "-1",
        "1e9",
        "{}",
        "[]",
        '{"a":1}',
        "rpc.discover",
        "token",
        "id1",
        "id999",
    ),
    *("import os\nos", "1" * 5000, "(" * 3000, "def f(:\n\t x", "%%bash\nx", "?\n!", "\\" * 999, "#" * 70_000),
    *(
        "2026-03-01T09:30:00Z",
        "2026-13-41T99:99:99",
        "0000-00-00",
        "-9999-01-01T00:00:00+99:99",
        "9999-12-31T23:59:59.999999999Z",
    ),
    *("text/plain", "image/png", "sha256:0", 'W/"x"', "aGk=", "====", "a", "Zg"),
)
"""Texts."""

NUMBERS: tuple[Fragment, ...] = (
    *(
        "0",
        "-0",
        "-1",
        "1",
        "2",
        "255",
        "65536",
        "2147483647",
        "2147483648",
        "9007199254740991",
        "9007199254740993",
        "-9007199254740993",
    ),
    *(
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775809",
    ),
    *(
        "0.5",
        "-0.0",
        "1.0",
        "1e2",
        "1e308",
        "1e400",
        "-1e400",
        "5e-324",
        "1e-400",
        "0.1e1",
        "1" * 400,
        "-" + "9" * 5000,
        "1" + "0" * 20,
    ),
)
"""Numbers, at the limits of those who read them."""

BROKEN: tuple[Fragment, ...] = (
    "NaN",
    "Infinity",
    "-Infinity",
    "01",
    "+1",
    "1.",
    ".5",
    "'x'",
    "undefined",
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\\x41"',
    '"\t"',
    '"a',
    "[1,]",
    '{"a":1,}',
    "",
    "/*x*/1",
    "\ufeff1",
)
"""What is no strict JSON."""

SHAPES: tuple[Fragment, ...] = (
    *(
        "null",
        "true",
        "false",
        "[]",
        "{}",
        "[null]",
        "[[]]",
        "[{}]",
        '{"":null}',
        '{"a":1,"a":2}',
        '{"\\u0000":"\\u0000"}',
        '{"__proto__":{"x":1}}',
    ),
    *(
        "[" * 60 + "]" * 60,
        '{"a":' * 60 + "1" + "}" * 60,
        "[" * 900 + "]" * 900,
        '{"a":' * 900 + "1" + "}" * 900,
        "[" * 1500 + "]" * 1500,
    ),
    *(
        "[" * 20_000 + "]" * 20_000,
        "[" * 20_000,
        "[" + "0," * 20_000 + "0]",
        "[" + "{}," * 3000 + "{}]",
        '["a", 1, null]',
        "[[0, 1], [2]]",
    ),
    "{" + ",".join(f'"k{n}":{n}' for n in range(3000)) + "}",
    *(
        '{"text/plain": 1}',
        '{"text/plain": {"a": [1]}}',
        '{"image/png": "\\ud800"}',
        '{"jupytext": []}',
        '{"tags": {}, "name": 1}',
        '{"kernelspec": [1]}',
    ),
)
"""Other values."""

LARGE: tuple[Fragment, ...] = (
    _text("x" * 300_000),
    _text("\U0001f4a5" * 100_000),
    "[" + '"x",' * 100_000 + '"x"]',
    _text("\n" * 200_000),
)
"""Large ones; they cost time, and so are rare."""

HOSTILE: tuple[Fragment, ...] = (*map(_text, WORDS), *NUMBERS, *BROKEN, *SHAPES)
_LEAVES = (*map(_text, WORDS), *NUMBERS, *SHAPES[:12])
_NAMES = [_text(word[:50]) for word in WORDS]
"""Each of these is put into each field."""

WAITS = frozenset({"timeout_s", "wait_s", "grace_s"})
"""Fields that say how long a call may take: they get what is refused, or little."""

SHORT_WAITS: tuple[Fragment, ...] = ("0.01", "0.05")


def read(body: bytes | str) -> Any:
    """JSON, also with integers of more digits than Python reads.

    Raises:
        ValueError: It is no JSON as RFC 8259 has it.
    """

    def refuse(word: str) -> None:
        raise ValueError(f"{word} is no JSON")

    return json.loads(body, parse_constant=refuse, parse_int=lambda digits: int(digits) if len(digits) < 4000 else 0)


def json_value(dice: random.Random, depth: int = 3) -> Fragment:
    """A random JSON value, hostile ones among its leaves."""
    kind = dice.randrange(6 if depth else 3)
    if kind < 3:
        return dice.choice(_LEAVES)
    parts = [json_value(dice, depth - 1) for _ in range(dice.randrange(5))]
    if kind < 5:
        return "{" + ",".join(f"{dice.choice(_NAMES)}:{part}" for part in parts) + "}"
    return f"[{','.join(parts)}]"


def mutated(body: bytes, dice: random.Random, times: int = 3) -> bytes:
    """Bytes with some parts changed, doubled, left out or exchanged."""
    for _ in range(dice.randrange(1, times + 1)):
        at, size = dice.randrange(len(body) + 1), dice.choice((1, 1, 2, 8, 64, 1000))
        part = body[at : at + size]
        new = (
            b"",
            part * dice.choice((2, 20)),
            dice.randbytes(len(part)),
            bytes(byte ^ 1 << dice.randrange(8) for byte in part),
            dice.choice(HOSTILE[:180]).encode("utf-8", "surrogatepass"),
            body[(start := dice.randrange(len(body) + 1)) : start + size],
        )[dice.randrange(6)]
        body = body[:at] + new + body[at + size :]
    return body


Known = Mapping[str, Sequence[str]]
"""Plausible values of string fields, by the field's name."""


@attrs.define(frozen=True)
class Field:
    """One field of a params struct.

    Args:
        name: Its name.
        kind: Its type, as msgspec tells it.
        is_required: Whether it must be there.
    """

    name: str
    kind: inspect.Type
    is_required: bool

    def plausible(self, known: Known, dice: random.Random) -> Fragment:
        """A value that the field takes."""
        if self.name in WAITS:
            return dice.choice(SHORT_WAITS)
        return _plausible(self.kind, self.name, known, dice)

    def hostile(self) -> Sequence[Fragment]:
        """Every hostile value; none that makes the call wait."""
        if self.name in WAITS:
            return [value for value in HOSTILE if not _is_long_wait(value)]
        return HOSTILE


def _is_long_wait(value: Fragment) -> bool:
    try:
        return float(value) > 0.1
    except ValueError:
        return False


@functools.cache
def fields_of(params: type[msgspec.Struct]) -> list[Field]:
    """The fields of a params struct, in their order."""
    told = inspect.type_info(params)
    assert isinstance(told, inspect.StructType)
    return [Field(field.encode_name, field.type, field.required) for field in told.fields]


def _plausible(kind: inspect.Type, name: str, known: Known, dice: random.Random) -> Fragment:
    for kinds, make in _PLAUSIBLE:
        if isinstance(kind, kinds):
            return make(kind, name, known, dice)
    raise AssertionError(f"no values are known for {kind} of {name}")


def _string(kind: Any, name: str, known: Known, dice: random.Random) -> Fragment:
    values = known.get(name) or known.get(name.rstrip("s")) or ("a", "x1", "print(1)", "h\u00e9llo \U0001f4a5")
    return _text(dice.choice(list(values)))


def _number(kind: Any, name: str, known: Known, dice: random.Random) -> Fragment:
    low = kind.ge if kind.ge is not None else 1 if kind.gt is not None else 0
    high = min(kind.le if kind.le is not None else 20, low + 20)
    return _text(dice.randint(int(low), int(high)))


def _union(kind: Any, name: str, known: Known, dice: random.Random) -> Fragment:
    kinds = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
    return (
        "null"
        if dice.random() < 0.15 and len(kinds) < len(kind.types)
        else _plausible(dice.choice(kinds), name, known, dice)
    )


def _list(kind: Any, name: str, known: Known, dice: random.Random) -> Fragment:
    if name == "changes":
        return dice.choice(
            ("[[1]]", '[[0,[0,"x"]]]', '[[[1,"\U0001f4a5"]]]', '[[1],[1,[0,"a","b"]]]', "[[[0]]]", "[[2,[1]]]")
        )
    size = dice.randrange(kind.min_length or 0, 4 + (kind.min_length or 0))
    return "[" + ",".join(_plausible(kind.item_type, name, known, dice) for _ in range(size)) + "]"


def _dict(kind: Any, name: str, known: Known, dice: random.Random) -> Fragment:
    pairs = [f"{_text(f'k{n}')}:{_plausible(kind.value_type, name, known, dice)}" for n in range(dice.randrange(3))]
    return "{" + ",".join(pairs) + "}"


def _struct(kind: Any, name: str, known: Known, dice: random.Random) -> Fragment:
    fields = fields_of(kind.cls)
    return "{" + ",".join(f"{_text(field.name)}:{field.plausible(known, dice)}" for field in fields) + "}"


def _raw(kind: Any, name: str, known: Known, dice: random.Random) -> Fragment:
    return json_value(dice) if dice.random() < 0.3 else dice.choice(("{}", '{"a":1}', '{"tags":["x"]}'))


_PLAUSIBLE: tuple[tuple[Any, Callable[[Any, str, Known, random.Random], Fragment]], ...] = (
    (inspect.StrType, _string),
    (inspect.LiteralType, lambda kind, name, known, dice: _text(dice.choice(kind.values))),
    (inspect.BoolType, lambda kind, name, known, dice: dice.choice(("true", "false"))),
    ((inspect.IntType, inspect.FloatType), _number),
    (inspect.UnionType, _union),
    (inspect.ListType, _list),
    (inspect.DictType, _dict),
    (inspect.StructType, _struct),
    ((inspect.RawType, inspect.AnyType), _raw),
    (inspect.NoneType, lambda kind, name, known, dice: "null"),
)
