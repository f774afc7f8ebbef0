"""A small identity provider (OpenID Connect), which lies when it is told to: one resource of twisted.web.

In the process of a test it is a site for the real client of HTTP. As a program, `python -m tests.fake_provider`, it prints its issuer, and shows a
browser one button, by which the person signs in.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable
from html import escape
from typing import Any
from urllib.parse import parse_qs, urlencode

import attrs
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

CLIENT, SECRET = "webipy-lab", "a:secret/of the provider"
ADA: dict[str, Any] = {
    "sub": "1001",
    "preferred_username": "ada",
    "name": "Ada Lovelace",
    "email": "ada@example.org",
    "email_verified": True,
    "groups": ["staff", "lab"],
}


def new_key() -> rsa.RSAPrivateKey:
    """A new key of RSA."""
    return rsa.generate_private_key(65537, 2048)


FIRST_KEY = new_key()
OTHER_KEY = new_key()
CURVE_KEY = ec.generate_private_key(ec.SECP256R1())


def published(key: Any, kid: str, algorithm: str = "RS256") -> dict[str, Any]:
    """The public half of a key, as a provider shows it."""
    made = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
    return {**made, "kid": kid, "use": "sig", "alg": algorithm}


def signed(claims: dict[str, Any], key: Any = FIRST_KEY, algorithm: str = "RS256", kid: str | None = "k1") -> str:
    """A token."""
    return jwt.encode(claims, key, algorithm, headers={} if kid is None else {"kid": kid})


@attrs.define
class _Code:
    nonce: str
    challenge: str
    redirect: str


class FakeProvider(Resource):
    """The provider: see the module."""

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.issuer = ""
        self.person: dict[str, Any] = dict(ADA)
        """Who sits in front of the browser."""
        self.in_token: tuple[str, ...] | None = None
        """The claims of a token beside `sub`; the others are at the userinfo endpoint. `None`: all."""
        self.described: dict[str, Any] = {}
        """What the description says otherwise; `None` takes something out."""
        self.keys = [published(FIRST_KEY, "k1")]
        self.sign: Callable[[dict[str, Any]], str] = signed
        self.lie: dict[str, Any] = {}
        """What the token says otherwise; `None` takes something out."""
        self.back: dict[str, str | None] = {}
        """What a browser brings otherwise."""
        self.userinfo: dict[str, Any] = {}
        self.says: dict[str, Callable[[Request], Any]] = {}
        """What is answered at a path in place of the truth."""
        self.refusal: tuple[int, str] | None = None
        """The status and the error of the token endpoint."""
        self.shows_button = False
        self.asked: list[str] = []
        self.codes: dict[str, _Code] = {}

    def render(self, request: Request) -> Any:
        """Answers whatever is asked."""
        path = request.path.decode()
        self.asked.append(path)
        if path in self.says:
            return self.says[path](request)
        known = {
            "/.well-known/openid-configuration": self._describe,
            "/authorize": self._authorize,
            "/token": self._token,
            "/userinfo": self._userinfo,
            "/jwks": lambda request: _json(request, {"keys": self.keys}),
        }
        if path in known:
            return known[path](request)
        request.setResponseCode(404)
        return b""

    def _describe(self, request: Request) -> bytes:
        found: dict[str, Any] = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "authorization_response_iss_parameter_supported": True,
            **self.described,
        }
        return _json(request, {name: value for name, value in found.items() if value is not None})

    def _authorize(self, request: Request) -> bytes:
        given = {name.decode(): values[0].decode() for name, values in (request.args or {}).items()}
        address = self.answer(given)
        if self.shows_button:
            request.setHeader(b"Content-Type", b"text/html; charset=utf-8")
            refusal = urlencode({"error": "access_denied", "state": given["state"], "iss": self.issuer})
            ways = ((address, "Continue as Ada"), (f"{given['redirect_uri']}?{refusal}", "No"))
            links = "".join(f'<p><a href="{escape(way)}">{words}</a>' for way, words in ways)
            return f"<!doctype html><title>Provider</title>{links}".encode()
        request.setResponseCode(302)
        request.setHeader(b"Location", address.encode())
        return b""

    def answer(self, asked: dict[str, str]) -> str:
        """The address that a browser is led back to.

        Args:
            asked: What it was sent with.
        """
        assert asked["client_id"] == CLIENT and asked["response_type"] == "code", asked
        assert asked["code_challenge_method"] == "S256" and "openid" in asked["scope"].split(), asked
        code = secrets.token_urlsafe(8)
        self.codes[code] = _Code(asked["nonce"], asked["code_challenge"], asked["redirect_uri"])
        back = {"code": code, "state": asked["state"], "iss": self.issuer, **self.back}
        return (
            f"{asked['redirect_uri']}?{urlencode({name: value for name, value in back.items() if value is not None})}"
        )

    def _token(self, request: Request) -> bytes:
        if self.refusal is not None:
            request.setResponseCode(self.refusal[0])
            return _json(request, {"error": self.refusal[1]})
        assert request.content is not None
        given = {name: values[0] for name, values in parse_qs(request.content.read().decode()).items()}
        code = self.codes.pop(given.get("code", ""), None)
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        is_ours = (request.getUser(), request.getPassword()) == (b"webipy-lab", b"a%3Asecret%2Fof+the+provider")
        is_ours = is_ours or (given.get("client_id"), given.get("client_secret")) == (CLIENT, SECRET)
        if code is None or not is_ours or code.challenge != challenge or code.redirect != given.get("redirect_uri"):
            request.setResponseCode(400)
            return _json(request, {"error": "invalid_grant"})
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": code.nonce}
        person = {name: self.person[name] for name in self.person if name == "sub" or self._is_in_token(name)}
        claims = {**claims, **person, **self.lie}
        token = self.sign({name: value for name, value in claims.items() if value is not None})
        return _json(request, {"id_token": token, "access_token": "access", "token_type": "Bearer"})

    def _is_in_token(self, name: str) -> bool:
        return self.in_token is None or name in self.in_token

    def _userinfo(self, request: Request) -> bytes:
        assert request.getHeader(b"authorization") == b"Bearer access"
        return _json(request, {**self.person, **self.userinfo})


def _json(request: Request, value: object) -> bytes:
    request.setHeader(b"Content-Type", b"application/json")
    return json.dumps(value).encode()


def status(code: int, body: bytes = b"{}") -> Callable[[Request], bytes]:
    """An answer with a status."""

    def answer(request: Request) -> bytes:
        request.setResponseCode(code)
        return body

    return answer


def says(value: object) -> Callable[[Request], bytes]:
    """An answer: bytes, or JSON."""
    return status(200, value if isinstance(value, bytes) else json.dumps(value).encode())


def endless(request: Request) -> int:
    """An answer without an end, as fast as it is read."""
    from twisted.internet import reactor

    def more() -> None:
        if not gone:
            request.write(b" " * 65536)
            reactor.callLater(0, more)

    gone: list[object] = []
    request.notifyFinish().addBoth(gone.append)
    more()
    return NOT_DONE_YET


def silent(request: Request) -> int:
    """No answer at all."""
    request.notifyFinish().addErrback(lambda _: None)
    return NOT_DONE_YET


def serve(provider: FakeProvider, reactor: Any) -> Any:
    """Lets a provider listen on a free port of this machine, and names it."""
    port = reactor.listenTCP(0, Site(provider), interface="127.0.0.1")
    provider.issuer = f"http://127.0.0.1:{port.getHost().port}"
    return port


def main() -> None:
    """Serves until the process is ended; prints the issuer."""
    from twisted.internet import reactor

    provider = FakeProvider()
    provider.shows_button = True
    serve(provider, reactor)
    print(provider.issuer, flush=True)
    reactor.run()


if __name__ == "__main__":
    main()
