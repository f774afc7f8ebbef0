"""The params and results of the methods `file.*`, as in `webipy.core.api.calls`.

Paths are relative to the server's root, with `/` between their parts; `""` is the root itself. Names that begin with a
dot are hidden: they are not listed and cannot be named.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from webipy.core.api.calls import Params, Result
from webipy.core.events.events import KernelState

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
    """A copy of a file or folder at `to`; null: beside it, under a free name. Of a link what it leads to is copied; with `entry` the link itself."""

    to: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)] | None = None
    entry: bool = False


class DeleteFile(OfFile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Deletes a file, or a folder; one that holds something only with `recursive`. With `permanent` it is not kept in the trash."""

    recursive: bool = False
    permanent: bool = False


class Trashed(Result, frozen=True, kw_only=True):
    """Something in the trash: `path` is where it was, `id` its name there, `location` where it is now on the server's machine."""

    id: str
    path: str
    kind: FileKind
    size: int
    deleted: str
    location: str


class Deleted(Result, frozen=True, kw_only=True):
    """What was deleted, as it is in the trash; null: it is gone for good."""

    trashed: Trashed | None = None


class ListTrash(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The latest `limit` of them."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1000


class TrashList(Result, frozen=True, kw_only=True):
    """What was deleted below the root and is still in the trash, the latest first."""

    entries: list[Trashed]


class OfTrashed(OfFile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A method on something that is in the trash: its `id` there, and the `path` where it was."""

    id: Annotated[str, msgspec.Meta(max_length=255)]


class RestoreFile(OfTrashed, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Back to where it was, or to `to`; never over something that exists."""

    to: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)] | None = None


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
