"""Where people with an account want mails about their runs: addresses that they have set themselves.

An address lies in the file of notifications (`webipy.server.ports.notifications.NotificationStore`), and counts from when it is kept there. It is
looked up when a mail is sent, so one that was taken back, or whose account is gone, gets nothing that still waited.

Rejected: the table of accounts (its format would change with every way to tell somebody); a webhook for each person (a member could make the server
call addresses inside the network that they cannot reach themselves).
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from webipy.server.ports.notifications import NotificationStore


@attrs.define(eq=False)
class MailAddresses:
    """The addresses of one server.

    Args:
        store: Returns where they are kept.
    """

    store: Callable[[], NotificationStore]
    _by_person: dict[str, str] = attrs.field(factory=dict)

    async def load(self) -> None:
        """Reads those that outlived the server."""
        self._by_person = {**await self.store().addresses(), **self._by_person}

    def get(self, person: str) -> str | None:
        """The address of somebody (`Principal.person`); `None`: they have set none."""
        return self._by_person.get(person)

    async def set(self, person: str, address: str | None) -> None:
        """Sets the address of somebody, or takes it back.

        Args:
            person: Whose it is.
            address: The address, as `webipy.core.mail_address` lets it be; `None` for none.
        """
        if self._by_person.get(person) == address:
            return
        if address is None:
            del self._by_person[person]  # at once: nothing is sent there any more
        await self.store().put_address(person, address)
        if address is not None:
            self._by_person[person] = address
