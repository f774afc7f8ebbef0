"""webipy.io.web.request_auth: hosts, origins and credentials of a request."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import TOKEN, make_rig
from webipy.io.web.request_auth import Header, RequestAuth, cookie_names, cookies_of


def headers(**given: str | None) -> Header:
    """Looks up what was given, `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in given.items()}
    return lambda name: named.get(name)


class GateTests(SynchronousTestCase):
    """`RequestAuth`."""

    def setUp(self) -> None:
        self.rig = make_rig()
        self.auth = RequestAuth(self.rig.services.logins, frozenset({"notebook.example"}))

    def test_only_our_own_names_are_ours(self) -> None:
        """A name that an attacker points at a loopback address is not: DNS rebinding."""
        table: list[tuple[str | None, bool]] = [
            ("localhost", True),
            ("localhost:8888", True),
            ("LOCALHOST:8888", True),
            ("127.0.0.1:9", True),
            ("[::1]:8888", True),
            ("[::1]", True),
            ("notebook.example", True),
            ("Notebook.Example:443", True),
            (None, False),
            ("", False),
            (":8888", False),
            ("evil.example", False),
            ("localhost.evil.example", False),
            ("evil.example:8888", False),
            ("127.0.0.1.evil.example", False),
            ("xnotebook.example", False),
            ("notebook.example.", False),
            ("0.0.0.0:8888", False),
            ("127.0.0.2", False),
            ("[::1].evil.example", False),
            ("[::1", False),
            ("[::2]:8888", False),
            ("localhost:evil.example", False),
            ("localhost:8888@evil.example", False),
            ("localhost:", False),
        ]
        for host, is_ours in table:
            self.assertEqual(self.auth.is_ours(host), is_ours, host)

    def test_a_cookie_counts_with_the_origin_of_the_host_it_was_sent_to(self) -> None:
        """http without a proxy; https behind one, and http on this machine."""
        secrets = self.successResultOf(Deferred.fromCoroutine(self.rig.services.logins.login(None, TOKEN)))
        proxied = RequestAuth(self.rig.services.logins, frozenset({"notebook.example"}), is_behind_proxy=True)
        table: list[tuple[str, str, bool, bool]] = [
            ("localhost:8888", "http://localhost:8888", True, True),
            ("LocalHost:8888", "http://localhost:8888", True, True),
            ("localhost:8888", "https://localhost:8888", False, True),
            ("notebook.example", "https://notebook.example", False, True),
            ("notebook.example", "http://notebook.example", True, False),
            ("localhost:8888", "http://127.0.0.1:8888", False, False),
            ("localhost:8888", "http://localhost", False, False),
            ("localhost:8888", "null", False, False),
            ("localhost:8888", "https://evil.example", False, False),
        ]
        for host, origin, plain, behind in table:
            name = cookie_names(host)[0]
            given = headers(host=host, origin=origin, cookie=f"a=b; {name}={secrets.cookie}", x_webipy_key=secrets.key)
            found = (self.auth.principal_of(given) is not None, proxied.principal_of(given) is not None)
            self.assertEqual(found, (plain, behind), (host, origin))

    def test_a_server_that_speaks_tls_itself_has_no_plain_origin(self) -> None:
        """On this machine neither; cookies are those of https, whatever the origin says; HSTS is for names that are no loopback."""
        auth = RequestAuth(self.rig.services.logins, frozenset({"notebook.example"}), is_tls=True, is_strict=True)
        for host, origin, is_fine in (
            ("localhost:8888", "https://localhost:8888", True),
            ("localhost:8888", "http://localhost:8888", False),
            ("notebook.example", "https://notebook.example", True),
            ("notebook.example", "http://notebook.example", False),
        ):
            self.assertEqual(auth.is_same_site(headers(host=host, origin=origin)), is_fine, origin)
        for given, name in (
            ({}, "__Host-"),
            ({"x_webipy_base": "/lab/"}, "__Secure-"),
            ({"origin": "http://x"}, "__Host-"),
        ):
            (cookie,) = auth.set_cookies(headers(host="localhost:8888", **given), "v", 1)
            self.assertTrue(cookie.startswith(f"{name}webipy-8888=v; ") and cookie.endswith("; Secure"), cookie)
        policies: dict[str | None, bytes | None] = {
            "notebook.example:8888": b"max-age=31536000",
            "localhost:8888": None,
            "192.0.2.1": None,
            "[fd00::1]:8888": None,
            None: None,
        }
        for named, policy in policies.items():
            self.assertEqual(auth.transport_policy(headers(host=named)), policy, named)
            self.assertIsNone(self.auth.transport_policy(headers(host=named)))

    def test_a_server_of_a_network_answers_to_any_address(self) -> None:
        """But to no name that it does not know: DNS rebinding needs one."""
        auth = RequestAuth(self.rig.services.logins, frozenset({"pc"}), is_tls=True, takes_addresses=True)
        for name, is_ours in (
            ("192.0.2.1:8888", True),
            ("[fd00::1]", True),
            ("pc:8888", True),
            ("192.0.2.1.evil.example", False),
            ("evil.example", False),
            ("0x7f.1", False),
            ("2130706433", False),
            ("[fd00::1", False),
            ("", False),
        ):
            self.assertEqual(auth.is_ours(name), is_ours, name)
            self.assertFalse(self.auth.is_ours(name), name)

    def test_a_change_comes_from_our_own_page_or_from_no_page(self) -> None:
        """A table: host, origin, what the browser says of the site."""
        table: list[tuple[str | None, str | None, bool]] = [
            (None, None, True),
            (None, "none", True),
            ("http://localhost:8888", "same-origin", True),
            ("http://localhost:8888", None, True),
            ("https://evil.example", None, False),
            ("https://evil.example", "same-origin", False),
            ("null", None, False),
            (None, "cross-site", False),
            (None, "same-site", False),
            ("http://localhost:8889", "same-site", False),
        ]
        for origin, site, is_fine in table:
            given = headers(host="localhost:8888", origin=origin, sec_fetch_site=site)
            self.assertEqual(self.auth.is_same_site(given), is_fine, (origin, site))

    def test_our_cookies_are_found_among_others(self) -> None:
        """All of them; and a header that cannot be read holds none."""
        table: list[tuple[str | None, tuple[str, ...]]] = [
            (None, ()),
            ("", ()),
            ("webipy-8888=abc", ("abc",)),
            ("a=1; webipy-8888=a-b_c; d=2", ("a-b_c",)),
            ('webipy-8888="quoted"', ("quoted",)),
            ("webipy-88888=1; xwebipy-8888=2; webipy=3; webipy-8889=4", ()),
            ("Webipy-8888=1", ()),
            ("webipy-8888=planted; webipy-8888=abc; __Host-webipy-8888=d", ("planted", "abc", "d")),
            ("\x00\x01;;;=", ()),
        ]
        for header, values in table:
            self.assertEqual(cookies_of(header, cookie_names("localhost:8888")), values, header)

    def test_a_cookie_of_another_program_does_not_hide_ours(self) -> None:
        """All programs on localhost share their cookies; some are not as RFC 6265 wants them."""
        for other in ("theme=a b", "_xsrf=2|abc|def|123", 'state={"a":[1,2]}', "broken", "naïve=é", "a[b]=c"):
            self.assertEqual(cookies_of(f"{other}; webipy-80=abc", cookie_names("localhost")), ("abc",), other)
            self.assertEqual(cookies_of(f"webipy-80=abc; {other}", cookie_names("localhost")), ("abc",), other)

    def test_a_cookie_is_named_after_the_port_that_the_browser_sees(self) -> None:
        """So two servers on one host do not sign each other out, through a tunnel either."""
        table = {
            "localhost:8888": ("webipy-8888", "__Host-webipy-8888", "__Secure-webipy-8888"),
            "[::1]:9": ("webipy-9", "__Host-webipy-9", "__Secure-webipy-9"),
            "[::1]": ("webipy-80", "__Host-webipy-443", "__Secure-webipy-443"),
            "notebook.example": ("webipy-80", "__Host-webipy-443", "__Secure-webipy-443"),
        }
        for host, names in table.items():
            self.assertEqual(cookie_names(host), names, host)

    def test_a_page_sends_its_key_with_a_websocket_as_a_subprotocol(self) -> None:
        """It can set no header there; the cookie without it is nobody's."""
        secrets = self.successResultOf(Deferred.fromCoroutine(self.rig.services.logins.login(None, TOKEN)))
        table: list[tuple[str | None, bool]] = [
            (f"webipy, key.{secrets.key}", True),
            (f"key.{secrets.key}", True),
            (None, False),
            ("webipy", False),
            (f"webipy, {secrets.key}", False),
            ("webipy, key.", False),
            (f"webipy, key.{secrets.key}x", False),
        ]
        for protocols, counts in table:
            given = headers(
                host="localhost:8888",
                origin="http://localhost:8888",
                cookie=f"webipy-8888={secrets.cookie}",
                sec_websocket_protocol=protocols,
            )
            self.assertEqual(self.auth.principal_of(given) is not None, counts, protocols)

    def test_who_has_lost_a_half_is_told(self) -> None:
        """A page whose storage was cleared, and a browser from before there were keys: other words than for a stranger."""
        secrets = self.successResultOf(Deferred.fromCoroutine(self.rig.services.logins.login(None, TOKEN)))
        table: list[tuple[str | None, str | None]] = [
            (None, None),
            ("webipy-8888=junk", None),
            (f"webipy-8888={secrets.cookie}", "key_lost"),
            ("webipy=from-before", "updated"),
        ]
        for cookie, reason in table:
            fault = self.auth.refusal(headers(host="localhost:8888", cookie=cookie))
            self.assertEqual(fault.facts.get("reason"), reason, cookie)
            self.assertIn("webipy open", fault.message)

    def test_the_address_that_tries_are_counted_for(self) -> None:
        """A network of IPv6 is one; what a proxy says counts only behind one, and of that only its own word."""
        proxied = RequestAuth(self.rig.services.logins, is_behind_proxy=True)
        table: list[tuple[str, str | None, str, str]] = [
            ("1.2.3.4", None, "1.2.3.4", "1.2.3.4"),
            ("1.2.3.4", "9.9.9.9", "1.2.3.4", "9.9.9.9"),
            ("127.0.0.1", "6.6.6.6, 9.9.9.9", "127.0.0.1", "9.9.9.9"),
            ("::1", None, "::1", "::1"),
            ("2001:db8::1", None, "2001:db8::/64", "2001:db8::/64"),
            ("2001:db8::ffff", None, "2001:db8::/64", "2001:db8::/64"),
            ("127.0.0.1", "junk" * 100, "127.0.0.1", ("junk" * 100)[:64]),
            ("", None, "", ""),
        ]
        for peer, forwarded, plain, behind in table:
            given = headers(x_forwarded_for=forwarded)
            self.assertEqual(
                (self.auth.address_of(peer, given), proxied.address_of(peer, given)), (plain, behind), peer
            )
