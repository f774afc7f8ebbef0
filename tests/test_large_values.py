"""webipy.server.notebooks.large_values: large values of a notebook file become blobs of its session, and are in what is written again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from twisted.internet.defer import Deferred, succeed

from tests.fake_files import FakeFiles
from tests.fakes import FakeJournal, RigTestCase
from webipy.core.ipynb import blob_folding
from webipy.core.ipynb.blob_folding import Folded, fold
from webipy.server.ports.files import FileRecord

LARGE = 4_000
PIECE = 1_000
PICTURE = "iVBORw0KGgo" * 1_000
TEXT = 'é\\n"🧪' * 2_000
LINES = [f"line {number}\n" for number in range(2_000)]


def name_of(value: str) -> str:
    """The name of the blob of a text."""
    return hashlib.sha256(value.encode()).hexdigest()


def pieces(body: bytes) -> Iterator[bytes]:
    """A file as it is read."""
    return (body[at : at + PIECE] for at in range(0, len(body), PIECE))


def cell(source: str, **data: Any) -> dict[str, Any]:
    """A code cell that shows something."""
    outputs = [
        {
            "output_type": "display_data",
            "metadata": {},
            "data": {kind.replace("_", "/"): value for kind, value in data.items()},
        }
    ]
    return {
        "cell_type": "code",
        "id": f"c-{len(source)}",
        "source": source,
        "metadata": {},
        "execution_count": None,
        "outputs": outputs,
    }


def notebook(*cells: dict[str, Any]) -> bytes:
    """A notebook file."""
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, ensure_ascii=False).encode()


class LargeTestCase(RigTestCase):
    """Values of some thousand bytes count as large; files are read in pieces of a thousand."""

    def setUp(self) -> None:
        super().setUp()
        for limit in ("LONG_BYTES", "INLINE_BYTES"):
            self.patch(blob_folding, limit, LARGE)

        def read_folded(files: FakeFiles, path: str, limit: int) -> tuple[Folded, FileRecord]:
            body, record = files._read(path, 0, None)
            return fold(pieces(body)), record

        self.patch(FakeFiles, "_read_folded", read_folded)
        self.files = self.rig.disk.files

    def open(self, body: bytes, **params: Any) -> str:
        """The session of a notebook file."""
        self.files.put("a.ipynb", body)
        session = str(self.rig.me.call("session.create", path="a.ipynb", **params)["id"])
        for name, blob in self.journal(session).blobs.items():
            self.files.blobs[f"/nowhere/{name}"] = blob
        return session

    def journal(self, session: str) -> FakeJournal:
        """The journal of a session."""
        return self.rig.disk.journals.found[session]

    def values(self, body: bytes) -> list[dict[str, Any]]:
        """What the cells of a notebook show; lists of lines are joined."""
        shown = [output["data"] for one in json.loads(body)["cells"] for output in one.get("outputs", [])]
        return [{kind: "".join(value) for kind, value in data.items()} for data in shown]

    def save(self, session: str) -> bytes:
        """What is in the file after a change."""
        self.rig.me.call("cell.insert", session=session, id="new", source="new")
        self.rig.me.call("notebook.save", session=session)
        return bytes(self.files.body("a.ipynb"))


class Opened(LargeTestCase):
    """From the file to the journal, and back."""

    def test_large_values_become_blobs_and_come_back(self) -> None:
        """A picture, a text with all that JSON escapes, and one that is a list of lines; what is small stays where it is."""
        shown = {"image_png": PICTURE, "text_html": TEXT, "text_plain": "small"}
        session = self.open(notebook(cell("1", **shown), cell("22", text_html=LINES)))
        blobs = self.journal(session).blobs
        self.assertEqual(blobs[name_of(PICTURE)], PICTURE.encode())
        self.assertEqual(blobs[name_of(TEXT)], TEXT.encode())
        self.assertLess(max(map(len, self.journal(session).bodies)), 3 * LARGE)
        first, second = self.values(self.save(session))
        self.assertEqual((first["image/png"], first["text/html"], first["text/plain"]), (PICTURE, TEXT, "small"))
        self.assertEqual(second["text/html"], "".join(LINES))

    def test_a_blob_is_written_before_the_event_that_refers_to_it(self) -> None:
        """So that no reader is sent to what is not there."""
        missing: list[bytes] = []
        append = FakeJournal.append

        def checked(journal: FakeJournal, first: int, bodies: list[bytes], *more: Any) -> Deferred[None]:
            known = {part.blob for part in (more[1] if len(more) > 1 else ())} | set(journal.blobs)
            missing.extend(body for body in bodies if b'"blobs":{' in body and name_of(PICTURE) not in known)
            return append(journal, first, bodies, *more)

        self.patch(FakeJournal, "append", checked)
        session = self.open(notebook(cell("1", image_png=PICTURE)))
        self.assertEqual(missing, [])
        self.assertIn(name_of(PICTURE), self.journal(session).blobs)

    def test_what_is_there_already_is_not_read_again(self) -> None:
        """The file has changed beside it."""
        body = notebook(cell("1", image_png=PICTURE))
        session = self.open(body)
        reads: list[str] = []
        read = FakeFiles._read

        def noted(files: FakeFiles, path: str, offset: int, end: int | None) -> tuple[bytes, FileRecord]:
            if offset:
                reads.append(path)
            return read(files, path, offset, end)

        self.patch(FakeFiles, "_read", noted)
        self.files.put("a.ipynb", body.replace(b'"source": "1"', b'"source": "2"'))
        self.rig.clock.advance(1)
        self.rig.turn(50)
        self.assertEqual(self.rig.me.call("cell.list", session=session)["cells"][0]["source"], "2")
        self.assertEqual(reads, [])

    def test_a_long_source_is_no_value(self) -> None:
        """It is in the document as it stands in the file; so is a text that a source and an output share."""
        for other in ("x", TEXT):
            session = self.open(notebook(cell(TEXT, text_html=other), cell("1", image_png=PICTURE)))
            self.assertEqual(self.rig.me.call("cell.list", session=session)["cells"][0]["source"], TEXT)
            found = json.loads(self.save(session))
            self.assertEqual("".join(found["cells"][1]["source"]), TEXT)
            self.assertEqual(self.values(json.dumps(found).encode())[0]["text/html"], other)
            self.rig.me.call("session.close", session=session)
            self.files.entries.clear()

    def test_a_file_that_is_written_while_its_values_are_read(self) -> None:
        """Nothing of two versions is mixed: it is a conflict, and what to do is said."""
        body = notebook(cell("1", image_png=PICTURE))
        read = FakeFiles._read

        def changing(files: FakeFiles, path: str, offset: int, end: int | None) -> tuple[bytes, FileRecord]:
            if offset:
                files.put(path, body.replace(b"iVBOR", b"other"))
            return read(files, path, offset, end)

        self.patch(FakeFiles, "_read", changing)
        fault = self.refused_open(body)
        self.assertIn("was written while it was read; try again", fault)

    def refused_open(self, body: bytes) -> str:
        """Why a copy of a file cannot be opened."""
        self.files.put("a.ipynb", body)
        return self.refused("conflict", "session.create", path="a.ipynb", copy=True).message


class Whole(LargeTestCase):
    """A document with its values in it, as it is exported or read."""

    def exported(self, session: str) -> list[dict[str, Any]]:
        """What the cells of the document show."""
        body = self.rig.wait(Deferred.fromCoroutine(self.documents(session)))
        return self.values(body)

    async def documents(self, session: str) -> bytes:
        """The notebook."""
        return await self.rig.services.documents.as_ipynb(self.rig.services.sessions.get(session))

    def test_values_are_in_it(self) -> None:
        """Also those of a copy, which has blobs of its own."""
        body = notebook(cell("1", image_png=PICTURE), cell("22", text_html=TEXT))
        session = self.open(body)
        copy = str(self.rig.me.call("session.create", path="a.ipynb", copy=True)["id"])
        self.journal(copy).blobs = dict(self.journal(session).blobs)
        for one in (session, copy):
            self.assertEqual([list(data.values()) for data in self.exported(one)], [[PICTURE], [TEXT]])

    def test_a_copy_takes_the_values_of_the_open_session(self) -> None:
        """As the session has them, whatever is on the disk by then."""
        session = self.open(notebook(cell("1", image_png=PICTURE)))
        taken: list[tuple[str, str]] = []

        def take(_: FakeJournal, blob: str, path: str) -> Deferred[None]:
            taken.append((blob, path))
            return succeed(None)

        self.patch(FakeJournal, "take_blob", take)
        self.rig.me.call("session.create", path="a.ipynb", copy=True)
        path = self.journal(session).blob_path(name_of(PICTURE))
        self.assertEqual(taken, [(name_of(PICTURE), path)])
        other = self.rig.me.call("session.create", title="other")["id"]
        first = self.rig.me.call("cell.list", session=session)["cells"][0]["id"]
        self.rig.me.call("cell.insert", session=other, outputs_of=first, outputs_from=session)
        self.assertEqual(taken[1:], [(name_of(PICTURE), path)])

    def test_a_value_that_is_lost_is_said_in_its_place(self) -> None:
        """The rest of the document can be read."""
        session = self.open(notebook(cell("1", image_png=PICTURE, text_html=TEXT), cell("22", text_html=LINES)))
        self.journal(session).blobs.clear()
        first, second = self.exported(session)
        for value in (first["image/png"], first["text/html"], second["text/html"]):
            self.assertEqual(value, "[this output is missing]")

    def test_a_mark_in_a_file_stands_for_nothing(self) -> None:
        """Whoever wrote it there: it is a text like any other."""
        mark = f"webipy:blob:{name_of('x')}"
        session = self.open(notebook(cell("1", text_html=mark)))
        self.assertEqual(self.exported(session), [{"text/html": mark}])
