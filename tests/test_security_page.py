"""docs/security.md: what it names is there."""

from __future__ import annotations

import re

from twisted.trial.unittest import SynchronousTestCase

from tests.attack.__main__ import known_attacks
from tests.audit import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text()


class PageTests(SynchronousTestCase):
    """The threat model is kept in step with the tests."""

    def test_every_attack_on_the_page_is_there(self) -> None:
        """By its whole name, or the beginning of some (`stop-…`)."""
        names = [attack.name for attack in known_attacks()]
        named = re.findall(r"`((?:account|member|door|files|heard|stop|cost|frames|outputs)-[a-z0-9-]*…?)`", PAGE)
        self.assertGreater(len(named), 15)
        for name in named:
            self.assertTrue(
                any(each == name or (name.endswith("…") and each.startswith(name[:-1])) for each in names), name
            )

    def test_every_file_on_the_page_is_there(self) -> None:
        """Tests and folders."""
        for path in re.findall(r"\btests/[\w/]+(?:\.py)?", PAGE):
            self.assertTrue((ROOT / path).exists(), path)

    def test_every_decision_on_the_page_is_there(self) -> None:
        """By its number."""
        for line in re.findall(r"[Dd]ecisions? ([0-9, and]+)", PAGE):
            for number in re.findall(r"\d+", line):
                self.assertTrue(list((ROOT / "docs" / "decisions").glob(f"{int(number):04}-*.md")), number)
