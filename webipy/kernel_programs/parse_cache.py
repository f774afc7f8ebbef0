"""Keeps the files whole in which parso remembers what it has parsed, so that a completion is not empty by chance.

    a Tab ──► IPython ──► jedi ──► parso ──► ~/.cache/jedi/…/HASH.pkl: read if it is there, else parsed and written

All kernels of a user share that folder. parso writes a file in its place, so another kernel reads half of it, and a kernel that is killed then
leaves half of it for good. parso expects neither, jedi passes the exception on, and IPython gives an empty list in its place: no completion came for
a name that is there, once, or at each Tab until somebody removes the folder. So here

- a file is written beside its place and moved there whole;
- what cannot be read, or made again, counts as not remembered: the text is parsed.

A part of the boot file (`webipy/kernel_programs/boot.py`), with its rules: the standard library and what ipykernel brings along, Python 3.8. parso is
imported at the first completion, as without this.

Rejected: a folder for each kernel (each would parse all of `builtins` again: a second at its first Tab).
"""

from __future__ import annotations

import contextlib
import functools
import os
import pickle
import threading


def read_whole_files(cache) -> None:  # type: ignore[no-untyped-def]  # parso is not known to webipy
    """Takes a file that cannot be read for one that is not there.

    Args:
        cache: The module `parso.cache`.
    """
    load = cache._load_from_file_system

    @functools.wraps(load)
    def load_or_parse(*args, **named):  # type: ignore[no-untyped-def]
        try:
            return load(*args, **named)
        except Exception:  # half a pickle raises whatever its half means
            return None

    cache._load_from_file_system = load_or_parse


def write_whole_files(cache) -> None:  # type: ignore[no-untyped-def]
    """Moves a file to its place when it is written; one that cannot be written is left out.

    Args:
        cache: The module `parso.cache`.
    """
    place_of = cache._get_hashed_path

    def save_whole(hashed_grammar, path, item, cache_path=None) -> None:  # type: ignore[no-untyped-def]
        part = None
        try:
            place = place_of(hashed_grammar, path, cache_path=cache_path)
            part = f"{place}.{os.getpid()}-{threading.get_ident()}"
            with open(part, "wb") as file:
                pickle.dump(item, file, pickle.HIGHEST_PROTOCOL)
            os.replace(part, place)
        except (
            OSError,
            pickle.PicklingError,
            RecursionError,
        ):  # a full disk, another's folder, a tree too deep: it stays in memory
            if part is not None:
                with contextlib.suppress(OSError):
                    os.remove(part)

    cache._save_to_file_system = save_whole


def tidy_without_faults(cache) -> None:  # type: ignore[no-untyped-def]
    """Lets the removal of old files go on another day when a file goes away under it.

    Args:
        cache: The module `parso.cache`.
    """
    tidy = cache._remove_cache_and_update_lock

    @functools.wraps(tidy)
    def tidy_or_leave(*args, **named):  # type: ignore[no-untyped-def]
        with contextlib.suppress(OSError):
            return tidy(*args, **named)

    cache._remove_cache_and_update_lock = tidy_or_leave


def keep_parsed_files_whole(completer_class) -> None:  # type: ignore[no-untyped-def]
    """Mends parso before jedi is asked for the first time.

    Args:
        completer_class: IPython's completer.

    Raises:
        AttributeError: This IPython does not ask jedi.
    """
    ask = completer_class._jedi_matches
    mended: list[bool] = []

    @functools.wraps(ask)
    def mend_and_ask(self, *args, **named):  # type: ignore[no-untyped-def]
        if not mended:
            mended.append(True)
            from parso import cache

            for mend in (read_whole_files, write_whole_files, tidy_without_faults):
                with contextlib.suppress(AttributeError):  # another parso: as it is
                    mend(cache)
        return ask(self, *args, **named)

    completer_class._jedi_matches = mend_and_ask
