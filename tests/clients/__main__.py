"""`make clients`: runs the tests of this folder in full, and prints how much each client reaches."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.clients import score


def main() -> int:
    """Runs, and prints; the status is that of the tests. Arguments name modules or tests; all of this folder unless given."""
    with tempfile.TemporaryDirectory() as folder:
        noted = Path(folder) / "score"
        noted.touch()
        variables = {**os.environ, "WEBIPY_CLIENTS": "full", score.FILE: str(noted)}
        command = [sys.executable, "-m", "twisted.trial", *(sys.argv[1:] or ["tests.clients"])]
        status = subprocess.run(command, env=variables, check=False).returncode
        left = score.reasons(noted)
        print(f"\n{score.table(noted)}" + (f"\n\nNot reached, with the reason:\n{left}" if left else ""))
    return status


if __name__ == "__main__":
    sys.exit(main())
