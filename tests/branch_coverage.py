"""How much of each module its own tests run, in lines and branches: `make coverage`.

::

    test module ──► trial under coverage, once ──► its data ──┐
    module ──► its own tests (tests/own_tests.py) ────────────┴──► their data together ──► percent ──► against its floor

A module is measured by its own tests alone: what another module's tests happen to run on their way is not tested by them. The aim is `AIMS`; where a
module is not there yet, tests/branch_coverage.json has the floor that it may not fall below. `make coverage ARGS=--raise` writes what has risen; it
lowers nothing. A module without a row has the aim as its floor; a row of 0 was not measured yet.

Not counted: blocks that only a type checker reads.

Rejected: one figure for the whole (modules that nobody tests hide behind those that everybody passes); a step of `make test` (twice the time).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import coverage

from tests.own_tests import JUDGED, ROOT, modules, own_tests

AIMS = {"webipy.core": 100, "webipy.server": 95, "webipy.io": 85, "webipy.command": 85}
"""Percent of lines and branches, by floor of the house."""

FLOORS = ROOT / "tests" / "branch_coverage.json"
UNREAD = ["if TYPE_CHECKING:", "@overload"]


def aim(module: str) -> int:
    """The percentage that a module is to reach."""
    return next(percent for floor, percent in AIMS.items() if module.startswith(floor + "."))


def run_test(test: str, data: Path) -> bool:
    """Runs a test module under coverage.

    Args:
        test: Its dotted name.
        data: The file that coverage writes.

    Returns:
        Whether its tests pass; what they print is printed when they do not.
    """
    source = ",".join(part.replace(".", "/") for part in JUDGED)
    measure = ["-m", "coverage", "run", "--branch", f"--source={source}", f"--data-file={data}"]
    trial = ["-m", "twisted.trial", f"--temp-directory={data}.trial", test]
    run = subprocess.run(
        [sys.executable, *measure, *trial],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if run.returncode:
        print(run.stdout, flush=True)
    return run.returncode == 0


def percent(module: str, folder: Path) -> float:
    """The lines and branches of a module that its own tests run, in percent.

    Args:
        module: Its dotted name.
        folder: Where the data of the test modules are, by name.
    """
    measured = coverage.Coverage(data_file=None, branch=True)
    for pattern in UNREAD:
        measured.exclude(pattern)
    data = measured.get_data()
    for test in own_tests(module):
        other = coverage.CoverageData(str(folder / test))
        other.read()
        data.update(other)
    report = folder / "report.json"
    try:
        measured.json_report(morfs=[str(modules()[module])], outfile=str(report), ignore_errors=True)
    except coverage.exceptions.NoDataError:
        return 0.0
    return float(json.loads(report.read_text())["totals"]["percent_covered"])


def measure(names: list[str], folder: Path) -> tuple[dict[str, int], list[str]]:
    """Runs the own tests of modules, each once.

    Args:
        names: Dotted names of modules.
        folder: An empty folder for the data.

    Returns:
        The percentage of each module, rounded down, and the test modules that failed.
    """
    tests = sorted({test for name in names for test in own_tests(name)})
    failed = [test for test in tests if not run_test(test, folder / test)]
    return {name: int(percent(name, folder)) for name in names}, failed


def tell(found: dict[str, int], floors: dict[str, int]) -> list[str]:
    """Prints the modules that are below their aim.

    Args:
        found: Percent by module.
        floors: What modules may not fall below, where that is not the aim.

    Returns:
        The modules that are below their floor.
    """
    below = []
    for name, reached in found.items():
        floor = floors.get(name, aim(name))
        if reached < floor:
            below.append(name)
        if reached < aim(name):
            mark = f"  BELOW ITS FLOOR, {floor}" if reached < floor else ""
            tests = ", ".join(test.removeprefix("tests.") for test in own_tests(name))
            print(f"{reached:4} of {aim(name)}  {name.removeprefix('webipy.'):36} {tests}{mark}")
    reach = sum(reached >= aim(name) for name, reached in found.items())
    print(f"\n{reach} of {len(found)} modules reach their aim, {len(below)} are below their floor", flush=True)
    return below


def raised(found: dict[str, int], floors: dict[str, int]) -> dict[str, int]:
    """The floors after a measurement: higher where a module has risen, without those that reach their aim or are gone."""
    higher = {name: max(found.get(name, 0), floors.get(name, 0)) for name in modules()}
    return {name: floor for name, floor in higher.items() if floor < aim(name) and (name in found or name in floors)}


def main(arguments: list[str]) -> int:
    """Measures the modules that the command line names; 1 when one is below its floor or tests fail."""
    parser = argparse.ArgumentParser("make coverage", description="What each module's own tests run of it.")
    parser.add_argument(
        "names", nargs="*", default=["core", "server", "io", "command"], help="such as core.events or server"
    )
    parser.add_argument("--raise", dest="is_raised", action="store_true", help="write the floors that have risen")
    options = parser.parse_args(arguments)
    wanted = tuple(f"webipy.{name}" for name in options.names)
    names = [name for name in modules() if any(name == one or name.startswith(one + ".") for one in wanted)]
    if not names:
        sys.exit(f"There is no module {', '.join(wanted)}.")
    with tempfile.TemporaryDirectory(prefix="webipy-coverage-") as folder:
        found, failed = measure(names, Path(folder))
    floors = json.loads(FLOORS.read_text("utf-8")) if FLOORS.exists() else {}
    below = tell(found, floors)
    if options.is_raised:
        FLOORS.write_text(json.dumps(raised(found, floors), indent=1) + "\n", "utf-8")
    for test in failed:
        print(f"{test} failed", flush=True)
    return 1 if below or failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
