"""The file of script tokens: `STATE/script-tokens.json`, their digests, scopes and ends.

Writes are carried out one after the other, each with the whole list, and survive a power cut: a token that was revoked stays revoked. A file that
cannot be read is put aside and counts as empty, so that no token counts.
"""

from __future__ import annotations

from pathlib import Path

import attrs
import msgspec
from twisted.internet.defer import Deferred, DeferredLock
from twisted.logger import Logger

from webipy.io.reactor import Run
from webipy.io.storage.private_files import write_private
from webipy.server.people.script_tokens import ScriptToken


@attrs.define(eq=False)
class ScriptTokenFile:
    """See `webipy.server.people.script_tokens.ScriptTokenStore`.

    Args:
        path: The file.
        run: Runs a function that blocks in a thread.
    """

    path: Path
    run: Run
    _turn: DeferredLock = attrs.field(factory=DeferredLock)
    _log = Logger()

    def load(self) -> Deferred[list[ScriptToken]]:
        """All that were kept."""
        return self.run(self._read)

    def keep(self, tokens: list[ScriptToken]) -> Deferred[None]:
        """Keeps these, in place of those before."""
        body = msgspec.json.encode(tokens)
        return self._turn.run(lambda: self.run(lambda: write_private(self.path, body, is_durable=True)))

    def _read(self) -> list[ScriptToken]:
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=list[ScriptToken])
        except FileNotFoundError:
            return []
        except (msgspec.DecodeError, UnicodeDecodeError) as fault:
            aside = self.path.with_suffix(".damaged")
            self.path.replace(aside)
            self._log.warn(
                "{path} cannot be read ({fault}); it is now {aside}, and no script token counts: make them again",
                path=str(self.path),
                fault=str(fault),
                aside=aside.name,
            )
            return []
