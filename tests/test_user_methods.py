"""The methods `user.*` and `account.*`, and what `login.*` shows to whom."""

from __future__ import annotations

from tests.account_clients import secrets_of, sign_in, who
from tests.fakes import RigTestCase
from webipy.core.api.user_calls import MAX_GROUPS

PASSWORD = "nine green lamps"
OTHER = "seven brown kettles"


class UserMethods(RigTestCase):
    """For admins and whoever runs the server."""

    def names(self) -> list[str]:
        """Of the accounts."""
        return [one["name"] for one in self.rig.me.call("user.list")["users"]]

    def test_add_and_list(self) -> None:
        """By name; no result has a hash."""
        cy = self.rig.me.call("user.add", name="Cy", groups=["b", "a", "a"], role="admin", password=PASSWORD)
        self.rig.me.call("user.add", name="bo")
        self.assertEqual(self.names(), ["bo", "Cy"])
        self.assertEqual(
            (cy["groups"], cy["role"], cy["has_password"], cy["display_name"]), (["a", "b"], "admin", True, "Cy")
        )
        self.assertNotIn(PASSWORD, repr(self.rig.me.call("user.list")))

    def test_names_that_are_taken(self) -> None:
        """The same, one that looks the same, the shown name of another; nothing is made."""
        self.rig.me.call("user.add", name="paul", display_name="Paul Klee")
        for name in ("paul", "PAUL", "pau1", "pauI"):
            self.refused("already_exists", "user.add", name=name)
        self.refused("already_exists", "user.add", name="x", display_name="Pau1 K1ee")
        self.refused("invalid_params", "user.add", name="x", display_name="")
        self.refused("invalid_params", "user.add", name="a b")
        self.refused("invalid_params", "user.add", name="y", password="short")
        self.refused("invalid_params", "user.add", name="y", groups=[""])
        self.assertEqual(self.names(), ["paul"])
        self.rig.me.call("user.add", name="me", display_name="ada")  # whoever runs the server may have an account, too

    def test_set(self) -> None:
        """By id or name; what is not given stays."""
        made = self.rig.me.call("user.add", name="bo")
        told = self.rig.me.call("user.set", user=made["id"], display_name="Bo Diaz", groups=["x"])
        self.assertEqual((told["display_name"], told["groups"], told["role"]), ("Bo Diaz", ["x"], "member"))
        told = self.rig.me.call("user.set", user="BO", role="viewer", disabled=True)
        self.assertEqual((told["display_name"], told["role"], told["disabled"]), ("Bo Diaz", "viewer", True))
        self.refused("not_found", "user.set", user="nobody")
        self.refused("invalid_params", "user.set", user="bo", role="king")

    def test_groups_are_joined_and_left(self) -> None:
        """Each alone, so that what others change at the same time stays; a right by a group counts, and ends, at once."""
        self.rig.me.call("user.add", name="bo", groups=["a"], password=PASSWORD)
        self.rig.me.call("file.create", path="lab", kind="folder")
        self.rig.me.call("right.grant", path="lab", kind="group", whom="b", verb="read")
        bo = sign_in(self.rig, "bo", PASSWORD)
        self.refused("not_permitted", "file.list", bo, path="lab")
        self.assertEqual(self.rig.me.call("user.set", user="bo", join=["b", "c"])["groups"], ["a", "b", "c"])
        bo.call("file.list", path="lab")
        self.assertEqual(
            self.rig.me.call("user.set", user="bo", join=["d"], leave=["b", "x"])["groups"], ["a", "c", "d"]
        )
        self.refused("not_permitted", "file.list", bo, path="lab")

    def test_groups_that_are_refused(self) -> None:
        """Nothing is changed then."""
        self.rig.me.call("user.add", name="bo", groups=["a"])
        self.refused("invalid_params", "user.set", user="bo", join=["b"], leave=["b"])
        self.refused("invalid_params", "user.set", user="bo", join=["b"], groups=["c"])
        self.refused("invalid_params", "user.set", user="bo", join=[" "])
        self.refused("too_large", "user.set", user="bo", join=[f"g{number}" for number in range(MAX_GROUPS)])
        self.assertEqual(self.rig.me.call("user.list")["users"][0]["groups"], ["a"])

    def test_the_last_admin(self) -> None:
        """No account takes away the last one who can sign in; whoever runs the server may."""
        self.rig.me.call("user.add", name="cy", role="admin", password=PASSWORD)
        self.rig.me.call("user.add", name="di", role="admin")  # has no password yet
        cy = sign_in(self.rig, "cy", PASSWORD)
        for change in ({"role": "member"}, {"disabled": True}):
            self.refused("not_permitted", "user.set", cy, user="cy", **change)
        self.refused("not_permitted", "user.remove", cy, user="cy")
        self.rig.me.call("user.set_password", user="di", password=PASSWORD)
        cy.call("user.set", user="cy", role="member")
        self.refused("not_authenticated", "user.list", cy)
        self.rig.me.call("user.remove", user="di")
        self.assertEqual(self.names(), ["cy"])

    def test_members_manage_nobody(self) -> None:
        """Nor viewers, nor guests, nor strangers."""
        self.rig.me.call("user.add", name="bo", password=PASSWORD)
        bo = sign_in(self.rig, "bo", PASSWORD)
        for method, params in (
            ("user.list", {}),
            ("user.add", {"name": "x"}),
            ("user.set", {"user": "bo", "role": "admin"}),
            ("user.remove", {"user": "bo"}),
            ("user.invite", {"user": "bo"}),
            ("user.set_password", {"user": "bo", "password": OTHER}),
        ):
            self.refused("not_permitted", method, bo, **params)
            self.refused("not_authenticated", method, self.rig.client(None), **params)

    def test_the_own_account(self) -> None:
        """Seen, renamed, and its password changed."""
        self.rig.me.call("user.add", name="bo", password=PASSWORD)
        bo, other = sign_in(self.rig, "bo", PASSWORD), secrets_of(self.rig, "bo", PASSWORD)
        self.assertEqual(bo.call("account.get")["name"], "bo")
        self.assertEqual(bo.call("account.rename", display_name="Bo Diaz")["display_name"], "Bo Diaz")
        self.assertEqual(bo.call("server.info")["principal"], "Bo Diaz")
        self.refused("already_exists", "account.rename", bo, display_name="Ada")
        self.refused("invalid_params", "account.change_password", bo, old=OTHER, new=OTHER)
        self.refused("invalid_params", "account.change_password", bo, old=PASSWORD, new="short")
        self.assertEqual(bo.call("account.change_password", old=PASSWORD, new=OTHER)["tokens"], 0)
        self.assertIsNone(who(self.rig, other))
        bo.call("account.get")

    def test_a_change_of_password_says_how_many_tokens_go_on(self) -> None:
        """Those of the account that still count: neither revoked nor expired ones, nor those of others."""
        for name in ("bo", "cy"):
            self.rig.me.call("user.add", name=name, password=PASSWORD)
        bo, cy = sign_in(self.rig, "bo", PASSWORD), sign_in(self.rig, "cy", PASSWORD)
        made = [bo.call("token.create", label=name, days=days) for name, days in (("a", 9), ("b", 9), ("c", 1))]
        cy.call("token.create", label="x")
        bo.call("token.revoke", id=made[0]["id"])
        self.rig.clock.advance(2 * 86_400)
        self.assertEqual(bo.call("account.change_password", old=PASSWORD, new=OTHER)["tokens"], 1)
        self.assertEqual(self.rig.me.call("user.set_password", user="bo", password=PASSWORD)["tokens"], 1)
        tokens = self.rig.services.logins.script_tokens
        self.assertIsNotNone(tokens.principal(made[1]["token"], "a"), "as it was said")
        self.rig.me.call("token.revoke", id=made[1]["id"])
        self.assertEqual(self.rig.me.call("user.set_password", user="bo", password=OTHER)["tokens"], 0)

    def test_who_has_no_account(self) -> None:
        """Whoever runs the server, and strangers."""
        for method, params in (
            ("account.get", {}),
            ("account.code", {}),
            ("account.rename", {"display_name": "x"}),
            ("account.set_mail", {"address": "x@example.org"}),
            ("account.change_password", {"old": "x", "new": OTHER}),
        ):
            self.refused("not_found", method, self.rig.me, **params)
            self.refused("not_authenticated", method, self.rig.client(None), **params)

    def test_everybody_sees_and_ends_their_own_logins(self) -> None:
        """Admins and whoever runs the server everybody's."""
        for name, role in (("bo", "member"), ("cy", "admin")):
            self.rig.me.call("user.add", name=name, role=role, password=PASSWORD)
        bo, second, cy = (sign_in(self.rig, name, PASSWORD) for name in ("bo", "bo", "cy"))
        ids = [client.connection.principal.login for client in (bo, second, cy) if client.connection.principal]
        self.assertEqual({one["id"] for one in bo.call("login.list")["logins"]}, set(ids[:2]))
        self.assertEqual({one["id"] for one in cy.call("login.list")["logins"]}, set(ids))
        self.assertEqual({one["name"] for one in self.rig.me.call("login.list")["logins"]}, {"bo", "cy"})
        self.refused("not_found", "login.revoke", bo, id=ids[2])
        self.assertEqual(bo.call("login.revoke", others=True), {"ended": [ids[1]]})
        self.assertEqual(cy.call("login.revoke", id=ids[0]), {"ended": [ids[0]]})
        self.refused("not_authenticated", "account.get", bo)
        self.assertEqual(cy.call("login.revoke", others=True), {"ended": []})
        self.assertEqual(self.rig.me.call("login.revoke", all=True), {"ended": []}, "those of whoever runs the server")
        self.assertEqual(len(self.rig.me.call("login.list")["logins"]), 1)
