"""Single sign-on with real servers: webipy's, and the lying provider's program."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit

import attrs
from twisted.trial.unittest import SynchronousTestCase

from tests.fake_provider import CLIENT, SECRET
from tests.live import PATIENCE_S, ROOT, Server


@attrs.define
class Visitor:
    """A browser that keeps cookies by host, and a page's key."""

    cookies: dict[str, dict[str, str]] = attrs.field(factory=dict)
    key: str = ""

    def ask(self, method: str, url: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, str], bytes]:
        """One request."""
        parts = urlsplit(url)
        kept = self.cookies.setdefault(parts.netloc, {})
        line = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE_S)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if kept:
            given["Cookie"] = "; ".join(f"{name}={value}" for name, value in kept.items())
        line.request(method, f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}", body, given)
        answer = line.getresponse()
        raw = answer.read()
        for cookie in answer.msg.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            kept[name] = value
        line.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, raw

    def post(self, origin: str, path: str, body: object) -> tuple[int, Any]:
        """What the page sends."""
        headers = {"Content_Type": "application/json", "Origin": origin, "X_Webipy_Base": "/"}
        if self.key:
            headers["X_Webipy_Key"] = self.key
        status, _, raw = self.ask("POST", origin + path, json.dumps(body).encode(), **headers)
        return status, json.loads(raw) if raw else None


class SignOnCase(SynchronousTestCase):
    """A visitor who goes from the page to a provider and back."""

    def serve(self, issuer: str, secret: str, *options: str) -> Server:
        """A server that lets people sign in at an issuer."""
        server = Server(
            "--sso-issuer", issuer, "--sso-client-id", CLIENT, "--require-login", "--sso-name", "Uni", *options
        )
        self.addCleanup(server.close)
        file = server.folder / "secret"
        file.touch(0o600)
        file.write_text(secret)
        server.start("--sso-client-secret-file", str(file))
        return server

    def begin(self, server: Server, visitor: Visitor) -> str:
        """The address at the provider."""
        status, answer = visitor.post(server.origin, "/sso/begin", {"next": "/s/abc"})
        self.assertEqual(status, 200, answer)
        return str(answer["url"])

    def come_back(self, server: Server, visitor: Visitor, address: str) -> tuple[int, Any]:
        """Follows the address of return, and sends the code as the page does."""
        status, headers, _ = visitor.ask("GET", address)
        path, _, code = headers["location"].partition("#code=")
        self.assertEqual((status, path), (303, "/s/abc"))
        status, answer = visitor.post(server.origin, "/login", {"code": code})
        if status == 200:
            visitor.key = answer["key"]
        return status, answer

    def own(self, server: Server, visitor: Visitor) -> Any:
        """The account that they are signed in to."""
        call = {"jsonrpc": "2.0", "id": 1, "method": "account.get"}
        return visitor.post(server.origin, "/rpc", call)[1]["result"]


class SingleSignOn(SignOnCase):
    """From the page to an account, by the lying provider's program; providers of others: tests/clients/test_identity_provider.py."""

    def test_our_own_provider(self) -> None:
        """All the way, twice; a command line by a code; the log has no secret; the next server knows the account."""
        program = subprocess.Popen(
            [sys.executable, "-m", "tests.fake_provider"], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        self.addCleanup(program.stdout.close if program.stdout is not None else program.kill)
        self.addCleanup(program.wait)
        self.addCleanup(program.kill)
        assert program.stdout is not None
        issuer = program.stdout.readline().strip()
        server = self.serve(issuer, SECRET, "--sso-allow", "@example.org", "--sso-groups-claim", "groups")
        self.assertIn("Everybody signs in with Uni", server.log)
        ids = []
        for is_restarted in (False, True):
            if is_restarted:
                server.kill()
                server.start("--sso-client-secret-file", str(server.folder / "secret"))
            visitor = Visitor()
            _, _, page = visitor.ask("GET", self.begin(server, visitor))
            link = page.decode().partition('href="')[2].partition('"')[0].replace("&amp;", "&")
            self.assertEqual(self.come_back(server, visitor, link)[0], 200)
            own = self.own(server, visitor)
            self.assertEqual((own["name"], own["groups"], own["has_password"]), ("ada", ["lab", "staff"], False))
            ids.append(own["id"])
        status, refused = Visitor().post(server.origin, "/login", {"token": server.token})
        self.assertEqual((status, refused["message"]), (401, "Here everybody signs in with Uni, or by name."))
        self.assertEqual(len(set(ids)), 1)
        call = {"jsonrpc": "2.0", "id": 1, "method": "account.code"}
        code = visitor.post(server.origin, "/rpc", call)[1]["result"]["code"]
        status, made = Visitor().post(server.origin, "/login", {"code": code, "host": "laptop"})
        self.assertEqual((status, made["account"]), (200, "ada"))
        for secret in (SECRET, "code=", "state=", visitor.key):
            self.assertNotIn(secret, server.log.partition("is ready")[2])
