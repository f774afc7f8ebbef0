"""The environment that the kernel of a session has, or would have: what the files of its packages are looked for in."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from webipy.core.kernel import jupyter_messages
from webipy.core.kernel.host_protocol import Kernelspec
from webipy.server.ports.kernels import NO_ENV
from webipy.server.sessions.session import Session
from webipy.server.sessions.sessions import Sessions


class _Named(msgspec.Struct):
    name: str = ""


class _Metadata(msgspec.Struct):
    kernelspec: _Named | None = None


async def environment_of(sessions: Sessions, session: str) -> tuple[Kernelspec | None, Mapping[str, str]]:
    """The kernelspec of a session's kernel, and the variables that the session adds.

    Args:
        sessions: The open sessions.
        session: Id of the session.

    Returns:
        The kernelspec of its kernel, dead or alive; without one that which its document names, else the default one; `None` when
        there is none of that name. And the variables beside those of the server and the kernelspec.

    Raises:
        errors.NotFound: There is no such session.
        errors.KernelFailed: Kernelspecs cannot be looked up.
    """
    one = sessions.get(session)
    specs = await sessions.world.launcher.specs()
    name = one.kernel.kernelspec if one.kernel is not None else _named(one)
    return specs.found.get(name or specs.default or ""), one.record.env or NO_ENV


def _named(session: Session) -> str | None:
    try:
        named = jupyter_messages.decode(session.state.notebook.metadata, _Metadata).kernelspec
    except msgspec.DecodeError:
        return None
    return named.name if named is not None else None
