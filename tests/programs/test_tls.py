"""Real servers that speak TLS themselves: with a certificate of an authority and with one of their own, and commands that know both."""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.certificates import NAME, write_authority, write_pair
from tests.live import PATIENCE_S, ROOT, Server, trusting, until
from webipy.command.exit_statuses import NO_SERVER, OK

ROOTED = ("--allow-root",) if os.geteuid() == 0 else ()


class TlsCase(SynchronousTestCase):
    """Servers of a test, and commands that are run against them."""

    def start(self, *options: str, **more: Any) -> Server:
        """A server that is ended at the end of the test."""
        server = Server(*options, *ROOTED, **more)
        self.addCleanup(server.close)
        server.start()
        return server

    def command(self, server: Server, *arguments: str, **environment: str) -> tuple[int, str]:
        """Runs the command line; gives its status and what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "webipy.cli", *arguments],
            env={**server.environment, **environment},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        self.assertNotIn("Traceback", done.stderr)
        return done.returncode, done.stdout + done.stderr

    def line(self, server: Server, context: ssl.SSLContext, name: str = "127.0.0.1") -> ssl.SSLSocket:
        """A connection that speaks TLS."""
        plain = socket.create_connection(("127.0.0.1", server.port), PATIENCE_S)
        found = context.wrap_socket(plain, server_hostname=name)
        self.addCleanup(found.close)
        return found

    def get(self, line: ssl.SSLSocket, path: str, host: str) -> http.client.HTTPResponse:
        """Asks on a connection that stays open."""
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        answer = http.client.HTTPResponse(line)
        answer.begin()
        answer.read()
        return answer


class OwnCertificate(TlsCase):
    """`--lan`: a server for a network, with a certificate of its own."""

    def test_a_network_is_let_in(self) -> None:
        """From what is printed to a kernel, by HTTP and WebSocket; commands of this machine know the certificate, others are told it."""
        server = self.start("--lan")
        facts = json.loads((server.state / "server.json").read_bytes())
        self.assertEqual(facts["url"], f"https://127.0.0.1:{server.port}")
        printed = until(lambda: server.log if "fingerprint" in server.log else "", "what is printed")
        self.assertIn(f"\n    {facts['fingerprint']}\n", printed)
        shown = self.line(server, trusting())
        context = ssl.create_default_context(cafile=str(server.state / "tls" / "certificate.pem"))
        known = self.line(server, context, "localhost")
        self.assertEqual(known.getpeercert(True), shown.getpeercert(True))
        self.assertEqual(known.version(), "TLSv1.3")
        answer = self.get(known, "/", f"localhost:{server.port}")
        self.assertEqual((answer.status, answer.getheader("Strict-Transport-Security")), (200, None))
        for host, status in (
            ("203.0.113.9", 200),
            ("[fd00::1]:8443", 200),
            ("evil.example", 421),
            (socket.gethostname(), 200),
        ):
            self.assertEqual(self.get(shown, "/healthz", host).status, status, host)

        session = server.session()
        line = server.connect()
        self.addCleanup(line.close)
        line.call("session.subscribe", session=session, since=0)
        line.call("execution.start", session=session, code="print(6 * 7)", id="e1")
        added = next(event["output"] for event in line.events() if event["type"] == "output_added")
        self.assertEqual(added["text"], "42\n")
        status, body = server.request("GET", "/api/kernels")
        self.assertEqual((status, [one["name"] for one in json.loads(body)]), (200, ["python3"]))
        self.assertEqual(server.request("PUT", "/files/large.bin", os.urandom(3_000_000))[0], 201)
        self.assertEqual(len(server.request("GET", "/files/large.bin")[1]), 3_000_000)
        refused = server.request("POST", "/rpc", b"x" * 3_000_000, {"Content-Type": "application/json"})
        self.assertEqual(refused[0], 401)
        self.assertIn(b"Log in first", refused[1])

        state = f"--state={server.state}"
        self.assertEqual(self.command(server, "exec", state, "--session", session[:8], "print('here')"), (OK, "here\n"))
        self.assertIn("its WebSocket opens", self.command(server, "doctor", state)[1])

    def test_a_certificate_that_no_authority_answers_for(self) -> None:
        """Elsewhere it is known by its fingerprint, and by nothing else."""
        server = self.start("--tls", "self-signed")
        shown = json.loads((server.state / "server.json").read_bytes())["fingerprint"]
        there = ("--url", server.origin, "--token-file", str(server.state / "token"))
        status, said = self.command(server, "ls", *there)
        self.assertEqual(status, NO_SERVER)
        self.assertIn("not trusted here", said)
        self.assertIn("--fingerprint SHA256", said)
        self.assertEqual(self.command(server, "ls", *there, "--fingerprint", shown.lower().replace(":", ""))[0], OK)
        other = shown.replace(shown[:2], "00" if shown[:2] != "00" else "11", 1)
        for command in ("ls", "doctor"):
            status, said = self.command(server, command, *there, "--fingerprint", other)
            self.assertNotEqual(status, OK)
            self.assertIn(f"its own is {shown}", said)
        self.assertIn("64 hexadecimal digits", self.command(server, "ls", *there, "--fingerprint", "AB:CD")[1])
        self.assertIn("its WebSocket opens", self.command(server, "doctor", *there, "--fingerprint", shown)[1])
        plain = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
        plain.request("GET", "/s/1?a=b")
        answer = plain.getresponse()
        self.assertEqual((answer.status, answer.getheader("Location")), (308, f"{server.origin}/s/1?a=b"))
        plain.close()
        before = (server.state / "tls" / "certificate.pem").read_bytes()
        server.stop()
        server.start()
        self.assertEqual((server.state / "tls" / "certificate.pem").read_bytes(), before)


class GivenCertificate(TlsCase):
    """`--tls-cert`: a certificate that an authority answers for."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).resolve()
        self.chain, self.key = write_pair(self.folder, NAME, "localhost")
        self.authority = write_authority(self.folder)
        self.context = ssl.create_default_context(cafile=str(self.authority))

    def shown(self, server: Server) -> bytes | None:
        """The certificate that a new connection gets."""
        plain = socket.create_connection(("127.0.0.1", server.port), PATIENCE_S)
        with self.context.wrap_socket(plain, server_hostname=NAME) as line:
            return line.getpeercert(True)

    def test_a_renewal_under_open_connections(self) -> None:
        """They go on; new ones get the new certificate, and so do commands of this machine; a bad one changes nothing."""
        server = self.start(f"--tls-cert={self.chain}", f"--tls-key={self.key}")
        first = self.line(server, self.context, NAME)
        socket_line = server.connect()
        self.addCleanup(socket_line.close)
        before = first.getpeercert(True)
        answer = self.get(first, "/healthz", f"{NAME}:{server.port}")
        self.assertEqual(answer.getheader("Strict-Transport-Security"), "max-age=31536000")
        self.assertIsNone(self.get(first, "/healthz", "localhost").getheader("Strict-Transport-Security"))
        self.assertTrue(server.link().startswith(f"https://localhost:{server.port}/#code="))

        write_pair(self.folder, NAME, "localhost")
        until(lambda: self.shown(server) != before, "the new certificate")
        self.assertEqual(self.get(first, "/healthz", NAME).status, 200)
        self.assertTrue(socket_line.call("server.info")["version"])
        self.assertEqual(self.command(server, "ls", f"--state={server.state}")[0], OK)
        there = ("--url", f"https://localhost:{server.port}", "--token-file", str(server.state / "token"))
        self.assertEqual(self.command(server, "ls", *there, SSL_CERT_FILE=str(self.authority))[0], OK)

        now = self.shown(server)
        self.chain.write_text("torn")
        until(lambda: "The new certificate is not used" in server.log, "the log says that it is bad")
        self.assertEqual(self.shown(server), now)
        server.stop()
        server.start(is_awaited=False)
        self.assertNotEqual(server.ended(), 0)
        self.assertIn("--tls-cert: ", server.log)

    def test_cookies_are_those_of_https(self) -> None:
        """On every name; below a path by the other prefix."""
        for below, prefix in (("/", "__Host-webipy-"), ("/lab/", "__Secure-webipy-")):
            server = self.start(f"--tls-cert={self.chain}", f"--tls-key={self.key}", f"--base-url={below}")
            line = http.client.HTTPSConnection("localhost", server.port, timeout=PATIENCE_S, context=self.context)
            body = json.dumps({"token": server.token})
            line.request("POST", f"{server.below}/login", body, {"Content-Type": "application/json"})
            answer = line.getresponse()
            cookie = answer.getheader("Set-Cookie") or ""
            line.close()
            self.assertEqual(answer.status, 200)
            self.assertTrue(cookie.startswith(f"{prefix}{server.port}="), cookie)
            self.assertTrue(cookie.endswith("; Secure"), cookie)
            self.assertIn(f"; Path={below};", cookie)
