"""Blobs on the disk: parts in any number of servers' lives, one whole file; what nobody refers to goes."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

from msgspec import Raw
from twisted.trial.unittest import SynchronousTestCase

from webipy.core import errors
from webipy.core.events import events
from webipy.core.kernel.blobs import Part, Ref, found_in, with_refs, with_values
from webipy.core.kernel.jupyter_messages import encode
from webipy.io.storage.blob_store import BlobStore
from webipy.io.storage.journal_file import JournalFile
from webipy.io.storage.journal_repair import check
from webipy.server.ports.journals import Position

TEXT = b"0123456789" * 10
NAME = hashlib.sha256(TEXT).hexdigest()
PARTS = [Part(NAME, at, len(TEXT), TEXT[at : at + 30]) for at in range(0, len(TEXT), 30)]


class Folder(SynchronousTestCase):
    """A folder of blobs."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp())
        self.blobs = BlobStore(self.path)

    def test_parts_become_a_file_that_only_its_owner_can_read(self) -> None:
        """It has its name when the last part is there."""
        self.blobs.write(PARTS[:-1])
        self.assertRaises(errors.NotFound, self.blobs.size, NAME)
        self.blobs.write(PARTS[-1:])
        self.assertEqual((self.blobs.size(NAME), self.blobs.read(NAME, 5, 10)), (len(TEXT), TEXT[5:15]))
        self.assertEqual(
            [os.stat(self.path).st_mode & 0o777, self.blobs.path(NAME).stat().st_mode & 0o777], [0o700, 0o600]
        )
        self.blobs.sync()

    def test_the_next_server_goes_on_wherever_the_last_one_was_killed(self) -> None:
        """Parts that come again are written to the same places; after the last one, too."""
        for killed in range(len(PARTS) + 1):
            for since in range(killed + 1):
                self.blobs.write(PARTS[:killed])
                again = BlobStore(self.path)
                again.open()
                again.write(PARTS[since:])
                self.assertEqual(again.read(NAME, 0, 1000), TEXT)
                self.assertEqual(os.listdir(self.path), [NAME])
                shutil.rmtree(self.path)

    def test_with_a_hole_it_never_gets_its_name(self) -> None:
        """What is incomplete is told as missing, not shown."""
        self.blobs.write([PARTS[0], *PARTS[2:]])
        self.assertRaises(errors.NotFound, self.blobs.read, NAME, 0, 10)

    def test_damage_is_found(self) -> None:
        """By its name, which is a checksum."""
        self.blobs.write(PARTS)
        self.assertIsNone(self.blobs.fault_of(NAME, len(TEXT)))
        self.blobs.path(NAME).write_bytes(b"x" + TEXT[1:])
        self.assertEqual(self.blobs.fault_of(NAME, len(TEXT)), "is changed")
        self.blobs.path(NAME).unlink()
        self.assertEqual(self.blobs.fault_of(NAME, len(TEXT)), "is missing")

    def test_what_no_event_refers_to_is_removed(self) -> None:
        """Not what is on its way; and that, too, when nothing more comes."""
        self.blobs.write(PARTS)
        self.blobs.keep_only(set())
        self.assertEqual(self.blobs.size_bytes(), len(TEXT))
        self.blobs.refer([NAME])
        self.blobs.keep_only({NAME})
        self.assertFalse(self.blobs.is_empty)
        self.blobs.keep_only(set())
        self.assertTrue(self.blobs.is_empty)
        self.blobs.write(PARTS[:1])
        self.blobs.keep_only(set(), is_over=True)
        self.assertTrue(self.blobs.is_empty)


class InJournals(SynchronousTestCase):
    """Blobs and the events that refer to them."""

    def test_a_cut_journal_lets_go_of_its_blobs(self) -> None:
        """Of those that no event that is left refers to."""
        folder = Path(self.mktemp())
        folder.mkdir()
        file = JournalFile(folder / "s.sqlite")
        file.open()
        self.addCleanup(file.close)
        metadata = with_refs({}, {"image/png": Ref(NAME, len(TEXT))})
        output = {"output_type": "display_data", "data": {}, "metadata": metadata}
        raw = events.encode(events.OutputAdded(execution="e", output=encode_raw(output)))
        self.assertEqual(found_in(raw), {NAME: len(TEXT)})
        file.write(1, [raw, b"{}"], Position("h", 9), PARTS)
        file.sweep(is_over=True)
        self.assertEqual(file.blobs.size_bytes(), len(TEXT))
        self.assertTrue(check(file.path).is_whole)
        file.blobs.path(NAME).rename(folder / "away")
        found = check(file.path)
        self.assertEqual((found.blobs, found.faults), ([NAME], [f"The large output {NAME[:16]} is missing."]))
        (folder / "away").rename(file.blobs.path(NAME))
        file.write_prelude(1, [b"{}"])
        file.delete_some(2)
        file.sweep(is_over=False)
        self.assertTrue(file.blobs.is_empty)


def encode_raw(value: object) -> Raw:
    """A value as raw JSON."""
    return Raw(encode(value))


class Whole(SynchronousTestCase):
    """Bundles with their large values in them."""

    def test_values_are_put_in_their_places(self) -> None:
        """Text as a string, JSON as it is, what is missing as its preview; no word of blobs is left."""
        names = {kind: hashlib.sha256(kind.encode()).hexdigest() for kind in "abc"}
        refs = {
            "text/html": {"sha256": names["a"], "size": 4},
            "application/json": {"sha256": names["b"], "size": 3, "json": True},
            "text/plain": {"sha256": names["c"], "size": 9},
        }
        content = {
            "data": {"text/plain": "start", "image/png": "x"},
            "metadata": {"kept": 1, "webipy": {"blobs": refs}},
            "transient": {},
        }
        packed = json.dumps(content, separators=(",", ":")).encode()
        found = json.loads(with_values(packed, {names["a"]: '"é'.encode(), names["b"]: b"[1]"}))
        data = {"text/plain": "start", "image/png": "x", "text/html": '"é', "application/json": [1]}
        self.assertEqual(found, {"data": data, "metadata": {"kept": 1}, "transient": {}})
