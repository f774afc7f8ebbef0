"""Asks an identity provider over HTTP: JSON, in one request, with a limit for time and for bytes.

Only `https://` is spoken, with the authorities of the system (or those of `SSL_CERT_FILE`); `http://` only to this machine, and only where the
provider itself is there. Redirects are not followed: they lead to where nobody has said that the secret may go.

Invariant: no secret is in a log or a message. The limits and the certificates are those of webipy.io.http_client.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

import msgspec

from webipy.core import errors
from webipy.core.site_address import LOOPBACK
from webipy.io.http_client import HttpClient, NoAnswer
from webipy.io.reactor import Reactor

ANSWER_SECONDS: Final = 10.0
"""For the whole answer."""

MOST_BYTES: Final = 512 * 1024
"""Of an answer, with its headers: a set of a hundred keys has 100 KiB."""

MOST_CHARACTERS: Final = 2000
"""Of an address that the provider names."""

FORM: Final = "application/x-www-form-urlencoded"


class ProviderClient:
    """A client of one identity provider.

    Args:
        name: What people call the provider.
        is_local: Whether plain HTTP to this machine is allowed.
        reactor: Twisted's.
    """

    def __init__(self, name: str, is_local: bool, reactor: Reactor) -> None:
        self._name, self._is_local, self._reactor = name, is_local, reactor

    def check_address(self, address: str, what: str) -> None:
        """Returns when an address is one that may be asked.

        Args:
            address: The address, as the provider has named it.
            what: What it is, for a sentence.

        Raises:
            errors.IdentityProviderFault: It is none.
        """
        try:
            parts = urlsplit(address)
            is_one = bool(parts.hostname) and (parts.port is None or parts.port > 0)
        except ValueError:
            is_one = False
        is_plain = (
            address.isascii() and address.isprintable() and " " not in address and len(address) <= MOST_CHARACTERS
        )
        if not is_one or not is_plain or parts.username is not None or parts.fragment:
            raise self.fault(f"names {what} that is no address")
        if parts.scheme == "https" or (self._is_local and is_loopback(address)):
            return
        raise self.fault(f"names {what} that is not https")

    def fault(self, words: str) -> errors.IdentityProviderFault:
        """A fault of the provider.

        Args:
            words: What it does, as the end of a sentence.
        """
        return errors.IdentityProviderFault(
            f"{self._name} {words}. Nobody was signed in. Try again in a minute; if it stays so, tell whoever runs this server."
        )

    async def ask(
        self, address: str, authorization: str = "", form: str | None = None
    ) -> tuple[int, dict[str, object]]:
        """Asks for JSON.

        Args:
            address: The address, after `check_address`.
            authorization: The header of that name; empty: none.
            form: The body of a POST; `None`: GET.

        Returns:
            The status, and the object; an empty one where a failure has no JSON.

        Raises:
            errors.IdentityProviderFault: There is no answer, or none that can be read.
        """
        headers = {"Accept": "application/json", "User-Agent": "webipy"}
        if authorization:
            headers["Authorization"] = authorization
        if form is not None:
            headers["Content-Type"] = FORM
        client = HttpClient(self._reactor, ANSWER_SECONDS, MOST_BYTES)
        method, body = ("GET", None) if form is None else ("POST", form.encode())
        try:
            answer = await client.ask(method, address, headers, body)
        except NoAnswer as fault:
            raise self._unanswered(fault) from None
        return answer.status, self._read(answer.status, answer.body)

    def _unanswered(self, fault: NoAnswer) -> errors.IdentityProviderFault:
        if fault.kind == "slow":
            return self.fault(f"has not answered within {ANSWER_SECONDS:g} s")
        if fault.kind == "large":
            return self.fault(f"sends more than {MOST_BYTES // 1024} KiB, which no answer of a sign-in has")
        return self.fault(f"cannot be reached ({fault.reason})")

    def _read(self, status: int, body: bytes) -> dict[str, object]:
        if 300 <= status < 400:
            raise self.fault(f"leads to another address (status {status}), where webipy does not go")
        try:
            found = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            found = None
        if isinstance(found, dict):
            return found
        if 400 <= status < 500:
            return {}
        raise self.fault(f"answers what is no JSON of a sign-in (status {status})")


def is_loopback(address: str) -> bool:
    """Whether an address is one of plain HTTP on this machine."""
    parts = urlsplit(address)
    name = parts.hostname or ""
    return parts.scheme == "http" and (f"[{name}]" if ":" in name else name) in LOOPBACK
