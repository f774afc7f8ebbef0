"""webipy.core.api.access: the whole table of verbs."""

from __future__ import annotations

from typing import get_args

from twisted.trial.unittest import SynchronousTestCase

from webipy.core import errors
from webipy.core.api.access import Principal, Verb, permit

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
