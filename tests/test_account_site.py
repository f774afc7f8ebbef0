"""Signing in to an account over HTTP: `POST /login`, `/invitation`, `/logout`; see webipy.io.web.sign_in."""

from __future__ import annotations

import json
from typing import Any

from tests.test_site import ORIGIN, Answer, SiteTestCase
from webipy.server.people.people import ACCOUNTS_ALONE

PASSWORD = "nine green lamps"
OTHER = "seven brown kettles"
CALL = b'{"jsonrpc":"2.0","id":1,"method":"account.get"}'


class AccountSiteCase(SiteTestCase):
    """A site with the account of bo."""

    def setUp(self) -> None:
        super().setUp()
        self.rig.me.call("user.add", name="bo", display_name="Bo Diaz", password=PASSWORD)

    def post(self, path: str, body: object, **given: str) -> Answer:
        """A form."""
        raw = json.dumps(body).encode()
        return self.ask("POST", path, raw, **{"Content_Type": "application/json", "Origin": ORIGIN, **given})

    def sign_in(self, **given: str) -> dict[str, str]:
        """A browser of bo."""
        return self.browser(self.post("/login", {"account": "bo", "password": PASSWORD, "stay": True}, **given))

    def browser(self, answer: Answer) -> dict[str, str]:
        """The headers of a browser that has got this answer."""
        self.assertEqual(answer.status, 200, answer.body)
        return {"Cookie": answer.headers["set-cookie"].partition(";")[0], "X_Webipy_Key": answer.json()["key"]}

    def own(self, browser: dict[str, str]) -> Any:
        """The account that a browser is signed in to, or the status."""
        answer = self.rpc(CALL, **browser, Origin=ORIGIN)
        return answer.json()["result"]["name"] if answer.status == 200 else answer.status


class SigningIn(AccountSiteCase):
    """By name and password."""

    def test_a_cookie_and_a_key(self) -> None:
        """Neither opens anything alone; who is to stay has a cookie of 30 days, others one of the browser."""
        browser = self.sign_in()
        self.assertEqual(self.own(browser), "bo")
        for part in browser:
            self.assertEqual(self.own({part: browser[part]}), 401)
        for stay, age in ((True, ["Max-Age=2592000"]), (False, [])):
            answer = self.post("/login", {"account": "bo", "password": PASSWORD, "stay": stay})
            attributes = answer.headers["set-cookie"].split("; ")[1:]
            self.assertEqual(attributes, ["Path=/", "HttpOnly", "SameSite=Strict", *age])

    def test_a_member_may_do_nothing_with_the_server(self) -> None:
        """What is not theirs needs a right; lists are empty."""
        browser = self.sign_in()
        for method, empty in (("session.list", "sessions"), ("file.list", "entries")):
            told = self.rpc(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method}).encode(), **browser).json()
            self.assertEqual(told["result"][empty], [], method)
        for method in ("terminal.create", "user.list", "server.launch_code"):
            told = self.rpc(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method}).encode(), **browser).json()
            self.assertEqual(told["error"]["data"]["name"], "not_permitted", method)
        self.assertEqual(self.ask("GET", "/metrics", **browser).status, 403)

    def test_wrong_ones(self) -> None:
        """The same status and words; no cookie; and what has no password is told so."""
        answers = [self.post("/login", {"account": name, "password": OTHER}) for name in ("bo", "nobody", "")]
        self.assertEqual(
            {(one.status, one.body, "set-cookie" in one.headers) for one in answers}, {(401, answers[0].body, False)}
        )
        self.assertEqual(self.post("/login", {"account": "bo"}).status, 400)
        self.assertEqual(self.post("/login", {"account": "bo", "password": "x" * 2000}).status, 400)

    def test_a_new_login_has_new_secrets(self) -> None:
        """Whatever the browser brings; the login that it had ends, and so do those of a guest and of whoever runs the server."""
        planted = {"Cookie": "webipy-8888=planted", "X_Webipy_Key": "planted"}
        first = self.sign_in(**planted)
        self.assertNotIn("planted", repr(first))
        second = self.sign_in(**first)
        self.assertEqual((self.own(first), self.own(second)), (401, "bo"))
        owner = self.login()
        third = self.sign_in(**owner)
        self.assertEqual((self.rpc(**owner).status, self.own(third), self.own(second)), (401, "bo", "bo"))

    def test_whoever_runs_the_server_comes_by_a_code_again(self) -> None:
        """In a browser that is signed in to an account: it is theirs then, and the account's login ends."""
        browser = self.sign_in()
        answer = self.post("/login", {"code": self.rig.services.logins.new_code()}, **browser)
        owner = self.browser(answer)
        self.assertEqual((self.rpc(**owner).status, self.own(browser)), (200, 401))

    def test_signing_out(self) -> None:
        """Ends the login."""
        browser = self.sign_in()
        self.assertEqual(self.post("/logout", {}, **browser).status, 204)
        self.assertEqual(self.own(browser), 401)

    def test_strangers_learn_whether_there_are_accounts(self) -> None:
        """And nothing else of them."""

        def ways() -> str:
            return str(self.rpc().json()["data"]["accounts"])

        self.assertEqual(ways(), "some")
        self.rig.me.call("user.set", user="bo", disabled=True)
        self.assertEqual(ways(), "none")
        self.rig.services.logins.codes_closed = ACCOUNTS_ALONE
        self.assertEqual(ways(), "only")

    def test_accounts_alone(self) -> None:
        """With --require-login no code and no token signs a browser in; the token is still the command line's."""
        logins = self.rig.services.logins
        code, logins.codes_closed = logins.new_code(), ACCOUNTS_ALONE
        for form in ({"code": code}, {"token": "token"}, {}):
            answer = self.post("/login", form)
            self.assertEqual((answer.status, answer.json()["message"]), (401, ACCOUNTS_ALONE))
        self.assertEqual(self.own(self.sign_in()), "bo")
        launched = self.rig.me.call("server.launch_code")
        self.assertEqual((launched["code"], "#" in launched["url"].rstrip("#")), ("", False))

    def test_another_site_signs_nobody_in(self) -> None:
        """Nor does a form."""
        answer = self.post("/login", {"account": "bo", "password": PASSWORD}, Origin="https://evil.example")
        self.assertEqual(answer.status, 403)


class Invitations(AccountSiteCase):
    """`/invitation`, and the password that is chosen by it."""

    def test_the_whole_way(self) -> None:
        """It is looked at, used once, and signs in."""
        self.rig.me.call("user.add", name="cy", display_name="Cy")
        secret = self.rig.me.call("user.invite", user="cy")["url"].partition("#invite=")[2]
        for _ in range(2):
            self.assertEqual(self.post("/invitation", {"invite": secret}).json(), {"account": "cy", "name": "Cy"})
        form = {"invite": secret, "name": "Cy Young", "password": OTHER, "stay": True}
        self.assertEqual(self.post("/login", {**form, "password": "short"}).status, 400)
        self.assertEqual(self.own(self.browser(self.post("/login", form))), "cy")
        for path, again in (("/login", form), ("/invitation", {"invite": secret}), ("/invitation", {"invite": "x"})):
            self.assertEqual(self.post(path, again).status, 401)


class CommandLines(AccountSiteCase):
    """What `webipy login` sends."""

    def test_a_bearer(self) -> None:
        """By a password or a code of the page: no cookie; signing out ends it."""
        code = self.rpc(CALL.replace(b"get", b"code"), **self.sign_in()).json()["result"]["code"]
        for form in ({"account": "bo", "password": PASSWORD}, {"code": code}):
            answer = self.post("/login", {**form, "host": "laptop"})
            self.assertEqual((answer.status, "set-cookie" in answer.headers), (200, False))
            self.assertEqual((answer.json()["account"], answer.json()["name"]), ("bo", "Bo Diaz"))
            bearer = {"Authorization": f"Bearer {answer.json()['token']}"}
            self.assertEqual(self.own(bearer), "bo")
            shown = [one for one in self.rig.me.call("login.list")["logins"] if one["kind"] == "command line"]
            self.assertEqual([one["where"] for one in shown], ["webipy on laptop"])
            self.assertEqual(self.post("/logout", {}, **bearer).status, 204)
            self.assertEqual(self.own(bearer), 401)
        self.assertEqual(self.post("/login", {"code": code, "host": "laptop"}).status, 401, "it works once")
        self.assertEqual(self.post("/login", {"code": self.rig.services.logins.new_code(), "host": "x"}).status, 401)
