"""The variables of a namespace, as the program inside a kernel lists them: in the main thread, and beside it."""

from __future__ import annotations

import random
import threading
import time
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from webipy.kernel_programs import variables
from webipy.kernel_programs.variables import MOST_NAMES, SLOW, listed


class Shell:
    """IPython's shell, as far as it is asked."""

    def __init__(self, **names: Any) -> None:
        self.user_ns: dict[str, Any] = {"In": [], "_private": 1, **names}
        self.user_ns_hidden = {"In": self.user_ns["In"]}


class Hangs:
    """A value that takes for ever to say what it is."""

    def __init__(self) -> None:
        self.asked = 0
        self.ended = threading.Event()

    def __repr__(self) -> str:
        self.asked += 1
        try:
            while True:
                time.sleep(0.001)
        finally:
            self.ended.set()


class Ends:
    """One that ends the thread that asks it."""

    def __repr__(self) -> str:
        raise SystemExit


def beside(shell: Shell) -> list[dict[str, Any]]:
    """The variables, listed in another thread than the main one."""
    told: list[dict[str, Any]] = []
    thread = threading.Thread(
        target=lambda: told.extend(listed(shell)._repr_mimebundle_()["application/json"]["variables"])
    )
    thread.start()
    thread.join(60)
    return told


class Variables(SynchronousTestCase):
    """What is listed."""

    def test_names_have_type_size_and_a_short_text(self) -> None:
        """Values before functions and modules; what IPython made, and private names, are not there; both ways tell the same."""
        shell = Shell(time=time, numbers=[1, 2], text="x", call=beside, table={"a": None})
        here = listed(shell)._repr_mimebundle_()["application/json"]
        names = [one["name"] for one in here["variables"]]
        self.assertEqual((names, here["all"]), (["numbers", "table", "text", "call", "time"], 5))
        first = {"name": "numbers", "type": "list", "group": "value", "size": [2], "text": "[1, 2]"}
        self.assertEqual(here["variables"][0], first)
        self.assertEqual(beside(shell), here["variables"])

    def test_one_that_hangs_keeps_nothing_from_being_listed(self) -> None:
        """Beside the main thread: it is told as such and ended, the rest has its texts, and its class is not asked again."""
        shell = Shell(a=1, hangs=Hangs(), ends=Ends(), z=[2])
        self.addCleanup(SLOW.discard, Hangs)
        self.addCleanup(SLOW.discard, Ends)
        told = {one["name"]: one["text"] for one in beside(shell)}
        self.assertEqual(told, {"a": "1", "ends": "…", "hangs": "…", "z": "[2]"})
        self.assertTrue(shell.user_ns["hangs"].ended.wait(60))
        self.assertEqual({one["name"]: one["text"] for one in beside(shell)}, told)
        self.assertEqual(shell.user_ns["hangs"].asked, 1)

    def test_names_that_change_meanwhile_do_no_harm(self) -> None:
        """Another thread makes, changes and deletes values all the time; each listing is whole, in order, and no longer than it may be."""
        dice, shell, is_over = random.Random(7), Shell(), threading.Event()

        def change() -> None:
            while not is_over.is_set():
                name = f"n{dice.randrange(600)}"
                if dice.random() < 0.3:
                    shell.user_ns.pop(name, None)
                else:
                    shell.user_ns[name] = dice.choice([{n: n for n in range(dice.randrange(9))}, set(range(9)), "x", 5])
                    if isinstance(shell.user_ns[name], dict):
                        shell.user_ns[name][dice.random()] = 1

        other = threading.Thread(target=change)
        other.start()
        self.addCleanup(other.join)
        self.addCleanup(is_over.set)
        for _ in range(20):
            names = [one["name"] for one in beside(shell)]
            self.assertEqual(names, sorted(names))
            self.assertLessEqual(len(names), MOST_NAMES)

    def test_a_listing_takes_a_limited_time(self) -> None:
        """Past it, names are told without their texts; nothing rests on how fast this machine is."""
        self.patch(variables, "SECONDS", -1.0)
        told = beside(Shell(a=1, hangs=Hangs()))
        self.assertEqual(
            [(one["name"], one["type"], one["text"]) for one in told], [("a", "int", ""), ("hangs", "Hangs", "")]
        )
