"""webipy.io.web.anonymous_connections: who goes when there is no room."""

from __future__ import annotations

import random

from twisted.trial.unittest import SynchronousTestCase

from webipy.io.web.anonymous_connections import AnonymousConnections
from webipy.io.web.request_auth import network_of


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
        self.assertEqual(network_of("10.1.2.3"), "10.1.2.3")
        self.assertEqual(network_of("2001:db8:1:2:3::4"), network_of("2001:db8:1:2:ffff::1"))
        self.assertNotEqual(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:3::1"))
        self.assertEqual(network_of("::ffff:10.1.2.3"), "10.1.2.3")
        self.assertEqual(network_of("fe80::1%eth0"), network_of("fe80::2"))
        self.assertEqual(network_of(""), "")

    def test_another_address_has_its_own_room(self) -> None:
        """One with many connections takes no place of others, until all is full."""
        anonymous, mine = AnonymousConnections(most_of_address=2, most=100), Line()
        anonymous.opened(mine, "10.0.0.1")
        others = [Line() for _ in range(50)]
        for other in others:
            anonymous.opened(other, "10.0.0.2")
        self.assertFalse(mine.is_ended)
        self.assertEqual([other.is_ended for other in others], [True] * 48 + [False] * 2)

    def test_random_sequences_keep_to_the_limits(self) -> None:
        """Never more than may be, the newest always stays, and what is known is never ended."""
        for seed in range(50):
            rolls = random.Random(seed)
            anonymous, here, known = AnonymousConnections(most_of_address=5, most=12), [], []
            for _ in range(300):
                roll = rolls.random()
                if roll < 0.6:
                    line = Line()
                    here.append((line, address := f"10.0.0.{rolls.randint(1, 4)}"))
                    anonymous.opened(line, address)
                    self.assertFalse(line.is_ended, f"seed {seed}")
                elif here and roll < 0.8:
                    anonymous.progressed(rolls.choice(here)[0])
                elif here:
                    line = here.pop(rolls.randrange(len(here)))[0]
                    anonymous.forget(line)
                    if not line.is_ended:
                        known.append(line)
                here = [(line, address) for line, address in here if not line.is_ended]
                counts = [sum(at == f"10.0.0.{n}" for _, at in here) for n in range(1, 5)]
                self.assertLessEqual((max(counts), len(here)), (5, 12), f"seed {seed}")
                self.assertEqual(len(anonymous), len(here), f"seed {seed}")
            self.assertFalse(any(line.is_ended for line in known), f"seed {seed}")
