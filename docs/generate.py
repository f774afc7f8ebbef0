"""Writes docs/protocol.md and web/src/rpc/schema.ts from the method table, the structs and the failures.

    python docs/generate.py           writes both
    python docs/generate.py --check   says which of them is not what it would write, and exits with 1

The truth is in Python: `webipy.server.methods.api.METHODS` (the methods), `webipy.core.api.calls` (their params and results),
`webipy.core.events.events` (the
events) and `webipy.core.errors` (the failures). What stands in their docstrings, and below their fields, is the documentation; the examples are
what a server in memory answers (`tests.api_examples`). Both files are functions of those alone,
so that the check is a comparison of texts. `Raw` fields are JSON that Python does not look into; `SHAPES` says what the page may expect there.
"""

from __future__ import annotations

import difflib
import inspect
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, get_args

import msgspec
import msgspec.inspect as kinds

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests import api_examples  # noqa: E402 - the folder above is on the path only now
from webipy.core import errors  # noqa: E402 - the folder above is on the path only now
from webipy.core.api import access, calls, file_calls, formats, notification_calls, people_calls, rpc, terminal_calls  # noqa: E402 - the folder above is on the path only now
from webipy.core.events import events  # noqa: E402 - the folder above is on the path only now
from webipy.server.methods.api import METHODS  # noqa: E402
from webipy.server.methods.descriptions import NO_ROOTS, Struct, all_structs, described, shape  # noqa: E402
from webipy.server.methods.failures import OF_ANY_CALL  # noqa: E402
from webipy.server.methods.method import Method  # noqa: E402

PROTOCOL = ROOT / "docs" / "protocol.md"
SCHEMA = ROOT / "web" / "src" / "rpc" / "schema.ts"

ALIASES: Final[dict[str, Any]] = {
    "ExecutionStatus": events.ExecutionStatus,
    "KernelState": events.KernelState,
    "CellType": events.CellType,
    "Verb": access.Verb,
    "Right": access.Right,
    "ExportFormat": formats.ExportFormat,
}
"""Literal types that have a name of their own in TypeScript too."""

LISTS: Final[dict[str, str]] = {"ExportFormat": "EXPORT_FORMATS"}
"""Those of them whose values the page lists, in the order of the type, with the name of the list."""

CONSTANTS: Final[dict[str, tuple[int, str]]] = {
    "LOGIN_ENDED": (rpc.LOGIN_ENDED, "WebSocket close code: the login of this connection was ended."),
    "TOO_MANY": (rpc.TOO_MANY, "WebSocket close code: as many connections are open as may be; try again later."),
}
"""What the page must know beside the structs."""

SHAPES: Final[dict[str, str]] = {
    "data": "JsonMap",
    "metadata": "JsonMap",
    "output": "JsonMap",
    "outputs": "JsonMap",
    "language_info": "JsonMap",
    "user_expressions": "JsonMap",
    "payload": "JsonMap[]",
    "events": "AnyEvent",
    "MessageReceived.content": "JsonMap",
    "MessageSent.content": "JsonMap",
    "Reply.content": "JsonMap",
}
"""What raw JSON is, by the name of its field (in a list: of each member); anything else is `Json`."""

ALWAYS: Final = {"seq", "time"}
"""Fields of events that have a default only until the session takes the event in: whatever is sent has them."""

RENAMED: Final[dict[str, str]] = {"Event": "EventHead"}
"""Names that mean something else in a browser."""

# ---- what the structs say -----------------------------------------------------------------------------------------


def known_structs() -> list[Struct]:
    """The structs of the API: the events, the params and results of the table, and those of notifications; each after what it mentions."""
    of_methods = [struct for method in METHODS.values() for struct in (method.params, method.result)]
    return all_structs(
        [
            *get_args(events.AnyEvent),
            *of_methods,
            calls.Events,
            file_calls.FolderChanged,
            people_calls.Presence,
            notification_calls.Notified,
            terminal_calls.TerminalText,
            terminal_calls.TerminalChanged,
        ]
    )


def own_fields(struct: Struct) -> list[kinds.Field]:
    """The fields that a struct adds to its root."""
    inherited = getattr(struct.__bases__[0], "__struct_fields__", ())
    return [field for field in shape(struct).fields if field.name not in inherited]


def is_optional(struct: Struct, field: kinds.Field) -> bool:
    """Whether a field may be left out: by a caller in params; by us in events, which leave out what is as usual, never in results."""
    if issubclass(struct, calls.Result):  # left out only when unset, which msgspec shows as optional without a default
        return not field.required and field.default is msgspec.NODEFAULT and field.default_factory is msgspec.NODEFAULT
    return not field.required and not (issubclass(struct, events.Event) and field.name in ALWAYS)


def is_changes(kind: kinds.Type) -> bool:
    """Whether a type is `events.Changes`."""
    return kind == kinds.type_info(events.Changes)


def failures() -> list[type[errors.Failure]]:
    """All failures, JSON-RPC's own first."""
    found = [kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, errors.Failure)]
    return sorted(
        (kind for kind in found if kind is not errors.Failure), key=lambda kind: (kind.code > -32600, -kind.code)
    )


def doc(thing: object) -> str:
    """The docstring of a thing, without its indentation."""
    return inspect.cleandoc(thing.__doc__ or "")


# ---- TypeScript ---------------------------------------------------------------------------------------------------


def typescript(kind: kinds.Type, place: str) -> str:
    """A type in TypeScript. `place` is `Struct.field`, for what raw JSON is there."""
    if is_changes(kind):
        return "Changes"
    match kind:
        case kinds.StrType():
            return "string"
        case kinds.IntType() | kinds.FloatType():
            return "number"
        case kinds.BoolType():
            return "boolean"
        case kinds.NoneType():
            return "null"
        case kinds.RawType() | kinds.AnyType() | kinds.CustomType():
            return SHAPES.get(place) or SHAPES.get(place.partition(".")[2], "Json")
        case kinds.StructType():
            return RENAMED.get(kind.cls.__name__, kind.cls.__name__)
        case kinds.LiteralType():
            return alias(kind) or " | ".join(literal(value) for value in kind.values)
        case kinds.UnionType():
            parts = [typescript(part, place) for part in kind.types]
            return " | ".join(sorted(dict.fromkeys(parts), key=lambda part: part == "null"))
        case kinds.ListType() | kinds.VarTupleType():
            item = typescript(kind.item_type, place)
            return f"({item})[]" if " | " in item else f"{item}[]"
        case kinds.DictType():
            return f"{{ [name: string]: {typescript(kind.value_type, place)} }}"
    raise TypeError(f"{place}: {kind} has no form in TypeScript; write it into docs/generate.py")


def alias(kind: kinds.LiteralType) -> str | None:
    """The name of a literal type that has one."""
    return next((name for name, known in ALIASES.items() if set(get_args(known)) == set(kind.values)), None)


def literal(value: object) -> str:
    """A literal in TypeScript."""
    return f'"{value}"' if isinstance(value, str) else str(value)


def comment(text: str) -> str:
    """A doc comment."""
    lines = text.splitlines()
    if len(lines) == 1:
        return f"/** {lines[0]} */\n"
    return "/**\n" + "".join(f" * {line}".rstrip() + "\n" for line in lines) + " */\n"


def interface(struct: Struct) -> str:
    """A struct in TypeScript."""
    name = RENAMED.get(struct.__name__, struct.__name__)
    root = struct.__bases__[0]
    is_rooted = root not in NO_ROOTS
    fields = own_fields(struct)
    tag = shape(struct).tag if issubclass(struct, events.Event) and struct is not events.Event else None
    if not fields and not is_rooted and tag is None:
        return f"{comment(doc(struct))}export type {name} = Record<string, never>;\n"
    lines = [f"type: {literal(tag)};"] if tag is not None else []
    descriptions = described(struct)
    for field in fields:
        mark = "?" if is_optional(struct, field) else ""
        if field.name in descriptions:
            lines.append(f"/** {descriptions[field.name]} */")
        lines.append(f"{field.encode_name}{mark}: {typescript(field.type, f'{struct.__name__}.{field.name}')};")
    head = f" extends {RENAMED.get(root.__name__, root.__name__)}" if is_rooted else ""
    if not lines:
        return f"{comment(doc(struct))}export type {name} = {RENAMED.get(root.__name__, root.__name__)};\n"
    body = "".join(f"  {line}\n" for line in lines)
    return f"{comment(doc(struct))}export interface {name}{head} {{\n{body}}}\n"


def union(name: str, members: list[str], text: str) -> str:
    """A union type, one member a line."""
    return f"{comment(text)}export type {name} =\n" + "\n".join(f"  | {member}" for member in members) + ";\n"


def schema() -> str:
    """The text of web/src/rpc/schema.ts."""
    parts = [
        comment(
            "The types of the API: one interface for each struct of the server's method table and of its events, and `Methods`.\n"
            "Made by docs/generate.py out of the Python structs; change those. Params are by name; times are RFC 3339 UTC;\n"
            "positions in code count unicode characters, positions in change sets UTF-16 units."
        ),
        "export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };\n"
        "export type JsonMap = { [key: string]: Json };\n",
    ]
    parts += [f"/** {why} */\nexport const {name} = {value};\n" for name, (value, why) in CONSTANTS.items()]
    for name, kind in ALIASES.items():
        members = list(map(literal, get_args(kind)))
        if name in LISTS:
            parts.append(f"export const {LISTS[name]} = [{', '.join(members)}] as const;\n")
            parts.append(f"export type {name} = (typeof {LISTS[name]})[number];\n")
        else:
            parts.append(f"export type {name} = {' | '.join(members)};\n")
    parts.append(
        comment(
            "A CodeMirror change set: an integer keeps so many UTF-16 units, a list `[deleted, ...lines]` replaces them."
        )
        + "export type Changes = (number | (number | string)[])[];\n"
    )
    parts += map(interface, known_structs())
    parts.append(union("AnyEvent", [kind.__name__ for kind in get_args(events.AnyEvent)], "An event of a session."))
    parts.append(
        union("FailureName", [literal(kind.name) for kind in failures()], "What `data.name` of an error may be.")
    )
    lines = [
        f"  {literal(name)}: {{ params: {row.params.__name__}; result: {row.result.__name__} }};\n"
        for name, row in sorted(METHODS.items())
    ]
    parts.append(
        comment("Every method: its params and its result.") + "export interface Methods {\n" + "".join(lines) + "}\n"
    )
    parts.append("export type Method = keyof Methods;\n")
    return "\n".join(parts)


# ---- the document -------------------------------------------------------------------------------------------------

INTRODUCTION = """\
# The protocol

<!-- Made by docs/generate.py out of the method table, the structs and the failures; change those. -->

The page, the `webipy` command, scripts and tests call the same methods. The protocol is JSON-RPC 2.0, with params by name.

## Transports

| request | what it does |
|---|---|
| `WS /rpc` | carries calls and batches and, from the server, notifications |
| `POST /rpc` | carries one call or batch, as `Content-Type: application/json`; events are fetched by `session.events` with `wait_s` |
| `GET /rpc/openrpc.json` | returns the methods as an OpenRPC document, as `rpc.discover` does |
| `GET`, `HEAD /files/PATH` | return the bytes of a file, with `ETag`, `If-None-Match` and `Range`; `?inline=1` shows images, PDF and plain text |
| `PUT /files/PATH` | writes a file of any size, atomically: 201 or 200, with its `ETag`; conditions: `If-Match`, `If-None-Match: *` (else 412) |
| `POST /share` | takes `{share}` and says what the link is for |
| `POST /login` | takes `{share, name}`, `{code}` or `{token}` and returns a login: a cookie, and `{key}` |

Every request but `/share` and `/login` needs `Authorization: Bearer TOKEN`, or the cookie of a login with its key in `X-Webipy-Key`. Without, the
answer is 401. For a WebSocket, a page sends the key as the subprotocol `key.KEY`, beside `webipy`. Where the browser itself fetches a file, it sends
the cookie alone: `ticket.make` returns an address for that.

```
-> {"jsonrpc": "2.0", "id": 1, "method": "session.create", "params": {"path": "shell", "kernelspec": "python3"}}
<- {"jsonrpc": "2.0", "id": 1, "result": {"id": "...", "title": "shell", ...}}
-> {"jsonrpc": "2.0", "id": 2, "method": "session.subscribe", "params": {"session": "...", "since": 0}}
<- {"jsonrpc": "2.0", "id": 2, "result": {"first_seq": 1, "seq": 3}}
<- {"jsonrpc": "2.0", "method": "events", "params": {"session": "...", "first": 1, "events": [{"seq": 1, "type": "session_created", ...}, ...]}}
```

Below, the example of each method shows its name, its params and its result, without the rest of the message.

## Rules

- **Fields.** A param that the method does not know is refused. A field of a result or an event that the client does not know is to be ignored:
  fields are added, and none is ever renamed or gets another type.
- **Ids** are opaque strings. Where a client may choose an id, it can repeat the call without harm.
- **Times** are RFC 3339 in UTC, with microseconds. **Positions** in code count unicode characters; positions in change sets count UTF-16 units.
- **Sessions.** A session is the list of its events. Their numbers (`seq`) begin with 1, and none is left out. A client that has lost its connection
  subscribes again with the last `seq` that it has.
- **Paths** are relative to the server's root. A path that leads out of the root, by a link, is refused. Names that begin with a dot are hidden: they
  are in no list, and a link to one is refused. A name that is not UTF-8 is in the list with U+FFFD, and cannot be opened. The etag of a file changes
  whenever its content may have changed.
- **Uploads in parts.** A large file can be sent in parts, in their order. Each is a `PUT` with `Content-Range: bytes FIRST-LAST/TOTAL` and
  `Upload-Id: ID`, an id of 8 to 64 characters that the client chooses, the same for all parts. The answer is 202 with `Upload-Offset`, the number of
  bytes that have arrived; the last part puts the file in place. `GET /files/PATH?upload=1` with the same `Upload-Id` returns that number. A part
  that is not the next one is refused with 409 and that number; a part that is sent twice does no harm. Two uploads to one path do not mix: the
  one that ends last stays, unless a condition forbids it.
- **Guests.** Whoever comes by a link (`share.link`) is a guest. They may do in that one session what the link gives, and nothing else. Their name
  in `by` ends with ` (guest)`. When the link is revoked or has expired, the server closes their connections with code 4401.
- **Limits.** A login may have 1,000 connections, a guest 8, and all who came by one link 240 together. The server closes one more with code 4429 as
  soon as it is open; the client tries again some seconds later. Exports of guests are made one after the other, and two of the owner at the same
  time; when 20 of guests wait, one more is refused with `throttled`.
- **Notifications of ends.** Who has asked for it (`notify` of `execution.start` and `notebook.run`, or `notification.ask`) is told when what they
  have started has ended: a connection that has called `notification.listen` gets the notification `notification` ([Notifications](#notifications)),
  and confirms it by its id when it was shown. The same id may come again after a lost connection; it is shown once.
- **Presence.** Who follows a session, and where they are, comes as the notification `presence` ([Presence](#presence)). It is not an event.
"""


def plain(kind: kinds.Type, place: str) -> str:
    """A type as a person reads it, with its limits."""
    limits = []
    for word, sign in (
        ("ge", ">="),
        ("gt", ">"),
        ("le", "<="),
        ("lt", "<"),
        ("min_length", "length >="),
        ("max_length", "length <="),
    ):
        limit = getattr(kind, word, None)
        if limit is not None:
            limits.append(f"{sign} {limit}")
    if isinstance(kind, kinds.StrType) and kind.pattern is not None:
        limits.append(f"matches `{kind.pattern}`")
    if isinstance(kind, kinds.UnionType):
        return " or ".join(plain(part, place) for part in kind.types)
    if isinstance(kind, kinds.LiteralType):
        named = alias(kind)
        return " or ".join(f"`{literal(value)}`" for value in (get_args(ALIASES[named]) if named else kind.values))
    name = typescript(kind, place).replace(" | ", " or ")
    return f"{name} ({', '.join(limits)})" if limits else name


def table(struct: Struct, fields: tuple[kinds.Field, ...] | list[kinds.Field]) -> str:
    """The fields of a struct as a table."""
    rows = ["| field | type | meaning |", "|---|---|---|"]
    descriptions = described(struct)
    for field in fields:
        parts = [descriptions.get(field.name, "")]
        if is_optional(struct, field):
            has_default = field.default is not msgspec.NODEFAULT and field.default is not None
            default = f", usually `{msgspec.json.encode(field.default).decode()}`" if has_default else ""
            parts.append(f"Optional{default}.")
        meaning = " ".join(filter(None, parts)).replace("|", "\\|")
        kind = plain(field.type, f"{struct.__name__}.{field.name}").replace("|", "\\|")
        rows.append(f"| `{field.encode_name}` | {kind} | {meaning} |")
    return "\n".join(rows) + "\n"


MAX_LINE: Final = 130
MAX_ITEMS: Final = 3
MAX_KEYS: Final = 20
MAX_TEXT: Final = 120
MAX_DEPTH: Final = 4
"""How much of the values in examples is shown; the rest is `…`."""


def shortened(value: Any, depth: int = 0) -> Any:
    """A JSON value without what is too much for an example."""
    if isinstance(value, str):
        return value if len(value) <= MAX_TEXT else f"{value[:MAX_TEXT]}…"
    if isinstance(value, list | dict) and value and depth == MAX_DEPTH:
        return "…"
    if isinstance(value, list):
        shown = [shortened(item, depth + 1) for item in value[:MAX_ITEMS]]
        return [*shown, "…"] if len(value) > MAX_ITEMS else shown
    if isinstance(value, dict):
        some = list(value)[: MAX_ITEMS if len(value) > MAX_KEYS else None]
        shown_keys = {key: shortened(value[key], depth + 1) for key in some}
        return {**shown_keys, "…": "…"} if len(some) < len(value) else shown_keys
    return value


def laid_out(value: Any, indent: int = 0) -> str:
    """JSON on one line where it fits, else with a line for each member."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + indent <= MAX_LINE or not isinstance(value, list | dict) or not value:
        return line
    pad, inner = " " * indent, " " * (indent + 2)
    if isinstance(value, list):
        parts = [laid_out(item, indent + 2) for item in value]
    else:
        parts = [f"{json.dumps(key, ensure_ascii=False)}: {laid_out(item, indent + 2)}" for key, item in value.items()]
    opening, closing = "[]" if isinstance(value, list) else "{}"
    return f"{opening}\n{inner}" + f",\n{inner}".join(parts) + f"\n{pad}{closing}"


def example(name: str, params: dict[str, object], result: Any) -> str:
    """A call and its answer."""
    answer = laid_out(shortened(result))
    return f"```\n-> {name} {json.dumps(params, ensure_ascii=False)}\n<- {answer}\n```\n"


def failure_names(kinds_of: Iterable[type[errors.Failure]]) -> str:
    """Failures in a sentence."""
    return ", ".join(f"`{kind.name}`" for kind in sorted(kinds_of, key=lambda kind: kind.name))


def section(method: Method, shown: str) -> str:
    """A method in the document.

    Args:
        method: The method.
        shown: Its example.
    """
    params = shape(method.params).fields
    lines = [f"### {method.name}\n", f"{inspect.cleandoc(method.doc)}\n"]
    if method.params is not calls.Nothing and not method.params.__name__.startswith("Of"):
        lines.append(f"{doc(method.params)}\n")
    needs = "no login" if method.verb == "none" else f"the right to {method.verb}"
    answer = method.result.__name__
    if method.reach == "person":
        needs = "a login, of anybody but a guest"
    elif method.reach == "server" and method.verb not in ("none", "own"):
        needs += ", outside of a session (no guest has it)"
    elif method.beyond:
        needs += f" (no guest gives {' or '.join(f'`{name}`' for name in method.beyond)})"
    fails = f"Fails with: {failure_names(method.raises)}." if method.raises else ""
    lines.append(f"Needs: {needs}. Answers [{answer}](#{answer.lower()}). {fails}".rstrip() + "\n")
    if params:
        lines.append(table(method.params, params))
    lines.append(shown)
    return "\n".join(lines)


def protocol() -> str:
    """The text of docs/protocol.md."""
    parts = [INTRODUCTION]
    shown = api_examples.answers()
    for noun in dict.fromkeys(name.partition(".")[0] for name in METHODS):
        parts.append(f"## Methods {noun}.*\n")  # the word alone is the anchor of a result
        names = [name for name in METHODS if name.startswith(f"{noun}.")]
        parts += [section(METHODS[name], example(name, *shown[name])) for name in names]
    parts.append("## Results\n")
    for struct in known_structs():
        if issubclass(struct, calls.Result):
            parts.append(f"### {struct.__name__}\n\n{doc(struct)}\n")
            parts += [table(struct, list(shape(struct).fields))] if shape(struct).fields else []
    parts.append("## Events\n")
    parts.append(
        f"{doc(events.Event)} They come as notifications `events`, many at a time, and from `session.events`.\n"
    )
    parts.append(table(events.Event, list(shape(events.Event).fields)))
    for struct in get_args(events.AnyEvent):
        parts.append(f"### {shape(struct).tag}\n\n{doc(struct)}\n")
        parts += [table(struct, own_fields(struct))] if own_fields(struct) else []
    parts.append("## Failures\n")
    parts.append(
        "An `error` has `code`, `message` (a sentence for a person) and `data`: `name` and facts that a program can use.\n\n"
        f"Any call may fail with {failure_names(OF_ANY_CALL)}; a method names those that say something of its work.\n"
    )
    rows = [f"| {kind.code} | `{kind.name}` | {' '.join(doc(kind).split())} |" for kind in failures()]
    parts.append("\n".join(["| code | name | |", "|---|---|---|", *rows]) + "\n")
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def main() -> int:
    """Write the files, or compare them; 1 when one is not as it should be."""
    is_check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not is_check:
        sys.exit("python docs/generate.py [--check]")
    is_stale = False
    for path, text in ((PROTOCOL, protocol()), (SCHEMA, schema())):
        old = path.read_text() if path.is_file() else ""
        if old == text:
            continue
        name = str(path.relative_to(ROOT))
        if is_check:
            is_stale = True
            print(f"{name} is not what docs/generate.py makes of the structs. Run: python docs/generate.py")
            sys.stdout.writelines(
                difflib.unified_diff(old.splitlines(True), text.splitlines(True), name, "made now", n=1)
            )
        else:
            path.write_text(text)
            print(f"wrote {name}")
    return 1 if is_stale else 0


if __name__ == "__main__":
    sys.exit(main())
