"""webipy.server.notebooks.update_depth: what nests too deeply is refused before the library that would end the process has it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

from hypothesis import given, strategies
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from tests.live import ROOT
from tests.room_programs import pycrdt
from tests.test_room import RoomTestCase
from webipy.core.json_depth import MAX_DEPTH
from webipy.io.jupyter.y_messages import written
from webipy.server.notebooks.shared_notebook import MOST_UNSEEN, SharedNotebook, Unusable
from webipy.server.notebooks.update_depth import MOST_LEVELS, clocks_of, depth_of

CLIENT = 5
NULL = b"\x7e"


def part(text: str) -> bytes:
    """A text with its length before it."""
    return written(len(text.encode())) + text.encode()


def update(*items: bytes, clock: int = 0) -> bytes:
    """An update of one client."""
    return b"".join((written(1), written(len(items)), written(CLIENT), written(clock), *items, written(0)))


def in_root(content: int, body: bytes, root: str = "cells") -> bytes:
    """An item in a part of the document."""
    return bytes((content, 1)) + part(root) + body


def in_type(content: int, clock: int, body: bytes, key: str = "") -> bytes:
    """An item in the list, or under a key of the map, that an item is."""
    flag = 32 if key else 0
    return bytes((content | flag, 0)) + written(CLIENT) + written(clock) + (part(key) if key else b"") + body


def beside(content: int, clock: int, body: bytes) -> bytes:
    """An item after another one."""
    return bytes((content | 128,)) + written(CLIENT) + written(clock) + body


def nested_value(levels: int, opening: bytes = b"\x75\x01") -> bytes:
    """An update with one value: lists in lists, or maps in maps."""
    return update(in_root(8, written(1) + opening * levels + NULL))


def nested_document(levels: int) -> bytes:
    """An update with a document in the document, whose options nest."""
    return update(in_root(9, part("guid") + b"\x75\x01" * levels + NULL))


def nested_lists(levels: int) -> bytes:
    """An update with lists in lists."""
    first = in_root(7, written(0))
    return update(first, *(in_type(7, above, written(0)) for above in range(levels - 1)))


def nested_maps(levels: int) -> bytes:
    """An update with maps in maps."""
    first = in_root(7, written(1), "meta")
    return update(first, *(in_type(7, above, written(1), "a") for above in range(levels - 1)))


def nested_beside(levels: int) -> bytes:
    """An update with lists in lists, each after a letter in the one above it."""
    items = [in_root(7, written(0))]
    for level in range(levels - 1):
        items += [in_type(4, 2 * level, part("a")), beside(7, 2 * level + 1, written(0))]
    return update(*items)


KINDS: dict[str, tuple[Callable[[int], bytes], int]] = {
    "lists in a value": (nested_value, MAX_DEPTH),
    "maps in a value": (lambda levels: nested_value(levels, b"\x76\x01" + part("a")), MAX_DEPTH),
    "options of a document": (nested_document, MAX_DEPTH),
    "lists": (nested_lists, MOST_LEVELS),
    "maps": (nested_maps, MOST_LEVELS),
    "lists beside letters": (nested_beside, MOST_LEVELS),
}
"""Ways to nest, and how deep each may."""

TRIED = """
import sys
from tests import test_update_depth
from webipy.server.notebooks.shared_notebook import SharedNotebook
make = test_update_depth.KINDS[sys.argv[1]][0]
shared = SharedNotebook(lambda update: None)
try:
    shared.apply(make(100_000))
except ValueError as fault:
    print("refused", shared.doc.get_update() == SharedNotebook(lambda update: None).doc.get_update())
"""


class Nesting(SynchronousTestCase):
    """What nests, with the real library."""

    def test_as_deep_as_it_may_it_is_applied_and_read(self) -> None:
        """And written, and deleted; one level more is refused."""
        for name, (make, most) in KINDS.items():
            shared = SharedNotebook(lambda update: None)
            shared.apply(make(most))
            shared.doc.get_update()
            if shared.ids():
                self.assertEqual(shared.ids(), [None], name)
                shared.delete(0)
            with self.assertRaisesRegex(ValueError, "at most 20 lists", msg=name):
                shared.apply(make(most + 1))

    def test_a_hundred_thousand_levels_end_no_process(self) -> None:
        """Each in a process of its own, which says so and goes on."""
        for name in KINDS:
            told = subprocess.run([sys.executable, "-c", TRIED, name], cwd=ROOT, capture_output=True, timeout=120)
            self.assertEqual((told.returncode, told.stdout), (0, b"refused True\n"), (name, told.stderr[-500:]))

    def test_one_level_by_each_update(self) -> None:
        """In a notebook it is seen where each change is; elsewhere, and where something waits for another change, they are counted."""
        for root, first in (("cells", 0), ("elsewhere", 0), ("cells", 1)):
            shared = SharedNotebook(lambda update: None)
            levels = 0
            with self.assertRaises(Unusable, msg=(root, first)):
                for clock in range(first, 1200):
                    item = in_type(7, clock - 1, written(0)) if clock else in_root(7, written(0), root)
                    shared.apply(update(item, clock=clock))
                    levels += 1
            self.assertLessEqual(levels, MOST_UNSEEN + 1)

    def test_what_is_in_itself(self) -> None:
        """Refused, as are bytes that stop, and what no notebook has."""
        for items, words in (
            ([in_type(7, 1, written(0)), in_type(7, 0, written(0))], "in itself"),
            ([beside(7, 1, written(0)), beside(7, 0, written(0))], "in itself"),
            ([in_type(7, 0, written(0))], "in itself"),
            ([in_root(7, written(3) + part("div"))], "lists, maps and texts"),
            ([in_root(12, b"")], "no content 12"),
            ([in_root(8, written(1) + b"\x01")], "no such value"),
            ([in_root(4, written(100) + b"a")], "shorter"),
            ([in_root(8, written(2) + NULL)], "no update"),
        ):
            with self.assertRaisesRegex(ValueError, words):
                depth_of(update(*items))
        for body in (b"", b"\x01", b"\x80" * 30, b"\x02" + update(in_root(7, written(0)))[1:-1] * 2 + b"\x00"):
            with self.assertRaisesRegex(ValueError, "no update"):
                depth_of(body)

    def test_a_later_client_says_where_an_earlier_one_is(self) -> None:
        """Updates name clients in any order."""
        inner = written(1) + written(6) + written(0) + bytes((7, 0)) + written(5) + written(0) + written(0)
        outer = written(1) + written(5) + written(0) + in_root(7, written(0))
        self.assertEqual(depth_of(written(2) + inner + outer + written(0)).levels, 2)
        self.assertEqual(depth_of(written(1) + inner + written(0)).levels, 1, "what it is in was there before")


VALUES = strategies.recursive(
    strategies.one_of(
        strategies.none(),
        strategies.booleans(),
        strategies.floats(allow_nan=False),
        strategies.text(),
        strategies.binary(),
    ),
    lambda inner: strategies.one_of(
        strategies.lists(inner, max_size=4), strategies.dictionaries(strategies.text(), inner, max_size=4)
    ),
)
STEPS = strategies.lists(strategies.tuples(strategies.integers(0, 5), strategies.integers(0, 100), VALUES), max_size=12)


class OfTheLibrary(SynchronousTestCase):
    """Updates as the library writes them."""

    def test_each_is_read_to_its_end(self) -> None:
        """Whatever a program writes, the levels are those that its lists and maps have, and the clocks those of the library."""

        @examples(300)
        @given(STEPS)
        def holds(steps: list[tuple[int, int, Any]]) -> None:
            doc = pycrdt.Doc()
            cells = doc.get("cells", type=pycrdt.Array)
            there: list[Any] = [cells]
            for kind, at, value in steps:
                into = there[at % len(there)]
                made: Any = (pycrdt.Map, pycrdt.Array, pycrdt.Text, None, None, None)[kind]
                new = value if made is None else made()
                if isinstance(into, pycrdt.Text):
                    into.insert(0, "é😀")
                elif isinstance(into, pycrdt.Array):
                    into.insert(at % (len(into) + 1), new)
                    there += [new] if made is not None else []
                elif f"k{at}" not in into:
                    into[f"k{at}"] = new
                    there += [new] if made is not None else []
            found = depth_of(doc.get_update())
            assert found.levels == levels_of(cells), (found, steps)
            assert found.is_known
            assert found.ends == clocks_of(doc.get_state())

        holds()


def levels_of(shared: Any) -> int:
    """Levels of lists, maps and texts in one."""
    if isinstance(shared, pycrdt.Text):
        return 0
    members = [shared[key] for key in shared] if isinstance(shared, pycrdt.Map) else list(shared)
    inner = [levels_of(one) + 1 for one in members if isinstance(one, pycrdt.Map | pycrdt.Array | pycrdt.Text)]
    return max(inner, default=0)


class InTheRoom(RoomTestCase):
    """What becomes of a room."""

    def test_an_update_that_nests_too_deeply_changes_nothing(self) -> None:
        """It is refused as what is no update is; the room and its programs stay."""
        for make, _ in KINDS.values():
            with self.assertRaises(ValueError):
                self.room.take(self.ada, make(50_000))
        self.check_same()
        self.ada.cells[0]["source"].insert(0, "A")
        self.settle()
        self.check_same()
