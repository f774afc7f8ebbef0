"""webipy.io.web.outputs_resource: how values are sent as what they are. The whole of it is tried in tests/faults/test_large.py."""

from __future__ import annotations

import base64
import random

from twisted.trial.unittest import SynchronousTestCase

from webipy.io.web.outputs_resource import Base64, is_base64


class Values(SynchronousTestCase):
    """Values of MIME bundles."""

    def test_pictures_and_sounds_are_base64(self) -> None:
        """Texts, JSON and SVG are not."""
        kinds = (
            "image/png",
            "audio/wav",
            "video/mp4",
            "application/pdf",
            "image/svg+xml",
            "text/html",
            "application/json",
        )
        self.assertEqual([is_base64(kind) for kind in kinds], [True, True, True, True, False, False, False])

    def test_base64_is_decoded_however_it_is_cut(self) -> None:
        """White space in it is no part of it."""
        body = random.Random(1).randbytes(1_000)
        for text in (base64.b64encode(body), base64.encodebytes(body)):
            for size in (1, 3, 4, 7, 76, 2_000):
                decode = Base64()
                found = b"".join(decode(text[at : at + size]) for at in range(0, len(text), size))
                self.assertEqual(found, body)

    def test_what_is_no_base64_stops_nothing(self) -> None:
        """There are no bytes to send."""
        self.assertEqual(Base64()("é".encode() + b"="), b"")
