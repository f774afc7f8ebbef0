"""What was typed in consoles: a file that only its owner can read, beside the state of the server.

One line of the file is one input, as a JSON string, so that code of many lines is one entry; several consoles append to it at once. The editor
searches a list in memory: the file, then what the kernel itself remembers, then everything that runs in the session from now on, whoever runs it.

The reactor adds, the editor's thread reads: each reads or replaces the list in one step.

Invariants: the file has mode 0600; an input that begins with a space is not in it, and no answer to `input()` or `getpass()` ever is; a file that
cannot be read or written costs no more than the memory of it.

Rejected: prompt_toolkit's `FileHistory` (made with the umask of the user, and grows for ever).
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec
from prompt_toolkit.history import History

from webipy.io.storage.private_files import make_private_folder, write_private

FILE: Final = "console_history"
KEPT: Final = 10_000
"""Inputs that are searched; a file of twice as many is cut to them."""


class ConsoleHistory(History):
    """The inputs of a console, in a file and in memory.

    Args:
        path: The file; `None` for memory alone.
    """

    def __init__(self, path: Path | None) -> None:
        super().__init__()
        self._path = path
        self._inputs: list[str] = []
        self.fault = ""
        """Why the file is not used, as one sentence; empty while it is."""
        if path is not None:
            self._inputs = self._read(path)

    def add_remembered(self, inputs: Iterable[str]) -> None:
        """Adds what the kernel remembers: it is newer than what only the file has."""
        there = _without_repeats(inputs)
        known = set(there)
        self._inputs = [*(one for one in self._inputs if one not in known), *there][-KEPT:]

    def add_ran(self, code: str) -> None:
        """Adds what somebody else ran in the session."""
        self._add(code)

    def add_typed(self, code: str) -> None:
        """Adds what was typed here, also to the file."""
        self._add(code)
        if not code.startswith(" "):
            self.store_string(code)

    def load_history_strings(self) -> list[str]:
        """The inputs, the newest first."""
        return self._inputs[::-1]

    def get_strings(self) -> list[str]:
        """The inputs, the oldest first."""
        return self._inputs[:]

    async def load(self) -> AsyncGenerator[str, None]:
        """Yields the inputs, the newest first: those there are now, each time that a line is begun."""
        for one in self.load_history_strings():
            yield one

    def append_string(self, string: str) -> None:
        """Does nothing: the editor calls this for each line it gives out, and whoever runs it calls `add_typed`."""

    def store_string(self, string: str) -> None:
        """Appends an input to the file."""
        if self._path is None or self.fault:
            return
        try:
            make_private_folder(self._path.parent)
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                os.write(file, msgspec.json.encode(string) + b"\n")
            finally:
                os.close(file)
        except OSError as fault:
            self.fault = f"What you type is not kept in {self._path}: {fault.strerror or fault}."

    def _add(self, code: str) -> None:
        if code.strip() and self._inputs[-1:] != [code]:
            self._inputs.append(code)
            del self._inputs[:-KEPT]

    def _read(self, path: Path) -> list[str]:
        try:
            lines = path.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        except OSError as fault:
            self.fault = f"{path} cannot be read: {fault.strerror or fault}."
            return []
        inputs = [one for line in lines[-KEPT:] if (one := _input_of(line)) is not None]
        if len(lines) > 2 * KEPT:
            try:
                write_private(path, b"".join(msgspec.json.encode(one) + b"\n" for one in inputs))
            except OSError as fault:
                self.fault = f"{path} cannot be written: {fault.strerror or fault}."
        return inputs


def _input_of(line: bytes) -> str | None:
    try:
        return msgspec.json.decode(line, type=str)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None  # the half of a line that a full disk has left


def _without_repeats(inputs: Iterable[str]) -> Sequence[str]:
    """The inputs, each where it stands last."""
    return list(dict.fromkeys(reversed([one for one in inputs if one.strip()])))[::-1]
