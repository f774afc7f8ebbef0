"""The headers that every answer has, errors too.

Source: OWASP secure headers; for the last RFC 6797.
"""

from __future__ import annotations

from typing import Final

from webipy.io.web.request_auth import Header, RequestAuth

SERVER_NAME: Final = b"webipy"
STRICT_POLICY: Final = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

_HEADERS: Final = {
    b"X-Content-Type-Options": b"nosniff",
    b"Referrer-Policy": b"no-referrer",
    b"Cross-Origin-Opener-Policy": b"same-origin",
    b"Cross-Origin-Resource-Policy": b"same-origin",
    b"Permissions-Policy": b"camera=(), microphone=(), geolocation=(), usb=(), payment=(), display-capture=()",
    b"Cache-Control": b"no-store",
    b"Content-Security-Policy": STRICT_POLICY.encode(),
    b"Server": SERVER_NAME,
}


def security_headers(auth: RequestAuth, header: Header) -> dict[bytes, bytes]:
    """The headers of the answer to a request.

    Args:
        auth: Says whether browsers are to use HTTPS alone.
        header: Looks a header of the request up.
    """
    policy = auth.transport_policy(header)
    return _HEADERS if policy is None else {**_HEADERS, b"Strict-Transport-Security": policy}
