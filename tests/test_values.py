"""webipy.command.values and webipy.command.run_options: the parameters of a command line, read as papermill reads them."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from webipy.command import values
from webipy.command.run_options import joined
from webipy.command.values import Given
from webipy.core.languages import parameters
from webipy.core.languages.language import Value


def shown(**given: Any) -> dict[str, Any]:
    """What the server makes of what is given, by name; not a number is the text `nan`."""
    found = {name: parameters.decode(name, raw) for name, raw in values.read(Given(**given)).items()}
    return {name: "nan" if isinstance(one, float) and math.isnan(one) else one for name, one in found.items()}


class ValueTests(SynchronousTestCase):
    """`-p` and `-r`."""

    def test_values_are_what_papermill_takes_them_for(self) -> None:
        """Each as papermill 2.7 reads it."""
        for text, value in (
            ("True", True), ("False", False), ("None", None), ("TRUE", "TRUE"), ("none", "none"), (" True", " True"),
            ("1", 1), ("+5", 5), ("-5", -5), (" 7 ", 7), ("1_000", 1000), ("01", 1), ("1__0", "1__0"), ("0x10", "0x10"),
            ("1e3", 1000.0), (".5", 0.5), ("5.", 5.0), ("1E-3", 0.001), ("1e999", math.inf), ("1,5", "1,5"),
            ("nan", "nan"), ("NaN", "nan"), ("inf", math.inf), ("-inf", -math.inf), ("Infinity", math.inf),
            ("", ""), ("abc", "abc"), ("a=b", "a=b"), ("2024-01-01", "2024-01-01"), ("12:30:00", "12:30:00"),
            ("yes", "yes"), ("no", "no"), ("'x'", "'x'"), ("1.0.0", "1.0.0"), ("é 🧪", "é 🧪"), ("\udcff", "?"),
            (str(10**40), 10**40),
        ):  # fmt: skip
            found = shown(typed=[f"n={text}"])["n"]
            self.assertEqual((type(found), found), (type(value), value), text)
            self.assertEqual(shown(texts=[f"n={text}"]), {"n": text if text != "\udcff" else "?"})

    def test_json_is_read_beyond_that(self) -> None:
        """Lists, maps, its words and texts between quotation marks; what only begins so is a text."""
        for text, value in (
            ("true", True), ("false", False), ("null", None), ('"1"', "1"), ("[1, {}]", [1, {}]), ('{"a": [null]}', {"a": [None]}),
            ("{", "{"), ("[1", "[1"), ('"', '"'), ("[" * 5000, "[" * 5000), ("true ", "true "),
        ):  # fmt: skip
            self.assertEqual(shown(typed=[f"n={text}"]), {"n": value}, text)

    def test_a_name_and_a_value_may_stand_apart(self) -> None:
        """As papermill has them; an option is no value."""
        for line, made in (
            ("-p n 1 nb.ipynb", "-p n=1 nb.ipynb"),
            ("nb.ipynb -p n -5 -r m x", "nb.ipynb -p n=-5 -r m=x"),
            ("-p n=1 nb.ipynb", "-p n=1 nb.ipynb"),
            ("--parameters n 1 --parameters_raw m 2", "--parameters n=1 --parameters_raw m=2"),
            ("-p n --overwrite", "-p n --overwrite"),
            ("-p n -k python3", "-p n -k python3"),
            ("nb.ipynb -p n", "nb.ipynb -p n"),
        ):
            self.assertEqual(joined(line.split()), made.split())

    @given(st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=["Cs"])),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    ))  # fmt: skip
    @examples(100)
    def test_every_value_comes_to_the_server_as_it_is(self, value: Value) -> None:
        """Large integers and what is no number, too."""
        self.assertEqual(repr(parameters.decode("n", parameters.encode(value))), repr(value))


class FileTests(SynchronousTestCase):
    """`-y`, `-f` and `-b`."""

    def test_yaml(self) -> None:
        """Dates stay texts, keys are texts; an empty one sets nothing; what is JSON is read as JSON."""
        text = (
            "d: 2024-01-01\nt: 2024-01-01 10:00:00\nn: .nan\nl: [1, .inf, yes]\nm: {1: a, false: b}\ns: !!set {x}\nz:\n"
        )
        outcome: dict[str, Any] = {"d": "2024-01-01", "t": "2024-01-01 10:00:00", "n": "nan", "l": [1, math.inf, True]}
        outcome |= {"m": {"1": "a", "False": "b"}, "s": ["x"], "z": None}
        self.assertEqual(shown(yaml=[text]), outcome)
        self.assertEqual(shown(files=[("x.yaml", text.encode())]), outcome)
        self.assertEqual(shown(base64=[base64.b64encode(text.encode()).decode()]), outcome)
        self.assertEqual(shown(yaml=["", "# nothing", "{}"]), {})
        self.assertEqual(shown(files=[("x.json", json.dumps({"a": 1e3, "b": "\t"}).encode())]), {"a": 1e3, "b": "\t"})

    def test_what_counts_more(self) -> None:
        """A text, then -p, then YAML, then files, then base64; later ones more than earlier ones."""
        given = {
            "base64": [base64.b64encode(b"a: 1\nb: 1\nc: 1\nd: 1\ne: 1").decode()],
            "files": [("1", b"a: 0\nb: 2"), ("2", b"b: 2\nc: 2\nd: 2\ne: 2")],
            "yaml": ["c: 3\nd: 3", "e: 3"],
            "typed": ["d=4", "e=4"],
            "texts": ["e=5"],
        }
        self.assertEqual(shown(**given), {"a": 0, "b": 2, "c": 3, "d": 4, "e": "5"})

    def test_what_is_wrong_is_said(self) -> None:
        """With the option that it was in."""
        for wrong, words in (
            ({"typed": ["n"]}, "-p: 'n' has no value; write name=value"),
            ({"typed": ["1=2"]}, "-p: '1' cannot be the name"),
            ({"typed": ["n=" + "9" * 5000]}, "-p: 99999999999999999999... has too many digits"),
            ({"texts": ["a b=1"]}, "-r: 'a b' cannot be the name"),
            ({"files": [("p.json", b"[1]")]}, "-f p.json: it is no map"),
            ({"files": [("p.json", b"\xff")]}, "-f p.json: it cannot be read as YAML or JSON"),
            ({"files": [("p.yaml", b'"a b": 1')]}, "-f p.yaml: 'a b' cannot be the name"),
            ({"yaml": ["a: [1"]}, "-y: it cannot be read as YAML or JSON"),
            ({"yaml": ["a: &a [*a]"]}, "levels deep"),
            ({"yaml": ["a: !!python/object:os.system x"]}, "-y: it cannot be read"),
            ({"yaml": ["1: 2"]}, "-y: 1 cannot be the name"),
            ({"base64": ["%"]}, "-b: it is not base64"),
        ):
            with self.assertRaises(ValueError) as caught:
                values.read(Given(**wrong))
            self.assertIn(words, str(caught.exception))
