"""The fixture of jupyter_kernel_client's own tests: a running webipy in place of the server that they would start.

pytest loads this module in an environment of its own. The server is known by the variables `WEBIPY_ORIGIN` and `WEBIPY_TOKEN`. After each test all
kernels are ended.
"""

# mypy: disable-error-code="import-not-found,untyped-decorator"
# pytest is not in the environment of this project

from __future__ import annotations

import json
import os
import urllib.request
from typing import Any
from urllib.parse import urlsplit

import pytest

ORIGIN, TOKEN = os.environ["WEBIPY_ORIGIN"], os.environ["WEBIPY_TOKEN"]


def asked(method: str, path: str) -> Any:
    """A request with the token; its JSON."""
    request = urllib.request.Request(f"{ORIGIN}{path}", method=method, headers={"Authorization": f"token {TOKEN}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read() or b"null")


@pytest.fixture
def jupyter_server() -> Any:
    """The port and the token of the server."""
    yield str(urlsplit(ORIGIN).port), TOKEN
    for kernel in asked("GET", "/api/kernels"):
        asked("DELETE", f"/api/kernels/{kernel['id']}")
