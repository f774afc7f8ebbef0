"""webipy.server.sessions.feed, a crowd of them: at once for a few, in pauses for many, and every event once for everybody."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import RigTestCase, examples
from tests.test_feed import Log
from webipy.server.sessions.feed import CROWD, EACH_SECONDS, TAIL_BYTES, FanOut, Feed

MANY = 100
PAUSE = MANY * EACH_SECONDS


class Fans:
    """A session with some subscribers."""

    def __init__(self, subscribers: int) -> None:
        self.clock, self.log = Clock(), Log()
        self.sent: list[list[bytes]] = [[] for _ in range(subscribers)]
        self.feeds = {Feed(self.log, sent.append, 1, lambda call: self.clock.callLater(0, call)) for sent in self.sent}
        self.fan_out = FanOut(self.log, self.feeds, self.clock.seconds, lambda s, call: self.clock.callLater(s, call))

    def write(self, count: int = 1, size: int = 20, *, is_last: bool = False) -> None:
        """Some events are written."""
        self.log.write(count, size)
        self.fan_out.notify(is_last=is_last)

    def messages(self) -> set[int]:
        """How many notifications the subscribers have got."""
        return {len(sent) for sent in self.sent}

    def seqs(self) -> list[list[int]]:
        """What each has got."""
        bodies = [[json.loads(message)["params"]["events"] for message in sent] for sent in self.sent]
        return [[event["seq"] for events in one for event in events] for one in bodies]


class Pauses(SynchronousTestCase):
    """When feeds are woken."""

    def test_a_few_are_sent_each_event_at_once(self) -> None:
        """As it is written."""
        fans = Fans(CROWD)
        for _ in range(3):
            fans.write()
        self.assertEqual(fans.messages(), {3})
        self.assertEqual(fans.clock.getDelayedCalls(), [])

    def test_many_are_sent_what_came_in_a_pause_together(self) -> None:
        """The first at once; the rest in one notification, the same bytes for all."""
        fans = Fans(MANY)
        for _ in range(5):
            fans.write()
        self.assertEqual(fans.messages(), {1})
        fans.clock.advance(PAUSE * 0.9)
        self.assertEqual(fans.messages(), {1})
        fans.clock.advance(PAUSE * 0.2)
        self.assertEqual(fans.seqs(), [[1, 2, 3, 4, 5]] * MANY)
        self.assertEqual(fans.messages(), {2})
        self.assertEqual(len({id(sent[1]) for sent in fans.sent}), 1)
        self.assertEqual(fans.clock.getDelayedCalls(), [])

    def test_after_a_pause_the_next_is_sent_at_once(self) -> None:
        """Who types alone is not seen later."""
        fans = Fans(MANY)
        fans.write()
        fans.clock.advance(PAUSE)
        fans.write()
        self.assertEqual(fans.messages(), {2})

    def test_the_last_events_are_not_held_back(self) -> None:
        """Those of a session that is closed, with what waited; nothing is sent again at the end of the pause."""
        fans = Fans(MANY)
        fans.write()
        fans.write()
        fans.write(is_last=True)
        self.assertEqual(fans.seqs(), [[1, 2, 3]] * MANY)
        fans.clock.advance(PAUSE)
        self.assertEqual(fans.messages(), {2})

    def test_the_newest_events_that_are_kept_are_trimmed(self) -> None:
        """At the end of the pause, when they were sent; with nobody, too."""
        for subscribers in (0, MANY):
            fans = Fans(subscribers)
            for _ in range(4):
                fans.write(1, TAIL_BYTES // 2)
            fans.clock.advance(PAUSE)
            self.assertIsNone(fans.log.tail.message_from(1))
            self.assertIsNotNone(fans.log.tail.message_from(4))

    @given(st.lists(st.tuples(st.integers(1, 3), st.floats(0, PAUSE * 1.5)), max_size=12))
    @examples(50)
    def test_everybody_gets_every_event_once(self, writes: list[tuple[int, float]]) -> None:
        """However they are written."""
        fans = Fans(CROWD + 1)
        for count, seconds in writes:
            fans.write(count)
            fans.clock.advance(seconds)
        fans.clock.advance(PAUSE)
        self.assertEqual(fans.seqs(), [list(range(1, fans.log.written + 1))] * (CROWD + 1))


class InASession(RigTestCase):
    """What subscribers of a server see."""

    def test_a_crowd_sees_all_up_to_the_end(self) -> None:
        """Edits in pauses, and the end of the session."""
        session = self.rig.session()
        cell = self.rig.me.call("cell.insert", session=session)["cell"]
        crowd = [self.rig.client() for _ in range(CROWD + 5)]
        for one in crowd:
            one.call("session.subscribe", session=session, since=None)
        for version in range(3):
            self.rig.me.call(
                "cell.edit",
                session=session,
                cell=cell,
                version=version,
                changes=[[version, [0, "x"]] if version else [[0, "x"]]],
            )
        self.rig.clock.advance(len(crowd) * EACH_SECONDS)
        self.assertEqual({len(one.notified()) for one in crowd}, {3})
        self.rig.me.call("cell.set_source", session=session, cell=cell, source="y")
        self.rig.me.call("session.close", session=session)
        self.assertEqual({one.notified()[-1]["type"] for one in crowd}, {"session_closed"})
