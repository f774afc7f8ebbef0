"""Running notebooks from a terminal: what `webipy run` does once it is connected.

The notebook is a file of the server. Without `-o` it is run in its session; with `-o` a copy of it is, in a session without a file,
so that nothing is touched before the end. Where the result goes is looked at before anything is made. The session is made for this
run (`temporary`), given a kernel, and run whole by one call under an id of our own, with a plan: what happens at the end, and when
it is to end early, is decided by the server from then on. This is a follower, as a page is: the line may be cut, the server or
this command may be killed, the terminal may be closed, and the run is brought to its end; `--follow` comes back to it.

`^C`: the first one takes back what waits and interrupts what runs; the second one only leaves. SIGTERM stops the run, and does not
wait for code that does not react; SIGHUP leaves it.
"""

from __future__ import annotations

import signal
import sys
import uuid
from collections.abc import Mapping
from contextlib import suppress
from shlex import quote
from typing import Any, cast

import attrs
import msgspec
from msgspec import UNSET, Raw

from webipy.client.client import Client
from webipy.command.exit_statuses import BY_SIGNAL, FAILED, LEFT, LOST, NOT_STARTED, OK, TIMED_OUT
from webipy.command.following import Left
from webipy.command.notebook_run import Run, tell_cells
from webipy.command.parameter_listing import parameters_of, shown, unknown
from webipy.command.places import Place, deliver, leave
from webipy.command.program import Ended
from webipy.command.progress import Progress
from webipy.command.run_ends import WORDS, CellEnd, RunEnd
from webipy.command.streams import StreamFault
from webipy.command.terminal import Keyboard, Screen, print_json
from webipy.core import errors
from webipy.core.api import calls, notebook_calls
from webipy.core.events import events

TERM_GRACE_S = 5.0
"""How long code may take to react after SIGTERM; service managers kill after 10 s at the earliest, and most later."""


@attrs.define(eq=False)
class NotebookCommand:
    """What the command line of `webipy run` asks for.

    Args:
        reactor: The reactor.
        notebook: The file.
        output: Where the result of a run of a copy is written; `None` to run the notebook itself.
        overwrite: Whether that may replace a file.
        only_if_ok: Whether it does so only when every cell has ended well.
        parameters: What the notebook's parameters are set to.
        kernel: The kernelspec; `None` for that of the notebook, or the default one.
        timeout_s: When to stop it; `None` for never.
        start_timeout_s: How long its kernel may take to start; `None` for the limit of the server.
        keep_going: Whether cells after one that failed are run.
        show: Whether outputs are shown.
        keep: Whether a session that is made for the run stays open.
        attached: Whether the run ends with this command, however that ends.
        follow: A run that was started before, to go on with; `None` to start one.
        as_json: Whether to print how it ended as JSON, and nothing before.
        options: The options that name the server, for what we tell the user.
        body: The notebook, when it came by standard input.
        cwd: The working directory; `None` for the folder of the notebook.
        env: Environment variables of the kernel.
        is_inspected: Whether only the parameters that the notebook declares are to be shown.
        notify: Whether the server tells us of the end, wherever we are then.
    """

    reactor: Any
    notebook: str
    output: str | None
    overwrite: bool
    only_if_ok: bool
    parameters: Mapping[str, Raw]
    kernel: str | None
    timeout_s: float | None
    start_timeout_s: float | None
    keep_going: bool
    show: bool
    keep: bool
    attached: bool
    follow: str | None
    as_json: bool
    options: str
    body: bytes | None = None
    cwd: str | None = None
    env: dict[str, str] | None = None
    is_inspected: bool = False
    notify: bool = False
    _run: Run | None = None
    _to: str | None = None
    _signal: int = 0

    def interrupt(self) -> bool:
        """^C: whether there is a run that it is for."""
        if self._run is not None:
            self._run.interruption.interrupt()
        return self._run is not None

    def end_by(self, number: int) -> bool:
        """SIGTERM or SIGHUP: whether there is a run that it is for."""
        run, is_first, self._signal = self._run, not self._signal, number
        if run is None or not run.is_accepted:
            return False
        is_stopped = number == signal.SIGTERM or self.attached
        if is_stopped and is_first:
            run.terminate(TERM_GRACE_S)
        if not is_stopped or not is_first:
            run.interruption.give_up()
        return True

    async def command(self, client: Client) -> int:
        """Runs the notebook; returns the exit status.

        Raises:
            Wrong: There is no such file or run, or its kernel is another one.
            errors.Failure: The server refuses.
        """
        place = Place(client, self.notebook, self.output, self.overwrite, self.body, self.cwd, self.env)
        if self.follow is not None:
            return await self._follow(client, place, self.follow)
        await place.check()
        self._to = place.to
        session = await place.open()
        try:
            if self.is_inspected:
                return await self._inspect(client, session)
            if self.parameters:
                for words in unknown(await parameters_of(client, session), self.parameters):
                    sys.stderr.write(f"webipy: {words}\n")
            session = await place.with_kernel(session, self.kernel, self.options)
            return await self._followed(client, session, uuid.uuid4().hex[:12], place.path, None)
        finally:
            if self._run is None or not self._run.is_accepted:
                await leave(client, session)

    async def _inspect(self, client: Client, session: calls.Session) -> int:
        """Shows the parameters that the notebook declares."""
        known = await parameters_of(client, session)
        if self.as_json:
            print_json(msgspec.json.encode(known or []))
        elif known is not None:
            sys.stdout.write(f"{shown(known)}\n")
        if known is None:
            sys.stderr.write("webipy: No cell of the notebook has the tag parameters.\n")
        return OK if known is not None else FAILED

    async def _follow(self, client: Client, place: Place, run: str) -> int:
        state = await place.state_of(run)
        if state is None:
            return await self._followed(client, await place.session_with(run), run, place.path, None, has_plan=False)
        ending = None
        if state.status is not None:
            ending = events.RunFinished(run=run, status=state.status, path=state.path, reason=state.reason)
        try:
            of_session = calls.OfSession(session=state.session)
            session = await client.call("session.get", of_session, calls.Session, repeat=True)
        except errors.NotFound:
            if ending is None:
                raise
            ends = await self._replayed(client, state.session, run)
            return self._report(state.session, run, ending, ends, None)
        return await self._followed(client, session, run, place.path, ending)

    async def _replayed(self, client: Client, session: str, name: str) -> list[CellEnd]:
        """What the cells of a run have made whose session is closed."""
        closed = calls.Session(
            id=session,
            title="",
            path=None,
            cwd="",
            kernel=None,
            first_seq=1,
            seq=0,
            durable_seq=0,
            created="",
            last_activity="",
        )
        screen = Screen(sys.stderr if self.as_json else sys.stdout, sys.stderr)
        progress = Progress(self.reactor, screen, sys.stderr, self.show and not self.as_json)
        run = Run(client, closed, name, progress, screen)
        try:
            return await run.replay()
        finally:
            progress.close()

    async def _followed(
        self,
        client: Client,
        session: calls.Session,
        name: str,
        path: str,
        ending: events.RunFinished | None,
        *,
        has_plan: bool = True,
    ) -> int:
        """Starts or joins a run, and stays until its end."""
        is_taken = self.as_json or self.output == "-"
        screen = Screen(sys.stderr if is_taken else sys.stdout, sys.stderr)
        progress = Progress(self.reactor, screen, sys.stderr, self.show and not self.as_json)
        keyboard = Keyboard(self.reactor.callFromThread)
        run = self._run = Run(client, session, name, progress, screen, keyboard, ending=ending, has_plan=has_plan)
        if self.attached:
            run.interruption.second = "end it at once"
        try:
            await run.start(self._asked(run))
            finished = await run.finished
        except BaseException as fault:
            if run.is_accepted and not self.attached:
                with suppress(OSError, StreamFault):  # the terminal may be what is gone
                    self._tell_left(run, path)
            if not isinstance(fault, Left):
                raise
            raise Ended("The run goes on.", BY_SIGNAL + self._signal if self._signal else LEFT) from None
        finally:
            with suppress(OSError, StreamFault):
                run.inputs.close()
                progress.close()
        if finished is None:
            finished = await self._saved(client, run)
        if self.output == "-" and finished.path is None:
            await deliver(client, session, self.keep)
            finished = events.RunFinished(run=name, status=finished.status, path="standard output")
        return self._report(session.id, name, finished, list(run.ends.values()), run)

    def _asked(self, run: Run) -> notebook_calls.RunNotebook:
        plan = notebook_calls.RunPlan(
            to=self._to,
            overwrite=self.overwrite,
            only_if_ok=self.only_if_ok,
            timeout_s=self.timeout_s,
            start_timeout_s=self.start_timeout_s,
            attached=self.attached,
            keep=self.keep,
        )
        return notebook_calls.RunNotebook(
            session=run.session.id,
            id=run.id,
            stop_on_error=not self.keep_going,
            parameters=dict(self.parameters) if self.parameters else UNSET,
            plan=plan if run.has_plan else None,
            notify=self.notify,
        )

    def _tell_left(self, run: Run, path: str) -> None:
        run.progress.note(
            f"The run goes on. Follow it with: webipy run {self.options}{quote(path)} --follow {run.id}\n"
            f"        or watch the session: webipy attach {self.options}{run.session.id[:8]}"
        )

    @staticmethod
    async def _saved(client: Client, run: Run) -> events.RunFinished:
        """Saves what a run without a plan has made, which nobody else does."""
        saving = notebook_calls.SaveNotebook(session=run.session.id)
        saved = await client.call("notebook.save", saving, notebook_calls.NotebookState, repeat=True)
        status = cast(events.RunStatus, {"aborted": "error"}.get(run.status(), run.status()))
        return events.RunFinished(run=run.id, status=status, path=saved.path)

    # ---- the end

    def _report(
        self, session: str, name: str, finished: events.RunFinished, ends: list[CellEnd], run: Run | None
    ) -> int:
        """Shows how the run ended; returns the exit status."""
        if self.as_json:
            path, reason = finished.path, finished.reason
            print_json(RunEnd(run=name, session=session, path=path, status=finished.status, cells=ends, reason=reason))
        else:
            self._tell(finished, run)
        if self._signal:
            return BY_SIGNAL + self._signal
        is_elsewhere = finished.path is None or bool(finished.reason)
        return FAILED if finished.status == "ok" and is_elsewhere else _STATUSES[finished.status]

    def _tell(self, finished: events.RunFinished, run: Run | None) -> None:
        screen = run.screen if run is not None else Screen(sys.stdout, sys.stderr)
        if run is not None:
            tell_cells(run)
        else:
            screen.note(f"The run has ended already: {WORDS.get(finished.status, finished.status)}.")
        if run is not None and finished.status in ("timed_out", "not_started"):
            screen.note(f"{WORDS[finished.status][:1].upper()}{WORDS[finished.status][1:]}.")
        if finished.reason:
            screen.note(finished.reason)
        if finished.path is not None:
            screen.note(f"Saved {finished.path}")
        elif run is not None:
            screen.note(
                f"The result is in the session only; open it with: webipy open {self.options}{run.session.id[:8]}"
            )


_STATUSES = {
    "ok": OK,
    "error": FAILED,
    "cancelled": FAILED,
    "lost": LOST,
    "timed_out": TIMED_OUT,
    "not_started": NOT_STARTED,
}
