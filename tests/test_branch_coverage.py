"""tests/branch_coverage.py: floors rise and never fall. That it measures is seen by running it."""

from __future__ import annotations

import contextlib
import io
import json

from twisted.trial.unittest import SynchronousTestCase

from tests.branch_coverage import FLOORS, aim, raised, tell
from tests.own_tests import modules

OUTPUTS, FEED = "webipy.core.events.outputs", "webipy.server.sessions.feed"


class Floors(SynchronousTestCase):
    """tests/branch_coverage.json, and what becomes of it."""

    def test_the_table_names_modules_that_are_there_and_below_their_aim(self) -> None:
        """A module that has moved is moved in the table, too; one that reaches its aim has no row."""
        floors = json.loads(FLOORS.read_text("utf-8"))
        self.assertEqual([name for name in floors if name not in modules()], [])
        self.assertEqual([name for name, floor in floors.items() if not 0 <= floor < aim(name)], [])

    def test_floors_rise_and_never_fall(self) -> None:
        """What was not measured keeps its floor; what reaches its aim needs none."""
        floors = {OUTPUTS: 80, FEED: 70}
        self.assertEqual(raised({OUTPUTS: 90}, floors), {OUTPUTS: 90, FEED: 70})
        self.assertEqual(raised({OUTPUTS: 70}, floors), floors)
        self.assertEqual(raised({OUTPUTS: 100, FEED: 95}, floors), {})
        self.assertEqual(raised({OUTPUTS: 0}, {}), {OUTPUTS: 0})
        self.assertEqual(raised({}, {"webipy.core.gone": 50}), {})

    def test_what_is_below_its_floor_fails(self) -> None:
        """Without a row the aim is the floor."""
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            below = tell({OUTPUTS: 90, FEED: 94}, {OUTPUTS: 90})
        self.assertEqual(below, [FEED])
        self.assertIn("90 of 100  core.events.outputs", printed.getvalue())
        self.assertIn("BELOW ITS FLOOR, 95", printed.getvalue())
        self.assertIn("0 of 2 modules reach their aim, 1 are below their floor", printed.getvalue())
