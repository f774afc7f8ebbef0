"""The attachments of cells that become one cell: `webipy.core.ipynb.attachments`."""

from __future__ import annotations

import json

from twisted.trial.unittest import SynchronousTestCase

from webipy.core.ipynb.attachments import united


class United(SynchronousTestCase):
    """Texts and files, put together."""

    def test_nothing_stays_nothing(self) -> None:
        """Cells without attachments have none together."""
        self.assertEqual(united([("a", None), ("b", b"{}")]), (["a", "b"], None))

    def test_equal_files_of_one_name_are_one(self) -> None:
        """The texts stay as they are."""
        raw = b'{"a.png":{"image/png":"x"}}'
        self.assertEqual(
            united([("![](attachment:a.png)", raw), ("again", raw)]), (["![](attachment:a.png)", "again"], raw)
        )

    def test_a_name_that_is_taken_gets_a_number_in_the_text_too(self) -> None:
        """Whether the text spells it as it is or escaped; a name without a suffix, too."""
        cells = [
            (f"attachment:a%20b.png attachment:c {n}", json.dumps({"a b.png": n, "c": n}).encode()) for n in (1, 2, 3)
        ]
        sources, raw = united(cells)
        self.assertEqual(
            sources[1:], ["attachment:a%20b-2.png attachment:c-2 2", "attachment:a%20b-3.png attachment:c-3 3"]
        )
        names = {"a b.png": 1, "c": 1, "a b-2.png": 2, "c-2": 2, "a b-3.png": 3, "c-3": 3}
        self.assertEqual(json.loads(raw or b""), names)
