"""Runs the converter: one short process for each conversion, with nothing of the server in it.

A job is a folder under `STATE/conversions`, made, filled and emptied in threads; webipy/converter/__main__.py says what is in it. The process gets a
session and process group of its own, an environment without the server's secrets and without the user's Jupyter configuration, the folder as its
working directory, its home and its place for temporary files, and on its standard input a pipe whose end is the server's end.

Whatever happens, the group is killed before the process is reaped (while its number cannot be given to another): when it has ended, when its time is
over, when the Deferred is cancelled, when the server stops. After that the folder is removed. When the server is killed the pipe ends, and the
process kills its group itself; the folder is removed by the next server.

A job may have `memory_bytes`, all its processes together: Python's by its address space, which it limits itself, the browser's by a watch
(webipy.io.kernels.child_memory). When it has more, the group is killed and the failure says so.

At most `AT_ONCE` exports and as many other conversions run at the same time; others wait in order, and waiting does not count as time. Exports of
guests have a place of their own.

Rejected: a process that stays and is given one job after the other (100 MB for ever, and what one document broke the next would find broken); limits
by cgroups (not ours to make); `PR_SET_PDEATHSIG` (it follows the thread that forked, and ours come and go).
"""

from __future__ import annotations

import os
import shutil
import signal
import site
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import msgspec
from twisted.internet.defer import CancelledError, Deferred, DeferredSemaphore, fail
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure

from webipy.core import errors
from webipy.core.api.formats import PLAIN, ExportFormat, ExportOptions
from webipy.host.private_files import private
from webipy.io.kernels.child_memory import ChildWatch
from webipy.io.kernels.host_link import ProcessWatch
from webipy.io.reactor import Reactor
from webipy.server.ports.conversion import ExportedFile
from webipy.server.ports.kernels import Processes

AT_ONCE = 2
GUESTS_AT_ONCE = 1
"""Exports of guests, besides those of whoever runs the server: they wait for each other and hold up nobody else."""

MAX_GUESTS_WAITING = 20
"""Exports of guests that wait; each keeps a whole document in memory."""

GUESTS_RETRY_SECONDS = 30.0
SECONDS = 120.0
"""How long a conversion may take."""
PDF_SECONDS = 180.0
MEMORY_BYTES = 2 << 30
"""Of a conversion, with all that it starts."""
MAX_ANSWER_BYTES = 1 << 20
MAX_TEXT_BYTES = 256 << 20
"""What a conversion that is read back into the server may come to."""
LOG_BYTES = 4096

INHERITED = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME", "TZ")
"""What the converter gets of the server's environment: where programs and libraries are, and how to write dates."""

COMMAND = (sys.executable, "-P", "-m", "webipy.converter")


class _Answer(msgspec.Struct):
    name: str = ""
    media_type: str = ""
    failure: str = ""
    message: str = ""
    fact: str = ""
    network: str = ""


class _Job(msgspec.Struct):
    operation: str
    format: str
    name: str
    memory_bytes: int
    assets: str | None
    addresses: list[str]
    options: ExportOptions
    has_scripts: bool


class _Input(msgspec.Struct, frozen=True):
    """The input of a job."""

    operation: str
    format: str
    name: str
    body: bytes
    original: bytes | None = None
    images: Mapping[str, bytes] = {}
    options: ExportOptions = PLAIN
    guest: str = ""


@attrs.define(eq=False)
class LocalConverter:
    """See `webipy.server.ports.conversion.Converter`.

    Args:
        folder: Where jobs are done; whatever is in it at the start is removed.
        keep: Takes the file that an export made to where it is kept; called in a thread with the file, its name, its type and the login of the
            guest who asked for it (empty: nobody's).
        reactor: Twisted's.
        processes: Measures what processes use.
        assets: The built page, of which exports take what shows formulas and charts, or `None`.
        command: The converter; a job's folder is its last argument.
        seconds: How long a conversion may take.
        pdf_seconds: The same for a PDF.
        memory_bytes: What a conversion may have, with all that it starts.
    """

    folder: Path
    keep: Callable[[Path, str, str, str], ExportedFile]
    reactor: Reactor
    processes: Processes
    assets: Path | None = None
    command: tuple[str, ...] = COMMAND
    seconds: float = SECONDS
    pdf_seconds: float = PDF_SECONDS
    memory_bytes: int = MEMORY_BYTES

    _exports: DeferredSemaphore = attrs.field(factory=lambda: DeferredSemaphore(AT_ONCE))
    _guests: DeferredSemaphore = attrs.field(factory=lambda: DeferredSemaphore(GUESTS_AT_ONCE))
    _texts: DeferredSemaphore = attrs.field(factory=lambda: DeferredSemaphore(AT_ONCE))
    _under_way: set[_Run] = attrs.field(factory=set)
    _is_stopped: bool = False
    _has_warned: bool = False
    _all_ended: Deferred[None] = attrs.field(factory=Deferred)
    _log = Logger()

    def start(self) -> None:
        """Empties the folder of the jobs."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(mode=0o700, parents=True)

    async def stop(self) -> None:
        """Ends all conversions; returns when their processes are gone."""
        self._is_stopped = True
        for run in tuple(self._under_way):
            run.cancel()
        if self._under_way:
            await self._all_ended

    # ---- the port

    def upgrade(self, body: bytes) -> Deferred[bytes]:
        """A notebook of an old format as 4.5; see the port."""
        return self._text(_Input("upgrade", "ipynb", "notebook", body))

    def to_notebook(self, body: bytes, format: str, name: str) -> Deferred[bytes]:
        """Converts a text to a notebook; see the port.

        Args:
            body: The text, UTF-8.
            format: Its format, such as `py:percent`.
            name: The name of its file, for messages.

        Returns:
            The notebook, JSON. Fails with errors.ConversionFailed and errors.InvalidNotebook.
        """
        return self._text(_Input("to_notebook", format, name, body))

    def from_notebook(self, notebook: bytes, format: str, original: bytes | None) -> Deferred[bytes]:
        """Converts a notebook to text; see the port.

        Args:
            notebook: The notebook, JSON.
            format: The format of the text, such as `py:percent`.
            original: The text that it was made of, whose style is kept; `None` for none.

        Returns:
            The text, UTF-8. Fails with errors.ConversionFailed and errors.InvalidNotebook.
        """
        return self._text(_Input("from_notebook", format, "notebook", notebook, original))

    def export(
        self,
        notebook: bytes,
        format: ExportFormat,
        name: str,
        images: Mapping[str, bytes],
        options: ExportOptions = PLAIN,
        guest: str = "",
    ) -> Deferred[ExportedFile]:
        """Converts a notebook to a file; see the port.

        Args:
            notebook: The notebook, JSON.
            format: The format of the file.
            name: The name of the file, without its ending.
            images: Pictures that the notebook refers to, by their addresses in it.
            options: What the file shows.
            guest: The login of the guest who asked for it; empty for whoever runs the server.

        Returns:
            The file. Fails with errors.ConversionFailed, errors.InvalidNotebook, errors.Timeout and errors.Throttled.
        """
        if format == "ipynb":
            return self._in_thread(self._keep_as_it_is, notebook, name, guest)
        source = _Input("export", format, name, notebook, None, images, options, guest)
        if guest and len(self._guests.waiting) >= MAX_GUESTS_WAITING:
            words = f"{MAX_GUESTS_WAITING} exports wait already; try again in {GUESTS_RETRY_SECONDS:g} s."
            return fail(errors.Throttled(words, retry_after_s=GUESTS_RETRY_SECONDS))
        return self._soon(self._guests if guest else self._exports, source, partial(self._keep, guest))

    def _keep(self, guest: str, made: Path, name: str, media_type: str) -> ExportedFile:
        return self.keep(made, name, media_type, guest)

    def _keep_as_it_is(self, notebook: bytes, name: str, guest: str) -> ExportedFile:
        """A notebook as a file; called in a thread."""
        number, path = tempfile.mkstemp(dir=self.folder)
        with open(number, "wb") as file:
            file.write(notebook)
        return self.keep(Path(path), f"{name}.ipynb", "application/x-ipynb+json", guest)

    # ---- one conversion

    def _text(self, source: _Input) -> Deferred[bytes]:
        return self._soon(self._texts, source, _read_output)

    def _soon(self, turn: DeferredSemaphore, source: _Input, take: Callable[[Path, str, str], Any]) -> Deferred[Any]:
        """Does a job when it is its turn. What is cancelled fails at once, and is cleared away after."""
        if self._is_stopped:
            return fail(errors.ConversionFailed("The server is stopping.", format=source.format))
        outcome: Deferred[Any] = Deferred(lambda _: run.cancel())
        seconds = self.pdf_seconds if source.format == "pdf" else self.seconds
        run = _Run(self.reactor, outcome, seconds, self.processes, self.memory_bytes)
        self._under_way.add(run)
        done = turn.run(lambda: Deferred.fromCoroutine(self._convert(run, source, take)))
        done.addBoth(self._ended, run)
        return outcome

    def _ended(self, outcome: Any, run: _Run) -> None:
        self._under_way.discard(run)
        if not run.outcome.called:
            run.outcome.callback(outcome)  # a failure, too: it goes on as one
        elif isinstance(outcome, Failure) and not outcome.check(CancelledError, errors.Failure):
            self._log.failure("a conversion that was cancelled has failed", outcome)
        if self._is_stopped and not self._under_way:
            self._all_ended.callback(None)

    async def _convert(self, run: _Run, source: _Input, take: Callable[[Path, str, str], Any]) -> Any:
        run.check()
        folder: Path = await self._in_thread(self._make_folder, source)
        try:
            status = await run.status([*self.command, str(folder)], folder)
            run.check()
            if run.is_late:
                raise errors.Timeout(
                    f"Converting to {source.format} took more than {run.seconds:g} s and was stopped.",
                    format=source.format,
                )
            if run.is_large:
                raise _failure(_Answer(failure="memory"), source.format, self.memory_bytes)
            answer: _Answer = await self._in_thread(_read_answer, folder, status)
            self._warn(answer.network)
            if answer.failure:
                raise _failure(answer, source.format, self.memory_bytes)
            made = await self._in_thread(take, folder / "output", answer.name, answer.media_type)
            run.check()
            return made
        except OSError as fault:
            raise _no_room(fault, source.format) from None
        finally:
            await self._in_thread(shutil.rmtree, folder, True)

    def _warn(self, network: str) -> None:
        """Logs once that the system gives converters no namespace of their own."""
        if network and not self._has_warned:
            self._has_warned = True
            self._log.warn(
                "documents are converted and printed without a network by the options of Chromium alone: the system gives no namespace ({reason})",
                reason=network,
            )

    def _make_folder(self, source: _Input) -> Path:
        """Writes the files of a job; called in a thread."""
        assets = str(self.assets) if self.assets else None
        addresses = list(source.images)
        job = _Job(
            source.operation,
            source.format,
            source.name,
            self.memory_bytes,
            assets,
            addresses,
            source.options,
            not source.guest,
        )
        folder = None
        try:
            folder = Path(tempfile.mkdtemp(dir=self.folder))
            (folder / "job.json").write_bytes(msgspec.json.encode(job))
            (folder / "body").write_bytes(source.body)
            if source.original is not None:
                (folder / "original").write_bytes(source.original)
            (folder / "images").mkdir()
            for number, image in enumerate(source.images.values()):
                (folder / "images" / str(number)).write_bytes(image)
        except OSError as fault:
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
            raise _no_room(fault, source.format) from None
        return folder

    def _in_thread(self, work: Callable[..., Any], *arguments: object) -> Deferred[Any]:
        return deferToThreadPool(self.reactor, self.reactor.getThreadPool(), work, *arguments)


@attrs.define(eq=False)
class _Run:
    """One process.

    Args:
        reactor: Twisted's.
        outcome: Fires with the outcome; cancelling it cancels the run.
        seconds: How long the process may take.
        processes: Measures what it uses.
        memory_bytes: What it may have, with all that it starts.
    """

    reactor: Reactor
    outcome: Deferred[Any]
    seconds: float
    processes: Processes
    memory_bytes: int
    is_late: bool = False
    is_large: bool = False
    _is_cancelled: bool = False
    _child: subprocess.Popen[bytes] | None = None

    def check(self) -> None:
        """Returns when the work is still wanted.

        Raises:
            CancelledError: It is not.
        """
        if self._is_cancelled:
            raise CancelledError

    def cancel(self) -> None:
        """Ends the process, or never starts it; the outcome fails now."""
        self._is_cancelled = True
        self._kill()
        if not self.outcome.called:
            self.outcome.errback(CancelledError())

    async def status(self, command: list[str], folder: Path) -> int:
        """Runs a command to its end, and everything that it started with it; returns its exit status.

        Raises:
            CancelledError: It is not wanted any more.
            OSError: It could not be started.
        """
        pool = self.reactor.getThreadPool()
        self._child = child = await deferToThreadPool(self.reactor, pool, _start, command, folder)
        ended: Deferred[None] = Deferred()
        ProcessWatch(self.reactor, child.pid, lambda: ended.callback(None))
        limit: IDelayedCall = self.reactor.callLater(self.seconds, self._late)
        watch = ChildWatch(self.reactor, self.processes, child.pid, self.memory_bytes, self._large)
        watch.start()
        if self._is_cancelled:
            self._kill()
        await ended
        watch.stop()
        if limit.active():
            limit.cancel()
        self._kill()
        self._child = None
        assert child.stdin is not None
        child.stdin.close()
        return child.wait()

    def _late(self) -> None:
        self.is_late = True
        self._kill()

    def _large(self) -> None:
        self.is_large = True
        self._kill()

    def _kill(self) -> None:
        """Kills the whole group; its leader is not reaped yet, so the number is still its own."""
        if self._child is not None:
            os.killpg(self._child.pid, signal.SIGKILL)


def _start(command: list[str], folder: Path) -> subprocess.Popen[bytes]:
    """Starts the converter; called in a thread."""
    environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
    own = str(folder)
    environment.update(
        HOME=own,
        TMPDIR=own,
        JUPYTER_CONFIG_DIR=own,
        JUPYTER_NO_CONFIG="1",
        JUPYTER_PREFER_ENV_PATH="1",
        IPYTHONDIR=own,
        PYTHONUTF8="1",
        PYTHONUSERBASE=site.getuserbase(),
    )
    with open(folder / "log", "wb", opener=private) as log:
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True, cwd=own, env=environment
        )


def _read_output(path: Path, name: str, media_type: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(MAX_TEXT_BYTES)


def _read_answer(folder: Path, status: int) -> _Answer:
    """Reads the converter's answer; a converter that left none has failed, with the last line that it wrote."""
    try:
        with open(folder / "answer.json", "rb") as file:
            return msgspec.json.decode(file.read(MAX_ANSWER_BYTES), type=_Answer)
    except (FileNotFoundError, msgspec.DecodeError):
        pass
    with open(folder / "log", "rb") as log:
        log.seek(max(0, os.fstat(log.fileno()).st_size - LOG_BYTES))
        lines = log.read(LOG_BYTES).decode("utf-8", "replace").strip().splitlines()
    ended = f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
    return _Answer(
        failure="failed", message=f"the converter ended with {ended}{f' ({lines[-1][:300]})' if lines else ''}"
    )


def _failure(answer: _Answer, format: str, memory_bytes: int) -> errors.Failure:
    """The failure that an answer is, in the user's words."""
    if answer.failure == "invalid":
        return errors.InvalidNotebook(answer.message, where=answer.fact)
    if answer.failure == "deep":
        return errors.InvalidNotebook("This is no notebook: lists or maps in it are nested too deeply.", where="")
    if answer.failure == "memory":
        limit = f"{memory_bytes / (1 << 30):g} GiB"
        return errors.ConversionFailed(f"Converting to {format} needs more than {limit} of memory.", format=format)
    if answer.failure == "missing" and not answer.message:
        words = f"Converting to {format} needs the Python package {answer.fact}, which is not installed beside webipy: pip install {answer.fact}"
        return errors.ConversionFailed(words, format=format, missing=answer.fact)
    if answer.failure == "missing":
        return errors.ConversionFailed(answer.message, format=format, missing=answer.fact)
    return errors.ConversionFailed(
        f"This cannot be converted to {format}: {answer.message.rstrip('.')}.", format=format
    )


def _no_room(fault: OSError, format: str) -> errors.ConversionFailed:
    return errors.ConversionFailed(f"Nothing can be converted now: {fault.strerror or fault}.", format=format)
