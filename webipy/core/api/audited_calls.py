"""Which calls the audit log records, and what of a call stands there.

Every method of the table is in one of three lists: a call of it is recorded, recorded once in a minute for each person and session, or not recorded.
A method that is in none is recorded, so that a new one cannot be forgotten; tests compare the lists with the method table.

Of a call its target is recorded: ids, paths, labels and rights, by the names of its params (`TARGETS`). No content is: no code, no text of a cell, no
answer to a prompt, no environment, no secret.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache
from typing import Any, Final

RECORDED: Final = frozenset(
    [
        "execution.cancel",
        "execution.move",
        "execution.start",
        "file.copy",
        "file.create",
        "file.delete",
        "file.rename",
        "file.write",
        "handout.make",
        "input.reply",
        "journal.delete",
        "kernel.attach",
        "kernel.interrupt",
        "kernel.kill",
        "kernel.restart",
        "kernel.shut_down",
        "kernel.start",
        "login.revoke",
        "notebook.export",
        "notebook.merge",
        "notebook.reload",
        "notebook.restore",
        "notebook.run",
        "notebook.save",
        "notification.ask",
        "notification.withdraw",
        "presence.allow",
        "presence.decline",
        "presence.lead",
        "presence.remove",
        "right.grant",
        "right.revoke",
        "run.cancel",
        "run.stop",
        "server.launch_code",
        "session.close",
        "session.create",
        "session.keep",
        "session.rename",
        "session.reopen",
        "share.link",
        "share.remove_guest",
        "share.revoke",
        "share.set",
        "share.set_guest",
        "terminal.close",
        "terminal.create",
        "push.subscribe",
        "push.unsubscribe",
        "account.change_password",
        "account.code",
        "account.rename",
        "account.set_mail",
        "token.create",
        "token.revoke",
        "trash.delete",
        "trash.restore",
        "user.add",
        "user.invite",
        "user.remove",
        "user.set",
        "user.set_password",
    ]
)
"""Methods whose calls are recorded, each."""

EDITS: Final = frozenset(
    [
        "cell.clear_outputs",
        "cell.delete",
        "cell.edit",
        "cell.insert",
        "cell.merge",
        "cell.move",
        "cell.restore",
        "cell.restore_outputs",
        "cell.set_attachments",
        "cell.set_metadata",
        "cell.set_outputs",
        "cell.set_source",
        "cell.set_type",
        "cell.split",
        "notebook.checkpoint",
        "notebook.set_metadata",
    ]
)
"""Methods that edit a document: the first call in a minute is recorded as `edit`, for each person and session. Each change is in the journal."""

STEADY: Final = frozenset(["comm.close", "comm.open", "comm.send", "message.send", "terminal.input"])
"""Methods that are called often: the first call in a minute is recorded under its name, for each person and target."""

QUIET: Final = frozenset(
    [
        "cell.list",
        "code.is_complete",
        "completion.get",
        "definition.get",
        "execution.get",
        "execution.list",
        "execution.queue",
        "execution.wait",
        "file.find",
        "file.list",
        "file.read",
        "file.stat",
        "file.unwatch",
        "file.watch",
        "handout.list",
        "history.get",
        "inspection.get",
        "journal.list",
        "journal.read",
        "kernel.describe",
        "kernel.logs",
        "kernel.usage",
        "kernelspec.list",
        "login.list",
        "notebook.at",
        "notebook.diff",
        "notebook.get",
        "notebook.history",
        "notebook.read",
        "notification.confirm",
        "notification.list",
        "notification.listen",
        "output.read",
        "presence.ask",
        "presence.set",
        "presence.withdraw",
        "push.key",
        "push.list",
        "right.list",
        "right.mine",
        "right.people",
        "rpc.discover",
        "run.check",
        "run.get",
        "server.describe",
        "server.info",
        "server.sync",
        "session.events",
        "session.get",
        "session.leave",
        "session.list",
        "session.subscribe",
        "session.unsubscribe",
        "share.list",
        "table.read",
        "terminal.acknowledge",
        "terminal.list",
        "terminal.resize",
        "terminal.subscribe",
        "terminal.unsubscribe",
        "ticket.make",
        "token.list",
        "trash.list",
        "variable.list",
        "variable.read",
        "account.get",
        "audit.list",
        "audit.verify",
        "user.list",
    ]
)
"""Methods whose calls are not recorded: they read, or say where somebody looks. One that is refused for want of a right is, once a minute."""

TARGETS: Final = (
    "id",
    "execution",
    "run",
    "share",
    "terminal",
    "login",
    "label",
    "name",
    "display_name",
    "verb",
    "kernelspec",
    "format",
    "person",
    "account",
    "user",
    "role",
    "group",
    "kind",
    "whom",
    "groups",
    "join",
    "leave",
    "guest",
    "msg_type",
    "all",
    "others",
)
"""Params that say what a call is about, beside `session`, `path` and `to`."""

MAX_CHARACTERS: Final = 300
"""Of one value; the rest is cut."""


def word(method: str) -> str | None:
    """As what calls of a method are recorded; `None` when they are not.

    Args:
        method: The name of the method.
    """
    if method in QUIET:
        return None
    return "edit" if method in EDITS else method


def is_once_a_minute(method: str) -> bool:
    """Whether only the first call of a method in a minute is recorded, for each person and target."""
    return method in EDITS or method in STEADY or method in QUIET


def text_of(value: object) -> str | None:
    """The value of a param as the log has it; `None` when there is nothing to say."""
    if isinstance(value, str):
        return value[:MAX_CHARACTERS]
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return ", ".join(value)[:MAX_CHARACTERS]
    return "yes" if value is True else None


@cache
def _targets(kind: Hashable) -> tuple[str, ...]:
    return tuple(name for name in TARGETS if hasattr(kind, name))


def target_of(params: Any) -> str:
    """What a call is about, beside its session and paths: `execution e1`, `label nightly`; empty for nothing.

    Args:
        params: The params of the call.
    """
    found = ((name, text_of(getattr(params, name, None))) for name in _targets(params.__class__))
    return ", ".join(f"{name} {value}" for name, value in found if value)[:MAX_CHARACTERS]
