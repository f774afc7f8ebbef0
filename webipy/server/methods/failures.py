"""Which failures methods raise, in groups: for the `raises` of the method table.

A method declares the failures that say something of its work. What any call may fail with, whatever the method, is in `OF_ANY_CALL` and declared
nowhere else.
"""

from __future__ import annotations

from typing import Final

from webipy.core import errors

Failures = tuple[type[errors.Failure], ...]

OF_ANY_CALL: Final[Failures] = (
    errors.ParseError,
    errors.InvalidRequest,
    errors.MethodNotFound,
    errors.InvalidParams,
    errors.InternalError,
    errors.NotAuthenticated,
    errors.HubUnreachable,
    errors.NotPermitted,
    errors.Throttled,
    errors.Quota,
)

OF_SESSION: Final[Failures] = (errors.NotFound, errors.Damaged)
"""Of a method that looks a session up, or something in it; its journal may be one that cannot be read."""

OF_CHANGE: Final[Failures] = (*OF_SESSION, errors.Degraded)
"""Of one that adds to the journal."""

OF_KERNEL: Final[Failures] = (*OF_SESSION, errors.KernelNotReady, errors.KernelDead)
"""Of one that needs a living kernel."""

OF_WORK: Final[Failures] = (*OF_KERNEL, errors.Degraded)
"""Of one that gives a kernel something to do, which stands in the journal."""

OF_INQUIRY: Final[Failures] = (*OF_KERNEL, errors.KernelBusy, errors.KernelFailed, errors.Timeout)
"""Of one that asks a kernel."""

OF_START: Final[Failures] = (*OF_CHANGE, errors.KernelNotReady, errors.KernelFailed, errors.UnknownKernelspec)
"""Of one that starts a kernel."""

OF_FILE: Final[Failures] = (errors.NotFound, errors.FileFault)
"""Of one that looks at a file."""

OF_DOCUMENT: Final[Failures] = (
    *OF_CHANGE,
    errors.AlreadyExists,
    errors.Conflict,
    errors.ConversionFailed,
    errors.FileFault,
    errors.InvalidNotebook,
    errors.Timeout,
    errors.TooLarge,
)
"""Of one that reads or writes the file of a notebook."""
