"""Outputs of any size: complete at every reader, in the file, and over any number of servers; what cannot be kept fails."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import random
import time
from typing import Any

from tests.faults import FaultTestCase, Subscriber, rounds
from tests.live import is_a, rss_mb, until

MEBIBYTE = 1024 * 1024

SHOW = (
    "import random as _r\n"
    "def show(seed, size):\n"
    "    text = _r.Random(seed).randbytes(size // 2).hex()\n"
    "    data = {'image/png': text, 'text/plain': f'picture {seed}'}\n"
    "    get_ipython().display_pub.publish(data)\n"
)


def picture(seed: int, size: int) -> str:
    """What `show` shows."""
    return random.Random(seed).randbytes(size // 2).hex()


class Large(FaultTestCase):
    """One session, and outputs that are too large for a message."""

    def setUp(self) -> None:
        super().setUp()
        self.server.start()
        self.session = self.server.session()
        self.server.run(self.session, SHOW, "defs")

    def get(self, address: str, **headers: str) -> tuple[int, bytes]:
        """Status and body of a GET."""
        line = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        self.addCleanup(line.close)
        line.request("GET", address, headers={"Authorization": f"Bearer {self.server.token}", **headers})
        answer = line.getresponse()
        return answer.status, answer.read()

    def ref_of(self, watcher: Subscriber, execution: str) -> Any:
        """What the one output of an execution says of its picture."""
        (shown,) = [
            event["output"]
            for event in watcher.events
            if event["type"] == "output_added" and event["execution"] == execution
        ]
        return shown["metadata"]["webipy"]["blobs"]["image/png"]

    def test_c5_a_large_picture_is_whole_everywhere(self) -> None:
        """By its address, by ranges, and by the API."""
        size = rounds(5, 70) * MEBIBYTE
        watcher = self.subscribe(self.session)
        self.server.run(self.session, f"show(7, {size})", "big")
        watcher.finished("big")
        ref, whole = self.ref_of(watcher, "big"), picture(7, size)
        self.assertEqual(ref, {"sha256": hashlib.sha256(whole.encode()).hexdigest(), "size": size})
        address = f"/outputs/{self.session}/{ref['sha256']}"
        self.assertEqual(self.get(address), (200, whole.encode()))
        self.assertEqual(self.get(address, Range="bytes=10-19"), (206, whole[10:20].encode()))
        self.assertEqual(self.get(address + "x")[0], 404)
        self.assertEqual(self.get(f"{address}?type=image/png&name=a.png"), (200, base64.b64decode(whole)))
        line = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        self.addCleanup(line.close)
        line.request("GET", address)
        self.assertEqual(line.getresponse().status, 401)
        part = self.server.call(
            "output.read", session=self.session, execution="big", output=0, mime="image/png", offset=5, limit=10
        )
        self.assertEqual(part, {"text": whole[5:15], "offset": 5, "size": size})

    def test_c8_the_file_has_all_of_a_large_output_and_is_the_same_document_again(self) -> None:
        """Saved while the server stays small; a change beside it, by another program, leaves it as it is."""
        size = rounds(5, 300) * MEBIBYTE
        session = self.server.call("session.create", path="n.ipynb", create=True, kernelspec="python3")["id"]
        cell = self.server.call("cell.insert", session=session, source=SHOW + f"show(7, {size})")["cell"]
        self.server.call("execution.start", session=session, code=SHOW + f"show(7, {size})", cell=cell, id="celled")
        self.server.wait(session, "celled")
        self.server.call("notebook.save", session=session)
        path, whole = self.server.root / "n.ipynb", picture(7, size)

        def shown() -> list[str]:
            cells = json.loads(path.read_bytes())["cells"]
            return [output["data"]["image/png"] for one in cells for output in one["outputs"]]

        self.assertEqual(shown(), [whole])
        self.server.call("cell.insert", session=session, source="1", after=cell)
        self.server.call("notebook.save", session=session)
        self.assertEqual(shown(), [whole])
        path.write_bytes(path.read_bytes().replace(b'"text/plain": [', b'"text/plain": [ "changed ",', 1))
        other = self.server.call("session.get", session=session)
        until(lambda: self.server.call("session.get", session=session)["seq"] > other["seq"] or None, "it is taken in")
        (host,) = [one for one in self.server.hosts() if one["kernel_pid"] == other["kernel"]["pid"]]
        self.assertLess(max(rss_mb(self.server.pid), rss_mb(host["pid"])), 150)
        self.server.call("session.close", session=session)
        again = self.server.call("session.create", path="n.ipynb")["id"]
        self.server.call("cell.insert", session=again, source="2")
        self.server.call("notebook.save", session=again)
        self.assertEqual(shown(), [whole])
        self.assertLess(max(len(json.dumps(event)) for event in self.server.events(again)), 100_000)

    def test_c3_a_server_that_is_killed_between_parts_ends_with_one_whole_blob(self) -> None:
        """Each picture is there once, whole, and nothing else is."""
        size, dice = rounds(8, 40) * MEBIBYTE, random.Random(5)
        folder = self.server.state / "journals" / f"{self.session}.blobs"
        for number in range(rounds(2, 25)):
            execution = f"k{number}"
            self.server.call("execution.start", session=self.session, code=f"show({number}, {size})", id=execution)
            until(lambda: any(folder.glob("*")) or None, "the first part comes")
            time.sleep(dice.random() / 20)  # anywhere between two parts
            self.server.kill()
            self.server.start()
            told = self.server.wait(self.session, execution)
            self.assertEqual(told["status"], "ok")
            (output,) = told["outputs"]
            ref = output["metadata"]["webipy"]["blobs"]["image/png"]
            body = self.get(f"/outputs/{self.session}/{ref['sha256']}")[1]
            self.assertEqual(body, picture(number, size).encode())
        self.assertEqual(len(list(folder.iterdir())), rounds(2, 25))

    def test_c5_prints_that_are_not_flushed_come_whole_to_two_of_whom_one_sleeps(self) -> None:
        """As many characters as were printed, in their order; host and server stay small."""
        prints = rounds(20, 200)
        awake, asleep = self.subscribe(self.session), self.subscribe(self.session, receive_bytes=4096)
        asleep.until(is_a("execution_finished", "defs"))
        asleep.is_awake.clear()
        code = f"for i in range({prints}): print('%06d' % i + 'y' * {MEBIBYTE - 7})"
        self.server.call("execution.start", session=self.session, code=code, id="text")
        awake.finished("text")
        asleep.is_awake.set()
        for watcher in (awake, asleep):
            watcher.finished("text")
            text = watcher.printed("text")
            self.assertEqual(len(text), prints * MEBIBYTE)
            self.assertEqual([int(text[i * MEBIBYTE :][:6]) for i in range(prints)], list(range(prints)))
        (host,) = self.server.hosts()
        self.assertLess(max(rss_mb(self.server.pid), rss_mb(host["pid"])), 150)
