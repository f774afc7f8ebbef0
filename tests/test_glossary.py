"""docs/glossary.md and CONTRIBUTING.md name what exists."""

from __future__ import annotations

import ast
import re
from collections import Counter

from twisted.trial.unittest import SynchronousTestCase

from tests.test_floors import ROOT, modules

ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| `([^`]+)` \|$", re.MULTILINE)


def has(name: str) -> bool:
    """Whether a dotted name is that of a module of webipy, or of something that a module or a class in it defines."""
    known, parts = modules(), name.split(".")
    for size in range(len(parts), 0, -1):
        module = known.get(".".join(parts[:size]))
        if module is not None:
            return _defines(module, parts[size:])
    return False


def _defines(node: ast.Module | ast.ClassDef, names: list[str]) -> bool:
    if not names:
        return True
    for inner in node.body:
        if isinstance(inner, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and inner.name == names[0]:
            return len(names) == 1 or (isinstance(inner, ast.ClassDef) and _defines(inner, names[1:]))
        targets = inner.targets if isinstance(inner, ast.Assign) else []
        if any(isinstance(one, ast.Name) and one.id == names[0] for one in targets):
            return len(names) == 1
    return False


class GlossaryTests(SynchronousTestCase):
    """One word for one thing."""

    def rows(self) -> list[tuple[str, str, str]]:
        """Word, meaning and owner of each entry."""
        found = ROW.findall((ROOT / "docs" / "glossary.md").read_text())
        self.assertGreater(len(found), 50)
        return found

    def test_each_owner_exists(self) -> None:
        """Every named class, function and module is in the tree."""
        self.assertEqual([owner for _, _, owner in self.rows() if not has(owner)], [])

    def test_no_two_entries_name_one_thing(self) -> None:
        """Words and owners are unique."""
        for column in (0, 2):
            counted = Counter(row[column].lower() for row in self.rows())
            self.assertEqual([name for name, count in counted.items() if count > 1], [])

    def test_what_is_not_there_is_found(self) -> None:
        """The check itself sees a name that is gone."""
        self.assertTrue(has("webipy.core.api.access.Principal.person"))
        self.assertFalse(has("webipy.core.api.access.Principal.nothing"))
        self.assertFalse(has("webipy.core.api.nothing"))


class ContributingTests(SynchronousTestCase):
    """The lists of files for newcomers."""

    def test_each_named_path_exists(self) -> None:
        """Paths between backquotes, but for what a build makes."""
        text = (ROOT / "CONTRIBUTING.md").read_text()
        paths = [name for name in re.findall(r"`([\w./-]+/[\w./-]*)`", text) if not name.startswith("webipy/static/")]
        self.assertGreater(len(paths), 20)
        self.assertEqual([name for name in paths if not (ROOT / name).exists()], [])
