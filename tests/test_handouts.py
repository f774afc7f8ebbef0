"""handout.*: everybody gets a copy of their own, and what is there is never replaced; over files in memory."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.accounts import give, known, rig_of, somebody
from tests.fakes import Client, RigTestCase
from webipy.core.api.handout_calls import Recipient
from webipy.server.notebooks import handout_files
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


class Data(HandoutCase):
    """What the notebook reads comes along: once, for all."""

    def setUp(self) -> None:
        super().setUp()
        for path in ("data.csv", "images/a.png", "images/more/b.png", "elsewhere.csv"):
            self.files.put(f"unit/{path}", path.encode())
        self.files.put("above.csv", b"x")

    def data(self, *names: str, whom: str = "group:class", **more: Any) -> dict[str, str]:
        """What became of data by their names."""
        return {one["name"]: one["result"] for one in self.make(whom, files=list(names), **more)["files"]}

    def handed(self) -> dict[str, bytes]:
        """What stands beside the copies, by its path from there."""
        start = "unit/handed-out/lesson/"
        found = [path for path in self.files.entries if path.startswith(start) and not path.endswith(".ipynb")]
        return {path.removeprefix(start): self.files.body(path) for path in found if "." in path}

    def test_it_stands_where_copies_find_it(self) -> None:
        """By the same path; what begins with a dot stays; each may read it, and nobody else."""
        self.assertEqual(self.data("data.csv", "images", "images"), {"data.csv": "made", "images": "made"})
        names = ("data.csv", "images/a.png", "images/more/b.png")
        self.assertEqual(self.handed(), {name: name.encode() for name in names})
        for name in names:
            told = somebody(self.rig, "Ada").call("file.read", path=f"unit/handed-out/lesson/{name}")
            self.assertEqual(told["size"], len(name))
            self.refused("not_permitted", "file.read", somebody(self.rig, "Di"), path=f"unit/handed-out/lesson/{name}")
        self.refused(
            "not_permitted", "file.write", somebody(self.rig, "Ada"), path="unit/handed-out/lesson/data.csv", content=""
        )
        self.assertEqual(self.listed()["ada"]["copy_path"], "unit/handed-out/lesson/ada.ipynb")

    def test_a_part_of_a_folder(self) -> None:
        """Stands in a folder of the same name."""
        self.assertEqual(self.data("images/more"), {"images/more": "made"})
        self.assertEqual(list(self.handed()), ["images/more/b.png"])

    def test_nothing_is_replaced_and_what_is_missing_is_added(self) -> None:
        """Also for who has a copy already, and after a hand-out that was cut off."""
        self.hand_out("ada")
        self.files.put("unit/handed-out/lesson/data.csv", b"theirs")
        self.files.put("unit/handed-out/lesson/images/a.png", b"theirs")
        self.assertEqual(self.data("data.csv", "images"), {"data.csv": "had", "images": "made"})
        self.assertEqual(self.handed()["data.csv"], b"theirs")
        self.assertEqual(self.handed()["images/a.png"], b"theirs")
        self.assertIn("images/more/b.png", self.handed())
        self.assertEqual(self.data("data.csv", "images"), {"data.csv": "had", "images": "had"})
        somebody(self.rig, "Ada").call("file.read", path="unit/handed-out/lesson/data.csv")

    def test_what_cannot_come_along(self) -> None:
        """Each is one clear failure, and nothing is made."""
        self.files.put("unit/handed-out/other/bo.csv", b"secret")
        before = dict(self.files.entries)
        wrong = ("", ".", "..", "../above.csv", "/unit/data.csv", "images/", ".secret", "images/.secret", "x\x00")
        taken = ("lesson.ipynb", "LESSON.IPYNB", "handed-out", "handed-out/other", "handed-out/other/bo.csv")
        for name in (*wrong, *taken):
            self.refused("invalid_params", "handout.make", path="unit/lesson.ipynb", files=["data.csv", name])
        self.refused("not_found", "handout.make", path="unit/lesson.ipynb", files=["data.csv", "no.csv"])
        self.assertEqual(dict(self.files.entries), before)

    def test_too_much_is_refused_as_a_whole(self) -> None:
        """With what to do instead."""
        self.patch(handout_files, "MAX_BYTES", 20)
        fault = self.refused("too_large", "handout.make", path="unit/lesson.ipynb", files=["data.csv", "images"])
        self.assertIn("Share their folder instead", fault.message)
        self.patch(handout_files, "MAX_BYTES", 1000)
        self.patch(handout_files, "MAX_FILES", 3)
        self.refused("too_large", "handout.make", path="unit/lesson.ipynb", files=["images"])
        self.assertEqual(self.handed(), {})
        self.assertEqual(self.data("data.csv"), {"data.csv": "made"})


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
