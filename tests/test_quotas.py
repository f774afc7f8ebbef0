"""webipy.server.people.quotas: what guests may write into a journal, and that a call which is refused has written nothing."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import Client, RigTestCase
from tests.test_shares import come, secret_of
from webipy.core import errors
from webipy.server.methods.api import METHODS
from webipy.server.people.quotas import DAY_SECONDS, FREE, MOST_KNOWN, OF_SESSION, Quotas
from webipy.server.sessions.retention import Retention

GRACE, ADA = "Grace (guest)", "Ada (guest)"


class Counting(SynchronousTestCase):
    """`Quotas`."""

    def setUp(self) -> None:
        self.now = 0.0
        self.quotas = Quotas(lambda: self.now, 1000)

    def fault(self, name: str = GRACE, session: str = "s") -> errors.Quota | None:
        """Why somebody may not write, or nothing."""
        try:
            self.quotas.check(session, name)
        except errors.Quota as fault:
            return fault
        return None

    def test_each_guest_has_so_much_in_a_day(self) -> None:
        """It runs off evenly, and is told."""
        self.quotas.charge("s", GRACE, 999)
        self.assertIsNone(self.fault())
        self.quotas.charge("s", GRACE, 501)
        fault = self.fault()
        assert fault is not None
        free = fault.facts["free_in_s"]
        self.assertEqual(fault.facts, {"what": "journal_bytes", "limit": 1000, "used": 1500, "free_in_s": free})
        self.assertIsNone(self.fault(ADA))
        self.assertIsNone(self.fault(GRACE, "another"))
        self.now += DAY_SECONDS / 2 - 10
        self.assertIsNotNone(self.fault())
        self.now += 20
        self.assertIsNone(self.fault())
        self.assertLess(abs(float(str(free)) - DAY_SECONDS / 2), 2)

    def test_all_guests_of_a_session_have_so_much_together(self) -> None:
        """However many logins one has made."""
        for n in range(OF_SESSION * 2):
            self.quotas.charge("s", f"Bot {n} (guest)", 500)
        self.assertIsNotNone(self.fault())

    def test_only_guests_pay(self) -> None:
        """Not the kernel, the server and whoever runs it."""
        for by in (None, "ada", "guest"):
            self.quotas.charge("s", by, 10_000)
        self.assertIsNone(self.fault("ada"))

    def test_it_remembers_so_many(self) -> None:
        """Those who wrote last."""
        for n in range(MOST_KNOWN):
            self.quotas.charge("s", f"{n} (guest)", 1)
        self.assertLessEqual(len(self.quotas._used), MOST_KNOWN)

    def test_what_is_free_is_there(self) -> None:
        """Each is a method."""
        self.assertEqual(FREE - METHODS.keys(), set())


class Calls(RigTestCase):
    """Through the table."""

    def setUp(self) -> None:
        super().setUp()
        self.session = self.rig.session()
        url = self.rig.me.call("share.link", session=self.session, verb="write")["url"]
        self.grace: Client = come(self.rig, secret_of(url)).client
        self.rig.services.quotas.guest_bytes = 20_000

    def insert(self, client: Any, size: int) -> None:
        """A cell of so many characters."""
        client.call("cell.insert", session=self.session, source="x" * size)

    def test_one_who_has_written_all_there_is_writes_no_more(self) -> None:
        """What goes beyond it is written whole, the next is not begun; reading goes on, and the owner notices nothing."""
        self.insert(self.grace, 30_000)
        before = self.rig.journal.written
        for method, more in (("cell.insert", {"source": "x"}), ("notebook.set_metadata", {"metadata": {"a": 1}})):
            self.refused("quota", method, self.grace, session=self.session, **more)
        self.assertEqual(self.rig.journal.written, before)
        self.grace.call("cell.list", session=self.session)
        self.insert(self.rig.me, 30_000)
        self.rig.clock.advance(DAY_SECONDS)
        self.insert(self.grace, 10)

    def test_a_journal_that_has_grown_is_cut_at_once(self) -> None:
        """Not an hour later; and as often as it is over its size."""
        services = self.rig.services
        retention = Retention(services.world, services.sessions, services.closed_sessions, 2, None)
        services.sessions.appends.add(retention.grown)
        self.rig.me.call("cell.insert", session=self.session, id="c", source="x")
        firsts = set()
        for _ in range(16):
            self.rig.me.call("cell.set_source", session=self.session, cell="c", source="y" * 700_000)
            self.rig.me.call("cell.set_source", session=self.session, cell="c", source="z")
            self.rig.turn()
            firsts.add(self.rig.journal.first_seq)
        self.assertGreater(len(firsts), 3)
        self.assertEqual(retention._checking, set())
