"""The frame of the attacks: it finds them, tells one that fell, and ends one that takes too long. The attacks themselves are `make attack`."""

from __future__ import annotations

import contextlib
import io
import time
from typing import Any
from unittest import mock

from twisted.trial.unittest import SynchronousTestCase

from tests.attack import Attack, Held, __main__
from tests.attack.ground import Figures, Ground


class FrameTests(SynchronousTestCase):
    """Running attacks."""

    def printed(self, *words: str, attacks: list[Attack] | None = None) -> tuple[int, str]:
        """The exit status and what was printed; `attacks` in place of those there are."""
        out = io.StringIO()
        with contextlib.ExitStack() as stack:
            stack.enter_context(contextlib.redirect_stdout(out))
            if attacks is not None:
                stack.enter_context(mock.patch.object(__main__, "known_attacks", lambda: attacks))
            return __main__.main(words), out.getvalue()

    def test_all_attacks_are_listed_with_what_they_threaten(self) -> None:
        """Every attack has a name of its own and a threat."""
        status, told = self.printed("--list")
        self.assertEqual(status, 0)
        self.assertGreater(len(told.splitlines()), 1)
        for attack in __main__.known_attacks():
            self.assertRegex(attack.name, r"\A[a-z0-9]+(-[a-z0-9]+)*\Z")
            self.assertTrue(attack.threat)

    def test_a_real_attack_on_a_real_server(self) -> None:
        """The ground stands, its people are in, a bystander measures, and the server is gone afterwards."""

        def rights(ground: Ground) -> Held:
            seen: list[Any] = []
            with ground.watched() as figures:
                for who in ground.guests:
                    told = ground.wire(who).call("session.get", session=ground.session)
                    seen.append(told["id"] == ground.session)
            return Held(all(seen) and figures.samples > 0, f"{len(seen)} guests are in")

        status, told = self.printed(attacks=[Attack("a", "none", rights)])
        self.assertEqual((status, "3 guests are in" in told), (0, True), told)

    def test_what_falls_and_what_cannot_be_done_is_told(self) -> None:
        """An attack that succeeds, breaks or hangs makes the exit status 1; the others run all the same."""

        def breaks(ground: Any) -> Held:
            raise ValueError("no such door")

        def hangs(ground: Any) -> Held:
            while True:
                time.sleep(0.001)

        tried = [
            Attack("falls", "x", lambda ground: Held(False, "the door stood open")),
            Attack("breaks", "x", breaks),
            Attack("hangs", "x", hangs, limit_s=0.05),
            Attack("holds", "x", lambda ground: Held(True, "the door was shut")),
        ]
        with mock.patch.object(__main__, "Ground", mock.MagicMock()):
            status, told = self.printed(attacks=tried)
        self.assertEqual(status, 1)
        lines = told.splitlines()
        self.assertEqual([line.split()[0] for line in lines[:4]], ["FELL", "FELL", "FELL", "held"])
        self.assertIn("ValueError: no such door", lines[1])
        self.assertEqual(lines[-1], "1 held, 3 fell")

    def test_figures_are_judged_less_what_the_machine_was_late(self) -> None:
        """A bystander who waited because the machine was busy blames nobody; one who got no answer blames the server."""
        self.assertTrue(Figures(health_ms=300, late_ms=150, samples=5).held("x").ok)
        self.assertFalse(Figures(call_ms=300, late_ms=50, samples=5).held("x").ok)
        self.assertFalse(Figures(samples=5, growth_mb=101).held("x").ok)
        self.assertFalse(Figures(samples=5, refused=1).held("x").ok)
        self.assertFalse(Figures().held("x").ok)
