"""tests/audit.py, and that the lock of the tests' environment goes with what pyproject.toml asks for."""

from __future__ import annotations

import importlib.metadata
import json
import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from twisted.trial.unittest import SynchronousTestCase

from tests import audit

SHA256 = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def locked() -> dict[str, list[str]]:
    """The pinned versions in the lock, by the name of the package; some have one for each Python."""
    found: dict[str, list[str]] = {}
    for name, version in re.findall(
        r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)", audit.LOCK.read_text(), re.MULTILINE
    ):
        found.setdefault(canonicalize_name(name), []).append(version)
    return found


class LockTests(SynchronousTestCase):
    """tests/requirements.lock."""

    def test_it_has_what_the_project_asks_for(self) -> None:
        """Every requirement of webipy and of its tests is there, in a version that it takes. `make lock` writes it anew."""
        project = tomllib.loads((audit.ROOT / "pyproject.toml").read_text())["project"]
        pinned = locked()
        for line in [*project["dependencies"], *project["optional-dependencies"]["test"]]:
            wanted = Requirement(line)
            versions = pinned.get(canonicalize_name(wanted.name), [])
            self.assertTrue(versions, f"{wanted.name} is not in the lock")
            for version in versions:
                self.assertTrue(wanted.specifier.contains(version), f"{wanted} is {version} in the lock")

    def test_every_entry_has_digests_and_no_address(self) -> None:
        """pip takes it with --require-hashes, from whatever registry its user has."""
        text = audit.LOCK.read_text()
        self.assertNotRegex(text, r"://|--index|--extra-index|--find-links|--trusted-host")
        entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
        self.assertGreater(len(entries), 50)
        for entry in entries:
            self.assertRegex(entry, SHA256, entry[:60])

    def test_it_has_no_hole_that_this_project_knows(self) -> None:
        """The lock against the list of tests/audit.py."""
        for name, versions in locked().items():
            for version in versions:
                if name in audit.HOLES:
                    self.assertFalse(audit.is_older(version, audit.HOLES[name][0]), f"{name} {version}")


class AuditTests(SynchronousTestCase):
    """The three looks."""

    def test_an_old_version_is_found_and_a_missing_package_is_not(self) -> None:
        """The first version without the hole counts, however many numbers it has."""

        def version_of(name: str) -> str:
            versions = {"twisted": "24.7.0rc1", "jinja2": "3.1.5", "tornado": "6.5.0"}
            if name not in versions:
                raise importlib.metadata.PackageNotFoundError(name)
            return versions[name]

        (found,) = audit.look_here(version_of).found
        self.assertIn("jinja2 3.1.5: CVE-2025-27516", found)

    def test_a_hole_that_pip_audit_tells(self) -> None:
        """Its report."""
        holes = [{"id": "PYSEC-1", "fix_versions": ["2"], "aliases": []}]
        report = {
            "dependencies": [{"name": "a", "version": "1", "vulns": holes}, {"name": "b", "version": "1", "vulns": []}]
        }
        look = audit.look_python(lambda command, folder: (1, json.dumps(report), ""))
        self.assertEqual(look.found, ["a 1: PYSEC-1; fixed in 2"])
        self.assertEqual(audit.status_of([look]), 1)

    def test_a_hole_that_npm_tells(self) -> None:
        """Its report."""
        report = {"vulnerabilities": {"x": {"severity": "high"}}}
        self.assertEqual(audit.look_page(lambda command, folder: (1, json.dumps(report), "")).found, ["x: high"])

    def test_a_service_that_cannot_be_asked_is_said_and_is_no_clean_look(self) -> None:
        """No program, no network, a registry that does not take the question."""

        def nothing(command: list[str], folder: Path) -> tuple[int, str, str]:
            return 1, "", "Connection refused\n"

        def no_program(command: list[str], folder: Path) -> tuple[int, str, str]:
            raise FileNotFoundError(command[0])

        looks = [
            audit.look_python(nothing),
            audit.look_python(lambda command, folder: (1, "", "/x/python: No module named pip_audit")),
            audit.look_page(nothing),
            audit.look_page(no_program),
            audit.look_page(lambda command, folder: (1, '{"message": "405 Method Not Allowed", "error": {}}', "")),
        ]
        for look in looks:
            self.assertIn("NOT LOOKED AT", str(look))
            self.assertEqual(audit.status_of([look]), 2)
        self.assertIn("405 Method Not Allowed", looks[-1].missed)
        self.assertIn("pip install pip-audit", looks[1].missed)
