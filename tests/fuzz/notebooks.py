"""Notebooks: mutated ones, opened, read, changed, saved and closed.

They begin as the notebooks of tests/vectors, those kept in the corpus, and, where they are there (tests/real_notebooks.py), those that nbformat and
nbconvert test themselves with.

What must hold: opened or refused with a clear failure; what is not changed keeps its bytes; what is changed is a notebook that opens again.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SkipTest

from tests import real_notebooks
from tests.fuzz import CORPUS, Found
from tests.fuzz.targets import MemoryTarget, ServerTarget
from tests.fuzz.values import HOSTILE, mutated, read

VECTORS = Path(__file__).resolve().parent.parent / "vectors" / "notebooks.json"
MOST_BYTES = 200_000
FAILURES = frozenset(
    {"invalid_notebook", "too_large", "file_fault", "conversion_failed", "conflict", "invalid_params", "damaged"}
)
"""What may come of a bad notebook."""


def seeds(with_real: bool = False) -> list[bytes]:
    """Whole notebooks, always in the same order.

    Args:
        with_real: Also those of nbformat and nbconvert, if they are here.
    """
    found = ["\n".join(vector["before"]).encode() for vector in json.loads(VECTORS.read_text())]
    found += [path.read_bytes() for path in sorted((CORPUS / "notebooks").glob("*.ipynb"))]
    if with_real:
        try:
            found += [body for path in real_notebooks.paths() if len(body := path.read_bytes()) <= MOST_BYTES]
        except SkipTest:
            pass  # the others are enough
    return found


def mutant(body: bytes, dice: random.Random) -> bytes:
    """The notebook with some of its values exchanged for hostile ones, or some of its bytes changed."""
    try:
        whole = read(body)
    except (ValueError, RecursionError):
        return mutated(body, dice)
    if dice.random() < 0.25:
        return mutated(body, dice)
    marks: dict[str, str] = {}
    for number in range(dice.randrange(1, 4)):
        mark = f"mark-{number}-7f3a"
        marks[json.dumps(mark)] = dice.choice(HOSTILE)
        whole = _replaced(whole, mark, dice)
    text = json.dumps(whole, indent=dice.choice((1, None)), ensure_ascii=dice.random() < 0.5)
    for mark, value in marks.items():
        text = text.replace(mark, value)
    return text.encode("utf-8", "surrogatepass")


def _replaced(value: Any, mark: str, dice: random.Random) -> Any:
    """A copy with one value in it, at a random place, exchanged for the mark."""
    if isinstance(value, dict) and value and dice.random() < 0.9:
        name = dice.choice(list(value))
        if dice.random() < 0.1:
            return {**value, dice.choice(("cells", "metadata", "id", "unknown", "source")): mark}
        return {**value, name: _replaced(value[name], mark, dice)}
    if isinstance(value, list) and value and dice.random() < 0.9:
        at = dice.randrange(len(value))
        return [*value[:at], _replaced(value[at], mark, dice), *value[at + 1 :]]
    return mark


def try_notebook(target: MemoryTarget | ServerTarget, body: bytes, number: int) -> str:
    """Opens a notebook, reads it, saves it, changes it, saves it again and closes it; gives what opening came to.

    Raises:
        Found: Something did not hold.
    """
    path = f"fuzz{number}.ipynb"
    _put(target, path, body)
    try:
        opened = _call(target, body, "session.create", path=path)
        if "error" in opened:
            return _told(opened, body)
        session = opened["result"]["id"]
        try:
            cells = _result(_call(target, body, "cell.list", session=session), body)["cells"]
            for method in ("notebook.get", "session.events"):
                _result(_call(target, body, method, session=session), body)
            _result(_call(target, body, "notebook.save", session=session), body)
            if _body(target, path) != body:
                raise Found(_report("a notebook that was not changed was written otherwise", body, _body(target, path)))
            _change(target, body, path, session, cells)
        finally:
            _call(target, body, "session.close", session=session)
        return "ok"
    finally:
        _remove(target, path)


def _change(target: MemoryTarget | ServerTarget, body: bytes, path: str, session: str, cells: list[Any]) -> None:
    """Changes the first cell, saves, and opens what was written."""
    if cells:
        _result(_call(target, body, "cell.set_source", session=session, cell=cells[0]["id"], source="changed"), body)
    else:
        _result(_call(target, body, "cell.insert", session=session, source="changed"), body)
    saved = _call(target, body, "notebook.save", session=session)
    if "error" in saved:
        _told(saved, body)
        return
    written = _body(target, path)
    try:
        again = json.loads(written, parse_int=str)  # NaN in what was not changed stays, as Python writes and reads it
    except (ValueError, RecursionError) as fault:
        raise Found(_report(f"what was saved is no JSON ({fault})", body, written)) from None
    if not isinstance(again, dict) or "changed" not in json.dumps(again.get("cells", again.get("worksheets"))):
        raise Found(_report("the change is not in what was saved", body, written))


def _put(target: MemoryTarget | ServerTarget, path: str, body: bytes) -> None:
    if isinstance(target, MemoryTarget):
        target.rig.disk.files.put(path, body)
    else:
        (target.ground.server.root / path).write_bytes(body)


def _body(target: MemoryTarget | ServerTarget, path: str) -> bytes:
    return (
        target.rig.disk.files.body(path)
        if isinstance(target, MemoryTarget)
        else (target.ground.server.root / path).read_bytes()
    )


def _remove(target: MemoryTarget | ServerTarget, path: str) -> None:
    if isinstance(target, MemoryTarget):
        target.rig.disk.files.entries.pop(path, None)
    else:
        (target.ground.server.root / path).unlink(missing_ok=True)


def _call(target: MemoryTarget | ServerTarget, notebook: bytes, method: str, **params: object) -> Any:
    message = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    try:
        return read((target.ask("owner", message) or b"null").decode())
    except RecursionError:
        return {"result": {"id": "", "cells": []}}
    except ValueError as fault:
        raise Found(_report(f"the answer of {method} is no JSON ({fault})", notebook, b"")) from None


def _result(reply: Any, notebook: bytes) -> Any:
    if "error" in reply:
        raise Found(_report(f"a notebook that opens fails later: {reply['error']}", notebook, b""))
    return reply["result"]


def _told(reply: Any, notebook: bytes) -> str:
    name = str(reply["error"]["data"]["name"])
    if name not in FAILURES:
        raise Found(_report(f"{name} is no answer to a bad notebook: {reply['error']}", notebook, b""))
    return name


def _report(what: str, notebook: bytes, written: bytes) -> str:
    return f"{what}\n  notebook: {notebook[:4000]!r}\n  written: {written[:1000]!r}"
