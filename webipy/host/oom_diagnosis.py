"""Whether the system ended a process because memory ran out.

A process that got SIGKILL cannot say from whom. The system counts what it kills for want of memory, and a kernel that was
killed while the number rose was killed for that::

    /proc/self/cgroup ──► memory.events of the host's group (cgroup v2): "oom_kill 3"
                     ──► memory.oom_control of it (cgroup v1)
                     ──► /proc/vmstat: of the whole machine, where the group has no number of its own

A kernel is in the group of its host. The number is looked at every second, when the host tends its files anyway: a process with
much memory takes a moment to end, so a rise of the last `RECENT_S` seconds counts.

Source: Documentation/admin-guide/cgroup-v2.rst (memory.events), cgroup-v1/memory.rst, proc(5). Rejected: the log of the system
(users may not read it); to wait for each change by poll(2) (a file that the loop would watch for what happens once a year).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

RECENT_S: Final = 10.0
GROUPS: Final = "/sys/fs/cgroup"
VMSTAT: Final = "/proc/vmstat"


class OomDiagnosis:
    """Counts what the system killed.

    Args:
        files: Where the number may stand; the first that has one is used.
        clock: Seconds that only go forward.
    """

    def __init__(self, files: Sequence[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        found = [(file, count) for file in files if (count := _count(file)) is not None]
        self._file, self._known = found[0] if found else ("", 0)
        self._rose_at: float | None = None

    def look(self) -> None:
        """Records the number as it is now."""
        count = _count(self._file)
        if count is None:
            return
        if count > self._known:
            self._rose_at = self._clock()
        self._known = count

    def was_now(self) -> bool:
        """Whether something was killed in the last moments."""
        self.look()
        return self._rose_at is not None and self._clock() - self._rose_at <= RECENT_S


def counters(groups: str = "") -> list[str]:
    """The files that may have the number, for this process.

    Args:
        groups: The text of /proc/self/cgroup; read there if empty.
    """
    try:
        if not groups:
            with open("/proc/self/cgroup") as file:
                groups = file.read()
    except OSError:
        return [VMSTAT]  # no groups in this system
    files = []
    for line in groups.splitlines():
        _, controllers, path = line.split(":", 2)
        path = path.rstrip("/")
        if controllers == "":
            files.append(f"{GROUPS}{path}/memory.events")
        elif "memory" in controllers.split(","):
            files.append(f"{GROUPS}/memory{path}/memory.oom_control")
    return [*files, VMSTAT]


def memory_text(size_bytes: int) -> str:
    """An amount of memory for people: 412 MB, 7.8 GB."""
    if size_bytes < 10**9:
        return f"{max(1, round(size_bytes / 10**6))} MB"
    return f"{size_bytes / 10**9:.1f} GB"


def _count(file: str) -> int | None:
    try:
        with open(file) as counts:
            for line in counts:
                name, _, number = line.partition(" ")
                if name == "oom_kill":
                    return int(number)
    except (OSError, ValueError):
        return None  # not in this system, or not for this group
    return None
