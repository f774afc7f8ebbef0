"""webipy.io.passwords: hashing in a thread, in turns."""

from __future__ import annotations

from typing import Any, cast

from twisted.internet import reactor
from twisted.internet.defer import gatherResults
from twisted.trial.unittest import TestCase

from webipy.core import errors
from webipy.io import passwords
from webipy.io.passwords import Argon2Passwords
from webipy.io.reactor import TimedReactor
from webipy.server.ports.passwords import Checked

PASSWORD = "seven brown kettles"


class Argon2(TestCase):
    """`Argon2Passwords`."""

    timeout = 60

    def setUp(self) -> None:
        self.passwords = Argon2Passwords(cast(TimedReactor, reactor))
        self.addCleanup(lambda: self.passwords.stop())

    async def test_the_right_one_is_right(self) -> None:
        """And no other; each hash has a salt of its own, and says how it was made."""
        first, second = await self.passwords.hash(PASSWORD, ""), await self.passwords.hash(PASSWORD, "")
        self.assertNotEqual(first, second)
        self.assertTrue(first.startswith("$argon2id$v=19$m=47104,t=1,p=1$"), first)
        self.assertEqual(await self.passwords.check(first, PASSWORD, ""), Checked(True))
        self.assertEqual(await self.passwords.check(first, PASSWORD + " ", ""), Checked(False))
        self.assertEqual(await self.passwords.check("changed from outside", PASSWORD, ""), Checked(False))

    async def test_without_a_hash_it_is_wrong(self) -> None:
        """Whatever is sent, also the text that the hash of nobody is made of."""
        for password in (PASSWORD, "", "a password that nobody has"):
            self.assertEqual(await self.passwords.check(None, password, ""), Checked(False))

    async def test_a_hash_of_other_parameters_is_renewed(self) -> None:
        """When the password is right."""
        from argon2 import PasswordHasher

        old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
        checked = await self.passwords.check(old, PASSWORD, "")
        assert checked.renewed is not None
        self.assertEqual(await self.passwords.check(checked.renewed, PASSWORD, ""), Checked(True))
        self.assertEqual(await self.passwords.check(old, "wrong", ""), Checked(False))

    async def test_frequent_passwords(self) -> None:
        """Of a list that is installed."""
        for password, is_frequent in (("sunshine1", True), ("SUNSHINE1", True), ("password1", True), (PASSWORD, False)):
            self.assertEqual(await self.passwords.is_frequent(password), is_frequent, password)

    async def test_rows_have_turns(self) -> None:
        """One of another address waits for one of a long row, not for all of it; and too long a row, and too many, are refused."""
        order: list[str] = []

        def note(name: str) -> Any:
            return lambda _: order.append(name)

        waits = [
            self.passwords._run("a", lambda: None).addCallback(note(f"a{number}"))
            for number in range(passwords.MOST_OF_ROW)
        ]
        waits.append(self.passwords._run("b", lambda: None).addCallback(note("b")))
        await gatherResults(waits)
        self.assertEqual(order[:3], ["a0", "a1", "b"])

    async def test_too_many(self) -> None:
        """Of one row, and of all."""
        waits = [self.passwords._run("a", lambda: None) for _ in range(passwords.MOST_OF_ROW + 1)]
        await self.assertFailure(self.passwords._run("a", lambda: None), errors.Throttled)
        waits += [
            self.passwords._run(str(row), lambda: None) for row in range(passwords.MOST_WAITING - passwords.MOST_OF_ROW)
        ]
        await self.assertFailure(self.passwords._run("other", lambda: None), errors.Throttled)
        await gatherResults(waits)
        await self.passwords._run("a", lambda: None)

    async def test_what_fails_is_told_and_the_next_one_has_its_turn(self) -> None:
        """A fault of one is no fault of others."""
        failed = self.passwords._run("a", lambda: 1 // 0)
        after = self.passwords._run("a", lambda: 7)
        await self.assertFailure(failed, ZeroDivisionError)
        self.assertEqual(await after, 7)
