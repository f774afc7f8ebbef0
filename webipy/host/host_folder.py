"""The folder that a host is started in: checked before anything is started, with one sentence for what is wrong."""

from __future__ import annotations

import os
import stat
from typing import Final, Protocol, TypeVar

import msgspec

from webipy.core.kernel.host_protocol import HOST_FILE, LAUNCH_FILE, MAX_SOCKET_PATH, SOCKET, HostFile
from webipy.host.process import boot_id, start_time

MAX_LAUNCH_BYTES: Final = 1024 * 1024
LEAST_KEY: Final = 32


class Unusable(Exception):
    """The folder or `launch.json` cannot be used; the text is one sentence."""


class Keyed(Protocol):
    """What `launch.json` describes, with the key of the link."""

    @property
    def key(self) -> str:
        """The key, hex."""


LaunchT = TypeVar("LaunchT", bound=Keyed)


def _check_folder(folder: str) -> None:
    """Refuses a folder that is not private, or whose sockets would have no room for their path.

    Raises:
        Unusable: It is one.
    """
    try:
        found = os.stat(folder)
    except OSError as fault:
        raise Unusable(f"{folder} cannot be used: {fault.strerror}.") from None
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise Unusable(f"{folder} must be a folder of this user with mode 0700: other users could reach the kernel.")
    if len(os.fsencode(os.path.join(folder, SOCKET))) > MAX_SOCKET_PATH:
        limit = MAX_SOCKET_PATH - len("/" + SOCKET)
        raise Unusable(f"The path of {folder} is longer than {limit} bytes, which is too long for a socket in it.")


def _check_alone(folder: str) -> None:
    """Refuses a folder that has a living host: two would take each other's socket away.

    Raises:
        Unusable: It has one.
    """
    try:
        with open(os.path.join(folder, HOST_FILE), "rb") as file:
            other = msgspec.json.decode(file.read(MAX_LAUNCH_BYTES), type=HostFile)
    except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
        return  # no host was here, or nothing that one wrote
    if other.pid == os.getpid():
        return  # who has started this one has announced it
    if other.boot_id == boot_id() and other.start_time == start_time(other.pid):
        raise Unusable(f"{folder} has a host already: process {other.pid}.")


def read_launch(folder: str, kind: type[LaunchT], what: str) -> LaunchT:
    """Checks the folder of a host, and reads what is to be started there.

    Args:
        folder: The folder, absolute.
        kind: The struct of its `launch.json`.
        what: What that describes, for the message.

    Raises:
        Unusable: The folder is not private, has no room for a socket or has a living host; `launch.json` cannot be read, or its key is too short.
    """
    _check_folder(folder)
    _check_alone(folder)
    path = os.path.join(folder, LAUNCH_FILE)
    try:
        with open(path, "rb") as file:
            launch = msgspec.json.decode(file.read(MAX_LAUNCH_BYTES), type=kind)
    except OSError as fault:
        raise Unusable(f"{path} cannot be read: {fault.strerror}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise Unusable(f"{path} does not describe {what}: {fault}.") from None
    if len(launch.key) < LEAST_KEY:
        raise Unusable(f"{path} has a key of {len(launch.key)} characters; it needs {LEAST_KEY} or more.")
    return launch
