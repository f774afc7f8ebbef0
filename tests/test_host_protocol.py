"""webipy.core.kernel.host_protocol: what both sides rely on, also when one of them is older or newer."""

from __future__ import annotations

import typing

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from webipy.core.kernel import host_protocol
from webipy.core.kernel.host_protocol import HostFile, KnownWay, Launch, Way


class Messages(SynchronousTestCase):
    """Structs that cross the link or lie in the host's folder."""

    def test_each_message_has_a_type_of_its_own(self) -> None:
        """The header's `msg_type` decides what the content is."""
        parts = (host_protocol.Command, host_protocol.Answer, host_protocol.Event)
        types = [one.msg_type for part in parts for one in typing.get_args(part)]
        self.assertEqual(len(types), len(set(types)))

    def test_a_field_that_a_former_version_does_not_write_has_a_default(self) -> None:
        """What the first hosts wrote is read; what a newer one adds is ignored."""
        spec = {"name": "python3", "argv": ["python"]}
        launch = msgspec.convert({"kernel": "k", "spec": spec, "cwd": "/", "key": "00", "newer": 1}, Launch)
        self.assertEqual((launch.start, launch.connection, launch.way, launch.waits), (1, None, None, False))
        first = {"pid": 1, "start_time": 2, "boot_id": "b", "endpoint": "ipc:///x", "key": "00", "start": 1}
        self.assertEqual(msgspec.convert(first, HostFile).protocol, host_protocol.PROTOCOL)

    def test_a_kernel_gives_way_within_bounds(self) -> None:
        """nice(1) knows no more than 19, and no program of ours goes before others."""
        spec = {"name": "python3", "argv": ["python"]}
        for nice in (-1, 20):
            launch = {"kernel": "k", "spec": spec, "cwd": "/", "key": "00", "nice": nice}
            self.assertRaises(msgspec.ValidationError, msgspec.convert, launch, Launch)

    def test_ways_in_words(self) -> None:
        """They complete the sentence that says how a kernel is started next."""
        self.assertEqual(Way().words, "as its kernelspec says")
        self.assertEqual(Way("ipykernel").words, "with webipy's boot file")
        self.assertEqual(Way("", "tcp").words, "as its kernelspec says, over loopback TCP")
        self.assertEqual(KnownWay("module", "tcp", True).words, "with webipy's boot file, over loopback TCP")

    def test_where_a_host_listens(self) -> None:
        """In its folder."""
        self.assertEqual(host_protocol.endpoint("/run/k1"), "ipc:///run/k1/host")
