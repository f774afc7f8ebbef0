"""`webipy audit`: the lines of the audit log, listed and verified, by the server or on its files."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import click

from webipy.client.client import Client
from webipy.command.connecting import Target
from webipy.command.exit_statuses import FAILED, OK
from webipy.command.lookup import Wrong
from webipy.command.program import Unable
from webipy.command.terminal import local_time, print_json, print_list
from webipy.core.api import calls
from webipy.core.api.audit_calls import MAX_LINES, AuditLine, AuditLines, AuditVerification, ListAudit
from webipy.core.timestamps import rfc3339
from webipy.io.storage import audit_files

_AGE = re.compile(r"(\d{1,5})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


@attrs.define(frozen=True)
class Wanted:
    """The lines that are wanted, as the user has typed it; `None` for all.

    Args:
        person: The person or their name.
        method: The method, a group, or another word.
        session: The id of the session.
        since: A date, a time, or an age.
        failed: Whether only what has failed is wanted.
        limit: How many at most.
    """

    person: str | None
    method: str | None
    session: str | None
    since: str | None
    failed: bool
    limit: int

    def params(self, now: datetime, before: int | None, limit: int) -> ListAudit:
        """The params of a call.

        Args:
            now: The time that ages count from.
            before: Only lines before this one; `None` for all.
            limit: How many at most.

        Raises:
            Wrong: `since` is no time.
        """
        since = None if self.since is None else since_of(self.since, now)
        return ListAudit(
            person=self.person,
            method=self.method,
            session=self.session,
            since=since,
            failed=self.failed,
            before=before,
            limit=limit,
        )


def since_of(given: str, now: datetime) -> str:
    """A time that a user has typed, RFC 3339 in UTC.

    Args:
        given: A date, a time, or an age such as `12h`.
        now: The time that ages count from, with a time zone.

    Raises:
        Wrong: It is none of these.
    """
    age = _AGE.fullmatch(given.strip())
    if age is not None:
        return rfc3339(now - timedelta(**{_UNITS[age[2]]: int(age[1])}))
    try:
        return rfc3339(datetime.fromisoformat(given.strip()).astimezone(UTC))
    except ValueError:
        raise Wrong(f"--since {given} is no time; write it as 2026-03-01, '2026-03-01 09:30' or 12h.") from None


async def show(client: Client, wanted: Wanted, as_json: bool) -> int:
    """Prints lines that the server has.

    Args:
        client: The connection.
        wanted: Which lines.
        as_json: Whether to print JSON.

    Returns:
        The exit status.
    """
    lines: list[AuditLine] = []
    before: int | None = None
    while True:
        left = wanted.limit - len(lines)
        params = wanted.params(datetime.now(UTC), before, min(left, MAX_LINES))
        found = await client.call("audit.list", params, AuditLines, repeat=True)
        lines += found.lines
        before = found.before
        if before is None or len(lines) >= wanted.limit:
            return _show(AuditLines(lines=lines, before=before), as_json)


def show_files(target: Target, wanted: Wanted, as_json: bool) -> int:
    """Prints lines of the files in a state folder.

    Args:
        target: The state folder.
        wanted: Which lines.
        as_json: Whether to print JSON.

    Returns:
        The exit status.

    Raises:
        Unable: The files cannot be read.
    """
    folder = _folder(target)
    try:
        lines = audit_files.lines_of(folder, wanted.params(datetime.now(UTC), None, wanted.limit))
    except OSError as fault:
        raise Unable(f"The audit log in {folder} cannot be read: {fault.strerror}.") from None
    has_more = len(lines) > wanted.limit
    lines = lines[: wanted.limit]
    return _show(AuditLines(lines=lines, before=lines[-1].seq if has_more else None), as_json)


def _folder(target: Target) -> Path:
    """The folder of the log.

    Raises:
        Unable: There is none.
    """
    folder = target.state_folder / "audit"
    if not folder.is_dir():
        raise Unable(
            f"There is no audit log in {target.state_folder}; name the state folder of the server with --state."
        )
    return folder


def _show(found: AuditLines, as_json: bool) -> int:
    heads = ["TIME", "WHO", "BY", "FROM", "DID", "WHAT", "RESULT"]
    print_list(found, as_json, heads, [_row(line) for line in found.lines], 5, "The audit log has no such lines.")
    if found.before is not None and not as_json:
        click.echo("webipy: There are more lines; give --limit, or a later --since.", err=True)
    return OK


def _row(line: AuditLine) -> list[str]:
    about = [line.path, line.to and f"-> {line.to}", line.session and f"session {line.session[:8]}", line.target]
    what = ", ".join(part for part in about if part)
    return [local_time(line.time), line.name or line.person, line.by, line.address, line.method, what, line.result]


async def verify(client: Client, as_json: bool) -> int:
    """Lets the server look whether its log is whole.

    Args:
        client: The connection.
        as_json: Whether to print JSON.

    Returns:
        The exit status.
    """
    return _say(await client.call("audit.verify", calls.Nothing(), AuditVerification, repeat=True), as_json)


def verify_files(target: Target, key: str | None, as_json: bool) -> int:
    """Looks whether the files in a state folder are whole.

    Args:
        target: The state folder.
        key: The file with the key; `None` for the one beside the log.
        as_json: Whether to print JSON.

    Returns:
        The exit status.

    Raises:
        Unable: The files or the key cannot be read.
    """
    folder = _folder(target)
    path = folder / "key" if key is None else Path(key)
    if not path.is_file():
        raise Unable(f"There is no key in {path}; name its file with --key.")
    try:
        return _say(audit_files.verify(folder, audit_files.read_key(path)), as_json)
    except audit_files.BadKey as fault:
        raise Unable(str(fault)) from None
    except OSError as fault:
        raise Unable(f"The audit log in {folder} cannot be read: {fault.strerror}.") from None


def _say(found: AuditVerification, as_json: bool) -> int:
    if as_json:
        print_json(found)
    elif found.whole:
        since = (
            ""
            if found.first is None or found.last is None
            else f", from {local_time(found.first)} to {local_time(found.last)}"
        )
        cut = f"; {found.unfinished} bytes of an unfinished line follow" if found.unfinished else ""
        click.echo(f"{found.lines} lines, whole{since}{cut}.")
    else:
        click.echo(f"The audit log is not whole. {found.fault} {found.lines} lines before that are whole.")
    return OK if found.whole else FAILED
