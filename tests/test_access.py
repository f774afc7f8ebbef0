"""webipy.core.api.access: the whole table of verbs."""

from __future__ import annotations

from typing import get_args

from twisted.trial.unittest import SynchronousTestCase

from webipy.core import errors
from webipy.core.api.access import MAX_NAME, Principal, Verb, is_marked, marked, permit, person_name

ORDER: tuple[Verb, ...] = ("none", "read", "write", "execute", "own")


class Permit(SynchronousTestCase):
    """`permit`."""

    def test_every_verb_includes_those_before_it(self) -> None:
        """Who may own a session may also run code in it, who may run code may also write and read."""
        self.assertEqual(get_args(Verb), ORDER)
        for held in ORDER:
            for needed in ORDER:
                principal = Principal("ada", held, "login")
                if ORDER.index(held) >= ORDER.index(needed):
                    permit(principal, needed, "s")
                else:
                    fault = self.assertRaises(errors.NotPermitted, permit, principal, needed, "s")
                    self.assertEqual(
                        (fault.message, fault.facts),
                        (f"ada may {held} in session s, but this needs the right to {needed}.", {"verb": needed}),
                    )

    def test_nobody_may_do_what_needs_no_verb_and_nothing_else(self) -> None:
        """An anonymous caller is told to log in."""
        permit(None, "none", None)
        for needed in ORDER[1:]:
            fault = self.assertRaises(errors.NotAuthenticated, permit, None, needed, None)
            self.assertIn("Log in", fault.message)

    def test_the_message_names_no_session_where_there_is_none(self) -> None:
        """Rights on the server as such."""
        fault = self.assertRaises(errors.NotPermitted, permit, Principal("ada", "read", "l"), "own", None)
        self.assertEqual(fault.message, "ada may read, but this needs the right to own.")

    def test_a_guest_may_do_nothing_outside_of_their_session(self) -> None:
        """Whatever the right; what needs none is open to them, too."""
        guest = Principal("Ada (guest)", "own", "l", session="s")
        permit(guest, "write", "s")
        permit(guest, "none", "other")
        for session in ("other", None):
            fault = self.assertRaises(errors.NotPermitted, permit, guest, "read", session)
            self.assertEqual(fault.facts, {"verb": "read", "session": "s"})
            self.assertIn("came by the link of session s", fault.message)

    def test_persons(self) -> None:
        """Every login of the owner is one person; each guest is one."""
        self.assertEqual([Principal("o", "own", login).person for login in "ab"], ["owner", "owner"])
        self.assertEqual([Principal("g", "own", login, session="s").person for login in "ab"], ["a", "b"])


class Names(SynchronousTestCase):
    """What guests call themselves."""

    def test_needless_space_goes(self) -> None:
        """Around it and between its words; a name may be as long as the limit."""
        for given, name in {
            " Ada \t B ": "Ada B",
            "x" * MAX_NAME: "x" * MAX_NAME,
            "7": "7",
            "\u263a": "\u263a",
        }.items():
            self.assertEqual(person_name(given), name)
        self.assertEqual(person_name("\U0001f469\u200d\U0001f680"), "\U0001f469\u200d\U0001f680")

    def test_what_is_no_name(self) -> None:
        """Nothing, too much, what cannot be seen, and what has no letter."""
        table = {
            "": "1 to",
            "  ": "1 to",
            "x" * (MAX_NAME + 1): "1 to",
            "a\u202eb": "control",
            "a\0": "control",
            "...": "letter",
        }
        for given, words in table.items():
            fault = self.assertRaises(errors.InvalidParams, person_name, given)
            self.assertIn(words, fault.message)
            self.assertEqual(fault.facts, {"field": "name"})

    def test_guests_are_marked(self) -> None:
        """So that nobody is taken for the owner."""
        self.assertTrue(is_marked(marked("Ada")))
        self.assertEqual(marked("Ada"), "Ada (guest)")
        self.assertFalse(is_marked("Ada"))
