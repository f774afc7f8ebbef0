"""webipy.core.events.cell_text: what fits, as a table, and the same against a text that is made whole for each change set."""

from __future__ import annotations

import random
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from webipy.core import errors
from webipy.core.events import cell_text
from webipy.core.events.cell_text import MAX_SOURCE_UNITS, Text
from webipy.core.events.events import Changes

LETTERS = "ab\né世🧪𐀀"


def reference(old: str, changes: Changes) -> str | None:
    """The text after a change set, or `None` when it does not fit."""
    units, new, at = old.encode("utf-16-le"), b"", 0
    for part in changes:
        keep = part if isinstance(part, int) else part[0]
        assert isinstance(keep, int)
        if keep < 0 or at + 2 * keep > len(units):
            return None
        lines = None if isinstance(part, int) else "\n".join(map(str, part[1:])).encode("utf-16-le")
        new += units[at : at + 2 * keep] if lines is None else lines
        at += 2 * keep
    try:
        return new.decode("utf-16-le") if at == len(units) else None
    except UnicodeDecodeError:
        return None


def some_changes(rolls: random.Random, size: int) -> Changes:
    """A change set for so many units: mostly one that fits, at places that may be inside of a character."""
    changes: Changes = []
    left = size
    while left > 0 and rolls.random() < 0.8:
        span = rolls.randint(0, left)
        left -= span
        words = ["".join(rolls.choices(LETTERS, k=rolls.randint(0, 4))) for _ in range(rolls.randint(0, 2))]
        changes.append(span if rolls.random() < 0.6 else [span, *words])
    rest = left + rolls.choice((0, 0, 0, 0, 1, -1))
    return [*changes, rest] if rest else changes


def after_changes(text: str, changes: Changes) -> str:
    """The text after one change set."""
    changing = Text(text)
    changing.change(changes)
    return str(changing)


class Table(SynchronousTestCase):
    """One change set."""

    def test_change_sets(self) -> None:
        """A table: text, change set, text after."""
        table: list[tuple[str, Changes, str]] = [
            ("", [], ""),
            ("", [[0, "a"]], "a"),
            ("ab", [2], "ab"),
            ("ab", [1, [0, "x"], 1], "axb"),
            ("ab", [[1], 1], "b"),
            ("ab", [[2, "x", "y"]], "x\ny"),
            ("ab", [1, [0, "", ""], 1], "a\nb"),
            ("a🧪b", [1, [2], 1], "ab"),
            ("a🧪b", [3, [1, "c"]], "a🧪c"),
            ("🧪", [[2, "🌍"]], "🌍"),
            ("ab", [0, [0], 2], "ab"),
        ]
        for text, changes, after in table:
            self.assertEqual(after_changes(text, changes), after, (text, changes))

    def test_what_does_not_fit_is_refused(self) -> None:
        """Longer or shorter than the text, half a character, or no change set at all."""
        table: list[tuple[str, Any]] = [
            ("ab", []),
            ("ab", [1]),
            ("ab", [3]),
            ("ab", [2, [1]]),
            ("ab", [-1, 3]),
            ("ab", [[-2], 4]),
            ("🧪", [1, [1]]),
            ("🧪", [1, [0, "x"], 1]),
            ("🧪", [[1], 1]),
            ("ab", [[], 2]),
            ("ab", [["a"], 2]),
            ("ab", [[1, 2], 1]),
            ("ab", [[1, "\ud83e"], 1]),
        ]
        for text, changes in table:
            fault = self.assertRaises(errors.InvalidParams, after_changes, text, changes)
            self.assertEqual(fault.facts, {"field": "changes"}, (text, changes))

    def test_a_source_has_a_limit_in_utf16_units(self) -> None:
        """`MAX_SOURCE_UNITS` fits, one more does not."""
        most = "x" * MAX_SOURCE_UNITS
        self.assertEqual(after_changes("", [[0, most]]), most)
        fault = self.assertRaises(errors.TooLarge, after_changes, "", [[0, most + "x"]])
        self.assertEqual(fault.facts, {"limit": MAX_SOURCE_UNITS})
        self.assertRaises(errors.TooLarge, after_changes, "", [[0, "🧪" * (MAX_SOURCE_UNITS // 2 + 1)]])


class Random(SynchronousTestCase):
    """Sequences of change sets."""

    def test_the_same_text_and_the_same_refusals_as_when_it_is_made_whole(self) -> None:
        """Whatever the pieces are, and whether the text was asked for in between or not."""
        refused = 0
        for seed in range(300):
            rolls = random.Random(seed)
            self.patch(cell_text, "_PIECE_BYTES", rolls.choice((2, 4, 6, 64)))
            self.patch(cell_text, "_SPARE_PIECES", rolls.choice((0, 3, 128)))
            now = "".join(rolls.choices(LETTERS, k=rolls.randint(0, 30)))
            changing = Text(now)
            for _ in range(20):
                changes = some_changes(rolls, len(now.encode("utf-16-le")) // 2)
                wanted = reference(now, changes)
                trial = changing.copy()
                if wanted is None:
                    refused += 1
                    self.assertRaises(errors.InvalidParams, changing.change, changes)
                else:
                    changing.change(changes)
                    self.assertEqual(str(trial), now, (seed, changes))
                    now = wanted
                if rolls.random() < 0.3:
                    self.assertEqual(str(changing), now, (seed, changes))
            self.assertEqual(str(changing), now, seed)
        self.assertGreater(refused, 500)

    def test_a_large_text_is_made_whole_seldom(self) -> None:
        """A thousand change sets on four million units cut it into pieces ten times; each takes the pieces over as they are."""
        cuts: list[int] = []
        cut = cell_text._cut

        def counted(units: bytes) -> list[bytes]:
            cuts.append(len(units))
            return cut(units)

        self.patch(cell_text, "_cut", counted)
        size = MAX_SOURCE_UNITS - 1000
        large = Text("x" * size)
        rolls = random.Random(1)
        for number in range(1000):
            at = rolls.randint(0, size + number)
            large.change([at, [0, "y"], size + number - at])
        self.assertLess(len(cuts), 20)
        self.assertEqual(str(large).count("y"), 1000)
        for _ in range(1000):
            large.change([MAX_SOURCE_UNITS])
        self.assertLess(len(cuts), 25)
