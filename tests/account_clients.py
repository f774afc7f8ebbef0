"""Clients of people who have signed in to an account, on a server in memory."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from tests.fakes import Client, Rig
from webipy.core.api.access import Principal
from webipy.server.methods.method import Connection
from webipy.server.people.logins import Browser, Credentials, LoginSecrets

WHERE = Browser("Firefox/140.0 Linux", "192.0.2.8")


def given(secrets: LoginSecrets) -> Credentials:
    """What the page of a browser sends."""
    return Credentials(None, (secrets.cookie,), secrets.key, None, None, frozenset())


def secrets_of(rig: Rig, name: str, password: str, *, stays: bool = True) -> LoginSecrets:
    """Signs a browser in, and returns the secrets of its login."""
    people = rig.services.people

    async def work() -> LoginSecrets:
        account = await people.sign_in(name, password, WHERE.address)
        return await people.enter(account, WHERE, stays=stays)

    found: LoginSecrets = rig.wait(Deferred.fromCoroutine(work()))
    return found


def who(rig: Rig, secrets: LoginSecrets) -> Principal | None:
    """Whom the server takes a browser for."""
    return rig.services.logins.principal_of(given(secrets))


def sign_in(rig: Rig, name: str, password: str) -> Client:
    """A page of somebody who signs in."""
    principal = who(rig, secrets_of(rig, name, password))
    assert principal is not None
    client = Client(rig, Connection(principal))
    client.connection.send = client.sent.append
    client.connection.soon = lambda call: rig.clock.callLater(0, call)
    return client
