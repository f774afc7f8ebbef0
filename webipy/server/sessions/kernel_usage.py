"""How much memory and processor kernels use now: looked at when somebody asks, never else, and never journaled.

::

    kernel.usage ──► is there a look of the last second, at all kernels of now? ──► it is told again
                  └► a look at all kernels ──► another a moment later, unless there is one of the last minute to compare with

A share of the processor is what lies between two looks. Whoever asks every few seconds pays for one look each time; whoever asks once waits
`MOMENT_SECONDS` for the second. All who ask meanwhile, be they a hundred pages, are told of the same.
"""

from __future__ import annotations

import attrs
from twisted.internet.defer import Deferred

from webipy.core.api import calls
from webipy.server.ports.kernels import Used
from webipy.server.ports.world import World
from webipy.server.sessions.sessions import Sessions

FRESH_SECONDS = 1.0
"""A look is told to all who ask within this."""

MOMENT_SECONDS = 0.25
OLD_SECONDS = 60.0
"""A look that is older says nothing about the processor now."""


@attrs.define(frozen=True, slots=True)
class _Look:
    at: float
    leaders: frozenset[int]
    used: dict[int, Used]


@attrs.define(eq=False)
class Usage:
    """What the kernels of one server use."""

    world: World
    sessions: Sessions
    _before: _Look | None = None
    _last: _Look | None = None
    _waiting: list[Deferred[None]] | None = None

    async def of(self, session: str | None) -> list[calls.KernelUsage]:
        """What the kernel of a session uses, or (`None`) every kernel; none of one whose process is not known."""
        asked = session if session is None else self.sessions.get(session).id
        while not self._is_fresh():
            await self._renew()
        sessions = self.sessions.all() if asked is None else [self.sessions.get(asked)]
        told = []
        for one in sessions:
            kernel = one.kernel
            if kernel is not None and kernel.pid is not None and (used := self._used(kernel.pid)) is not None:
                cpu = self._cpu(kernel.pid)
                told.append(
                    calls.KernelUsage(
                        session=one.id,
                        kernel=kernel.id,
                        memory_bytes=used.memory_bytes,
                        cpu=cpu,
                        processes=used.processes,
                    )
                )
        return told

    def _is_fresh(self) -> bool:
        last = self._last
        return last is not None and self.world.clock() - last.at < FRESH_SECONDS and self._leaders() <= last.leaders

    def _leaders(self) -> frozenset[int]:
        kernels = (session.kernel for session in self.sessions.all())
        return frozenset(kernel.pid for kernel in kernels if kernel is not None and kernel.pid is not None)

    def _used(self, pid: int) -> Used | None:
        return self._last.used.get(pid) if self._last is not None else None

    def _cpu(self, pid: int) -> float | None:
        """Processors in use, 1.0 for one that is full; `None` for a kernel that was not there at the look before."""
        if self._last is None or self._before is None or pid not in self._before.used:
            return None
        had = self._last.used[pid].cpu_s - self._before.used[pid].cpu_s
        return round(max(0.0, had) / (self._last.at - self._before.at), 3)

    async def _renew(self) -> None:
        """Looks, once for all who ask meanwhile."""
        if self._waiting is not None:
            told: Deferred[None] = Deferred()
            self._waiting.append(told)
            await told
            return
        self._waiting = []
        try:
            before = self._last
            if before is None or self.world.clock() - before.at > OLD_SECONDS:
                before = await self._look()
                if not before.used:
                    self._last = before
                    return
                await self._moment()
            self._before, self._last = before, await self._look()
        finally:
            waiting, self._waiting = self._waiting, None
            for told in waiting:  # who finds nothing new, because the look failed, looks again for itself
                told.callback(None)

    async def _moment(self) -> None:
        moment: Deferred[None] = Deferred()
        self.world.later(MOMENT_SECONDS, lambda: moment.callback(None))
        await moment

    async def _look(self) -> _Look:
        leaders = self._leaders()
        used = await self.world.processes.used(leaders) if leaders else {}
        return _Look(self.world.clock(), leaders, used)
