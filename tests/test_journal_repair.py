"""webipy.io.storage.journal_repair and `webipy journal`: damage is found, told with its range, and what is left is saved."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from msgspec import Raw
from twisted.trial.unittest import SynchronousTestCase

from webipy.cli import main
from webipy.core import errors
from webipy.core.events import events
from webipy.core.events.events import AnyEvent
from webipy.core.events.outputs import stream
from webipy.io.storage.blob_store import blobs_of
from webipy.io.storage.journal_file import JournalFile
from webipy.io.storage.journal_repair import check, repair
from webipy.server.ports.journals import Position

ID = "0123456789abcdef"


class SalvageTests(SynchronousTestCase):
    """One state folder with one journal of ten events."""

    def setUp(self) -> None:
        self.state = Path(self.mktemp())
        (self.state / "journals").mkdir(parents=True)
        self.path = self.state / "journals" / f"{ID}.sqlite"
        self.bodies = [events.encode(events.SessionCreated(seq=1, time="t", session=ID, title="Waves"))]
        self.bodies += [
            events.encode(events.KernelStateChanged(seq=seq, time="t", state="idle")) for seq in range(2, 11)
        ]
        self.write(lambda file: file.write(1, self.bodies, Position("/hosts/k-1", 7)))

    def write(self, work: Any) -> None:
        """Does something with the open file."""
        file = JournalFile(self.path)
        file.open()
        work(file)
        file.close()

    def change(self, sql: str) -> None:
        """Damages the file."""
        connection = sqlite3.connect(self.path)
        connection.execute(sql)
        connection.commit()
        connection.close()

    def run_command(self, *words: str) -> Result:
        """`webipy journal ...`."""
        return CliRunner().invoke(main, ["journal", *words, "--state", str(self.state)])

    def read(self) -> list[dict[str, Any]]:
        """All events, through the file's own checks."""
        found: list[dict[str, Any]] = []
        self.write(lambda file: found.extend(json.loads(b) for b in file.read(file.first_seq, file.written, 1 << 20)))
        return found

    def test_a_whole_journal(self) -> None:
        """It is listed, and said to be whole; repairing it changes nothing."""
        told = self.run_command("ls").output
        self.assertIn("Waves", told)
        self.assertIn("1 to 10", told)
        self.assertEqual(self.run_command("verify").exit_code, 0)
        self.assertIn("nothing was changed", self.run_command("repair", ID[:6]).output)
        self.assertEqual(len(self.read()), 10)

    def test_damage_is_told_with_its_range(self) -> None:
        """Changed, missing and cut-off events."""
        self.change("UPDATE events SET body = x'7b7d' WHERE seq = 4")
        self.change("DELETE FROM events WHERE seq IN (6, 7)")
        found = check(self.path)
        self.assertEqual(found.damaged, [4, 6, 7])
        told = self.run_command("verify", ID)
        self.assertEqual(told.exit_code, 1)
        self.assertIn("3 events are missing or changed: 4, 6 to 7.", told.output)
        (facts,) = json.loads(self.run_command("verify", "--json").output)
        self.assertEqual((facts["is_whole"], facts["damaged"]), (False, [4, 6, 7]))

    def test_a_lost_end_is_found(self) -> None:
        """The seal knows where the journal ended."""
        self.change("DELETE FROM events WHERE seq > 8")
        self.assertIn("after event 8 are missing", check(self.path).faults[0])

    def test_repair_saves_what_is_left(self) -> None:
        """Seqs stay dense, what is gone is told, the position is kept, and so is the damaged file."""
        self.change("UPDATE events SET body = x'7b7d' WHERE seq = 4")
        told = self.run_command("repair", ID)
        self.assertEqual(told.exit_code, 0, told.output)
        self.assertIn("9 events were saved", told.output)
        found = self.read()
        self.assertEqual([event["seq"] for event in found], list(range(1, 11)))
        self.assertEqual(found[3]["type"], "output_lost")
        self.assertEqual([json.dumps(e) for e in found[4:]], [json.dumps(json.loads(b)) for b in self.bodies[4:]])
        self.assertTrue(check(self.path).is_whole)
        self.assertTrue(Path(f"{self.path}.damaged").exists())
        self.write(lambda file: self.assertEqual(file.position, Position("/hosts/k-1", 7)))

    def test_a_large_output_that_is_gone_is_told_as_gone_for_good(self) -> None:
        """Nothing is rewritten for it alone; with other damage the rest is saved. It can be put back."""
        body = b"large"
        name = hashlib.sha256(body).hexdigest()
        ref = f'{{"blobs":{{"text/plain":{{"sha256":"{name}","size":{len(body)}}}}}}}'
        shown = f'{{"output_type":"display_data","data":{{}},"metadata":{{"webipy":{ref}}}}}'.encode()
        added = events.OutputAdded(seq=11, time="t", execution="e", output=Raw(shown))
        self.write(lambda file: file.write(11, [events.encode(added)], None))
        told = self.run_command("repair", ID)
        self.assertEqual(told.exit_code, 1)
        self.assertIn("There is one large output that no repair brings back", told.output)
        self.assertNotIn("were saved", told.output)
        self.assertFalse(Path(f"{self.path}.damaged").exists())
        self.change("UPDATE events SET body = x'7b7d' WHERE seq = 4")
        told = self.run_command("repair", ID)
        self.assertIn("10 events were saved", told.output)
        self.assertIn("no repair brings back", told.output)
        folder = blobs_of(self.path).folder
        self.assertIn(str(folder), told.output)
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(body)
        self.assertTrue(check(self.path).is_whole)

    def test_repair_keeps_what_stands_for_cut_events(self) -> None:
        """A journal that was cut and then damaged."""
        self.write(lambda file: file.write_prelude(5, [self.bodies[0]]))
        self.write(lambda file: file.delete_some(6))
        self.change("UPDATE events SET body = x'7b7d' WHERE seq = 8")
        self.assertEqual(check(self.path).title, "Waves")
        self.assertEqual(self.run_command("repair", ID).exit_code, 0)
        self.assertEqual([event["seq"] for event in self.read()], list(range(6, 11)))
        self.write(lambda file: self.assertEqual(file.read_prelude(), [self.bodies[0]]))

    def test_c4_a_damaged_prelude_is_told_and_repaired_as_far_as_it_can_be_read(self) -> None:
        """One changed letter in what stands for events that were cut."""
        self.write(lambda file: file.write_prelude(5, [self.bodies[0]]))
        self.write(lambda file: file.delete_some(6))
        with contextlib.closing(sqlite3.connect(self.path)) as connection:
            (packed,) = connection.execute("SELECT events FROM preludes").fetchone()
            changed = packed.replace(b"session_created", b"session_kreated")
            self.assertNotEqual(changed, packed)
            connection.execute("UPDATE preludes SET events = ?", (changed,))
            connection.commit()
        self.assertRaises(errors.Damaged, self.write, lambda file: file.read_prelude())
        self.assertEqual(len(check(self.path).faults), 1)
        repair(self.path, "2026-01-01T00:00:00.000000Z")
        self.assertTrue(check(self.path).is_whole)
        self.write(lambda file: self.assertIn(b"output_lost", file.read_prelude()[-1]))

    def test_bad_input(self) -> None:
        """No such journal, no journal at all, a file that is none."""
        self.assertIn("There is no journal x", self.run_command("verify", "x").output)
        self.path.write_bytes(b"not a journal" * 1000)
        told = self.run_command("verify")
        self.assertEqual(told.exit_code, 1)
        self.assertIn("cannot be read", told.output)
        told = self.run_command("repair", ID)
        self.assertIn("Nothing of the journal", told.output)
        self.assertTrue(self.path.exists())


class Kept(SynchronousTestCase):
    """`webipy journal ls`, `show` and `rm`, while no server runs."""

    def setUp(self) -> None:
        self.state = Path(self.mktemp())
        (self.state / "journals").mkdir(parents=True)
        at: dict[str, Any] = {"time": "2026-03-01T09:30:00.000000Z"}
        self.write(
            ID,
            events.SessionCreated(seq=1, session=ID, title="a.ipynb", path="a.ipynb", by="ada", **at),
            events.ExecutionQueued(seq=2, execution="e", code="1 / 0", by="ada", **at),
            events.ExecutionStarted(seq=3, execution="e", execution_count=7, **at),
            events.OutputAdded(seq=4, execution="e", output=stream("stdout", "10%\r100%\x1b]0;title\x07\n"), **at),
            events.ExecutionFinished(seq=5, execution="e", status="error", duration_s=0.1, execution_count=7, **at),
            events.CheckpointMade(seq=6, name="first", by="ada", **at),
            events.SessionClosed(seq=7, by="ada", **at),
        )
        self.write(
            "other",
            events.SessionCreated(seq=1, session="other", title="Other", **at),
            events.MessageReceived(
                seq=2,
                channel="iopub",
                msg_type="execute_input",
                content=Raw(b'{"code": "6 * 7", "execution_count": 3}'),
                metadata=Raw(b"{}"),
                **at,
            ),
            events.OutputAdded(seq=3, execution=None, output=stream("stdout", "from elsewhere\n"), **at),
        )

    def write(self, session: str, *made: AnyEvent) -> None:
        """A journal of these events."""
        file = JournalFile(self.state / "journals" / f"{session}.sqlite")
        file.open()
        file.write(1, [events.encode(event) for event in made], None)
        file.close()

    def run_command(self, *words: str) -> Result:
        """`webipy journal ...`."""
        return CliRunner().invoke(main, ["journal", *words, "--state", str(self.state)])

    def test_what_is_listed(self) -> None:
        """With the document and the size, which counts all that belongs to a journal."""
        (self.state / "journals" / "other.blobs").mkdir()
        (self.state / "journals" / "other.blobs" / "one").write_bytes(bytes(3_000_000))
        listed = {one["session"]: one for one in json.loads(self.run_command("ls", "--json").output)}
        self.assertEqual((listed[ID]["path"], listed[ID]["is_open"], listed[ID]["is_whole"]), ("a.ipynb", False, True))
        self.assertEqual((listed["other"]["path"], listed["other"]["size_bytes"] > 3_000_000), (None, True))
        text = self.run_command("ls").output
        for words in ("a.ipynb", "no document", "closed", "3.1 MB", "2 journals"):
            self.assertIn(words, text)

    def test_what_is_shown(self) -> None:
        """By the path: what ran and what it showed, without what a terminal would act on; or the events."""
        text = self.run_command("show", "a.ipynb").output
        for words in (
            "Session 'a.ipynb'",
            "In [7] ended: error (by ada)",
            "    1 / 0",
            "100%",
            "called 'first'",
            "closed",
        ):
            self.assertIn(words, text)
        self.assertNotIn("10%\r", text)
        self.assertNotIn("\x1b", text)
        lines = self.run_command("show", ID[:6], "--json").output.splitlines()
        self.assertEqual([json.loads(line)["seq"] for line in lines], [1, 2, 3, 4, 5, 6, 7])
        self.assertIn("There is no journal b.ipynb", self.run_command("show", "b.ipynb").output)
        self.assertIn(
            "In [3] of another program.\n    6 * 7\nfrom elsewhere\n", self.run_command("show", "other").output
        )

    def test_what_is_deleted(self) -> None:
        """With all that belongs to it, and nothing else."""
        (self.state / "journals" / f"{ID}.blobs").mkdir()
        (self.state / "journals" / f"{ID}.blobs" / "one").write_bytes(b"1")
        self.assertEqual(self.run_command("rm", "a.ipynb").exit_code, 0)
        self.assertEqual({path.name.partition(".")[0] for path in (self.state / "journals").iterdir()}, {"other"})
        self.assertNotEqual(self.run_command("rm", "a.ipynb").exit_code, 0)
