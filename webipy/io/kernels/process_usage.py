"""What kernels use of the machine: memory and processor time, read from /proc when somebody asks.

A kernel leads a session of the system (setsid), and whatever it starts stays in that unless it leaves on purpose: the session is the
kernel with its pools of workers and its commands. One walk over /proc finds the processes of all kernels that are asked for.

Memory: a process alone counts with what it has in memory (resident set). Where there are several, the pages that they share count
once (proportional set): a pool of eight forks of a large kernel would else count eight times. The proportional set costs the
system a walk over the page tables, so it is only asked for where it matters; a process that does not let itself be looked at, or a system
that does not know it, counts with its resident set.

Source: proc(5): /proc/pid/stat (fields 6, 14 to 17, 24), /proc/pid/smaps_rollup. Rejected: psutil (a dependency for two files); the accounts
of cgroups (kernels have none of their own); the tree of parents (a worker whose parent has ended falls out of it).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection

import msgspec
from twisted.internet.defer import Deferred

from webipy.server.ports.kernels import Used

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


class _Process(msgspec.Struct, frozen=True):
    pid: int
    session: int
    ticks: int
    resident: int


class LocalProcesses(msgspec.Struct):
    """See `webipy.server.ports.kernels.Processes`.

    Args:
        in_thread: Runs a function in a thread.
        proc: Where the system lists processes.
    """

    in_thread: Callable[[Callable[[], dict[int, Used]]], Deferred[dict[int, Used]]]
    proc: str = "/proc"

    def used(self, leaders: Collection[int]) -> Deferred[dict[int, Used]]:
        """What the sessions of these leaders use; see the port."""
        return self.in_thread(lambda: self.read(leaders))

    def read(self, leaders: Collection[int]) -> dict[int, Used]:
        """The same, at once."""
        found: dict[int, list[_Process]] = {}
        for name in os.listdir(self.proc):
            if name.isdigit() and (process := self._process(name)) is not None and process.session in leaders:
                found.setdefault(process.session, []).append(process)
        return {
            leader: Used(
                memory_bytes=sum(self._memory(process, len(all) > 1) for process in all),
                cpu_s=sum(process.ticks for process in all) / _TICKS,
                processes=len(all),
            )
            for leader, all in found.items()
        }

    def _process(self, name: str) -> _Process | None:
        try:
            with open(f"{self.proc}/{name}/stat", "rb") as stat:
                fields = stat.read().rpartition(b")")[2].split()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            return None  # it has ended meanwhile, or is hidden from this user and so no kernel of theirs
        if fields[0] in (b"Z", b"X"):
            return None
        return _Process(int(name), int(fields[3]), sum(map(int, fields[11:15])), int(fields[21]) * _PAGE)

    def _memory(self, process: _Process, is_shared: bool) -> int:
        if not is_shared:
            return process.resident
        try:
            with open(f"{self.proc}/{process.pid}/smaps_rollup", "rb") as rollup:
                for line in rollup:
                    if line.startswith(b"Pss:"):
                        return int(line.split()[1]) * 1024
        except OSError:
            return process.resident  # it has ended, may not be looked at, or the system has no such file
        return process.resident
