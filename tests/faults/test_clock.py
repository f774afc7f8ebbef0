"""Faults of the wall clock: a person sets it, a machine wakes up, a time server corrects it. C10."""

from __future__ import annotations

import time

from tests.faults import FaultTestCase, counted, counting, rounds

WALL = ("time:time", "twisted.internet.base:ReactorBase.seconds", "webipy.service:now")
"""Where a server looks at its wall clock; Twisted's own reactor is by that, too."""

JUMPING = [{"at": at, "do": "jump"} for at in WALL]


class Clock(FaultTestCase):
    """The server's wall clock goes an hour forward and back again, all the time."""

    def test_c10_a_wall_clock_that_jumps_changes_no_order_and_no_timeout(self) -> None:
        """Nothing waits for the hour to pass, nothing is over because it has, and what is told of times is all that is wrong."""
        self.server.start(faults=JUMPING)
        session = self.server.session()
        watcher = self.subscribe(session)
        for number in range(rounds(5, 100)):
            name = f"r{number}"
            self.assertEqual(self.server.run(session, counting(300), name)["status"], "ok")
            self.assertLess(watcher.finished(name)["duration_s"], 1_800, "no hour is in it")
            self.assertEqual(watcher.printed(name), counted(300))
        times = [event["time"] for event in watcher.events]
        self.assertNotEqual(times, sorted(times), "the clock has jumped")
        self.server.call("execution.start", session=session, code="import time; time.sleep(600)", id="sleeps")
        began = time.monotonic()
        self.refused("timeout", "execution.wait", session=session, execution="sleeps", timeout_s=2)
        self.assertGreater(time.monotonic() - began, 1.9)
        self.server.call("kernel.interrupt", session=session)
        self.assertEqual(watcher.finished("sleeps")["status"], "error")
        self.assert_once(self.server.events(session))
