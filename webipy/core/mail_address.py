"""Addresses of mail, as people and options give them: what can stand in a line of SMTP and in the head of a mail, and nothing that could be more.

Rejected: all that RFC 5322 allows (comments, quotes, spaces: nobody has such an address, and each is a way to say something else).
"""

from __future__ import annotations

import re
from typing import Final

from webipy.core import errors

MAX_ADDRESS: Final = 254
"""Characters (RFC 5321, section 4.5.3.1.3: a path of 256 with its brackets)."""

_LOCAL: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS: Final = re.compile(rf"(?=.{{1,64}}@){_LOCAL}@{_LABEL}(?:\.{_LABEL})*")


def mail_address(given: str) -> str:
    """The address that somebody wants mails at.

    Args:
        given: As it was typed.

    Raises:
        errors.InvalidParams: It is none.
    """
    address = given.strip()
    if len(address) > MAX_ADDRESS or not _ADDRESS.fullmatch(address):
        words = "This is no address of mail; write it as in ada@example.org, without a name beside it."
        raise errors.InvalidParams(words, field="address")
    return address
