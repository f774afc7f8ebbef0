"""What the machine tells and allows: the time, who runs the server, random secrets, how many files may be open."""

from __future__ import annotations

import getpass
import os
import resource
import secrets
from datetime import UTC, datetime


def new_secret() -> str:
    """256 random bits as text."""
    return secrets.token_urlsafe(32)


def now() -> str:
    """The time, RFC 3339 UTC with microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def username() -> str:
    """The name of who runs the server."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def raise_file_limit() -> tuple[int, int]:
    """Lets this process open as many files as it may: a session takes some six, and 1,024 is a usual limit. Gives what was before, for kernels."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    return before
