"""What signing in sends and brings: the form, the cookie, and the key.

    POST /login {"code"} | {"token"} | {"share", "name"}  ->  200 {"key"} and the cookie; 204 when this browser is signed in already
    POST /login {"account", "password", "stay"}  ->  the same, for somebody who has an account; always a new login, in place of the one before
    POST /login {"invite", "password", "name", "stay"}  ->  the same, for somebody who was invited and chooses a password
    POST /login {"account", "password", "host"} | {"code", "host"}  ->  200 {"token", "account", "name"}, for `webipy login` on that host: no cookie
    POST /login {"code"} of a single sign-on  ->  200 {"key", "notice"} and the cookie, for who comes back from it: webipy.io.sso.sso_resources
    POST /invitation {"invite"}  ->  200 {"account", "name"}: whom an invitation is for; it still counts

`webipy open` in a browser that is signed in keeps its login: the code is used up, and nothing else happens. A browser that has lost
its key gets a new login in place of the old one. On the server of a user of a hub the code is one that the hub's sign-in has led to
(webipy.io.hub.sign_in_resources), and no other way leads in.
"""

from __future__ import annotations

import attrs
import msgspec
from twisted.web.server import Request

from webipy.core import errors
from webipy.io.web.request_auth import Header, RequestAuth, attempt_cookies, cookie_names, cookies_of
from webipy.server.people.accounts import Account
from webipy.server.people.audit import Origin
from webipy.server.people.hub_attempts import COOKIE
from webipy.server.people.hub_logins import HubLogins
from webipy.server.people.logins import COOKIE_DAYS, Browser, Credentials, LoginSecrets
from webipy.server.people.people import People
from webipy.server.people.sso_attempts import CODE, state_of

MAX_AGENT = 300


class LoginForm(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `POST /login`."""

    code: str | None = None
    token: str | None = None
    share: str | None = None
    account: str | None = None
    password: str | None = None
    invite: str | None = None
    name: str = ""
    stay: bool = False
    host: str | None = None


class ProgramLogin(msgspec.Struct):
    """The answer to a command line that has signed in.

    Args:
        token: Its secret, for `Authorization: Bearer`.
        account: The name to sign in with.
        name: The name that others see.
    """

    token: str
    account: str
    name: str


def form_of(body: bytes) -> LoginForm:
    """The form in a body.

    Raises:
        errors.InvalidParams: It is none.
    """
    try:
        return msgspec.json.decode(body, type=LoginForm)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise errors.InvalidParams(
            f'Send {{"account": "...", "password": "..."}}, {{"code": "..."}}, {{"token": "..."}} or {{"share": "...", "name": "..."}}: {fault}.',
            field="code",
        ) from None


async def sign_in(auth: RequestAuth, form: LoginForm, header: Header, address: str) -> LoginSecrets | None:
    """Makes a new login for what the form has.

    Args:
        auth: Reads who sends it.
        form: What was sent.
        header: Looks a request header up.
        address: Where it came from; see `RequestAuth.address_of`.

    Returns:
        The secrets of the login; `None` when the browser keeps the login that it has.

    Raises:
        errors.NotAuthenticated, errors.Throttled, errors.InvalidParams, errors.TooLarge: As `Logins.check`, `Logins.join`, `People.sign_in` and
            `People.accept`.
        errors.Failure: As `SingleSignOn.end`.
    """
    logins = auth.logins
    given = auth.credentials(lambda name: None if name == "authorization" else header(name), address)
    browser = Browser((header("user-agent") or "")[:MAX_AGENT], address)
    if form.share is not None:
        secrets = await logins.join(form.share, form.name, address)
    elif form.account is not None or form.invite is not None:
        people = _people(auth)
        account = await _account(people, form, address)
        await logins.replace(given, whole_too=True)
        return await people.enter(account, browser, stays=form.stay)
    elif auth.sso is not None and (form.code or "").startswith(CODE):
        code = form.code or ""
        account, outcome = auth.sso.end(code, attempt_cookies(auth, header, state_of(code)), address)
        await logins.replace(given, whole_too=True)
        entered = await _people(auth).enter(account, browser, stays=outcome.stays)
        return attrs.evolve(entered, notice=outcome.notice)
    elif auth.hub is not None:
        secrets = _from_hub(auth.hub, form, header, browser)
    else:
        logins.check(form.code, form.token, address)
        who = logins.principal_of(given)
        if who is not None and who.session is None and who.account is None:
            return None
        secrets = await logins.enter(browser)
    await logins.replace(given, whole_too=form.share is None)
    return secrets


def _people(auth: RequestAuth) -> People:
    if auth.people is None:
        raise errors.NotAuthenticated("There are no accounts here.", reason="hub" if auth.hub is not None else "none")
    return auth.people


async def _account(people: People, form: LoginForm, address: str) -> Account:
    """Who has sent a form.

    Raises:
        errors.InvalidParams: It has no password.
        errors.NotAuthenticated, errors.Throttled: As `People.sign_in` and `People.accept`.
    """
    if form.password is None:
        raise errors.InvalidParams('Send the password, too: {"password": "..."}.', field="password")
    if form.invite is not None:
        return await people.accept(form.invite, form.name or None, form.password, address)
    return await people.sign_in(form.account or "", form.password, address)


async def sign_in_program(auth: RequestAuth, form: LoginForm, address: str) -> ProgramLogin:
    """Makes a login for a command line.

    Args:
        auth: Reads who sends it.
        form: What was sent; with `host`, the machine that the command line runs on.
        address: Where it came from.

    Raises:
        errors.NotAuthenticated, errors.Throttled, errors.InvalidParams: As `People.sign_in` and `People.of_code`.
    """
    people = _people(auth)
    account = people.of_code(form.code, address) if form.code is not None else await _account(people, form, address)
    where = Browser(f"webipy on {form.host or 'an unknown machine'}"[:MAX_AGENT], address)
    token = await people.logins.enter_command_line(account, where)
    return ProgramLogin(token, account.name, account.display_name)


def note_sign_in(
    auth: RequestAuth, form: LoginForm, address: str, *, secrets: LoginSecrets | None = None, token: str | None = None
) -> None:
    """Records in the audit log that somebody has signed in.

    Args:
        auth: Knows the logins.
        form: What was sent.
        address: Where it came from.
        secrets: The secrets of the new login of a browser.
        token: That of the new login of a command line.
    """
    cookies, key = ((), None) if secrets is None else ((secrets.cookie,), secrets.key)
    authorization = None if token is None else f"Bearer {token}"
    given = Credentials(authorization, cookies, key, None, None, frozenset(), address)
    who = auth.logins.principal_of(given, is_use=False)
    ways = (("link", form.share), ("invitation", form.invite), ("password", form.password), ("code", form.code))
    way = next((name for name, given in ways if given is not None), "token")
    if auth.sso is not None and (form.code or "").startswith(CODE):
        way = f"sso {auth.sso.rules.issuer}"
    origin = Origin("page" if token is None else "command", address)
    auth.logins.audit.note("sign_in", who, origin, session=None if who is None else who.session, target=f"by {way}")


def invitation_for(auth: RequestAuth, form: LoginForm, address: str) -> dict[str, str]:
    """Whom an invitation is for: the name to sign in with, and the one that others see.

    Args:
        auth: Knows the accounts.
        form: What was sent.
        address: Where it came from.

    Raises:
        errors.NotAuthenticated, errors.Throttled: As `People.invited`.
    """
    account = _people(auth).invited(form.invite or "", address)
    return {"account": account.name, "name": account.display_name}


def _from_hub(hub: HubLogins, form: LoginForm, header: Header, browser: Browser) -> LoginSecrets:
    """The login of a browser that comes from the hub. Its code begins with the id of its attempt, after which the cookie is named."""
    attempt, is_code, code = (form.code or "").partition(".")
    if not is_code:
        raise errors.NotAuthenticated(
            "Here the hub signs people in: open the page without the code or the token, and it leads you there.",
            reason="hub",
        )
    hub.leave(cookies_of(header("cookie"), cookie_names(header("host"))))
    return hub.enter(code, cookies_of(header("cookie"), (COOKIE + attempt,)), browser)


def set_cookie(request: Request, header: Header, value: str, auth: RequestAuth, *, stays: bool = True) -> None:
    """Sets our cookie, or takes it back when the value is empty.

    Args:
        request: Whose answer gets it.
        header: Looks a request header up.
        value: The secret; empty to take the cookie back.
        auth: Knows the cookie's name and path.
        stays: Whether the browser keeps it when it is closed.
    """
    for line in auth.set_cookies(header, value, COOKIE_DAYS * 86_400 if stays else None):
        request.responseHeaders.addRawHeader(b"Set-Cookie", line.encode())
