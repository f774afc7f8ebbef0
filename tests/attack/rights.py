"""Attacks by members: on files and sessions of others, by links that change meanwhile, and by calls that outrun a right that ends."""

from __future__ import annotations

import json
import os
import threading
from urllib.parse import quote

from tests.attack import Attack, Held
from tests.attack.ground import Ground, Who
from tests.live import Refused

SECRET = "of-bob-3c9d"
PASSWORD = "seven brown kettles"
TRIES = 300


def _member(ground: Ground, name: str) -> Who:
    """Somebody with an account, who has just signed in."""
    ground.call(ground.owner, "user.add", name=name, password=PASSWORD)
    who = ground.signed_in({"account": name, "password": PASSWORD}, name)
    ground.call(who, "right.mine")
    return who


def _bobs(ground: Ground) -> str:
    """Bob, with a secret file and the session of a notebook that has the secret in it; the id of the session."""
    bob = _member(ground, "bob")
    ground.call(bob, "file.write", path="people/bob/x.txt", content=SECRET)
    session = str(ground.call(bob, "session.create", path="people/bob/n.ipynb", create=True)["id"])
    ground.call(bob, "cell.insert", session=session, source=SECRET)
    ground.call(bob, "notebook.save", session=session)
    return session


def foreign(ground: Ground) -> Held:
    """Every path and id of another member, to every method and address that takes one."""
    session = _bobs(ground)
    ada = _member(ground, "ada")
    for name, to in (("file", "../bob/x.txt"), ("folder", "../bob"), ("up", "../..")):
        os.symlink(to, ground.server.root / "people/ada" / name)
    paths = [
        "people/bob/x.txt", "people/bob", "people/bob/n.ipynb", "people", "", "people/ada/../bob/x.txt", "people/ada/..", "people/ada/file",
        "people/ada/folder/x.txt", "people/ada/up/people/bob/x.txt", "people/ada/./../bob/x.txt", "PEOPLE/BOB/x.txt", "people//bob/x.txt",
        f"//{session}", "/people/bob/x.txt", str(ground.server.root / "people/bob/x.txt"),
    ]  # fmt: skip
    before = (ground.server.root / "people/bob/x.txt").read_text()
    wrong, number = [], 0
    for path in paths:
        for method, params in _uses(path, session):
            number += 1
            try:
                told = json.dumps(ground.call(ada, method, **params))
            except Refused as refused:
                told = "" if refused.name != "internal_error" else SECRET
            if SECRET in told or '"bob"' in told:
                wrong.append(f"{method} {path!r}")
        for verb, more in (("GET", ""), ("PUT", ""), ("GET", "?zip=1")):
            number += 1
            got = ground.http(verb, f"/files/{quote(path)}{more}", b"x" if verb == "PUT" else None, ada.headers)
            if SECRET.encode() in got.body or got.status >= 500:
                wrong.append(f"{verb} {path!r} {got.status}")
    for address in (
        f"/outputs/{session}/{'0' * 64}",
        f"/widgets/{session}?module=x",
        f"/libraries/{session}?address=x",
        "/metrics",
        "/api/contents",
    ):
        number += 1
        got = ground.http("GET", address, headers=ada.headers)
        if got.status != 403:
            wrong.append(f"{address[:20]} {got.status}")
    if (ground.server.root / "people/bob/x.txt").read_text() != before:
        wrong.append("the file was changed")
    what = f"not held: {', '.join(wrong[:6])}" if wrong else "nothing was told"
    return Held(not wrong, f"{number} tries of a member at what is another's: {what}")


def _uses(path: str, session: str) -> list[tuple[str, dict[str, object]]]:
    return [
        ("file.read", {"path": path}),
        ("file.list", {"path": f"{path}/bob" if path in ("", "people") else path}),
        ("file.write", {"path": path, "content": "written"}),
        ("file.copy", {"path": path, "to": "people/ada/copied"}),
        ("file.rename", {"path": path, "to": "people/ada/renamed"}),
        ("file.delete", {"path": path, "permanent": True, "recursive": True}),
        ("file.find", {"query": "x"}),
        ("table.read", {"path": path}),
        ("notebook.read", {"path": path}),
        ("session.create", {"path": path}),
        ("session.create", {"id": session}),
        ("session.create", {"path": path, "copy": True}),
        ("session.get", {"session": session}),
        ("session.events", {"session": session, "since": 0}),
        ("journal.read", {"session": session}),
        ("right.grant", {"path": path, "whom": "ada", "verb": "read"}),
        ("right.grant", {"session": session, "whom": "ada", "verb": "own"}),
        ("cell.list", {"session": session}),
    ]


def swapped(ground: Ground) -> Held:
    """A folder of one's own is exchanged for a link to another's, all the time, while files in it are asked for."""
    _bobs(ground)
    ada = _member(ground, "ada")
    mine = ground.server.root / "people/ada"
    (mine / "real").mkdir()
    (mine / "real/x.txt").write_text("mine")
    os.symlink("../bob", mine / "link")
    os.symlink("real", mine / "now")
    is_over = threading.Event()

    def exchange() -> None:
        number = 0
        while not is_over.is_set():
            number += 1
            os.symlink("../bob" if number % 2 else "real", mine / "next")
            os.replace(mine / "next", mine / "now")

    thread = threading.Thread(target=exchange)
    thread.start()
    leaked = answered = 0
    try:
        for number in range(TRIES):
            body = ground.http("GET", "/files/people/ada/now/x.txt", headers=ada.headers).body
            leaked += SECRET.encode() in body
            answered += body == b"mine"
            try:
                leaked += SECRET in ground.call(ada, "file.read", path="people/ada/now/x.txt")["content"]
                ground.call(ada, "file.copy", path="people/ada/now/x.txt", to=f"people/ada/real/{number}")
                leaked += (mine / f"real/{number}").read_text() == SECRET
            except Refused:
                continue
    finally:
        is_over.set()
        thread.join()
    return Held(leaked == 0 and answered > 0, f"{TRIES} rounds: {answered} answers of one's own, {leaked} of another's")


def outrun(ground: Ground) -> Held:
    """A right is taken away while calls are under way: once that is answered, nothing more succeeds."""
    (ground.server.root / "shared").mkdir()
    ada = _member(ground, "ada")
    wrong = rounds = 0
    for number in range(20):
        ground.call(ground.owner, "right.grant", path="shared", whom="ada", verb="write")
        is_taken = threading.Event()
        began_after: list[bool] = []

        def write(
            number: int = number, is_taken: threading.Event = is_taken, began_after: list[bool] = began_after
        ) -> None:
            for one in range(40):
                was_taken = is_taken.is_set()
                try:
                    ground.call(ada, "file.write", path=f"shared/{number}-{one}.txt", content="x")
                    began_after.append(was_taken)
                except Refused:
                    if was_taken:
                        return

        thread = threading.Thread(target=write)
        thread.start()
        ground.call(ground.owner, "right.revoke", path="shared", whom="ada")
        is_taken.set()
        thread.join()
        wrong += sum(began_after)
        rounds += 1
    return Held(wrong == 0, f"{rounds} rights taken away under way: {wrong} calls that began later succeeded")


def attacks() -> list[Attack]:
    """The attacks of this module."""
    return [
        Attack("files-of-members", "a member reads or changes what is another's", foreign, limit_s=180),
        Attack("files-swapped-links", "a link in the place of a folder, at the wrong moment", swapped, limit_s=120),
        Attack("files-outrun-right", "calls that outrun a right that ends", outrun, limit_s=120),
    ]
