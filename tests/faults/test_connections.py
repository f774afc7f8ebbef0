"""Faults of the lines to clients, and floods: readers that sleep, connections that are cut, a server that stops. C4, C5."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from unittest import SkipTest

from tests.faults import IS_FULL, CuttingProxy, FaultTestCase, counted, counting, rounds
from tests.live import is_a, rss_mb, until

MEGABYTE = 1_000_000


class Lines(FaultTestCase):
    """One server, one session."""

    def setUp(self) -> None:
        super().setUp()
        self.server.start()
        self.session = self.server.session()

    def test_c5_a_reader_that_sleeps_costs_nothing_and_gets_everything_when_it_wakes(self) -> None:
        """The server's memory stays, another client sees everything meanwhile and is answered at once."""
        megabytes = rounds(20, 200)
        sleeper = self.subscribe(self.session, receive_bytes=4096)
        sleeper.until(is_a("execution_finished", "warm"))
        sleeper.is_awake.clear()
        other = self.subscribe(self.session)
        before = rss_mb(self.server.pid)
        code = f"for i in range({megabytes}): print('%06d' % i + 'x' * {MEGABYTE - 7}, flush=True)"
        self.server.call("execution.start", session=self.session, code=code, id="flood")
        other.finished("flood")
        until(lambda: self.server.call("session.get", session=self.session)["kernel"]["state"] == "idle", "it is idle")
        self.assertEqual(len(other.printed("flood")), megabytes * MEGABYTE)
        self.assertLess(rss_mb(self.server.pid) - before, 100)
        self.assertFalse([event for event in sleeper.events if event["type"] == "execution_finished"][1:])
        sleeper.is_awake.set()
        sleeper.finished("flood")
        self.assertEqual(sleeper.events, other.events[: len(sleeper.events)])

    def test_c4_a_connection_that_is_cut_every_few_bytes_loses_nothing(self) -> None:
        """Each time at another place, in the middle of frames; the client goes on by its own seq."""
        cuts = rounds(50, 1000)
        most = (2_000, 8_000, 60_000)  # an event must fit at times
        proxy = CuttingProxy(self.server, lambda: self.random.randrange(400, self.random.choice(most)))
        self.addCleanup(proxy.close)
        watcher = self.subscribe(self.session, port=proxy.port)
        round_ = 0
        while proxy.cuts < cuts:
            round_ += 1
            self.server.call("execution.start", session=self.session, code=counting(2000), id=f"r{round_}")
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
            self.server.call("execution.start", session=self.session, code=code, id=name)
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

    def test_c6_sigterm_in_a_flood_stops_in_order_and_loses_nothing(self) -> None:
        """The kernel goes on; the next server takes over what it printed meanwhile."""
        watcher = self.subscribe(self.session)
        lines = rounds(10_000, 30_000)
        for number in range(rounds(1, 10)):
            name = f"r{number}"
            self.server.call("execution.start", session=self.session, code=counting(lines), id=name)
            watcher.until(is_a("output_added", name))
            self.server.stop()
            self.assertNotIn("did not stop in order", self.server.log)
            self.assertFalse((self.server.state / "server.json").exists())
            self.server.start()
            self.assertEqual(watcher.finished(name)["status"], "ok")
            self.assertEqual(watcher.printed(name), counted(lines))

    def test_c4_a_line_that_is_dead_without_a_word_is_given_up_by_both(self) -> None:
        """No byte comes through and no end either: the server lets the reader go, the command connects again and misses nothing."""
        if not IS_FULL:
            raise SkipTest("takes 40 s: make faults")
        proxy = CuttingProxy(self.server, lambda: None)
        self.addCleanup(proxy.close)
        before = self.feeds()
        token = self.server.root / "token"
        token.write_text(self.server.token)
        webipy = [str(Path(sys.executable).with_name("webipy")), "exec", "--url", f"http://127.0.0.1:{proxy.port}"]
        options = ["--token-file", str(token), "-s", self.session]
        code = "import time\nfor i in range(600): print(i, flush=True); time.sleep(0.1)"
        command = subprocess.Popen([*webipy, *options, code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(command.kill)
        until(lambda: self.feeds() == before + 1, "the command follows")
        assert command.stdout is not None
        self.assertEqual(command.stdout.readline(), "0\n")
        proxy.swallow()
        until(lambda: self.feeds() == before, "the server has let the dead reader go", patience_s=45)
        rest, told = command.communicate(timeout=120)
        self.assertEqual("0\n" + rest, counted(600), told)
        self.assertEqual(command.returncode, 0, told)

    def feeds(self) -> int:
        """How many subscriptions the server has."""
        headers = {"Authorization": f"Bearer {self.server.token}"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.server.port}/metrics", headers=headers)
        with urllib.request.urlopen(request) as answer:
            found = re.search(r"^webipy_feeds (\d+)$", answer.read().decode(), re.MULTILINE)
        assert found is not None
        return int(found[1])

    def test_c4_everybody_comes_back_at_once_after_a_crash(self) -> None:
        """All clients connect in the moment in which the new server listens: it takes them all in, and none misses a line."""
        clients = rounds(40, 400)
        self.server.call("execution.start", session=self.session, code=counting(100, 0.02), id="before")
        watchers = [self.subscribe(self.session) for _ in range(clients)]
        for watcher in watchers:
            watcher.until(is_a("output_added", "before"))
        self.server.kill()
        self.server.start()
        self.server.call("execution.start", session=self.session, code=counting(100), id="after")
        for watcher in watchers:
            watcher.finished("after")
        for watcher in watchers:
            self.assertEqual((watcher.printed("before"), watcher.printed("after")), (counted(100), counted(100)))

    def test_c5_a_stopped_client_is_found_and_let_go(self) -> None:
        """A subscriber that stopped reading: nobody else waits for it, and a new line goes on by seq."""
        sleeper = self.subscribe(self.session, receive_bytes=4096)
        sleeper.until(is_a("execution_finished", "warm"))
        sleeper.is_awake.clear()
        lines = rounds(5_000, 20_000)
        found = self.server.run(self.session, counting(lines), "flood")
        self.assertEqual(found["status"], "ok")
        sleeper.is_awake.set()
        sleeper.cut()
        self.assertEqual(sleeper.finished("flood")["status"], "ok")
        self.assertEqual(sleeper.printed("flood"), counted(lines))


class Stopping(FaultTestCase):
    """A server that ends while it starts, and one that is told twice."""

    def test_c6_two_signals_and_a_start_on_the_same_state(self) -> None:
        """SIGTERM twice, then the next server: nothing is wrong with the state."""
        self.server.start()
        session = self.server.session()
        assert self.server.process is not None
        self.server.process.send_signal(signal.SIGTERM)
        self.server.stop()
        self.server.start()
        self.assertEqual(self.server.run(session, "1", "one")["status"], "ok")
