"""Finds where a name is defined, inside a Python kernel: the file or the cell, the line, and the source around it.

webipy sends the text of this module to a kernel once, as a module that no name of the user leads to, and asks it by an expression of a silent
execution. So only the standard library is used, jedi where IPython has brought it along, and the syntax is that of Python 3.8.

    code, cursor ──► the dotted name there ──► its value, if the first part is a name of the user ──► file and line of that
                                           └─► else jedi, which reads the code and what it imports ──► file and line, or a value again

A value is found as `help()` finds it: properties are not called, other attributes are asked for. What was defined in a cell is named by the
number under which that cell ran. Values that are no function, class or module are looked for where their module or class assigns them; a
variable of the user has no place that a kernel knows of.

Never: a file is read that the kernel's user may not read, or more than `LARGEST_FILE`; more than `MOST_LINES` lines are returned.
"""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import linecache
import os
import re
import sys
import types
from collections.abc import Iterator
from typing import Any

LINES_BEFORE = 80
MOST_LINES = 400
LONGEST_LINE = 1000
LARGEST_FILE = 4 * 1024 * 1024
LONGEST_CODE = 200_000
DECORATORS = 60
"""So many lines may stand between the first decorator and the `def`."""
WRAPPERS = 20

NAME_CHARACTER = re.compile(r"\w")
WHOLE_NAME = re.compile(r"(?:[^\W\d]\w*\.)*[^\W\d]\w*")
MAGIC = re.compile(r"^([ \t]*)[%!?].*$", re.MULTILINE)
MISSING = object()
STATIC_TYPE = 1 << 9
"""Absent in the flags of types that C code has made for itself (Py_TPFLAGS_HEAPTYPE)."""


class Answer:
    """The result of the expression: a MIME bundle, and no text."""

    def __init__(self, found: dict[str, Any]) -> None:
        self._found = found

    def __repr__(self) -> str:
        return "<definition>"

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, Any]:
        return {"application/json": self._found}


class Unknown(Exception):
    """Nothing is known of a name, or there is no place to show; `status` says which."""

    def __init__(self, status: str, **more: str) -> None:
        super().__init__(status)
        self.status, self.more = status, more


class Place:
    """A line of a file, or of a cell, which has a name like a file.

    Args:
        file: As code objects have it.
        line: From 1.
        module: Where its loader is found, for what lies in an archive.
    """

    def __init__(self, file: str, line: int, kind: str, module: dict[str, Any] | None = None) -> None:
        self.file, self.line, self.kind, self.module = file, line, kind, module


# ---- the name in the code


def name_at(code: str, cursor: int) -> tuple[str, int]:
    """Finds the dotted name that ends with the word at a place.

    Args:
        code: The code.
        cursor: The place, in characters from 0.

    Returns:
        The name, and where it begins; a name behind `)` or `]` begins with its dot.
    """
    end = min(cursor, len(code))
    while end < len(code) and NAME_CHARACTER.match(code[end]):
        end += 1
    start = end
    while start > 0 and (NAME_CHARACTER.match(code[start - 1]) or code[start - 1] == "."):
        start -= 1
    return code[start:end], start


def plain(code: str) -> str:
    """The code without what is no Python: magics and commands of the system, their lines left empty."""
    return MAGIC.sub(lambda match: match.group(1) + " " * (len(match.group(0)) - len(match.group(1))), code)


# ---- from a name to a value


def attribute(value: Any, name: str) -> Any:
    """Reads an attribute; a property as itself, not what it would compute.

    Args:
        value: Its holder.
        name: The attribute.
    """
    if not isinstance(value, types.ModuleType):
        held = inspect.getattr_static(value, name, None)
        if isinstance(held, (property, functools.cached_property)):
            return held
    return getattr(value, name)


def value_of(names: dict[str, Any], parts: list[str]) -> tuple[Any, Any]:
    """Looks a dotted name up.

    Args:
        names: The namespace.
        parts: The parts of the name.

    Returns:
        Its value, and that of the part before the last; `MISSING` where there is none.
    """
    value = parent = names.get(parts[0], MISSING)
    if value is MISSING:
        builtins = names.get("__builtins__", {})
        value = getattr(builtins, parts[0], MISSING) if isinstance(builtins, types.ModuleType) else MISSING
    for part in parts[1:]:
        if value is MISSING or isinstance(value, (property, functools.cached_property)):
            return MISSING, MISSING
        parent = value
        try:
            value = attribute(value, part)
        except Exception:  # whatever the code of a class raises: then the value is not known
            return MISSING, MISSING
    return value, parent


def unwrapped(value: Any) -> Any:
    """The function that decorators, bound methods, properties and the like stand for."""
    for _ in range(WRAPPERS):
        inner = None
        if isinstance(value, (functools.partial, functools.cached_property)):
            inner = value.func
        elif isinstance(value, property):
            inner = value.fget
        elif isinstance(value, (classmethod, staticmethod, types.MethodType)):
            inner = value.__func__
        elif not isinstance(value, (type, types.ModuleType)):
            inner = inspect.getattr_static(value, "__wrapped__", None) or inspect.getattr_static(value, "py_func", None)
        if inner is None or isinstance(inner, types.MemberDescriptorType):
            return value
        value = inner
    return value


# ---- from a value to a place


def lines_of(file: str, module: dict[str, Any] | None = None) -> list[str]:
    """The lines of a file or a cell; none when they cannot be read.

    Args:
        file: Path of the file, or the name of a cell.
        module: Namespace whose loader is asked for what lies in an archive.
    """
    linecache.checkcache(file)
    try:
        if os.path.getsize(file) > LARGEST_FILE:
            return []
    except OSError:
        pass  # a cell, or a member of an archive
    return linecache.getlines(file, module)


def tree_of(lines: list[str]) -> ast.Module | None:
    """The syntax tree of some lines, if they are Python."""
    try:
        return ast.parse("".join(lines))
    except (SyntaxError, ValueError, RecursionError):
        return None


SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def scopes(node: ast.AST, within: str = "") -> Iterator[tuple[str, Any]]:
    """Yields all functions and classes, with their qualified names.

    Args:
        node: The tree.
        within: Prefix of the names.
    """
    for child in ast.iter_child_nodes(node):
        if isinstance(child, SCOPES):
            name = within + child.name
            yield name, child
            yield from scopes(child, name + ("." if isinstance(child, ast.ClassDef) else ".<locals>."))
        else:
            yield from scopes(child, within)


def scope_named(lines: list[str], name: str) -> Any:
    """The last function or class of a qualified name, or `None`.

    Args:
        lines: The source.
        name: The qualified name.
    """
    tree = tree_of(lines)
    found = [node for one, node in scopes(tree) if one == name] if tree is not None else []
    return found[-1] if found else None


def function_place(value: Any) -> Place:
    """Where a function stands: the line of its `def`, even if its file was edited since it was imported."""
    code, module = value.__code__, getattr(value, "__globals__", None) or {}
    is_frozen = code.co_filename.startswith("<frozen")
    place = Place(
        module.get("__file__", "") if is_frozen else code.co_filename, code.co_firstlineno, "function", module
    )
    if code.co_name == "<lambda>":
        return place
    lines = lines_of(place.file, module)
    head = re.compile(r"\s*(async\s+)?def\s+" + re.escape(code.co_name) + r"\b")
    for at in range(place.line - 1, min(len(lines), place.line + DECORATORS)):
        if head.match(lines[at]):
            place.line = at + 1
            return place
    moved = scope_named(lines, value.__qualname__)
    place.line = moved.lineno if moved is not None else place.line
    return place


def cells_of(shell: Any) -> dict[str, int]:
    """The cells that ran: the name that each was compiled under, and its number."""
    cells = getattr(getattr(shell, "compile", None), "_filename_map", {})
    return cells if isinstance(cells, dict) else {}


def class_scope(shell: Any, kind: type) -> tuple[Place, Any]:
    """Finds where a class is defined.

    Args:
        shell: IPython's shell.
        kind: The class.

    Returns:
        Its place, and its part of the syntax tree.

    Raises:
        Unknown: It is built in, or has no source.
    """
    module = sys.modules.get(kind.__module__)
    file = getattr(module, "__file__", None)
    files = [file] if isinstance(file, str) and file.endswith(".py") and kind.__module__ != "__main__" else []
    methods = [unwrapped(one) for one in vars(kind).values()]
    files += [one.__code__.co_filename for one in methods if isinstance(one, types.FunctionType)]
    if kind.__module__ == "__main__":
        files += [name for name, _ in sorted(cells_of(shell).items(), key=lambda one: -one[1])]
    for one in dict.fromkeys(files):
        scope = scope_named(lines_of(one, getattr(module, "__dict__", None)), kind.__qualname__)
        if scope is not None:
            return Place(one, scope.lineno, "class", getattr(module, "__dict__", None)), scope
    if not kind.__flags__ & STATIC_TYPE or module is None or str(file).endswith((".so", ".pyd")):
        raise Unknown("built_in", kind="class")
    raise Unknown("no_source", kind="class")


def module_place(module: types.ModuleType) -> Place:
    """The first line of a module.

    Raises:
        Unknown: It has no source.
    """
    file = getattr(module, "__file__", None)
    if isinstance(file, str) and file.endswith((".py", ".pyi")):
        return Place(file, 1, "module", vars(module))
    raise Unknown("no_source" if hasattr(module, "__path__") else "built_in", kind="module")


def is_target(node: ast.AST, name: str) -> bool:
    """Whether a part of the tree assigns a name.

    Args:
        node: The part.
        name: The name.
    """
    if isinstance(node, ast.Name):
        return node.id == name and isinstance(node.ctx, ast.Store)
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return any((one.asname or one.name.partition(".")[0]) == name for one in node.names)
    return False


def is_own_target(node: ast.AST, name: str) -> bool:
    """Whether a part of a method assigns an attribute of its object.

    Args:
        node: The part.
        name: The attribute.
    """
    if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Store) or node.attr != name:
        return False
    return isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")


def assigned(scope: ast.AST, name: str) -> int | None:
    """Finds the first assignment of a name in a module, or in a class and its methods.

    Args:
        scope: The tree of the module or class.
        name: The name.

    Returns:
        Its line, from 1; `None` where there is none.
    """
    lines = []
    todo = [(scope, False)]
    while todo:
        parent, is_inside = todo.pop()
        for node in ast.iter_child_nodes(parent):
            if (is_own_target if is_inside else is_target)(node, name):
                lines.append(node.lineno)  # type: ignore[attr-defined]  # all of these have one
            is_method = isinstance(node, SCOPES)
            if not is_method or isinstance(scope, ast.ClassDef):
                todo.append((node, is_inside or is_method))
    return min(lines) if lines else None


def variable_place(shell: Any, parent: Any, name: str) -> Place | None:
    """Finds where a module or a class assigns one of its attributes.

    Args:
        shell: IPython's shell.
        parent: The module, the class, or an object of the class.
        name: The attribute.
    """
    if isinstance(parent, types.ModuleType):
        try:
            place = module_place(parent)
        except Unknown:
            return None
        tree = tree_of(lines_of(place.file, vars(parent)))
        line = assigned(tree, name) if tree is not None else None
        return Place(place.file, line, "variable", vars(parent)) if line is not None else None
    kinds = parent.__mro__ if isinstance(parent, type) else type(parent).__mro__
    for kind in kinds:
        try:
            place, scope = class_scope(shell, kind)
        except Unknown:
            continue
        line = assigned(scope, name)
        if line is not None:
            return Place(place.file, line, "variable", place.module)
    return None


def place_of(shell: Any, value: Any, parent: Any, name: str) -> Place:
    """Finds where a value is defined.

    Args:
        shell: IPython's shell.
        value: The value.
        parent: What it is an attribute of; `MISSING` for a name of the user.
        name: The last part of its name.

    Raises:
        Unknown: It is built in, or has no source, or is a variable of the user.
    """
    inner = unwrapped(value)
    if isinstance(inner, types.ModuleType):
        return module_place(inner)
    if isinstance(inner, type):
        return class_scope(shell, inner)[0]
    if isinstance(getattr(inner, "__code__", None), types.CodeType):
        return function_place(inner)
    is_compiled = callable(inner) and not type(inner).__flags__ & STATIC_TYPE
    if (
        is_compiled
        or inspect.isbuiltin(inner)
        or inspect.ismethoddescriptor(inner)
        or inspect.isgetsetdescriptor(inner)
    ):
        raise Unknown("built_in", kind="function")
    place = variable_place(shell, parent, name) if parent is not MISSING and parent is not value else None
    if place is None:
        raise Unknown("value", kind="variable", type=type(inner).__name__)
    return place


# ---- by reading the code


def script_of(shell: Any, code: str) -> Any:
    """Makes the code readable for jedi, beside the names of the user; `None` without jedi, or when the code is too long.

    Args:
        shell: IPython's shell.
        code: The code.
    """
    try:
        jedi = importlib.import_module("jedi")
    except ImportError:
        return None
    return jedi.Interpreter(plain(code), [shell.user_ns]) if len(code) <= LONGEST_CODE else None


def position(code: str, at: int) -> tuple[int, int]:
    """Line (from 1) and column (from 0) of a place in some code.

    Args:
        code: The code.
        at: The place, in characters from 0.
    """
    before = code[:at]
    return before.count("\n") + 1, at - (before.rfind("\n") + 1)


def gone_to(script: Any, code: str, at: int, **how: bool) -> list[Any]:
    """Asks jedi for the definitions of the name at a place; none without it.

    Args:
        script: As `script_of` returns it.
        code: The code.
        at: The place, in characters from 0.
    """
    if script is None:
        return []
    try:
        found: list[Any] = script.goto(*position(code, at), **how)
    except Exception:  # jedi reads whatever the user has, and fails at some of it in ways of its own
        return []
    return found


def is_local(script: Any, code: str, start: int) -> bool:
    """Whether the first part of a name is a parameter or a variable of a function or a class in the code itself.

    Args:
        script: As `script_of` returns it.
        code: The code.
        start: Where the name begins, in characters from 0.
    """
    for one in gone_to(script, code, start):
        parent = one.parent() if one.line is not None and not one.in_builtin_module() else None
        if parent is not None and (one.type == "param" or parent.type in ("function", "class")):
            return True
    return False


def read_place(shell: Any, script: Any, code: str, at: int) -> Place:
    """Finds the definition of a name by reading the code with jedi.

    Args:
        shell: IPython's shell.
        script: As `script_of` returns it.
        code: The code.
        at: Place of the name, in characters from 0.

    Raises:
        Unknown: jedi finds none, or one that is built in.
    """
    status = "unknown"
    for one in gone_to(script, code, at, follow_imports=True):
        path = str(one.module_path) if one.module_path is not None else ""
        kind = one.type if one.type in ("function", "class", "module") else "variable"
        if "typeshed" in path or (not path and one.in_builtin_module()):
            names = sys.modules if str(one.full_name).partition(".")[0] in sys.modules else {}
            value, parent = value_of(dict(names), str(one.full_name).split("."))
            if value is not MISSING:
                return place_of(shell, value, parent, one.name)
            status = "built_in" if path else status
        elif path or one.line is not None:
            return Place(path, one.line or 1, kind)
    raise Unknown(status)


# ---- the answer


def is_import(code: str, at: int) -> bool:
    """Whether a place is in an import, whose names mean what is outside, whatever has the same name here.

    Args:
        code: The code.
        at: The place, in characters from 0.
    """
    line = position(code, at)[0]
    tree = tree_of([plain(code)])
    if tree is None:
        return re.match(r"\s*(from|import)\b", code.split("\n")[line - 1]) is not None
    imports = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    return any(node.lineno <= line <= (node.end_lineno or node.lineno) for node in imports)


def found_place(shell: Any, code: str, cursor: int, name: str, start: int) -> Place:
    """Finds the definition of a name.

    Args:
        shell: IPython's shell.
        code: The code.
        cursor: Place of the word that the name ends with, in characters from 0.
        name: The dotted name.
        start: Where it begins.

    Raises:
        Unknown: There is no place to show.
    """
    script = None
    if is_import(code, start):
        script = script_of(shell, code)
        try:
            return read_place(shell, script, code, cursor)
        except Unknown as nothing:
            if nothing.status != "unknown":
                raise
    if WHOLE_NAME.fullmatch(name):
        parts = name.split(".")
        value, parent = value_of(shell.user_ns, parts)
        if value is not MISSING:
            script = script or script_of(shell, code)
            if script is None or not is_local(script, code, start):
                return place_of(shell, value, parent, parts[-1])
    return read_place(shell, script or script_of(shell, code), code, cursor)


def excerpt(place: Place) -> dict[str, Any]:
    """The source around a line.

    Raises:
        Unknown: The source cannot be read.
    """
    lines = lines_of(place.file, place.module)
    if not lines:
        raise Unknown("no_source", kind=place.kind)
    line = min(place.line, len(lines))
    first = max(0, min(line - 1 - LINES_BEFORE, len(lines) - MOST_LINES))
    shown = [one.rstrip("\r\n")[:LONGEST_LINE] for one in lines[first : first + MOST_LINES]]
    source = "\n".join(shown).encode("utf-8", "replace").decode("utf-8")
    return {"line": line, "source": source, "first_line": first + 1, "lines": len(lines)}


def described(shell: Any, code: str, cursor: int) -> dict[str, Any]:
    """Describes the name at a place in some code.

    Args:
        shell: IPython's shell.
        code: The code.
        cursor: The place, in characters from 0.

    Returns:
        The fields of the answer to `definition.get`.
    """
    name, start = name_at(code, cursor)
    answer: dict[str, Any] = {"status": "found", "name": name.lstrip(".")}
    if not answer["name"] or answer["name"].isdigit():
        return {"status": "no_name"}
    try:
        place = found_place(shell, code, min(cursor, len(code)), name, start)
        answer["kind"] = place.kind
        if not place.file:
            return {**answer, "place": "code", "line": place.line}
        answer.update(excerpt(place))
        count = cells_of(shell).get(place.file)
        if count is not None:
            return {**answer, "place": "cell", "execution_count": count}
        return {**answer, "place": "file", "file": os.path.abspath(place.file)}
    except Unknown as nothing:
        return {**answer, "status": nothing.status, **nothing.more}


def definition(shell: Any, code: str, cursor: int) -> Answer:
    """The same as `described`, as the result of an expression.

    Args:
        shell: IPython's shell.
        code: The code.
        cursor: The place, in characters from 0.
    """
    return Answer(described(shell, code, cursor))
