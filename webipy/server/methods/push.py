"""The methods `push.*`: the browsers in which the caller is told by Web Push (webipy.server.sessions.push_browsers)."""

from __future__ import annotations

import hashlib
from urllib.parse import urlsplit

from webipy.core import errors
from webipy.core.api import calls, push_calls
from webipy.core.api.access import Principal
from webipy.core.api.browser_names import agent_words
from webipy.server.methods.method import Connection, Methods, Services
from webipy.server.people.logins import Login
from webipy.server.ports.web_push import PushSender, Subscription

METHODS = Methods()
method = METHODS.method


def _caller(connection: Connection) -> Principal:
    assert connection.principal is not None  # the reach says so
    return connection.principal


def _sender(services: Services) -> PushSender:
    """What sends Web Push.

    Raises:
        errors.InvalidRequest: The server sends none.
    """
    found = services.notifications.web_push
    if found is None:
        raise errors.InvalidRequest("This server sends no Web Push: it was started with --no-web-push.")
    return found


def _login(services: Services, connection: Connection) -> Login:
    """The login of the browser that calls.

    Raises:
        errors.InvalidRequest: No browser calls, or one whose login ends when it is closed.
    """
    login = _caller(connection).login
    found = next((one for one in services.logins.all() if one.id == login and one.kind == "browser"), None)
    if found is None:
        raise errors.InvalidRequest("Only the page in a browser that is signed in can subscribe it to Web Push.")
    if not found.stays:
        raise errors.InvalidRequest(
            "This browser is signed out when it is closed, and is told nothing then. Sign in again with “Stay signed in on this browser”."
        )
    return found


@method("push.key", "own", "person")
async def push_key(services: Services, connection: Connection, params: calls.Nothing) -> push_calls.PushKey:
    """The key that browsers subscribe with. The server makes it when somebody asks for it for the first time."""
    return push_calls.PushKey(public_key=await _sender(services).public_key())


@method("push.list", "own", "person")
async def push_list(services: Services, connection: Connection, params: calls.Nothing) -> push_calls.PushBrowsers:
    """The browsers in which the caller is told by Web Push that what they have started has ended, also when no page is open there."""
    return _listed(services, connection)


def _listed(services: Services, connection: Connection) -> push_calls.PushBrowsers:
    caller = _caller(connection)
    found = services.notifications.browsers.of(caller.person)
    is_offered = services.notifications.web_push is not None
    return push_calls.PushBrowsers(offered=is_offered, browsers=[_as_result(one, caller.login) for one in found])


def _as_result(subscription: Subscription, login: str) -> push_calls.PushBrowser:
    return push_calls.PushBrowser(
        id=subscription.id,
        browser=subscription.browser,
        service=urlsplit(subscription.endpoint).hostname or "",
        since=subscription.since,
        digest=hashlib.sha256(subscription.endpoint.encode()).hexdigest(),
        here=subscription.login == login,
    )


@method(
    "push.subscribe",
    "own",
    "person",
    raises=(errors.TooLarge,),
    example={
        "endpoint": "https://updates.push.services.mozilla.com/wpush/v2/gAAAAABk",
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    },
)
async def push_subscribe(
    services: Services, connection: Connection, params: push_calls.SubscribePush
) -> push_calls.PushBrowsers:
    """Subscribes the browser of this call, in place of what it has subscribed before. That ends with its login.

    The server calls only addresses of the push services that it knows.
    """
    sender, login = _sender(services), _login(services, connection)
    sender.check(params.endpoint, params.p256dh, params.auth)
    subscription = Subscription(
        id=services.world.new_id(),
        person=_caller(connection).person,
        login=login.id,
        endpoint=params.endpoint,
        key=params.p256dh,
        secret=params.auth,
        browser=agent_words(login.browser.agent),
        since=services.world.now(),
    )
    await services.notifications.browsers.put(subscription)
    return _listed(services, connection)


@method("push.unsubscribe", "own", "person", raises=(errors.NotFound,), example={"id": "b1"})
async def push_unsubscribe(
    services: Services, connection: Connection, params: push_calls.UnsubscribePush
) -> push_calls.PushBrowsers:
    """Ends a subscription of the caller: nothing more is sent to that browser."""
    browsers = services.notifications.browsers
    found = browsers.get(params.id)
    if found is None or found.person != _caller(connection).person:
        raise errors.NotFound(
            f"You have no browser {params.id!r}; it may be removed already.", kind="push", id=params.id
        )
    await browsers.remove([found.id])
    return _listed(services, connection)
