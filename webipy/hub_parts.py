"""The parts of a server that a JupyterHub has started for one of its users, put together: webipy.service asks for them with `--hub`.

environment (webipy.io.hub.environment) ──► HubClient ──► HubLogins, which RequestAuth asks; SignIn, two addresses of the site; Activity
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.web.resource import IResource

from webipy.core import errors
from webipy.core.timestamps import rfc3339
from webipy.io.hub.activity import LOOK_SECONDS, Activity
from webipy.io.hub.environment import HubEnvironment
from webipy.io.hub.first_page import FirstPage
from webipy.io.hub.hub_client import HubClient
from webipy.io.hub.sign_in_resources import SignIn
from webipy.io.machine import new_secret
from webipy.io.reactor import Reactor
from webipy.io.web.request_auth import RequestAuth
from webipy.server.methods.method import Services
from webipy.server.people.hub_attempts import HubAttempts
from webipy.server.people.hub_logins import CHECK_SECONDS, HubLogins
from webipy.server.people.logins import Logins
from webipy.server.ports.world import World


@attrs.define(eq=False)
class HubParts:
    """See the module.

    Args:
        environment: What the hub says.
        logins: The logins that it answers for.
        client: Asks it.
        reactor: Twisted's.
    """

    environment: HubEnvironment
    logins: HubLogins
    client: HubClient
    reactor: Reactor
    _loops: list[LoopingCall] = attrs.field(factory=list)
    _log = Logger()

    def resources(self, auth: RequestAuth, static: Path) -> dict[bytes, IResource]:
        """The addresses of the sign-in, and the first page when the hub names another one.

        Args:
            auth: Knows under which path our addresses are.
            static: The folder of the built page.
        """
        attempts = HubAttempts(self.reactor.seconds, new_secret)
        found = SignIn(self.client, self.environment, self.logins, attempts, auth).resources()
        if self.environment.default != "/":
            found[b""] = FirstPage(static, self.environment)
        return found

    async def greet(self) -> None:
        """Asks the hub for its version, and says in the log when it cannot be reached: nobody could sign in."""
        try:
            self.logins.version = await self.client.version()
        except errors.HubUnreachable as fault:
            self._log.critical(
                "{fault} Until it answers nobody can sign in. Is c.JupyterHub.hub_ip an address that this machine reaches?",
                fault=fault.message,
            )

    def start(self, services: Services) -> None:
        """Begins to ask again about those who are connected, and to report activity."""
        services.hub_home = self.environment.place.home
        self._repeat(CHECK_SECONDS / 4, self.logins.check_connected)
        if self.environment.activity:
            activity = Activity(
                self.client.report, lambda: last_activity(services), self.reactor.seconds, self.environment.activity_s
            )
            self._repeat(min(LOOK_SECONDS, self.environment.activity_s), activity.look)

    def _repeat(self, seconds: float, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        def once() -> Deferred[None]:
            done = Deferred.fromCoroutine(work())
            return done.addErrback(lambda failure: self._log.failure("what is done for the hub failed", failure))

        loop = LoopingCall(once)
        loop.clock = self.reactor
        self._loops.append(loop)
        loop.start(seconds, now=False)

    def stop(self) -> None:
        """Ends what `start` has begun."""
        for loop in self._loops:
            loop.stop()
        self._loops.clear()


def last_activity(services: Services) -> str:
    """When somebody, or code of theirs, worked here last, RFC 3339 in UTC; now while code runs.

    Args:
        services: The services of the server.
    """
    world, sessions = services.world, services.sessions.all()
    now = world.now()
    if any(one.kernel is not None and one.kernel.state in ("starting", "busy", "restarting") for one in sessions):
        return now
    logins = services.logins
    called = timedelta(seconds=min(logins.seconds() - logins.called, 1e9))
    asked = rfc3339(datetime.fromisoformat(now) - called)
    terminals = services.terminals.all()
    return max(
        asked, *(one.last_activity for one in sessions), *(one.last_activity for one in terminals), services.started
    )


NO_LINKS = (
    "Here the hub says who may come in, so links let nobody in. Share the server at the hub; or whoever runs the hub adds --share-links to"
    " webipy-singleuser."
)


HUB_ALONE = "Here the hub signs people in: open the page without the code or the token, and it leads you there."


async def join_hub(
    environment: HubEnvironment, world: World, logins: Logins, reactor: Reactor, *, lets_guests_in: bool
) -> HubParts:
    """Builds the parts, and makes the hub answer for people; logins that were made otherwise end.

    Args:
        environment: What the hub says.
        world: The outside.
        logins: The logins of the server.
        reactor: Twisted's.
        lets_guests_in: Whether links let people in whom the hub does not know.
    """
    logins.shares.closed = "" if lets_guests_in else NO_LINKS
    await logins.revoke([login.id for login in logins.all()])
    client = HubClient(environment, reactor)
    connections = logins.shares.connections
    found = HubLogins(
        client,
        environment.scopes,
        environment.place,
        logins.name,
        logins.token,
        logins.seconds,
        world.now,
        new_secret,
        world.new_id,
        connections,
    )
    logins.others.append(found)
    logins.codes_closed = HUB_ALONE
    parts = HubParts(environment, found, client, reactor)
    greeted = Deferred.fromCoroutine(parts.greet())
    greeted.addErrback(lambda failure: Logger().failure("the hub could not be asked for its version", failure))
    return parts
