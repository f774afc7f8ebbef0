"""Who listens where: the sockets of processes, as the system lists them.

Source: proc(5), /proc/net/tcp, udp, raw and unix; unix(7) for names that begin with a NUL, which are in no folder.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

LISTENS = "0A"  # TCP_LISTEN
ACCEPTS = 0x10000  # __SO_ACCEPTCON
CONNECTED = "03"  # SS_CONNECTED


def family(root: int, mark: str = "") -> set[int]:
    """Find the processes that a process has started, also those that have left it but carry a mark in their environment."""
    parents: dict[int, int] = {}
    found = {root}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        pid = int(entry.name)
        try:
            parents[pid] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if mark and mark.encode() in (entry / "environ").read_bytes():
                found.add(pid)
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it has ended, or is of another user
    size = 0
    while size != len(found):
        size = len(found)
        found |= {pid for pid, parent in parents.items() if parent in found}
    return found


def open_to_others(pids: Iterable[int]) -> list[str]:
    """List the sockets of these processes at which others could knock: ports, and names in no folder or in an open one."""
    names = dict([*_ports(), *_names()])
    found = set()
    for pid in pids:
        try:
            links = [os.readlink(f"/proc/{pid}/fd/{file}") for file in os.listdir(f"/proc/{pid}/fd")]
            command = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()
        except (FileNotFoundError, ProcessLookupError):
            continue
        for link in links:
            if link.startswith("socket:[") and link[8:-1] in names:
                found.add(f"{names[link[8:-1]]} of {command[:200]}")
    return sorted(found)


def _ports() -> Iterator[tuple[str, str]]:
    for kind in ("tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6"):
        path = Path("/proc/net") / kind
        for line in path.read_text().splitlines()[1:] if path.exists() else ():
            fields = line.split()
            if not kind.startswith("tcp") or fields[3] == LISTENS:
                address, _, port = fields[1].rpartition(":")
                yield fields[9], f"{kind} {address}:{int(port, 16)}"


def _names() -> Iterator[tuple[str, str]]:
    for line in Path("/proc/net/unix").read_text().splitlines()[1:]:
        fields = line.split(maxsplit=7)
        if len(fields) < 8 or fields[5] == CONNECTED:  # to its peer, who got it a name by asking who it is
            continue
        if int(fields[3], 16) & ACCEPTS == 0 and not fields[7].startswith("@"):
            continue
        if fields[7].startswith("@") or not _is_private(os.path.dirname(fields[7])):
            yield fields[6], f"unix {fields[7]}"


def _is_private(folder: str) -> bool:
    try:
        return stat.S_IMODE(os.stat(folder).st_mode) & 0o077 == 0
    except FileNotFoundError:
        return True  # whoever cannot find it cannot connect
