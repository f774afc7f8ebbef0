"""Carries out what a server asks of a host: commands on the channel `host`, and requests for the kernel on the others.

Only the server that attached last is obeyed; others get `fenced`. Between the beginning of a restart and the new process,
requests (and what cancels or moves them) wait here: they are meant for the new one.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from webipy.core.kernel.host_protocol import (
    COMMANDS,
    Acknowledge,
    Attach,
    Attached,
    Cancel,
    Enter,
    Fenced,
    Interrupt,
    Kill,
    Move,
    Ping,
    Pong,
    Restart,
    ShutDown,
)
from webipy.core.kernel.host_queue import Effect, HostQueue
from webipy.core.kernel.outbox import Outbox
from webipy.host.endpoint import Endpoint, Received
from webipy.host.execution_ends import ExecutionEnds
from webipy.host.kernel_lifecycle import KernelLifecycle

_ABOUT_REQUESTS = (Cancel.msg_type, Move.msg_type)


class Commands:
    """Carries out well signed messages of servers.

    Args:
        endpoint: Where they come from.
        outbox: What is kept for the server.
        requests: The kernel's requests.
        lifecycle: The kernel.
        execution_ends: How its executions end.
        apply: Does the effects of requests.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        outbox: Outbox,
        requests: HostQueue,
        lifecycle: KernelLifecycle,
        execution_ends: ExecutionEnds,
        apply: Callable[[list[Effect]], None],
    ) -> None:
        self._endpoint, self._outbox, self._requests = endpoint, outbox, requests
        self._lifecycle, self._execution_ends, self._apply = lifecycle, execution_ends, apply
        self._later: list[Received] = []

    def obey(self, received: Received) -> None:
        """Carries out a message, if it comes from the server that is attached.

        Raises:
            msgspec.DecodeError, UnicodeDecodeError: Its content is not what the command needs; nothing was done.
        """
        servers, name = self._endpoint.fence, received.message.header.msg_type
        is_command = received.channel == "host"
        if is_command and name == Attach.msg_type:
            self._attach(received)
        elif received.identity != servers.current:
            self._endpoint.answer(received.identity, received.key, Fenced(servers.generation))
        elif self._lifecycle.ending == "restart" and (not is_command or name in _ABOUT_REQUESTS):
            self._later.append(received)
        else:
            self._do(received)

    def obey_later(self) -> None:
        """Carries out what came during a restart, once its new process is there or the restart was called off."""
        if not self._later or self._lifecycle.ending == "restart":
            return
        later, self._later = self._later, []
        for received in later:
            try:
                self._do(received)
            except (msgspec.DecodeError, UnicodeDecodeError) as fault:
                self._endpoint.refuse(f"a malformed {received.message.header.msg_type}: {fault}")

    def _do(self, received: Received) -> None:
        if received.channel == "host":
            self._command(received.message.header.msg_type, received)
        elif received.channel == "iopub":
            self._endpoint.refuse("a request on iopub, which is for output only")
        else:
            self._apply(self._requests.receive(received.channel, received.message))

    def _command(self, name: str, received: Received) -> None:
        kind = COMMANDS.get(name)
        if kind is None:
            self._endpoint.refuse(f"the unknown command {name[:80]!r}")
            return
        match msgspec.json.decode(received.message.content, type=kind):
            case Acknowledge(number=number):
                self._outbox.acknowledge(number)
            case Cancel(msg_id=msg_id, msg_ids=msg_ids):
                self._apply(self._requests.cancel([*msg_ids, *([msg_id] if msg_id else [])]))
            case Move(msg_id=moved, before=before):
                self._apply(self._requests.move(moved, before))
            case Enter() as enter:
                self._lifecycle.enter(enter.cwd, enter.code, enter.grace_s, enter.env)
            case Interrupt(msg_id=execution):
                self._execution_ends.interrupt(execution)
            case Restart(start=start, env=env):
                if start is None or start > self._lifecycle.start:
                    self._lifecycle.restart(env)
            case ShutDown():
                self._lifecycle.shut_down()
            case Kill():
                self._lifecycle.kill()
            case Ping():
                self._endpoint.answer(received.identity, received.key, Pong())

    def _attach(self, received: Received) -> None:
        """Obeys this server from now on, unless a newer one was here."""
        asked = msgspec.json.decode(received.message.content, type=Attach)
        endpoint, servers = self._endpoint, self._endpoint.fence
        if received.key != endpoint.key and asked.since >= endpoint.restarted_at:
            endpoint.refuse("an attach that is signed with the key of an earlier start")
            return
        old_key = servers.key
        is_attached, replaced = servers.attach(received.identity, asked.generation, received.key)
        if not is_attached:
            endpoint.answer(received.identity, received.key, Fenced(servers.generation))
            return
        if replaced is not None:
            endpoint.answer(replaced, old_key, Fenced(servers.generation))
        endpoint.bundles = asked.bundles
        self._outbox.rewind(asked.since)
        attached = Attached(
            first=self._outbox.acknowledged + 1,
            next=self._outbox.next_number,
            state=self._lifecycle.state,
            start=self._lifecycle.start,
            pid=self._lifecycle.process.pid,
        )
        endpoint.answer(received.identity, received.key, attached)
