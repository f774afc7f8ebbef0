"""webipy.converter.terminal_html: terminal text as HTML."""

from __future__ import annotations

import html
import re

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from webipy.converter.terminal_html import palette, to_html

PIECES = st.sampled_from(
    [
        "\x1b[",
        "\x1b]8;;",
        "\x1b\\",
        "\x07",
        "38;5;",
        "2;",
        "m",
        "1;31m",
        "https://a.example/",
        "<b>",
        '"',
        "\r",
        "\b",
        "\n",
        "\x9b",
        "word",
    ]
)


class TerminalTests(SynchronousTestCase):
    """`to_html`."""

    def test_colors_and_weights(self) -> None:
        """As classes that nbconvert's style sheets have, or as styles; each ends where it does in a terminal."""
        for text, shown in (
            ("plain < & >", "plain &lt; &amp; &gt;"),
            ("\x1b[31mred\x1b[0m.", '<span class="ansi-red-fg">red</span>.'),
            (
                "\x1b[1;31mred\x1b[22m!\x1b[39m.",
                '<span class="ansi-red-intense-fg ansi-bold">red</span><span class="ansi-red-fg">!</span>.',
            ),
            ("\x1b[97mw\x1b[m", '<span class="ansi-white-intense-fg">w</span>'),
            ("\x1b[38;5;208mo\x1b[0m", '<span style="color: rgb(255, 135, 0)">o</span>'),
            ("\x1b[38;2;1;2;3mo\x1b[0m", '<span style="color: rgb(1, 2, 3)">o</span>'),
            ("\x1b[38:2::1:2:3mo\x1b[0m", '<span style="color: rgb(1, 2, 3)">o</span>'),
            (
                "\x1b[2;3;4;9mo",
                '<span class="ansi-dim ansi-underline" style="font-style: italic; text-decoration: line-through">o</span>',
            ),
            ("\x1b[7mo", '<span class="ansi-default-inverse-fg ansi-default-inverse-bg">o</span>'),
            ("\x1b[8msecret", '<span style="visibility: hidden">secret</span>'),
        ):
            self.assertEqual(to_html(text), shown, text)

    def test_text_on_a_ground_can_be_read_on_it(self) -> None:
        """Also where the page is dark: the ground is what the program chose."""
        for code, ink in (("43", "black"), ("40", "white"), ("48;2;0;0;90", "white"), ("48;5;230", "black")):
            self.assertIn(f"color: {ink}", to_html(f"\x1b[{code}mo"), code)
        self.assertNotIn("color: black", to_html("\x1b[31;43mo"))

    def test_links_are_links_and_lead_to_the_web_or_to_mail(self) -> None:
        """Those of OSC 8, with either end; colors may change within."""
        for address in ("https://a.example/?a=1&b=2", "mailto:a@b.example"):
            for end in ("\x07", "\x1b\\"):
                text = f"see \x1b]8;id=1;{address}{end}a \x1b[1mlink\x1b[0m\x1b]8;;{end}."
                wanted = f'<a href="{html.escape(address)}">'
                self.assertEqual(to_html(text), f'see {wanted}a </a><span class="ansi-bold">{wanted}link</a></span>.')
        for address in ("javascript:alert(1)", "file:///etc/passwd", "https://a b", 'https://a"onclick'):
            shown = to_html(f"\x1b]8;;{address}\x07link\x1b]8;;\x07")
            self.assertNotRegex(shown, r'href="(?!https://a&quot;onclick")', address)
            self.assertIn("link", shown)

    def test_what_steers_a_terminal_is_not_shown(self) -> None:
        """Names of windows, character sets, moves, bells; what overwrites a line has done so."""
        self.assertEqual(to_html("\x1b]0;name\x07a\x1b(Bb\x07c\x1b[?25ld\x1b=e\x1b"), "abcde")
        self.assertEqual(to_html("50 %\r100 %\nab\bc"), "100 %\nac")

    @examples(300)
    @given(st.lists(PIECES, max_size=30).map("".join))
    def test_any_text_makes_markup_that_is_whole(self, text: str) -> None:
        """Every tag is one of ours and is closed; no control character is left but the ends of lines."""
        made = to_html(text)
        self.assertNotRegex(made, r"[\x00-\x08\x0b-\x1f\x7f\x9b]")
        open_tags: list[str] = []
        for close, name in re.findall(r"<(/?)(\w+)", made):
            self.assertIn(name, ("span", "a"))
            if close:
                self.assertEqual(open_tags.pop(), name)
            else:
                open_tags.append(name)
        self.assertEqual(open_tags, [])

    def test_a_palette_has_256_colors(self) -> None:
        """16 by their names, a cube, greys; any other number is the last."""
        self.assertEqual(
            [palette(n) for n in (0, 15, 16, 231, 232, 255, 999)],
            [0, 15, (0, 0, 0), (255, 255, 255), (8, 8, 8), (238, 238, 238), (238, 238, 238)],
        )
