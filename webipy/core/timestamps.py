"""Times as text: RFC 3339, UTC, microseconds, with `Z`. Such texts sort as the times do.

Rejected: other precisions (the times of two events would compare wrongly as text).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rfc3339(time: datetime) -> str:
    """A time with a time zone, such as `2026-03-01T09:30:00.000000Z`. Source: RFC 3339, section 5.6."""
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def rfc3339_of_ns(ns: int) -> str:
    """A time in ns since 1970; times that no calendar has become the ends of the calendar."""
    try:
        return rfc3339(_EPOCH + timedelta(microseconds=ns // 1000))
    except OverflowError:
        return rfc3339(datetime.max.replace(tzinfo=UTC) if ns > 0 else _EPOCH)


def seconds_between(before: str, after: str) -> float:
    """The seconds from one time to another; negative when `after` is the earlier one.

    Args:
        before: A time of RFC 3339.
        after: A time of RFC 3339.

    Raises:
        ValueError: One of them is no time.
    """
    return (datetime.fromisoformat(after) - datetime.fromisoformat(before)).total_seconds()
