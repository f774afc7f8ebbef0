"""webipy.server.sessions.closed_sessions: the history of a document goes on, whatever is closed, renamed or restarted; what is kept can be
read, and has a limit."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.defer import Deferred, fail

from tests.fakes import Client, FakeJournal, FakeJournals, RigTestCase, known_to_msgspec, printed
from tests.test_documents import DocumentTestCase, notebook, sources
from tests.test_shares import come, secret_of
from webipy.core import errors
from webipy.core.api.journal_calls import JournalList
from webipy.core.events import events
from webipy.core.events.events import AnyEvent
from webipy.server.notebooks import documents
from webipy.server.notebooks.autosave import GONE_SECONDS
from webipy.server.ports.registry import ClosedSession
from webipy.server.sessions.closed_sessions import ClosedSessions
from webipy.server.sessions.session import Session
from webipy.server.sessions.sessions import Sessions, end_kernel_to_close


class KeptTestCase(DocumentTestCase):
    """A notebook that was edited, named and closed."""

    def setUp(self) -> None:
        super().setUp()
        self.edit("c0", "x = 10")
        self.call("notebook.checkpoint", checkpoint="ten")
        self.edit("c0", "x = 100")
        self.close()

    def close(self, **params: Any) -> None:
        """Closes the session."""
        self.call("session.close", **params)
        self.rig.turn()

    def kinds(self) -> list[str]:
        """The kinds of moments in the history, the oldest first."""
        return [moment["kind"] for moment in reversed(self.call("notebook.history")["moments"])]

    def at(self, **params: Any) -> list[str]:
        """The sources of an earlier state."""
        return ["".join(cell["source"]) for cell in self.call("notebook.at", **params)["notebook"]["cells"]]

    def journals(self) -> list[dict[str, Any]]:
        """What journal.list tells."""
        found: list[dict[str, Any]] = self.rig.me.call("journal.list")["journals"]
        return found


class GoesOn(KeptTestCase):
    """One history for one document."""

    def check_history(self) -> None:
        """All that was there is there, and can be compared and brought back."""
        self.assertEqual(self.kinds()[:4], ["opened", "edited", "checkpoint", "edited"])
        self.assertEqual(self.at(checkpoint="ten"), ["x = 10", "y = 2"])
        moments = self.call("notebook.history")["moments"]
        (first,) = [moment for moment in moments if moment["kind"] == "opened" and moment["name"]][:1]
        diff = self.call("notebook.diff", since=first["seq"])
        self.assertEqual([(cell["before"], cell["after"]) for cell in diff["cells"]][:1], [("x = 1", "x = 100")])
        self.call("notebook.restore", checkpoint="ten")
        self.assertEqual(self.sources()[0], "x = 10")

    def test_opened_again_a_notebook_has_its_history(self) -> None:
        """The same session, with one more moment; it has no kernel."""
        again = self.open("a.ipynb")
        self.assertEqual(again, self.session)
        self.assertEqual(self.sources(), ["x = 100", "y = 2"])
        self.assertEqual(self.kinds(), ["opened", "edited", "checkpoint", "edited", "opened"])
        self.assertIsNone(self.call("session.get")["kernel"])
        self.check_history()
        self.rest()
        self.assertEqual(self.saved(), ["x = 10", "y = 2"])

    def test_closed_and_opened_often_it_has_one_moment_more(self) -> None:
        """Openings in a row are one."""
        for _ in range(3):
            self.open("a.ipynb")
            self.close()
        self.open("a.ipynb")
        self.assertEqual(self.kinds(), ["opened", "edited", "checkpoint", "edited", "opened"])

    def test_over_a_restart(self) -> None:
        """The server died while it was closed, and once more after it was opened again."""
        self.rig = self.rig.crashed()
        self.assertEqual(self.open("a.ipynb"), self.session)
        self.rig = self.rig.crashed()
        self.assertEqual([one["id"] for one in self.rig.me.call("session.list")["sessions"]], [self.session])
        self.check_history()

    def test_renamed_here_while_it_is_closed(self) -> None:
        """A file, or the folder that it is in (a real one, that kernels start in); its title follows."""
        self.rig.me.call("file.create", path="tmp", kind="folder")
        self.rig.me.call("file.rename", path="a.ipynb", to="tmp/a.ipynb")
        self.rig.me.call("file.rename", path="tmp", to="usr")
        self.assertEqual(self.open("usr/a.ipynb"), self.session)
        self.assertEqual(self.call("session.get")["path"], "usr/a.ipynb")
        self.rig.me.call("file.rename", path="usr/a.ipynb", to="b.ipynb")
        self.close()
        self.rig.me.call("file.rename", path="b.ipynb", to="c.ipynb")
        self.assertEqual(self.open("c.ipynb"), self.session)
        self.assertEqual(self.call("session.get")["title"], "c.ipynb")
        self.check_history()

    def test_moved_by_another_program_while_it_is_closed(self) -> None:
        """The same file under another name, also where there was another document before."""
        self.files.move("a.ipynb", "b.ipynb")
        self.files.put("a.ipynb", notebook("other"))
        self.assertEqual(self.open("b.ipynb"), self.session)
        self.assertNotEqual(self.open("a.ipynb"), self.session)
        self.check_history()

    def test_moved_to_another_disk(self) -> None:
        """Another file with the same content, and the old one is not there any more."""
        body = self.files.body("a.ipynb")
        self.files.put("copy.ipynb", body)
        copy = self.open("copy.ipynb")
        self.assertNotEqual(copy, self.session, "the first one is still there")
        self.files.take("a.ipynb")
        self.files.put("moved.ipynb", body)
        self.assertEqual(self.open("moved.ipynb"), self.session)
        self.check_history()

    def test_moved_by_another_program_right_before_it_is_closed(self) -> None:
        """Before the move was seen, so that nobody knows what the file of that path held."""
        self.open("a.ipynb")
        self.files.move("a.ipynb", "b.ipynb")
        self.close(discard=True)
        self.assertEqual(self.open("b.ipynb"), self.session)
        self.check_history()

    def test_a_move_that_is_seen_while_it_is_closed(self) -> None:
        """The closing is what counts: nothing comes after `session_closed`."""
        session = self.rig.services.sessions.get(self.open("a.ipynb"))
        self.files.move("a.ipynb", "b.ipynb")
        self.close(discard=True)
        self.successResultOf(Deferred.fromCoroutine(self.rig.services.sessions.has_moved(session, "b.ipynb", None)))
        self.assertEqual(self.rig.journal.events()[-1]["type"], "session_closed")
        self.assertEqual(self.open("b.ipynb"), self.session)

    def test_moved_by_another_program_while_a_save_waits(self) -> None:
        """It is saved where it is now, and nobody is told that it was deleted."""
        self.open("a.ipynb")
        bound = self.rig.services.documents.of(self.rig.services.sessions.get(self.session)).file
        saves = []
        for source in ("x = 3", "x = 4"):
            self.edit("c0", source)
            saves.append(Deferred.fromCoroutine(bound.save("me")))
        self.files.move("a.ipynb", "b.ipynb")
        self.rig.turn(60)
        for save in saves:
            self.successResultOf(save)
        self.assertEqual(sources(self.files.body("b.ipynb"))[0], "x = 4")
        self.assertNotIn("notebook_conflicted", [event["type"] for event in self.rig.journal.events()])

    def test_moved_by_another_program_while_it_is_open(self) -> None:
        """The session follows: by itself, and at once when it is opened at the new place."""
        self.open("a.ipynb")
        self.files.move("a.ipynb", "b.ipynb")
        self.rest(GONE_SECONDS)
        self.rest(GONE_SECONDS)
        self.assertEqual(self.call("notebook.get")["path"], "b.ipynb")
        self.files.move("b.ipynb", "c.ipynb")
        self.assertEqual(self.open("c.ipynb"), self.session)
        self.edit("c1", "y = 3")
        self.rest()
        self.assertEqual(sources(self.files.body("c.ipynb")), ["x = 100", "y = 3"])
        self.assertIsNone(self.call("notebook.get")["conflict"])

    def test_a_change_of_another_program_comes_in_as_one(self) -> None:
        """As for a document that is open: its own moment, after what was there."""
        self.files.put("a.ipynb", notebook("x = 100", "y = 2", "z = 3"))
        self.open("a.ipynb")
        self.assertEqual(self.sources(), ["x = 100", "y = 2", "z = 3"])
        self.assertEqual(self.kinds()[-1], "reloaded")
        self.check_history()

    def test_a_file_that_cannot_be_read_any_more(self) -> None:
        """Opens as it was here, and is not written over."""
        self.files.put("a.ipynb", b"<<<<<<< HEAD")
        self.open("a.ipynb")
        self.assertEqual(self.sources(), ["x = 100", "y = 2"])
        self.assertIn("not JSON", self.call("notebook.get")["save_failed"])
        self.edit("c0", "x = 0")
        self.rest()
        self.assertEqual(self.files.body("a.ipynb"), b"<<<<<<< HEAD")

    def test_what_was_given_up_stays_in_the_history(self) -> None:
        """Closed without saving: the file counts, and what was here can be brought back."""
        self.open("a.ipynb")
        self.edit("c0", "mine")
        self.files.put("a.ipynb", notebook("theirs", "y = 2"))
        self.rig.turn(30)
        self.close(discard=True)
        self.open("a.ipynb")
        self.assertEqual(self.sources(), ["theirs", "y = 2"])
        states = [self.at(seq=moment["seq"])[0] for moment in self.call("notebook.history")["moments"]]
        self.assertIn("mine", states)
        self.assertIsNone(self.call("notebook.get")["conflict"])

    def test_what_came_while_it_was_closed_is_saved(self) -> None:
        """Output after the first save, the end of what ran, and what was edited in the last moment are in the file; what another program writes
        afterwards is no conflict."""
        self.open("a.ipynb", kernelspec="python3")
        self.rig.turn()
        self.rig.host.ready()
        run = self.call("execution.start", code="x = 100", cell="c0")["execution"]
        self.rig.turn()
        end_kernel, close = end_kernel_to_close, Sessions.close
        last: list[AnyEvent] = [events.CellTypeSet(cell="c1", cell_type="markdown")]

        async def end_late(sessions: Sessions, session: Session, by: str | None) -> None:
            self.rig.host.emit(printed("late\n", run))
            self.rig.turn()
            await end_kernel(sessions, session, by)

        async def close_late(sessions: Sessions, session: Session, *rest: Any, **more: Any) -> bool:
            if last:
                await session.append([last.pop()], "me")
            return await close(sessions, session, *rest, **more)

        self.patch(documents, "end_kernel_to_close", end_late)
        self.patch(Sessions, "close", close_late)
        self.close()
        cells = json.loads(self.files.body("a.ipynb"))["cells"]
        self.assertEqual(cells[0]["outputs"][0]["text"], ["late\n"])
        self.assertEqual(cells[1]["cell_type"], "markdown")
        self.files.put("a.ipynb", notebook("theirs", "y = 2"))
        self.open("a.ipynb")
        self.rest()
        self.assertEqual((self.sources(), self.call("notebook.get")["conflict"]), (["theirs", "y = 2"], None))

    def test_a_damaged_journal_does_not_keep_a_document_closed(self) -> None:
        """It begins a new history, and the old journal is still listed."""
        self.rig.disk.journals.damaged[self.session] = errors.Damaged("It is damaged.", kind="session", id=self.session)
        again = self.open("a.ipynb")
        self.assertNotEqual(again, self.session)
        self.assertEqual({one["session"] for one in self.journals()}, {self.session, again})

    def test_a_journal_that_is_gone_does_not_keep_a_document_closed(self) -> None:
        """Somebody removed the file."""
        del self.rig.disk.journals.found[self.session]
        self.assertNotEqual(self.open("a.ipynb"), self.session)

    def test_opened_by_two_at_once(self) -> None:
        """One session."""
        told = [self.rig.client().ask("session.create", path="a.ipynb") for _ in range(2)]
        self.rig.turn(60)
        self.assertEqual({self.successResultOf(one)["result"]["id"] for one in told}, {self.session})
        self.assertEqual(self.kinds().count("opened"), 2)


class Deleted(KeptTestCase):
    """Documents that are not there any more."""

    def test_a_new_file_under_the_name_of_a_deleted_one_begins_anew(self) -> None:
        """And the old one, back from the trash, has its history."""
        trashed = self.rig.me.call("file.delete", path="a.ipynb")["trashed"]
        self.files.put("a.ipynb", notebook("new"))
        new = self.open("a.ipynb")
        self.assertNotEqual(new, self.session)
        self.rig.me.call("trash.restore", path="a.ipynb", id=trashed["id"], to="back.ipynb")
        self.assertEqual(self.open("back.ipynb"), self.session)
        self.assertEqual(self.at(checkpoint="ten"), ["x = 10", "y = 2"])

    def test_back_under_its_own_name(self) -> None:
        """The very file, by another program: from the trash of the desktop, say."""
        entry = self.files.entries["a.ipynb"]
        self.rig.me.call("file.delete", path="a.ipynb")
        self.files.entries["a.ipynb"] = entry
        self.assertEqual(self.open("a.ipynb"), self.session)
        self.assertEqual(self.at(checkpoint="ten"), ["x = 10", "y = 2"])

    def test_a_new_file_where_another_program_deleted_one(self) -> None:
        """Made by `create`: it is a new one."""
        self.files.take("a.ipynb")
        self.assertNotEqual(self.open("a.ipynb", create=True), self.session)

    def test_a_document_that_is_gone_comes_back_from_its_journal(self) -> None:
        """To its path, or beside what is there now."""
        self.rig.me.call("file.delete", path="a.ipynb")
        self.assertEqual(self.journals()[0]["path"], None)
        self.assertEqual(self.journals()[0]["document"], "a.ipynb")
        self.rig.me.call("session.reopen", session=self.session)
        self.assertEqual(self.saved(), ["x = 100", "y = 2"])
        self.close()
        self.rig.me.call("file.delete", path="a.ipynb")
        self.files.put("a.ipynb", notebook("new"))
        found = self.rig.me.call("session.reopen", session=self.session)
        self.assertEqual(found["path"], "a 2.ipynb")
        self.assertEqual(sources(self.files.body("a 2.ipynb")), ["x = 100", "y = 2"])
        self.assertEqual(self.saved(), ["new"])


class Reopening(RigTestCase):
    """Sessions without a document."""

    def test_a_session_goes_on(self) -> None:
        """Its executions are there, an id is not taken twice, and it gets a new kernel."""
        session = self.rig.session("python3")
        self.rig.me.call("execution.start", session=session, code="1", id="one")
        self.rig.turn()
        self.rig.host.run("one", printed("1\n", "one"))
        self.rig.turn()
        self.rig.me.call("session.close", session=session)
        found = self.rig.me.call("session.reopen", session=session)
        self.assertEqual((found["id"], found["kernel"]), (session, None))
        self.assertEqual(self.rig.me.call("session.reopen", session=session)["id"], session, "it is open")
        self.assertEqual(
            self.rig.me.call("execution.get", session=session, execution="one")["outputs"][0]["text"], "1\n"
        )
        self.refused("kernel_not_ready", "execution.start", session=session, code="2", id="two")
        self.rig.me.call("kernel.start", session=session)
        self.rig.turn()
        self.rig.host.ready()
        self.rig.me.call("execution.start", session=session, code="1", id="one")
        self.rig.me.call("execution.start", session=session, code="2", id="two")
        self.rig.turn()
        self.assertEqual(self.rig.host.executed(), ["two"])

    def test_a_reopening_that_was_cut_off(self) -> None:
        """The server died between the event and the row: it is closed, and can be opened."""
        session = self.rig.session()
        self.rig.me.call("session.close", session=session)
        closings = dict(self.rig.disk.registry.closings)
        self.rig.me.call("session.reopen", session=session)
        self.rig.disk.registry.closings.update(closings)
        self.rig = self.rig.crashed()
        self.assertEqual(self.rig.me.call("session.list"), {"sessions": []})
        self.assertEqual(self.rig.me.call("session.reopen", session=session)["id"], session)

    def test_what_is_no_closed_session(self) -> None:
        """Is told."""
        session = self.rig.session()
        for method in ("journal.read", "journal.delete"):
            self.refused("not_found", method, session=session)
            self.refused("not_found", method, session="nobody")
        self.refused("not_found", "session.reopen", session="nobody")


class Listed(KeptTestCase):
    """`journal.list`, `journal.read`, `journal.delete`."""

    def test_what_is_listed(self) -> None:
        """Open and closed, with and without a document."""
        self.rig.me.call("session.create", id="other", title="Other")
        listed = {one["session"]: one for one in self.journals()}
        self.assertEqual((listed[self.session]["path"], listed[self.session]["is_open"]), ("a.ipynb", False))
        self.assertEqual((listed["other"]["path"], listed["other"]["is_open"]), (None, True))
        self.assertTrue(all(one["size_bytes"] > 0 and one["last_activity"] for one in listed.values()))
        told = self.rig.me.call("journal.list")
        self.assertEqual(told["closed_bytes"], listed[self.session]["size_bytes"])
        known_to_msgspec(told, JournalList)

    def test_a_closed_journal_is_read(self) -> None:
        """Part by part, each event once."""
        seen: list[dict[str, Any]] = []
        while True:
            part = self.rig.me.call("journal.read", session=self.session, since=len(seen), limit=3)
            self.assertEqual(part["first"], len(seen) + 1)
            seen += part["events"]
            if len(seen) == part["last_seq"]:
                break
        self.assertEqual(seen, self.rig.disk.journals.found[self.session].events())
        self.assertEqual(seen[-1]["type"], "session_closed")

    def test_a_deleted_journal_is_gone(self) -> None:
        """The document stays, with a new history."""
        self.rig.me.call("journal.delete", session=self.session)
        self.assertEqual(self.journals(), [])
        self.assertEqual(self.saved(), ["x = 100", "y = 2"])
        self.assertNotEqual(self.open("a.ipynb"), self.session)
        self.assertEqual(self.rig.crashed().me.call("session.list")["sessions"][0]["path"], "a.ipynb")


class Bounds(KeptTestCase):
    """How much is kept."""

    def bound(self, mebibytes: int | None = None, days: float | None = None) -> set[str]:
        """One round; gives the sessions whose journals are left."""
        closed = self.rig.services.closed_sessions
        closed.keep_mebibytes, closed.keep_days = mebibytes, days
        self.rig.wait(Deferred.fromCoroutine(closed.enforce_limits()))
        return {one["session"] for one in self.journals()}

    def printing(self, session: str) -> None:
        """A closed session without a document, of over half a MiB."""
        self.rig.me.call("session.create", id=session, kernelspec="python3")
        self.rig.turn()
        self.rig.host.ready()
        self.rig.me.call("execution.start", session=session, code="1", id="e")
        self.rig.turn()
        self.rig.host.run("e", printed("o" * 600_000, "e"))
        self.rig.turn()
        self.rig.me.call("session.close", session=session)
        self.rig.clock.advance(60)

    def test_those_without_a_document_go_first(self) -> None:
        """The oldest of them first, and none that is open."""
        for session in ("one", "two", "three", "open"):
            self.printing(session)
        self.rig.me.call("session.reopen", session="open")
        self.assertEqual(self.bound(mebibytes=3), {self.session, "one", "two", "three", "open"})
        self.assertEqual(self.bound(mebibytes=1), {self.session, "three", "open"})
        self.assertEqual(self.bound(mebibytes=0), {"open"})

    def test_old_ones_go(self) -> None:
        """By the time of their closing; an open one is never too old."""
        self.rig.me.call("session.create", id="open")
        self.rig.clock.advance(2 * 86_400)
        self.printing("new")
        self.assertEqual(self.bound(days=1), {"new", "open"})

    def test_what_an_earlier_version_closed_is_found_again(self) -> None:
        """Its registry kept no path of a closed session; the journal has it. The newest one of a document counts."""
        self.open("a.ipynb")
        self.close()
        registry, journals = self.rig.disk.registry, self.rig.disk.journals
        older = journals.open("older")
        del older
        journals.open_now.remove("older")
        journals.found["older"].bodies = list(journals.found[self.session].bodies[:5])
        registry.closings.clear()
        registry.records.clear()
        self.rig = self.rig.crashed()
        self.assertEqual(self.bound(mebibytes=100), {self.session, "older"})
        self.assertEqual(self.open("a.ipynb"), self.session)


class Unregistered(KeptTestCase):
    """Journals that the registry does not know: an earlier version closed their sessions, or the registry was lost."""

    def setUp(self) -> None:
        super().setUp()
        self.rig.disk.registry.closings.clear()
        self.closed = self.rig.services.closed_sessions

    def enforce(self) -> None:
        """One look at the limits."""
        self.rig.wait(Deferred.fromCoroutine(self.closed.enforce_limits()))

    def test_what_it_belongs_to_is_read_from_its_events(self) -> None:
        """It is listed with its document, and can be read by its id."""
        (journal,) = self.journals()
        self.assertEqual((journal["session"], journal["path"], journal["is_open"]), (self.session, "a.ipynb", False))
        part = self.rig.me.call("journal.read", session=self.session, since=0, limit=1)
        self.assertEqual(part["events"][0]["type"], "session_created")

    def test_one_that_cannot_be_read_is_looked_at_once(self) -> None:
        """It is logged, and stays as it is; the others are read."""
        self.rig.disk.journals.found["torn"] = FakeJournal(self.rig.clock)
        described: list[str] = []
        describe = FakeJournals.describe

        def torn(journals: FakeJournals, session: str) -> Deferred[ClosedSession]:
            described.append(session)
            if session == "torn":
                return fail(errors.Damaged("It cannot be read.", kind="session", id=session))
            return describe(journals, session)

        self.patch(FakeJournals, "describe", torn)
        for _ in range(2):
            self.enforce()
        self.assertEqual(sorted(described), sorted([self.session, "torn"]))
        found = {one["session"]: one["path"] for one in self.journals()}
        self.assertEqual(found, {self.session: "a.ipynb", "torn": None})

    def test_one_that_is_opened_or_deleted_meanwhile_is_left(self) -> None:
        """The others over the limit go."""
        for session in ("x", "y"):
            self.rig.disk.journals.found[session] = journal = FakeJournal(self.rig.clock)
            created = events.SessionCreated(seq=1, time="2026-01-01T00:00:00.000000Z", session=session, title=session)
            journal.bodies.append(events.encode(created))
        remove = ClosedSessions.remove

        async def removed(closed: ClosedSessions, session: str) -> None:
            if session == "x":
                raise errors.NotFound("It is open.", kind="journal", id=session)
            await remove(closed, session)

        self.patch(ClosedSessions, "remove", removed)
        self.closed.keep_mebibytes = 0
        self.enforce()
        self.assertEqual({one["session"] for one in self.journals()}, {"x"})

    def test_there_is_none(self) -> None:
        """Whether it is open, or unknown, is said."""
        for session, words in ((self.open("a.ipynb"), "is open"), ("ghost", "has no journal")):
            fault = self.refused("not_found", "journal.read", session=session, since=0)
            self.assertIn(words, fault.message)


class Guests(KeptTestCase):
    """What was done before a session was opened again is not theirs."""

    def guest(self, verb: str) -> Client:
        """Somebody who came by a link."""
        return come(self.rig, self.link(verb)).client

    def link(self, verb: str) -> str:
        """The secret of a new link."""
        return secret_of(self.call("share.link", verb=verb)["url"])

    def test_shares_do_not_come_back(self) -> None:
        """A link of the closed session leads nowhere, and who came by it is nobody."""
        self.open("a.ipynb")
        secret = self.link("execute")
        guest = come(self.rig, secret).client
        self.close()
        self.open("a.ipynb")
        self.refused("not_authenticated", "session.get", client=guest, session=self.session)
        self.assertIsNone(self.rig.services.logins.shares.share_of(secret))
        self.assertEqual(self.call("share.list")["shares"], [])
        self.rig = self.rig.crashed()
        self.assertIsNone(self.rig.services.logins.shares.share_of(secret))

    def test_a_guest_sees_the_session_as_it_was_opened_last(self) -> None:
        """The document and what is shown in it, but no earlier state, code, execution or event."""
        self.open("a.ipynb", kernelspec="python3")
        self.rig.turn()
        self.rig.host.ready()
        for run, code, cell in (("shown", "secret()", "c0"), ("loose", "secret()", None)):
            self.call("execution.start", code=code, cell=cell, id=run)
            self.rig.turn()
            self.rig.host.run(run, printed("shown\n", run))
            self.rig.turn()
        self.call("cell.delete", cell="c1")
        self.close()
        self.open("a.ipynb")
        guest = self.guest("write")
        told = guest.call("session.subscribe", session=self.session, since=0)
        self.assertNotIn("secret", json.dumps(told))
        self.assertIn("shown", json.dumps(told["snapshot"]))
        self.assertEqual(told["snapshot"]["seq"], self.call("session.get")["seq"])
        polled = guest.call("session.events", session=self.session)
        self.assertEqual(polled["events"][0]["type"], "session_reopened")
        kinds = [one["kind"] for one in guest.call("notebook.history", session=self.session)["moments"]]
        self.assertEqual(kinds, ["opened"])
        before = told["first_seq"] - 1
        for params in ({"checkpoint": "ten"}, {"seq": before}, {"time": "2026-03-01T09:29:59Z"}):
            for method in ("notebook.at", "notebook.restore"):
                self.refused("not_found", method, client=guest, session=self.session, **params)
        self.refused("not_found", "notebook.diff", client=guest, session=self.session, since=before)
        self.refused("not_found", "cell.restore", client=guest, session=self.session, cell="c1")
        for run in ("shown", "loose"):
            for method in ("execution.get", "execution.wait"):
                self.refused("not_found", method, client=guest, session=self.session, execution=run)
        self.refused("not_found", "output.read", client=guest, session=self.session, execution="loose", output=0)
        read = guest.call("output.read", session=self.session, execution="shown", output=0)
        self.assertEqual(read["text"], "shown\n")
