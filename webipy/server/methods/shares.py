"""The methods `share.*`, who else may come into a session (see webipy.server.people.shares), and
`presence.*`, where they are, and what they ask for (webipy.server.people.presence).
"""

from __future__ import annotations

from webipy.core import errors
from webipy.core.api import calls, people_calls
from webipy.core.api.access import holds
from webipy.server.methods.method import Caller, House, Methods
from webipy.server.people.presence import Seat
from webipy.server.people.shares import Share

METHODS = Methods()
method = METHODS.method


@method("share.link", "own", "session")
async def share_link(house: House, caller: Caller, params: people_calls.LinkSession) -> people_calls.ShareLink:
    """Makes a link that lets somebody into this session, and nowhere else: whoever opens it gives a name and is in, until it is revoked or over."""
    session = house.sessions.get(params.session)
    session.check_writable()
    await house.temporary.keep(session, caller.name)
    label = " ".join(params.label.split())
    share, secret = await house.logins.shares.link(session.id, params.verb, label, params.days)
    url = house.page_url(session.id, f"share={secret}")
    return people_calls.ShareLink(share=share.id, url=url, expires=share.expires)


@method("share.list", "own", "session")
async def share_list(house: House, caller: Caller, params: calls.OfSession) -> people_calls.ShareList:
    """The links of a session, and who came by each."""
    session = house.sessions.get(params.session)
    return people_calls.ShareList(shares=[_told(house, share) for share in house.logins.shares.of(session.id)])


def _told(house: House, share: Share) -> people_calls.Share:
    guests = [
        people_calls.Guest(login=guest.id, name=guest.name, since=guest.since)
        for guest in house.logins.shares.guests(share.id)
    ]
    return people_calls.Share(
        id=share.id, verb=share.verb, label=share.label, created=share.created, expires=share.expires, guests=guests
    )


@method("share.set", "own", "session")
async def share_set(house: House, caller: Caller, params: people_calls.SetShare) -> calls.Done:
    """Changes what a link gives, at once and also to who came by it."""
    session = house.sessions.get(params.session)
    await house.logins.shares.set(session.id, params.share, params.verb)
    house.people.changed(session.id)
    return calls.Done()


@method("share.revoke", "own", "session")
async def share_revoke(house: House, caller: Caller, params: people_calls.OfShare) -> calls.Done:
    """Ends a link, and the logins that came by it, with their connections (close code 4401). What they have started goes on."""
    session = house.sessions.get(params.session)
    await house.logins.shares.revoke(session.id, params.share)
    return calls.Done()


# ---- presence -----------------------------------------------------------------------------------------------------


def sit(house: House, caller: Caller, session: str) -> None:
    """Takes a seat for a connection that follows a session, if it has none there."""
    if session in caller.seats or caller.is_gone:
        return
    about = f"\0presence {session}"  # no folder that is watched has such a name
    seat = house.people.enter(
        session,
        lambda: house.logins.still(caller.principal),
        lambda notification: caller.tell_latest(about, notification),
    )
    caller.sit(session, seat, lambda: house.people.leave(session, seat))


@method("presence.set", "read", "session")
async def presence_set(house: House, caller: Caller, params: people_calls.SetPresence) -> calls.Done:
    """Tells the others where this connection is, by the notification `presence`. It must follow the session."""
    session = house.sessions.get(params.session)
    house.people.move(session.id, _seat(caller, session.id), params.cell, params.selection)
    return calls.Done()


@method("presence.ask", "read", "session")
async def presence_ask(house: House, caller: Caller, params: calls.OfSession) -> calls.Done:
    """Asks whoever runs the server for the right to edit, by the notification `presence` (`asks`); once a minute. share.set gives it."""
    session = house.sessions.get(params.session)
    seat = _seat(caller, session.id)
    if caller.principal is not None and holds(house.logins.still(caller.principal) or caller.principal, "write"):
        raise errors.InvalidRequest("You may edit here already.")
    house.people.ask(session.id, seat)
    return calls.Done()


@method("presence.decline", "own", "session")
async def presence_decline(house: House, caller: Caller, params: people_calls.AnswerAsk) -> calls.Done:
    """Tells somebody who asks to edit that they may not now."""
    session = house.sessions.get(params.session)
    house.people.decline(session.id, params.person)
    return calls.Done()


def _seat(caller: Caller, session: str) -> Seat:
    seat, _ = caller.seats.get(session, (None, None))
    if seat is None:
        raise errors.InvalidRequest("Only who follows the session has a place in it: session.subscribe first.")
    return seat
