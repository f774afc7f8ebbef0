"""What a server says of itself when it is ready: to commands of this machine in `server.json`, to people by the address that signs a browser in.

It goes to the terminal that started the server and to no log, because the address holds a secret. Where the output is no terminal it may be
kept, and read by others: there the address counts only for `LOGGED_CODE_SECONDS`. A server that others in the network reach lists its addresses,
too, with the best as a QR code for phones; these hold no secret, because a classroom sees them.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import msgspec

from webipy.io.storage.private_files import write_private

if TYPE_CHECKING:
    from webipy.server_options import Options
    from webipy.tls_parts import Tls

LOGGED_CODE_SECONDS = 600
"""How long the printed address works where the output is no terminal."""

QUIET_ZONE = 4
"""Light modules around a QR code (ISO/IEC 18004)."""

BLOCKS = " ▄▀█"
"""By two modules: twice the upper one and the lower one, each 1 where it is dark."""

BLACK_ON_WHITE, PLAIN = "\x1b[38;5;16;48;5;231m", "\x1b[0m"
"""Of the cube of 256 colours, which themes of terminals leave as they are."""


def print_line(text: str) -> None:
    """Prints to the terminal that started the server."""
    if sys.__stdout__ is not None:
        print(text, file=sys.__stdout__, flush=True)


def is_watched() -> bool:
    """Whether the output is a terminal."""
    return sys.__stdout__ is not None and sys.__stdout__.isatty()


def print_address(address: str, *, is_public: bool) -> None:
    """Prints where to go.

    Args:
        address: The address of the page, with a code that works once.
        is_public: Whether other machines reach it.
    """
    place = "" if is_public else " on this machine"
    minutes = LOGGED_CODE_SECONDS // 60
    kept = "" if is_watched() else f", and only for {minutes} minutes, as what is printed here may be kept"
    print_line(f"\n  webipy is ready. Open this address in a browser{place}:\n\n    {address}\n")
    print_line(
        f"  The link works once{kept}; `webipy open` prints a fresh one. Stop with Ctrl-C: kernels go on running.\n"
    )


def write_server_file(options: Options, url: str) -> None:
    """Writes `server.json`, by which commands of this machine find the server, and know its certificate.

    Args:
        options: Those of the server.
        url: Its own address.
    """
    facts = {"url": url, "token": options.token, "pid": os.getpid()}
    if options.tls is not None:
        facts["fingerprint"] = options.tls.certificate.fingerprint
    write_private(options.state / "server.json", msgspec.json.encode(facts))


def print_reach(tls: Tls, interface: str, port: int, path: str) -> None:
    """Prints the addresses by which others in the network reach the server, and what they know its certificate by.

    Args:
        tls: Knows both.
        interface: What the server listens on.
        port: Its port.
        path: The base URL.
    """
    from webipy.tls_parts import with_port

    hosts = tls.hosts_of_links(interface)
    if hosts:
        urls = [f"https://{with_port(host, port)}{path}" for host in hosts]
        print_line("  Others in the network reach it at\n\n    " + "\n    ".join(urls) + "\n")
        if is_watched() and can_print(BLOCKS):
            which = "it" if len(urls) == 1 else "the first of them"
            print_line(f"  To open {which} on a phone, point the camera at this code:\n\n{qr_code(urls[0])}\n")
    if tls.is_own:
        print_line(
            "  The server has made its certificate itself: browsers warn once. Go on only where they show this SHA-256 fingerprint,\n"
            f"  which commands on other machines take with --fingerprint:\n\n    {tls.certificate.fingerprint}\n"
        )


def can_print(text: str) -> bool:
    """Whether the terminal that started the server has the characters of a text."""
    try:
        text.encode((sys.__stdout__ and sys.__stdout__.encoding) or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def qr_code(text: str) -> str:
    """A QR code for a terminal: black on white whatever the colours of the terminal are, as many phones read no other.

    Args:
        text: What the code says.

    Returns:
        Indented lines; a character is two modules, one above the other. The margin of four modules that the standard asks for is part of it.
    """
    import segno  # for this alone

    rows = [bytes(row) for row in segno.make(text, micro=False).matrix_iter(border=QUIET_ZONE)]
    if len(rows) % 2:
        rows.append(bytes(len(rows[0])))
    lines = (
        "".join(BLOCKS[2 * upper + lower] for upper, lower in zip(rows[at], rows[at + 1], strict=True))
        for at in range(0, len(rows), 2)
    )
    return "\n".join(f"  {BLACK_ON_WHITE}{line}{PLAIN}" for line in lines)


def print_login_address(address: str, *, are_there: bool, provider: str = "") -> None:
    """Prints where people sign in to their accounts, when nobody is signed in by an address.

    Args:
        address: The address of the page.
        are_there: Whether somebody can sign in.
        provider: What people call the identity provider that signs them in; empty: none does.
    """
    way = f"with {provider}" if provider else "with a name and a password"
    print_line(f"\n  webipy is ready. Everybody signs in {way}:\n\n    {address}\n")
    if not are_there:
        print_line("  There is no account yet. Make one in another terminal: webipy user add NAME --role admin\n")
