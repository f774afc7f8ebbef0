"""Attacks on files: out of the root, into what is hidden, and into each other's uploads."""

from __future__ import annotations

import json
import os
from urllib.parse import quote

from tests.attack import Attack, Held
from tests.attack.ground import Ground
from tests.live import Refused

SECRET = "outside-5d1e"
HIDDEN = "hidden-77aa"


def _planted(ground: Ground) -> list[str]:
    """A root with links and hidden files, secrets beside it, and the paths that would reach them."""
    root, beside = ground.server.root, ground.server.folder / "root-secret"
    beside.mkdir()
    (beside / "x").write_text(SECRET)
    (ground.server.folder / "x").write_text(SECRET)
    (root / ".hidden").mkdir()
    (root / ".hidden" / "x").write_text(HIDDEN)
    (root / ".env").write_text(HIDDEN)
    for name, to in (
        ("out", beside),
        ("file", beside / "x"),
        ("up", ".."),
        ("into", ".hidden"),
        ("env", ".env"),
        ("loop", "loop"),
        ("state", ground.server.state),
    ):
        os.symlink(to, root / name)
    os.symlink("b", root / "a")
    os.symlink("a", root / "b")
    token = str(ground.server.state / "token")
    return [
        *(
            "../x",
            "../root-secret/x",
            "..",
            "./../x",
            "a/../../x",
            "/etc/passwd",
            token,
            "//etc/passwd",
            "/proc/self/environ",
        ),
        *("out/x", "out", "file", "up/x", "up/root-secret/x", "state/token", "state/server.json"),
        *("into/x", "into", "env", ".env", ".hidden/x", "./.env", ".hidden"),
        *(
            "loop",
            "loop/x",
            "a",
            "a/x",
            "x\0y",
            "..\0",
            "%2e%2e/x",
            "..%2fx",
            "\uff0e\uff0e/x",
            "..\\x",
            "x/" * 3000 + "y",
            "~/x",
            "~root/x",
        ),
    ]


def escapes(ground: Ground) -> Held:
    """Every such path to every method that takes one and to `GET /files`, as the owner."""
    paths = _planted(ground)
    before = {
        path: path.read_bytes() for path in ground.server.folder.rglob("x") if path.is_file() and not path.is_symlink()
    }
    wrong, number = [], 0
    for path in paths:
        for method, params in _uses(path):
            number += 1
            try:
                told = json.dumps(ground.call(ground.owner, method, **params))
            except Refused as refused:
                told = f"{refused} {refused.facts}" if refused.name == "internal_error" else ""
                wrong += [f"{method} {path[:40]!r}: internal_error"] if told else []
            if SECRET in told or HIDDEN in told or "root:x:" in told or ground.server.token in told:
                wrong.append(f"{method} {path[:40]!r}")
        for address in (quote(path), quote(path, safe=""), path.replace("..", "%2e%2e")):
            number += 1
            got = ground.http("GET", "/files/" + quote(address, safe="/%"), headers=ground.owner.headers)
            if (
                got.status >= 500
                or SECRET.encode() in got.body
                or HIDDEN.encode() in got.body
                or ground.server.token.encode() in got.body
            ):
                wrong.append(f"GET {address[:40]!r} ({got.status})")
    changed = [str(path) for path, body in before.items() if not path.exists() or path.read_bytes() != body]
    wrong += [f"{path} was changed" for path in changed]
    return Held(
        not wrong,
        f"{len(paths)} paths, {number} tries"
        + (f"; not held: {', '.join(wrong[:6])}" if wrong else ", nothing outside was read or changed"),
    )


def _uses(path: str) -> list[tuple[str, dict[str, object]]]:
    return [
        ("file.read", {"path": path}),
        ("file.list", {"path": path}),
        ("file.stat", {"path": path}),
        ("file.write", {"path": path, "content": "written"}),
        ("file.copy", {"path": path, "to": "copied"}),
        ("file.rename", {"path": path, "to": "renamed/x"}),
        ("file.delete", {"path": f"{path}/x", "permanent": True}),
        ("file.create", {"path": f"{path}/new", "kind": "file"}),
        ("session.create", {"path": path}),
        ("run.check", {"path": path, "to": f"{path}/o.ipynb"}),
    ]


def guests_and_files(ground: Ground) -> Held:
    """Guests try every method and address that knows files."""
    (ground.server.root / "private.txt").write_text(SECRET)
    wrong, number = [], 0
    for who in (ground.stranger, *ground.guests):
        for method, params in _uses("private.txt"):
            number += 1
            try:
                ground.call(who, method, **params)
                wrong.append(f"{who.name}: {method}")
            except Refused:
                pass
        for verb in ("GET", "PUT"):
            number += 1
            got = ground.http(verb, "/files/private.txt", b"x" if verb == "PUT" else None, who.headers)
            if got.status not in (401, 403) or SECRET.encode() in got.body:
                wrong.append(f"{who.name}: {verb} {got.status}")
        for overwrite in ("private.txt", "../x", "/etc/x"):
            number += 1
            try:
                ground.call(who, "notebook.save", session=ground.session, path=overwrite)
                wrong.append(f"{who.name}: notebook.save to {overwrite}")
            except Refused:
                pass
    if (ground.server.root / "private.txt").read_text() != SECRET:
        wrong.append("the file was changed")
    return Held(
        not wrong,
        f"{number} tries of a stranger and 3 guests"
        + (f"; not held: {', '.join(wrong[:6])}" if wrong else ", all refused"),
    )


def mixed_uploads(ground: Ground) -> Held:
    """Two uploads of one name in parts, one after the other's parts: what is there in the end is one of them, whole."""
    bodies = {"one": b"1" * 3000, "two": b"2" * 3000}
    found = []
    for start in (0, 1000, 2000):
        for name, body in bodies.items():
            head = {
                **ground.owner.headers,
                "Content-Range": f"bytes {start}-{start + 999}/3000",
                "Upload-Id": f"upload-{name}",
            }
            found.append(ground.http("PUT", "/files/mixed.bin", body[start : start + 1000], head).status)
    left = (ground.server.root / "mixed.bin").read_bytes() if (ground.server.root / "mixed.bin").exists() else b""
    others = [path.name for path in ground.server.root.iterdir() if path.name != "mixed.bin"]
    ok = left in bodies.values() and not others and all(status < 500 for status in found)
    return Held(
        ok,
        f"2 uploads, 3 parts each, in turns: statuses {found}, {len(set(left))} kinds of bytes in the file, left over: {others or 'nothing'}",
    )


def planted_parts(ground: Ground) -> Held:
    """Somebody who may write into the folder puts links where a part or a temporary file of ours may be made."""
    target = ground.server.folder / "victim"
    target.write_text(SECRET)
    head = {**ground.owner.headers, "Content-Range": "bytes 0-3/8", "Upload-Id": "upload-one"}
    first = ground.http("PUT", "/files/big.bin", b"abcd", head)
    parts = [path for path in ground.server.root.rglob("*") if path.name != "big.bin" and path.is_file()]
    for part in parts:
        part.unlink()
        os.symlink(target, part)
    head["Content-Range"] = "bytes 4-7/8"
    second = ground.http("PUT", "/files/big.bin", b"efgh", head)
    held = target.read_text() == SECRET
    return Held(
        held,
        f"{len(parts)} part files exchanged for links ({first.status}, {second.status}): the target was {'left alone' if held else 'WRITTEN'}",
    )


def attacks() -> list[Attack]:
    """The attacks of this module."""
    return [
        Attack("files-escapes", "a path or a link leads out of the root, or to what is hidden", escapes, limit_s=180),
        Attack("files-guests", "a guest reads or writes files", guests_and_files),
        Attack("files-mixed-uploads", "parts of two uploads of one name mix", mixed_uploads),
        Attack("files-planted-parts", "a link in the place of a part of an upload", planted_parts),
    ]
