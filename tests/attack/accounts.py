"""Attacks on accounts: which names there are, by words and time; a session that somebody else has begun; what a password, a role or an account let in
after it was changed; a guesser who would keep others out.
"""

from __future__ import annotations

import json
import statistics
import threading
import time

from tests.attack import Attack, Held
from tests.attack.doors import CALL, ENDS_WITHIN_S, told
from tests.attack.ground import Answer, Ground, Who
from tests.blocking_websocket import Closed
from tests.live import Refused

PASSWORD = "nine green lamps"
OTHER = "seven brown kettles"
LOOKS = 12
APART_S = 0.5
"""How far apart the middle times for names that there are and names that there are not may be: two threads of Argon2 on a busy machine."""

OWN = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "account.get"}).encode()


def add(ground: Ground, name: str, role: str = "member") -> None:
    """An account."""
    ground.call(ground.owner, "user.add", name=name, role=role, password=PASSWORD)


def attempt(ground: Ground, name: str, password: str) -> tuple[Answer, float]:
    """One attempt to sign in, and its seconds."""
    headers = {"Origin": ground.origin, "Content-Type": "application/json"}
    body = json.dumps({"account": name, "password": password}).encode()
    began = time.monotonic()
    answer = ground.http("POST", "/login", body, headers)
    return answer, time.monotonic() - began


def which_names(ground: Ground) -> Held:
    """A name with a password, one that is disabled, one without a password, and one that nobody has: words, and the middle of the times."""
    for name in ("ada", "bo"):
        add(ground, name)
    ground.call(ground.owner, "user.add", name="cy")
    ground.call(ground.owner, "user.set", user="bo", disabled=True)
    attempt(ground, "warm", OTHER)
    answers, times = set(), {}
    for name in ("ada", "bo", "cy", "nobody", "Zoë"):
        looked = [attempt(ground, name, OTHER) for _ in range(LOOKS // 2)]
        answers |= {(answer.status, answer.body) for answer, _ in looked}
        times[name] = statistics.median(seconds for _, seconds in looked)
    apart = max(times.values()) - min(times.values())
    shown = ", ".join(f"{name} {seconds * 1000:.0f} ms" for name, seconds in times.items())
    return Held(len(answers) == 1 and apart < APART_S, f"{len(answers)} kind of answer; {shown}")


def fixation(ground: Ground) -> Held:
    """The attacker plants their own login in the victim's browser; the victim signs in."""
    add(ground, "eve")
    add(ground, "ada")
    planted = ground.signed_in({"account": "eve", "password": PASSWORD}, "eve")
    headers = {**planted.headers, "Content-Type": "application/json"}
    answer = ground.http("POST", "/login", json.dumps({"account": "ada", "password": PASSWORD}).encode(), headers)
    cookie = (answer.headers["Set-Cookie"] or "").partition(";")[0]
    is_new = cookie not in planted.headers["Cookie"] and answer.json["key"] != planted.headers["X-Webipy-Key"]
    after = ground.post(planted, OWN)
    return Held(is_new and after.status == 401, f"new secrets: {is_new}; with what was planted: {after.status}")


def stale_cookie(ground: Ground) -> Held:
    """Whoever stole a login goes on after the password was changed, by its person or by an admin."""
    add(ground, "ada")
    found: list[int] = []
    password, new = PASSWORD, OTHER
    for by_admin in (False, True):
        stolen = ground.signed_in({"account": "ada", "password": password}, "thief")
        mine = ground.signed_in({"account": "ada", "password": password}, "ada")
        wire = ground.wire(stolen)
        if by_admin:
            ground.call(ground.owner, "user.set_password", user="ada", password=new)
        else:
            ground.call(mine, "account.change_password", old=password, new=new)
        found.append(_end_of(wire))
        found += [ground.post(stolen, OWN).status, ground.post(mine, OWN).status]
        password, new = new, password
    return Held(found == [4401, 401, 200, 4401, 401, 401], f"WebSocket, stolen login, own login; twice: {told(found)}")


def _end_of(wire: object) -> int:
    """The code that a WebSocket is closed with, when that happens soon."""
    began = time.monotonic()
    try:
        while time.monotonic() - began < ENDS_WITHIN_S * 5:
            wire.receive()  # type: ignore[attr-defined]  # a Wire
    except Closed as closed:
        return closed.code or 0
    return 0


def disabled_account(ground: Ground) -> Held:
    """An admin is disabled with a WebSocket open, a call under way, a command line and a script token; another becomes a member."""
    found: list[int] = []
    for change in ({"disabled": True}, {"role": "member"}):
        name = f"admin{len(found)}"
        add(ground, name, "admin")
        browser = ground.signed_in({"account": name, "password": PASSWORD}, name)
        wire = ground.wire(browser)
        token = Who("script", {"Authorization": f"Bearer {ground.call(browser, 'token.create', label='x')['token']}"})
        ground.call(ground.owner, "user.set", user=name, **change)
        found += [_end_of(wire), ground.post(browser, CALL).status]
        found.append(_may(ground, token))
    return Held(found == [4401, 401, 0, 4401, 401, 0], f"WebSocket, login, token; disabled and demoted: {found}")


def _may(ground: Ground, who: Who) -> int:
    """1 when somebody may list the accounts."""
    try:
        ground.call(who, "user.list")
    except (Refused, ValueError):
        return 0
    return 1


def guesser(ground: Ground) -> Held:
    """Eight at once guess the password of one account; its person signs in meanwhile, and so does somebody else."""
    add(ground, "ada")
    add(ground, "bo")
    is_over = threading.Event()
    counts: list[int] = []

    def guess() -> None:
        while not is_over.is_set():
            counts.append(attempt(ground, "ada", OTHER)[0].status)

    guessers = [threading.Thread(target=guess) for _ in range(8)]
    for one in guessers:
        one.start()
    try:
        while len(counts) < 15:
            time.sleep(0.05)
        waits = {}
        with ground.watched() as figures:
            for name in ("bo", "ada"):
                began = time.monotonic()
                while True:
                    answer, _ = attempt(ground, name, PASSWORD)
                    if answer.status == 200 or time.monotonic() - began > 30:
                        break
                    time.sleep(0.2)
                waits[name] = time.monotonic() - began
    finally:
        is_over.set()
        for one in guessers:
            one.join()
    shown = ", ".join(f"{name} is in after {seconds:.1f} s" for name, seconds in waits.items())
    held = figures.held(f"{len(counts)} guesses ({told(counts)}); {shown}")
    return Held(held.ok and all(seconds < 30 for seconds in waits.values()), held.words)


def huge_passwords(ground: Ground) -> Held:
    """Passwords of 10 MB, and an invitation with one."""
    add(ground, "ada")
    found: list[int] = []
    for form in ({"account": "ada"}, {"invite": "x"}):
        headers = {"Origin": ground.origin, "Content-Type": "application/json"}
        body = json.dumps({**form, "password": "x" * 10_000_000}).encode()
        try:
            found.append(ground.http("POST", "/login", body, headers).status)
        except OSError:
            found.append(413)  # the line was closed before all of it was sent
    with ground.watched() as figures:
        found.append(attempt(ground, "ada", "x" * 5000)[0].status)
    held = figures.held(told(found))
    return Held(held.ok and all(status in (400, 401, 413) for status in found), held.words)


def attacks() -> list[Attack]:
    """The attacks of this module."""
    return [
        Attack("account-names", "a stranger finds out which names there are", which_names, limit_s=120),
        Attack("account-fixation", "a login that somebody else has begun", fixation),
        Attack("account-stale-cookie", "a stolen login goes on after the password was changed", stale_cookie),
        Attack("account-disabled", "somebody who was disabled, or is no admin any more, goes on", disabled_account),
        Attack("account-guesser", "a guesser keeps the others out", guesser, limit_s=120),
        Attack("account-huge-password", "a password that is too large to be hashed", huge_passwords),
    ]
