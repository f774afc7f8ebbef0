"""Mutants: `make mutants` changes one operator at a time and prints the changes that a module's own tests do not notice.

::

    module ──► syntax tree ──► mutations ──► a fork each: the changed tree in place of the module, its own tests ──► killed | survived

Each fork loads the module from the changed tree by an import hook, so that no file is written, and runs the module's own tests
(tests/own_tests.py) with trial up to the first that fails. A run that takes five times as long as that of the unchanged module counts as killed, as
does one that needs more than `MEMORY`. The first run measures which lines the tests reach: mutants elsewhere survive without a run.

What is changed: comparisons, `and`, `or` and `not`, conditions, arithmetic, numbers and truth values, and statements that are left out. What is not:
docstrings, annotations, texts, and the calls that write a log.

Invariants: the parent imports nothing of webipy and no reactor, so that every fork begins clean; the same arguments give the same mutants.

Rejected: cosmic-ray and mutatest (they write the mutants over the sources, or into their caches, in place); mutmut 3 (runs pytest alone). None of
them knows which tests are whose, which is what makes a whole room take minutes.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import CodeType, ModuleType

import attrs

from tests.own_tests import ROOT, modules, own_tests

MEMORY = 2 << 30
"""Bytes of address space of one run: a mutant may loop and gather."""

TIMES = 5
"""A mutant's run may take so many times as long as the clean one, and `MORE_SECONDS` more."""

MORE_SECONDS = 5.0
DEFAULT_NAMES = ["core", "server"]
PRELOADED = ("attrs", "msgspec", "coverage", "hypothesis.strategies", "twisted.trial.runner", "twisted.trial.reporter")
"""What every run needs: imported once, before the first fork."""

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
}
LOGS = {"log", "_log"}


@attrs.define(frozen=True)
class Mutation:
    """One change of a syntax tree.

    Args:
        line: Where it is.
        lines: The lines of the statement that it is in, without those of statements inside.
        before: The code that is changed.
        after: What it becomes.
        apply: Changes the tree. It is not changed back: a fork does it.
    """

    line: int
    lines: range
    before: str
    after: str
    apply: Callable[[], None]


# ---- what is changed --------------------------------------------------------------------------------------------------


def mutations(tree: ast.Module) -> list[Mutation]:
    """All mutations of a module, by line."""
    found: list[Mutation] = []
    for statement, owner, number in _statements(tree):
        lines = _own_lines(statement)
        if _may_go(statement):
            apply = _putting(owner, number, ast.copy_location(ast.Pass(), statement))
            found.append(Mutation(statement.lineno, lines, _short(statement), "pass", apply))
        for place, field, old, new in _expression_changes(statement):
            whole = copy.copy(place)
            setattr(whole, field, new)
            is_condition = field in {"test", "guard", "ifs"} or isinstance(old, ast.Constant | ast.UnaryOp)
            before, after = (old, new) if is_condition and isinstance(old, ast.expr) else (place, whole)
            line = getattr(before, "lineno", statement.lineno)
            found.append(Mutation(line, lines, _short(before), _short(after), _setting(place, field, new)))
    return sorted(found, key=lambda one: one.line)


def _statements(tree: ast.AST) -> Iterator[tuple[ast.stmt, list[ast.stmt], int]]:
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            owner = getattr(node, field, None)
            if isinstance(owner, list):
                yield from ((statement, owner, number) for number, statement in enumerate(owner))


def _own_lines(statement: ast.stmt) -> range:
    inner = getattr(statement, "body", None) or getattr(statement, "cases", None)
    if not inner:
        return range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
    first = inner[0].pattern.lineno if isinstance(inner[0], ast.match_case) else inner[0].lineno
    return range(statement.lineno, max(first, statement.lineno + 1))


def _may_go(statement: ast.stmt) -> bool:
    """Whether to leave it out is a mutation that can be run."""
    match statement:
        case ast.Expr(ast.Call() as call) | ast.Expr(ast.Await(ast.Call() as call)):
            return not any(isinstance(node, ast.Attribute) and node.attr in LOGS for node in ast.walk(call.func))
        case ast.Assign(targets=targets):
            return any(isinstance(target, ast.Attribute | ast.Subscript) for target in targets)
        case ast.AugAssign() | ast.Delete() | ast.Raise() | ast.Continue() | ast.Break() | ast.Return(value=None):
            return True
        case _:
            return False


def _own_nodes(statement: ast.stmt) -> Iterator[ast.AST]:
    """The nodes of a statement, without annotations, formatted texts, and the statements inside."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        yield node
        for field, child in ast.iter_fields(node):
            if field in {"annotation", "returns", "type_params", "handlers"} or isinstance(node, ast.JoinedStr):
                continue
            inner = child if isinstance(child, list) else [child]
            waiting += [one for one in inner if isinstance(one, ast.AST) and not isinstance(one, ast.stmt)]


def _expression_changes(statement: ast.stmt) -> Iterator[tuple[ast.AST, str, object, object]]:
    """The changes of a statement's expressions: the node, its field, the field's value, and what it becomes."""
    for node in _own_nodes(statement):
        match node:
            case ast.Compare(ops=[first, *rest]) if type(first) in COMPARISONS:
                yield node, "ops", node.ops, [COMPARISONS[type(first)](), *rest]
            case ast.BoolOp():
                yield node, "op", node.op, ast.Or() if isinstance(node.op, ast.And) else ast.And()
            case ast.BinOp() | ast.AugAssign() if type(node.op) in ARITHMETIC:
                yield node, "op", node.op, ARITHMETIC[type(node.op)]()
        yield from _field_changes(node)


def _field_changes(node: ast.AST) -> Iterator[tuple[ast.AST, str, object, object]]:
    """The changes of what stands in a node's fields: constants, `not`, and conditions."""
    for field, value in ast.iter_fields(node):
        for number, child in enumerate(value if isinstance(value, list) else [value]):
            changed = _changed(child, is_condition=field in {"test", "guard", "ifs"})
            if changed is not None:
                new = [*value[:number], changed, *value[number + 1 :]] if isinstance(value, list) else changed
                yield node, field, value, new


def _changed(child: object, is_condition: bool) -> ast.expr | None:
    match child:
        case ast.Constant(value=bool() as truth):
            return ast.copy_location(ast.Constant(not truth), child)
        case ast.Constant(value=int() | float() as number):
            return ast.copy_location(ast.Constant(number + 1), child)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return operand
        case ast.Name() | ast.Attribute() | ast.Call() | ast.Await() if is_condition:
            return ast.copy_location(ast.UnaryOp(ast.Not(), child), child)
        case _:
            return None


def _putting(owner: list[ast.stmt], number: int, new: ast.stmt) -> Callable[[], None]:
    return lambda: owner.__setitem__(number, new)


def _setting(place: ast.AST, field: str, new: object) -> Callable[[], None]:
    return lambda: setattr(place, field, new)


def _short(node: object) -> str:
    """The first line of a node's code."""
    assert isinstance(node, ast.AST)
    line = ast.unparse(node).strip().partition("\n")[0]
    return line if len(line) <= 90 else line[:87] + "..."


# ---- how it is run ----------------------------------------------------------------------------------------------------


@attrs.define
class Changed(importlib.abc.MetaPathFinder):
    """Finds one module, and loads it from a syntax tree instead of its file.

    Args:
        name: Its dotted name.
        path: Its file, which tracebacks name.
        tree: The syntax tree.
    """

    name: str
    path: Path
    tree: ast.Module

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The module's spec; `None` for every other module."""
        if fullname != self.name:
            return None
        code = compile(ast.fix_missing_locations(self.tree), str(self.path), "exec", dont_inherit=True)
        return importlib.util.spec_from_file_location(fullname, self.path, loader=_Loader(fullname, self.path, code))


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: Path, code: CodeType) -> None:
        super().__init__(name, str(path))
        self._code = code

    def get_code(self, fullname: str) -> CodeType:
        return self._code


@attrs.define(frozen=True)
class Trial:
    """Runs of a module's own tests.

    Args:
        name: The module's dotted name.
        tests: Its test modules.
        folder: An empty folder for what tests write.
    """

    name: str
    tests: list[str]
    folder: Path

    @property
    def path(self) -> Path:
        """The module's file."""
        return modules()[self.name]

    def measure(self) -> tuple[set[int], float] | None:
        """Runs the tests on the unchanged module.

        Returns:
            The lines that they reach and the seconds that they take; `None` when they fail.
        """
        began, report = time.monotonic(), self.folder / "lines.json"
        succeeded = self._run(lambda: self._measured(report), 600.0)
        return (set(json.loads(report.read_text())), time.monotonic() - began) if succeeded else None

    def notices(self, tree: ast.Module, mutation: Mutation, seconds: float) -> bool:
        """Whether the tests fail with a mutation.

        Args:
            tree: The module's syntax tree; stays unchanged.
            mutation: A mutation of it.
            seconds: How long the tests may take at most.
        """

        def run() -> bool:
            mutation.apply()
            sys.meta_path.insert(0, Changed(self.name, self.path, tree))
            return self._succeed()

        return not self._run(run, seconds)

    def _measured(self, report: Path) -> bool:
        import coverage

        measured = coverage.Coverage(data_file=None, include=[str(self.path)])
        measured.start()
        succeeded = self._succeed()
        measured.stop()
        report.write_text(json.dumps(sorted(measured.get_data().lines(str(self.path)) or [])))
        return succeeded

    def _succeed(self) -> bool:
        from twisted.trial.reporter import MinimalReporter
        from twisted.trial.runner import TestLoader, TrialRunner

        runner = TrialRunner(MinimalReporter, exitFirst=True, workingDirectory=str(self.folder / "trial"))
        return bool(runner.run(TestLoader().loadByNames(self.tests)).wasSuccessful())

    def _run(self, call: Callable[[], bool], seconds: float) -> bool:
        """Calls a function in a fork; returns whether it returned `True` in time."""
        child = os.fork()
        if child == 0:
            status = 1
            try:
                os.setsid()
                resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
                nothing = os.open(os.devnull, os.O_RDWR)
                for standard in (0, 1, 2):
                    os.dup2(nothing, standard)
                status = 0 if call() else 1
            finally:
                os._exit(status)
        return _wait(child, seconds) == 0


def _wait(child: int, seconds: float) -> int | None:
    """The exit status of a fork; `None` when it took too long and was killed with all that it started."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


@attrs.define
class Result:
    """What became of the mutants of one module."""

    killed: int = 0
    survivors: list[Mutation] = attrs.field(factory=list)
    unreached: list[Mutation] = attrs.field(factory=list)
    """Survivors on lines that no test reaches."""

    def __str__(self) -> str:
        count = self.killed + len(self.survivors) + len(self.unreached)
        return (
            f"{count} mutants: {self.killed} killed, {len(self.survivors)} survived, {len(self.unreached)} not reached"
        )


def judge(trial: Trial, limit: int | None, say: Callable[[str], None]) -> Result | None:
    """Runs a module's mutants and prints those that survive.

    Args:
        trial: The module and its tests.
        limit: How many mutants at most, drawn at random but always the same; `None` for all.
        say: Prints a line.

    Returns:
        What became of them; `None` when the tests fail without any.
    """
    clean = trial.measure()
    if clean is None:
        return None
    reached, seconds = clean
    tree = ast.parse(trial.path.read_text("utf-8"), str(trial.path))
    chosen, result = mutations(tree), Result()
    if limit is not None and limit < len(chosen):
        chosen = sorted(random.Random(trial.name).sample(chosen, limit), key=lambda one: one.line)
    for mutation in chosen:
        is_reached = not reached.isdisjoint(mutation.lines)
        if is_reached and trial.notices(tree, mutation, TIMES * seconds + MORE_SECONDS):
            result.killed += 1
            continue
        (result.survivors if is_reached else result.unreached).append(mutation)
        mark = "" if is_reached else "  (not reached)"
        say(f"{trial.path.relative_to(ROOT)}:{mutation.line}: {mutation.before}  →  {mutation.after}{mark}")
    return result


def chosen_modules(names: list[str]) -> list[str]:
    """The modules that names such as `core.events` stand for: that module, or all in that package.

    Raises:
        SystemExit: A name stands for none.
    """
    chosen: list[str] = []
    for name in names:
        whole = f"webipy.{name}"
        found = [module for module in modules() if module == whole or module.startswith(whole + ".")]
        if not found:
            sys.exit(f"There is no module {whole}.")
        chosen += [module for module in found if module not in chosen]
    return chosen


def main(arguments: list[str]) -> int:
    """Judges the modules that the command line names; 1 when the tests of one fail without a mutant."""
    parser = argparse.ArgumentParser("make mutants", description="Changes that a module's own tests do not notice.")
    parser.add_argument("names", nargs="*", default=DEFAULT_NAMES, help="such as core.events.outputs or server")
    parser.add_argument("--limit", type=int, help="of each module, so many mutants at most")
    options = parser.parse_args(arguments)
    for name in PRELOADED:
        importlib.import_module(name)
    total, status = Result(), 0
    for name in chosen_modules(options.names):
        tests = own_tests(name)
        with tempfile.TemporaryDirectory(prefix="webipy-mutants-") as folder:
            result = judge(Trial(name, tests, Path(folder)), options.limit, lambda line: print(line, flush=True))
        if result is None:
            status = 1
        else:
            total.killed += result.killed
            total.survivors += result.survivors
            total.unreached += result.unreached
        told = result or "its tests fail without a mutant"
        print(f"{name}: {told} ({', '.join(tests)})\n", flush=True)
    print(f"In all {total}")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
