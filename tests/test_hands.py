"""webipy.server.people.hands: who asks for what, whatever comes after what; and that no hand ever gives a right."""

from __future__ import annotations

from random import Random

from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import Client, Refused, RigTestCase
from tests.test_shares import come, secret_of
from webipy.core import errors
from webipy.core.api.access import RANK, Verb
from webipy.core.api.people_calls import Wish
from webipy.server.people.hands import ASK_SECONDS, AWAY_SECONDS, Hands

ROUNDS = 20
STEPS = 60


class OneHand(SynchronousTestCase):
    """A person in a session."""

    def setUp(self) -> None:
        self.now = 0.0
        self.hands = Hands(lambda: self.now)

    def state(self, session: str = "s") -> tuple[str, str] | None:
        """What the hand says."""
        hand = self.hands.of(session, "p")
        return None if hand is None else (hand.verb, hand.state)

    def test_from_a_question_to_a_no(self) -> None:
        """And after a minute to the next question, for something else."""
        self.hands.ask("s", "p", "write")
        self.assertEqual((self.state(), self.state("other")), (("write", "waiting"), None))
        self.hands.decline("s", "p")
        self.assertEqual(self.state(), ("write", "declined"))
        self.assertRaises(errors.NotFound, self.hands.decline, "s", "p")
        self.now += ASK_SECONDS - 0.5
        fault = self.assertRaises(errors.Throttled, self.hands.ask, "s", "p", "execute")
        self.assertIn("in 1 s", str(fault))
        self.now += 0.5
        self.hands.ask("s", "p", "execute")
        self.assertEqual(self.state(), ("execute", "waiting"))

    def test_the_minute_is_that_of_the_person(self) -> None:
        """In whichever session; whoever was allowed what they asked for may ask at once, others are not held up."""
        self.hands.ask("s", "p", "write")
        self.hands.lower("s", "p")
        self.assertRaises(errors.Throttled, self.hands.ask, "other", "p", "write")
        self.hands.ask("s", "q", "write")
        self.hands.allowed("s", "p")
        self.assertRaises(errors.Throttled, self.hands.ask, "s", "p", "write")
        self.hands.allowed("s", "q")
        self.hands.ask("s", "q", "execute")

    def test_away(self) -> None:
        """A short while is nothing; after a long one there is no hand, and nobody is remembered."""
        self.hands.ask("s", "p", "write")
        self.hands.left("s", "p")
        self.assertRaises(errors.NotFound, self.hands.decline, "s", "p")
        self.now += AWAY_SECONDS - 1
        self.hands.came("s", "p")
        self.hands.decline("s", "p")
        self.hands.left("s", "p")
        self.now += AWAY_SECONDS
        self.hands.came("s", "p")
        self.assertIsNone(self.state())
        self.now += ASK_SECONDS
        self.hands.ask("s", "q", "write")
        self.assertEqual((len(self.hands._hands), len(self.hands._asked)), (1, 1))


class AnyOrder(RigTestCase):
    """Guests who come, ask, take back and leave, and an owner who allows, lowers, declines and removes."""

    def test_nobody_has_more_than_they_were_allowed(self) -> None:
        """A model of a few lines says what each may do after every step; each seed is another sequence."""
        for seed in range(ROUNDS):
            with self.subTest(seed=seed):
                self.walk(Random(seed))

    def walk(self, random: Random) -> None:
        """One sequence."""
        me, session = self.rig.me, self.rig.session()
        me.call("session.subscribe", session=session)
        url = me.call("share.link", session=session, verb="read")["url"]
        guests = [come(self.rig, secret_of(url), f"guest {number}") for number in range(3)]
        held: dict[str, Verb] = {guest.principal.login: "read" for guest in guests}
        for guest in guests:
            guest.client.call("session.subscribe", session=session)
        for _ in range(STEPS):
            guest = random.choice(guests)
            login, client = guest.principal.login, guest.client
            match random.randrange(7):
                case 0 | 1:
                    wish: Wish = random.choice(("write", "execute"))
                    self.tolerated(client, "presence.ask", session=session, verb=wish)
                case 2:
                    self.tolerated(client, "presence.withdraw", session=session)
                case 3:
                    self.tolerated(me, "presence.decline", session=session, person=login)
                case 4:
                    verb: Verb = random.choice(("read", "write", "execute"))
                    if self.tolerated(me, "presence.allow", session=session, person=login, verb=verb):
                        held[login] = verb
                case 5:
                    self.tolerated(client, "session.unsubscribe", session=session)
                    self.rig.clock.advance(random.choice((1.0, AWAY_SECONDS, ASK_SECONDS)))
                    self.tolerated(client, "session.subscribe", session=session)
                case 6:
                    if random.random() < 0.2 and self.tolerated(me, "presence.remove", session=session, person=login):
                        held[login] = "none"
            for one in guests:
                found = self.rig.services.logins.refresh(one.principal)
                verb_now: Verb = "none" if found is None else found.verb
                self.assertEqual(RANK[verb_now], RANK[held[one.principal.login]])

    def tolerated(self, client: Client, method: str, **params: object) -> bool:
        """Makes a call; returns whether it was carried out."""
        try:
            client.call(method, **params)
        except Refused as refusal:
            self.assertNotEqual(refusal.name, "internal_error")
            return False
        return True
