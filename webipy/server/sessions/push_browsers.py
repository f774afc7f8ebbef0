"""The browsers in which people are told by Web Push: subscriptions that their pages have made.

    push.subscribe ──kept──► Subscription(person, login) ──► a way of each notification of that person that ends from then on
                                   └── push.unsubscribe, the login ends, its push service knows it no longer ──► forgotten

A subscription is bound to the login of the browser: who signs out there, is disabled or removed, or whose login is too old or ended from elsewhere,
is told nothing there any more, not even what still waits. Logins end while no server runs, too; so those of logins that are gone are forgotten at the
start. A hub's logins are in memory only (webipy.server.people.hub_logins): there what was kept counts until the browser comes back.

Invariants: a browser has one subscription, and so has a login; a person has at most `MOST_BROWSERS`; what is forgotten gets nothing from then on.

Rejected: subscriptions that outlive the login (somebody else may have the browser by then, and would read about another one's runs).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import attrs
from twisted.logger import Logger

from webipy.core import errors
from webipy.server.ports.web_push import Subscription, SubscriptionStore

MOST_BROWSERS: Final = 20
"""Of one person; each is called at every end."""


@attrs.define(eq=False)
class PushBrowsers:
    """The subscriptions of one server.

    Args:
        store: Returns where they are kept.
        has_login: Whether there is a login of that id; asked at the start.
    """

    store: Callable[[], SubscriptionStore]
    has_login: Callable[[str], bool] = bool
    _by_id: dict[str, Subscription] = attrs.field(factory=dict)
    _log = Logger()

    async def load(self) -> None:
        """Reads those that outlived the server."""
        gone = []
        for found in await self.store().subscriptions():
            if self.has_login(found.login) and not self._replaced_by(found):
                self._by_id[found.id] = found
            else:
                gone.append(found.id)
        if gone:
            await self.store().remove_subscriptions(gone)

    def of(self, person: str) -> list[Subscription]:
        """Those of somebody (`Principal.person`), the oldest first."""
        return [one for one in self._by_id.values() if one.person == person]

    def get(self, subscription: str) -> Subscription | None:
        """The one of that id; `None`: there is none."""
        return self._by_id.get(subscription)

    def _replaced_by(self, subscription: Subscription) -> list[str]:
        """The ids of those that are of the same browser."""
        endpoint, login = subscription.endpoint, subscription.login
        return [one.id for one in self._by_id.values() if one.endpoint == endpoint or one.login == login]

    async def put(self, subscription: Subscription) -> None:
        """Keeps one, in place of another one of the same browser.

        Raises:
            errors.TooLarge: The person has `MOST_BROWSERS` already.
        """
        replaced = self._replaced_by(subscription)
        others = [one for one in self.of(subscription.person) if one.id not in replaced]
        if len(others) >= MOST_BROWSERS:
            raise errors.TooLarge(
                f"You are told in {MOST_BROWSERS} browsers already. Remove one of them first.", limit=MOST_BROWSERS
            )
        for one in replaced:
            del self._by_id[one]
        self._by_id[subscription.id] = subscription
        removed = self.store().remove_subscriptions(replaced)
        kept = self.store().put_subscription(subscription)  # in the queue before any end of its login
        await removed
        await kept

    async def remove(self, subscriptions: Iterable[str]) -> None:
        """Forgets those of these ids."""
        ids = [one for one in subscriptions if self._by_id.pop(one, None) is not None]
        if ids:
            await self.store().remove_subscriptions(ids)

    def end_login(self, login: str) -> None:
        """Forgets what a login has subscribed, which has ended."""
        ids = [one.id for one in self._by_id.values() if one.login == login]
        for one in ids:
            del self._by_id[one]
        if ids:
            forgotten = self.store().remove_subscriptions(ids)
            forgotten.addErrback(lambda failure: self._log.failure("a subscription could not be forgotten", failure))
