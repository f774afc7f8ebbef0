"""The fence of a kernel host between servers: it obeys the one with the newest generation, and no older one after that."""

from __future__ import annotations


class ServerFence:
    """Which server the host obeys.

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
        """Attaches a server, unless a newer one attached before.

        Args:
            identity: Its routing identity.
            generation: Its generation; of two, the higher one is newer.
            key: The key that it signs with.

        Returns:
            Whether it may attach, and the identity of the server that it replaces, which must be notified.
        """
        if generation < self.generation:
            return False, None
        replaced = self.current if self.current != identity else None
        self.current, self.generation, self.key = identity, generation, key
        return True, replaced
