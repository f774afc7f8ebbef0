"""webipy behind nginx, as docs/deploying.md has it: its recipes are read from there, and only their names, ports and paths are replaced.

One nginx speaks HTTPS with a certificate that was made for the test. Behind it stand two servers on one origin: `/a%40b/` is passed on to the first; `/lab/` is
taken away for the second, to which nginx tells its own name as the host, as it does unless told otherwise.
"""

from __future__ import annotations

import atexit
import datetime
import functools
import getpass
import hashlib
import http.client
import ipaddress
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from playwright.sync_api import BrowserContext, Page, expect
from twisted.trial.unittest import SkipTest

from tests.browser.stage import PageCase, PageServer
from tests.live import PATIENCE_S, ROOT, until
from webipy.command.exit_statuses import NO_SERVER

UPLOAD_BYTES = 50_000_000
RECIPES = (ROOT / "docs" / "deploying.md").read_text()


def find_nginx() -> str:
    """The path of nginx, which is not on the PATH of every user.

    Raises:
        SkipTest: There is none; `make test` installs it where it may.
    """
    path = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if path is None:
        raise SkipTest("These tests need nginx. Debian: apt install nginx-light")
    return path


def make_certificate(folder: Path) -> None:
    """Writes cert.pem and key.pem for this machine, signed by themselves."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]),
    )
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    today = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=400))
        .not_valid_after(today + datetime.timedelta(days=400))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    own = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(*own))


def has_begun(server: PageServer) -> bool:
    """Whether a part of an upload lies below the root."""
    return any(one.stat().st_size for one in server.root.rglob(".*"))


def free_port() -> int:
    """A port that nobody listened on just now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def recipe(port: int, folder: Path, first: int, second: int) -> str:
    """A whole configuration of the recipes: the path passed on to one server, and taken away for another.

    Args:
        port: Of nginx.
        folder: Of the certificate and all that nginx writes.
        first: The port of the server whose path is passed on.
        second: That of the other one.
    """
    whole, other = re.findall(r"```nginx\n(.*?)```", RECIPES, re.DOTALL)
    whole = whole.replace("listen 443", f"listen 127.0.0.1:{port}").replace("notebooks.example.org", "localhost")
    whole = re.sub(
        r"/etc/ssl/notebooks\.(\w+)",
        lambda found: str(folder / ("cert.pem" if found[1] == "pem" else "key.pem")),
        whole,
    )
    passed = re.search(r"    location /lab/ \{.*?\n    \}\n", whole, re.DOTALL)
    assert passed is not None
    taken = re.sub(r".*proxy_pass.*\n", other, passed[0]).replace("        proxy_set_header Host $http_host;\n", "")
    both = passed[0].replace("/lab/", "/a@b/").replace(":8888", f":{first}") + taken.replace(":8888", f":{second}")
    lead = "    location = /lab { return 308 /lab/; }\n"
    assert lead in whole
    places = "".join(
        f"    {kind}_temp_path {folder / kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"daemon off;\nmaster_process off;\npid {folder / 'pid'};\nerror_log {folder / 'errors'};\nevents {{}}\n"
        f"{f'user {getpass.getuser()};' if os.geteuid() == 0 else ''}\n"
        f"http {{\n    access_log off;\n{places}{whole.replace(passed[0], both).replace(lead, '').replace('server {', 'server {' + lead, 1)}\n}}\n"
    )


class Stage:
    """Nginx, and the two servers behind it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="wn"))
        make_certificate(self.folder)
        self.port = free_port()
        self.origin = f"https://localhost:{self.port}"
        root = ("--allow-root",) if os.geteuid() == 0 else ()
        self.passed = PageServer("--base-url=/a%40b/", f"--public-url={self.origin}/a%40b/", *root)
        self.taken = PageServer(f"--public-url={self.origin}/lab/", *root)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts all three."""
        program = find_nginx()
        self.passed.start()
        self.taken.start()
        (self.folder / "conf").write_text(recipe(self.port, self.folder, self.passed.port, self.taken.port))
        self.process = subprocess.Popen(
            [program, "-p", str(self.folder), "-e", str(self.folder / "errors"), "-c", str(self.folder / "conf")]
        )
        until(self._answers, "nginx answers")

    def _answers(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"nginx ended: {(self.folder / 'errors').read_text()}")
        with socket.socket() as line:
            return line.connect_ex(("127.0.0.1", self.port)) == 0

    def close(self) -> None:
        """Ends all three."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(PATIENCE_S)
        self.passed.close()
        self.taken.close()
        shutil.rmtree(self.folder)


@functools.cache
def the_stage() -> Stage:
    """What the tests of this process share."""
    return Stage()


class Proxied(PageCase):
    """A person who comes through nginx."""

    def setUp(self) -> None:
        """Starts what is shared, once."""
        find_nginx()
        self.stage = the_stage()
        if self.stage.process is None:
            atexit.register(self.stage.close)
            self.stage.start()
        super().setUp()

    def make_server(self) -> PageServer:
        """The one whose path is passed on."""
        return self.stage.passed

    def new_context(self, **options: Any) -> BrowserContext:
        """A context that takes the certificate."""
        return super().new_context(**{"ignore_https_errors": True, **options})

    def enter(self, server: PageServer) -> Page:
        """A tab that has come in by the link that the server prints."""
        page = self.new_page()
        page.goto(server.link())
        self.home_is_ready(page)
        return page

    def works(self, server: PageServer, path: str) -> None:
        """A notebook is made and run, and its output comes as it is printed; the page is loaded again; all of it below the path."""
        link = server.link()
        self.assertTrue(link.startswith(f"{self.stage.origin}{path}#code="), link)
        page = self.enter(server)
        session = str(server.call("session.create", kernelspec="python3")["id"])
        self.addCleanup(server.call, "session.close", session=session)
        page.goto(f"{self.stage.origin}{path}s/{session}")
        expect(page.locator(".cm-content")).to_be_focused()
        gate = server.root / "gate"
        cell = self.run_code(
            page,
            f"import os, time\nprint('be' + 'fore')\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.01)\nprint('af' + 'ter')",
        )
        expect(cell.locator(".out")).to_contain_text("before")
        self.assertEqual(cell.locator(".out").get_by_text("after").count(), 0)
        gate.write_text("")
        expect(cell.locator(".out")).to_contain_text("after")
        page.reload()
        expect(page.locator(".cell .out").first).to_contain_text("after")

    def test_a_path_that_is_passed_on(self) -> None:
        """`/a%40b/`, with the host of the page."""
        self.works(self.stage.passed, "/a%40b/")

    def test_a_path_that_is_taken_away(self) -> None:
        """`/lab/`, with a host that is nginx' own; and the way there without a slash."""
        self.works(self.stage.taken, "/lab/")
        page = self.new_page()
        page.goto(f"{self.stage.origin}/lab")
        self.home_is_ready(page)

    def test_two_servers_of_one_origin_are_both_signed_in(self) -> None:
        """Neither takes the other's login: not when it is opened, not when somebody signs out of it. Cookies are bound to the path, and Secure."""
        one, two = self.enter(self.stage.passed), self.enter(self.stage.taken)
        for page in (one, two, one):
            page.reload()
            self.home_is_ready(page)
        kept = sorted((one["name"], one["path"], one["secure"]) for one in self.context.cookies())
        name = f"__Secure-webipy-{self.stage.port}"
        self.assertEqual(kept, [(name, "/a%40b/", True), (name, "/lab/", True)])

    def test_fifty_megabytes_go_up(self) -> None:
        """Streamed: the server has the first bytes before the last are sent. And they come down as they were."""
        body = os.urandom(1_000_000) * (UPLOAD_BYTES // 1_000_000)
        trust = ssl.create_default_context(cafile=str(self.stage.folder / "cert.pem"))
        for server, path in ((self.stage.passed, "/a%40b/"), (self.stage.taken, "/lab/")):
            owner = {"Authorization": f"Bearer {server.token}"}
            line = http.client.HTTPSConnection("localhost", self.stage.port, context=trust, timeout=PATIENCE_S)
            line.putrequest("PUT", f"{path}files/large.bin")
            for name, value in {**owner, "Content-Length": str(len(body))}.items():
                line.putheader(name, value)
            line.endheaders()
            line.send(body[:1_000_000])
            until(functools.partial(has_begun, server), "the server has the first bytes")
            line.send(body[1_000_000:])
            answer = line.getresponse()
            self.assertEqual((answer.status, json.loads(answer.read())["size"]), (201, len(body)))
            line.request("GET", f"{path}files/large.bin", headers=owner)
            came = line.getresponse().read()
            self.assertEqual(hashlib.sha256(came).digest(), hashlib.sha256(body).digest())
            line.close()

    def command(self, *arguments: str, is_trusted: bool = True) -> tuple[int, str]:
        """What a command prints, and its status."""
        environment = {**os.environ, **({"SSL_CERT_FILE": str(self.stage.folder / "cert.pem")} if is_trusted else {})}
        command = [sys.executable, "-P", "-m", "webipy.cli", *arguments]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        self.assertNotIn("Traceback", ran.stderr)
        return ran.returncode, ran.stdout + ran.stderr

    def test_commands_come_through(self) -> None:
        """With `--url`; what they print leads there; a certificate that nobody trusts, a wrong path and a wrong scheme are explained."""
        for server, path in ((self.stage.passed, "/a%40b/"), (self.stage.taken, "/lab/")):
            url, token = f"{self.stage.origin}{path}", str(server.state / "token")
            given = ("--url", url, "--token-file", token)
            status, printed = self.command("open", *given)
            self.assertEqual((status, printed.partition("#")[0]), (0, url), printed)
            session = str(server.call("session.create")["id"])
            self.addCleanup(server.call, "session.close", session=session)
            status, printed = self.command("share", session, *given)
            self.assertEqual((status, printed.partition("#")[0]), (0, f"{url}s/{session}"), printed)
            status, printed = self.command("share", session, "--state", str(server.state))
            self.assertEqual((status, printed.partition("#")[0]), (0, f"{url}s/{session}"), printed)
            printed = self.command("doctor", *given)[1]
            self.assertIn(f"answers at {url.rstrip('/')}\n", printed)
            self.assertIn("its WebSocket opens", printed)
        table = (
            ((url, False), "has a certificate that is not trusted here. Name your authority: SSL_CERT_FILE=ca.pem"),
            ((f"{self.stage.origin}/nowhere/", True), "(HTTP status 404). Is its path right"),
            ((url.replace("https:", "http:"), True), "answers, but not as a webipy server does (HTTP status 400)"),
            (
                (f"https://localhost:{self.stage.taken.port}", True),
                "Is it http:// and not https://?",
            ),
        )
        for (address, is_trusted), words in table:
            status, printed = self.command("ls", "--url", address, "--token-file", token, is_trusted=is_trusted)
            self.assertEqual(status, NO_SERVER, printed)
            self.assertIn(words, printed)
