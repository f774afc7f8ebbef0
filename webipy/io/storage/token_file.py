"""The token of whoever runs the server: read from its file, or made.

Whoever has the token runs code as this user. So its file is for this user alone, and it cannot be guessed.
"""

from __future__ import annotations

import secrets
import stat
from pathlib import Path

from webipy.io.storage.private_files import write_private

LEAST_CHARACTERS = 20
LEAST_DIFFERENT = 8
"""A token of fewer different characters was typed, not drawn."""

_BETTER = "Delete the file, and webipy makes one; or write one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"


class BadToken(Exception):
    """The file holds no token that could be used; the message says why, and what would be right."""


def read_token(path: Path) -> str:
    """The token in a file, which is made when it is missing.

    Raises:
        BadToken: It cannot be read or made, others may read it, or it is weak.
    """
    try:
        if not path.exists():
            write_private(path, secrets.token_urlsafe(32).encode() + b"\n", is_durable=True)
        mode = path.stat().st_mode
        token = path.read_text("utf-8").strip() if not stat.S_ISFIFO(mode) else ""
    except (OSError, UnicodeDecodeError) as fault:
        reason = getattr(fault, "strerror", None) or "it is not text"
        raise BadToken(f"{path} cannot be used: {reason}.") from None
    if not stat.S_ISREG(mode):
        raise BadToken(f"{path} is no file that is kept, so nobody could find the token again. Name a plain file.")
    if stat.S_IMODE(mode) & 0o077:
        raise BadToken(
            f"{path} can be read or changed by other users of this machine (mode {stat.S_IMODE(mode):04o}): whoever has the token runs code as you. "
            f"Make it yours alone: chmod 600 {path}"
        )
    if len(token) < LEAST_CHARACTERS:
        raise BadToken(f"the token in {path} is too short; use {LEAST_CHARACTERS} characters or more. {_BETTER}")
    if len(set(token)) < LEAST_DIFFERENT:
        raise BadToken(
            f"the token in {path} is easy to guess: it has {len(set(token))} different characters. {_BETTER}"
        )
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise BadToken(f"{path} holds no token: a token is one line of letters and digits. {_BETTER}")
    return token
