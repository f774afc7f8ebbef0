"""Calls: every method, every field, every hostile value, by everybody; then random ones; and what must hold for each answer.

Data flow: `table` gives every call with one hostile field, `random_call` one of several; a `Target` (a server in memory or a real one) answers
it; `judge` looks at the answer.

Invariants: the judge knows who may do what from the table's columns alone (verb, reach), not from the code that permits.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import attrs

from tests.fuzz import CANARY, CORPUS, Found
from tests.fuzz.values import LARGE, Fragment, Known, fields_of, json_value, mutated, read
from webipy.server.methods.api import METHODS
from webipy.server.methods.method import Method

RIGHTS = {"stranger": "none", "viewer": "read", "editor": "write", "runner": "execute", "owner": "own"}
"""Everybody, the least of rights first, and what they hold."""

ORDER = ("none", "read", "write", "execute", "own")
RARE = frozenset(
    {
        "session.close",
        "session.create",
        "kernel.kill",
        "kernel.shut_down",
        "kernel.restart",
        "kernel.start",
        "journal.delete",
        "notebook.export",
    }
)
"""Methods that random calls seldom make, as they take away what others need or cost seconds."""


class Target(Protocol):
    """A server that is asked."""

    def ask(self, who: str, body: bytes) -> bytes | None:
        """The answer to a message of somebody.

        Raises:
            Found: There was none, or the server is not well.
        """

    def known(self) -> Known:
        """Ids and names that there are."""

    def shared(self) -> str:
        """The session that the guests came into."""


@attrs.define(frozen=True)
class Said:
    """One call as it is sent.

    Args:
        who: Who makes it.
        method: Its method.
        params: Its params, JSON text by name.
    """

    who: str
    method: str
    params: dict[str, Fragment]

    @property
    def body(self) -> bytes:
        """The message."""
        params = ",".join(f"{json.dumps(name)}:{value}" for name, value in self.params.items())
        text = f'{{"jsonrpc":"2.0","id":1,"method":{json.dumps(self.method)},"params":{{{params}}}}}'
        return text.encode("utf-8", "surrogatepass")

    @property
    def session(self) -> object:
        """The session that it names, if it is well-formed."""
        try:
            return read(self.params.get("session", "null"))
        except (ValueError, RecursionError):
            return None


def plausible_call(who: str, method: Method, known: Known, dice: random.Random) -> Said:
    """A call whose fields are all plausible."""
    fields = [
        field
        for field in fields_of(method.params)
        if field.is_required or field.name in ("timeout_s", "wait_s", "session") or dice.random() < 0.5
    ]
    return Said(who, method.name, {field.name: field.plausible(known, dice) for field in fields})


def table(who: str, target: Target, dice: random.Random, every: int = 1) -> Iterator[Said]:
    """Every method, every field, every hostile value: one of them a call. Of these the first of `every`, from a random one on."""
    left = dice.randrange(every)
    for method in METHODS.values():
        for field in [*fields_of(method.params), None]:
            for value in field.hostile() if field is not None else ("1",):
                left = (left or every) - 1
                if not left:
                    said = plausible_call(who, method, target.known(), dice)
                    name = field.name if field is not None else "unknown"
                    yield attrs.evolve(said, params={**said.params, name: value})


def random_call(who: str, target: Target, dice: random.Random) -> Said:
    """A call with any number of hostile fields, often none."""
    method = dice.choice(list(METHODS.values()))
    while method.name in RARE and dice.random() < 0.9:
        method = dice.choice(list(METHODS.values()))
    said = plausible_call(who, method, target.known(), dice)
    params = dict(said.params)
    for field in fields_of(method.params):
        if dice.random() < 0.15:
            params[field.name] = dice.choice(field.hostile())
        elif dice.random() < 0.02 and field.name not in ("timeout_s", "wait_s", "grace_s"):
            params[field.name] = json_value(dice)
        elif dice.random() < 0.002:
            params[field.name] = dice.choice(LARGE)
    return attrs.evolve(said, params=params)


def random_body(said: Said, target: Target, dice: random.Random) -> bytes:
    """A message that is no call as they should be: bytes changed, a batch of odd things."""
    kind = dice.randrange(4)
    if kind == 0:
        return mutated(said.body, dice)
    if kind == 1:
        others = [random_call(said.who, target, dice).body for _ in range(dice.randrange(4))]
        return b"[" + b",".join([said.body, *others, dice.choice((b"1", b"null", b"{}", b"[]"))]) + b"]"
    if kind == 2:
        return said.body.replace(
            b'"id":1',
            dice.choice(
                (b'"id":null', b'"id":1.5', b'"id":[]', b'"id":"x"', b'"ID":1', b'"id":{}', b'"id":' + b"9" * 400)
            ),
        )
    return said.body.replace(b'"2.0"', dice.choice((b'"1.0"', b"2.0", b'"2.0","method":"x"', b"null", b"[]")))


# ---- what must hold ------------------------------------------------------------------------------------------------


def may(said: Said, target: Target) -> bool:
    """Whether somebody may make a call at all, by the columns of the table."""
    method = METHODS[said.method]
    if method.verb == "none" or said.who == "owner":
        return True
    if ORDER.index(method.verb) > ORDER.index(RIGHTS[said.who]):
        return False
    return method.reach == "connection" or (method.reach == "session" and said.session == target.shared())


def judge(said: Said, target: Target, reply: bytes | None) -> str:
    """Looks at the answer to a call; gives the name of its failure, or `ok`.

    Raises:
        Found: It is not what it may be.
    """
    told = _strict(said.body, reply)
    if not isinstance(told, dict):
        raise Found(_report(said.who, said.body, reply, "the answer to one call is not one answer"))
    _no_canary(said.who, said.body, reply)
    failure = _failure_of(said.who, said.body, told)
    if failure == "ok" and not may(said, target):
        raise Found(_report(said.who, said.body, reply, f"a {said.who} may not do that"))
    return failure


def judge_body(who: str, body: bytes, reply: bytes | None) -> None:
    """Looks at the answer to any message.

    Raises:
        Found: It is not what it may be.
    """
    if reply is None:
        return
    told = _strict(body, reply)
    _no_canary(who, body, reply)
    for part in told if isinstance(told, list) else [told]:
        _failure_of(who, body, part)


def _strict(body: bytes, reply: bytes | None) -> Any:
    try:
        return read((reply or b"").decode("utf-8"))
    except RecursionError:
        return {"result": "too deep for this reader"}
    except ValueError as fault:
        raise Found(_report("anybody", body, reply, f"the answer is no JSON: {fault}")) from None


def _failure_of(who: str, body: bytes, told: Any) -> str:
    if "result" in told:
        return "ok"
    name = str(told["error"]["data"]["name"])
    if name == "internal_error":
        raise Found(_report(who, body, json.dumps(told).encode(), "the server made a mistake"))
    return name


def _no_canary(who: str, body: bytes, reply: bytes | None) -> None:
    if who != "owner" and CANARY.encode() in (reply or b""):
        raise Found(_report(who, body, reply, f"a {who} was told what is none of their business"))


def _report(who: str, body: bytes, reply: bytes | None, what: str) -> str:
    shown = body if len(body) <= 3000 else body[:1500] + b" ... " + body[-500:]
    return f"{what}\n  {who}: {shown.decode('utf-8', 'backslashreplace')}\n  answer: {(reply or b'none')[:1000]!r}"


# ---- corpus --------------------------------------------------------------------------------------------------------


def corpus() -> Iterator[tuple[str, bytes]]:
    """Who said what, when something did not hold; `SHARED` in a file stands for the session of the guests."""
    for path in sorted((CORPUS / "calls").glob("*.json")):
        who, _, body = path.read_bytes().partition(b"\n")
        yield who.decode(), body.rstrip(b"\n")


def keep(who: str, body: bytes, name: str) -> Path:
    """Writes a message into the corpus; the id of the shared session is still to be exchanged for `SHARED`."""
    path = CORPUS / "calls" / f"{name}.json"
    path.write_bytes(who.encode() + b"\n" + body + b"\n")
    return path
