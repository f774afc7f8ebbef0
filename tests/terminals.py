"""A reader of a terminal for tests: over a WebSocket, with its cursor, as the page is one."""

from __future__ import annotations

from typing import Any

from tests.live import Connection, Json, Server

SHELL = {"SHELL": "/bin/bash", "PS1": "", "HOME": "/nonexistent", "LANG": "C.UTF-8"}
"""The environment of a server whose shells are the same everywhere: without a profile of their own."""


class TerminalLine:
    """One connection that reads one terminal.

    Args:
        server: The server.
        terminal: The id of the terminal.

    Attributes:
        text: What was read since the terminal was shown from its beginning, with what restores its modes.
        position: Where the next byte is expected.
        changes: The terminal as it was told by `terminal_changed`.
        reading: What the last subscription was answered with.
    """

    def __init__(self, server: Server, terminal: str) -> None:
        self.server, self.terminal = server, terminal
        self.text, self.position, self.started = "", 0, ""
        self.changes: list[Json] = []
        self.reading: Json = {}
        self.line: Connection
        self.connect()

    def connect(self, since: int | None = None) -> None:
        """Connects and subscribes.

        Args:
            since: Where to go on; `None`: at the beginning.
        """
        self.line = self.server.connect()
        params: dict[str, Any] = {} if since is None else {"since": since, "started": self.started}
        self.reading = self.line.call("terminal.subscribe", terminal=self.terminal, **params)
        if self.reading["restore"] is not None:
            self.text = self.reading["restore"]
        self.position, self.started = self.reading["first"], self.reading["terminal"]["started"]

    def again(self) -> None:
        """Connects once more where it was."""
        self.connect(self.position)

    def type(self, text: str, **params: Any) -> Json:
        """Types, and waits until the host has it."""
        answer: Json = self.line.call("terminal.input", terminal=self.terminal, text=text, **params)
        return answer

    def read(self, *, acknowledges: bool = True) -> None:
        """Takes the next notification in; fails when it is not what comes next."""
        message = self.line.notified.pop(0) if self.line.notified else self.line.message()
        params = message.get("params", {})
        if message.get("method") == "terminal_changed":
            self.changes.append(params)
        elif message.get("method") == "terminal_output":
            assert params["at"] == self.position, (params["at"], self.position)
            self.position = params["end"]
            self.text += params["text"]
            if acknowledges:
                self.line.send("terminal.acknowledge", terminal=self.terminal, position=self.position)

    def until(self, wanted: str) -> str:
        """Reads until something was printed; gives all text."""
        while wanted not in self.text:
            self.read()
        return self.text

    def until_ended(self) -> Json:
        """Reads until the shell has ended; gives the terminal."""
        while not any(change["terminal"]["ended"] for change in self.changes):
            self.read()
        ended: Json = self.changes[-1]["terminal"]
        while self.position < ended["end"]:
            self.read()
        return ended
