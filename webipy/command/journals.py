"""`webipy journal`: the journals on the disk, without a server."""

from __future__ import annotations

import fcntl
import os
from datetime import UTC, datetime
from pathlib import Path

import attrs
import msgspec

from webipy.command.lookup import Wrong
from webipy.command.program import FAILED, OK, Unable
from webipy.command.terminal import print_json, table
from webipy.io.client import find_state_dir
from webipy.io.salvage import Check, check, journals
from webipy.io.salvage import repair as repair_file


def list_all(state: str | None, as_json: bool) -> int:
    """Lists the journals of a state folder."""
    found = [check(path, is_thorough=False) for path in journals(find_state_dir(state))]
    if as_json:
        print_json(msgspec.json.encode([_facts(one) for one in found]))
    elif not found:
        print(f"There are no journals in {find_state_dir(state)}.")
    else:
        rows = [[one.session, one.title, f"{one.first_seq} to {one.last_seq}", _size(one.size_bytes)] for one in found]
        print(table(["SESSION", "TITLE", "EVENTS", "SIZE"], rows, shrinks=1))
    return OK


def verify(state: str | None, session: str | None, as_json: bool) -> int:
    """Checks one journal or all of them."""
    paths = journals(find_state_dir(state)) if session is None else [_path_of(state, session)]
    found = [check(path) for path in paths]
    if as_json:
        print_json(msgspec.json.encode([_facts(one) for one in found]))
    else:
        for one in found:
            print(
                f"{one.session}  {one.title}: {'whole' if one.is_whole else ' '.join(one.faults)}, {one.last_seq} events"
            )
        damaged = sum(not one.is_whole for one in found)
        print(f"{len(found)} journals, {damaged} damaged." if len(found) != 1 or damaged else "It is whole.")
    return OK if all(one.is_whole for one in found) else FAILED


def repair(state: str | None, session: str, as_json: bool) -> int:
    """Repairs one journal while no server uses the state folder.

    Raises:
        Wrong: There is no such journal, or there are several.
        Unable: A server runs.
        errors.Damaged: It cannot be repaired.
    """
    path = _path_of(state, session)
    lock = os.open(find_state_dir(state) / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        found = repair_file(path, datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"))
    except BlockingIOError:
        raise Unable("A server uses this state folder; stop it first. Kernels go on meanwhile.") from None
    finally:
        os.close(lock)
    if as_json:
        print_json(msgspec.json.encode(_facts(found)))
    elif found.is_whole:
        print("It is whole; nothing was changed.")
    else:
        print(" ".join(found.faults))
        print(
            f"{found.last_seq - len(found.damaged)} events were saved. The damaged file is kept as {path.name}.damaged."
        )
    return OK


def _path_of(state: str | None, session: str) -> Path:
    found = [path for path in journals(find_state_dir(state)) if path.stem.startswith(session)]
    if len(found) == 1:
        return found[0]
    if found:
        ids = " ".join(path.stem for path in found)
        raise Wrong(f"{session} is the start of {len(found)} journals; write more of it: {ids}")
    raise Wrong(f"There is no journal {session}; `webipy journal ls` lists those there are.")


def _facts(found: Check) -> dict[str, object]:
    return {**attrs.asdict(found), "is_whole": found.is_whole}


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1_000_000:.1f} MB" if size_bytes >= 100_000 else f"{size_bytes / 1000:.0f} kB"
