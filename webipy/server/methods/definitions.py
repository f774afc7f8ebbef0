"""The method `definition.get`: asks a kernel where a name is defined.

Jupyter has no message for that, so a program of webipy's in the kernel answers it (`webipy.server.methods.kernel_inquiries`).

Invariant: the kernel reads files, with the rights of its user; the server reads none.
"""

from __future__ import annotations

import posixpath

import msgspec

from webipy.core import errors
from webipy.core.api.definition_calls import Definition, GetDefinition
from webipy.core.kernel import jupyter_messages
from webipy.server.methods.failures import OF_INQUIRY
from webipy.server.methods.kernel_inquiries import call_program
from webipy.server.methods.method import Connection, Methods, Services

METHODS = Methods()
method = METHODS.method


@method("definition.get", "execute", "session", raises=OF_INQUIRY, example={"code": "mean(values)", "cursor": 2})
async def definition_get(services: Services, connection: Connection, params: GetDefinition) -> Definition:
    """Where a name is defined, and the source there, asked of the running kernel."""
    session = services.sessions.get(params.session)
    answer = await call_program(services, session, "definition", (params.code, params.cursor), params.timeout_s)
    if answer is None:
        return Definition(status="unsupported")
    try:
        found = jupyter_messages.decode(bytes(answer), Definition)
    except msgspec.DecodeError:
        raise errors.KernelFailed("The kernel answered with something that cannot be read.") from None
    return await _with_path(services, found)


async def _with_path(services: Services, found: Definition) -> Definition:
    """Adds the path of the file below the root, if the server shows it there; a path from the kernel is ignored."""
    root = services.sessions.root.rstrip("/") + "/"
    file = posixpath.normpath(found.file or "")
    path = None
    if file.startswith(root):
        try:
            record = await services.world.files.stat(file[len(root) :])
            path = record.path if record.kind in ("file", "notebook") else None
        except errors.Failure:  # hidden, gone, or not of this machine
            path = None
    return msgspec.structs.replace(found, path=path)
