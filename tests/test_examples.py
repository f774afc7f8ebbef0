"""The method table's examples and failures: what docs/protocol.md says that a method takes, answers and fails with is what it does."""

from __future__ import annotations

import ast
import inspect
import json
import sys
from collections.abc import Iterator

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from tests import api_examples
from tests.test_floors import modules
from webipy.core import errors
from webipy.server.methods.api import METHODS
from webipy.server.methods.failures import OF_ANY_CALL
from webipy.server.methods.method import Method

KINDS = {kind.__name__: kind for kind in vars(errors).values() if isinstance(kind, type)}
FAILURES = {name: kind for name, kind in KINDS.items() if issubclass(kind, errors.Failure)}

Place = tuple[str, str]
"""A function: its module and its name."""

OF_CALLED: dict[str, tuple[str, ...]] = {
    "sessions.get": ("NotFound", "Damaged"),
    "check_writable": ("NotFound", "Degraded"),
    "check_edit": ("NotFound", "StaleVersion"),
    "check_place": ("NotFound", "TooLarge"),
    "kernel_side.live": ("KernelNotReady", "KernelDead"),
    "notebook.get": ("NotFound",),
    "session.span": ("NotFound",),
}
"""What the most called functions of objects raise, by the end of the expression that names them."""


class Examples(SynchronousTestCase):
    """A call of every method, in a world where there is one of everything."""

    def test_every_example_is_answered_and_fits_its_structs(self) -> None:
        """The params decode as the struct of the method, and the answer as its result, without a field that the struct does not know."""
        for name, (params, result) in api_examples.answers().items():
            method = METHODS[name]
            msgspec.json.decode(json.dumps(params), type=method.params)
            msgspec.json.decode(json.dumps(result), type=method.result)
            known = {field.encode_name for field in msgspec.structs.fields(method.result)}
            self.assertLessEqual(set(result), known, name)

    def test_an_example_sets_what_makes_the_method_worth_calling(self) -> None:
        """Whatever must be given, beside the session."""
        for name, method in METHODS.items():
            needed = {field.name for field in msgspec.structs.fields(method.params) if field.required}
            self.assertLessEqual(needed - {"session"}, set(method.example), name)


class Raises(SynchronousTestCase):
    """What a method declares. Whether it raises something else is also looked at in every test that calls it: see `tests.fakes.Client.ask`."""

    def test_what_any_call_may_fail_with_is_declared_by_none(self) -> None:
        """It is said once."""
        for name, method in METHODS.items():
            self.assertEqual(set(method.raises) & set(OF_ANY_CALL), set(), name)

    def test_what_the_body_of_a_method_raises_is_declared(self) -> None:
        """And what the functions raise that it calls by their names, or that are in `OF_CALLED`, unless it catches that."""
        for name, method in METHODS.items():
            found = {FAILURES[kind] for kind in raised(place_of(method))}
            missing = found - set(method.raises) - set(OF_ANY_CALL)
            self.assertEqual(sorted(kind.__name__ for kind in missing), [], name)

    def test_every_failure_is_of_some_method(self) -> None:
        """Or of any call, or of signing in: none is a word that nobody can meet."""
        declared = {kind for method in METHODS.values() for kind in method.raises}
        others = set(FAILURES.values()) - declared - set(OF_ANY_CALL)
        self.assertEqual(others, {errors.Failure, errors.IdentityProviderFault})

    def test_the_check_sees_what_is_raised_below(self) -> None:
        """Over modules, and not what is caught."""
        self.assertIn("StaleVersion", raised(place_of(METHODS["cell.edit"])))
        self.assertIn("KernelBusy", raised(place_of(METHODS["completion.get"])))
        self.assertIn("TooLarge", raised(place_of(METHODS["cell.set_metadata"])))
        self.assertNotIn("Timeout", raised(place_of(METHODS["execution.cancel"])))


def place_of(method: Method) -> Place:
    """Where the function of a method is."""
    return method.function.__module__, method.function.__name__


def raised(place: Place, seen: frozenset[Place] = frozenset()) -> set[str]:
    """The failures that leave a function, by the names of their classes, as far as its text says so."""
    if place in seen:
        return set()
    module = sys.modules[place[0]]
    function = next(
        node
        for node in modules()[place[0]].body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == place[1]
    )
    found: set[str] = set()
    for call, caught in calls_in(function, frozenset()):
        name = ast.unparse(call.func)
        new = {name.removeprefix("errors.")} & set(FAILURES) if name.startswith("errors.") else set()
        for end, kinds in OF_CALLED.items():
            new |= set(kinds) if name == end or name.endswith(f".{end}") else set()
        called = function_of(module, call.func)
        new |= raised(called, seen | {place}) if called is not None else set()
        found |= set() if "Failure" in caught else new - caught
    return found


def calls_in(node: ast.AST, caught: frozenset[str]) -> Iterator[tuple[ast.Call, frozenset[str]]]:
    """The calls in a piece of code, each with the names of what is caught around it."""
    if isinstance(node, ast.Call):
        yield node, caught
    if isinstance(node, ast.Try):
        names = {name for handler in node.handlers for name in caught_by(handler)}
        for tried in node.body:
            yield from calls_in(tried, caught | names)
        rest: list[ast.AST] = [*node.handlers, *node.orelse, *node.finalbody]
    else:
        rest = list(ast.iter_child_nodes(node))
    for part in rest:
        yield from calls_in(part, caught)


def caught_by(handler: ast.ExceptHandler) -> Iterator[str]:
    """The names of the exceptions of an `except`."""
    for node in ast.walk(handler.type) if handler.type is not None else ():
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id


def function_of(module: object, called: ast.expr) -> Place | None:
    """The function of webipy that an expression names: `name`, or `module.name`."""
    if isinstance(called, ast.Name):
        found = getattr(module, called.id, None)
    elif isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        of = getattr(module, called.value.id, None)
        found = getattr(of, called.attr, None) if inspect.ismodule(of) else None
    else:
        return None
    if not inspect.isfunction(found) or not found.__module__.startswith("webipy."):
        return None
    return found.__module__, found.__name__
