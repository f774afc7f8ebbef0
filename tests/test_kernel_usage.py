"""webipy.server.sessions.kernel_usage and kernel.usage: what kernels use, looked at when somebody asks."""

from __future__ import annotations

from typing import Any

from tests.fakes import RigTestCase
from webipy.server.ports.kernels import Used
from webipy.server.sessions.kernel_usage import FRESH_SECONDS, MOMENT_SECONDS, OLD_SECONDS

PID = 4711
"""Of the kernels of tests.fakes."""


class Asking(RigTestCase):
    """A session with a kernel."""

    def setUp(self) -> None:
        super().setUp()
        self.session = self.rig.session("python3")
        self.processes = self.rig.disk.processes
        self.processes.found[PID] = Used(400_000_000, 10.0, 3)

    def ask(self, session: str | None = None) -> list[dict[str, Any]]:
        """What is told; time passes if it must."""
        told: list[Any] = []
        self.rig.me.ask("kernel.usage", session=session).addCallback(told.append)
        for _ in range(20):
            self.rig.clock.advance(0)
        if not told:
            self.rig.clock.advance(MOMENT_SECONDS)
        for _ in range(20):
            self.rig.clock.advance(0)
        kernels: list[dict[str, Any]] = told[0]["result"]["kernels"]
        return kernels

    def test_the_first_time(self) -> None:
        """Two looks, a moment apart."""
        kernel = self.rig.me.call("session.get", session=self.session)["kernel"]["id"]
        expected = {"session": self.session, "kernel": kernel, "memory_bytes": 400_000_000, "cpu": 0.0, "processes": 3}
        self.assertEqual(self.ask(), [expected])
        self.assertEqual(self.processes.looks, [{PID}, {PID}])

    def test_again_and_again(self) -> None:
        """One look each time, and the share of the processor is that since the last one."""
        self.ask()
        self.rig.clock.advance(2.0)
        self.processes.found[PID] = Used(500_000_000, 13.0, 1)
        told = self.ask(self.session)[0]
        self.assertEqual((told["memory_bytes"], told["cpu"], told["processes"]), (500_000_000, 1.5, 1))
        self.assertEqual(len(self.processes.looks), 3)

    def test_many_ask_at_once(self) -> None:
        """They are told of the same look; so is who comes a moment later."""
        told: list[Any] = []
        for _ in range(5):
            self.rig.me.ask("kernel.usage").addCallback(told.append)
        self.rig.turn()
        self.rig.clock.advance(MOMENT_SECONDS)
        self.rig.turn()
        self.assertEqual(len(told), 5)
        self.rig.clock.advance(FRESH_SECONDS / 2)
        self.ask()
        self.assertEqual(len(self.processes.looks), 2)

    def test_nobody_asks(self) -> None:
        """Nothing is looked at, and what was is too old to compare with."""
        self.rig.clock.advance(1000)
        self.assertEqual(self.processes.looks, [])
        self.ask()
        self.rig.clock.advance(OLD_SECONDS + 1)
        self.ask()
        self.assertEqual(len(self.processes.looks), 4)

    def test_a_process_that_has_ended_takes_its_time_along(self) -> None:
        """Less than nothing is nothing."""
        self.ask()
        self.rig.clock.advance(2.0)
        self.processes.found[PID] = Used(1, 2.0, 1)
        self.assertEqual(self.ask()[0]["cpu"], 0.0)

    def test_a_kernel_that_came_since(self) -> None:
        """Its share is not known yet."""
        del self.processes.found[PID]
        self.assertEqual(self.ask(), [])
        self.rig.clock.advance(2.0)
        self.processes.found[PID] = Used(1, 2.0, 1)
        self.assertIsNone(self.ask()[0]["cpu"])

    def test_a_kernel_that_came_a_moment_ago(self) -> None:
        """The look before did not know it, however fresh that is."""
        self.rig.host.tell("kernel_died", start=1, exit_status=None, signal="SIGKILL", tail="", expected=False)
        self.rig.turn()
        self.assertEqual(self.ask(), [])
        self.rig.host.tell("kernel_starting", start=2, pid=PID)
        self.rig.turn()
        self.assertEqual([one["memory_bytes"] for one in self.ask()], [400_000_000])

    def test_what_has_no_process(self) -> None:
        """A session without a kernel, one whose kernel died, and one that is not there."""
        other = self.rig.session()
        self.assertEqual(self.ask(other), [])
        self.rig.host.tell("kernel_died", start=1, exit_status=None, signal="SIGKILL", tail="", expected=False)
        self.rig.turn()
        self.rig.clock.advance(2.0)
        self.assertEqual(self.ask(self.session), [])
        self.refused("not_found", "kernel.usage", session="ghost")

    def test_a_look_that_fails(self) -> None:
        """Is told to everybody who waited, and the next one is new."""
        self.processes.fault = OSError(24, "Too many open files")
        told: list[Any] = []
        for _ in range(2):
            self.rig.me.ask("kernel.usage").addCallback(told.append)
        self.rig.turn()
        self.assertEqual([reply["error"]["data"]["name"] for reply in told], ["internal_error", "internal_error"])
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 2)
        self.processes.fault = None
        self.assertEqual(len(self.ask()), 1)

    def test_after_the_server_was_away(self) -> None:
        """The host tells the process anew."""
        rig = self.rig.crashed()
        self.rig = rig
        self.assertEqual(rig.me.call("session.get", session=self.session)["kernel"]["pid"], PID)
        self.assertEqual(len(self.ask(self.session)), 1)
