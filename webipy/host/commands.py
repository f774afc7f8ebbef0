"""What a server may ask of a host: commands on the channel `host`, and requests for the kernel on the others.

Only the server that attached last is obeyed; others are told so. Between the beginning of a restart and the new process,
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
    """Does what well signed messages say.

    Args:
        endpoint: Where they come from.
        outbox: What is kept for the server.
        requests: The kernel's requests.
        life: The kernel.
        endings: How its executions end.
        apply: Does the effects of requests.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        outbox: Outbox,
        requests: HostQueue,
        life: KernelLifecycle,
        endings: ExecutionEnds,
        apply: Callable[[list[Effect]], None],
    ) -> None:
        self._endpoint, self._outbox, self._requests = endpoint, outbox, requests
        self._life, self._endings, self._apply = life, endings, apply
        self._later: list[Received] = []

    def obey(self, received: Received) -> None:
        """Do what a message says, if it comes from the server that is attached.

        Raises:
            msgspec.DecodeError, UnicodeDecodeError: Its content is not what the command needs; nothing was done.
        """
        servers, name = self._endpoint.fence, received.message.header.msg_type
        is_command = received.channel == "host"
        if is_command and name == Attach.msg_type:
            self._attach(received)
        elif received.identity != servers.current:
            self._endpoint.answer(received.identity, received.key, Fenced(servers.generation))
        elif self._life.ending == "restart" and (not is_command or name in _ABOUT_REQUESTS):
            self._later.append(received)
        else:
            self._do(received)

    def obey_later(self) -> None:
        """Take up what came during a restart, once its new process is there or it was called off."""
        if not self._later or self._life.ending == "restart":
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
                self._life.enter(enter.cwd, enter.code, enter.grace_s, enter.env)
            case Interrupt(msg_id=execution):
                self._endings.interrupt(execution)
            case Restart(start=start, env=env):
                if start is None or start > self._life.start:
                    self._life.restart(env)
            case ShutDown():
                self._life.shut_down()
            case Kill():
                self._life.kill()
            case Ping():
                self._endpoint.answer(received.identity, received.key, Pong())

    def _attach(self, received: Received) -> None:
        """Obey this server from now on, unless a newer one was here."""
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
        self._outbox.rewind(asked.since)
        attached = Attached(
            first=self._outbox.acknowledged + 1,
            next=self._outbox.next_number,
            state=self._life.state,
            start=self._life.start,
            pid=self._life.process.pid,
        )
        endpoint.answer(received.identity, received.key, attached)
