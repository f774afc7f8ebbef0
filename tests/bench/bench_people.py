"""Many people: what it costs to let them in, to have them there, to ask whether they may, and to let all of them work in one notebook.

A hundred people with accounts sign in as browsers do, each with a password of their own, and open a WebSocket each. Then all are in one notebook:
first one types and the others watch, then all type at once, five keys a second each, as their pages send it: the keys of 60 ms together, the next
ones after the answer, their cursor at most every 100 ms. What is measured is the time from the call that carries an edit to its event at each of
the hundred.

`python -m tests.bench.bench_people 20` for another number of people.
"""

from __future__ import annotations

import http.client
import io
import json
import re
import selectors
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import attrs
from twisted.internet.defer import Deferred

from tests.account_clients import sign_in as sign_in_here
from tests.bench.stack import Client, Server, percentile_ms, table
from tests.blocking_websocket import FIN, PING, PONG, TEXT
from tests.fakes import make_rig
from tests.live import Connection, Json, rss_mb
from webipy.core.api import cell_calls
from webipy.core.api.grants import Grant, account_whom, group_whom
from webipy.io.machine import now
from webipy.server.methods.api import METHODS

PEOPLE = int(sys.argv[1]) if len(sys.argv) > 1 else 100
NOTEBOOK = "class.ipynb"
PASSWORD = "nine green lamps"
KEYS_A_SECOND = 5.0
GATHER_S, CURSOR_S = 0.06, 0.1
TYPING_S = 10.0
LATEST_S = 10.0
"""How long after the last key it is waited for what has not come."""

LOGINS_ALONE = 10
CHECKS = 1_000
CHECK_ROUNDS = 15

Rows = list[tuple[str, str, str]]
_EDIT = re.compile(rb'"cell":"([^"]+)","version":(\d+)')
_REPLY = re.compile(rb'^\{"jsonrpc":"2.0","id":(\d+),"(result|error)"')


# ---- letting them in


def notebook(cells: list[str]) -> Json:
    """A notebook with empty cells of these ids."""
    empty: Json = {"cell_type": "code", "metadata": {}, "execution_count": None, "source": "", "outputs": []}
    return {"cells": [{**empty, "id": cell} for cell in cells], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def reactor_seconds(server: Server) -> float:
    """CPU time of the thread that the reactor runs in, so far."""
    return int(Path(f"/proc/{server.pid}/task/{server.pid}/schedstat").read_text().split()[0]) / 1e9


def sign_in(server: Server, name: str) -> dict[str, str]:
    """Signs a browser in; gives what its page sends with a WebSocket from then on."""
    body = json.dumps({"account": name, "password": f"lamps of {name[::-1]}", "stay": True}).encode()
    line = http.client.HTTPConnection("127.0.0.1", server.port)
    line.request("POST", "/login", body, {"Content-Type": "application/json", "Origin": server.origin})
    answer = line.getresponse()
    found, cookie = json.loads(answer.read()), answer.headers["set-cookie"].partition(";")[0]
    line.close()
    return {"Cookie": cookie, "Origin": server.origin, "Sec-WebSocket-Protocol": f"webipy, key.{found['key']}"}


@attrs.define(eq=False)
class _Bystander:
    """Somebody who asks for something small all the time while others sign in."""

    server: Server
    taken: list[float] = attrs.field(factory=list)

    def ask_until(self, is_over: Any) -> None:
        """Asks until something is over."""
        client = Client(self.server)
        while not is_over():
            began = time.perf_counter()
            client.call("server.info")
            self.taken.append(time.perf_counter() - began)
            time.sleep(0.005)
        client.socket.close()


def letting_in(server: Server) -> tuple[Rows, list[dict[str, str]]]:
    """Sign-ins, one after the other and then all others at once, with somebody beside who asks for something small."""
    owner = Client(server)
    names = [f"u{number:03}" for number in range(PEOPLE)]
    for name in names:
        owner.call("user.add", name=name, display_name=f"Person {name}", password=f"lamps of {name[::-1]}")
    sign_in(server, names[0])
    wall, cpu = [], []
    for name in names[:LOGINS_ALONE]:
        before, began = reactor_seconds(server), time.perf_counter()
        sign_in(server, name)
        wall.append(time.perf_counter() - began)
        cpu.append(reactor_seconds(server) - before)
    beside = _Bystander(server)
    with ThreadPoolExecutor(11) as threads:
        began, turns = time.perf_counter(), server.turns()
        entering = [threads.submit(sign_in, server, name) for name in names]
        watching = threads.submit(beside.ask_until, lambda: all(one.done() for one in entering))
        who = [one.result() for one in entering]
        seconds = time.perf_counter() - began
        watching.result()
    after = server.turns()
    late = (after["+Inf"] - turns["+Inf"]) - (after["0.02"] - turns["0.02"])
    owner.socket.close()
    rows = [
        ("a sign-in with a password: reactor time, ms", f"{statistics.median(cpu) * 1000:.1f}", "<= 100"),
        ("  until it is answered, ms", f"{statistics.median(wall) * 1000:.0f}", ""),
        (f"{PEOPLE} sign-ins, ten at a time, s", f"{seconds:.1f}", ""),
        (
            "  a small call of somebody else meanwhile, p50 / p95, ms",
            f"{percentile_ms(beside.taken, 50):.1f} / {percentile_ms(beside.taken, 95):.1f}",
            "p95 < 20",
        ),
        ("  ticks of the reactor over 20 ms late", f"{late:.0f} of {after['+Inf'] - turns['+Inf']:.0f}", "0"),
    ]
    return rows, who


# ---- having them there


def being_there(server: Server, who: list[dict[str, str]], before: float) -> tuple[Rows, list[Connection]]:
    """All of them with their page open at their files."""
    settled = rss_mb(server.pid)
    pages = [Connection(server.port, headers) for headers in who]
    for page in pages:
        page.call("server.info")
        page.call("account.get")
        page.call("right.mine")
        page.call("session.list")
        page.call("notification.listen")
    time.sleep(2)
    cpu, began = server.cpu_seconds(), time.perf_counter()
    time.sleep(3)
    idle = (server.cpu_seconds() - cpu) / (time.perf_counter() - began)
    memory = rss_mb(server.pid)
    rows = [
        ("memory of the server with nobody, MB", f"{before:.1f}", ""),
        (f"  after {PEOPLE} sign-ins, MB", f"{settled:.1f}", ""),
        (f"  with {PEOPLE} people signed in and idle, MB", f"{memory:.1f}", "<= 200"),
        ("  each of them, kB", f"{(memory - settled) * 1024 / PEOPLE:.1f}", ""),
        ("  CPU of the server meanwhile, of one core", f"{idle:.1%}", "< 1 %"),
    ]
    return rows, pages


# ---- asking whether they may


def checking() -> Rows:
    """One check of a call, all of it: the login, the right at the path of the session, the places in the params. In the process of this measurement,
    with ten thousand grants, a path of eight parts and somebody in twenty groups.
    """
    rig = make_rig()
    rig.disk.launcher.has_any_folder = True
    services = rig.services
    services.people.logins.now = services.people.accounts.now = now
    groups = [f"g{number}" for number in range(20)]
    rig.me.call("user.add", name="ada", password=PASSWORD, groups=groups)
    path = "shared/a/b/c/d/e/f19/class.ipynb"
    rig.disk.files.put(path, json.dumps(notebook(["c1"])).encode())
    session = rig.me.call("session.create", path=path)["id"]
    grants = [Grant(f"people/p{n}", account_whom(str(n)), "own", "", now()) for n in range(9000)]
    grants += [Grant(f"shared/a/b/c/d/e/f{n}", group_whom(f"g{n}"), "write", "", now()) for n in range(999)]
    rig.wait(Deferred.fromCoroutine(services.rights.change(grants, [])))
    who = sign_in_here(rig, "ada", PASSWORD).connection.principal
    edit = cell_calls.EditCell(session=session, cell="c1", version=0, changes=[[[0, "x"]]], client="p")
    assert who is not None
    method, check, refresh = METHODS["cell.edit"], rig.api._check, services.logins.refresh

    def whole() -> None:
        check(method, edit, refresh(who))

    right = best_us(lambda: services.rights.grants.verb_at(who, path))
    return [
        ("a check of a member's call, us", f"{best_us(whole):.1f}", "< 20"),
        ("  the right at the path, of that", f"{right:.1f}", "< 10"),
    ]


def best_us(call: Callable[[], object]) -> float:
    """Microseconds of a call, in the best of some rounds: the others were disturbed."""
    rounds = []
    for _ in range(CHECK_ROUNDS):
        began = time.perf_counter()
        for _ in range(CHECKS):
            call()
        rounds.append((time.perf_counter() - began) / CHECKS * 1e6)
    return min(rounds)


# ---- all in one notebook


@attrs.define(eq=False)
class _Person:
    """A page in the notebook: bytes in, calls out, and never a wait for an answer."""

    page: Connection
    session: str
    cell: str
    keys: float = 0.0
    """Keys a second; 0 for who only watches."""
    next_key: float = 0.0
    version: int = 0
    length: int = 0
    waiting: int = 0
    """Keys that were typed and are not sent."""
    gathered_from: float = 0.0
    in_flight: int = 0
    """The id of the edit that is under way; 0: none."""
    cursor_sent: float = 0.0
    received: int = 0
    _buffer: bytearray = attrs.field(factory=bytearray)

    def messages(self) -> Iterator[bytes]:
        """The messages that have come."""
        data = cast(io.BufferedReader, self.page.file).read1(1 << 18)
        self.received += len(data)
        self._buffer += data
        at = 0
        while len(self._buffer) - at >= 2:
            size, start = self._buffer[at + 1], at + 2
            if size >= 126:
                wide = 2 if size == 126 else 8
                size, start = int.from_bytes(self._buffer[start : start + wide], "big"), start + wide
            if len(self._buffer) < start + size:
                break
            body, kind = bytes(self._buffer[start : start + size]), self._buffer[at] & 15
            at = start + size
            if kind == PING:  # who does not answer is taken for gone after 20 s
                self.page.frame(FIN | PONG, body)
            elif kind == TEXT:
                yield body
        del self._buffer[:at]

    def type(self, until: float) -> float | None:
        """Types the keys that are due, and sends what may be sent; gives when it has sent an edit."""
        while self.keys and self.next_key <= until:
            self.gathered_from = self.gathered_from if self.waiting else self.next_key
            self.waiting += 1
            self.next_key += 1 / self.keys
        if not self.waiting or self.in_flight or until < self.gathered_from + GATHER_S:
            return None
        keys = range(self.length, self.length + self.waiting)
        changes = [[at, [0, "x"]] if at else [[0, "x"]] for at in keys]
        place = {"session": self.session, "cell": self.cell}
        sent = time.perf_counter()
        self.in_flight = self.page.send("cell.edit", **place, version=self.version, changes=changes, client="p")
        self.version, self.length, self.waiting = self.version + len(keys), self.length + len(keys), 0
        if until >= self.cursor_sent + CURSOR_S:
            self.cursor_sent = until
            at = {"anchor": self.length, "head": self.length, "version": self.version}
            self.page.send("presence.set", **place, selection=at)
        return sent


class _Class:
    """All of them in one notebook, some of them typing.

    Args:
        people: Who is there.
    """

    def __init__(self, people: list[_Person]) -> None:
        self.people = people
        self.sent: dict[tuple[bytes, int], float] = {}
        """When edits were sent, by cell and version."""
        self.taken: list[float] = []
        self.presences = 0
        for one in people:
            cells = one.page.call("cell.list", session=one.session)["cells"]
            mine = next(cell for cell in cells if cell["id"] == one.cell)
            one.version, one.length = mine["version"], len(mine["source"])

    def work(self, seconds: float) -> None:
        """Types for some time, and reads until everything has come to everybody."""
        began = time.perf_counter()
        typing = [one for one in self.people if one.keys]
        for number, one in enumerate(typing):
            one.next_key = began + number / len(typing) / one.keys
        with selectors.DefaultSelector() as poll:
            for one in self.people:
                poll.register(one.page.socket, selectors.EVENT_READ, one)
            while (now_s := time.perf_counter()) < began + seconds or not self._is_over(now_s - began - seconds):
                for one in typing:
                    sent = one.type(min(now_s, began + seconds))
                    if sent is not None:
                        self.sent[(one.cell.encode(), one.version)] = sent
                for key, _ in poll.select(0.005):
                    self._read(key.data)

    def _is_over(self, late_s: float) -> bool:
        is_sent = not any(one.waiting for one in self.people)
        return (is_sent and len(self.taken) >= len(self.sent) * len(self.people)) or late_s > LATEST_S

    def _read(self, one: _Person) -> None:
        for body in one.messages():
            came, reply = time.perf_counter(), _REPLY.match(body)
            if reply is not None:
                assert reply[2] == b"result", body
                one.in_flight = 0 if int(reply[1]) == one.in_flight else one.in_flight
            elif b'"method":"events"' in body[:60]:
                for found in _EDIT.finditer(body):
                    sent = self.sent.get((found[1], int(found[2])))
                    if sent is not None:
                        self.taken.append(came - sent)
            else:
                self.presences += 1


def together(server: Server, people: list[_Person], typing: int) -> Rows:
    """Some of them type for a while, five keys a second each."""
    for number, one in enumerate(people):
        one.keys, one.received = KEYS_A_SECOND if number < typing else 0.0, 0
    group = _Class(people)
    cpu, before, own, began = server.cpu_seconds(), server.turns(), time.process_time(), time.perf_counter()
    group.work(TYPING_S)
    seconds, own = time.perf_counter() - began, time.process_time() - own
    cpu, after = server.cpu_seconds() - cpu, server.turns()
    taken, edits = group.taken, len(group.sent)
    late = (after["+Inf"] - before["+Inf"]) - (after["0.02"] - before["0.02"])
    title = "all type" if typing == len(people) else f"{typing} types, the others watch"
    each_kb = sum(one.received for one in people) / len(people) / seconds / 1000
    return [
        (f"{len(people)} in one notebook, {title}: edits/s", f"{edits / TYPING_S:.0f}", ""),
        ("  came to everybody", f"{len(taken)} of {edits * len(people)}", "all"),
        (
            "  from the call to everybody, p50 / p95 / worst, ms",
            f"{percentile_ms(taken, 50):.0f} / {percentile_ms(taken, 95):.0f} / {max(taken) * 1000:.0f}",
            "p95 < 200",
        ),
        ("  CPU of the server; of the measuring", f"{cpu / seconds:.0%}; {own / seconds:.0%}", "< 100 % of a core"),
        (
            "    for an edit and person, us",
            f"{cpu / edits / len(people) * 1e6:.1f}",
            "< 20" if typing == len(people) else "",
        ),
        ("  ticks of the reactor over 20 ms late", f"{late:.0f} of {after['+Inf'] - before['+Inf']:.0f}", ""),
        ("  notifications of presence for each, 1/s", f"{group.presences / len(people) / seconds:.1f}", ""),
        ("  bytes for each, kB/s", f"{each_kb:.0f}", ""),
    ]


def in_one_notebook(server: Server, pages: list[Connection]) -> Rows:
    """They open it, one types, and all type."""
    names = [f"c{number}" for number in range(len(pages))]
    (server.root / NOTEBOOK).write_text(json.dumps(notebook(names)))
    session = server.call("session.create", path=NOTEBOOK)["id"]
    server.call("right.grant", path=NOTEBOOK, kind="everybody", whom="", verb="write")
    cpu, began = reactor_seconds(server), time.perf_counter()
    for page in pages:
        page.send("session.subscribe", session=session, since=None)
    for page in pages:
        page.call("session.get", session=session)
    joined, seconds = reactor_seconds(server) - cpu, time.perf_counter() - began
    people = [_Person(page, session, name) for page, name in zip(pages, names, strict=True)]
    rows = [(f"{len(pages)} open a notebook: reactor time / until all have it, s", f"{joined:.2f} / {seconds:.2f}", "")]
    rows += together(server, people, 1) + together(server, people, len(people))
    return [*rows, ("memory of the server then, MB", f"{rss_mb(server.pid):.1f}", "")]


def main() -> None:
    """Measures and prints."""
    server = Server()
    try:
        before = rss_mb(server.pid)
        rows, who = letting_in(server)
        table("Letting people in", rows)
        rows, pages = being_there(server, who, before)
        table("Having people there", rows)
        table("In one notebook", in_one_notebook(server, pages))
    finally:
        server.close()
    table("Asking whether they may", checking())


if __name__ == "__main__":
    main()
