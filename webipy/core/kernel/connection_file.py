"""Jupyter's connection file: where a kernel that something else started listens, and the key it trusts.

`read` decodes the text of a file to a `Connection`, or raises what is wrong with it; no message quotes the file, which
holds a key. Whoever passes a connection on (the launcher, in `launch.json`) passes this struct, so
the kernel host takes the same fields without asking twice.

Source: "Jupyter messaging 5.4" and "Jupyter kernels, connection files". Rejected: kernels without a key (anybody who
reaches their port could speak for them), signatures other than HMAC-SHA256 (no kernel of today needs one).
"""

from __future__ import annotations

import re
from typing import Annotated, Final

import msgspec

MAX_BYTES: Final = 64 * 1024  # of a connection file; Jupyter's have 300
SCHEME: Final = "hmac-sha256"
CHANNELS: Final = ("shell", "iopub", "stdin", "control", "hb")

_HOST = re.compile(r"[A-Za-z0-9._-]+")
_EVERYWHERE: Final = {"*": "127.0.0.1", "0.0.0.0": "127.0.0.1"}  # what a kernel listens at is not where it is reached

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class BadConnection(Exception):
    """A connection file cannot be used; the message is one sentence without its subject."""


class Connection(msgspec.Struct, frozen=True):
    """A connection file.

    Attributes:
        transport: `tcp` or `ipc`.
        ip: The address, or with `ipc` what the paths of the sockets begin with.
        shell_port, iopub_port, stdin_port, control_port, hb_port: TCP ports, or how the paths end.
        key: The key of the kernel's signatures.
        signature_scheme: How it signs.
        kernel_name: Name of its kernelspec, where it is known.
    """

    ip: str
    shell_port: Port
    iopub_port: Port
    stdin_port: Port
    control_port: Port
    hb_port: Port
    key: str = ""
    transport: str = "tcp"
    signature_scheme: str = SCHEME
    kernel_name: str = ""

    def addresses(self) -> dict[str, str]:
        """The ZeroMQ address of each channel."""
        ip = _EVERYWHERE.get(self.ip, self.ip)
        begin = f"ipc://{self.ip}-" if self.transport == "ipc" else f"tcp://{ip}:"
        return {channel: f"{begin}{getattr(self, f'{channel}_port')}" for channel in CHANNELS}


def read(text: bytes) -> Connection:
    """Read the text of a connection file.

    Raises:
        BadConnection: It is none, or none that can be joined.
    """
    try:
        found = msgspec.json.decode(text, type=Connection)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise BadConnection(f"is not a Jupyter connection file: {fault}.") from None
    if found.signature_scheme != SCHEME:
        raise BadConnection(f"names a signature scheme other than {SCHEME}, which is the only one that is understood.")
    if not found.key:
        raise BadConnection("has an empty key: its messages could be forged.")
    if found.transport == "tcp" and (found.ip in _EVERYWHERE or _HOST.fullmatch(found.ip)):
        return found
    if found.transport == "ipc" and found.ip.startswith("/") and "\0" not in found.ip:
        return found
    raise BadConnection("names neither an IPv4 address or host name (tcp) nor an absolute path (ipc) in its field ip.")
