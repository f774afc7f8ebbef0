"""What a server may ask of a host: commands on the channel `host`, and requests for the kernel on the others.

Only the server that attached last is obeyed; others are told so. Between the beginning of a restart and the new process,
requests (and what cancels or moves them) wait here: they are meant for the new one.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from webipy.core.kernel import wire
from webipy.core.kernel.host_decisions import Effect, Outbox, Requests
from webipy.host.endpoint import Endpoint, Received
from webipy.host.execution_ends import Endings
from webipy.host.kernel_lifecycle import Life


class _Attach(msgspec.Struct, frozen=True):
    generation: int
    since: int


class _Number(msgspec.Struct, frozen=True):
    number: int


class _Restart(msgspec.Struct):
    start: int | None = None
    env: dict[str, str] | None = None


class _Interrupt(msgspec.Struct, frozen=True):
    msg_id: str | None = None


class _Cancel(msgspec.Struct, frozen=True):
    msg_id: str | None = None
    msg_ids: list[str] = []


class _Move(msgspec.Struct, frozen=True):
    msg_id: str
    before: str | None = None


class _Enter(msgspec.Struct, frozen=True):
    cwd: str
    code: str
    grace_s: float
    env: dict[str, str] | None = None


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
        requests: Requests,
        life: Life,
        endings: Endings,
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
        servers, name = self._endpoint.servers, received.message.header.msg_type
        is_command = received.channel == "host"
        if is_command and name == "attach":
            self._attach(received)
        elif received.identity != servers.current:
            self._endpoint.answer(received.identity, received.key, "fenced", {"generation": servers.generation})
        elif self._life.ending == "restart" and (not is_command or name in ("cancel", "move")):
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
        content = received.message.content
        match name:
            case "acknowledge":
                self._outbox.acknowledge(msgspec.json.decode(content, type=_Number).number)
            case "cancel":
                asked = msgspec.json.decode(content, type=_Cancel)
                self._apply(self._requests.cancel([*asked.msg_ids, *([asked.msg_id] if asked.msg_id else [])]))
            case "move":
                move = msgspec.json.decode(content, type=_Move)
                self._apply(self._requests.move(move.msg_id, move.before))
            case "enter":
                enter = msgspec.json.decode(content, type=_Enter)
                self._life.enter(enter.cwd, enter.code, enter.grace_s, enter.env)
            case "interrupt":
                self._endings.interrupt(msgspec.json.decode(content, type=_Interrupt).msg_id)
            case "restart":
                restart = msgspec.json.decode(content, type=_Restart)
                if restart.start is None or restart.start > self._life.start:
                    self._life.restart(restart.env)
            case "shut_down":
                self._life.shut_down()
            case "kill":
                self._life.kill()
            case "ping":
                self._endpoint.answer(received.identity, received.key, "pong", {})
            case _:
                self._endpoint.refuse(f"the unknown command {name[:80]!r}")

    def _attach(self, received: Received) -> None:
        """Obey this server from now on, unless a newer one was here."""
        asked = msgspec.json.decode(received.message.content, type=_Attach)
        endpoint, servers = self._endpoint, self._endpoint.servers
        if received.key != endpoint.key and asked.since >= endpoint.restarted_at:
            endpoint.refuse("an attach that is signed with the key of an earlier start")
            return
        old_key = servers.key
        is_attached, replaced = servers.attach(received.identity, asked.generation, received.key)
        if not is_attached:
            endpoint.answer(received.identity, received.key, "fenced", {"generation": servers.generation})
            return
        if replaced is not None:
            endpoint.answer(replaced, old_key, "fenced", {"generation": servers.generation})
        self._outbox.rewind(asked.since)
        where = {"first": self._outbox.acknowledged + 1, "next": self._outbox.next_number}
        what = {"state": self._life.state, "start": self._life.start, "pid": self._life.process.pid}
        endpoint.answer(received.identity, received.key, "attached", {**where, **what, "protocol": wire.PROTOCOL})
