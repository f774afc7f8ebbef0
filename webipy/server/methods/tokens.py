"""The methods `token.*`: script tokens, made, listed and revoked (webipy.server.people.script_tokens)."""

from __future__ import annotations

from webipy.core import errors
from webipy.core.api import access, token_calls
from webipy.core.api.access import Principal, Verb
from webipy.core.api.scopes import Scopes
from webipy.core.api.token_scopes import NEVER, READING, names, normal
from webipy.server.methods.failures import OF_FILE, OF_SESSION
from webipy.server.methods.method import Connection, Methods, Services
from webipy.server.people.script_tokens import ScriptToken

METHODS = Methods()
method = METHODS.method


@method(
    "token.create",
    "read",
    "connection",
    paths={"folder": "read", "session": "session"},
    raises=(*OF_SESSION, *OF_FILE, errors.AlreadyExists, errors.TooLarge),
    example={"label": "nightly", "days": 7, "methods": ["execution.*"]},
)
async def token_create(
    services: Services, connection: Connection, params: token_calls.CreateToken
) -> token_calls.NewToken:
    """Makes a token that acts as the caller, for programs: `Authorization: Bearer TOKEN`, everywhere. It is shown once.

    Each limit takes something away from what the caller may do; none adds anything. A guest's token ends with the guest. Where a hub signs people
    in, the hub makes tokens.
    """
    who = _caller(connection)
    if services.people.closed:
        raise errors.NotPermitted("Here the hub makes tokens: its page has them under Token, with scopes of their own.")
    scopes = await _scopes(services, who, params)
    made, secret = await services.logins.script_tokens.create(who, params.label, scopes, params.days)
    return token_calls.NewToken(id=made.id, label=made.name, token=secret, expires=made.expires)


def _caller(connection: Connection) -> Principal:
    assert connection.principal is not None  # the verb says so
    return connection.principal


async def _scopes(services: Services, who: Principal, params: token_calls.CreateToken) -> Scopes:
    """The scopes that are asked for, when each of them means something."""
    folder = None
    if params.session is not None:
        if who.session not in (None, params.session):
            raise errors.NotPermitted("A guest makes tokens for the session of their link.")
        services.sessions.get(params.session)
    if params.folder is not None:
        folder = await _folder(services, who, params.folder)
    for name in params.methods:
        verbs = {verb for method, verb in services.verbs.items() if names([name], method)}
        if not verbs:
            raise errors.InvalidParams(
                f"There is no method or group {name!r}; a group is written as file.*, and docs/protocol.md lists all.",
                field="methods",
            )
        if name in NEVER:
            raise errors.InvalidParams(f"No token may call {name}: a browser's login knows no limits.", field="methods")
        if params.read and verbs.isdisjoint(READING):
            raise errors.InvalidParams(
                f"A token that only reads can never call {name}, which changes something: leave out one of the two.",
                field="methods",
            )
    return Scopes(read=params.read, session=params.session, folder=folder, methods=tuple(sorted(set(params.methods))))


async def _folder(services: Services, who: Principal, given: str) -> str:
    if who.session is not None:
        raise errors.NotPermitted("A guest makes tokens for the session of their link, and not for folders.")
    folder = normal(given)
    if not folder:
        raise errors.InvalidParams("Name a folder below the root; leave it out for no limit.", field="folder")
    found = await services.world.files.stat(folder)
    if found.kind != "folder":
        raise errors.InvalidParams(f"{folder} is no folder.", field="folder")
    folder = await services.world.files.resolved(folder)  # what counts is where it is, not the link that led there
    if not folder:
        raise errors.InvalidParams("This leads to the root, which is no limit: leave it out.", field="folder")
    return folder


def _verb_of_list(params: token_calls.ListTokens) -> Verb:
    return "own" if params.everybody else "read"


@method("token.list", "read", "connection", stronger=_verb_of_list)
async def token_list(
    services: Services, connection: Connection, params: token_calls.ListTokens
) -> token_calls.TokenList:
    """The script tokens of the caller, or with `everybody` those of all people, the newest first."""
    who, tokens = _caller(connection), services.logins.script_tokens
    if params.everybody:
        access.permit(who, "own", None)
    found = tokens.all() if params.everybody else tokens.of(who.person)
    return token_calls.TokenList(tokens=[_as_result(services, one) for one in reversed(found)])


def _as_result(services: Services, token: ScriptToken) -> token_calls.Token:
    tokens, connections = services.logins.script_tokens, services.logins.shares.connections.count(token.id)
    person = tokens.person_of(token.person, token.id)
    return token_calls.Token(
        id=token.id,
        label=token.name,
        person="" if person is None else person.name,
        scopes=token.scopes,
        created=token.created,
        expires=token.expires,
        used=services.world.now() if connections else token.used,
        address=token.address,
        connections=connections,
        is_valid=tokens.is_valid(token),
    )


@method("token.revoke", "read", "connection", raises=(errors.NotFound,), example={"all": True})
async def token_revoke(
    services: Services, connection: Connection, params: token_calls.RevokeToken
) -> token_calls.RevokedTokens:
    """Revokes tokens of the caller, with all their connections (close code 4401). Whoever may own the server revokes anybody's.

    Tokens that they have made are revoked with them. Executions go on.
    """
    if (params.id is not None) + params.all != 1:
        raise errors.InvalidParams("Say which tokens are revoked: id or all, one of them.", field="id")
    who, tokens = _caller(connection), services.logins.script_tokens
    if params.all:
        return token_calls.RevokedTokens(ended=await tokens.revoke([one.id for one in tokens.of(who.person)]))
    is_owner = who.session is None and access.holds(who, "own")
    if not any(one.id == params.id and (is_owner or one.person == who.person) for one in tokens.all()):
        raise errors.NotFound(
            f"There is no token {params.id!r}; it may have ended already.", kind="token", id=params.id
        )
    return token_calls.RevokedTokens(ended=await tokens.revoke([params.id or ""]))
