"""The fixtures of the tests that come with Jupyter Server and its terminals, with a running webipy in place of the server that they would start.

pytest loads this module in an environment of its own (tests/clients/jupyter_server_tests.py), without webipy. The server is known by the variables
`WEBIPY_ORIGIN` (with its base URL), `WEBIPY_TOKEN`, `WEBIPY_ROOT` and `WEBIPY_DATA` (a folder of Jupyter's data that the server looks into);
`WEBIPY_GUEST` is JSON, the headers of a guest. After each test all sessions, kernels, terminals, and everything below the root are deleted, by the
API.

Only tests that send something to the server are run: those that use one of `SENDERS`. What such a test does with the Python objects of its server
goes to the server, too, where there is a request for it: a kernel, a session or a terminal is made by a POST, an event is told by one, and who has no
permissions is a guest. What has no request is not there, and the test fails.
"""

# mypy: disable-error-code="import-not-found,import-untyped,untyped-decorator"
# pytest is not in the environment of this project

from __future__ import annotations

import asyncio
import inspect
import json
import os
import shutil
import urllib.request
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

ORIGIN = os.environ["WEBIPY_ORIGIN"]
BASE = urlsplit(ORIGIN).path.rstrip("/") + "/"
HOST = ORIGIN.removesuffix(urlsplit(ORIGIN).path)
ROOT = Path(os.environ["WEBIPY_ROOT"])
DATA = Path(os.environ["WEBIPY_DATA"])
TOKEN = os.environ["WEBIPY_TOKEN"]
LOGIN = {"Authorization": f"token {TOKEN}"}
GUEST = json.loads(os.environ["WEBIPY_GUEST"])
SECONDS = 60
SENDERS = {"jp_fetch", "jp_ws_fetch", "send_request", "http_server_client", "login"}
"""Fixtures that send requests."""

AUTHORIZER = SimpleNamespace(permissions=None)
"""What a test allows; `None` where it says nothing."""


def pytest_collection_modifyitems(config: Any, items: list[Any]) -> None:
    """Leaves the tests that send nothing to a server out."""
    sending = [item for item in items if SENDERS & set(item.fixturenames)]
    config.hook.pytest_deselected(items=[item for item in items if item not in sending])
    items[:] = sending


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: Any) -> bool | None:
    """Runs a test that is a coroutine in a loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = pyfuncitem._fixtureinfo.argnames
    test = pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in wanted})
    asyncio.run(asyncio.wait_for(test, 2 * SECONDS))
    return True


def sender() -> dict[str, str]:
    """The headers of who asks: of the owner, or of a guest where the test allows nothing."""
    allowed = AUTHORIZER.permissions
    return dict(LOGIN if allowed is None or allowed["actions"] else GUEST)


def address(*parts: str, params: Any = None) -> str:
    """The address of a path below the base URL."""
    path = quote("/".join(part.strip("/") for part in parts if part.strip("/")))
    return f"{HOST}{BASE}{path}" + (f"?{urlencode(params)}" if params else "")


async def fetch(*parts: str, headers: dict[str, str] | None = None, params: Any = None, **options: Any) -> Any:
    """A request to the server, as the fixture `jp_fetch` makes it."""
    options.setdefault("request_timeout", SECONDS)
    return await AsyncHTTPClient().fetch(
        address(*parts, params=params), headers={**sender(), **(headers or {})}, **options
    )


def post(path: str, body: object) -> Any:
    """A request of the owner that blocks, for what tests ask of Python objects; its JSON."""
    request = urllib.request.Request(address(path), json.dumps(body).encode(), LOGIN, method="POST")
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:
        said = answer.read()
    return json.loads(said) if said else None


class KernelClient:
    """What a test waits with until a kernel is ready."""

    def __init__(self, kernel: str) -> None:
        self.kernel = kernel

    def start_channels(self) -> None:
        """Nothing has to be started."""

    stop_channels = start_channels

    async def wait_for_ready(self) -> None:
        """Waits until the kernel is idle."""
        while json.loads((await fetch("api/kernels", self.kernel)).body)["execution_state"] != "idle":
            await asyncio.sleep(0.1)


class Kernels:
    """What tests ask of the kernels of their server."""

    use_pending_kernels = False
    default_kernel_name = "python3"

    async def start_kernel(self) -> str:
        """Starts one; its id."""
        return str(post("api/kernels", {})["id"])

    def get_kernel(self, kernel: str) -> Any:
        """One of them."""
        return SimpleNamespace(client=lambda: KernelClient(kernel))


class Sessions:
    """What tests ask of the sessions of their server."""

    async def create_session(self, path: str) -> Any:
        """Makes one."""
        return post("api/sessions", {"path": path, "type": "notebook"})


class Terminals:
    """What tests ask of the terminals of their server."""

    def create(self) -> Any:
        """Makes one."""
        return post("api/terminals", {})

    async def terminate_all(self) -> None:
        """They end after each test."""


class Events:
    """What tests ask of the events of their server; a log that they hand over gets nothing."""

    def register_event_schema(self, schema: object) -> None:
        """Every event is taken."""

    def register_handler(self, handler: object) -> None:
        """No log is written."""

    def emit(self, schema_id: str, data: object) -> None:
        """Tells one."""
        post("api/events", {"schema_id": schema_id, "version": "1", "data": data})


@pytest.fixture
def jp_base_url() -> str:
    """Where the server is, on its host."""
    return BASE


@pytest.fixture
def jp_root_dir() -> Path:
    """The root of the server."""
    return ROOT


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    """Options of a server that is started for a test; the one that runs has its own."""
    return {"ServerApp": {}}


@pytest.fixture
def jp_argv() -> list[str]:
    """The command line of a server that is started for a test."""
    return []


@pytest.fixture
def jp_server_authorizer() -> None:
    """Who says what is allowed: that is the server."""


@pytest.fixture
def jp_server_auth_core_resources() -> dict[str, str]:
    """What a path belongs to: the server knows."""
    return {}


@pytest.fixture
def io_loop() -> Any:
    """Runs coroutines."""
    return SimpleNamespace(run_sync=lambda function: asyncio.run(function()))


@pytest.fixture
def jp_serverapp(jp_server_config: Any, jp_argv: Any) -> Any:
    """What tests read of the server, whatever its options would be."""
    return SimpleNamespace(
        root_dir=str(ROOT),
        contents_manager=SimpleNamespace(),
        kernel_manager=Kernels(),
        session_manager=Sessions(),
        base_url=BASE,
        web_app=SimpleNamespace(settings={"terminal_manager": Terminals()}),
        authorizer=AUTHORIZER,
        event_logger=Events(),
        identity_provider=SimpleNamespace(token=TOKEN),
    )


@pytest.fixture
def http_server_client(jp_serverapp: Any) -> Any:
    """Sends requests as nobody, to paths of the host."""

    async def plain(path: str, **options: Any) -> Any:
        return await AsyncHTTPClient().fetch(f"{HOST}{path}", **options)

    return SimpleNamespace(fetch=plain)


@pytest.fixture
def jp_ws_fetch(jp_serverapp: Any) -> Any:
    """Opens a WebSocket."""

    async def opened(*parts: str, headers: dict[str, str] | None = None, params: Any = None, **options: Any) -> Any:
        place = address(*parts, params=params).replace("http", "ws", 1)
        known = inspect.signature(websocket_connect).parameters
        given = {name: value for name, value in options.items() if name in known}
        return await websocket_connect(HTTPRequest(place, headers={**sender(), **(headers or {})}), **given)

    return opened


@pytest.fixture
def send_request(jp_ws_fetch: Any) -> Any:
    """Sends a request; gives the status of its answer, `None` for a WebSocket that opened."""

    async def sent(path: str, **options: Any) -> int | None:
        is_socket = path.endswith("/channels") or "/websocket/" in path
        try:
            answer = await (jp_ws_fetch if is_socket else fetch)(path, allow_nonstandard_methods=True, **options)
        except HTTPClientError as refused:
            return int(refused.code)
        if is_socket:
            answer.close()
            return None
        return int(answer.code)

    return sent


@pytest.fixture
def jp_http_port() -> int:
    """The port of the server."""
    return urlsplit(ORIGIN).port or 80


@pytest.fixture
def jp_auth_header() -> dict[str, str]:
    """The header of who may come in."""
    return LOGIN


@pytest.fixture
def jp_data_dir() -> Path:
    """Where kernelspecs are looked for, too."""
    return DATA


@pytest.fixture
def jp_kernelspecs(jp_data_dir: Path) -> Any:
    """Kernelspecs that the tests look for."""
    from tests.utils import sample_kernel_json, some_resource

    for name in ("sample", "sample2", "bad"):
        folder = jp_data_dir / "kernels" / name
        folder.mkdir(parents=True)
        (folder / "kernel.json").write_text("garbage" if name == "bad" else json.dumps(sample_kernel_json))
        (folder / "resource.txt").write_text(some_resource)
    yield
    shutil.rmtree(jp_data_dir / "kernels")


@pytest.fixture
def jp_fetch(jp_serverapp: Any, jp_base_url: str) -> Any:
    """Sends a request."""
    return fetch


@pytest.fixture(autouse=True)
def clean_root() -> Any:
    """Deletes what a test has left, and ends its sessions, kernels and terminals."""
    yield
    AUTHORIZER.permissions = None

    async def clean() -> None:
        for what, key in (("sessions", "id"), ("kernels", "id"), ("terminals", "name")):
            for one in json.loads((await fetch("api", what)).body):
                try:
                    await fetch("api", what, one[key], method="DELETE")
                except HTTPClientError as gone:
                    assert gone.code == 404, gone  # it went with another
        listed = await fetch("api", "contents")
        for one in json.loads(listed.body)["content"]:
            await fetch("api", "contents", one["path"], method="DELETE")

    asyncio.run(clean())
    for one in ROOT.iterdir():  # hidden files, which no client reaches
        shutil.rmtree(one) if one.is_dir() else one.unlink()
