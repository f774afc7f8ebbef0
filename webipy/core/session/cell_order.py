"""Orders of ids: what moved between two of them, and two changed orders made into one."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence, Set
from typing import TypeVar

import msgspec

_T = TypeVar("_T")


def moved(old: Sequence[str], new: Sequence[str]) -> set[str]:
    """The fewest ids in both that must be moved to bring those of `old` into the order of `new`.

    Args:
        old: Ids, each once.
        new: Ids, each once.
    """
    places = {one: number for number, one in enumerate(old)}
    both = [one for one in new if one in places]
    return set(both).difference(longest_rising(both, [places[one] for one in both]))


def longest_rising(names: Sequence[_T], numbers: Sequence[int]) -> list[_T]:
    """Finds a longest rising subsequence of the numbers, in O(n log n).

    Args:
        names: What stands at each number.
        numbers: As many, in any order.

    Returns:
        The names at that subsequence.
    """
    ends: list[int] = []  # the least number that ends a rising row of each length
    at: list[int] = []  # its place
    before: list[int] = []  # the place before it in that row
    for place, number in enumerate(numbers):
        length = bisect_left(ends, number)
        before.append(at[length - 1] if length else -1)
        ends[length : length + 1] = [number]
        at[length : length + 1] = [place]
    row = []
    place = at[-1] if at else -1
    while place >= 0:
        row.append(names[place])
        place = before[place]
    return row


def merged_order(
    origin: Sequence[str], ours: Sequence[str], theirs: Sequence[str], kept: Set[str]
) -> tuple[list[str], set[str]]:
    """One order of the ids in `kept`, with what both sides moved and inserted, and those that do not go together.

    An id that one side moved or inserted stands after the one it stands after there; where both put something at one
    place, the lesser id goes first, whichever side it is from. What does not go together is as in ours: an id that the sides
    moved to different places, or ids that they moved around each other.

    Args:
        origin: The order that both sides began with.
        ours: Our order.
        theirs: Their order.
        kept: Ids of the result; a subset of all three.

    Returns:
        The order, and the ids that the sides moved to different places.
    """
    here, there = _side(origin, ours, kept), _side(origin, theirs, kept)
    after, torn = _anchors(here, there)
    order = _grown([one for one in origin if one in kept and one not in after], after)
    if len(order) == len(kept):
        return order, torn
    torn |= kept - set(order)
    known = set(origin)
    after = {one: anchor for one, anchor in there.after.items() if one not in known} | here.after
    return _grown([one for one in origin if one in kept and one not in after], after), torn


class _Side(msgspec.Struct, frozen=True):
    """What one side placed: after which kept id each stands, and after which of those that it left in place (`None`: first)."""

    after: dict[str, str | None]
    firmly_after: dict[str, str | None]


def _side(origin: Sequence[str], side: Sequence[str], kept: Set[str]) -> _Side:
    known = set(origin)
    shifted = moved(origin, side)
    after: dict[str, str | None] = {}
    firmly_after: dict[str, str | None] = {}
    last: str | None = None
    last_firm: str | None = None
    for one in side:
        if one not in kept:
            continue
        if one in shifted or one not in known:
            after[one], firmly_after[one] = last, last_firm
        last = one
        last_firm = one if one not in after else last_firm
    return _Side(after, firmly_after)


def _anchors(here: _Side, there: _Side) -> tuple[dict[str, str | None], set[str]]:
    """After which id each placed one stands, and those that the sides put to different places."""
    after = here.after | there.after
    torn = set()
    for one in here.after.keys() & there.after.keys():
        ours, theirs = here.after[one], there.after[one]
        if here.firmly_after[one] != there.firmly_after[one]:
            torn.add(one)
            after[one] = ours
        elif ours == here.firmly_after[one]:
            after[one] = theirs
        elif theirs == there.firmly_after[one]:
            after[one] = ours
        else:
            after[one] = min(ours or "", theirs or "") or None
    return after, torn


def _grown(fixed: list[str], after: dict[str, str | None]) -> list[str]:
    """The ids of `fixed`, each followed by those that stand after it. Those that stand after each other in a circle are missing."""
    followers: dict[str | None, list[str]] = {}
    for one in sorted(after, reverse=True):
        followers.setdefault(after[one], []).append(one)
    order: list[str] = []
    for root in [None, *fixed]:
        if root is not None:
            order.append(root)
        waiting = list(followers.get(root, ()))
        while waiting:
            one = waiting.pop()
            order.append(one)
            waiting += followers.get(one, ())
    return order
