"""webipy.io.hub.sign_in_resources, webipy.io.hub.first_page and webipy.io.web.held_requests: the real site of the server of a user of a hub."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, fail
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web.resource import IResource

from tests.fake_hub import ACCESS, CLIENT, PREFIX, FakeHub, Person, environment
from tests.fakes import TOKEN, Refused
from tests.test_site import CALL, Answer, SiteTestCase, Socket
from webipy.core import errors
from webipy.core.site_address import SitePath
from webipy.hub_parts import HUB_ALONE
from webipy.io.hub.environment import read_environment
from webipy.io.hub.first_page import FirstPage
from webipy.io.hub.sign_in_resources import SignIn
from webipy.io.web.metrics import Metrics, Pulse
from webipy.io.web.request_auth import RequestAuth
from webipy.io.web.requests import ANONYMOUS_BODY_BYTES
from webipy.io.web.site import build_site
from webipy.server.people.hub_attempts import COOKIE, HubAttempts
from webipy.server.people.hub_logins import CHECK_SECONDS, GRACE_SECONDS, HubLogins
from webipy.server.people.people import NO_ACCOUNTS
from webipy.server.ports.hub import HubPlace

HOST = "hub.example.org"
COOKIES = re.compile(r"set-cookie: ([^=]+)=([^;]*)", re.IGNORECASE)


class HubSiteTestCase(SiteTestCase):
    """The site of the server of ada."""

    below = SitePath(PREFIX)
    _secrets = 0

    def serve(self) -> None:
        """Builds the site with a hub."""
        self.hub = FakeHub()
        services = self.rig.services
        self.environment = read_environment(environment("http://127.0.0.1:8081/hub/api"))
        self.logins = HubLogins(
            self.hub,
            ACCESS,
            HubPlace("ada"),
            "Ada",
            TOKEN,
            self.rig.clock.seconds,
            services.world.now,
            services.logins.new_secret,
            services.world.new_id,
            services.logins.shares.connections,
        )
        services.logins.others[:] = [self.logins]
        services.logins.codes_closed = HUB_ALONE
        services.people.closed = NO_ACCOUNTS
        self.auth = RequestAuth(services.logins, is_behind_proxy=True, below=self.below, hub=self.logins)
        metrics = Metrics(services.sessions.all, Pulse(self.rig.clock), self.static, lambda call: Deferred())
        self.site = build_site(self.auth, self.rig.api, Socket(), self.static, metrics, self.more_resources())
        self.site.timeOut, self.site.reactor = None, self.rig.clock
        services.logins.shares.connections.add(self.site.end_login)

    def new_secret(self) -> str:
        """Another one each time."""
        self._secrets += 1
        return f"attempt-{self._secrets:04}-{'x' * 30}"

    def more_resources(self) -> Mapping[bytes, IResource]:
        """The sign-in."""
        attempts = HubAttempts(self.rig.clock.seconds, self.new_secret)
        return SignIn(self.hub, self.environment, self.logins, attempts, self.auth).resources()

    def below_prefix(self, method: str, path: str, body: bytes = b"", /, **given: str) -> Answer:
        """A request below the service prefix, as the hub's proxy passes it on."""
        return self.ask(method, PREFIX + path, body, HOST, **given)

    def call(self, body: bytes = CALL, /, **given: str) -> Answer:
        """A call by POST."""
        return self.below_prefix("POST", "rpc", body, **{"Content_Type": "application/json", **given})

    def begin(self, next: str = "/", **given: str) -> tuple[Answer, dict[str, str], dict[str, str]]:
        """Begins a sign-in: the answer, what the hub is asked, and the cookies."""
        answer = self.below_prefix("GET", f"oauth_login?next={next}", **given)
        asked = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}
        return answer, asked, dict(COOKIES.findall(answer.raw.decode("latin-1")))

    def come_back(self, asked: Mapping[str, str], cookies: Mapping[str, str], **more: str) -> Answer:
        """Comes back from the hub, where the visitor has signed in."""
        query = more or {"code": self.hub.new_code(asked["code_challenge"], asked["redirect_uri"])}
        given = "&".join(f"{name}={value}" for name, value in {"state": asked["state"], **query}.items())
        return self.below_prefix("GET", f"oauth_callback?{given}", Cookie=_line(cookies))

    def signed_in(self) -> dict[str, str]:
        """The headers of a browser that has come all the way."""
        _, asked, cookies = self.begin()
        code = self.come_back(asked, cookies).headers["location"].partition("#code=")[2]
        answer = self.enter(code, cookies)
        self.assertEqual(answer.status, 200, answer.raw)
        [secret] = [value for name, value in COOKIES.findall(answer.raw.decode("latin-1")) if name == "webipy-80"]
        return {"Cookie": f"webipy-80={secret}", "X_Webipy_Key": answer.json()["key"]}

    def enter(self, code: str, cookies: Mapping[str, str]) -> Answer:
        """Exchanges a one-time code."""
        body = f'{{"code": "{code}"}}'.encode()
        origin = f"http://{HOST}"
        return self.below_prefix(
            "POST", "login", body, Content_Type="application/json", Cookie=_line(cookies), Origin=origin
        )


def _line(cookies: Mapping[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


class Tokens(HubSiteTestCase):
    """Programs with a token."""

    def test_a_token_of_the_hub_is_let_in(self) -> None:
        """In either spelling of the header, under any name that the proxy passes on."""
        for kind in ("token", "Bearer"):
            answer = self.call(Authorization=f"{kind} ada-token")
            self.assertEqual((answer.status, answer.json()["result"]), (200, {"sessions": []}))
        self.assertEqual(self.hub.asked, ["ada-token"])

    def test_the_servers_own_token_needs_no_hub(self) -> None:
        """It lies in a file of the user, who is the owner."""
        self.hub.is_down = True
        self.assertEqual(self.call(Authorization=f"Bearer {TOKEN}").status, 200)
        self.assertEqual(self.hub.asked, [])

    def test_who_is_not_let_in_is_told_why(self) -> None:
        """401 nobody, 403 somebody else, 503 when the hub does not say."""
        self.hub.tokens["of-bo"] = Person("bo", frozenset(["access:servers!user=bo"]))
        self.assertEqual(self.call(Authorization="token wrong").status, 401)
        refused = self.call(Authorization="token of-bo")
        self.assertEqual((refused.status, refused.json()["data"]["name"]), (403, "not_permitted"))
        self.assertIn("bo may not use this server", refused.json()["message"])
        self.hub.is_down = True
        unsaid = self.call(Authorization="token other")
        self.assertEqual((unsaid.status, unsaid.json()["data"]["name"]), (503, "hub_unreachable"))

    def test_answers_name_the_version_of_the_hub(self) -> None:
        """The hub looks for it, and warns of what is too old."""
        self.assertNotIn("x-jupyterhub-version", self.below_prefix("GET", "healthz").headers)
        self.logins.version = "6.1.1"
        self.assertEqual(self.below_prefix("GET", "healthz").headers["x-jupyterhub-version"], "6.1.1")

    def test_links_let_nobody_in(self) -> None:
        """Unless whoever runs the hub says so: neither can one be made, nor does one that was made before count."""
        session = self.rig.session("python3")
        share = self.rig.me.call("share.link", session=session, verb="execute")
        secret = share["url"].rpartition("#share=")[2]
        body = f'{{"share": "{secret}", "name": "Grace"}}'.encode()
        joined = self.below_prefix("POST", "login", body, Content_Type="application/json", Origin=f"http://{HOST}")
        self.assertEqual(joined.status, 200)
        [(_, cookie)] = COOKIES.findall(joined.raw.decode("latin-1"))
        guest = {"Cookie": f"webipy-80={cookie}", "X_Webipy_Key": joined.json()["key"]}
        info = b'{"jsonrpc":"2.0","id":1,"method":"server.info"}'
        self.assertEqual(self.call(info, **guest).json()["result"]["principal"], "Grace (guest)")
        self.rig.services.logins.shares.closed = "The hub says who may come in."
        self.assertEqual(self.call(info, **guest).status, 401)
        self.assertEqual(self.below_prefix("POST", "login", body, Content_Type="application/json").status, 401)
        with self.assertRaises(Refused) as caught:
            self.rig.me.call("share.link", session=session, verb="read")
        self.assertEqual(caught.exception.message, "The hub says who may come in.")

    def test_nobody_is_led_to_the_hub(self) -> None:
        """The page reads the reason, and goes there."""
        answer = self.call()
        self.assertEqual((answer.status, answer.json()["data"]["reason"]), (401, "hub"))

    def test_what_needs_no_login_does_not_wait_for_the_hub(self) -> None:
        """The page and its files are there while the hub is not."""
        self.hub.is_down = True
        for path in ("", "static/main-abc.js", "healthz", "s/abc"):
            self.assertEqual(self.below_prefix("GET", path, Authorization="token unknown").status, 200, path)

    def test_a_large_body_waits_for_the_answer(self) -> None:
        """Of somebody unknown it would be refused; here it comes in pieces while the hub thinks, and is read when it has answered."""
        waiting: list[Deferred[Any]] = []

        def user_of(token: str) -> Deferred[Any]:
            waiting.append(Deferred())
            return waiting[-1]

        say = self.hub.user_of
        self.hub.user_of = user_of  # type: ignore[method-assign]  # a hub that takes its time
        body = CALL + b" " * (2 * ANONYMOUS_BODY_BYTES)
        head = (
            f"POST {PREFIX}rpc HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\nAuthorization: token ada-token\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode()
        whole = head + body
        for at in (len(head) // 2, len(head), len(head) + 100, len(whole) - 1, len(whole)):
            self.rig.clock.advance(CHECK_SECONDS)  # the hub is asked each time
            protocol = self.site.buildProtocol(IPv4Address("TCP", "127.0.0.1", 5))
            assert protocol is not None
            transport = StringTransport()
            protocol.makeConnection(cast(Any, transport))
            protocol.dataReceived(whole[:at])
            self.assertEqual(transport.value(), b"", at)
            self.assertEqual(transport.producerState, "paused" if at > len(head) else "producing", at)
            for one in [waiting.pop()] if at >= len(head) else []:
                say("ada-token").chainDeferred(one)
            self.assertEqual(transport.producerState, "producing", at)
            protocol.dataReceived(whole[at:])
            for one in [waiting.pop()] if at < len(head) else []:
                say("ada-token").chainDeferred(one)
            self.rig.turn()
            self.assertIn(b'"sessions":[]', transport.value(), at)

    def test_who_goes_away_while_the_hub_is_asked_leaves_nothing(self) -> None:
        """The answer comes, and nobody is there."""
        waiting: list[Deferred[Any]] = [Deferred()]
        self.hub.user_of = lambda token: waiting[0]  # type: ignore[method-assign]  # a hub that takes its time
        protocol = self.site.buildProtocol(IPv4Address("TCP", "127.0.0.1", 5))
        assert protocol is not None
        transport = StringTransport()
        protocol.makeConnection(cast(Any, transport))
        head = f"GET {PREFIX}metrics HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: token ada-token\r\n\r\n"
        protocol.dataReceived(head.encode())
        protocol.connectionLost(Failure(ConnectionDone()))
        waiting[0].callback(None)
        self.rig.turn()
        self.assertEqual(transport.value(), b"")


class SignInAtTheHub(HubSiteTestCase):
    """A browser's way."""

    def test_it_leads_to_the_hub_and_back(self) -> None:
        """Two secrets at the end, as of any login; the page that was wanted; a token that nobody has seen."""
        answer, asked, cookies = self.begin("/s/abc%3Foutput%3Dc1")
        self.assertEqual(answer.status, 302)
        self.assertTrue(answer.headers["location"].startswith("/hub/api/oauth2/authorize?"), answer.headers)
        self.assertEqual(
            {name: asked[name] for name in ("client_id", "redirect_uri", "response_type", "code_challenge_method")},
            {
                "client_id": CLIENT,
                "redirect_uri": PREFIX + "oauth_callback",
                "response_type": "code",
                "code_challenge_method": "S256",
            },
        )
        self.assertIn("; HttpOnly; SameSite=Lax; Max-Age=600", answer.headers["set-cookie"])
        self.assertIn(f"; Path={PREFIX};", answer.headers["set-cookie"])
        self.assertEqual(list(cookies), [COOKIE + asked["state"]])
        back = self.come_back(asked, cookies)
        page, _, code = back.headers["location"].partition("#code=")
        self.assertEqual((back.status, page), (302, PREFIX + "s/abc?output=c1"))
        entered = self.enter(code, cookies)
        self.assertEqual((entered.status, list(entered.json())), (200, ["key"]))
        self.assertEqual(self.enter(code, cookies).status, 401)

    def test_the_login_needs_both_secrets(self) -> None:
        """As every login: the cookie alone is nothing, also with the hub behind it."""
        browser = self.signed_in()
        self.assertEqual(self.call(**browser).status, 200)
        self.assertEqual(self.call(Cookie=browser["Cookie"]).status, 401)
        self.assertEqual(self.call(X_Webipy_Key=browser["X_Webipy_Key"]).status, 401)
        self.assertEqual(self.call(**{**browser, "Origin": "https://evil.example"}).status, 403)

    def test_a_lab_token_counts_with_the_login_of_the_hub(self) -> None:
        """As with any login; the hub is asked about the login's token, and never about the lab token."""
        browser = self.signed_in()
        login = self.logins.all()[0].id
        token = self.rig.wait(Deferred.fromCoroutine(self.rig.services.logins.lab_tokens.make(login)))
        page = {"Cookie": browser["Cookie"], "Authorization": f"token {token}"}
        self.assertEqual(self.call(**page).status, 200)
        self.assertEqual(self.call(Authorization=f"token {token}").status, 401)
        self.rig.clock.advance(CHECK_SECONDS)
        self.hub.tokens.clear()
        self.assertEqual(self.call(**page).status, 401)
        self.assertNotIn(token, self.hub.asked)

    def test_the_cookies_are_secure_over_https(self) -> None:
        """As the proxy says of the browser, and as its origin says."""
        answer, _, _ = self.begin(X_Forwarded_Proto="https,http")
        self.assertIn("; Secure", answer.headers["set-cookie"])
        answer, _, _ = self.begin(X_Forwarded_Proto="http")
        self.assertNotIn("; Secure", answer.headers["set-cookie"])

    def test_another_browser_cannot_end_what_one_began(self) -> None:
        """A wrong state, none, another attempt's cookie, a cookie that was changed: words, and nobody is signed in."""
        _, asked, cookies = self.begin()
        _, other, others = self.begin()
        table = [
            self.come_back({**asked, "state": "A" * 22}, cookies),
            self.come_back({**asked, "state": ""}, cookies),
            self.come_back({**asked, "state": "a;b"}, cookies),
            self.come_back(asked, {}),
            self.come_back(asked, others),
            self.come_back(asked, {COOKIE + asked["state"]: others[COOKIE + other["state"]]}),
        ]
        for answer in table:
            self.assertEqual(answer.status, 401, answer.raw)
            self.assertIn(b"<h1>You are not signed in</h1>", answer.body)
            self.assertIn(f'<a href="{PREFIX}">Begin again</a>'.encode(), answer.body)
            self.assertNotIn("location", answer.headers)
        self.assertEqual(self.logins.all(), [])

    def test_who_has_no_access_is_told_so(self) -> None:
        """The hub knows them and this server is not theirs: 403 in words, and no way in a circle."""
        self.hub.visitor = Person("bo", frozenset(["access:servers!user=bo"]))
        _, asked, cookies = self.begin()
        answer = self.come_back(asked, cookies)
        self.assertEqual(answer.status, 403)
        self.assertIn(b"bo may not use this server of the hub: it belongs to ada.", answer.body)
        self.assertNotIn(b"href", answer.body)

    def test_what_the_hub_says_against_it_is_shown_and_is_no_html(self) -> None:
        """Somebody who says no at the hub; a text of theirs runs nothing here."""
        _, asked, cookies = self.begin()
        answer = self.come_back(asked, cookies, error="access_denied", error_description="<script>no</script>")
        self.assertEqual(answer.status, 403)
        self.assertIn(b"&lt;script&gt;no&lt;/script&gt;", answer.body)
        self.assertIn("default-src 'none'", answer.headers["content-security-policy"])

    def test_a_code_that_the_hub_does_not_take(self) -> None:
        """Used before, or made up."""
        _, asked, cookies = self.begin()
        answer = self.come_back(asked, cookies, code="made-up")
        self.assertEqual(answer.status, 401)

    def test_a_hub_that_does_not_answer(self) -> None:
        """503 in words."""
        _, asked, cookies = self.begin()
        self.hub.is_down = True
        answer = self.come_back(asked, cookies, code="any")
        self.assertEqual(answer.status, 503)
        self.assertIn(b"The hub cannot be reached.", answer.body)

    def test_a_mistake_of_ours_shows_nothing_of_the_inside(self) -> None:
        """500, and the log has it."""
        _, asked, cookies = self.begin()
        self.hub.token_of = lambda code, verifier: fail(ValueError("inside"))  # type: ignore[method-assign]  # a fault
        answer = self.come_back(asked, cookies, code="any")
        self.assertEqual(answer.status, 500)
        self.assertNotIn(b"inside", answer.body)
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    def test_no_other_way_signs_a_browser_in(self) -> None:
        """Neither the server's own token nor a code of its own: who signs out at the hub would stay in by them."""
        code = self.rig.services.logins.new_code()
        for body in (f'{{"token": "{TOKEN}"}}', f'{{"code": "{code}"}}', f'{{"code": "x.{code}"}}'):
            answer = self.below_prefix("POST", "login", body.encode(), Content_Type="application/json")
            self.assertEqual(answer.status, 401, answer.raw)
        self.assertEqual(self.rig.me.call("server.launch_code")["code"], "")

    def test_the_owner_is_told_where_the_hub_is(self) -> None:
        """Where they stop this server, and start others."""
        self.rig.services.hub_home = self.logins.place.home
        self.assertEqual(self.rig.me.call("server.info")["hub"], "/hub/home")

    def test_signing_out_leads_to_the_hub(self) -> None:
        """Whose sign-in would let the browser in again at once."""
        browser = self.signed_in()
        answer = self.below_prefix("POST", "logout", b"{}", Content_Type="application/json", **browser)
        self.assertEqual((answer.status, answer.json()), (200, {"next": "/hub/logout"}))
        self.assertEqual(self.call(**browser).status, 401)

    def test_a_link_to_sign_out_leads_to_the_hub(self) -> None:
        """As JupyterLab's menu has one; by itself it ends nothing, as any page could have it."""
        browser = self.signed_in()
        answer = self.below_prefix("GET", "logout", Cookie=browser["Cookie"])
        self.assertEqual((answer.status, answer.headers["location"]), (302, "/hub/logout"))
        self.assertEqual(self.call(**browser).status, 200)

    def test_signing_in_again_leaves_the_login_before(self) -> None:
        """One browser, one login."""
        browser = self.signed_in()
        _, asked, cookies = self.begin()
        code = self.come_back(asked, cookies).headers["location"].partition("#code=")[2]
        name, _, value = browser["Cookie"].partition("=")
        self.assertEqual(self.enter(code, {**cookies, name: value}).status, 200)
        self.assertEqual(self.call(**browser).status, 401)
        self.assertEqual(len(self.logins.all()), 1)


class FirstPages(HubSiteTestCase):
    """`c.Spawner.default_url`."""

    def more_resources(self) -> Mapping[bytes, IResource]:
        """A hub that names another first page."""
        more = {"JUPYTERHUB_DEFAULT_URL": "/lab/tree/a.ipynb"}
        self.environment = read_environment({**environment("http://127.0.0.1:8081/hub/api"), **more})
        return {**super().more_resources(), b"": FirstPage(self.static, self.environment)}

    def test_who_comes_from_the_hub_is_led_to_the_first_page(self) -> None:
        """From its home or waiting page; who comes from elsewhere, or asks for a folder, gets ours."""
        for referer in ("hub/home", "hub/spawn-pending/ada"):
            answer = self.below_prefix("GET", "", Referer=f"http://{HOST}/{referer}")
            self.assertEqual((answer.status, answer.headers["location"]), (302, PREFIX + "lab/tree/a.ipynb"))
        table = [
            ("", f"http://{HOST}{PREFIX}lab"),
            ("", "http://[/hub/"),
            ("?in=a", f"http://{HOST}/hub/home"),
            ("", ""),
        ]
        for path, referer in table:
            self.assertEqual(self.below_prefix("GET", path, Referer=referer).status, 200, (path, referer))

    def test_the_way_by_the_address_without_its_slash_says_where_one_comes_from(self) -> None:
        """The hub's own link has no slash at its end."""
        answer = self.ask("GET", PREFIX[:-1], host=HOST)
        self.assertEqual((answer.status, answer.headers["location"]), (308, "./ada/"))
        self.assertEqual(answer.headers["referrer-policy"], "same-origin")

    def test_the_sign_in_leads_there_too(self) -> None:
        """By our page, which takes the code; to another page that was wanted, it leads as always."""
        for next, page in (("/", "?then=%2Flab%2Ftree%2Fa.ipynb"), ("/s/abc", "s/abc")):
            _, asked, cookies = self.begin(next)
            back = self.come_back(asked, cookies)
            self.assertEqual(back.headers["location"].partition("#")[0], PREFIX + page)


class Ends(HubSiteTestCase):
    """A login ends with its token."""

    def test_signed_out_at_the_hub_is_signed_out_here(self) -> None:
        """At the first request after `CHECK_SECONDS`."""
        browser = self.signed_in()
        self.hub.tokens.clear()
        self.assertEqual(self.call(**browser).status, 200)
        self.rig.clock.advance(CHECK_SECONDS)
        answer = self.call(**browser)
        self.assertEqual((answer.status, answer.json()["data"]["reason"]), (401, "hub"))

    def test_a_hub_that_restarts_throws_nobody_out(self) -> None:
        """And one that stays away lets nobody in, in words."""
        browser = self.signed_in()
        self.hub.is_down = True
        self.rig.clock.advance(CHECK_SECONDS)
        self.assertEqual(self.call(**browser).status, 200)
        self.rig.clock.advance(GRACE_SECONDS)
        answer = self.call(**browser)
        self.assertEqual((answer.status, answer.json()["data"]["name"]), (503, "hub_unreachable"))

    def test_logins_are_listed_and_ended(self) -> None:
        """With those of the server itself: `login.list`, `login.revoke`."""
        browser = self.signed_in()
        listed = self.rig.me.call("login.list")["logins"]
        self.assertEqual(len(listed), 1)
        self.assertEqual(self.rig.me.call("login.revoke", id=listed[0]["id"])["ended"], [listed[0]["id"]])
        self.assertEqual(self.call(**browser).status, 401)

    def test_an_unknown_failure_of_the_question_is_no_hang(self) -> None:
        """The request goes on as that of nobody, and the log has the mistake."""
        self.hub.user_of = lambda token: fail(ValueError("a mistake"))  # type: ignore[method-assign]  # a fault
        self.assertEqual(self.call(Authorization="token ada-token").status, 401)
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.assertTrue(issubclass(errors.HubUnreachable, errors.Failure))
