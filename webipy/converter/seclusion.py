"""A converter without a network: a namespace of its own with no way out of it, not even to this machine.

A document from anywhere is read here, and printed by a browser that runs what is in it. Whatever that tries, in TCP, UDP or names, the system has no
interface for it. It is done before the process has a second thread, for which a namespace of users (needed by who is not root) cannot be made.

Where the system refuses (containers often do), the options of the browser and the policy of the page still forbid the network; the
answer of the job says so, and the server's log.

Source: unshare(2), user_namespaces(7), network_namespaces(7). Rejected: the command `unshare` (not everywhere, and one more process between).
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

_NEW_USERS = 0x10000000  # CLONE_NEWUSER of sched.h
_NEW_NETWORK = 0x40000000  # CLONE_NEWNET


def leave_the_network() -> str:
    """Leaves this process, and all it starts, without a network; returns why the system refuses, or an empty text."""
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.geteuid(), os.getegid()
    try:
        if libc.unshare(_NEW_NETWORK) == 0:
            return ""
        if libc.unshare(_NEW_NETWORK | _NEW_USERS) != 0:
            return os.strerror(ctypes.get_errno())
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            Path(f"/proc/self/{name}").write_text(text)
    except (AttributeError, OSError) as fault:  # a C library without it; a system that lets nobody be mapped
        return str(fault)
    return ""
