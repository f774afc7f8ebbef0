"""webipy.core.ipynb.pairs: which files are a pair, as jupytext has it, and what a change of a text means for the whole document."""

from __future__ import annotations

import itertools
import random
import warnings

from jupytext import paired_paths
from jupytext.formats import long_form_one_format
from twisted.trial.unittest import SynchronousTestCase

from webipy.core.ipynb import pairs
from webipy.core.ipynb.document import Document, DocumentCell
from webipy.core.ipynb.merge import merge

FORMS = (
    "ipynb",
    "py:percent",
    "py:light",
    "md",
    "md:myst",
    "Rmd",
    "notebooks//ipynb",
    "scripts//py:light",
    "docs/x_/md",
    ".pct.py:percent",
    "nb///ipynb",
    "src///py:percent",
    "src/sub///md",
    "p_/R:percent",
)
PATHS = (
    "a.ipynb",
    "a.py",
    "a.md",
    "notebooks/a.ipynb",
    "scripts/a.py",
    "x/notebooks/a.b.ipynb",
    "docs/x_a.md",
    "docs/a.md",
    "a.pct.py",
    "nb/a.ipynb",
    "w/nb/deep/er/a.ipynb",
    "src/deep/a.py",
    "src/sub/deep/a.md",
    "p_a.R",
    "q/nb/nb/a.ipynb",
)


class Paths(SynchronousTestCase):
    """`halves`, `partners`."""

    def test_they_are_those_of_jupytext(self) -> None:
        """For any two formats, and any of these paths."""
        found = 0
        for path, one, other in itertools.product(PATHS, FORMS, FORMS):
            if one == other:
                continue
            named = f"{one},{other}"
            expected = self.of_jupytext(path, named)
            got = {half.path for half in pairs.halves(path, named)}
            self.assertEqual(got, expected, (path, named))
            found += len(got) > 1
        self.assertGreater(found, 100)

    @staticmethod
    def of_jupytext(path: str, named: str) -> set[str]:
        """The paths of a pair by jupytext; the first format that fits the path decides."""
        forms = [long_form_one_format(one) for one in named.split(",")]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                base, _ = paired_paths.find_base_path_and_format(path, forms)
        except paired_paths.InconsistentPath:
            return set()
        paths = set()
        for form in forms:
            try:
                paths.add(paired_paths.full_path(base, form))
            except paired_paths.InconsistentPath:
                continue
        return {
            path for path in paths if "//" not in path
        }  # a format without a root beside one with it: no path of a file

    def test_formats_have_the_names_that_files_have(self) -> None:
        """Those that jupytext leaves out are its own; what webipy does not read is left out."""
        named = "ipynb,py,md,Rmd,qmd,R:percent,md:pandoc,py:marimo,.x.py:hydrogen,auto:percent,txt,"
        told = {half.path: half.format for half in pairs.halves("a.ipynb", named, "julia")}
        self.assertEqual(
            told,
            {
                "a.ipynb": "ipynb",
                "a.py": "py:light",
                "a.md": "md:markdown",
                "a.Rmd": "Rmd:rmarkdown",
                "a.qmd": "qmd:rmarkdown",
                "a.R": "R:percent",
                "a.x.py": "py:hydrogen",
                "a.jl": "jl:percent",
            },
        )

    def test_no_path_leads_out(self) -> None:
        """Above the root there is nothing."""
        self.assertEqual([half.path for half in pairs.halves("x/a.ipynb", "ipynb,../s//py")], ["x/a.ipynb", "s/a.py"])
        self.assertEqual([half.path for half in pairs.halves("a.ipynb", "ipynb,../s//py")], ["a.ipynb"])
        self.assertEqual(pairs.halves("a.ipynb", "ipynb,../../etc//py")[1:], ())

    def test_a_file_that_is_nothing_but_a_prefix_is_no_half(self) -> None:
        """The other one would have no name."""
        self.assertEqual(pairs.halves("docs/x_.md", "ipynb,docs/x_/md"), ())

    def test_the_language_is_the_kernelspecs_or_the_kernels_own(self) -> None:
        """For `auto`; where neither names one, there is no such file."""
        named = b'"jupytext":{"formats":"ipynb,auto:percent"}'
        for more, found in (
            (b'"kernelspec":{"language":"julia"},"language_info":{"name":"R"}', ["a.jl"]),
            (b'"kernelspec":{"language":7},"language_info":{"name":"julia"}', ["a.jl"]),
            (b'"kernelspec":7', []),
        ):
            partners = pairs.partners("a.ipynb", b"{%b,%b}" % (named, more))
            self.assertEqual([half.path for half in partners], found, more)

    def test_metadata_and_headers_name_them(self) -> None:
        """A header is looked for in the first lines only; one format is no pair; what is malformed is none."""
        metadata = b'{"jupytext":{"formats":"ipynb,py:percent"},"kernelspec":{"language":"R"}}'
        self.assertEqual([half.path for half in pairs.partners("a.ipynb", metadata)], ["a.py"])
        for odd in (b"{}", b'{"jupytext":1}', b'{"jupytext":{"formats":[]}}', b'{"jupytext":{"formats":"ipynb"}}'):
            self.assertEqual(pairs.partners("a.ipynb", odd), ())
        header = b"# ---\n# jupyter:\n#   jupytext:\n#     formats: ipynb,py:percent\n#     text_representation:\n"
        self.assertEqual(pairs.formats_of_header(header), "ipynb,py:percent")
        self.assertEqual(pairs.formats_of_header(b"formats: 'ipynb,md'\n"), "ipynb,md")
        self.assertIsNone(pairs.formats_of_header(b"x = 1\n" * 3000 + header))
        self.assertEqual(
            pairs.with_formats(b'{"a":1,"jupytext":{"b":2}}', "ipynb,md"),
            b'{"a":1,"jupytext":{"b":2,"formats":"ipynb,md"}}',
        )


class Differences(SynchronousTestCase):
    """`difference`."""

    def test_a_change_of_a_text_touches_nothing_that_a_text_cannot_hold(self) -> None:
        """Whatever a text leaves out or spells otherwise: without a change nothing changes, and a change changes that."""
        chance = random.Random(11)
        for _ in range(200):
            held = Document(tuple(self.cell(chance, number) for number in range(chance.randrange(1, 6))), b'{"k":1}')
            before = Document(tuple(self.as_text(chance, cell) for cell in held.cells), b'{"other":2}')
            origin, theirs = pairs.difference(held, before, before)
            self.assertEqual(merge(origin, held, theirs).document, held)
            at = chance.randrange(len(before.cells))
            edited = DocumentCell(before.cells[at].id, before.cells[at].cell_type, "edited", before.cells[at].metadata)
            now = Document((*before.cells[:at], edited, *before.cells[at + 1 :]), before.metadata)
            merged = merge(*self.sides(held, before, now))
            self.assertEqual((merged.conflicts, merged.metadata_conflicts), ([], []))
            wanted = [cell.source for cell in held.cells]
            wanted[at] = "edited"
            self.assertEqual([cell.source for cell in merged.document.cells], wanted)
            self.assertEqual([cell.outputs for cell in merged.document.cells], [cell.outputs for cell in held.cells])
            self.assertEqual([cell.metadata for cell in merged.document.cells], [cell.metadata for cell in held.cells])
            gone = Document((*before.cells[:at], *before.cells[at + 1 :]), before.metadata)
            merged = merge(*self.sides(held, before, gone))
            self.assertEqual(merged.document.cells, (*held.cells[:at], *held.cells[at + 1 :]))

    @staticmethod
    def sides(held: Document, before: Document, now: Document) -> tuple[Document, Document, Document]:
        """What is merged."""
        origin, theirs = pairs.difference(held, before, now)
        return origin, held, theirs

    @staticmethod
    def cell(chance: random.Random, number: int) -> DocumentCell:
        """Any cell."""
        kind = chance.choice(("code", "markdown"))
        metadata = chance.choice((b"{}", b'{"collapsed":true}', b'{"tags":["a"]}'))
        if kind == "code":
            return DocumentCell(f"c{number}", "code", f"x = {number}\n", metadata, None, (b'"out"',), number)
        return DocumentCell(f"c{number}", "markdown", f"text {number}", metadata, b'{"a.png":{}}')

    @staticmethod
    def as_text(chance: random.Random, cell: DocumentCell) -> DocumentCell:
        """The cell as a text may have it."""
        metadata = chance.choice((cell.metadata, b"{}"))
        return DocumentCell(cell.id, cell.cell_type, cell.source.rstrip("\n"), metadata)

    def test_a_cell_that_only_the_text_has_is_as_the_text_has_it(self) -> None:
        """It is new there."""
        held = Document((DocumentCell("a", "code", "1", outputs=(b'"out"',)),))
        new = DocumentCell("b", "markdown", "new")
        _, now = pairs.difference(held, Document(), Document((new,)))
        self.assertEqual(now.cells, (new,))

    def test_what_a_text_says_of_itself_is_nothing_of_the_notebook(self) -> None:
        """Its own format and the version of jupytext that wrote it; other metadata are."""
        held = Document((), b'{"jupytext":{"formats":"ipynb,py"},"language_info":{}}')
        before = Document((), b'{"jupytext":{"formats":"ipynb,py","text_representation":{"v":1}}}')
        now = Document((), b'{"jupytext":{"formats":"ipynb,py","text_representation":{"v":2}},"title":"t"}')
        merged = merge(*self.sides(held, before, now)).document
        self.assertEqual(merged.metadata, b'{"jupytext":{"formats":"ipynb,py"},"language_info":{},"title":"t"}')
        self.assertEqual(merge(*self.sides(held, before, Document())).document, held)
