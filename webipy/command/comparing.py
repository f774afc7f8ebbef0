"""`webipy diff` and `webipy merge`: notebooks compared and merged cell by cell, by hand or as drivers of git. They need no server.

What is no notebook (text, or a notebook with the marks of a conflict) is compared and merged line by line, as git does it.

Source: gitattributes(5), "Defining an external diff driver", "Performing text diffs of binary files", "Defining a custom merge driver"; git(1),
GIT_EXTERNAL_DIFF (the seven arguments).
"""

from __future__ import annotations

import difflib
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

import msgspec

from webipy.command.escapes import Escapes
from webipy.command.exit_statuses import DIFFERENT, SAME
from webipy.command.streams import shown, write_as_is
from webipy.converter import problems, texts
from webipy.core import errors
from webipy.core.ipynb import conflict_marks, json_source, merge, notebook_file
from webipy.core.ipynb.cell_matching import match_cells
from webipy.core.ipynb.conflict_marks import Labels, Outputs
from webipy.core.ipynb.document import Document, DocumentCell

_NO_FILE = ("/dev/null", "nul")


class Version(msgspec.Struct, frozen=True):
    """One version of a file.

    Args:
        opened: The notebook in the file; `None` when the file is no notebook.
        reason: Why it is none.
    """

    body: bytes
    opened: notebook_file.Opened | None
    reason: str = ""

    @property
    def document(self) -> Document:
        """What it holds; nothing, for what is no notebook."""
        return self.opened.document if self.opened is not None else Document()

    @property
    def minor(self) -> int:
        """The minor version of nbformat 4."""
        return self.opened.minor if self.opened is not None else notebook_file.MINOR


def read(path: str) -> Version:
    """Reads a version from a file; an empty file, and one that git says does not exist (`/dev/null`), is a notebook without cells.

    Raises:
        OSError: The file cannot be read.
    """
    body = b"" if path in _NO_FILE else Path(path).read_bytes()
    if not body.strip():
        return Version(body, notebook_file.Opened(Document(), [], notebook_file.MAJOR, notebook_file.MINOR))
    try:
        return Version(body, notebook_file.read(body))
    except notebook_file.OldNotebook:
        try:
            return Version(body, notebook_file.read(texts.upgrade(body)))
        except (problems.Refused, ModuleNotFoundError) as fault:
            return Version(body, None, str(fault))
    except errors.InvalidNotebook as fault:
        return Version(body, None, fault.message)


def named_alike(origin: Version, other: Version) -> Document:
    """The document of `other` with the cell ids of `origin` where the cells are the same; where either file has no ids, they are matched by content.

    Args:
        origin: The older version; a notebook.
        other: The newer version; a notebook.
    """
    assert other.opened is not None
    made = other.opened.made_ids if origin.opened is not None and not origin.opened.made_ids else None
    return match_cells(origin.document, other.document, made)


# ---- text


def text_lines(document: Document) -> list[str]:
    """A notebook as lines to compare, without cell ids and execution counts, which change by themselves."""
    lines: list[str] = []
    for cell in document.cells:
        lines += (f"--- {cell.cell_type} ---", *cell_lines(cell), "")
    return [*lines, *_metadata_lines("metadata of the notebook", document.metadata)]


def cell_lines(cell: DocumentCell) -> list[str]:
    """A cell as lines: its source, its metadata and its outputs, without control sequences."""
    lines = cell.source.split("\n")
    lines += _metadata_lines("metadata", cell.metadata)
    if cell.attachments is not None:
        lines += _metadata_lines("attachments", cell.attachments)
    for output in cell.outputs:
        lines += _output_lines(output)
    clean = Escapes(False).clean
    return [line for text in lines for line in clean(f"{text}\n").removesuffix("\n").split("\n")]


def _metadata_lines(name: str, metadata: bytes) -> list[str]:
    known = json_source.members(metadata)
    if not known:
        return []
    return [f"--- {name}", *(f"{key}: {_short(bytes(value))}" for key, value in known.items())]


def _short(value: bytes) -> str:
    if len(value) <= 2000:
        return value.decode()
    return f"{len(value):,} bytes, {blake2b(value, digest_size=4).hexdigest()}"


def _output_lines(output: bytes) -> list[str]:
    members = json_source.members(output)
    kind = msgspec.json.decode(members["output_type"], type=str)
    if kind == "stream":
        name = msgspec.json.decode(members["name"], type=str)
        return [f"--- output: {name}", *_text(members["text"]).removesuffix("\n").split("\n")]
    if kind == "error":
        return ["--- output: error", *(_text(members["ename"]) + ": " + _text(members["evalue"])).split("\n")]
    lines = [f"--- output: {kind}"]
    for media_type, value in json_source.members(members["data"]).items():
        is_text = media_type.startswith("text/") and bytes(value[:1]) == b'"'
        lines += [f"{media_type}:", *_text(value).split("\n")] if is_text else [f"{media_type}: {_short(bytes(value))}"]
    return lines


def _text(raw: msgspec.Raw) -> str:
    return msgspec.json.decode(raw, type=str)


def print_text(path: str) -> int:
    """Prints a notebook as text: what git calls textconv.

    Returns:
        The exit status.

    Raises:
        OSError: The file cannot be read.
    """
    version = read(path)
    if version.opened is None:
        write_as_is(version.body)
    else:
        _print("\n".join(text_lines(version.document)) + "\n")
    return SAME


def _print(text: str) -> None:
    write_as_is(text.encode("utf-8", "replace"), to_terminal=_has_colours())  # lines that are painted are shown


def diff(old_path: str, new_path: str, name: str | None) -> int:
    """Prints the differences between two notebooks.

    Args:
        old_path: The file of the older version.
        new_path: The file of the newer version.
        name: The path in the repository that both are versions of, when git calls; else `None`.

    Returns:
        The exit status: `SAME` or `DIFFERENT`.

    Raises:
        OSError: A file cannot be read.
    """
    old, new = read(old_path), read(new_path)
    if old.body == new.body:
        return SAME
    first, second = (f"a/{name}", f"b/{name}") if name is not None else (old_path, new_path)
    lines = [f"--- {first if old_path not in _NO_FILE else '/dev/null'}"]
    lines.append(f"+++ {second if new_path not in _NO_FILE else '/dev/null'}")
    if old.opened is None or new.opened is None:
        lines += _changed_lines(*(version.body.decode("utf-8", "replace").split("\n") for version in (old, new)))
    else:
        lines += document_diff(old.document, named_alike(old, new))
    _print("\n".join(map(_coloured, lines) if _has_colours() else lines) + "\n")
    return DIFFERENT


def document_diff(old: Document, new: Document) -> Iterator[str]:
    """The differences as lines, cell by cell; cells that are the same have none.

    Args:
        old: The older document.
        new: The newer document, with the ids of the older one (`named_alike`).
    """
    before, after = ({cell.id: cell for cell in side.cells} for side in (old, new))
    places = {cell.id: number for side in (old, new) for number, cell in enumerate(side.cells, 1)}
    for change in merge.diff(old, new):
        was, now = before.get(change.cell), after.get(change.cell)
        lines = list(_changed_lines(cell_lines(was) if was else [], cell_lines(now) if now else []))
        kind = was.cell_type if was and now and was.cell_type != now.cell_type else None
        what = f"{kind} to {change.cell_type}" if kind else change.cell_type
        if was and now and was.execution_count != now.execution_count:
            what += f" [{_count(was)}] to [{_count(now)}]"
        yield f"@@ cell {places[change.cell]}: {what}, {change.change} @@"
        yield from (line for line in lines if not line.startswith("@@"))
    if old.metadata != new.metadata:
        yield "@@ metadata of the notebook, changed @@"
        yield from (line for line in _changed_lines(*(_metadata_lines("", side.metadata)[1:] for side in (old, new))))


def _count(cell: DocumentCell) -> str:
    return " " if cell.execution_count is None else str(cell.execution_count)


def _changed_lines(old: list[str], new: list[str]) -> Iterator[str]:
    for number, line in enumerate(difflib.unified_diff(old, new, lineterm="")):
        if number > 1:
            yield line


def _has_colours() -> bool:
    return "NO_COLOR" not in os.environ and (sys.stdout.isatty() or "GIT_PAGER_IN_USE" in os.environ)


def _coloured(line: str) -> str:
    line = shown(line)
    codes = {"@": "36", "-": "31", "+": "32"}
    code = "1" if line.startswith(("--- ", "+++ ")) else codes.get(line[:1])
    return f"\x1b[{code}m{line}\x1b[m" if code is not None else line


# ---- merge


def merge_files(base_path: str, ours_path: str, theirs_path: str, out: str | None, name: str, outputs: Outputs) -> int:
    """Merges three versions of a notebook and writes the result.

    Args:
        base_path: The file of the common ancestor.
        ours_path: The file of our version; it is replaced unless `out` is given.
        theirs_path: The file of their version.
        out: The file of the result; `-` for standard output, `None` for `ours_path`.
        name: The name of the notebook in messages.
        outputs: Whose outputs stay where both sides changed them: `both`, `ours` or `theirs`.

    Returns:
        The exit status: `SAME`, or `DIFFERENT` when there are conflicts.

    Raises:
        OSError: A file cannot be read or written.
    """
    base, ours, theirs = read(base_path), read(ours_path), read(theirs_path)
    body, sentences = merged(base, ours, theirs, outputs)
    if out == "-":
        write_as_is(body)
    else:
        _replace(Path(out or ours_path), body)
    for sentence in sentences:
        print(f"webipy: {name}: {Escapes(False).clean(sentence)}", file=sys.stderr)
    return DIFFERENT if sentences else SAME


def merged(base: Version, ours: Version, theirs: Version, outputs: Outputs = "both") -> tuple[bytes, list[str]]:
    """Merges three versions, cell by cell, or line by line where one is no notebook.

    Args:
        base: The common ancestor.
        ours: Our version.
        theirs: Their version.
        outputs: Whose outputs stay where both sides changed them: `both`, `ours` or `theirs`.

    Returns:
        The body of the merged file, and a sentence for each conflict.
    """
    if ours.body in (base.body, theirs.body):
        return theirs.body, []
    if theirs.body == base.body:
        return ours.body, []
    failed = next((version for version in (base, ours, theirs) if version.opened is None), None)
    if failed is not None:
        return _merged_as_text(base, ours, theirs, failed.reason)
    mine, other = named_alike(base, ours), named_alike(base, theirs)
    result = conflict_marks.merged_document(base.document, mine, other, Labels(), outputs)
    is_upgraded = theirs.minor >= notebook_file.MINOR > ours.minor and base.minor < notebook_file.MINOR
    try:
        body = notebook_file.write(result.document, ours.body if ours.body.strip() else None, mine, is_upgraded)
    except notebook_file.OldNotebook:
        body = notebook_file.write(result.document, None)
    return body, result.sentences


def _merged_as_text(base: Version, ours: Version, theirs: Version, reason: str) -> tuple[bytes, list[str]]:
    old, mine, other = (version.body.decode("utf-8", "surrogateescape") for version in (base, ours, theirs))
    text, torn = conflict_marks.merged_text(old, mine, other, Labels())
    body = text.encode("utf-8", "surrogateescape")
    reason = f"Not a notebook in all three versions, merged as text ({reason})"
    return body, [f"{reason}: {torn} conflict{'s' if torn > 1 else ''}."] if torn else []


def _replace(path: Path, body: bytes) -> None:
    """Puts a file in place of another one, whole."""
    if not path.is_file():
        path.write_bytes(body)
        return
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".webipy-", delete=False) as draft:
        draft.write(body)
    shutil.copymode(path, draft.name)
    os.replace(draft.name, path)


# ---- git


def setup_lines() -> list[str]:
    """The shell commands that make git use both commands in a repository."""
    program = "webipy"
    if shutil.which(program) is None:
        own = os.path.abspath(sys.argv[0])
        command = (
            [own] if os.access(own, os.X_OK) and not own.endswith(".py") else [sys.executable, "-P", "-m", "webipy.cli"]
        )
        program = shlex.join(command)
    settings = {
        "diff.webipy.command": f"{program} diff",
        "diff.webipy.textconv": f"{program} diff --text",
        "merge.webipy.name": "notebooks, cell by cell",
        "merge.webipy.driver": f"{program} merge %O %A %B %P",
    }
    lines = [f"git config {name} {shlex.quote(value)}" for name, value in settings.items()]
    return [*lines, "echo '*.ipynb diff=webipy merge=webipy' >> .gitattributes"]
