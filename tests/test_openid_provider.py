"""webipy.io.sso.openid_provider, webipy.io.sso.provider_client and webipy.io.sso.id_token: the real client, and a provider that lies."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast
from unittest import mock
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives import serialization
from twisted.internet import reactor as the_reactor
from twisted.internet import ssl
from twisted.internet.defer import gatherResults
from twisted.trial.unittest import TestCase
from twisted.web.server import Site

from tests.certificates import write_pair
from tests.fake_provider import (
    ADA,
    CLIENT,
    CURVE_KEY,
    FIRST_KEY,
    OTHER_KEY,
    SECRET,
    FakeProvider,
    endless,
    published,
    says,
    serve,
    signed,
    silent,
    status,
)
from webipy.core import errors
from webipy.io.sso import id_token, openid_provider, provider_client
from webipy.io.sso.openid_provider import WELL_KNOWN, Client, OpenIdProvider
from webipy.server.people.sso_rules import SsoRules
from webipy.server.ports.identity_provider import Answer, Claims, Question

reactor = cast(Any, the_reactor)
REDIRECT = "https://lab.example.org/base/sso/callback"
QUESTION = Question(REDIRECT, "the-state", "the-nonce", "the-verifier" * 4)


class ProviderCase(TestCase):
    """A provider at the other end of a socket."""

    timeout = 120

    def setUp(self) -> None:
        self.fake = FakeProvider()
        port = serve(self.fake, reactor)
        self.addCleanup(lambda: port.stopListening())
        self.provider = self.client_of(self.fake.issuer)

    def client_of(self, issuer: str, rules: SsoRules | None = None) -> OpenIdProvider:
        """The real client of an issuer."""
        rules = rules or SsoRules(issuer, "Uni", everybody=True)
        return OpenIdProvider(Client(issuer, CLIENT, SECRET, "openid profile", "Uni"), rules.lacks, reactor)

    async def go(self, provider: OpenIdProvider | None = None) -> Claims:
        """A whole sign-on, with the browser in between."""
        provider = provider or self.provider
        address = await provider.address(QUESTION)
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        back = parse_qs(urlsplit(self.fake.answer(asked)).query)

        def brought(name: str) -> str | None:
            return back[name][0] if name in back else None

        answer = Answer(brought("code") or "", brought("iss"), brought("error") or "")
        return await provider.claims(QUESTION, answer)

    async def fails(
        self, words: str, kind: type[errors.Failure] = errors.IdentityProviderFault, work: Any = None
    ) -> str:
        """A sign-on that must fail with these words; gives all of them."""
        try:
            found = await (work or self.go())
        except kind as fault:
            self.assertIn(words, fault.message)
            self.assertNotIn(SECRET, fault.message)
            return fault.message
        raise AssertionError(f"{words}: it came out as {found}")


class Truth(ProviderCase):
    """A provider that says what is."""

    async def test_who_somebody_is(self) -> None:
        """By two requests and the keys; nothing more is asked when the token has it all."""
        found = await self.go()
        self.assertEqual(found.subject, "1001")
        self.assertEqual({name: found.values[name] for name in ADA}, ADA)
        self.assertEqual(self.fake.asked, [WELL_KNOWN, "/token", "/jwks"])
        await self.go()
        self.assertEqual(self.fake.asked[3:], ["/token"], "the description and the keys are kept")

    async def test_what_the_browser_takes_along(self) -> None:
        """PKCE by SHA-256, state and nonce; no secret."""
        address = await self.provider.address(QUESTION)
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        challenge = asked.pop("code_challenge")
        self.assertEqual(len(challenge), 43)
        wanted = {
            "response_type": "code",
            "client_id": CLIENT,
            "redirect_uri": REDIRECT,
            "scope": "openid profile",
            "state": "the-state",
            "nonce": "the-nonce",
            "code_challenge_method": "S256",
        }
        self.assertEqual(asked, wanted)
        self.assertNotIn(QUESTION.verifier, address)

    async def test_claims_that_the_token_lacks(self) -> None:
        """Are asked for, and those of the token count more."""
        self.fake.in_token = ("email",)
        self.fake.userinfo = {"email": "other@example.org"}
        found = await self.go()
        self.assertEqual((found.values["name"], found.values["email"]), ("Ada Lovelace", "ada@example.org"))
        self.fake.described = {"userinfo_endpoint": None}
        found = await self.go(self.client_of(self.fake.issuer))
        self.assertNotIn("name", found.values)

    async def test_the_secret_in_the_form(self) -> None:
        """Where the provider takes it there alone."""
        self.fake.described = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
        self.assertEqual((await self.go()).subject, "1001")

    async def test_other_algorithms(self) -> None:
        """Of elliptic curves; a key without an id when there is one alone."""
        self.fake.keys = [published(CURVE_KEY, "e1", "ES256")]
        self.fake.sign = lambda claims: signed(claims, CURVE_KEY, "ES256", None)
        self.assertEqual((await self.go()).subject, "1001")

    async def test_a_new_key_is_looked_for_once_in_a_while(self) -> None:
        """A token by an unknown one asks for the keys; the next does not, so that nobody makes us ask all the time."""
        await self.go()
        self.fake.keys = [published(OTHER_KEY, "k2")]
        self.fake.sign = lambda claims: signed(claims, OTHER_KEY, kid="k2")
        with mock.patch.object(openid_provider, "KEYS_SECONDS", 0):
            self.assertEqual((await self.go()).subject, "1001")
        before = self.fake.asked.count("/jwks")
        self.fake.sign = lambda claims: signed(claims, FIRST_KEY, kid="k3")
        for _ in range(3):
            await self.fails("has not published")
        self.assertEqual((before, self.fake.asked.count("/jwks")), (2, 2))

    async def test_those_who_wait_wait_together(self) -> None:
        """One description for all of them, and one failure for a while."""
        await gatherResults([self.provider.address(QUESTION) for _ in range(5)])
        self.assertEqual(self.fake.asked, [WELL_KNOWN])
        self.fake.says[WELL_KNOWN] = says(b"nothing")
        other = self.client_of(self.fake.issuer)
        for _ in range(3):
            await self.fails("no JSON", work=other.address(QUESTION))
        self.assertEqual(self.fake.asked, [WELL_KNOWN] * 2)


class Lies(ProviderCase):
    """Each ends in a sentence."""

    async def test_what_a_token_says(self) -> None:
        """Another issuer, audience, nonce or party, other times, nobody, nothing."""
        now = int(time.time())
        table: list[tuple[str, dict[str, Any]]] = [
            ("another provider (iss)", {"iss": "https://evil.example"}),
            ("another provider (iss)", {"iss": self.fake.issuer + "/"}),
            ("it has no iss", {"iss": None}),
            ("another program (aud)", {"aud": "other"}),
            ("another program (aud)", {"aud": [CLIENT + "2"]}),
            ("it has no aud", {"aud": None}),
            ("another program (azp)", {"azp": "other"}),
            ("another program (azp)", {"aud": [CLIENT, "other"]}),
            ("another sign-in (nonce)", {"nonce": "another"}),
            ("another sign-in (nonce)", {"nonce": None}),
            ("another sign-in (nonce)", {"nonce": 5}),
            ("too old (exp)", {"exp": now - 120, "iat": now - 500}),
            ("it has no exp", {"exp": None}),
            ("time to come", {"iat": now + 600}),
            ("it has no iat", {"iat": None}),
            ("time to come", {"nbf": now + 600}),
            ("it has no sub", {"sub": None}),
            ("for whom it is (sub)", {"sub": ""}),
            ("for whom it is (sub)", {"sub": 1001}),
            ("for whom it is (sub)", {"sub": "x" * 256}),
            ("for whom it is (sub)", {"sub": "100\n1"}),
        ]
        for words, lie in table:
            self.fake.lie = lie
            await self.fails(words)
        self.fake.lie = {"aud": [CLIENT, "other"], "azp": CLIENT}
        self.assertEqual((await self.go()).subject, "1001")
        self.fake.lie = {"exp": now - 30}
        self.assertEqual((await self.go()).subject, "1001", "clocks differ a little")

    async def test_who_has_signed(self) -> None:
        """Nobody, a MAC with the public key, an unknown key, another one of the same name, something else than a token."""
        pem = FIRST_KEY.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        table: list[tuple[str, Callable[[dict[str, Any]], str]]] = [
            ("in a way that counts (alg)", lambda claims: _mac(claims, None)),
            ("in a way that counts (alg)", lambda claims: _mac(claims, pem)),
            ("in a way that counts (alg)", lambda claims: _mac(claims, SECRET.encode())),
            ("has not published", lambda claims: signed(claims, OTHER_KEY, kid="k2")),
            ("has not published", lambda claims: signed(claims, CURVE_KEY, "ES256")),
            ("its signature is wrong", lambda claims: signed(claims, OTHER_KEY)),
            ("its signature is wrong", lambda claims: signed(claims)[:-6] + "AAAAAA"),
            ("cannot be read", lambda claims: "no.token"),
            ("cannot be read", lambda claims: "x" * 50_000),
        ]
        for words, sign in table:
            self.fake.sign = sign
            await self.fails(words)

    async def test_keys(self) -> None:
        """Several without a name, one for something else, one that is none, too short ones, no keys at all."""
        first, other = published(FIRST_KEY, "k1"), published(OTHER_KEY, "k1")
        table: list[tuple[str, Any]] = [
            ("by which key it is signed (kid)", {"keys": [first, other]}),
            ("has not published", {"keys": [{**first, "use": "enc"}]}),
            ("has not published", {"keys": [{**first, "alg": "PS256"}]}),
            ("has not published", {"keys": []}),
            ("cannot be read", {"keys": [{**first, "n": "!"}]}),
            ("keys that cannot be read", {"keys": [1]}),
            ("keys that cannot be read", {}),
            ("no JSON", [first]),
        ]
        for words, shown in table:
            self.fake.says["/jwks"] = says(shown)
            await self.fails(words, work=self.go(self.client_of(self.fake.issuer)))
        del self.fake.says["/jwks"]
        with mock.patch.object(id_token, "LEAST_RSA_BITS", 4096):
            await self.fails("less than 4096 bits")

    async def test_its_description(self) -> None:
        """Another issuer; endpoints that are missing, plain, on this machine where the provider is not, or no address."""
        table: list[tuple[str, dict[str, Any]]] = [
            ("another provider than --sso-issuer names", {"issuer": "https://evil.example"}),
            ("without what a sign-in needs", {"token_endpoint": None}),
            ("without what a sign-in needs", {"jwks_uri": 5}),
            ("token_endpoint something that is not https", {"token_endpoint": "http://192.0.2.1/token"}),
            ("jwks_uri something that is not https", {"jwks_uri": "ftp://127.0.0.1/jwks"}),
            ("authorization_endpoint something that is", {"authorization_endpoint": "javascript:alert(1)"}),
            ("userinfo_endpoint something that is no", {"userinfo_endpoint": "https://a b/"}),
            ("token_endpoint something that is no", {"token_endpoint": "https://me:secret@192.0.2.1/"}),
            ("token_endpoint something that is no", {"token_endpoint": "https://[::1/"}),
            ("jwks_uri something that is no", {"jwks_uri": "https://example.org/#" + "x" * 9}),
        ]
        for words, described in table:
            self.fake.described = described
            await self.fails(words, work=self.client_of(self.fake.issuer).address(QUESTION))
        away = provider_client.ProviderClient("Uni", False, reactor)
        self.assertRaises(errors.IdentityProviderFault, away.check_address, "http://127.0.0.1/token", "a place")

    async def test_how_the_browser_comes_back(self) -> None:
        """From another provider, without a name where one was announced, with an error, without a code."""
        for back in ({"iss": "https://evil.example"}, {"iss": None}, {"iss": self.fake.issuer + "/"}):
            self.fake.back = cast(Any, back)
            await self.fails("another provider (iss)")
        self.fake.back = {"error": "access_denied", "code": None}
        await self.fails("did not allow this sign-in", errors.NotPermitted)
        for error, shown in (("temporarily_unavailable", "temporarily_unavailable"), ("<b>call 555", "no reason")):
            self.fake.back = {"error": error, "code": None}
            self.assertNotIn("<b>", await self.fails(shown))
        self.fake.back = {"code": None}
        await self.fails("without a code")
        self.fake.back = {"code": "wrong"}
        await self.fails("does not take the sign-in (invalid_grant)", errors.NotAuthenticated)
        self.fake.described, self.fake.back = {"authorization_response_iss_parameter_supported": None}, {"iss": None}
        self.assertEqual((await self.go(self.client_of(self.fake.issuer))).subject, "1001", "an older provider")

    async def test_the_token_endpoint(self) -> None:
        """Does not know us, fails, or gives no token."""
        self.fake.refusal = (401, "invalid_client")
        await self.fails("--sso-client-secret-file")
        self.fake.refusal = (500, "server_error")
        await self.fails("does not give who you are")
        self.fake.refusal = None
        for body in (b"{}", b'{"id_token": 5}'):
            self.fake.says["/token"] = says(body)
            await self.fails("does not say who you are (id_token)")

    async def test_what_more_it_says(self) -> None:
        """Of somebody else, or not at all."""
        self.fake.in_token = ()
        self.fake.userinfo = {"sub": "1002"}
        await self.fails("of somebody else")
        self.fake.says["/userinfo"] = status(403)
        await self.fails("status 403")


class Answers(ProviderCase):
    """What is no answer."""

    async def test_one_that_leads_elsewhere(self) -> None:
        """Is not followed."""

        def lead(request: Any) -> bytes:
            request.setResponseCode(302)
            request.setHeader(b"Location", f"{self.fake.issuer}/elsewhere".encode())
            return b""

        for path in (WELL_KNOWN, "/token", "/jwks"):
            self.fake.says[path] = lead
            await self.fails("leads to another address", work=self.go(self.client_of(self.fake.issuer)))
            del self.fake.says[path]
        self.assertNotIn("/elsewhere", self.fake.asked)

    async def test_a_huge_one_and_one_without_an_end(self) -> None:
        """Are read up to a limit, whether it is the body or the headers."""

        def headers(request: Any) -> bytes:
            for number in range(200):
                request.responseHeaders.addRawHeader(b"X-%d" % number, b"x" * 8000)
            return b"{}"

        answers: list[Callable[[Any], Any]] = [says(b"[" * (provider_client.MOST_BYTES + 1)), endless, headers]
        for answer in answers:
            self.fake.says[WELL_KNOWN] = answer
            await self.fails("more than 512 KiB", work=self.client_of(self.fake.issuer).address(QUESTION))

    async def test_a_slow_one(self) -> None:
        """Ends by itself; the reactor goes on meanwhile."""
        self.fake.says[WELL_KNOWN] = silent
        with mock.patch.object(provider_client, "ANSWER_SECONDS", 0.2):
            await self.fails("has not answered within 0.2 s", work=self.client_of(self.fake.issuer).address(QUESTION))

    async def test_a_certificate_of_nobody(self) -> None:
        """Is not trusted, whatever it says."""
        folder = Path(self.mktemp())
        folder.mkdir()
        certificate, key = write_pair(folder, "localhost")
        context = ssl.DefaultOpenSSLContextFactory(str(key), str(certificate))
        port = reactor.listenSSL(0, Site(self.fake), context, interface="127.0.0.1")
        self.addCleanup(lambda: port.stopListening())
        self.fake.issuer = f"https://localhost:{port.getHost().port}"
        await self.fails("certificate", work=self.client_of(self.fake.issuer).address(QUESTION))

    async def test_none(self) -> None:
        """Nobody is there, or it hangs up."""

        def cut(request: Any) -> int:
            request.notifyFinish().addErrback(lambda _: None)
            request.channel.transport.abortConnection()
            return silent(request)

        self.fake.says[WELL_KNOWN] = cut
        await self.fails("cannot be reached", work=self.client_of(self.fake.issuer).address(QUESTION))
        await self.fails("cannot be reached", work=self.client_of("http://127.0.0.1:1").address(QUESTION))

    async def test_what_is_no_json(self) -> None:
        """Text, a list, depth without end; and a failure without a body."""
        for body in (b"<html>", b"[]", b'{"a":' * 100_000, b"\xff"):
            self.fake.says[WELL_KNOWN] = says(body)
            await self.fails("no JSON", work=self.client_of(self.fake.issuer).address(QUESTION))
        self.fake.says[WELL_KNOWN] = status(404, b"")
        await self.fails("status 404", work=self.client_of(self.fake.issuer).address(QUESTION))


def _mac(claims: dict[str, Any], secret: bytes | None) -> str:
    """A token with a MAC, whatever the library thinks of the key; without a secret one that nobody has signed."""

    def packed(raw: bytes) -> bytes:
        return base64.urlsafe_b64encode(raw).rstrip(b"=")

    header = {"alg": "none" if secret is None else "HS256", "kid": "k1"}
    head = packed(json.dumps(header).encode()) + b"." + packed(json.dumps(claims).encode())
    return (head + b"." + (b"" if secret is None else packed(hmac.digest(secret, head, "sha256")))).decode()
