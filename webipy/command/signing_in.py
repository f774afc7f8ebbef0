"""`webipy login` and `webipy logout`: a login of this user's command line at a server elsewhere.

Over plain HTTP requests, as there is no login yet. A password goes over the network only in TLS, or to this machine.
"""

from __future__ import annotations

import http.client
import platform
import ssl
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import click
import msgspec

from webipy.client.client import NoServer
from webipy.client.pinned_certificate import UNTRUSTED, OtherCertificate, PinnedRequests, tls_fault
from webipy.command import kept_logins
from webipy.command.exit_statuses import OK
from webipy.command.kept_logins import KeptLogin
from webipy.command.program import Unable
from webipy.core.site_address import LOOPBACK

ANSWER_S: Final = 30


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Does not take a password to another address."""

    def redirect_request(self, *_: Any) -> None:
        """Nowhere."""


class _Answer(msgspec.Struct, frozen=True):
    token: str
    account: str
    name: str


class _Refusal(msgspec.Struct, frozen=True):
    message: str = ""


class _Doors(msgspec.Struct, frozen=True):
    accounts: str = "some"
    sso: str | None = None


class _Ways(msgspec.Struct, frozen=True):
    """How people sign in, as the refusal of a call without a login says it."""

    data: _Doors


def check_reach(url: str) -> None:
    """Returns when a password may be sent to an address.

    Raises:
        Unable: It would go over the network as plain text.
    """
    parts = urlsplit(url)
    if parts.scheme == "http" and (parts.hostname or "") not in (*LOOPBACK, "::1"):
        raise Unable(f"{url} is not https: your password, and all that you do, could be read on the way. Use https://.")


def _send(url: str, path: str, body: object, fingerprint: str | None, token: str | None = None) -> tuple[int, bytes]:
    """Sends JSON, and returns the status and the body of the answer.

    Raises:
        NoServer: Nobody answers.
    """
    pinned = [PinnedRequests(fingerprint)] if fingerprint is not None else []
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects(), *pinned)
    headers = {"Content-Type": "application/json"}
    headers |= {} if token is None else {"Authorization": f"Bearer {token}"}
    request = urllib.request.Request(f"{url}{path}", msgspec.json.encode(body), headers)
    try:
        try:
            with direct.open(request, timeout=ANSWER_S) as answer:
                return int(answer.status), bytes(answer.read())
        except urllib.error.HTTPError as refusal:
            return refusal.code, bytes(refusal.read())
    except OtherCertificate as fault:
        raise NoServer(f"{url} {tls_fault(fault, fingerprint)}") from None
    except (OSError, http.client.HTTPException) as fault:
        why = fault.reason if isinstance(fault, urllib.error.URLError) else fault
        if isinstance(why, OtherCertificate):
            raise NoServer(f"{url} {tls_fault(why, fingerprint)}") from None
        if isinstance(why, ssl.SSLCertVerificationError):
            raise NoServer(
                f"{url} has a certificate that is not trusted here ({why.verify_message}). {UNTRUSTED}"
            ) from None
        raise NoServer(f"{url} does not answer ({why}). Is the name right, and the port?") from None


def _post(url: str, path: str, body: object, fingerprint: str | None, token: str | None = None) -> bytes:
    """Sends JSON, and returns the body of the answer.

    Raises:
        Unable: The server refuses.
        NoServer: Nobody answers, or not as webipy does.
    """
    status, answer = _send(url, path, body, fingerprint, token)
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return answer
    try:
        words = msgspec.json.decode(answer, type=_Refusal).message
    except msgspec.DecodeError:
        words = ""
    raise Unable(words) if words else _strange(url, status)


def _strange(url: str, status: int) -> NoServer:
    return NoServer(f"{url} answers, but not as a webipy server does (HTTP status {status}).")


def check_server(url: str, fingerprint: str | None, by_code: bool) -> None:
    """Returns when somebody can sign in at an address, before they are asked for a name or a code.

    Args:
        url: The address of the server, as `checked_url` writes it.
        fingerprint: As for `login`.
        by_code: Whether it is by a code of the page, and not by a name and a password.

    Raises:
        NoServer: Nobody answers, or not as webipy does.
        Unable: Nobody has a password there; the message says which way there is.
    """
    question = {"jsonrpc": "2.0", "id": 1, "method": "server.info"}
    status, body = _send(url, "/rpc", question, fingerprint)
    try:
        ways = msgspec.json.decode(body, type=_Ways).data
    except msgspec.DecodeError:
        raise _strange(url, status) from None
    if ways.accounts != "none" or by_code:
        return
    if ways.sso is not None:
        raise Unable(
            f"People sign in to {url} with {ways.sso}. Do so in a browser, and take a code of Your account: webipy login {url} --code"
        )
    raise Unable(f"Nobody has an account at {url} yet. On its machine, this makes one: webipy user add NAME --invite")


def login(url: str, form: dict[str, str], fingerprint: str | None) -> int:
    """Signs the command line in, and keeps the login.

    Args:
        url: The address of the server, as `checked_url` writes it.
        form: The name and the password, or the code.
        fingerprint: The SHA-256 of its certificate, when that alone is right.

    Returns:
        The exit status.

    Raises:
        Unable: The server refuses, or the login cannot be kept.
        NoServer: Nobody answers.
    """
    host = platform.node()[:80] or "an unknown machine"
    body = _post(url, "/login", {**form, "host": host}, fingerprint)
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except msgspec.DecodeError:
        raise NoServer(f"{url} answers, but not as a webipy server does.") from None
    before = kept_logins.find(url)
    try:
        kept_logins.keep(KeptLogin(url=url, token=answer.token, account=answer.account, fingerprint=fingerprint))
    except OSError as fault:
        raise Unable(f"The login cannot be kept in {kept_logins.folder()}: {fault.strerror}.") from None
    if before is not None:
        _end(before)
    click.echo(f"webipy: Signed in to {url} as {answer.name}. Commands take it with: --url {url}", err=True)
    return OK


def _end(login: KeptLogin) -> bool:
    """Ends a login at its server; returns whether the server has answered."""
    try:
        _post(login.url, "/logout", {}, login.fingerprint, login.token)
    except (Unable, NoServer):
        return False
    return True


def logout(url: str | None) -> int:
    """Ends the login of the command line at a server.

    Args:
        url: The address of the server, as `checked_url` writes it; `None` for the only one.

    Returns:
        The exit status.

    Raises:
        Unable: There is no such login, or several.
    """
    known = kept_logins.all_of_them()
    listed = "".join(f"\n  {one.url} ({one.account})" for one in known)
    if url is None and len(known) != 1:
        raise Unable(
            "You are signed in to several servers; name one:" + listed if known else "You are signed in to no server."
        )
    found = next((one for one in known if url in (None, one.url)), None)
    if found is None:
        raise Unable(f"You are not signed in to {url}." + (f" You are to:{listed}" if known else ""))
    has_answered = _end(found)
    kept_logins.forget(found.url)
    click.echo(
        f"webipy: Signed out of {found.url}."
        if has_answered
        else f"webipy: The login of {found.url} is forgotten here. The server does not answer: there it ends by itself, or in the page.",
        err=True,
    )
    return OK
