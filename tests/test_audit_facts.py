"""webipy.server.people.audit, webipy.core.api.audited_calls and the methods audit.*: which facts are recorded, of whom, from where."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.fake_audit import audited
from tests.fakes import TOKEN, RigTestCase
from tests.test_script_tokens import by
from tests.test_shares import come, secret_of
from tests.test_site import SiteTestCase
from webipy.core.api import audited_calls
from webipy.core.api.access import Principal
from webipy.core.api.audit_calls import AuditLine
from webipy.core.api.audited_calls import EDITS, MAX_CHARACTERS, QUIET, RECORDED, STEADY
from webipy.server.methods.api import METHODS
from webipy.server.people import audit
from webipy.server.people.audit import RETRY_SECONDS, WRITE_SECONDS, Audit, Origin


class Table(SynchronousTestCase):
    """The lists against the method table."""

    def test_every_method_says_how_it_is_recorded(self) -> None:
        """In one list each; whoever adds a method adds it to one of them."""
        lists = (RECORDED, EDITS, STEADY, QUIET)
        self.assertEqual(sorted(name for one in lists for name in one), sorted(METHODS), "each in one list")

    def test_what_changes_something_is_recorded(self) -> None:
        """What is quiet needs no more than to read, or looks and says where somebody is."""
        quiet = {name for name in QUIET if METHODS[name].verb not in ("none", "read")}
        self.assertEqual(
            quiet,
            {
                "account.get", "audit.list", "audit.verify", "code.is_complete", "completion.get", "definition.get",
                "handout.list", "history.get", "inspection.get", "kernel.logs", "login.list", "push.key", "push.list", "right.list", "run.check",
                "server.describe", "session.leave", "share.list", "terminal.acknowledge", "terminal.list",
                "terminal.resize", "terminal.subscribe", "terminal.unsubscribe", "user.list", "variable.list",
                "variable.read",
            },
        )  # fmt: skip

    def test_no_content_is_recorded(self) -> None:
        """The params that are, by their names, hold none."""
        content = {
            "code",
            "source",
            "changes",
            "content",
            "value",
            "text",
            "notebook",
            "metadata",
            "env",
            "password",
            "old",
            "new",
            "data",
        }
        self.assertEqual(content & {*audited_calls.TARGETS, "session", "path", "to"}, set())
        self.assertEqual(audited_calls.text_of("x" * 1000), "x" * MAX_CHARACTERS)
        values: list[Any] = [None, False, True, 3, {}]
        self.assertEqual([audited_calls.text_of(value) for value in values], [None, None, "yes", None, None])

    def test_a_method_that_is_in_no_list_is_recorded(self) -> None:
        """Each call."""
        self.assertEqual(audited_calls.word("world.end"), "world.end")
        self.assertFalse(audited_calls.is_once_a_minute("world.end"))


class Facts(RigTestCase):
    """What people do."""

    def setUp(self) -> None:
        super().setUp()
        self.log = audited(self.rig)
        self.rig.me.connection.origin = Origin("page", "10.0.0.9")

    def noted(self) -> list[AuditLine]:
        """What was recorded since."""
        self.rig.clock.advance(WRITE_SECONDS)
        found, self.log.lines = self.log.lines, []
        return found

    def words(self) -> list[str]:
        """The same in short."""
        return [f"{line.method} {line.result}" for line in self.noted()]

    def test_a_run_has_its_person_its_place_and_its_document(self) -> None:
        """And no code."""
        session = self.rig.session("python3")
        self.rig.me.call("notebook.save", session=session, path="tmp.ipynb")
        self.noted()
        self.rig.me.call("execution.start", session=session, code="secret = 1", id="e1", cell=None)
        (line,) = self.noted()
        self.assertEqual((line.session, line.path, line.target, line.result), (session, "tmp.ipynb", "id e1", "ok"))
        self.assertEqual((line.person, line.name, line.by, line.address), ("owner", "ada", "page", "10.0.0.9"))
        self.assertNotIn("secret", str(line))

    def test_whom_a_right_was_given_and_who_came_into_which_group(self) -> None:
        """So that the log answers who could open what, since when."""
        self.rig.me.call("user.add", name="bo", groups=["a", "b"])
        self.rig.me.call("file.create", path="lab", kind="folder")
        self.noted()
        self.rig.me.call("right.grant", path="lab", kind="group", whom="a", verb="read")
        self.rig.me.call("right.revoke", path="lab", kind="group", whom="a")
        self.rig.me.call("user.set", user="bo", join=["c"], leave=["a", "b"])
        self.assertEqual(
            [line.target for line in self.noted()],
            ["verb read, kind group, whom a", "kind group, whom a", "user bo, join c, leave a, b"],
        )

    def test_edits_are_one_in_a_minute_for_each_person_and_session(self) -> None:
        """Whatever is edited how often."""
        session, other = self.rig.session(), self.rig.session()
        self.noted()
        for _ in range(3):
            cell = self.rig.me.call("cell.insert", session=session, source="x")["cell"]
            self.rig.me.call("cell.set_source", session=session, cell=cell, source="y")
        self.rig.me.call("cell.insert", session=other, source="x")
        self.rig.client(name="bo").call("cell.insert", session=session, source="x")
        self.assertEqual([(line.method, line.session) for line in self.noted()],
                         [("edit", session), ("edit", other), ("edit", session)])  # fmt: skip
        self.rig.clock.advance(60)
        self.rig.me.call("cell.insert", session=session, source="x")
        self.assertEqual(self.words(), ["edit ok"])

    def test_what_fails_is_recorded_with_the_name_of_the_failure(self) -> None:
        """Also a mistake of the server, and a call whose caller has left."""
        self.rig.disk.files.put("a.txt", b"x")
        self.refused("not_found", "file.delete", path="nowhere.txt")
        self.refused("invalid_params", "file.delete")
        self.assertEqual(self.words(), ["file.delete not_found"])

    def test_reading_is_not_recorded(self) -> None:
        """Nor is where people are."""
        session = self.rig.session()
        self.rig.disk.files.put("a.txt", b"x")
        self.noted()
        calls: list[tuple[str, dict[str, Any]]] = [
            ("session.list", {}),
            ("file.list", {}),
            ("file.read", {"path": "a.txt"}),
            ("notebook.get", {"session": session}),
            ("session.subscribe", {"session": session}),
            ("presence.set", {"session": session, "cell": None}),
            ("server.info", {}),
        ]
        for method, params in calls:
            self.rig.me.call(method, **params)
        self.assertEqual(self.words(), [])

    def test_a_refusal_is_recorded_whatever_was_asked(self) -> None:
        """Once in a minute: of a guest who tries doors, a line."""
        session = self.rig.session()
        link = self.rig.me.call("share.link", session=session, verb="read", label="for Grace")
        grace = come(self.rig, secret_of(link["url"]))
        self.noted()
        for _ in range(5):
            self.refused("not_permitted", "file.list", grace.client)
            self.refused("not_permitted", "cell.insert", grace.client, session=session, source="x")
        found = self.noted()
        self.assertEqual(
            [(line.method, line.result) for line in found], [("file.list", "not_permitted"), ("edit", "not_permitted")]
        )
        self.assertEqual({line.person for line in found}, {grace.principal.login})
        self.assertEqual({line.name for line in found}, {"Grace (guest)"})

    def test_links_tokens_and_files_are_told_by_their_labels(self) -> None:
        """And never with their secrets."""
        session = self.rig.session()
        self.noted()
        link = self.rig.me.call("share.link", session=session, verb="write", label="for Grace")
        made = self.rig.me.call("token.create", label="nightly")
        self.rig.disk.files.put("a.txt", b"x")
        self.rig.me.call("file.rename", path="a.txt", to="b.txt")
        found = self.noted()
        self.assertEqual([line.target for line in found], ["label for Grace, verb write", "label nightly", ""])
        self.assertEqual((found[2].path, found[2].to), ("a.txt", "b.txt"))
        for secret in (secret_of(link["url"]), made["token"]):
            self.assertNotIn(secret, str(found))

    def test_a_token_is_told_by_its_name(self) -> None:
        """Its person is who made it."""
        program = by(self.rig, self.rig.me.call("token.create", label="nightly")["token"])
        program.connection.origin = Origin("program", "10.0.0.8")
        self.noted()
        program.call("session.create", title="x")
        (line,) = self.noted()
        self.assertEqual((line.by, line.person, line.name, line.address), ("token nightly", "owner", "ada", "10.0.0.8"))

    def test_a_batch_is_recorded_call_by_call(self) -> None:
        """Notifications, too."""
        body = json.dumps([{"jsonrpc": "2.0", "id": 1, "method": "session.create", "params": {"title": "a"}},
                           {"jsonrpc": "2.0", "method": "session.create", "params": {"title": "b"}}]).encode()  # fmt: skip
        self.rig.wait(Deferred.fromCoroutine(self.rig.api.answer(body, self.rig.me.connection)))
        self.assertEqual(self.words(), ["session.create ok"] * 2)

    def test_the_log_is_read_and_verified_by_whoever_runs_the_server(self) -> None:
        """With what was done just before; by nobody else."""
        self.rig.me.call("session.create", title="x")
        found = self.rig.me.call("audit.list", limit=1)
        self.assertEqual([line["method"] for line in found["lines"]], ["session.create"])
        self.rig.me.call("session.create", title="y")
        self.assertEqual(self.rig.me.call("audit.list", limit=1)["before"], 0, "there are more")
        self.assertTrue(self.rig.me.call("audit.verify")["whole"])
        link = self.rig.me.call("share.link", session=self.rig.session(), verb="execute")
        guest = come(self.rig, secret_of(link["url"])).client
        token = by(self.rig, self.rig.me.call("token.create", label="ci")["token"])
        for client in (guest, token):
            for method in ("audit.list", "audit.verify"):
                self.refused("not_permitted", method, client)
        self.rig.services.logins.audit.log = None
        self.refused("not_found", "audit.list")

    def test_a_failed_sign_in_is_recorded(self) -> None:
        """Once in a minute for each address."""
        for address in ("a", "a", "b"):
            self.rig.services.logins.failed_attempts.record(address)
        self.assertEqual([(line.method, line.address, line.result) for line in self.noted()],
                         [("sign_in_failed", "a", "not_authenticated"), ("sign_in_failed", "b", "not_authenticated")])  # fmt: skip


class Writing(RigTestCase):
    """Facts on their way to the disk."""

    def setUp(self) -> None:
        super().setUp()
        self.log = audited(self.rig)
        self.audit: Audit = self.rig.services.logins.audit

    def test_facts_are_written_together_and_soon(self) -> None:
        """Nothing waits for them; while a batch is written the next one gathers."""
        self.log.waiting = Deferred()
        for number in range(5):
            self.audit.note(f"n{number}")
        self.assertEqual(self.log.batches, [])
        self.rig.clock.advance(WRITE_SECONDS)
        self.assertEqual(self.log.batches, [5])
        self.audit.note("later")
        self.rig.clock.advance(10)
        self.assertEqual(self.log.batches, [5], "it is still being written")
        waiting, self.log.waiting = self.log.waiting, None
        waiting.callback(None)
        self.rig.clock.advance(WRITE_SECONDS)
        self.assertEqual(self.log.batches, [5, 1])

    def test_a_full_disk_stops_no_work(self) -> None:
        """The server's log says so once; what was done meanwhile is written when there is room."""
        self.log.fault = OSError(28, "No space left on device")
        for number in range(3):
            self.rig.me.call("session.create", title=f"s{number}")
            self.rig.clock.advance(RETRY_SECONDS + 1)
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)
        self.log.fault = None
        self.rig.clock.advance(RETRY_SECONDS)
        self.assertEqual([line.method for line in self.log.lines], ["session.create"] * 3)

    def test_what_does_not_fit_is_counted(self) -> None:
        """As a line of its own."""
        self.patch(audit, "MOST_WAITING", 3)
        for number in range(5):
            self.audit.note(f"n{number}")
        self.rig.clock.advance(WRITE_SECONDS)
        self.assertEqual([line.method for line in self.log.lines], ["n0", "n1", "n2", "log_lost"])
        self.assertEqual(self.log.lines[-1].target, "2 facts did not fit")

    def test_what_waits_is_written_at_the_end(self) -> None:
        """Before the log is closed."""
        self.audit.note("last")
        self.successResultOf(Deferred.fromCoroutine(self.audit.stop()))
        self.assertEqual(
            ([line.method for line in self.log.lines], self.log.is_closed), (["last", "server_stopped"], True)
        )
        self.assertEqual(self.rig.clock.getDelayedCalls(), [])

    def test_the_end_waits_for_what_is_being_written(self) -> None:
        """And writes what came meanwhile; a log that fails at the end holds no server up."""
        self.log.waiting = Deferred()
        self.audit.note("first")
        self.audit.write()
        self.audit.note("second")
        ending = Deferred.fromCoroutine(self.audit.stop())
        self.assertNoResult(ending)
        waiting, self.log.waiting = self.log.waiting, None
        waiting.callback(None)
        self.successResultOf(ending)
        self.assertEqual([line.method for line in self.log.lines], ["first", "second", "server_stopped"])

    def test_old_lines_go_every_day(self) -> None:
        """By the time that is then."""
        self.audit.start("webipy 1", 30)
        self.rig.clock.advance(86_400)
        self.assertEqual(self.log.removed, ["2026-01-30T09:30:00.000000Z", "2026-01-31T09:30:00.000000Z"])

    def test_this_minute_is_bounded(self) -> None:
        """Beyond that, things are recorded more often than once."""
        self.patch(audit, "MOST_SEEN", 1)
        for address in ("a", "b", "b", "a"):
            self.audit.seldom("x", None, Origin(address=address))
        self.rig.clock.advance(WRITE_SECONDS)
        self.assertEqual([line.address for line in self.log.lines], ["a", "b", "b"])

    def test_without_a_log_nothing_is_kept(self) -> None:
        """As in a server in memory."""
        silent = Audit()
        silent.note("x", Principal("a", "own", "l"))
        silent.seldom("x", None, Origin())
        silent.keep(1)
        silent.write()
        self.successResultOf(Deferred.fromCoroutine(silent.stop()))


class Doors(SiteTestCase):
    """Signing in and out, at the real site."""

    def test_signing_in_and_out(self) -> None:
        """By which way, and with the right kind of what was used."""
        log = audited(self.rig)
        body = json.dumps({"token": TOKEN}).encode()
        answer = self.ask("POST", "/login", body, Content_Type="application/json")
        browser = {"Cookie": answer.headers["set-cookie"].partition(";")[0], "X_Webipy_Key": answer.json()["key"]}
        call = b'{"jsonrpc":"2.0","id":1,"method":"session.create","params":{}}'
        for agent, headers in (("curl/8", {"Authorization": f"Bearer {TOKEN}"}),
                               ("webipy", {"Authorization": f"Bearer {TOKEN}"}), ("Firefox", browser)):  # fmt: skip
            more = {"Origin": "http://localhost:8888"} if agent == "Firefox" else {}
            self.ask("POST", "/rpc", call, Content_Type="application/json", User_Agent=agent, **headers, **more)
        self.ask("POST", "/login", b'{"token": "wrong"}', Content_Type="application/json")
        self.ask("POST", "/logout", b"", Content_Type="application/json", Origin="http://localhost:8888", **browser)
        self.rig.clock.advance(WRITE_SECONDS)
        self.assertEqual(
            [(line.method, line.by, line.target, line.result) for line in log.lines],
            [
                ("sign_in", "page", "by token", "ok"),
                ("session.create", "program", "", "ok"),
                ("session.create", "command", "", "ok"),
                ("session.create", "page", "", "ok"),
                ("sign_in_failed", "", "", "not_authenticated"),
                ("sign_out", "page", "", "ok"),
            ],
        )
        self.assertEqual({line.address for line in log.lines}, {"192.168.1.1"})
        self.assertEqual(log.lines[0].person, "owner")
