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
    """One file or folder."""

    path: Path
    """The path of the file or folder, relative to the server's root, with `/` between its parts; empty: the root itself."""


class ListFiles(OfFile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of a folder to return: folders first, then by name."""

    path: Path = ""
    """The path of the folder, relative to the server's root; empty: the root itself."""
    offset: Annotated[int, msgspec.Meta(ge=0)] = 0
    """The number of the first entry that is returned, from 0."""
    limit: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1000
    """The most entries that are returned."""


class File(Result, frozen=True, kw_only=True):
    """A file or folder."""

    name: str
    """The last part of its path."""
    path: str
    """The path of the file or folder, relative to the server's root."""
    kind: FileKind
    """What it is: a `notebook` is a file that opens as one by its name, `other` is what cannot be opened, such as sockets and dangling links."""
    size: int
    modified: str
    """When it was last changed, RFC 3339 in UTC."""
    etag: str
    is_writable: bool
    """Whether the server may write it."""
    session: str | None = None
    """The id of the open session of this file; null: there is none."""
    kernel_state: KernelState | None = None
    """What the kernel of that session does; null: there is none."""


class FileList(Result, frozen=True, kw_only=True):
    """A part of a folder."""

    path: str
    """The path of the folder, relative to the server's root."""
    entries: list[File]
    """The files and folders of this part."""
    total: int
    """How many entries the folder has, without hidden ones."""


class FindFiles(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which files to find by their names."""

    query: Annotated[str, msgspec.Meta(max_length=200)]
    """Words; a file is found when each is in its path, or at least its letters in their order."""
    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50
    """The most files that are returned."""


class FoundFiles(Result, frozen=True, kw_only=True):
    """The files that were found, the best ones first."""

    entries: list[File]
    """The files and folders."""
    is_complete: bool
    """Whether all names below the root were looked at; else call again for the rest."""


class CreateFile(OfFile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file, folder or notebook to make."""

    kind: Literal["folder", "notebook", "file"] = "notebook"
    """What to make; a `notebook` gets one empty cell, a `file` is empty."""
    kernelspec: str | None = None
    """The name of the kernelspec that a notebook is for; null: the default one."""
    unique: bool = False
    """Whether another name is found when the name is taken."""


class MoveFile(OfFile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The new path of a file or folder; nothing is written over something that exists."""

    to: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
    """The new path, relative to the server's root."""


class CopyFile(OfFile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to copy a file or folder; nothing is written over something that exists."""

    to: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)] | None = None
    """The path of the copy, relative to the server's root; null: a free name beside it."""
    entry: bool = False
    """Whether of a link the link itself is copied; else what it leads to."""


class DeleteFile(OfFile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file or folder to delete."""

    recursive: bool = False
    """Whether a folder that holds something is deleted, too."""
    permanent: bool = False
    """Whether it is deleted for good; else it is kept in the trash."""


class Trashed(Result, frozen=True, kw_only=True):
    """Something in the trash."""

    id: str
    """Its name in the trash."""
    path: str
    """The path where it was, relative to the server's root."""
    kind: FileKind
    """What it is."""
    size: int
    deleted: str
    """When it was deleted, RFC 3339 in UTC."""
    location: str
    """Where it is now, an absolute path on the server's machine."""


class Deleted(Result, frozen=True, kw_only=True):
    """What was deleted."""

    trashed: Trashed | None = None
    """What it is in the trash; null: it is gone for good."""


class ListTrash(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much of the trash to return."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1000
    """The most entries, the latest ones."""


class TrashList(Result, frozen=True, kw_only=True):
    """What was deleted below the root and is still in the trash, the latest first."""

    entries: list[Trashed]
    """What is in the trash."""


class OfTrashed(OfFile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that is in the trash; `path` is where it was."""

    id: Annotated[str, msgspec.Meta(max_length=255)]
    """Its name in the trash."""


class RestoreFile(OfTrashed, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to bring back, and where to; nothing is written over something that exists."""

    to: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)] | None = None
    """The new path, relative to the server's root; null: where it was."""


class ReadFile(OfFile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of a file to return; larger parts are read by `GET /files/PATH`."""

    offset: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Where the part begins, in bytes."""
    limit: Annotated[int, msgspec.Meta(ge=1, le=1_048_576)] = 1_048_576
    """The most bytes that are returned."""


class FileContent(Result, frozen=True, kw_only=True):
    """A part of a file."""

    content: str
    """The part: its text where it is UTF-8, else base64."""
    encoding: Literal["utf-8", "base64"]
    offset: int
    """Where the part begins, in bytes."""
    size: int
    """The size of the whole file, in bytes."""
    etag: str


class WriteFile(OfFile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a file holds from now on; it is replaced whole, atomically."""

    content: str
    """The whole content, written as `encoding` says."""
    encoding: Literal["utf-8", "base64"] = "utf-8"
    if_match: str | None = None
    """The etag that the file must have now; `"missing"`: there must be no file; null: whatever is there is replaced."""


class WatchFolder(OfFile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The folder to watch."""

    path: Path = ""
    """The path of the folder, relative to the server's root; empty: the root itself."""


class FolderChanged(Result, frozen=True, kw_only=True):
    """The params of the notification `folder_changed`: list the folder again."""

    path: str
    """The path of the folder, relative to the server's root."""
