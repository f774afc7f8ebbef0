"""webipy.io.web.frame_document: what sealed frames may load."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import cast

from twisted.trial.unittest import SynchronousTestCase
from twisted.web.server import Request
from twisted.web.test.requesthelper import DummyRequest

from webipy.io.web.frame_document import (
    MOST_HOSTS,
    Frame,
    frame_connections,
    frame_policies,
    named_hosts,
    page_of_server,
)

DOCUMENT = b"<!doctype html>\n<style>p { color: red }</style>\n<script>\nguest()\n</script>\n"


def directives(*hosts: bytes, which: int = 0) -> dict[str, str]:
    """The directives of a policy, by name."""
    policy = frame_policies(named_hosts(list(hosts)), DOCUMENT)[which]
    return {name: value for name, _, value in (part.strip().partition(" ") for part in policy.split(";"))}


class Policy(SynchronousTestCase):
    """The policy of a frame."""

    def test_a_frame_has_no_origin_and_loads_nothing(self) -> None:
        """Neither from this server nor from others; its scripts are its own."""
        policy = directives()
        self.assertEqual(policy["sandbox"].split(), ["allow-scripts", "allow-forms", "allow-pointer-lock"])
        for name, value in policy.items():
            if name != "frame-ancestors":
                self.assertNotIn("'self'", value)
            self.assertNotRegex(value, r"https?:|\*|wss?:")
        self.assertEqual(
            {
                policy[name]
                for name in ("default-src", "connect-src", "frame-src", "object-src", "form-action", "base-uri")
            },
            {"'none'"},
        )

    def test_allowed_hosts_are_named_and_no_others(self) -> None:
        """Scripts, styles, pictures, fonts, media, requests and frames go there by https; forms do not."""
        policy = directives(b"cdn.example.org", b"a-b.example:8443")
        for name in ("script-src", "style-src", "img-src", "font-src", "media-src", "connect-src", "frame-src"):
            self.assertTrue(policy[name].endswith("https://cdn.example.org https://a-b.example:8443"), policy[name])
        for name in ("default-src", "form-action", "base-uri", "worker-src", "sandbox"):
            self.assertNotIn("example", policy[name])

    def test_what_is_no_host_is_left_out(self) -> None:
        """Nothing that is asked for can widen the policy by anything but a host."""
        strange = [
            b"", b"*", b"*.example.org", b"https:", b"'self'", b"localhost", b"a.example;script-src *", b"a.example script-src",
            b"A.example", b"a.example/path", b"user@a.example", b"-a.example", b"a..example", b"a.example\n", b"[::1]",
            b"\xff.example", b"a" * 250 + b".example", b"a.example:123456",
        ]  # fmt: skip
        self.assertEqual(named_hosts(strange), [])

    def test_the_number_of_hosts_is_bounded(self) -> None:
        """`MOST_HOSTS` of them."""
        policy = directives(*(b"h%d.example" % n for n in range(100)))
        self.assertEqual(policy["connect-src"].count("https://"), MOST_HOSTS)

    def test_the_only_script_that_runs_by_itself_is_the_guest(self) -> None:
        """It is named by its hash; no inline script, no handler, no address stands beside it, whatever hosts are allowed."""
        policy = directives(b"cdn.example.org", which=1)
        digest = b64encode(sha256(b"\nguest()\n").digest()).decode()
        self.assertEqual(policy["script-src"].split(), [f"'sha256-{digest}'", "'strict-dynamic'", "'unsafe-eval'"])
        self.assertEqual(policy["worker-src"], "blob:")
        self.assertEqual(set(policy), {"script-src", "worker-src"})

    def test_connections_are_those_to_allowed_hosts(self) -> None:
        """None without; with hosts, each by https alone, and the redirects of those. Peer connections never."""
        self.assertEqual(frame_connections([]), "()")
        named = named_hosts([b"cdn.example.org", b"b.example:8443", b'x"/*") ("https://'])
        self.assertEqual(
            frame_connections(named), '("https://cdn.example.org/*" "https://b.example:8443/*");redirects=allow'
        )


class Pages(SynchronousTestCase):
    """Pages of other servers."""

    def test_a_page_stands_in_a_document_that_runs_no_code(self) -> None:
        """Nothing but that server is shown in it, nothing at all is loaded, and the address stays one."""
        page = page_of_server(b"https://www.example.org/embed/1?a=1&b='\"><script>x</script>")
        assert page is not None
        document, policy = page
        self.assertNotIn(b"<script", document)
        self.assertIn(b'src="https://www.example.org/embed/1?a=1&amp;b=&#x27;&quot;&gt;', document)
        named = dict(part.strip().partition(" ")[::2] for part in policy.decode().split(";"))
        self.assertEqual(named["default-src"], "'none'")
        self.assertEqual(named["frame-src"], "https://www.example.org")
        self.assertNotIn("script-src", named)
        self.assertNotIn("allow-top-navigation", named["sandbox"])

    def test_what_is_no_address_of_a_server_is_not_shown(self) -> None:
        """Other schemes, names that are none, signs that no address has."""
        for strange in (b"", b"http://a.example/", b"javascript:1", b"https://localhost/", b"https://a.example:x/", b"https://u@a.example/",
                        b"https://a.example /", b"https://a.example/\n", b"https://*.example/", b"https://a.example/\xff"):  # fmt: skip
            self.assertIsNone(page_of_server(strange), strange)


class Answer(SynchronousTestCase):
    """The answer to GET /frame."""

    def test_both_policies_and_the_connections_are_sent(self) -> None:
        """Both count, being a list; the document comes as it is, also one that is not built."""
        folder = Path(self.mktemp())
        folder.mkdir()
        for document in (None, DOCUMENT):
            if document is not None:
                (folder / "frame.html").write_bytes(document)
            request = DummyRequest([b"frame"])
            request.args = {b"host": [b"cdn.example.org"]}
            body = Frame(folder).render_GET(cast(Request, request))
            self.assertEqual(body, document or b"")
            headers = request.responseHeaders
            policy = ", ".join(frame_policies(["https://cdn.example.org"], body)).encode()
            self.assertEqual(headers.getRawHeaders(b"content-security-policy"), [policy])
            self.assertEqual(
                headers.getRawHeaders(b"connection-allowlist"), [b'("https://cdn.example.org/*");redirects=allow']
            )
            self.assertEqual(headers.getRawHeaders(b"x-dns-prefetch-control"), [b"off"])

    def test_a_page_of_another_server_has_its_own_policy(self) -> None:
        """And no script of ours."""
        request = DummyRequest([b"frame"])
        request.args = {b"page": [b"https://a.example/x"]}
        body = Frame(Path(self.mktemp())).render_GET(cast(Request, request))
        page = page_of_server(b"https://a.example/x")
        assert page is not None
        self.assertEqual(body, page[0])
        self.assertEqual(request.responseHeaders.getRawHeaders(b"content-security-policy"), [page[1]])
