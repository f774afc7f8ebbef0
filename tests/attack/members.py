"""Attacks by people with accounts, and on them: rights and roles that end under way, cookies and tokens of before, invitations, names, guests of
their links, the audit log, and pages of other origins.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.attack import Attack, Held
from tests.attack.accounts import OTHER, OWN, PASSWORD, add, attempt
from tests.attack.doors import CALL, EVIL_ORIGINS, told
from tests.attack.ground import Ground, NotLetIn, Who
from tests.attack.rights import SECRET
from tests.blocking_websocket import Closed
from tests.live import Refused, until

SOON_S = 10.0


def enter(ground: Ground, name: str, role: str = "member") -> Who:
    """Somebody who has an account and has just signed in."""
    add(ground, name, role)
    return again(ground, name)


def again(ground: Ground, name: str) -> Who:
    """Somebody who signs in to the account that they have."""
    who = ground.signed_in({"account": name, "password": PASSWORD}, name)
    ground.call(who, "right.mine")
    return who


def outcome(ground: Ground, who: Who, method: str, **params: object) -> str:
    """`ok`, or the name of the failure of a call."""
    try:
        ground.call(who, method, **params)
    except Refused as refused:
        return str(refused.name)
    except ValueError:
        return "no answer"
    return "ok"


def words(ground: Ground, who: Who, method: str, **params: object) -> str:
    """What somebody is told who calls something that fails."""
    try:
        ground.call(who, method, **params)
    except Refused as refused:
        return str(refused)
    return "ok"


def ending(wire: Any) -> int:
    """The code that a WebSocket is closed with soon; 0: it is not."""
    with contextlib.suppress(TimeoutError):
        try:
            while True:
                wire.receive(SOON_S)
        except Closed as closed:
            return closed.code or 0
    return 0


def token(ground: Ground, who: Who, **limits: object) -> Who:
    """A script with a new token of somebody."""
    made = ground.call(who, "token.create", label=f"t{time.monotonic_ns()}", **limits)["token"]
    return Who("script", {"Authorization": f"Bearer {made}"})


def invitation(ground: Ground, name: str) -> str:
    """The secret of a new invitation."""
    return str(ground.call(ground.owner, "user.invite", user=name)["url"]).rpartition("#invite=")[2]


def status_of(ground: Ground, form: dict[str, object], **headers: str) -> int:
    """What a sign-in is answered with."""
    sent = {"Origin": ground.origin, "Content-Type": "application/json", **headers}
    return ground.http("POST", "/login", json.dumps(form).encode(), sent).status


def judged(found: dict[str, object], expected: dict[str, object], what: str) -> Held:
    """Whether each part ended as it has to."""
    wrong = [f"{name}: {found.get(name)}" for name, wanted in expected.items() if found.get(name) != wanted]
    return Held(not wrong, f"{what}: {', '.join(wrong) if wrong else f'{len(expected)} ways held'}")


# ---- names


def more_names(ground: Ground) -> Held:
    """Who has no account asks by invitations, share dialogs and lists of people which accounts there are; the words are the same for all."""
    for name in ("ada", "bo"):
        add(ground, name)
    ground.call(ground.owner, "user.set", user="bo", disabled=True)
    ended = invitation(ground, "ada")
    invitation(ground, "ada")
    said = {
        ground.http("POST", path, json.dumps({"invite": secret, "password": OTHER}).encode(),
                    {"Origin": ground.origin, "Content-Type": "application/json"}).body
        for path in ("/login",)
        for secret in ("x" * 43, ended, "", ended[:-1] + "A")
    }  # fmt: skip
    asked = [
        ("right.people", {}),
        ("user.list", {}),
        ("user.invite", {"user": "ada"}),
        ("right.grant", {"session": ground.session, "whom": "ada", "verb": "read"}),
        ("right.list", {"session": ground.session}),
        ("audit.list", {}),
        ("login.list", {}),
    ]
    open_ones = [
        f"{who.name} {method}"
        for who in (ground.stranger, *ground.guests)
        for method, params in asked
        if outcome(ground, who, method, **params) not in ("not_permitted", "not_authenticated")
    ]
    member = enter(ground, "eve")
    ground.call(member, "file.write", path="people/eve/x.txt", content="x")
    same = {
        words(ground, member, method, path=f"people/{name}/x.txt").replace(name, "NAME")
        for name in ("ada", "bo", "nobody")
        for method in ("file.read", "file.stat")
    }
    ok = len(said) == 1 and not open_ones and len(same) == 1
    return Held(
        ok,
        f"{len(said)} kind of answer to invitations, {len(same)} to folders of others; open: {open_ones or 'nothing'}",
    )


def looks(ground: Ground) -> Held:
    """Names that are taken for `paul` or for whoever runs the server: other scripts, widths, invisible letters, marks of guests."""
    add(ground, "paul")
    owner = str(ground.call(ground.owner, "server.info")["owner"])
    tried = [
        "PAUL",
        "pau1",
        "paul ",
        " paul",
        "paul (guest)",
        "p\u0430ul",
        "\uff50\uff41\uff55\uff4c",
        "pa\u200bul",
        "paul\u202e",
    ]
    tried += ["pa\u00adul", "\u03c1aul"]
    made = [name for name in tried if outcome(ground, ground.owner, "user.add", name=name, password=PASSWORD) == "ok"]
    eve = enter(ground, "eve")
    shown = [name for name in [*tried, owner] if outcome(ground, eve, "account.rename", display_name=name) == "ok"]
    guests = []
    for name in ["paul", owner]:
        guest = ground.guest("read", name)
        guests.append(str(ground.call(guest, "server.info")["principal"]))
    marked = all(name.endswith("(guest)") for name in guests)
    kept = len({one["display_name"] for one in ground.call(ground.owner, "right.people")["people"]})
    return Held(
        not made and not shown and marked and kept == 2, f"taken: {made + shown or 'none'}; guests are called {guests}"
    )


# ---- what is of before


def stale(ground: Ground) -> Held:
    """A browser, a command line's code and a script token of before: removed, made anew under the name, another role, a restart."""
    found: dict[str, object] = {}
    ada = enter(ground, "ada")
    script, wire = token(ground, ada), ground.wire(ada)
    ground.call(ground.owner, "user.remove", user="ada")
    found["socket of a removed one"] = ending(wire)
    new = enter(ground, "ada")
    ground.call(new, "file.write", path=f"{ground.call(new, 'right.mine')['home']}/x.txt", content=SECRET)
    found["cookie of a removed one"] = ground.post(ada, OWN).status
    found["token of a removed one"] = ground.post(script, OWN).status
    root = enter(ground, "root", "admin")
    code = ground.call(root, "account.code")["code"]
    ground.call(ground.owner, "user.set", user="root", role="member")
    found["cookie of another role"] = ground.post(root, OWN).status
    body = json.dumps({"code": code}).encode()
    found["code of another role"] = ground.http("POST", "/login", body, {"Content-Type": "application/json"}).status
    bo = enter(ground, "bo")
    secret, code = invitation(ground, "bo"), ground.call(bo, "account.code")["code"]
    found["invitation"] = status_of(ground, {"invite": secret, "password": OTHER})
    found["cookie before an invitation"] = ground.post(bo, OWN).status
    body = json.dumps({"code": code}).encode()
    found["code before an invitation"] = ground.http(
        "POST", "/login", body, {"Content-Type": "application/json"}
    ).status
    cy = enter(ground, "cy")
    kept = token(ground, cy)
    ground.call(ground.owner, "user.set", user="cy", disabled=True)
    port = ground.server.port
    ground.server.stop()
    ground.server.start(f"--port={port}")
    found["cookie of a disabled one after a restart"] = ground.post(cy, OWN).status
    ground.call(ground.owner, "user.set", user="cy", disabled=False)
    found["cookie of one who is back"] = ground.post(cy, OWN).status
    found["token of one who is back"] = ground.post(kept, OWN).status
    found["cookie of the new one after a restart"] = ground.post(new, OWN).status
    expected: dict[str, object] = dict.fromkeys(found, 401)
    expected |= {"socket of a removed one": 4401, "invitation": 200, "cookie of the new one after a restart": 200}
    return judged(found, expected, "logins, codes and tokens of before")


def demoted(ground: Ground) -> Held:
    """An admin follows a terminal, a session and the people by a browser, a command line and a script token, and is a member from then on."""
    terminal = ground.call(ground.owner, "terminal.create")["id"]
    root = enter(ground, "root", "admin")
    script = token(ground, root)
    wires = {"browser": ground.wire(root), "token": ground.wire(script)}
    for wire in wires.values():
        wire.call("terminal.subscribe", terminal=terminal)
        wire.call("session.subscribe", session=ground.session)
    jupyter = ground.http("GET", "/api/status", headers=script.headers).status
    ground.call(ground.owner, "user.set", user="root", role="member")
    ground.call(ground.owner, "terminal.input", terminal=terminal, text=f"echo {SECRET}\r")
    found: dict[str, object] = {f"socket of the {name}": ending(wire) for name, wire in wires.items()}
    found |= {
        "jupyter before": jupyter,
        "jupyter": ground.http("GET", "/api/status", headers=script.headers).status,
        "token": outcome(ground, script, "user.list"),
        "terminals": outcome(ground, script, "terminal.resize", terminal=terminal, rows=9, cols=9),
    }
    ground.call(ground.owner, "terminal.close", terminal=terminal)
    expected: dict[str, object] = dict.fromkeys(found, "not_permitted")
    expected |= {"socket of the browser": 4401, "socket of the token": 4401, "jupyter before": 200, "jupyter": 403}
    return judged(found, expected, "what an admin of before goes on with")


def last_admin(ground: Ground) -> Held:
    """Two admins end each other's role at the same time, again and again: one stays."""
    left = []
    for number in range(10):
        names = [f"a{number}", f"b{number}"]
        admins = {name: enter(ground, name, "admin") for name in names}
        change: dict[str, object] = {"role": "member"} if number % 2 else {"disabled": True}
        gate = threading.Barrier(2)

        def attack(
            name: str,
            other: str,
            gate: threading.Barrier = gate,
            change: dict[str, object] = change,
            admins: dict[str, Who] = admins,
        ) -> None:
            gate.wait()
            outcome(ground, admins[name], "user.set", user=other, **change)

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(attack, names, reversed(names)))
        users = ground.call(ground.owner, "user.list")["users"]
        left.append(sum(one["role"] == "admin" and not one["disabled"] for one in users))
        for name in names:
            ground.call(ground.owner, "user.remove", user=name)
    return Held(min(left) >= 1, f"10 rounds, so many were left: {left}")


# ---- rights that end under way


def under_way(ground: Ground) -> Held:
    """A right is taken away, or an account disabled, while an upload, a waiting call, a socket and a ticket of it are on their way."""
    found: dict[str, object] = {}
    root = ground.server.root
    (root / "shared").mkdir()
    (root / "shared/x.txt").write_text(SECRET)
    session = str(ground.call(ground.owner, "session.create", path="shared/n.ipynb", create=True)["id"])
    ground.kernel(session)

    def give(whom: str) -> None:
        ground.call(ground.owner, "right.grant", path="shared", whom=whom, verb="execute")

    def take(whom: str) -> None:
        ground.call(ground.owner, "right.revoke", path="shared", whom=whom)

    ends: dict[str, Callable[[str], object]] = {
        "revoked": take,
        "disabled": lambda whom: ground.call(ground.owner, "user.set", user=whom, disabled=True),
        "removed": lambda whom: ground.call(ground.owner, "user.remove", user=whom),
    }
    for number, (how, end) in enumerate(ends.items()):
        name = f"ada{number}"
        ada = enter(ground, name)
        give(name)
        script = token(ground, ada)
        execution = f"e{number}"
        ground.call(ada, "execution.start", session=session, code="import time; time.sleep(60)", id=execution)
        wire = ground.wire(ada)
        wire.call("session.subscribe", session=session)
        address = str(ground.call(ada, "ticket.make", address="/files/shared/x.txt")["address"])
        lines = []
        for who in (ada, script):
            line = http.client.HTTPConnection("127.0.0.1", ground.server.port, timeout=60)
            line.putrequest("PUT", f"/files/shared/{how}-{who.name}.txt")
            for header, value in {**who.headers, "Content-Length": "6"}.items():
                line.putheader(header, value)
            line.endheaders(b"new")
            lines.append(line)
        with ThreadPoolExecutor(2) as pool:
            waits = [
                pool.submit(outcome, ground, who, "execution.wait", session=session, execution=execution, timeout_s=15)
                for who in (ada, script)
            ]
            time.sleep(0.3)  # until they wait; what comes too early is refused as well
            end(name)
            found[f"uploads when {how}"] = [rest_of(line) for line in lines]
            found[f"socket when {how}"] = ending(wire) > 0
            ground.call(ground.owner, "kernel.interrupt", session=session)
            found[f"calls when {how}"] = "ok" in [one.result() for one in waits]
        cookie = {"Cookie": ada.headers["Cookie"]}
        found[f"ticket when {how}"] = SECRET.encode() in ground.http("GET", address, headers=cookie).body
    made = sorted(path.name for path in (root / "shared").iterdir() if path.name not in ("x.txt", "n.ipynb"))
    found["files that came"] = [name for name in made if not name.startswith(".")]
    expected: dict[str, object] = {"files that came": []}
    for how in ends:
        expected |= {f"calls when {how}": False, f"socket when {how}": True, f"ticket when {how}": False}
        expected[f"uploads when {how}"] = ["refused", "refused"]
    return judged(found, expected, "what was under way when a right ended")


def rest_of(line: http.client.HTTPConnection) -> str:
    """Sends the rest of an upload; `refused`, or its status."""
    try:
        line.send(b"est")
        status = line.getresponse().status
    except (OSError, http.client.HTTPException):
        return "refused"
    finally:
        line.close()
    return "refused" if status in (401, 403, 404) else str(status)


# ---- tokens and invitations


def tokens_of_others(ground: Ground) -> Held:
    """A member with the id of another's token, and a token for a folder with links that lead out of it, makers, logins and exports."""
    ada, bob = enter(ground, "ada"), enter(ground, "bob")
    ground.call(bob, "file.write", path="people/bob/x.txt", content=SECRET)
    script = token(ground, bob)
    id = ground.call(bob, "token.list")["tokens"][0]["id"]
    (ground.server.root / "secret.txt").write_text(SECRET)
    (ground.server.root / "people/ada/lab").mkdir()
    for name, to in (("out", "../../../secret.txt"), ("up", "../../.."), ("bob", "../../bob")):
        os.symlink(to, ground.server.root / "people/ada/lab" / name)
    mine = token(ground, ada, folder="people/ada/lab")
    owners = token(ground, ground.owner, folder="people/ada/lab")
    told_of = []
    for who in (mine, owners):
        for path in ("out", "up/secret.txt", "bob/x.txt", "up/people/bob/x.txt", "../lab/out", "./out", "up"):
            whole = f"people/ada/lab/{path}"
            for method in ("file.read", "file.list", "file.stat", "table.read", "notebook.read", "session.create"):
                told_of.append(words(ground, who, method, path=whole))
            outcome(ground, who, "file.write", path=whole, content="written")
            outcome(ground, who, "file.copy", path=whole, to="people/ada/lab/copied")
            told_of.append(ground.http("GET", f"/files/{whole}", headers=who.headers).body.decode("utf-8", "replace"))
            told_of.append(
                ground.http("GET", f"/api/contents/{whole}", headers=who.headers).body.decode("utf-8", "replace")
            )
            ground.http("PUT", f"/files/{whole}", b"written", who.headers)
        told_of.append(ground.http("GET", "/files/people/ada/lab?zip=1", headers=who.headers).body.decode("latin-1"))
    export = ground.call(ground.owner, "notebook.export", session=ground.session, format="html")["url"]
    found: dict[str, object] = {
        "told of": sum(SECRET in one for one in told_of),
        "changed": (ground.server.root / "secret.txt").read_text() != SECRET,
        "copied": (ground.server.root / "people/ada/lab/copied").exists(),
        "revoke another's": outcome(ground, ada, "token.revoke", id=id),
        "it works on": ground.post(script, OWN).status,
        "list of all": outcome(ground, ada, "token.list", everybody=True),
        "export of another session": ground.http("GET", export, headers=owners.headers).status,
        "sign-in link": outcome(ground, token(ground, ground.owner), "server.launch_code"),
        "code of a token": outcome(ground, script, "account.code"),
        "wider token": outcome(
            ground, token(ground, ada, folder="people/ada/lab", methods=["token.*"]), "token.create", label="w"
        ),
        "folder of another": outcome(ground, ada, "token.create", label="x", folder="people/bob"),
        "folder by a link": outcome(ground, ada, "token.create", label="y", folder="people/ada/lab/bob"),
    }
    expected: dict[str, object] = {
        "told of": 0, "changed": False, "copied": False, "revoke another's": "not_found", "it works on": 200, "list of all": "not_permitted",
        "export of another session": 403, "sign-in link": "not_permitted", "code of a token": "not_permitted", "wider token": "not_permitted",
        "folder of another": "not_permitted", "folder by a link": "invalid_params",
    }  # fmt: skip
    return judged(found, expected, "tokens of others, and out of a folder")


def invitations(ground: Ground) -> Held:
    """Twenty use one invitation at the same moment, each with a password of their own; one is in, and no other password counts."""
    wrong = []
    for number in range(3):
        name = f"cy{number}"
        ground.call(ground.owner, "user.add", name=name)
        secret = invitation(ground, name)
        tried = [
            f"{word} green lamps {number}" for word in ("one", "two", "three", "four", "five", "six", "seven", "eight")
        ]
        gate = threading.Barrier(len(tried))

        def use(password: str, secret: str = secret, gate: threading.Barrier = gate) -> int:
            gate.wait()
            return status_of(ground, {"invite": secret, "password": password})

        with ThreadPoolExecutor(len(tried)) as pool:
            statuses = list(pool.map(use, tried))
        count = [
            attempt(ground, name, password)[0].status for password in tried if statuses[tried.index(password)] == 200
        ]
        if (
            statuses.count(200) != 1
            or count != [200]
            or status_of(ground, {"invite": secret, "password": OTHER}) != 401
        ):
            wrong.append(told(statuses))
    return Held(not wrong, f"3 invitations, 8 at once: {wrong or 'one was in each time'}")


# ---- guests of members, the log, other origins


def members_guests(ground: Ground) -> Held:
    """Guests of a member's link, with all rights there, ask for the member's other files, for folders of others, and for people."""
    ada, bob = enter(ground, "ada"), enter(ground, "bob")
    for who, name in ((ada, "ada"), (bob, "bob")):
        ground.call(who, "file.write", path=f"people/{name}/x.txt", content=SECRET)
    session = str(ground.call(ada, "session.create", path="people/ada/n.ipynb", create=True)["id"])
    other = str(ground.call(bob, "session.create", path="people/bob/n.ipynb", create=True)["id"])
    ground.call(bob, "cell.insert", session=other, source=SECRET)
    links = {
        verb: ground.call(ada, "share.link", session=session, verb=verb)["url"] for verb in ("read", "write", "execute")
    }
    leaked, number = [], 0
    for verb, url in links.items():
        guest = ground.signed_in({"share": str(url).rpartition("#share=")[2], "name": verb}, verb)
        for path in (
            "people/ada/x.txt",
            "people/bob/x.txt",
            "people/bob",
            "people/bob/n.ipynb",
            "people/ada/../bob/x.txt",
            "",
        ):
            for method in ("file.read", "file.list", "file.stat", "table.read", "notebook.read", "session.create"):
                number += 1
                if outcome(ground, guest, method, path=path) not in ("not_permitted", "not_found", "invalid_params"):
                    leaked.append(f"{verb} {method} {path}")
            number += 2
            for status in (
                ground.http("GET", f"/files/{path}", headers=guest.headers).status,
                ground.http("GET", f"/api/contents/{path}", headers=guest.headers).status,
            ):
                if status not in (401, 403) and path:
                    leaked.append(f"{verb} {path} {status}")
        for method in ("session.get", "session.subscribe", "cell.list", "journal.read"):
            number += 1
            if outcome(ground, guest, method, session=other) != "not_permitted":
                leaked.append(f"{verb} {method} of another")
        beyond: list[tuple[str, dict[str, object]]] = [
            ("right.grant", {"session": session, "whom": "bob", "verb": "own"}),
            ("share.link", {"session": other, "verb": "read"}),
            ("token.create", {"label": "x", "session": other}),
            ("token.create", {"label": "x", "folder": "people/ada"}),
        ]
        for method, params in beyond:
            number += 1
            if outcome(ground, guest, method, **params) != "not_permitted":
                leaked.append(f"{verb} {method}")
    ground.call(ground.owner, "user.set", user="ada", role="viewer")
    over = words(ground, ada, "share.link", session=session, verb="execute")
    return Held(
        not leaked and over != "ok", f"{number} tries of guests of a member: {leaked[:5] or 'nothing was told'}"
    )


def the_log(ground: Ground) -> Held:
    """A member reads, writes and confuses the audit log: by methods, paths, links, names and labels with ends of lines."""
    ada = enter(ground, "ada")
    state = ground.server.state
    audit = state / "audit"
    os.symlink(audit, ground.server.root / "people/ada/audit")
    found: dict[str, object] = {}
    for method in ("audit.list", "audit.verify"):
        found[method] = outcome(ground, ada, method)
        found[f"{method} by a token"] = outcome(ground, token(ground, ground.owner), method)
    for path in ("people/ada/audit", "people/ada/audit/head"):
        found[f"write {path}"] = outcome(ground, ada, "file.write", path=path, content="x") != "ok"
        found[f"delete {path}/x"] = outcome(ground, ada, "file.delete", path=f"{path}/x", permanent=True) != "ok"
        found[f"read {path}"] = ground.http("GET", f"/files/{path}", headers=ada.headers).status in (403, 404)
    forged = '{"seq": 1}\n{"person": "owner"}\r\u2028\x00'
    for params in ({"path": f"people/ada/{forged}", "content": ""}, {"path": forged, "content": ""}):
        outcome(ground, ada, "file.write", **params)
    outcome(ground, ada, "token.create", label=forged)
    attempt(ground, forged, PASSWORD)
    ground.http("GET", f"/files/{'%0a'.join(['x', 'y'])}", headers=ada.headers)
    outcome(ground, ada, "user.list")
    ground.call(ground.owner, "session.create", title="after")

    def lines() -> list[dict[str, Any]]:
        return list(ground.call(ground.owner, "audit.list", limit=500)["lines"])

    until(lambda: any(one["method"] == "user.list" for one in lines()), "the refusal is in the log")
    refused = [one for one in lines() if one["method"] == "user.list"]
    found["the refusal has a name"] = [(one["name"], one["result"]) for one in refused]
    found["verified"] = ground.call(ground.owner, "audit.verify")["whole"]
    numbers = [one["seq"] for one in lines()]
    found["numbers"] = numbers == list(range(max(numbers), min(numbers) - 1, -1))
    mine = f"account {ground.call(ada, 'account.get')['id']}"
    found["people"] = sorted(
        {one["person"] for one in lines() if not one["name"].endswith("(guest)")} - {"", "owner", mine}
    )
    expected: dict[str, object] = dict.fromkeys(found, True)
    expected |= {name: "not_permitted" for name in found if name.startswith("audit.")}
    expected["people"] = []
    expected["the refusal has a name"] = [("ada", "not_permitted")]
    return judged(found, expected, "the log")


def foreign_pages(ground: Ground) -> Held:
    """A page of another origin, in the browser of a member or an admin: signs in and out, calls, writes files, opens sockets and rooms."""
    ada, root = enter(ground, "ada"), enter(ground, "root", "admin")
    ground.call(ada, "file.write", path="people/ada/x.txt", content="mine")
    secret = invitation(ground, "ada")
    body = json.dumps(
        {"jsonrpc": "2.0", "id": 1, "method": "user.set", "params": {"user": "ada", "role": "admin"}}
    ).encode()
    found: list[int] = []
    for who in (ada, root):
        for more in (
            *({"Origin": origin} for origin in EVIL_ORIGINS),
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ):
            for kept in (who.headers, {"Cookie": who.headers["Cookie"]}):
                headers = {name: value for name, value in kept.items() if name != "Origin"} | more
                for kind in ("application/json", "text/plain"):
                    sent = {**headers, "Content-Type": kind}
                    found.append(ground.http("POST", "/rpc", body, sent).status)
                    form = json.dumps({"account": "ada", "password": PASSWORD}).encode()
                    found.append(ground.http("POST", "/login", form, sent).status)
                    form = json.dumps({"invite": secret, "password": OTHER}).encode()
                    found.append(ground.http("POST", "/login", form, sent).status)
                    found.append(ground.http("POST", "/logout", b"", sent).status)
                found.append(ground.http("PUT", "/files/people/ada/x.txt", b"theirs", headers).status)
                for path in ("/api/terminals", "/api/kernels", "/api/shutdown", "/api/contents/x"):
                    found.append(ground.http("POST", path, b"{}", headers).status)
                found.append(ground.http("PUT", "/api/collaboration/session/x.ipynb", b"{}", headers).status)
                try:
                    ground.wire(Who("victim", headers)).close()
                    found.append(101)
                except NotLetIn as refused:
                    found.append(refused.status)
    is_in = ground.post(ada, OWN).status == 200 and ground.post(root, CALL).status == 200
    same = (ground.server.root / "people/ada/x.txt").read_text() == "mine" and ground.call(ada, "account.get")[
        "role"
    ] == "member"
    ok = all(status in (400, 401, 403, 404, 415, 421) for status in found) and is_in and same
    return Held(
        ok,
        f"{len(found)} requests of foreign pages: {told(found)}; both are still signed in: {is_in}, nothing changed: {same}",
    )


def attacks() -> list[Attack]:
    """The attacks of this module."""
    return [
        Attack("member-names", "who has no account finds out who has one", more_names),
        Attack("member-looks", "a name that is taken for another one", looks),
        Attack("member-stale", "cookies, codes and tokens of before go on", stale, limit_s=120),
        Attack("member-demoted", "an admin of before goes on, on connections that are open", demoted),
        Attack("member-last-admin", "admins shut each other out until none is left", last_admin, limit_s=180),
        Attack("member-under-way", "what was under way when a right ended goes on", under_way, limit_s=180),
        Attack("member-tokens", "a token of another, or one that leaves its folder", tokens_of_others, limit_s=120),
        Attack("member-invitations", "an invitation is used by many at once", invitations, limit_s=120),
        Attack("member-guests", "guests of a member reach more than the session", members_guests, limit_s=120),
        Attack("member-log", "the audit log is read, changed or confused", the_log),
        Attack("member-foreign-pages", "a page of another origin uses a member's browser", foreign_pages, limit_s=120),
    ]
