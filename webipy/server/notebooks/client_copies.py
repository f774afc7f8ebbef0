"""The copies of documents that clients keep, as Jupyter's clients do: which state each had when its client read or wrote it last.

::

    notebook.read  ──► JSON with the id of a new copy ──► the client edits it
    notebook.merge ◄── the whole notebook, with that id ◄──┘    merged with the document; the copy is what the client has now

A client keeps the id in the metadata of the notebook. One that drops them is taken to have the copy that its model is most like; one
that has read nothing has no copy, and its model counts as a change of what is there now (webipy.core.ipynb.client_copy).

Invariants: what a copy was is known before the model that comes of it is merged; a copy counts for one file only; copies are in memory, at most
`MOST_COPIES` of them. After a start of the server, or when many others came since, a copy is not known: then the state of the document that it
was made of is (its id begins with the seq), as long as the journal has it.

Rejected: one copy for each login (two tabs of a browser have two copies and one login); copies in the journal (each as large as the document).
"""

from __future__ import annotations

from collections import OrderedDict

import attrs

from webipy.core import errors
from webipy.core.ipynb import blob_folding, client_copy, notebook_file
from webipy.core.ipynb.cell_matching import match_cells
from webipy.core.ipynb.client_copy import CopyState
from webipy.core.ipynb.document import Document
from webipy.server.notebooks.autosave import Autosave
from webipy.server.notebooks.documents import EXPORTED_BYTES, Documents
from webipy.server.notebooks.large_values import store_blobs, with_values
from webipy.server.notebooks.notebook_codec import NotebookCodec, ReadNotebook
from webipy.server.ports.files import FileRecord
from webipy.server.ports.world import World

MOST_COPIES = 512
"""Copies that are known; those not used for longest are forgotten."""

MOST_TEXTS = 4096
"""Documents whose last change of text is known."""


@attrs.define(frozen=True, slots=True)
class Copy:
    """A copy of a client.

    Args:
        path: The file of the document, relative to the root.
        state: What the client had last.
    """

    path: str
    state: CopyState


@attrs.define(frozen=True, slots=True)
class Handed:
    """A document as a client gets it.

    Args:
        record: Its file, as it is on disk.
        text_hash: As in `client_copy.text_hash`.
        modified: When its text was changed last, RFC 3339 UTC with microseconds.
        session: The id of its open session; `None`: it has none.
        repairs: What was repaired in it, in sentences.
        body: The notebook, nbformat 4.5 JSON; empty when it was not asked for.
        copy: The id of the copy; empty when it was not asked for.
    """

    record: FileRecord
    text_hash: str
    modified: str
    session: str | None
    repairs: list[str]
    body: bytes = b""
    copy: str = ""


@attrs.define(eq=False)
class ClientCopies:
    """The copies of all clients.

    Args:
        world: The outside.
        documents: The documents.
    """

    world: World
    documents: Documents
    _copies: OrderedDict[str, Copy] = attrs.field(factory=OrderedDict)
    _texts: OrderedDict[str, tuple[str, str]] = attrs.field(factory=OrderedDict)
    """By path, the hash of the text of a document, and when it became that."""

    # ---- handed out

    async def read(self, path: str, has_content: bool) -> Handed:
        """A document as it is now, in its open session or on disk.

        Args:
            path: The file, relative to the root.
            has_content: Whether the client gets a copy, or only what is known of it.

        Raises:
            errors.NotFound, errors.InvalidNotebook and others: As `NotebookCodec.read`.
        """
        session = self.documents.autosaves.at(path)
        if session is None:
            read = await NotebookCodec(self.world).read(path)
            seq, document, repairs, record = 0, read.document, read.repairs, read.record
        else:
            seq, document = await self.documents.of(session).file.current()
            repairs, record = session.state.file_state.repairs, await self.world.files.stat(path)
        is_saved = session is None or session.state.file_state.is_saved
        text = await self.world.aside(lambda: client_copy.text_hash(document))
        modified = self._modified(path, text, record.modified if is_saved else self.world.now())
        handed = Handed(record, text, modified, None if session is None else session.id, repairs)
        if not has_content:
            return handed
        if session is not None:
            body = await with_values(session, self.world, document, client_copy.as_json, EXPORTED_BYTES)
        else:
            whole = await self._whole(path, read)
            body = await self.world.aside(lambda: client_copy.as_json(whole))
        copy = f"{seq}-{self.world.new_id()}"
        state = await self.world.aside(lambda: _state(notebook_file.read(body).document))
        self._keep(copy, Copy(path, state))
        marked = await self.world.aside(lambda: client_copy.marked(body, copy))
        return attrs.evolve(handed, body=marked, copy=copy)

    async def _whole(self, path: str, read: ReadNotebook) -> Document:
        """A document on disk with its large values in it."""
        if not (read.values or read.blobs):
            return read.document
        body, _ = await self.world.files.read(path)
        return await NotebookCodec(self.world).parsed(body)

    def _modified(self, path: str, text: str, now: str) -> str:
        """When the text of a document became what it is, as far as it was looked at."""
        known, since = self._texts.pop(path, ("", ""))
        if known != text:
            since = max(since, now)
        self._texts[path] = text, since
        while len(self._texts) > MOST_TEXTS:
            self._texts.popitem(last=False)
        return since

    def _keep(self, id: str, copy: Copy) -> None:
        self._copies[id] = copy
        self._copies.move_to_end(id)
        while len(self._copies) > MOST_COPIES:
            self._copies.popitem(last=False)

    # ---- written back

    async def merge(self, autosave: Autosave, path: str, model: Document, made: frozenset[str], by: str) -> int:
        """Merges what a client has written into a document.

        Args:
            autosave: The document, with its session.
            path: The path that the client knows it by.
            model: What the client has written.
            made: Ids in it that were made from content.
            by: Who has written it.

        Returns:
            The seq of the last event.

        Raises:
            errors.Degraded: The journal cannot be written.
        """
        model, copy = client_copy.without_marks(model)
        if made:
            _, now = await autosave.file.current()
            unmatched = model
            model = await self.world.aside(lambda: match_cells(now, unmatched, made))
        whole = model
        model, blobs = await self.world.aside(lambda: blob_folding.from_file(whole, {}))
        state = await self.world.aside(lambda: CopyState.of(model))
        was = await self._was(autosave, path, copy, state)
        await store_blobs(autosave.file.session, blobs)
        seq = await autosave.file.change(lambda document: client_copy.merged(was, document, model), by)
        self._keep(copy or f"{path}\0{by}", Copy(path, state))
        return seq

    def written(self, path: str, model: Document, by: str) -> None:
        """Records that a client has written a new file.

        Args:
            path: The file.
            model: What the client has written.
            by: Who has written it.
        """
        model, copy = client_copy.without_marks(model)
        self._keep(copy or f"{path}\0{by}", Copy(path, _state(model)))

    async def _was(self, autosave: Autosave, path: str, copy: str | None, state: CopyState) -> CopyState | None:
        """What a copy was before the client changed it; `None` when nothing is known."""
        paths = {path, autosave.file.path()}
        known = self._copies.get(copy or "")
        if known is not None and known.path in paths:
            return known.state
        if copy is not None:
            return await self._restored(autosave, copy)
        near = [one.state for one in self._copies.values() if one.path in paths]
        return min(reversed(near), key=state.distance, default=None)

    async def _restored(self, autosave: Autosave, copy: str) -> CopyState | None:
        """The state that a copy was made of, from the history of the document."""
        seq = copy.partition("-")[0]
        if not seq.isdecimal() or int(seq) < 1:
            return None
        try:
            document = await autosave.history.state(int(seq))
        except errors.NotFound:
            return None
        return await self.world.aside(lambda: CopyState.of(document))

    def moved(self, old: str, new: str) -> None:
        """Lets copies count for another path of their file.

        Args:
            old: The path before.
            new: The path now.
        """
        for id, copy in self._copies.items():
            if copy.path == old or copy.path.startswith(f"{old}/"):
                self._copies[id] = attrs.evolve(copy, path=new + copy.path[len(old) :])


def _state(document: Document) -> CopyState:
    """The state of a document, with its large values as a journal refers to them."""
    return CopyState.of(blob_folding.from_file(document, {})[0])
