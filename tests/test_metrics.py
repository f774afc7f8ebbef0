"""webipy.io.web.metrics: how late the reactor is, and the numbers of a server in Prometheus' text format."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
from twisted.internet.defer import Deferred, execute
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from webipy.io.web.metrics import BUCKETS, TICK_SECONDS, Metrics, Pulse


class SlowClock(Clock):
    """A clock whose calls come late by what the test says."""

    def late(self, seconds: float) -> None:
        """The next tick comes so much later than it should."""
        self.rightNow += TICK_SECONDS + seconds
        self.advance(0)


class PulseTests(SynchronousTestCase):
    """The reactor's lateness."""

    def test_each_tick_counts_in_the_bucket_of_its_lateness(self) -> None:
        """A bound belongs to its bucket; what is later than all bounds counts, too; what is early is not late."""
        clock = SlowClock()
        pulse = Pulse(clock)
        pulse.start()
        for late in (0.0005, 0.015, 0.015, 2.0):
            clock.late(late)
        counts = {bound: count for bound, count in zip((*BUCKETS, None), pulse.counts, strict=True) if count}
        self.assertEqual(counts, {0.001: 1, 0.02: 2, None: 1})
        self.assertAlmostEqual(pulse.total_s, 2.0305)
        self.assertAlmostEqual(pulse.longest_s, 2.0)
        pulse._due = clock.seconds() + 5
        clock.late(0)
        self.assertAlmostEqual(pulse.total_s, 2.0305)
        self.assertEqual(pulse.counts[0], 2)

    def test_a_late_tick_does_not_make_the_next_one_late(self) -> None:
        """One long turn counts once."""
        clock = SlowClock()
        pulse = Pulse(clock)
        pulse.start()
        clock.late(1.0)
        for _ in range(5):
            clock.advance(TICK_SECONDS)
        self.assertEqual((sum(pulse.counts), pulse.counts[0] + pulse.counts[1]), (6, 5))


@attrs.define
class Journal:
    """A session's journal."""

    durable_seq: int
    fault: str | None = None


@attrs.define
class Kernel:
    """A session's kernel."""

    state: str


@attrs.define
class Subscription:
    """A feed."""

    is_paused: bool


@attrs.define
class Open:
    """A session."""

    seq: int
    written: int
    journal: Journal
    kernel: Kernel | None = None
    feeds: tuple[Subscription, ...] = ()


class Numbers(SynchronousTestCase):
    """`Metrics`."""

    def setUp(self) -> None:
        self.hosts = Path(self.mktemp())
        self.journals = Path(self.mktemp())
        self.sessions: list[Open] = []
        self.pulse = Pulse(Clock())

    def text(self, journals: Path | None = None, run: Callable[..., Deferred[Any]] = execute) -> str:
        """All numbers, as they are sent."""
        metrics = Metrics(lambda: self.sessions, self.pulse, self.hosts, run, journals)
        return self.successResultOf(Deferred.fromCoroutine(metrics.text())).decode()

    def numbers(self, journals: Path | None = None) -> dict[str, float]:
        """The samples by name and labels; every line is one, or describes one that follows."""
        found, described = dict[str, float](), set[str]()
        for line in self.text(journals).splitlines():
            head = re.fullmatch(r"# (?:HELP|TYPE) (webipy_\w+) .+", line)
            if head is not None:
                described.add(head[1])
                continue
            sample = re.fullmatch(r"((webipy_\w+?)(?:_bucket|_sum|_count)?(?:\{[a-z]+=\"[^\"]*\"\})?) ([\d.]+)", line)
            assert sample is not None, line
            self.assertIn(sample[2], described)
            found[sample[1]] = float(sample[3])
        return found

    def test_a_server_without_sessions(self) -> None:
        """Zeros; also where nothing was made on the disk yet, and where journals are not measured."""
        for journals in (None, self.journals):
            numbers = self.numbers(journals)
            self.assertEqual(set(numbers.values()), {0.0})
            self.assertIn("webipy_journals_bytes", numbers)

    def test_what_the_sessions_do(self) -> None:
        """Kernels by state; events by how far they are; what cannot be written; who does not read."""
        feeds = (Subscription(False), Subscription(True), Subscription(True))
        self.sessions = [
            Open(10, 8, Journal(5), Kernel("idle"), feeds[:1]),
            Open(20, 20, Journal(20, "No space left on device"), Kernel("busy"), feeds[1:]),
            Open(3, 3, Journal(3), Kernel("idle")),
            Open(1, 1, Journal(1)),
        ]
        numbers = self.numbers()
        wanted = {
            "webipy_sessions": 4, 'webipy_kernels{state="busy"}': 1, 'webipy_kernels{state="idle"}': 2, "webipy_events": 32,
            "webipy_events_unwritten": 2, "webipy_events_not_durable": 3, "webipy_journals_failing": 1, "webipy_feeds": 3,
            "webipy_feeds_paused": 2,
        }  # fmt: skip
        self.assertEqual({name: numbers[name] for name in wanted}, wanted)

    def test_what_is_on_the_disk(self) -> None:
        """Spools of all kernel hosts, and all that belongs to journals; a spool that goes meanwhile is nothing."""
        for name, size in (("k1/spool-1", 10), ("k1/spool-2", 20), ("k2/spool-1", 5), ("k2/host.json", 100)):
            path = self.hosts / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(bytes(size))
        (self.hosts / "k2" / "spool-9").symlink_to("nowhere")
        self.journals.mkdir()
        (self.journals / "a.sqlite").write_bytes(bytes(7))
        (self.journals / "a.blobs").mkdir()
        (self.journals / "a.blobs" / "x").write_bytes(bytes(1000))
        folder = (self.journals / "a.blobs").stat().st_size
        numbers = self.numbers(self.journals)
        self.assertEqual((numbers["webipy_spooled_bytes"], numbers["webipy_journals_bytes"]), (35, 1007 + folder))

    def test_the_disk_is_read_in_a_thread(self) -> None:
        """And the sessions are looked at after it, all at one moment."""
        asked: list[Callable[[], Any]] = []
        waiting: Deferred[Any] = Deferred()

        def run(call: Callable[[], Any]) -> Deferred[Any]:
            asked.append(call)
            return waiting

        metrics = Metrics(lambda: self.sessions, self.pulse, self.hosts, run)
        text = Deferred.fromCoroutine(metrics.text())
        self.assertNoResult(text)
        self.sessions = [Open(1, 1, Journal(1))]
        waiting.callback(asked[0]())
        self.assertIn(b"webipy_sessions 1\n", self.successResultOf(text))

    def test_the_histogram_adds_up(self) -> None:
        """Each bucket has all that is not later than its bound, the last one all."""
        self.pulse.counts = [5, 4, 3, 2, 1, 0, 0, 0, 0, 0, 7]
        self.pulse.total_s, self.pulse.longest_s = 12.5, 3.25
        numbers, name = self.numbers(), "webipy_reactor_lateness_seconds"
        buckets = [numbers[f'{name}_bucket{{le="{bound:g}"}}'] for bound in BUCKETS]
        self.assertEqual(buckets, [5, 9, 12, 14, 15, 15, 15, 15, 15, 15])
        self.assertEqual(numbers[f'{name}_bucket{{le="+Inf"}}'], 22)
        self.assertEqual((numbers[f"{name}_count"], numbers[f"{name}_sum"]), (22, 12.5))
        self.assertEqual(numbers["webipy_reactor_longest_turn_seconds"], 3.25)
        self.assertTrue(self.text().endswith("\n"))
