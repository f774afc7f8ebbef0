"""The methods `login.*`, who is signed in where (webipy.server.people.logins), and `ticket.make` (webipy.server.people.tickets)."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import unquote_to_bytes

from webipy.core import errors
from webipy.core.api import calls, login_calls
from webipy.core.api.browser_names import agent_words
from webipy.core.timestamps import rfc3339
from webipy.server.methods.method import Connection, Methods, Services
from webipy.server.people.logins import Login
from webipy.server.people.tickets import TICKET_SECONDS

METHODS = Methods()
method = METHODS.method

READ_PATHS = ("/files/", "/outputs/", "/exports/", "/nbconvert/")
"""Where tickets lead."""


@method("login.list", "own")
async def login_list(services: Services, connection: Connection, params: calls.Nothing) -> login_calls.LoginList:
    """The browsers that are signed in as whoever runs the server."""
    here = connection.principal.login if connection.principal is not None else ""
    found = sorted(services.logins.all(), key=lambda login: (login.id == here, login.used), reverse=True)
    return login_calls.LoginList(logins=[_as_result(services, login, here) for login in found])


def _as_result(services: Services, login: Login, here: str) -> login_calls.Login:
    connections = services.logins.shares.connections.count(login.id)
    return login_calls.Login(
        id=login.id,
        where=agent_words(login.browser.agent),
        address=login.browser.address,
        since=login.since,
        used=services.world.now() if connections else login.used,
        connections=connections,
        here=login.id == here,
    )


@method("login.revoke", "own", raises=(errors.NotFound,), example={"others": True})
async def login_revoke(
    services: Services, connection: Connection, params: login_calls.RevokeLogin
) -> login_calls.Revoked:
    """Ends logins, with all their connections (close code 4401). With `others` or `all`, sign-in links that were not used yet end, too.

    Executions go on. The token stays valid: whoever has it can sign in again at once.
    """
    if (params.id is not None) + params.others + params.all != 1:
        raise errors.InvalidParams("Say which logins end: id, others or all, one of them.", field="id")
    logins, here = services.logins, connection.principal.login if connection.principal is not None else ""
    if params.id is not None:
        if not any(login.id == params.id for login in logins.all()):
            raise errors.NotFound(
                f"There is no login {params.id!r}; it may have ended already.", kind="login", id=params.id
            )
        return login_calls.Revoked(ended=await logins.revoke([params.id]))
    logins.codes.forget()
    ended = [login.id for login in logins.all() if params.all or login.id != here]
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
