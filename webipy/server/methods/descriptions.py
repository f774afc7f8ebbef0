"""What the fields of the API's structs mean, for rpc.discover and docs/generate.py.

Data flow: a string below a field, in the source of its struct, describes it; where there is none, `SHARED` does by the field's name. Python
drops such strings when it compiles, so that they cost a server nothing: the sources are read when somebody asks.

Invariants: a struct has the descriptions of its root, unless it gives its own; a program without its sources has only those of `SHARED`.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final

import msgspec
import msgspec.inspect as kinds

from webipy.core.api.calls import Params, Result
from webipy.core.api.shared_fields import SHARED

Struct = type[msgspec.Struct]

NO_ROOTS: Final = (msgspec.Struct, Params, Result)
"""What stands above the roots, and has no fields."""


def described(struct: Struct) -> dict[str, str]:
    """The descriptions of the fields of a struct, by their names in Python; a field that has none is not in it."""
    own = own_descriptions(struct)
    found = {field.name: own.get(field.name) or _shared(field) for field in shape(struct).fields}
    return {name: description for name, description in found.items() if description}


def own_descriptions(struct: Struct) -> dict[str, str]:
    """What stands below the fields of a struct, or of its roots."""
    own: dict[str, str] = {}
    for root in reversed(struct.__mro__):
        own |= _written(root.__module__).get(root.__name__, {})
    return own


def _shared(field: kinds.Field) -> str:
    """What `SHARED` has for a field: under `name?` where it may be null, if that says more than `name`."""
    parts = field.type.types if isinstance(field.type, kinds.UnionType) else (field.type,)
    may_be_null = any(isinstance(part, kinds.NoneType) for part in parts)
    return (SHARED.get(f"{field.name}?", "") if may_be_null else "") or SHARED.get(field.name, "")


@cache
def _written(module: str) -> dict[str, dict[str, str]]:
    """What stands below the fields of the classes of a module, by the names of class and field."""
    try:
        source = inspect.getsource(sys.modules[module])
    except (OSError, TypeError):  # an installation without sources, or a module that is built in
        return {}
    classes = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    return {node.name: dict(_below_fields(node)) for node in classes}


def _below_fields(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, below in zip(node.body, node.body[1:], strict=False):
        if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name):
            continue
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) and isinstance(below.value.value, str):
            yield field.target.id, " ".join(below.value.value.split())


def shape(struct: Struct) -> kinds.StructType:
    """What msgspec knows of a struct."""
    found = kinds.type_info(struct)
    assert isinstance(found, kinds.StructType)
    return found


def structs_in(kind: kinds.Type) -> Iterator[Struct]:
    """The structs that a type mentions."""
    if isinstance(kind, kinds.StructType):
        yield kind.cls
    elif isinstance(kind, kinds.UnionType):
        for part in kind.types:
            yield from structs_in(part)
    elif isinstance(kind, kinds.ListType):
        yield from structs_in(kind.item_type)
    elif isinstance(kind, kinds.DictType):
        yield from structs_in(kind.value_type)


def all_structs(starts: Iterable[Struct]) -> list[Struct]:
    """The structs, those that their fields mention, and the roots of all of them; each after what it mentions and after its root."""
    ordered: dict[Struct, None] = {}

    def enter(struct: Struct) -> None:
        root = struct.__bases__[0]
        if struct in ordered:
            return
        if issubclass(root, msgspec.Struct) and root not in NO_ROOTS:
            enter(root)
        for field in shape(struct).fields:
            for inner in structs_in(field.type):
                if inner is not struct:
                    enter(inner)
        ordered.setdefault(struct)

    for start in starts:
        enter(start)
    return list(ordered)
