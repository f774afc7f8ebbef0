"""Attacks on what is not to be heard: tokens, what a guest is told, what another user of this machine can reach.

`heard-by-another-user` needs root, as it becomes another user; without, it says that it was not tried.
"""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

from tests.attack import Attack, Held
from tests.attack.ground import Ground
from tests.fuzz.calls import plausible_call
from tests.fuzz.targets import known_by
from tests.live import Refused
from webipy.server.methods.api import METHODS

KEY = "sk-live-4242"
NOBODY = 65534


def family(pid: int) -> list[int]:
    """A process, and all that it has started."""
    found = {pid}
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            children.setdefault(int(path.read_text().rpartition(")")[2].split()[1]), []).append(int(path.parent.name))
        except OSError:
            continue  # it has ended meanwhile
    rest = [pid]
    while rest:
        new = [child for child in children.get(rest.pop(), []) if child not in found]
        found.update(new)
        rest += new
    return sorted(found)


def processes(ground: Ground) -> list[int]:
    """All processes of a ground."""
    found = set(family(ground.server.pid))
    for facts in ground.server.hosts():
        found |= set(family(int(facts["pid"])))
    return sorted(found)


def variables(ground: Ground) -> Held:
    """The owner looks at the variables; a guest who may only view, and the journal, have nothing of it."""
    session = ground.kernel()
    made = f"import base64; api_key = base64.b64decode({json.dumps(_base64(KEY))}).decode()"
    ground.call(ground.owner, "execution.start", session=session, code=made, id="made")
    ground.call(ground.owner, "execution.wait", session=session, execution="made", timeout_s=30)
    before = len(ground.server.events(session))
    asked = _ask_about(ground, session, "api_key")
    heard = []
    since = 0
    while events := ground.call(ground.viewer, "session.events", session=session, since=since, limit=1000)["events"]:
        heard += events
        since = events[-1]["seq"]
    more = len(ground.server.events(session)) - before
    told = KEY in json.dumps(heard)
    return Held(
        not told and more == 0 and asked > 0,
        f"{asked} questions about a secret variable: {'HEARD' if told else 'not heard'} by a viewer, {more} events more",
    )


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _ask_about(ground: Ground, session: str, name: str) -> int:
    """Asks the kernel whatever can be asked about a variable; how many questions were answered."""
    answered = 0
    for method in (
        "kernel.variables",
        "variables.get",
        "variable.list",
        "completion.get",
        "inspection.get",
        "definition.get",
        "code.is_complete",
        "history.get",
    ):
        if method not in METHODS:
            continue
        fields = METHODS[method].params.__struct_fields__
        params = {"code": name, "cursor": len(name), "timeout_s": 20, "detail": 1}
        given = {field: value for field, value in params.items() if field in fields}
        try:
            ground.call(ground.owner, method, session=session, **given)
            answered += 1
        except Refused:
            pass  # not found here is an answer, too, but proves nothing
    return answered


def records(ground: Ground) -> Held:
    """Everything that each guest may ask, asked: no token, no path of this machine, no process, no key is told."""
    session = ground.kernel()
    state, root = str(ground.server.state), str(ground.server.root)
    pids = [str(pid) for pid in processes(ground)]
    secret = {"token": ground.server.token, "state folder": state, "root": root, "home": str(Path.home()) + "/"}
    for facts in ground.server.hosts():
        secret["key of a host"] = str(facts["key"])
    heard, number, dice = set(), 0, random.Random(1)
    known = known_by(lambda method, **params: ground.call(ground.owner, method, **params), session)
    known = {**known, "session": [session]}
    for who in ground.guests:
        for method in METHODS.values():
            if method.name in ("kernel.kill", "kernel.shut_down", "kernel.restart", "notebook.export"):
                continue
            for _ in range(3):
                number += 1
                told = ground.post(who, plausible_call(who.name, method, known, dice).body).body.decode(
                    "utf-8", "replace"
                )
                heard |= {
                    f"{name} by {method.name}" for name, value in secret.items() if len(value) > 3 and value in told
                }
                heard |= {f"a pid by {method.name}" for pid in pids if f'"pid":{pid}' in told.replace(" ", "")}
    return Held(
        not heard,
        f"{number} calls of 3 guests"
        + (f"; told: {', '.join(sorted(heard)[:8])}" if heard else ", nothing of the machine was told"),
    )


def log(ground: Ground) -> Held:
    """Whatever goes wrong with every secret in hand: none of them is in the log."""
    link = ground.link("read")
    wanted = {
        "the token": ground.server.token,
        "a link": link,
        "a cookie": ground.runner.headers["Cookie"].partition("=")[2],
    }
    for who in (*ground.guests, ground.owner):
        for path in ("/rpc", "/files/x", f"/nowhere/{who.name}", "/login"):
            ground.http("POST", path, b"{", {**who.headers, "Content-Type": "application/json"})
            ground.http("GET", f"{path}?token={ground.server.token}", headers=who.headers)
    ground.http(
        "POST", "/login", json.dumps({"share": link, "name": "\0"}).encode(), {"Content-Type": "application/json"}
    )
    said = ground.server.log
    found = [name for name, value in wanted.items() if value and value in said]
    return Held(
        not found,
        f"{len(wanted)} secrets in 34 bad requests: "
        + (f"in the log: {', '.join(found)}" if found else "none in the log"),
    )


def command_lines(ground: Ground) -> Held:
    """Command lines and environments of all our processes hold no token and no key of a kernel."""
    ground.kernel()
    secrets = [ground.server.token, *(str(facts["key"]) for facts in ground.server.hosts())]
    found = []
    pids = processes(ground)
    for pid in pids:
        for name in ("cmdline", "environ"):
            try:
                body = Path(f"/proc/{pid}/{name}").read_bytes()
            except OSError:
                continue
            found += [f"{name} of {pid}" for secret in secrets if secret.encode() in body]
    return Held(
        not found and len(pids) >= 3,
        f"{len(pids)} processes, {len(secrets)} secrets: " + (", ".join(found) or "none is told"),
    )


def listening(ground: Ground) -> Held:
    """No process of ours listens anywhere but on the server's port, while a kernel runs and is debugged."""
    session = ground.kernel()
    try:
        ground.call(ground.owner, "message.send", session=session, channel="control", msg_type="debug_request",
                    content={"type": "request", "seq": 1, "command": "debugInfo", "arguments": {}}, timeout_s=10)  # fmt: skip
    except Refused:
        pass  # what it may do is another question
    pids = processes(ground)
    inodes = {link for pid in pids for link in _sockets(pid)}
    found = []
    for kind in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/net/{kind}").read_text().splitlines()[1:]:
            words = line.split()
            port, is_listening = int(words[1].rpartition(":")[2], 16), words[3] == "0A" or kind.startswith("udp")
            if is_listening and words[9] in inodes and port != ground.server.port:
                found.append(f"{kind} {port}")
    for line in Path("/proc/net/unix").read_text().splitlines()[1:]:
        words = line.split()
        if len(words) > 7 and words[6] in inodes and words[7].startswith("@"):
            found.append(f"unix {words[7]}")
    return Held(
        not found and len(pids) >= 3,
        f"{len(pids)} processes, {len(inodes)} sockets: "
        + (f"also {', '.join(found)}" if found else "only the server's port"),
    )


def _sockets(pid: int) -> list[str]:
    found = []
    try:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            to = os.readlink(link)
            if to.startswith("socket:["):
                found.append(to[8:-1])
    except OSError:
        pass  # it has ended meanwhile
    return found


_AS_NOBODY = """
import json, os, socket, sys
folder, secret = sys.argv[1:]
seen = []
for top, folders, names in os.walk(folder):
    for name in [*folders, *names]:
        path = os.path.join(top, name)
        if os.path.isdir(path) or os.path.islink(path):
            continue
        try:
            line = socket.socket(socket.AF_UNIX); line.connect(path); seen.append(path)
        except OSError:
            pass
        try:
            seen += [path] if open(path, "rb").read(1) else []
        except OSError:
            pass
print(json.dumps(seen))
"""


def another_user(ground: Ground) -> Held:
    """Another user of this machine reads the state folder and connects to the sockets of hosts and kernels."""
    ground.kernel()
    loose = [
        f"{path.name} {path.stat().st_mode & 0o777:o}"
        for path in [ground.server.state, *ground.server.state.rglob("*")]
        if not path.is_symlink() and path.exists() and path.stat().st_mode & 0o077 and not path.is_socket()
    ]
    if os.geteuid() != 0:
        return Held(
            not loose,
            f"modes only, as becoming another user needs root; open to others: {', '.join(loose[:5]) or 'nothing'}",
        )
    ground.server.folder.chmod(0o755)  # the state folder has to keep them out by itself
    python = shutil.which("python3", path="/usr/bin:/bin") or sys.executable  # one that others may run
    ran = subprocess.run([python, "-c", _AS_NOBODY, str(ground.server.state), ""], user=NOBODY, group=NOBODY, extra_groups=[],
                         capture_output=True, text=True, check=False, cwd="/", timeout=30)  # fmt: skip
    if ran.returncode:
        return Held(False, f"it could not be tried: {ran.stderr[-300:]}")
    seen = json.loads(ran.stdout)
    return Held(
        not seen and not loose,
        f"as user {NOBODY}: {len(seen)} files and sockets reached; open to others: {', '.join(loose[:5]) or 'nothing'}",
    )


def debugging(ground: Ground) -> Held:
    """A guest runs code, or reads memory, by requests that stand in no journal."""
    session = ground.kernel()
    before = len(ground.server.events(session))
    through = []
    for who in ground.guests:
        for channel in ("shell", "control"):
            for kind in (
                "debug_request",
                "execute_request",
                "shutdown_request",
                "input_reply",
                "create_subshell_request",
                "usage_request",
                "comm_open",
            ):
                content = {
                    "type": "request",
                    "seq": 1,
                    "command": "evaluate",
                    "arguments": {"expression": "1"},
                    "code": "open('/tmp/x')",
                    "restart": True,
                }
                try:
                    ground.call(
                        who,
                        "message.send",
                        session=session,
                        channel=channel,
                        msg_type=kind,
                        content=content,
                        timeout_s=2,
                    )
                    through.append(f"{who.name}: {kind} on {channel}")
                except Refused:
                    pass
    harmless = [one for one in through if "usage_request" not in one]
    more = len(ground.server.events(session)) - before
    return Held(
        not harmless,
        f"42 raw messages of guests, {len(through)} answered"
        + (f": {', '.join(harmless[:5])}" if harmless else "")
        + f", {more} events",
    )


def terminals(ground: Ground) -> Held:
    """The owner has a terminal; a guest who may run calls every method of terminals, and Jupyter's paths of them."""
    terminal = ground.call(ground.owner, "terminal.create")["id"]
    params: dict[str, object] = {"text": "id\r", "rows": 5, "cols": 5, "position": 0}
    names = [name for name in METHODS if name.startswith("terminal.")]
    passed = []
    for name in names:
        fields = METHODS[name].params.__struct_fields__
        given = {key: value for key, value in {**params, "terminal": terminal}.items() if key in fields}
        try:
            ground.call(ground.runner, name, **given)
            passed.append(name)
        except Refused as refused:
            if refused.name != "not_permitted":
                passed.append(f"{name}: {refused.name}")
    ground.call(ground.owner, "terminal.close", terminal=terminal)
    return Held(not passed, f"{len(names)} methods called by a guest, {len(passed)} answered {' '.join(passed)}")


def attacks() -> list[Attack]:
    """The attacks of this module."""
    return [
        Attack("heard-variables", "a viewer hears what the owner asked the kernel", variables, limit_s=120),
        Attack("heard-records", "a guest is told of the machine: token, paths, processes", records, limit_s=180),
        Attack("heard-log", "a secret in the log", log),
        Attack("heard-command-lines", "a secret in a command line or an environment", command_lines),
        Attack("heard-listening", "a port of 127.0.0.1 that any local user can connect to", listening),
        Attack(
            "heard-by-another-user", "another user of this machine reads files and connects to sockets", another_user
        ),
        Attack("heard-terminals", "a guest reads, types into, lists or starts a terminal of the owner", terminals),
        Attack("heard-debugging", "code of a guest that stands in no journal", debugging, limit_s=180),
    ]
