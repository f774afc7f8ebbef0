"""The identity provider: its own description, its keys, and the exchange of a code for who somebody is.

    ISSUER/.well-known/openid-configuration ──► endpoints (kept for an hour)          jwks_uri ──► keys (the same)
    code ──token endpoint──► ID token ──keys──► claims ──userinfo endpoint, when one is missing that is needed──► Claims

Invariants: the description names the issuer that whoever runs the server has named, and endpoints of https alone. A key that is not known is
looked for at the provider, at most once in `KEYS_SECONDS`: a provider may change its keys at any time, and wrong tokens may come as often as they
like. What failed is not asked for again before `RETRY_SECONDS` are over. Those who wait for the same thing wait together.

Source: OpenID Connect Discovery 1.0, section 4; OpenID Connect Core 1.0, sections 3.1, 5.3, 9 and 10.1.1; RFC 7636; RFC 9207.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

import attrs
import msgspec
from twisted.internet.defer import Deferred, DeferredLock

from webipy.core import errors
from webipy.io.reactor import Reactor
from webipy.io.sso.id_token import Expected, Unbelievable, UnknownKey, read_token
from webipy.io.sso.provider_client import ProviderClient, is_loopback
from webipy.server.ports.identity_provider import Answer, Claims, Question

KEPT_SECONDS: Final = 3600.0
"""How long the description and the keys count."""

KEYS_SECONDS: Final = 60.0
"""How often at most unknown keys are looked for."""

RETRY_SECONDS: Final = 5.0
MOST_KEYS: Final = 100
_ERROR: Final = re.compile(r"[a-zA-Z0-9_.-]{1,60}")
WELL_KNOWN: Final = "/.well-known/openid-configuration"


@attrs.frozen
class Client:
    """What the server is at the provider.

    Args:
        issuer: The address of the provider.
        id: Our id there.
        secret: Our secret there.
        scopes: What is asked for, with spaces between.
        name: What people call the provider.
    """

    issuer: str
    id: str
    secret: str = attrs.field(repr=False)
    scopes: str
    name: str


class Description(msgspec.Struct, frozen=True):
    """What the provider says of itself (OpenID Connect Discovery 1.0, section 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: list[str] = []
    authorization_response_iss_parameter_supported: bool = False


class _Keys(msgspec.Struct):
    keys: list[dict[str, Any]]


@attrs.define(eq=False)
class OpenIdProvider:
    """See `webipy.server.ports.identity_provider.IdentityProvider`.

    Args:
        client: What the server is there.
        lacks: Whether something that is needed is not among claims.
        reactor: Twisted's.
    """

    client: Client
    lacks: Callable[[Mapping[str, object]], bool]
    reactor: Reactor
    _http: ProviderClient = attrs.field(init=False)
    _lock: DeferredLock = attrs.field(factory=DeferredLock)
    _description: Description | None = None
    _described: float = float("-inf")
    _keys: list[dict[str, Any]] = attrs.field(factory=list)
    _keys_read: float = float("-inf")
    _failed: float = float("-inf")
    _fault: errors.IdentityProviderFault | None = None

    def __attrs_post_init__(self) -> None:
        self._http = ProviderClient(self.client.name, is_loopback(self.client.issuer), self.reactor)

    # ---- the port

    def address(self, question: Question) -> Deferred[str]:
        """Where a browser signs in; see the port."""
        return Deferred.fromCoroutine(self._address(question))

    async def _address(self, question: Question) -> str:
        endpoint = (await self.description()).authorization_endpoint
        asked = {
            "response_type": "code",
            "client_id": self.client.id,
            "redirect_uri": question.redirect,
            "scope": self.client.scopes,
            "state": question.state,
            "nonce": question.nonce,
            "code_challenge": _packed(hashlib.sha256(question.verifier.encode()).digest()),
            "code_challenge_method": "S256",
        }
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"

    def claims(self, question: Question, answer: Answer) -> Deferred[Claims]:
        """Who came back; see the port.

        Args:
            question: What the browser took along.
            answer: What it came back with.
        """
        return Deferred.fromCoroutine(self._claims(question, answer))

    async def _claims(self, question: Question, answer: Answer) -> Claims:
        found = await self.description()
        is_announced = found.authorization_response_iss_parameter_supported
        if answer.issuer != self.client.issuer and (is_announced or answer.issuer is not None):
            raise self._http.fault("answers in the name of another provider (iss)")
        if answer.error:
            raise self._refusal(answer.error)
        if not answer.code:
            raise self._http.fault("came back without a code")
        tokens = await self._tokens(found, question, answer.code)
        claims = await self._believed(tokens.get("id_token"), question.nonce)
        subject = str(claims["sub"])
        access = tokens.get("access_token")
        if found.userinfo_endpoint is not None and isinstance(access, str) and self.lacks(claims):
            claims = {**await self._more(found.userinfo_endpoint, access, subject), **claims}
        return Claims(subject, claims)

    def _refusal(self, error: str) -> errors.Failure:
        if error == "access_denied":
            return errors.NotPermitted(f"You, or {self.client.name}, did not allow this sign-in. Nobody was signed in.")
        shown = error if _ERROR.fullmatch(error) else "no reason that can be read"
        return self._http.fault(f"does not sign you in ({shown})")

    # ---- what it says of itself

    async def description(self) -> Description:
        """What the provider says of itself, from the last hour.

        Raises:
            errors.IdentityProviderFault: It does not answer, or says something else.
        """
        await self._lock.acquire()
        try:
            now = self.reactor.seconds()
            if self._description is not None and now - self._described < KEPT_SECONDS:
                return self._description
            if self._fault is not None and now - self._failed < RETRY_SECONDS:
                raise self._fault
            self._fault = None
            try:
                self._description = await self._read_description()
            except errors.IdentityProviderFault as fault:
                self._fault, self._failed = fault, self.reactor.seconds()
                raise
            self._described = self.reactor.seconds()
            return self._description
        finally:
            self._lock.release()

    async def _read_description(self) -> Description:
        status, body = await self._http.ask(self.client.issuer.rstrip("/") + WELL_KNOWN)
        if status != 200:
            raise self._http.fault(f"does not describe itself at {WELL_KNOWN} (status {status})")
        try:
            found = msgspec.convert(body, Description)
        except msgspec.ValidationError:
            raise self._http.fault(f"describes itself at {WELL_KNOWN} without what a sign-in needs") from None
        if found.issuer != self.client.issuer:
            raise self._http.fault("describes another provider than --sso-issuer names (issuer)")
        for what in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"):
            address = getattr(found, what)
            if address is not None:
                self._http.check_address(address, f"as {what} something")
        return found

    async def _published(self, *, anew: bool) -> list[dict[str, Any]]:
        """The keys of the provider.

        Args:
            anew: Whether those that are known are not enough.
        """
        address = (await self.description()).jwks_uri
        await self._lock.acquire()
        try:
            age = self.reactor.seconds() - self._keys_read
            if age < (KEYS_SECONDS if anew else KEPT_SECONDS):
                return self._keys
            status, body = await self._http.ask(address)
            if status != 200:
                raise self._http.fault(f"does not show its keys (status {status})")
            try:
                found = msgspec.convert(body, _Keys).keys
            except msgspec.ValidationError:
                raise self._http.fault("shows keys that cannot be read") from None
            self._keys, self._keys_read = found[:MOST_KEYS], self.reactor.seconds()
            return self._keys
        finally:
            self._lock.release()

    # ---- who somebody is

    async def _tokens(self, found: Description, question: Question, code: str) -> dict[str, object]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": question.redirect,
            "code_verifier": question.verifier,
        }
        authorization = ""
        methods = found.token_endpoint_auth_methods_supported
        if "client_secret_basic" in methods or "client_secret_post" not in methods:
            pair = f"{quote_plus(self.client.id)}:{quote_plus(self.client.secret)}"  # RFC 6749, section 2.3.1
            authorization = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": self.client.id, "client_secret": self.client.secret}
        status, body = await self._http.ask(found.token_endpoint, authorization, urlencode(form))
        if status == 200:
            return body
        error = body.get("error")
        shown = error if isinstance(error, str) and _ERROR.fullmatch(error) else f"status {status}"
        if error in ("invalid_client", "unauthorized_client") or status == 401:
            raise self._http.fault(
                f"does not know this server ({shown}): --sso-client-id or --sso-client-secret-file is not what it has"
            )
        if 400 <= status < 500:
            raise errors.NotAuthenticated(f"{self.client.name} does not take the sign-in ({shown}). Begin again.")
        raise self._http.fault(f"does not give who you are ({shown})")

    async def _believed(self, token: object, nonce: str) -> dict[str, object]:
        """The claims of an ID token, when it is to be believed."""
        if not isinstance(token, str):
            raise self._http.fault("does not say who you are (id_token)")
        expected = Expected(self.client.issuer, self.client.id, nonce)
        try:
            try:
                return read_token(token, await self._published(anew=False), expected)
            except UnknownKey:
                return read_token(token, await self._published(anew=True), expected)
        except Unbelievable as fault:
            raise self._http.fault(f"says who you are, and it is not to be believed: {fault}") from None

    async def _more(self, address: str, access: str, subject: str) -> dict[str, object]:
        """The claims of the userinfo endpoint, which are of the same person."""
        if not access.isascii() or not access.isprintable():
            raise self._http.fault("gives an access token that cannot be sent")
        status, body = await self._http.ask(address, f"Bearer {access}")
        if status != 200:
            raise self._http.fault(f"does not say more of you (userinfo, status {status})")
        if body.get("sub") != subject:
            raise self._http.fault("says more of somebody else than who signed in (userinfo, sub)")
        return body


def _packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
