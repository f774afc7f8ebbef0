"""Kernels that are started before anybody needs them, so that a new notebook does not wait for one.

A spare is a kernel host with a kernel of the default kernelspec, in the server's root, connected to by a link of ours that takes nothing
in. When a session needs such a kernel, the host is told where it is needed (`enter`), its word is waited for, and its record goes the way of
one that was launched just now: row, event, connection (which takes the place of ours), and the session is told everything from the
start of that kernel on. An ipykernel waits with everything imported, and starts when it is told where (`webipy.kernel_programs.standby`):
its startup files
run in the folder of the session. Another kernel is ready, and is given only to a session in the root.

A spare that dies is replaced, later each time; one whose kernelspec has changed is ended. One is started only when nothing
else starts, a second after the server or after the last one was taken. They end with the server; one that a killed server leaves has a
minute for itself, or until the next server, which knows nothing of it, removes its folder.

Invariant: a spare is given once, and only after the host has said that it is in its new folder; on any doubt there is none, and the
kernel is started as ever. Rejected: keeping spares in the registry and adopting them (a start is a second of a processor's time, once);
forking a warm process (threads and sockets do not survive it).
"""

from __future__ import annotations

import os.path
from collections.abc import Callable, Mapping

import attrs
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from webipy.core.kernel import jupyter_messages
from webipy.core.kernel.host_protocol import Enter, KernelDied, KernelEntered, Kernelspec, KernelStarting, StartFailed
from webipy.core.kernel.wire import Message
from webipy.server.ports.kernels import NO_ENV, HostRecord, KernelLink
from webipy.server.ports.world import World

GRACE_SECONDS = 60.0
"""How long a spare waits for a server that comes back."""

QUIET_SECONDS = 1.0
"""A spare is started after so long without another kernel that starts."""

LONGEST_PAUSE_SECONDS = 300.0
"""The longest pause after spares that died."""

ANSWER_SECONDS = 1.0
"""How long a spare may take to say that it has gone where it is needed; usually a millisecond."""


@attrs.define(eq=False)
class PooledKernel:
    """One of them; see `webipy.server.ports.kernels.LinkReceiver`.

    Args:
        record: Its host.
        spec: Its kernelspec, as it was started.
        died: Called when it is of no use any more.
    """

    record: HostRecord
    spec: Kernelspec
    died: Callable[[PooledKernel], None]
    link: KernelLink | None = None
    is_attached: bool = False
    waits: bool = False
    _entered: Deferred[bool] | None = None

    def attached(self, is_gap: bool, pid: int | None) -> None:
        """The host answered."""
        self.is_attached = True

    def received(self, batch: list[tuple[str, Message]], number: int) -> None:
        """Messages; they stay with the host, for the session that will have this kernel."""
        for channel, message in batch:
            kind = message.header.msg_type if channel == "host" else ""
            if kind == KernelStarting.msg_type:
                self.waits = jupyter_messages.decode(message.content, KernelStarting).waits
            elif kind == KernelEntered.msg_type:
                self._tell(True)
            elif kind in (KernelDied.msg_type, StartFailed.msg_type):
                self.gone()

    def fenced(self) -> None:
        """A newer server owns it."""
        self.gone()

    def gone(self) -> None:
        """It has ended."""
        self._tell(False)
        self.died(self)

    def enter(self, enter: Enter) -> Deferred[bool]:
        """Sends it where it is needed; fires with whether it went."""
        assert self.link is not None
        entered: Deferred[bool] = Deferred()
        self._entered = entered
        self.link.command(enter)
        return entered

    def give_up(self) -> None:
        """Its word is not waited for any more."""
        self._tell(False)

    def _tell(self, is_there: bool) -> None:
        entered, self._entered = self._entered, None
        if entered is not None:
            entered.callback(is_there)


@attrs.define(eq=False)
class KernelPool:
    """The spares of a server.

    Args:
        world: The outside.
        root: Where they are started.
        wanted: How many there should be.
        grace_s: How long a kernel of a session waits for a server.
        is_starting: Whether some kernel is being started now.
    """

    world: World
    root: str
    wanted: int
    grace_s: float
    is_starting: Callable[[], bool]
    ready: list[PooledKernel] = attrs.field(factory=list)
    _pause_s: float = QUIET_SECONDS
    _is_on: bool = False
    _is_launching: bool = False
    _stop_clock: Callable[[], None] | None = None
    _log = Logger()

    def start(self) -> None:
        """Begins to keep spares."""
        self._is_on = self.wanted > 0
        self._later(QUIET_SECONDS)

    def stop(self) -> None:
        """Ends all of them."""
        self._is_on = False
        if self._stop_clock is not None:
            self._stop_clock()
        for spare in list(self.ready):
            self._discard(spare)

    async def take(self, spec: Kernelspec, cwd: str, env: Mapping[str, str] = NO_ENV) -> HostRecord | None:
        """The host of a spare that is in `cwd` now, with the variables of `env`; `None` when there is none that fits."""
        for spare in list(self.ready):
            if spare.spec != spec:
                self._discard(spare)  # its kernelspec was changed
                self._later(QUIET_SECONDS)
        is_here = cwd == self.root and not env
        fitting = [one for one in self.ready if one.is_attached and (one.waits or is_here)]
        if not self._is_on or not fitting or not _is_folder(cwd):
            return None
        spare = fitting[0]
        self.ready.remove(spare)
        entered = spare.enter(Enter(cwd, "", self.grace_s, dict(env)))
        stop_clock = self.world.later(ANSWER_SECONDS, spare.give_up)
        is_there = await entered
        stop_clock()
        self._pause_s = QUIET_SECONDS if is_there else self._pause_s
        self._later(QUIET_SECONDS)
        if not is_there:
            self.world.launcher.discard(spare.record)
            return None
        spare.died = _nothing
        return spare.record

    # ---- keeping them

    def _later(self, seconds: float) -> None:
        if self._stop_clock is not None:
            self._stop_clock()
        self._stop_clock = self.world.later(seconds, self._consider) if self._is_on else None

    def _consider(self) -> None:
        self._stop_clock = None
        if not self._is_on or self._is_launching or len(self.ready) >= self.wanted:
            return
        if self.is_starting():
            self._later(QUIET_SECONDS)
            return
        self._is_launching = True
        Deferred.fromCoroutine(self._launch()).addErrback(self._failed).addCallback(self._launched)

    async def _launch(self) -> None:
        specs = await self.world.launcher.specs()
        spec = specs.found.get(specs.default or "")
        if spec is None:
            return
        host = await self.world.launcher.launch(
            self.world.new_id(), spec, self.root, 1, grace_s=GRACE_SECONDS, waits=True
        )
        spare = PooledKernel(host, spec, self._died)
        spare.link = self.world.launcher.connect(host, 0, spare)
        if spare.link is None or not self._is_on:
            self.world.launcher.discard(host)
            return
        self.ready.append(spare)

    def _launched(self, _: None) -> None:
        self._is_launching = False
        if len(self.ready) < self.wanted:
            self._later(self._pause_s)

    def _failed(self, failure: Failure) -> None:
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_SECONDS)
        self._log.warn(
            "no spare kernel could be started: {reason}; trying again in {seconds:g} s",
            reason=failure.getErrorMessage(),
            seconds=self._pause_s,
        )

    def _died(self, spare: PooledKernel) -> None:
        if spare not in self.ready:
            return
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_SECONDS)
        self._log.warn("a spare kernel ended; another one starts in {seconds:g} s", seconds=self._pause_s)
        self._discard(spare)
        self._later(self._pause_s)

    def _discard(self, spare: PooledKernel) -> None:
        self.ready.remove(spare)
        self.world.launcher.discard(spare.record)


def _is_folder(cwd: str) -> bool:
    """Whether there is such a folder, with a name that can be told; where not, the start of a kernel says what is wrong."""
    try:
        cwd.encode()
    except UnicodeEncodeError:
        return False
    return os.path.isdir(cwd)


def _nothing(spare: PooledKernel) -> None:
    """It is a session's business now."""
