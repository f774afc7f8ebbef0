"""What the server measures of itself, for `/metrics`, in Prometheus' text format 0.0.4, and the pulse that measures the
reactor.

The numbers are read off the sessions, and in a thread off the disk, when somebody asks, so they cost nothing otherwise; only the reactor's pulse
runs all the time: a tick every 20 ms whose lateness is how long some turn of the reactor took. Label values are our
own words (states of kernels), never a user's.

Source: Prometheus exposition formats, text-based format. Rejected: prometheus-client (14 MB and half a second of
import for these forty lines).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Protocol

import attrs
import msgspec
from twisted.internet.interfaces import IReactorTime

from webipy.io.storage.journal_folder import kept
from webipy.core.kernel.host_protocol import SPOOL_PREFIX
from webipy.io.reactor import Run

TICK_SECONDS = 0.02
BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Upper bounds of the histogram, in seconds; 20 ms is what a turn may take."""


@attrs.define(eq=False)
class Pulse:
    """Measures how late the reactor is.

    Args:
        clock: The reactor.
    """

    clock: IReactorTime
    counts: list[int] = attrs.field(factory=lambda: [0] * (len(BUCKETS) + 1))
    total_s: float = 0.0
    longest_s: float = 0.0
    _due: float = 0.0

    def start(self) -> None:
        """Begins to measure; ends with the reactor."""
        self._due = self.clock.seconds() + TICK_SECONDS
        self.clock.callLater(TICK_SECONDS, self._tick)

    def _tick(self) -> None:
        late = max(0.0, self.clock.seconds() - self._due)
        self.counts[bisect_left(BUCKETS, late)] += 1
        self.total_s += late
        self.longest_s = max(self.longest_s, late)
        self.start()


class MeasuredJournal(Protocol):
    """What is measured of a session's journal."""

    durable_seq: int
    fault: str | None


class MeasuredKernel(Protocol):
    """What is measured of a kernel."""

    @property
    def state(self) -> str:
        """Its state, such as `idle`."""


class MeasuredFeed(Protocol):
    """What is measured of a subscription."""

    @property
    def is_paused(self) -> bool:
        """Whether its reader is full."""


class MeasuredSession(Protocol):
    """What is measured of a session."""

    @property
    def kernel(self) -> MeasuredKernel | None:
        """Its kernel, if it has one."""

    @property
    def journal(self) -> MeasuredJournal:
        """Its journal."""

    @property
    def feeds(self) -> Collection[MeasuredFeed]:
        """Its subscriptions."""

    @property
    def seq(self) -> int:
        """Its newest event."""

    @property
    def written(self) -> int:
        """Its newest event that is in the journal."""


class Metrics(msgspec.Struct, frozen=True):
    """The numbers of one server.

    Args:
        sessions: Lists its open sessions.
        pulse: Its reactor.
        hosts: The folder of the kernel hosts, whose spools are counted.
        run: Runs a function that blocks in a thread.
        journals: The folder of the journals; `None` where they are not measured.
    """

    sessions: Callable[[], Collection[MeasuredSession]]
    pulse: Pulse
    hosts: Path
    run: Run
    journals: Path | None = None

    async def text(self) -> bytes:
        """All numbers, in the text format."""
        sizes = await self.run(lambda: (self._journal_bytes(), self._spool_bytes()))
        return self._text(*sizes)

    def _text(self, journal_bytes: int, spool_bytes: int) -> bytes:
        sessions = self.sessions()
        kernels = Counter(s.kernel.state for s in sessions if s.kernel is not None)
        feeds = [feed for session in sessions for feed in session.feeds]
        lines = [
            *_gauge("webipy_sessions", "Open sessions.", [("", len(sessions))]),
            *_gauge(
                "webipy_kernels", "Kernels by state.", [(f'{{state="{k}"}}', n) for k, n in sorted(kernels.items())]
            ),
            *_gauge(
                "webipy_events", "Events in the journals of open sessions.", [("", sum(s.written for s in sessions))]
            ),
            *_gauge(
                "webipy_events_unwritten",
                "Events on their way to the journal.",
                [("", sum(s.seq - s.written for s in sessions))],
            ),
            *_gauge(
                "webipy_events_not_durable",
                "Written events that a power cut could still take.",
                [("", sum(s.written - s.journal.durable_seq for s in sessions))],
            ),
            *_gauge(
                "webipy_journals_failing",
                "Journals that cannot be written now.",
                [("", sum(s.journal.fault is not None for s in sessions))],
            ),
            *_gauge(
                "webipy_journals_bytes", "Room that journals take, also of closed sessions.", [("", journal_bytes)]
            ),
            *_gauge("webipy_feeds", "Subscriptions.", [("", len(feeds))]),
            *_gauge(
                "webipy_feeds_paused",
                "Subscriptions whose reader is full.",
                [("", sum(feed.is_paused for feed in feeds))],
            ),
            *_gauge("webipy_spooled_bytes", "Output that kernel hosts keep in files.", [("", spool_bytes)]),
            *self._reactor(),
        ]
        return ("\n".join(lines) + "\n").encode()

    def _journal_bytes(self) -> int:
        return sum(journal.size_bytes for journal in kept(self.journals)) if self.journals is not None else 0

    def _spool_bytes(self) -> int:
        total = 0
        for spool in self.hosts.glob(f"*/{SPOOL_PREFIX}*"):
            try:
                total += spool.stat().st_size
            except FileNotFoundError:
                continue  # the host was done with it between the two calls
        return total

    def _reactor(self) -> Iterable[str]:
        name, pulse, below = "webipy_reactor_lateness_seconds", self.pulse, 0
        yield f"# HELP {name} How late a tick of {TICK_SECONDS:g} s was: the length of the turns that held it up."
        yield f"# TYPE {name} histogram"
        for bound, count in zip(BUCKETS, pulse.counts, strict=False):
            below += count
            yield f'{name}_bucket{{le="{bound:g}"}} {below}'
        yield f'{name}_bucket{{le="+Inf"}} {sum(pulse.counts)}'
        yield f"{name}_sum {pulse.total_s:.6f}"
        yield f"{name}_count {sum(pulse.counts)}"
        yield from _gauge(
            "webipy_reactor_longest_turn_seconds", "The latest tick since the start.", [("", round(pulse.longest_s, 6))]
        )


def _gauge(name: str, meaning: str, samples: Iterable[tuple[str, float]]) -> Iterable[str]:
    yield f"# HELP {name} {meaning}"
    yield f"# TYPE {name} gauge"
    for labels, value in samples:
        yield f"{name}{labels} {value}"
