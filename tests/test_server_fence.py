"""The fence of a kernel host between servers."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from webipy.core.kernel.server_fence import ServerFence


class ServerFenceTests(SynchronousTestCase):
    """Fencing by generation."""

    def test_the_newest_generation_is_obeyed(self) -> None:
        """It replaces the older one, which is named so that it can be told."""
        fence = ServerFence()
        self.assertEqual((fence.current, fence.generation, fence.key), (None, 0, b""))
        self.assertEqual(fence.attach(b"a", 3, b"k"), (True, None))
        self.assertEqual(fence.attach(b"b", 4, b"k"), (True, b"a"))
        self.assertEqual(fence.attach(b"a", 3, b"k"), (False, None))
        self.assertEqual((fence.current, fence.generation), (b"b", 4))

    def test_the_same_server_may_attach_again(self) -> None:
        """By the same connection nobody is replaced; by a new one the old connection is."""
        fence = ServerFence()
        fence.attach(b"a", 3, b"k")
        self.assertEqual(fence.attach(b"a", 3, b"k"), (True, None))
        self.assertEqual(fence.attach(b"b", 3, b"k2"), (True, b"a"))
        self.assertEqual(fence.key, b"k2")
