"""A server known by the fingerprint of its certificate, in place of an authority that answers for it.

A server writes the SHA-256 of its certificate into `server.json`, and prints it for people; `--fingerprint` names it for a server elsewhere. With
one, that certificate is right and every other is wrong, whatever its names, its end, and who has signed it. The connection is ended at the end of the
handshake, before anything was sent on it.

Source: RFC 7469, section 2.6, for what a pin replaces; the certificate is compared and not its key, because browsers show its digest.
"""

from __future__ import annotations

import hashlib
import http.client
import re
import ssl
import urllib.request
from functools import partial
from typing import Any, Final

_FINGERPRINT: Final = re.compile(r"[0-9A-F]{64}")


UNTRUSTED: Final = (
    "Of a server that has made its certificate itself, take the fingerprint that it has printed: --fingerprint SHA256"
)
"""What to do where no authority answers for a certificate."""


class OtherCertificate(Exception):
    """The server shows another certificate.

    Args:
        seen: The fingerprint of what it shows.
    """

    def __init__(self, seen: str) -> None:
        super().__init__(f"the certificate has the fingerprint {seen}")
        self.seen = seen


def read_fingerprint(text: str) -> str | None:
    """The one spelling of a SHA-256 fingerprint, `AB:CD:...`; `None` when a text is none.

    Colons, spaces and case are free, and `sha256:` or `SHA256 Fingerprint=` may stand before it, as programs print it.
    """
    bare = re.sub(r"^\s*sha-?256(?:\s*fingerprint)?\s*[:=]\s*", "", text, flags=re.IGNORECASE)
    plain = re.sub(r"[:\s]", "", bare).upper()
    return bytes.fromhex(plain).hex(":").upper() if _FINGERPRINT.fullmatch(plain) else None


def fingerprint_of(certificate: bytes) -> str:
    """The fingerprint of a certificate, DER."""
    return hashlib.sha256(certificate).digest().hex(":").upper()


def tls_fault(fault: BaseException, fingerprint: str | None) -> str:
    """What TLS says of a connection that it refused, as the rest of a sentence; empty when it was not TLS.

    Args:
        fault: Why the connection has ended.
        fingerprint: The one that was expected.
    """
    module, text = type(fault).__module__.partition(".")[0], str(fault)
    if isinstance(fault, OtherCertificate):
        return (
            f"shows another certificate than the one with the fingerprint {fingerprint}: its own is {fault.seen}. Somebody may stand in between,"
            " or the server has a new one; ask whoever runs it."
        )
    if module == "service_identity":
        return f"has a certificate for another name. {UNTRUSTED}"
    if module == "OpenSSL" and "certificate" in text:
        return f"has a certificate that is not trusted here. Name your authority: SSL_CERT_FILE=ca.pem. {UNTRUSTED}"
    return "does not speak TLS. Is it http:// and not https://?" if module == "OpenSSL" else ""


def tls_options(host: str, fingerprint: str | None) -> Any:
    """What a connection of Twisted's needs to speak TLS with a server.

    Args:
        host: Its name.
        fingerprint: That of its certificate; `None`: an authority of this machine answers for it.
    """
    from twisted.internet.ssl import optionsForClientTLS  # needs pyOpenSSL, which plain http does without

    if fingerprint is None:
        return optionsForClientTLS(host)
    return _pinned(fingerprint)


def _pinned(fingerprint: str) -> Any:
    from OpenSSL import SSL
    from OpenSSL.crypto import FILETYPE_ASN1, dump_certificate
    from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
    from twisted.internet.ssl import CertificateOptions, TLSVersion
    from twisted.python.failure import Failure
    from zope.interface import implementer

    @implementer(IOpenSSLClientConnectionCreator)
    class Pinned:
        """Makes connections that one certificate is right for."""

        def clientConnectionForTLS(self, protocol: Any) -> SSL.Connection:
            """The TLS of one connection."""
            context = CertificateOptions(
                raiseMinimumTo=TLSVersion.TLSv1_2, acceptableProtocols=[b"http/1.1"]
            ).getContext()
            context.set_info_callback(partial(self._progressed, protocol))
            return SSL.Connection(context, None)

        @staticmethod
        def _progressed(protocol: Any, connection: SSL.Connection, where: int, result: int) -> None:
            if where & SSL.SSL_CB_HANDSHAKE_DONE:
                shown = connection.get_peer_certificate()
                seen = "" if shown is None else fingerprint_of(dump_certificate(FILETYPE_ASN1, shown))
                if seen != fingerprint:
                    protocol.failVerification(Failure(OtherCertificate(seen)))

    return Pinned()


class PinnedConnection(http.client.HTTPSConnection):
    """A connection of the standard library that one certificate is right for.

    Args:
        fingerprint: That of the certificate.
        host: Name or address.
        port: The port; `None` for 443.
        options: What else `HTTPSConnection` takes.
    """

    def __init__(self, fingerprint: str, host: str, port: int | None = None, **options: Any) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # `connect` compares the certificate itself
        super().__init__(host, port, **{**options, "context": context})
        self._fingerprint = fingerprint

    def connect(self) -> None:
        """Connects, and ends at once where another certificate is shown.

        Raises:
            OtherCertificate: It is another one.
        """
        super().connect()
        seen = fingerprint_of(self.sock.getpeercert(True) or b"")
        if seen != self._fingerprint:
            self.close()
            raise OtherCertificate(seen)


class PinnedRequests(urllib.request.HTTPSHandler):
    """Lets urllib make its requests on such connections."""

    def __init__(self, fingerprint: str) -> None:
        super().__init__()
        self._fingerprint = fingerprint

    def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        """Makes a request."""
        return self.do_open(partial(PinnedConnection, self._fingerprint), request)
