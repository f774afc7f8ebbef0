"""The port that a server listens on, and who could reach it.

A server on loopback is for this machine. What others reach (another interface, or loopback behind a proxy) must be meant: over HTTPS, its own or that of a
proxy, under a name that is known, and not as root, unless an option allows it.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import socket


class CannotListen(Exception):
    """The port cannot be opened, or must not be; the message says why, and what would be right."""


class PortTaken(CannotListen):
    """Another program listens there."""


def is_root() -> bool:
    """Whether this process may do everything on this machine."""
    return os.geteuid() == 0


def check_reach(
    interface: str | None,
    *,
    is_behind_proxy: bool,
    is_named: bool,
    is_public: bool,
    may_be_root: bool,
    speaks_tls: bool = False,
    option: str = "--interface",
) -> None:
    """Checks that a server may be reached as its options say.

    Args:
        interface: The IP address that the server listens on, or `localhost`; `None` where a hub says it, whose proxy stands in front.
        is_behind_proxy: Whether a proxy in front speaks HTTPS.
        is_named: Whether the names are given that the server is reached under.
        is_public: Whether an address is given by which other machines reach it.
        may_be_root: Whether an option lets others reach a server of root.
        speaks_tls: Whether the server speaks HTTPS itself.
        option: What makes it listen where others reach it, for the message.

    Raises:
        CannotListen: It may not.
    """
    if interface is None:
        _check_root("--hub", may_be_root=may_be_root)
        return
    is_local = _is_loopback(interface)
    if not is_behind_proxy and not speaks_tls and not is_local:
        raise CannotListen(
            f"--interface {interface} would let other machines run code here over plain HTTP. Keep 127.0.0.1 and reach it through "
            "`ssh -L 8888:127.0.0.1:8888 THIS-MACHINE`, let it speak HTTPS with --lan or --tls-cert, or put an HTTPS proxy in front and add --behind-proxy."
        )
    if not is_local and not is_named:
        raise CannotListen(
            f"--interface {interface}: say under which name others reach this server, with --public-url URL or --allow-host NAME; it answers to no other. "
            "NAME is what stands in the address that they open, such as notebooks.example.org."
        )
    if is_behind_proxy or is_public or not is_local:
        reached_by = "--behind-proxy" if is_behind_proxy else "--public-url" if is_public else option
        _check_root(reached_by, may_be_root=may_be_root)


def _check_root(option: str, *, may_be_root: bool) -> None:
    if is_root() and not may_be_root:
        raise CannotListen(
            f"{option} lets other machines reach a server that runs as root: whoever signs in could do everything on this machine. Run it as a "
            "user of its own; or, if that is what you want (in a container of its own, say), add --allow-root."
        )


def _is_loopback(interface: str) -> bool:
    if interface == "localhost":
        return True
    try:
        return ipaddress.ip_address(interface).is_loopback
    except ValueError:
        raise CannotListen(f"--interface: {interface!r} is no IP address; 127.0.0.1 is one.") from None


def port_of(text: str) -> int:
    """A port as the user wrote it.

    Raises:
        CannotListen: It is none.
    """
    if text.isascii() and text.isdigit() and int(text) <= 65535:
        return int(text)
    raise CannotListen(f"--port: {text!r} is no port; use a number from 0 to 65535.")


def listen(interface: str, port: int) -> socket.socket:
    """Opens a socket that listens.

    Args:
        interface: The IP address, or a name that this machine has; empty for all of its addresses.
        port: The port; 0 for one that is free.

    Raises:
        PortTaken: Another program listens there.
        CannotListen: The system refuses.
    """
    is_both = not interface and socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if ":" in interface or is_both else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        if is_both:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((interface, port))
        bound.listen(512)
    except OSError as fault:
        bound.close()
        if fault.errno == errno.EADDRINUSE:
            raise PortTaken(
                f"--port: {port} is in use by another program (perhaps another webipy). Choose another, or --port 0."
            ) from None
        raise CannotListen(f"Cannot listen on {interface} port {port}: {fault.strerror or fault}.") from None
    bound.setblocking(False)
    return bound
