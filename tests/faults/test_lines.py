"""Faults of the lines to clients, and floods: readers that sleep, connections that are cut, a server that stops. C4, C5."""

from __future__ import annotations

import signal

from tests.faults import CuttingProxy, FaultTestCase, counted, counting, is_a, rounds, rss_mb, until

MEGABYTE = 1_000_000


class Lines(FaultTestCase):
    """One server, one session."""

    def setUp(self) -> None:
        super().setUp()
        self.stage.start()
        self.session = self.stage.session()

    def test_c5_a_reader_that_sleeps_costs_nothing_and_gets_everything_when_it_wakes(self) -> None:
        """The server's memory stays, another client sees everything meanwhile and is answered at once."""
        megabytes = rounds(20, 200)
        sleeper = self.subscribe(self.session, receive_bytes=4096)
        sleeper.until(is_a("execution_finished", "warm"))
        sleeper.is_awake.clear()
        other = self.subscribe(self.session)
        before = rss_mb(self.stage.pid)
        code = f"for i in range({megabytes}): print('%06d' % i + 'x' * {MEGABYTE - 7}, flush=True)"
        self.stage.call("execution.start", session=self.session, code=code, id="flood")
        other.finished("flood")
        until(lambda: self.stage.call("session.get", session=self.session)["kernel"]["state"] == "idle", "it is idle")
        self.assertEqual(len(other.printed("flood")), megabytes * MEGABYTE)
        self.assertLess(rss_mb(self.stage.pid) - before, 100)
        self.assertFalse([event for event in sleeper.events if event["type"] == "execution_finished"][1:])
        sleeper.is_awake.set()
        sleeper.finished("flood")
        self.assertEqual(sleeper.events, other.events[: len(sleeper.events)])

    def test_c4_a_connection_that_is_cut_every_few_bytes_loses_nothing(self) -> None:
        """Each time at another place, in the middle of frames; the client goes on by its own seq."""
        cuts = rounds(50, 1000)
        proxy = CuttingProxy(self.stage, lambda: self.random.randrange(400, 60_000))  # an event must fit at times
        self.addCleanup(proxy.close)
        watcher = self.subscribe(self.session, port=proxy.port)
        round_ = 0
        while proxy.cuts < cuts:
            round_ += 1
            self.stage.call("execution.start", session=self.session, code=counting(2000), id=f"r{round_}")
            self.assertEqual(watcher.finished(f"r{round_}")["status"], "ok")
            self.assertEqual(watcher.printed(f"r{round_}"), counted(2000))
        self.assertGreaterEqual(watcher.connections, cuts)

    def test_c5_a_flood_comes_whole_to_two_subscribers(self) -> None:
        """Displays, lines and large prints: as many as were made, in their order."""
        displays, lines, prints = rounds(2_000, 20_000), rounds(20_000, 200_000), rounds(10, 100)
        table = [
            (f"from IPython.display import display\nfor i in range({displays}): display(i)", "displays"),
            (counting(lines, is_flushed=False), "lines"),
            (f"for i in range({prints}): print('%06d' % i + 'x' * {MEGABYTE - 7}, flush=True)", "prints"),
        ]
        watchers = [self.subscribe(self.session) for _ in range(2)]
        for code, name in table:
            self.stage.call("execution.start", session=self.session, code=code, id=name)
        for watcher in watchers:
            watcher.finished("prints")
            shown = [
                event["output"]["data"]["text/plain"]
                for event in watcher.events
                if event["type"] == "output_added" and event["execution"] == "displays"
            ]
            self.assertEqual(shown, [str(number) for number in range(displays)])
            self.assertEqual(watcher.printed("lines"), counted(lines))
            text = watcher.printed("prints")
            self.assertEqual(len(text), prints * MEGABYTE)
            self.assertEqual([int(text[i * MEGABYTE :][:6]) for i in range(prints)], list(range(prints)))

    def test_c6_sigterm_in_a_flood_stops_within_10_s_and_loses_nothing(self) -> None:
        """The kernel goes on; the next server takes over what it printed meanwhile."""
        watcher = self.subscribe(self.session)
        for number in range(rounds(1, 10)):
            name = f"r{number}"
            self.stage.call("execution.start", session=self.session, code=counting(30_000), id=name)
            watcher.until(is_a("output_added", name))
            self.assertLess(self.stage.stop(), 10)
            self.assertFalse((self.stage.state / "server.json").exists())
            self.stage.start()
            self.assertEqual(watcher.finished(name)["status"], "ok")
            self.assertEqual(watcher.printed(name), counted(30_000))

    def test_c5_a_stopped_client_is_found_and_let_go(self) -> None:
        """A subscriber whose line is dead without a word: nobody else waits for it, and a new line goes on by seq."""
        sleeper = self.subscribe(self.session, receive_bytes=4096)
        sleeper.until(is_a("execution_finished", "warm"))
        sleeper.is_awake.clear()
        found = self.stage.run(self.session, counting(20_000), "flood")
        self.assertEqual(found["status"], "ok")
        sleeper.is_awake.set()
        sleeper.cut()
        self.assertEqual(sleeper.finished("flood")["status"], "ok")
        self.assertEqual(sleeper.printed("flood"), counted(20_000))


class Stopping(FaultTestCase):
    """A server that ends while it starts, and one that is told twice."""

    def test_c6_two_signals_and_a_start_on_the_same_state(self) -> None:
        """SIGTERM twice, then the next server: nothing is wrong with the state."""
        self.stage.start()
        session = self.stage.session()
        assert self.stage.process is not None
        self.stage.process.send_signal(signal.SIGTERM)
        self.stage.stop()
        self.stage.start()
        self.assertEqual(self.stage.run(session, "1", "one")["status"], "ok")
