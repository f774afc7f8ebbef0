"""How much memory and processor time kernels use now: measured when a client asks, never else, and never journaled.

::

    kernel.usage ──► is there a measurement of the last second, of all present kernels? ──► it is returned again
                  └► a measurement of all kernels ──► another a moment later, unless there is one of the last minute to compare with

The use of the processor is the difference of two measurements. A client that asks every few seconds pays for one each time; one that asks once waits
`MOMENT_SECONDS` for the second. All that ask meanwhile, be they a hundred pages, get the same.
"""

from __future__ import annotations

import attrs
import msgspec
from twisted.internet.defer import Deferred

from webipy.core.api import calls
from webipy.server.ports.kernels import Used
from webipy.server.ports.world import World, pause
from webipy.server.sessions.sessions import Sessions

FRESH_SECONDS = 1.0
"""A measurement is returned to all that ask within this time."""

MOMENT_SECONDS = 0.25
OLD_SECONDS = 60.0
"""An older measurement says nothing about the processor now."""


class _Measurement(msgspec.Struct, frozen=True):
    at: float
    leaders: frozenset[int]
    used: dict[int, Used]


@attrs.define(eq=False)
class Usage:
    """What the kernels of one server use."""

    world: World
    sessions: Sessions
    _before: _Measurement | None = None
    _last: _Measurement | None = None
    _waiting: list[Deferred[None]] | None = None

    async def of(self, session: str | None) -> list[calls.KernelUsage]:
        """What the kernel of a session uses, or every kernel (`None`); kernels without a known process are left out."""
        asked = session if session is None else self.sessions.get(session).id
        while not self._is_fresh():
            await self._renew()
        sessions = self.sessions.all() if asked is None else [self.sessions.get(asked)]
        usage = []
        for one in sessions:
            kernel = one.kernel
            if kernel is not None and kernel.pid is not None and (used := self._used(kernel.pid)) is not None:
                cpu = self._cpu(kernel.pid)
                usage.append(
                    calls.KernelUsage(
                        session=one.id,
                        kernel=kernel.id,
                        memory_bytes=used.memory_bytes,
                        cpu=cpu,
                        processes=used.processes,
                    )
                )
        return usage

    def _is_fresh(self) -> bool:
        last = self._last
        return last is not None and self.world.clock() - last.at < FRESH_SECONDS and self._leaders() <= last.leaders

    def _leaders(self) -> frozenset[int]:
        kernels = (session.kernel for session in self.sessions.all())
        return frozenset(kernel.pid for kernel in kernels if kernel is not None and kernel.pid is not None)

    def _used(self, pid: int) -> Used | None:
        return self._last.used.get(pid) if self._last is not None else None

    def _cpu(self, pid: int) -> float | None:
        """Processors in use, 1.0 for one that is full; `None` for a kernel that the measurement before does not have."""
        if self._last is None or self._before is None or pid not in self._before.used:
            return None
        had = self._last.used[pid].cpu_s - self._before.used[pid].cpu_s
        return round(max(0.0, had) / (self._last.at - self._before.at), 3)

    async def _renew(self) -> None:
        """Measures, once for all that ask meanwhile."""
        if self._waiting is not None:
            measured: Deferred[None] = Deferred()
            self._waiting.append(measured)
            await measured
            return
        self._waiting = []
        try:
            before = self._last
            if before is None or self.world.clock() - before.at > OLD_SECONDS:
                before = await self._measure()
                if not before.used:
                    self._last = before
                    return
                await pause(self.world, MOMENT_SECONDS)
            self._before, self._last = before, await self._measure()
        finally:
            waiting, self._waiting = self._waiting, None
            for measured in waiting:  # a call that finds nothing new, because this one failed, measures again
                measured.callback(None)

    async def _measure(self) -> _Measurement:
        leaders = self._leaders()
        used = await self.world.processes.used(leaders) if leaders else {}
        return _Measurement(self.world.clock(), leaders, used)
