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
    "session": "The id of the session.",
}
"""The description of a field, by its name in Python: meaning, unit, encoding, range, and what null says."""
