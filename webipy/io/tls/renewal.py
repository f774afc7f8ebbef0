"""The certificate in use, and how it changes while the server runs.

    every `LOOK_SECONDS`, in a thread: were the files replaced? ──► read and checked ──► new connections get the new one
                                                     └── wrong: the old one stays, and the log says why, once

Files are looked at when they have been the same at two looks in a row: a renewal that replaces the certificate and then its key is not read in
between. A certificate of our own is made anew by this server before its end, into the same files. Before a certificate ends the log says so, once a
day.

Invariant: what connections get has passed `check`; nothing here ends a connection.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import attrs
import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from webipy.io.reactor import Run
from webipy.io.tls import self_signed
from webipy.io.tls.certificates import BadCertificate, Certificate, check, read
from webipy.io.tls.tls_port import NewestContext, make_context

LOOK_SECONDS: Final = 10.0
WARN_DAYS: Final = 14
"""So long before its end the log warns; of a short-lived certificate in the last quarter of its time."""

_WARN_SECONDS: Final = 86_400.0

Marks = tuple[tuple[int, int, int], ...]
"""What tells that files were replaced: of each its inode, size and time of change."""


class CertificateFiles(msgspec.Struct, frozen=True):
    """Where the certificate of a server is, and what it must be for.

    Args:
        certificate: PEM, the certificate first.
        key: PEM; `None` when the key stands in `certificate`.
        names: Host names and addresses that it must be for.
        state: The state folder, when the server makes its certificate itself.
    """

    certificate: Path
    key: Path | None
    names: Sequence[str] = ()
    state: Path | None = None

    @property
    def is_own(self) -> bool:
        """Whether the server makes it itself."""
        return self.state is not None

    def load(self, now: datetime) -> Certificate:
        """The certificate as the files have it; of our own a new one when there is none, or when its end is near.

        Args:
            now: The time.

        Raises:
            BadCertificate: It cannot be used.
        """
        if self.state is None:
            found = read(self.certificate, self.key)
        else:
            try:
                found = self_signed.keep_or_make(self.state, self.names, now)
            except OSError as fault:
                raise BadCertificate(f"{self.certificate.parent} cannot be written: {fault.strerror}.") from None
        check(found, now, () if self.is_own else self.names)
        return found

    def marks(self) -> Marks:
        """What the files are known by; one that is not there has zeros."""
        return tuple(_mark(path) for path in (self.certificate, self.key) if path is not None)


def _mark(path: Path) -> tuple[int, int, int]:
    try:
        found = os.stat(path)
    except OSError:
        return (0, 0, 0)
    return (found.st_ino, found.st_size, found.st_mtime_ns)


def _now() -> datetime:
    return datetime.now(UTC)


@attrs.define(eq=False)
class Renewal:
    """Keeps the certificate of new connections the newest one.

    Args:
        files: Where it is.
        certificate: The one there is at the start.
        contexts: Makes connections; gets what is new.
        run: Runs what blocks.
        clock: The reactor's.
        renewed: Called after the certificate was replaced.
        now: The time.
    """

    files: CertificateFiles
    certificate: Certificate
    contexts: NewestContext
    run: Run
    clock: IReactorTime
    renewed: Callable[[], None]
    now: Callable[[], datetime] = _now
    _read: Marks = ()
    """The files that were read last, good or bad."""
    _last: Marks = ()
    """The files at the last look."""
    _warned: float | None = None
    _loop: LoopingCall | None = None
    _log = Logger()

    def start(self) -> None:
        """Begins to look."""
        self._read = self._last = self.files.marks()
        self._loop = LoopingCall(self.look)
        self._loop.clock = self.clock
        self._loop.start(LOOK_SECONDS, now=True)

    def stop(self) -> None:
        """Looks no more."""
        if self._loop is not None and self._loop.running:
            self._loop.stop()

    def look(self) -> Deferred[None]:
        """Looks once."""
        done = Deferred.fromCoroutine(self._look())
        return done.addErrback(lambda failure: self._log.failure("the certificate could not be looked at", failure))

    async def _look(self) -> None:
        now = self.now()
        marks: Marks = await self.run(self.files.marks)
        is_replaced, self._last = marks == self._last != self._read, marks
        if is_replaced or (self.files.is_own and self_signed.is_old(self.certificate, now)):
            self._read = marks
            await self._replace(now)
        self._warn(now)

    async def _replace(self, now: datetime) -> None:
        def load() -> tuple[Certificate, Any]:
            found = self.files.load(now)
            return found, make_context(found)

        try:
            found, context = await self.run(load)
        except BadCertificate as fault:
            self._log.error(
                "The new certificate is not used, and the old one stays, which ends {ends}: {fault}",
                fault=fault,
                ends=f"{self.certificate.ends:%Y-%m-%d}",
            )
            return
        if self.files.is_own:
            self._read = self._last = await self.run(self.files.marks)
        self.contexts.context = context
        if found.fingerprint == self.certificate.fingerprint:
            return
        self.certificate, self._warned = found, None
        self._log.info(
            "New connections get the new certificate, which ends {ends}; its SHA-256 is {fingerprint}",
            ends=f"{found.ends:%Y-%m-%d}",
            fingerprint=found.fingerprint,
        )
        self.renewed()

    def _warn(self, now: datetime) -> None:
        """Says once a day that the end is near."""
        found, seconds = self.certificate, self.clock.seconds()
        near = min(timedelta(days=WARN_DAYS), (found.ends - found.begins) / 4)
        if now < found.ends - near or (self._warned is not None and seconds - self._warned < _WARN_SECONDS):
            return
        self._warned = seconds
        if now >= found.ends:
            self._log.error("The certificate has ended; browsers refuse it. Renew {path}", path=self.files.certificate)
        else:
            self._log.warn(
                "The certificate ends in {days} days, at {ends}. Renew {path}; the server takes the new one by itself",
                days=(found.ends - now).days,
                ends=f"{found.ends:%Y-%m-%d %H:%M} UTC",
                path=self.files.certificate,
            )
