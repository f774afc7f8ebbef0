"""webipy.server.notebooks.runs, results and temporary: a run is brought to its end by the server, and nothing is destroyed on the way."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from msgspec import Raw
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.fake_files import FakeFiles
from tests.fakes import Client, Refused, RigTestCase, message, printed, status
from tests.test_documents import notebook, sources
from webipy.core import errors
from webipy.core.events import events
from webipy.core.session.runs import OpenRun, OpenRuns
from webipy.core.session.session_state import MAX_STREAM
from webipy.server.notebooks.temporary_sessions import LINGER_SECONDS


class Statuses(SynchronousTestCase):
    """webipy.core.session.runs: how a run has ended as a whole."""

    def run_of(self, *ends: str, stopped: str | None = None, exits: bool = False) -> OpenRun:
        """A run of three executions, of which some have ended so, each with the error of `sys.exit(0)` if it is to."""
        runs = OpenRuns()
        runs.apply(events.RunStarted(run="r", executions=3))
        for number, end in enumerate(ends):
            execution = f"r-{number}"
            runs.apply(events.ExecutionQueued(execution=execution, code="x", run="r"))
            if exits:
                error = {"output_type": "error", "ename": "SystemExit", "evalue": "0", "traceback": []}
                output = Raw(json.dumps(error).encode())
                runs.apply(events.OutputAdded(execution=execution, output=output))
            finished = {"execution": execution, "status": end, "duration_s": 0}
            runs.apply(msgspec.convert(finished, events.ExecutionFinished))
        if stopped is not None:
            runs.apply(msgspec.convert({"run": "r", "cause": stopped}, events.RunStopped))
        return runs.open["r"]

    def test_open_runs_as_events(self) -> None:
        """How each was started, and stopped."""
        runs, log = OpenRuns(), [events.RunStarted(run=name, executions=1) for name in "ab"]
        stopped = events.RunStopped(run="b", cause="asked")
        for started in log:
            runs.apply(started)
        runs.apply(stopped)
        self.assertEqual(runs.as_events(), [*log, stopped])

    def test_the_worst_end_counts(self) -> None:
        """What was aborted after a failure is none of its own."""
        self.assertEqual(self.run_of("ok", "ok", "ok").status(), "ok")
        self.assertEqual(self.run_of("ok", "error", "aborted").status(), "error")

    def test_code_may_end_a_run_well(self) -> None:
        """`sys.exit(0)` is an error to the kernel, and what comes after it is not wanted."""
        self.assertEqual(self.run_of("error", exits=True).exits, {"r-0"})
        self.assertEqual(self.run_of("error", exits=True).status(), "ok")
        run = self.run_of("error", exits=True)
        run.ends["r-1"] = events.ExecutionFinished(execution="r-1", status="aborted", duration_s=0)
        self.assertEqual(run.status(), "ok")

    def test_another_exit_is_a_failure(self) -> None:
        """With a status that is not zero."""
        runs = OpenRuns()
        runs.apply(events.RunStarted(run="r", executions=1))
        runs.apply(events.ExecutionQueued(execution="e", code="x", run="r"))
        error = {"output_type": "error", "ename": "SystemExit", "evalue": "3", "traceback": []}
        runs.apply(events.OutputAdded(execution="e", output=Raw(json.dumps(error).encode())))
        self.assertEqual(runs.open["r"].exits, set())

    def test_a_run_that_was_stopped_says_why(self) -> None:
        """Unless it had come to its end before."""
        self.assertEqual(self.run_of("ok", "cancelled", stopped="asked").status(), "cancelled")
        self.assertEqual(self.run_of("ok", stopped="timed_out").status(), "timed_out")
        self.assertEqual(self.run_of("ok", "ok", "ok", stopped="asked").status(), "ok")


class PlanTestCase(RigTestCase):
    """The notebook a.ipynb with the cells c0 (`1`) and c1 (`2`), and a client that runs it."""

    def setUp(self) -> None:
        super().setUp()
        self.files.put("a.ipynb", notebook("1", "2"))
        self.client = self.rig.client()

    @property
    def files(self) -> Any:
        """The files under the root."""
        return self.rig.disk.files

    def open(self, client: Client | None = None, *, is_ready: bool = True, **params: Any) -> str:
        """A temporary session with a copy of the notebook and a kernel; gives its id."""
        who = client or self.client
        asked = {"path": "a.ipynb", "copy": True, "temporary": True, **params}
        session = str(who.call("session.create", **asked)["id"])
        who.call("kernel.start", session=session, kernelspec="python3")
        self.rig.turn()
        if is_ready:
            self.rig.host.ready()
            self.rig.turn()
        return session

    def begin(self, session: str, client: Client | None = None, run: str = "r1", **plan: Any) -> None:
        """Runs all of it, with a plan; its requests reach the kernel."""
        (client or self.client).call("notebook.run", session=session, id=run, plan=plan)
        self.rig.turn()

    def finish(self, *executions: str, state: str = "ok") -> None:
        """The kernel runs them."""
        for execution in executions:
            self.rig.host.run(execution, printed(f"{execution}\n", execution), state=state)
        self.rig.turn(50)

    def start_one(self, execution: str) -> None:
        """The kernel begins with it."""
        self.rig.host.emit(
            status("busy", execution), ("iopub", message("execute_input", {"execution_count": 1}, parent=execution))
        )
        self.rig.turn()

    def sessions(self) -> list[str]:
        """The open sessions."""
        return [session["id"] for session in self.rig.me.call("session.list")["sessions"]]

    def pass_time(self, seconds: float) -> None:
        """Lets time pass."""
        self.rig.turn()
        self.rig.clock.advance(seconds)
        self.rig.turn(50)

    def printed(self, path: str) -> list[str]:
        """What stands under the cells of a file."""
        shown = []
        for cell in json.loads(self.files.body(path))["cells"]:
            if cell["cell_type"] != "code":
                continue  # the mark of a failure
            texts = ["".join(output.get("text", output.get("ename", ""))) for output in cell["outputs"]]
            shown.append("".join(texts))
        return shown

    def state(self, run: str = "r1") -> Any:
        """run.get."""
        return self.rig.me.call("run.get", run=run)


class Results(PlanTestCase):
    """Where the result of a run goes."""

    def test_the_result_appears_at_the_end_and_the_session_is_closed(self) -> None:
        """Until then nothing is there, and the notebook stays as it is, layout and all."""
        before = self.files.body("a.ipynb")
        session = self.open()
        self.begin(session, to="out.ipynb")
        self.finish("r1-1")
        self.assertNotIn("out.ipynb", self.files.entries)
        self.assertEqual(self.state()["status"], None)
        self.finish("r1-2")
        self.assertEqual(self.printed("out.ipynb"), ["r1-1\n", "r1-2\n"])
        self.assertEqual(self.files.body("a.ipynb"), before)
        self.assertEqual(self.sessions(), [])
        told = self.state()
        self.assertEqual((told["status"], told["path"], told["source"]), ("ok", "out.ipynb", "a.ipynb"))

    def test_the_result_has_more_text_than_the_file_of_an_open_document(self) -> None:
        """Which leaves out what no editor opens."""
        session = self.open()
        self.begin(session, to="out.ipynb")
        line, count = "y" * 99_999 + "\n", MAX_STREAM // 100_000 + 20
        self.rig.host.run("r1-1", *(printed(line, "r1-1") for _ in range(count)))
        self.rig.turn(50)
        self.finish("r1-2")
        self.assertEqual(self.printed("out.ipynb")[0], line * count)

    def test_the_end_does_not_need_the_client(self) -> None:
        """Which may be gone since the run was accepted, or the server with it."""
        for is_crash in (False, True):
            session = self.open()
            run = f"r{is_crash}"
            self.begin(session, run=run, to=f"{run}.ipynb")
            if is_crash:
                self.rig = self.rig.crashed()
                self.client = self.rig.client()
            else:
                self.client.connection.leave()
                self.client = self.rig.client()
            self.pass_time(3 * LINGER_SECONDS)
            self.assertEqual(self.sessions(), [session])
            self.finish(f"{run}-1", f"{run}-2")
            self.assertEqual(self.printed(f"{run}.ipynb"), [f"{run}-1\n", f"{run}-2\n"])
            self.assertEqual(self.sessions(), [])

    def test_a_server_that_stops_writes_no_result(self) -> None:
        """Also when it ends the kernels: that is no end of the run. The next server goes on with it."""
        self.files.put("out.ipynb", b"good")
        self.begin(self.open(), to="out.ipynb", overwrite=True)
        self.finish("r1-1")
        self.rig.wait(Deferred.fromCoroutine(self.rig.services.stop()))
        self.rig.host.end("The server has stopped.")
        self.rig.turn(50)
        self.assertEqual(self.files.body("out.ipynb"), b"good")

    def test_a_crash_between_the_result_and_its_event(self) -> None:
        """The next server finds its own result there, and makes no second one."""
        session = self.open()
        self.begin(session, to="out.ipynb")
        self.finish("r1-1")
        rig, write = self.rig, FakeFiles._write

        def dies(files: FakeFiles, path: str, body: bytes, if_match: str | None) -> Any:
            write(files, path, body, if_match)
            self.patch(FakeFiles, "_write", write)
            rig.disk.crash()
            raise errors.Degraded("The server is dead.")

        self.patch(FakeFiles, "_write", dies)
        self.rig.host.run("r1-2", printed("r1-2\n", "r1-2"))
        self.rig.turn(50)
        self.rig = self.rig.crashed()
        self.pass_time(LINGER_SECONDS)
        self.assertEqual(sorted(name for name in self.files.entries), ["a.ipynb", "out.ipynb"])
        self.assertEqual(self.sessions(), [])

    def test_what_is_there_is_looked_at_before_anything_is_made(self) -> None:
        """Refused are: what is no notebook, the notebook itself, a folder, a file that is not to be replaced, a folder that is not there."""
        self.files.put("out.ipynb", b"precious")
        self.files.put("precious.csv", b"1,2")
        self.files._set("empty.ipynb", None)
        for name, params in (
            ("invalid_params", {"to": "precious.csv", "overwrite": True}),
            ("invalid_params", {"to": "a.ipynb", "overwrite": True}),
            ("file_fault", {"to": "empty.ipynb", "overwrite": True}),
            ("already_exists", {"to": "out.ipynb"}),
            ("not_found", {"to": "ghost/out.ipynb"}),
        ):
            self.refused(name, "run.check", path="a.ipynb", **params)
            session = self.open()
            self.refused(name, "notebook.run", self.client, session=session, id="r1", plan=params)
            self.client.call("session.leave", session=session)
        self.refused("not_found", "run.check", path="ghost.ipynb", to="new.ipynb")
        self.rig.me.call("run.check", path="a.ipynb", to="out.ipynb", overwrite=True)
        self.rig.me.call("run.check", path="a.ipynb", to="new.ipynb")
        self.assertEqual(self.files.body("out.ipynb"), b"precious")
        self.assertEqual(self.files.body("precious.csv"), b"1,2")
        self.assertEqual(self.sessions(), [])

    def test_a_failed_run_leaves_what_ran_unless_it_is_not_wanted(self) -> None:
        """Then it is beside, and the last good one stays."""
        self.files.put("out.ipynb", b"good")
        self.begin(self.open(), run="r1", to="out.ipynb", overwrite=True, only_if_ok=True)
        self.fail_first("r1")
        self.assertEqual(self.files.body("out.ipynb"), b"good")
        told = self.state("r1")
        self.assertEqual((told["status"], told["path"]), ("error", "out (failed).ipynb"))
        self.assertIn("was not written", told["reason"])
        self.begin(self.open(), run="r2", to="out.ipynb", overwrite=True)
        self.fail_first("r2")
        self.assertEqual((self.state("r2")["status"], self.state("r2")["path"]), ("error", "out.ipynb"))
        self.assertEqual(self.printed("out.ipynb"), ["r2-1\n", ""])

    def fail_first(self, run: str) -> None:
        """The first cell fails; the host drops the second."""
        self.finish(f"{run}-1", state="error")
        self.rig.host.tell("request_dropped", msg_id=f"{run}-2", reason="aborted")
        self.rig.turn(50)

    def test_what_came_meanwhile_is_not_replaced(self) -> None:
        """The result goes beside it, and that is said."""
        self.begin(self.open(), to="out.ipynb")
        self.files.put("out.ipynb", b"somebody else's")
        self.finish("r1-1", "r1-2")
        self.assertEqual(self.files.body("out.ipynb"), b"somebody else's")
        self.assertEqual(self.printed("out 2.ipynb"), ["r1-1\n", "r1-2\n"])
        self.assertIn("another file now", self.state()["reason"])

    def test_a_result_that_cannot_be_written_stays_in_the_session(self) -> None:
        """Which is open then for somebody to save it."""
        session = self.open()
        self.begin(session, to="out.ipynb")
        self.files.fault = errors.FileFault("The disk is full.", reason="full", path="out.ipynb")
        self.finish("r1-1", "r1-2")
        self.assertEqual(self.sessions(), [session])
        self.assertEqual((self.state()["path"], self.state()["reason"]), (None, "The disk is full."))
        self.assertFalse(self.rig.me.call("session.get", session=session)["temporary"])

    def test_an_open_notebook_is_copied_as_it_is_now(self) -> None:
        """Also what is not yet in its file; nothing is written there."""
        person = self.rig.me.call("session.create", path="a.ipynb")["id"]
        self.rig.me.call("cell.set_source", session=person, cell="c0", source="edited")
        session = self.open()
        self.assertEqual(
            [one["source"] for one in self.rig.me.call("cell.list", session=session)["cells"]], ["edited", "2"]
        )
        self.assertEqual(sources(self.files.body("a.ipynb")), ["1", "2"])

    def test_a_notebook_without_code_ends_at_once(self) -> None:
        """With a result."""
        self.files.put("a.ipynb", notebook(" "))
        self.begin(self.open(), to="out.ipynb")
        self.pass_time(0)
        self.assertEqual(self.state()["status"], "ok")
        self.assertIn("out.ipynb", self.files.entries)

    def test_the_same_id_is_the_same_run(self) -> None:
        """A call that is repeated starts nothing."""
        session = self.open()
        self.begin(session, to="out.ipynb")
        self.begin(session, to="out.ipynb")
        self.assertEqual(self.rig.host.executed(), ["r1-1", "r1-2"])
        self.finish("r1-1", "r1-2")
        self.assertEqual(sorted(self.files.entries), ["a.ipynb", "out.ipynb"])


class Stops(PlanTestCase):
    """An early end."""

    def commands(self) -> list[str]:
        """What the host was told."""
        return [name for name, _ in self.rig.host.commands]

    def drop(self, *executions: str) -> None:
        """The host takes back what waits."""
        for execution in executions:
            self.rig.host.tell("request_dropped", msg_id=execution, reason="cancelled")
        self.rig.turn(50)

    def test_what_waits_is_taken_back_and_what_runs_interrupted(self) -> None:
        """A file that was there stays; what ran is beside it."""
        self.files.put("out.ipynb", b"good")
        session, other = self.open(), self.rig.session()
        self.begin(session, to="out.ipynb", overwrite=True)
        self.start_one("r1-1")
        for there, run in ((session, "ghost"), (other, "r1")):
            self.refused("not_found", "run.stop", session=there, run=run)
        self.rig.me.call("session.close", session=other)
        self.client.call("run.stop", session=session, run="r1")
        self.rig.turn()
        self.assertEqual(self.commands(), ["cancel", "interrupt"])
        self.drop("r1-2")
        self.finish("r1-1", state="error")
        self.assertEqual(self.files.body("out.ipynb"), b"good")
        told = self.state()
        self.assertEqual((told["status"], told["path"]), ("cancelled", "out (stopped).ipynb"))
        self.assertEqual(self.sessions(), [])
        self.refused("not_found", "run.stop", session=session, run="r1")

    def test_code_that_does_not_react_loses_its_kernel(self) -> None:
        """After the grace; the cell says that it took longer than --timeout, and so does the run."""
        self.begin(self.open(), to="out.ipynb", timeout_s=60, grace_s=5)
        self.start_one("r1-1")
        self.pass_time(60)
        self.assertEqual(self.commands(), ["cancel", "interrupt"])
        self.drop("r1-2")
        self.pass_time(5)
        self.assertEqual(self.commands(), ["cancel", "interrupt", "kill"])
        self.rig.host.end("The kernel was killed.")
        self.rig.turn(50)
        self.assertEqual(self.state()["status"], "timed_out")
        self.assertEqual(self.printed("out.ipynb"), ["TimeoutError", ""])
        self.assertEqual(self.sessions(), [])

    def test_the_clock_goes_on_over_a_restart_of_the_server(self) -> None:
        """Time that it was away counts."""
        self.begin(self.open(), to="out.ipynb", timeout_s=60)
        self.start_one("r1-1")
        self.pass_time(40)
        self.rig = self.rig.crashed()
        self.pass_time(19)
        self.assertEqual(self.commands(), [])
        self.pass_time(1)
        self.assertEqual(self.commands(), ["cancel", "interrupt"])
        self.rig = self.rig.crashed()
        self.pass_time(10)
        self.assertEqual(self.commands()[-1], "kill")

    def test_a_kernel_that_is_somebody_elses_is_not_killed(self) -> None:
        """The run is left, and told so; its code goes on."""
        person = self.rig.session("python3")
        self.rig.me.call("cell.insert", session=person, id="x", source="1")
        self.begin(person, self.rig.me, timeout_s=60, grace_s=5)
        self.start_one("r1-1")
        self.pass_time(60)
        self.pass_time(5)
        self.assertEqual(self.commands(), ["interrupt"])
        told = self.state()
        self.assertEqual(told["status"], "timed_out")
        self.assertIn("does not react", told["reason"])
        self.assertEqual(self.sessions(), [person])

    def test_a_kernel_that_does_not_start_in_time(self) -> None:
        """Is ended, and the run with it; what was there stays."""
        self.files.put("out.ipynb", b"good")
        self.begin(self.open(is_ready=False), to="out.ipynb", overwrite=True, start_timeout_s=20)
        self.pass_time(20)
        self.assertIn("kill", self.commands())
        self.rig.host.end("The kernel was killed.")
        self.rig.turn(50)
        self.assertEqual(self.state()["status"], "not_started")
        self.assertEqual(self.files.body("out.ipynb"), b"good")
        self.assertEqual(self.sessions(), [])

    def test_a_kernel_that_dies_before_it_is_ready(self) -> None:
        """Has not started."""
        self.begin(self.open(is_ready=False), to="out.ipynb")
        self.rig.host.end("No such program.")
        self.rig.turn(50)
        self.assertEqual(self.state()["status"], "not_started")

    def test_a_run_that_ends_with_its_client(self) -> None:
        """When nobody has followed it for a while; a line that comes back in time changes nothing."""
        session = self.open()
        self.client.call("session.subscribe", session=session, since=0, keeps=False)
        self.begin(session, to="out.ipynb", attached=True)
        self.start_one("r1-1")
        self.pass_time(3 * LINGER_SECONDS)
        self.client.connection.leave()
        self.pass_time(LINGER_SECONDS / 2)
        again = self.rig.client()
        again.call("session.subscribe", session=session, since=0, keeps=False)
        self.pass_time(3 * LINGER_SECONDS)
        self.assertEqual(self.commands(), [])
        again.connection.leave()
        for _ in range(3):
            self.pass_time(LINGER_SECONDS / 2)
        self.assertEqual(self.commands(), ["cancel", "interrupt"])

    def test_a_session_that_is_closed_under_a_run(self) -> None:
        """Ends it, without a result."""
        session = self.open()
        self.begin(session, to="out.ipynb")
        self.start_one("r1-1")
        self.rig.me.call("session.close", session=session)
        self.rig.turn(50)
        self.assertEqual(self.state()["reason"], "The session was closed.")
        self.assertNotIn("out.ipynb", self.files.entries)


class TemporarySessions(PlanTestCase):
    """When a session that was made for one purpose is closed."""

    def test_a_failure_before_the_run_closes_what_was_opened(self) -> None:
        """At once when the client says that it leaves; a while later when it was killed."""
        session = self.open()
        self.client.call("session.leave", session=session)
        self.assertEqual(self.sessions(), [])
        session = self.open(id="second")
        self.client.connection.leave()
        self.pass_time(LINGER_SECONDS - 1)
        self.assertEqual(self.sessions(), [session])
        self.pass_time(1)
        self.assertEqual(self.sessions(), [])

    def test_after_a_crash_of_the_server_too(self) -> None:
        """A client that is still there may come back for a while."""
        self.open()
        self.rig = self.rig.crashed()
        self.assertEqual(len(self.sessions()), 1)
        self.pass_time(LINGER_SECONDS)
        self.assertEqual(self.sessions(), [])

    def test_two_runs_of_one_notebook(self) -> None:
        """The end of the first does not take the second with it, nor one that is about to begin."""
        other = self.rig.client()
        session = self.open(copy=False)
        self.begin(session, run="r1")
        self.assertEqual(other.call("session.create", path="a.ipynb", temporary=True)["id"], session)
        self.finish("r1-1", "r1-2")
        self.assertEqual(self.sessions(), [session])
        self.begin(session, other, run="r2")
        self.finish("r2-1")
        self.assertEqual(self.sessions(), [session])
        self.finish("r2-2")
        self.assertEqual(self.sessions(), [])
        self.assertEqual([self.state(run)["status"] for run in ("r1", "r2")], ["ok", "ok"])
        self.assertEqual(self.printed("a.ipynb"), ["r2-1\n", "r2-2\n"])

    def test_a_copy_of_its_file_that_takes_its_place_has_its_history(self) -> None:
        """The content of its file is known when it is closed, as that of any session is."""
        session = self.open(copy=False)
        self.begin(session)
        self.finish("r1-1", "r1-2")
        self.assertEqual(self.sessions(), [])
        body = self.files.body("a.ipynb")
        self.files.take("a.ipynb")
        self.files.put("elsewhere.ipynb", body)
        self.assertEqual(self.rig.me.call("session.create", path="elsewhere.ipynb")["id"], session)

    def test_who_opens_the_notebook_meanwhile_keeps_it(self) -> None:
        """By its path, by following its session, or by sharing it; who only looks on does not."""
        for number, act in enumerate(("open", "follow", "share")):
            session = self.open(copy=False, id=f"s{number}")
            watcher = self.rig.client()
            watcher.call("session.subscribe", session=session, since=0, keeps=False)
            self.begin(session, run=f"r{number}")
            if act == "open":
                self.rig.me.call("session.create", path="a.ipynb")
            elif act == "follow":
                self.rig.me.call("session.subscribe", session=session, since=0)
            else:
                self.rig.me.call("share.link", session=session, verb="read")
            self.finish(f"r{number}-1", f"r{number}-2")
            self.assertEqual(self.sessions(), [session], act)
            self.rig = self.rig.crashed()
            self.client = self.rig.client()
            self.pass_time(3 * LINGER_SECONDS)
            self.assertEqual(self.sessions(), [session], act)
            self.rig.me.call("session.close", session=session)

    def test_code_of_others_is_waited_for(self) -> None:
        """What somebody runs in it from a terminal ends before it is closed."""
        session = self.open()
        self.begin(session, to="out.ipynb")
        self.rig.me.call("execution.start", session=session, code="x", id="mine")
        self.rig.turn()
        self.finish("r1-1", "r1-2")
        self.assertEqual(self.sessions(), [session])
        self.finish("mine")
        self.assertEqual(self.sessions(), [])

    def test_one_that_is_kept_after_its_run(self) -> None:
        """With `keep` in the plan; the end of the connection does not matter."""
        session = self.open()
        self.begin(session, to="out.ipynb", keep=True)
        self.finish("r1-1", "r1-2")
        self.client.connection.leave()
        self.pass_time(3 * LINGER_SECONDS)
        self.assertEqual(self.sessions(), [session])

    def test_a_document_that_cannot_be_saved_keeps_its_session_open(self) -> None:
        """Nothing is thrown away because a job is over."""
        session = self.open(copy=False)
        self.client.call("cell.set_source", session=session, cell="c0", source="changed")
        self.files.fault = errors.FileFault("The disk is full.", reason="full", path="a.ipynb")
        self.client.call("session.leave", session=session)
        self.assertEqual(self.sessions(), [session])
        self.assertFalse(self.rig.me.call("session.get", session=session)["temporary"])

    def test_one_by_post_is_closed_when_nothing_is_begun_in_it(self) -> None:
        """After a while: no connection holds it."""
        by_post = self.rig.client(can_notify=False)
        by_post.call("session.create", temporary=True)
        self.assertEqual(len(self.sessions()), 1)
        self.pass_time(LINGER_SECONDS)
        self.assertEqual(self.sessions(), [])

    def test_ordinary_sessions_stay(self) -> None:
        """Whoever leaves them."""
        session = self.client.call("session.create", path="a.ipynb")["id"]
        self.client.call("session.leave", session=session)
        self.assertRaises(Refused, self.client.call, "session.leave", session="ghost")
        self.client.connection.leave()
        self.pass_time(3 * LINGER_SECONDS)
        self.assertEqual(self.sessions(), [session])
