"""webipy.io.tls.certificates, webipy.io.tls.self_signed, webipy.io.tls.tls_port, webipy.io.tls.renewal, webipy.io.machine_addresses,
and webipy.tls_parts, which puts them together."""

from __future__ import annotations

import socket
import ssl
import stat
import threading
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric import dsa, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from twisted.internet.defer import Deferred, execute
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransportWithDisconnection
from twisted.logger import ILogObserver, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from tests.certificates import NAME, authority, write_authority, write_pair
from webipy.io import machine_addresses
from webipy.io.tls import self_signed
from webipy.io.tls.certificates import BadCertificate, Certificate, check, enumerated, read
from webipy.io.tls.renewal import LOOK_SECONDS, CertificateFiles, Renewal
from webipy.io.tls.tls_port import (
    HEAD_BYTES,
    PLAIN_SECONDS,
    NewestContext,
    TlsConnection,
    TlsFactory,
    answer_plain,
    make_context,
)
from webipy.tls_parts import Tls

NOW = datetime.now(UTC)


class InFolder(SynchronousTestCase):
    """Tests with a folder of their own."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()

    def refused(self, words: str, call: Callable[[], object]) -> None:
        """What must be refused with these words, in one line."""
        fault = self.assertRaises(BadCertificate, call)
        self.assertIn(words, str(fault))
        self.assertNotIn("\n", str(fault))


class Certificates(InFolder):
    """What can be wrong with the files."""

    def test_a_chain_with_its_key(self) -> None:
        """Beside each other or in one file; names, fingerprint and end are read."""
        chain, key = write_pair(self.folder, NAME, "*.lab.example", "192.0.2.7", "fd00::7")
        found = read(chain, key)
        check(found, NOW, [NAME, "a.lab.example", "192.0.2.7", "[fd00:0::7]", NAME.upper()])
        self.assertEqual(found.names, (NAME, "*.lab.example", "192.0.2.7", "fd00::7"))
        self.assertEqual(found.hosts, (NAME, "192.0.2.7", "[fd00::7]"))
        self.assertRegex(found.fingerprint, r"\A[0-9A-F]{2}(:[0-9A-F]{2}){31}\Z")
        self.assertEqual(len(found.chain), 2)
        both = self.folder / "both.pem"
        both.write_bytes(key.read_bytes() + chain.read_bytes())
        self.assertEqual(read(both, None).fingerprint, found.fingerprint)
        for name in ("lab.example", "a.b.lab.example", "other.example", "192.0.2.8"):
            self.assertFalse(found.covers(name), name)

    def test_each_fault_is_a_sentence(self) -> None:
        """A table: words, certificate, key."""
        chain, key = write_pair(self.folder, NAME)
        _, other = write_pair(self.folder, NAME, stem="other")
        _, locked = write_pair(self.folder, NAME, stem="locked", password=b"x")
        bad = self.folder / "bad.pem"
        bad.write_bytes(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        torn = self.folder / "torn.key"
        torn.write_bytes(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
        turned = self.folder / "turned.pem"
        blocks = chain.read_bytes().partition(b"-----END CERTIFICATE-----\n")
        turned.write_bytes(blocks[2] + blocks[0] + blocks[1])
        large = self.folder / "large.pem"
        large.write_bytes(b"x" * (1 << 21))
        der = self.folder / "server.der"
        der.write_bytes(authority()[0].public_bytes(Encoding.DER))
        odd = self.folder / "odd.key"
        made = dsa.generate_private_key(1024)
        odd.write_bytes(made.private_bytes(Encoding.PEM, *_plain_pem()))
        table: list[tuple[str, Path, Path | None]] = [
            ("cannot be read: No such file", self.folder / "none.pem", key),
            ("cannot be read: No such file", chain, self.folder / "none.key"),
            ("cannot be read: Is a directory", self.folder, key),
            ("holds a key and no certificate", key, key),
            ("holds no certificate in PEM", der, key),
            ("openssl x509 -inform der", der, key),
            ("is larger than 1024 KiB", large, key),
            ("a certificate that is damaged", bad, key),
            ("holds no private key in PEM. Name the file with the key with --tls-key", chain, None),
            ("holds no private key in PEM. It begins with", chain, chain),
            ("a key that is damaged", chain, torn),
            ("has a password, which nobody could type", chain, locked),
            ("is not that of the certificate", chain, other),
            ("must stand first", turned, key),
            ("of a kind that TLS does not use", chain, odd),
        ]
        for words, certificate, private in table:
            self.refused(words, lambda one=certificate, two=private: read(one, two))  # type: ignore[misc]  # mypy reads no defaults of a lambda

    def test_time_and_names(self) -> None:
        """What has ended, has not begun, names nobody, or is for others."""
        found = read(*write_pair(self.folder, "a.example", "b.example"))
        self.refused("has ended at", lambda: check(found, NOW + timedelta(days=6), []))
        self.refused("counts only from", lambda: check(found, NOW - timedelta(days=1), []))
        self.refused(
            "is for a.example and b.example, not for c.example", lambda: check(found, NOW, ["a.example", "c.example"])
        )
        bare = read(*write_pair(self.folder, stem="bare"))
        self.refused("names no host", lambda: check(bare, NOW, []))
        self.assertEqual(enumerated([str(number) for number in range(9)]), "0, 1, 2, 3, 4, 5 and 3 more")

    def test_openssl_has_the_last_word(self) -> None:
        """A key that is too short."""
        short = read(*write_pair(self.folder, NAME, key=rsa.generate_private_key(65537, 1024)))
        self.refused("OpenSSL refuses the certificate or its key (1024 bits): ", lambda: make_context(short))


def _plain_pem() -> tuple[Any, Any]:
    from cryptography.hazmat.primitives.serialization import NoEncryption, PrivateFormat

    return PrivateFormat.PKCS8, NoEncryption()


class SelfSigned(InFolder):
    """The certificate that a server makes for itself."""

    def keep(self, *names: str, days: float = 0) -> Certificate:
        """What there is after a start at that time."""
        return self_signed.keep_or_make(self.folder / "state", names, NOW + timedelta(days=days))

    def test_it_is_kept_until_its_end_is_near(self) -> None:
        """The same for 366 days, then a new one with the same key; names that no certificate can have are left out."""
        first = self.keep("localhost", "127.0.0.1", "fd00::1", "a_b", "bad name", "")
        self.assertEqual(first.names, ("localhost", "127.0.0.1", "fd00::1"))
        check(first, NOW, ["localhost", "[fd00::1]"])
        self.assertEqual(self.keep("localhost", days=366).fingerprint, first.fingerprint)
        second = self.keep("localhost", days=368)
        self.assertNotEqual(second.fingerprint, first.fingerprint)
        self.assertEqual(second.key.public_key(), first.key.public_key())
        self.assertGreater(second.ends, NOW + timedelta(days=700))
        for path in self_signed.files_in(self.folder / "state"):
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE((self.folder / "state" / "tls").stat().st_mode), 0o700)

    def test_a_new_name_is_added(self) -> None:
        """What it had stays, so that a laptop that comes back has the certificate that it had."""
        first = self.keep("localhost", "192.0.2.1")
        second = self.keep("localhost", "192.0.2.2")
        self.assertEqual(second.names, ("localhost", "192.0.2.2", "192.0.2.1"))
        self.assertEqual(self.keep("localhost", "192.0.2.1").fingerprint, second.fingerprint)
        self.assertNotEqual(first.fingerprint, second.fingerprint)

    def test_a_damaged_one_is_made_anew(self) -> None:
        """Its fingerprint is lost, and nothing else."""
        self.keep("localhost")
        self_signed.files_in(self.folder / "state")[1].write_text("torn")
        check(self.keep("localhost"), NOW, ["localhost"])

    def test_a_strict_client_takes_it_as_its_own_authority(self) -> None:
        """With the certificate as the file of authorities, by name and by address."""
        found = self.keep("localhost", "127.0.0.1")
        context = ssl.create_default_context(cafile=str(self_signed.files_in(self.folder / "state")[0]))
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        for name in ("localhost", "127.0.0.1"):
            client = Client(context, name)
            client.connect(TlsFactory(NewestContext(make_context(found)), _Echo.factory(), lambda host: True, Clock()))
            self.assertEqual(client.exchange(b"hello"), b"hello")


class _Echo(Protocol):
    """Sends back what comes; keeps what it was told."""

    @staticmethod
    def factory() -> Factory:
        """Makes some, and keeps them in `made`."""
        factory = cast(Any, Factory.forProtocol(_Echo))
        factory.made = []
        return cast(Factory, factory)

    def connectionMade(self) -> None:
        cast(Any, self.factory).made.append(self)
        self.lost: Any = None

    def dataReceived(self, data: bytes) -> None:
        cast(Any, self.transport).write(data)

    def connectionLost(self, reason: Any = None) -> None:
        self.lost = reason


class _Pipe(StringTransportWithDisconnection):
    """A transport in memory whose writing side can end."""

    is_half_closed = is_aborted = False

    def loseWriteConnection(self) -> None:
        self.is_half_closed = True

    def abortConnection(self) -> None:
        self.is_aborted = True
        self.loseConnection()


class Client:
    """A client of TLS in memory.

    Args:
        context: What it trusts.
        name: Whom it wants to speak to.
    """

    def __init__(self, context: ssl.SSLContext, name: str) -> None:
        self.into, self.out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.into, self.out, server_hostname=name)
        self.transport = _Pipe()

    def connect(self, factory: TlsFactory) -> TlsConnection:
        """Shakes hands with a server."""
        self.server = cast(TlsConnection, factory.buildProtocol(cast(Any, None)))
        self.clock = cast(Clock, factory.clock)
        self.transport.protocol = cast(Any, self.server)
        self.server.makeConnection(self.transport)
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.pump()
        self.pump()
        return self.server

    def pump(self) -> None:
        """Carries what both sides have written."""
        if sent := self.out.read():
            self.server.dataReceived(sent)
        self.clock.advance(0)
        self.into.write(self.transport.value())
        self.transport.clear()

    def exchange(self, data: bytes) -> bytes:
        """Sends, and reads what comes."""
        self.tls.write(data)
        self.pump()
        return self.tls.read()


class Port(InFolder):
    """A port that speaks TLS."""

    def setUp(self) -> None:
        super().setUp()
        self.chain, self.key = write_pair(self.folder, NAME)
        self.contexts = NewestContext(make_context(read(self.chain, self.key)))
        self.site, self.clock = _Echo.factory(), Clock()
        self.factory = TlsFactory(self.contexts, self.site, lambda host: host.partition(":")[0] == NAME, self.clock)
        self.trusting = ssl.create_default_context(cafile=str(write_authority(self.folder)))
        self.trusting.set_alpn_protocols(["h2", "http/1.1"])

    def plain(self, *pieces: bytes) -> _Pipe:
        """What a connection answers to bytes that are no TLS."""
        pipe = _Pipe()
        server = cast(Any, self.factory.buildProtocol(cast(Any, None)))
        pipe.protocol = server
        server.makeConnection(pipe)
        for piece in pieces:
            server.dataReceived(piece)
        return pipe

    def test_modern_tls_with_http_1(self) -> None:
        """1.3 where the client has it, 1.2 else, nothing older; of HTTP the version that we speak."""
        client = Client(self.trusting, NAME)
        client.connect(self.factory)
        self.assertEqual((client.tls.version(), client.tls.selected_alpn_protocol()), ("TLSv1.3", "http/1.1"))
        self.assertEqual(client.exchange(b"x"), b"x")
        self.trusting.maximum_version = ssl.TLSVersion.TLSv1_2
        client = Client(self.trusting, NAME)
        client.connect(self.factory)
        self.assertEqual(client.tls.version(), "TLSv1.2")
        cipher = client.tls.cipher()
        assert cipher is not None
        self.assertTrue(cipher[0].startswith("ECDHE-"), cipher)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # that is what is tried
            self.trusting.minimum_version = ssl.TLSVersion.TLSv1_1
            self.trusting.maximum_version = ssl.TLSVersion.TLSv1_1
        self.trusting.set_ciphers("ALL:@SECLEVEL=0")
        with self.assertRaises(ssl.SSLError):
            Client(self.trusting, NAME).connect(self.factory)

    def test_a_renewed_certificate_is_for_new_connections(self) -> None:
        """An open one goes on with what it has."""
        first = Client(self.trusting, NAME)
        first.connect(self.factory)
        before = first.tls.getpeercert(True)
        self.contexts.context = make_context(read(*write_pair(self.folder, NAME)))
        second = Client(self.trusting, NAME)
        second.connect(self.factory)
        self.assertNotEqual(second.tls.getpeercert(True), before)
        self.assertEqual((first.exchange(b"old"), second.exchange(b"new")), (b"old", b"new"))

    def test_what_was_written_is_sent_before_our_side_ends(self) -> None:
        """Then the client can still send."""
        client = Client(self.trusting, NAME)
        server = client.connect(self.factory)
        server.write(b"the last words")
        server.loseWriteConnection()
        self.assertTrue(client.transport.is_half_closed)
        client.pump()
        self.assertEqual(client.tls.read(), b"the last words")
        self.assertEqual(client.tls.read(), b"")
        client.pump()

    def test_plain_http_is_led_to_https(self) -> None:
        """To the same place; nothing reaches the site, and the connection ends."""
        pipe = self.plain(
            b"GET /s/1?a=b HT",
            b"TP/1.1\r\nAccept: */*\r\nHost: notebooks.example:8888\r\n",
            b"\r\n",
            b"GET / HTTP/1.1\r\n",
        )
        head, _, body = pipe.value().partition(b"\r\n\r\n")
        self.assertIn(b"HTTP/1.1 308 ", head)
        self.assertIn(b"\r\nLocation: https://notebooks.example:8888/s/1?a=b\r\n", head + b"\r\n")
        self.assertIn(b"\r\nConnection: close\r\n", head + b"\r\n")
        self.assertEqual(body, b"This page is at https://notebooks.example:8888/s/1?a=b\n")
        self.assertEqual(pipe.value().count(b"HTTP/1.1"), 1)
        self.assertFalse(pipe.connected)
        made = cast(Any, self.site).made
        self.assertEqual([one.lost.type for one in made], [ConnectionDone])

    def test_others_are_led_nowhere(self) -> None:
        """No host, a host that is none of ours, no path, what is no HTTP at all."""
        for head in (
            b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
            b"GET / HTTP/1.0\r\n\r\n",
            b"GET http://notebooks.example/ HTTP/1.1\r\nHost: notebooks.example\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: notebooks.example evil.example\r\n\r\n",
            b"GET /a\rLocation:x HTTP/1.1\r\nHost: notebooks.example\r\n\r\n",
            b"\x00\x01\r\n\r\n",
            b"x" * (HEAD_BYTES + 1),
        ):
            answer = self.plain(head).value()
            self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), answer)
            self.assertNotIn(b"ocation:", answer)
            self.assertEqual(answer, answer_plain(head, lambda host: host == NAME))

    def test_a_plain_head_that_never_ends_is_ended(self) -> None:
        """After its time."""
        pipe = self.plain(b"GET / HTTP/1.1\r\n")
        self.clock.advance(PLAIN_SECONDS - 1)
        self.assertFalse(pipe.is_aborted)
        self.clock.advance(1)
        self.assertTrue(pipe.is_aborted)
        self.assertEqual(self.clock.getDelayedCalls(), [])


class Renewals(InFolder):
    """A certificate that changes while the server runs."""

    def setUp(self) -> None:
        super().setUp()
        self.clock, self.time, self.renewed, self.lines = Clock(), NOW, list[str](), list[tuple[str, str]]()
        observer = cast(ILogObserver, self.observe)
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)

    def observe(self, event: Any) -> None:
        """Keeps what the renewal logs."""
        if event.get("log_namespace", "").endswith("Renewal"):
            self.lines.append((event["log_level"].name, event["log_format"].format(**event)))

    def begin(self, files: CertificateFiles) -> Renewal:
        """Looks after files."""
        first = files.load(NOW)
        contexts = NewestContext(make_context(first))
        found = Renewal(
            files, first, contexts, self.run_now, self.clock, lambda: self.renewed.append("yes"), lambda: self.time
        )
        found.start()
        self.addCleanup(found.stop)
        return found

    @staticmethod
    def run_now(call: Callable[[], Any]) -> Deferred[Any]:
        """A thread that is done at once."""
        return execute(call)

    def looks(self, count: int) -> None:
        """So many looks pass."""
        for _ in range(count):
            self.clock.advance(LOOK_SECONDS)

    def test_new_files_are_read_once_they_stand_still(self) -> None:
        """At the second look that finds them the same."""
        files = CertificateFiles(*write_pair(self.folder, NAME), [NAME])
        renewal = self.begin(files)
        before = renewal.certificate.fingerprint
        self.looks(3)
        self.assertEqual(self.renewed, [])
        write_pair(self.folder, NAME)
        self.looks(1)
        self.assertEqual(renewal.certificate.fingerprint, before)
        self.looks(1)
        self.assertNotEqual(renewal.certificate.fingerprint, before)
        self.looks(3)
        self.assertEqual(self.renewed, ["yes"])
        self.assertEqual([level for level, _ in self.lines], ["info"])
        self.assertIn(renewal.certificate.fingerprint, self.lines[0][1])

    def test_a_bad_renewal_keeps_the_old_one(self) -> None:
        """And says why, once; the next good one is taken."""
        renewal = self.begin(CertificateFiles(*write_pair(self.folder, NAME), [NAME]))
        before, context = renewal.certificate.fingerprint, renewal.contexts.context
        _, key = write_pair(self.folder, "other.example")
        self.looks(5)
        key.unlink()
        self.looks(5)
        self.assertEqual((renewal.certificate.fingerprint, renewal.contexts.context), (before, context))
        self.assertEqual([level for level, _ in self.lines], ["error", "error"])
        self.assertIn("not for notebooks.example", self.lines[0][1])
        self.assertIn("cannot be read", self.lines[1][1])
        self.assertIn("the old one stays", self.lines[0][1])
        write_pair(self.folder, NAME)
        self.looks(2)
        self.assertEqual(self.renewed, ["yes"])

    def test_the_log_warns_before_the_end(self) -> None:
        """Once a day, in the last quarter of a short time, and at the end."""
        self.begin(CertificateFiles(*write_pair(self.folder, NAME, ends_days=4), [NAME]))
        self.looks(2)
        self.assertEqual(self.lines, [])
        self.time = NOW + timedelta(days=3, hours=1)
        self.looks(5)
        self.assertEqual([level for level, _ in self.lines], ["warn"])
        self.assertIn("ends in 0 days", self.lines[0][1])
        self.time = NOW + timedelta(days=4, hours=1)
        self.clock.pump([86_400, LOOK_SECONDS])
        self.assertEqual(self.lines[-1][0], "error")
        self.assertIn("has ended", self.lines[-1][1])

    def test_our_own_is_made_anew_before_its_end(self) -> None:
        """With the names that it had."""
        state = self.folder / "state"
        renewal = self.begin(CertificateFiles(*self_signed.files_in(state), ["localhost"], state))
        before = renewal.certificate
        self.time = NOW + timedelta(days=368)
        self.looks(3)
        self.assertNotEqual(renewal.certificate.fingerprint, before.fingerprint)
        self.assertEqual(renewal.certificate.names, before.names)
        self.assertEqual(self.renewed, ["yes"])

    def test_a_state_folder_that_cannot_be_written(self) -> None:
        """Is a sentence, too."""
        (self.folder / "file").write_text("")
        state = self.folder / "file"
        self.refused(
            "cannot be written", lambda: CertificateFiles(*self_signed.files_in(state), ["x"], state).load(NOW)
        )


class Addresses(SynchronousTestCase):
    """webipy.io.machine_addresses."""

    def test_the_way_out_comes_first_and_bridges_last(self) -> None:
        """Of what the system lists; loopback and link-local ones are nobody's way."""
        self.patch(machine_addresses, "_outgoing", lambda family: "192.0.2.9" if family.name == "AF_INET" else None)
        self.patch(
            machine_addresses,
            "_version_4",
            lambda: iter(
                [
                    ("lo", "127.0.0.1"),
                    ("docker0", "172.17.0.1"),
                    ("eth0", "10.0.0.5"),
                    ("wlan0", "192.0.2.9"),
                    ("eth1", "169.254.1.1"),
                ]
            ),
        )
        self.patch(
            machine_addresses, "_version_6", lambda: iter([("lo", "::1"), ("eth0", "fe80::1"), ("eth0", "fd00::5")])
        )
        self.assertEqual(machine_addresses.addresses(), ["192.0.2.9", "10.0.0.5", "fd00::5", "172.17.0.1"])

    def test_what_this_machine_has(self) -> None:
        """Its interfaces can be read, and its name is a name; loopback is an address of every machine."""
        self.assertIn(("lo", "127.0.0.1"), list(machine_addresses._version_4()))
        self.assertNotIn("127.0.0.1", machine_addresses.addresses())
        self.assertTrue(all(name and not name.startswith("localhost") for name in machine_addresses.names()))

    def test_names_that_take_long_are_done_without(self) -> None:
        """And one that is none."""
        self.patch(socket, "gethostname", lambda: "Ada-PC.lab.example")
        self.patch(machine_addresses, "_full_name", lambda own: "ada-pc.lab.example")
        self.assertEqual(machine_addresses.names(), ["ada-pc.lab.example", "ada-pc", "ada-pc.local"])
        self.assertEqual(
            machine_addresses._within(0.0, lambda: machine_addresses._full_name("x") if _wait() else "late"), ""
        )


def _wait() -> bool:
    return threading.Event().wait(0.2)


class Links(InFolder):
    """Which host an address begins with."""

    def tls(self, *names: str, is_own: bool = False) -> Tls:
        """A server whose certificate is for these names, on a machine with two addresses and a name."""
        chain, key = write_pair(self.folder, *names)
        files = CertificateFiles(chain, key, (), self.folder if is_own else None)
        first = read(chain, key)
        return Tls(files, first, NewestContext(make_context(first)), ["192.0.2.9", "fd00::9"], ["pc"], True)

    def test_the_table(self) -> None:
        """What the certificate is for, who made it, where the server listens; the hosts."""
        table: list[tuple[tuple[str, ...], bool, str, list[str]]] = [
            (("localhost",), True, "127.0.0.1", []),
            (("localhost",), True, "", ["192.0.2.9", "[fd00::9]", "pc"]),
            (("localhost",), True, "192.0.2.9", ["192.0.2.9"]),
            ((NAME,), False, "127.0.0.1", [NAME]),
            (("localhost", NAME), False, "127.0.0.1", ["localhost"]),
            (("127.0.0.1", "localhost"), False, "127.0.0.1", []),
            ((NAME, "192.0.2.9"), False, "0.0.0.0", [NAME, "192.0.2.9"]),
            (("*.example", NAME), False, "::", [NAME]),
            (("*.example",), False, "::", []),
            ((NAME,), False, "192.0.2.9", [NAME]),
            (("192.0.2.9",), False, "192.0.2.9", ["192.0.2.9"]),
        ]
        for names, is_own, interface, hosts in table:
            tls = self.tls(*names, is_own=is_own)
            self.assertEqual(tls.hosts_of_links(interface), hosts, (names, interface))
            url = tls.public_url(interface, 8888, "/lab/")
            self.assertEqual(None if url is None else url.url, f"https://{hosts[0]}:8888/lab/" if hosts else None)
        found = self.tls(NAME).public_url("::", 443, "/")
        assert found is not None
        self.assertEqual(found.url, f"https://{NAME}/")

    def test_the_hosts_that_are_ours(self) -> None:
        """Of a certificate its names; of our own those of the machine, too."""
        self.assertEqual(self.tls(NAME, "*.x.example", "localhost").hosts, {NAME})
        self.assertEqual(self.tls("localhost", is_own=True).hosts, {"192.0.2.9", "[fd00::9]", "pc"})
