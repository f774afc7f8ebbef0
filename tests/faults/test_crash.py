"""`kill -9` of the server, at random moments and between any two of its steps: C1, C2, C3, C4, C6."""

from __future__ import annotations

import threading
import time

from tests.faults import FaultTestCase, counted, counting, rounds
from tests.live import is_a, until

LINES = 600


class Crash(FaultTestCase):
    """The server is killed while kernels work."""

    def test_c4_c6_kill_9_at_random_moments_loses_nothing_and_shows_nothing_twice(self) -> None:
        """Kernels print counters, one waits in input(), cells are queued: every subscriber goes on by its own seq."""
        self.server.start()
        sessions = [self.server.session() for _ in range(2)]
        watchers = [self.subscribe(session) for session in sessions for _ in range(2)]
        for number in range(rounds(3, 100)):
            names = [f"r{number}-{which}" for which in range(2)]
            for session in sessions:
                self.server.call("execution.start", session=session, code=counting(LINES, 0.0005), id=names[0])
                code = "line = input('who? ')\nprint(line)"
                self.server.call("execution.start", session=session, code=code, id=names[1])
            time.sleep(self.random.uniform(0, 0.4))  # the random moment itself
            self.server.kill()
            self.server.start()
            for session, watcher in zip(sessions, watchers[::2], strict=True):
                asked = watcher.until(is_a("input_requested", names[1]), "the prompt")
                self.assertEqual(asked["prompt"], "who? ")
                self.server.call("input.reply", session=session, request=asked["request"], value="ada")
            for watcher in watchers:
                self.assertEqual(watcher.finished(names[0])["status"], "ok")
                self.assertEqual(watcher.finished(names[1])["status"], "ok")
                self.assertEqual(watcher.printed(names[0]), counted(LINES))
                self.assertEqual(watcher.printed(names[1]), "ada\n")
        for session, watcher in zip(sessions, watchers[::2], strict=True):
            events = self.server.events(session)
            self.assertEqual(watcher.events, events[: len(watcher.events)])
            self.assert_once(events)

    def test_c6_what_finished_while_no_server_was_there_is_finished_with_its_own_duration(self) -> None:
        """And what waited in input() still waits, and is answered once."""
        self.server.start()
        session, other = self.server.session(), self.server.session()
        watcher = self.subscribe(session)
        done = self.server.root / "done"
        code = f"import time; time.sleep(.8); print('done'); open({str(done)!r}, 'w').close()"
        self.server.call("execution.start", session=session, code=code, id="slow")
        self.server.call("execution.start", session=session, code="print('next')", id="next")
        self.server.call("execution.start", session=other, code="print(input('? '))", id="asks")
        asked = self.subscribe(other).until(is_a("input_requested", "asks"))
        watcher.until(is_a("execution_started", "slow"))
        self.server.kill()
        until(done.exists, "the code has ended")
        time.sleep(2)  # an absence that would show in a duration
        self.server.start()
        slow = self.server.wait(session, "slow")
        self.assertEqual(slow["status"], "ok")
        self.assertTrue(0.8 <= slow["duration_s"] < 2, slow["duration_s"])
        self.assertEqual(self.server.wait(session, "next")["status"], "ok")
        self.assertEqual(watcher.until(is_a("execution_finished", "next"))["status"], "ok")
        self.server.call("input.reply", session=other, request=asked["request"], value="here")
        self.assertEqual(self.server.wait(other, "asks")["outputs"][0]["text"], "here\n")
        self.refused("not_waiting", "input.reply", session=other, request=asked["request"], value="again")

    def test_c2_the_same_execution_from_everywhere_runs_once(self) -> None:
        """Two clients at once, again after a cut, again after a crash: the side effect happens once."""
        self.server.start()
        session = self.server.session()
        mark = self.server.root / "mark"
        code = f"open({str(mark)!r}, 'a').write('x')"
        for number in range(rounds(2, 30)):
            name = f"e{number}"
            answers: list[dict[str, object]] = []

            def ask(name: str = name, answers: list[dict[str, object]] = answers) -> None:
                answers.append(self.server.call("execution.start", session=session, code=code, id=name))

            askers = [threading.Thread(target=ask) for _ in range(4)]
            for asker in askers:
                asker.start()
            for asker in askers:
                asker.join()
            self.assertEqual(len(answers), 4)
            self.assertEqual(len({str(sorted(answer.items())) for answer in answers}), 1)
            self.server.kill()
            self.server.start()
            again = self.server.call("execution.start", session=session, code=code, id=name)
            self.assertEqual(again, answers[0])
            self.assertEqual(self.server.wait(session, name)["status"], "ok")
            self.assertEqual(mark.read_text(), "x" * (number + 1))
        self.refused("already_exists", "execution.start", session=session, code="1", id="e0")
