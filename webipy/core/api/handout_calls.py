"""The params and results of the methods `handout.*`: copies of a notebook that people with an account were given to work in.

See webipy.core.api.calls.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from webipy.core.api.access import Right, Verb
from webipy.core.api.calls import Params, Result
from webipy.core.api.right_calls import WhomKind

MAX_RECIPIENTS = 1000

MAX_FILES = 100
"""Files and folders that are named in one call."""


class Recipient(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An account, all accounts of a group, or everybody with an account."""

    kind: WhomKind = "account"
    """Whether it is one account, a group, or everybody with an account."""
    whom: Annotated[str, msgspec.Meta(max_length=200)] = ""
    """Of an account its id or the name that it signs in with, of a group its name; empty for everybody."""


class OfHandout(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A notebook that is handed out."""

    path: Annotated[str, msgspec.Meta(max_length=4096)]
    """The path of the notebook, relative to the server's root. Copies stand beside it, in `handed-out/NAME/`."""
    recipients: Annotated[list[Recipient], msgspec.Meta(max_length=MAX_RECIPIENTS)] = []
    """Whom it is about. The caller is left out where only a group or everybody names them."""


class MakeHandout(OfHandout, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who gets a copy. With `execute`, they run code as the person who runs the server, and can do what that person can."""

    verb: Right = "execute"
    """The right that each has to their copy; who has one already keeps that of before."""
    files: Annotated[list[Annotated[str, msgspec.Meta(max_length=1000)]], msgspec.Meta(max_length=MAX_FILES)] = []
    """Files and folders that the notebook reads, by their paths from its folder, such as `data.csv`. They are copied once, to where the copies of the
    notebook find them by the same paths, at most 256 MiB and 2,000 files; each recipient may read them. What stands there already stays as it is, and
    what begins with a dot is left out.
    """


class Copied(Result, frozen=True, kw_only=True):
    """What became of the copy for one person."""

    account: str
    """The id of the account."""
    name: str
    """The name that they sign in with."""
    display_name: str
    """The name that others see."""
    result: Literal["made", "had", "failed"]
    """It was made; they had one, which was left as it is; or it could not be made."""
    copy_path: str | None = None
    """The path of their copy, relative to the server's root; null: there is none."""
    reason: str | None = None
    """Why it could not be made, a sentence; null: it was."""


class HandedFile(Result, frozen=True, kw_only=True):
    """What became of a file or folder that the copies need."""

    name: str
    """Its path from the notebook's folder."""
    result: Literal["made", "had"]
    """It was copied, or what was missing of it; or all of it stood there already, and was left as it is."""
    copy_path: str
    """The path of the copy, relative to the server's root."""


class HandoutMade(Result, frozen=True, kw_only=True):
    """What became of each copy."""

    folder: str
    """The folder of the copies, relative to the server's root."""
    copies: list[Copied]
    """One for each recipient, by the name that they sign in with."""
    files: list[HandedFile] = []
    """What became of the files and folders that were named."""


class HandoutCopy(Result, frozen=True, kw_only=True):
    """Somebody's copy, or that they have none."""

    account: str
    """The id of the account."""
    name: str
    """The name that they sign in with; of an account that is not there any more, its id."""
    display_name: str
    """The name that others see; of an account that is not there any more, its id."""
    state: Literal["none", "gone", "untouched", "opened", "changed"]
    """They have no copy (`none`); its file is not there any more (`gone`), is as it was handed out (`untouched`), was opened by somebody, or was
    changed since.
    """
    copy_path: str | None = None
    """The path of their copy, relative to the server's root; null: they have none."""
    verb: Verb = "none"
    """The right that was given to them there."""
    handed_out: str | None = None
    """When it was handed out, RFC 3339 in UTC with microseconds; null: they have none."""
    opened: str | None = None
    """When it was first opened, by whomever, RFC 3339 in UTC; null: never, or its session is not kept any more."""
    changed: str | None = None
    """When its file was changed last, RFC 3339 in UTC with microseconds; null: never."""
    session: str | None = None
    """The id of the open session that has it; null: it is not open."""
    is_here: bool = False
    """Whether they have it open in a page now."""
    is_recipient: bool = False
    """Whether they are one of the recipients of the call."""


class HandoutList(Result, frozen=True, kw_only=True):
    """Who has a copy of a notebook, and what they have done with it."""

    folder: str
    """The folder of the copies, relative to the server's root."""
    copies: list[HandoutCopy]
    """By the name that people sign in with: everybody who has a copy, and those of the recipients who have none."""
