"""webipy.io.sso.sso_resources and webipy.io.web.sign_in: single sign-on over HTTP, as a browser goes through it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs
from twisted.internet.defer import Deferred

from tests.fake_audit import FakeLog
from tests.test_single_sign_on import ISSUER, RULES, FakePort
from tests.test_site import Answer, SiteTestCase
from webipy.core import errors
from webipy.core.site_address import PublicUrl, SitePath
from webipy.io.sso.sso_resources import sso_resource
from webipy.server.people.audit import Audit
from webipy.server.people.people import ACCOUNTS_ALONE
from webipy.server.people.single_sign_on import SingleSignOn
from webipy.server.people.sso_attempts import SsoAttempts

HERE = "http://localhost:8888"
CALL = b'{"jsonrpc":"2.0","id":1,"method":"account.get"}'


class SsoSiteCase(SiteTestCase):
    """A site with single sign-on."""

    origin = HERE
    host = "localhost:8888"
    home = "/"
    prefix = "webipy-8888-sso-"
    is_tls = False

    def serve(self) -> None:
        """Builds the site with a provider in memory."""
        super().serve()
        services, self.port, self.log = self.rig.services, FakePort(), FakeLog()
        services.logins.audit = Audit(self.log, services.world.now, services.world.later)
        services.people.accounts.owner, services.people.provider_name = "olga", "Uni"
        attempts = SsoAttempts(self.rig.clock.seconds, services.logins.new_secret)
        audit, recheck = services.logins.audit, services.rights.recheck
        self.sso = SingleSignOn(self.port, RULES, services.people, attempts, audit, recheck)
        self.auth = attrs.evolve(self.auth, sso=self.sso, is_tls=self.is_tls)
        self.site.resource.putChild(b"sso", sso_resource(self.sso, self.auth))
        self.site.auth = self.auth
        for name in (b"login", b"rpc", b"logout"):
            self.site.resource.children[name]._auth = self.auth

    def post(self, path: str, body: object, **given: str) -> Answer:
        """A form from our page."""
        more = {"Content_Type": "application/json", "Origin": self.origin, "X_Webipy_Base": self.home, **given}
        return self.ask("POST", path, json.dumps(body).encode(), self.host, **more)

    def begin(self, next: str = "/s/abc", stay: bool = False, **given: str) -> tuple[str, str]:
        """Begins: the id of the sign-on, and the cookies of the browser."""
        answer = self.post("/sso/begin", {"next": next} | ({"stay": True} if stay else {}), **given)
        self.assertEqual(answer.status, 200, answer.body)
        [state] = parse_qs(urlsplit(answer.json()["url"]).query)["state"]
        name, _, rest = answer.headers["set-cookie"].partition("=")
        self.assertEqual(name, self.prefix + state)
        return state, f"{name}={rest.partition(';')[0]}"

    def back(self, query: str, cookie: str = "", **given: str) -> tuple[str, str]:
        """Comes back from the provider: the path that the browser is led to, and its fragment."""
        answer = self.ask(
            "GET", f"/sso/callback?{query}", b"", self.host, Cookie=cookie, Sec_Fetch_Site="cross-site", **given
        )
        self.assertEqual((answer.status, answer.headers["cache-control"]), (303, "no-store"))
        self.assertNotIn("set-cookie", answer.headers)
        path, _, fragment = answer.headers["location"].partition("#")
        return path, fragment

    def enter(self, code: str, cookie: str, **given: str) -> Answer:
        """The page sends the code."""
        return self.post("/login", {"code": code}, Cookie=cookie, **given)

    def browser(self, answer: Answer) -> dict[str, str]:
        """The headers of a browser that has got this answer."""
        self.assertEqual(answer.status, 200, answer.body)
        lines = [line for line in answer.raw.decode("latin-1").split("\r\n") if line.lower().startswith("set-cookie: ")]
        [login] = [line for line in lines if "-sso-" not in line]
        return {"Cookie": login.partition(": ")[2].partition(";")[0], "X_Webipy_Key": answer.json()["key"]}

    def own(self, browser: Mapping[str, str]) -> Any:
        """The account that a browser is signed in to, or the status."""
        answer = self.ask("POST", "/rpc", CALL, self.host, **{"Content_Type": "application/json", **browser})
        return answer.json()["result"]["name"] if answer.status == 200 else answer.status


class AllTheWay(SsoSiteCase):
    """From the button to home."""

    def test_a_person_signs_in(self) -> None:
        """They are where they wanted to be; the login goes with the browser, and the cookie of the sign-on is taken back."""
        state, cookie = self.begin()
        path, fragment = self.back(f"code=c&state={state}&iss={ISSUER}", cookie)
        self.assertEqual(path, "/s/abc")
        code = fragment.removeprefix("code=")
        answer = self.enter(code, cookie)
        self.assertNotIn("notice", answer.json())
        lines = [line for line in answer.raw.decode("latin-1").split("\r\n") if line.lower().startswith("set-cookie: ")]
        self.assertTrue(any(f"{self.prefix}{state}=; " in line and "Max-Age=0" in line for line in lines), lines)
        self.assertTrue(all("Max-Age" not in line for line in lines if "-sso-" not in line), lines)
        browser = self.browser(answer)
        self.assertEqual(self.own(browser), "ada")
        self.assertEqual([one.code for one in self.port.answers], ["c"])
        self.assertEqual(self.port.answers[0].issuer, ISSUER)
        self.rig.wait(self._flushed())
        facts = [(one.method, one.name, one.by, one.target) for one in self.log.lines]
        self.assertIn(("sign_in", "Ada Lovelace", "page", f"by sso {ISSUER}"), facts)
        self.assertEqual(self.post("/logout", {}, **browser).status, 204)
        self.assertEqual(self.own(browser), 401)

    def _flushed(self) -> Any:
        return Deferred.fromCoroutine(self.rig.services.logins.audit.flush())

    def test_a_browser_stays_signed_in_that_is_to(self) -> None:
        """As with a password: thirty days, also when the browser is closed; who has begun has said so, and nobody behind them."""
        state, cookie = self.begin(stay=True)
        _, fragment = self.back(f"code=c&state={state}&iss={ISSUER}", cookie)
        answer = self.enter(fragment.removeprefix("code="), cookie)
        lines = [line for line in answer.raw.decode("latin-1").split("\r\n") if line.lower().startswith("set-cookie: ")]
        [login] = [line for line in lines if "-sso-" not in line]
        self.assertIn("Max-Age=2592000", login)
        self.assertEqual(self.own(self.browser(answer)), "ada")
        self.assertEqual(self.post("/sso/begin", {"next": "/", "stay": "yes"}).status, 400)

    def test_the_cookie(self) -> None:
        """For the way back, ten minutes, no script."""
        answer = self.post("/sso/begin", {"next": "/"})
        attributes = answer.headers["set-cookie"].split("; ")[1:]
        wanted = [f"Path={self.home}", "HttpOnly", "SameSite=Lax", "Max-Age=600"]
        self.assertEqual(attributes, wanted if self.origin.startswith("http:") else [*wanted, "Secure"])
        [begun] = self.sso.attempts._begun.values()
        self.assertEqual(begun.question.redirect, f"{self.origin}{self.home}sso/callback")

    def test_a_taken_name_is_told(self) -> None:
        """With the key."""
        self.rig.me.call("user.add", name="ada", display_name="Ada")
        state, cookie = self.begin()
        _, fragment = self.back(f"code=c&state={state}", cookie)
        answer = self.enter(fragment.removeprefix("code="), cookie)
        self.assertIn("you are ada-2", answer.json()["notice"])

    def test_the_login_of_before_ends(self) -> None:
        """That of whoever runs the server, too."""
        if self.home != "/":
            return
        owner = self.login()
        state, cookie = self.begin()
        _, fragment = self.back(f"code=c&state={state}", cookie)
        both = {**owner, "Cookie": f"{owner['Cookie']}; {cookie}"}
        answer = self.post("/login", {"code": fragment.removeprefix("code=")}, **both)
        self.assertEqual((self.own(self.browser(answer)), self.own(owner)), ("ada", 401))

    def test_where_accounts_alone_sign_in(self) -> None:
        """--require-login closes the other codes, not these; strangers learn the name of the provider."""
        self.rig.services.logins.codes_closed = ACCOUNTS_ALONE
        told = self.ask("POST", "/rpc", CALL, self.host, Content_Type="application/json").json()["data"]
        self.assertEqual((told["accounts"], told["sso"]), ("only", "Uni"))
        state, cookie = self.begin()
        _, fragment = self.back(f"code=c&state={state}", cookie)
        self.assertEqual(self.enter(fragment.removeprefix("code="), cookie).status, 200)
        self.assertEqual(self.post("/login", {"code": "other"}).json()["message"], ACCOUNTS_ALONE)


class BelowAPath(AllTheWay):
    """The same behind a proxy with HTTPS, which takes its path away."""

    public = PublicUrl("https", "lab.example.org", "/lab/")
    origin = "https://lab.example.org"
    host = "lab.example.org"
    home = "/lab/"
    prefix = "__Secure-webipy-443-sso-"

    def back(self, query: str, cookie: str = "", **given: str) -> tuple[str, str]:
        """The path is below that of the proxy."""
        path, fragment = super().back(query, cookie, **given)
        self.assertTrue(path.startswith("/lab/"), path)
        return path.removeprefix("/lab"), fragment


class OverTls(AllTheWay):
    """The same on a server that speaks HTTPS itself: no neighbour of the host can plant the cookie."""

    is_tls = True
    origin = "https://localhost:8888"
    prefix = "__Host-webipy-8888-sso-"


class BelowABase(AllTheWay):
    """The same below a base URL."""

    below = SitePath("/a%40b/")
    home = "/a%40b/"

    def ask(
        self, method: str, path: str, body: bytes = b"", /, host: str | None = "localhost:8888", **given: str
    ) -> Answer:
        """A request below the base URL."""
        return super().ask(method, "/a%40b" + path, body, host, **given)

    def back(self, query: str, cookie: str = "", **given: str) -> tuple[str, str]:
        """As the browser has it."""
        path, fragment = super().back(query, cookie, **given)
        return path.removeprefix("/a%40b"), fragment


class Refused(SsoSiteCase):
    """What signs nobody in."""

    def message(self, fragment: str, cookie: str = "", status: int = 401) -> str:
        """Why, as the page asks."""
        answer = self.enter(fragment.removeprefix("code="), cookie)
        self.assertEqual((answer.status, "set-cookie" in answer.headers), (status, False), answer.body)
        self.assertEqual(self.rig.services.people.logins.all(), [])
        return str(answer.json()["message"])

    def test_an_address_of_return_that_somebody_else_made(self) -> None:
        """Login CSRF: the victim's browser has not the cookie, and the provider is not even asked."""
        state, cookie = self.begin()
        for cookies in ("", cookie[:-1] + "x", f"{self.prefix}other=x", cookie.replace(state, "other")):
            path, fragment = self.back(f"code=c&state={state}", cookies)
            self.assertEqual((path, fragment), ("/", "code=sso.lost"))
            self.assertIn("another browser", self.message(fragment, cookies))
        self.assertEqual(self.port.answers, [])
        self.assertEqual(self.rig.services.people.accounts.all(), [])

    def test_a_code_that_somebody_else_got(self) -> None:
        """The same with the last step."""
        state, cookie = self.begin()
        _, fragment = self.back(f"code=c&state={state}", cookie)
        self.assertIn("another browser", self.message(fragment))
        _, other = self.begin()
        self.assertIn("another browser", self.message(fragment, other))

    def test_twice(self) -> None:
        """Neither an address of return nor a code counts again."""
        state, cookie = self.begin()
        _, fragment = self.back(f"code=c&state={state}", cookie)
        self.assertEqual(self.back(f"code=c&state={state}", cookie)[1], "code=sso.lost")
        self.assertEqual(self.enter(fragment.removeprefix("code="), cookie).status, 200)
        self.assertEqual(self.enter(fragment.removeprefix("code="), cookie).status, 401)

    def test_addresses_that_are_none(self) -> None:
        """No state, a strange one, two of them, huge ones."""
        state, cookie = self.begin()
        for query in (
            "",
            "state=",
            "state=%00",
            f"state={state}&state={state}",
            f"state={state}x",
            "state=" + "x" * 200,
        ):
            self.assertEqual(self.back(query + "&code=c", cookie), ("/", "code=sso.lost"))
        path, _ = self.back(f"state={state}&code=a&code=b&iss={'x' * 9000}", cookie)
        self.assertEqual(path, "/s/abc")
        self.assertEqual((self.port.answers[0].code, self.port.answers[0].issuer), ("", None))

    def test_an_open_redirect(self) -> None:
        """Leads home."""
        for wanted in (
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "javascript:alert(1)",
            "/\r\nX: y",
        ):
            state, cookie = self.begin(wanted)
            self.assertEqual(self.back(f"code=c&state={state}", cookie)[0], "/")

    def test_other_pages_begin_nothing(self) -> None:
        """Another site, another port, a program, a form; nor do wrong bodies."""
        for origin in ("https://evil.example", "http://localhost:9999", "null"):
            self.assertEqual(self.post("/sso/begin", {"next": "/"}, Origin=origin).status, 403)
        body = b'{"next": "/"}'
        self.assertEqual(self.ask("POST", "/sso/begin", body, Content_Type="application/json").status, 400)
        self.assertEqual(self.post("/sso/begin", {}, Content_Type="text/plain").status, 415)
        wrong_ones: list[object] = [[], {"next": 5}, {"other": 1}]
        for wrong in wrong_ones:
            self.assertEqual(self.post("/sso/begin", wrong).status, 400)
        self.assertEqual(self.ask("GET", "/sso/begin").status, 405)
        self.assertEqual(self.ask("POST", "/sso/callback", b"x", Content_Type="application/json").status, 405)
        self.assertEqual(self.ask("GET", "/sso/other").status, 404)
        self.assertEqual(self.ask("GET", "/sso").status, 404)

    def test_the_page_is_told_why(self) -> None:
        """The provider is down, lies, or refuses; the person says no; they may not come in."""
        table: list[tuple[errors.Failure, int]] = [
            (errors.IdentityProviderFault("Uni lies."), 503),
            (errors.NotPermitted("You, or Uni, did not allow this sign-in."), 403),
            (errors.NotAuthenticated("Uni does not take the sign-in."), 401),
        ]
        for fault, status in table:
            state, cookie = self.begin()
            self.port.fault = fault
            path, fragment = self.back(f"code=c&state={state}", cookie)
            self.port.fault = None
            self.assertEqual((path, self.message(fragment, cookie, status)), ("/s/abc", fault.message))
        self.port.fault = errors.IdentityProviderFault("Uni is down.")
        answer = self.post("/sso/begin", {"next": "/"})
        self.assertEqual((answer.status, answer.json()["message"]), (503, "Uni is down."))

    def test_a_mistake_of_ours(self) -> None:
        """Is in the log, and leads to the page."""
        state, cookie = self.begin()
        self.port.fault = ZeroDivisionError()
        path, fragment = self.back(f"code=c&state={state}", cookie)
        self.assertEqual((path, len(self.flushLoggedErrors(ZeroDivisionError))), ("/", 1))
        self.message(fragment, cookie)


class WithoutIt(SiteTestCase):
    """A server that has no single sign-on."""

    def test_its_addresses_are_not_there(self) -> None:
        """Nor does a code of one mean anything."""
        self.assertEqual(self.ask("GET", "/sso/callback?code=c&state=abcdefgh").status, 404)
        body = b'{"code": "sso.a.b"}'
        self.assertEqual(self.ask("POST", "/login", body, Content_Type="application/json", Origin=HERE).status, 401)
        self.assertNotIn("sso", self.rpc().json()["data"])
