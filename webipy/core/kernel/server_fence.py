"""The fence of a kernel host between servers: it obeys the one with the newest generation, and no older one after that."""

from __future__ import annotations


class ServerFence:
    """Which server is obeyed.

    Attributes:
        current: Routing identity of the server that attached last; None when none is.
        generation: Highest generation that ever attached.
        key: The key that server is known to have; messages to it are signed with this one.
    """

    def __init__(self) -> None:
        self.current: bytes | None = None
        self.generation = 0
        self.key = b""

    def attach(self, identity: bytes, generation: int, key: bytes) -> tuple[bool, bytes | None]:
        """Let a server attach.

        Returns:
            Whether it may, and the identity of the server it replaces, which must be told.
        """
        if generation < self.generation:
            return False, None
        replaced = self.current if self.current != identity else None
        self.current, self.generation, self.key = identity, generation, key
        return True, replaced
