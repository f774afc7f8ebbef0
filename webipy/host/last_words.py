"""What a kernel has printed and its end has kept from being sent; see `webipy.kernel_programs.output_ring`, which writes it.

The host makes a file in memory for each start. It reads in the stream messages how much of each stream has come; after the end of the
process, and after the last message that could still be read, the rest is in the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import msgspec

from webipy.kernel_programs.output_ring import FILE_BYTES, HEAD, PARTS, RING_BYTES


class _End(msgspec.Struct, frozen=True):
    end: int = 0


class _Metadata(msgspec.Struct, frozen=True):
    webipy: _End = _End()


class _Stream(msgspec.Struct, frozen=True):
    name: str


_metadata = msgspec.json.Decoder(_Metadata)
_stream = msgspec.json.Decoder(_Stream)


class LastPrinted:
    """The text of one start of a kernel that has not come.

    Raises:
        OSError: There is no memory for the file.
    """

    def __init__(self) -> None:
        self.file = os.memfd_create("words")
        os.ftruncate(self.file, FILE_BYTES)
        self._came = dict.fromkeys(PARTS, 0)

    def observe(self, metadata: bytes, content: bytes) -> None:
        """Records a stream message.

        Args:
            metadata: Its metadata, JSON; the boot file says there how many characters of the stream have been sent.
            content: Its content, JSON.
        """
        try:
            end = _metadata.decode(metadata).webipy.end
            if end:
                self._came[_stream.decode(content).name] = end
        except (msgspec.DecodeError, UnicodeDecodeError):
            return  # the user's code has sent it, with whatever it likes

    def rest(self) -> Iterator[tuple[str, str, int]]:
        """For each stream of which something has not come: its name, that text, and how many characters before it are gone."""
        for name, at in PARTS.items():
            chars, count = HEAD.unpack(os.pread(self.file, HEAD.size, at))
            ring = os.pread(self.file, min(count, RING_BYTES), at + HEAD.size)
            start = count % RING_BYTES if count > RING_BYTES else 0
            missing = chars - self._came.get(name, 0)
            if missing > 0:
                text = (ring[start:] + ring[:start]).decode("utf-8", "ignore")[-missing:]
                yield name, text, missing - len(text)

    def close(self) -> None:
        """Frees the memory."""
        os.close(self.file)
