"""What signing in sends and brings: the form, the cookie, and the key.

    POST /login {"code"} | {"token"} | {"share", "name"}  ->  200 {"key"} and the cookie; 204 when this browser is signed in already

`webipy open` in a browser that is signed in keeps its login: the code is used up, and nothing else happens. A browser that has lost
its key gets a new login in place of the old one. On the server of a user of a hub the code is one that the hub's sign-in has led to
(webipy.io.hub.sign_in_resources), and no other way leads in.
"""

from __future__ import annotations

import msgspec
from twisted.web.server import Request

from webipy.core import errors
from webipy.io.web.request_auth import Header, RequestAuth, cookie_names, cookies_of
from webipy.server.people.hub_attempts import COOKIE
from webipy.server.people.hub_logins import HubLogins
from webipy.server.people.logins import COOKIE_DAYS, Browser, LoginSecrets

MAX_AGENT = 300


class LoginForm(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `POST /login`."""

    code: str | None = None
    token: str | None = None
    share: str | None = None
    name: str = ""


def form_of(body: bytes) -> LoginForm:
    """The form in a body.

    Raises:
        errors.InvalidParams: It is none.
    """
    try:
        return msgspec.json.decode(body, type=LoginForm)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise errors.InvalidParams(
            f'Send {{"code": "..."}}, {{"token": "..."}} or {{"share": "...", "name": "..."}}: {fault}.',
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
        errors.NotAuthenticated, errors.Throttled, errors.InvalidParams, errors.TooLarge: As `Logins.check` and `Logins.join`.
    """
    logins = auth.logins
    given = auth.credentials(lambda name: None if name == "authorization" else header(name), address)
    browser = Browser((header("user-agent") or "")[:MAX_AGENT], address)
    if form.share is not None:
        secrets = await logins.join(form.share, form.name, address)
    elif auth.hub is not None:
        secrets = _from_hub(auth.hub, form, header, browser)
    else:
        logins.check(form.code, form.token, address)
        who = logins.principal_of(given)
        if who is not None and who.session is None:
            return None
        secrets = await logins.enter(browser)
    await logins.replace(given)
    return secrets


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


def set_cookie(request: Request, header: Header, value: str, auth: RequestAuth) -> None:
    """Sets our cookie, or takes it back when the value is empty.

    Args:
        request: Whose answer gets it.
        header: Looks a request header up.
        value: The secret; empty to take the cookie back.
        auth: Knows the cookie's name and path.
    """
    for line in auth.set_cookies(header, value, COOKIE_DAYS * 86_400):
        request.responseHeaders.addRawHeader(b"Set-Cookie", line.encode())
