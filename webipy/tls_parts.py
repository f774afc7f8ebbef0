"""The parts of a server that speaks TLS itself, put together: webipy.tls_options asks for them, and webipy.service starts them.

certificate (webipy.io.tls.certificates) ──► context ──► TlsFactory before the site
     ▲── Renewal looks whether it was replaced
machine_addresses ──► the hosts that are ours, the host of links, the list that is printed
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from webipy.core.site_address import EVERYWHERE, LOOPBACK, PublicUrl
from webipy.io import machine_addresses
from webipy.io.reactor import Run
from webipy.io.tls.certificates import BadCertificate as BadCertificate
from webipy.io.tls.certificates import Certificate
from webipy.io.tls.renewal import CertificateFiles, Renewal
from webipy.io.tls.self_signed import files_in
from webipy.io.tls.tls_port import NewestContext, TlsFactory, make_context

if TYPE_CHECKING:
    from webipy.io.web.requests import PageSite

HTTPS_PORT = 443


@attrs.define(eq=False)
class Tls:
    """See the module.

    Args:
        files: Where the certificate is.
        first: The certificate that there is at the start.
        contexts: Makes connections with the newest certificate.
        addresses: IP addresses of this machine, the one first that others reach.
        names: Names of this machine.
        is_strict: Whether browsers are told to use HTTPS alone.
    """

    files: CertificateFiles
    first: Certificate
    contexts: NewestContext
    addresses: Sequence[str]
    names: Sequence[str]
    is_strict: bool
    _renewal: Renewal | None = None

    @property
    def certificate(self) -> Certificate:
        """The one that new connections get."""
        return self.first if self._renewal is None else self._renewal.certificate

    @property
    def is_own(self) -> bool:
        """Whether the server made it itself, so that no browser knows it."""
        return self.files.is_own

    @property
    def hosts(self) -> frozenset[str]:
        """What a `Host` header may say: the names and addresses of the certificate, and those of this machine."""
        own = [_as_host(name) for name in (*self.names, *self.addresses)] if self.is_own else []
        return frozenset((*own, *self.first.hosts)) - LOOPBACK

    def hosts_of_links(self, interface: str) -> list[str]:
        """The hosts by which others reach the server, the best first; none when its own address is as good.

        Args:
            interface: What it listens on.
        """
        if interface not in EVERYWHERE:
            near = [_as_host(interface), *(["localhost"] if _as_host(interface) in LOOPBACK else [])]
            if self.is_own or self.first.covers(interface):
                return [] if _as_host(interface) in LOOPBACK else near[:1]
            return [host for host in near if self.first.covers(host)] or self._far_names()
        far = [_as_host(name) for name in (*self.addresses, *self.names)]
        return (
            far
            if self.is_own
            else [
                *self._far_names(),
                *(host for host in far if self.first.covers(host) and host not in self.first.hosts),
            ]
        )

    def _far_names(self) -> list[str]:
        """The hosts of the certificate that are none of this machine alone, names before addresses."""
        far = [host for host in self.first.hosts if host not in LOOPBACK]
        return sorted(far, key=lambda host: host.strip("[]").replace(":", ".").replace(".", "").isdigit())

    def public_url(self, interface: str, port: int, path: str) -> PublicUrl | None:
        """The address that links begin with; `None` when the server's own is as good.

        Args:
            interface: What the server listens on.
            port: Its port.
            path: The base URL.
        """
        hosts = self.hosts_of_links(interface)
        return PublicUrl("https", with_port(hosts[0], port), path) if hosts else None

    def factory(self, site: PageSite, reactor: Any) -> TlsFactory:
        """What a port needs to speak TLS.

        Args:
            site: What is above it.
            reactor: Twisted's.
        """
        return TlsFactory(self.contexts, site, site.auth.is_ours, reactor)

    def start(self, run: Run, reactor: Any, renewed: Callable[[], None]) -> None:
        """Begins to look for a new certificate.

        Args:
            run: Runs what blocks.
            reactor: Twisted's.
            renewed: Called when there is one.
        """
        self._renewal = Renewal(self.files, self.first, self.contexts, run, reactor, renewed)
        self._renewal.start()

    def stop(self) -> None:
        """Looks no more."""
        if self._renewal is not None:
            self._renewal.stop()


def with_port(host: str, port: int) -> str:
    """A host as `Host` headers and addresses have it, without the port that https means anyway.

    Args:
        host: Name or address, IPv6 in brackets.
        port: The port.
    """
    return host if port == HTTPS_PORT else f"{host}:{port}"


def _as_host(name: str) -> str:
    return f"[{name}]" if ":" in name and not name.startswith("[") else name


def load(state: Path, files: tuple[Path, Path | None] | None, names: Sequence[str], is_strict: bool) -> Tls:
    """Reads the certificate, or makes one.

    Args:
        state: The state folder.
        files: The certificate and its key; `None` for one that the server makes.
        names: Hosts that it must be for.
        is_strict: Whether browsers are told to use HTTPS alone, when an authority answers for the certificate.

    Raises:
        BadCertificate: It cannot be used.
    """
    addresses, own = machine_addresses.addresses(), machine_addresses.names()
    if files is None:
        wanted = ["localhost", *(name.strip("[]") for name in names), *own, "127.0.0.1", "::1", *addresses]
        found = CertificateFiles(*files_in(state), wanted, state)
    else:
        found = CertificateFiles(*files, names)
    certificate = found.load(datetime.now(UTC))
    return Tls(
        found, certificate, NewestContext(make_context(certificate)), addresses, own, is_strict and files is not None
    )
