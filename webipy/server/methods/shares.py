"""The methods `share.*`, links for guests (see webipy.server.people.shares), and `presence.*`, where people are in a
session (webipy.server.people.presence).
"""

from __future__ import annotations

from webipy.core import errors
from webipy.core.api import calls, people_calls
from webipy.core.api.access import holds
from webipy.server.methods.failures import OF_CHANGE, OF_SESSION
from webipy.server.methods.method import Connection, Methods, Services
from webipy.server.people.presence import Participant
from webipy.server.people.shares import Share

METHODS = Methods()
method = METHODS.method


@method(
    "share.link",
    "own",
    "session",
    raises=(*OF_CHANGE, errors.TooLarge),
    example={"verb": "read", "label": "for Ada", "days": 3},
)
async def share_link(
    services: Services, connection: Connection, params: people_calls.LinkSession
) -> people_calls.ShareLink:
    """Makes a link that lets guests into this session, and nowhere else: they open it and enter a name; it works until it is revoked or expires."""
    session = services.sessions.get(params.session)
    session.check_writable()
    await services.temporary.keep(session, connection.name)
    label = " ".join(params.label.split())
    share, secret = await services.logins.shares.link(session.id, params.verb, label, params.days)
    url = services.page_url(session.id, f"share={secret}")
    return people_calls.ShareLink(share=share.id, url=url, expires=share.expires)


@method("share.list", "own", "session", raises=OF_SESSION)
async def share_list(services: Services, connection: Connection, params: calls.OfSession) -> people_calls.ShareList:
    """The links of a session, with the guests of each."""
    session = services.sessions.get(params.session)
    return people_calls.ShareList(
        shares=[_as_result(services, share) for share in services.logins.shares.of(session.id)]
    )


def _as_result(services: Services, share: Share) -> people_calls.Share:
    guests = [
        people_calls.Guest(login=guest.id, name=guest.name, since=guest.since, verb=guest.verb)
        for guest in services.logins.shares.guests(share.id)
    ]
    return people_calls.Share(
        id=share.id, verb=share.verb, label=share.label, created=share.created, expires=share.expires, guests=guests
    )


@method("share.set", "own", "session", raises=OF_SESSION, example={"share": "id4", "verb": "write"})
async def share_set(services: Services, connection: Connection, params: people_calls.SetShare) -> calls.Done:
    """Changes the right that a link grants, at once and also for its guests."""
    session = services.sessions.get(params.session)
    await services.logins.shares.set(session.id, params.share, params.verb)
    services.presence.changed(session.id)
    return calls.Done()


@method("share.revoke", "own", "session", raises=OF_SESSION, example={"share": "id4"})
async def share_revoke(services: Services, connection: Connection, params: people_calls.OfShare) -> calls.Done:
    """Ends a link and the logins of its guests, with their connections (close code 4401). Executions that they have started go on."""
    session = services.sessions.get(params.session)
    await services.logins.shares.revoke(session.id, params.share)
    return calls.Done()


@method("share.set_guest", "own", "session", raises=OF_SESSION, example={"guest": "id5", "verb": "write"})
async def share_set_guest(services: Services, connection: Connection, params: people_calls.SetGuest) -> calls.Done:
    """Changes the right of one guest, at once: more or less than the link gives, which stays as it is for the others."""
    session = services.sessions.get(params.session)
    await services.logins.shares.set_guest(session.id, params.guest, params.verb)
    services.presence.changed(session.id)
    return calls.Done()


@method("share.remove_guest", "own", "session", raises=OF_SESSION, example={"guest": "id5"})
async def share_remove_guest(services: Services, connection: Connection, params: people_calls.OfGuest) -> calls.Done:
    """Ends the login of one guest, with their connections (close code 4401). Whoever has the link can come by it again: revoke that, too."""
    session = services.sessions.get(params.session)
    await services.logins.shares.remove_guest(session.id, params.guest)
    return calls.Done()


# ---- presence -----------------------------------------------------------------------------------------------------


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
    services.presence.move(session.id, _participant(connection, session.id), params.cell, params.selection)
    return calls.Done()


@method("presence.ask", "read", "session", raises=OF_SESSION)
async def presence_ask(services: Services, connection: Connection, params: calls.OfSession) -> calls.Done:
    """Asks whoever runs the server for the right to edit, by the notification `presence` (`asks`); once a minute. presence.allow grants it."""
    session = services.sessions.get(params.session)
    participant = _participant(connection, session.id)
    who = participant.principal()
    if who is not None and holds(who, "write"):
        raise errors.InvalidRequest("You may edit here already.")
    services.presence.ask(session.id, participant)
    return calls.Done()


@method(
    "presence.allow",
    "own",
    "session",
    raises=(*OF_SESSION, errors.TooLarge),
    example={"person": "id5", "verb": "write"},
)
async def presence_allow(services: Services, connection: Connection, params: people_calls.AllowPerson) -> calls.Done:
    """Gives one person who follows the session a right, at once: a guest, whatever their link gives, or somebody with an account."""
    session = services.sessions.get(params.session)
    kind, _, account = params.person.partition(" ")
    if kind == "account" and account:
        place = services.rights.place_of(session.id)
        assert place is not None  # it is open
        await services.rights.grant(place, services.directory.whom("account", account), params.verb, connection.name)
    else:
        await services.logins.shares.set_guest(session.id, params.person, params.verb)
    services.presence.changed(session.id)
    return calls.Done()


@method("presence.decline", "own", "session", raises=OF_SESSION, example={"person": "id5"})
async def presence_decline(services: Services, connection: Connection, params: people_calls.AnswerAsk) -> calls.Done:
    """Declines a person who asks to edit."""
    session = services.sessions.get(params.session)
    services.presence.decline(session.id, params.person)
    return calls.Done()


def _participant(connection: Connection, session: str) -> Participant:
    participant, _ = connection.participants.get(session, (None, None))
    if participant is None:
        raise errors.InvalidRequest("Only who follows the session has a place in it: open it first.")
    return participant
