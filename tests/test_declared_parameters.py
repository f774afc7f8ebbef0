"""webipy.core.ipynb.declared_parameters and webipy.command.parameter_listing: the parameters that a notebook declares."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from webipy.command.parameter_listing import shown, unknown
from webipy.core.ipynb.declared_parameters import Declared, declared


class DeclaredTests(SynchronousTestCase):
    """`declared`."""

    def told(self, source: str, language: str = "python") -> list[tuple[str, str, str, str]]:
        """Names, defaults, types and what they are for."""
        return [(one.name, one.default, one.type, one.help) for one in declared(language, source)]

    def test_python(self) -> None:
        """Assignments at the top, with annotations or comments, over several lines, beside magics; the last of a name counts."""
        for source, found in (
            ("a = 1", [("a", "1", "", "")]),
            ("a: int = 1  # how many", [("a", "1", "int", "how many")]),
            ("a = None  # type: str the name", [("a", "None", "str", "the name")]),
            ("a: 'float' = 1.5", [("a", "1.5", "float", "")]),
            ("a: list[int] = [\n  1,  # one\n  2,\n]  # both", [("a", "[ 1, # one 2, ]", "list[int]", "both")]),
            ("# about\n\na = '#x'  # real", [("a", "'#x'", "", "real")]),
            ("%matplotlib inline\n!ls\na = 1", [("a", "1", "", "")]),
            ("a = 1\na = 2\nb = 3", [("a", "2", "", ""), ("b", "3", "", "")]),
            ("x, y = 1, 2\nd['k'] = 1\na == 1\nif a:\n    b = 1\nf(c=1)", []),
            ("größe = 1", [("größe", "1", "", "")]),
            ("", []),
        ):
            self.assertEqual((source, self.told(source)), (source, found))
        self.assertEqual([one.name for one in declared("python", "a = 1\nthis is no python\nb = 2")], ["a", "b"])

    def test_other_languages(self) -> None:
        """A line that looks like an assignment, with the words and signs of its language."""
        for language, source, found in (
            ("R", "alpha <- 0.1 # rate\nn = 5", [("alpha", "0.1", "", "rate"), ("n", "5", "", "")]),
            ("julia", 'name = "x"', [("name", '"x"', "", "")]),
            ("scala", "val n: Int = 5 // count", [("n", "5", "Int", "count")]),
            ("bash", "n=5\nexport P=/x", [("n", "5", "", ""), ("P", "/x", "", "")]),
            ("powershell", "$n = 5", [("n", "5", "", "")]),
            ("matlab", "n = 5; % count", [("n", "5", "", "count")]),
            ("typescript", "let n: number = 5;", [("n", "5", "number", "")]),
            ("go", "n := 5", [("n", "5", "", "")]),
            ("lua", "local n = 5 -- count", [("n", "5", "", "count")]),
            ("cobol", "MOVE 5 TO N", []),
        ):
            self.assertEqual((language, self.told(source, language)), (language, found))

    def test_hostile_sources_end_soon(self) -> None:
        """Deep, long and broken ones."""
        for source in ("(" * 5000, "a = " + "[" * 5000, "a=" * 50_000, "a : " + "x " * 50_000, "\0", "let " * 50_000):
            for language in ("python", "other"):
                declared(language, source)


class WordTests(SynchronousTestCase):
    """What is said of them."""

    def test_what_is_not_declared(self) -> None:
        """Each name, with those that there are."""
        known = [Declared("a", "1"), Declared("b", "2")]
        self.assertEqual(unknown(known, ["a", "c"]), ["The notebook declares no parameter c; it has a, b."])
        self.assertEqual(unknown(known, ["b"]), [])
        self.assertEqual(unknown([], ["c"]), ["The notebook declares no parameter c; it has none."])
        self.assertIn("No cell of the notebook has the tag parameters", unknown(None, ["c"])[0])

    def test_a_table(self) -> None:
        """With nothing in it that a terminal would act on."""
        text = shown([Declared("a", "'\x1b]0;x\x07'", "str", "what it is")])
        self.assertNotIn("\x1b", text)
        self.assertEqual(len(text.splitlines()), 2)
        self.assertIn("sets nothing", shown([]))
