"""webipy.io.web.anonymous_connections: who goes when there is no room."""

from __future__ import annotations

import random

from twisted.trial.unittest import SynchronousTestCase

from webipy.io.web.anonymous_connections import Strangers, place_of


class Line:
    """A connection."""

    is_ended = False

    def abortConnection(self) -> None:
        """Ends it."""
        self.is_ended = True


class StrangersTests(SynchronousTestCase):
    """Counts."""

    def test_what_one_address_is(self) -> None:
        """IPv4 as it is, IPv6 by its first half, one in the other as what it is."""
        self.assertEqual(place_of("10.1.2.3"), "10.1.2.3")
        self.assertEqual(place_of("2001:db8:1:2:3::4"), place_of("2001:db8:1:2:ffff::1"))
        self.assertNotEqual(place_of("2001:db8:1:2::1"), place_of("2001:db8:1:3::1"))
        self.assertEqual(place_of("::ffff:10.1.2.3"), "10.1.2.3")
        self.assertEqual(place_of("fe80::1%eth0"), place_of("fe80::2"))
        self.assertEqual(place_of(""), "")

    def test_another_address_has_its_own_room(self) -> None:
        """One with many connections takes no place of others, until all is full."""
        strangers, mine = Strangers(most_of_address=2, most=100), Line()
        strangers.came(mine, "10.0.0.1")
        others = [Line() for _ in range(50)]
        for other in others:
            strangers.came(other, "10.0.0.2")
        self.assertFalse(mine.is_ended)
        self.assertEqual([other.is_ended for other in others], [True] * 48 + [False] * 2)

    def test_random_sequences_keep_to_the_limits(self) -> None:
        """Never more than may be, the newest always stays, and what is known is never ended."""
        for seed in range(50):
            rolls = random.Random(seed)
            strangers, here, known = Strangers(most_of_address=5, most=12), [], []
            for _ in range(300):
                roll = rolls.random()
                if roll < 0.6:
                    line = Line()
                    here.append((line, address := f"10.0.0.{rolls.randint(1, 4)}"))
                    strangers.came(line, address)
                    self.assertFalse(line.is_ended, f"seed {seed}")
                elif here and roll < 0.8:
                    strangers.got_on(rolls.choice(here)[0])
                elif here:
                    line = here.pop(rolls.randrange(len(here)))[0]
                    strangers.forget(line)
                    if not line.is_ended:
                        known.append(line)
                here = [(line, address) for line, address in here if not line.is_ended]
                counts = [sum(at == f"10.0.0.{n}" for _, at in here) for n in range(1, 5)]
                self.assertLessEqual((max(counts), len(here)), (5, 12), f"seed {seed}")
                self.assertEqual(len(strangers), len(here), f"seed {seed}")
            self.assertFalse(any(line.is_ended for line in known), f"seed {seed}")
