"""What a server prints for people when it is ready: webipy.announcement."""

from __future__ import annotations

import io
import re
from typing import cast
from unittest import mock

import segno
from twisted.trial.unittest import SynchronousTestCase

from webipy import announcement
from webipy.announcement import BLACK_ON_WHITE, PLAIN, QUIET_ZONE
from webipy.tls_parts import Tls

URL = "https://192.168.1.27:8888/base/"


def modules_of(printed: str) -> list[list[int]]:
    """The modules that somebody sees in a terminal, by rows; 1 is black."""
    rows: list[list[int]] = []
    for line in printed.splitlines():
        (shown,) = re.findall(rf"^  {re.escape(BLACK_ON_WHITE)}([ ▄▀█]+){re.escape(PLAIN)}$", line)
        rows += [[int(one in "▀█") for one in shown], [int(one in "▄█") for one in shown]]
    return rows


class Screen(io.StringIO):
    """A terminal."""

    encoding: str = "utf-8"

    def isatty(self) -> bool:
        """It is one."""
        return True


class Codes(SynchronousTestCase):
    """The QR code."""

    def test_it_has_the_modules_of_the_text_and_a_margin(self) -> None:
        """Black on white in every terminal: no module has the colours of the terminal."""
        for text in (URL, "https://[fd00::1]:8443/", "https://" + "a" * 80 + ".example.org/"):
            wanted = [[int(dark) for dark in row] for row in segno.make(text, micro=False).matrix]
            seen, size = modules_of(announcement.qr_code(text)), len(wanted)
            edge = slice(QUIET_ZONE, QUIET_ZONE + size)
            self.assertEqual([row[edge] for row in seen[edge]], wanted)
            self.assertEqual({len(row) for row in seen}, {size + 2 * QUIET_ZONE})
            self.assertEqual(sum(map(sum, seen)), sum(map(sum, wanted)), "nothing dark is in the margin")
            self.assertGreaterEqual(len(seen), size + 2 * QUIET_ZONE)


class Reach(SynchronousTestCase):
    """Where others reach the server."""

    def printed(self, screen: io.StringIO, *hosts: str) -> str:
        """What is printed for hosts."""
        tls = mock.Mock(is_own=True)
        tls.hosts_of_links.return_value = list(hosts)
        tls.certificate.fingerprint = "AB:CD"
        with mock.patch("sys.__stdout__", screen):
            announcement.print_reach(cast(Tls, tls), "", 8888, "/base/")
        return screen.getvalue()

    def test_the_code_is_that_of_the_first_address_and_says_what_it_is_for(self) -> None:
        """In a terminal alone."""
        for hosts, words in (
            (("192.168.1.27",), "To open it on a phone"),
            (("192.168.1.27", "lab"), "the first of them"),
        ):
            printed = self.printed(Screen(), *hosts)
            self.assertIn(words, printed)
            self.assertIn(announcement.qr_code(URL), printed)
            self.assertIn("\n    AB:CD\n", printed)
        plain = self.printed(io.StringIO(), "192.168.1.27")
        self.assertIn(URL, plain)
        self.assertNotIn("phone", plain)

    def test_a_terminal_that_has_no_blocks(self) -> None:
        """It gets the address; nothing fails."""
        screen = Screen()
        screen.encoding = "latin-1"
        printed = self.printed(screen, "192.168.1.27")
        self.assertIn(URL, printed)
        self.assertNotIn("phone", printed)

    def test_a_server_that_nobody_else_reaches(self) -> None:
        """No address, no code."""
        self.assertNotIn("Others", self.printed(Screen()))
