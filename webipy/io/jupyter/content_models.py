"""What clients of a Jupyter Server read of files: models, names for new files, and the paths that they may name.

A model of a notebook has as its hash what people wrote in it, and as its time when that changed: a client that compares them before it saves asks its
user only when somebody else has written, and not when a kernel has printed.

Source: jupyter_server 2.21, services/contents (REST API); JupyterLab 4.6, how it compares models before it saves.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from itertools import count
from typing import Final, Literal
from urllib.parse import quote

from msgspec import UnsetType

from webipy.core.api.file_calls import File
from webipy.core.api.notebook_calls import NotebookCopy
from webipy.io.jupyter.routes import Refusal
from webipy.io.media_types import MediaTypes

Kind = Literal["directory", "file", "notebook"]
Model = dict[str, object]

TEXT_HASH: Final = "webipy-text-sha256"
"""The name of the hash of a notebook: SHA-256 of what people write in it."""

MOST_TRIES: Final = 10_000
"""Names that are tried for a new file."""

_KINDS: Final[dict[str, Kind]] = {"folder": "directory", "notebook": "notebook", "file": "file"}
_COPY: Final = re.compile(r"-Copy\d*(?=\.|$)")
_TYPES: Final = MediaTypes()


def checked_path(path: str, status: int = 404) -> str:
    """A path as methods take it.

    Args:
        path: The path of an address or of a body, decoded.
        status: The status for a path that is hidden or leads out of the root: 404 where something is read, 400 where something is changed.

    Raises:
        Refusal: It is such a path.
    """
    plain = path.strip("/")
    if plain and any(part.startswith(".") or not part for part in plain.split("/")):
        raise (
            missing(plain)
            if status == 404
            else Refusal(status, f"The path {plain[:200]!r} is hidden or outside of the root.")
        )
    return plain


def missing(path: str) -> Refusal:
    """The refusal for what is not there."""
    return Refusal(404, f"file or directory {path[:200]!r} does not exist")


def kind_of(file: File) -> Kind | None:
    """The type of a file in a model; `None` for what has none, such as a socket.

    Only an `.ipynb` counts as a notebook: other documents are text to Jupyter's clients, unless they ask for a notebook.
    """
    if file.kind == "notebook" and not file.path.lower().endswith(".ipynb"):
        return "file"
    return _KINDS.get(file.kind)


def media_type(path: str) -> str | None:
    """The type of a file by its name."""
    return _TYPES.of(path.rpartition("/")[2])


def model_of(file: File) -> Model:
    """The model of a file or folder, without its content."""
    kind = kind_of(file)
    return {
        "name": file.name,
        "path": file.path,
        "type": kind,
        "writable": file.is_writable,
        "created": file.modified,
        "last_modified": file.modified,
        "size": None if kind == "directory" else file.size,
        "mimetype": media_type(file.path) if kind == "file" else None,
        "format": None,
        "content": None,
        "hash": None,
        "hash_algorithm": None,
    }


def model_of_notebook(copy: NotebookCopy, *, has_hash: bool) -> Model:
    """The model of a notebook, with its content if the copy has it.

    Args:
        copy: The notebook.
        has_hash: Whether its hash was asked for.
    """
    model: Model = {
        "name": copy.path.rpartition("/")[2],
        "path": copy.path,
        "type": "notebook",
        "writable": copy.is_writable,
        "created": copy.modified,
        "last_modified": copy.modified,
        "size": copy.size,
        "mimetype": None,
        "format": None if isinstance(copy.notebook, UnsetType) else "json",
        "content": None if isinstance(copy.notebook, UnsetType) else copy.notebook,
        "hash": copy.text_hash if has_hash else None,
        "hash_algorithm": TEXT_HASH if has_hash else None,
    }
    return with_message(model, copy.repairs)


def with_message(model: Model, repairs: list[str]) -> Model:
    """A model of a notebook with what was wrong in it, as clients show it.

    Args:
        model: The model.
        repairs: What was repaired, in sentences.
    """
    if repairs:
        model["message"] = f"Notebook validation failed, and was repaired: {' '.join(repairs)[:2000]}"
    return model


def content_of(body: bytes, path: str, format: str | None) -> tuple[str, str, str]:
    """The content of a file in a model.

    Args:
        body: The bytes of the file.
        path: Its path.
        format: `text`, `base64`, or `None` for what fits.

    Returns:
        The content, its format and its media type.

    Raises:
        Refusal: 400, it is no text.
    """
    if format != "base64":
        try:
            return body.decode(), "text", media_type(path) or "text/plain"
        except UnicodeDecodeError:
            if format == "text":
                raise Refusal(400, f"{path} is not UTF-8 encoded", "bad format") from None
    return base64.encodebytes(body).decode(), "base64", media_type(path) or "application/octet-stream"


def new_names(name: str, between: str) -> Iterator[str]:
    """Yields a name, and then the names that it gets when it is taken: `Untitled.ipynb`, `Untitled1.ipynb`.

    Args:
        name: The name.
        between: What stands before the number.

    Raises:
        Refusal: 409, all that are tried are taken.
    """
    stem, dot, ending = name.rpartition(".") if name.endswith(".ipynb") else name.partition(".")
    for number in count():
        if number > MOST_TRIES:
            raise Refusal(409, f"There are too many files with a name like {name[:100]}; choose another one.")
        yield f"{stem}{f'{between}{number}' if number else ''}{dot}{ending}"


def copy_names(name: str) -> Iterator[str]:
    """Yields the names of copies of a file: `a-Copy1.ipynb`, `a-Copy2.ipynb`.

    Args:
        name: The name of the file, which may be that of a copy.
    """
    yield from new_names(_COPY.sub("", name), "-Copy")


def location(base: str, path: str, *parts: str) -> dict[str, str]:
    """The header that says where something is.

    Args:
        base: The base URL, without the slash at its end.
        path: The path of a file.
        parts: What follows it.
    """
    return {"Location": "/".join([f"{base}/api/contents/{quote(path)}", *map(quote, parts)])}
