"""The kernelspecs of this machine, asked of a short-lived process.

Importing jupyter_client would cost the server 20 MB and half a second for a list; a process pays that each time. So its answer is kept: it lists
which folders and files it has looked at, and when each was changed last, and as long as they are as they were the list is, too. A kernelspec that is
installed, changed or removed meanwhile is there for the next call.
"""

from __future__ import annotations

import os
import signal
import sys

import attrs
import msgspec
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.utils import getProcessOutputAndValue
from twisted.logger import Logger
from twisted.python.failure import Failure

from webipy.core import errors
from webipy.core.kernel.host_protocol import Kernelspec
from webipy.io.reactor import Reactor
from webipy.server.ports.kernels import Specs

UNSEEN_SECONDS = 0.2
"""A list is good for so long without a look at the folders: they are looked at in some 50 microseconds, and asked for in bursts."""


class _SpecsFile(msgspec.Struct):
    default: str | None
    kernelspecs: dict[str, Kernelspec]
    broken: dict[str, str] = {}
    looked_at: dict[str, int] = {}


@attrs.define(eq=False)
class KernelspecCache:
    """What is installed now.

    Args:
        reactor: Twisted's.
    """

    reactor: Reactor
    _specs: Specs | None = None
    _looked_at: dict[str, int] = attrs.field(factory=dict)
    _good_until: float = 0.0
    _asking: list[Deferred[Specs]] = attrs.field(factory=list)
    _log = Logger()

    def specs(self) -> Deferred[Specs]:
        """Looks the kernelspecs up.

        Returns:
            The kernelspecs. Fails with errors.KernelFailed when they cannot be looked up.
        """
        found: Deferred[Specs] = Deferred()
        if self._specs is not None and self._is_good():
            found.callback(self._specs)
            return found
        self._asking.append(found)
        if len(self._asking) == 1:
            self._ask()
        return found

    def _is_good(self) -> bool:
        now = self.reactor.seconds()
        if now >= self._good_until and all(changed(path) == at for path, at in self._looked_at.items()):
            self._good_until = now + UNSEEN_SECONDS
        return now < self._good_until

    def _ask(self) -> None:
        asked: Deferred[tuple[bytes, bytes, int]] = maybeDeferred(
            getProcessOutputAndValue,
            sys.executable,
            ("-P", "-m", "webipy.kernelspecs"),
            env=dict(os.environ),
            reactor=self.reactor,
        )
        asked.addErrback(_not_asked)
        asked.addCallback(self._store).addBoth(self._answer)

    def _store(self, outcome: tuple[bytes, bytes, int]) -> Specs:
        out, err, status = outcome
        if status != 0:
            self._log.error(
                "looking for kernelspecs failed with status {status}: {err}",
                status=status,
                err=err.decode("utf-8", "replace")[-2000:],
            )
            raise errors.KernelFailed("Looking for kernelspecs failed; the server's log has the reason.")
        listed = msgspec.json.decode(out, type=_SpecsFile)
        self._specs, self._looked_at = Specs(listed.default, listed.kernelspecs, listed.broken), listed.looked_at
        self._good_until = self.reactor.seconds() + UNSEEN_SECONDS
        return self._specs

    def _answer(self, outcome: Specs | Failure) -> None:
        asking, self._asking = self._asking, []
        for waiting in asking:
            if isinstance(outcome, Failure):
                waiting.errback(outcome)
            else:
                waiting.callback(outcome)


def changed(path: str) -> int:
    """When something was changed last, ns since 1970; -1 where there is nothing."""
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return -1


def _not_asked(failure: Failure) -> Failure:
    """No process could be started (EAGAIN, ENOMEM, EMFILE), and the failure has the words of the system; or a signal has ended it."""
    match failure.value:
        case OSError() as fault:
            raise errors.KernelFailed(f"Kernelspecs cannot be looked up: {fault.strerror or fault}.") from None
        case (_, _, int(number)):  # what `getProcessOutputAndValue` makes of a process that a signal has ended
            name = signal.strsignal(number) or "unknown"
            raise errors.KernelFailed(
                f"Kernelspecs cannot be looked up: signal {number} ({name}) has ended the process that reads them."
            )
    return failure
