"""The options that bound what is kept and used, in numbers: their table for `twistd webipy`, and how they are read.

A value that is no number, or out of its range, is an error of one sentence with the range.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from twisted.python import usage

MOST_MEBIBYTES = 1 << 30
LEAST_CONVERT = 256
"""MiB in which a small document can be converted."""

PARAMETERS = [
    [
        "keep-mib",
        None,
        "1024",
        "MiB of a session's journal over which its oldest events are cut; current outputs stay.",
    ],
    ["keep-days", None, None, "Days after which events are cut. [default: never]"],
    [
        "keep-closed-mib",
        None,
        "4096",
        "MiB of all journals of closed sessions over which some are deleted: those without a document first, then the oldest.",
    ],
    [
        "keep-closed-days",
        None,
        None,
        "Days after which the journal of a closed session is deleted, with the history of its document. [default: never]",
    ],
    [
        "convert-mib",
        None,
        "2048",
        f"MiB of memory for one export or conversion, with the browser that prints it; at least {LEAST_CONVERT}.",
    ],
    [
        "spare-kernels",
        None,
        "1",
        "Number of default kernels kept ready, so that a new notebook starts at once; each takes about 80 MB.",
    ],
    [
        "kernel-nice",
        None,
        "3",
        "Niceness of kernels (see nice(1)), 0 to 19: with a higher one, the server and the browser come first.",
    ],
    [
        "guest-mib",
        None,
        "256",
        "MiB that one guest may write into the journal of a session in a day; all guests together may write four times as much.",
    ],
    [
        "audit-days",
        None,
        "365",
        "Days that lines of the audit log (webipy audit) are kept.",
    ],
]


class Limits(msgspec.Struct, frozen=True):
    """The values of the options; sizes in MiB, ages in days."""

    keep_mebibytes: int
    keep_days: float | None
    keep_closed_mebibytes: int
    keep_closed_days: float | None
    convert_mebibytes: int
    guest_mebibytes: int
    audit_days: float


def read(given: Mapping[str, str]) -> Limits:
    """Reads the limits from the options.

    Raises:
        usage.UsageError: A value is no number, or out of its range.
    """
    return Limits(
        keep_mebibytes=_mebibytes(given, "keep-mib"),
        keep_days=_days(given, "keep-days"),
        keep_closed_mebibytes=_mebibytes(given, "keep-closed-mib"),
        keep_closed_days=_days(given, "keep-closed-days"),
        convert_mebibytes=max(LEAST_CONVERT, _mebibytes(given, "convert-mib")),
        guest_mebibytes=_mebibytes(given, "guest-mib"),
        audit_days=number(given, "audit-days", "days", 36_500),
    )


def number(given: Mapping[str, str], option: str, unit: str, limit: float) -> float:
    """Reads a number over 0.

    Args:
        given: The options by name.
        option: The name of the option.
        unit: The unit, for the message.
        limit: The greatest value.

    Raises:
        usage.UsageError: The value is no number, or out of its range.
    """
    try:
        found = float(given[option])
    except ValueError:
        found = -1.0
    if not 0 < found <= limit:
        raise usage.UsageError(f"--{option}: {given[option]!r} is no number of {unit} from 0 to {limit:g}.")
    return found


def count(given: Mapping[str, str], option: str, most: int) -> int:
    """Reads a whole number from 0.

    Args:
        given: The options by name.
        option: The name of the option.
        most: The greatest value.

    Raises:
        usage.UsageError: The value is no such number.
    """
    text = given[option]
    if text.isascii() and text.isdigit() and int(text) <= most:
        return int(text)
    raise usage.UsageError(f"--{option}: {text!r} is no number from 0 to {most}.")


def _mebibytes(given: Mapping[str, str], option: str) -> int:
    return max(1, int(number(given, option, "MiB", MOST_MEBIBYTES)))


def _days(given: Mapping[str, str], option: str) -> float | None:
    return number(given, option, "days", 36_500) if given[option] is not None else None
