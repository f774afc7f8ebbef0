"""The file of notifications: `STATE/notifications.sqlite`, who wants to be told of what, and who has been; the addresses that people have set, and
the browsers that they have subscribed.

WAL, `synchronous=FULL`: a notification that was asked for survives a power cut, and so does that it was delivered. One thread owns the connection;
there is neither before somebody asks for the first one. Of those that are over the latest `KEPT_OVER` stay, so that asking for one again is not
telling it again.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

import attrs
import msgspec
from twisted.internet.defer import Deferred, succeed

from webipy.io.reactor import TimedReactor
from webipy.io.storage.journal_file import create_private
from webipy.io.worker import Worker
from webipy.server.ports.notifications import Notification
from webipy.server.ports.web_push import Subscription

KEPT_OVER: Final = 2000

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS notifications (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, is_over INTEGER NOT NULL, body BLOB NOT NULL
)
"""
_ADDRESSES: Final = (
    "CREATE TABLE IF NOT EXISTS addresses (person TEXT PRIMARY KEY, address TEXT NOT NULL) WITHOUT ROWID"
)
_SUBSCRIPTIONS: Final = """
CREATE TABLE IF NOT EXISTS subscriptions (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, body BLOB NOT NULL)
"""
_PUT: Final = """
INSERT INTO notifications (id, is_over, body) VALUES (?, ?, ?)
ON CONFLICT (id) DO UPDATE SET is_over = excluded.is_over, body = excluded.body
"""
_FORGET: Final = """
DELETE FROM notifications WHERE is_over AND number <=
(SELECT number FROM notifications WHERE is_over ORDER BY number DESC LIMIT 1 OFFSET ?)
"""


@attrs.define(eq=False)
class SqliteNotifications:
    """See `webipy.server.ports.notifications.NotificationStore` and `webipy.server.ports.web_push.SubscriptionStore`.

    Args:
        path: The file.
        reactor: Fires the Deferreds.
    """

    path: Path
    reactor: TimedReactor
    _worker: Worker | None = None
    _connection: sqlite3.Connection | None = None

    def load(self) -> Deferred[list[Notification]]:
        """All that are kept; without a file none, and none is made."""
        if not self.path.exists():
            return succeed([])
        return self._run().run(self._read)

    def put(self, notification: Notification) -> Deferred[None]:
        """Keeps one."""
        row = (notification.id, notification.is_over, msgspec.json.encode(notification))

        def work() -> None:
            connection = self._open()
            with connection:
                connection.execute(_PUT, row)
                if notification.is_over:
                    connection.execute(_FORGET, (KEPT_OVER,))

        return self._run().run(work)

    def remove(self, notification: str) -> Deferred[None]:
        """Forgets one."""

        def work() -> None:
            connection = self._open()
            with connection:
                connection.execute("DELETE FROM notifications WHERE id = ?", (notification,))

        return self._run().run(work)

    def addresses(self) -> Deferred[dict[str, str]]:
        """The addresses of mail that people have set; without a file none, and none is made."""
        if not self.path.exists():
            return succeed({})
        return self._run().run(self._read_addresses)

    def put_address(self, person: str, address: str | None) -> Deferred[None]:
        """Keeps the address of somebody, or forgets it.

        Args:
            person: Whose it is (`Principal.person`).
            address: The address; `None` for none.
        """

        def work() -> None:
            connection = self._open()
            with connection:
                if address is None:
                    connection.execute("DELETE FROM addresses WHERE person = ?", (person,))
                else:
                    connection.execute("INSERT OR REPLACE INTO addresses VALUES (?, ?)", (person, address))

        return self._run().run(work)

    def subscriptions(self) -> Deferred[list[Subscription]]:
        """The browsers that people have subscribed; without a file none, and none is made."""
        if not self.path.exists():
            return succeed([])

        def work() -> list[Subscription]:
            rows = self._open().execute("SELECT body FROM subscriptions ORDER BY number").fetchall()
            return [msgspec.json.decode(body, type=Subscription) for (body,) in rows]

        return self._run().run(work)

    def put_subscription(self, subscription: Subscription) -> Deferred[None]:
        """Keeps a browser."""
        row = (subscription.id, msgspec.json.encode(subscription))

        def work() -> None:
            connection = self._open()
            with connection:
                connection.execute("INSERT OR REPLACE INTO subscriptions (id, body) VALUES (?, ?)", row)

        return self._run().run(work)

    def remove_subscriptions(self, ids: list[str]) -> Deferred[None]:
        """Forgets browsers."""
        if not ids:
            return succeed(None)

        def work() -> None:
            connection = self._open()
            with connection:
                connection.executemany("DELETE FROM subscriptions WHERE id = ?", [(one,) for one in ids])

        return self._run().run(work)

    async def stop(self) -> None:
        """Closes the file."""
        worker, self._worker = self._worker, None
        if worker is not None:
            await worker.run(self._close)
            worker.stop()

    def _run(self) -> Worker:
        if self._worker is None:
            self._worker = Worker("webipy notifications", self.reactor)
        return self._worker

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            create_private(self.path)
            self._connection = sqlite3.connect(self.path, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")
            self._connection.execute(_TABLE)
            self._connection.execute(_ADDRESSES)
            self._connection.execute(_SUBSCRIPTIONS)
        return self._connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _read(self) -> list[Notification]:
        rows = self._open().execute("SELECT body FROM notifications ORDER BY number").fetchall()
        return [msgspec.json.decode(body, type=Notification) for (body,) in rows]

    def _read_addresses(self) -> dict[str, str]:
        return dict(self._open().execute("SELECT person, address FROM addresses").fetchall())
