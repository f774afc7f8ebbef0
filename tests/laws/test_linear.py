"""What comes from outside costs what it is long: no text, document or stream of events is work that grows with its square.

Two things are held to that. Every regular expression of the package, in the way in which it is called, against texts that are made from it: pieces
of what it matches, again and again, which is what makes one go back and forth. And every fold, against the events that are worst for it, by what
msgspec is asked to do: counted, not timed.
"""

from __future__ import annotations

import ast
import gc
import importlib
import random
import re
import re._constants as kinds  # type: ignore[import-not-found]  # the parser of re, for which there are no types
import re._parser as parser  # type: ignore[import-not-found]
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from msgspec import Raw
from twisted.trial.unittest import SynchronousTestCase

from webipy.core.events import events, outputs
from webipy.core.events.events import AnyEvent
from webipy.core.events.outputs import Fold
from webipy.core.events.terminal_text import resolved
from webipy.core.ipynb.document import document
from webipy.core.session.session_state import SessionState
from webipy.core.session.snapshot import snapshot_of

PACKAGE = Path(__file__).resolve().parent.parent.parent / "webipy"

LENGTH = 40_000
MOST_SECONDS = 0.45
"""Processor time for a text of that length: what is linear takes a tenth of it at most, what is quadratic seconds."""

REPEATS = ((kinds.MAX_REPEAT, kinds.MIN_REPEAT, kinds.POSSESSIVE_REPEAT),)
METHODS = ("match", "fullmatch", "search", "finditer", "findall", "sub", "split")


# ---- regular expressions


def calls_of(package: Path) -> Iterator[tuple[str, re.Pattern[Any], str]]:
    """Every regular expression of the package, with where it stands and the method that it is called by."""
    for path in sorted(package.rglob("*.py")):
        if path.name in ("__main__.py",):
            continue
        name = ".".join(path.relative_to(package.parent).with_suffix("").parts)
        tree = ast.parse(path.read_text("utf-8"))
        module = importlib.import_module(name.removesuffix(".__init__"))
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in METHODS):
                continue
            holder = node.func.value
            if isinstance(holder, ast.Name) and holder.id == "re" and isinstance(node.args[0], ast.Constant):
                yield f"{name}:{node.lineno}", re.compile(node.args[0].value), node.func.attr
            elif isinstance(holder, ast.Name) and isinstance(vars(module).get(holder.id), re.Pattern):
                yield f"{name}.{holder.id}", vars(module)[holder.id], node.func.attr


def _one_of(items: list[Any], chance: random.Random) -> str:
    """A character of a class."""
    of_class = re.compile("".join(_class(items)))
    fitting = [c for c in map(chr, range(1, 128)) if of_class.match(c)] or ["\N{LATIN SMALL LETTER E WITH ACUTE}"]
    usual = [c for c in ' \ta1<"\n' if c in fitting]
    return chance.choice([*fitting[:8], *usual, *usual])


def _class(items: list[Any]) -> Iterator[str]:
    categories = {
        "DIGIT": r"\d",
        "NOT_DIGIT": r"\D",
        "SPACE": r"\s",
        "NOT_SPACE": r"\S",
        "WORD": r"\w",
        "NOT_WORD": r"\W",
    }
    yield "["
    for kind, value in items:
        if kind is kinds.NEGATE:
            yield "^"
        elif kind is kinds.LITERAL:
            yield re.escape(chr(value))
        elif kind is kinds.RANGE:
            yield f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
        else:
            yield categories[str(value).removeprefix("CATEGORY_")]
    yield "]"


def _spell(tree: Any, chance: random.Random, out: list[str], most: int) -> None:
    """Adds a text that the start of an expression matches."""
    for kind, value in tree:
        if len(out) > most:
            return
        if kind is kinds.LITERAL:
            out.append(chr(value))
        elif kind is kinds.NOT_LITERAL:
            out.append(chance.choice([c for c in 'a <x\n1"' if ord(c) != value]))
        elif kind is kinds.ANY:
            out.append(chance.choice("a x"))
        elif kind is kinds.IN:
            out.append(_one_of(value, chance))
        elif kind in REPEATS[0]:
            least, _, inner = value
            for _ in range(least + chance.choice([0, 1, 2])):
                _spell(inner, chance, out, most)
        elif kind is kinds.SUBPATTERN:
            _spell(value[-1], chance, out, most)
        elif kind is kinds.ATOMIC_GROUP:
            _spell(value, chance, out, most)
        elif kind is kinds.BRANCH:
            _spell(chance.choice(value[1]), chance, out, most)
        elif kind is kinds.AT and value is kinds.AT_BEGINNING and out:
            out.append("\n")


def hostile_texts(pattern: re.Pattern[Any]) -> Iterator[str]:
    """Texts of `LENGTH` characters: what the expression begins to match, again and again."""
    chance = random.Random(repr(pattern.pattern))
    tree = parser.parse(pattern.pattern, pattern.flags)
    found: set[str] = set()
    for _ in range(14):
        out: list[str] = []
        _spell(tree, chance, out, chance.choice([1, 2, 3, 5, 8, 12, 20]))
        text = "".join(out)
        if text:
            cut = chance.randrange(len(text)) + 1
            found |= {text, text[:cut], text[cut - 1 : cut]}
    pieces = sorted(found)
    for piece in pieces:
        yield (piece * (LENGTH // len(piece) + 1))[:LENGTH]
    for _ in range(14):
        first, piece = chance.choice(pieces), chance.choice(pieces)
        yield (first + piece * (LENGTH // len(piece) + 1))[:LENGTH] + chance.choice(["", "\n", "\0", "<"])


class Late(Exception):
    """The time is over."""


def seconds(work: Callable[[], object], most: float = MOST_SECONDS) -> float:
    """The processor time that something takes, or `most` and an end."""

    def late(*_: object) -> None:
        raise Late

    before = signal.signal(signal.SIGPROF, late)
    gc.disable()  # what it costs depends on what else there is
    begun = time.thread_time()
    signal.setitimer(signal.ITIMER_PROF, most)
    try:
        work()
        return time.thread_time() - begun
    except Late:
        return most
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        gc.enable()
        signal.signal(signal.SIGPROF, before)


def called(pattern: re.Pattern[Any], method: str, text: str) -> Callable[[], object]:
    """A call of a method of an expression on a text."""
    given: Any = text if isinstance(pattern.pattern, str) else text.encode("utf-8", "surrogatepass")
    if method == "sub":
        return lambda: pattern.sub(lambda found: found[0], given)
    if method == "finditer":
        return lambda: deque(pattern.finditer(given), 0)
    call: Callable[[object], object] = getattr(pattern, method)
    return lambda: call(given)


class RegularExpressions(SynchronousTestCase):
    """All of the package."""

    def test_linear_every_regular_expression_takes_hostile_texts_in_its_stride(self) -> None:
        """A quadratic one is found by this: see the next test."""
        slow = {}
        seen = set()
        for where, pattern, method in calls_of(PACKAGE):
            if (pattern, method) in seen:
                continue
            seen.add((pattern, method))
            for text in hostile_texts(pattern):
                if seconds(called(pattern, method, text)) >= MOST_SECONDS:
                    slow[f"{where}.{method}"] = text[:40]
                    break
        self.assertEqual(slow, {})
        self.assertGreater(len(seen), 50)

    def test_linear_what_is_quadratic_is_found(self) -> None:
        """Expressions that were in the package, or are like those."""
        for expression in (r"<img\b[^>]*?\bsrc\s*=", r"^\s*[%!].*$", r'"(?:[^"\\]|\\.)*"', r"(?:a+)+b", r"\s+$"):
            pattern = re.compile(expression, re.MULTILINE)
            texts = hostile_texts(pattern)
            self.assertTrue(any(seconds(called(pattern, "finditer", t)) >= MOST_SECONDS for t in texts), expression)


class Terminals(SynchronousTestCase):
    """What a terminal would show."""

    def test_linear_escapes_without_letters_and_colors_without_end(self) -> None:
        """Those that wait for a letter are not copied for each that comes, and a color is not all that were ever set."""
        waiting = "\x1b]0;t\x07" * 60_000
        colors = "".join(f"\x1b[38;5;{n}m{n % 10}" for n in range(60_000))
        striped = "".join(f"\x1b[38;5;{n}m" for n in range(20_000)) + "a" * 20_000 + "\r\x1b[0m" + "b\x1b[1C" * 10_000
        for text in (waiting, colors, striped):
            shown: list[str] = []
            self.assertLess(seconds(lambda text=text, shown=shown: shown.append(resolved("\r" + text)), 4.0), 4.0)  # type: ignore[misc]
            self.assertLess(len(shown[0]), 100 * len(text))

    def test_linear_a_color_of_some_escapes_is_whole(self) -> None:
        """As many as people set."""
        color = "\x1b[1m\x1b[38;2;255;255;255m\x1b[48;2;255;255;255m\x1b[4m"
        self.assertEqual(resolved(f"xx\r{color}y"), f"{color}y\x1b[0mx{color}")


# ---- folds


def shown(execution: str, display: str) -> events.OutputAdded:
    """A display under an id."""
    output = Raw(b'{"output_type":"display_data","data":{"text/plain":"0"},"metadata":{}}')
    return events.OutputAdded(execution=execution, output=output, display_id=display)


def updated(display: str, number: int) -> events.OutputUpdated:
    """What is shown under an id is something else now."""
    return events.OutputUpdated(display_id=display, data=Raw(b'{"text/plain":"%d"}' % number), metadata=Raw(b"{}"))


def updates_of_many(count: int, executions: int, displays: int) -> list[AnyEvent]:
    """So many outputs of so many executions under so many ids, and as many updates."""
    told: list[AnyEvent] = []
    for number in range(executions):
        told.append(events.CellInserted(cell=f"c{number}", cell_type="code", source="", after=None))
        told.append(events.ExecutionQueued(execution=f"e{number}", code="", cell=f"c{number}"))
    told += [shown(f"e{number % executions}", f"d{number % displays}") for number in range(count)]
    told += [updated(f"d{number % displays}", number) for number in range(count)]
    return told


class Folds(SynchronousTestCase):
    """What is made of events."""

    def work_of(self, work: Callable[[], object]) -> int:
        """How many functions something calls."""
        calls = 0

        def count(frame: object, kind: str, argument: object) -> None:
            nonlocal calls
            calls += kind in ("call", "c_call")

        sys.setprofile(count)
        try:
            work()
        finally:
            sys.setprofile(None)
        return calls

    def test_linear_updates_of_many_displays_cost_what_they_are_many(self) -> None:
        """All under one id, each under its own, in one execution and in many."""
        for name, executions, displays in (("one", 1, 1), ("own", 1, 400), ("cells", 400, 1), ("both", 400, 400)):

            def work(scale: int, e: int = executions, d: int = displays) -> int:
                told = updates_of_many(400 * scale, min(e * scale, 400 * scale), d * scale if d > 1 else 1)
                return self.work_of(lambda: self.fold_all(told))

            self.assertLess(work(4) / work(1), 6, name)

    def fold_all(self, told: list[AnyEvent]) -> None:
        """Takes events into every fold."""
        outputs.fold(told)
        state, one = SessionState(), Fold()
        for event in told:
            state.apply(event)
            if isinstance(event, events.OutputAdded):
                one.add(event)
            elif isinstance(event, events.OutputUpdated):
                one.update(event)
        snapshot_of(state)
        document(state)
