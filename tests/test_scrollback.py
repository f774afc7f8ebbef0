"""webipy.core.terminals.scrollback: the last output, by position."""

from __future__ import annotations

import random

from twisted.trial.unittest import SynchronousTestCase

from webipy.core.terminals.scrollback import KEPT_BYTES, Scrollback, whole_characters


class ScrollbackTests(SynchronousTestCase):
    """What is kept."""

    def test_any_range_is_read_as_it_was_printed(self) -> None:
        """Random pieces, random trims, random reads against one long value."""
        seed = random.randrange(1 << 30)
        chance, kept, whole = random.Random(seed), Scrollback(), b""
        for _ in range(300):
            piece = chance.randbytes(chance.choice([1, 10, 5000, 40000]))
            kept.append(piece)
            whole += piece
            if chance.random() < 0.2:
                kept.trim(chance.randint(kept.start, kept.end))
            at, limit = chance.randint(kept.start, kept.end), chance.choice([1, 100, 32768, 10**7])
            self.assertEqual(kept.read(at, limit), whole[at : at + limit], seed)
        self.assertEqual((kept.end, kept.read(kept.end, 10)), (len(whole), b""))
        self.assertGreater(kept.start, 0)

    def test_old_output_is_forgotten_at_the_end_of_a_line(self) -> None:
        """The modes at that place are known."""
        kept = Scrollback()
        kept.append(b"\x1b[?1049h")
        for number in range(3 * KEPT_BYTES // 10):
            kept.append(b"%08d\r\n" % number)
        kept.trim(kept.end)
        self.assertLessEqual(kept.end - kept.start, KEPT_BYTES)
        self.assertEqual((kept.start - 8) % 10, 0)
        self.assertEqual(kept.restore, b"\x1b[?1049h")

    def test_it_begins_with_a_line_however_the_output_came_in_pieces(self) -> None:
        """Random lines, random pieces: the end of a line may be in a later piece than the place where enough is kept."""
        seed = random.randrange(1 << 30)
        chance = random.Random(seed)
        lines = [b"%d %b\r\n" % (number, b"." * chance.randrange(3000)) for number in range(1500)]
        begins, at = set(), 0
        for line in lines:
            begins.add(at)
            at += len(line)
        whole, kept = b"".join(lines), Scrollback()
        while kept.end < len(whole):
            kept.append(whole[kept.end :][: chance.choice([1, 7, 100, 4096, 32768])])
            kept.trim(kept.end)
            self.assertIn(kept.start, begins, seed)
            self.assertLessEqual(kept.end - kept.start, KEPT_BYTES + 64 * 1024, seed)
        self.assertEqual(kept.read(kept.start, len(whole)), whole[kept.start :], seed)

    def test_a_line_without_an_end_begins_with_a_character(self) -> None:
        """As of a bar of progress; and never past what somebody needs."""
        for character in ("é", "€", "😀"):
            raw = character.encode()
            for offset in range(len(raw)):
                kept = Scrollback()
                kept.append(b"x" * offset + raw * (2 * KEPT_BYTES // len(raw)))
                kept.trim(kept.end)
                self.assertEqual((kept.start - offset) % len(raw), 0)
        kept = Scrollback()
        kept.append(b"x" * (2 * KEPT_BYTES) + b"\n" + b"x" * KEPT_BYTES)
        kept.trim(2 * KEPT_BYTES - 10)
        self.assertEqual(kept.start, 2 * KEPT_BYTES - 10)

    def test_what_is_needed_is_kept(self) -> None:
        """However much it is."""
        kept = Scrollback()
        kept.append(b"x" * (3 * KEPT_BYTES))
        kept.trim(5)
        self.assertEqual(kept.start, 5)

    def test_it_goes_on_from_another_one(self) -> None:
        """As the server's does from the host's."""
        kept = Scrollback(1000, b"\x1b]2;t\x07\x1b[1m")
        kept.append(b"abc")
        self.assertEqual((kept.start, kept.end, kept.title, kept.read(1001, 9)), (1000, 1003, "t", b"bc"))


class WholeCharacters(SynchronousTestCase):
    """A character that is cut waits for its rest."""

    def test_every_cut_of_every_length(self) -> None:
        """The cut part is left out, a whole one never."""
        for character in ("a", "é", "€", "😀"):
            raw = character.encode()
            self.assertEqual(whole_characters(b"x" + raw), b"x" + raw)
            for cut in range(1, len(raw)):
                self.assertEqual(whole_characters(b"x" + raw[:cut]), b"x")

    def test_what_is_no_character_does_not_wait(self) -> None:
        """Bytes that can never become one."""
        for raw in (b"\xff", b"\x80", b"\x80\x80\x80\x80", b"x\xf8", b""):
            self.assertEqual(whole_characters(raw), raw)
