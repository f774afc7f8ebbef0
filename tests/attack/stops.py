"""Attacks that would stop the server, or fill its disk, by what a guest or a document may do.

What calls and connections of any kind cost is tests/attack/costs.py.
"""

from __future__ import annotations

import json
import time

from tests.attack import Attack, Held
from tests.attack.ground import Ground, NotLetIn
from tests.blocking_websocket import Closed
from tests.live import Refused

SECONDS = 5.0
MOST_JOURNAL_MB = 300.0  # the quota of a guest (256 MiB a day), and what a journal is larger than its events
GUESTS = 260
EXPORT_S = 150.0
"""A conversion is ended after 120 s."""

PLACES = (
    *(("cell.insert", "metadata"), ("cell.insert", "attachments"), ("notebook.set_metadata", "metadata")),
    *(("message.send", "content"), ("comm.open", "content"), ("comm.open", "metadata")),
    *(("session.create", "notebook"), ("execution.start", "code")),
)
"""Methods and their fields that take JSON of any shape; the last one takes none."""


def deep_json(ground: Ground) -> Held:
    """JSON nested 100 to 20,000 deep in each place that takes JSON, and in a notebook that is opened."""
    wrong, number = [], 0
    for depth in (100, 500, 900, 954, 990, 1100, 20_000):
        deep = "[" * depth + "]" * depth
        for method, field in PLACES:
            more = {
                "comm.open": '"target":"x",',
                "message.send": '"channel":"shell","msg_type":"x_request","timeout_s":0.1,',
                "session.create": "",
            }
            session = "" if method == "session.create" else f'"session":"{ground.session}",'
            for value in (deep, f'{{"a":{deep}}}'):
                number += 1
                body = f'{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{{{session}{more.get(method, "")}"{field}":{value}}}}}'
                if b"internal_error" in ground.post(ground.owner, body.encode()).body:
                    wrong.append(f"{method}.{field} at {depth}")
        number += 1
        cell = f'{{"cell_type":"raw","metadata":{{"a":{deep}}},"source":"x"}}'
        (ground.server.root / "deep.ipynb").write_text(
            f'{{"cells":[{cell}],"metadata":{{}},"nbformat":4,"nbformat_minor":4}}'
        )
        wrong += _opened(ground, "deep.ipynb", f"a notebook at {depth}")
    return Held(
        not wrong,
        f"{number} tries" + (f"; internal_error: {', '.join(wrong[:6])}" if wrong else ", each answered in words"),
    )


def _opened(ground: Ground, path: str, name: str) -> list[str]:
    try:
        session = str(ground.call(ground.owner, "session.create", path=path)["id"])
        ground.call(ground.owner, "notebook.get", session=session)
        ground.call(ground.owner, "session.close", session=session)
    except Refused as refused:
        return [name] if refused.name == "internal_error" else []
    except ValueError:
        return []  # deeper than Python's own reader goes
    return []


def many_buffers(ground: Ground) -> Held:
    """A comm message with more buffers than a message may have: refused before it is journaled."""
    session = ground.kernel()
    before = len(ground.server.events(session))
    found = []
    for number in (900, 1018, 1019, 1100, 5000):
        try:
            ground.call(ground.runner, "comm.open", session=session, target="x", buffers=["aGk="] * number)
            found.append(f"{number}: taken")
        except Refused as refused:
            found.append(f"{number}: {refused.name}")
    more = [event for event in ground.server.events(session)[before:] if len(event.get("buffers", [])) > 1018]
    ok = not more and not any("internal_error" in one for one in found)
    return Held(ok, f"buffers {', '.join(found)}; {len(more)} journaled that cannot be sent")


def floods_of_edits(ground: Ground) -> Held:
    """A guest who may edit writes as fast as it goes for five seconds."""
    cell = str(ground.call(ground.owner, "cell.insert", session=ground.session, source="")["cell"])
    written, told = 0, ""
    with ground.watched() as figures:
        wire = ground.wire(ground.editor)
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            try:
                wire.call(
                    "cell.set_source", session=ground.session, cell=cell, source=chr(97 + written % 26) * 1_000_000
                )
                written += 1
            except Refused as refused:
                told = f", then {refused.name}: {refused}"
                break
            except Closed as closed:
                told = f", then closed with {closed.code}"
                break
        wire.close()
    megabytes = sum(path.stat().st_size for path in ground.server.state.rglob("*") if path.is_file()) / 1e6
    held = figures.held(f"{written} edits of 1 MB by a guest, {megabytes:.0f} MB on the disk{told}")
    return Held(held.ok and megabytes <= MOST_JOURNAL_MB, held.words)


def exports_of_guests(ground: Ground) -> Held:
    """A viewer asks for 50 exports; what the owner has exported before can still be fetched."""
    ground.call(ground.owner, "cell.insert", session=ground.session, source="# x", cell_type="markdown")
    mine = ground.call(ground.owner, "notebook.export", session=ground.session, format="ipynb")
    made = refused = 0
    with ground.watched() as figures:
        for _ in range(50):
            try:
                ground.call(ground.viewer, "notebook.export", session=ground.session, format="ipynb")
                made += 1
            except Refused:
                refused += 1
    status = ground.http("GET", str(mine["url"]), headers=ground.owner.headers).status
    held = figures.held(f"{made} exports of a viewer made, {refused} refused; the owner's answers {status}")
    return Held(held.ok and status == 200, held.words)


def crowds(ground: Ground) -> Held:
    """Hundreds come by one link; somebody honest with another link, and with the same one, still gets in."""
    secret, in_, refused = ground.link("read"), 0, 0
    for number in range(GUESTS):
        try:
            ground.signed_in({"share": secret, "name": f"n{number}"}, "crowd")
            in_ += 1
        except NotLetIn:
            refused += 1
    found = []
    for link in (secret, ground.link("read")):
        try:
            honest = ground.signed_in({"share": link, "name": "Grace"}, "honest")
            found.append(str(ground.call(honest, "session.get", session=ground.session)["id"] == ground.session))
        except (NotLetIn, Refused) as fault:
            found.append(str(fault)[:80])
    return Held(
        found == ["True", "True"],
        f"{in_} came by one link, {refused} were refused; honest ones by the same and by another: {found}",
    )


def displays(ground: Ground) -> Held:
    """A kernel shows 3,000 displays and updates each of them."""
    session = ground.kernel()
    code = "hs=[display(i, display_id=str(i)) for i in range(3000)]\nfor i in range(3000): hs[i].update(-i)"
    with ground.watched() as figures:
        began = time.monotonic()
        ground.call(ground.owner, "execution.start", session=session, code=code, id="shown")
        told = ground.call(ground.owner, "execution.wait", session=session, execution="shown", timeout_s=25)
        seconds = time.monotonic() - began
    status = told["execution"]["status"] if "execution" in told else told.get("status")
    held = figures.held(f"6,000 displays in {seconds:.1f} s ({status})")
    return Held(held.ok and status == "ok", held.words)


def hostile_documents(ground: Ground) -> Held:
    """Documents that cost more than they are long: 40 kB of `<img `, of links, of fences; opened and exported by a viewer."""
    texts = {
        "<img ": 8_000,
        "![": 5_000,
        "[a](": 10_000,
        "```\n": 10_000,
        "> ": 10_000,
        "*_": 10_000,
        "<a " * 9 + ">": 3_000,
        "\\(": 10_000,
        "$$ $": 10_000,
    }
    cells = [{"cell_type": "markdown", "metadata": {}, "source": piece * number} for piece, number in texts.items()]
    (ground.server.root / "hostile.ipynb").write_text(
        json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4})
    )
    session = str(ground.call(ground.owner, "session.create", path="hostile.ipynb")["id"])
    guest = ground.signed_in({"share": ground.link("read", session), "name": "D"}, "D")
    params = {"session": session, "format": "html"}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "notebook.export", "params": params}).encode()
    with ground.watched() as figures:
        began = time.monotonic()
        reply = ground.post(guest, body, wait_s=EXPORT_S).json
    came = reply["error"]["data"]["name"] if "error" in reply else "a page"
    held = figures.held(
        f"{len(texts)} hostile texts exported by a guest: {came} after {time.monotonic() - began:.0f} s"
    )
    return Held(held.ok and came in ("a page", "conversion_failed", "timeout", "quota"), held.words)


def attacks() -> list[Attack]:
    """The attacks of this module."""
    return [
        Attack("stop-deep-json", "nesting that no parser goes down", deep_json, limit_s=180),
        Attack("stop-buffers", "a message that is journaled and can never be sent", many_buffers),
        Attack("stop-edits", "a guest who fills the disk", floods_of_edits),
        Attack("stop-exports", "a guest who pushes out the owner's exports", exports_of_guests, limit_s=180),
        Attack("stop-crowds", "a crowd that keeps honest guests out", crowds, limit_s=180),
        Attack("stop-displays", "displays that cost more with each one", displays, limit_s=120),
        Attack("stop-documents", "a document that costs more than it is long", hostile_documents, limit_s=240),
    ]
