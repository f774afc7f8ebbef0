"""webipy.core.api.sign_in_names: which names can be chosen, and which look the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from webipy.core import errors
from webipy.core.api.sign_in_names import MAX_SIGN_IN_NAME, group_name, name_key, shown_name, sign_in_name, skeleton


class SignInNames(SynchronousTestCase):
    """`sign_in_name`, `name_key` and `skeleton`."""

    def test_names_of_all_scripts(self) -> None:
        """As they were typed, in one form of Unicode."""
        for name in (
            "ada",
            "Ada.Lovelace-2",
            "müller",
            "анна",
            "ελένη",
            "山田カナ",
            "김철수",
            "x",
            "7b",
            "محمد",
            "अनिता",
        ):
            self.assertEqual(sign_in_name(f" {name} "), name)
        self.assertEqual(sign_in_name("ﬁona"), "fiona")
        self.assertEqual(sign_in_name("A\u0308nne"), "Änne")

    def test_what_is_refused(self) -> None:
        """Empty, huge, invisible, turned around, mixed, with marks at the ends: a sentence that says why."""
        table = {
            "": "1 to 32 characters",
            "   ": "1 to 32 characters",
            "a" * (MAX_SIGN_IN_NAME + 1): "this has 33",
            "ada\u200b": "U+200B",
            "a\u202eda": "U+202E",
            "a da": "a space is none",
            "ada\x00": "U+0000",
            "ada@home": "@ is none",
            "a/b": "/ is none",
            "🧪": "🧪 is none",
            "Everybody": "means all people",
            "-ada": "begins and ends",
            "ada.": "begins and ends",
            "\u0301ada": "begins and ends",
            "\u0430da": "Cyrillic and Latin",
            "p\u0430ypal": "Cyrillic and Latin",
            "山a": "Cjk and Latin",
        }  # fmt: skip
        for name, words in table.items():
            fault = self.assertRaises(errors.InvalidParams, sign_in_name, name)
            self.assertIn(words, fault.message, name)
            self.assertEqual(fault.facts["field"], "name")

    def test_a_name_is_the_same_however_it_is_typed(self) -> None:
        """In any case and form."""
        for one, other in (
            ("Ada", "aDA"),
            ("Straße", "STRASSE"),
            ("Änne", "a\u0308nne"),
            (" ada ", "ada"),
            ("ﬁ", "FI"),
        ):
            self.assertEqual(name_key(one), name_key(other))

    def test_names_that_look_the_same(self) -> None:
        """Of whole other scripts, with other digits, and in pairs of letters; and others that do not."""
        same = (
            ("ada", "\u0430\u0501\u0430"),
            ("paul", "pau1"),
            ("bob0", "bobo"),
            ("Ill", "lIl"),
            ("mia", "rnia"),
            ("a.b", "a-b"),
            ("a_b", "a.b"),
        )
        for one, other in same:
            self.assertEqual(skeleton(one), skeleton(other), one)
        for one, other in (("ada", "adam"), ("josé", "jose"), ("anna", "hanna"), ("pupil2", "pupil3")):
            self.assertNotEqual(skeleton(one), skeleton(other), one)

    @given(st.text(max_size=60))
    def test_any_text(self, text: str) -> None:
        """Is a name or refused, and never anything else; what is a name is one again."""
        name_key(text)
        skeleton(text)
        try:
            name = sign_in_name(text)
        except errors.InvalidParams:
            return
        self.assertEqual(sign_in_name(name), name)
        self.assertEqual(name_key(name), name_key(text))

    def test_shown_names_and_groups(self) -> None:
        """As those of guests, but marked as none."""
        self.assertEqual(shown_name("  Ada   Lovelace "), "Ada Lovelace")
        for name in ("", "Ada (guest)", "a\u202eb", "x" * 41):
            self.assertRaises(errors.InvalidParams, shown_name, name)
        self.assertEqual(group_name("class  7b"), "class 7b")
        self.assertIn("group", self.assertRaises(errors.InvalidParams, group_name, "").message)
