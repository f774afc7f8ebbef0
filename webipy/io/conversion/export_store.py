"""Exports: files that conversions made, kept for an hour.

    STATE/exports/ID   one file, 0600; ID cannot be guessed

The hour is the longest, and a server starts with none. What is over `MAX_KEPT` files is removed, the oldest first. Those of guests count for
themselves: `MAX_OF_GUEST` for each login, `MAX_OF_GUESTS` and `MAX_GUEST_BYTES` for all of them together. A guest pushes out their own, then those of
the guest who has the most; what whoever runs the server has made is never theirs to push out.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

import attrs

from webipy.server.ports.conversion import ExportedFile

KEPT_SECONDS = 3600.0
MAX_KEPT = 50
MAX_OF_GUEST = 5
MAX_OF_GUESTS = 40
MAX_GUEST_BYTES = 2 << 30


@attrs.define(eq=False)
class ExportStore:
    """The exports there are.

    Args:
        folder: Where they lie; whatever is in it at the start is removed.
        later: Calls a function after so many seconds.
        in_reactor: Calls a function in the reactor's thread.
    """

    folder: Path
    later: Callable[[float, Callable[[], None]], object]
    in_reactor: Callable[..., object]
    _kept: dict[str, ExportedFile] = attrs.field(factory=dict)
    _of: dict[str, list[str]] = attrs.field(factory=dict)
    """By login, empty for whoever runs the server: their exports, the oldest first."""

    def start(self) -> None:
        """Makes ready."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(mode=0o700, parents=True)

    def keep(self, made: Path, name: str, media_type: str, guest: str = "") -> ExportedFile:
        """Takes a file over; called in any thread.

        Args:
            made: The file.
            name: What it is called.
            media_type: Its type.
            guest: The login of the guest who asked for it; empty for whoever runs the server.
        """
        export = secrets.token_urlsafe(24)
        path = self.folder / export
        made.chmod(0o600)
        made.rename(path)
        kept = ExportedFile(export, str(path), name, media_type, path.stat().st_size)
        self.in_reactor(self._note, kept, guest)
        return kept

    def _note(self, kept: ExportedFile, guest: str) -> None:
        self._kept[kept.id] = kept
        own = self._of.setdefault(guest, [])
        own.append(kept.id)
        self.later(KEPT_SECONDS, lambda: self.remove(kept.id))
        while len(own) > (MAX_OF_GUEST if guest else MAX_KEPT):
            self.remove(own[0])
        while self._is_too_much(guests := [ids for login, ids in self._of.items() if login]):
            self.remove(max(guests, key=len)[0])

    def _is_too_much(self, guests: list[list[str]]) -> bool:
        """Whether guests together have more than they may; one export is always kept."""
        kept = [self._kept[export] for ids in guests for export in ids]
        return len(kept) > MAX_OF_GUESTS or (len(kept) > 1 and sum(one.size for one in kept) > MAX_GUEST_BYTES)

    def find(self, export: str, name: str) -> ExportedFile | None:
        """Looks an export up.

        Args:
            export: Its id.
            name: The name of its file.

        Returns:
            The export; `None` when it is not kept any more, or has another name.
        """
        found = self._kept.get(export)
        return found if found is not None and found.name == name else None

    def remove(self, export: str) -> None:
        """Removes one; nothing happens when it is gone."""
        kept = self._kept.pop(export, None)
        if kept is not None:
            login = next(login for login, ids in self._of.items() if export in ids)
            self._of[login].remove(export)
            if not self._of[login]:
                del self._of[login]
            Path(kept.path).unlink(missing_ok=True)
