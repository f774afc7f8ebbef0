"""The params and results of the methods `file.*`, as in `webipy.core.calls`.

Paths are relative to the server's root, with `/` between their parts; `""` is the root itself. Names that begin with a
dot are hidden: they are not listed and cannot be named.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from webipy.core.calls import Params, Result
from webipy.core.events import KernelState

Path = Annotated[str, msgspec.Meta(max_length=4096)]
FileKind = Literal["folder", "notebook", "file", "other"]
"""`notebook` is a file that opens as one by its name; `other` is what cannot be opened: sockets, fifos, dangling links."""


class OfFile(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A method on one file or folder."""

    path: Path


class ListFiles(OfFile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of a folder: folders first, then by name; `limit` entries from number `offset` on."""

    path: Path = ""
    offset: Annotated[int, msgspec.Meta(ge=0)] = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1000


class File(Result, frozen=True, kw_only=True):
    """A file or folder. `size` is in bytes; `session` is the open one of this file, `kernel_state` that of its kernel."""

    name: str
    path: str
    kind: FileKind
    size: int
    modified: str
    etag: str
    is_writable: bool
    session: str | None = None
    kernel_state: KernelState | None = None


class FileList(Result, frozen=True, kw_only=True):
    """Part of a folder; `total` counts all its entries that are not hidden."""

    path: str
    entries: list[File]
    total: int


class CreateFile(OfFile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Makes an empty file, a folder, or a notebook (for that kernelspec). When the name is taken: with `unique` another one is found."""

    kind: Literal["folder", "notebook", "file"] = "notebook"
    kernelspec: str | None = None
    unique: bool = False


class MoveFile(OfFile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another path for a file or folder, or a copy of it; never over something that exists."""

    to: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]


class CopyFile(OfFile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A copy of a file or folder at `to`; null: beside it, under a free name."""

    to: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)] | None = None


class DeleteFile(OfFile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Deletes a file, or a folder; one that holds something only with `recursive`."""

    recursive: bool = False


class ReadFile(OfFile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`limit` bytes from `offset` on; larger parts go through `GET /files/PATH`."""

    offset: Annotated[int, msgspec.Meta(ge=0)] = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=1_048_576)] = 1_048_576


class FileContent(Result, frozen=True, kw_only=True):
    """Part of a file: `content` is its text where the part is UTF-8, else base64. `size` is all of it."""

    content: str
    encoding: Literal["utf-8", "base64"]
    offset: int
    size: int
    etag: str


class WriteFile(OfFile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Replaces a file whole, atomically. `if_match` is the etag it must have, `"missing"`: it must not exist; null: whatever is there."""

    content: str
    encoding: Literal["utf-8", "base64"] = "utf-8"
    if_match: str | None = None


class WatchFolder(OfFile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tells this connection, by the notification `folder_changed`, when something in the folder has changed."""

    path: Path = ""


class FolderChanged(Result, frozen=True, kw_only=True):
    """The params of the notification `folder_changed`: list the folder again."""

    path: str
