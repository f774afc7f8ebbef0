"""Runs attacks: `python -m tests.attack [--list] [NAME ...]`; a NAME stands for all attacks whose names begin so.

Each has a fresh server and prints one line: `held` or `FELL`, what was tried, what came of it. The exit status is 0 only when all held.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import pkgutil
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from types import FrameType

import tests.attack
from tests.attack import Attack, Held
from tests.attack.ground import Ground

NO_MODULES_OF_ATTACKS = frozenset({"__main__", "bystander", "ground"})


class TooLong(BaseException):
    """An attack took longer than it may. No `Exception`, so that an attack that takes failures as they come does not take this one."""


def known_attacks() -> list[Attack]:
    """All attacks, in the order of their modules.

    Raises:
        AssertionError: Two have one name.
    """
    found: list[Attack] = []
    for module in sorted(pkgutil.iter_modules(tests.attack.__path__), key=lambda module: module.name):
        if module.name in NO_MODULES_OF_ATTACKS or module.name.startswith("test_"):
            continue
        attacks = getattr(importlib.import_module(f"tests.attack.{module.name}"), "attacks", None)
        found += attacks() if attacks is not None else []
    names = [attack.name for attack in found]
    assert len(set(names)) == len(names), f"attacks with one name: {sorted({n for n in names if names.count(n) > 1})}"
    return found


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raises `TooLong` in the body when it takes longer."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def run(attack: Attack) -> Held:
    """Carries out an attack on a fresh ground. Whatever goes wrong in it, it has not held."""
    ground = Ground()
    try:
        with limited(attack.limit_s):
            held = attack.run(ground)
    except TooLong:
        return Held(False, f"it was not over after {attack.limit_s:g} s")
    except Exception as fault:
        return Held(False, f"it could not be carried out: {type(fault).__name__}: {fault}")
    finally:
        mistakes = len(ground.mistakes)
        ground.close()
    return Held(False, f"{held.words}; {mistakes} tracebacks in the server's log") if mistakes else held


def main(words: Sequence[str] | None = None) -> int:
    """Runs those that the command line names, or all; 0 when all held."""
    parser = argparse.ArgumentParser(prog="make attack", description="Attack a fresh server on this machine.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only attacks whose names begin so")
    parser.add_argument("--list", action="store_true", help="list the attacks and run none")
    options = parser.parse_args(words)
    chosen = [attack for attack in known_attacks() if not options.names or attack.name.startswith(tuple(options.names))]
    if not chosen:
        parser.error("no attack has such a name; --list tells all")
    if options.list:
        for attack in chosen:
            print(f"{attack.name:32} {attack.threat}")
        return 0
    fallen = 0
    for attack in chosen:
        began = time.monotonic()
        held = run(attack)
        fallen += not held.ok
        print(
            f"{'held' if held.ok else 'FELL'} {attack.name} ({time.monotonic() - began:.1f} s): {held.words}",
            flush=True,
        )
    print(f"\n{len(chosen) - fallen} held, {fallen} fell", flush=True)
    return 1 if fallen else 0


if __name__ == "__main__":
    sys.exit(main())
