"""Tests that others wrote for pytest, run in an environment of their own; what each of them said is read from pytest's report."""

from __future__ import annotations

import subprocess
import tempfile
import xml.etree.ElementTree
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.clients.packages import SECONDS


def outcomes(
    python: Path, words: Sequence[str], folder: Path, environment: Mapping[str, str], *, by_case: bool = False
) -> dict[str, str]:
    """Runs tests.

    Args:
        python: The Python of their environment, which has pytest.
        words: What follows `pytest`.
        folder: Where it runs.
        environment: The variables.
        by_case: Whether a test counts once for each of its parameters, as pytest counts it.

    Returns:
        By the file and the name of a test, without its parameters unless `by_case`, `passed`, or what pytest said of its first failure. Skipped tests
        are left out.
    """
    with tempfile.TemporaryDirectory() as place:
        report = Path(place) / "report.xml"
        usual = ["--tb=short", "-p", "no:cacheprovider", "-o", "junit_family=xunit1", f"--junitxml={report}"]
        done = subprocess.run(
            [str(python), "-m", "pytest", *usual, *words],
            cwd=folder,
            env=dict(environment),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        found: dict[str, str] = {}
        cases = xml.etree.ElementTree.parse(report).iter("testcase") if report.exists() else ()
        for case in cases:
            if case.find("skipped") is not None:
                continue
            title = case.get("name") or ""
            name = f"{case.get('file') or case.get('classname')}::{title if by_case else title.partition('[')[0]}"
            fault = next((one for one in case if one.tag in ("failure", "error")), None)
            said = "passed" if fault is None else f"{fault.get('message')}\n{fault.text}"[:3000]
            if found.get(name, "passed") == "passed":
                found[name] = said
    if not found:
        raise AssertionError(f"pytest ran no test:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
    return found
