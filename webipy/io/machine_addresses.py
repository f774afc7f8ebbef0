"""The names and addresses of this machine, those first by which others reach it.

Addresses are what the system says of its network interfaces. First comes the one that traffic to the outside leaves by; last come those of bridges
inside of this machine (containers, virtual machines), which lead nowhere from elsewhere. Loopback and link-local addresses are left out: nobody
else reaches the first, and no browser the second.

Source: netdevice(7), SIOCGIFCONF; proc(5), /proc/net/if_inet6; RFC 5737, section 3 (an address that is nobody's, to ask for a route; nothing is
sent).

Rejected: psutil (for two questions); `hostname -I` (says no interfaces); asking a service on the Internet for the address that it sees.
"""

from __future__ import annotations

import array
import fcntl
import ipaddress
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

_SIOCGIFCONF: Final = 0x8912
_RECORD: Final = struct.Struct("16sHH4s16x")
"""struct ifreq of a 64-bit system: the name of the interface, AF_INET, the port (0), the address."""

_MOST_ADDRESSES: Final = 256
_INSIDE: Final = ("docker", "br-", "virbr", "veth", "cni", "flannel", "lxc", "lxd", "podman", "cali", "kube")
"""How the names of interfaces begin that lead to containers and virtual machines of this machine."""

NAME_SECONDS: Final = 2.0
"""How long the full name of this machine is looked for, which may ask a server of names that is away."""


def addresses() -> list[str]:
    """IP addresses by which others may reach this machine, the best first; empty without a network."""
    ways = [found for found in map(_outgoing, (socket.AF_INET, socket.AF_INET6)) if found is not None]
    listed = [(_rank(interface), address) for interface, address in (*_version_4(), *_version_6())]
    listed.sort(key=lambda one: (one[1] not in ways, one[0], ":" in one[1]))
    found = dict.fromkeys([*(address for _, address in listed)])
    return [address for address in found if _is_reachable(address)]


def _is_reachable(address: str) -> bool:
    found = ipaddress.ip_address(address)
    return not (found.is_loopback or found.is_link_local or found.is_unspecified or found.is_multicast)


def _outgoing(family: socket.AddressFamily) -> str | None:
    """The address that traffic to the outside leaves by; nothing is sent."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asked:
            asked.connect(("192.0.2.1" if family == socket.AF_INET else "2001:db8::1", 9))
            return str(asked.getsockname()[0])
    except OSError:
        return None  # no way to the outside


def _rank(interface: str) -> int:
    is_inside = interface.startswith(_INSIDE) or Path("/sys/class/net", interface, "bridge").exists()
    return 1 if is_inside else 0


def _version_4() -> Iterator[tuple[str, str]]:
    room = array.array("B", bytes(_RECORD.size * _MOST_ADDRESSES))
    place, _ = room.buffer_info()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        answer = fcntl.ioctl(asked, _SIOCGIFCONF, struct.pack("iP", len(room), place))
    size: int = struct.unpack("iP", answer)[0]
    for name, _, _, packed in _RECORD.iter_unpack(room.tobytes()[:size]):
        yield name.partition(b"\0")[0].decode("ascii", "replace"), socket.inet_ntoa(packed)


def _version_6() -> Iterator[tuple[str, str]]:
    try:
        lines = Path("/proc/net/if_inet6").read_text("ascii").splitlines()
    except OSError:
        return  # a system without IPv6
    for line in lines:
        fields = line.split()
        yield fields[5], str(ipaddress.IPv6Address(bytes.fromhex(fields[0])))


def names() -> list[str]:
    """The names of this machine: the short one, the full one, and the one that it may have in the local network (mDNS)."""
    own = socket.gethostname().lower()
    short = own.partition(".")[0]
    full = _within(NAME_SECONDS, lambda: _full_name(own))
    found = dict.fromkeys([own, short, *([full.lower()] if full else []), f"{short}.local"])
    return [name for name in found if name and not name.startswith("localhost")]


def _full_name(own: str) -> str:
    try:
        return socket.getaddrinfo(own, None, flags=socket.AI_CANONNAME)[0][3]
    except (OSError, UnicodeError):
        return ""  # it has none


def _within(seconds: float, call: Callable[[], str]) -> str:
    """What a function that blocks returns in time; empty when it takes longer, and then its thread ends with this process."""
    found: list[str] = []
    asking = threading.Thread(target=lambda: found.append(call()), daemon=True)
    asking.start()
    asking.join(seconds)
    return found[0] if found else ""
