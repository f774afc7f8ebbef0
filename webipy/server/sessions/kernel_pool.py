"""Kernels that are started before anybody needs them, so that a new notebook does not wait for one.

A spare is a kernel host with a kernel of the default kernelspec, in the server's root, with a link that reads messages and acknowledges none. When
a session needs such a kernel, the command `enter` sends the host into the session's folder; when the host has confirmed that, its record is used
like that of a host that was launched just now: row, event, connection (in place of the pool's link), and the session gets all messages from the
start of that kernel on. An ipykernel waits with everything imported, and starts on `enter` (`webipy.kernel_programs.standby`): its startup files
run in the folder of the session. Another kernel has started already, and only a session in the root gets it.

A spare that dies is replaced, later each time; one whose kernelspec has changed is ended. One is started only when nothing
else starts, a second after the server or after the last one was taken. They end with the server; one that a killed server leaves ends
after a minute, or when the next server, which has no record of it, removes its folder.

Invariant: a spare is used once, and only after the host has confirmed that it is in its new folder; in any doubt none is used, and the
kernel is launched as usual. Rejected: keeping spares in the registry and adopting them (a start is a second of a processor's time, once);
forking a warm process (threads and sockets do not survive it).
"""

from __future__ import annotations

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
"""How long a spare may take to confirm that it is in its new folder; usually a millisecond."""


@attrs.define(eq=False)
class PooledKernel:
    """One spare; see `webipy.server.ports.kernels.LinkReceiver`.

    Args:
        record: Its host.
        spec: Its kernelspec, as it was started.
        died: Called when it has ended.
        link: The link to its host.
        is_attached: Whether the host has answered.
        waits: Whether the kernel waits for `enter` before it starts.
    """

    record: HostRecord
    spec: Kernelspec
    died: Callable[[PooledKernel], None]
    link: KernelLink | None = None
    is_attached: bool = False
    waits: bool = False
    _entered: Deferred[bool] | None = None

    def attached(self, is_gap: bool, pid: int | None) -> None:
        """The host has answered.

        Args:
            is_gap: Whether the host has lost messages that were not acknowledged.
            pid: Id of the kernel's process; `None` when the host does not know it.
        """
        self.is_attached = True

    def received(self, batch: list[tuple[str, Message]], number: int) -> None:
        """Reads messages; they stay with the host, for the session that will own this kernel.

        Args:
            batch: Each message with its channel, in the host's order.
            number: The host's number of the last one.
        """
        for channel, message in batch:
            kind = message.header.msg_type if channel == "host" else ""
            if kind == KernelStarting.msg_type:
                self.waits = jupyter_messages.decode(message.content, KernelStarting).waits
            elif kind == KernelEntered.msg_type:
                self._resolve(True)
            elif kind in (KernelDied.msg_type, StartFailed.msg_type):
                self.gone()

    def fenced(self) -> None:
        """A newer server owns it."""
        self.gone()

    def gone(self) -> None:
        """It has ended."""
        self._resolve(False)
        self.died(self)

    def enter(self, enter: Enter) -> Deferred[bool]:
        """Sends the command `enter`; fires with whether the kernel is in its new folder."""
        assert self.link is not None
        entered: Deferred[bool] = Deferred()
        self._entered = entered
        self.link.command(enter)
        return entered

    def time_out(self) -> None:
        """Cancels the wait for `enter`: it has failed."""
        self._resolve(False)

    def _resolve(self, is_there: bool) -> None:
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
    """

    world: World
    root: str
    wanted: int
    grace_s: float
    _is_starting: Callable[[], bool] = lambda: False
    ready: list[PooledKernel] = attrs.field(factory=list)
    _pause_s: float = QUIET_SECONDS
    _is_on: bool = False
    _is_launching: bool = False
    _stop_clock: Callable[[], None] | None = None
    _log = Logger()

    def start(self, is_starting: Callable[[], bool]) -> None:
        """Begins to keep spares; `is_starting` returns whether another kernel is being started at the moment."""
        self._is_starting = is_starting
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
        """Takes a spare out of the pool.

        Args:
            spec: The kernelspec that is needed.
            cwd: The folder that it is needed in, absolute.
            env: Environment variables beside those of the server and the kernelspec.

        Returns:
            The host of a spare that is in that folder now; `None` when none fits.
        """
        can_enter = bool(self.ready) and _is_encodable(cwd) and await self.world.launcher.is_folder(cwd)
        for spare in list(self.ready):
            if spare.spec != spec:
                self._discard(spare)  # its kernelspec was changed
                self._later(QUIET_SECONDS)
        is_here = cwd == self.root and not env
        fitting = [one for one in self.ready if one.is_attached and (one.waits or is_here)]
        if not self._is_on or not fitting or not can_enter:
            return None
        spare = fitting[0]
        self.ready.remove(spare)
        entered = spare.enter(Enter(cwd, "", self.grace_s, dict(env)))
        stop_clock = self.world.later(ANSWER_SECONDS, spare.time_out)
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
        if self._is_starting():
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


def _is_encodable(path: str) -> bool:
    """Whether a path can be sent to a kernel host; where not, the start of a kernel reports what is wrong."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _nothing(spare: PooledKernel) -> None:
    """Does nothing: ownership has passed to the session."""
