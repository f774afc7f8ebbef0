"""`webipy journal`: the journals on the disk, without a server."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import attrs
import msgspec

from webipy.client.client import Client
from webipy.command.connecting import Target, run
from webipy.command.exit_statuses import FAILED, OK
from webipy.command.lookup import Wrong
from webipy.command.program import Unable
from webipy.command.streams import fitting_json
from webipy.command.terminal import print_json, table
from webipy.command.transcript import Transcript, bodies
from webipy.core import errors
from webipy.core.api import calls
from webipy.core.events import events
from webipy.core.timestamps import rfc3339
from webipy.io.storage.blob_store import blobs_of
from webipy.io.storage.journal_folder import SUFFIX, described, kept
from webipy.io.storage.journal_folder import remove as remove_file
from webipy.io.storage.journal_repair import Check, check, journals
from webipy.io.storage.journal_repair import repair as repair_file
from webipy.io.storage.registry import Unreadable, forget, listed
from webipy.io.storage.state_folder import InUse, find_state_folder, hold
from webipy.server.ports.registry import ClosedSession, SessionRecord


class Kept(msgspec.Struct, frozen=True):
    """A journal, and what is known of its session.

    Args:
        closed: The session; of an open one what it is now.
        check: The ends of its journal.
        last_activity: When it was closed, or last written to.
    """

    closed: ClosedSession
    is_open: bool
    check: Check
    last_activity: str

    @property
    def document(self) -> str:
        """Where its document is, in words."""
        if self.closed.path is not None:
            return self.closed.path
        was = self.closed.record.path
        return f"no document (was {was})" if was else "no document"


def _all(state: Path) -> list[Kept]:
    """All journals, the one with the latest activity first."""
    known, found = listed(state / "webipy.sqlite"), []
    for journal in kept(state / "journals"):
        path = state / "journals" / f"{journal.session}{SUFFIX}"
        checked = attrs.evolve(check(path, is_thorough=False), size_bytes=journal.size_bytes)
        closed, is_open = known.get(journal.session) or (_described(path, checked), False)
        found.append(Kept(closed, is_open, checked, closed.closed or journal.changed))
    return sorted(found, key=lambda one: one.last_activity, reverse=True)


def _described(path: Path, checked: Check) -> ClosedSession:
    try:
        return described(path)
    except errors.Failure:
        return ClosedSession(SessionRecord(checked.session, checked.title, None, "", ""))


def list_all(state: str | None, as_json: bool) -> int:
    """Prints the journals of a state folder.

    Args:
        state: The state folder; `None` for the usual one.
        as_json: Whether to print JSON.

    Returns:
        The exit status.
    """
    found = _all(find_state_folder(state))
    if as_json:
        print_json(msgspec.json.encode([_listed(one) for one in found]))
    elif not found:
        print(f"There are no journals in {find_state_folder(state)}.")
    else:
        rows = [
            [
                one.check.session,
                one.closed.record.title or one.check.title,
                one.document,
                "open" if one.is_open else "closed",
                one.last_activity[:16].replace("T", " "),
                f"{one.check.first_seq} to {one.check.last_seq}",
                _size(one.check.size_bytes),
            ]
            for one in found
        ]
        print(table(["SESSION", "TITLE", "DOCUMENT", "STATE", "LAST ACTIVITY", "EVENTS", "SIZE"], rows, shrinks=2))
        closed = [one.check.size_bytes for one in found if not one.is_open]
        print(f"{len(found)} journals; those of {len(closed)} closed sessions take {_size(sum(closed))}.")
    return OK


def _listed(one: Kept) -> dict[str, object]:
    more = {"path": one.closed.path, "document": one.closed.record.path, "is_open": one.is_open}
    return {**_facts(one.check), **more, "last_activity": one.last_activity}


def show(state: str | None, name: str, as_json: bool) -> int:
    """Prints the content of a journal: executions with their outputs, or the events.

    Args:
        state: The state folder; `None` for the usual one.
        name: An id, the start of an id, or the path of a document.
        as_json: Whether to print the events as JSON, one on a line.

    Returns:
        The exit status.

    Raises:
        Wrong: There is no such journal, or there are several.
        errors.Damaged: The journal cannot be read.
    """
    transcript = Transcript(print)
    for body in bodies(_path_of(state, name)):
        if as_json:
            sys.stdout.write(fitting_json(body.decode(), sys.stdout) + "\n")
            continue
        event = events.decode_known(body)
        if event is not None:
            transcript.apply(event)
    transcript.finish()
    return OK


def remove(target: Target, name: str) -> int:
    """Deletes the journal of a closed session: through the server that uses the state folder, or directly when none does.

    Args:
        target: The server, by its state folder.
        name: An id, the start of an id, or the path of a document.

    Returns:
        The exit status.

    Raises:
        Wrong: There is no such journal, or there are several.
        errors.NotFound: The session is open.
        Unable: The journal cannot be deleted.
    """
    state = find_state_folder(target.state)
    session = _path_of(target.state, name).stem

    async def delete(client: Client) -> int:
        await client.call("journal.delete", {"session": session}, calls.Done)
        return OK

    try:
        lock = hold(state)
    except InUse:
        run(target, delete)
    try:
        _remove(state, session)
    except Unreadable as fault:
        raise Unable(str(fault)) from None
    finally:
        os.close(lock)
    return OK


def _remove(state: Path, session: str) -> None:
    _, is_open = listed(state / "webipy.sqlite").get(session, (None, False))
    if is_open:
        raise errors.NotFound(
            f"Session {session} is open: `webipy close` closes it, while a server runs.", kind="journal", id=session
        )
    if (state / "webipy.sqlite").exists():
        forget(state / "webipy.sqlite", session)
    remove_file(state / "journals" / f"{session}{SUFFIX}")


def verify(state: str | None, session: str | None, as_json: bool) -> int:
    """Compares the events of one journal, or of all, with their checksums.

    Args:
        state: The state folder; `None` for the usual one.
        session: An id, the start of an id, or the path of a document; `None` for all journals.
        as_json: Whether to print JSON.

    Returns:
        The exit status: `FAILED` when a journal is damaged.

    Raises:
        Wrong: There is no such journal, or there are several.
    """
    paths = journals(find_state_folder(state)) if session is None else [_path_of(state, session)]
    found = [check(path) for path in paths]
    if as_json:
        print_json(msgspec.json.encode([_facts(one) for one in found]))
    else:
        for one in found:
            print(
                f"{one.session}  {one.title}: {'whole' if one.is_whole else ' '.join(one.faults)}, {one.last_seq} events"
            )
        damaged = sum(not one.is_whole for one in found)
        print(f"{len(found)} journals, {damaged} damaged." if len(found) != 1 or damaged else "The journal is whole.")
    return OK if all(one.is_whole for one in found) else FAILED


def repair(state: str | None, session: str, as_json: bool) -> int:
    """Repairs one journal while no server uses the state folder.

    Args:
        state: The state folder; `None` for the usual one.
        session: An id, the start of an id, or the path of a document.
        as_json: Whether to print JSON.

    Returns:
        The exit status: `FAILED` when large outputs are lost.

    Raises:
        Wrong: There is no such journal, or there are several.
        Unable: A server uses the state folder.
        errors.Damaged: The journal cannot be repaired.
    """
    path = _path_of(state, session)
    try:
        lock = hold(find_state_folder(state))
    except InUse:
        raise Unable("A server uses this state folder; stop the server first. Its kernels go on.") from None
    try:
        found = repair_file(path, rfc3339(datetime.now(UTC)))
    finally:
        os.close(lock)
    if as_json:
        print_json(msgspec.json.encode(_facts(found)))
    elif found.is_whole:
        print("The journal is whole; nothing was changed.")
    else:
        print(" ".join(found.faults))
        if found.can_be_mended:
            saved = found.last_seq - len(found.damaged)
            print(f"{saved} events were saved. The damaged file is kept as {path.name}.damaged.")
        if found.blobs:
            print(_lost_for_good(path, found))
    return FAILED if found.blobs else OK


def _lost_for_good(path: Path, found: Check) -> str:
    """The sentence about large outputs that a repair cannot bring back."""
    names = "is one large output" if len(found.blobs) == 1 else f"are {len(found.blobs)} large outputs"
    return (
        f"There {names} that no repair brings back: the journal names their files and has no second copy. "
        f"From a backup, put them into {blobs_of(path).folder} and run `webipy journal verify`. Everything else can be read."
    )


def _path_of(state: str | None, name: str) -> Path:
    """The journal of a session that is named by its id, by a start of it, or by the path of its document."""
    folder = find_state_folder(state)
    found = [path for path in journals(folder) if path.stem.startswith(name)]
    if not found:
        named = [one for one in _all(folder) if name == one.closed.record.path]
        here = [one for one in named if one.closed.path is not None] or named
        found = [folder / "journals" / f"{one.check.session}{SUFFIX}" for one in here]
    if len(found) == 1:
        return found[0]
    if found:
        ids = " ".join(path.stem for path in found)
        raise Wrong(f"{name} names {len(found)} journals; choose one by its id: {ids}")
    raise Wrong(f"There is no journal {name}; `webipy journal ls` lists the journals.")


def _facts(found: Check) -> dict[str, object]:
    return {**attrs.asdict(found), "is_whole": found.is_whole}


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1_000_000:.1f} MB" if size_bytes >= 100_000 else f"{size_bytes / 1000:.0f} kB"
