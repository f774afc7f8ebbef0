"""webipy.server.sessions.sessions: sessions are made, found, given kernels, closed, and come back when the server does."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import (
    Disk,
    FakeHost,
    Rig,
    RigTestCase,
    examples,
    make_rig,
    message,
    printed,
    result_of,
    run_of,
)
from webipy.core import errors
from webipy.core.ipynb import notebook_file
from webipy.server.ports.kernels import Specs


def types(rig: Rig, session: str) -> list[str]:
    """Types of the written events of a session."""
    return [event["type"] for event in rig.disk.journals.found[session].events()]


class Making(RigTestCase):
    """`session.create` and its neighbours."""

    def test_a_session_and_its_first_event(self) -> None:
        """What a client is told of it."""
        made = self.rig.me.call("session.create", title="T", cwd="/tmp")
        self.assertEqual(
            made,
            {
                "id": "id1",
                "title": "T",
                "path": None,
                "cwd": "/tmp",
                "kernel": None,
                "first_seq": 1,
                "seq": 1,
                "durable_seq": 0,
                "created": "2026-03-01T09:30:00.000000Z",
                "last_activity": "2026-03-01T09:30:00.000000Z",
                "temporary": False,
                "client_path": None,
                "verb": "own",
            },
        )
        self.assertEqual(
            self.rig.journal.events(),
            [
                {
                    "type": "session_created",
                    "seq": 1,
                    "time": "2026-03-01T09:30:00.000000Z",
                    "by": "ada",
                    "session": "id1",
                    "title": "T",
                    "cwd": "/tmp",
                }
            ],
        )
        self.rig.clock.advance(0.1)
        self.assertEqual(self.rig.me.call("session.get", session="id1")["durable_seq"], 1)

    def test_a_title_is_found_where_none_was_given(self) -> None:
        """The file's name, else the time."""
        self.rig.disk.files.create("a", "folder")
        made = self.rig.me.call("session.create", path="a/b.ipynb", cwd=".", create=True)
        self.assertEqual(made["title"], "b.ipynb")
        self.assertEqual(self.rig.me.call("session.create")["title"], "Session 2026-03-01 09:30")

    def test_a_path_and_an_id_open_the_session_that_there_is(self) -> None:
        """Also when two clients ask in the same turn."""
        self.rig.disk.files.put("a.ipynb", notebook_file.empty())
        calls: list[dict[str, Any]] = [{"path": "a.ipynb"}, {"id": "mine"}]
        for params in calls:
            told = [self.rig.client().ask("session.create", **params) for _ in range(3)]
            self.rig.turn()
            self.assertEqual(len({result_of(self.successResultOf(one))["id"] for one in told}), 1)
        self.assertEqual(len(self.rig.me.call("session.list")["sessions"]), 2)

    def test_the_list_has_the_latest_activity_first(self) -> None:
        """As a person looks for it."""
        one = self.rig.session()
        self.rig.clock.advance(1)
        two = self.rig.session()
        self.assertEqual([s["id"] for s in self.rig.me.call("session.list")["sessions"]], [two, one])
        self.rig.clock.advance(1)
        self.rig.me.call("cell.insert", session=one)
        self.assertEqual([s["id"] for s in self.rig.me.call("session.list")["sessions"]], [one, two])

    def test_a_folder_that_does_not_exist_is_refused(self) -> None:
        """And nothing is made."""
        for cwd in ("/nonexistent", "a\x00b", __file__):
            fault = self.refused("invalid_params", "session.create", cwd=cwd)
            self.assertEqual(fault.facts["field"], "cwd")
        self.assertEqual(self.rig.disk.registry.records, {})

    def test_a_folder_is_taken_below_the_root(self) -> None:
        """Unless it is absolute."""
        self.assertEqual(self.rig.me.call("session.create", cwd="tmp")["cwd"], "/tmp")
        self.assertEqual(
            self.rig.me.call("session.create", cwd=os.path.dirname(__file__))["cwd"], os.path.dirname(__file__)
        )

    def test_an_unknown_kernelspec_is_told_before_anything_is_made(self) -> None:
        """The failure lists the known ones."""
        fault = self.refused("unknown_kernelspec", "session.create", kernelspec="nope")
        self.assertEqual(fault.facts["known"], ["other", "python3"])
        self.assertIn("other, python3", fault.message)
        self.assertEqual(self.rig.disk.registry.records, {})

    def test_rename(self) -> None:
        """An event, and in the registry."""
        session = self.rig.session()
        self.assertEqual(self.rig.me.call("session.rename", session=session, title="New")["title"], "New")
        self.assertEqual(self.rig.disk.registry.records[session].title, "New")
        self.assertEqual(self.rig.crashed().me.call("session.get", session=session)["title"], "New")

    def test_a_session_that_is_not_there(self) -> None:
        """By id."""
        fault = self.refused("not_found", "session.get", session="ghost")
        self.assertEqual((fault.facts["kind"], fault.facts["id"]), ("session", "ghost"))


class Closing(RigTestCase):
    """`session.close`."""

    def test_the_kernel_is_shut_down_and_the_journal_ends(self) -> None:
        """What was open ends, and the last event says so."""
        session = self.rig.session("python3")
        execution = self.rig.me.call("execution.start", session=session, code="1")["execution"]
        journal = self.rig.journal
        self.rig.me.call("session.close", session=session)
        self.assertEqual(self.rig.host.commands[-1][0], "shut_down")
        self.assertEqual(
            types(self.rig, session)[-4:],
            ["kernel_died", "execution_finished", "kernel_state_changed", "session_closed"],
        )
        self.assertTrue(journal.events()[-4]["expected"], "a person closed it")
        self.assertEqual(journal.events()[-3]["execution"], execution)
        self.refused("not_found", "session.get", session=session)
        self.assertEqual(self.rig.me.call("session.list"), {"sessions": []})
        self.assertEqual(self.rig.crashed().me.call("session.list"), {"sessions": []})

    def test_readers_get_the_last_event_and_the_slow_one_delays_nobody(self) -> None:
        """A suspended tab does not hold the answer back."""
        session = self.rig.session()
        quick, slow = self.rig.client(), self.rig.client()
        for client in (quick, slow):
            client.call("session.subscribe", session=session)
        self.rig.turn()
        slow.connection.pause()
        self.rig.me.call("session.close", session=session)
        self.assertEqual(quick.notified()[-1]["type"], "session_closed")
        slow.connection.resume()
        self.rig.turn()
        self.assertEqual(slow.notified()[-1]["type"], "session_closed")

    def test_closing_twice_is_told(self) -> None:
        """Also in the same turn."""
        session = self.rig.session()
        told = [self.rig.client().ask("session.close", session=session) for _ in range(2)]
        self.rig.turn()
        names = [self.successResultOf(one).get("error", {}).get("data", {}).get("name") for one in told]
        self.assertEqual(names, [None, "not_found"])
        self.assertEqual(types(self.rig, session).count("session_closed"), 1)

    def test_a_session_that_is_closed_while_its_kernel_starts_leaves_no_kernel(self) -> None:
        """One after the other: the kernel that was just started is shut down."""
        session = self.rig.session()
        started = self.rig.me.ask("kernel.start", session=session)
        closed = self.rig.client().ask("session.close", session=session)
        self.rig.turn(30)
        self.successResultOf(started)
        result_of(self.successResultOf(closed))
        self.assertEqual(types(self.rig, session)[-1], "session_closed")
        self.assertEqual(self.rig.host.commands[-1][0], "shut_down")

    def test_the_id_of_a_closed_session_is_not_used_again(self) -> None:
        """Its journal stays on the disk."""
        self.rig.me.call("session.create", id="mine")
        self.rig.me.call("session.close", session="mine")
        fault = self.refused("already_exists", "session.create", id="mine")
        self.assertEqual((fault.facts["kind"], fault.facts["id"]), ("session", "mine"))


class Kernels(RigTestCase):
    """`kernel.start` and `kernel.restart`."""

    def setUp(self) -> None:
        super().setUp()
        self.session = self.rig.session()

    def start(self, kernelspec: str | None = None) -> FakeHost:
        """Starts a kernel and makes it ready."""
        self.rig.me.call("kernel.start", session=self.session, kernelspec=kernelspec)
        self.rig.host.ready()
        self.rig.turn()
        return self.rig.host

    def state(self) -> str:
        """The kernel's state."""
        return str(self.rig.me.call("session.get", session=self.session)["kernel"]["state"])

    def test_a_start_is_answered_while_it_starts(self) -> None:
        """Executions may be sent at once: they wait for it."""
        kernel = self.rig.me.call("kernel.start", session=self.session)["kernel"]
        self.assertEqual((kernel["state"], kernel["kernelspec"], kernel["start"]), ("starting", "python3", 1))
        self.rig.me.call("execution.start", session=self.session, code="1")
        self.assertEqual(len(self.rig.host.executed()), 1)
        self.rig.host.ready()
        self.rig.turn()
        self.assertEqual(self.state(), "idle")

    def test_a_living_kernel_of_that_kernelspec_is_kept(self) -> None:
        """By name, or when any is fine."""
        host = self.start("other")
        for kernelspec in ("other", None):
            self.rig.me.call("kernel.start", session=self.session, kernelspec=kernelspec)
        self.assertEqual(list(self.rig.disk.launcher.hosts.values()), [host])

    def test_another_kernelspec_replaces_the_kernel(self) -> None:
        """The old one is shut down, which is said as what it is."""
        old = self.start("other")
        new = self.start("python3")
        self.assertIsNot(old, new)
        self.assertEqual(old.commands[-1][0], "shut_down")
        (died,) = (e for e in self.rig.journal.events() if e["type"] == "kernel_died")
        self.assertEqual((died["reason"], died["expected"]), ("The kernel was replaced.", True))
        self.assertEqual(self.state(), "idle")

    def test_two_starts_at_once_make_one_kernel(self) -> None:
        """Two tabs."""
        for _ in range(2):
            self.rig.client().ask("kernel.start", session=self.session)
        self.rig.turn(30)
        self.assertEqual(len(self.rig.disk.launcher.hosts), 1)

    def test_a_kernel_that_cannot_be_launched_is_told(self) -> None:
        """And the next try is a new one."""
        self.rig.disk.launcher.refusal = "The kernel host cannot be started: No space left on device."
        fault = self.refused("kernel_failed", "kernel.start", session=self.session)
        self.assertIn("No space", fault.message)
        self.rig.disk.launcher.refusal = None
        self.start()
        self.assertEqual(self.state(), "idle")

    def test_logs_are_read_on_and_the_last_words_are_kept(self) -> None:
        """Of kernel and host; from a position on; and of a host that is gone what the journal has, after a crash of the server, too."""
        self.refused("kernel_not_ready", "kernel.logs", session=self.session)
        host = self.start()
        found = self.rig.me.call("kernel.logs", session=self.session)
        self.assertEqual(
            (found["kernel"], found["host"]), ({"text": "kernel\n", "next": 7}, {"text": "host\n", "next": 7})
        )
        again = self.rig.me.call("kernel.logs", session=self.session, kernel_since=7, host_since=7)
        self.assertEqual((again["kernel"]["text"], again["host"]["text"], again["more"]), ("", "", False))
        host.tell("kernel_died", start=1, exit_status=1, tail="bye é\n")
        self.rig.turn()
        host.end()
        host.is_removed = True
        for _ in range(2):
            found = self.rig.me.call("kernel.logs", session=self.session)
            self.assertEqual(found["kernel"], {"text": "bye é\n", "next": 7})
            self.assertEqual(
                self.rig.me.call("kernel.logs", session=self.session, kernel_since=7)["kernel"]["text"], ""
            )
            self.rig = self.rig.crashed()

    def test_how_a_kernel_was_started_is_told_with_its_kernelspec(self) -> None:
        """Where that matters to whoever starts one: over tcp, or without the boot file; an event tells of each new try."""
        table = [
            ({"boot": "", "transport": "tcp"}, False, "other users of this machine can read"),
            ({"boot": "", "transport": "tcp"}, True, "encrypted"),
            ({"boot": "", "transport": "ipc"}, False, "without webipy's boot file"),
            ({"boot": "ipykernel", "transport": "ipc"}, False, ""),
        ]
        host = self.start()
        host.tell("start_retried", start=1, reason="It ended.", how="over tcp", tail="words")
        for start, (way, is_encrypted, note) in enumerate(table, 2):
            info = {"language_info": {"name": "python"}}
            told = {"pid": 1, "kernel_info": info, "seconds": 1, "way": way, "is_encrypted": is_encrypted}
            host.tell("kernel_ready", start=start, **told)
            self.rig.turn()
            found = {spec["name"]: spec for spec in self.rig.me.call("kernelspec.list")["kernelspecs"]}
            self.assertIn(note, found["python3"]["note"])
            self.assertEqual((bool(note), found["other"]["note"]), (bool(found["python3"]["note"]), ""))
            (ready,) = [event for event in self.rig.journal.events() if event.get("start") == start]
            is_tcp = way["transport"] == "tcp"
            self.assertEqual(
                (ready.get("transport"), ready.get("encrypted")), ("tcp" if is_tcp else None, is_encrypted or None)
            )
        (again,) = [event for event in self.rig.journal.events() if event["type"] == "kernel_start_retried"]
        self.assertEqual((again["reason"], again["how"], again["tail"]), ("It ended.", "over tcp", "words"))

    def test_kernelspecs_that_cannot_be_used(self) -> None:
        """Unknown, broken, none at all: each is said."""
        self.refused("unknown_kernelspec", "kernel.start", session=self.session, kernelspec="nope")
        fault = self.refused("unknown_kernelspec", "kernel.start", session=self.session, kernelspec="torn")
        self.assertIn("it has no argv", fault.message)
        self.rig.disk.launcher.known = Specs(None, {}, {})
        fault = self.refused("unknown_kernelspec", "kernel.start", session=self.session)
        self.assertIn("pip install ipykernel", fault.message)

    def test_a_restart_in_place(self) -> None:
        """The same host, the same kernel id; the state says so before the host does."""
        host = self.start()
        kernel = self.rig.me.call("session.get", session=self.session)["kernel"]
        again = self.rig.me.call("kernel.restart", session=self.session)["kernel"]
        self.assertEqual((host.commands[-1][0], again["id"], again["state"]), ("restart", kernel["id"], "restarting"))
        host.tell("kernel_restarting", start=2, key="k")
        host.start = 2
        host.ready()
        self.rig.turn()
        again = self.rig.me.call("session.get", session=self.session)["kernel"]
        self.assertEqual((again["start"], again["state"]), (2, "idle"))

    def test_a_restart_of_a_dead_kernel_whose_host_lives(self) -> None:
        """In place, too."""
        host = self.start()
        host.tell("kernel_died", start=1, exit_status=3)
        self.rig.turn()
        self.rig.me.call("kernel.restart", session=self.session)
        self.assertEqual(host.commands[-1][0], "restart")

    def test_an_environment_stays_with_the_session(self) -> None:
        """Every start gets it, in place or with a new host, and after a crash of the server; nobody is told of it."""
        env = {"TOKEN": "sesame", "A": "1=2"}
        self.rig.me.call("kernel.start", session=self.session, env=env)
        host = self.rig.host
        self.assertEqual(host.env, env)
        host.ready()
        self.rig.turn()
        self.rig.me.call("kernel.restart", session=self.session)
        self.assertEqual(host.commands[-1], ("restart", {"env": env}))
        host.end()
        self.rig = self.rig.crashed()
        self.rig.me.call("kernel.restart", session=self.session)
        self.assertEqual(self.rig.host.env, env)
        self.assertNotIn("sesame", str(self.rig.me.call("session.list")) + str(self.rig.journal.events()))

    def test_a_living_kernel_keeps_its_environment(self) -> None:
        """Another one is refused, the same one is not; a kernel of another kind, or one after its end, gets it."""
        self.rig.me.call("kernel.start", session=self.session, env={"A": "1"})
        for again in ({"A": "1"}, None):
            self.rig.me.call("kernel.start", session=self.session, env=again)
        self.assertEqual(len(self.rig.disk.launcher.hosts), 1)
        fault = self.refused("kernel_not_ready", "kernel.start", session=self.session, env={"A": "2"})
        self.assertIn("environment", fault.message)
        self.refused("kernel_not_ready", "session.create", id=self.session, env={"A": "2"})
        self.rig.me.call("kernel.start", session=self.session, kernelspec="other", env={"A": "3"})
        self.assertEqual(self.rig.host.env, {"A": "3"})
        self.rig.host.tell("kernel_died", start=1, exit_status=0)
        self.rig.turn()
        self.rig.me.call("session.create", id=self.session, env={})
        self.rig.me.call("kernel.start", session=self.session)
        self.assertEqual(self.rig.host.env, {})

    def test_an_environment_must_be_one(self) -> None:
        """What no process can have is refused before anything is done."""
        for env in ({"": "x"}, {"A=B": "x"}, {"A\0": "x"}, {"A": "x\0"}, {"A": 1}, ["A"]):
            self.refused("invalid_params", "kernel.start", session=self.session, env=env)
        self.assertEqual(self.rig.disk.launcher.hosts, {})

    def test_a_notebook_is_told_its_name(self) -> None:
        """By its whole path, as Jupyter Server tells it; a restart tells the one that it has by then."""
        self.rig.disk.files.put("a.ipynb", notebook_file.empty())
        session = self.rig.me.call("session.create", path="a.ipynb", kernelspec="python3")["id"]
        self.assertEqual(self.rig.host.env, {"JPY_SESSION_NAME": "/a.ipynb"})
        self.rig.host.ready()
        self.rig.turn()
        self.rig.me.call("file.rename", path="a.ipynb", to="b.ipynb")
        self.rig.me.call("kernel.restart", session=session)
        self.assertEqual(self.rig.host.commands[-1], ("restart", {"env": {"JPY_SESSION_NAME": "/b.ipynb"}}))

    def test_a_restart_after_the_host_has_gone(self) -> None:
        """A new host, the same kernel id, the next start."""
        old = self.start()
        old.end()
        self.rig.turn()
        kernel = self.rig.me.call("kernel.restart", session=self.session)["kernel"]
        new = self.rig.host
        self.assertIsNot(old, new)
        self.assertEqual((kernel["id"], kernel["state"], new.start), (old.record.kernel, "starting", 2))
        new.ready()
        self.rig.turn()
        self.assertEqual(self.state(), "idle")

    def test_there_must_be_one(self) -> None:
        """It is said what to do."""
        for method in ("kernel.restart", "kernel.interrupt", "kernel.shut_down", "kernel.kill"):
            fault = self.refused("kernel_not_ready", method, session=self.session)
            self.assertIn("start one", fault.message)

    def test_commands_reach_the_host(self) -> None:
        """Interrupt, shut down, kill."""
        host = self.start()
        for method in ("interrupt", "shut_down", "kill"):
            self.rig.me.call(f"kernel.{method}", session=self.session)
        self.assertEqual([name for name, _ in host.commands], ["interrupt", "shut_down", "kill"])

    def attach(self) -> FakeHost:
        """Joins a kernel."""
        told = self.rig.me.call("kernel.attach", session=self.session, connection="/run/kernel-1.json")["kernel"]
        self.assertEqual(
            (told["kernelspec"], told["display_name"], told["language"], told["state"]),
            ("attached", "Attached kernel", "", "starting"),
        )
        host = self.rig.host
        info = {"language_info": {"name": "julia"}}
        host.tell("kernel_starting", start=1, pid=None)
        host.tell("kernel_ready", start=1, pid=None, kernel_info=info, seconds=0.1)
        self.rig.turn()
        return host

    def test_a_kernel_that_something_else_started_is_joined(self) -> None:
        """It runs code, and tells its language itself; it has no process that is ours. All of that outlives the server."""
        host = self.attach()
        self.rig.me.call("execution.start", session=self.session, code="1", id="e1")
        self.assertEqual(host.executed(), ["e1"])
        for rig in (self.rig, self.rig.crashed()):
            kernel = rig.me.call("session.get", session=self.session)["kernel"]
            self.assertEqual((kernel["state"], kernel["language"], kernel["pid"]), ("idle", "julia", None))

    def test_a_kernel_that_is_ending_is_restarted_with_a_new_host(self) -> None:
        """After kernel.shut_down or kernel.kill nothing more can be asked of its host, be its end told already or not."""
        session = self.rig.session("python3")
        for count, method in enumerate(("kernel.shut_down", "kernel.kill"), 1):
            before = self.rig.host
            kernel = self.rig.me.call("session.get", session=session)["kernel"]["id"]
            self.rig.me.call(method, session=session)
            if method == "kernel.kill":
                before.tell("kernel_died", start=count, exit_status=None, signal="SIGKILL", tail="", expected=True)
                self.rig.turn()
            self.rig.me.call("kernel.restart", session=session)
            self.rig.turn()
            self.assertIsNot(self.rig.host, before)
            self.rig.host.ready()
            self.rig.turn()
            told = self.rig.me.call("session.get", session=session)["kernel"]
            self.assertEqual((told["id"], told["state"]), (kernel, "idle"))

    def test_an_attached_kernel_is_not_restarted_and_not_killed(self) -> None:
        """It is said why, and what can be done; interrupting and asking it to end go. So it is after the server came back, and on a dead one."""
        host = self.attach()
        self.rig = self.rig.crashed()
        self.rig.turn()
        for method in ("restart", "kill"):
            fault = self.refused("kernel_not_ready", f"kernel.{method}", session=self.session)
            self.assertIn(f"webipy did not start this kernel, so it cannot {method} it", fault.message)
        for method in ("interrupt", "shut_down"):
            self.rig.me.call(f"kernel.{method}", session=self.session)
        self.assertEqual([name for name, _ in host.commands], ["interrupt", "shut_down"])
        host.tell(
            "kernel_died", start=1, exit_status=None, signal=None, tail="", expected=False, reason="It is silent."
        )
        self.rig.turn()
        (died,) = (e for e in self.rig.journal.events() if e["type"] == "kernel_died")
        self.assertEqual((died["reason"], self.state()), ("It is silent.", "dead"))
        self.refused("kernel_not_ready", "kernel.restart", session=self.session)
        fault = self.refused("kernel_dead", "kernel.interrupt", session=self.session)
        self.assertIn("start a new one", fault.message)

    def test_an_attached_kernel_is_let_go_of(self) -> None:
        """When the session gets another kernel, or is closed: nobody asked it to end."""
        host = self.attach()
        self.start("other")
        self.assertEqual([name for name, _ in host.commands], ["kill"])
        host = self.attach()
        self.rig.me.call("session.close", session=self.session)
        self.assertEqual([name for name, _ in host.commands], ["kill"])

    def test_a_kernel_that_cannot_be_joined_leaves_the_session_what_it_has(self) -> None:
        """The fault is told before anything is ended."""
        host = self.start()
        fault = self.refused("invalid_params", "kernel.attach", session=self.session, connection="/etc/passwd")
        self.assertIn("connection file", fault.message)
        self.rig.disk.launcher.refusal = "No space left on device."
        self.refused("kernel_failed", "kernel.attach", session=self.session, connection="/k.json")
        self.assertEqual((host.commands, self.state()), ([], "idle"))

    def test_kernelspecs_are_listed(self) -> None:
        """With the default and those that are broken."""
        listed = self.rig.me.call("kernelspec.list")
        self.assertEqual((listed["default"], listed["broken"]), ("python3", {"torn": "it has no argv."}))
        self.assertEqual(
            listed["kernelspecs"][0],
            {"name": "python3", "display_name": "Fake python3", "language": "python", "note": ""},
        )


class Returning(RigTestCase):
    """The server comes back."""

    def setUp(self) -> None:
        super().setUp()
        self.session = self.rig.session("python3")

    def start(self, rig: Rig, **params: Any) -> str:
        """Starts an execution."""
        return str(rig.me.call("execution.start", session=self.session, code="1", **params)["execution"])

    def executions(self, rig: Rig, *ids: str) -> list[str]:
        """Their status."""
        return [rig.me.call("execution.get", session=self.session, execution=e)["status"] for e in ids]

    def test_sessions_cells_and_kernels_are_back(self) -> None:
        """As they were."""
        self.rig.me.call("cell.insert", session=self.session, id="c1", source="x")
        before = self.rig.me.call("session.get", session=self.session)
        cells = self.rig.me.call("cell.list", session=self.session)
        again = self.rig.crashed()
        after = again.me.call("session.get", session=self.session)
        for one in (before, after):
            one.pop("durable_seq")
            one["kernel"].pop("pid")
        self.assertEqual(after, before)
        self.assertEqual(again.me.call("cell.list", session=self.session), cells)

    def test_what_was_printed_while_no_server_was_there_comes(self) -> None:
        """Each message once, from the number that the journal has taken in."""
        execution = self.start(self.rig)
        batch = run_of(execution, printed("a", execution), printed("b", execution))
        self.rig.host.emit(*batch[:3])
        self.rig.turn()
        self.rig.disk.crash()
        self.rig.host.emit(*batch[3:])
        again = make_rig(self.rig.disk)
        found = again.me.call("execution.get", session=self.session, execution=execution)
        self.assertEqual((found["status"], found["outputs"][0]["text"]), ("ok", "ab"))
        self.assertEqual(again.host.attached_since, [0, 5])

    def test_what_was_taken_in_and_not_written_comes_again(self) -> None:
        """The server dies between a message and its journal."""
        execution = self.start(self.rig)
        self.rig.host.run(execution, printed("a", execution))
        again = self.rig.crashed()
        found = again.me.call("execution.get", session=self.session, execution=execution)
        self.assertEqual((found["status"], found["outputs"][0]["text"]), ("ok", "a"))

    def test_a_request_that_was_lost_on_the_way_is_sent_again(self) -> None:
        """Accepted is accepted: the server died before it asked the kernel. The host runs each id once."""
        execution = self.start(self.rig)
        reached = self.start(self.rig)
        del self.rig.host.requests[execution]
        again = self.rig.crashed()
        self.assertEqual(self.rig.host.offered[-2:], [execution, reached])
        self.assertEqual(self.rig.host.executed(), [reached, execution])
        self.assertEqual(self.executions(again, execution), ["queued"])

    def test_what_runs_is_not_sent_again(self) -> None:
        """It has reached the kernel."""
        execution = self.start(self.rig)
        self.rig.host.emit(*run_of(execution)[:2])
        self.rig.turn()
        self.rig.crashed()
        self.assertEqual(self.rig.host.offered, [execution])

    def test_a_host_that_has_gone_meanwhile(self) -> None:
        """What it left is taken in, what is open is lost, said plainly, and a restart brings the kernel back."""
        ran, lost = self.start(self.rig), self.start(self.rig)
        self.rig.disk.crash()
        self.rig.host.end("The host was killed.", *run_of(ran, printed("last words", ran)))
        again = make_rig(self.rig.disk)
        again.turn(30)
        self.assertEqual(self.executions(again, ran, lost), ["ok", "lost"])
        self.assertTrue(again.host.is_removed)
        kernel = again.me.call("session.get", session=self.session)["kernel"]
        self.assertEqual(kernel["state"], "dead")
        again.me.call("kernel.restart", session=self.session)
        again.host.ready()
        again.turn()
        self.start(again)

    def test_a_kernel_that_died_long_ago_stays_dead(self) -> None:
        """It is not told again at each start."""
        self.rig.host.end()
        self.rig.turn()
        journal = list(self.rig.journal.bodies)
        again = self.rig.crashed().crashed()
        again.turn(30)
        self.assertEqual(again.journal.bodies, journal)

    def test_a_call_that_is_repeated_after_the_restart_runs_once(self) -> None:
        """Law 6: the client did not get the answer."""
        self.start(self.rig, id="mine")
        again = self.rig.crashed()
        self.start(again, id="mine")
        again.host.run("mine")
        again.turn()
        self.start(again.crashed(), id="mine")
        self.assertEqual(self.rig.host.executed(), ["mine"])
        self.assertEqual(types(again, self.session).count("execution_queued"), 1)

    def test_a_question_can_be_answered_after_the_restart(self) -> None:
        """It was asked of the server before."""
        execution = self.start(self.rig)
        self.rig.host.emit(*run_of(execution)[:2])
        self.rig.host.emit(("stdin", message("input_request", {"prompt": "?"}, parent=execution, msg_id="r1")))
        self.rig.turn()
        again = self.rig.crashed()
        again.me.call("input.reply", session=self.session, request="r1", value="x")
        self.assertIn("input-r1", again.host.requests)

    def test_a_kernel_whose_birth_was_not_written_is_found(self) -> None:
        """The server died between the row of the host and the event of its start."""
        session = self.rig.session()
        told = self.rig.me.ask("kernel.start", session=session)
        journal = self.rig.disk.journals.found[session]
        journal.is_left = True
        self.rig.turn()
        self.assertNoResult(told)
        again = self.rig.crashed()
        again.host.ready()
        again.turn()
        kernel = again.me.call("session.get", session=session)["kernel"]
        self.assertEqual((kernel["id"], kernel["state"]), (again.host.record.kernel, "idle"))

    def test_a_replaced_kernel_is_not_mistaken_for_the_new_one(self) -> None:
        """The server died after the row of the new host."""
        before = self.rig.me.call("session.get", session=self.session)["kernel"]["id"]
        self.rig.me.ask("kernel.start", session=self.session, kernelspec="other")
        while len(self.rig.disk.launcher.hosts) < 2:
            self.rig.clock.advance(0)
        again = self.rig.crashed()
        again.host.ready()
        again.turn()
        kernel = again.me.call("session.get", session=self.session)["kernel"]
        self.assertNotEqual(kernel["id"], before)
        self.assertEqual((kernel["kernelspec"], kernel["state"]), ("other", "idle"))

    def test_a_damaged_session_does_not_touch_the_others(self) -> None:
        """It is told in the log; the server serves the rest."""
        other = self.rig.session()
        self.rig.disk.journals.damaged = {self.session: errors.Damaged("The journal is damaged at event 3.")}
        again = self.rig.crashed()
        self.assertEqual([s["id"] for s in again.me.call("session.list")["sessions"]], [other])
        self.refused("damaged", "session.get", again.me, session=self.session)

    def test_a_journal_with_events_of_a_newer_version_can_be_read(self) -> None:
        """Unknown events are passed over, and their seqs are not given again."""
        journal = self.rig.journal
        for body in (b'{"type":"cell_painted","seq":%d,"time":"t"}', b'{"type":"session_admired","seq":%d,"time":"t"}'):
            journal.bodies.append(body % (len(journal.bodies) + 1))
        again = self.rig.crashed()
        seq = again.me.call("cell.insert", session=self.session)["seq"]
        self.assertEqual(seq, len(again.journal.bodies))
        self.assertEqual([e["seq"] for e in again.journal.events()], list(range(1, seq + 1)))

    def test_an_event_that_cannot_be_read_is_damage(self) -> None:
        """Of this session only."""
        other = self.rig.session()
        self.rig.disk.journals.found[self.session].bodies[1] = b'{"type":"kernel_started","seq":"two"}'
        again = self.rig.crashed()
        self.assertEqual([s["id"] for s in again.me.call("session.list")["sessions"]], [other])
        self.flushLoggedErrors()

    def test_a_close_that_was_cut_off_is_finished(self) -> None:
        """The server died between the last event and the registry."""
        self.rig.me.call("session.close", session=self.session)
        self.rig.disk.registry.closings.clear()
        again = self.rig.crashed()
        self.assertEqual(again.me.call("session.list"), {"sessions": []})


class Chaos(SynchronousTestCase):
    """Whatever happens in whatever order."""

    def test_nothing_is_lost_and_nothing_comes_twice_over_any_crashes(self) -> None:
        """An oracle of what the kernel printed and what was accepted, under random crashes and turns."""
        steps = st.lists(
            st.sampled_from(["start", "repeat", "print", "end", "turn", "turn", "crash", "break", "mend"]), max_size=40
        )

        @examples(150)
        @given(steps)
        def holds(drawn: list[str]) -> None:
            rig = make_rig(Disk())
            session = rig.session("python3")
            accepted, ended, text = list[str](), set[str](), dict[str, str]()
            for step, kind in enumerate(drawn):
                host = rig.host
                begun = [e for e in host.executed() if e not in ended]
                if kind in ("start", "repeat"):
                    execution = accepted[-1] if kind == "repeat" and accepted else f"e{step}"
                    rig.me.ask("execution.start", session=session, code="1", id=execution)
                    rig.turn(3)
                    if "execution_queued" in str(rig.journal.bodies) and f'"{execution}"' in str(rig.journal.bodies):
                        accepted += [execution] if execution not in accepted else []
                elif kind == "print" and begun:
                    if begun[0] not in text:
                        host.emit(*run_of(begun[0])[:2])
                    text[begun[0]] = text.get(begun[0], "") + f"{step},"
                    host.emit(printed(f"{step},", begun[0]))
                elif kind == "end" and begun and begun[0] in text:
                    host.emit(*run_of(begun[0])[-2:])
                    ended.add(begun[0])
                elif kind == "turn":
                    rig.turn(1)
                elif kind == "crash":
                    rig = rig.crashed()
                elif kind == "break":
                    rig.journal.broken = "full"
                elif kind == "mend":
                    rig.journal.broken = None
                    rig.clock.advance(1)
            rig.journal.broken = None
            rig.clock.advance(1)
            rig.turn(20)
            rig = rig.crashed()
            rig.turn(20)
            seqs = [event["seq"] for event in rig.journal.events()]
            self.assertEqual(seqs, list(range(1, len(seqs) + 1)))
            self.assertEqual([e for e in rig.host.executed() if e in accepted], accepted, drawn)
            for execution in accepted:
                found = rig.me.call("execution.get", session=session, execution=execution)
                shown = "".join(output["text"] for output in found["outputs"])
                self.assertEqual(shown, text.get(execution, ""), drawn)
                status = "ok" if execution in ended else "running" if execution in text else "queued"
                self.assertEqual(found["status"], status, drawn)

        holds()
