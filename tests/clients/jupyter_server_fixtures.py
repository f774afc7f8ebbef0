"""The fixtures of Jupyter Server's own tests, with a running webipy in place of the server that they would start.

pytest loads this module in an environment of its own (tests/clients/jupyter_server_tests.py), without webipy. The server is known by the variables
`WEBIPY_ORIGIN`, `WEBIPY_TOKEN`, `WEBIPY_ROOT` and `WEBIPY_DATA` (a folder of Jupyter's data that the server looks into). After each test all
sessions, kernels, terminals, and everything below the root are deleted, by the API.
"""

# mypy: disable-error-code="import-not-found,import-untyped,untyped-decorator"
# pytest is not in the environment of this project

from __future__ import annotations

import asyncio
import inspect
import json
import os
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

ORIGIN = os.environ["WEBIPY_ORIGIN"]
ROOT = Path(os.environ["WEBIPY_ROOT"])
DATA = Path(os.environ["WEBIPY_DATA"])
LOGIN = {"Authorization": f"token {os.environ['WEBIPY_TOKEN']}"}
SECONDS = 60


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: Any) -> bool | None:
    """Runs a test that is a coroutine in a loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = pyfuncitem._fixtureinfo.argnames
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in wanted}))
    return True


async def fetch(*parts: str, headers: dict[str, str] | None = None, params: Any = None, **options: Any) -> Any:
    """A request to the server, as the fixture `jp_fetch` makes it."""
    path = quote("/".join(part.strip("/") for part in parts if part.strip("/")))
    query = f"?{urlencode(params)}" if params else ""
    options.setdefault("request_timeout", SECONDS)
    return await AsyncHTTPClient().fetch(f"{ORIGIN}/{path}{query}", headers={**LOGIN, **(headers or {})}, **options)


@pytest.fixture
def jp_base_url() -> str:
    """Where the server is, on its host."""
    return "/"


@pytest.fixture
def jp_root_dir() -> Path:
    """The root of the server."""
    return ROOT


@pytest.fixture
def jp_serverapp() -> Any:
    """What tests read of the server."""
    kernels = SimpleNamespace(
        use_pending_kernels=False, default_kernel_name="python3", get_kernel=lambda _: SimpleNamespace()
    )
    return SimpleNamespace(
        root_dir=str(ROOT),
        contents_manager=SimpleNamespace(),
        kernel_manager=kernels,
        base_url="/",
        web_app=SimpleNamespace(),
    )


@pytest.fixture
def jp_ws_fetch() -> Any:
    """Opens a WebSocket."""

    async def opened(*parts: str, headers: dict[str, str] | None = None, params: Any = None, **options: Any) -> Any:
        query = f"?{urlencode(params)}" if params else ""
        address = f"{ORIGIN.replace('http', 'ws', 1)}/{quote('/'.join(part.strip('/') for part in parts))}{query}"
        known = inspect.signature(websocket_connect).parameters
        given = {name: value for name, value in options.items() if name in known}
        return await websocket_connect(HTTPRequest(address, headers={**LOGIN, **(headers or {})}), **given)

    return opened


@pytest.fixture
def jp_http_port() -> int:
    """The port of the server."""
    return int(ORIGIN.rpartition(":")[2])


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
def jp_fetch() -> Any:
    """Sends a request."""
    return fetch


@pytest.fixture(autouse=True)
def clean_root() -> Any:
    """Deletes what a test has left, and ends its sessions, kernels and terminals."""
    yield

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
