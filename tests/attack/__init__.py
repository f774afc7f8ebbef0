"""Attacks: what somebody would do to a server, done to a real one on loopback, and whether its promises held.

`make attack` runs all of them, `make attack ARGS="NAME ..."` those whose names begin so; tests/attack/__main__.py does it. docs/security.md says
who attacks, what is defended and what is not.

An attack is a function from a `Ground` (tests/attack/ground.py: a fresh server, its owner, guests of each right, a bystander who measures) to a
`Held`: whether the promise held, and one line of words with the figures. A module of this package that has `attacks() -> list[Attack]` is found by
itself.

Invariants: only loopback, and only what the ground itself has started; every attack is bounded in time and in what it sends; an attack that
is no longer possible to carry out fails rather than passes.

Rejected: attacks as unit tests (they need seconds of a machine at rest, and their figures are for people to read; what can be decided without a
clock is a test beside the module that defends); one server for all attacks (what one breaks would be blamed on the next).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from tests.attack.ground import Ground

ATTACK_SECONDS = 60.0
"""An attack that takes longer has failed, unless it asks for more."""


@attrs.define(frozen=True)
class Held:
    """How an attack ended.

    Args:
        ok: Whether the promise held.
        words: What was tried and what came of it, with the figures; one line.
    """

    ok: bool
    words: str


@attrs.define(frozen=True)
class Attack:
    """One attack.

    Args:
        name: Its name on the command line: words in lower case with hyphens.
        threat: What it threatens, for a person to read.
        run: Does it.
        limit_s: Seconds that it may take.
    """

    name: str
    threat: str
    run: Callable[[Ground], Held]
    limit_s: float = ATTACK_SECONDS
