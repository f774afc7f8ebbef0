"""The methods `user.*`, the accounts of a server, and `account.*`, the caller's own one (webipy.server.people.people)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import attrs
from twisted.internet.defer import Deferred

from webipy.core import errors
from webipy.core.api import calls, user_calls
from webipy.core.api.grants import account_whom
from webipy.core.mail_address import mail_address
from webipy.core.timestamps import rfc3339
from webipy.server.methods.method import Connection, Methods, Services
from webipy.server.people.accounts import Account, regrouped
from webipy.server.people.people import CODE_SECONDS

METHODS = Methods()
method = METHODS.method


def _by_owner(connection: Connection) -> bool:
    """Whether whoever runs the server calls: not by an account."""
    return connection.principal is not None and connection.principal.account is None


def _as_result(services: Services, account: Account) -> user_calls.User:
    people = services.people
    invitation = people.accounts.invitation(account.id)
    count = people.logins.connections.count
    return user_calls.User(
        id=account.id,
        name=account.name,
        display_name=account.display_name,
        role=account.role,
        groups=sorted(account.groups),
        disabled=account.is_disabled,
        has_password=account.hash is not None,
        identity_provider=account.identity.issuer if account.identity is not None else None,
        invited_until=invitation.expires if invitation is not None else None,
        created=account.created,
        signed_in=account.signed_in,
        connections=sum(count(login.id) for login in people.logins.of(account.id)),
    )


@method("user.list", "own", "server")
async def user_list(services: Services, connection: Connection, params: calls.Nothing) -> user_calls.UserList:
    """The accounts of the server."""
    return user_calls.UserList(users=[_as_result(services, account) for account in services.people.accounts.all()])


@method(
    "user.add",
    "own",
    "server",
    raises=(errors.AlreadyExists, errors.TooLarge),
    example={"name": "grace", "display_name": "Grace Hopper", "groups": ["compilers"]},
)
async def user_add(services: Services, connection: Connection, params: user_calls.AddUser) -> user_calls.User:
    """Makes an account. A name that is taken, or that looks like another one, is refused."""
    names = (params.name, params.display_name)
    account = await services.people.add(
        names, params.role, params.groups, params.password, by_owner=_by_owner(connection)
    )
    return _as_result(services, account)


@method(
    "user.set",
    "own",
    "server",
    raises=(errors.NotFound, errors.AlreadyExists, errors.TooLarge),
    example={"user": "bo", "role": "viewer", "groups": ["class 7b"]},
)
async def user_set(services: Services, connection: Connection, params: user_calls.SetUser) -> user_calls.User:
    """Changes what an account is. Who is disabled, or is no admin any more, is signed out everywhere at once.

    The last admin who can sign in stays one, unless whoever runs the server changes that.
    """
    people, by_owner = services.people, _by_owner(connection)
    account = people.accounts.find(params.user)
    changed = people.accounts.checked(account, params.display_name, _groups(account, params), by_owner=by_owner)
    if params.role is not None:
        changed = attrs.evolve(changed, role=params.role)
    if params.disabled is not None:
        changed = attrs.evolve(changed, is_disabled=params.disabled)
    written = Deferred.fromCoroutine(people.change(account, changed, by_owner=by_owner))
    services.rights.recheck()  # another role, or a group less, is a right less
    await written
    return _as_result(services, people.accounts.find(account.id))


def _groups(account: Account, params: user_calls.SetUser) -> Collection[str] | None:
    """The groups of an account after `user.set`; `None`: those of before.

    Raises:
        errors.InvalidParams: The params name all of them and what changes of them, or a group that it joins and leaves.
        errors.TooLarge: These are too many.
    """
    if not (params.join or params.leave):
        return params.groups
    if params.groups is not None:
        raise errors.InvalidParams("Name all groups, or those that are joined and left, not both.", field="groups")
    return regrouped(account, params.join, params.leave)


@method("user.remove", "own", "server", raises=(errors.NotFound,), example={"user": "bo"})
async def user_remove(services: Services, connection: Connection, params: user_calls.OfUser) -> calls.Done:
    """Removes an account, and ends its logins at once. What its person has made stays, and stands under their name; rights end."""
    account = services.people.accounts.find(params.user)
    await services.people.remove(account, by_owner=_by_owner(connection))
    await services.rights.forget(account_whom(account.id))
    await services.notifications.addresses.set(account_whom(account.id), None)
    return calls.Done()


@method("user.invite", "own", "server", raises=(errors.NotFound,), example={"user": "bo", "days": 3})
async def user_invite(services: Services, connection: Connection, params: user_calls.Invite) -> user_calls.Invitation:
    """Makes a link by which the person of an account chooses a password and the name that others see. Until then a password of before counts."""
    account = services.people.accounts.find(params.user)
    invitation, secret = await services.people.invite(account, params.days)
    return user_calls.Invitation(
        user=account.id, url=services.page_url(None, f"invite={secret}"), expires=invitation.expires
    )


@method(
    "user.set_password",
    "own",
    "server",
    raises=(errors.NotFound,),
    example={"user": "bo", "password": "seven brown kettles"},
)
async def user_set_password(
    services: Services, connection: Connection, params: user_calls.SetPassword
) -> user_calls.PasswordChanged:
    """Gives an account another password. All of its logins end at once, and its invitation; its script tokens go on working."""
    account = services.people.accounts.find(params.user)
    await services.people.set_password(account, params.password)
    return _with_password(services, account)


def _with_password(services: Services, account: Account) -> user_calls.PasswordChanged:
    tokens = services.logins.script_tokens
    return user_calls.PasswordChanged(tokens=sum(map(tokens.is_valid, tokens.of(account_whom(account.id)))))


# ---- the caller's own account -------------------------------------------------------------------------------------


def _own(services: Services, connection: Connection) -> Account:
    """The account of the caller.

    Raises:
        errors.NotFound: They have none.
    """
    principal = connection.principal
    account = services.people.accounts.get(principal.account or "") if principal is not None else None
    if account is None:
        raise errors.NotFound(
            f"{connection.name} has no account here: that is for people who sign in by name.", kind="user"
        )
    return account


def _as_own(services: Services, account: Account) -> user_calls.OwnAccount:
    identity, called = account.identity, services.people.provider_name
    return user_calls.OwnAccount(
        id=account.id,
        name=account.name,
        display_name=account.display_name,
        role=account.role,
        groups=sorted(account.groups),
        created=account.created,
        has_password=account.hash is not None,
        identity_provider=None if identity is None else called or identity.issuer,
        mail=services.notifications.addresses.get(account_whom(account.id)),
        sends_mail="mail" in services.notifications.senders,
    )


@method("account.get", "own", "person", raises=(errors.NotFound,))
async def account_get(services: Services, connection: Connection, params: calls.Nothing) -> user_calls.OwnAccount:
    """The account that the caller has signed in to."""
    return _as_own(services, _own(services, connection))


@method(
    "account.rename",
    "own",
    "person",
    raises=(errors.NotFound, errors.AlreadyExists),
    example={"display_name": "Bo Diaz"},
)
async def account_rename(
    services: Services, connection: Connection, params: user_calls.Rename
) -> user_calls.OwnAccount:
    """Changes the name that others see of the caller, from now on; what stands in journals stays."""
    account = _own(services, connection)
    changed = services.people.accounts.checked(account, params.display_name, None, by_owner=False)
    await services.people.accounts.put(changed)
    return _as_own(services, changed)


@method("account.set_mail", "own", "person", raises=(errors.NotFound,), example={"address": "bo@example.org"})
async def account_set_mail(
    services: Services, connection: Connection, params: user_calls.SetMail
) -> user_calls.OwnAccount:
    """Sets the address that mails about the caller's runs go to, when they ask to be told of them and the server sends mails; null: none do."""
    account = _own(services, connection)
    address = None if params.address is None else mail_address(params.address)
    await services.notifications.addresses.set(account_whom(account.id), address)
    return _as_own(services, account)


@method(
    "account.change_password",
    "own",
    "person",
    raises=(errors.NotFound,),
    example={"old": "nine green lamps", "new": "seven brown kettles"},
)
async def account_change_password(
    services: Services, connection: Connection, params: user_calls.ChangePassword
) -> user_calls.PasswordChanged:
    """Changes the caller's password. All of their logins but the one of this call end at once; their script tokens go on working."""
    account = _own(services, connection)
    assert connection.principal is not None  # they have an account
    await services.people.change_password(account, params.old, params.new, connection.principal.login)
    return _with_password(services, account)


@method("account.code", "own", "person", raises=(errors.NotFound,))
async def account_code(services: Services, connection: Connection, params: calls.Nothing) -> user_calls.SignInCode:
    """Makes a code with which `webipy login --code` signs a command line in as the caller."""
    account = _own(services, connection)
    expires = rfc3339(datetime.fromisoformat(services.world.now()) + timedelta(seconds=CODE_SECONDS))
    return user_calls.SignInCode(code=services.people.new_code(account.id), expires=expires)
