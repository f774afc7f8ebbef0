"""Where a push service takes messages for a browser: which addresses the server calls, and the keys that belong to one. Pure.

A browser gets its address, the endpoint, from the push service of its maker, and tells it to the server. So a member says which address the server
calls: it is one of a known push service, over https, or of one that whoever runs the server has named (`--push-service`), and nothing else.

    fcm.googleapis.com        a host that is meant
    *.push.apple.com          the names below a domain

Source: RFC 8030, sections 4 and 5; RFC 8291, section 3.1 (the keys).
Rejected: any https address that is outside of the network (what a name leads to is known only when it is called, and may change in between).
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from binascii import Error as BadBase64
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

import msgspec

from webipy.core import errors
from webipy.core.site_address import LOOPBACK

KNOWN: Final = (
    "fcm.googleapis.com",
    "jmt17.google.com",
    "*.push.services.mozilla.com",
    "*.push.apple.com",
    "*.notify.windows.com",
)
"""Push services of browsers: Chrome and what is built like it, Chromium without the keys of Google, Firefox, Safari, Edge on Windows."""

MOST_ENDPOINT: Final = 2048
"""Characters of an endpoint; those of the known services have some hundred."""

POINT_BYTES: Final = 65
"""Of a public key on the curve P-256, uncompressed (SEC 1, section 2.3.3)."""

SECRET_BYTES: Final = 16
"""Of the secret that a browser shares with whoever may send to it (RFC 8291, section 3.2)."""

_PORTS: Final = {"http": 80, "https": 443}
_HOST: Final = re.compile(
    r"(?:(https?)://)?((?:\*\.)?[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?/?"
)
_PRIME: Final = 2**256 - 2**224 + 2**192 + 2**96 - 1
_B: Final = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B


class PushService(msgspec.Struct, frozen=True):
    """A push service that may be called.

    Args:
        scheme: `https`; `http` for one on this machine alone.
        host: Its name; `*.` before it means every name below it, and not itself.
        port: Its port.
    """

    scheme: str
    host: str
    port: int

    def is_of(self, scheme: str, host: str, port: int) -> bool:
        """Whether an address belongs to it.

        Args:
            scheme: Its scheme.
            host: Its host, in lower case.
            port: Its port.
        """
        if (scheme, port) != (self.scheme, self.port):
            return False
        return host.endswith(self.host[1:]) and host[0] != "." if self.host.startswith("*.") else host == self.host


def read_service(text: str) -> PushService | None:
    """The push service that a text names; `None`: the text names none.

    Args:
        text: `push.example.org`, `*.example.org`, `push.example.org:8443`, or `http://127.0.0.1:8443` on this machine.
    """
    found = _HOST.fullmatch(text.strip().lower())
    if found is None:
        return None
    scheme, host = found[1] or "https", found[2]
    port = int(found[3]) if found[3] else _PORTS[scheme]
    if not 0 < port < 65536 or ".." in host or (scheme == "http" and host not in LOOPBACK):
        return None
    return PushService(scheme, host, port)


KNOWN_SERVICES: Final = tuple(service for name in KNOWN if (service := read_service(name)) is not None)


def origin_of(endpoint: str, services: Iterable[PushService]) -> str:
    """The origin of an endpoint that may be called.

    Args:
        endpoint: The endpoint, as a browser has it.
        services: The push services that may be called.

    Raises:
        errors.InvalidParams: It may not.
    """
    if len(endpoint) > MOST_ENDPOINT or not re.fullmatch(r"[!-~]+", endpoint) or "\\" in endpoint:
        raise _bad("This is no address of a push service.")
    try:
        parts = urlsplit(endpoint)
        port = parts.port or _PORTS.get(parts.scheme, 0)
        host = parts.hostname or ""
    except ValueError:
        raise _bad("This is no address of a push service.") from None
    if not host or parts.username is not None or parts.password is not None or parts.fragment or "#" in endpoint:
        raise _bad("This is no address of a push service.")
    host = f"[{host}]" if ":" in host else host
    if not any(one.is_of(parts.scheme, host, port) for one in services):
        words = f"{host} is no push service that this server knows. Whoever runs the server can allow it with: --push-service {host}"
        raise _bad(
            words if parts.scheme == "https" else f"{parts.scheme}://{host} is no push service: they speak https."
        )
    return f"{parts.scheme}://{host}" + ("" if port == _PORTS[parts.scheme] else f":{port}")


def public_key(text: str) -> bytes:
    """The public key of a browser.

    Args:
        text: As the browser has it (`p256dh`), base64url.

    Raises:
        errors.InvalidParams: It is no point of the curve P-256, uncompressed.
    """
    key = _decoded(text, POINT_BYTES)
    if key is not None and key[0] == 4:
        x, y = int.from_bytes(key[1:33]), int.from_bytes(key[33:])
        if x < _PRIME and y < _PRIME and (y * y - x * x * x + 3 * x - _B) % _PRIME == 0:
            return key
    raise errors.InvalidParams("This is no key of a browser: 65 bytes, a point of P-256, as base64url.", field="p256dh")


def shared_secret(text: str) -> bytes:
    """The secret that a browser shares with whoever may send to it.

    Args:
        text: As the browser has it (`auth`), base64url.

    Raises:
        errors.InvalidParams: It is none.
    """
    found = _decoded(text, SECRET_BYTES)
    if found is None:
        raise errors.InvalidParams("This is no secret of a browser: 16 bytes, as base64url.", field="auth")
    return found


def _decoded(text: str, size: int) -> bytes | None:
    bare = text.rstrip("=")
    if not re.fullmatch(r"[A-Za-z0-9_-]+", bare) or len(bare) != -(-size * 4 // 3):
        return None
    try:
        return urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    except BadBase64:
        return None


def _bad(words: str) -> errors.InvalidParams:
    return errors.InvalidParams(words, field="endpoint")
