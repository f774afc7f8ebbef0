"""webipy.core.mail_address."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from webipy.core import errors
from webipy.core.mail_address import MAX_ADDRESS, mail_address


class Addresses(SynchronousTestCase):
    """What may be one."""

    def test_what_people_have(self) -> None:
        """Without what was typed around it."""
        for given in ("ada@example.org", "a.b+c@x-1.example.org", "o'neil@host", "a@" + "b" * 63 + ".org"):
            self.assertEqual(mail_address(f" {given}\n"), given)

    def test_what_is_none(self) -> None:
        """Nothing that could be more than one address, or another line, or another command."""
        for given in (
            *(
                "",
                "ada",
                "@x.org",
                "a@",
                "a@@b.org",
                "a b@x.org",
                "a@b..org",
                "a@-b.org",
                ".a@b.org",
                "a.@b.org",
                "a@b.org.",
            ),
            *(
                "a@b.org,c@d.org",
                "a@b.org;c@d.org",
                "Ada <a@b.org>",
                "<a@b.org>",
                "a@b.org\r\nRCPT TO:<c@d.org>",
                "a@b.org\nBcc: c@d.org",
            ),
            *("a\0@b.org", "ä@b.org", "a@ü.org", "a@[127.0.0.1]", "a" * 65 + "@b.org", "a@" + "b" * 64 + ".org"),
            "a@" + ".".join(["b" * 60] * 4) + "." + "c" * 20,
        ):
            self.assertEqual(
                self.assertRaises(errors.InvalidParams, mail_address, given).facts["field"], "address", given
            )
        self.assertLess(MAX_ADDRESS, 256)
