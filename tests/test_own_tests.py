"""tests/own_tests.py: every module that is judged has tests of its own, and the table of exceptions names what is there."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.own_tests import ROOT, TESTED_BY, modules, own_tests


class OwnTests(SynchronousTestCase):
    """What is judged by what."""

    def test_every_module_has_tests_of_its_own(self) -> None:
        """A new module of core, server or io is named in a test's docstring, imported by one, or part of something that is."""
        self.assertEqual([name for name in modules() if not own_tests(name)], [])

    def test_the_table_names_what_is_there(self) -> None:
        """A module or a test that has moved is moved in the table, too."""
        self.assertEqual([name for name in TESTED_BY if name not in modules()], [])
        tests = {test for tests in TESTED_BY.values() for test in tests}
        self.assertEqual([test for test in sorted(tests) if not (ROOT / (test.replace(".", "/") + ".py")).exists()], [])

    def test_the_rules(self) -> None:
        """By the docstring; by what is imported; by the importers; by the table."""
        self.assertEqual(own_tests("webipy.core.events.outputs"), ["tests.test_outputs"])
        self.assertIn("tests.test_inquiries", own_tests("webipy.core.kernel.inquiries"))
        self.assertIn("tests.test_parameters", own_tests("webipy.core.languages.more_languages"))
        self.assertEqual(own_tests("webipy.server.methods.plans"), ["tests.test_plans"])
        self.assertEqual(own_tests("webipy.core"), [])
