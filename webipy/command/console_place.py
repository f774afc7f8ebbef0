"""Where a console is: on which terminal, and in which session.

The session is found as other commands find it: by its id, title or path; a notebook that is not open is opened; without a name it is that of
`webipy exec`, which is made when there is none. What was made for a console and has no kernel yet goes away with it.

Invariant: what is typed while code runs is not shown by the terminal, since it would stand in the middle of the output; the next line begins with it.
However the console ends, the terminal is as it was.
"""

from __future__ import annotations

import os
import sys
import uuid
from contextlib import suppress
from pathlib import Path
from shlex import quote
from typing import Any

import attrs
from prompt_toolkit.input import create_input
from prompt_toolkit.output import create_output

from webipy.client.client import Client, NoServer
from webipy.command.connecting import Target
from webipy.command.console import Console
from webipy.command.console_editor import Editor
from webipy.command.console_history import FILE, ConsoleHistory
from webipy.command.console_inquirer import Inquirer
from webipy.command.console_stage import Stage
from webipy.command.figures import Figures
from webipy.command.inline_pictures import Form, form_of
from webipy.command.lookup import Wrong, find_session
from webipy.command.paths import path_below_root
from webipy.command.places import leave, own_kernelspec
from webipy.command.running import SHELL, named_session, with_kernel
from webipy.command.streams import StreamFault, give_up, raw
from webipy.command.terminal import Keyboard
from webipy.core import errors
from webipy.core.api import calls


async def open_session(
    client: Client, name: str | None, kernel: str | None, env: dict[str, str] | None
) -> calls.Session:
    """The session of a console, with a living kernel.

    Args:
        client: The connection.
        name: The session's id or title, or the path of a notebook; `None` for that of `webipy exec`.
        kernel: The kernelspec for a session without a kernel; `None` for its own.
        env: Environment variables for the kernel; `None` for those that the session has.

    Raises:
        Wrong: There is no such session and no such notebook, or its kernel is another one.
        errors.Failure: The server refuses.
    """
    found = await find_session(client, name) if name is not None else None
    if found is None and name is not None:
        found = await _opened(client, name, is_title=kernel is not None)
    if found is not None:
        kernelspec = kernel
        if found.kernel is None and found.path is not None:
            kernelspec = kernel or await own_kernelspec(client, found)
        return await with_kernel(client, found, kernelspec, env)
    session, is_made = await named_session(client, name or SHELL)
    session = await with_kernel(client, session, kernel, env)
    if is_made:
        await client.call("session.keep", calls.OfSession(session=session.id), calls.Session, repeat=True)
    return session


async def _opened(client: Client, name: str, is_title: bool) -> calls.Session | None:
    """The session of a notebook; `None` for a name that may be the title of a new session.

    Raises:
        Wrong: There is no such notebook, and `is_title` is false.
    """
    is_path = "/" in name or Path(name).suffix != "" or Path(name).exists()
    if is_path:
        path = await path_below_root(client, name)
        try:
            return await client.call("session.create", calls.CreateSession(path=path), calls.Session)
        except errors.NotFound:
            if not is_title:
                raise Wrong(f"There is no session and no notebook {name!r}; `webipy ls` lists the sessions.") from None
    if not is_title:
        raise Wrong(f"There is no session {name!r}; `webipy ls` lists the sessions. With --kernel one is made.")
    return None


def _finish(stage: Stage) -> None:
    """Begins a line, where there still is a terminal."""
    for step in (stage.settle, sys.stdout.flush, sys.stderr.flush):
        try:
            step()
        except StreamFault as fault:
            give_up(fault.fd)


@attrs.define(eq=False)
class ConsoleCommand:
    """What the command line of `webipy console` asks for.

    Args:
        reactor: The reactor.
        target: The server.
        session: The session's id or title, or the path of a notebook; `None` for that of `webipy exec`.
        kernel: The kernelspec for a session that has no kernel; `None` for its own.
        env: Environment variables for the session's kernel; `None` for those that it has.
        figures: The folder that pictures are saved in; `None` for none.
        pictures: How pictures are shown: `auto`, `none`, or a form.
        fresh: Whether it is a new session, which is closed afterwards.
    """

    reactor: Any
    target: Target
    session: str | None
    kernel: str | None
    env: dict[str, str] | None
    figures: str | None = None
    pictures: str = "auto"
    fresh: bool = False
    _console: Console | None = None

    def interrupt(self) -> bool:
        """^C: whether there is code that it is for."""
        return self._console is not None and self._console.interrupt()

    async def command(self, client: Client) -> int:
        """Holds the conversation; returns the exit status.

        Raises:
            Wrong: There is no such session.
            errors.Failure: The server refuses.
        """
        if not self.fresh:
            return await self._converse(client, await open_session(client, self.session, self.kernel, self.env))
        asked = calls.CreateSession(title="console", id=uuid.uuid4().hex, temporary=True)
        made = await client.call("session.create", asked, calls.Session, repeat=True)
        try:
            return await self._converse(client, await with_kernel(client, made, self.kernel, self.env))
        finally:
            client.patience_s = 0  # a server that is gone closes it by itself when it comes back
            with suppress(NoServer, errors.Failure):
                await leave(client, made)

    async def _converse(self, client: Client, session: calls.Session) -> int:
        client.patience_s = None
        history = ConsoleHistory(self.target.state_folder / FILE)
        call, has_colours = self.reactor.callFromThread, not os.environ.get("NO_COLOR")
        ends = create_input(sys.stdin), create_output(raw(sys.stdout))
        inquirer = Inquirer(client, session.id, call)
        editor = Editor(call, inquirer, history, ends, has_colours, self._fail)
        album = Figures(self.figures) if self.figures is not None else None
        stage = Stage(sys.stdout, editor, album, self.reactor.callLater, self._form())
        self._console = Console(client, session, editor, stage, history, self._again(session), album)
        with Keyboard(call).hidden():
            try:
                return await self._console.converse()
            finally:
                await editor.end()
                _finish(stage)

    def _form(self) -> Form | None:
        if self.pictures == "auto":
            return form_of(os.environ.get)
        return "kitty" if self.pictures == "kitty" else "iterm" if self.pictures == "iterm" else None

    def _fail(self, fault: Any) -> None:
        assert self._console is not None
        self._console.fail(fault)

    def _again(self, session: calls.Session) -> str:
        if self.fresh:
            return ""
        name = session.path or (session.title if session.title == SHELL else session.id[:12])
        named = "" if name == SHELL else f" {quote(name)}"
        return f"webipy console {self.target.options}".rstrip() + named
