"""handout.*: everybody gets a copy of their own, and what is there is never replaced; over files in memory."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.accounts import give, known, rig_of, somebody
from tests.fakes import Client, RigTestCase
from webipy.core.api.handout_calls import Recipient
from webipy.server.notebooks.handouts import folder_of

GROUPS = {"Ada": {"class"}, "Bo": {"class"}, "Cy": {"class", "late"}, "Di": set[str]()}
ROUNDS = 30


class HandoutCase(RigTestCase):
    """A lesson, a class of three, and Di, who is in no group."""

    def setUp(self) -> None:
        self.rig = rig_of()
        known(self.rig, *GROUPS, groups=GROUPS)
        self.files = self.rig.disk.files
        self.rig.me.call("file.create", path="unit", kind="folder")
        self.rig.me.call("file.create", path="unit/lesson.ipynb", kind="notebook")

    def hand_out(self, *whom: str, client: Client | None = None, **more: Any) -> dict[str, str]:
        """Hands the lesson out; returns what became of each by their names."""
        told = self.make(*whom, client=client, **more)
        return {one["name"]: one["result"] for one in told["copies"]}

    def make(self, *whom: str, client: Client | None = None, **more: Any) -> Any:
        """As `hand_out`, with the whole result."""
        recipients = [_recipient(one) for one in whom]
        params: Any = {"path": "unit/lesson.ipynb", "recipients": recipients, **more}
        return (client or self.rig.me).call("handout.make", **params)

    def listed(self, *whom: str) -> dict[str, dict[str, Any]]:
        """The list, by names."""
        recipients: Any = [_recipient(one) for one in whom]
        told: Any = self.rig.me.call("handout.list", path="unit/lesson.ipynb", recipients=recipients)
        return {one["name"]: one for one in told["copies"]}


def _recipient(whom: str) -> dict[str, str]:
    """`everybody`, `group:NAME`, or the name of an account."""
    if whom == "everybody":
        return {"kind": "everybody"}
    kind, sign, name = whom.partition(":")
    return {"kind": kind, "whom": name} if sign else {"whom": whom}


class HandingOut(HandoutCase):
    """handout.make."""

    def test_each_of_a_group_gets_a_copy_of_their_own(self) -> None:
        """Where they may work, and the others see nothing; the folder stays whose it is."""
        told = self.make("group:class")
        self.assertEqual(told["folder"], "unit/handed-out/lesson")
        self.assertEqual(
            [(one["name"], one["result"], one["copy_path"]) for one in told["copies"]],
            [(name, "made", f"unit/handed-out/lesson/{name}.ipynb") for name in ("ada", "bo", "cy")],
        )
        ada = somebody(self.rig, "Ada")
        session = ada.call("session.create", path="unit/handed-out/lesson/ada.ipynb")
        self.assertEqual(session["verb"], "execute")
        self.assertEqual([one["path"] for one in ada.call("right.mine")["shared"]], [told["copies"][0]["copy_path"]])
        for path in ("unit/handed-out/lesson/bo.ipynb", "unit/lesson.ipynb"):
            self.refused("not_permitted", "file.read", ada, path=path)

    def test_who_has_one_keeps_it(self) -> None:
        """As it is; who came later gets theirs."""
        self.hand_out("bo", verb="write")
        self.rig.me.call("file.write", path="unit/handed-out/lesson/bo.ipynb", content="{}")
        self.assertEqual(self.hand_out("group:class"), {"ada": "made", "bo": "had", "cy": "made"})
        self.assertEqual(self.files.body("unit/handed-out/lesson/bo.ipynb"), b"{}")
        self.assertEqual(self.listed()["bo"]["verb"], "write")

    def test_what_stands_there_is_not_theirs(self) -> None:
        """Nor what an earlier account of the same name has left: a copy is always a new one."""
        self.files.put("unit/handed-out/lesson/bo.ipynb", b"secret")
        (bo,) = self.make("bo")["copies"]
        self.assertEqual(bo["copy_path"], "unit/handed-out/lesson/bo 2.ipynb")
        self.assertEqual(self.files.body("unit/handed-out/lesson/bo.ipynb"), b"secret")
        self.refused("not_permitted", "file.read", somebody(self.rig, "Bo"), path="unit/handed-out/lesson/bo.ipynb")

    def test_the_copy_is_of_what_the_page_shows(self) -> None:
        """Also of edits that the file does not have yet."""
        session = self.rig.me.call("session.create", path="unit/lesson.ipynb")["id"]
        self.rig.me.call("cell.insert", session=session, source="new_cell = 1")
        self.hand_out("ada")
        self.assertIn(b"new_cell", self.files.body("unit/handed-out/lesson/ada.ipynb"))

    def test_who_hands_out_gets_none_by_a_group(self) -> None:
        """But by their name; and a teacher with an account hands out in their own folder."""
        self.files.put("people/Di/x.ipynb", self.files.body("unit/lesson.ipynb"))
        give(self.rig, "people/Di", "own", "di")
        teacher = somebody(self.rig, "Di")
        more: Any = {"client": teacher, "path": "people/Di/x.ipynb"}
        self.assertEqual(sorted(self.hand_out("everybody", **more)), ["ada", "bo", "cy"])
        self.assertEqual(self.hand_out("di", **more), {"di": "made"})
        copy = somebody(self.rig, "Bo").call("session.create", path="people/Di/handed-out/x/bo.ipynb")
        self.assertEqual(copy["verb"], "execute")

    def test_only_who_owns_the_folder_hands_out(self) -> None:
        """For a right is given there."""
        for verb, place in (("execute", "unit"), ("own", "unit/lesson.ipynb")):
            give(self.rig, place, verb, "ada")
            for method in ("handout.make", "handout.list"):
                self.refused("not_permitted", method, somebody(self.rig, "Ada"), path="unit/lesson.ipynb")

    def test_bad_recipients_and_paths(self) -> None:
        """Each is one clear failure, before anything is made."""
        for name, whom in (("not_found", "nobody"), ("not_found", "group:none"), ("invalid_params", "")):
            params: Any = {"path": "unit/lesson.ipynb", "recipients": [_recipient("ada"), _recipient(whom)]}
            self.refused(name, "handout.make", **params)
        for name, path in (("not_found", "unit/x.ipynb"), ("invalid_params", "unit"), ("invalid_params", "x.bin")):
            self.refused(name, "handout.make", path=path, recipients=[{"whom": "ada"}])
        self.assertEqual([path for path in self.files.entries if "handed-out" in path], [])
        self.assertEqual(self.make()["copies"], [])

    def test_one_that_fails_is_told_and_keeps_nobody_back(self) -> None:
        """And leaves no right behind."""
        self.files.full_at = "bo"
        told = {one["name"]: one for one in self.make("group:class")["copies"]}
        self.assertEqual(
            {name: one["result"] for name, one in told.items()}, {"ada": "made", "bo": "failed", "cy": "made"}
        )
        self.assertEqual((told["bo"]["reason"], told["bo"]["copy_path"]), ("The disk is full.", None))
        self.assertNotIn("bo", self.listed())
        self.files.full_at = None
        self.assertEqual(self.hand_out("group:class"), {"ada": "had", "bo": "made", "cy": "had"})


class Seeing(HandoutCase):
    """handout.list."""

    def test_what_each_has_done(self) -> None:
        """Who has none, who opened theirs, who changed it and is there now."""
        self.hand_out("group:class")
        self.assertEqual({one["state"] for one in self.listed().values()}, {"untouched"})
        found = self.listed("di", "ada")
        self.assertEqual({name for name, one in found.items() if one["is_recipient"]}, {"di", "ada"})
        self.assertEqual(found["di"]["state"], "none")
        ada = somebody(self.rig, "Ada")
        session = ada.call("session.create", path="unit/handed-out/lesson/ada.ipynb")["id"]
        ada.call("session.subscribe", session=session)
        found = self.listed()["ada"]
        self.assertEqual((found["state"], found["session"], found["is_here"]), ("opened", session, True))
        self.files.times["unit/handed-out/lesson/bo.ipynb"] = "2999-01-01T00:00:00.000000Z"
        found = self.listed()["bo"]
        later = "2999-01-01T00:00:00.000000Z"
        self.assertEqual((found["state"], found["changed"], found["is_here"]), ("changed", later, False))
        ada.connection.leave()
        self.rig.me.call("session.close", session=session)
        found = self.listed()["ada"]
        self.assertEqual((found["state"], found["session"], found["is_here"]), ("opened", None, False))
        self.files.take("unit/handed-out/lesson/cy.ipynb")
        self.assertEqual(self.listed()["cy"]["state"], "gone")
        self.assertEqual(self.hand_out("cy"), {"cy": "made"})

    def test_an_account_that_is_gone_is_listed_by_its_id(self) -> None:
        """Its copy is still there."""
        self.hand_out("cy")
        known(self.rig, "Ada")
        self.assertEqual(self.listed()["id-cy"]["state"], "untouched")


class AnyOrder(HandoutCase):
    """Hand-outs between changes, deletions and moves of other programs."""

    def test_nothing_is_ever_replaced(self) -> None:
        """Whatever stands in the folder stays as it is, and each recipient has exactly one copy."""
        for seed in range(ROUNDS):
            with self.subTest(seed=seed):
                self.setUp()
                self.walk(Random(seed))

    def walk(self, random: Random) -> None:
        """One sequence."""
        folder = folder_of("unit/lesson.ipynb")
        for step in range(12):
            name = random.choice(("ada", "bo", "cy"))
            path = f"{folder}/{name}{random.choice(('', ' 2'))}.ipynb"
            match random.randrange(3):
                case 0:
                    self.files.put(path, b"work %d" % step)
                case 1 if path in self.files.entries:
                    self.files.take(path)
            before = {path: entry.body for path, entry in self.files.entries.items() if path.startswith(folder)}
            told = self.make(random.choice(("group:class", "group:late", name)))["copies"]
            after = {path: entry.body for path, entry in self.files.entries.items()}
            self.assertEqual({path: after[path] for path in before}, before)
            paths = [one["copy_path"] for one in self.listed().values()]
            self.assertEqual(len(paths), len(set(paths)))
            self.assertTrue(all(one["copy_path"] in after for one in told))


class Names(HandoutCase):
    """Of folders and recipients."""

    def test_the_folder_stands_beside_the_notebook(self) -> None:
        """Also in the root."""
        self.assertEqual(folder_of("a.ipynb"), "handed-out/a")
        self.assertEqual(folder_of("x/y/b.c.py"), "x/y/handed-out/b.c")

    def test_somebody_who_is_named_twice_is_one(self) -> None:
        """By id, name and group."""
        named = [Recipient(whom="id-cy"), Recipient(whom="CY"), Recipient(kind="group", whom="late")]
        self.assertEqual([one.name for one in self.rig.services.handouts.recipients(named, None)], ["cy"])
