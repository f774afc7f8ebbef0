"""The routes of configuration sections: `/api/config/{section}`, where Jupyter's front ends keep what their users have chosen.

A section is a JSON object, in a file of its own in the state folder: it belongs to this server, and nothing of a Jupyter installation on the
machine is changed. A change reads and writes; those that come at once, each in a thread, are made one after the other.

Source: jupyter_server 2.21, services/config (REST API).
"""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any, Final

import attrs
import msgspec

from webipy.io.jupyter.routes import Answer, Asked, Refusal, Route
from webipy.io.reactor import Run
from webipy.io.storage.private_files import make_private_folder, write_private

MOST_SECTIONS: Final = 1000
"""Sections that are kept; front ends have some dozens."""

MOST_BYTES: Final = 1024 * 1024
"""What one section holds at most, as JSON."""

_SECTION: Final = re.compile(r"\w{1,64}", re.ASCII)


@attrs.define(eq=False)
class ConfigSections:
    """The sections.

    Args:
        folder: Where they are kept.
        run: Runs a function that blocks in a thread.
    """

    folder: Path
    run: Run
    _writing: threading.Lock = attrs.field(factory=threading.Lock, init=False)

    async def get(self, asked: Asked) -> Answer:
        """A section; an empty one when it is not there."""
        place = self._place(asked)
        return Answer(await self.run(lambda: _read(place)))

    async def put(self, asked: Asked) -> Answer:
        """Replaces a section."""
        place, value = self._place(asked), asked.body(dict[str, Any])

        def replace() -> None:
            with self._writing:
                _write(place, value)

        await self.run(replace)
        return Answer(status=204)

    async def patch(self, asked: Asked) -> Answer:
        """Changes some values of a section: those that are null go away, and so do objects that become empty."""
        place, value = self._place(asked), asked.body(dict[str, Any])

        def change() -> dict[str, Any]:
            with self._writing:
                changed = _changed(_read(place), value)
                _write(place, changed)
            return changed

        return Answer(await self.run(change))

    def _place(self, asked: Asked) -> Path:
        section = asked.parts["section"]
        if _SECTION.fullmatch(section) is None:
            raise Refusal(404, "The name of a section has letters, digits and _ only, at most 64.")
        return self.folder / f"{section}.json"


def _read(place: Path) -> dict[str, Any]:
    try:
        return msgspec.json.decode(place.read_bytes(), type=dict[str, Any])
    except (FileNotFoundError, msgspec.DecodeError):
        return {}


def _write(place: Path, value: dict[str, Any]) -> None:
    body = msgspec.json.encode(value)
    if len(body) > MOST_BYTES:
        raise Refusal(413, f"A section holds at most {MOST_BYTES >> 20} MiB.")
    make_private_folder(place.parent)
    if not place.exists() and len(list(place.parent.glob("*.json"))) >= MOST_SECTIONS:
        raise Refusal(413, f"There are at most {MOST_SECTIONS} sections.")
    write_private(place, body)


def _changed(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """A section after a change."""
    found = dict(old)
    for name, value in new.items():
        if isinstance(value, dict):
            below = found.get(name)
            value = _changed(below if isinstance(below, dict) else {}, value) or None
        if value is None:
            found.pop(name, None)
        else:
            found[name] = value
    return found


def routes(sections: ConfigSections) -> list[Route]:
    """The routes.

    Args:
        sections: The sections.
    """
    functions = {"GET": sections.get, "PUT": sections.put, "PATCH": sections.patch}
    return [Route("/api/config/{section}", functions)]
