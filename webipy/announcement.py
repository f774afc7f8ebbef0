"""What a server prints when it is ready: the address that signs a browser in.

It goes to the terminal that started the server and to no log, because the address holds a secret. Where the output is no terminal it may be
kept, and read by others: there the address counts only for `LOGGED_CODE_SECONDS`.
"""

from __future__ import annotations

import sys

LOGGED_CODE_SECONDS = 600
"""How long the printed address works where the output is no terminal."""


def print_line(text: str) -> None:
    """Prints to the terminal that started the server."""
    if sys.__stdout__ is not None:
        print(text, file=sys.__stdout__, flush=True)


def is_watched() -> bool:
    """Whether the output is a terminal."""
    return sys.__stdout__ is not None and sys.__stdout__.isatty()


def print_address(address: str, *, is_public: bool) -> None:
    """Prints where to go.

    Args:
        address: The address of the page, with a code that works once.
        is_public: Whether other machines reach it.
    """
    place = "" if is_public else " on this machine"
    minutes = LOGGED_CODE_SECONDS // 60
    kept = "" if is_watched() else f", and only for {minutes} minutes, as what is printed here may be kept"
    print_line(f"\n  webipy is ready. Open this address in a browser{place}:\n\n    {address}\n")
    print_line(
        f"  The link works once{kept}; `webipy open` prints a fresh one. Stop with Ctrl-C: kernels go on running.\n"
    )
