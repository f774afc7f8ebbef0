"""webipy.io.jupyter.collaboration: programs that edit notebooks together with others, on a real server.

The quick part speaks the protocol itself, over a real socket; the programs of others need packages: `make clients`.
"""

from __future__ import annotations

import json
from typing import Any

from tests.blocking_websocket import BINARY, FIN, Closed
from tests.clients.client_case import ClientCase
from tests.clients.packages import AGENTS, python_of
from tests.live import Connection, ServerCase, until
from tests.room_programs import pycrdt
from webipy.io.jupyter import y_messages

BOOK = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {},
    "cells": [
        {"id": "c1", "cell_type": "code", "metadata": {}, "source": "6 * 7", "outputs": [], "execution_count": None},
        {"id": "m1", "cell_type": "markdown", "metadata": {}, "source": "# é😀"},
    ],
}

MCP = """
import asyncio, json, os, sys
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

async def main():
    words = ["-m", "jupyter_mcp_server", "--transport", "stdio", "--jupyter-url", URL, "--jupyter-token", TOKEN]
    server = StdioServerParameters(command=sys.executable, args=words, env=dict(os.environ))
    async with stdio_client(server, errlog=open(os.devnull, "w")) as streams, ClientSession(*streams) as session:
        await session.initialize()
        for line in sys.stdin:
            name, arguments = json.loads(line)
            answer = await session.call_tool(name, arguments)
            texts = [part.text for part in answer.content if hasattr(part, "text")]
            print(json.dumps([name, "\\n".join(texts)]), flush=True)

asyncio.run(main())
"""

NBMODEL = """
import asyncio, json, sys
from jupyter_kernel_client import JupyterKernelClient
from jupyter_nbmodel_client import NbModelClient, get_notebook_websocket_url

def client():
    return NbModelClient(get_notebook_websocket_url(URL, "together.ipynb", token=TOKEN))

async def until(condition):
    while not condition():
        await asyncio.sleep(0.02)

async def main():
    found = {}
    async with client() as one, client() as two:
        one.add_code_cell("x = 5\\nprint('é', x)\\nx + 1")
        two.add_markdown_cell("# two")
        await until(lambda: len(one) == 4 and len(two) == 4)
        one.set_cell_source(1, "# one 😀")
        await until(lambda: two.get_cell_source(1) == "# one 😀")
        found["same"] = one.as_dict() == two.as_dict()
        place = [cell["source"] for cell in one.as_dict()["cells"]].index("x = 5\\nprint('é', x)\\nx + 1")
        with JupyterKernelClient(server_url=URL, token=TOKEN, kernel_id=KERNEL) as kernel:
            ran = await asyncio.to_thread(one.execute_cell, place, kernel, timeout=600)
        found["ran"] = [ran["status"], len(ran["outputs"])]
        await until(lambda: len(two[place]["outputs"]) == 2 and two[place]["execution_count"])
        await until(lambda: one[place]["outputs"] == two[place]["outputs"])
        found["text"] = two[place]["outputs"][0]["text"]
        print(json.dumps(found), flush=True)
        sys.stdin.readline()
        await until(lambda: two.get_cell_source(0) == "by a person")
        print(json.dumps({"person": True}), flush=True)
    return 0

asyncio.run(main())
"""


class RoomSocket(Connection):
    """A socket of a program in a room."""

    def __init__(self, port: int, headers: dict[str, str], room: str, id: str) -> None:
        self.path = f"/api/collaboration/room/{room}?sessionId={id}"
        super().__init__(port, headers, None)
        self.doc: Any = pycrdt.Doc()
        self.cells: Any = self.doc.get("cells", type=pycrdt.Array)

    def say(self, message: bytes) -> None:
        """Sends a message."""
        self.frame(FIN | BINARY, message)

    def take(self) -> int:
        """Takes a message; gives the step of the protocol that it is."""
        reader = y_messages.Reader(self.receive())
        assert reader.number() == y_messages.SYNC
        step, body = reader.number(), reader.part()
        if step == y_messages.STEP_1:
            self.say(y_messages.sync(y_messages.STEP_2, self.doc.get_update(body)))
        else:
            self.doc.apply_update(body)
        return step

    def synced(self) -> RoomSocket:
        """Asks for what lacks here."""
        self.say(y_messages.sync(y_messages.STEP_1, self.doc.get_state()))
        while self.take() != y_messages.STEP_2:
            pass
        return self

    def change(self, state: bytes) -> None:
        """Sends what has changed since a state."""
        self.say(y_messages.sync(y_messages.UPDATE, self.doc.get_update(state)))

    def sources(self) -> list[str]:
        """The sources of the cells."""
        return [str(cell["source"]) for cell in self.cells]


class Rooms(ServerCase):
    """The protocol, over a socket."""

    def joined(self) -> tuple[RoomSocket, dict[str, Any]]:
        """A socket in the room of the notebook, and what the route has answered."""
        body = b'{"format":"json","type":"notebook"}'
        answer = json.loads(self.server.request("PUT", "/api/collaboration/session/rooms.ipynb", body)[1])
        return self.socket(answer), answer

    def socket(self, answer: dict[str, Any]) -> RoomSocket:
        """A socket for what the route has answered."""
        room = "{format}:{type}:{fileId}".format(**answer)
        headers = {"Authorization": f"token {self.server.token}"}
        socket = RoomSocket(self.server.port, headers, room, answer["sessionId"])
        self.addCleanup(socket.close)
        return socket

    def setUp(self) -> None:
        super().setUp()
        (self.folder / "rooms.ipynb").write_text(json.dumps(BOOK))

    def test_a_program_and_a_person(self) -> None:
        """What each changes is there for the other, once; the journal says who it was."""
        session = self.open(path="rooms.ipynb", kernelspec=None)
        socket, answer = self.joined()
        self.assertEqual((answer["fileId"], socket.synced().sources()), (session, ["6 * 7", "# é😀"]))
        state = socket.doc.get_state()
        socket.cells[1]["source"].insert(len("# é😀".encode()), "!")
        socket.change(state)
        until(lambda: self.source(1) == "# é😀!" or None, "the change of the program")
        self.call("cell.set_source", session=session, cell="c1", source="a person")
        while socket.sources()[0] != "a person":
            socket.take()
        edits = [event for event in self.events() if event["type"] == "cell_edited"]
        self.assertEqual((edits[0]["changes"], bool(edits[0]["by"])), ([5, [0, "!"]], True))

    def source(self, place: int) -> str:
        """The source of a cell in the session."""
        return str(self.call("cell.list", session=self.session)["cells"][place]["source"])

    def test_a_program_that_comes_back_to_another_server(self) -> None:
        """It is not let in with the document of the former room, and doubles nothing; anew it finds the notebook as it was."""
        self.open(path="rooms.ipynb", kernelspec=None)
        socket, answer = self.joined()
        state = socket.synced().doc.get_state()
        socket.cells[0]["source"].insert(0, "1 + ")
        socket.change(state)
        until(lambda: self.source(0) == "1 + 6 * 7" or None, "the change of the program")
        self.server.kill()
        self.server.start()
        back = self.socket(answer)
        back.doc.apply_update(socket.doc.get_update())
        with self.assertRaises(Closed) as closed:
            back.synced()
        self.assertEqual(closed.exception.code, 1003)
        anew, _ = self.joined()
        self.assertEqual(anew.synced().sources(), ["1 + 6 * 7", "# é😀"])


class Agents(ClientCase):
    """Programs of others, each as its users run it."""

    def test_jupyter_mcp_server(self) -> None:
        """Its tools, one after the other, as an agent calls them."""
        x = "x = 41\nprint('hé😀')\nx + 1"
        steps: list[tuple[str, dict[str, Any], str]] = [
            ("use_notebook", {"notebook_name": "n", "notebook_path": "mcp.ipynb", "mode": "create"}, "1 cells"),
            ("insert_cell", {"cell_index": -1, "cell_type": "code", "cell_source": x}, "has 2 cells"),
            ("execute_cell", {"cell_index": 1}, "hé😀\n\n42"),
            ("read_cell", {"cell_index": 1}, "execution count: 1"),
            ("overwrite_cell_source", {"cell_index": 1, "cell_source": "x = 5\nprint(x)"}, "+x = 5"),
            ("execute_cell", {"cell_index": 1, "timeout": 60}, "5"),
            ("insert_execute_code_cell", {"cell_index": -1, "cell_source": "print('a', x * 2)"}, "a 10"),
            ("insert_cell", {"cell_index": 0, "cell_type": "markdown", "cell_source": "# T"}, "has 4 cells"),
            ("move_cell", {"source_index": 0, "target_index": 2}, "moved successfully"),
            ("edit_cell_source", {"cell_index": 2, "old_string": "T", "new_string": "Ti😀tle"}, "+# Ti😀tle"),
            ("execute_code", {"code": "print(x + 1)"}, "6"),
            ("clear_cell_output", {"cell_index": 1}, "cleared successfully"),
            ("delete_cell", {"cell_indices": [0]}, "deleted successfully"),
            ("read_notebook", {"notebook_name": "n"}, "has 3 cells"),
        ]
        typed = "".join(json.dumps([name, arguments]) + "\n" for name, arguments, _ in steps)
        printed = self.agent(MCP, typed).splitlines()
        found = {}
        for number, ((name, _, wanted), line) in enumerate(zip(steps, printed, strict=True)):
            found[f"{number} {name}"] = wanted if wanted in json.loads(line)[1] else json.loads(line)[1]
        self.session = next(one["id"] for one in self.call("session.list")["sessions"] if one["path"] == "mcp.ipynb")
        self.sessions.append(self.session)
        cells = [(one["cell_type"], one["source"]) for one in self.call("cell.list", session=self.session)["cells"]]
        found["cells"] = cells == [
            ("code", "x = 5\nprint(x)"),
            ("markdown", "# Ti😀tle"),
            ("code", "print('a', x * 2)"),
        ]
        runs = [event for event in self.events() if event["type"] == "execution_queued"]
        found["runs belong to cells"] = [bool(event.get("cell")) for event in runs] == [True, True, True, False]
        wanted_steps = {f"{number} {name}": wanted for number, (name, _, wanted) in enumerate(steps)}
        self.check_steps("jupyter-mcp-server", found, {**wanted_steps, "cells": True, "runs belong to cells": True})

    def agent(self, code: str, typed: str, **known: str) -> str:
        """Runs a program of the agents; gives what it prints."""
        for name, value in {"URL": self.server.origin, "TOKEN": self.server.token, **known}.items():
            code = code.replace(name, repr(value))
        return self.ran(python_of("agents", AGENTS), ["-c", code], typed)

    def test_jupyter_nbmodel_client(self) -> None:
        """Two of them and a person; a run in the kernel of the notebook, whose outputs nobody finds twice."""
        (self.folder / "together.ipynb").write_text(json.dumps(BOOK))
        session = self.open(path="together.ipynb")
        self.call("cell.set_source", session=session, cell="c1", source="by a person")
        lines = self.agent(NBMODEL, "\n", KERNEL=self.kernel["id"]).splitlines()
        found = json.loads(lines[0]) | json.loads(lines[1])
        runs = [event for event in self.events() if event["type"] == "execution_queued"]
        found["belongs"] = [bool(event.get("cell")) for event in runs]
        found["by"] = not [event for event in self.events() if event["type"] == "cell_outputs_set"]
        wanted = {"same": True, "ran": ["ok", 2], "text": "é 5\n", "person": True, "belongs": [True], "by": True}
        self.check_steps("jupyter_nbmodel_client", found, wanted)
