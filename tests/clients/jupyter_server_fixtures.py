"""The fixtures of Jupyter Server's own tests, with a running webipy in place of the server that they would start.

pytest loads this module in an environment of its own (tests/clients/jupyter_server_tests.py), without webipy. The server is known by the variables
`WEBIPY_ORIGIN`, `WEBIPY_TOKEN` and `WEBIPY_ROOT`. After each test kernels are ended, and
everything below the root is deleted, by the API.
"""

# mypy: disable-error-code="import-not-found,untyped-decorator"
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
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import websocket_connect

ORIGIN = os.environ["WEBIPY_ORIGIN"]
ROOT = Path(os.environ["WEBIPY_ROOT"])
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

    async def opened(*parts: str) -> Any:
        address = f"{ORIGIN.replace('http', 'ws', 1)}/{'/'.join(parts)}"
        return await websocket_connect(HTTPRequest(address, headers=LOGIN))

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
def jp_fetch() -> Any:
    """Sends a request."""
    return fetch


@pytest.fixture(autouse=True)
def clean_root() -> Any:
    """Deletes what a test has left, and ends its kernels."""
    yield

    async def clean() -> None:
        for one in json.loads((await fetch("api", "kernels")).body):
            await fetch("api", "kernels", one["id"], method="DELETE")
        listed = await fetch("api", "contents")
        for one in json.loads(listed.body)["content"]:
            await fetch("api", "contents", one["path"], method="DELETE")

    asyncio.run(clean())
    for one in ROOT.iterdir():  # hidden files, which no client reaches
        shutil.rmtree(one) if one.is_dir() else one.unlink()
