"""Where attacks are made: a fresh server, the people who use it, and a bystander who measures what they feel of it.

Data flow: `Ground` starts `twistd webipy` with a state folder and a root of its own. `owner` has its token; `viewer`, `editor` and `runner` came by
links into one session; `stranger` has nothing. `call` and `http` go by a connection of their own each, `Wire` is a WebSocket on which frames may be
as wrong as one likes. `watched()` runs a bystander (tests/attack/bystander.py) in a process of its own meanwhile: what it waited for /healthz and
for an owner's call, and how much the server grew.

Invariants: nothing is reached but the server that the ground started; what a bystander felt is judged less what its own process was late, so that a
busy machine does not look like a held-up server.

Rejected: a bystander in a thread (it would wait for the attacker, not for the server).
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from tests.attack import Held
from tests.blocking_websocket import HandshakeRefused
from tests.live import ROOT, Connection, Json, Refused, Server, rss_mb

WAIT_S = 30.0
"""An answer that takes longer is none."""

MOST_WAIT_MS = 200.0
"""What 99 of 100 bystanders wait at most while somebody does their worst."""

MOST_GROWTH_MB = 100.0
"""What the server grows by at most meanwhile."""

MIDDLE_OF_KEY = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class NotLetIn(Exception):
    """A handshake or a sign-in was answered with another status."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"status {status}: {body[:200]!r}")
        self.status = status


@attrs.define(frozen=True)
class Who:
    """Somebody, by what they send along.

    Args:
        name: What they are called here.
        headers: What every request of theirs carries.
    """

    name: str
    headers: Mapping[str, str]


@attrs.define(frozen=True)
class Answer:
    """An answer over HTTP."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        """Its body; integers of more digits than Python reads are 0."""
        return json.loads(self.body, parse_int=lambda digits: int(digits) if len(digits) < 4000 else 0)


@attrs.define
class Figures:
    """What a bystander felt, in milliseconds (99 of 100), and what the server grew by."""

    health_ms: float = 0.0
    call_ms: float = 0.0
    late_ms: float = 0.0
    samples: int = 0
    refused: int = 0
    growth_mb: float = 0.0

    def __str__(self) -> str:
        waits = f"healthz {self.health_ms:.0f} ms, owner's call {self.call_ms:.0f} ms (p99 of {self.samples})"
        return f"{waits}, machine late by {self.late_ms:.0f} ms, server grew {self.growth_mb:.0f} MB"

    def held(self, words: str, *, most_ms: float = MOST_WAIT_MS, most_mb: float = MOST_GROWTH_MB) -> Held:
        """Whether nobody waited too long and the server stayed small; `words` say what was tried."""
        waits = max(self.health_ms, self.call_ms) - self.late_ms
        ok = self.samples > 0 and self.refused == 0 and waits <= most_ms and self.growth_mb <= most_mb
        shut = f", {self.refused} tries of the bystander got no answer" if self.refused else ""
        return Held(ok, f"{words}: {self}{shut}")


class Ground:
    """A fresh server and its people. Close it.

    Args:
        options: More options of `twistd webipy`.
    """

    def __init__(self, *options: str) -> None:
        self.server = Server()
        try:
            self.server.start(*options)
            self.owner = Who("owner", {"Authorization": f"Bearer {self.server.token}"})
            self.stranger = Who("stranger", {})
            self.session = str(self.call(self.owner, "session.create", title="Shared")["id"])
            self.viewer = self.guest("read", "viewer")
            self.editor = self.guest("write", "editor")
            self.runner = self.guest("execute", "runner")
        except BaseException:
            self.close()
            raise

    @property
    def origin(self) -> str:
        """The server's origin."""
        return self.server.origin

    @property
    def guests(self) -> list[Who]:
        """Those who came by a link, the least of rights first."""
        return [self.viewer, self.editor, self.runner]

    @property
    def everybody(self) -> list[Who]:
        """All, the least of rights first."""
        return [self.stranger, *self.guests, self.owner]

    def link(self, verb: str, session: str | None = None) -> str:
        """The secret of a new link into a session (the shared one unless given)."""
        made = self.call(self.owner, "share.link", session=session or self.session, verb=verb)
        return str(made["url"]).rpartition("#share=")[2]

    def guest(self, verb: str, name: str) -> Who:
        """Somebody who has just come by a new link."""
        return self.signed_in({"share": self.link(verb), "name": name}, name)

    def signed_in(self, form: Json, name: str) -> Who:
        """Somebody who signed in as the page does.

        Raises:
            NotLetIn: They were not let in.
        """
        headers = {"Origin": self.origin, "Content-Type": "application/json"}
        answer = self.http("POST", "/login", json.dumps(form).encode(), headers)
        if answer.status != 200:
            raise NotLetIn(answer.status, answer.body)
        cookies = [line.partition(";")[0] for line in answer.headers.get_all("Set-Cookie") or []]
        key = str(answer.json["key"])
        return Who(name, {"Cookie": "; ".join(cookies), "X-Webipy-Key": key, "Origin": self.origin})

    def http(
        self, verb: str, path: str, body: bytes | None = None, headers: Mapping[str, str] = {}, wait_s: float = WAIT_S
    ) -> Answer:
        """One request on a connection of its own."""
        line = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=wait_s)
        try:
            line.request(verb, path, body, dict(headers))
            answer = line.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            line.close()

    def post(self, who: Who, body: bytes, wait_s: float = WAIT_S) -> Answer:
        """Posts bytes to /rpc."""
        return self.http("POST", "/rpc", body, {**who.headers, "Content-Type": "application/json"}, wait_s)

    def call(self, who: Who, method: str, **params: object) -> Any:
        """A call by POST; gives its result.

        Raises:
            Refused: It was answered with a failure.
        """
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        answer = self.post(who, body)
        reply = answer.json
        if "error" in reply:
            raise Refused(reply["error"])
        if "result" not in reply:
            raise Refused({"code": 0, **reply})
        return reply["result"]

    def kernel(self, session: str | None = None) -> str:
        """A session (the shared one unless given) whose kernel has answered."""
        session = session or self.session
        self.call(self.owner, "kernel.start", session=session, kernelspec="python3")
        self.call(self.owner, "execution.start", session=session, code="1", id=f"warm-{session}")
        self.call(self.owner, "execution.wait", session=session, execution=f"warm-{session}", timeout_s=60)
        return session

    def raw(self) -> socket.socket:
        """A bare connection to the server."""
        return socket.create_connection(("127.0.0.1", self.server.port), WAIT_S)

    def wire(self, who: Who, **headers: str) -> Wire:
        """A WebSocket of somebody."""
        return Wire(self, {**who.headers, **headers})

    @contextlib.contextmanager
    def watched(self) -> Iterator[Figures]:
        """A bystander measures while the body runs; the figures are there when it has ended."""
        figures = Figures()
        pid = self.server.pid
        before = rss_mb(pid)
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak is counted from now on
        words = [sys.executable, "-m", "tests.attack.bystander", str(self.server.port), self.server.token, self.session]
        bystander = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert bystander.stdin is not None and bystander.stdout is not None
        try:
            if bystander.stdout.readline() != b"ready\n":
                raise AssertionError("the bystander does not get in")
            yield figures
            bystander.stdin.close()
            told = json.loads(bystander.stdout.readline())
        finally:
            bystander.kill()
            bystander.wait()
            bystander.stdout.close()
        for name, value in told.items():
            setattr(figures, name, value)
        figures.growth_mb = max(0.0, peak_mb(pid) - before)

    @property
    def mistakes(self) -> list[str]:
        """The lines of the server's log that begin a traceback."""
        return [line for line in self.server.log.splitlines() if "Traceback (most recent call last)" in line]

    def close(self) -> None:
        """Ends the server and its kernels, and removes everything."""
        self.server.close()


class Wire(Connection):
    """A WebSocket of somebody.

    Raises:
        NotLetIn: The handshake was refused.
    """

    def __init__(self, ground: Ground, headers: Mapping[str, str]) -> None:
        try:
            super().__init__(ground.server.port, headers)
        except HandshakeRefused as fault:
            raise NotLetIn(fault.status, b"") from None
        self.socket.settimeout(WAIT_S)

    def receive(self, within_s: float = WAIT_S) -> bytes:
        """The next message, within `WAIT_S`."""
        return super().receive(within_s)


def peak_mb(pid: int) -> float:
    """The most resident memory that a process has had, MB; writing 5 to its clear_refs begins anew."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
