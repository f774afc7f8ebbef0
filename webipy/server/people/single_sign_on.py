"""Single sign-on: people sign in with the account that they have at an identity provider (OpenID Connect).

    page ──begin──► address of the provider ──► ... they sign in there ... ──► come_back ──claims──► rules ──► account ──► way back, with a code
    page ──end, by the code──► the account, or why not ──► webipy.server.people.people.People.enter

An account is bound to the identity (issuer and subject) and to nothing else: neither a name nor an e-mail address leads to an account that is there.
Whoever comes for the first time gets a new one, with the next name that is free.

Invariants: a sign-on that fails makes no account and no login, and the page says why in a sentence; what the provider lies about is in the server's
log, without a secret. Groups and the role admin follow the provider at each sign-in when whoever runs the server has said by which claim, and stay
what they are otherwise. An account that is disabled lets nobody in, whatever the provider says; the last admin stays one.

Rejected: to bind an account by a verified e-mail address (addresses are given to other people); to keep the tokens of the provider (nothing here
needs them after the sign-in).

Source: OpenID Connect Core 1.0, section 3.1; RFC 9700.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import attrs
import msgspec
from twisted.logger import Logger

from webipy.core import errors
from webipy.server.people.accounts import Account, Identity
from webipy.server.people.audit import Audit, Origin
from webipy.server.people.people import People
from webipy.server.people.sso_attempts import CODE, Attempt, Outcome, Place, SsoAttempts
from webipy.server.people.sso_rules import SsoRules, Visitor, free_names
from webipy.server.ports.identity_provider import Answer, Claims, IdentityProvider

LOST: Final = "This sign-in was begun in another browser, was used, or took too long. Begin again."
DISABLED: Final = "Your account is disabled here. Ask an admin of the server."
MOST_AT_ONCE: Final = 50
"""Sign-ons that the provider is asked about at once."""

LOG_SECONDS: Final = 10.0
"""How often the log says at most that the provider fails."""


@attrs.define(eq=False)
class SingleSignOn:
    """The single sign-on of one server.

    Args:
        provider: The identity provider.
        rules: What whoever runs the server wants.
        people: The people of the server.
        attempts: The sign-ons that are under way.
        audit: Who did what.
        recheck: Closes the connections that follow what their people may not read any more.
    """

    provider: IdentityProvider
    rules: SsoRules
    people: People
    attempts: SsoAttempts
    audit: Audit
    recheck: Callable[[], None]
    _asked: int = 0
    _logged: float = float("-inf")
    _log = Logger()

    async def begin(self, place: Place) -> tuple[str, Attempt, str]:
        """Begins a sign-on.

        Args:
            place: Where the browser is.

        Returns:
            The address at the provider, the sign-on, and the cookie that the browser keeps.

        Raises:
            errors.IdentityProviderFault: The provider does not answer, or not as one does.
        """
        attempt, cookie = self.attempts.begin(place)
        try:
            address = await self.provider.address(attempt.question)
        except errors.Failure as fault:
            self._note_refusal(fault, place.address)
            raise
        return address, attempt, cookie

    async def come_back(self, state: str, cookies: Iterable[str], answer: Answer, address: str) -> tuple[str, str]:
        """Ends a sign-on at the provider, from which a browser comes back.

        Args:
            state: The id that the browser brings.
            cookies: The values of the cookies of that id.
            answer: What else it brings.
            address: The address that it asks from.

        Returns:
            The path to lead it to, and the code for `end`; of a sign-on that there is not the path is empty.
        """
        attempt = self.attempts.use(state, cookies)
        if attempt is None:
            self._note_refusal(errors.NotAuthenticated(LOST), address)
            return "", f"{CODE}lost"
        try:
            outcome = msgspec.structs.replace(await self._outcome(attempt, answer), stays=attempt.place.stays)
        except errors.Failure as fault:
            self._note_refusal(fault, address)
            outcome = Outcome(fault=fault)
        return attempt.way_back, self.attempts.finish(attempt, outcome)

    async def _outcome(self, attempt: Attempt, answer: Answer) -> Outcome:
        if self._asked >= MOST_AT_ONCE:
            raise errors.Throttled("Many people sign in at this moment. Try again in a minute.", retry_after_s=60)
        self._asked += 1
        try:
            claims = await self.provider.claims(attempt.question, answer)
        finally:
            self._asked -= 1
        return await self._enter(claims)

    async def _enter(self, claims: Claims) -> Outcome:
        """Finds or makes the account of somebody.

        Raises:
            errors.NotPermitted, errors.NotAuthenticated: They may not come in.
            errors.TooLarge: There are too many accounts.
        """
        visitor = self.rules.read(claims.values)
        identity = Identity(self.rules.issuer, claims.subject)
        accounts = self.people.accounts
        account = next((one for one in accounts.all() if one.identity == identity), None)
        if account is None:
            account, notice = await self._new(visitor, identity)
        else:
            notice = ""
            if account.is_disabled:
                raise errors.NotAuthenticated(DISABLED)
        await self._follow(account, visitor)
        return Outcome(account.id, notice)

    async def _new(self, visitor: Visitor, identity: Identity) -> tuple[Account, str]:
        accounts = self.people.accounts
        name, shown = free_names(accounts.all(), accounts.owner, visitor)
        account = await accounts.add(name, shown, "member", (), by_owner=False, identity=identity)
        taken = f"The name {visitor.name} is taken here, so you are {name}." if name != visitor.name else ""
        return account, taken

    async def _follow(self, account: Account, visitor: Visitor) -> None:
        """Gives an account the role and the groups that the provider decides, and notes the sign-in."""
        account = attrs.evolve(self.people.accounts.find(account.id), signed_in=self.people.accounts.now())
        changed = self.rules.applied(account, visitor)
        try:
            await self.people.change(account, changed, by_owner=False)
        except errors.NotPermitted:
            self._log.warn(
                "{account} is no admin at {provider} any more, and stays one here: it is the last one",
                account=account.name,
                provider=self.rules.issuer,
            )
            await self.people.change(account, attrs.evolve(changed, role="admin"), by_owner=False)
        self.recheck()

    def end(self, code: str, cookies: Iterable[str], address: str) -> tuple[Account, Outcome]:
        """The account that a sign-on has led to, and what else has come of it.

        Args:
            code: The code, which is used up.
            cookies: The values of the cookies of its id.
            address: The address that the browser asks from.

        Raises:
            errors.Failure: Why nobody is signed in.
        """
        outcome = self.attempts.end(code, cookies)
        if outcome is None:
            self.people.failed_attempts.record(address)
            raise errors.NotAuthenticated(LOST)
        if outcome.fault is not None:
            raise outcome.fault
        account = self.people.accounts.find(outcome.account)
        if account.is_disabled:
            raise errors.NotAuthenticated(DISABLED)
        return account, outcome

    def _note_refusal(self, fault: errors.Failure, address: str) -> None:
        """Records that somebody was not signed in; a fault of the provider is in the server's log, too."""
        by = f"by sso {self.rules.issuer}"
        self.audit.seldom("sign_in_failed", None, Origin("page", address), target=by, result=fault.name)
        now = self.attempts.seconds()
        if isinstance(fault, errors.IdentityProviderFault) and now - self._logged >= LOG_SECONDS:
            self._logged = now
            self._log.warn("single sign-on at {provider}: {fault}", provider=self.rules.issuer, fault=fault.message)
