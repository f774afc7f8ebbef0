"""webipy.io.imports_on_demand: neither TLS nor WAMP is imported before something asks for them, and then TLS as ever."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from twisted.trial.unittest import TestCase

from tests.certificates import write_authority, write_pair

SECONDS = 60
HEAVY = "{'OpenSSL', 'cryptography', 'service_identity', 'autobahn.wamp.auth', 'autobahn.twisted.wamp', 'cbor2'}"
REST = f"print(sorted({HEAVY} & set(sys.modules)))\n"
ASKS = """
from twisted.internet import defer, reactor

async def main():
{body}

def end(found):
    print(found if isinstance(found, str) else found.getTraceback())
    reactor.stop()

defer.Deferred.fromCoroutine(main()).addBoth(end)
reactor.run()
"""


class _Fine(BaseHTTPRequestHandler):
    """Answers each request with a text."""

    def do_GET(self) -> None:
        """The text."""
        self.send_response(200)
        self.send_header("content-length", "4")
        self.end_headers()
        self.wfile.write(b"fine")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@contextmanager
def https_server(certificate: Path, key: Path) -> Iterator[int]:
    """A server that speaks HTTPS, in a thread; gives its port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Fine)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class ImportsOnDemand(TestCase):
    """Each in a process of its own, as modules stay where they are."""

    def python(self, program: str, **environment: str) -> str:
        """What a program prints."""
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            env={**os.environ, **environment},
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_a_server_starts_without_tls_and_wamp(self) -> None:
        """And who imports them later gets them."""
        later = "import autobahn.twisted.wamp, twisted.internet.ssl, OpenSSL\nprint(autobahn.twisted.wamp.ApplicationSession.__name__)"
        program = f"import sys, webipy.twistd\nfrom twisted.internet import reactor\n{REST}{later}"
        self.assertEqual(self.python(program), "[]\nApplicationSession\n")

    def test_the_collector_leaves_aside_what_a_server_has_imported(self) -> None:
        """It goes on with what comes later."""
        program = (
            "import gc, weakref\nimport webipy.twistd\nclass Knot: pass\nknot = Knot()\nknot.itself, seen = knot, weakref.ref(knot)\n"
            "del knot\ngc.collect()\nprint(gc.isenabled(), gc.get_freeze_count() > len(gc.get_objects()), seen())"
        )
        self.assertEqual(self.python(program), "True True None\n")

    def test_a_command_starts_without_tls_and_wamp(self) -> None:
        """It has looked for its server before it imports anything else."""
        program = "import sys\nfrom webipy.command.connecting import Target\n"
        program += "try:\n    Target('/nowhere', None, None).find()\nexcept Exception as fault:\n    print(type(fault).__name__)\n"
        program += f"import webipy.command.running\nfrom twisted.internet import reactor\n{REST}"
        self.assertEqual(self.python(program), "NoServer\n[]\n")

    def test_the_client_alone_changes_nothing(self) -> None:
        """A script that uses it has all of Twisted and Autobahn."""
        program = (
            "import webipy.client.client, autobahn.twisted\nfrom twisted.internet import endpoints, posixbase, tcp\n"
            "from twisted.protocols.tls import TLSMemoryBIOFactory as theirs\n"
            "print(endpoints.TLSMemoryBIOFactory is theirs, posixbase.ssl is not None, hasattr(tcp.Connection, 'startTLS'))\n"
            "print(autobahn.twisted.ApplicationSession.__name__)"
        )
        self.assertEqual(self.python(program), "True True True\nApplicationSession\n")

    def test_what_is_there_already_stays(self) -> None:
        """A program that has imported Twisted's transports before keeps their TLS."""
        program = (
            "from twisted.internet import tcp\nimport webipy.io.imports_on_demand\nfrom twisted.internet import endpoints\n"
            "from twisted.protocols.tls import TLSMemoryBIOFactory as theirs\nprint(endpoints.TLSMemoryBIOFactory is theirs)"
        )
        self.assertEqual(self.python(program), "True\n")

    def over_https(self, first: str, body: str) -> tuple[str, str]:
        """What a program prints that speaks with a server by https.

        Args:
            first: What it imports before all else.
            body: What it awaits then, the lines of a coroutine; `{port}` is that of the server.

        Returns:
            Where the authority of the server is trusted, and where it is not.
        """
        folder = Path(self.mktemp())
        folder.mkdir()
        with https_server(*write_pair(folder, "localhost")) as port:
            program = f"import sys, {first}\n{REST}{ASKS.format(body=body.format(port=port))}"
            return self.python(program, SSL_CERT_FILE=str(write_authority(folder))), self.python(program)

    def test_a_server_calls_others_by_https(self) -> None:
        """The first time TLS is imported; a certificate that is not trusted is refused then, too."""
        body = (
            "    from webipy.io.http_client import HttpClient\n"
            "    found = await HttpClient(reactor).ask('GET', 'https://localhost:{port}/', {{}})\n"
            "    return str((found.status, found.body))"
        )
        trusted, other = self.over_https("webipy.twistd", body)
        self.assertEqual(trusted, "[]\n(200, b'fine')\n")
        self.assertIn("certificate verify failed", other)

    def test_a_command_connects_by_https(self) -> None:
        """The client wraps its connection, though the endpoints were imported without TLS."""
        body = (
            "    from webipy.client.client import Address, Client, NoServer\n"
            "    client = Client(reactor, lambda: Address('https://localhost:{port}', 'token', None), 1, print)\n"
            "    try:\n        await client.connect()\n    except NoServer as fault:\n        return str(fault)"
        )
        trusted, other = self.over_https("webipy.io.imports_on_demand", body)
        self.assertIn("answers, but not as a webipy server does (HTTP status 200)", trusted)
        self.assertIn("has a certificate that is not trusted here", other)
