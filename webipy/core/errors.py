"""Every failure a client can see: one class is one JSON-RPC code and one name.

A failure names the broken fact and carries it as data, so that a program can act on it and a person can read it: what
is wrong, with which value, and what would be right. Nothing here holds a path of the server or a traceback.

The codes from -32700 to -32600 are JSON-RPC 2.0's own (section 5.1); ours go from -32000 downwards, one for each
class, and are never given a new meaning.
"""

from __future__ import annotations

from typing import ClassVar

Fact = str | int | float | bool | None | list[str]
"""What a failure may carry: plain JSON values."""


class Failure(Exception):
    """The root of all failures that cross the wire.

    Args:
        message: One sentence for a person: what is wrong, with which value, and what would be right.
        facts: The same for a program; sent as the `data` member beside `name`.
    """

    code: ClassVar[int] = -32000
    name: ClassVar[str] = "failure"

    def __init__(self, message: str, **facts: Fact) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts


class ParseError(Failure):
    """The bytes are not JSON (JSON-RPC 2.0, section 5.1)."""

    code, name = -32700, "parse_error"


class InvalidRequest(Failure):
    """The JSON is not a JSON-RPC request."""

    code, name = -32600, "invalid_request"


class MethodNotFound(Failure):
    """No method has this name."""

    code, name = -32601, "method_not_found"


class InvalidParams(Failure):
    """A parameter is missing, unknown, or of the wrong type; `field` says which."""

    code, name = -32602, "invalid_params"


class InternalError(Failure):
    """A fault of the server; `reference` finds it in the server's log."""

    code, name = -32603, "internal_error"


class NotAuthenticated(Failure):
    """The connection carries no valid credential."""

    code, name = -32001, "not_authenticated"


class NotPermitted(Failure):
    """The principal lacks the verb that the method needs."""

    code, name = -32002, "not_permitted"


class NotFound(Failure):
    """Nothing has this id; `kind` and `id` say what was looked for."""

    code, name = -32003, "not_found"


class AlreadyExists(Failure):
    """The id is taken by something else."""

    code, name = -32004, "already_exists"


class StaleVersion(Failure):
    """The change is based on an older version; `version` is the current one."""

    code, name = -32005, "stale_version"


class KernelDead(Failure):
    """The session's kernel has died; a restart brings it back."""

    code, name = -32006, "kernel_dead"


class KernelNotReady(Failure):
    """The session has no kernel, or one that cannot do this now."""

    code, name = -32007, "kernel_not_ready"


class UnknownKernelspec(Failure):
    """No kernelspec has this name; `known` lists those that are installed."""

    code, name = -32008, "unknown_kernelspec"


class TooLarge(Failure):
    """Something is over a limit; `limit_bytes` or `limit` says which."""

    code, name = -32009, "too_large"


class Timeout(Failure):
    """What was waited for did not happen in time; nothing was undone."""

    code, name = -32010, "timeout"


class Throttled(Failure):
    """Too many tries; `retry_after_s` says when the next one counts."""

    code, name = -32011, "throttled"


class NotWaiting(Failure):
    """An answer came for a question that nobody asks any more."""

    code, name = -32012, "not_waiting"


class Degraded(Failure):
    """The server cannot write its journal now; nothing acknowledged is lost, new work is refused until it can."""

    code, name = -32013, "degraded"


class Damaged(Failure):
    """Something stored was changed or cut off from outside; `kind` and `id` say what."""

    code, name = -32015, "damaged"


class KernelFailed(Failure):
    """A kernel could not be started; the message says why."""

    code, name = -32014, "kernel_failed"


class Conflict(Failure):
    """A file is not the one that was meant: `etag` is that of the one that is there (null: none)."""

    code, name = -32016, "conflict"


class FileFault(Failure):
    """The system refuses to do this to a file.

    `reason` is one of `full`, `denied`, `read_only`, `outside`, `hidden`, `links` (too many), `not_a_file`, `not_a_folder`, `not_empty`, `too_long`,
    `no_trash`, `failed`.
    """

    code, name = -32018, "file_fault"


class InvalidNotebook(Failure):
    """This is no notebook; `where` is the place in it, such as `cells[3].outputs[0]` (empty: all of it)."""

    code, name = -32017, "invalid_notebook"


class ConversionFailed(Failure):
    """A document could not be turned into another format; `format` is the one that was wanted, `missing` a program or package that it needs."""

    code, name = -32019, "conversion_failed"


class Quota(Failure):
    """More than a login, a link or an address may use; nothing was done.

    `what` is what is limited, such as `exports`; `limit` and `used` are numbers in the unit that `what` and the message name; `free_in_s` is when
    there is room again (null: not by itself).
    """

    code, name = -32020, "quota"


class KernelBusy(Failure):
    """The kernel runs code, and answers no inquiry meanwhile: it does when the code has ended."""

    code, name = -32021, "kernel_busy"


class TerminalFailed(Failure):
    """A terminal could not be started, or does not take what was typed; the message says why."""

    code, name = -32022, "terminal_failed"


class HubUnreachable(Failure):
    """The JupyterHub that answers for people does not answer; whoever is let in by it has to wait until it does."""

    code, name = -32023, "hub_unreachable"


class IdentityProviderFault(Failure):
    """The identity provider that says who people are does not answer, or says what cannot be believed; nobody is signed in by it.

    It is a failure of `/sso/begin` and `/login`, and of no method.
    """

    code, name = -32024, "identity_provider_fault"
