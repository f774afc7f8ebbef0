"""webipy.core.site_address, and the whole contract of the site once more below a base URL.

Data flow: each class of tests that speaks to a site gets a twin here, whose site is at `/a%40b/` and whose requests are sent there, in both spellings
in turn. What the tests ask for, and what they expect, stays as it was written for `/`.
"""

from __future__ import annotations

import itertools
import re
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests import (
    test_exports,
    test_files_resource,
    test_libraries_resource,
    test_outputs_resource,
    test_share_preview,
    test_site,
    test_widgets_resource,
)
from tests.fakes import TOKEN
from tests.test_site import SiteTestCase
from webipy.command.connecting import checked_url
from webipy.command.lookup import Wrong
from webipy.core.site_address import BadAddress, PublicUrl, SitePath, read_path, read_public_url
from webipy.io.web.request_auth import RequestAuth
from webipy.io.web.requests import PageSite

BELOW = SitePath("/a%40b/")
PUBLIC = PublicUrl("https", "notebooks.example", "/lab/")
SPELLINGS = (b"/a%40b/", b"/a@b/", b"/%61%40b/")
_LINE = re.compile(rb"(?s)([A-Z]+) /(.*)")


class BelowBaseUrl(SiteTestCase):
    """A site below a base URL, that is reached there."""

    below = BELOW

    def setUp(self) -> None:
        build, spellings = PageSite.buildProtocol, itertools.cycle(SPELLINGS)

        def build_below(site: PageSite, address: Any) -> Any:
            protocol: Any = build(site, address)
            receive = protocol.dataReceived

            def receive_below(piece: bytes) -> None:
                line = _LINE.fullmatch(piece)
                receive(piece if line is None else line[1] + b" " + next(spellings) + line[2])

            protocol.dataReceived = receive_below
            return protocol

        self.patch(PageSite, "buildProtocol", build_below)
        super().setUp()


for _module in (
    test_exports,
    test_files_resource,
    test_libraries_resource,
    test_outputs_resource,
    test_share_preview,
    test_site,
    test_widgets_resource,
):
    for _name, _kind in list(vars(_module).items()):
        if isinstance(_kind, type) and issubclass(_kind, SiteTestCase) and _kind.__module__ == _module.__name__:
            _twin = f"{_name}Below{_module.__name__.rpartition('test_')[2].title().replace('_', '')}"
            globals()[_twin] = type(_twin, (BelowBaseUrl, _kind), {"__module__": __name__, "__doc__": _kind.__doc__})


class Paths(SynchronousTestCase):
    """What a base URL may be."""

    def test_a_base_url_has_one_spelling(self) -> None:
        """A table; and what was read is read again as it is."""
        table = {
            "/": "/",
            "/lab": "/lab/",
            "/a@b": "/a%40b/",
            "/a%40b/": "/a%40b/",
            "/%61/b/c/": "/a/b/c/",
            "/ä": "/%C3%A4/",
            "/x;y:z": "/x%3By%3Az/",
            "/~ada/.hidden": "/~ada/.hidden/",
        }
        for text, path in table.items():
            self.assertEqual((read_path(text), read_path(path)), (path, path), text)

    def test_what_is_no_path_is_refused_with_what_would_be_right(self) -> None:
        """And what would be right is taken."""
        table = {
            "": "/lab/", "lab": "/lab/", "a b": "/a%20b/", "/a b": "/a%20b/", "//x": "/x/", "/a//b": "/a/b/", "..": "/lab/", "/..": "/lab/",
            "/x/../y": "/x/y/", "../y/.": "/y/", "/%2e%2E/": "/lab/", "?": "/lab/", "#": "/lab/", "/a?b": "/lab/", "http://h/x": "/lab/",
            "/%": "/lab/", "/%zz": "/lab/", "/a%2fb": "/lab/", "/a%00": "/lab/", "/a%0Ab": "/lab/", "/\\x": "/lab/", "/%ff": "/lab/",
            "/a#b": "/lab/", "/a\nb": "/lab/",
            "/" + "x" * 600: "/lab/",
        }  # fmt: skip
        for text, better in table.items():
            fault = self.assertRaises(BadAddress, read_path, text)
            right = re.search(r"a base URL is a path, such as (\S+)\.\Z", str(fault))
            assert right is not None, str(fault)
            self.assertEqual((right[1], read_path(right[1])), (better, better), text)

    def test_what_is_below_is_found_by_whole_parts(self) -> None:
        """A table: path, what is left of it."""
        table: dict[bytes, bytes | None] = {
            b"/a%40b/": b"/", b"/a@b/x%20y": b"/x%20y", b"/%61@%62/x": b"/x", b"/a%40b": b"", b"/a%40b//x": b"//x", b"/a%40b/../x": b"/../x",
            b"/": None, b"": None, b"*": None, b"/a%40bc/": None, b"/a": None, b"//a%40b/": None, b"x/a%40b/": None, b"/A%40b/": None,
            b"/a%2540b/": None, b"/a%40b%2fx": None, b"/x/../a%40b/": None, b"/a%40b;p/": None,
        }  # fmt: skip
        for path, rest in table.items():
            self.assertEqual(BELOW.rest_of(path), rest, path)
            self.assertEqual(SitePath().rest_of(path), path)
        deep = SitePath("/a/b/c/")
        self.assertEqual([deep.rest_of(path) for path in (b"/a/b/c/d/e", b"/a/b/c", b"/a/b")], [b"/d/e", b"", None])

    def test_a_public_url_is_read_whole(self) -> None:
        """A table: address, origin, path, name."""
        table = {
            "https://H.example:443/x": ("https://h.example", "/x/", "h.example"),
            "https://h.example:8443": ("https://h.example:8443", "/", "h.example"),
            "http://localhost:8080/a@b": ("http://localhost:8080", "/a%40b/", "localhost"),
            "http://127.0.0.1": ("http://127.0.0.1", "/", "127.0.0.1"),
            "https://[::1]:9/": ("https://[::1]:9", "/", "[::1]"),
            "https://[2001:db8::1]/": ("https://[2001:db8::1]", "/", "[2001:db8::1]"),
            "https://bücher.example/": ("https://xn--bcher-kva.example", "/", "xn--bcher-kva.example"),
        }
        for text, (origin, path, name) in table.items():
            found = read_public_url(text)
            self.assertEqual(
                (found.origin, found.path, found.name, found.url), (origin, path, name, origin + path), text
            )

    def test_what_is_no_public_url_is_refused(self) -> None:
        """With what would be right; plain HTTP leaves this machine nowhere."""
        table = {
            "h.example/x": "write all of it, such as https://",
            "ftp://h.example/": "write all of it",
            "https://": "write all of it",
            "https://u:p@h.example/": "write all of it",
            "https://h.example:port/": "write all of it",
            "https://a b/": "write all of it",
            "https://h.example/?x=1": "leave away what begins with ? or #",
            "https://h.example/#": "leave away",
            "https://h.example/a/../b": "a base URL is a path, such as /a/b/",
            "http://h.example:81/x": "Let the proxy speak HTTPS: https://h.example:81/x/",
            "https://xn--\u00e9.example/": "write all of it",
        }
        for text, words in table.items():
            self.assertIn(words, str(self.assertRaises(BadAddress, read_public_url, text)))


class Urls(SynchronousTestCase):
    """`--url`, as people write it."""

    def test_an_address_is_read_as_it_is_meant(self) -> None:
        """A table: without a scheme, with a path, as it was copied from a browser."""
        table = {
            "http://127.0.0.1:8888": "http://127.0.0.1:8888",
            "http://127.0.0.1:8888/": "http://127.0.0.1:8888",
            "127.0.0.1:8888": "http://127.0.0.1:8888",
            "localhost/lab": "http://localhost/lab",
            "[::1]:9/": "http://[::1]:9",
            "notebooks.example/lab/": "https://notebooks.example/lab",
            "HTTPS://Notebooks.Example:8443/a@b": "https://notebooks.example:8443/a%40b",
            " https://h.example/lab/#code=abc ": "https://h.example/lab",
            "https://h.example/lab/?in=x": "https://h.example/lab",
        }
        for text, url in table.items():
            self.assertEqual(checked_url(text), url, text)

    def test_what_is_no_address_is_refused_with_what_would_be_right(self) -> None:
        """And never by a traceback."""
        schemes = (
            "http://",
            "https:///lab",
            "ftp://h",
            "http://h:port",
            "http://[::1",
            "http://a b/",
            "http://u@h/",
            "http://h\\x/",
            "http://h/../x",
        )
        for text in ("", " ", "/", "h:1:2", "http://h/%zz", *schemes):
            self.assertIn("is no address of a server", str(self.assertRaises(Wrong, checked_url, text)), text)


class Outside(SiteTestCase):
    """What is not below the base URL."""

    below = BELOW

    def test_nothing_is_there(self) -> None:
        """Whoever asks, with whatever credential, by whatever method: 404, which says nothing of where the page is."""
        token = {"Authorization": f"Bearer {TOKEN}"}
        paths = (
            "/",
            "/login",
            "/rpc",
            "/static/main-abc.js",
            "/files/a",
            "/healthz",
            "/a",
            "/a%40bc/",
            "//a%40b/",
            "/a%2540b/",
            "/x/a%40b/",
        )
        for path, method, who in itertools.product(
            paths, ("GET", "HEAD", "POST", "PUT", "DELETE"), ({}, token, self.login())
        ):
            answer = self.ask(method, path, **who, Accept="text/html", Content_Type="application/json")
            self.assertEqual(answer.status, 404, (method, path))
            self.assertNotIn(b"a%40b", answer.raw, (method, path))
            self.assertNotIn(b"The page", answer.raw, (method, path))

    def test_a_wrong_host_is_refused_first(self) -> None:
        """As everywhere."""
        self.assertEqual(self.ask("GET", "/", host="evil.example").status, 421)

    def test_without_the_slash_at_its_end_it_leads_there(self) -> None:
        """By the last part alone, as a proxy may have taken others away; with the query."""
        for path, place in (("/a%40b", "./a%40b/"), ("/a@b?in=x", "./a@b/?in=x")):
            answer = self.ask("GET", path)
            self.assertEqual((answer.status, answer.headers["location"], answer.body), (308, place, b""))


class Ways(BelowBaseUrl):
    """How the page finds its base URL."""

    def test_the_page_has_the_way_from_each_of_its_addresses(self) -> None:
        """Relative, so that it holds whatever a proxy takes away."""
        (self.static / "index.html").write_bytes(b"<html data-base={{base}}>")
        table = {
            "/": b"./",
            "/s/abc": b"../",
            "/s/abc?output=1": b"../",
            "/n/a.ipynb": b"../",
            "/n/a/b%20c/d.ipynb": b"../../../",
            "/nope": b"./",
            "/no/pe": b"../",
        }
        for path, way in table.items():
            self.assertEqual(self.ask("GET", path, Accept="text/html").body, b"<html data-base=%b>" % way, path)


class Proxied(SiteTestCase):
    """A public URL, and proxies of each kind in front."""

    below = BELOW
    public = PUBLIC

    def auth_of(self, **options: Any) -> RequestAuth:
        """An auth that knows the public URL."""
        return RequestAuth(self.rig.services.logins, **{"below": BELOW, "public": PUBLIC, **options})

    def test_its_host_is_ours(self) -> None:
        """With any port, as a proxy may leave it away; and no other."""
        auth = self.auth_of()
        for host, is_ours in {
            "notebooks.example": True,
            "Notebooks.Example:8443": True,
            "localhost:1": True,
            "example": False,
            "x.notebooks.example": False,
        }.items():
            self.assertEqual(auth.is_ours(host), is_ours, host)

    def test_its_origin_is_ours_exactly(self) -> None:
        """Host and origin as they arrive: passed on, replaced by the proxy, without the port. Headers of proxies change nothing."""
        table = [
            ("notebooks.example", "https://notebooks.example", True),
            ("notebooks.example:443", "https://notebooks.example", True),
            ("127.0.0.1:8888", "https://notebooks.example", True),
            ("notebooks.example", "http://notebooks.example", False),
            ("notebooks.example:80", "http://notebooks.example:80", False),
            ("notebooks.example:444", "https://notebooks.example:444", False),
            ("notebooks.example", "https://notebooks.example.evil.example", False),
            ("notebooks.example", "null", False),
            ("127.0.0.1:8888", "http://127.0.0.1:8888", True),
            ("127.0.0.1:8888", "https://127.0.0.1:8888", False),
            ("127.0.0.1:8888", "https://evil.example", False),
        ]
        forwarded = {
            "x-forwarded-host": "evil.example",
            "x-forwarded-proto": "http",
            "x-forwarded-prefix": "/evil/",
            "forwarded": "host=evil.example;proto=https",
        }
        for host, origin, is_ours in table:
            given = {"host": host, "origin": origin, **forwarded}.get
            for is_behind_proxy in (False, True):
                if is_behind_proxy and host.startswith("127"):
                    continue  # there https of this machine is ours, too
                self.assertEqual(
                    self.auth_of(is_behind_proxy=is_behind_proxy).is_same_site(given), is_ours, (host, origin)
                )

    def test_an_address_is_forwarded_only_by_a_proxy_that_is_trusted(self) -> None:
        """`X-Forwarded-For` counts with `--behind-proxy`, and not with a public URL alone."""
        given = {"x-forwarded-for": "198.51.100.9, 203.0.113.5"}.get
        self.assertEqual(self.auth_of().address_of("127.0.0.1", given), "127.0.0.1")
        self.assertEqual(self.auth_of(is_behind_proxy=True).address_of("127.0.0.1", given), "203.0.113.5")

    def test_a_cookie_is_bound_to_where_the_page_is(self) -> None:
        """A table: host, origin, what the page says it is below; the start and the path of the cookie. No two of other places have the same."""
        there = "https://notebooks.example"
        table = [
            ("notebooks.example", there, None, "__Secure-webipy-443", "/lab/", True),
            ("127.0.0.1:8888", there, None, "__Secure-webipy-443", "/lab/", True),
            ("notebooks.example", None, None, "__Secure-webipy-443", "/lab/", True),
            ("127.0.0.1:8888", there, "/", "__Host-webipy-443", "/", True),
            ("127.0.0.1:8888", there, "/other/", "__Secure-webipy-443", "/other/", True),
            ("127.0.0.1:8888", "http://127.0.0.1:8888", None, "webipy-8888", "/a%40b/", False),
            ("127.0.0.1:8888", "http://127.0.0.1:8888", "/a@b/", "webipy-8888", "/a@b/", False),
            ("127.0.0.1:8888", None, None, "webipy-8888", "/a%40b/", False),
            *(
                ("127.0.0.1:8888", None, bad, "webipy-8888", "/a%40b/", False)
                for bad in ("", "x", "/x", "/; Domain=evil/", "/a b/", "/\x00/", "/" + "x" * 2000 + "/", "/é/")
            ),
        ]
        for host, origin, base, name, path, is_secure in table:
            given = {"host": host, "origin": origin, "x-webipy-base": base}.get
            (line,) = self.auth_of().set_cookies(given, "SECRET", 60)
            expected = (
                f"{name}=SECRET; Path={path}; HttpOnly; SameSite=Strict; Max-Age=60{'; Secure' if is_secure else ''}"
            )
            self.assertEqual(line, expected, (host, origin, base))
            (gone,) = self.auth_of().set_cookies(given, "", 60)
            self.assertEqual(gone, expected.replace("SECRET", "").replace("=60", "=0"))

    def test_who_signed_in_there_is_known_whatever_host_the_proxy_tells(self) -> None:
        """With its key; the other server's cookie of the same name beside it harms nothing."""
        body = b'{"token": "%b"}' % TOKEN.encode()
        signed = self.ask("POST", "/a%40b/login", body, Content_Type="application/json", Origin=PUBLIC.origin)
        cookie = signed.headers["set-cookie"].partition(";")[0]
        for host in ("127.0.0.1:8888", "notebooks.example", "notebooks.example:443"):
            for cookies in (cookie, f"__Secure-webipy-443=other; {cookie}", f"{cookie}; __Secure-webipy-443=other"):
                given = {"Cookie": cookies, "X_Webipy_Key": signed.json()["key"], "Content_Type": "application/json"}
                call = b'{"jsonrpc":"2.0","id":1,"method":"session.list"}'
                answer = self.ask("POST", "/a%40b/rpc", call, host=host, Origin=PUBLIC.origin, **given)
                self.assertEqual(answer.status, 200, (host, cookies))
                self.assertEqual(
                    self.ask("POST", "/a%40b/rpc", call, host=host, Origin="https://evil.example", **given).status, 403
                )
            self.assertEqual(
                self.ask("POST", "/a%40b/rpc", call, host=host, Cookie=cookie, Content_Type="application/json").status,
                401,
            )

    def test_what_is_not_there_is_said_with_the_path_that_people_see(self) -> None:
        """The public one, or the base URL."""
        self.assertIn("The page is at /lab/.", self.ask("GET", "/a%40b/x", host="notebooks.example").json()["message"])
        self.assertIn("The page is at /a%40b/.", self.ask("GET", "/a%40b/x").json()["message"])
