"""The options of a server that speaks TLS itself: their table for `twistd webipy`, and how they are read.

Nothing of TLS is imported unless an option asks for it: a server without starts no later, and needs no more memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from twisted.python import usage

if TYPE_CHECKING:
    from webipy.core.site_address import PublicUrl
    from webipy.tls_parts import Tls

SELF_SIGNED: Final = "self-signed"
PARAMETERS = [
    [
        "tls",
        None,
        None,
        f"{SELF_SIGNED}: speak HTTPS with a certificate that the server makes for the names and addresses of this machine; its fingerprint is"
        " printed, and browsers warn once.",
    ],
    [
        "tls-cert",
        None,
        None,
        "Speak HTTPS with this certificate: a PEM file, the certificate of the server first, then those that lead to its authority. A new"
        " one is read when the file changes.",
    ],
    [
        "tls-key",
        None,
        None,
        "The private key of --tls-cert, PEM without a password. [default: it stands in the same file]",
    ],
]
FLAGS = [
    [
        "lan",
        None,
        "Let others in the network in: listen on all addresses, speak HTTPS (--tls self-signed, unless --tls-cert is given), answer to the names"
        " and addresses of this machine, and make links with the one that others reach.",
    ],
    [
        "no-hsts",
        None,
        "With --tls-cert: do not tell browsers to use HTTPS for this host only (HSTS), because other ports of it serve plain HTTP.",
    ],
]


def interface_of(options: Mapping[str, Any]) -> str:
    """The address to listen on; one of `EVERYWHERE` (webipy.core.site_address) for all."""
    given = options["interface"]
    if given is not None:
        return str(given)
    return "" if options["lan"] else "127.0.0.1"


def read(
    options: Mapping[str, Any],
    state: Path,
    hosts: set[str],
    public: PublicUrl | None,
    path_of: Callable[[str, str], Path],
) -> Tls | None:
    """Reads the options, and the certificate that they name or ask for.

    Args:
        options: The command line.
        state: The state folder.
        hosts: Names of this server that were given.
        public: The address that people open, when it was given.
        path_of: Reads a path that was given, by its option and its text.

    Returns:
        What speaks TLS; `None` when nothing asks for it.

    Raises:
        usage.UsageError: They contradict each other, or the certificate cannot be used.
    """
    own, certificate, key = options["tls"], options["tls-cert"], options["tls-key"]
    if own not in (None, SELF_SIGNED):
        raise usage.UsageError(
            f"--tls: {own!r} is unknown; what there is, is --tls {SELF_SIGNED}. A certificate that you have is named with --tls-cert."
        )
    if own is not None and certificate is not None:
        raise usage.UsageError("--tls self-signed makes a certificate, and --tls-cert names one: give one of both.")
    if key is not None and certificate is None:
        raise usage.UsageError("--tls-key: name its certificate, too, with --tls-cert.")
    if own is None and certificate is None and not options["lan"]:
        return None
    if options["hub"]:
        raise usage.UsageError("--hub: the proxy of the hub speaks HTTPS; leave --lan and the options of TLS away.")
    if public is not None and public.scheme != "https":
        raise usage.UsageError(
            f"--public-url: this server speaks HTTPS, so the address is https://{public.host}{public.path}"
        )
    from webipy.tls_parts import BadCertificate, load

    names = [*hosts, *([] if public is None else [public.name])]
    files = (
        None
        if certificate is None
        else (path_of("tls-cert", certificate), None if key is None else path_of("tls-key", key))
    )
    try:
        return load(state, files, [] if options["behind-proxy"] and files else names, not options["no-hsts"])
    except BadCertificate as fault:
        raise usage.UsageError(f"{'--tls-cert' if files else '--tls'}: {fault}") from None
