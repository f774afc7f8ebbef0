"""The OpenRPC document of the method table (OpenRPC 1.3.2), made from the structs themselves and what stands below their fields."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, get_args

import msgspec

from webipy.core.api import calls
from webipy.core.events.events import AnyEvent
from webipy.server.methods.descriptions import all_structs, described
from webipy.server.methods.method import Method

_REF = "#/components/schemas/{name}"


def document(methods: Mapping[str, Method], version: str) -> calls.OpenRpc:
    """The OpenRPC document of a method table.

    Args:
        methods: The methods, by their names.
        version: webipy's version.
    """
    kinds: list[Any] = [kind for method in methods.values() for kind in (method.params, method.result)]
    _, schemas = msgspec.json.schema_components(
        [*kinds, calls.Events, AnyEvent], schema_hook=lambda kind: {"description": "any JSON value"}, ref_template=_REF
    )
    for struct in all_structs([*kinds, calls.Events, *get_args(AnyEvent)]):
        properties, descriptions = schemas.get(struct.__name__, {}).get("properties", {}), described(struct)
        for field in msgspec.structs.fields(struct):
            if field.encode_name in properties:
                properties[field.encode_name]["description"] = descriptions.get(field.name, "")
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
        {
            "name": name,
            "description": schema.get("description", ""),
            "required": name in required,
            "schema": {key: value for key, value in schema.items() if key != "description"},
        }
        for name, schema in own.get("properties", {}).items()
    ]
    return {
        "name": method.name,
        "summary": inspect.cleandoc(method.doc),
        "paramStructure": "by-name",
        "params": params,
        "result": {"name": method.result.__name__, "schema": {"$ref": _REF.format(name=method.result.__name__)}},
        "errors": [{"code": kind.code, "message": kind.name} for kind in method.raises],
        "x-verb": method.verb,
    }
