"""Nothing sets a callback of another object: it is an argument of the constructor, or `Observers.add` takes it, which silences nobody.

A callback is an attribute that every class which declares it types as a function, or as a list or dict of functions. Setting it means an
assignment to it, to one of its items, or a call that adds to it, on anything but `self`. What this cannot see: an attribute without an annotation,
one whose name another class declares as a plain value, and a setter method. A record that a class keeps for itself is its own matter: the module
that declares the attribute may set it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from twisted.trial.unittest import SynchronousTestCase

from tests.test_floors import modules

ADDING = ("add", "append", "extend", "insert", "setdefault", "update")
ALLOWED = {"webipy.io.reactor": ["seconds"]}
"""Twisted's clock, which may jump, is replaced by one that does not; before the reactor runs."""


def declared(trees: dict[str, ast.Module]) -> dict[str, set[str]]:
    """The callback attributes of all classes, with the modules that declare them."""
    callbacks: dict[str, set[str]] = {}
    plain: set[str] = set()
    for module, tree in trees.items():
        for owner in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
            for node in (part for part in ast.walk(owner) if isinstance(part, ast.AnnAssign)):
                name = getattr(node.target, "attr", getattr(node.target, "id", ""))
                if "Callable[" in ast.unparse(node.annotation):
                    callbacks.setdefault(name, set()).add(module)
                else:
                    plain.add(name)
    return {name: found for name, found in callbacks.items() if name not in plain}


def set_outside(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The attributes of other objects than `self` that a module sets or adds to, with their lines."""
    for node in ast.walk(tree):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = [one for target in node.targets for one in getattr(target, "elts", [target])]
        elif isinstance(node, ast.AnnAssign | ast.AugAssign):
            targets = [node.target]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ADDING:
            targets = [node.func.value]
        for target in targets:
            place = target.value if isinstance(target, ast.Subscript) else target
            if isinstance(place, ast.Attribute) and not (
                isinstance(place.value, ast.Name) and place.value.id == "self"
            ):
                yield place.attr, place.lineno


def wired(trees: dict[str, ast.Module]) -> list[str]:
    """Where a callback of another object is set."""
    callbacks = declared(trees)
    return [
        f"{module}:{line} sets {name}"
        for module, tree in sorted(trees.items())
        for name, line in set_outside(tree)
        if name in callbacks and module not in callbacks[name] and name not in ALLOWED.get(module, ())
    ]


class Callbacks(SynchronousTestCase):
    """Rule: wiring stands in constructors."""

    def test_nobody_sets_a_callback_of_another_object(self) -> None:
        """In the whole package, programs of kernels excepted: they replace functions of ipykernel."""
        trees = {name: tree for name, tree in modules().items() if not name.startswith("webipy.kernel_programs")}
        self.assertEqual(wired(trees), [])

    def test_what_is_set_is_found(self) -> None:
        """An assignment, one of several, one of an item, one that is added; what has the name of a plain value is not."""
        owner = "class A:\n    on_end: Callable[[], None]\n    calls: list[Callable[[], None]]\n    name: Callable[[], str]\nclass B:\n    name: str"
        user = "a.on_end = f\nb, a.on_end = 1, f\na.calls[0] = f\na.calls.append(f)\na.name = 'x'\nself.on_end = f"
        found = wired({"owner": ast.parse(owner), "user": ast.parse(user)})
        self.assertEqual(
            found, [f"user:{n} sets {name}" for n, name in enumerate(["on_end", "on_end", "calls", "calls"], 1)]
        )
