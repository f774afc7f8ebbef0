"""webipy.server.sessions.kernel_pool: kernels started in advance, with hosts in memory and time in the test's hand."""

from __future__ import annotations

import attrs
import msgspec
from twisted.internet.defer import Deferred

from tests.fakes import FakeHost, FakeLauncher, RigTestCase, result_of, spec_of
from webipy.core.ipynb import notebook_file
from webipy.server.sessions.kernel_pool import ANSWER_SECONDS, LONGEST_PAUSE_SECONDS, QUIET_SECONDS, KernelPool


class SpareTestCase(RigTestCase):
    """A server that keeps one spare in its root, /."""

    wanted = 1

    def setUp(self) -> None:
        super().setUp()
        sessions = self.rig.services.sessions
        self.spares = KernelPool(self.rig.services.world, "/", self.wanted, 86_400.0)
        sessions.take_spare = self.spares.take
        self.spares.start(sessions.is_starting)

    def quiet(self) -> None:
        """Nothing happens for long enough that spares are started."""
        self.rig.clock.advance(QUIET_SECONDS)
        self.rig.turn()

    def hosts(self) -> list[FakeHost]:
        """All hosts that there ever were."""
        return list(self.rig.disk.launcher.hosts.values())

    def begin(self, **params: object) -> object:
        """A session with a kernel is asked for; the host, if it is a spare, says that it has gone there."""
        asked = self.rig.me.ask("session.create", **{"kernelspec": "python3", **params})
        self.rig.turn()
        for host in self.hosts():
            if host.commands[-1:] and host.commands[-1][0] == "enter":
                host.tell("kernel_entered", cwd=host.commands[-1][1]["cwd"])
                if host.waits:
                    host.ready()
        return result_of(self.rig.wait(asked))


class Keeping(SpareTestCase):
    """When there is one, and when not."""

    def test_one_is_started_when_it_is_quiet(self) -> None:
        """A second after the start; it is of the default kernelspec, in the root, and no session."""
        self.assertEqual(self.hosts(), [])
        self.quiet()
        self.assertEqual([host.record.spec for host in self.hosts()], ["python3"])
        self.assertEqual(self.rig.me.call("session.list")["sessions"], [])
        self.quiet()
        self.assertEqual(len(self.hosts()), 1)

    def test_not_while_another_kernel_starts(self) -> None:
        """It waits until that is ready."""
        self.rig.me.call("session.create", kernelspec="other")
        for _ in range(3):
            self.quiet()
        self.assertEqual(len(self.hosts()), 1)
        self.rig.host.ready()
        self.quiet()
        self.assertEqual([host.record.spec for host in self.hosts()], ["other", "python3"])

    def test_one_that_dies_is_replaced_later_each_time(self) -> None:
        """Its host ends, its kernel dies, or it cannot be started."""
        self.quiet()
        pause = QUIET_SECONDS
        for end in (
            lambda host: host.end(),
            lambda host: host.tell("kernel_died", start=1, exit_status=3),
            lambda host: host.tell("start_failed", start=1, reason="no", tail=""),
            lambda host: host.end(),
        ):
            before, pause = len(self.hosts()), 2 * pause
            end(self.hosts()[-1])
            self.rig.clock.advance(pause - 0.1)
            self.rig.turn()
            self.assertEqual(len(self.hosts()), before)
            self.rig.clock.advance(0.1)
            self.rig.turn()
            self.assertEqual(len(self.hosts()), before + 1)
        self.assertTrue(all(host.is_removed for host in self.hosts()[:-1]))

    def test_a_launch_that_fails_is_tried_again_later_each_time(self) -> None:
        """Never more seldom than every five minutes."""
        self.rig.disk.launcher.refusal = "no memory"
        for _ in range(20):
            self.rig.clock.advance(LONGEST_PAUSE_SECONDS)
            self.rig.turn()
        self.assertEqual(self.hosts(), [])
        self.rig.disk.launcher.refusal = None
        self.rig.clock.advance(LONGEST_PAUSE_SECONDS)
        self.rig.turn()
        self.assertEqual(len(self.hosts()), 1)

    def test_a_spare_that_another_server_takes_is_one_that_ended(self) -> None:
        """It is replaced; what it says later changes nothing."""
        self.quiet()
        (host,) = self.hosts()
        assert host.link is not None
        receiver = host.link.receiver
        receiver.fenced()
        receiver.gone()
        self.assertEqual((self.spares.ready, host.is_removed), ([], True))
        self.rig.clock.advance(2 * QUIET_SECONDS)
        self.rig.turn()
        self.assertEqual((len(self.hosts()), len(self.spares.ready)), (2, 1))

    def test_one_that_is_launched_when_the_server_ends_is_discarded(self) -> None:
        """And one whose host has gone before it was reached."""
        self.rig.clock.advance(QUIET_SECONDS)
        self.spares.stop()
        self.rig.turn()
        self.assertEqual(([host.is_removed for host in self.hosts()], self.spares.ready), ([True], []))
        self.patch(FakeLauncher, "connect", lambda *_: None)
        self.spares.start(lambda: False)
        self.quiet()
        self.assertEqual(([host.is_removed for host in self.hosts()], self.spares.ready), ([True, True], []))

    def test_none_is_taken_for_a_folder_that_is_none(self) -> None:
        """The start of a kernel reports what is wrong with it; the spare stays."""
        self.quiet()
        self.rig.host.wait()
        for cwd in ("/nonexistent", "/\udcff"):
            taken = self.spares.take(spec_of("python3"), cwd)
            self.assertIsNone(self.successResultOf(Deferred.fromCoroutine(taken)))
        self.assertEqual(len(self.spares.ready), 1)

    def test_none_when_no_kernelspec_is_installed(self) -> None:
        """And one as soon as there is one."""
        known = self.rig.disk.launcher.known
        self.rig.disk.launcher.known = attrs.evolve(known, default=None, found={})
        self.quiet()
        self.assertEqual(self.hosts(), [])
        self.rig.disk.launcher.known = known
        self.quiet()
        self.assertEqual(len(self.hosts()), 1)

    def test_they_end_with_the_server(self) -> None:
        """And no more are started."""
        self.quiet()
        self.spares.stop()
        self.assertTrue(self.hosts()[0].is_removed)
        self.quiet()
        self.assertEqual(len(self.hosts()), 1)
        self.rig.me.call("session.create", kernelspec="python3")
        self.assertEqual(len(self.hosts()), 2)


class Taking(SpareTestCase):
    """A session gets one."""

    def setUp(self) -> None:
        super().setUp()
        self.quiet()
        (self.spare,) = self.hosts()
        self.spare.wait()
        self.rig.turn()

    def test_a_session_gets_a_kernel_that_was_waiting(self) -> None:
        """It hears everything from the start of that kernel on; code runs at once; another spare is started."""
        self.begin(cwd="/tmp")
        self.rig.turn()
        (session,) = self.rig.me.call("session.list")["sessions"]
        self.assertEqual((session["kernel"]["state"], session["kernel"]["id"]), ("idle", self.spare.record.kernel))
        name, content = self.spare.commands[0]
        self.assertEqual((name, content["cwd"], content["grace_s"]), ("enter", "/tmp", 86_400.0))
        self.assertEqual((content["code"], content["env"]), ("", {}))
        types = [event["type"] for event in self.rig.journal.events()]
        self.assertEqual(types[:4], ["session_created", "kernel_started", "kernel_state_changed", "kernel_ready"])
        execution = self.rig.me.call("execution.start", session=session["id"], code="1")["execution"]
        self.spare.run(execution)
        self.rig.turn()
        self.assertEqual(self.rig.me.call("execution.get", session=session["id"], execution=execution)["status"], "ok")
        self.assertEqual(len(self.hosts()), 1)
        self.quiet()
        self.assertEqual(len(self.hosts()), 2)

    def test_the_next_server_finds_it_as_any_other(self) -> None:
        """Its row and its event are those of a kernel that was just started."""
        self.begin()
        self.rig = self.rig.crashed()
        (session,) = self.rig.me.call("session.list")["sessions"]
        self.assertEqual(session["kernel"]["id"], self.spare.record.kernel)
        self.assertEqual(session["kernel"]["state"], "idle")

    def test_one_that_does_not_answer_is_not_taken(self) -> None:
        """The kernel is started as ever."""
        asked = self.rig.me.ask("session.create", kernelspec="python3")
        self.rig.turn()
        self.assertNoResult(asked)
        self.rig.clock.advance(ANSWER_SECONDS)
        kernel = result_of(self.rig.wait(asked))["kernel"]
        self.assertNotEqual(kernel["id"], self.spare.record.kernel)
        self.assertTrue(self.spare.is_removed)

    def test_one_that_dies_on_the_way_is_not_taken(self) -> None:
        """The kernel is started as ever."""
        asked = self.rig.me.ask("session.create", kernelspec="python3")
        self.rig.turn()
        self.spare.end()
        kernel = result_of(self.rig.wait(asked))["kernel"]
        self.assertNotEqual(kernel["id"], self.spare.record.kernel)

    def test_one_that_dies_after_it_was_taken_is_a_kernel_that_died(self) -> None:
        """Also when that is before its session has connected to it."""
        asked = self.rig.me.ask("session.create", kernelspec="python3")
        self.rig.turn()
        self.spare.is_alive = False
        self.spare.tell("kernel_entered", cwd="/")
        self.rig.wait(asked)
        self.rig.turn()
        (session,) = self.rig.me.call("session.list")["sessions"]
        self.assertEqual(session["kernel"]["state"], "dead")
        self.rig.me.call("kernel.restart", session=session["id"])

    def test_another_kernelspec_takes_none(self) -> None:
        """And leaves it for the next."""
        self.begin(kernelspec="other")
        self.assertEqual((self.spare.commands, len(self.hosts())), ([], 2))

    def test_a_kernelspec_that_was_changed_takes_none_and_ends_it(self) -> None:
        """What is started is what the file says now."""
        known = self.rig.disk.launcher.known
        changed = msgspec.structs.replace(spec_of("python3"), argv=["other", "{connection_file}"])
        self.rig.disk.launcher.known = attrs.evolve(known, found={**known.found, "python3": changed})
        self.begin()
        self.assertEqual((self.spare.commands, self.spare.is_removed), ([], True))

    def test_a_notebook_gets_one_with_its_name(self) -> None:
        """The host is told what the environment has to say."""
        self.rig.disk.files.put("a.ipynb", notebook_file.empty())
        self.begin(path="a.ipynb")
        self.assertEqual(self.spare.commands[0][1]["env"], {"JPY_SESSION_NAME": "/a.ipynb"})

    def test_one_that_cannot_wait_is_given_in_the_root_only(self) -> None:
        """Its startup files have run there."""
        known = self.rig.disk.launcher.known
        julia = msgspec.structs.replace(spec_of("python3"), language="julia")
        self.rig.disk.launcher.known = attrs.evolve(known, found={**known.found, "python3": julia})
        self.begin()
        self.quiet()
        self.rig.host.ready()
        self.quiet()
        spare = self.hosts()[-1]
        self.begin(cwd="/tmp")
        self.assertEqual(spare.commands, [])
        self.begin(cwd="/")
        self.assertEqual(spare.commands, [("enter", {"cwd": "/", "code": "", "grace_s": 86_400.0, "env": {}})])

    def test_a_session_with_an_environment_takes_none(self) -> None:
        """It may count from the first moment of a kernel on."""
        self.begin(env={"A": "1"})
        self.assertEqual((self.spare.commands, len(self.hosts())), ([], 2))
        self.assertEqual(self.hosts()[1].env, {"A": "1"})


class Many(SpareTestCase):
    """More than one."""

    wanted = 3

    def test_there_are_as_many_as_are_wanted(self) -> None:
        """One after the other, each when it is quiet."""
        for count in (1, 2, 3, 3):
            self.quiet()
            self.assertEqual(len(self.hosts()), count)


class NoSpares(SpareTestCase):
    """--spare-kernels 0."""

    wanted = 0

    def test_there_are_none(self) -> None:
        """Whatever happens."""
        self.quiet()
        self.begin()
        self.quiet()
        self.assertEqual(len(self.hosts()), 1)
