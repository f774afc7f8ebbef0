"""What the server asks an identity provider (OpenID Connect): where a browser signs in there, and who came back from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import attrs
from twisted.internet.defer import Deferred


@attrs.frozen
class Question:
    """What a browser takes along to the provider, or proves afterwards that it did.

    Args:
        redirect: The address that it comes back to.
        state: The id of the sign-in, not secret.
        nonce: What the ID token must have in it.
        verifier: What proves to the provider that the same server asks (RFC 7636).
    """

    redirect: str
    state: str
    nonce: str = attrs.field(repr=False)
    verifier: str = attrs.field(repr=False)


@attrs.frozen
class Answer:
    """What a browser comes back with.

    Args:
        code: What the ID token is exchanged for.
        issuer: Who says that they have answered (RFC 9207); `None`: it does not say.
        error: Why the provider signs nobody in, by its name in OpenID Connect; empty: it does.
    """

    code: str = attrs.field(repr=False)
    issuer: str | None = None
    error: str = ""


@attrs.frozen
class Claims:
    """What the provider says of somebody, as far as it is believed.

    Args:
        subject: Their number there, which never changes and is nobody else's.
        values: All claims, by name; what is in them is as the provider wrote it.
    """

    subject: str
    values: Mapping[str, object] = attrs.field(repr=False)


class IdentityProvider(Protocol):
    """The server of an institution that says who somebody is."""

    def address(self, question: Question) -> Deferred[str]:
        """Where a browser signs in, with the question in the address.

        Fails with `errors.IdentityProviderFault` when the provider does not answer, or not as one does.
        """

    def claims(self, question: Question, answer: Answer) -> Deferred[Claims]:
        """Who came back.

        Fails with `errors.IdentityProviderFault` when the provider does not answer, or says what cannot be believed, and with
        `errors.NotAuthenticated` or `errors.NotPermitted` when it signs nobody in.

        Args:
            question: What the browser took along.
            answer: What it came back with.
        """
