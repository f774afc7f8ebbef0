"""The methods `right.*`: rights of people by name (webipy.server.people.rights), and what somebody has themselves."""

from __future__ import annotations

from webipy.core import errors
from webipy.core.api import calls, right_calls
from webipy.core.api.grants import SESSION_MARK, Grant
from webipy.core.api.right_calls import AtPlace, GiveRight, MyRights, OfWhom, PeopleAndGroups, RightList
from webipy.server.methods.failures import OF_FILE, OF_SESSION
from webipy.server.methods.method import Connection, Methods, Needed, Services
from webipy.server.people.directory import Directory
from webipy.server.ports.confinement import confined

METHODS = Methods()
method = METHODS.method

_OF_RIGHTS = (*OF_FILE, *OF_SESSION)


async def _place(services: Services, params: AtPlace) -> str:
    """The place that a call is about; of a path with links in it, where it leads to.

    Raises:
        errors.InvalidParams: The params name none, or two.
        errors.NotFound, errors.Damaged, errors.FileFault: It is not there.
    """
    if (params.path is None) == (params.session is None):
        raise errors.InvalidParams("Say what the right is at: path or session, one of them.", field="path")
    if params.session is not None:
        services.sessions.get(params.session)
        place = services.rights.place_of(params.session)
        assert place is not None  # it is open
        return place
    return await services.world.files.resolved(params.path or "")


def _needed(params: AtPlace) -> list[Needed]:
    """The path as it is written: who has no right there is not told whether it leads anywhere."""
    return [(params.path, "own")] if params.path is not None else []


@method("right.list", "own", "place", needed=_needed, found=_place, raises=_OF_RIGHTS, example={"path": "plots"})
async def right_list(services: Services, connection: Connection, params: AtPlace) -> RightList:
    """The rights that people, groups and everybody were given to a folder, a file or a session, there and in the folders above it.

    Links for guests are in share.list.
    """
    place = await _place(services, params)
    found = services.rights.grants.at_or_above(place)
    found.sort(key=lambda grant: (grant.place != place, -len(grant.place)))
    rights = [_as_result(services.directory, grant, place) for grant in found]
    return RightList(path=None if place.startswith(SESSION_MARK) else place, rights=rights)


@method(
    "right.grant",
    "own",
    "place",
    needed=_needed,
    found=_place,
    raises=(*_OF_RIGHTS, errors.TooLarge),
    example={"path": "plots", "kind": "everybody", "verb": "read"},
)
async def right_grant(services: Services, connection: Connection, params: GiveRight) -> right_calls.GivenRight:
    """Gives an account, a group or everybody a right to a folder with all in it, a file or a session; it counts at once.

    A right follows what it is at when that is moved here, and ends when that is deleted.
    """
    place = await _place(services, params)
    whom = services.directory.whom(params.kind, params.whom)
    made = await services.rights.grant(place, whom, params.verb, connection.name)
    return _as_result(services.directory, made, place)


@method(
    "right.revoke",
    "own",
    "place",
    needed=_needed,
    found=_place,
    raises=_OF_RIGHTS,
    example={"path": "plots", "kind": "everybody"},
)
async def right_revoke(services: Services, connection: Connection, params: OfWhom) -> calls.Done:
    """Takes a right away that was given at this very place; it ends at once, also for pages that are open. Executions that were started go on."""
    place = await _place(services, params)
    grants = services.rights.grants
    exact = next(
        (
            one.whom
            for one in grants.at_or_above(place)
            if services.directory.described(one.whom)[:2] == (params.kind, params.whom)
        ),
        None,
    )  # also of an account that is not there any more
    await services.rights.revoke(place, exact or services.directory.whom(params.kind, params.whom))
    return calls.Done()


@method("right.mine", "read", "account", raises=(errors.FileFault, errors.AlreadyExists))
async def right_mine(services: Services, connection: Connection, params: calls.Nothing) -> MyRights:
    """The own folder of the caller, which is made when it is asked for first, and what was shared with them."""
    principal = connection.principal
    home = await services.homes.of(principal)
    if principal is None or principal.account is None:
        return MyRights(home=None, shared=[])
    shared: dict[str, right_calls.SharedPlace] = {}
    with confined(None):  # all of it was given to the caller
        for grant in reversed(services.rights.grants.of(principal)):
            if grant.is_home or grant.place.startswith(SESSION_MARK) or grant.place in shared:
                continue
            try:
                record = await services.world.files.stat(grant.place)
            except (errors.NotFound, errors.FileFault):
                continue  # another program has taken it away; the right stays for when it comes back
            shared[grant.place] = right_calls.SharedPlace(
                path=grant.place,
                kind=record.kind,
                verb=services.rights.at(principal, grant.place),
                by=grant.by,
                since=grant.since,
            )
    return MyRights(home=home, shared=list(shared.values()))


@method("right.people", "read", "account")
async def right_people(services: Services, connection: Connection, params: calls.Nothing) -> PeopleAndGroups:
    """Whom something can be shared with by name."""
    people = [
        right_calls.KnownPerson(
            account=entry.account, name=entry.name, display_name=entry.display_name, groups=sorted(entry.groups)
        )
        for entry in services.directory.all()
    ]
    return PeopleAndGroups(people=people, groups=services.directory.groups())


def _as_result(directory: Directory, grant: Grant, place: str) -> right_calls.GivenRight:
    kind, whom, name = directory.described(grant.whom)
    return right_calls.GivenRight(
        kind=kind,
        whom=whom,
        name=name,
        verb=grant.verb,
        path=None if grant.place.startswith(SESSION_MARK) else grant.place,
        is_inherited=grant.place != place,
        is_home=grant.is_home,
        by=grant.by,
        since=grant.since,
    )
