"""What a kernel host left behind when it ended without a server: its farewell, and the messages nobody had acknowledged. Everything here blocks.

A host that ends in order writes `farewell.json` and puts what is not acknowledged into its spool; one that was killed
leaves the spool as it was. Either is read once, in batches, by whoever takes the session up again. Formats:
docs/kernel-host.md, webipy.core.kernel.spool_records.

A record that is cut off or damaged ends its segment: what follows in it is counted as lost by the gap in the numbers,
never skipped in silence; what is missing at the end shows by the farewell, which names the number that would have come next.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import attrs
import msgspec

from webipy.core.kernel.host_protocol import FAREWELL_FILE, HOST_LOG, SPOOL_PREFIX, Farewell
from webipy.core.kernel.spool_records import FRAME, MAGIC, Damaged, Kept, decode_body, decode_frame

BATCH_BYTES = 4 * 1024 * 1024
"""Messages taken in at once."""

KILLED = "The kernel host ended without a word, and the kernel with it."


@attrs.define(eq=False)
class HostRemains:
    """What one host left. Its methods block: they run in a thread.

    Args:
        directory: The host's.
        since: The last message that is taken in already.
    """

    directory: Path
    since: int
    _records: Iterator[Kept] | None = None

    def read(self) -> list[Kept]:
        """The next messages in their order, without those that are taken in already; empty when there are no more."""
        if self._records is None:
            self._records = self._each()
        batch: list[Kept] = []
        size = 0
        for kept in self._records:
            if kept.number > self.since:
                self.since = kept.number
                batch.append(kept)
                size += kept.size_bytes
            if size >= BATCH_BYTES:
                break
        return batch

    def missing_until(self) -> int | None:
        """The last message that the host had and did not leave, when all that it left was read; `None` when none is missing."""
        farewell = self._farewell()
        last = farewell.next - 1 if farewell is not None else 0
        if last <= self.since:
            return None
        self.since = last
        return last

    def reason(self) -> str:
        """Why the host ended, in one sentence."""
        farewell = self._farewell()
        if farewell is not None:
            return farewell.reason
        try:
            words = (self.directory / HOST_LOG).read_bytes()[-500:].decode("utf-8", "replace").strip().splitlines()
        except OSError:
            words = []
        return f"{KILLED} Its last line of log: {words[-1]}" if words else KILLED

    def _farewell(self) -> Farewell | None:
        try:
            return msgspec.json.decode((self.directory / FAREWELL_FILE).read_bytes(), type=Farewell)
        except (OSError, msgspec.DecodeError):
            return None  # it had no time to say

    def remove(self) -> None:
        """Removes the host's directory."""
        shutil.rmtree(self.directory, ignore_errors=True)

    def _each(self) -> Iterator[Kept]:
        found = [(path.name.removeprefix(SPOOL_PREFIX), path) for path in self.directory.glob(SPOOL_PREFIX + "*")]
        for _, path in sorted((int(number), path) for number, path in found if number.isdigit()):
            yield from _records(path)


def _records(path: Path) -> Iterator[Kept]:
    with open(path, "rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            return
        while frame := file.read(FRAME.size):
            try:
                length, checksum = decode_frame(frame)
                yield decode_body(file.read(length), length, checksum)
            except Damaged:
                return
