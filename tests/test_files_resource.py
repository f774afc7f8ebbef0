"""webipy.io.web.files_resource and uploads: the real tree of twisted.web on a real folder, fed with bytes; no port, no thread."""

from __future__ import annotations

import errno
import json
import os
import random
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, execute
from twisted.internet.task import Clock, deferLater
from twisted.internet.testing import StringTransport

from tests.fakes import TOKEN
from tests.test_files import open_below
from tests.test_site import ALWAYS, ORIGIN, Answer, SiteTestCase, Socket
from webipy.core import errors
from webipy.core.api.access import Principal
from webipy.io.files import uploads
from webipy.io.files.files import files_below
from webipy.io.files.uploads import THROWN_AWAY_BYTES, WAITING_BYTES, part_name
from webipy.io.web.files_resource import POLICY, FilesResource, names_etag, span_of
from webipy.io.web.metrics import Metrics, Pulse
from webipy.io.web.piece_sender import Span
from webipy.io.web.site import build_site

BODY = bytes(range(256)) * 1000
"""256,000 bytes: some pieces."""


class FilesSiteTestCase(SiteTestCase):
    """A site with files."""

    def setUp(self) -> None:
        super().setUp()
        self.path = Path(self.mktemp()).resolve()
        self.path.mkdir()
        self.files = files_below(self.path, (), self.rig.clock, self.run_later, is_notified=False)
        self.addCleanup(self.files.tree.root.close)
        metrics = Metrics(self.rig.services.sessions.all, Pulse(self.rig.clock), self.static, execute)
        resource = FilesResource(self.auth, self.files)
        self.site = build_site(self.auth, self.rig.api, Socket(), self.static, metrics, {b"files": resource})
        self.site.timeOut, self.site.reactor = None, Clock()
        (self.path / "a.bin").write_bytes(BODY)

    def run_later(self, call: Callable[[], Any]) -> Deferred[Any]:
        """What blocks is done in the next turn."""
        return deferLater(self.rig.clock, 0.001, call)

    def turns(self, count: int) -> None:
        """Lets so many calls that block be done."""
        for _ in range(count):
            self.rig.clock.advance(0.001)

    def connected(self) -> tuple[Any, StringTransport]:
        """A new connection."""
        protocol = self.site.buildProtocol(IPv4Address("TCP", "127.0.0.1", 5))
        transport = StringTransport()
        assert protocol is not None
        protocol.makeConnection(cast(Any, transport))
        return protocol, transport

    def send(self, raw: bytes) -> Answer:
        """Sends bytes on a new connection and gives what came back."""
        protocol, transport = self.connected()
        protocol.dataReceived(raw)
        self.turns(100)
        return answer_of(transport)

    def get(self, path: str, method: str = "GET", **given: str) -> Answer:
        """With the token."""
        return self.ask(method, f"/files/{path}", b"", **{"Authorization": f"Bearer {TOKEN}", **given})

    def put(self, path: str, body: bytes, **given: str) -> Answer:
        """With the token."""
        length = {} if body else {"Content_Length": "0"}
        return self.ask("PUT", f"/files/{path}", body, **{"Authorization": f"Bearer {TOKEN}", **length, **given})

    def content(self, path: str) -> bytes:
        """What is on the disk."""
        return (self.path / path).read_bytes()

    def hidden(self) -> list[str]:
        """Hidden names on the disk."""
        return [path.name for path in self.path.rglob(".*")]


def answer_of(transport: StringTransport) -> Answer:
    """What was sent on a connection."""
    came = transport.value()
    head, _, body = came.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])}
    return Answer(int(lines[0].split()[1]) if came else 0, headers, body, came, transport.disconnecting)


class Out(FilesSiteTestCase):
    """GET."""

    def test_a_file_comes_whole(self) -> None:
        """With its length, its ETag, and headers under which it never runs as our page."""
        answer = self.get("a.bin")
        self.assertEqual((answer.status, answer.body), (200, BODY))
        etag = self.files.tree.stat("a.bin").etag
        wanted = {
            **ALWAYS, "content-length": "256000", "etag": f'"{etag}"', "accept-ranges": "bytes", "cache-control": "private, no-cache",
            "content-type": "application/octet-stream", "content-disposition": "attachment; filename*=UTF-8''a.bin",
            "content-security-policy": POLICY.decode(),
        }  # fmt: skip
        self.assertEqual({name: answer.headers.get(name) for name in wanted}, wanted)
        head = self.get("a.bin", "HEAD")
        self.assertEqual((head.status, head.body, head.headers["content-length"]), (200, b"", "256000"))
        (self.path / "empty").touch()
        self.assertEqual((self.get("empty").status, self.get("empty").body), (200, b""))

    def test_only_a_few_types_are_shown_by_the_browser(self) -> None:
        """When it is asked to; all are sealed."""
        table = [
            ("a.png", "image/png", True), ("a.jpeg", "image/jpeg", True), ("a.gif", "image/gif", True), ("a.webp", "image/webp", True),
            ("a.txt", "text/plain; charset=utf-8", True), ("a.pdf", "application/pdf", True), ("a.svg", "image/svg+xml", False),
            ("a.html", None, True), ("a.js", None, True), ("a.py", None, True), ("A.CSV", None, True), ("a.md", None, True),
            ("a", "application/octet-stream", False), ("a.zip", "application/zip", False),
        ]  # fmt: skip
        for name, kind, is_shown in table:
            (self.path / name).write_bytes(b"<script>alert(1)</script>")
            for query, wanted in (("", False), ("?inline=1", is_shown), ("?inline=0", False)):
                answer = self.get(name + query)
                self.assertEqual("content-disposition" not in answer.headers, wanted, name + query)
                text = "text/plain; charset=utf-8" if wanted else answer.headers["content-type"]
                self.assertEqual(answer.headers["content-type"], kind or text)
                self.assertEqual(answer.headers["x-content-type-options"], "nosniff")
                self.assertTrue(answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'"))

    def test_names_of_all_kinds(self) -> None:
        """Escaped in the address, and in the name to save under."""
        for name in ("é ü.txt", 'a"b\r\nX: y', "100%.txt", "a?b#c", "日本.ipynb"):
            (self.path / name).write_bytes(b"1")
            from urllib.parse import quote

            answer = self.get(quote(name))
            self.assertEqual((answer.status, answer.body), (200, b"1"), name)
            self.assertIn(f"UTF-8''{quote(name, safe='')}", answer.headers["content-disposition"])
            self.assertNotIn("x", answer.headers)

    def test_what_the_client_has_is_not_sent_again(self) -> None:
        """304, by If-None-Match."""
        etag = self.get("a.bin").headers["etag"]
        for told in (etag, f"W/{etag}", f'"x", {etag}', "*"):
            answer = self.get("a.bin", If_None_Match=told)
            self.assertEqual((answer.status, answer.body, answer.headers["etag"]), (304, b"", etag), told)
        self.assertEqual(self.get("a.bin", If_None_Match='"x"').status, 200)
        self.files.tree.write("a.bin", b"new", None)
        self.assertEqual(self.get("a.bin", If_None_Match=etag).body, b"new")

    def test_ranges(self) -> None:
        """One is served, several are answered with all, and what is not there with 416; If-Range with another etag with all."""
        etag = self.get("a.bin").headers["etag"]
        table: list[tuple[str, tuple[int, int] | None]] = [
            ("bytes=0-0", (0, 1)), ("bytes=10-19", (10, 20)), ("bytes=255990-", (255_990, 256_000)), ("bytes=-5", (255_995, 256_000)),
            ("bytes=-999999", (0, 256_000)), ("bytes=255999-999999", (255_999, 256_000)), ("bytes=0-1,5-6", None), ("bytes=5-4", None),
            ("bytes=-", None), ("lines=1-2", None), ("bytes=a-b", None), ("", None),
        ]  # fmt: skip
        for header, span in table:
            answer = self.get("a.bin", Range=header)
            first, end = span or (0, 256_000)
            self.assertEqual((answer.status, answer.body), (206 if span else 200, BODY[first:end]), header)
            self.assertEqual(answer.headers.get("content-range"), f"bytes {first}-{end - 1}/256000" if span else None)
            self.assertEqual(answer.headers["content-length"], str(end - first))
        for header in ("bytes=256000-", "bytes=256000-256001", "bytes=-0"):
            answer = self.get("a.bin", Range=header)
            self.assertEqual((answer.status, answer.headers["content-range"]), (416, "bytes */256000"), header)
        self.assertEqual(self.get("a.bin", Range="bytes=0-0", If_Range=etag).status, 206)
        self.assertEqual(self.get("a.bin", Range="bytes=0-0", If_Range='"other"').status, 200)

    def test_links_that_lead_nowhere_good_are_told(self) -> None:
        """To what is hidden, out, in a circle: never the server's mistake."""
        (self.path / ".env").write_bytes(b"secret")
        for name, to in (("hidden", ".env"), ("out", "../x"), ("circle", "circle"), ("nowhere", "nothing")):
            (self.path / name).symlink_to(to)
        told = {name: self.get(name).status for name in ("hidden", "out", "circle", "nowhere")}
        self.assertEqual(told, {"hidden": 403, "out": 403, "circle": 409, "nowhere": 404})
        self.assertEqual(self.get("hidden").json()["data"]["reason"], "hidden")
        for name in ("hidden", "circle"):
            self.assertEqual(self.put(name, b"x").status, told[name])
        self.assertEqual((self.path / ".env").read_bytes(), b"secret")

    def test_what_cannot_be_sent_is_told(self) -> None:
        """As JSON, with a status of its own."""
        (self.path / "folder").mkdir()
        (self.path / "out").symlink_to("/etc/passwd")
        os.mkfifo(self.path / "fifo")
        table = [
            ("nope", 404, "not_found"), (".hidden", 404, "not_found"), ("folder", 409, "file_fault"), ("fifo", 409, "file_fault"),
            ("out", 403, "file_fault"), ("../a.bin", 400, "invalid_params"),
            ("%2e%2e/a.bin", 400, "invalid_params"), ("/etc/passwd", 400, "invalid_params"),
            ("%2Fetc%2Fpasswd", 400, "invalid_params"), ("a%00", 400, "invalid_params"), ("%ff", 400, "invalid_params"),
            ("a.bin/", 400, "invalid_params"),
        ]  # fmt: skip
        for path, status, name in table:
            answer = self.get(path)
            self.assertEqual((answer.status, answer.json()["data"]["name"]), (status, name), path)
            self.assertNotIn(str(self.path), answer.body.decode())
        self.assertEqual(self.get("").status, 409)
        self.assertEqual(self.get("a.bin", "DELETE").status, 405)

    def test_a_slow_reader_costs_an_open_file(self) -> None:
        """While it does not read, nothing is read from the disk; when it goes away, the file is closed."""
        protocol, transport = self.connected()
        protocol.dataReceived(
            b"GET /files/a.bin HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %b\r\n\r\n" % TOKEN.encode()
        )
        while not transport.value():
            self.turns(1)
        cast(Any, transport.producer).pauseProducing()
        self.turns(2)
        sent = len(transport.value())
        self.turns(100)
        self.assertEqual(len(transport.value()), sent)
        self.assertLess(sent, 3 * 65536)
        cast(Any, transport.producer).resumeProducing()
        self.turns(1)
        self.assertGreater(len(transport.value()), sent)
        self.assertEqual(open_below(self.path), [str(self.path / "a.bin")])
        protocol.connectionLost(connection_lost())
        self.turns(10)
        self.assertEqual(open_below(self.path), [])

    def test_a_file_that_is_replaced_meanwhile_comes_as_it_was(self) -> None:
        """One that is cut off ends the connection: less has come than was announced."""
        protocol, transport = self.connected()
        ask = b"GET /files/a.bin HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %b\r\n\r\n" % TOKEN.encode()
        protocol.dataReceived(ask)
        while not transport.value():
            self.turns(1)
        self.files.tree.write("a.bin", b"new", None)
        self.turns(100)
        self.assertEqual(answer_of(transport).body, BODY)
        (self.path / "a.bin").write_bytes(BODY)
        protocol, transport = self.connected()
        protocol.dataReceived(ask)
        while not transport.value():
            self.turns(1)
        os.truncate(self.path / "a.bin", 10)
        self.turns(100)
        self.assertLess(len(answer_of(transport).body), len(BODY))
        self.assertTrue(transport.disconnected)

    def test_headers_that_name_etags(self) -> None:
        """A table."""
        for header, wanted in (
            (None, False),
            ("", False),
            ('"a"', True),
            ('W/"a"', True),
            ('"b","a"', True),
            ("*", True),
            ("a", False),
        ):
            self.assertEqual(names_etag(header, "a"), wanted, header)
        self.assertEqual(span_of("bytes = 1 - 2", 5), Span(1, 3))
        self.assertRaises(errors.InvalidParams, span_of, "bytes=0-", 0)


def connection_lost() -> Any:
    """Why a connection ended."""
    from twisted.internet.error import ConnectionLost
    from twisted.python.failure import Failure

    return Failure(ConnectionLost())


class Who(FilesSiteTestCase):
    """The same credentials as everywhere."""

    def test_strangers_get_and_put_nothing(self) -> None:
        """401; another site's page 403, another host 421; a body is thrown away."""
        browser = self.login()
        cookie = {"Cookie": browser["Cookie"]}
        table: list[tuple[int, dict[str, str]]] = [
            (401, {}),
            (401, {"Authorization": "Bearer wrong"}),
            (401, {"Cookie": "webipy-8888=wrong"}),
            (401, cookie),
            (401, {**cookie, "Sec_Fetch_Site": "same-origin"}),
            (401, {**browser, "Sec_Fetch_Site": "cross-site"}),
            (200, {**browser, "Sec_Fetch_Site": "same-origin"}),
            (200, {"Authorization": f"Bearer {TOKEN}"}),
        ]
        for status, headers in table:
            self.assertEqual(self.ask("GET", "/files/a.bin", b"", **headers).status, status, headers)
            put = self.ask("PUT", "/files/b", b"1", **headers)
            self.assertIn(put.status, {401: (401, 403), 200: (200, 201)}[status], headers)
            self.assertEqual((self.path / "b").exists(), status == 200)
        for headers in ({**browser, "Origin": "https://evil.example"},
                        {"Authorization": f"Bearer {TOKEN}", "Origin": "https://evil.example"}):  # fmt: skip
            self.assertEqual(self.ask("PUT", "/files/c", b"1", **headers).status, 403)
        self.assertEqual(self.ask("PUT", "/files/c", b"1", **browser, Origin=ORIGIN).status, 201)
        answer = self.ask("PUT", "/files/d", b"1", host="evil.example", Authorization=f"Bearer {TOKEN}")
        self.assertEqual((answer.status, (self.path / "d").exists()), (421, False))
        self.assertEqual(
            self.ask("GET", "/files/a.bin", host="evil.example", Authorization=f"Bearer {TOKEN}").status, 421
        )

    def test_a_ticket_reads_one_file_and_nothing_else(self) -> None:
        """With the cookie of its login; it is no login: it calls nothing, writes nothing, and opens no other path."""
        browser = self.login()
        (self.path / "b c.bin").write_bytes(b"other")
        cookie = {"Cookie": browser["Cookie"]}

        def make(address: str) -> Answer:
            body = {"jsonrpc": "2.0", "id": 1, "method": "ticket.make", "params": {"address": address}}
            return self.rpc(json.dumps(body).encode(), **browser)

        address = make("/files/b%20c.bin?inline=1").json()["result"]["address"]
        self.assertTrue(address.startswith("/files/b%20c.bin?inline=1&ticket="), address)
        ticket = address.rpartition("&")[2]
        self.assertEqual(self.ask("GET", address, **cookie).body, b"other")
        for path in ("/files/a.bin", "/files/b", "/files/", "/metrics"):
            self.assertEqual(self.ask("GET", f"{path}?{ticket}", **cookie).status, 401, path)
        self.assertEqual(self.ask("GET", address).status, 401)
        self.assertEqual(self.ask("GET", address, Cookie=self.login()["Cookie"]).status, 401)
        self.assertEqual(self.ask("PUT", address, b"1", **cookie).status, 401)
        call = b'{"jsonrpc":"2.0","id":1,"method":"session.list"}'
        answer = self.ask("POST", f"/rpc?{ticket}", call, Content_Type="application/json", **cookie)
        self.assertEqual(answer.status, 401)
        self.assertEqual(
            self.ask("GET", make(address).json()["result"]["address"], **cookie).status, 200, "a fresh one"
        )
        for wrong in ("", "/", "/rpc", "files/a", "//evil.example/files/a", "/login?/files/", "/files/a#b"):
            self.assertEqual(make(wrong).json()["error"]["data"]["field"], "address", wrong)

    def test_a_person_at_the_address_of_a_file_gets_the_page(self) -> None:
        """It asks for a ticket, or lets them sign in; whoever is no person gets JSON."""
        for path in ("/files/a.bin", "/files/missing", "/files/"):
            answer = self.ask("GET", path, Accept="text/html,*/*")
            self.assertEqual((answer.status, answer.headers["content-type"]), (401, "text/html; charset=utf-8"), path)
            self.assertIn("script-src 'self'", answer.headers["content-security-policy"])
        for given in ({"Accept": "*/*"}, {"Accept": "text/html", "Authorization": "Bearer wrong"}):
            answer = self.ask("GET", "/files/a.bin", **given)
            self.assertEqual((answer.status, answer.headers["content-type"]), (401, "application/json"))

    def test_downloads_and_uploads_end_with_their_login(self) -> None:
        """At once, in the middle; those of another login go on, and what was uploaded so far is no file."""
        (self.path / "large.bin").write_bytes(b"x" * 1_000_000)
        mine, other = self.login(), self.login()
        self.rig.services.logins.shares.connections.add(self.site.end_login)
        downloads = [self.begun("GET /files/large.bin HTTP/1.1", browser) for browser in (mine, other)]
        uploads = [
            self.begun(f"PUT /files/{name} HTTP/1.1", browser, 100) for name, browser in (("m", mine), ("o", other))
        ]
        self.turns(5)
        self.assertEqual(len(self.site.requests), 4)
        ended = self.rig.services.logins.all()[0].id
        self.rig.me.call("login.revoke", id=ended)
        for lines in (downloads, uploads):
            self.assertEqual([transport.disconnected for transport in lines], [True, False])
        self.turns(5)
        self.assertFalse((self.path / "m").exists())

    def begun(self, line: str, browser: dict[str, str], size: int = 0) -> Any:
        """A request that is not over: the transport takes no more, or the body is not there."""
        protocol, transport = self.connected()
        lines = [line, "Host: localhost:8888", f"Origin: {ORIGIN}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in browser.items()]
        lines += [f"Content-Length: {size}"] if size else []
        protocol.dataReceived("\r\n".join(lines).encode() + b"\r\n\r\n" + b"1" * (size // 2))
        if transport.producer is not None and not size:
            self.turns(3)
            transport.producer.pauseProducing()
        return transport

    def test_who_may_only_read_may_not_write(self) -> None:
        """The verbs are read and write."""
        self.patch(type(self.auth), "principal_of", lambda auth, *given: Principal("eve", "read", "x"))
        self.assertEqual(self.ask("GET", "/files/a.bin").status, 200)
        answer = self.ask("PUT", "/files/b", b"1")
        self.assertEqual((answer.status, answer.json()["data"]["name"]), (403, "not_permitted"))
        self.assertFalse((self.path / "b").exists())


class In(FilesSiteTestCase):
    """PUT in one piece."""

    def test_a_file_appears(self) -> None:
        """201, then 200; with its ETag."""
        answer = self.put("b.txt", b"hello")
        etag = self.files.tree.stat("b.txt").etag
        self.assertEqual((answer.status, answer.headers["etag"]), (201, f'"{etag}"'))
        self.assertEqual(answer.json(), {"path": "b.txt", "size": 5, "etag": etag})
        answer = self.put("b.txt", BODY)
        self.assertEqual((answer.status, self.content("b.txt")), (200, BODY))
        self.assertEqual((self.put("b.txt", b"").status, self.content("b.txt")), (200, b""))
        self.assertEqual(self.hidden(), [])

    def test_conditions(self) -> None:
        """If-Match and If-None-Match: *; 412 tells the etag that is there, and nothing has changed."""
        etag = self.put("b", b"1", If_None_Match="*").headers["etag"]
        answer = self.put("b", b"2", If_None_Match="*")
        self.assertEqual((answer.status, answer.json()["data"]["name"]), (412, "conflict"))
        self.assertEqual(answer.json()["data"]["etag"], etag.strip('"'))
        self.assertEqual(self.put("b", b"2", If_Match='"other"').status, 412)
        self.assertEqual(self.put("c", b"2", If_Match=etag).status, 412)
        self.assertEqual(self.content("b"), b"1")
        self.assertEqual((self.put("b", b"2", If_Match=etag).status, self.content("b")), (200, b"2"))
        for headers in (
            {"If_Match": "x"},
            {"If_Match": '"a", "b"'},
            {"If_None_Match": '"a"'},
            {"If_Match": '"a"', "If_None_Match": "*"},
        ):
            self.assertEqual(self.put("b", b"3", **headers).status, 400, headers)
        self.assertEqual((self.content("b"), self.hidden()), (b"2", []))

    def test_what_cannot_be_written_is_told(self) -> None:
        """And the connection goes on."""
        (self.path / "folder").mkdir()
        table = [
            ("folder", 409), ("nope/x", 404), (".hidden", 404), ("../x", 400), ("", 400), ("a%00", 400), ("%ff", 400), ("a.bin/x", 409),
        ]  # fmt: skip
        for path, status in table:
            answer = self.put(path, b"1")
            self.assertEqual(answer.status, status, path)
            self.assertIn("name", answer.json()["data"])
        self.assertEqual(self.put("b", b"1", Content_Encoding="gzip").status, 400)
        protocol, transport = self.connected()
        head = b"PUT /files/%b HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %b\r\nContent-Length: 3\r\n\r\nabc"
        protocol.dataReceived(head % (b"nope/x", TOKEN.encode()) + head % (b"good", TOKEN.encode()))
        self.turns(100)
        self.assertEqual(re.findall(rb"HTTP/1.1 (\d+) ", transport.value()), [b"404", b"201"])
        self.assertEqual(self.content("good"), b"abc")

    def test_chunked_bodies(self) -> None:
        """Of a size that is not told before."""
        head = b"PUT /files/b HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %b\r\nTransfer-Encoding: chunked\r\n\r\n"
        answer = self.send(head % TOKEN.encode() + b"3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n")
        self.assertEqual((answer.status, self.content("b")), (201, b"abcdefg"))

    def test_a_body_streams_to_the_disk(self) -> None:
        """The connection is not read while the disk is behind, and memory holds about a mebibyte."""
        protocol, transport = self.connected()
        size = 5 * WAITING_BYTES
        head = b"PUT /files/b HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %b\r\nContent-Length: %d\r\n\r\n"
        protocol.dataReceived(head % (TOKEN.encode(), size))
        piece, sent = b"x" * 65536, 0
        while transport.producerState == "producing" and sent < size:  # the disk does nothing: no turn passes
            protocol.dataReceived(piece)
            sent += len(piece)
        self.assertEqual(transport.producerState, "paused")
        self.assertLessEqual(sent, WAITING_BYTES + 2 * len(piece))
        while sent < size:
            while transport.producerState == "paused":
                self.turns(1)
            protocol.dataReceived(piece)
            sent += len(piece)
        self.assertFalse((self.path / "b").exists())
        self.turns(100)
        self.assertEqual(
            (answer_of(transport).status, (self.path / "b").stat().st_size, self.hidden()), (201, size, [])
        )

    def test_a_connection_that_is_cut_changes_nothing(self) -> None:
        """At any byte; nothing is left, and no file stays open."""
        (self.path / "b").write_bytes(b"old")
        raw = (
            b"PUT /files/b HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %b\r\nContent-Length: 10\r\n\r\n"
            % TOKEN.encode()
        )
        for cut in (*range(len(raw) - 3, len(raw)), *(len(raw) + n for n in range(10))):
            for turns in (0, 1, 2, 5):
                protocol, _ = self.connected()
                protocol.dataReceived((raw + b"0123456789")[:cut])
                self.turns(turns)
                protocol.connectionLost(connection_lost())
                self.turns(20)
                self.assertEqual((self.content("b"), self.hidden()), (b"old", []), (cut, turns))
        self.assertEqual(open_below(self.path), [])
        protocol, _ = self.connected()
        protocol.dataReceived(raw + b"0123456789")  # all of it has come; who sent it does not wait
        protocol.connectionLost(connection_lost())
        self.turns(20)
        self.assertEqual((self.content("b"), self.hidden()), (b"0123456789", []))

    def test_a_refused_body_that_goes_on_ends_the_connection(self) -> None:
        """After 16 MiB that were thrown away; nothing of it is kept."""
        protocol, transport = self.connected()
        head = b"PUT /files/b HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %b\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
        protocol.dataReceived(head % (TOKEN.encode(), 1 << 40))
        piece = b"x" * (1 << 20)
        for _ in range(THROWN_AWAY_BYTES // len(piece)):
            protocol.dataReceived(piece)
        self.assertFalse(transport.disconnecting)
        protocol.dataReceived(piece)
        answer = answer_of(transport)
        self.assertEqual(
            (answer.status, answer.is_closed, answer.json()["data"]["name"]), (400, True, "invalid_request")
        )
        self.assertEqual(os.listdir(self.path), ["a.bin"])

    def test_the_body_of_who_may_not_write_is_not_read(self) -> None:
        """401 after the head: nothing of it is taken, and nobody is invited to send it."""
        protocol, transport = self.connected()
        head = b"PUT /files/b HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
        protocol.dataReceived(head % (1 << 40))
        answer = answer_of(transport)
        self.assertEqual(
            (answer.status, answer.is_closed, answer.json()["data"]["name"]), (401, True, "not_authenticated")
        )
        self.assertEqual(os.listdir(self.path), ["a.bin"])

    def test_a_full_disk_is_told(self) -> None:
        """507, the old file whole, nothing left."""
        (self.path / "b").write_bytes(b"old")

        def full(fd: int, body: object) -> int:
            raise OSError(28, "No space left on device")

        self.patch(os, "write", full)
        answer = self.put("b", BODY)
        self.assertEqual((answer.status, answer.json()["data"]["reason"]), (507, "full"))
        self.assertEqual((self.content("b"), self.hidden()), (b"old", []))

    def test_a_mistake_of_the_server_is_told_without_details(self) -> None:
        """500, and the log tells more."""

        def broken(*_: object) -> None:
            raise RuntimeError("secret detail")

        self.patch(uploads, "write_all", broken)
        answer = self.put("b", b"1")
        self.assertEqual(answer.status, 500)
        self.assertNotIn(b"secret", answer.raw)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        self.assertEqual(self.hidden(), [])


ONE, OTHER = "upload-one", "upload-other"


class Parts(FilesSiteTestCase):
    """PUT in parts."""

    def part(
        self, first: int, last: int, total: int = 100, path: str = "b", body: bytes = BODY, **given: str
    ) -> Answer:
        """Sends some bytes of a body."""
        given = {"Upload_Id": ONE, **given}
        return self.put(path, body[first : last + 1], Content_Range=f"bytes {first}-{last}/{total}", **given)

    def offset(self, path: str = "b", id: str = ONE) -> int:
        """How many bytes are there."""
        answer = self.get(f"{path}?upload=1", Upload_Id=id)
        self.assertEqual((answer.status, answer.headers["upload-offset"]), (200, str(answer.json()["offset"])))
        again = self.get(f"{path}?upload=1", "HEAD", Upload_Id=id)
        self.assertEqual(again.headers["upload-offset"], answer.headers["upload-offset"])
        return int(answer.json()["offset"])

    def test_a_folder_where_no_parts_can_gather(self) -> None:
        """That is told, with what can be done."""
        made = uploads._opened

        def refuse(folder: int, name: bytes, mode: int) -> int:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

        self.patch(uploads, "_opened", refuse)
        answer = self.part(0, 49)
        self.assertEqual(answer.status, 403)
        self.assertIn("the server may not make one in the root: choose another folder", answer.body.decode())
        (self.path / "b").write_bytes(b"there")
        self.assertIn("send the file whole, without Content-Range", self.part(0, 49).body.decode())
        self.patch(uploads, "_opened", made)
        self.assertEqual(self.part(0, 49).status, 202)

    def test_two_uploads_of_one_name_do_not_mix(self) -> None:
        """Whatever the order of their parts: each is whole, and the one that ends last stays; one that may not replace it is told."""
        mine, theirs = bytes(b"m" * 100), bytes(b"t" * 100)
        steps = [(ONE, mine, at) for at in (0, 25, 50, 75)], [(OTHER, theirs, at) for at in (0, 25, 50, 75)]
        chance = random.Random(7)
        for _ in range(20):
            left, last = [list(some) for some in steps], b""
            while any(left):
                id, body, at = chance.choice([some for some in left if some]).pop(0)
                answer = self.part(at, at + 24, body=body, Upload_Id=id)
                self.assertEqual(answer.status < 300, True, answer.body)
                last = body if at == 75 else last
                self.assertIn(self.content("b") if (self.path / "b").exists() else b"", (b"", mine, theirs))
            self.assertEqual((self.content("b"), self.hidden()), (last, []))
            (self.path / "b").unlink()
        self.part(0, 49, Upload_Id=OTHER, If_None_Match="*")
        self.part(0, 49)
        self.assertEqual(self.part(50, 99).status, 201)
        self.assertEqual(self.part(50, 99, body=theirs, Upload_Id=OTHER, If_None_Match="*").status, 412)
        self.assertEqual(self.content("b"), BODY[:100])

    def test_an_upload_in_parts_has_an_id(self) -> None:
        """400 that says what it looks like; two without one could not be told apart."""
        for id in ("", "short", "with space", "a" * 65, "caf\xe9-caf\xe9", "../../../../x"):
            answer = self.part(0, 9, Upload_Id=id)
            self.assertEqual((answer.status, answer.json()["data"]["field"]), (400, "Upload-Id"), id)
        answer = self.put("b", BODY[:10], Content_Range="bytes 0-9/100")
        self.assertIn("8 to 64 letters", answer.json()["message"])
        self.assertEqual(self.get("b?upload=1").json()["data"]["field"], "Upload-Id")
        self.assertEqual(self.hidden(), [])

    def test_what_somebody_else_put_in_the_place_of_parts_is_not_written_to(self) -> None:
        """A link, another name of a file of mine, a fifo: it loses the name, and the file that it stood for stays as it is."""
        kept = self.path / "kept"
        kept.write_bytes(b"mine" * 20)
        place = self.path / os.fsdecode(part_name(b"b", ONE))
        plant: list[Callable[[], object]] = [
            lambda: place.symlink_to("kept"),
            lambda: place.hardlink_to(kept),
            lambda: os.mkfifo(place),
        ]
        for make in plant:
            make()
            self.assertEqual(self.offset(), 0)
            self.assertEqual(self.part(10, 49).status, 409)
            self.assertEqual(self.part(0, 49).status, 202)
            self.assertTrue(stat.S_ISREG(place.lstat().st_mode))
            self.assertEqual(self.part(50, 99).status, 201)
            self.assertEqual((self.content("b"), self.content("kept")), (BODY[:100], b"mine" * 20))
            (self.path / "b").unlink()
        place.mkdir()
        self.assertIn(self.part(0, 49).status, (403, 409))

    def test_parts_in_order_make_a_file(self) -> None:
        """202 until the last one, with which it appears."""
        self.assertEqual(self.offset(), 0)
        answer = self.part(0, 39)
        self.assertEqual((answer.status, answer.json(), answer.headers["upload-offset"]), (202, {"offset": 40}, "40"))
        self.assertEqual((self.part(40, 89).status, self.offset()), (202, 90))
        self.assertFalse((self.path / "b").exists())
        answer = self.part(90, 99)
        self.assertEqual((answer.status, answer.json()["size"], self.content("b")), (201, 100, BODY[:100]))
        self.assertEqual((self.offset(), self.hidden()), (0, []))

    def test_a_part_that_is_sent_twice_does_no_harm(self) -> None:
        """Also the last one, of which the answer was lost; and an upload may begin again."""
        self.part(0, 39)
        self.assertEqual((self.part(0, 39).status, self.offset()), (202, 40))
        self.part(40, 89)
        self.assertEqual((self.part(0, 9).status, self.offset()), (202, 10))
        self.part(10, 89)
        self.assertEqual(self.part(90, 99).status, 201)
        again = self.part(90, 99)
        self.assertEqual((again.status, again.json()["size"], self.content("b")), (200, 100, BODY[:100]))
        self.files.tree.write("b", b"other", None)
        self.assertEqual((self.part(90, 99).status, self.content("b")), (409, b"other"))

    def test_a_part_that_is_not_the_next_is_refused_with_what_is_there(self) -> None:
        """409 and Upload-Offset."""
        self.part(0, 9)
        answer = self.part(20, 29)
        self.assertEqual(
            (answer.status, answer.headers["upload-offset"], answer.json()["data"]["offset"]), (409, "10", 10)
        )
        self.assertEqual((self.part(50, 99, path="c").status, self.hidden()), (409, self.hidden()))
        self.assertEqual(self.offset(), 10)

    def test_parts_that_contradict_themselves(self) -> None:
        """400; nothing of them counts."""
        for header in (
            "bytes 0-9/5",
            "bytes 9-0/100",
            "bytes 0-9",
            "bytes */100",
            "0-9/100",
            "bytes 0-9/*",
            "bytes -1-9/100",
        ):
            self.assertEqual(self.put("b", BODY[:10], Content_Range=header, Upload_Id=ONE).status, 400, header)
        self.assertEqual(self.put("b", BODY[:5], Content_Range="bytes 0-9/100", Upload_Id=ONE).status, 400)
        self.assertEqual(self.put("b", BODY[:15], Content_Range="bytes 0-9/100", Upload_Id=ONE).status, 400)
        self.assertEqual(self.put("b", BODY[:5], Content_Range="bytes 0-9/10", Upload_Id=ONE).status, 400)
        self.assertFalse((self.path / "b").exists())
        self.assertEqual((self.part(0, 99).status, self.content("b")), (201, BODY[:100]))

    def test_what_a_cut_left_of_a_part_stays(self) -> None:
        """The client asks how much, and goes on from there."""
        protocol, _ = self.connected()
        head = b"PUT /files/b HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %b\r\nUpload-Id: %b\r\n"
        head += b"Content-Length: 100\r\nContent-Range: bytes 0-99/100\r\n\r\n"
        protocol.dataReceived(head % (TOKEN.encode(), ONE.encode()) + BODY[:30])
        self.turns(5)
        self.assertEqual(self.part(0, 99).status, 409, "another part is being received")
        protocol.connectionLost(connection_lost())
        self.turns(10)
        self.assertEqual(self.offset(), 30)
        self.assertEqual((self.part(30, 99).status, self.content("b")), (201, BODY[:100]))
        self.assertEqual(self.hidden(), [])

    def test_conditions_count_at_the_end(self) -> None:
        """Somebody writes the file meanwhile: 412, and theirs stays."""
        self.put("b", b"old")
        (self.path / "b").chmod(0o640)
        etag = f'"{self.files.tree.stat("b").etag}"'
        self.assertEqual(self.part(0, 49, If_Match=etag).status, 202)
        self.files.tree.write("b", b"theirs", None)
        self.assertEqual((self.part(50, 99, If_Match=etag).status, self.content("b")), (412, b"theirs"))
        self.part(0, 49)
        self.assertEqual((self.part(50, 99).status, self.content("b")), (200, BODY[:100]))
        self.assertEqual((self.path / "b").stat().st_mode & 0o777, 0o640)
