"""Whether a server answers, by HTTP and by WebSocket, and what stands in the way: the part of `webipy doctor` that concerns the server.

It is asked over plain HTTP first, so that this works where the WebSocket does not. A server that was told a public URL is asked through that, too:
what a proxy leaves away or changes is seen only there. Each answer that is not webipy's own has an advice, because people who set up a proxy see
nothing but a number.
"""

from __future__ import annotations

import base64
import http.client
import os
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from webipy.client.client import Address, NoServer
from webipy.client.pinned_certificate import UNTRUSTED, OtherCertificate, PinnedConnection, PinnedRequests, tls_fault

ANSWER_S: Final = 5
_PROXY_STATUSES: Final = (500, 502, 503, 504)
_START_AGAIN: Final = "Stop it, and start it again: webipy serve"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at: what it is, how it is, and what to do when that is a problem."""

    name: str
    text: str
    is_problem: bool = False
    advice: str = ""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Shows where an address leads instead of going there."""

    def redirect_request(self, *_: Any) -> None:
        """Nowhere: the status is what is looked at."""


def server(find: Callable[[], Address], is_named: bool = False) -> Iterator[Finding]:
    """Whether a server answers; that none runs is no problem, unless its address was given.

    Args:
        find: Returns the address of the server.
        is_named: Whether the user has given the address.
    """
    try:
        address = find()
    except NoServer as fault:
        yield Finding(name="server", text=str(fault) if is_named else f"none is running. {fault}", is_problem=is_named)
        return
    about: dict[str, Any] = {}
    yield from _asked("server", address, is_named, about)
    public = str(about.get("public_url") or "").rstrip("/")
    if public and public != address.url:
        yield from _asked("public URL", Address(public, address.token), True, {})


def _asked(name: str, address: Address, is_far: bool, about: dict[str, Any]) -> Iterator[Finding]:
    """How an address answers; `about` gets what the server says of itself."""
    try:
        about |= _introduced(address)
    except urllib.error.HTTPError as fault:
        text, advice = _refusal(fault, is_far)
        yield Finding(name=name, text=f"{address.url}: {text}", is_problem=True, advice=advice)
    except (OSError, http.client.HTTPException) as fault:
        text, advice = _silence(fault, is_far)
        yield Finding(name=name, text=f"{address.url} {text}", is_problem=True, advice=advice)
    except OtherCertificate as fault:
        yield Finding(name=name, text=f"{address.url} {tls_fault(fault, address.fingerprint)}", is_problem=True)
    except (ValueError, LookupError, TypeError):
        advice = (
            "Something else listens there; give the address of webipy with --url, and its path."
            if is_far
            else _START_AGAIN
        )
        yield Finding(name=name, text=f"{address.url} does not answer as webipy does", is_problem=True, advice=advice)
    else:
        advice = "The server cannot write its journal: make room on its disk." if about.get("degraded") else ""
        text = f"{about.get('name')} {about.get('version')} answers at {address.url}"
        yield Finding(name=name, text=text, is_problem=bool(advice), advice=advice)
        yield from _line(name, address, is_far)


def _introduced(address: Address) -> dict[str, Any]:
    body = msgspec.json.encode({"jsonrpc": "2.0", "id": 1, "method": "server.info", "params": {}})
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {address.token}"}
    pinned = [PinnedRequests(address.fingerprint)] if address.fingerprint is not None else []
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects(), *pinned)
    with direct.open(urllib.request.Request(f"{address.url}/rpc", body, headers), timeout=ANSWER_S) as answer:
        return dict(msgspec.json.decode(answer.read())["result"])


def _refusal(fault: urllib.error.HTTPError, is_far: bool) -> tuple[str, str]:
    """What a status means, and what to do."""
    status, place = fault.code, fault.headers.get("Location")
    if status == 401:
        own = "Give the token of this server with --token-file." if is_far else _START_AGAIN
        return "it refuses the token", own
    if not is_far:
        return f"HTTP status {status}", _START_AGAIN
    if place:
        return f"it leads to {place}", "Give that address with --url."
    if status in _PROXY_STATUSES:
        return (
            f"the proxy answers, and does not reach webipy (HTTP status {status})",
            "Start webipy, with the --port that the proxy passes on to.",
        )
    if status == 421:
        return (
            "webipy is not known under that name",
            "Start it with --public-url, the address that people open, or with --allow-host NAME.",
        )
    if status == 413:
        return (
            "the proxy limits how much is sent",
            "Lift the limit: client_max_body_size 0 in nginx, LimitRequestBody 0 in Apache.",
        )
    if status == 404:
        advice = "The path that arrives must begin with --base-url: see whether the proxy passes the path on or takes it away (docs/deploying.md)."
        return "there is nothing at this address", advice
    return f"HTTP status {status}", "Something else may listen there, or the proxy asks for a login of its own."


def _silence(fault: Exception, is_far: bool) -> tuple[str, str]:
    """What a connection means that brought no answer, and what to do."""
    why = fault.reason if isinstance(fault, urllib.error.URLError) else fault
    if isinstance(why, ssl.SSLCertVerificationError):
        return (
            f"has a certificate that is not trusted here ({why.verify_message})",
            f"Name your authority: SSL_CERT_FILE=ca.pem webipy doctor. {UNTRUSTED}",
        )
    if isinstance(why, ssl.SSLError):
        return f"does not speak TLS as it should ({why.reason})", "Is it http:// and not https://, or another port?"
    if not is_far:
        return f"does not answer ({fault})", "The server was probably killed. Start it again: webipy serve"
    return f"does not answer ({why})", "Is the name right, and the port, and does the proxy run?"


def _line(name: str, address: Address, is_far: bool) -> Iterator[Finding]:
    """Whether the WebSocket opens, which the page and all commands but this one need."""
    parts = urlsplit(address.url)
    host, kind = (
        parts.hostname or "",
        http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection,
    )
    line = (
        kind(host, parts.port, timeout=ANSWER_S)
        if address.fingerprint is None
        else PinnedConnection(address.fingerprint, host, parts.port, timeout=ANSWER_S)
    )
    headers = {
        "Authorization": f"Bearer {address.token}",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
    }
    try:
        line.request("GET", f"{parts.path}/rpc", headers=headers)
        status = line.getresponse().status
    except (OSError, http.client.HTTPException) as fault:
        status, why = 0, str(fault)
    else:
        why = f"HTTP status {status}"
    finally:
        line.close()
    if status == 101:
        yield Finding(name=name, text="its WebSocket opens")
        return
    proxy = "Let the proxy pass on the WebSocket: HTTP/1.1, and the headers Upgrade and Connection (docs/deploying.md)."
    yield Finding(
        name=name,
        text=f"its WebSocket does not open ({why})",
        is_problem=True,
        advice=proxy if is_far else _START_AGAIN,
    )
