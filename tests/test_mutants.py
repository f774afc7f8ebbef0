"""tests/mutants.py: which changes a piece of code has; tests/programs/test_mutants.py runs some."""

from __future__ import annotations

import ast
import textwrap

from twisted.trial.unittest import SynchronousTestCase

from tests.mutants import mutations


def changes(code: str) -> list[tuple[int, str, str]]:
    """The line of each mutation, what is changed, and what it becomes."""
    tree = ast.parse(textwrap.dedent(code))
    return [(one.line, one.before, one.after) for one in mutations(tree)]


class Mutations(SynchronousTestCase):
    """The operators, one by one."""

    def test_expressions(self) -> None:
        """A table: code, and what becomes of it."""
        table = {
            "x = a < b": [("a < b", "a <= b")],
            "x = a is not b": [("a is not b", "a is b")],
            "x = a not in b": [("a not in b", "a in b")],
            "x = a and b": [("a and b", "a or b")],
            "x = not a": [("not a", "a")],
            "x = a + b": [("a + b", "a - b")],
            "x = a // b": [("a // b", "a * b")],
            "x = 3": [("3", "4")],
            "x = True": [("True", "False")],
            "x = f(a)[0]": [("0", "1")],
            "x = [a for a in b if a]": [("for a in b if a", "for a in b if not a")],
            "x = a if b() else c": [("b()", "not b()")],
            "x: int = 3": [("3", "4")],
            "x = 'text'": [],
            "x: Literal[1]": [],
            "x = f'{a + 1}'": [],
        }
        for code, expected in table.items():
            self.assertEqual(changes(code), [(1, *change) for change in expected], code)

    def test_statements(self) -> None:
        """Calls, changes of what others see, and ends of a flow are left out; logs and names are not."""
        code = """
            def f(self, a):
                "What it does."
                self.b = a
                c = a
                self.d(a)
                self._log.info("d")
                if a:
                    return
                while c:
                    break
                raise E
        """
        self.assertEqual(
            changes(code),
            [
                (4, "self.b = a", "pass"),
                (6, "self.d(a)", "pass"),
                (8, "a", "not a"),
                (9, "return", "pass"),
                (10, "c", "not c"),
                (11, "break", "pass"),
                (12, "raise E", "pass"),
            ],
        )

    def test_a_mutation_changes_the_tree(self) -> None:
        """And what it says is what the tree becomes."""
        for number, after in enumerate(
            ["if a <= b or c:\n    d()", "if a < b and c:\n    d()", "if a < b or c:\n    pass"]
        ):
            tree = ast.parse("if a < b or c:\n    d()")
            one = sorted(mutations(tree), key=lambda one: (one.line, one.before != "a < b"))[number]
            one.apply()
            self.assertEqual(ast.unparse(tree), after)

    def test_the_lines_that_must_be_reached(self) -> None:
        """Those of the statement itself, and not of what stands inside."""
        tree = ast.parse("if (\n    a < b\n):\n    c(\n        1)\n")
        self.assertEqual(
            {(one.before, one.lines.start, one.lines.stop) for one in mutations(tree)},
            {("a < b", 1, 4), ("c(1)", 4, 6)},
        )
