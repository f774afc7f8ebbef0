"""webipy.io.storage.journal_file: what is written is read, or reported as damage; a cut journal begins where it was cut."""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from tests.test_files import open_below
from webipy.core import errors
from webipy.core.kernel.blobs import Part
from webipy.io.storage import journal_file
from webipy.io.storage.journal_file import JournalFile, pack_prelude, unpack_prelude
from webipy.server.ports.journals import Position

ALL = 1 << 30
BODIES = [b'{"n":%d}' % number for number in range(1, 11)]


class JournalFileTestCase(SynchronousTestCase):
    """A file of ten events."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).resolve()
        self.folder.mkdir()
        self.path = self.folder / "abc.sqlite"
        self.file = self.opened()
        self.file.write(1, BODIES, Position("/hosts/k-1", 7))

    def opened(self) -> JournalFile:
        """The file, as the next server opens it."""
        file = JournalFile(self.path)
        file.open()
        self.addCleanup(file.close)
        return file

    def change(self, *statements: str) -> None:
        """Damages the file while nobody has it open."""
        self.file.close()
        connection = sqlite3.connect(self.path)
        for sql in statements:
            connection.execute(sql)
        connection.commit()
        connection.close()

    def damage(self, call: Callable[[], object]) -> str:
        """What a failure says of the damage; it names the session, and no path."""
        with self.assertRaises(errors.Damaged) as caught:
            call()
        fault = caught.exception
        self.assertEqual((fault.facts["kind"], fault.facts["id"]), ("session", "abc"))
        self.assertNotIn(str(self.folder), fault.message)
        start = "The journal of session abc cannot be read: "
        self.assertTrue(fault.message.startswith(start), fault.message)
        return str(fault.message.removeprefix(start))


class Writing(JournalFileTestCase):
    """What the next server finds."""

    count = 0

    def test_the_next_server_goes_on(self) -> None:
        """At the last event, and where the kernel host was taken in to; a batch without a position leaves that."""
        self.assertEqual(self.file.write(11, [b"{}"], None), 11)
        self.file.close()
        file = self.opened()
        self.assertEqual((file.first_seq, file.written, file.position), (1, 11, Position("/hosts/k-1", 7)))
        file.write(12, [b"[]"], Position("/hosts/k-2", 1))
        self.assertEqual((file.position, file.read(11, 12, ALL)), (Position("/hosts/k-2", 1), [b"{}", b"[]"]))

    def test_only_its_owner_can_read_it(self) -> None:
        """And what SQLite puts beside it."""
        self.assertEqual({path.stat().st_mode & 0o777 for path in self.folder.iterdir()}, {0o600})

    def test_a_batch_that_cannot_be_written_can_be_written_again(self) -> None:
        """Nothing of it is there before: here its last event stands there already."""
        connection = sqlite3.connect(self.path)
        connection.execute("INSERT INTO events VALUES (12, x'00', 0)")
        connection.commit()
        self.assertRaises(sqlite3.IntegrityError, self.file.write, 11, [b"a", b"b"], Position("/hosts/k-2", 1))
        self.assertEqual((self.file.written, self.file.position), (10, Position("/hosts/k-1", 7)))
        connection.execute("DELETE FROM events WHERE seq = 12")
        connection.commit()
        connection.close()
        self.file.write(11, [b"a", b"b"], None)
        self.assertEqual(self.file.read(10, 12, ALL), [BODIES[-1], b"a", b"b"])

    def test_the_files_have_their_names_after_a_power_cut(self) -> None:
        """SQLite does not see to that; once is enough."""
        synced: list[Path] = []
        self.patch(journal_file, "sync_names", synced.append)
        self.file.sync()
        self.file.sync()
        self.assertEqual(synced, [self.folder])

    def test_a_file_that_could_not_be_opened_has_nothing_to_sync(self) -> None:
        """Nor to sweep, nor to close."""
        file = JournalFile(self.path)
        file.sync()
        file.sweep(is_over=True)
        file.close()

    def test_blobs_go_with_the_last_event_that_refers_to_them(self) -> None:
        """Those of a prelude stay."""
        names = ["a" * 64, "b" * 64, "c" * 64]
        bodies = [b'{"blobs":{"text/plain":{"sha256":"%b","size":1}}}' % name.encode() for name in names]
        for name, body in zip(names, bodies, strict=True):
            self.file.blobs.write([Part(name, 0, 2, b"x")])
            self.file.write(self.file.written + 1, [body], None)
        kept = sorted(os.listdir(self.file.blobs.folder))
        self.file.sweep(is_over=False)
        self.assertEqual(sorted(os.listdir(self.file.blobs.folder)), kept)
        self.file.write_prelude(12, [bodies[0]])
        while self.file.delete_some(13):
            pass
        self.file.sweep(is_over=True)
        left = {name for name in names if any(name in entry for entry in os.listdir(self.file.blobs.folder))}
        self.assertEqual(left, {names[0], names[2]})

    @given(st.lists(st.lists(st.binary(max_size=20), min_size=1, max_size=5), min_size=1, max_size=6), st.data())
    @examples(15)
    def test_whatever_is_written_is_read(self, batches: list[list[bytes]], draw: st.DataObject) -> None:
        """However it was divided into batches, any range of it, also by the next server."""
        self.count += 1
        file = JournalFile(self.folder / f"{self.count}.sqlite")
        file.open()
        for batch in batches:
            file.write(file.written + 1, batch, None)
        bodies = [body for batch in batches for body in batch]
        if draw.draw(st.booleans()):
            file.close()
            file.open()
        first = draw.draw(st.integers(1, len(bodies)))
        last = draw.draw(st.integers(first, len(bodies)))
        found = file.read(first, last, ALL)
        file.close()
        self.assertEqual(found, bodies[first - 1 : last])


class Reading(JournalFileTestCase):
    """Parts of it, while it is written and after its end."""

    def test_a_part_ends_with_the_event_that_reaches_the_limit(self) -> None:
        """There is always one, however large it is."""
        size = len(BODIES[0])
        self.assertEqual(self.file.read(1, 10, 1), BODIES[:1])
        self.assertEqual(self.file.read(1, 10, 2 * size), BODIES[:2])
        self.assertEqual(self.file.read(1, 10, 2 * size + 1), BODIES[:3])
        self.assertEqual(self.file.read(3, 4, ALL), BODIES[2:4])

    def test_a_slow_reader_goes_on_after_the_journal_is_closed(self) -> None:
        """And leaves nothing open."""
        self.file.close()
        self.assertEqual(self.file.read(1, 2, ALL), BODIES[:2])
        self.assertEqual(open_below(self.folder), [])

    def test_a_slow_reader_whose_journal_was_removed_makes_no_new_one(self) -> None:
        """An empty one would be listed as a journal without events."""
        self.file.close()
        for path in self.folder.iterdir():
            path.unlink()
        self.assertIn("unable to open", self.damage(lambda: self.file.read(1, 2, ALL)))
        self.assertIn("unable to open", self.damage(self.file.read_prelude))
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_the_journal_of_a_closed_session_is_looked_at(self) -> None:
        """Nothing is changed in it, and it can be read."""
        self.file.close()
        before = self.path.read_bytes()
        file = JournalFile(self.path)
        file.look()
        self.assertEqual((file.first_seq, file.written, file.read(9, 10, ALL)), (1, 10, BODIES[8:]))
        file.close()
        self.assertEqual(self.path.read_bytes(), before)

    def test_what_is_not_there_cannot_be_looked_at(self) -> None:
        """And is not made."""
        file = JournalFile(self.folder / "none.sqlite")
        with self.assertRaises(errors.NotFound) as caught:
            file.look()
        self.assertEqual((caught.exception.facts["kind"], caught.exception.facts["id"]), ("journal", "none"))
        self.assertFalse(file.path.exists())

    def test_an_empty_one_has_no_events(self) -> None:
        """A server that died at once leaves such a file."""
        empty = JournalFile(self.folder / "new.sqlite")
        empty.open()
        empty.close()
        self.assertEqual((empty.first_seq, empty.written, empty.position), (1, 0, None))
        empty.look()
        self.assertEqual((empty.first_seq, empty.written, empty.read_prelude()), (1, 0, []))
        empty.close()


class Cutting(JournalFileTestCase):
    """The events before some seq are replaced by a prelude."""

    def test_a_prelude_counts_from_when_it_is_written(self) -> None:
        """The events that it stands for can be read until they are deleted, some at a time."""
        self.patch(journal_file, "ROWS_DELETED", 4)
        self.file.write_prelude(6, [b'{"p":1}', b'{"p":2}'])
        self.assertEqual(self.file.read(1, 10, ALL), BODIES)
        self.assertEqual([self.file.delete_some(7) for _ in range(3)], [True, True, False])
        self.assertEqual(self.file.read(7, 10, ALL), BODIES[6:], "the chain goes on from that of the prelude")
        self.file.close()
        file = self.opened()
        self.assertEqual((file.first_seq, file.written), (7, 10))
        self.assertEqual(file.read_prelude(), [b'{"p":1}', b'{"p":2}'])
        file.write(11, [b"{}"], None)
        self.assertEqual(file.read(7, 11, ALL), [*BODIES[6:], b"{}"])
        file.close()
        file.look()
        self.assertEqual((file.first_seq, file.written), (7, 11))

    def test_a_journal_may_be_nothing_but_its_prelude(self) -> None:
        """What comes next follows it."""
        self.file.write_prelude(10, [b"{}"])
        self.file.delete_some(11)
        self.file.close()
        file = self.opened()
        self.assertEqual((file.first_seq, file.written), (11, 10))
        file.write(11, [b"[]"], None)
        self.file.close()
        self.assertEqual(self.opened().read(11, 11, ALL), [b"[]"])

    def test_the_next_prelude_replaces_the_last_one(self) -> None:
        """There is one at most."""
        self.file.write_prelude(4, [b"4"])
        self.file.write_prelude(8, [b"8"])
        self.assertEqual(self.file.read_prelude(), [b"8"])

    def test_a_new_file_begins_with_a_prelude(self) -> None:
        """As a repair makes it; its chain begins there."""
        file = JournalFile(self.folder / "new.sqlite")
        file.open()
        file.begin_with_prelude(5, [b"{}"])
        self.assertEqual((file.first_seq, file.written), (6, 5))
        file.write(6, BODIES[5:], None)
        self.assertEqual((file.read_prelude(), file.read(6, 10, ALL)), ([b"{}"], BODIES[5:]))
        file.close()
        file.open()
        self.assertEqual((file.first_seq, file.written), (6, 10))
        file.close()

    @given(st.lists(st.recursive(st.integers() | st.text(), st.lists, max_leaves=5), max_size=5))
    @examples(50)
    def test_what_is_packed_comes_back(self, values: list[Any]) -> None:
        """Byte for byte, also as it was written once: without a checksum."""
        bodies = [repr(value).encode() if isinstance(value, int) else b'"x"' for value in values]
        packed = pack_prelude(bodies)
        self.assertEqual(unpack_prelude(packed), bodies)
        self.assertEqual(unpack_prelude(packed[5:]), bodies)

    def test_a_damaged_prelude_is_not_passed_on(self) -> None:
        """Any byte of it changed; what begins as one of before is no JSON then."""
        packed = pack_prelude([b'{"p":1}'])
        for at in range(len(packed)):
            changed = bytearray(packed)
            changed[at] ^= 0x01
            self.assertRaises(ValueError, unpack_prelude, bytes(changed))


class Damage(JournalFileTestCase):
    """It is reported where it is, and nothing of it is passed on."""

    def test_events_that_were_changed_or_are_gone(self) -> None:
        """With the range; what lies before it is read, and what lies behind it."""
        cases = {
            ("UPDATE events SET body = x'7b7d' WHERE seq = 4",): ("at event 4", 4, 4),
            ("UPDATE events SET body = 'text' WHERE seq = 4",): ("at event 4", 4, 4),
            ("UPDATE events SET chain = 'x' WHERE seq = 4",): ("at event 4 (to event 5)", 4, 5),
            ("DELETE FROM events WHERE seq IN (4, 5)",): ("at event 4 (to event 6)", 4, 5),
            ("DELETE FROM events WHERE seq = 4", "UPDATE events SET body = x'00' WHERE seq = 8"): (
                "at event 4 (to event 8)",
                4,
                8,
            ),
        }
        whole = None
        for statements, (where, first, last) in cases.items():
            self.file.close()
            whole = self.path.read_bytes() if whole is None else whole
            self.path.write_bytes(whole)
            self.change(*statements)
            file = self.opened()
            self.assertEqual(self.damage(lambda file=file: file.read(1, 10, ALL)), f"it is damaged {where}.")  # type: ignore[misc]  # a default
            self.assertEqual(file.read(1, first - 1, ALL), BODIES[: first - 1])
            self.assertEqual(file.read(last + 2, 10, ALL), BODIES[last + 1 :])
            file.close()

    def test_a_lost_end(self) -> None:
        """The seal says that there was more; the last event whose chain is gone is named."""
        self.change("DELETE FROM events WHERE seq > 8")
        self.assertIn("events after event 8 are missing", self.damage(self.opened))
        self.change("UPDATE events SET chain = 'x' WHERE seq = 8")
        self.assertEqual(self.damage(self.opened), "it is damaged at event 8.")

    def test_events_that_are_gone_while_it_is_open(self) -> None:
        """The range goes to the last that was written."""
        connection = sqlite3.connect(self.path)
        connection.execute("DELETE FROM events WHERE seq > 8")
        connection.commit()
        connection.close()
        self.assertEqual(self.damage(lambda: self.file.read(7, 10, ALL)), "it is damaged at event 9 (to event 10).")

    def test_another_format(self) -> None:
        """It is left as it is: a newer version has written it."""
        self.change("UPDATE facts SET value = 2 WHERE name = 'format'")
        words = "it is of format 2, and this webipy reads format 1."
        self.assertEqual(self.damage(self.opened), words)
        self.assertEqual(self.damage(JournalFile(self.path).look), words)
        self.change("UPDATE facts SET value = 1 WHERE name = 'format'")
        self.assertEqual(self.opened().read(1, 10, ALL), BODIES)

    def test_what_is_no_journal(self) -> None:
        """Nothing of it stays open, and nothing is written over it."""
        self.file.close()
        for name in list(os.listdir(self.folder)):
            if name != "abc.sqlite":
                (self.folder / name).unlink()
        self.path.write_bytes(b"something else " * 1000)
        self.assertIn("not a database", self.damage(self.opened))
        self.assertIn("not a database", self.damage(JournalFile(self.path).look))
        file = JournalFile(self.path)
        self.assertIn("not a database", self.damage(lambda: file.read(1, 10, ALL)))
        self.assertIn("not a database", self.damage(file.read_prelude))
        file.close()
        self.assertEqual(open_below(self.folder), [])
        self.assertEqual(self.path.read_bytes(), b"something else " * 1000)

    def test_a_folder_that_is_gone(self) -> None:
        """The system's reason is given."""
        file = JournalFile(self.folder / "nowhere" / "abc.sqlite")
        with self.assertRaises(errors.Damaged) as caught:
            file.open()
        self.assertIn("No such file or directory", caught.exception.message)

    def test_a_prelude_that_does_not_match(self) -> None:
        """It is damage, not a journal without a past."""
        self.file.write_prelude(4, [b"{}"])
        packed = bytearray(pack_prelude([b"{}"]))
        packed[-1] ^= 1
        self.change(f"UPDATE preludes SET events = x'{packed.hex()}'")
        self.assertIn("are damaged", self.damage(self.opened().read_prelude))

    def test_the_chain_is_that_of_all_events_before(self) -> None:
        """CRC-32 over all bodies, so two events in each other's places are found."""
        connection = sqlite3.connect(self.path)
        rows = connection.execute("SELECT body, chain FROM events ORDER BY seq").fetchall()
        connection.close()
        chain = 0
        for body, stored in rows:
            chain = zlib.crc32(body, chain)
            self.assertEqual(stored, chain)
