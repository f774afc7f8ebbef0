"""webipy.io.storage.token_file: the token is made once, is for its owner alone, and cannot be guessed."""

from __future__ import annotations

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from webipy.io.storage.token_file import LEAST_CHARACTERS, LEAST_DIFFERENT, BadToken, read_token

GOOD = "abcdefgh" * 3


class Token(SynchronousTestCase):
    """One file."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp())

    def write(self, body: bytes, mode: int = 0o600) -> None:
        """Somebody has written the file."""
        self.path.write_bytes(body)
        self.path.chmod(mode)

    def fault(self) -> str:
        """What is wrong with it."""
        with self.assertRaises(BadToken) as caught:
            read_token(self.path)
        self.assertIn(str(self.path), str(caught.exception))
        return str(caught.exception)

    def test_it_is_made_once(self) -> None:
        """Then it stays the same, also over a restart."""
        token = read_token(self.path)
        self.assertRegex(token, r"^[\w-]{43}$")
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)
        self.assertEqual(read_token(self.path), token)

    def test_the_end_of_its_line_is_no_part_of_it(self) -> None:
        """An editor puts one there."""
        for ending in ("", "\n", "\r\n", " \n"):
            self.write(f"{GOOD}{ending}".encode())
            self.assertEqual(read_token(self.path), GOOD)

    def test_others_may_not_read_it(self) -> None:
        """Nor change it; what to do is said."""
        for mode in (0o640, 0o604, 0o620, 0o602, 0o610):
            self.write(GOOD.encode(), mode)
            self.assertIn(f"mode {mode:04o}", self.fault())
            self.assertIn(f"chmod 600 {self.path}", self.fault())
        self.write(GOOD.encode(), 0o400)
        self.assertEqual(read_token(self.path), GOOD)

    def test_it_is_long_and_drawn(self) -> None:
        """At the limits, and just below them."""
        enough = "abcdefgh" + "a" * (LEAST_CHARACTERS - 8)
        self.write(enough.encode())
        self.assertEqual(read_token(self.path), enough)
        self.write(enough[:-1].encode())
        self.assertIn("too short; use 20 characters", self.fault())
        few = "abcdefg" * 4
        self.assertEqual(len(set(few)), LEAST_DIFFERENT - 1)
        self.write(few.encode())
        self.assertIn("has 7 different characters", self.fault())
        self.write(b"")
        self.assertIn("too short", self.fault())

    def test_it_is_one_line_of_letters_and_digits(self) -> None:
        """What could not be sent in a header is none."""
        for body in (f"{GOOD} {GOOD}", f"{GOOD}\n{GOOD}", f"{GOOD}é", f"{GOOD}\x7f"):
            self.write(body.encode())
            self.assertIn("one line of letters and digits", self.fault())

    def test_what_cannot_be_read_is_reported(self) -> None:
        """With the system's reason, or that it is no text."""
        self.write(b"\xff" * 40)
        self.assertIn("it is not text", self.fault())
        self.path.unlink()
        self.path.mkdir()
        self.assertIn("Is a directory", self.fault())
        self.path = self.path / "nowhere" / "token"
        self.assertIn("No such file or directory", self.fault())

    def test_a_pipe_is_none(self) -> None:
        """Nobody could find the token again; and nothing waits for it."""
        os.mkfifo(self.path, 0o600)
        self.assertIn("Name a plain file", self.fault())
