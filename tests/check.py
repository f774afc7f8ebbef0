"""Runs every check of the project and says yes or no: `make test`, `make check`, `make faults`, `make bench`.

Data flow: lanes of parts (a name, a command, how to count) run side by side, the parts of a lane one after the other. One lane is trial, whose
workers share out all tests in Python, each taking the next one when it is free; as most tests wait a third of their time, there is one worker more
than cores. Tests that start processes come first and the short ones last, so that no core waits for another in the end. The other lane reads
and builds. One part at a time has the word: its output is passed through as it comes, and that of a part beside it is kept until it has the
word. The end is what trial says of each test that failed, once more and cut, so that who sees only the end of a long log sees it; a table of the
parts, with the names of those tests; and, alone on the last line, `N passed, N failed` (and `, N skipped`). Tests are counted by what trial and
vitest say themselves. A part that is no test run (style, types) adds one failure when it fails and nothing when it passes; so does a test run
that broke before it could count. The exit status is 0 only when nothing failed.

Everything runs even after a failure: one run tells all that is wrong.

Rejected: a part of its own for the browser (one core idles, then the other); tests that need the machine for themselves (there are none).
"""

from __future__ import annotations

import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import attrs

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import setup  # noqa: E402 - it stands in the folder above, which is on the path only now

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WORKERS = min((os.cpu_count() or 1) + 1, 6)  # each has a server and a browser in time: half a gigabyte
APART = {"bench", "vectors", "__pycache__"}  # folders of tests/ that hold no tests
LONGEST = ("programs", "kernels", "faults", "browser")
"""Packages in the order of their longest tests."""


@attrs.define(frozen=True)
class Count:
    """How many tests did what."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)


@attrs.define(frozen=True)
class Part:
    """One check.

    Args:
        name: What it is called in the table.
        command: Its command line.
        folder: Where it runs.
        count: Makes the count out of everything it printed; `None` for what is no test run.
        environment: Variables set beside those of this process.
        failures: Finds in what it printed what is to be said of each failure in the end.
    """

    name: str
    command: list[str]
    folder: Path = ROOT
    count: Callable[[str], Count | None] | None = None
    environment: dict[str, str] = attrs.field(factory=dict)
    failures: Callable[[str], list[str]] = lambda _: []


@attrs.define(frozen=True)
class Outcome:
    """How a part ended."""

    part: Part
    succeeded: bool
    count: Count
    seconds: float
    failures: list[str]


FAILURE_LINES = 40
"""How much of each failure is said again in the end: its first and its last lines."""


def trial_failures(printed: str) -> list[str]:
    """What trial says of each kind of failure: a traceback and the names of the tests that had it, cut in the middle."""
    report = printed.rpartition(f"\n{'-' * 79}\n")[0]
    failures = []
    for section in report.split(f"{'=' * 79}\n")[1:]:
        if section.startswith(("[ERROR]", "[FAIL]", "[SUCCESS!?!]")):
            lines = section.strip().splitlines()
            if len(lines) > FAILURE_LINES:
                half = FAILURE_LINES // 2
                lines = [*lines[:half], f"[{len(lines) - 2 * half} lines]", *lines[-half:]]
            failures.append("\n".join(lines))
    return failures


def count_trial(printed: str) -> Count | None:
    """The counts of trial's last line, such as `FAILED (skips=1, failures=2, successes=30)`."""
    endings = re.findall(r"^(?:PASSED|FAILED)(?: \((.*)\))?$", printed, re.MULTILINE)
    if not endings:
        return None
    numbers = {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", endings[-1])}
    failed = sum(numbers.get(name, 0) for name in ("failures", "errors", "unexpectedSuccesses"))
    return Count(numbers.get("successes", 0) + numbers.get("expectedFailures", 0), failed, numbers.get("skips", 0))


def count_vitest(report: Path) -> Count | None:
    """The counts of vitest's JSON report."""
    if not report.is_file():
        return None
    found = json.loads(report.read_text())
    return Count(found["numPassedTests"], found["numFailedTests"], found["numPendingTests"] + found["numTodoTests"])


@attrs.define(eq=False)
class Word:
    """Who may speak: one part at a time. What the others print is kept, and printed when nobody speaks; nobody waits for that."""

    _lock: threading.Lock = attrs.field(factory=threading.Lock)
    _speaker: list[str] | None = None
    _kept: list[list[str]] = attrs.field(factory=list)

    def say(self, printed: list[str], line: str) -> None:
        """Takes a line of the part that has printed that much."""
        with self._lock:
            printed.append(line)
            if self._speaker is None:
                self._speaker = printed
                _print("".join(printed))
            elif self._speaker is printed:
                _print(line)

    def end(self, printed: list[str]) -> None:
        """A part has ended."""
        with self._lock:
            if self._speaker is not printed:
                self._kept.append(printed)
            else:
                self._speaker = None
            if self._speaker is None:
                _print("".join(line for kept in self._kept for line in kept))
                self._kept.clear()


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def run(part: Part, word: Word) -> Outcome:
    """Run a part, pass on what it prints, and count."""
    printed: list[str] = []
    word.say(printed, f"\n=== {part.name}\n")
    began = time.monotonic()
    environment = {**os.environ, **part.environment}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # servers start by the hundred: compile their modules once
    with subprocess.Popen(
        part.command,
        cwd=part.folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            word.say(printed, line)
    word.end(printed)
    succeeded = process.returncode == 0
    count = part.count("".join(printed)) if part.count is not None else None
    if count is None:
        count = Count()
    if not succeeded and count.failed == 0:
        count += Count(failed=1)
    failures = [] if succeeded else part.failures("".join(printed))
    return Outcome(part, succeeded and count.failed == 0, count, time.monotonic() - began, failures)


def run_lanes(lanes: list[list[Part]]) -> list[Outcome]:
    """Run lanes side by side, and the parts of each one after the other."""
    word = Word()
    with ThreadPoolExecutor(len(lanes)) as pool:
        outcomes = pool.map(lambda lane: [run(part, word) for part in lane], lanes)
        return [outcome for lane in outcomes for outcome in lane]


def trial(name: str, modules: list[str], workers: int = WORKERS) -> Part:
    """A part that runs test modules with trial, in their order."""
    return Part(
        name,
        [sys.executable, "-m", "twisted.trial", f"-j{workers}", *modules],
        count=count_trial,
        failures=trial_failures,
    )


def unit_modules() -> list[str]:
    """The test modules that stand directly in tests/."""
    return [f"tests.{Path(path).stem}" for path in sorted(glob.glob(str(ROOT / "tests" / "test_*.py")))]


def test_packages() -> list[str]:
    """The packages of tests/ that hold tests, such as tests.kernels, those with the longest tests first."""
    folders = sorted(path for path in (ROOT / "tests").iterdir() if path.is_dir() and path.name not in APART)
    folders.sort(
        key=lambda folder: (LONGEST.index(folder.name) if folder.name in LONGEST else len(LONGEST), folder.name)
    )
    return [f"tests.{folder.name}" for folder in folders if any(folder.glob("test_*.py"))]


def style() -> list[Part]:
    """The checks that read the code and run none of it."""
    python = sys.executable
    return [
        Part("ruff check", [python, "-m", "ruff", "check", "."]),
        Part("ruff format", [python, "-m", "ruff", "format", "--check", "."]),
        Part("mypy --strict", [python, "-m", "mypy"]),
        Part("generated files", [python, "docs/generate.py", "--check"]),
    ]


def page(report: Path) -> list[Part]:
    """The checks of web/, with node from the PATH or from its wheel."""
    npm, environment = setup.npm()
    web = ROOT / "web"
    installed = web / "node_modules" / ".package-lock.json"
    parts = []
    if not installed.is_file() or installed.stat().st_mtime < (web / "package-lock.json").stat().st_mtime:
        parts.append(Part("npm ci", [*npm, "ci", "--no-audit", "--no-fund"], web, environment=environment))
    vitest = ["test", "--", "--reporter=default", "--reporter=json", f"--outputFile={report}"]
    return [
        *parts,
        Part("page: types and style", [*npm, "run", "check"], web, environment=environment),
        Part("page: vitest", [*npm, *vitest], web, lambda _: count_vitest(report), environment),
    ]


def find_chromium() -> str | None:
    """The path of a browser that the browser tests can drive."""
    return next((path for name in CHROMIUMS if (path := shutil.which(name)) is not None), None)


def find_nginx() -> str | None:
    """The path of the proxy that the tests of proxies put in front; it is not on the PATH of every user."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def get_programs() -> None:
    """Install Debian's chromium and nginx where they are missing and this user may; otherwise say what to install.

    The browser tests themselves fail when there is no browser: a check that did not run is no success. Those of proxies are skipped, with the reason.
    """
    _get(
        "chromium",
        find_chromium,
        f"The browser tests need one of {', '.join(CHROMIUMS)} on the PATH. Debian: apt install chromium",
    )
    _get("nginx-light", find_nginx, "The tests of proxies need nginx, and are skipped. Debian: apt install nginx-light")


def _get(package: str, find: Callable[[], str | None], words: str) -> None:
    if find() is not None:
        return
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if shutil.which("apt-get") is not None and (not root or shutil.which("sudo") is not None):
        print(f"\n=== installing {package}", flush=True)
        subprocess.run([*root, "apt-get", "update", "-q"], stdin=subprocess.DEVNULL)
        install = ["apt-get", "install", "-q", "-y", "--no-install-recommends", package]
        subprocess.run(
            [*root, *install], stdin=subprocess.DEVNULL, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        )
    if find() is None:
        print(words, flush=True)


def lanes_of(kind: str, report: Path) -> list[list[Part]]:
    """The lanes of `make test` (all), `make check` (quick), `make faults` (faults) or `make bench` (bench).

    Raises:
        SystemExit: There is no such kind.
    """
    if kind == "bench":
        names = sorted(path.stem for path in (ROOT / "tests" / "bench").glob("bench_*.py"))
        return [[Part(f"bench: {name}", [sys.executable, "-m", f"tests.bench.{name}"]) for name in names]]
    if kind == "faults":
        return [[attrs.evolve(trial("trial: faults", ["tests.faults"], 1), environment={"WEBIPY_FAULTS": "full"})]]
    if kind == "quick":
        quick = attrs.evolve(trial("trial", [*unit_modules(), "tests.laws"]), environment={"WEBIPY_TESTS": "quick"})
        return [[*style(), quick], page(report)]
    if kind != "all":
        sys.exit(f"python tests/check.py all|quick|faults|bench, not {kind!r}")
    get_programs()
    return [[trial("trial", [*test_packages(), *unit_modules()])], [*style(), *page(report)]]


def tell(outcomes: list[Outcome]) -> Count:
    """Print the failures, the table with the names of the tests that failed, and the last line; give the sum."""
    for outcome in outcomes:
        for failure in outcome.failures:
            print(f"\n=== {outcome.part.name}: failed\n{failure}")
    print("\n=== summary")
    total = Count()
    for outcome in outcomes:
        total += outcome.count
        word = "ok    " if outcome.succeeded else "FAILED"
        counts = outcome.count
        numbers = (
            f"{counts.passed} passed, {counts.failed} failed, {counts.skipped} skipped" if outcome.part.count else ""
        )
        print(f"{word} {outcome.part.name:24} {outcome.seconds:6.1f} s   {numbers}".rstrip())
        for failure in outcome.failures:
            for name in failure.rpartition("\n\n")[2].splitlines():
                print(f"       {name}")
    skipped = f", {total.skipped} skipped" if total.skipped else ""
    print(f"\n{total.passed} passed, {total.failed} failed{skipped}", flush=True)
    return total


def main() -> int:
    """Run the parts of the kind that the command line names; 0 when all is well."""
    kind = sys.argv[1] if len(sys.argv) > 1 else "all"
    with tempfile.TemporaryDirectory() as folder:
        outcomes = run_lanes(lanes_of(kind, Path(folder) / "vitest.json"))
    return 0 if tell(outcomes).failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
