"""What is fuzzed: a server in memory (fast; the same seed gives the same run) and a real one.

Both have a shared session that guests came into, and things that are none of the guests' business, marked with the canary: another session, whose
code has it, and files.
"""

from __future__ import annotations

import contextlib
import json
import random
import subprocess
import sys
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure as Fault

from tests.attack.ground import Ground, NotLetIn, Who, Wire, peak_mb
from tests.blocking_websocket import Closed
from tests.fakes import Client, Refused, Rig, make_rig, make_services, printed, result_of
from tests.fuzz import CANARY, Found
from tests.fuzz.calls import judge_body
from tests.fuzz.values import Known, read
from tests.live import ROOT
from tests.live import Refused as LiveRefused
from webipy.core.api.access import Principal
from webipy.server.methods.api import answered

GUESTS = {"viewer": "read", "editor": "write", "runner": "execute"}
MOST_GROWTH_MB = 400.0
"""What a real server grows by at most in a run; what one call may take is the business of `make attack`."""

SMALL_NOTEBOOK = json.dumps(
    {
        "cells": [{"cell_type": "code", "metadata": {}, "source": "1", "outputs": [], "execution_count": None}],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 4,
    }
)
PATHS = ("a.ipynb", "b.py", "folder", "folder/c.ipynb", "new.ipynb", "secret.txt", "")


class MemoryTarget:
    """A server in memory.

    Args:
        seed: Of what its kernels do.
    """

    def __init__(self, seed: int = 0) -> None:
        self.rig: Rig = make_rig()
        self.dice = random.Random(seed)
        self.finished: set[str] = set()
        self._clients: dict[str, Client] = {}
        self._known: Known | None = None
        self._calls = 0
        files = self.rig.disk.files
        for path in ("a.ipynb", "folder/c.ipynb"):
            files.put(path, SMALL_NOTEBOOK.encode())
        files.put("secret.txt", CANARY.encode())
        other = self.rig.session("python3")
        self.rig.me.call("execution.start", session=other, code=f"# {CANARY}", id="hidden")
        self._shared = ""
        self._share()

    def _share(self) -> None:
        """A session that guests came into; a new one when it was closed."""
        self._shared = self.rig.session("python3")
        for name, verb in GUESTS.items():
            made = self.rig.me.call("share.link", session=self._shared, verb=verb)
            logins = self.rig.services.logins
            before = set(self.rig.disk.registry.visitors)
            self.rig.wait(Deferred.fromCoroutine(logins.join(made["url"].rpartition("#share=")[2], name)))
            (login,) = set(self.rig.disk.registry.visitors) - before
            principal = logins.shares.principal(login)
            assert principal is not None
            self._clients[name] = self._connected(principal)
        self._clients |= {"owner": self._connected(Principal("ada", "own", "token")), "stranger": self.rig.client(None)}

    def _connected(self, principal: Principal) -> Client:
        client = self.rig.client("own")
        client.connection.principal = principal
        return client

    def shared(self) -> str:
        """The session that the guests came into."""
        return self._shared

    def ask(self, who: str, body: bytes) -> bytes | None:
        """See `Target`; also lets the kernels go on."""
        told: list[Any] = []
        client = self._clients[who]
        client.sent.clear()
        answered(self.rig.api, body, client.connection).addBoth(told.append)
        for step in (0,) * 60 + (0.02,) * 10 + (1.0,) * 130:
            if told:
                break
            self.rig.clock.advance(step)
            if step:
                self._let_kernels_go_on()
        if not told:
            raise Found(f"nothing was answered within two minutes\n  {who}: {body[:3000]!r}")
        if isinstance(told[0], Fault):
            raise Found(f"the message broke the server\n  {who}: {body[:3000]!r}\n{told[0].getTraceback()}")
        if who != "owner" and any(CANARY.encode() in sent for sent in client.sent):
            raise Found(f"a {who} was notified of what is none of their business\n  {body[:3000]!r}")
        self._calls += 1
        if self._calls % 20 == 0:
            self._let_kernels_go_on()
            self._known = None
        reply: bytes | None = told[0]
        return reply

    def _let_kernels_go_on(self) -> None:
        for host in list(self.rig.disk.launcher.hosts.values()):
            if not host.is_alive or host.link is None or host.link.is_closed:
                continue
            if host.pid is None:
                host.ready()
            for execution in [one for one in host.executed() if one not in self.finished]:
                self.finished.add(execution)
                host.run(execution, printed(f"out {execution}\n", execution))
        self.rig.turn(3)

    def known(self) -> Known:
        """See `Target`."""
        if not any(session.id == self._shared for session in self.rig.services.sessions.all()):
            self._share()
            self._known = None
        if self._known is None:
            self._known = known_by(self._call, self._shared)
        return self._known

    def _start_again(self) -> None:
        """The next server on the same disk comes up; documents may wait for files that are quiet."""
        self.rig.disk.crash()
        services = make_services(self.rig.disk)
        told: list[Any] = []

        async def start() -> None:
            await services.sessions.restore()
            await services.resume()

        Deferred.fromCoroutine(start()).addBoth(told.append)
        for step in (0,) * 500 + (0.1,) * 300:
            self.rig.clock.advance(step)
        if told != [None]:
            raise Found(f"{told or 'it was not done within 30 s'}")

    def _call(self, method: str, **params: object) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        return result_of(read(self.rig.wait(answered(self.rig.api, body, self.rig.me.connection))))

    def close(self) -> list[str]:
        """What is wrong in the end: each journal is read whole, and folded from its beginning."""
        wrong = []
        for session in self.rig.services.sessions.all():
            try:
                self._call("cell.list", session=session.id)
                self._call("notebook.get", session=session.id)
                self._call("session.events", session=session.id, since=0, limit=10_000)
            except Refused as refused:
                wrong.append(f"session {session.id}: {refused}")
        try:
            self._start_again()
        except Exception as fault:
            wrong.append(f"the next server does not come up: {fault}")
        return wrong


class ServerTarget:
    """A real server, with a kernel in its shared session."""

    def __init__(self) -> None:
        self.ground = Ground()
        try:
            (self.ground.server.root / "a.ipynb").write_text(SMALL_NOTEBOOK)
            (self.ground.server.root / "folder").mkdir()
            (self.ground.server.root / "folder" / "c.ipynb").write_text(SMALL_NOTEBOOK)
            (self.ground.server.root / "secret.txt").write_text(CANARY)
            self.outside = self.ground.server.folder / "root-secret"
            self.outside.write_text(CANARY)
            self.ground.kernel()
            other = self.ground.call(self.ground.owner, "session.create", title=CANARY)["id"]
            self.ground.call(self.ground.owner, "cell.insert", session=other, source=CANARY)
        except BaseException:
            self.ground.close()
            raise
        self._people = {who.name: who for who in self.ground.everybody}
        self._wires: dict[str, Wire] = {}
        self._known: Known | None = None
        self._calls = self._looks = 0

    def shared(self) -> str:
        """The session that the guests came into."""
        return self.ground.session

    def who(self, name: str) -> Who:
        """Somebody."""
        return self._people[name]

    def ask(self, who: str, body: bytes) -> bytes | None:
        """See `Target`: over a WebSocket that stays open; by POST what a stranger sends, and what may get no answer."""
        self._calls += 1
        if self._calls % 200 == 0:
            self.look()
        if who == "stranger" or not _is_answered(body):
            answer = self.ground.post(self._people[who], body)
            self._no_mistake(answer.status, body)
            return b'{"error":' + answer.body + b"}" if answer.status >= 400 else answer.body or None
        for _ in range(2):
            wire = self._wires.get(who) or self._open(who)
            try:
                return self._asked(wire, who, body)
            except Closed as closed:
                self._wires.pop(who).close()
                if closed.code not in (None, 1002, 1007, 1009, 4401):
                    raise Found(f"the connection was closed with {closed.code}\n  {who}: {body[:3000]!r}") from None
                if closed.code != 4401:
                    return None
        return None

    def _open(self, who: str) -> Wire:
        try:
            wire = self._wires[who] = self.ground.wire(self._people[who])
        except NotLetIn:
            self._share()
            wire = self._wires[who] = self.ground.wire(self._people[who])
        return wire

    def _asked(self, wire: Wire, who: str, body: bytes) -> bytes | None:
        """Sends a message and gives what is answered; what is told in between is judged, too."""
        wire.text(body)
        reply: bytes | None = None
        while reply is None:
            try:
                got = wire.receive()
            except TimeoutError:
                raise Found(f"no answer came\n  {who}: {body[:3000]!r}") from None
            if b'"method":"' in got[:60] and b'"id"' not in got[:40]:
                judge_body(who, body, b'{"result":' + got + b"}")
            else:
                reply = got
        return reply

    def _share(self) -> None:
        ground = self.ground
        if not any(
            session["id"] == ground.session for session in ground.call(ground.owner, "session.list")["sessions"]
        ):
            ground.session = str(ground.call(ground.owner, "session.create", title="Shared")["id"])
            ground.kernel()
        for name, verb in GUESTS.items():
            self._people[name] = ground.guest(verb, name)
        for name in list(self._wires):
            self._wires.pop(name).close()
        self._known = None

    def known(self) -> Known:
        """See `Target`."""
        self._looks += 1
        if self._known is None or self._looks % 50 == 0:
            owner = self.ground.owner
            if not any(one["id"] == self.shared() for one in self.ground.call(owner, "session.list")["sessions"]):
                self._share()
            self._known = known_by(lambda method, **params: self.ground.call(owner, method, **params), self.shared())
        return self._known

    def renew(self) -> None:
        """Looks anew at what there is, and lets the guests in again if they are out."""
        self._known = None
        self.known()

    @staticmethod
    def _no_mistake(status: int, body: bytes) -> None:
        if status >= 500:
            raise Found(f"status {status}\n  {body[:3000]!r}")

    def look(self) -> None:
        """The server is well.

        Raises:
            Found: It is not.
        """
        status = self.ground.http("GET", "/healthz", wait_s=10).status
        if status != 200:
            raise Found(f"/healthz says {status}")
        if self.ground.mistakes:
            raise Found("a traceback in the log:\n" + self.ground.server.log[-3000:])
        if peak_mb(self.ground.server.pid) > MOST_GROWTH_MB:
            raise Found(f"the server has grown to {peak_mb(self.ground.server.pid):.0f} MB")

    def close(self) -> list[str]:
        """Ends everything; what is wrong in the end."""
        wrong = []
        try:
            with contextlib.suppress(OSError):
                self.look()
            if self.outside.read_text() != CANARY:
                wrong.append("a file outside the root was changed")
            self.ground.server.stop()
            words = [
                sys.executable,
                "-m",
                "webipy.start",
                "journal",
                "verify",
                "--state",
                str(self.ground.server.state),
            ]
            verified = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
            if verified.returncode:
                wrong.append(f"journal verify: {verified.stdout[-2000:]}{verified.stderr[-2000:]}")
        except Found as found:
            wrong.append(str(found))
        finally:
            self.ground.close()
        return wrong


def _is_answered(body: bytes) -> bool:
    """Whether a message gets one answer on a WebSocket: no notification, no batch, no text that is no UTF-8."""
    try:
        told = read(body.decode("utf-8"))
    except UnicodeDecodeError:
        return False
    except (ValueError, RecursionError):
        return True  # with a failure
    return isinstance(told, dict) and "id" in told


def known_by(call: Any, shared: str) -> Known:
    """The ids and names that a server has, as its owner sees them.

    Args:
        call: Makes a call as the owner.
        shared: The session that guests came into.
    """

    def told(method: str, field: str, **params: object) -> list[dict[str, Any]]:
        try:
            return list(call(method, **params)[field])
        except (Refused, LiveRefused):
            return []

    cells = [str(cell["id"]) for cell in told("cell.list", "cells", session=shared)]
    while len(cells) < 3:
        cells.append(str(call("cell.insert", session=shared, source="print(1)\U0001f4a5\n" * 3)["cell"]))
    others = [str(session["id"]) for session in told("session.list", "sessions") if session["id"] != shared]
    events = told("session.events", "events", session=shared, since=0, limit=10_000)
    executions = [str(event["execution"]) for event in events if event.get("execution")][-5:] or ["none"]
    links = told("share.list", "shares", session=shared)
    shares = [str(share["id"]) for share in links if not share["guests"]][:1] or [
        "none"
    ]  # the guests keep their rights
    return {
        "session": [shared] * 8 + others[:2] + ["none"],
        "cell": cells[:6],
        "after": cells[:6],
        "execution": executions,
        "before": executions,
        "share": shares,
        "path": PATHS,
        "to": ("new.ipynb", "folder/new.txt", "x/y"),
        "cwd": ("", "folder", "nowhere"),
        "kernelspec": ("python3", "nope"),
        "code": ("1", "print('x')", "import os", "def f(:", ""),
        "id": ("new1", *executions[:1], *cells[:1]),
        "address": ("/files/a.ipynb", "/exports/x/y.html"),
        "msg_type": ("debug_request", "usage_request"),
        "connection": ("/nonexistent/kernel.json",),
    }
