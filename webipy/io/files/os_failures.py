"""What the system reports of a file, as the failures that a client gets."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from webipy.core import errors
from webipy.io.files.root_folder import Hidden, Outside, no_such

_OS_ERRORS: dict[int, tuple[str, str]] = {
    errno.EACCES: ("denied", "the server may not do this to {path}: its permissions do not allow it"),
    errno.EPERM: ("denied", "the server may not do this to {path}: its permissions do not allow it"),
    errno.EROFS: ("read_only", "{path} is on a disk that is read-only"),
    errno.ENOSPC: ("full", "the disk is full; {path} is as it was"),
    errno.EDQUOT: ("full", "the quota of this disk is used up; {path} is as it was"),
    errno.EFBIG: ("full", "{path} would be larger than a file may be here; it is as it was"),
    errno.EISDIR: ("not_a_file", "{path} is a folder, not a file"),
    errno.ENOTDIR: ("not_a_folder", "{path} is no folder"),
    errno.ENOTEMPTY: (
        "not_empty",
        "the folder {path} is not empty (it may hold hidden files); delete it with what it holds by recursive",
    ),
    errno.ENAMETOOLONG: ("too_long", "the name {path} is too long for this disk"),
    errno.ELOOP: ("links", "{path} goes through too many links; they may lead in a circle"),
    errno.EXDEV: ("failed", "{path} is on another disk; copy it there and delete it here"),
}
"""By the number of the error: the reason of the failure, and its sentence."""


@contextmanager
def map_os_errors(path: str) -> Iterator[None]:
    """Raises what the system reports about `path` as a failure, in the user's words.

    Raises:
        errors.NotFound, errors.AlreadyExists, errors.FileFault: In place of an OSError.
    """
    try:
        yield
    except FileNotFoundError:
        raise no_such(path) from None
    except FileExistsError:
        raise taken(path) from None
    except Hidden:
        raise errors.FileFault(
            f"{path!r} goes through a link to what is hidden here: a name that begins with a dot.",
            reason="hidden",
            path=path,
        ) from None
    except Outside:
        raise errors.FileFault(
            f"{path!r} goes through a link that leads out of the root.", reason="outside", path=path
        ) from None
    except RecursionError:
        raise too_deep(path) from None
    except OSError as fault:
        number = fault.errno or 0
        reason, words = _OS_ERRORS.get(number, ("failed", "{path}: " + (fault.strerror or str(fault)).lower()))
        sentence = words.format(path=repr(path) if path else "the root")
        raise errors.FileFault(f"{sentence[0].upper()}{sentence[1:]}.", reason=reason, path=path) from None


def taken(path: str) -> errors.AlreadyExists:
    """Makes the failure for a name that something has."""
    return errors.AlreadyExists(f"There is something at {path!r} already; choose another name.", kind="file", id=path)


def too_deep(path: str) -> errors.FileFault:
    """Makes the failure for folders in folders that have no end."""
    return errors.FileFault(f"{path[:200]!r} holds folders in folders too deep.", reason="failed", path=path[:200])


def not_a_file(path: str) -> errors.FileFault:
    """Makes the failure for what has no content to read or write."""
    return errors.FileFault(
        f"{path!r} is no file that can be read or written: it is a folder, a device, a fifo or a socket.",
        reason="not_a_file",
        path=path,
    )
