"""Who may call a method: the one decision before every call, from the reach that the method declares and the rights at that moment.

::

    Method.reach, its paths ──┐
    params ───────────────────┼──► permit ──► refused, with a sentence
    principal, Rights ────────┘            ──► carried out; a call of an account within its Confinement, and its answer only if it still may read that

Invariants:

- Whoever runs the server, admins, guests and nobody are decided by `access.permit`, with the session that the call is confined to.
- A member or viewer passes only by a reach that is meant for them, and at every place that the call names. What cannot be decided is refused.
- The files that a call of theirs, or of a script token for a folder, opens are checked again when they are opened. An answer to a call of theirs, or
  of any script token, that only reads is given only if they may still read when it is there, however long it took: a right that ends during a call
  shows nothing more.
"""

from __future__ import annotations

from collections.abc import Awaitable

from webipy.core import errors
from webipy.core.api import access
from webipy.core.api.access import RANK, Principal, Verb
from webipy.core.api.calls import Params, Result
from webipy.server.methods.method import Connection, Method, Needed, Services
from webipy.server.ports.confinement import Confinement, confined

_OF_DOCUMENTS = ("notebook.", "session.", "run.")
"""Beginnings of the names of methods that work on the file of their session."""


def permit(services: Services, principal: Principal | None, method: Method, params: Params) -> list[Needed]:
    """Returns when a principal may make a call, as far as that can be decided at once: of reach `place` the place has to be looked up.

    Args:
        services: The services of the server.
        principal: Who calls; `None`: nobody is logged in.
        method: The method.
        params: The params of the call.

    Returns:
        The places that a call of a member or viewer names, with the verbs that it needs there; nothing for others.

    Raises:
        errors.NotAuthenticated, errors.NotPermitted: They may not.
    """
    verb = method.needs(params)
    if method.reach == "person":
        access.permit_person(principal)
        return []
    if principal is None or not access.is_confined(principal):
        access.permit(principal, verb, method.place(params, principal))
        return []
    if verb == "none":
        return []
    if method.reach == "server":
        raise errors.NotPermitted(
            f"{principal.name} may not call {method.name}: it is for whoever runs the server, and admins.", verb=verb
        )
    if method.reach == "session":
        _permit_in_session(services, principal, method, params, verb)
    for name, need in method.paths.items():
        other = getattr(params, name, None)
        if need == "session" and other is not None:
            services.rights.permit(principal, "read", other)
    places = method.places(params)
    for place, needed in places:
        if method.name in _LISTS:
            _permit_list(services, principal, place)
        else:
            services.rights.permit_at(principal, needed, place)
    return places


_LISTS = frozenset(("file.list", "file.watch"))
"""Methods on a folder that show of one above what is shared the way there."""


def _permit_list(services: Services, principal: Principal, folder: str) -> None:
    if not services.rights.may_list(principal, folder):
        services.rights.permit_at(principal, "read", folder)


def _permit_in_session(services: Services, principal: Principal, method: Method, params: Params, verb: Verb) -> None:
    session = getattr(params, "session", None)
    if session is None:
        raise errors.NotPermitted(f"{principal.name} may call {method.name} for one session only; name it.", verb=verb)
    services.rights.permit(principal, verb, session)


def carry_out(
    services: Services, connection: Connection, method: Method, params: Params, places: list[Needed]
) -> Awaitable[Result]:
    """Carries out a call that was permitted.

    Args:
        services: The services of the server.
        connection: Where it comes from.
        method: The method.
        params: The params of the call.
        places: What `permit` returned.
    """
    principal = connection.principal
    if principal is None or (principal.scopes is None and not access.is_confined(principal)):
        return method.function(services, connection, params)
    return _carried_out(services, connection, principal, method, params, places)


async def _carried_out(
    services: Services,
    connection: Connection,
    principal: Principal | None,
    method: Method,
    params: Params,
    places: list[Needed],
) -> Result:
    verb = method.needs(params)
    is_found = method.found is not None and access.is_confined(principal)
    found = await method.found(services, params) if is_found and method.found is not None else None
    if found is not None:
        services.rights.permit_at(principal, verb, found)
        places = [*places, (found, verb)]
    with confined(_confinement(services, principal, method, params, places)):
        result = await method.function(services, connection, params)
    if verb == "read" and method.reach != "connection":
        principal = services.logins.refresh(principal)
        permit(services, principal, method, params)
        check_scopes(services, principal, method, params)
        if found is not None:
            services.rights.permit_at(principal, verb, found)
    return result


def check_scopes(services: Services, principal: Principal | None, method: Method, params: Params) -> None:
    """Returns when the scopes of the script token that somebody came by include a call; whoever came by none is not limited here.

    Args:
        services: The services of the server.
        principal: Who calls.
        method: The method.
        params: The params of the call.

    Raises:
        errors.NotPermitted: They do not include it.
    """
    if principal is not None and principal.scopes is not None:
        touched = method.touched(params, method.needs(params), method.place(params, principal))
        services.logins.script_tokens.check(principal, touched)


def _confinement(
    services: Services, principal: Principal | None, method: Method, params: Params, places: list[Needed]
) -> Confinement | None:
    """What the call may reach: everywhere it needs the strongest verb that it needs anywhere, but at the places that it names."""
    strongest: Verb = max((verb for _, verb in places), key=RANK.__getitem__, default=method.needs(params))
    own: list[str] = []
    if method.reach == "session" and method.name.startswith(_OF_DOCUMENTS):
        session = services.sessions.find(getattr(params, "session", ""))
        if session is not None and session.record.path is not None:
            own = [session.record.path, *services.documents.autosaves.partners(session)]
    return services.rights.confinement(principal, strongest, sorted(places, key=lambda one: RANK[one[1]]), own)
