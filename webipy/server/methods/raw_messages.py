"""Which Jupyter requests a client may send as they are (`message.send`), and what each needs.

A request without a row cannot be sent, as its effect on a kernel is not known. Debug requests run code (`evaluate`), so they need the right `own`
and are journaled with who sent them; no other request runs code outside of the queue and the journal.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from webipy.core import errors
from webipy.core.api import calls
from webipy.core.api.access import Verb


class Sendable(msgspec.Struct, frozen=True):
    """A request that can be sent.

    Args:
        channels: Where a kernel accepts it.
        verb: The right that it needs.
        is_journaled: Whether an event records it.
    """

    channels: tuple[str, ...]
    verb: Verb
    is_journaled: bool = False


SENDABLE: Mapping[str, Sendable] = {
    "kernel_info_request": Sendable(("shell", "control"), "execute"),
    "comm_info_request": Sendable(("shell",), "execute"),
    "connect_request": Sendable(("shell", "control"), "own"),
    "usage_request": Sendable(("control",), "own"),
    "list_subshell_request": Sendable(("control",), "own"),
    "create_subshell_request": Sendable(("control",), "own"),
    "delete_subshell_request": Sendable(("control",), "own"),
    "debug_request": Sendable(("control",), "own", is_journaled=True),
}

OWN_METHODS: Mapping[str, str] = {
    "execute_request": "execution.start",
    "shutdown_request": "kernel.shut_down",
    "interrupt_request": "kernel.interrupt",
    "input_reply": "input.reply",
    "complete_request": "completion.get",
    "inspect_request": "inspection.get",
    "is_complete_request": "code.is_complete",
    "history_request": "history.get",
    "comm_open": "comm.open",
    "comm_msg": "comm.send",
    "comm_close": "comm.close",
}


def verb(params: calls.SendMessage) -> Verb:
    """The right that sending a message needs."""
    known = SENDABLE.get(params.msg_type)
    return known.verb if known is not None else "execute"


def sendable(params: calls.SendMessage) -> Sendable:
    """The row of a message.

    Raises:
        errors.InvalidParams: It cannot be sent, or not on that channel.
    """
    known, kind = SENDABLE.get(params.msg_type), params.msg_type
    if kind in OWN_METHODS:
        raise errors.InvalidParams(f"{kind} has a method of its own: {OWN_METHODS[kind]}.", field="msg_type")
    if known is None:
        can = ", ".join(SENDABLE)
        raise errors.InvalidParams(f"{kind} cannot be sent; these can: {can}.", field="msg_type")
    if params.channel not in known.channels:
        where = " and ".join(known.channels)
        raise errors.InvalidParams(f"{kind} is sent on {where}, not on {params.channel}.", field="channel")
    return known
