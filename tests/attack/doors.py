"""Attacks at the door: who gets in, from where, how often they may try, and what a stranger can make of HTTP itself.

A page of another site, another server of this machine that gets the browser's cookies, a name that points here, a stranger who guesses, a proxy
in front that reads a request otherwise than we do.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import secrets
import socket
import threading
import time
from collections.abc import Iterator, Sequence

from tests.attack import Attack, Held
from tests.attack.ground import Answer, Ground, NotLetIn, Who
from tests.blocking_websocket import Closed
from tests.live import Refused

EVIL_ORIGINS = ("null", "http://evil.example", "https://127.0.0.1", "http://127.0.0.1.evil.example", "file://", "")
EVIL_HOSTS = ("evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "2130706433", "", "127.0.0.1 evil")
CALL = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "session.get", "params": {"session": "x"}}).encode()
WRONG_TRIES = 10_000
IN_WITHIN_S = 2.0
ENDS_WITHIN_S = 1.0

ROUTES = ("/", "/s/x", "/nowhere", "/static/none.js", "/frame", "/login", "/invitation", "/logout", "/share", "/rpc", "/rpc/openrpc.json",
          "/healthz", "/metrics", "/exports/x/y", "/files/", "/files/none", "/outputs/x/y/0")  # fmt: skip
PROMISED_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'",
}


def told(found: Sequence[int]) -> str:
    """Statuses and how often each came."""
    return ", ".join(f"{found.count(status)} x {status}" for status in sorted(set(found)))


def handshake(ground: Ground, who: Who, **headers: str) -> int:
    """The status of a WebSocket handshake; 101 is one that let in and answered a call."""
    try:
        wire = ground.wire(who, **headers)
    except NotLetIn as refused:
        return refused.status
    try:
        wire.send("session.list")
        wire.receive()
        return 101
    except Closed:
        return 401
    finally:
        wire.close()


def other_names(ground: Ground) -> Held:
    """DNS rebinding: our address under a name that is not ours, with the owner's token, over HTTP and WebSocket."""
    found = []
    for host in EVIL_HOSTS:
        headers = {**ground.owner.headers, "Host": host}
        found.append(ground.http("GET", "/", headers=headers).status)
        found.append(ground.post(Who("owner", headers), CALL).status)
        found.append(handshake(ground, ground.owner, Host=host))
    return Held(all(status in (400, 421) for status in found), f"{len(EVIL_HOSTS)} foreign Hosts: {told(found)}")


def other_origins(ground: Ground) -> Held:
    """A page of another site uses a guest's credentials: calls, handshakes, forms."""
    found = []
    for origin in EVIL_ORIGINS:
        who = Who("victim", {**ground.runner.headers, "Origin": origin})
        found.append(ground.post(who, CALL).status)
        form = {**who.headers, "Content-Type": "text/plain"}
        found.append(ground.http("POST", "/rpc", CALL, form).status)
        found.append(ground.http("GET", "/metrics", headers={**who.headers, "Sec-Fetch-Site": "cross-site"}).status)
        found.append(handshake(ground, who))
    ok = all(status in (400, 401, 403) for status in found)
    return Held(ok, f"{len(EVIL_ORIGINS)} foreign Origins, 4 ways each: {told(found)}")


def signed_in_owner(ground: Ground) -> Who:
    """The owner in a browser."""
    url = str(ground.call(ground.owner, "server.launch_code")["url"])
    return ground.signed_in({"code": url.rpartition("#code=")[2]}, "browser")


def stolen_cookie(ground: Ground) -> Held:
    """Another server of this machine gets the owner's cookie from the browser and sends it: no Origin, ours, over HTTP and WebSocket."""
    cookie = {"Cookie": signed_in_owner(ground).headers["Cookie"]}
    found = []
    for more in ({}, {"Origin": ground.origin}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}):
        thief = Who("thief", {**cookie, **more})
        found.append(ground.post(thief, CALL).status)
        found.append(ground.http("GET", "/files/x", headers=thief.headers).status)
        found.append(handshake(ground, thief))
    ok = all(status in (400, 401, 403) for status in found)
    return Held(ok, f"the cookie alone, 4 ways to HTTP, files and WebSocket: {told(found)}")


def planted_cookies(ground: Ground) -> Held:
    """Another port plants cookies of our name, before and behind the true one; the owner stays in."""
    owner = signed_in_owner(ground)
    own = owner.headers["Cookie"]
    name = own.partition("=")[0]
    found = []
    for line in (
        f"{name}=junk; {own}",
        f"{own}; {name}=junk",
        f"{name}=; {own}",
        f"webipy=junk; {own}",
        f'{name}="; {own}',
        f"{own}; a=\xff\x01",
    ):
        found.append(ground.post(Who("owner", {**owner.headers, "Cookie": line}), CALL).status)
    return Held(found == [200] * len(found), f"{len(found)} ways to plant cookies beside the true one: {told(found)}")


def two_servers(ground: Ground) -> Held:
    """Two servers on one host: a browser that signs in to the second stays signed in to the first."""
    other = Ground()
    try:
        here, there = signed_in_owner(ground), signed_in_owner(other)
        jar = dict(pair.split("=", 1) for who in (here, there) for pair in who.headers["Cookie"].split("; "))
        line = "; ".join(f"{name}={value}" for name, value in jar.items())
        found = [
            one.post(Who("browser", {**who.headers, "Cookie": line}), CALL).status
            for one, who in ((ground, here), (other, there))
        ]
        return Held(found == [200, 200], f"both cookies in one jar: {told(found)}")
    finally:
        other.close()


def wrong_tries(ground: Ground) -> Held:
    """10,000 wrong codes, tokens, links and bearers from one address; the honest one, from the same, is in at once."""
    url = str(ground.call(ground.owner, "server.launch_code")["url"])
    code = url.rpartition("#code=")[2]
    counts: list[int] = []
    threads = [threading.Thread(target=_guess, args=(ground, kind, counts)) for kind in range(4)]
    with ground.watched() as figures:
        for thread in threads:
            thread.start()
        while len(counts) < WRONG_TRIES // 4:
            time.sleep(0.01)
        began = time.monotonic()
        owner = ground.signed_in({"code": code}, "owner")
        seconds = time.monotonic() - began
        inside = ground.post(owner, CALL).status
        for thread in threads:
            thread.join()
    accepted = sum(status in (200, 204) for status in counts)
    late = max(0.0, seconds - figures.late_ms / 1000)
    felt = figures.held(f"{len(counts)} wrong tries ({told(counts)}); the honest one was in after {seconds:.2f} s")
    return Held(felt.ok and late <= IN_WITHIN_S and inside == 200 and accepted == 0, felt.words)


def _guess(ground: Ground, kind: int, counts: list[int]) -> None:
    forms = [{"code": "x" * 43}, {"token": "x" * 43}, {"share": "x" * 43, "name": "n"}]
    body = json.dumps(forms[kind]).encode() if kind < 3 else CALL
    path, more = ("/login", "") if kind < 3 else ("/rpc", "Authorization: Bearer " + "x" * 43 + "\r\n")
    lines = f"Host: 127.0.0.1:{ground.server.port}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    message = f"POST {path} HTTP/1.1\r\n{lines}".encode() + body
    for _ in range(WRONG_TRIES // 4 // 50):
        with ground.raw() as line, line.makefile("rb") as answers:
            line.sendall(message * 50)
            for _ in range(50):
                try:
                    status = answers.readline().split()
                except ConnectionError:
                    status = []
                if len(status) < 2:
                    break
                counts.append(int(status[1]))
                size = 0
                while (header := answers.readline()) not in (b"\r\n", b""):
                    if header.lower().startswith(b"content-length:"):
                        size = int(header.split(b":")[1])
                answers.read(size)


def used_code(ground: Ground) -> Held:
    """A code works once, also when two use it at the same moment."""
    url = str(ground.call(ground.owner, "server.launch_code")["url"])
    form = json.dumps({"code": url.rpartition("#code=")[2]}).encode()
    found: list[int] = []

    def use() -> None:
        found.append(
            ground.http("POST", "/login", form, {"Content-Type": "application/json", "Origin": ground.origin}).status
        )

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ok = sum(status in (200, 204) for status in found) == 1
    return Held(ok, f"one code, 8 browsers at once: {told(found)}")


def ended_login(ground: Ground) -> Held:
    """A login is ended: its WebSocket, an answer it waits for, and its next call."""
    browser = signed_in_owner(ground)
    (login,) = ground.call(ground.owner, "login.list")["logins"]
    wire = ground.wire(browser)
    wire.call("session.get", session=ground.session)
    waited: list[float] = []

    def wait() -> None:
        body = {"session": ground.session, "since": 10**6, "wait_s": 20}
        with contextlib.suppress(OSError, http.client.HTTPException, Refused, ValueError):
            ground.call(browser, "session.events", **body)
        waited.append(time.monotonic())

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.5)  # until it waits; were it too late, it would be refused, which is no worse
    began = time.monotonic()
    ground.call(ground.owner, "login.revoke", id=login["id"])
    code: int | None = None
    try:
        while True:
            wire.receive()
    except Closed as closed:
        code, seconds = closed.code, time.monotonic() - began
    wire.close()
    waiting.join()
    after = ground.post(browser, CALL).status
    slow = max(seconds, waited[0] - began)
    ok = code == 4401 and after == 401 and slow < ENDS_WITHIN_S
    return Held(ok, f"closed with {code}, everything of it ended within {slow:.2f} s, the next call gets {after}")


def changed_token(ground: Ground) -> Held:
    """The token is exchanged and the server started again: what the old one let in is out."""
    browser = signed_in_owner(ground)
    before = ground.post(browser, CALL).status
    ground.server.stop()
    new = secrets.token_urlsafe(32)
    (ground.server.state / "token").write_text(new)
    port = str(ground.server.port)
    ground.server.start("--port", port)
    found = [ground.post(who, CALL).status for who in (browser, ground.owner)]
    now = ground.post(Who("owner", {"Authorization": f"Bearer {new}"}), CALL).status
    return Held(
        before == now == 200 and found == [401, 401],
        f"cookie and old token after the change: {told(found)}; the new token: {now}",
    )


def tickets(ground: Ground) -> Held:
    """The ticket in an address is used elsewhere: for another path, by another login, without one, to write."""
    (ground.server.root / "a.txt").write_text("a")
    (ground.server.root / "b.txt").write_text("b")
    mine, other = signed_in_owner(ground), signed_in_owner(ground)
    address = str(ground.call(mine, "ticket.make", address="/files/a.txt")["address"])
    query = address.partition("?")[2]
    cookie, others = ({"Cookie": who.headers["Cookie"]} for who in (mine, other))
    right = ground.http("GET", address, headers=cookie).status
    found = [
        ground.http("GET", f"/files/b.txt?{query}", headers=cookie).status,
        ground.http("GET", f"/files/a.txt/../b.txt?{query}", headers=cookie).status,
        ground.http("GET", f"/outputs/x/y/0?{query}", headers=cookie).status,
        ground.http("GET", f"/metrics?{query}", headers=cookie).status,
        ground.http("GET", address).status,
        ground.http("GET", address, headers=others).status,
        ground.http("GET", address, headers={**cookie, "Origin": "http://127.0.0.1:1"}).status,
        ground.http("PUT", address, b"x", {**cookie, "Origin": ground.origin}).status,
        ground.http(
            "POST", f"/rpc?{query}", CALL, {**cookie, "Content-Type": "application/json", "Origin": ground.origin}
        ).status,
    ]
    ok = (
        right == 200
        and all(status in (400, 401, 403, 404) for status in found)
        and (ground.server.root / "a.txt").read_text() == "a"
    )
    return Held(ok, f"used rightly: {right}; 9 ways wrongly: {told(found)}")


def headers(ground: Ground) -> Held:
    """Every address, right and wrong, by every verb: the headers that keep pages apart are on each answer."""
    missing, number = [], 0
    for path in ROUTES:
        for verb in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"):
            answer = ground.http(verb, path, b"" if verb in ("POST", "PUT") else None)
            number += 1
            missing += [
                f"{verb} {path} {name}" for name, value in PROMISED_HEADERS.items() if not _has(answer, name, value)
            ]
            if answer.headers.get("Access-Control-Allow-Origin") and not path.startswith("/static"):
                missing.append(f"{verb} {path} is shared with other origins")
            if answer.status >= 500:
                missing.append(f"{verb} {path} answers {answer.status}")
    return Held(
        not missing,
        f"{number} requests" + (f"; without: {', '.join(missing[:5])}" if missing else ", all headers on each"),
    )


def _has(answer: Answer, name: str, value: str) -> bool:
    return value in (answer.headers.get(name) or "")


def smuggling(ground: Ground) -> Held:
    """Requests that a proxy in front may read otherwise: each is refused, or is exactly one request."""
    wrong, number = [], 0
    for name, request in _smuggled(ground):
        number += 1
        with ground.raw() as line:
            with contextlib.suppress(OSError):  # it may be refused, and closed, before its end
                line.sendall(request)
                line.shutdown(socket.SHUT_WR)
            answer = _read_all(line)
        if answer.count(b"HTTP/1.1 ") > 1 or b"SMUGGLED" in answer or b"HTTP/1.1 5" in answer:
            wrong.append(name)
    return Held(
        not wrong,
        f"{number} malformed requests" + (f"; not held: {', '.join(wrong)}" if wrong else ", each at most one request"),
    )


def _smuggled(ground: Ground) -> Iterator[tuple[str, bytes]]:
    host = f"Host: 127.0.0.1:{ground.server.port}\r\n".encode()
    hidden = b"GET /rpc/SMUGGLED HTTP/1.1\r\n" + host + b"\r\n"
    head = b"POST /login HTTP/1.1\r\n" + host + b"Content-Type: application/json\r\n"
    yield "length and chunked", head + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden
    yield "chunked and length", head + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + hidden
    yield "two lengths", head + b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n" % len(hidden) + hidden
    yield "a list of lengths", head + b"Content-Length: 0, %d\r\n\r\n" % len(hidden) + hidden
    yield "a length with a sign", head + b"Content-Length: +0\r\n\r\n" + hidden
    yield "a length below nothing", head + b"Content-Length: -1\r\n\r\n" + hidden
    yield "a length with a space", head + b"Content-Length : 0\r\n\r\n" + hidden
    yield "an underlined length", head + b"Content-Length: 1_0\r\n\r\n" + hidden
    yield "xchunked", head + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + hidden
    yield "chunked twice", head + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" + hidden
    yield (
        "identity and chunked",
        head + b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden,
    )
    yield "a size of chunk that is no number", head + b"Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n" + hidden
    yield "a size of chunk with a sign", head + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n" + hidden
    yield "an endless size of chunk", head + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 5000
    yield "a folded header", b"GET / HTTP/1.1\r\n" + host + b"X: a\r\n b\r\nContent-Length: 0\r\n bad\r\n\r\n"
    yield "a header without a name", b"GET / HTTP/1.1\r\n" + host + b": x\r\n\r\n"
    yield "a header with NUL", b"GET / HTTP/1.1\r\n" + host + b"X: a\0b\r\n\r\n"
    yield "two hosts", b"GET / HTTP/1.1\r\n" + host + b"Host: evil.example\r\n\r\n"
    yield "many headers", b"GET / HTTP/1.1\r\n" + host + b"X: y\r\n" * 2000 + b"\r\n"
    yield "a long header", b"GET / HTTP/1.1\r\n" + host + b"X: " + b"y" * 200_000 + b"\r\n\r\n"
    yield "a long address", b"GET /" + b"y" * 200_000 + b" HTTP/1.1\r\n" + host + b"\r\n"
    yield "another protocol", b"GET / HTTP/9.9\r\n" + host + b"\r\n"
    yield "no protocol", b"GET /\r\n\r\n"
    yield "a whole address of another host", b"GET http://evil.example/ HTTP/1.1\r\n" + host + b"\r\n"
    yield "line feeds only", b"GET / HTTP/1.1\n" + host.replace(b"\r\n", b"\n") + b"\n"


def _read_all(line: socket.socket) -> bytes:
    line.settimeout(5)
    answer = b""
    try:
        while len(answer) < 1_000_000 and (piece := line.recv(65536)):
            answer += piece
    except OSError:
        pass  # closed, or kept open without another word
    return answer


def bodies_of_strangers(ground: Ground) -> Held:
    """A stranger, and each guest, announces 10 GB to each address: refused before it is read."""
    found, waited = [], 0
    for who in (ground.stranger, *ground.guests):
        for verb, path in (("PUT", "/files/x"), ("POST", "/rpc"), ("POST", "/login")):
            lines = [
                f"{verb} {path} HTTP/1.1",
                f"Host: 127.0.0.1:{ground.server.port}",
                f"Content-Length: {10**10}",
                "Content-Type: application/json",
            ]
            lines += [f"{name}: {value}" for name, value in who.headers.items()]
            with ground.raw() as line:
                line.settimeout(5)
                line.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
                try:
                    found.append(int((line.recv(4096).split() or [b"", b"0"])[1]))
                except TimeoutError:
                    waited += 1
    ok = not waited and all(status in (401, 403, 413) for status in found)
    return Held(
        ok,
        f"10 GB announced {len(found) + waited} times: {told(found)}"
        + (f", {waited} were waited for" if waited else ""),
    )


JUPYTER_ROUTES = (
    "/api/status",
    "/api/kernelspecs",
    "/api/kernels",
    "/api/sessions",
    "/api/kernels/x/channels",
    "/kernelspecs/python3/kernel.js",
)


def address_tokens(ground: Ground) -> Held:
    """The token in an address where it does not count, a wrong one where it does, a guest, a cookie without its key; and what the log has."""
    token = ground.server.token
    elsewhere = [
        ground.http("GET", f"{path}?token={token}").status for path in ("/metrics", "/files/x", "/outputs/x/y")
    ]
    browser = {"Cookie": signed_in_owner(ground).headers["Cookie"]}
    wrong = []
    for path in JUPYTER_ROUTES:
        for query in ("", "?token=", "?token=wrong", f"?token={token[:-1]}", f"?Token={token}"):
            wrong.append(ground.http("GET", path + query).status)
        wrong += [ground.http("GET", path, headers=headers).status for headers in (browser, ground.runner.headers)]
    refused = [ground.http("GET", f"/token/{token}{path}").status for path in ("/api/status", "/rpc", "")]
    is_logged = token in ground.server.log
    ok = set(elsewhere) <= {401, 403} and set(wrong) <= {403, 429} and set(refused) == {404} and not is_logged
    log = "is" if is_logged else "is not"
    return Held(
        ok,
        f"elsewhere {told(elsewhere)}; wrong {told(wrong)}; below /token {told(refused)}; the token {log} in the log",
    )


def attacks() -> list[Attack]:
    """The attacks of this module."""
    return [
        Attack("door-address-tokens", "the token in an address is used elsewhere, or logged", address_tokens),
        Attack("door-other-names", "a name that an attacker points at this machine (DNS rebinding)", other_names),
        Attack("door-other-origins", "another site's page uses the credentials of a browser", other_origins),
        Attack("door-stolen-cookie", "another server of this machine gets the cookie from the browser", stolen_cookie),
        Attack("door-planted-cookies", "another server of this machine plants cookies", planted_cookies),
        Attack("door-two-servers", "two servers on one host sign each other out", two_servers),
        Attack("door-wrong-tries", "a stranger guesses, so that nobody else gets in", wrong_tries, limit_s=180),
        Attack("door-used-code", "a sign-in code is used twice", used_code),
        Attack("door-ended-login", "a login that was ended goes on", ended_login),
        Attack("door-changed-token", "what an old token let in stays in", changed_token),
        Attack("door-tickets", "the ticket in an address is used elsewhere", tickets),
        Attack("door-headers", "a page frames, reads or sniffs what is ours", headers),
        Attack("door-smuggling", "a request hides in another one", smuggling, limit_s=180),
        Attack("door-bodies", "a stranger fills the disk or the memory with a body", bodies_of_strangers, limit_s=120),
    ]
