"""webipy.core.events.terminal_text: text as a terminal shows it in the end."""

from __future__ import annotations

import json
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from webipy.core.events import terminal_text
from webipy.core.events.terminal_text import Sheet, resolved

VECTORS = Path(__file__).parent / "vectors"


class Overwriting(SynchronousTestCase):
    """`resolved`, and tests/vectors/overwriting.json."""

    def test_text_is_what_a_terminal_shows_in_the_end(self) -> None:
        """Each case: what was printed, and what a file holds of it."""
        cases = json.loads((VECTORS / "overwriting.json").read_text("utf-8"))
        for case in cases:
            self.assertEqual(resolved(case["text"]), case["shown"], case["name"])
            self.assertEqual(resolved(case["shown"]), case["shown"], case["name"])

    def test_it_shows_what_the_page_shows(self) -> None:
        """tests/vectors/lines.json, but for what the page drops and a file keeps: colors, other escapes and control characters."""
        dropped = re.compile(
            r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\(B|[\x00\x07\x7f]|\x1b\Z|\x1b\[3\Z"
        )
        cases = json.loads((VECTORS / "lines.json").read_text("utf-8"))["vectors"]
        self.assertGreater(len(cases), 30)
        for case in cases:
            shown = dropped.sub("", resolved(case["text"]))
            self.assertEqual(shown.split("\n"), case["lines"], case["name"])

    def test_it_does_what_a_row_of_columns_does(self) -> None:
        """For all texts of letters, returns and backspaces; and what is shown shows as itself."""

        @examples(300)
        @given(st.text("abc🧪\r\b\n", max_size=24))
        def holds(text: str) -> None:
            rows: list[list[str]] = [[]]
            at = 0
            for number, letter in enumerate(text):
                rest = text[number:].lstrip("\r")
                if letter == "\n":
                    rows.append([])
                    at = 0
                elif letter == "\b":
                    at = max(0, at - 1)
                elif letter == "\r":
                    at = at if rest.startswith("\n") else 0
                else:
                    rows[-1][at : at + 1] = [letter]
                    at += 1
            shown = "\n".join("".join(row) for row in rows)
            self.assertEqual(resolved(text), shown)
            self.assertEqual(resolved(shown), shown)

        holds()

    def test_colors_never_break_it(self) -> None:
        """Every letter that is shown is there without colors, too."""

        @examples(200)
        @given(
            st.lists(st.sampled_from(["a", "b", "\r", "\b", "\x1b[31m", "\x1b[1m", "\x1b[0m", "\x1b[m"]), max_size=20)
        )
        def holds(parts: list[str]) -> None:
            plain = "".join(part for part in parts if "\x1b" not in part)
            shown = resolved("".join(parts))
            for color in ("\x1b[31m", "\x1b[1m", "\x1b[0m", "\x1b[m"):
                shown = shown.replace(color, "")
            self.assertEqual(shown, resolved(plain))

        holds()

    def test_very_long_lines_are_carried_out_from_their_last_part_on(self) -> None:
        """A bar with a million states is no trouble."""
        self.patch(terminal_text, "LONGEST", 100)
        bar = "".join(f"\x1b[32m{number:6}\x1b[0m\r" for number in range(1000))
        self.assertEqual(resolved(bar), "\x1b[0m\x1b[32m   999\x1b[0m")
        self.assertEqual(resolved("x\b" * 1000 + "y"), "y")
        self.assertEqual(resolved("".join(f"{number}\r" for number in range(300_000))), "299999")

    def test_what_a_move_means(self) -> None:
        """ECMA-48: up, down, right, left, to a column; erasing of a line and of all. Nothing goes over an edge."""
        for text, shown in (
            ("ab\x1b[2Dx", "xb"),
            ("ab\x1b[9Dx\x1b[Cy", "xby"),
            ("ab\x1b[3Gx\x1b[Gy", "ybx"),
            ("abc\x1b[2D\x1b[K", "a"),
            ("abc\x1b[2D\x1b[0K", "a"),
            ("abc\x1b[2D\x1b[1Kx", " xc"),
            ("abc\x1b[2K\x1b[Gx", "x"),
            ("abc\x1b[3K", "abc"),
            ("a\nb\x1b[Ac", "ac\nb"),
            ("a\nb\x1b[9Ac\x1b[9Bd", "ac\nb d"),
            ("a\nb\x1b[A\x1b[J", "a"),
            ("a\nb\x1b[2Jc", "c"),
            ("a\nb\x1b[3Jc", "c"),
            ("a\nb\x1b[1Jc", "a\nbc"),
        ):
            self.assertEqual(resolved(text), shown, repr(text))

    def test_a_color_is_not_made_of_more_than_so_many_escapes(self) -> None:
        """The last ones count."""
        self.patch(terminal_text, "MAX_COLOR", 12)
        self.assertEqual(resolved("\x1b[31m\x1b[1m\x1b[4mab\b"), "\x1b[1m\x1b[4mab")

    def test_a_line_without_a_move_stays_as_it_is(self) -> None:
        """Colors and all, beside one that is written over."""
        self.assertEqual(resolved("\x1b[31ma\x1b[0m\nbc\b\bd"), "\x1b[31ma\x1b[0m\ndc")

    def test_a_sheet_forgets_its_first_lines(self) -> None:
        """As a terminal scrolls them out; the line of the cursor stays."""
        sheet = Sheet()
        sheet.write("a\nb\nc")
        sheet.drop(1)
        self.assertEqual(sheet.lines(), ["b", "c"])
        sheet.write("\x1b[A!")
        self.assertEqual(sheet.lines(), ["b!", "c"])
        sheet.drop(9)
        self.assertEqual((sheet.lines(), sheet.row), (["b!", "c"], 0))
        sheet.write("\x1b[31m?\x1b[0m")
        self.assertEqual(sheet.lines(), ["b!\x1b[31m?\x1b[0m", "c"])
