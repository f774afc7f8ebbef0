"""Rows of tables, as the program inside a kernel reads them."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pandas as pd  # type: ignore[import-untyped]
from twisted.trial.unittest import SynchronousTestCase

from webipy.kernel_programs import tables


class Shell:
    """IPython's shell, as far as it is asked."""

    def __init__(self, **names: Any) -> None:
        self.user_ns: dict[str, Any] = {"_oh": {}, **names}
        self.execution_count = 1


def told(
    shell: Shell,
    html: str,
    first: int = 0,
    limit: int = 3,
    sort: int = -1,
    down: int = 0,
    wanted: str = "",
    whole: int = 0,
) -> Any:
    """What the program answers."""
    return tables.rows(shell, html, first, limit, sort, down, wanted, whole)._repr_mimebundle_()["application/json"]


def frame(count: int = 100) -> pd.DataFrame:
    """A table whose middle an output leaves out."""
    numbers = [(n * 37) % 101 for n in range(count)]
    return pd.DataFrame({"n": numbers, "name": [f"Name {n}" for n in numbers], "f": [n / 4 for n in range(count)]})


class Tables(SynchronousTestCase):
    """A session with one table, as a result and by a name."""

    def setUp(self) -> None:
        """The table and its output."""
        self.frame = frame()
        self.shell = Shell(t=self.frame)
        self.html = str(self.frame._repr_html_())

    def test_rows_are_given_by_their_numbers(self) -> None:
        """With their names; nothing is left out."""
        found = told(self.shell, self.html, 50)
        self.assertEqual((found["status"], found["total"], found["columns"]), ("shown", 100, ["n", "name", "f"]))
        self.assertEqual(found["rows"][0], ["32", "Name 32", "12.5"])
        self.assertEqual((found["labels"], found["has_labels"]), (["50", "51", "52"], False))
        self.assertEqual(told(self.shell, self.html, 99)["rows"], [["27", "Name 27", "24.75"]])

    def test_rows_are_sorted_and_filtered(self) -> None:
        """The table stays as it was."""
        before = self.frame.copy()
        down = told(self.shell, self.html, sort=0, down=1)
        self.assertEqual([row[0] for row in down["rows"]], ["100", "99", "98"])
        found = told(self.shell, self.html, sort=2, down=1, wanted="name 9", limit=50)
        self.assertEqual((found["total"], {row[1][:6] for row in found["rows"]}), (11, {"Name 9"}))
        self.assertEqual(
            [float(row[2]) for row in found["rows"]], sorted((float(row[2]) for row in found["rows"]), reverse=True)
        )
        self.assertEqual(told(self.shell, self.html, wanted="nothing like it")["total"], 0)
        pd.testing.assert_frame_equal(self.frame, before)

    def test_values_that_cannot_be_compared_are_sorted_as_texts(self) -> None:
        """And what is missing is last."""
        mixed = pd.DataFrame({"a": [2, "b", 1, None] * 20}, index=[f"r{n}" for n in range(80)])
        shell, html = Shell(mixed=mixed), str(mixed._repr_html_())
        found = told(shell, html, sort=0, limit=80)
        self.assertEqual([row[0] for row in found["rows"]][0:40:20], ["1", "2"])
        self.assertEqual((found["labels"][0], found["has_labels"]), ("r2", True))

    def test_a_table_is_known_by_its_output(self) -> None:
        """Also one that has no name; one that has changed is another, and one that is let go of is gone."""
        other = frame(90)
        self.shell.user_ns = {"_oh": {1: other, 2: self.frame}, "x": 1}
        self.assertEqual(told(self.shell, self.html)["total"], 100)
        self.assertEqual(told(self.shell, str(other._repr_html_()))["total"], 90)
        self.frame.loc[0, "n"] = -5
        self.assertEqual(told(self.shell, self.html), {"status": "gone"})
        self.assertEqual(told(Shell(), self.html), {"status": "gone"})

    def test_nothing_keeps_a_table_that_is_deleted(self) -> None:
        """What was looked at last is held weakly."""
        told(self.shell, self.html, sort=0)
        held = weakref.ref(self.frame)
        del self.frame
        self.shell.user_ns.clear()
        gc.collect()
        self.assertIsNone(held())

    def test_a_large_table_is_not_filtered(self) -> None:
        """It says so."""
        self.patch(tables, "MOST_FILTERED", 10)
        found = told(self.shell, self.html, wanted="name 9")
        self.assertEqual((found["can_filter"], found["total"]), (False, 100))

    def test_values_are_short_and_can_be_sent(self) -> None:
        """A value whose text fails says how."""

        class Bad:
            def __str__(self) -> str:
                raise ValueError

        odd = pd.DataFrame({"a": ["x" * 5000, "\ud800", float("nan"), Bad()] * 20})
        odd_html = "<table>"
        odd._repr_html_ = lambda: odd_html
        shell = Shell(odd=odd)
        texts = [row[0] for row in told(shell, odd_html, limit=4)["rows"]]
        self.assertEqual((len(texts[0]), texts[1:]), (2000, ["?", "NaN", "<ValueError>"]))

    def test_long_values_are_whole_when_that_is_asked(self) -> None:
        """To be looked at they are cut; to be saved they are not, and then an answer has fewer rows."""
        long = pd.DataFrame({"text": ["x" * 1_500_000, "y" * 1_500_000, "z"]})
        shell = Shell(long=long)
        html = long._repr_html_()
        self.assertEqual([len(row[0]) for row in told(shell, html)["rows"]], [2000, 2000, 1])
        self.assertEqual([len(row[0]) for row in told(shell, html, whole=1)["rows"]], [1_500_000, 1_500_000])
        last = told(shell, html, first=2, whole=1)
        self.assertEqual((last["rows"], last["labels"]), ([["z"]], ["2"]))
