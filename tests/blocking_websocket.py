"""A WebSocket that blocks and checks nothing, for tests and measurements: what is sent over it may be wrong.

Source: RFC 6455, sections 4.1 and 5.2.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
import time
from collections.abc import Mapping

FIN = 0x80
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Closed(Exception):
    """The other side ended the connection; `code` is that of a close frame, if there was one."""

    def __init__(self, code: int | None = None, reason: str = "") -> None:
        super().__init__(f"closed with {code} {reason}")
        self.code = code


class HandshakeRefused(Exception):
    """The handshake was answered with another status than 101; 0 for none."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


class BlockingWebSocket:
    """One WebSocket, to `/rpc` unless a class says otherwise. Its frames are masked with zeros.

    Args:
        connected: A connection to the server; the WebSocket closes it.
        headers: Further headers of the handshake, and others in place of the usual ones.
        buffer_bytes: What is read from the socket at once.

    Raises:
        HandshakeRefused: The server answered with another status than 101.
        Closed: The server ended the connection.
    """

    path = "/rpc"

    def __init__(self, connected: socket.socket, headers: Mapping[str, str], buffer_bytes: int = 1 << 16) -> None:
        self.socket = connected
        self.number = 0
        self.file = connected.makefile("rb", buffering=buffer_bytes)
        try:
            self._shake_hands(headers)
        except BaseException:
            self.close()
            raise

    def _shake_hands(self, headers: Mapping[str, str]) -> None:
        host, port = self.socket.getpeername()[:2]
        usual = {
            "Host": f"{host}:{port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            "Sec-WebSocket-Version": "13",
        }
        lines = [f"GET {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in {**usual, **headers}.items())]
        try:
            self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
            status = self.file.readline()
            while (line := self.file.readline()) not in (b"\r\n", b""):
                pass
        except ConnectionError as fault:
            raise Closed from fault
        if b" 101 " not in status:
            raise HandshakeRefused(int((status.split() or [b"", b"0"])[1]))
        if not line:
            raise Closed

    def frame(self, first: int, body: bytes, *, is_masked: bool = True) -> None:
        """Sends one frame.

        Args:
            first: Its first byte: FIN, reserved bits, opcode.
            body: Its payload.
            is_masked: Whether it is masked, as those of a client must be.

        Raises:
            Closed: The server ended the connection.
        """
        size, bit = len(body), 0x80 if is_masked else 0
        if size < 126:
            head = bytes([first, bit | size])
        elif size < 65536:
            head = struct.pack(">BBH", first, bit | 126, size)
        else:
            head = struct.pack(">BBQ", first, bit | 127, size)
        try:
            self.socket.sendall(head + (bytes(4) if is_masked else b"") + body)
        except OSError as fault:
            raise Closed from fault

    def text(self, body: bytes) -> None:
        """Sends a text message."""
        self.frame(FIN | TEXT, body)

    def send(self, method: str, **params: object) -> int:
        """Sends a call; returns its id."""
        self.number += 1
        self.text(json.dumps({"jsonrpc": "2.0", "id": self.number, "method": method, "params": params}).encode())
        return self.number

    def receive(self, within_s: float = float("inf")) -> bytes:
        """Reads the next message, and answers pings on the way: who does not is taken for gone after 20 s.

        Args:
            within_s: How long pings alone may come; each wait for bytes has the timeout of the socket.

        Raises:
            Closed: The server ended the connection.
            TimeoutError: No message came in time.
        """
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            first, size = self._exactly(2)
            if size == 126:
                (size,) = struct.unpack(">H", self._exactly(2))
            elif size == 127:
                (size,) = struct.unpack(">Q", self._exactly(8))
            body, opcode = self._exactly(size), first & 15
            if opcode in (TEXT, BINARY):
                return body
            if opcode == PING:
                self.frame(FIN | PONG, body)
            elif opcode == CLOSE:
                raise Closed(int.from_bytes(body[:2], "big") or None, body[2:].decode("utf-8", "replace"))
        raise TimeoutError(f"no message within {within_s:g} s")

    def _exactly(self, size: int) -> bytes:
        try:
            body: bytes = self.file.read(size)
        except ConnectionError as fault:
            raise Closed from fault
        if len(body) != size:
            raise Closed
        return body

    def close(self) -> None:
        """Cuts the connection."""
        self.socket.close()
        self.file.close()
