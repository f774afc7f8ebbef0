"""The parts of single sign-on, put together: webipy.service asks for them with `--sso-issuer`.

options ──► OpenIdProvider ──► SingleSignOn, which RequestAuth asks; sso_resource, two addresses of the site
"""

from __future__ import annotations

import msgspec
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.resource import IResource

from webipy.core import errors
from webipy.io.machine import new_secret
from webipy.io.reactor import Reactor
from webipy.io.sso.openid_provider import Client, OpenIdProvider
from webipy.io.sso.sso_resources import sso_resource
from webipy.io.web.request_auth import RequestAuth
from webipy.server.methods.method import Services
from webipy.server.people.single_sign_on import SingleSignOn
from webipy.server.people.sso_attempts import SsoAttempts
from webipy.server.people.sso_rules import SsoRules

__all__ = ["Client", "SsoOptions", "SsoParts", "SsoRules", "make_sso"]


class SsoOptions(msgspec.Struct, frozen=True):
    """What the command line says of single sign-on.

    Args:
        client: What the server is at the provider.
        rules: Who may come in, and as whom.
    """

    client: Client
    rules: SsoRules


class SsoParts(msgspec.Struct, frozen=True):
    """See the module.

    Args:
        sso: The single sign-on.
        provider: Asks the provider.
    """

    sso: SingleSignOn
    provider: OpenIdProvider
    _log = Logger()

    def resources(self, auth: RequestAuth) -> dict[bytes, IResource]:
        """The addresses of the sign-on, by the first part of their paths.

        Args:
            auth: Knows under which origins and paths our addresses are.
        """
        return {b"sso": sso_resource(self.sso, auth)}

    def greet(self) -> None:
        """Asks the provider for its description, and says in the log when it has none: nobody could sign in by it."""
        Deferred.fromCoroutine(self.provider.description()).addErrback(self._no_description)

    def _no_description(self, failure: Failure) -> None:
        fault = failure.value
        if isinstance(fault, errors.Failure):
            self._log.critical(
                "single sign-on at {issuer}: {fault}", issuer=self.provider.client.issuer, fault=fault.message
            )
        else:
            self._log.failure("the identity provider cannot be asked", failure)


def make_sso(options: SsoOptions, services: Services, reactor: Reactor) -> SsoParts:
    """Puts the single sign-on of a server together.

    Args:
        options: What the command line says of it.
        services: The services of the server.
        reactor: Twisted's.
    """
    people, rules = services.people, options.rules
    people.provider_name, people.accounts.issuer = rules.name, rules.issuer
    provider = OpenIdProvider(options.client, rules.lacks, reactor)
    attempts = SsoAttempts(reactor.seconds, new_secret)
    sso = SingleSignOn(provider, rules, people, attempts, services.logins.audit, services.rights.recheck)
    return SsoParts(sso, provider)
