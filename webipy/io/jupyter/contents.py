"""The routes of files and documents: `/api/contents`.

::

    folder, file  ──► file.list, file.stat, file.read, file.write, file.create, file.rename, file.copy, file.delete
    notebook      ──► notebook.read: the document as it is now, open or not
                  ◄── notebook.merge: what the client changed since it had the notebook last, merged into the document

A notebook that a client writes is never put in the place of what is there: see webipy.core.ipynb.client_copy. A file that is no notebook is
replaced as clients expect; one that names in its model the time or the hash of what it has read gets 409 when the file is another one by now.

A file that comes in parts (`chunk`) gathers in a hidden file, and appears when the last part is there (webipy.io.files.uploads).

Source: jupyter_server 2.21, services/contents (REST API).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from typing import Final

import attrs
import msgspec
from msgspec import UNSET, Raw, UnsetType
from twisted.web.http import datetimeToString

from webipy.core import errors
from webipy.core.api import calls, file_calls, notebook_calls
from webipy.core.api.file_calls import File
from webipy.core.api.token_scopes import Touched
from webipy.io.jupyter.checkpoints import Checkpoints
from webipy.io.jupyter.content_models import (
    Model,
    checked_path,
    content_of,
    copy_names,
    kind_of,
    location,
    missing,
    model_of,
    model_of_notebook,
    new_names,
    with_message,
)
from webipy.io.jupyter.routes import Answer, Asked, Refusal, Route, decoded
from webipy.io.jupyter.trust import Trust
from webipy.io.jupyter.whole_files import read_whole
from webipy.io.reactor import Run

MOST_WRITTEN: Final = 1000
"""Files of which it is known what a client wrote last."""

Upload = Callable[[str, str, int, bytes], Awaitable[None]]
"""Adds a part to a file that comes in parts: the path, who sends it, the number of the part (1: the first, -1: the last), its bytes."""


class WantedModel(msgspec.Struct):
    """The body of a request; what else clients send is ignored."""

    type: str | None = None
    format: str | None = None
    content: Raw | UnsetType = UNSET
    chunk: int | None = None
    copy_from: str | None = None
    path: str | None = None
    ext: str | None = None
    hash: str | None = None
    hash_algorithm: str | None = None
    last_modified: str | None = None

    @property
    def has_content(self) -> bool:
        """Whether there is content."""
        return not isinstance(self.content, UnsetType) and bytes(memoryview(self.content)[:4]) != b"null"


@attrs.define(eq=False)
class Contents:
    """The files and documents below the root.

    Args:
        run: Runs a function that blocks, or takes long, in a thread.
        upload: Takes the parts of a file.
        checkpoints: The checkpoints of files.
        trust: Which outputs are trusted.
    """

    run: Run
    upload: Upload
    checkpoints: Checkpoints
    trust: Trust
    _written: OrderedDict[tuple[str, str], str] = attrs.field(factory=OrderedDict)
    """The etag of a file as somebody wrote it last, by path and login."""

    # ---- reading

    async def get(self, asked: Asked) -> Answer:
        """A file, a folder with what is in it, or a notebook.

        Raises:
            Refusal: 400, an argument is wrong or it is of another type; 404, there is none.
        """
        path = checked_path(asked.parts["path"])
        wanted, format = _one_of(asked, "type", None), _one_of(asked, "format", ("text", "base64"))
        has_content = (_one_of(asked, "content", ("0", "1")) or "1") == "1"
        has_hash = _one_of(asked, "hash", ("0", "1")) == "1"
        file = await _stat(asked, path)
        kind = _checked_kind(file, wanted)
        if kind == "directory":
            model = await self._folder(asked, file, has_content)
        elif kind == "notebook":
            model = await self._notebook(asked, path, has_content, has_hash)
        else:
            model = await self._file(asked, file, format, has_content, has_hash)
        return await self._answer(model)

    async def _folder(self, asked: Asked, file: File, has_content: bool) -> Model:
        model = model_of(file)
        if has_content:
            models: list[Model] = []
            total, offset = 1, 0
            while offset < total:
                params = file_calls.ListFiles(path=file.path, offset=offset, limit=10_000)
                found = await asked.ask("file.list", params, file_calls.FileList)
                models += [model_of(entry) for entry in found.entries if kind_of(entry) is not None]
                total, offset = found.total, offset + max(1, len(found.entries))
            model["content"], model["format"] = models, "json"
        return model

    async def _notebook(self, asked: Asked, path: str, has_content: bool, has_hash: bool) -> Model:
        params = notebook_calls.ReadNotebook(path=path, content=has_content)
        copy = await asked.ask("notebook.read", params, notebook_calls.NotebookCopy)
        model = model_of_notebook(copy, has_hash=has_hash)
        if not isinstance(copy.notebook, UnsetType):
            notebook = copy.notebook
            model["content"] = await self.run(lambda: self.trust.marked(bytes(notebook)))
        return model

    async def _file(self, asked: Asked, file: File, format: str | None, has_content: bool, has_hash: bool) -> Model:
        model = model_of(file)
        if has_content or has_hash:
            body = await read_whole(asked, file)
            if has_content:
                content, model["format"], model["mimetype"] = await self.run(
                    lambda: content_of(body, file.path, format)
                )
                model["content"] = content
            if has_hash:
                model["hash"] = await self.run(lambda: hashlib.sha256(body).hexdigest())
                model["hash_algorithm"] = "sha256"
        return model

    async def _answer(self, model: Model, status: int = 200, base: str | None = None) -> Answer:
        """A model as it is sent, with its address below a base URL if that is given; JSON of a large one takes a while."""
        body = await self.run(lambda: msgspec.json.encode(model))
        changed = datetime.fromisoformat(str(model["last_modified"])).timestamp()
        headers = {"Last-Modified": datetimeToString(changed).decode()}
        place = {} if base is None else location(base, str(model["path"]))
        return Answer(status=status, body=body, headers=headers | place)

    async def _now(self, asked: Asked, path: str, status: int, repairs: list[str] | None = None) -> Answer:
        """The model of a file after a change, without its content."""
        file = await _stat(asked, path)
        model = model_of(file)
        if kind_of(file) == "notebook":
            model = await self._known(asked, file, model)
        return await self._answer(with_message(model, repairs or []), status, asked.base)

    async def _known(self, asked: Asked, file: File, model: Model) -> Model:
        try:
            return await self._notebook(asked, file.path, False, False)
        except errors.InvalidNotebook:  # it was written as a file, or has been renamed
            return model

    # ---- making

    async def post(self, asked: Asked) -> Answer:
        """Makes a new file, notebook or folder under a free name, or a copy.

        Raises:
            Refusal: 400, it is to be made in a file; 404, there is no such folder.
        """
        folder = checked_path(asked.parts["path"], 400)
        wanted = asked.body(WantedModel)
        if wanted.copy_from:
            return await self._copy(asked, checked_path(wanted.copy_from, 400), folder)
        await self._check_folder(asked, folder)
        return await self._untitled(asked, folder, wanted.type, wanted.ext or "")

    async def _check_folder(self, asked: Asked, folder: str) -> None:
        try:
            found = await _stat(asked, folder)
        except Refusal:
            raise Refusal(404, f"No such directory: {folder[:200]}") from None
        if found.kind != "folder":
            raise Refusal(400, "Cannot POST to files, use PUT instead.")

    async def _untitled(self, asked: Asked, folder: str, kind: str | None, ext: str) -> Answer:
        if kind == "directory":
            made = await self._made(asked, folder, new_names("Untitled Folder", " "), "folder")
        elif kind == "notebook" or (not kind and ext == ".ipynb"):
            made = await self._made(asked, folder, new_names("Untitled.ipynb", ""), "notebook")
        else:
            made = await self._made(asked, folder, new_names(f"untitled{ext}", ""), "file")
        return await self._now(asked, made, 201)

    async def _made(self, asked: Asked, folder: str, names: Iterator[str], kind: str) -> str:
        """Makes something under the first free one of some names; returns its path."""
        for name in names:
            path = checked_path(f"{folder}/{name}", 400)
            params = msgspec.convert({"path": path, "kind": kind}, file_calls.CreateFile)
            try:
                return (await asked.ask("file.create", params, File)).path
            except errors.AlreadyExists:
                continue
        raise AssertionError("names end with a refusal")

    async def _copy(self, asked: Asked, source: str, folder: str) -> Answer:
        is_folder = (await _stat(asked, source)).kind == "folder"
        if is_folder and await _found(asked, folder) is None:
            await asked.ask("file.create", file_calls.CreateFile(path=folder, kind="folder"), File)
        await self._check_folder(asked, folder)
        above, _, name = source.rpartition("/")
        for copy in copy_names(name) if above == folder else new_names(name, "-Copy"):
            params = file_calls.CopyFile(path=source, to=checked_path(f"{folder}/{copy}", 400))
            try:
                made = await asked.ask("file.copy", params, File)
            except errors.AlreadyExists:
                continue
            return await self._now(asked, made.path, 201)
        raise AssertionError("names end with a refusal")

    # ---- writing

    async def put(self, asked: Asked) -> Answer:
        """Writes a file, merges a notebook, or makes a folder.

        Raises:
            Refusal: 400, the model is wrong; 409, the file is not the one that the model names.
        """
        path, raw = checked_path(asked.parts["path"], 400), await self.run(asked.raw_body)
        wanted = await self.run(lambda: decoded(raw, WantedModel))
        if wanted.copy_from:
            raise Refusal(400, "Cannot copy with PUT, only POST")
        checked_path(wanted.path or "", 400)
        file = await _found(asked, path)
        if not raw.strip() or raw.strip() == b"{}":
            await self._check_folder(asked, path)
            return await self._untitled(asked, path, None, "")
        kind = wanted.type if wanted.type in ("directory", "file", "notebook") else None
        is_new = file is None or file.kind == "folder"
        if not wanted.type:
            if not is_new:
                raise Refusal(400, "No file type provided")
            kind = "notebook" if path.lower().endswith(".ipynb") else "file"
        if kind == "directory":
            return await self._put_folder(asked, path, file)
        if file is not None and file.kind == "folder":
            raise Refusal(400, f"{path[:200]} is a directory, not a {kind or 'file'}", "bad type")
        if kind == "notebook":
            return await self._put_notebook(asked, path, wanted, is_new)
        return await self._put_file(asked, path, wanted, file)

    async def _put_folder(self, asked: Asked, path: str, file: File | None) -> Answer:
        if file is None:
            await asked.ask("file.create", file_calls.CreateFile(path=path, kind="folder"), File)
        elif file.kind != "folder":
            raise Refusal(400, f"Not a directory: {path[:200]}")
        return await self._now(asked, path, 201)

    async def _put_notebook(self, asked: Asked, path: str, wanted: WantedModel, is_new: bool) -> Answer:
        if wanted.chunk is not None:
            raise Refusal(400, 'File type "notebook" is not supported for large file transfer')
        if isinstance(wanted.content, UnsetType) or not wanted.has_content:
            if not is_new:
                raise Refusal(400, "No file content provided")
            await asked.ask("file.create", file_calls.CreateFile(path=path, kind="notebook"), File)
            return await self._now(asked, path, 201)
        notebook = wanted.content
        await self.run(lambda: self.trust.learn(bytes(notebook)))
        params = notebook_calls.MergeNotebook(path=path, notebook=notebook)
        done = await asked.ask("notebook.merge", params, notebook_calls.NotebookMerged)
        return await self._now(asked, path, 201 if done.is_new else 200, done.repairs)

    async def _put_file(self, asked: Asked, path: str, wanted: WantedModel, file: File | None) -> Answer:
        if not wanted.has_content and file is not None:
            raise Refusal(400, "No file content provided")
        content = wanted.content
        body = b"" if isinstance(content, UnsetType) else await self.run(lambda: _bytes_of(content, wanted.format))
        status = 201 if file is None else 200
        if wanted.chunk is not None:
            asked.check(Touched("file.write", "write", paths=(path,)))
            await self.upload(path, _who(asked), wanted.chunk, body)
            asked.api.services.logins.audit.seldom(
                "upload", asked.connection.principal, asked.connection.origin, path=path
            )
            if wanted.chunk != -1:
                return await self._gathered(asked, path, file, status)
            return await self._now(asked, path, status)
        etag = await self._checked(asked, file, wanted) if file is not None else "missing"
        params = file_calls.WriteFile(
            path=path, content=base64.b64encode(body).decode(), encoding="base64", if_match=etag
        )
        written = await asked.ask("file.write", params, File)
        key = path, _who(asked)
        self._written.pop(key, None)
        self._written[key] = written.etag
        while len(self._written) > MOST_WRITTEN:
            self._written.popitem(last=False)
        return await self._now(asked, path, status)

    async def _gathered(self, asked: Asked, path: str, file: File | None, status: int) -> Answer:
        """The answer to a part that is not the last: the file is not there yet, or as it was."""
        if file is None:
            above = await _stat(asked, path.rpartition("/")[0])
            fields = {name: getattr(above, name) for name in above.__struct_fields__}
            name = path.rpartition("/")[2]
            file = File(**{**fields, "path": path, "name": name, "kind": "file", "size": 0})
        return await self._answer({**model_of(file), "type": "file"}, status, asked.base)

    async def _checked(self, asked: Asked, file: File, wanted: WantedModel) -> str | None:
        """The etag that the file must have when it is written; `None` for whatever is there.

        Raises:
            Refusal: 409, it is not the one that the model names.
        """
        if wanted.hash and wanted.hash_algorithm == "sha256":
            body = await read_whole(asked, file)
            is_same = await self.run(lambda: hashlib.sha256(body).hexdigest()) == wanted.hash
        elif wanted.last_modified:
            is_same = not _is_before(wanted.last_modified, file.modified)
        else:
            return None
        if not is_same and self._written.get((file.path, _who(asked))) != file.etag:
            words = f"{file.path} was changed since you read it: read it again, or leave last_modified and hash out to replace it."
            raise Refusal(409, words, "stale")
        return file.etag

    # ---- moving and deleting

    async def patch(self, asked: Asked) -> Answer:
        """Gives a file or folder another path.

        Raises:
            Refusal: 400, there is no body; 409, something is there.
        """
        path = checked_path(asked.parts["path"], 400)
        wanted = asked.body(WantedModel)
        if wanted.path is None:
            raise Refusal(400, 'JSON body missing: {"path": NEW} gives the new path.')
        to = checked_path(wanted.path, 400)
        await _stat(asked, path)
        if not path or not to:
            raise Refusal(409, "The root cannot be renamed.")
        if to != path:
            await asked.ask("file.rename", file_calls.MoveFile(path=path, to=to), File)
            await self.run(lambda: self.checkpoints.kept.move(path, to))
        return await self._now(asked, to, 200)

    async def delete(self, asked: Asked) -> Answer:
        """Moves a file or folder to the trash; where there is no trash, a file or an empty folder is deleted for good.

        Raises:
            Refusal: 400, it is the root, or a folder that holds something and cannot go to the trash; 404, there is none.
        """
        path = checked_path(asked.parts["path"], 400)
        if not path:
            raise Refusal(400, "Cannot delete root directory")
        await _stat(asked, path)
        try:
            await asked.ask("file.delete", file_calls.DeleteFile(path=path, recursive=True), file_calls.Deleted)
        except errors.FileFault as fault:
            if fault.facts.get("reason") != "no_trash":
                raise
            await asked.ask("file.delete", file_calls.DeleteFile(path=path, permanent=True), file_calls.Deleted)
        await self.run(lambda: self.checkpoints.kept.remove(path))
        await _close_unused(asked, path)
        return Answer(status=204)


async def _close_unused(asked: Asked, path: str) -> None:
    """Closes the sessions that were opened for the sake of calls alone, of documents that are deleted now."""
    for session in (await asked.ask("session.list", calls.Nothing(), calls.SessionList)).sessions:
        at = session.path or ""
        if session.temporary and session.kernel is None and (at == path or at.startswith(f"{path}/")):
            await asked.ask("session.close", calls.CloseSession(session=session.id, discard=True), calls.Done)


async def _found(asked: Asked, path: str) -> File | None:
    try:
        return await asked.ask("file.stat", file_calls.OfFile(path=path), File)
    except errors.NotFound:
        return None


async def _stat(asked: Asked, path: str) -> File:
    """A file or folder.

    Raises:
        Refusal: 404, there is none.
    """
    found = await _found(asked, path)
    if found is None:
        raise missing(path)
    return found


def _one_of(asked: Asked, name: str, known: tuple[str, ...] | None) -> str | None:
    """An argument of the query, which has one of some values.

    Raises:
        Refusal: 400, it has another one.
    """
    value = asked.query(name)
    if value is not None and known is not None and value not in known:
        raise Refusal(400, f"{name.capitalize()} {value[:100]!r} is invalid: it can be {' or '.join(known)}.")
    return value


def _checked_kind(file: File, wanted: str | None) -> str:
    """As what a file is read.

    Raises:
        Refusal: 400, it is not of the type that is wanted.
    """
    kind = kind_of(file)
    if kind is None:
        raise missing(file.path)
    if wanted is None or (kind == "directory" and wanted == "directory"):
        return kind
    if kind == "directory":
        raise Refusal(400, f"{file.path} is a directory, not a {wanted[:20]}", "bad type")
    if wanted == "directory":
        raise Refusal(400, f"{file.path} is not a directory", "bad type")
    return "notebook" if wanted == "notebook" else "file"


def _bytes_of(content: Raw, format: str | None) -> bytes:
    """The bytes of the content of a model.

    Raises:
        Refusal: 400, it is not what its format says.
    """
    if bytes(memoryview(content)[:4]) == b"null":
        return b""
    try:
        text = msgspec.json.decode(content, type=str)
    except msgspec.DecodeError:
        raise Refusal(400, "The content of a file is a text.") from None
    if format not in ("text", "base64"):
        raise Refusal(400, "Must specify format of file contents as 'text' or 'base64'")
    try:
        return text.encode() if format == "text" else base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as fault:
        raise Refusal(400, f"The content is no {format}: {fault}.") from None


def _is_before(given: str, now: str) -> bool:
    """Whether a time that a client names is before another one; what is no time is not."""
    try:
        return datetime.fromisoformat(given) < datetime.fromisoformat(now)
    except (ValueError, TypeError):
        return False


def _who(asked: Asked) -> str:
    return asked.connection.row


def routes(contents: Contents) -> list[Route]:
    """The routes.

    Args:
        contents: The files and documents.
    """
    functions = {
        "GET": contents.get,
        "POST": contents.post,
        "PUT": contents.put,
        "PATCH": contents.patch,
        "DELETE": contents.delete,
    }
    return [Route("/api/contents/{path...}", functions, method="")]
