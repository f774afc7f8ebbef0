"""The OpenRPC document of the method table (OpenRPC 1.3.2), made from the structs themselves."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import msgspec

from webipy.core.api import calls
from webipy.core.events.events import AnyEvent
from webipy.server.methods.method import Method

_REF = "#/components/schemas/{name}"


def document(methods: Mapping[str, Method], version: str) -> calls.OpenRpc:
    """The document for some methods."""
    kinds: list[Any] = [kind for method in methods.values() for kind in (method.params, method.result)]
    _, schemas = msgspec.json.schema_components(
        [*kinds, calls.Events, AnyEvent], schema_hook=lambda kind: {"description": "any JSON value"}, ref_template=_REF
    )
    return calls.OpenRpc(
        openrpc="1.3.2",
        info={
            "title": "webipy",
            "version": version,
            "description": "IPython, and every other Jupyter kernel, over the web.",
        },
        methods=[_method(methods[name], schemas) for name in sorted(methods)],
        components={"schemas": schemas},
    )


def _method(method: Method, schemas: dict[str, Any]) -> dict[str, object]:
    own = schemas[method.params.__name__]
    required = own.get("required", [])
    params = [
        {"name": name, "required": name in required, "schema": schema}
        for name, schema in own.get("properties", {}).items()
    ]
    return {
        "name": method.name,
        "summary": inspect.cleandoc(method.doc),
        "paramStructure": "by-name",
        "params": params,
        "result": {"name": method.result.__name__, "schema": {"$ref": _REF.format(name=method.result.__name__)}},
        "x-verb": method.verb,
    }
