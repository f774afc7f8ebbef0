"""webipy.core.languages.parameters: values as code. The languages that are installed here run what is written; of the others, the text is
compared."""

from __future__ import annotations

import ast
import json
import math
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from webipy.core import errors
from webipy.core.languages.language import MAX_DEPTH, Value
from webipy.core.languages.parameters import decode, encode, language_named, source, table

HOSTILE = (
    "",
    "plain",
    'it\'s "quoted"',
    "back\\slash \\n \\u0022 \\",
    "line\nline\r\ttab\x0b\x0c",
    "$(rm -rf /) `rm` ${x} $x !! %s {0} #{x}",
    '"); import os; os._exit(1) #',
    "'; DROP",
    "\x1b]0;t\x07\x7f\x9b",
    "é 🧪 \u2028\u2029\u202e\u2066\ufeff\xa0",
    "\u2018\u2019\u201c\u201d\u201e",
    "*/ --> ]]> -- %> #} )",
    "~ * ? [a] (b) &&|;<>",
)

texts = st.text(max_size=20) | st.sampled_from(HOSTILE)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


class Python(SynchronousTestCase):
    """The one language whose whole meaning can be tested here."""

    @given(st.dictionaries(st.sampled_from(["a", "b_2", "größe"]), values, min_size=1))
    @examples(300)
    def test_what_is_written_is_what_was_given(self, parameters: dict[str, Value]) -> None:
        """Every line is one assignment of one literal (floats that are no numbers: one call of `float`), with the value that was given."""
        module = ast.parse(source("Python", parameters))
        self.assertEqual(len(module.body), len(parameters))
        for line, (name, value) in zip(module.body, parameters.items(), strict=True):
            assert isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name)
            self.assertEqual(line.targets[0].id, name)
            self.assertEqual(repr(self.literal(line.value)), repr(value))

    def literal(self, node: ast.expr) -> Any:
        """The value of a literal, in which `float('nan')` and the like are allowed."""

        class Floats(ast.NodeTransformer):
            def visit_Call(self, node: ast.Call) -> ast.AST:
                assert isinstance(node.func, ast.Name) and node.func.id == "float"
                assert isinstance(node.args[0], ast.Constant) and node.args[0].value in ("nan", "inf", "-inf")
                return ast.copy_location(ast.Constant(float(node.args[0].value)), node)

        return ast.literal_eval(Floats().visit(node))

    def test_the_header(self) -> None:
        """As papermill writes it."""
        self.assertEqual(source("python", {"a": 1, "b": "x"}), '# Parameters\na = 1\nb = "x"')

    @given(st.text(max_size=50))
    @examples(300)
    def test_the_source_is_shown_as_it_is(self, text: str) -> None:
        """Nothing in it is invisible, turns the direction of writing, or ends a line."""
        written = source("python", {"a": text})
        self.assertEqual(len(written.splitlines()), 2)
        self.assertFalse(set(written) & set("\x1b\u202e\u2066\u200b\ufeff\x85"))


class Wire(SynchronousTestCase):
    """Values as JSON, which has no numbers such as infinity."""

    @given(values)
    @examples(200)
    def test_what_is_encoded_is_decoded(self, value: Value) -> None:
        """All values."""
        raw = encode(value)
        json.loads(bytes(raw), parse_constant=self.fail)
        self.assertEqual(repr(decode("a", raw)), repr(value))

    def test_numbers_that_json_does_not_have_are_encoded(self) -> None:
        """Each comes back, with its sign."""
        given_: list[Value] = [math.nan, math.inf, -math.inf, [{"a": math.inf}]]
        for value in given_:
            self.assertEqual(repr(decode("a", encode(value))), repr(value))

    def test_what_cannot_be_read_is_refused_by_its_name(self) -> None:
        """Also what is nested too deeply to be read."""
        for raw in (b"{", b"[" * 100_000):
            fault = self.assertRaises(errors.InvalidParams, decode, "a", Raw(raw))
            self.assertTrue(fault.message.startswith("The value of 'a' cannot be read: "), fault.message)
            self.assertEqual(fault.facts, {"field": "parameters"})


class Bash(SynchronousTestCase):
    """Run by the bash of this machine."""

    def bash(self, parameters: dict[str, Value], show: str) -> list[str]:
        """What a script prints after the parameters are set, in parts that end with NUL."""
        program = shutil.which("bash")
        if program is None:
            self.skipTest("bash is not installed")
        script = source("bash", parameters) + "\n" + show
        ran = subprocess.run([str(program), "-eu"], input=script.encode(), capture_output=True, check=True)
        return [part.decode() for part in ran.stdout.split(b"\0")[:-1]]

    def test_texts_stay_texts(self) -> None:
        """Each of the hostile ones, alone, in a list, and as key and value of a map."""
        hostile: list[Value] = list(HOSTILE)
        for text in HOSTILE:
            self.assertEqual(self.bash({"a": text}, "printf '%s\\0' \"$a\""), [text])
        self.assertEqual(self.bash({"a": hostile}, "printf '%s\\0' \"${a[@]}\""), hostile)
        keys: dict[str, Value] = {text: text for text in HOSTILE if text}
        show = 'for k in "${!a[@]}"; do printf \'%s\\0%s\\0\' "$k" "${a[$k]}"; done'
        shown = self.bash({"a": keys}, show)
        self.assertEqual(dict(zip(shown[::2], shown[1::2], strict=True)), keys)

    def test_other_values(self) -> None:
        """As papermill has them: null is empty, numbers and booleans are words."""
        given_: dict[str, Value] = {"a": None, "b": True, "c": -5, "d": 1.5, "e": math.inf}
        self.assertEqual(self.bash(given_, "printf '%s\\0' \"$a\" $b $c $d $e"), ["", "true", "-5", "1.5", "inf"])

    def test_what_bash_cannot_hold_is_refused(self) -> None:
        """Lists within lists, NUL, names with other letters."""
        nested: list[Value] = [[[1]], {"a": [1]}, {"": 1}, "a\0b", {"a": "\0"}]
        for value in nested:
            self.assertRaises(errors.InvalidParams, source, "bash", {"a": value})
        self.assertRaises(errors.InvalidParams, source, "bash", {"größe": 1})


class R(SynchronousTestCase):
    """Run by the R of this machine, where there is one."""

    def test_texts_stay_texts(self) -> None:
        """Printed as the numbers of their characters."""
        program = shutil.which("Rscript")
        if program is None:
            self.skipTest("R is not installed")
        hostile: dict[str, Value] = {"a": list(HOSTILE), "b": dict.fromkeys(HOSTILE, 1), "_c": None}
        script = source("R", hostile) + '\nfor (x in c(a, names(b))) cat(utf8ToInt(x), "\\n")'
        ran = subprocess.run([program, "-"], input=script.encode(), capture_output=True, check=True)
        shown = ["".join(chr(int(point)) for point in line.split()) for line in ran.stdout.decode().splitlines()]
        self.assertEqual(shown, [*HOSTILE, *HOSTILE])


class Others(SynchronousTestCase):
    """The forms of each language, and that no text gets out of its quotes."""

    GIVEN: dict[str, Value] = {
        "a": None,
        "b": True,
        "c": 5_000_000_000,
        "d": math.nan,
        "e": '$"\\\n',
        "f": [1, 2],
        "g": [1, "x"],
        "h": {"k": 1},
    }

    def test_the_forms(self) -> None:
        """Null, true, a large integer, not a number, a text with all that is special, lists of one kind and of several, a map."""
        for language, lines in {
            "julia": ["nothing", "true", "5000000000", "NaN", r'"\$\"\\\n"', "[1, 2]", '[1, "x"]', 'Dict("k" => 1)'],
            "R": ["NULL", "TRUE", "5000000000", "NaN", r'"$\"\\\n"', "list(1, 2)", 'list(1, "x")', 'list("k" = 1)'],
            "scala": ["None", "true", "5000000000L", "Double.NaN", r'"$\"\\\n"', "Seq(1, 2)", 'Seq(1, "x")', 'Map("k" -> 1)'],
            "powershell": ["$Null", "$True", "5000000000", "[double]::NaN", '"`$`"\\`n"', "@(1, 2)", '@(1, "x")', '@{"k" = 1}'],
            "matlab": [
                "NaN", "true", "5000000000", "NaN", "['$\"\\', char(10)]", "{1, 2}", '{1, "x"}',
                "containers.Map({'k'}, {1}, 'UniformValues', false)",
            ],
            "C#": [
                "null", "true", "5000000000L", "double.NaN", r'"$\"\\\n"', "new [] { 1, 2 }", 'new object[] { 1, "x" }',
                'new Dictionary<string, object> { { "k", 1 } }',
            ],
            "F#": [
                "None", "true", "5000000000L", "nan", r'"$\"\\\n"', "[ 1; 2 ]", '[ box (1); box ("x") ]', 'Map.ofList [ ("k", 1) ]',
            ],
        }.items():  # fmt: skip
            written = source(language, self.GIVEN).splitlines()
            self.assertIn("Parameters", written[0])
            self.assertEqual([line.partition(" = ")[2].removesuffix(";") for line in written[1:]], lines, language)

    @given(texts)
    @examples(300)
    def test_no_text_gets_out_of_its_quotes(self, text: str) -> None:
        """Between the first and the last quote stands nothing that the language would act on: all of it is escaped."""
        text = text.replace("\0", "")
        for language in ("python", "julia", "r", "scala", "c#", "f#"):
            written = source(language, {"a": text}).splitlines()[1]
            inner = written[written.index('"') + 1 : written.rindex('"')]
            while inner:
                self.assertNotIn(inner[0], '"\n\r' + ("$" if language == "julia" else ""), (language, written))
                inner = inner[2:] if inner[0] == "\\" else inner[1:]
        written = source("powershell", {"a": text}).splitlines()[1]
        inner = written[written.index('"') + 1 : written.rindex('"')]
        while inner:
            if inner.startswith("$([char]0x"):
                inner = inner[inner.index(")") + 1 :]
                continue
            self.assertNotIn(inner[0], '"$\u201c\u201d\u201e\n\r', written)
            inner = inner[2:] if inner[0] == "`" else inner[1:]

    def test_what_is_refused(self) -> None:
        """A language that is not known, names that are none, half a character, and what is too deep: with a sentence."""
        deep: Value = 1
        for _ in range(MAX_DEPTH + 1):
            deep = [deep]
        refused: list[tuple[str, dict[str, Value]]] = [
            ("cobol", {"a": 1}),
            ("", {"a": 1}),
            ("python", {"a b": 1}),
            ("python", {"for": 1}),
            ("matlab", {"_a": 1}),
            ("julia", {"a": "\ud800"}),
            ("R", {"a": "\0"}),
            ("rust", {"a": 1 << 127}),
            ("rust", {"a": -(1 << 127) - 1}),
            ("fish", {"a": ["x", ["y"]]}),
            ("python", {"a": deep}),
        ]
        for language, parameters in refused:
            with self.assertRaises(errors.InvalidParams) as caught:
                source(language, parameters)
            self.assertEqual(caught.exception.facts, {"field": "parameters"})

    def test_names_that_are_empty_are_names_in_r(self) -> None:
        """`list` has no way to write them."""
        pairs: Value = {"": 1, "k": "x"}
        self.assertEqual(source("R", {"a": pairs}).splitlines()[-1], 'a = stats::setNames(list(1, "x"), c("", "k"))')

    def test_every_language_takes_every_plain_value_or_refuses_it_in_words(self) -> None:
        """No exception that is not a sentence; what is written is one line for each."""
        for language in table():
            more: dict[str, Value] = {"i": {}, "j": [], "k": -1, "l": -1e300, "m": 10**30, "n": [None, [{}]]}
            for name, value in (self.GIVEN | more).items():
                try:
                    self.assertEqual(len(source(language, {name: value}).splitlines()), 2, language)
                except errors.InvalidParams as fault:
                    self.assertRegex(fault.message, "has no|cannot hold")
            self.assertRaises(errors.InvalidParams, source, language, {"a": 10**5000})

    def test_names_of_languages(self) -> None:
        """As kernels spell them, with versions; those that are written as another one is."""
        for name, same in (
            ("python3", "python"), ("Python", "python"), ("ipython", "python"), ("sage", "python"), ("C++17", "c++"), ("C++", "c++"),
            ("Wolfram Language", "wolfram"), ("zsh", "bash"), ("R", "r"), ("Julia 1.10", "julia"), ("deno", "typescript"),
            ("TypeScript", "typescript"), ("common-lisp", "lisp"), ("lua5.4", "lua"),
        ):  # fmt: skip
            self.assertEqual(language_named(name), table()[same], name)
        for name in ("", "3", "cobol", "c"):
            self.assertIsNone(language_named(name), name)

    def test_forms_of_more_languages(self) -> None:
        """A text with all that is special, a character that does not print, a list, a map, a large integer, a number with an exponent."""
        text: Value = '$"\\#{x}\n\x1b\u2028'
        for language, lines in {
            "ruby": [r'x = "$\"\\\#{x}\n\u{1b}\u{2028}"', "x = [-1, nil]", 'x = {"k" => 1.5}', f"x = {10**30}", "x = 1e+16"],
            "php": [r'$x = "\$\"\\#{x}\n\u{1b}\u{2028}";', "$x = [-1, null];", '$x = ["k" => 1.5];', f"$x = {10**30};", "$x = 1e+16;"],
            "lua": [r'x = "$\"\\#{x}\n\027\226\128\168"', "x = {-1, nil}", 'x = {["k"] = 1.5}', f"x = {10**30}", "x = 1e+16"],
            "go": [r'var x = "$\"\\#{x}\n\u001b\u2028"', "var x = []any{-1, nil}", 'var x = map[string]any{"k": 1.5}', "", "var x = 1e+16"],
            "rust": [r'let x = String::from("$\"\\#{x}\n\u{1b}\u{2028}");', "", "*", f"let x = {10**30}i128;", "let x = 1e+16;"],
            "haskell": [r'x = "$\"\\#{x}\n\27\&\8232\&"', "", 'x = [("k", 1.5)]', f"x = {10**30}", "x = 1e+16"],
            "ocaml": [r'let x = "$\"\\#{x}\n\027\226\128\168";;', "", 'let x = [("k", 1.5)];;', "", "let x = 1e+16;;"],
            "wolfram": [r'x = "$\"\\#{x}\n\:001b\:2028";', "x = {-1, Null};", 'x = <|"k" -> 1.5|>;', f"x = {10**30};", "x = 1*^16;"],
            "java": [r'var x = "$\"\\#{x}\n\u001b\u2028";', "var x = java.util.Arrays.asList(new Object[] {-1, null});", "*", "*", "var x = 1e+16;"],
            "kotlin": [r'val x = "\$\"\\#{x}\n\u001b\u2028"', "val x = listOf<Any?>(-1, null)", "*", "*", "val x = 1e+16"],
            "clojure": [r'(def x "$\"\\#{x}\n\u001b\u2028")', "(def x [-1 nil])", '(def x {"k" 1.5})', f"(def x {10**30})", "(def x 1e+16)"],
            "racket": [r'(define x "$\"\\#{x}\n\u001b\u2028")', "(define x (list -1 'null))", '(define x (hash "k" 1.5))', "*", "*"],
            "elixir": [r'x = "$\"\\\#{x}\n\u{1b}\u{2028}"', "x = [-1, nil]", 'x = %{"k" => 1.5}', f"x = {10**30}", "x = 1e+16"],
            "groovy": [r'x = "\$\"\\#{x}\n\u001b\u2028"', "x = [-1, null]", 'x = ["k": 1.5]', f"x = {10**30}G", "x = 1e+16"],
            "c++": [r'auto x = "$\"\\#{x}\n\033\342\200\250";', "", "", "", "auto x = 1e+16;"],
        }.items():  # fmt: skip
            given: list[Value] = [text, [-1, None], {"k": 1.5}, 10**30, 1e16]
            for value, line in zip(given, lines, strict=True):
                if line == "":
                    self.assertRaises(errors.InvalidParams, source, language, {"x": value})
                elif line != "*":
                    self.assertEqual(source(language, {"x": value}).splitlines()[1], line)


class Programs(SynchronousTestCase):
    """Languages whose programs are on many machines: what they read is what was given."""

    def run_in(self, program: str, script: str, *options: str) -> str:
        """What a program prints."""
        found = shutil.which(program)
        if found is None:
            self.skipTest(f"{program} is not installed")
        ran = subprocess.run([found, *options], input=script.encode(), capture_output=True, check=True)
        return ran.stdout.decode()

    def test_javascript(self) -> None:
        """Texts, keys and numbers, as JSON; `__proto__` is a key like others."""
        hostile: dict[str, Value] = {
            "a": [*HOSTILE, "\0", -1, 1.5, None, True, [], {}],
            "b": {**dict.fromkeys(HOSTILE, 1), "__proto__": 2},
        }
        for language, start in (("javascript", "var a, b;"), ("typescript", "")):
            shown = self.run_in("node", f"{start}{source(language, hostile)}\nconsole.log(JSON.stringify([a, b]))", "-")
            self.assertEqual(json.loads(shown), [hostile["a"], hostile["b"]])

    def test_perl(self) -> None:
        """As the numbers of their characters."""
        script = source("perl", {"a": [*HOSTILE, "\0"], "b": dict.fromkeys(HOSTILE, "x")})
        script += '\nprint join(" ", map(ord, split(//, $_))), "\\n" for (@$a, sort keys %$b);'
        shown = [
            "".join(chr(int(point)) for point in line.split()) for line in self.run_in("perl", script, "-").splitlines()
        ]
        self.assertEqual(shown, [*HOSTILE, "\0", *sorted(HOSTILE)])

    def test_tcl(self) -> None:
        """As the numbers of their characters; those beyond 16 bits are left out, which older ones do not know."""
        hostile = [text.replace("🧪", "") for text in HOSTILE]
        script = f"encoding system utf-8\n{source('tcl', {'a': list(hostile), 'b': dict.fromkeys(hostile, 1)})}\n"
        script += 'foreach x [concat $a [dict keys $b]] { foreach c [split $x ""] { puts -nonewline "[scan $c %c] " }; puts "" }'
        folder = Path(self.mktemp())
        folder.write_bytes(script.encode())
        shown = self.run_in("tclsh", "", "-encoding", "utf-8", str(folder)).splitlines()
        self.assertEqual(["".join(chr(int(point)) for point in line.split()) for line in shown], hostile * 2)
