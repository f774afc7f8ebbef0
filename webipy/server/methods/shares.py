"""The methods `share.*`: links for guests (webipy.server.people.shares)."""

from __future__ import annotations

from webipy.core import errors
from webipy.core.api import calls, people_calls
from webipy.server.methods.failures import OF_CHANGE, OF_SESSION
from webipy.server.methods.method import Connection, Methods, Services
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
