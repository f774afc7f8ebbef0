"""webipy.server_options: every bad option is told in one sentence before anything starts. Real processes are in tests/programs/test_twistd.py."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

from twisted.python import usage
from twisted.trial.unittest import SynchronousTestCase

from tests.certificates import NAME, write_pair
from webipy import server_options
from webipy.server_options import Options

REACHED = ["--behind-proxy", "--allow-host", "notebooks.example", "--allow-root"]
"""What lets other machines reach a server, whoever runs it."""


class BadOptions(SynchronousTestCase):
    """`Options`."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()

    def parse(self, *arguments: str) -> Options:
        """Reads a command line with a state folder of its own."""
        options = Options()
        try:
            options.parseOptions(["--state", str(self.folder / "state"), *arguments])
        except usage.UsageError:
            if hasattr(options, "lock"):
                os.close(options.lock)
            raise
        self.addCleanup(options.socket.close)
        self.addCleanup(os.close, options.lock)
        return options

    def refused(self, words: str, *arguments: str) -> str:
        """A command line that must be refused with these words; gives the whole sentence."""
        with self.assertRaises(usage.UsageError) as caught:
            self.parse(*arguments)
        sentence = str(caught.exception)
        self.assertIn(words, sentence)
        return sentence

    def busy_port(self) -> int:
        """A port where somebody listens."""
        taken = socket.socket()
        self.addCleanup(taken.close)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        return int(taken.getsockname()[1])

    def test_people_choose_what_they_are_called(self) -> None:
        """Without needless space; a name that nobody can see, or that of a guest, is refused."""
        for name in ("", "\u202e", "x" * 41, "Ada (guest)"):
            self.refused("--display-name", "--port", "0", "--display-name", name)
        self.assertEqual(self.parse("--port", "0", "--display-name", " Ada  Lovelace ").display_name, "Ada Lovelace")

    def test_each_bad_option_is_reported_with_what_would_be_right(self) -> None:
        """A table: words of the sentence, options."""
        short, binary, plain = self.folder / "short", self.folder / "binary", self.folder / "file"
        short.write_text("secret\n")
        binary.write_bytes(b"\xff\xfe" * 20)
        weak, seen = self.folder / "weak", self.folder / "seen"
        weak.write_text("passwordpasswordpassword\n")
        seen.write_text("a-token-of-more-than-twenty-characters\n")
        for one in (short, binary, weak):
            one.chmod(0o600)
        plain.write_text("")
        missing = self.folder / "missing"
        table: list[tuple[str, list[str]]] = [
            ("--spare-kernels: 'many' is no number from 0 to 20", ["--spare-kernels", "many"]),
            ("--spare-kernels: ", ["--spare-kernels", "21"]),
            ("--kernel-nice: '-5' is no number from 0 to 19", ["--kernel-nice", "-5"]),
            ("--kernel-nice: ", ["--kernel-nice", "20"]),
            ("--kernel-start-timeout: ", ["--kernel-start-timeout", "soon"]),
            ("--root: ", ["--root", str(missing)]),
            ("no folder. Make it first", ["--root", str(plain)]),
            ("--root: ", ["--root", "~nosuchuser/x"]),
            ("--state: ", ["--state", str(plain)]),
            ("--state: ", ["--state", str(plain / "below")]),
            ("--state: ", ["--state", "~nosuchuser/x"]),
            ("'http' is no port; use a number from 0 to 65535", ["--port", "http"]),
            ("is no port", ["--port", "65536"]),
            ("is no port", ["--port", "-1"]),
            ("is no port", ["--port", "٣"]),
            ("is no port", ["--port", ""]),
            ("would let other machines run code here", ["--interface", "0.0.0.0"]),
            ("--behind-proxy", ["--interface", "::"]),
            ("is no IP address; 127.0.0.1 is one", ["--interface", "nowhere"]),
            ("is no IP address", ["--interface", ""]),
            (
                "--base-url: 'lab' does not begin with a slash; a base URL is a path, such as /lab/",
                ["--base-url", "lab"],
            ),
            ("is a whole address, which is for --public-url", ["--base-url", "https://h.example/lab"]),
            ("--public-url: 'h.example' is no address; write all of it", ["--public-url", "h.example"]),
            ("over plain HTTP. Let the proxy speak HTTPS: https://h.example/", ["--public-url", "http://h.example"]),
            ("put an HTTPS proxy in front", ["--interface", "0.0.0.0", "--public-url", "https://h.example"]),
            (
                "--public-url URL or --allow-host NAME; it answers to no other",
                ["--interface", "203.0.113.1", "--behind-proxy"],
            ),
            ("Cannot listen on 203.0.113.1 port 0", [*REACHED, "--interface", "203.0.113.1", "--port", "0"]),
            ("too short; use 20 characters", ["--token-file", str(short)]),
            ("it is not text", ["--token-file", str(binary)]),
            ("easy to guess: it has 7 different", ["--token-file", str(weak)]),
            (f"chmod 600 {seen}", ["--token-file", str(seen)]),
            ("no file that is kept", ["--token-file", "/dev/null"]),
            ("--token-file: ", ["--token-file", str(missing / "token")]),
            ("--token-file: ", ["--token-file", str(self.folder)]),
            ("--token-file: ", ["--token-file", "~nosuchuser/x"]),
            ("is no number of hours", ["--grace", "soon"]),
            ("is no number of hours", ["--grace", "0"]),
            ("is no number of hours", ["--grace", "nan"]),
            ("is no number of hours", ["--grace", "inf"]),
            ("--keep-mib", ["--keep-mib", "-5"]),
            ("--keep-days", ["--keep-days", "never"]),
            ("--nonsense", ["--nonsense"]),
        ]
        for words, arguments in table:
            sentence = self.refused(words, *arguments)
            self.assertNotIn("Traceback", sentence)
            self.assertNotIn("Errno", sentence, arguments)

    def test_options_of_tls_are_right_or_refused(self) -> None:
        """A table: words of the sentence, options; nothing is made on the way to a refusal."""
        chain, key = map(str, write_pair(self.folder, NAME))
        ended, its_key = map(str, write_pair(self.folder, NAME, ends_days=-1, begins_days=-2, stem="ended"))
        given = ["--tls-cert", chain, "--tls-key", key]
        table: list[tuple[str, list[str]]] = [
            ("--tls: 'on' is unknown; what there is, is --tls self-signed", ["--tls", "on"]),
            ("give one of both", ["--tls", "self-signed", *given]),
            ("--tls-key: name its certificate, too", ["--tls-key", key]),
            ("--tls-cert: ~nosuchuser/x names a user", ["--tls-cert", "~nosuchuser/x"]),
            ("Name the file with the key with --tls-key", ["--tls-cert", chain]),
            ("--tls-cert: The certificate has ended at", ["--tls-cert", ended, "--tls-key", its_key]),
            ("not that of the certificate", ["--tls-cert", chain, "--tls-key", its_key]),
            ("is for notebooks.example, not for lab.example", [*given, "--allow-host", "lab.example"]),
            ("not for lab.example", [*given, "--public-url", "https://lab.example:8443/"]),
            ("--public-url: this server speaks HTTPS", [*given, "--public-url", "http://localhost/"]),
        ]
        for words, arguments in table:
            self.assertNotIn("Traceback", self.refused(words, *arguments))
        self.assertFalse((self.folder / "state" / "tls").exists())
        self.patch(os, "geteuid", lambda: 0)
        self.refused("--lan lets other machines reach a server that runs as root", "--lan", "--port", "0")

    def test_a_server_of_a_network(self) -> None:
        """It listens on all addresses, with a certificate of its own or the one that is given, and links name what others reach."""
        options = self.parse("--lan", "--allow-root", "--port", "0")
        assert options.tls is not None
        self.assertTrue(options.tls.is_own)
        self.assertIn(options.socket.getsockname()[0], ("::", "0.0.0.0"))
        port = options.socket.getsockname()[1]
        hosts = options.tls.hosts_of_links("")
        self.assertEqual(options.public and options.public.url, f"https://{hosts[0]}:{port}/" if hosts else None)
        self.folder = self.folder / "given"
        chain, key = map(str, write_pair(self.folder, NAME))
        options = self.parse(
            "--lan", "--allow-root", "--tls-cert", chain, "--tls-key", key, "--port", "0", "--base-url", "/lab/"
        )
        port = options.socket.getsockname()[1]
        self.assertEqual(options.public and options.public.url, f"https://{NAME}:{port}/lab/")
        assert options.tls is not None
        self.assertFalse(options.tls.is_own)
        self.assertTrue(options.tls.is_strict)

    def test_root_is_reached_by_others_only_when_that_is_said(self) -> None:
        """On loopback it is nobody's business; behind a proxy it must be meant."""
        self.patch(os, "geteuid", lambda: 0)
        proxied = ["--behind-proxy", "--allow-host", "notebooks.example", "--port", "0"]
        for interface in ("127.0.0.1", "0.0.0.0"):
            sentence = self.refused("--allow-root", "--interface", interface, *proxied)
            self.assertIn("user of its own", sentence)
        public = ["--public-url", "https://h.example", "--port", "0"]
        self.refused("--public-url lets other machines reach a server that runs as root", *public)
        self.parse("--interface", "127.0.0.1", "--allow-root", *proxied)
        for folder, options in (
            ("a", ["--allow-root", *public]),
            ("b", ["--public-url", "http://localhost:80/lab", "--port", "0"]),
        ):
            self.folder = self.folder / folder
            self.folder.mkdir()
            self.parse(*options)

    def test_others_than_root_need_not_say_so(self) -> None:
        """Behind a proxy, or on loopback."""
        self.patch(os, "geteuid", lambda: 1000)
        self.parse("--behind-proxy", "--port", "0")

    def test_a_port_in_use_is_reported(self) -> None:
        """With another way."""
        port = self.busy_port()
        self.refused(
            f"{port} is in use by another program (perhaps another webipy). Choose another, or --port 0",
            "--port",
            str(port),
        )

    def test_the_default_port_gives_way_to_the_next_free_one(self) -> None:
        """And when none of them is free it is told."""
        port = self.busy_port()
        self.patch(server_options, "DEFAULT_PORT", port)
        chosen = self.parse().socket.getsockname()[1]
        self.assertTrue(port < chosen < port + server_options.PORTS_TRIED, (port, chosen))
        self.patch(server_options, "PORTS_TRIED", 1)
        self.folder = self.folder / "other"
        self.folder.mkdir()
        self.refused("are all taken; name another with --port")

    def test_port_0_takes_a_free_one(self) -> None:
        """It listens before anything is printed."""
        port = self.parse("--port", "0").socket.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            pass

    def test_a_state_folder_of_another_user_is_refused(self) -> None:
        """Whoever runs it."""
        state = self.folder / "state"
        state.mkdir()
        if os.getuid() == 0:
            os.chown(state, 65534, 65534)
        else:
            self.patch(os, "getuid", lambda: state.stat().st_uid + 1)
        self.refused("belongs to another user. Name a folder of your own")

    def test_a_state_folder_that_others_can_read_is_closed(self) -> None:
        """0700, also one that was there."""
        state = self.folder / "state"
        state.mkdir(mode=0o755)
        self.parse("--port", "0")
        self.assertEqual(stat.S_IMODE(state.stat().st_mode), 0o700)

    def test_two_servers_do_not_share_a_state_folder(self) -> None:
        """The second is told of the first; what they would do to the journals is worse."""
        self.parse("--port", "0")
        self.refused("is in use by another webipy", "--port", "0")

    def test_the_token_is_made_once_and_private(self) -> None:
        """256 bits; a file of one's own is read."""
        first = self.parse("--port", "0")
        path = self.folder / "state" / "token"
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertGreaterEqual(len(first.token), 43)
        mine = self.folder / "mine"
        mine.write_text("  a-token-of-more-than-twenty-characters \n")
        mine.chmod(0o600)
        os.close(first.lock)
        first.lock = os.open(os.devnull, os.O_RDONLY)
        self.assertEqual(
            self.parse("--port", "0", "--token-file", str(mine)).token, "a-token-of-more-than-twenty-characters"
        )

    def test_good_options(self) -> None:
        """What they come to."""
        options = self.parse(
            "--port", "0", "--interface", "::1", "--root", str(self.folder), "--grace", "0.5", "--allow-host", "A.example", "--allow-host", "b"
        )  # fmt: skip
        self.assertEqual(
            (options.grace_s, options.hosts, options.root), (1800, {"a.example", "b"}, self.folder.resolve())
        )
        self.assertEqual(options.socket.getsockname()[0], "::1")
