"""Kernels: the messages of one that is hostile, and frames on its host link that nobody of ours would send.

Code in a kernel chooses what the kernel says, so all of it is foreign. `messages` sends each kind of message with each field hostile to a server in
memory, `frames` gives mutated frames to the codec of the link, `real_link` sends them to a real kernel host as well.

What must hold: nothing raises; the session can be read and folded, also by the next server; of the codec, `BadFrame` and nothing else.
"""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Iterator

import zmq

from tests.fakes import message
from tests.fuzz import Found
from tests.fuzz.targets import MemoryTarget, ServerTarget
from tests.fuzz.values import HOSTILE, Fragment, json_value, mutated
from tests.live import is_alive
from webipy.core.kernel import wire

MIME: Fragment = '{"text/plain":"x","text/html":["a","b"],"image/png":"aGk=","application/json":{"a":1}}'
KINDS: dict[str, dict[str, Fragment]] = {
    "stream": {"name": '"stdout"', "text": '"hello\\n"'},
    "display_data": {"data": MIME, "metadata": "{}", "transient": '{"display_id":"d"}'},
    "update_display_data": {"data": MIME, "metadata": "{}", "transient": '{"display_id":"d"}'},
    "execute_result": {"data": MIME, "metadata": "{}", "execution_count": "1"},
    "error": {"ename": '"E"', "evalue": '"v"', "traceback": '["a","b"]'},
    "clear_output": {"wait": "true"},
    "status": {"execution_state": '"busy"'},
    "execute_input": {"code": '"1"', "execution_count": "1"},
    "comm_open": {
        "comm_id": '"c"',
        "target_name": '"jupyter.widget"',
        "data": '{"state":{"_model_name":"IntSlider"},"buffer_paths":[["a"]]}',
    },
    "comm_msg": {"comm_id": '"c"', "data": '{"method":"update","state":{"value":1},"buffer_paths":[["value"]]}'},
    "comm_close": {"comm_id": '"c"', "data": "{}"},
    "input_request": {"prompt": '"?"', "password": "false"},
    "execute_reply": {"status": '"ok"', "execution_count": "1", "payload": "[]", "user_expressions": "{}"},
    "complete_reply": {"status": '"ok"', "matches": '["a"]', "cursor_start": "0", "cursor_end": "1", "metadata": "{}"},
    "debug_event": {"type": '"event"', "body": "{}"},
    "iopub_welcome": {"subscription": '""'},
    "shutdown_reply": {"restart": "false", "status": '"ok"'},
    "no_such_message": {"a": "1"},
}
OF_THE_HOST: dict[str, dict[str, Fragment]] = {
    "kernel_starting": {"start": "1", "pid": "4711"},
    "kernel_start_retried": {"reason": '"r"'},
    "kernel_ready": {
        "start": "1",
        "pid": "4711",
        "kernel_info": '{"language_info":{"name":"python"}}',
        "seconds": "0.5",
    },
    "output_lost": {"reason": '"r"', "count": "1"},
    "request_dropped": {"msg_id": '"x"', "reason": '"r"'},
    "requests_moved": {"order": '["a","b"]'},
    "kernel_interrupted": {"how": '"signal"'},
}
CHANNELS = {"execute_reply": "shell", "complete_reply": "shell", "shutdown_reply": "control", "input_request": "stdin"}


def _json(fields: dict[str, Fragment]) -> bytes:
    return ("{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in fields.items()) + "}").encode(
        "utf-8", "surrogatepass"
    )


def said_by_kernel(dice: random.Random, every: int) -> Iterator[tuple[str, str, bytes, bytes]]:
    """Channel, type, content and metadata: every kind, every field, every hostile value; of these the first of `every`."""
    left = dice.randrange(every)
    for kinds, is_host in ((KINDS, False), (OF_THE_HOST, True)):
        for kind, fields in kinds.items():
            channel = "host" if is_host else CHANNELS.get(kind, "iopub")
            for name in [*fields, "", "metadata", "whole"]:
                for value in HOSTILE:
                    left = (left or every) - 1
                    if left:
                        continue
                    bytes_of = value.encode("utf-8", "surrogatepass")
                    if name == "whole":
                        yield channel, kind, bytes_of, b"{}"
                    elif name == "metadata":
                        yield channel, kind, _json(fields), bytes_of
                    else:
                        yield channel, kind, _json({**fields, name or "unknown": value}), b"{}"


def random_message(dice: random.Random) -> tuple[str, str, bytes, bytes]:
    """One with random content, or that of another kind, or on another channel."""
    kind, fields = dice.choice(list(KINDS.items()))
    channel = (
        CHANNELS.get(kind, "iopub") if dice.random() < 0.8 else dice.choice(("shell", "control", "iopub", "stdin"))
    )
    fields = {name: json_value(dice) if dice.random() < 0.4 else value for name, value in fields.items()}
    content = _json(fields)
    return channel, kind, mutated(content, dice) if dice.random() < 0.3 else content, b"{}"


def say(target: MemoryTarget, channel: str, kind: str, content: bytes, metadata: bytes, dice: random.Random) -> None:
    """The kernel of the shared session says something, about the execution that runs or another.

    Raises:
        Found: It broke the server.
    """
    hosts = [
        host
        for host in target.rig.disk.launcher.hosts.values()
        if host.is_alive and host.link is not None and not host.link.is_closed
    ]
    if not hosts:
        target.rig.session("python3")
        return
    host, executions = hosts[-1], hosts[-1].executed()
    parent = executions[-1] if executions and dice.random() < 0.8 else dice.choice(("", "foreign", None))
    buffers = (b"", b"\0\xff") if dice.random() < 0.2 else ()
    try:
        host.emit((channel, message(kind, content, parent=parent, metadata=metadata, buffers=buffers)))
        target.rig.turn(3)
    except Exception as fault:
        raise Found(
            f"a {kind} of the kernel broke the server: {fault!r}\n  {channel} {content[:2000]!r} {metadata[:500]!r}"
        ) from fault


def look(target: MemoryTarget) -> None:
    """The session of the kernel can be read whole, and the next message can come.

    Raises:
        Found: It cannot.
    """
    for session in target.rig.services.sessions.all():
        for method, more in (
            ("session.events", {"since": 0, "limit": 10_000}),
            ("notebook.get", {}),
            ("cell.list", {}),
        ):
            body = json.dumps(
                {"jsonrpc": "2.0", "id": 1, "method": method, "params": {"session": session.id, **more}}
            ).encode()
            reply = target.ask("owner", body)
            if b'"internal_error"' in (reply or b""):
                raise Found(f"{method} fails after what the kernel said: {reply!r}")


# ---- frames --------------------------------------------------------------------------------------------------------


def real_frames() -> list[list[bytes]]:
    """Frames as they are on the link."""
    said = [message(kind, _json(fields), parent="p", buffers=(b"a", b"bc")) for kind, fields in KINDS.items()]
    return [wire.encode_link(KEY, wire.stamp("iopub", number), one) for number, one in enumerate(said, 1)]


KEY = b"k" * 64


def broken_frames(frames: list[bytes], dice: random.Random) -> list[bytes]:
    """The frames with something wrong: parts mutated, left out, doubled, exchanged; sometimes signed again, so that the parser sees them."""
    frames = list(frames)
    for _ in range(dice.randrange(1, 4)):
        at, kind = dice.randrange(len(frames)) if frames else 0, dice.randrange(6)
        if not frames or kind == 0:
            frames.insert(at, dice.randbytes(dice.choice((0, 1, 32, 1000))))
        elif kind == 1:
            del frames[at]
        elif kind == 2:
            frames[at] = mutated(frames[at], dice)
        elif kind == 3:
            frames[at] = dice.choice(HOSTILE).encode("utf-8", "surrogatepass")
        elif kind == 4:
            frames[at:at] = [b"x"] * dice.choice((1, 20, 1100))
        else:
            other = dice.randrange(len(frames))
            frames[at], frames[other] = frames[other], frames[at]
    return frames


def signed(key: bytes, frames: list[bytes]) -> list[bytes]:
    """The frames with the signature that they need, as somebody with the key would send them."""
    return frames if len(frames) < 2 else [frames[0], wire.sign_link(key, frames[0], frames[2:]), *frames[2:]]


def try_codec(frames: list[bytes]) -> None:
    """Decodes frames with both codecs.

    Raises:
        Found: Something else than `BadFrame` escaped.
    """
    for decode in (wire.decode_link, wire.decode):
        try:
            with contextlib.suppress(wire.BadFrame):
                decode(KEY, frames)
        except Exception as fault:
            raise Found(f"{decode.__name__} let {fault!r} out\n  {[frame[:300] for frame in frames[:10]]!r}") from fault


def real_link(target: ServerTarget, dice: random.Random, number: int) -> None:
    """Sends broken frames to the host of a real kernel, past the server; the kernel answers its server all the same.

    Raises:
        Found: The host ended, or obeyed.
    """
    if not target.ground.server.hosts():
        target.ground.kernel()  # a call at random has shut the last one down
    facts = target.ground.server.hosts()[0]
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    dealer = context.socket(zmq.DEALER)
    dealer.linger = 0
    try:
        dealer.connect(facts["endpoint"])
        for _ in range(number):
            dealer.send_multipart(broken_frames(dice.choice(real_frames()), dice) or [b""])
        attach = wire.new_message("attach", b'{"generation": 999999, "since": 0}', msg_id="a", session="x")
        dealer.send_multipart(wire.encode_link(b"wrong" * 13, wire.stamp("host"), attach))
        ground = target.ground
        ground.call(
            ground.owner,
            "execution.start",
            session=ground.session,
            code="6*7",
            id=f"after-{dice.random()}"[:20].replace(".", ""),
        )
        target.look()
        if dealer.poll(0):
            raise Found("the host answered somebody who does not have its key")
    finally:
        dealer.close()
        context.term()
    if not is_alive(facts["pid"]):
        raise Found("the kernel host ended")
