"""The methods `login.*`, who is signed in where (webipy.server.people.logins), and `ticket.make` (webipy.server.people.tickets)."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import unquote_to_bytes

from webipy.core import errors
from webipy.core.api import calls, login_calls
from webipy.core.api.access import holds
from webipy.core.api.browser_names import agent_words
from webipy.core.timestamps import rfc3339
from webipy.server.methods.method import Connection, Methods, Services
from webipy.server.people.logins import Login
from webipy.server.people.tickets import TICKET_SECONDS

METHODS = Methods()
method = METHODS.method

READ_PATHS = ("/files/", "/outputs/", "/exports/", "/nbconvert/")
"""Where tickets lead."""


@method("login.list", "own", "person")
async def login_list(services: Services, connection: Connection, params: calls.Nothing) -> login_calls.LoginList:
    """The browsers and command lines that are signed in: all of them for whoever runs the server and for admins, for others their own."""
    here = connection.principal.login if connection.principal is not None else ""
    found = sorted(_visible(services, connection), key=lambda login: (login.id == here, login.used), reverse=True)
    return login_calls.LoginList(logins=[_as_result(services, login, here) for login in found])


def _visible(services: Services, connection: Connection) -> list[Login]:
    """The logins that the caller may see and end.

    Args:
        services: The services of the server.
        connection: Where the call comes from.
    """
    principal = connection.principal
    assert principal is not None  # the reach says so
    own = None if holds(principal, "own") else principal.account
    return [login for login in services.logins.all() if own is None or login.account == own]


def _as_result(services: Services, login: Login, here: str) -> login_calls.Login:
    connections = services.logins.shares.connections.count(login.id)
    account = services.people.accounts.get(login.account or "")
    return login_calls.Login(
        id=login.id,
        kind=login.kind,
        user=login.account,
        name=services.logins.name if account is None else account.display_name,
        where=agent_words(login.browser.agent),
        address=login.browser.address,
        since=login.since,
        used=services.world.now() if connections else login.used,
        connections=connections,
        here=login.id == here,
    )


@method("login.revoke", "own", "person", raises=(errors.NotFound,), example={"others": True})
async def login_revoke(
    services: Services, connection: Connection, params: login_calls.RevokeLogin
) -> login_calls.Revoked:
    """Ends logins, with all their connections (close code 4401): any of those that `login.list` shows, or with `others` and `all` the caller's own.

    With `others` or `all` of whoever runs the server, sign-in links that were not used yet end, too. Executions go on. The token stays valid: whoever
    has it can sign in again at once.
    """
    if (params.id is not None) + params.others + params.all != 1:
        raise errors.InvalidParams("Say which logins end: id, others or all, one of them.", field="id")
    logins, visible = services.logins, _visible(services, connection)
    principal = connection.principal
    assert principal is not None  # the reach says so
    if params.id is not None:
        if not any(login.id == params.id for login in visible):
            raise errors.NotFound(
                f"There is no login {params.id!r}; it may have ended already.", kind="login", id=params.id
            )
        return login_calls.Revoked(ended=await logins.revoke([params.id]))
    if principal.account is None:
        logins.codes.forget()
    else:
        services.people.codes.pop(principal.account, None)
    ended = [
        login.id
        for login in visible
        if login.account == principal.account and (params.all or login.id != principal.login)
    ]
    return login_calls.Revoked(ended=await logins.revoke(ended))


@method("ticket.make", "read", "connection", example={"address": "/files/numbers.csv"})
async def ticket_make(services: Services, connection: Connection, params: login_calls.MakeTicket) -> login_calls.Ticket:
    """Makes an address that the browser itself may fetch for some minutes, as for a download: there it sends the login's cookie, and no key."""
    path, _, query = params.address.partition("?")
    if not path.startswith(READ_PATHS) or "#" in params.address:
        raise errors.InvalidParams(f"A ticket is for an address below {', '.join(READ_PATHS)}.", field="address")
    assert connection.principal is not None  # the verb says so
    ticket = services.logins.tickets.make(connection.principal.login, unquote_to_bytes(path))
    kept = [part for part in query.split("&") if part and not part.startswith("ticket=")]
    expires = rfc3339(datetime.fromisoformat(services.world.now()) + timedelta(seconds=TICKET_SECONDS))
    return login_calls.Ticket(address=f"{path}?{'&'.join([*kept, f'ticket={ticket}'])}", expires=expires)
