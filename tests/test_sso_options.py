"""webipy.sso_options and webipy.sso_parts: what is wrong with options of single sign-on is told in one sentence, with what would be right."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest import mock

from twisted.internet.task import Clock
from twisted.python import usage
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import make_rig
from webipy import sso_options
from webipy.core import errors
from webipy.server_options import Options
from webipy.sso_parts import SsoOptions, make_sso

ISSUER = "https://login.example.org/realms/lab"


class Reading(SynchronousTestCase):
    """`read`."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.secret = self.folder / "secret"
        self.secret.write_text("the-secret\n")
        self.secret.chmod(0o600)
        self.usual = ["--sso-issuer", ISSUER, "--sso-client-id", "lab", "--sso-client-secret-file", str(self.secret)]

    def read(self, *arguments: str) -> SsoOptions | None:
        """Reads a command line, of which nothing else is looked at."""
        options = Options()
        with mock.patch.object(Options, "postOptions", lambda self: None):
            options.parseOptions(list(arguments))
        return sso_options.read(options, options.sso_allowed, lambda option, text: Path(text))

    def found(self, *arguments: str) -> SsoOptions:
        """Options that are right."""
        read = self.read(*self.usual, *arguments)
        assert read is not None
        return read

    def refused(self, words: str, *arguments: str) -> None:
        """Options that are wrong."""
        with self.assertRaises(usage.UsageError) as caught:
            self.read(*arguments)
        self.assertIn(words, str(caught.exception))
        self.assertNotIn("the-secret", str(caught.exception))

    def test_none(self) -> None:
        """Without an issuer there is no single sign-on, and other options of it want one."""
        self.assertIsNone(self.read())
        for option in ("--sso-client-id", "--sso-name", "--sso-groups-claim", "--sso-allow"):
            self.refused(f"{option}: name the identity provider, too", option, "everybody")

    def test_all(self) -> None:
        """What each of them says."""
        found = self.found("--sso-allow", "everybody")
        self.assertEqual((found.client.secret, found.client.scopes), ("the-secret", "openid profile email"))
        self.assertEqual((found.rules.name, found.rules.everybody), ("login.example.org", True))
        self.assertEqual(found.rules.name_claims, ("preferred_username", "email"))
        self.assertNotIn("the-secret", repr(found))
        more = ["--sso-name", "University of X", "--sso-name-claim", "uid", "--sso-groups-claim", "groups"]
        allowed = ["--sso-allow", "@Example.org", "--sso-allow", "group:lab: a, b", "--sso-admin-group", "staff"]
        rules = self.found(*more, *allowed, "--sso-scopes", "openid  groups").rules
        self.assertEqual((rules.name, rules.name_claims, rules.groups_claim), ("University of X", ("uid",), "groups"))
        self.assertEqual((rules.domains, rules.groups), ({"example.org"}, {"lab: a, b"}))
        self.assertEqual((rules.everybody, rules.admin_group), (False, "staff"))
        self.assertEqual(
            self.read("--sso-issuer", "http://[::1]:9000", *self.usual[2:], *allowed, *more[4:]) is None, False
        )

    def test_nobody_is_let_in_by_accident(self) -> None:
        """Somebody has to be named."""
        self.refused("--sso-allow: say who may come in: everybody", *self.usual)
        self.found("--sso-groups-claim", "groups", "--sso-admin-group", "staff")
        for wrong in (
            "",
            "Everybody",
            "example.org",
            "@",
            "@example",
            "@a b.org",
            "@evil.org/x",
            "group:",
            "*",
            "@*.org",
        ):
            self.refused("--sso-allow: ", *self.usual, "--sso-allow", wrong)

    def test_what_is_missing(self) -> None:
        """Each option that another one needs."""
        self.refused("--sso-client-id: name the id", "--sso-issuer", ISSUER)
        self.refused("--sso-client-secret-file: name the file", *self.usual[:4])
        self.refused("--sso-admin-group: say which claim", *self.usual, "--sso-admin-group", "staff")
        self.refused("--sso-allow: say which claim", *self.usual, "--sso-allow", "group:lab")
        self.refused("--sso-scopes: openid must", *self.usual, "--sso-allow", "everybody", "--sso-scopes", "email")
        self.refused("--hub, the hub signs people in", *self.usual, "--hub")
        with mock.patch("importlib.util.find_spec", return_value=None):
            self.refused("pip install 'webipy[sso]'", *self.usual, "--sso-allow", "everybody")

    def test_issuers(self) -> None:
        """An address with https, or of this machine."""
        for wrong in (
            "login.example.org",
            "https://",
            "https://a b/",
            "https://me@x.org",
            "https://x.org/?a",
            "https://[::1",
            "https://x:y/",
        ):
            self.refused("is no address of an identity provider", "--sso-issuer", wrong, *self.usual[2:])
        for plain in ("http://login.example.org", "ftp://localhost", "http://127.0.0.1.evil.org"):
            self.refused("would carry secrets in plain", "--sso-issuer", plain, *self.usual[2:])

    def test_secrets(self) -> None:
        """In a file of one's own."""
        self.secret.chmod(0o640)
        self.refused("chmod 600", *self.usual, "--sso-allow", "everybody")
        self.secret.chmod(0o600)
        for wrong in (b"", b" \n", b"\xff", b"two\nlines", b"x" * 5000, b"a\x00b"):
            self.secret.write_bytes(wrong)
            self.refused("holds no secret", *self.usual, "--sso-allow", "everybody")
        self.secret.unlink()
        self.refused("cannot be read", *self.usual, "--sso-allow", "everybody")


class Parts(SynchronousTestCase):
    """`make_sso`."""

    def test_a_provider_that_is_not_there(self) -> None:
        """Is in the log when the server starts, which starts all the same."""
        case = Reading("test_all")
        case.setUp()
        read = case.read("--sso-issuer", ISSUER, *case.usual[2:], "--sso-allow", "everybody")
        assert read is not None
        rig, clock = make_rig(), Clock()
        parts = make_sso(read, rig.services, clock)  # type: ignore[arg-type]  # it never comes to a socket
        self.assertEqual(
            (rig.services.people.provider_name, rig.services.people.accounts.issuer), (read.rules.name, ISSUER)
        )
        events: list[Any] = []
        with mock.patch.object(type(parts), "_log", mock.Mock(critical=lambda words, **facts: events.append(facts))):
            parts._no_description(Failure(errors.IdentityProviderFault("Uni is down.")))
        self.assertEqual(events, [{"issuer": ISSUER, "fault": "Uni is down."}])
