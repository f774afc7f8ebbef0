"""webipy.server.people.presence and presence.set: who is in a session, where, and what it costs to tell."""

from __future__ import annotations

import json
from typing import Any

import attrs

from tests.fakes import Client, RigTestCase
from tests.test_shares import Came, come, secret_of
from webipy.server.people.hands import ASK_SECONDS, AWAY_SECONDS
from webipy.server.people.presence import CROWD, IDLE_SECONDS, LEAD_SECONDS, MAX_LISTED, NOTIFY_SECONDS


class PeopleTestCase(RigTestCase):
    """A session, with its owner in it."""

    def setUp(self) -> None:
        super().setUp()
        self.session = self.rig.session()
        self.me = self.rig.me
        self.follow(self.me)

    def follow(self, client: Client) -> Client:
        """Follows the session."""
        client.call("session.subscribe", session=self.session)
        return client

    def guest(self, verb: str = "read", name: str = "Grace") -> Came:
        """Somebody who came by a link, and follows."""
        told = self.me.call("share.link", session=self.session, verb=verb)
        grace = come(self.rig, secret_of(told["url"]), name)
        self.follow(grace.client)
        return grace

    def tick(self, seconds: float = 1.0) -> None:
        """Lets time pass, in steps that nobody oversleeps."""
        for _ in range(20):
            self.rig.clock.advance(seconds / 20)

    def told(self, client: Client) -> list[dict[str, Any]]:
        """The notifications `presence` that came to somebody, since the last look."""
        found = [json.loads(body) for body in client.sent]
        client.sent[:] = [body for body in client.sent if json.loads(body)["method"] != "presence"]
        return [message["params"] for message in found if message["method"] == "presence"]

    def newest(self, client: Client) -> dict[str, dict[str, Any]]:
        """Whom somebody sees now, by name."""
        self.tick()
        return {person["name"]: person for person in self.told(client)[-1]["people"]}


class Coming(PeopleTestCase):
    """Who is there."""

    def test_who_is_alone_is_told_nothing(self) -> None:
        """Whatever they do."""
        self.me.call("presence.set", session=self.session, cell="a")
        self.tick(2 * IDLE_SECONDS)
        self.assertEqual(self.told(self.me), [])

    def test_somebody_comes_and_goes(self) -> None:
        """Each sees all, with the right and whether it is a guest, and knows which is their own."""
        grace = self.guest("write")
        self.tick()
        (mine,), (theirs,) = self.told(self.me), self.told(grace.client)
        self.assertEqual(mine["people"], theirs["people"])
        self.assertEqual((mine["session"], mine["more"]), (self.session, 0))
        by_id = {person["id"]: person for person in mine["people"]}
        self.assertEqual(
            by_id[theirs["you"]],
            {
                "id": theirs["you"],
                "person": grace.principal.login,
                "name": "Grace (guest)",
                "verb": "write",
                "is_guest": True,
                "cell": None,
                "selection": None,
                "is_idle": False,
                "asks": None,
                "asks_for": None,
                "view": None,
                "follows": None,
            },
        )
        self.assertEqual(
            {key: by_id[mine["you"]][key] for key in ("person", "name", "verb", "is_guest")},
            {"person": "owner", "name": "ada", "verb": "own", "is_guest": False},
        )
        grace.client.connection.leave()
        self.assertEqual(list(self.newest(self.me)), ["ada"])
        self.me.call("presence.set", session=self.session)
        self.tick()
        self.assertEqual(self.told(self.me), [], "alone again")

    def test_a_guest_who_is_alone_is_told(self) -> None:
        """Their right may change."""
        grace = self.guest()
        self.me.call("session.unsubscribe", session=self.session)
        (share,) = self.me.call("share.list", session=self.session)["shares"]
        self.assertEqual(self.newest(grace.client)["Grace (guest)"]["verb"], "read")
        self.me.call("share.set", session=self.session, share=share["id"], verb="execute")
        self.assertEqual(self.newest(grace.client)["Grace (guest)"]["verb"], "execute")

    def test_two_pages_of_one_person_are_two_places(self) -> None:
        """With one `person`."""
        second = self.follow(self.rig.client())
        self.tick()
        (told,) = self.told(second)
        self.assertEqual([person["person"] for person in told["people"]], ["owner", "owner"])
        self.assertEqual(len({person["id"] for person in told["people"]}), 2)

    def test_to_follow_again_keeps_the_seat(self) -> None:
        """A page that fills a gap does not go and come."""
        grace = self.guest()
        grace.client.call("presence.set", session=self.session, cell="a")
        before = self.newest(self.me)
        self.follow(grace.client)
        self.me.call("presence.set", session=self.session)
        self.assertEqual(self.newest(self.me)["Grace (guest)"], before["Grace (guest)"])

    def test_who_is_thrown_out_is_not_there(self) -> None:
        """At the next word, though their connection may not be closed yet."""
        self.guest()
        (share,) = self.me.call("share.list", session=self.session)["shares"]
        self.assertEqual(len(self.newest(self.me)), 2)
        self.me.call("share.revoke", session=self.session, share=share["id"])
        self.me.call("presence.set", session=self.session)
        self.assertEqual(list(self.newest(self.me)), ["ada"])

    def test_sessions_do_not_mix(self) -> None:
        """Who is in another one sees and tells nothing."""
        other = self.rig.session()
        far = self.rig.client()
        far.call("session.subscribe", session=other)
        grace = self.guest()
        self.assertEqual(len(self.newest(grace.client)), 2)
        self.assertEqual(self.told(far), [])

    def test_only_who_follows_has_a_place(self) -> None:
        """By POST there is none, and after the end of a subscription."""
        self.refused("invalid_request", "presence.set", self.rig.client(), session=self.session)
        self.refused("invalid_request", "presence.set", self.rig.client(can_notify=False), session=self.session)
        self.me.call("session.unsubscribe", session=self.session)
        self.refused("invalid_request", "presence.set", session=self.session)


class Moving(PeopleTestCase):
    """Where they are."""

    def test_cell_and_selection(self) -> None:
        """As they were set; nothing of it is in the journal."""
        before = list(self.rig.journal.bodies)
        grace = self.guest()
        selection = {"anchor": 3, "head": 0, "version": 2}
        grace.client.call("presence.set", session=self.session, cell="a", selection=selection)
        told = self.newest(self.me)["Grace (guest)"]
        self.assertEqual((told["cell"], told["selection"]), ("a", selection))
        grace.client.call("presence.set", session=self.session)
        told = self.newest(self.me)["Grace (guest)"]
        self.assertEqual((told["cell"], told["selection"]), (None, None))
        self.assertEqual(self.rig.journal.bodies, before)

    def test_wrong_places_are_refused(self) -> None:
        """A table; sizes too."""
        good: dict[str, Any] = {"anchor": 0, "head": 0, "version": 0}
        wrong: list[dict[str, Any]] = [
            {"cell": "x" * 201},
            {"cell": 5},
            {"selection": {**good, "anchor": -1}},
            {"selection": {**good, "head": 2**40}},
            {"selection": {**good, "x": 1}},
            {"selection": {"anchor": 0, "head": 0}},
        ]
        for params in wrong:
            call: Any = {"session": self.session, **params}
            self.refused("invalid_params", "presence.set", **call)

    def test_many_moves_are_one_word(self) -> None:
        """Once in `NOTIFY_SECONDS`, and the last one is told."""
        grace = self.guest()
        self.tick()
        self.told(self.me)
        for number in range(50):
            grace.client.call("presence.set", session=self.session, cell=f"c{number}")
        self.rig.clock.advance(NOTIFY_SECONDS)
        (told,) = self.told(self.me)
        self.assertIn("c49", [person["cell"] for person in told["people"]])
        self.tick()
        self.assertEqual(self.told(self.me), [])

    def test_a_slow_reader_has_one_word_waiting(self) -> None:
        """Whatever has happened meanwhile."""
        grace = self.guest()
        self.tick()
        self.told(self.me)
        self.me.connection.pause()
        for number in range(50):
            grace.client.call("presence.set", session=self.session, cell=f"c{number}")
            self.tick(2 * NOTIFY_SECONDS)
        self.assertEqual(len(self.me.connection._held), 1)
        self.me.connection.resume()
        (told,) = self.told(self.me)
        self.assertEqual(told["people"][0]["cell"], "c49")

    def test_idle(self) -> None:
        """Told when it begins and when it ends, and not in between."""
        grace = self.guest()
        self.me.call("presence.set", session=self.session, cell="a")
        grace.client.call("presence.set", session=self.session, cell="a")
        self.tick(IDLE_SECONDS - 1)
        self.assertFalse(any(person["is_idle"] for person in self.told(self.me)[-1]["people"]))
        self.me.call("presence.set", session=self.session, cell="b")
        self.tick(2)
        told = {person["name"]: person["is_idle"] for person in self.told(self.me)[-1]["people"]}
        self.assertEqual(told, {"ada": False, "Grace (guest)": True})
        self.tick(IDLE_SECONDS + 10)
        self.assertEqual(len(self.told(self.me)), 1)
        self.tick(10 * IDLE_SECONDS)
        self.assertEqual(self.told(self.me), [])
        grace.client.call("presence.set", session=self.session, cell="a")
        self.assertFalse(self.newest(self.me)["Grace (guest)"]["is_idle"])

    def test_a_crowd_is_told_less_often_and_listed_in_part(self) -> None:
        """Who moved last is listed; the others are counted."""
        crowd = [self.follow(self.rig.client()) for _ in range(MAX_LISTED + 4)]
        self.tick(2)
        self.told(self.me)
        crowd[7].call("presence.set", session=self.session, cell="here")
        self.rig.clock.advance(NOTIFY_SECONDS * (MAX_LISTED + 5) / CROWD - 0.001)
        self.assertEqual(self.told(self.me), [])
        self.rig.clock.advance(0.002)
        (told,) = self.told(self.me)
        self.assertEqual((len(told["people"]), told["more"], told["people"][0]["cell"]), (MAX_LISTED, 5, "here"))

    def test_a_class_that_comes_is_told_in_few_words(self) -> None:
        """A hundred who come within two seconds: each is told as seldom as the crowd is large, and not once for each who comes."""
        began, crowd = self.rig.clock.seconds(), [self.me]
        for _ in range(100):
            crowd.append(self.follow(self.rig.client()))
            self.rig.clock.advance(0.02)
        self.tick(2)
        passed = self.rig.clock.seconds() - began
        for client in crowd:
            self.assertLess(len(self.told(client)), passed / NOTIFY_SECONDS / 2)

    def test_nothing_is_left_behind(self) -> None:
        """A session that nobody follows has no room and no timer."""
        grace = self.guest()
        self.tick()
        grace.client.connection.leave()
        self.me.connection.leave()
        self.tick(2)
        self.assertEqual(self.rig.services.presence._sessions, {})
        for share in self.rig.me.call("share.list", session=self.session)["shares"]:
            self.rig.me.call("share.revoke", session=self.session, share=share["id"])
        self.assertEqual(self.rig.clock.getDelayedCalls(), [])


class Asking(PeopleTestCase):
    """presence.ask and presence.decline: somebody who may only view would like to edit."""

    def setUp(self) -> None:
        super().setUp()
        self.grace = self.guest()

    def ask(self, client: Client | None = None) -> None:
        """Asks."""
        (client or self.grace.client).call("presence.ask", session=self.session)

    def state(self, client: Client | None = None) -> str | None:
        """What somebody sees of it."""
        asks: str | None = self.newest(client or self.me)["Grace (guest)"]["asks"]
        return asks

    def test_the_owner_is_told_and_gives_it(self) -> None:
        """Both see what came of it."""
        self.assertIsNone(self.state())
        self.ask()
        self.assertEqual((self.state(), self.state(self.grace.client)), ("waiting", "waiting"))
        (share,) = self.me.call("share.list", session=self.session)["shares"]
        self.me.call("share.set", session=self.session, share=share["id"], verb="write")
        told = self.newest(self.grace.client)["Grace (guest)"]
        self.assertEqual((told["verb"], told["asks"]), ("write", None))

    def test_not_now(self) -> None:
        """The asker is told; a minute after they asked they may ask again."""
        self.ask()
        person = self.newest(self.me)["Grace (guest)"]["person"]
        self.me.call("presence.decline", session=self.session, person=person)
        self.assertEqual(self.state(self.grace.client), "declined")
        self.refused("not_found", "presence.decline", session=self.session, person=person)
        fault = self.refused("throttled", "presence.ask", self.grace.client, session=self.session)
        self.assertTrue(0 < fault.facts["retry_after_s"] <= ASK_SECONDS)
        self.tick(ASK_SECONDS)
        self.ask()
        self.assertEqual(self.state(), "waiting")

    def test_a_second_page_does_not_ask_again(self) -> None:
        """The minute is that of the person, whatever they open, close and open again."""
        self.ask()
        self.grace.client.connection.leave()
        again = self.rig.client()
        again.connection.principal = self.grace.client.connection.principal
        self.follow(again)
        self.refused("throttled", "presence.ask", again, session=self.session)
        self.assertEqual(self.state(), "waiting", "it is theirs, and no connection's")

    def test_it_is_there_again_after_a_short_while_and_not_after_a_long_one(self) -> None:
        """A line that breaks keeps it; who stays away has none when they come again."""
        for seconds, found in ((AWAY_SECONDS - 2, "waiting"), (AWAY_SECONDS + 1, None)):
            self.tick(ASK_SECONDS)
            client = self.follow(self.again())
            self.ask(client)
            client.connection.leave()
            self.tick(seconds)
            self.follow(self.again())
            self.assertEqual(self.state(), found)

    def again(self) -> Client:
        """The guest on a new connection; the earlier ones are closed."""
        self.grace.client.connection.leave()
        client = self.rig.client()
        client.connection.principal = self.grace.client.connection.principal
        self.grace = attrs.evolve(self.grace, client=client)
        return client

    def test_it_is_taken_back(self) -> None:
        """Also after a no, and by who asks for nothing."""
        withdraw: Any = {"session": self.session}
        self.grace.client.call("presence.withdraw", **withdraw)
        self.ask()
        self.assertEqual(self.state(), "waiting")
        self.grace.client.call("presence.withdraw", **withdraw)
        self.assertIsNone(self.state())
        self.refused("throttled", "presence.ask", self.grace.client, session=self.session)
        person = self.grace.principal.login
        self.refused("not_found", "presence.decline", session=self.session, person=person)

    def test_to_run_is_another_question(self) -> None:
        """Who may edit asks for it at once after that was given, and who asks stands first in the list."""
        person = self.newest(self.me)["Grace (guest)"]["person"]
        self.ask()
        self.me.call("presence.allow", session=self.session, person=person, verb="write")
        self.assertIsNone(self.state())
        self.grace.client.call("presence.ask", session=self.session, verb="execute")
        self.me.call("presence.set", session=self.session, cell="a")
        self.tick()
        told = self.told(self.me)[-1]["people"]
        self.assertEqual(
            [told[0][key] for key in ("name", "asks", "asks_for")], ["Grace (guest)", "waiting", "execute"]
        )
        self.me.call("presence.allow", session=self.session, person=person, verb="execute")
        self.assertEqual(self.newest(self.me)["Grace (guest)"]["verb"], "execute")
        self.me.call("presence.allow", session=self.session, person=person, verb="read")
        told = self.newest(self.me)["Grace (guest)"]
        self.assertEqual((told["verb"], told["asks"]), ("read", None), "back to viewing")

    def test_one_is_removed(self) -> None:
        """Their login ends; the others stay."""
        other = self.guest("read", "Eve").client
        person = self.newest(self.me)["Grace (guest)"]["person"]
        self.ask()
        self.me.call("presence.remove", session=self.session, person=person)
        self.assertEqual(sorted(self.newest(other)), ["Eve (guest)", "ada"])
        self.refused("not_found", "presence.remove", session=self.session, person=person)
        self.refused("invalid_request", "presence.remove", session=self.session, person="owner")

    def test_it_is_forgotten_when_they_leave(self) -> None:
        """There is nobody to let."""
        self.ask()
        person = self.newest(self.me)["Grace (guest)"]["person"]
        self.grace.client.connection.leave()
        self.refused("not_found", "presence.decline", session=self.session, person=person)
        self.refused("not_found", "presence.decline", session=self.rig.session(), person=person)

    def test_who_comes_later_sees_it(self) -> None:
        """The owner had no page open."""
        self.me.connection.leave()
        self.ask()
        self.tick()
        other = self.follow(self.rig.client())
        self.assertEqual(self.state(other), "waiting")

    def test_who_may_edit_has_nothing_to_ask(self) -> None:
        """Nor who does not follow the session."""
        self.refused("invalid_request", "presence.ask", session=self.session)
        editor = self.guest("write", "Eve").client
        self.refused("invalid_request", "presence.ask", editor, session=self.session)
        self.grace.client.connection.leave()
        self.refused("invalid_request", "presence.ask", self.grace.client, session=self.session)


class Leading(PeopleTestCase):
    """presence.lead: everybody is asked to follow; and what followers are shown."""

    def lead(self, client: Client) -> str | None:
        """Whom somebody is asked to follow."""
        self.me.call("presence.set", session=self.session)
        self.tick()
        found: str | None = self.told(client)[-1]["lead"]
        return found

    def test_all_are_asked_until_it_is_taken_back(self) -> None:
        """Only whoever owns the session asks for that."""
        grace = self.guest("execute").client
        self.refused("not_permitted", "presence.lead", grace, session=self.session, on=True)
        self.assertIsNone(self.lead(grace))
        self.me.call("presence.lead", session=self.session, on=True)
        self.assertEqual(self.lead(grace), "owner")
        self.assertEqual(self.lead(self.guest("read", "Late").client), "owner", "who comes later, too")
        self.me.call("presence.lead", session=self.session, on=False)
        self.assertIsNone(self.lead(grace))

    def test_it_outlives_a_line_that_breaks_and_no_absence(self) -> None:
        """Of a short one the others hear nothing, so that nobody who left is asked again."""
        grace = self.guest().client
        for seconds, found in ((LEAD_SECONDS - 2, "owner"), (LEAD_SECONDS + 1, None)):
            self.me.call("presence.lead", session=self.session, on=True)
            self.me.connection.leave()
            self.tick(seconds)
            self.tick()
            self.assertEqual(self.told(grace)[-1]["lead"], found)
            self.me = self.follow(self.rig.client())
            self.assertEqual(self.lead(grace), found)

    def test_what_a_page_shows_and_whom_it_follows(self) -> None:
        """As they were set; a part of a cell is between its ends."""
        grace = self.guest().client
        view = {"cell": "c1", "part": 0.25}
        self.me.call("presence.set", session=self.session, view=view)
        grace.call("presence.set", session=self.session, follows="owner")
        told = self.newest(grace)
        self.assertEqual((told["ada"]["view"], told["Grace (guest)"]["follows"]), (view, "owner"))
        self.refused("invalid_params", "presence.set", session=self.session, view={"cell": "c1", "part": 1.5})
