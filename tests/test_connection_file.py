"""webipy.core.kernel.connection_file: which connection files can be joined, where their channels are, and what is said of the others."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from webipy.core.kernel.connection_file import BadConnection, read

PORTS = {"shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5}
GOOD = {"transport": "tcp", "ip": "127.0.0.1", "key": "sesame", "signature_scheme": "hmac-sha256", **PORTS}


def text(**fields: Any) -> bytes:
    """A good connection file, but for some fields."""
    return json.dumps({**GOOD, **fields}).encode()


class Reading(SynchronousTestCase):
    """`read`."""

    def test_a_file_of_jupyter_is_read(self) -> None:
        """Fields that it has besides are of no concern."""
        found = read(text(kernel_name="ir", jupyter_session="a.ipynb"))
        self.assertEqual((found.key, found.kernel_name), ("sesame", "ir"))
        addresses = {"shell": "tcp://127.0.0.1:1", "iopub": "tcp://127.0.0.1:2", "stdin": "tcp://127.0.0.1:3"}
        self.assertEqual(found.addresses(), {**addresses, "control": "tcp://127.0.0.1:4", "hb": "tcp://127.0.0.1:5"})

    def test_the_address_is_one_that_can_be_connected_to(self) -> None:
        """A table: what the file says, and where the shell is."""
        for fields, shell in (
            ({"transport": "ipc", "ip": "/run/user/1/k-ipc"}, "ipc:///run/user/1/k-ipc-1"),
            ({"ip": "*"}, "tcp://127.0.0.1:1"),
            ({"ip": "0.0.0.0"}, "tcp://127.0.0.1:1"),
            ({"ip": "gpu-3.example.org"}, "tcp://gpu-3.example.org:1"),
        ):
            self.assertEqual(read(text(**fields)).addresses()["shell"], shell)

    def test_what_cannot_be_joined_is_named(self) -> None:
        """A table: the text, and a part of what is said of it. Nothing that is said holds the key."""
        for given, said in (
            (b"", "not a Jupyter connection file"),
            (b"root:x:0:0", "not a Jupyter connection file"),
            (b'{"ip": "\xff"}', "not a Jupyter connection file"),
            (b"[" * 100_000, "not a Jupyter connection file"),
            (b"{}", "`ip`"),
            (text(hb_port=0), "hb_port"),
            (text(shell_port=65_536), "shell_port"),
            (text(key=5), "key"),
            (text(key=""), "empty key"),
            (text(signature_scheme="hmac-md5"), "hmac-sha256"),
            (text(transport="udp"), "field ip"),
            (text(ip="a b"), "field ip"),
            (text(ip=""), "field ip"),
            (text(transport="ipc", ip="relative-ipc"), "field ip"),
        ):
            fault = self.assertRaises(BadConnection, read, given)
            self.assertIn(said, str(fault))
            self.assertNotIn("sesame", str(fault))
