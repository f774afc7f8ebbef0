"""The twelve laws: where each is tested, and the tests of those that no single module owns.

One owner    One host link per kernel; no browser connection touches ZeroMQ.
One path     Every output goes kernel → host → journal → feeds. Nothing is shown that has no seq.
No gap, no twin, No drop, Write first, Once, Signed, Who, Same door, Atomic files, Closing a tab stops nothing, Bounded
"""

from __future__ import annotations

import ast
import gc
import importlib
import json
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import Client, RigTestCase, examples, make_rig, message, printed, run_of
from tests.test_file_tree import FileTreeTestCase
from webipy.core import errors
from webipy.core.kernel import wire
from webipy.io.files.atomic_write import etag_of
from webipy.server.methods.api import METHODS

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "webipy"

MOST_SECONDS = 0.02
"""A turn of the reactor."""

EDITOR = {"input.recall", "input.type", "input.paste", "input.complete"}
"""User events of the page's editor (CodeMirror), which look like methods."""

LAWS: dict[str, list[str]] = {
    "one owner": ["tests.laws.test_laws.OneOwner.test_one_owner_nothing_but_the_link_touches_zeromq"],
    "one path": ["tests.laws.test_laws.OnePath.test_one_path_what_is_shown_is_what_is_written"],
    "no gap, no twin": ["tests.test_feed.NoGapNoTwin.test_no_gap_no_twin"],
    "no drop": ["tests.test_websocket.Events.test_no_drop_a_client_that_does_not_read_does_not_grow_the_server"],
    "write first": [
        "tests.test_session.WriteFirst.test_write_first_a_call_is_answered_after_its_event_is_in_the_journal",
        "tests.test_session.WriteFirst.test_write_first_an_event_is_shown_after_it_is_in_the_journal",
        "tests.test_session.WriteFirst.test_write_first_the_host_is_acknowledged_after_the_events_are_written",
    ],
    "once": [
        "tests.test_session.Once.test_once_however_often_the_call_is_repeated",
        "tests.test_session.Once.test_once_when_two_clients_call_in_the_same_turn",
    ],
    "signed": ["tests.laws.test_laws.Signed.test_signed_a_changed_frame_never_passes"],
    "who": [
        "tests.test_api.Who.test_who_no_method_lacks_a_verb",
        "tests.test_api.Who.test_who_may_call_what",
        "tests.test_api.Who.test_who_comes_from_the_connection_and_never_from_params",
    ],
    "same door": ["tests.laws.test_laws.SameDoor.test_same_door_every_client_calls_the_same_table"],
    "atomic files": [
        "tests.laws.test_laws.AtomicFiles.test_atomic_files_whoever_reads_sees_one_version_whole",
        "tests.laws.test_laws.AtomicFiles.test_atomic_files_no_change_is_overwritten_unseen",
        "tests.laws.test_laws.AtomicFiles.test_atomic_files_are_written_in_one_place",
    ],
    "closing a tab stops nothing": ["tests.test_session.Tabs.test_closing_a_tab_stops_nothing"],
    "bounded": [
        "tests.test_host_link.Bounded.test_bounded_a_flood_does_not_keep_the_reactor",
        "tests.test_host_link.Bounded.test_bounded_large_messages_are_few_in_a_turn",
        "tests.laws.test_laws.Bounded.test_bounded_no_turn_takes_long",
        "tests.laws.test_buffers.Bounded.test_bounded_every_buffer_is_listed_with_its_limit",
        "tests.laws.test_buffers.Bounded.test_bounded_a_flood_stays_within_the_limit",
    ],
}


class Laws(SynchronousTestCase):
    """The list above."""

    def test_each_law_has_a_test_that_is_named_after_it(self) -> None:
        """And the tests exist."""
        for law, names in LAWS.items():
            self.assertTrue(names, law)
            for name in names:
                module, case, test = name.rsplit(".", 2)
                self.assertTrue(hasattr(getattr(importlib.import_module(module), case), test), name)
                word = re.sub(r"\W+", "_", law)
                self.assertTrue(test.removeprefix("test_").startswith(word), (law, test))


def imports(path: Path) -> set[str]:
    """Names of the modules that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


class OneOwner(RigTestCase):
    """Law 1."""

    def test_one_owner_nothing_but_the_link_touches_zeromq(self) -> None:
        """In the server's process; the host is a process of its own."""
        users = {
            path.relative_to(PACKAGE).as_posix()
            for path in PACKAGE.rglob("*.py")
            if {name.partition(".")[0] for name in imports(path)} & {"zmq", "txzmq"}
        }
        beside = ("kernelhost.py", "kernel_programs/boot.py", "kernel_programs/private_endpoints.py")
        outside = {name for name in users if not name.startswith("host/") and name not in beside}
        self.assertLessEqual(outside, {"io/kernels/host_link.py", "command/doctor.py", "doctor.py"})
        self.assertIn("io/kernels/host_link.py", outside)

    def test_one_owner_a_kernel_has_one_link_however_many_clients_there_are(self) -> None:
        """Clients come and go; the link stays."""
        session = self.rig.session("python3")
        link = self.rig.host.link
        for _ in range(5):
            client = self.rig.client()
            client.call("session.subscribe", session=session)
            client.call("kernel.start", session=session)
            client.connection.leave()
        self.assertIs(self.rig.host.link, link)
        self.assertEqual(len(self.rig.host.attached_since), 1)


class OnePath(SynchronousTestCase):
    """Law 2."""

    def test_one_path_what_is_shown_is_what_is_written(self) -> None:
        """Whatever a kernel sends: each event that any client got stands in the journal, byte for byte, under its seq."""
        kinds = st.sampled_from(["stream", "display_data", "error", "status", "comm_msg", "debug_event", "nonsense"])
        contents = st.sampled_from([
            {"name": "stdout", "text": "x"}, {"data": {"text/plain": "1"}, "metadata": {}}, {"ename": "E"}, {"execution_state": "busy"},
            {"comm_id": "c", "data": {}}, {}, [],
        ])  # fmt: skip

        @examples(100)
        @given(st.lists(st.tuples(kinds, contents, st.booleans()), max_size=12))
        def holds(drawn: list[tuple[str, object, bool]]) -> None:
            rig = make_rig()
            session = rig.session("python3")
            client = rig.client()
            client.call("session.subscribe", session=session)
            execution = rig.me.call("execution.start", session=session, code="1")["execution"]
            for kind, content, is_ours in drawn:
                rig.host.emit(("iopub", message(kind, content, parent=execution if is_ours else "foreign")))
                rig.turn(2)
            rig.turn()
            bodies = rig.journal.bodies
            for body in client.sent:
                for event in json.loads(body)["params"]["events"]:
                    self.assertEqual(json.loads(bodies[event["seq"] - 1]), event)
            self.assertEqual(client.seqs(), list(range(1, len(bodies) + 1)))

        holds()

    def test_one_path_only_a_session_writes_its_journal(self) -> None:
        """`append` of a journal is called in one place."""
        callers = [
            path.name for path in (PACKAGE / "server").rglob("*.py") if "journal.append(" in path.read_text("utf-8")
        ]
        self.assertEqual(callers, ["session.py"])


class Signed(SynchronousTestCase):
    """Law 7."""

    def test_signed_a_changed_frame_never_passes(self) -> None:
        """On both wires: a bit flipped in any signed part, a part moved, dropped or doubled, another key."""
        key = b"k" * 64
        sent = printed("hello", "e1")[1]

        @examples(300)
        @given(
            st.booleans(),
            st.integers(0, 6),
            st.integers(0, 10_000),
            st.sampled_from(["flip", "drop", "double", "swap", "key"]),
        )
        def holds(is_link: bool, part: int, at: int, change: str) -> None:
            frames = wire.encode_link(key, b"7 iopub", sent) if is_link else wire.encode(key, sent)
            part %= len(frames)
            before = list(frames)
            if change == "flip" and frames[part]:
                raw = bytearray(frames[part])
                raw[at % len(raw)] ^= 1 << at % 8
                frames[part] = bytes(raw)
            elif change == "drop":
                del frames[part]
            elif change == "double":
                frames.insert(part, frames[part])
            elif change == "swap":
                other = (part + 1) % len(frames)
                frames[part], frames[other] = frames[other], frames[part]
            decode = wire.decode_link if is_link else wire.decode
            used = b"x" * 64 if change == "key" else key
            try:
                decoded = decode(used, frames)
            except wire.BadFrame:
                return
            if not is_link and frames[2:6] == before[2:6] and change != "key":
                return  # Jupyter's signature covers the four JSON parts; identities and buffers it does not
            self.assertEqual(frames, before, "it passed although it was changed")
            self.assertEqual(change == "key", False, decoded)

        holds()


class SameDoor(SynchronousTestCase):
    """Law 9."""

    def test_same_door_every_client_calls_the_same_table(self) -> None:
        """What the page and the command call by name is in the table, and nobody reaches past it."""
        called: dict[str, set[str]] = {}
        pattern = re.compile(r"""["'](?P<name>[a-z]+\.[a-z_]+)["']""")
        nouns = {name.partition(".")[0] for name in METHODS}
        places = [*(ROOT / "web" / "src").rglob("*.ts*"), *PACKAGE.glob("*.py")]
        places += [path for room in ("command", "io/jupyter") for path in (PACKAGE / room).glob("*.py")]
        for path in places:
            names = {found["name"] for found in pattern.finditer(path.read_text("utf-8"))}
            called[path.name] = {
                name for name in names - EDITOR if name.partition(".")[0] in nouns and not _is_file(name)
            }
        self.assertGreater(len(set().union(*called.values())), 15)
        for place, names in called.items():
            self.assertLessEqual(names, set(METHODS), place)

    def test_same_door_transports_know_no_sessions(self) -> None:
        """Nothing in the room of HTTP and WebSocket imports sessions, notebooks or methods: it passes bytes to the table, and asks who sends them."""
        for path in sorted(path for room in ("web", "jupyter") for path in (PACKAGE / "io" / room).glob("*.py")):
            behind = {found for found in imports(path) if found.startswith("webipy.server.")}
            table = {"webipy.server.methods.api", "webipy.server.methods.method"}
            rest = {
                name
                for name in behind - table
                if not name.startswith(("webipy.server.people.", "webipy.server.ports."))
            }
            self.assertEqual(rest, set(), path.name)

    def test_same_door_clients_know_no_server(self) -> None:
        """The command and the client in Python import nothing of the server but its ports: all else goes over the wire."""
        folders = (PACKAGE / "command", PACKAGE / "client")
        paths = [PACKAGE / "cli.py", *(path for folder in folders for path in sorted(folder.glob("*.py")))]
        self.assertGreater(len(paths), 30)
        for path in paths:
            behind = {found for found in imports(path) if f"{found}.".startswith("webipy.server.")}
            self.assertEqual({name for name in behind if not name.startswith("webipy.server.ports.")}, set(), path.name)


class AtomicFiles(FileTreeTestCase):
    """Law 10."""

    def test_atomic_files_whoever_reads_sees_one_version_whole(self) -> None:
        """Another program reads all the time while files are saved, by etag and by force."""
        path, is_over = self.path / "a", threading.Event()
        record = self.tree.write("a", b"0" * 100_000, None)
        seen: set[bytes] = set()

        def look() -> None:
            while not is_over.is_set():
                body = path.read_bytes()
                seen.add(body[:1] if len(body) == 100_000 and len(set(body)) == 1 else b"torn")

        reader = threading.Thread(target=look)
        reader.start()
        try:
            for number in range(200):
                body = str(number % 10).encode() * 100_000
                record = self.tree.write("a", body, record.etag if number % 3 else None)
        finally:
            is_over.set()
            reader.join()
        self.assertNotIn(b"torn", seen)
        self.assertEqual([name.name for name in self.path.iterdir()], ["a"])

    def test_atomic_files_no_change_is_overwritten_unseen(self) -> None:
        """Whatever this server and others do in turn: a write comes through exactly when the file is the one that was meant."""
        path = self.path / "a"
        acts = st.sampled_from(["ours", "ours from long ago", "new", "theirs", "theirs in place", "deleted"])

        @examples(60)
        @given(st.lists(acts, max_size=15))
        def holds(drawn: list[str]) -> None:
            path.unlink(missing_ok=True)
            there: bytes | None = None
            known = ["missing"]  # etags that this server has seen
            for number, act in enumerate(drawn):
                body = b"%d %b" % (number, b"x" * number)
                if act == "deleted":
                    path.unlink(missing_ok=True)
                    there = None
                elif act == "theirs":
                    (self.path / "b").write_bytes(body)
                    (self.path / "b").replace(path)
                    there = body
                elif act == "theirs in place":
                    path.write_bytes(body)
                    there = body
                else:
                    meant = {"ours": known[-1], "ours from long ago": known[0], "new": "missing"}[act]
                    is_it = meant == (etag_of(path.stat()) if path.exists() else "missing")
                    try:
                        known.append(self.tree.write("a", body, meant).etag)
                        self.assertTrue(is_it, act)
                        there = body
                    except errors.Conflict as conflict:
                        self.assertFalse(is_it, act)
                        known.append(str(conflict.facts["etag"] or "missing"))
                self.assertEqual(path.read_bytes() if path.exists() else None, there)
                self.assertEqual([name for name in self.path.iterdir() if name.name.startswith(".")], [])

        holds()

    def test_atomic_files_are_written_in_one_place(self) -> None:
        """What opens something below the root for writing makes a hidden draft: atomic_write.py, a part of an upload, a copy, a note
        of the trash. What cannot be replaced is written in place by in_place.py alone, with a record of its own.
        """
        knowing = {
            path.name: path.read_text("utf-8")
            for path in (PACKAGE / "io").rglob("*.py")
            if "webipy.io.files.root_folder" in imports(path) or path.name == "root_folder.py"
        }
        self.assertIn("file_tree.py", knowing)
        writing = {name for name, text in knowing.items() if "O_CREAT" in text}
        self.assertEqual(writing, {"atomic_write.py", "uploads.py", "moves.py", "trash.py", "in_place.py"})
        for name, text in knowing.items():
            self.assertEqual(re.findall(r"(?<!def )(?<![.\w])open\(|write_bytes|write_text|O_TRUNC", text), [], name)


def _is_file(name: str) -> bool:
    return name.rpartition(".")[2] in ("py", "ts", "json", "css", "html", "svg", "js", "log", "sqlite", "md")


class Bounded(RigTestCase):
    """Law 12, where a kernel and a client could grow the server."""

    def test_bounded_a_flood_becomes_few_events(self) -> None:
        """100,000 prints in batches of 200: 500 events, none of them large."""
        session = self.rig.session("python3")
        execution = self.rig.me.call("execution.start", session=session, code="1")["execution"]
        before = len(self.rig.journal.bodies)
        for _ in range(500):
            self.rig.host.emit(*[printed("a line of some length\n", execution)] * 200)
            self.rig.turn(2)
        self.rig.host.emit(*run_of(execution)[-2:])
        self.rig.turn()
        grown = self.rig.journal.bodies[before:]
        self.assertLess(len(grown), 510)
        self.assertLess(max(map(len, grown)), 10_000)
        found = self.rig.me.call("execution.get", session=session, execution=execution)
        self.assertEqual(found["outputs"][0]["text"], "a line of some length\n" * 100_000)

    def test_bounded_no_turn_takes_long(self) -> None:
        """Of the reactor: while a kernel prints 20,000 lines to 20 clients, while one comes late, and while a long notebook is read and run.

        By processor time of the thread, which other programs do not lengthen. What threads, the sockets and the disk take is not seen here.
        """
        gc.disable()  # what it costs depends on what else the tests have made
        self.addCleanup(gc.enable)
        turns: list[float] = []

        def timed(call: Callable[..., Any]) -> Callable[..., Any]:
            def work(*given: Any, **named: Any) -> Any:
                began = time.thread_time()
                try:
                    return call(*given, **named)
                finally:
                    turns.append(time.thread_time() - began)

            return work

        later = self.rig.clock.callLater
        self.patch(self.rig.clock, "callLater", lambda seconds, call, *given: later(seconds, timed(call), *given))
        self.patch(Client, "ask", timed(Client.ask))
        session = self.rig.session("python3")
        for number in range(200):
            self.rig.me.call("cell.insert", session=session, id=f"c{number}", source="x = 1\n" * 50)
        clients = [self.rig.client() for _ in range(20)]
        for client in clients:
            client.call("session.subscribe", session=session)
        execution = self.rig.me.call("execution.start", session=session, code="1")["execution"]
        for _ in range(100):
            timed(self.rig.host.emit)(*[printed("a line of some length\n", execution)] * 200)
            self.rig.turn(2)
        self.rig.client().call("session.subscribe", session=session, since=0)
        self.rig.me.call("notebook.get", session=session)
        self.rig.me.call("notebook.run", session=session)
        self.rig.turn()
        self.assertGreater(len(turns), 500)
        self.assertLess(max(turns), MOST_SECONDS)
