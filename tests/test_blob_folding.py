"""webipy.core.ipynb.blob_folding: marks and references in notebook files, and the values themselves in the file."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from webipy.core.errors import InvalidNotebook
from webipy.core.ipynb import blob_folding, normal_form, notebook_file
from webipy.core.ipynb.blob_folding import Folded
from webipy.core.ipynb.document import Document, DocumentCell
from webipy.core.kernel import blobs, json_pieces
from webipy.core.kernel.blobs import Ref


def folded(body: bytes, size: int = 1 << 20) -> Folded:
    """A file, read in pieces of that size."""
    return blob_folding.fold(body[at : at + size] for at in range(0, len(body), size))


def value_in(body: bytes, read: Folded, name: str) -> str:
    """The text of a long string, read again from the file."""
    value, text = read.values[name], b""
    at, end = value.offset, value.offset + value.length
    while at < end:
        raw = body[at : at + blob_folding.READ_BYTES]
        piece = blob_folding.first_of(raw[: end - at], is_last=at + len(raw) >= end)
        at += len(piece)
        text += b"".join(json_pieces.utf8_of(piece))
    return text.decode()


def notebook(*outputs: dict[str, Any], source: str = "1") -> Document:
    """A document of one code cell with these outputs."""
    normal = tuple(normal_form.output(msgspec.json.encode(output)) for output in outputs)
    return Document((DocumentCell("a", "code", source, outputs=normal),))


def display(**data: object) -> dict[str, Any]:
    """A display with `image_png` and the like as its data."""
    return {
        "output_type": "display_data",
        "metadata": {"m": 1},
        "data": {kind.replace("_", "/"): value for kind, value in data.items()},
    }


def written(document: Document, known: dict[str, bytes]) -> bytes:
    """The file of a document, with the values of its blobs in it."""
    marked, refs = blob_folding.to_file(document)
    parts = blob_folding.segments(notebook_file.write(marked, None), refs)
    return b"".join(
        part if isinstance(part, bytes) else b"".join(blob_folding.value_of(iter([known[part.sha256]]), part))
        for part in parts
    )


class Folding(SynchronousTestCase):
    """Files with long strings."""

    def setUp(self) -> None:
        self.patch(blob_folding, "LONG_BYTES", 40)

    @examples(100)
    @given(
        st.lists(st.text(st.sampled_from(["a", "\\", '"', "\n", "é", "😀", "{", ":"]), max_size=120), max_size=6),
        st.integers(1, 60),
        st.booleans(),
    )
    def test_marks_stand_for_long_strings_and_nothing_else_changes(
        self, texts: list[str], size: int, ascii: bool
    ) -> None:
        """However the file is cut into pieces; what a mark stands for can be read from its place."""
        body = json.dumps(texts, ensure_ascii=ascii, indent=1).encode()
        read = folded(body, size)
        known = {name: value_in(body, read, name) for name in read.values}
        found = [
            known[text.removeprefix("webipy:blob:")] if text.startswith("webipy:blob:") else text
            for text in json.loads(read.body)
        ]
        self.assertEqual(found, texts)
        self.assertEqual(read, folded(body), "how it is cut is no matter")
        long = {text for text in texts if len(json.dumps(text, ensure_ascii=ascii).encode()) >= 42}
        self.assertEqual(set(known.values()), long)
        for name, text in known.items():
            self.assertEqual(hashlib.sha256(text.encode()).hexdigest(), name)
            self.assertEqual((read.values[name].size, read.values[name].start), (len(text.encode()), text))

    def test_a_file_that_is_cut_off_is_no_notebook(self) -> None:
        """Its JSON stays cut off."""
        self.assertRaises(InvalidNotebook, notebook_file.read, folded(b'{"a": "' + b"x" * 100, 10).body)


class Documents(SynchronousTestCase):
    """Documents with references."""

    def setUp(self) -> None:
        self.patch(blob_folding, "INLINE_BYTES", 20_000)
        self.patch(blob_folding, "LONG_BYTES", 20_000)

    def there_and_back(self, output: dict[str, Any]) -> tuple[Document, bytes, Document]:
        """A document with what the file of an output is read as; that file; and what it is read as in turn."""
        whole = notebook_file.write(notebook(output), None)
        read = folded(whole, 4_096)
        first, found = blob_folding.from_file(notebook_file.read(read.body).document, read.values)
        known = {name: value_in(whole, read, name).encode() for name in read.values}
        known |= {name: b"".join(part.data for part in blob.parts()) for name, blob in found.items()}
        body = written(first, known)
        again = folded(body)
        return first, body, blob_folding.from_file(notebook_file.read(again.body).document, again.values)[0]

    def test_a_file_with_large_values_is_the_same_document_again(self) -> None:
        """Pictures, texts with lines and escapes, and JSON; the file has them whole."""
        picture, page = "iVBO" * 8_000, 'é "quoted"\n' * 4_000
        for output in (
            display(image_png=picture, text_plain="<Figure>"),
            display(text_html=page, text_plain=page),
            display(application_json=[{"n": n} for n in range(4_000)], text_plain="x"),
        ):
            first, body, second = self.there_and_back(output)
            self.assertLess(len(first.cells[0].outputs[0]), 100_000)
            self.assertEqual(first, second)
            (held,) = json.loads(body)["cells"][0]["outputs"]
            joined = {
                kind: "".join(value) if kind.startswith("text/") else value for kind, value in held["data"].items()
            }
            self.assertEqual((joined, held["metadata"]), (output["data"], output["metadata"]))

    def test_what_a_kernel_sent_is_what_its_file_is_read_as(self) -> None:
        """The same names, whichever way a value came."""
        picture = "iVBO" * 8_000
        first, _, _ = self.there_and_back(display(image_png=picture))
        name = hashlib.sha256(picture.encode()).hexdigest()
        self.assertEqual(blobs.refs_of(first.cells[0].outputs[0]), {"image/png": Ref(name, len(picture))})
        self.assertEqual(blob_folding.placed(first), {name: 1})

    def test_an_error_is_written_without_what_files_do_not_have(self) -> None:
        """Its start is in the file; nbformat allows nothing beside."""
        metadata = {"webipy": {"blobs": {"text/plain": {"sha256": "0" * 64, "size": 9}}}}
        error = {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["t"], "metadata": metadata}
        (held,) = json.loads(written(notebook(error), {}))["cells"][0]["outputs"]
        self.assertEqual(held, {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["t"]})

    def test_what_is_over_a_limit_stays_a_reference(self) -> None:
        """The largest; the others are written."""
        first, _, _ = self.there_and_back(display(image_png="iVBO" * 8_000))
        large, _, _ = self.there_and_back(display(image_png="iVBO" * 9_000))
        outputs = first.cells[0].outputs + large.cells[0].outputs
        document = Document((DocumentCell("a", "code", "1", outputs=outputs),))
        marked, refs = blob_folding.to_file(document, 32_000)
        self.assertEqual([ref.size for ref in refs.values()], [32_000])
        self.assertEqual(marked.cells[0].outputs[1], large.cells[0].outputs[0])

    def test_only_marks_of_the_file_are_read_as_references(self) -> None:
        """A text that looks like one, and an output without values, stay what they are."""
        name = "0" * 64
        error = {"output_type": "error", "ename": f"webipy:blob:{name}", "evalue": "", "traceback": []}
        odd = notebook(display(text_plain=f"webipy:blob:{name}"), error)
        self.assertEqual(blob_folding.from_file(odd, {}), (odd, {}))

    def test_a_long_output_without_a_large_value_stays(self) -> None:
        """Its metadata are what is long."""
        long = notebook({"output_type": "display_data", "data": {}, "metadata": {"a": "x" * 20_000}})
        self.assertEqual(blob_folding.from_file(long, {}), (long, {}))

    def test_a_folded_value_is_a_reference(self) -> None:
        """A text for people keeps its start; what is no text for people has nothing but the reference."""
        first, _, _ = self.there_and_back(display(image_png="iVBO" * 8_000, text_plain="y" * 30_000))
        (held,) = map(json.loads, first.cells[0].outputs)
        self.assertEqual(set(held["data"]), {"text/plain"})
        self.assertTrue(held["data"]["text/plain"].startswith("y" * blobs.PREVIEW_CHARACTERS + "\n["))
        self.assertEqual(set(held["metadata"]["webipy"]["blobs"]), {"image/png", "text/plain"})

    def test_text_of_a_stream_refers_to_nothing(self) -> None:
        """Whatever metadata it has."""
        metadata = {"webipy": {"blobs": {"text/plain": {"sha256": "0" * 64, "size": 9}}}}
        output = msgspec.json.encode({"metadata": metadata, "name": "stdout", "output_type": "stream", "text": "x"})
        document = Document((DocumentCell("a", "code", "1", outputs=(output,)),))
        self.assertEqual(blob_folding.to_file(document), (document, {}))

    def test_a_file_is_split_at_the_marks_that_are_known(self) -> None:
        """Others are text that somebody wrote."""
        known, other = Ref("0" * 64, 9), "1" * 64
        body = b'["webipy:blob:%b", "webipy:blob:%b"]' % (other.encode(), known.sha256.encode())
        parts = blob_folding.segments(body, {known.sha256: known})
        self.assertEqual(parts, [b'["webipy:blob:%b", ' % other.encode(), known, b"]"])

    def test_small_documents_are_left_alone(self) -> None:
        """Without references nothing is done."""
        document = notebook(display(text_plain="x"), {"output_type": "stream", "name": "stdout", "text": "y"})
        self.assertEqual(blob_folding.to_file(document), (document, {}))
        self.assertEqual(blob_folding.from_file(document, {}), (document, {}))
