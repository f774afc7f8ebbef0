"""The observers of one thing."""

from __future__ import annotations

from collections.abc import Callable

from twisted.trial.unittest import SynchronousTestCase

from webipy.server.sessions.observers import Observers


class ObserversTests(SynchronousTestCase):
    """Functions that are called at each change."""

    def setUp(self) -> None:
        self.observers: Observers[int] = Observers()
        self.seen: list[tuple[str, int]] = []

    def add(self, name: str) -> Callable[[], None]:
        """Adds one that keeps what it is called with."""
        return self.observers.add(lambda number: self.seen.append((name, number)))

    def test_each_is_called_in_order_until_it_is_removed(self) -> None:
        """The others stay, and a second removal changes nothing."""
        remove = self.add("a")
        self.add("b")
        self.observers.notify(1)
        remove()
        remove()
        self.observers.notify(2)
        self.assertEqual(self.seen, [("a", 1), ("b", 1), ("b", 2)])

    def test_one_function_that_was_added_twice_is_called_twice(self) -> None:
        """Each removal ends one."""
        remove = self.observers.add(self.note)
        self.observers.add(self.note)
        self.observers.notify(1)
        remove()
        self.observers.notify(2)
        self.assertEqual(self.seen, [("note", 1), ("note", 1), ("note", 2)])

    def note(self, number: int) -> None:
        """Keeps what it is called with."""
        self.seen.append(("note", number))

    def test_what_is_removed_meanwhile_is_called_for_the_change_that_is_on_its_way(self) -> None:
        """A change reaches all that were there when it came, and one that is added meanwhile from the next on."""

        def change(number: int) -> None:
            remove()
            self.add("new")

        self.observers.add(change)
        remove = self.add("a")
        self.observers.notify(1)
        self.assertEqual(self.seen, [("a", 1)])
        self.observers.notify(2)
        self.assertEqual(self.seen, [("a", 1), ("new", 2)])
