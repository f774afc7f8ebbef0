"""webipy.server.notebooks.autosave: what is saved at the end of a server, and what it does with failures that nobody waits for."""

from __future__ import annotations

from typing import Any

from msgspec import Raw
from twisted.internet.defer import Deferred

from tests.test_documents import DocumentTestCase, notebook
from webipy.core import errors
from webipy.core.events.events import AnyEvent, CommMessage, CommOpened
from webipy.server.notebooks.autosave import AGAIN_SECONDS, LONGEST_MOVED_SECONDS, MOVED_SECONDS, REST_SECONDS


class AutosaveTestCase(DocumentTestCase):
    """Two sessions on files."""

    def setUp(self) -> None:
        super().setUp()
        self.files.put("b.ipynb", notebook("z = 3"))
        self.other = self.open("b.ipynb")

    def end(self) -> None:
        """The server ends."""
        self.rig.wait(Deferred.fromCoroutine(self.rig.services.documents.autosaves.stop()))

    def holds(self, path: str, words: bytes) -> bool:
        """Whether a file has some words."""
        return words in self.files.body(path)


class Ends(AutosaveTestCase):
    """`Autosaves.stop`."""

    def test_what_is_not_saved_is_saved(self) -> None:
        """Once, and nothing is written after that; what is saved already is not written again."""
        self.edit("c0", "unsaved")
        writes = self.files.writes
        self.end()
        self.assertTrue(self.holds("a.ipynb", b"unsaved"))
        self.assertEqual(self.files.writes, writes + 1)
        self.edit("c0", "later")
        self.rig.clock.advance(10 * REST_SECONDS)
        self.rig.turn(50)
        self.assertFalse(self.holds("a.ipynb", b"later"))

    def test_a_document_in_a_conflict_stays_as_it_is(self) -> None:
        """Whoever made it decides; the others are saved."""
        self.edit("c0", "mine")
        self.files.put("a.ipynb", notebook("theirs", "y = 2"))
        self.rig.clock.advance(2 * REST_SECONDS)
        self.rig.turn(50)
        self.rig.me.call("cell.set_source", session=self.other, cell="c0", source="unsaved")
        self.end()
        self.assertTrue(self.holds("a.ipynb", b"theirs"))
        self.assertTrue(self.holds("b.ipynb", b"unsaved"))

    def test_one_that_cannot_be_saved_holds_up_nothing(self) -> None:
        """The next server saves it."""
        self.edit("c0", "unsaved")
        self.files.fault = errors.FileFault("The disk is full.", reason="full", path="a.ipynb")
        self.end()
        self.files.fault = None
        self.rig = self.rig.crashed()
        self.rig.clock.advance(2 * REST_SECONDS)
        self.rig.turn(50)
        self.assertTrue(self.holds("a.ipynb", b"unsaved"))


class Fails(AutosaveTestCase):
    """Failures that no call waits for."""

    def test_a_mistake_of_the_server_is_logged_and_tried_again(self) -> None:
        """As one that has a name is, which events report."""
        write = type(self.files).write
        faults: list[OSError] = [OSError("a mistake")]

        def failing(files: Any, *arguments: Any) -> Any:
            if faults:
                raise faults.pop()
            return write(files, *arguments)

        self.patch(type(self.files), "write", failing)
        self.edit("c0", "unsaved")
        self.rig.clock.advance(2 * REST_SECONDS)
        self.rig.turn(50)
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)
        self.assertFalse(self.holds("a.ipynb", b"unsaved"))
        self.rig.clock.advance(AGAIN_SECONDS)
        self.rig.turn(50)
        self.assertTrue(self.holds("a.ipynb", b"unsaved"))

    def test_a_session_without_a_file_saves_nothing(self) -> None:
        """And says how it gets one."""
        session = self.rig.session()
        self.rig.services.documents.of(self.rig.services.sessions.get(session)).start()
        self.rig.me.call("cell.insert", session=session, source="x")
        self.rig.clock.advance(10 * REST_SECONDS)
        fault = self.refused("invalid_request", "notebook.save", session=session)
        self.assertIn("save it under a name first", fault.message)


class Widgets(AutosaveTestCase):
    """A widget that is moved."""

    def setUp(self) -> None:
        super().setUp()
        self.at = self.rig.services.sessions.get(self.session)
        self.say(
            CommOpened(comm="c", target="jupyter.widget", content=Raw(b'{"state": {"value": 1}}'), metadata=Raw(b"{}"))
        )
        self.pass_time(2 * LONGEST_MOVED_SECONDS)
        self.before = self.saved_until()

    def say(self, event: AnyEvent, by: str | None = None) -> None:
        """An event of the session."""
        self.rig.wait(self.at.append([event], by))

    def move(self, by: str | None) -> None:
        """A message with a new value."""
        content = Raw(b'{"method": "update", "state": {"value": 2}}')
        self.say(CommMessage(comm="c", content=content, metadata=Raw(b"{}")), by)

    def saved_until(self) -> int:
        """The seq of the last event that the file holds."""
        return self.at.state.file_state.saved

    def pass_time(self, seconds: float) -> None:
        """The clock goes on."""
        self.rig.clock.advance(seconds)
        self.rig.turn(50)

    def test_a_move_saves_when_it_has_come_to_rest(self) -> None:
        """Later than an edit does; one that never rests is saved from time to time, and an edit meanwhile in its own time."""
        self.move("me")
        self.pass_time(2 * REST_SECONDS)
        self.assertEqual(self.saved_until(), self.before)
        self.pass_time(MOVED_SECONDS)
        self.assertGreaterEqual(self.saved_until(), self.at.state.comms.moved)
        saved = self.saved_until()
        for _ in range(int(LONGEST_MOVED_SECONDS) - 1):
            self.move("me")
            self.pass_time(1)
        self.assertEqual(self.saved_until(), saved)
        self.move("me")
        self.pass_time(1.5)
        self.assertGreater(self.saved_until(), saved)
        self.move("me")
        self.edit("c0", "edited")
        self.pass_time(1.5 * REST_SECONDS)
        self.assertTrue(self.holds("a.ipynb", b"edited"))

    def test_a_move_while_the_file_is_written_is_saved(self) -> None:
        """It is neither in that file nor forgotten."""
        write = type(self.files).write
        moves = [1]

        def moving(files: Any, *arguments: Any) -> Any:
            if moves:
                moves.pop()
                self.move("me")
            return write(files, *arguments)

        self.patch(type(self.files), "write", moving)
        self.edit("c0", "edited")
        self.pass_time(1.5 * REST_SECONDS)
        self.assertTrue(self.holds("a.ipynb", b"edited"))
        self.assertLess(self.saved_until(), self.at.state.comms.moved)
        self.pass_time(1.5 * MOVED_SECONDS)
        self.assertGreaterEqual(self.saved_until(), self.at.state.comms.moved)

    def test_what_a_kernel_does_by_itself_waits_for_the_next_save(self) -> None:
        """A progress bar that runs for a day writes no file."""
        for _ in range(10):
            self.move(None)
            self.pass_time(LONGEST_MOVED_SECONDS)
        self.assertEqual(self.saved_until(), self.before)

    def test_a_move_is_saved_at_the_end(self) -> None:
        """Of the server, and of the session."""
        self.move("me")
        self.end()
        self.assertGreaterEqual(self.saved_until(), self.at.state.comms.moved)


class Elsewhere(AutosaveTestCase):
    """Files that are open in another session."""

    def test_the_session_of_a_file(self) -> None:
        """By its path; nothing of a file that is open nowhere."""
        autosaves = self.rig.services.documents.autosaves
        at = {path: autosaves.at(path) for path in ("a.ipynb", "b.ipynb", "c.ipynb")}
        self.assertEqual([one and one.id for one in at.values()], [self.session, self.other, None])
        session = self.rig.services.sessions.get(self.session)
        self.assertEqual(autosaves._owner(session, "b.ipynb"), "b.ipynb")
        self.assertEqual((autosaves._owner(session, "a.ipynb"), autosaves._owner(session, "c.ipynb")), (None, None))
