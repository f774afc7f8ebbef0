"""The words of the house: one word for one thing, and docstrings that say what goes in, what comes out and what fails.

Names are read from the syntax trees of webipy/, as in test_floors. docs/glossary.md says what the words mean.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from twisted.trial.unittest import SynchronousTestCase

from tests.test_floors import ROOT, functions, is_named_by_framework, modules, words
from webipy.server.methods.api import METHODS

DIALECT = frozenset(["told", "said", "heard", "took", "moments", "papers", "growing", "story", "unsaid"])
"""Words that stood for several things each, in names of functions, classes, parameters, variables and fields."""

CALL = "call"
"""The command that makes a call of the API by its name; its help has an example."""

UNFINISHED: tuple[str, ...] = ()
"""What does not keep these rules yet."""

MANY = 2
"""From so many parameters on, each is described."""


def finished() -> Iterator[tuple[str, ast.Module]]:
    """The modules that keep the rules."""
    for name, tree in modules().items():
        if not any(name == part or name.startswith(part + ".") for part in UNFINISHED):
            yield name, tree


def names(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every name that a module gives to something, with the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno


def public(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The functions that others call: those of the module and of its classes, without private ones, overloads, and what a framework names."""
    yield from _public(tree)


def _public(node: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for part in ast.iter_child_nodes(node):
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
            if part.name.startswith("_") or is_named_by_framework(part.name):
                continue
            if "overload" not in {ast.unparse(one) for one in part.decorator_list}:
                yield part
        elif isinstance(part, ast.stmt) and not (isinstance(part, ast.ClassDef) and part.name.startswith("_")):
            yield from _public(part)


def is_described_elsewhere(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether it is a method of the API (the struct of its params describes them) or a command (the help of its options does)."""
    decorators = [ast.unparse(one) for one in function.decorator_list]
    return any(
        one.startswith(("method(", "click.command(", "click.group(")) or ".command(" in one for one in decorators
    )


def raised(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """The exceptions that a function raises itself, by their names."""
    found, inner = set(), {id(part) for one in functions(function) if one is not function for part in ast.walk(one)}
    for node in ast.walk(function):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and id(node) not in inner:
            found.add(ast.unparse(node.exc.func).rpartition(".")[2])
    return {name for name in found if name[:1].isupper()}


def messages(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The texts of a module that are no docstring, and the docstrings of commands, with their lines."""
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    spoken = {
        id(one.body[0].value)
        for one in functions(tree)
        if one.name != CALL and any(".command(" in ast.unparse(decorator) for decorator in one.decorator_list)
        if isinstance(one.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent - spoken:
            yield node.value, node.lineno


class WordTests(SynchronousTestCase):
    """What things are called."""

    def test_no_name_is_in_dialect(self) -> None:
        """A name says what the thing is, with the word that the field has for it."""
        faults = [
            f"{module}:{line} {name}"
            for module, tree in finished()
            for name, line in names(tree)
            if DIALECT.intersection(words(name))
        ]
        if faults:
            self.fail("\n" + "\n".join(faults))


class MessageTests(SynchronousTestCase):
    """What people read: in the page and on the command line nobody calls a method by its name."""

    def test_no_message_names_a_method_of_the_api(self) -> None:
        """A message says what to do, in words. A text is a message when it has a space; docstrings are for those who read the code, but for those of
        commands, which are their help. What is made of pieces, or stands in a kernel's programs, this cannot see.
        """
        names = re.compile(rf"(?<![\w.`/])(?:{'|'.join(map(re.escape, METHODS))})\b(?![./(])")
        faults = [
            f"{module}:{line} {found[0]}"
            for module, tree in modules().items()
            for text, line in messages(tree)
            if " " in text and (found := names.search(text))
        ]
        for path in sorted((ROOT / "web" / "src" / "text").glob("*.ts")):
            faults += [f"{path.name}: {found}" for found in names.findall(path.read_text())]
        self.assertEqual(faults, [])


class DocstringTests(SynchronousTestCase):
    """What a reader learns without reading the code."""

    def tell(self, faults: list[str]) -> None:
        """Fail with all faults, one a line."""
        if faults:
            self.fail("\n" + "\n".join(faults))

    def test_parameters_are_described(self) -> None:
        """A public function of two or more parameters has `Args:`, which names each of them."""
        faults = []
        for module, tree in finished():
            for function in public(tree):
                listed = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
                given = [one.arg for one in listed if one.arg not in ("self", "cls")]
                text = ast.get_docstring(function) or ""
                if len(given) < MANY or is_described_elsewhere(function):
                    continue
                missing = [name for name in given if f"\n    {name}:" not in text]
                if "Args:\n" not in text or missing:
                    faults.append(f"{module}:{function.lineno} {function.name}: {', '.join(missing)}")
        self.tell(faults)

    def test_failures_are_described(self) -> None:
        """A public function that raises says so under `Raises:`."""
        faults = [
            f"{module}:{function.lineno} {function.name} raises {', '.join(sorted(raised(function)))}"
            for module, tree in finished()
            for function in public(tree)
            if "Raises:\n" not in (ast.get_docstring(function) or "")
            if raised(function) and not is_described_elsewhere(function)
        ]
        self.tell(faults)

    def test_what_is_unfinished_is_there(self) -> None:
        """And is not named twice."""
        self.assertEqual(len(set(UNFINISHED)), len(UNFINISHED))
        for part in UNFINISHED:
            self.assertTrue(any(name == part or name.startswith(part + ".") for name in modules()), part)
