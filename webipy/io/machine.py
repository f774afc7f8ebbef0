"""What the machine offers and allows: the time, who runs the server, random secrets, how many files may be open, with whom this process ends."""

from __future__ import annotations

import ctypes
import getpass
import os
import pwd
import resource
import secrets
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread

from webipy.core import errors
from webipy.core.api import access
from webipy.core.timestamps import rfc3339
from webipy.server.people.budgets import PAYER
from webipy.server.ports.world import T

_PR_SET_PDEATHSIG = 1


def new_secret() -> str:
    """256 random bits as text."""
    return secrets.token_urlsafe(32)


def now() -> str:
    """The time, RFC 3339 UTC with microseconds."""
    return rfc3339(datetime.now(UTC))


def username() -> str:
    """The name of who runs the server."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


NO_NAMES = frozenset(("", "root", "unknown", "user"))
"""What systems have in place of the full name of somebody."""

NAMELESS = "Owner"


def full_name() -> str:
    """What others are told that the person who runs the server is called: the full name of the account, else its user name.

    Source: passwd(5); the field GECOS holds several parts with commas between them, and `&` in it stands for the user name.
    """
    user = username()
    try:
        written = pwd.getpwuid(os.getuid()).pw_gecos.partition(",")[0].replace("&", user.capitalize()).strip()
    except KeyError:
        written = ""
    for name in (written, user):
        if name.lower() not in NO_NAMES and not name.startswith("uid "):
            try:
                return access.person_name(name[: access.MAX_NAME])
            except errors.InvalidParams:
                continue  # it cannot be shown
    return NAMELESS


def display_name(chosen: str | None) -> str:
    """What the person who runs the server is called: as they chose, else by their full name.

    Raises:
        errors.InvalidParams: What they chose cannot be the name of whoever runs the server.
    """
    if chosen is None:
        return full_name()
    name = access.person_name(chosen)
    if access.is_marked(name):
        raise errors.InvalidParams("A name that ends with (guest) is that of a guest.", field="name")
    return name


def raise_file_limit() -> tuple[int, int]:
    """Lets this process open as many files as it may: a session takes some six, and 1,024 is a usual limit.

    Returns:
        The limits before, soft and hard, for kernels.
    """
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    return before


def most_files() -> int:
    """How many files this process may have open at once."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def end_with(owner: int) -> None:
    """Has this process get SIGTERM when the process `owner`, which has started it, ends; at once when that has ended already.

    Call it in the main thread.


    Source: prctl(2), PR_SET_PDEATHSIG.

    Raises:
        OSError: The system refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    if os.getppid() != owner:
        os.kill(os.getpid(), signal.SIGTERM)


def aside(call: Callable[[], T]) -> Deferred[T]:
    """Runs work on values in one of the reactor's threads, at the cost of the call that it is for."""
    payer = PAYER.get()

    def timed() -> tuple[T, float]:
        began = time.monotonic()
        return call(), time.monotonic() - began

    def spend(outcome: tuple[T, float]) -> T:
        if payer is not None:
            payer.spend(outcome[1])
        return outcome[0]

    return deferToThread(timed).addCallback(spend)
