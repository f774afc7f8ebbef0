"""webipy.io.gate: hosts, origins and credentials of a request."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import TOKEN, make_rig
from webipy.io.gate import Gate, Header, cookie_of


def headers(**given: str | None) -> Header:
    """Looks up what was given, `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in given.items()}
    return lambda name: named.get(name)


class GateTests(SynchronousTestCase):
    """`Gate`."""

    def setUp(self) -> None:
        self.rig = make_rig()
        self.gate = Gate(self.rig.house.logins, frozenset({"notebook.example"}))

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
            self.assertEqual(self.gate.is_ours(host), is_ours, host)

    def test_a_cookie_counts_with_the_origin_of_the_host_it_was_sent_to(self) -> None:
        """http without a proxy; https behind one, and http on this machine."""
        cookie = self.successResultOf(Deferred.fromCoroutine(self.rig.house.logins.login(None, TOKEN)))
        proxied = Gate(self.rig.house.logins, frozenset({"notebook.example"}), is_behind_proxy=True)
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
            given = headers(host=host, origin=origin, cookie=f"a=b; webipy={cookie}")
            found = (self.gate.principal_of(given) is not None, proxied.principal_of(given) is not None)
            self.assertEqual(found, (plain, behind), (host, origin))

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
            self.assertEqual(self.gate.is_same_site(given), is_fine, (origin, site))

    def test_our_cookie_is_found_among_others(self) -> None:
        """And a header that cannot be read holds none."""
        table: list[tuple[str | None, str | None]] = [
            (None, None),
            ("", None),
            ("webipy=abc", "abc"),
            ("a=1; webipy=a-b_c; d=2", "a-b_c"),
            ('webipy="quoted"', "quoted"),
            ("webipyx=1; xwebipy=2", None),
            ("Webipy=1", None),
            ("\x00\x01;;;=", None),
        ]
        for header, value in table:
            self.assertEqual(cookie_of(header), value, header)

    def test_a_cookie_of_another_program_does_not_hide_ours(self) -> None:
        """All programs on localhost share their cookies; some are not as RFC 6265 wants them."""
        for other in ("theme=a b", "_xsrf=2|abc|def|123", 'state={"a":[1,2]}', "broken", "naïve=é", "a[b]=c"):
            self.assertEqual(cookie_of(f"{other}; webipy=abc"), "abc", other)
            self.assertEqual(cookie_of(f"webipy=abc; {other}"), "abc", other)
