"""Scripts: what bytes are as text, and what `sys.exit` makes the exit status."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from webipy.command import endings, scripts
from webipy.command.lookup import Wrong

TEXTS: dict[str, tuple[bytes, str]] = {
    "utf-8": ("x = 'ä'".encode(), "x = 'ä'"),
    "byte order mark": (b"\xef\xbb\xbfx = 1\n", "x = 1\n"),
    "coding line": (b"# coding: latin-1\nx = '\xe4'", "# coding: latin-1\nx = 'ä'"),
    "coding line of an editor, second": (
        b"#!/bin/python\n# vim: set fileencoding=cp1252 :\n'\x80'",
        "#!/bin/python\n# vim: set fileencoding=cp1252 :\n'€'",
    ),
    "line ends of Windows": (b"a\r\nb\r\n", "a\nb\n"),
    "line ends of old": (b"a\rb", "a\nb"),
    "nothing": (b"", ""),
}

NO_TEXTS = {
    b"x = '\xe4'": "no utf-8 text|no text",
    b"\xff\xfex\x00": "no text that can be run|no utf-8 text",
    b"# coding: klingon\n": "unknown encoding",
    b"\x7fELF\x02\xff\xfe": "no text",
}


class ReadingTests(SynchronousTestCase):
    """Bytes that are to be run."""

    def test_text_is_read_as_python_reads_it(self) -> None:
        """Encodings, marks and line ends."""
        self.assertEqual(
            {name: scripts.decoded(body, "it") for name, (body, _) in TEXTS.items()},
            {name: text for name, (_, text) in TEXTS.items()},
        )

    def test_what_is_no_text_is_reported(self) -> None:
        """With what would be right."""
        for body, words in NO_TEXTS.items():
            self.assertRegex(
                str(self.assertRaises(Wrong, scripts.decoded, body, "it.py")),
                f"it.py is .*({words})|it.py is ({words})",
            )

    def test_files_that_are_none_are_reported(self) -> None:
        """No such file, and a folder."""
        self.assertEqual(
            str(self.assertRaises(Wrong, scripts.script, "nope.py", ())),
            "nope.py cannot be read: No such file or directory.",
        )
        self.assertIn("Is a directory", str(self.assertRaises(Wrong, scripts.script, "/", ())))

    def test_a_script_has_its_name_and_its_file(self) -> None:
        """`sys.argv[0]` is what the user wrote."""
        path = Path(self.mktemp())
        path.write_text("1")
        self.assertEqual(
            scripts.script(str(path), ("a", "--b")), scripts.Script("1", str(path.absolute()), [str(path), "a", "--b"])
        )

    def test_standard_input_is_a_script_without_a_file(self) -> None:
        """`-f -`."""
        self.patch(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"1\r\n")))
        self.assertEqual(scripts.script("-", ("a",)), scripts.Script("1\n", None, ["-", "a"]))

    def test_an_argument_of_another_character_set_is_utf_8(self) -> None:
        """What the locale could not read; bytes that are no UTF-8 are refused."""
        self.assertEqual(scripts.code_argument("print(1)"), "print(1)")
        self.assertEqual(scripts.code_argument("'\udcc3\udca4'"), "'ä'")
        self.assertRaises(Wrong, scripts.code_argument, "'\udce4'")


class ExitTests(SynchronousTestCase):
    """The exit status of `sys.exit`."""

    def test_the_status_is_that_of_python(self) -> None:
        """Numbers are the status, nothing is 0, a text is said and counts as 1."""
        outcome = {}
        for value in ("", "None", "0", "3", "-1", "256", "a message", "True"):
            ending = endings.Exit.of(
                msgspec.Raw(json.dumps({"output_type": "error", "ename": "SystemExit", "evalue": value}).encode())
            )
            assert ending is not None
            outcome[value] = (ending.status, ending.message)
        self.assertEqual(outcome, {
            "": (0, ""), "None": (0, ""), "0": (0, ""), "3": (3, ""), "-1": (255, ""), "256": (0, ""),
            "a message": (1, "a message"), "True": (1, ""),
        })  # fmt: skip

    def test_other_outputs_are_no_ends(self) -> None:
        """Nor is a text that speaks of one."""
        for output in (
            {"output_type": "error", "ename": "ValueError", "evalue": "SystemExit"},
            {"output_type": "stream", "name": "stdout", "text": "SystemExit"},
        ):
            self.assertIsNone(endings.Exit.of(msgspec.Raw(json.dumps(output).encode())))
