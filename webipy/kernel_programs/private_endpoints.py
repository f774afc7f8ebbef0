"""Keeps what ipykernel listens on in the folder of the kernel's host, where no other user of the machine reaches it.

The channels of a kernel are there already (`webipy.host.process`). ipykernel opens more by itself, each on a port of 127.0.0.1 that everybody on the
machine can connect to, and none of them asks who comes:

- What forked processes print goes to the kernel through a socket that takes messages from anybody (`IOPubThread`).
- The debugger runs code for whoever connects. It is a process beside the kernel (debugpy's adapter), which listens for the kernel and for a client;
  and the kernel listens for it while it starts.

Here they are sockets with a name in that folder (unix(7)), mode 0700:

    k-f         the pipe of forked processes
    d-1         the debugger, for its client: ipykernel
    d-PORT      the debugger and the kernel, for each other

debugpy speaks of a host and a port everywhere. So its host is the folder, and its port a number in a name there (`Socket`). What the user's code
listens on, with debugpy too, is where it says.

The user's own processes are not debugged along: each would wait for a client that knows of it, and ipykernel does not.

`webipy/kernel_programs/boot.py` loads this in the kernel's environment, by its path; debugpy's adapter is started through it, also by its path.

Rejected: a token on those ports (debugpy has none for its client); its adapter inside the kernel (`in_process_debug_adapter`: newer versions only).
"""

from __future__ import annotations

import contextlib
import functools
import os
import socket
import sys
from importlib import import_module
from types import SimpleNamespace
from typing import Any

FORKED = "k-f"
CLIENT_PORT = 1
PORTS = range(
    10_000, 65_536
)  # for the others; a name is at most 7 bytes long (`webipy.io.kernels.launcher.LONGEST_NAME`)
HERE = "webipy"  # stands for the folder where ipykernel writes a host into code


class Socket(socket.socket):
    """A socket that is bound and connected by a folder and a number, as one of TCP is by a host and a port."""

    _path = ""  # of what it is bound to

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*(given or (socket.AF_UNIX, socket.SOCK_STREAM)), **named)

    def setsockopt(self, level: int, *option: Any) -> None:
        """Set an option; those of TCP are for connections that may be cut in between."""
        if level != socket.IPPROTO_TCP:
            super().setsockopt(level, *option)

    def bind(self, address: Any) -> None:
        """Take the name of a number, or of one that is free for 0."""
        folder, port = address
        while not port:
            drawn = PORTS[int.from_bytes(os.urandom(4), "big") % len(PORTS)]
            port = 0 if os.path.lexists(_path(folder, drawn)) else drawn
        path = _path(folder, port)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)  # an earlier process of this kernel has left it
        super().bind(path)
        self._path = path

    def connect(self, address: Any) -> None:
        """Connect to who listens there."""
        super().connect(_path(*address))

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept a connection; whoever connects has no name."""
        found, _ = super().accept()
        return found, (os.path.dirname(self._path), 0)

    def getsockname(self) -> tuple[str, int]:
        """The folder and the number."""
        folder, _, name = self._path.rpartition("/")
        return folder, int(name[2:] or 0)

    def close(self) -> None:
        """Closes it, and removes its name."""
        if self._path:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._path)
            self._path = ""
        super().close()


def _path(folder: str, port: int) -> str:
    return f"{folder}/d-{port}"


FOLDERS: list[str] = []  # the one where the channels of this process are, once they are


def listen_in_folder(thread_class) -> None:  # type: ignore[no-untyped-def]  # ipykernel's `IOPubThread`
    """Lets forked processes send what they print through a socket beside those of the channels.

    Raises:
        AttributeError: This ipykernel has no such pipe.
    """
    import zmq
    from zmq.eventloop.zmqstream import ZMQStream

    listen, connect = thread_class._setup_pipe_in, thread_class._setup_pipe_out
    if "_pipe_port" not in connect.__code__.co_names or "_pipe_uuid" not in listen.__code__.co_names:
        raise AttributeError("_pipe_port")

    def listen_here(self):  # type: ignore[no-untyped-def]
        endpoint = self.socket.getsockopt(zmq.LAST_ENDPOINT).rstrip(b"\0").decode("utf-8", "surrogateescape")
        if not endpoint.startswith("ipc://"):  # not a kernel of a host's: somebody else chose its addresses
            listen(self)
            return
        folder = os.path.dirname(endpoint[len("ipc://") :])
        FOLDERS[:] = [folder]
        self._pipe_uuid = os.urandom(16)
        self._pipe_port = f"ipc://{folder}/{FORKED}"
        pipe = self.socket.context.socket(zmq.PULL)
        pipe.linger = 0
        pipe.bind(self._pipe_port)
        self._pipe_in = ZMQStream(pipe, self.io_loop)
        self._pipe_in.on_recv(self._handle_pipe_msg)

    def connect_here(self):  # type: ignore[no-untyped-def]
        if not isinstance(self._pipe_port, str):
            return connect(self)
        context = zmq.Context()  # that of before the fork is of no use here
        pipe = context.socket(zmq.PUSH)
        pipe.linger = 3000  # as ipykernel has it
        pipe.connect(self._pipe_port)
        return context, pipe

    thread_class._setup_pipe_in, thread_class._setup_pipe_out = listen_here, connect_here


def debug_in_folder(client_class) -> None:  # type: ignore[no-untyped-def]  # ipykernel's `DebugpyClient`
    """Let the debugger listen beside the channels."""
    choose, find = client_class.get_host_port, client_class._get_endpoint

    def choose_here(self):  # type: ignore[no-untyped-def]
        if not FOLDERS:
            return choose(self)
        _listen_for_us()
        return HERE, str(CLIENT_PORT)

    def find_here(self):  # type: ignore[no-untyped-def]
        return f"ipc://{_path(FOLDERS[0], CLIENT_PORT)}" if FOLDERS else find(self)

    client_class.get_host_port, client_class._get_endpoint = choose_here, find_here


@functools.cache
def _listen_for_us() -> None:
    """Let debugpy listen in the folder, when ipykernel asks for it."""
    api: Any = import_module("debugpy.server.api")
    pydevd: Any = import_module("pydevd")  # which that has made findable

    listen, begin = api.listen, pydevd.start_client

    @functools.wraps(listen)
    def listen_here(address, *given, **named):  # type: ignore[no-untyped-def]
        if address[0] != HERE:
            return listen(address, *given, **named)
        folder, before = FOLDERS[0], (api.sockets, api.adapter)
        api.configure(subProcess=False)
        api.sockets = SimpleNamespace(**{**vars(api.sockets), **_sockets_of(folder)})
        api.adapter = SimpleNamespace(__file__=os.path.join(os.path.realpath(__file__), "adapter"))  # its folder is run
        try:
            return listen((folder, address[1]), *given, **named)
        finally:
            api.sockets, api.adapter = before

    def begin_here(host, port):  # type: ignore[no-untyped-def]
        if host != FOLDERS[0]:
            return begin(host, port)
        connected = Socket()
        connected.connect((host, port))
        return connected

    api.listen, pydevd.start_client = listen_here, begin_here


def _sockets_of(folder: str) -> dict[str, Any]:
    """Make what stands for functions of `debugpy.common.sockets`."""

    def create_server(
        host: str, port: int = 0, backlog: int = socket.SOMAXCONN, timeout: float | None = None
    ) -> Socket:
        server = Socket()
        server.bind((host, port))
        server.settimeout(timeout)
        server.listen(backlog)
        return server

    return {
        "create_server": create_server,
        "create_client": lambda *_: Socket(),
        "get_default_localhost": lambda: folder,
    }


def main() -> None:
    """Runs debugpy's adapter, which gets the folder as its host from the kernel."""
    import runpy

    del sys.path[0]
    sockets = import_module("debugpy.common.sockets")
    for name, function in _sockets_of(sys.argv[sys.argv.index("--host") + 1]).items():
        setattr(sockets, name, function)
    runpy.run_module("debugpy.adapter", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
