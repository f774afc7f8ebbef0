"""webipy.core.api.grants: what grants give, and what they do not."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from tests.test_access import ORDER
from webipy.core.api.access import Principal, Role, Verb
from webipy.core.api.grants import (
    EVERYBODY,
    Grant,
    Grants,
    account_whom,
    group_whom,
    is_path,
    is_within,
    session_place,
    whoms,
)


def grant(place: str, whom: str, verb: Verb, *, is_home: bool = False) -> Grant:
    """A grant that somebody gave."""
    return Grant(place, whom, verb, "ada", "2026-03-01T00:00:00.000000Z", is_home)


def person(account: str = "7", role: Role | None = "member", *groups: str) -> Principal:
    """Somebody with an account."""
    return Principal("Grace", "none", "l", account=account, role=role, groups=frozenset(groups))


GRANTS = Grants(
    [
        grant("shared", EVERYBODY, "read"),
        grant("shared/lab", group_whom("lab"), "write"),
        grant("shared/lab/plan.ipynb", account_whom("7"), "own"),
        grant("people/grace", account_whom("7"), "own", is_home=True),
        grant(session_place("s1"), account_whom("7"), "own"),
    ]
)


class Rights(SynchronousTestCase):
    """`verb_at`."""

    def test_whom_grants_are_for(self) -> None:
        """An account has its own, those of its groups and everybody's; a guest has none; what is for nobody known gives nobody anything."""
        self.assertEqual(set(whoms(person("7", "member", "lab"))), {account_whom("7"), EVERYBODY, group_whom("lab")})
        self.assertEqual(whoms(Principal("Guest", "read", "l", session="s1")), ())
        self.assertEqual(whoms(Principal("Guest", "read", "l", session="s1", account="7")), ())
        self.assertEqual(Grants([grant("shared", "robot 7", "own")]).verb_at(person("7"), "shared"), "none")

    def test_one_is_found_by_its_place_and_whom(self) -> None:
        """On this very place: not what comes from above, nor what somebody else has."""
        found = GRANTS.get("shared/lab", group_whom("lab"))
        self.assertEqual(found and found.verb, "write")
        for place, whom in (("shared/lab/x", group_whom("lab")), ("shared/lab", EVERYBODY), ("", EVERYBODY)):
            self.assertIsNone(GRANTS.get(place, whom))

    def test_the_strongest_grant_on_a_place_or_above_counts(self) -> None:
        """For the account, its groups and everybody; nothing elsewhere."""
        table: dict[str, tuple[Verb, Verb, Verb]] = {
            "shared": ("read", "read", "read"),
            "shared/a/b/c": ("read", "read", "read"),
            "shared/lab/x": ("read", "read", "write"),
            "shared/lab/plan.ipynb": ("own", "read", "write"),
            "shared/lab/plan.ipynb/x": ("own", "read", "write"),
            "shared/labs": ("read", "read", "read"),
            "shared2": ("none", "none", "none"),
            "": ("none", "none", "none"),
            "people": ("none", "none", "none"),
            "people/grace": ("own", "none", "none"),
            "people/grace/deep/er": ("own", "none", "none"),
            "people/grac": ("none", "none", "none"),
            "people/Grace": ("none", "none", "none"),
            "//s1": ("own", "none", "none"),
            "//s2": ("none", "none", "none"),
        }
        for place, expected in table.items():
            found = tuple(
                GRANTS.verb_at(who, place) for who in (person(), person("8"), person("8", "member", "lab", "other"))
            )
            self.assertEqual(found, expected, place)

    def test_what_is_no_path_has_no_rights(self) -> None:
        """However it is written: `..` climbs out of nothing, and a session's place is not reached by a path."""
        for place in (
            "people/grace/../bob",
            "people/grace/..",
            "./people/grace",
            "people/grace/./x",
            "people/grace/",
            "people//grace",
            "people/grace//x",
            "/people/grace",
            "people/grace/.hidden",
            "../people/grace",
            ".",
            "..",
            "/",
            "//",
            "///s1",
            "//s1/x",
        ):
            self.assertEqual(GRANTS.verb_at(person(), place), "none", place)
            self.assertTrue(place.startswith("//") or not is_path(place), place)

    def test_a_grant_on_the_root_is_everywhere_below_it(self) -> None:
        """And at no session without a file."""
        grants = Grants([grant("", EVERYBODY, "read")])
        self.assertEqual(
            [grants.verb_at(person(), place) for place in ("", "a", "a/b", "//s1", "a/../b")],
            ["read"] * 3 + ["none"] * 2,
        )

    def test_a_viewer_only_reads(self) -> None:
        """Whatever was given; who has no account has no grants, and a guest neither."""
        self.assertEqual(GRANTS.verb_at(person("7", "viewer"), "people/grace"), "read")
        self.assertEqual(GRANTS.verb_at(person("9", "viewer"), "people/grace"), "none")
        self.assertEqual(GRANTS.verb_at(person("7", None), "people/grace"), "own")
        self.assertEqual(GRANTS.verb_at(Principal("x", "own", "l"), "shared"), "none")
        self.assertEqual(GRANTS.verb_at(Principal("x", "own", "l", session="s1", account="7"), "shared"), "none")

    @given(
        st.lists(
            st.tuples(
                st.lists(st.sampled_from("abc"), max_size=4),
                st.sampled_from(["account 7", "account g", "everybody", "group g", "group h", "group 7"]),
                st.sampled_from(ORDER[1:]),
            ),
            max_size=8,
        ),
        st.lists(st.sampled_from("abc"), max_size=6),
        st.booleans(),
        st.sets(st.sampled_from("ghi7")),
    )
    @examples(300)
    def test_it_is_what_looking_at_every_grant_gives(
        self, given_: list[tuple[list[str], str, Verb]], parts: list[str], is_member: bool, groups: set[str]
    ) -> None:
        """The index takes no way that finds more or less, whether the person has more groups than the place, or fewer."""
        made = Grants(grant("/".join(place), whom, verb) for place, whom, verb in given_)
        who = person("7" if is_member else "8", "member", *groups)
        mine = {"everybody", *(f"group {name}" for name in groups), *(["account 7"] if is_member else [])}
        place = "/".join(parts)
        verbs = [one.verb for one in made.all() if one.whom in mine and is_within(place, one.place)]
        self.assertEqual(made.verb_at(who, place), max(verbs, key=ORDER.index, default="none"))

    def test_a_check_costs_little(self) -> None:
        """With ten thousand grants, a deep path and many groups."""
        many = Grants(
            [grant(f"people/p{n}", account_whom(str(n)), "own") for n in range(9000)]
            + [grant(f"shared/a/b/c/d/e/f{n}", group_whom(f"g{n}"), "write") for n in range(1000)]
        )
        who = person("7", "member", *(f"g{n}" for n in range(20)))
        path = "shared/a/b/c/d/e/f19/" + "/".join("x" * 40)
        self.assertEqual(many.verb_at(who, path), "write")
        best = min(self.timed(many, who, path) for _ in range(5))
        self.assertLess(best, 100e-6, "10 µs are the aim; a machine that does much else takes longer")

    def timed(self, grants: Grants, who: Principal, path: str) -> float:
        """Seconds of one check."""
        began = time.perf_counter()
        for _ in range(200):
            grants.verb_at(who, path)
        return (time.perf_counter() - began) / 200


class Index(SynchronousTestCase):
    """The rest of `Grants`."""

    def test_the_way_to_what_is_shared(self) -> None:
        """The names in a folder that lead there, and no others."""
        who = person("8", "member", "lab")
        self.assertEqual(GRANTS.ways(who, ""), {"shared"})
        self.assertEqual(GRANTS.ways(who, "shared"), {"lab"})
        self.assertEqual(GRANTS.ways(who, "people"), set())
        self.assertEqual(GRANTS.ways(person(), ""), {"shared", "people"})

    def test_grants_of_a_place(self) -> None:
        """Those that count there, and those on it and below."""
        self.assertEqual(
            [one.place for one in GRANTS.at_or_above("shared/lab/plan.ipynb")],
            ["shared", "shared/lab", "shared/lab/plan.ipynb"],
        )
        self.assertEqual([one.place for one in GRANTS.at_or_above("//s1")], ["//s1"])
        self.assertEqual([one.place for one in GRANTS.within("shared/lab")], ["shared/lab", "shared/lab/plan.ipynb"])
        self.assertEqual([one.place for one in GRANTS.within("//s1")], ["//s1"])
        self.assertEqual([one.place for one in GRANTS.of(person("9"))], ["shared"])

    def test_a_change_makes_another_index(self) -> None:
        """The one of before stays what it was."""
        changed = GRANTS.changed([grant("shared", EVERYBODY, "write")], [("people/grace", account_whom("7"))])
        self.assertEqual(
            (changed.verb_at(person(), "shared"), changed.verb_at(person(), "people/grace")), ("write", "none")
        )
        self.assertEqual(
            (GRANTS.verb_at(person(), "shared"), GRANTS.verb_at(person(), "people/grace")), ("read", "own")
        )
        self.assertEqual(len(changed.all()), len(GRANTS.all()) - 1)

    def test_who_may_write_one_may_write_the_other(self) -> None:
        """For every one who was given the right to write."""
        grants = Grants(
            [grant("a", EVERYBODY, "write"), grant("b", account_whom("7"), "write"), grant("b/c", EVERYBODY, "read")]
        )
        self.assertTrue(grants.covers("b/x", "a/y"))
        self.assertTrue(grants.covers("b/x", "b/y"))
        self.assertFalse(grants.covers("a/x", "b/y"))
        self.assertFalse(grants.covers("b/x", "z"))
        self.assertTrue(grants.covers("z", "b"), "nobody but whoever runs the server writes there")
