"""Looks at an ID token: who signed it, for whom, and when (OpenID Connect Core 1.0, section 3.1.3.7).

The signature and the claims with a time or a name are PyJWT's; which keys and algorithms count is decided here: asymmetric ones alone, so that the
public key of a provider is never the secret of a MAC, and `none` is no algorithm.

Invariants: nothing in a token is believed before its signature is; the key is one that the provider has published, of the algorithm's own kind.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from typing import Final

import attrs
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.exceptions import InvalidSubjectError

KINDS: Final = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), ("RSA", None)),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "EdDSA": ("OKP", "Ed25519"),
}
"""The algorithms that count, with the type and the curve of their keys."""

LEEWAY_SECONDS: Final = 60
"""How far the clocks of the provider and of this machine may be apart."""

LEAST_RSA_BITS: Final = 2048
MOST_SUBJECT: Final = 255
"""Characters of a subject (OpenID Connect Core 1.0, section 2)."""


class Unbelievable(Exception):
    """A token is not to be believed; the message says why, as the end of a sentence."""


class UnknownKey(Unbelievable):
    """It is signed by a key that is not among those that are known."""


@attrs.frozen
class Expected:
    """What a token has to have in it.

    Args:
        issuer: Who has made it.
        client: For whom it is: our id at the provider.
        nonce: The nonce of the sign-on.
    """

    issuer: str
    client: str
    nonce: str = attrs.field(repr=False)


def read_token(token: str, keys: Sequence[Mapping[str, object]], expected: Expected) -> dict[str, object]:
    """The claims of a token.

    Args:
        token: The token, as the provider has sent it.
        keys: The keys of the provider (RFC 7517).
        expected: What it has to have in it.

    Raises:
        UnknownKey: Its key is not among them.
        Unbelievable: It is not to be believed.
    """
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        raise Unbelievable("it cannot be read") from None
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in KINDS:
        raise Unbelievable("it is not signed in a way that counts (alg)")
    key = _key(keys, algorithm, header.get("kid"))
    try:
        claims: dict[str, object] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=expected.client,
            issuer=expected.issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
    except jwt.PyJWTError as fault:
        raise Unbelievable(_why(fault)) from None
    _check(claims, expected)
    return claims


def _key(keys: Sequence[Mapping[str, object]], algorithm: str, kid: object) -> jwt.PyJWK:
    kind, curve = KINDS[algorithm]
    fitting = [
        one
        for one in keys
        if one.get("kty") == kind
        and (curve is None or one.get("crv") == curve)
        and one.get("use", "sig") == "sig"
        and one.get("alg", algorithm) == algorithm
        and (kid is None or one.get("kid") == kid)
    ]
    if not fitting:
        raise UnknownKey("it is signed by a key that the provider has not published")
    if len(fitting) > 1:
        raise Unbelievable("it does not say by which key it is signed (kid)")
    try:
        found = jwt.PyJWK(dict(fitting[0]), algorithm)
    except (jwt.PyJWTError, ValueError, TypeError):
        raise Unbelievable("the key that it is signed by cannot be read") from None
    if isinstance(found.key, RSAPublicKey) and found.key.key_size < LEAST_RSA_BITS:
        raise Unbelievable(f"its key has less than {LEAST_RSA_BITS} bits")
    return found


def _check(claims: Mapping[str, object], expected: Expected) -> None:
    """Looks at what PyJWT leaves to its user."""
    nonce, audience, party = claims.get("nonce"), claims["aud"], claims.get("azp")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise Unbelievable("it is of another sign-in (nonce)")
    if (isinstance(audience, list) and len(audience) > 1 and party is None) or party not in (None, expected.client):
        raise Unbelievable("it was made for another program (azp)")
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= MOST_SUBJECT or not subject.isprintable():
        raise Unbelievable("it does not say for whom it is (sub)")


_WORDS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (jwt.ExpiredSignatureError, "it is too old (exp)"),
    (jwt.ImmatureSignatureError, "it is of a time to come: the clocks of both machines differ (iat, nbf)"),
    (jwt.InvalidAudienceError, "it is for another program (aud)"),
    (jwt.InvalidIssuerError, "it is of another provider (iss)"),
    (jwt.InvalidSignatureError, "its signature is wrong"),
    (jwt.MissingRequiredClaimError, "something is missing in it"),
    (InvalidSubjectError, "it does not say for whom it is (sub)"),
)


def _why(fault: Exception) -> str:
    if isinstance(fault, jwt.MissingRequiredClaimError):
        return f"it has no {fault.claim}"
    return next((words for kind, words in _WORDS if isinstance(fault, kind)), "it cannot be read")
