"""webipy.core.terminals.terminal_questions: what terminals are asked and what they answer, told apart from text and keys."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from webipy.core.terminals.terminal_questions import MAX_SEQUENCE, Questions, parts_of

ASKED = (
    "\x05",
    "\x1bZ",
    "\x1b[c",
    "\x1b[0c",
    "\x1b[>c",
    "\x1b[=0c",
    "\x1b[5n",
    "\x1b[6n",
    "\x1b[?6n",
    "\x1b[?2026$p",
    "\x1b[4$p",
    "\x1b[x",
    "\x1b[>q",
    "\x1b[>0q",
    "\x1b[?u",
    "\x1b[?1;1;0S",
    "\x1b[14t",
    "\x1b[18t",
    "\x1b[21t",
    "\x1b]10;?\x07",
    "\x1b]11;?\x1b\\",
    "\x1b]4;1;?\x07",
    "\x1b]52;c;?\x07",
    "\x1bP+q544e\x1b\\",
    "\x1bP$qm\x1b\\",
    "\x1b_Gi=1,a=q;AAAA\x1b\\",
)
SHOWN = (
    "text",
    "é😀\r\n",
    "\x1b[31m",
    "\x1b[?1049h",
    "\x1b[2J",
    "\x1b]0;what?\x07",
    "\x1b]2;why?\x1b\\",
    "\x1b]8;;https://x/?\x07",
    "\x1b[3;4H",
    "\x1b[>1u",
    "\x1b[<u",
    "\x1b[>4;2m",
    "\x1b[8;24;80t",
    "\x1b[22;0t",
    "\x1b[5 q",
    "\x1b[2$x",
    "\x1bPq#0;2;0;0;0\x1b\\",
    "\x1b7",
    "\x1b8",
    "\x1bM",
    "\x1b(0",
    "\x1b[s",
    "\x1b[u",
    "\x1b[K",
    "\x1b[S",
    "\x1b]52;c;aGk=\x07",
    "\x1b]11;#fff\x07",
    "\x1b",
)
ANSWERS = (
    "\x1b[?62;22c",
    "\x1b[>0;276;0c",
    "\x1b[0n",
    "\x1b[12;40R",
    "\x1b[?12;40R",
    "\x1b[?2026;2$y",
    "\x1b[8;24;80t",
    "\x1b[I",
    "\x1b[O",
    "\x1b[?0u",
    "\x1b[?1;0;256S",
    "\x1b]11;rgb:0000/0000/0000\x1b\\",
    "\x1b]10;rgb:f/f/f\x07",
    "\x1bP1$r0m\x1b\\",
    "\x1bP>|xterm(1)\x1b\\",
    "\x1b_Gi=1;OK\x1b\\",
)
KEYS = (
    "a",
    "é",
    "\r",
    "\x7f",
    "\x03",
    "\x1b",
    "\x1b[A",
    "\x1bOP",
    "\x1b[3~",
    "\x1b[1;5C",
    "\x1bb",
    "\x1b[200~pasted\x1b[201~",
    "\x1b[97;5u",
    "\x1b[<0;1;1M",
    "\x1b[Z",
)


def shown(pieces: list[str]) -> str:
    """What is shown of a text that comes in pieces."""
    questions = Questions()
    return "".join(questions.without(piece) for piece in pieces) + questions.rest()


class Asking(SynchronousTestCase):
    """`Questions`."""

    def test_each_question_is_taken_out_and_nothing_else(self) -> None:
        """Between other text, and alone."""
        for asked in ASKED:
            self.assertEqual((shown([asked]), shown([f"a{asked}b"])), ("", "ab"), repr(asked))
        for text in SHOWN:
            self.assertEqual((shown([text]), shown([f"a{text}b"])), (text, f"a{text}b"), repr(text))

    def test_however_it_is_cut(self) -> None:
        """In two pieces at each place, in single characters, and at random."""
        seed = random.randrange(1 << 32)
        chance = random.Random(seed)
        parts = [chance.choice([*ASKED, *SHOWN[:-1]]) for _ in range(200)]
        text, wanted = "".join(parts), "".join(part for part in parts if part not in ASKED)
        self.assertEqual(shown(list(text)), wanted, f"seed {seed}")
        for _ in range(100):
            at = sorted(chance.randrange(len(text)) for _ in range(chance.randrange(1, 40)))
            pieces = [text[first:end] for first, end in zip([0, *at], [*at, len(text)], strict=True)]
            self.assertEqual(shown(pieces), wanted, f"seed {seed}")

    def test_what_is_too_long_is_no_sequence(self) -> None:
        """It is not held back."""
        questions = Questions()
        long = "\x1b]0;" + "x" * MAX_SEQUENCE
        self.assertEqual(questions.without(long), long)

    @examples(300)
    @given(st.lists(st.text("\x1b[]P_?>0;c$nq\\\x07a", max_size=6)))
    def test_only_what_begins_a_sequence_is_held_back(self, pieces: list[str]) -> None:
        """Whatever comes, nothing is lost but questions: a text that has none comes out whole."""
        whole = "".join(pieces)
        if Questions().without(whole + "\n") == whole + "\n":
            self.assertEqual(shown([*pieces, "\n"]), whole + "\n")


class Answering(SynchronousTestCase):
    """`parts_of`."""

    def test_answers_and_keys(self) -> None:
        """Each alone, and all in their order; nothing is lost."""
        for answer in ANSWERS:
            self.assertEqual(list(parts_of(answer)), [(True, answer)], repr(answer))
        for key in KEYS:
            self.assertEqual(list(parts_of(key)), [(False, key)], repr(key))
        self.assertEqual(
            list(parts_of("a\x1b[1;1Rb\x1b[0nc")),
            [(False, "a"), (True, "\x1b[1;1R"), (False, "b"), (True, "\x1b[0n"), (False, "c")],
        )

    @examples(300)
    @given(st.text("\x1b[]P_?>0;cRn$yt\\\x07a", max_size=30))
    def test_nothing_is_lost(self, typed: str) -> None:
        """Whatever is typed."""
        self.assertEqual("".join(part for _, part in parts_of(typed)), typed)
