"""The methods `presence.*`: where people are in a session (webipy.server.people.presence), what they ask for there (webipy.server.people.hands), and
what whoever manages the session answers one of them.
"""

from __future__ import annotations

from webipy.core import errors
from webipy.core.api import calls, people_calls
from webipy.core.api.access import RANK, Principal, Verb, holds, is_confined
from webipy.core.api.grants import Grant, Grants
from webipy.server.methods.failures import OF_SESSION
from webipy.server.methods.method import Connection, Methods, Services
from webipy.server.people.presence import Participant
from webipy.server.sessions.session import Session

METHODS = Methods()
method = METHODS.method

_MAY = {"read": "view", "write": "edit", "execute": "edit and run code"}


def take_part(services: Services, connection: Connection, session: str) -> None:
    """Makes a connection a participant of a session, if it is none yet.

    Args:
        services: The services of the server.
        connection: The connection, which has just subscribed.
        session: The session's id.
    """
    if session in connection.participants or connection.is_gone:
        return
    about = f"\0presence {session}"  # no folder that is watched has such a name
    participant = services.presence.enter(
        session,
        lambda: services.rights.seen_in(services.logins.refresh(connection.principal), session),
        lambda notification: connection.send_latest(about, notification),
    )
    services.rights.follow(connection)
    connection.take_part(session, participant, lambda: services.presence.leave(session, participant))


@method(
    "presence.set",
    "read",
    "session",
    raises=OF_SESSION,
    example={"cell": "c1", "selection": {"anchor": 0, "head": 5, "version": 0}},
)
async def presence_set(services: Services, connection: Connection, params: people_calls.SetPresence) -> calls.Done:
    """Shows the others where this connection is, by the notification `presence`. It must be subscribed to the session."""
    session = services.sessions.get(params.session)
    participant = _participant(connection, session.id)
    services.presence.move(session.id, participant, params.cell, params.selection, params.view, params.follows)
    return calls.Done()


@method("presence.ask", "read", "session", raises=OF_SESSION)
async def presence_ask(services: Services, connection: Connection, params: people_calls.AskRight) -> calls.Done:
    """Asks whoever manages the session for the right to edit, or to run code, by the notification `presence` (`asks`, `asks_for`); once a minute.
    presence.allow grants it.
    """
    session = services.sessions.get(params.session)
    who = _who(_participant(connection, session.id))
    if holds(who, params.verb):
        raise errors.InvalidRequest(f"You may {_MAY[params.verb]} here already.")
    if who.role == "viewer":
        raise errors.InvalidRequest("Your account only views; an admin of the server can make it a member's.")
    services.presence.hands.ask(session.id, who.person, params.verb)
    services.presence.changed(session.id)
    return calls.Done()


@method("presence.withdraw", "read", "session", raises=OF_SESSION)
async def presence_withdraw(services: Services, connection: Connection, params: calls.OfSession) -> calls.Done:
    """Takes back what the caller asked for, if it was not answered; also clears a `declined`."""
    session = services.sessions.get(params.session)
    services.presence.hands.lower(session.id, _who(_participant(connection, session.id)).person)
    services.presence.changed(session.id)
    return calls.Done()


@method(
    "presence.allow",
    "own",
    "session",
    raises=(*OF_SESSION, errors.TooLarge),
    example={"person": "id5", "verb": "write"},
)
async def presence_allow(services: Services, connection: Connection, params: people_calls.AllowPerson) -> calls.Done:
    """Gives one person who follows the session a right, at once: a guest, whatever their link gives, or somebody with an account. It is also the way
    back to less; `invalid_request` where they have more by a group, everybody or a folder above.
    """
    session = services.sessions.get(params.session)
    account = _account_of(services, session, params.person)
    if account is not None:
        place = _place(services, session)
        whom = services.directory.whom("account", account)
        given = Grant(place, whom, params.verb, connection.name, services.world.now())
        _check_no_more(services, services.rights.grants.changed([given], []), whom, place, params.verb)
        await services.rights.grant(place, whom, params.verb, connection.name)
    else:
        await services.logins.shares.set_guest(session.id, params.person, params.verb)
    services.presence.hands.allowed(session.id, params.person)
    services.presence.changed(session.id)
    return calls.Done()


@method("presence.decline", "own", "session", raises=OF_SESSION, example={"person": "id5"})
async def presence_decline(services: Services, connection: Connection, params: people_calls.AnswerAsk) -> calls.Done:
    """Declines what a person asks for."""
    session = services.sessions.get(params.session)
    services.presence.hands.decline(session.id, params.person)
    services.presence.changed(session.id)
    return calls.Done()


@method("presence.remove", "own", "session", raises=OF_SESSION, example={"person": "id5"})
async def presence_remove(services: Services, connection: Connection, params: people_calls.AnswerAsk) -> calls.Done:
    """Takes the session away from one person, at once: ends the login of a guest (who can come again by the link, while that counts), or the right of
    an account to this notebook; `invalid_request` where they have it by a group, everybody or a folder above.
    """
    session = services.sessions.get(params.session)
    account = _account_of(services, session, params.person)
    if account is not None:
        place = _place(services, session)
        whom = services.directory.whom("account", account)
        _check_no_more(services, services.rights.grants.changed([], [(place, whom)]), whom, place, "none")
        await services.rights.revoke(place, whom)
    else:
        await services.logins.shares.remove_guest(session.id, params.person)
    services.presence.hands.lower(session.id, params.person)
    services.presence.changed(session.id)
    return calls.Done()


@method("presence.lead", "own", "session", raises=OF_SESSION, example={"on": False})
async def presence_lead(services: Services, connection: Connection, params: people_calls.LeadOthers) -> calls.Done:
    """Asks everybody who follows the session to follow the caller's page, by the notification `presence` (`lead`), until the caller ends it or
    leaves. Each may leave by themselves.
    """
    session = services.sessions.get(params.session)
    who = _who(_participant(connection, session.id))
    services.presence.lead(session.id, who.person if params.on else None)
    return calls.Done()


def _participant(connection: Connection, session: str) -> Participant:
    participant, _ = connection.participants.get(session, (None, None))
    if participant is None:
        raise errors.InvalidRequest("Only who follows the session has a place in it: open it first.")
    return participant


def _who(participant: Participant) -> Principal:
    who = participant.principal()
    if who is None:
        raise errors.NotAuthenticated("Your login has ended. Log in again.")
    return who


def _account_of(services: Services, session: Session, person: str) -> str | None:
    """The id of the account of a person; `None` for a guest.

    Raises:
        errors.InvalidRequest: They have every right on this server, which nothing here takes away.
    """
    kind, _, account = person.partition(" ")
    who = services.presence.who(session.id, person)
    if person == "owner" or kind == "hub" or (who is not None and who.account is not None and not is_confined(who)):
        raise errors.InvalidRequest("They may do everything on this server; no right of this notebook changes that.")
    return account if kind == "account" and account else None


def _place(services: Services, session: Session) -> str:
    place = services.rights.place_of(session.id)
    assert place is not None  # it is open
    return place


def _check_no_more(services: Services, grants: Grants, whom: str, place: str, verb: Verb) -> None:
    """Returns when an account would have no stronger right than one.

    Args:
        services: The services of the server.
        grants: The grants as they would be.
        whom: The account, as grants have it.
        place: The place.
        verb: The right.

    Raises:
        errors.InvalidRequest: It would: others of the grants give more.
    """
    _, account, name = services.directory.described(whom)
    groups = next((entry.groups for entry in services.directory.all() if entry.account == account), frozenset())
    held = grants.verb_at(Principal(name, "none", "", account=account, role="member", groups=groups), place)
    if RANK[held] > RANK[verb]:
        words = f"{name} may {_MAY.get(held, 'do everything')} here by a right of a group, of everybody or of a folder above."
        raise errors.InvalidRequest(f"{words} Change that one: it is listed under Share.")
