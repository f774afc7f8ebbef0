"""What the fields mean that stand in many structs of the API and of the events: one description for each name.

A field that means something else in one struct, or more, has a description of its own below it, in that struct:

    cell: str | None = None
    \"\"\"The cell that is shown; null: all of them.\"\"\"

`webipy.server.methods.descriptions` joins the two; docs/protocol.md, rpc.discover and the page's types show the result. Nothing here is read
when a call is answered.

Rejected: `Annotated[str, Meta(description=…)]` at each field (types that cannot be read any more, and texts that every process keeps in memory).
"""

from __future__ import annotations

from typing import Final

SHARED: Final[dict[str, str]] = {
    "after?": "The id of the cell that it stands after; null: it stands first.",
    "allow_stdin": "Whether the code may ask a person for a line, with `input()` or `getpass()`.",
    "attached": "Whether the run is also stopped when nobody has followed its session for 10 s.",
    "attachments": "The attachments of the cell (nbformat 4.5), a JSON map; left out: it has none.",
    "buffers": "The binary buffers of the message, each in base64.",
    "by?": "The name of the person who did it; null: the kernel or the server did.",
    "cell": "The id of the cell.",
    "cell?": "The id of the cell that it belongs to; null: it belongs to none.",
    "cell_type": "The type of the cell.",
    "client": "What the editing client calls itself, so that it knows its own change when that comes back; at most 64 characters.",
    "code": "The source code.",
    "comm": "The id of the comm.",
    "content": "The content of the message, a JSON map; in params, left out: `{}`.",
    "created": "When it was made, RFC 3339 in UTC with microseconds.",
    "cursor": "The position of the cursor in `code`: unicode characters before it.",
    "cwd?": "The folder in which the kernels of the session start, an absolute path on the server's machine; null: not known.",
    "display_id?": "The id under which the kernel can change the output later (Jupyter messaging 5.4, display_data); null: it cannot.",
    "display_name": "The name of the kernelspec, as people read it.",
    "encoding": "How `content` is written: as its own text (`utf-8`), or in `base64`.",
    "env?": "Environment variables of the session's kernels, by their names; null: those that were set before, `{}`: none.",
    "etag": "The etag of the file; it changes whenever the content of the file may have changed.",
    "execution": "The id of the execution.",
    "execution?": "The id of the execution that it belongs to; null: it belongs to none.",
    "execution_count?": "The number that the kernel gave to the execution; null: it has none.",
    "expires": "Until when it can be used, RFC 3339 in UTC with microseconds.",
    "finished?": "When it ended, RFC 3339 in UTC with microseconds; null: it has not ended.",
    "first": "The seq of the first of `events`.",
    "first_seq": "The seq of the oldest event that can be read.",
    "format": "The format of the file: `ipynb`, or the name that jupytext has for a text format, such as `py:percent`.",
    "in_place": "Whether the file is written in place, as it cannot be replaced: another program may see half of it.",
    "kernel": "The id of the kernel.",
    "kernelspec": "The name of the kernelspec.",
    "label": "A note for those who manage the session: whom the link is for.",
    "language": "The language of the kernel, as its kernelspec names it.",
    "metadata": "The metadata, a JSON map; in params, left out: `{}`.",
    "minor?": "The minor version of nbformat 4 that the file has (cells have ids since 5); null: it is a text, or there is no file.",
    "msg_type": "The type of the message (Jupyter messaging 5.4).",
    "only_if_ok": "Whether the result replaces a file only when every cell has ended well.",
    "output": "The output, as nbformat 4.5 has it.",
    "path": "The path of the file, relative to the server's root, with `/` between its parts.",
    "path?": "The path of the file, relative to the server's root, with `/` between its parts; null: there is no file.",
    "repairs": "What was wrong in the file and was repaired when it was read, one sentence each.",
    "request": "The id of the request for input.",
    "role": "What the account is on the server: an admin may do everything; members and viewers, what is theirs and what is shared with them.",
    "run": "The id of the run.",
    "run?": "The id of the run of many cells that it is part of; null: it is part of none.",
    "selection?": "What is selected in the source of the cell; null: its source is not being edited.",
    "seq": "The seq of the event.",
    "session": "The id of the session.",
    "share": "The id of the link.",
    "silent": "Whether the execution shows no result, gets no number, and is not in the kernel's history (Jupyter messaging 5.4).",
    "size": "Its size in bytes.",
    "source": "The source of the cell.",
    "start_timeout_s?": "Seconds that the kernel has to get ready, before the run is stopped; null: no limit.",
    "state": "What the kernel does now.",
    "stop_on_error": "Whether a failure keeps what waits behind it from running.",
    "store_history": "Whether the kernel keeps the code in its own history (Jupyter messaging 5.4, execute_request).",
    "tail": "The last raw output of the kernel's process; empty: there is none.",
    "target": "The name of the target that the kernel has registered for such comms.",
    "temporary": "Whether the server closes the session when what it is for is over.",
    "timeout_s": "How many seconds the kernel has to answer; then the call fails with `timeout`.",
    "timeout_s?": "Seconds after which the run is stopped; null: no limit.",
    "title": "The title of the session, as people read it.",
    "to?": "The path of the file that gets the result, relative to the server's root; null: the notebook's own file.",
    "url_without_key": "The address of the kernel host, without the key that messages to it are signed with.",
    "user_expressions": "The values of the expressions that came with the code, by their names (Jupyter messaging 5.4); left out: none.",
    "version": "The version of the cell's source: 0 at first, and one more with each change set.",
    "wait": "Whether the outputs are cleared only when the next one comes.",
}
"""The description of a field, by its name in Python: meaning, unit, encoding, range. Where a field may be null, `name?` says what null means."""
