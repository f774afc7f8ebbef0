"""webipy.core.terminals.terminal_modes: what an empty terminal needs to show the rest of an output."""

from __future__ import annotations

import random

from twisted.trial.unittest import SynchronousTestCase

from webipy.core.terminals.terminal_modes import MAX_COLOURS, MAX_SEQUENCE, MAX_TITLE, TerminalModes

PARTS = [
    b"plain text\r\n", b"\x1b[?1049h", b"\x1b[?1049l", b"\x1b[?25l", b"\x1b[?25h", b"\x1b[?1;2004h", b"\x1b[?7l", b"\x1b[4h", b"\x1b[4l",
    b"\x1b=", b"\x1b>", b"\x1b[2;20r", b"\x1b[r", b"\x1b[31m", b"\x1b[0;1m", b"\x1b[m", b"\x1b[5 q", b"\x1b(0", b"\x1b(B", b"\x0e", b"\x0f",
    b"\x1b]0;one\x07", b"\x1b]2;two\x1b\\", b"\x1b]7;file://x/y\x07", b"\x1b[c", b"\x1b[6n", b"\x1b[!p", b"\x1bc", "é€😀".encode(),
    b"\x1b[38;2;1;2;3m",
]  # fmt: skip


def after(*printed: bytes) -> bytes:
    """What restores the modes after some output."""
    modes = TerminalModes()
    for piece in printed:
        modes.read(piece)
    return modes.restore()


class Restore(SynchronousTestCase):
    """What was switched on is switched on again."""

    def test_each_mode(self) -> None:
        """A table: output, what restores it."""
        table = [
            (b"text", b""),
            (b"\x1b[?1049h\x1b[?1h", b"\x1b[?1049h\x1b[?1h"),
            (b"\x1b[?1049h\x1b[?1049l", b""),
            (b"\x1b[?25l", b"\x1b[?25l"),
            (b"\x1b[?25l\x1b[?25h", b""),
            (b"\x1b[?1000;1006h", b"\x1b[?1000h\x1b[?1006h"),
            (b"\x1b[4h\x1b=", b"\x1b[4h\x1b="),
            (b"\x1b[3;9r\x1b[5 q", b"\x1b[3;9r\x1b[5 q"),
            (b"\x1b(0\x0e", b"\x1b(0\x0e"),
            (b"\x1b[1m\x1b[31m", b"\x1b[1m\x1b[31m"),
            (b"\x1b[1m\x1b[0m", b""),
            (b"\x1b[1m\x1b[0;32m", b"\x1b[0;32m"),
            (b"\x1b]0;here\x07\x1b[1m", b"\x1b]2;here\x07\x1b[1m"),
            (b"\x1b[?1049h\x1b[1m\x1bc", b""),
            (b"\x1b[?1049h\x1b[1m\x1b[?25l\x1b[!p", b"\x1b[?1049h"),
        ]
        for printed, wanted in table:
            self.assertEqual(after(printed), wanted, printed)

    def test_nothing_that_asks_is_repeated(self) -> None:
        """A question for the cursor or the colours would be answered into the shell."""
        self.assertEqual(after(b"\x1b[c\x1b[6n\x1b[>c\x1b]11;?\x07\x1b[?2026$p\x1bP$qm\x1b\\"), b"")

    def test_however_it_is_cut(self) -> None:
        """Random output in random pieces has the result of one piece; and reading a restoration restores it."""
        seed = random.randrange(1 << 30)
        chance = random.Random(seed)
        for _ in range(400):
            whole = b"".join(chance.choices(PARTS, k=chance.randint(1, 12)))
            pieces, at = [], 0
            while at < len(whole):
                size = chance.randint(1, 5)
                pieces.append(whole[at : at + size])
                at += size
            self.assertEqual(after(*pieces), after(whole), (seed, whole))
            self.assertEqual(after(after(whole)), after(whole), (seed, whole))

    def test_a_sequence_that_has_begun_goes_on(self) -> None:
        """The rest of it follows what is restored."""
        self.assertEqual(after(b"x\x1b[?10"), b"\x1b[?10")
        self.assertEqual(after(b"\x1b]0;half a ti"), b"\x1b]0;half a ti")

    def test_limits(self) -> None:
        """A title and a sequence without an end stay small, and so do colours without a reset."""
        modes = TerminalModes()
        modes.read(b"\x1b]0;" + b"x" * (2 * MAX_TITLE) + b"\x07")
        self.assertEqual(len(modes.title), MAX_TITLE)
        for _ in range(5):
            modes.read(b"\x1b]0;" + b"y" * MAX_SEQUENCE)
        self.assertLess(len(modes.restore()), 2 * MAX_SEQUENCE)
        self.assertEqual(after(b"\x1b[31m" * 100), b"\x1b[31m" * MAX_COLOURS)

    def test_the_title_alone(self) -> None:
        """Also when it is cut."""
        modes = TerminalModes()
        for piece in (b"text", b"\x1b", b"]0;a ti", b"tle\x07", b"\x1b[31mmore"):
            modes.read_title(piece)
        self.assertEqual(modes.title, "a title")


class Undo(SynchronousTestCase):
    """The way back."""

    def undone(self, *printed: bytes) -> bytes:
        """What undoes the modes after some output."""
        modes = TerminalModes()
        for piece in printed:
            modes.read(piece)
        return modes.undo()

    def test_each_mode(self) -> None:
        """A table: output, what undoes it. What was switched on last is switched off first."""
        table = [
            (b"text", b""),
            (b"\x1b[?25l\x1b[?1049h", b"\x1b[?1049l\x1b[?25h"),
            (b"\x1b[?1049h\x1b[?1049l", b""),
            (b"\x1b[?7l", b"\x1b[?7h"),
            (b"\x1b[?1000;1006h", b"\x1b[?1006l\x1b[?1000l"),
            (b"\x1b[4h\x1b=", b"\x1b[4l\x1b>"),
            (b"\x1b[3;9r\x1b[5 q", b"\x1b7\x1b[r\x1b8\x1b[0 q"),
            (b"\x1b(0\x0e", b"\x1b(B\x0f"),
            (b"\x1b[31m", b"\x1b[0m"),
            (b"\x1b[31m\x1b[m", b""),
            (b"\x1b[>1u\x1b[>3u\x1b[<u", b"\x1b[<1u"),
            (b"\x1b[>1u\x1b[<9u", b""),
            (b"\x1b[>4;2m", b"\x1b[>4m"),
            (b"\x1b[>4;2m\x1b[>4;0m", b""),
            (b"\x1b[>4;2m\x1b[>4m", b""),
            (b"\x1b[>1u\x1b[>4;1m\x1b[?2004h\x1bc", b""),
            (b"\x1b]0;title\x07", b""),
        ]
        for printed, wanted in table:
            self.assertEqual(self.undone(printed), wanted, printed)

    def test_after_it_nothing_is_left_to_undo(self) -> None:
        """Whatever was printed, however it was cut."""
        seed = random.randrange(1 << 32)
        chance = random.Random(seed)
        for _ in range(300):
            printed = b"".join(chance.choice(PARTS) for _ in range(20))
            self.assertEqual(self.undone(printed, self.undone(printed)), b"", f"seed {seed}: {printed!r}")

    def test_what_is_shown_between(self) -> None:
        """The look of the text, and whether a program has the whole screen."""
        modes = TerminalModes()
        modes.read(b"\x1b[31m\x1b[1m\x1b[?1049h")
        self.assertEqual((modes.look, modes.is_full_screen), (b"\x1b[0m\x1b[31m\x1b[1m", True))
        modes.read(b"\x1b[m\x1b[?1049l")
        self.assertEqual((modes.look, modes.is_full_screen), (b"\x1b[0m", False))
