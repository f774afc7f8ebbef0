"""The audit log: who did what, from where, and with which result.

::

    call ──► dispatcher ──permit, scopes──► method ──ok, failure──► note ──► facts of half a second ──► AuditLog: number, chain, write
    sign-in, sign-out, download, upload ──────────────────────────────┘

What is recorded of which call is in webipy.core.api.audited_calls; how lines are numbered, chained and stored in webipy.io.storage.audit_files. A
fact is a small struct that is made after the call has ended; nothing waits for it to be written. Facts are written together, at most `WRITE_SECONDS`
after the first of them, so a power cut takes no more than that.

Invariants: no content is recorded; what waits is bounded, and what did not fit is counted and written as a line of its own (`log_lost`); a log that
cannot be written stops no work: the server's log says so, and it is tried again.

Rejected: to write a line before a call is carried out (an fsync for each call); to count edits and write a line at the end of the minute (a power cut
would take a minute).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import attrs
import msgspec
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from webipy.core import errors
from webipy.core.api import audited_calls
from webipy.core.api.access import Principal
from webipy.core.api.audit_calls import AuditLine, AuditVerification, ListAudit
from webipy.core.timestamps import rfc3339

WRITE_SECONDS: Final = 0.5
RETRY_SECONDS: Final = 10.0
"""How long a log that could not be written is left alone."""

MOST_WAITING: Final = 20_000
"""Facts that wait to be written, some 500 bytes each."""

MOST_SEEN: Final = 20_000
"""What is remembered of this minute, so that it is recorded once."""

MINUTE: Final = 16
"""Characters of a time up to its minute."""

DAY_SECONDS: Final = 86_400.0

OF_NOBODY: Final = ("not_authenticated", "throttled")
"""Failures that are recorded as failed sign-ins, and not for each call."""


class Origin(msgspec.Struct, frozen=True):
    """Where a call comes from.

    Args:
        by: What is used: `page`, `command`, `program`, `jupyter`; of a script token it is replaced by its name.
        address: The address that it comes from.
    """

    by: str = ""
    address: str = ""


NOWHERE: Final = Origin()


class AuditLog(Protocol):
    """Where the audit log is stored."""

    def append(self, facts: list[AuditLine]) -> Deferred[None]:
        """Writes facts, whose numbers are given here, so that a power cut does not take them."""

    def read(self, wanted: ListAudit) -> Deferred[list[AuditLine]]:
        """Lines, the newest first; one more than is wanted when there are more."""

    def verify(self) -> Deferred[AuditVerification]:
        """Looks at all lines."""

    def remove_before(self, time: str) -> Deferred[int]:
        """Removes what is older than a time, as far as whole files are; returns how many files."""

    async def close(self) -> None:
        """Ends, after what was appended."""


@attrs.define(eq=False)
class Audit:
    """The audit log of one server.

    Args:
        log: Where it is stored; `None`: nowhere, and nothing is recorded.
        now: The time, RFC 3339 UTC with microseconds.
        later: Calls a function after so many seconds; returns a function that cancels the call.
    """

    log: AuditLog | None = None
    now: Callable[[], str] = str
    later: Callable[[float, Callable[[], None]], Callable[[], None]] = lambda seconds, call: lambda: None
    _waiting: list[AuditLine] = attrs.field(factory=list)
    _lost: int = 0
    _seen: set[tuple[str, ...]] = attrs.field(factory=set)
    _minute: str = ""
    _writing: Deferred[None] | None = None
    _stop_clock: Callable[[], None] | None = None
    _is_failing: bool = False
    _log = Logger()

    # ---- what is recorded

    def records(self, method: str) -> bool:
        """Whether calls of a method are recorded when they succeed."""
        return self.log is not None and method not in audited_calls.QUIET

    def call(
        self,
        method: str,
        params: Any,
        who: Principal | None,
        origin: Origin,
        result: str = "ok",
        path_of: Callable[[str], str | None] = lambda session: None,
    ) -> None:
        """Records a call that has ended, if calls of its method are recorded.

        Args:
            method: The name of the method.
            params: Its params.
            who: Who called.
            origin: Where it came from.
            result: `ok`, or the name of the failure.
            path_of: Returns the path of a session's document, by its id; `None` where there is none.
        """
        word = audited_calls.word(method)
        if self.log is None or result in OF_NOBODY or (word is None and result != errors.NotPermitted.name):
            return
        session, path = getattr(params, "session", None), audited_calls.text_of(getattr(params, "path", None))
        target = "" if word == "edit" else audited_calls.target_of(params)
        word = word or method
        person = "" if who is None else who.person
        if audited_calls.is_once_a_minute(method):
            key = (person, origin.address, word, session or "", path or "", target, result)
            if self._is_seen(*key):
                return
        if path is None and session is not None:
            path = path_of(session)
        to = audited_calls.text_of(getattr(params, "to", None))
        self.note(word, who, origin, session=session, path=path, to=to, target=target, result=result)

    def seldom(
        self,
        method: str,
        who: Principal | None,
        origin: Origin,
        *,
        path: str | None = None,
        target: str = "",
        result: str = "ok",
    ) -> None:
        """Records something that is no call, once in a minute for each person, address, path and target.

        Args:
            method: What it is.
            who: Who did it.
            origin: Where it came from.
            path: The file that it was about.
            target: What else it was about.
            result: `ok`, or the name of a failure.
        """
        person = "" if who is None else who.person
        if self.log is not None and not self._is_seen(person, origin.address, method, path or "", target, result):
            self.note(method, who, origin, path=path, target=target, result=result)

    def failed_sign_in(self, address: str) -> None:
        """Records that a wrong credential came from an address, once in a minute."""
        self.seldom("sign_in_failed", None, Origin(address=address), result=errors.NotAuthenticated.name)

    def note(
        self,
        method: str,
        who: Principal | None = None,
        origin: Origin = NOWHERE,
        *,
        session: str | None = None,
        path: str | None = None,
        to: str | None = None,
        target: str = "",
        result: str = "ok",
    ) -> None:
        """Records a fact.

        Args:
            method: What was done.
            who: Who did it; `None`: nobody who is known.
            origin: Where it came from.
            session: The session that it was about.
            path: The file that it was about.
            to: The other file.
            target: What else it was about.
            result: `ok`, or the name of the failure.
        """
        if self.log is None:
            return
        if len(self._waiting) >= MOST_WAITING:
            self._lost += 1
            return
        by = origin.by if who is None or who.token is None else f"token {who.token}"
        person, name = ("", "") if who is None else (who.person, who.name)
        self._waiting.append(
            AuditLine(
                seq=0,
                time=self.now(),
                person=person,
                name=name,
                by=by,
                address=origin.address,
                method=method,
                session=session,
                path=path,
                to=to,
                target=target,
                result=result,
            )
        )
        if self._stop_clock is None and self._writing is None:
            self._stop_clock = self.later(WRITE_SECONDS, self.write)

    def _is_seen(self, *key: str) -> bool:
        """Whether something was recorded in this minute already; it is from now on."""
        minute = self.now()[:MINUTE]
        if minute != self._minute:
            self._minute = minute
            self._seen.clear()
        if key in self._seen:
            return True
        if len(self._seen) < MOST_SEEN:
            self._seen.add(key)
        return False

    # ---- writing

    def start(self, server: str, days: float) -> None:
        """Records that a server has started, and keeps lines from now on.

        Args:
            server: Its name and version.
            days: For how many days lines are kept.
        """
        self.note("server_started", target=server)
        self.keep(days)

    def keep(self, days: float) -> None:
        """Removes what is older than so many days, now and every day."""
        if self.log is not None:
            oldest = rfc3339(datetime.fromisoformat(self.now()) - timedelta(days=days))
            removed = maybeDeferred(self.log.remove_before, oldest)
            removed.addErrback(
                lambda failure: self._log.failure("old lines of the audit log could not be removed", failure)
            )
            self.later(DAY_SECONDS, lambda: self.keep(days))

    def write(self) -> None:
        """Writes what waits."""
        if self._stop_clock is not None:
            self._stop_clock()
            self._stop_clock = None
        if self.log is None or self._writing is not None or not self._waiting:
            return
        facts, self._waiting = self._waiting, []
        lost, self._lost = self._lost, 0
        if lost:
            facts.append(AuditLine(seq=0, time=self.now(), method="log_lost", target=f"{lost} facts did not fit"))
        self._writing = maybeDeferred(self.log.append, facts)
        self._writing.addCallbacks(self._written, self._failed, errbackArgs=(facts, lost))

    def _written(self, _: None) -> None:
        self._writing = None
        if self._is_failing:
            self._is_failing = False
            self._log.info("the audit log is written again")
        if self._waiting:
            self._stop_clock = self.later(WRITE_SECONDS, self.write)

    def _failed(self, failure: Failure, facts: list[AuditLine], lost: int) -> None:
        self._writing = None
        if not self._is_failing:
            self._is_failing = True
            self._log.failure("the audit log cannot be written; work goes on, and it is tried again", failure)
        kept = [one for one in facts if one.method != "log_lost"] + self._waiting
        self._waiting, self._lost = kept[:MOST_WAITING], self._lost + lost + max(0, len(kept) - MOST_WAITING)
        self._stop_clock = self.later(RETRY_SECONDS, self.write)

    async def flush(self) -> None:
        """Writes what waits, and returns when it is written; when that fails, it waits on."""
        if self._writing is not None:
            await _ended(self._writing)
        self.write()
        if self._writing is not None:
            await _ended(self._writing)

    async def stop(self) -> None:
        """Records that the server ends, and writes what waits."""
        if self.log is None:
            return
        self.note("server_stopped")
        await self.flush()
        if self._stop_clock is not None:
            self._stop_clock()
        await self.log.close()


def _ended(waited: Deferred[None]) -> Deferred[None]:
    """Fires when another Deferred has fired, however."""
    done: Deferred[None] = Deferred()

    def over(outcome: Any) -> Any:
        done.callback(None)
        return outcome

    waited.addBoth(over)
    return done
