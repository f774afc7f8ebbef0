"""webipy.io.machine: what the machine offers, and who pays for work that is done in a thread."""

from __future__ import annotations

import ctypes
import errno
import getpass
import os
import pwd
import resource
import signal
from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from twisted.internet.defer import Deferred, execute
from twisted.trial.unittest import SynchronousTestCase

from webipy.io import machine
from webipy.server.people.budgets import PAYER


class Facts(SynchronousTestCase):
    """What the server asks of the machine."""

    def test_secrets_are_long_and_never_the_same(self) -> None:
        """256 bits, in characters that need no escape in an address."""
        found = {machine.new_secret() for _ in range(50)}
        self.assertEqual(len(found), 50)
        for secret in found:
            self.assertRegex(secret, r"^[\w-]{43}$")

    def test_the_time_is_utc_with_microseconds(self) -> None:
        """As events have it."""
        self.assertRegex(machine.now(), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
        self.assertEqual(datetime.fromisoformat(machine.now()).utcoffset(), timedelta(0))

    def test_a_user_without_a_name_has_a_number(self) -> None:
        """As in a container that runs under a number of its own."""
        self.patch(getpass, "getuser", lambda: "ada")
        self.assertEqual(machine.username(), "ada")
        for fault in (KeyError("getpwuid(): uid not found: 5"), OSError("No username set in the environment")):

            def fail(fault: Exception = fault) -> str:
                raise fault

            self.patch(getpass, "getuser", fail)
            self.assertEqual(machine.username(), f"uid {os.getuid()}")

    def test_people_are_called_by_their_full_names(self) -> None:
        """As the account has it; else by the user name; never `root`, and nothing that cannot be shown."""
        table = [
            ("ada", "Ada Lovelace,Room 1,,", "Ada Lovelace"), ("ada", "", "ada"), ("ada", "& Lovelace", "Ada Lovelace"),
            ("root", "root", "Owner"), ("root", "Ada", "Ada"), ("root", "", "Owner"), ("ada", "\u202eevil", "ada"), ("ada", "x" * 99, "x" * 40),
        ]  # fmt: skip
        for user, written, name in table:
            self.patch(getpass, "getuser", lambda user=user: user)
            self.patch(pwd, "getpwuid", lambda _, written=written: SimpleNamespace(pw_gecos=written))
            self.assertEqual(machine.full_name(), name, (user, written))

        def fail(*_: Any) -> Any:
            raise KeyError("uid not found")

        self.patch(getpass, "getuser", fail)
        self.patch(pwd, "getpwuid", fail)
        self.assertEqual(machine.full_name(), "Owner")

    def test_this_process_may_open_as_many_files_as_the_system_lets_it(self) -> None:
        """And the limits that it had are for kernels."""
        limits = [(256, 4096)]
        self.patch(resource, "getrlimit", lambda _: limits[-1])
        self.patch(resource, "setrlimit", lambda _, limit: limits.append(limit))
        self.assertEqual(machine.most_files(), 256)
        self.assertEqual(machine.raise_file_limit(), (256, 4096))
        self.assertEqual((machine.most_files(), limits[-1]), (4096, (4096, 4096)))


class EndWith(SynchronousTestCase):
    """`end_with`, in a process that is only said to have an owner."""

    def setUp(self) -> None:
        self.asked: list[tuple[int, ...]] = []
        self.signals: list[tuple[int, int]] = []
        self.result = 0
        this = self

        class Library:
            def prctl(self, *numbers: int) -> int:
                this.asked.append(numbers)
                return this.result

        self.patch(ctypes, "CDLL", lambda name, use_errno: Library())
        self.patch(ctypes, "get_errno", lambda: errno.EPERM)
        self.patch(os, "kill", lambda pid, number: self.signals.append((pid, number)))

    def test_it_ends_when_its_owner_does(self) -> None:
        """The kernel of the system sees to it: PR_SET_PDEATHSIG is 1."""
        machine.end_with(os.getppid())
        self.assertEqual((self.asked, self.signals), ([(1, signal.SIGTERM)], []))

    def test_it_ends_at_once_when_its_owner_has_ended_before_it_asked(self) -> None:
        """Another process is its parent by then."""
        machine.end_with(os.getppid() + 1)
        self.assertEqual(self.signals, [(os.getpid(), signal.SIGTERM)])

    def test_a_system_that_refuses_is_reported(self) -> None:
        """With the reason."""
        self.result = -1
        with self.assertRaises(OSError) as caught:
            machine.end_with(os.getppid() + 1)
        self.assertEqual((caught.exception.errno, self.signals), (errno.EPERM, []))


class Payer:
    """Adds up what it pays."""

    def __init__(self) -> None:
        self.spent: list[float] = []

    def spend(self, seconds: float) -> None:
        """A part of what a call costs."""
        self.spent.append(seconds)


class Aside(SynchronousTestCase):
    """Work in a thread; here it runs when the test says so."""

    def setUp(self) -> None:
        self.waiting: list[Callable[[], object]] = []
        times = iter([10.0, 10.25, 30.0, 30.5])
        self.patch(machine, "time", SimpleNamespace(monotonic=lambda: next(times)))
        self.patch(machine, "deferToThread", self.later)

    def later(self, call: Callable[[], Any]) -> Deferred[Any]:
        """Fires with what the call returns, when it has run."""
        done: Deferred[Any] = Deferred()
        self.waiting.append(lambda: execute(call).chainDeferred(done))
        return done

    def test_whoever_asked_pays_for_the_time_of_the_thread(self) -> None:
        """Also when somebody else's call has its turn by the time it is done."""
        first, second = Payer(), Payer()
        before = PAYER.set(first)  # type: ignore[arg-type]  # all that is asked of a budget here
        done = machine.aside(lambda: 5)
        PAYER.set(second)  # type: ignore[arg-type]  # as above
        self.waiting.pop()()
        PAYER.reset(before)
        self.assertEqual((self.successResultOf(done), first.spent, second.spent), (5, [0.25], []))

    def test_work_of_the_server_itself_costs_nobody(self) -> None:
        """A save, say."""
        done = machine.aside(lambda: "x")
        self.waiting.pop()()
        self.assertEqual(self.successResultOf(done), "x")
