"""The list of kernelspecs: `webipy.kernelspecs`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager
from twisted.trial.unittest import SynchronousTestCase

from webipy.kernelspecs import list_kernelspecs

ROOT = Path(__file__).parent.parent


class Listing(SynchronousTestCase):
    """What is found, and how it is told."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()

    def install(self, name: str, text: str) -> None:
        """Put a kernelspec where Jupyter looks."""
        (self.folder / name).mkdir()
        (self.folder / name / "kernel.json").write_text(text)

    def listed(self) -> dict[str, object]:
        """List what is installed there."""
        return list_kernelspecs(KernelSpecManager(kernel_dirs=[str(self.folder)], ensure_native_kernel=False))

    def test_a_kernelspec_is_told_whole(self) -> None:
        """All fields, with the defaults of those that its file leaves out, and the folder of its logos."""
        self.install("ir", '{"argv": ["R", "{connection_file}"], "display_name": "R", "language": "R"}')
        self.assertEqual(
            self.listed(),
            {
                "default": "ir",
                "kernelspecs": {
                    "ir": {
                        "name": "ir",
                        "argv": ["R", "{connection_file}"],
                        "display_name": "R",
                        "language": "R",
                        "env": {},
                        "interrupt_mode": "signal",
                        "metadata": {},
                        "resource_dir": str(self.folder / "ir"),
                    }
                },
                "broken": {},
            },
        )

    def test_one_that_is_nested_too_deeply_hides_no_other(self) -> None:
        """Whatever its depth: the server could read none of them."""
        self.install("good", '{"argv": ["x"], "display_name": "Good", "language": "x"}')
        for depth in (500, 954, 100_000):
            text = '{"argv": ["x"], "display_name": "Deep", "language": "x", "metadata": {"a": %s}}'
            self.install(f"deep{depth}", text % ("[" * depth + "]" * depth))
        told: Any = self.listed()
        self.assertEqual(list(told["kernelspecs"]), ["good"])
        for sentence in told["broken"].values():
            self.assertIn("levels deep", sentence)

    def test_a_kernelspec_that_takes_all_memory_is_told_as_broken(self) -> None:
        """The process that reads it has a limit; the others are listed."""
        self.install("good", '{"argv": ["x"], "display_name": "Good", "language": "x"}')
        self.install("large", "")
        with open(self.folder / "large" / "kernel.json", "wb") as file:
            file.truncate(4 << 30)
        program = (
            "import json, sys; from jupyter_client.kernelspec import KernelSpecManager; from webipy import kernelspecs; kernelspecs.limit(); "
            "found = KernelSpecManager(kernel_dirs=[sys.argv[1]], ensure_native_kernel=False); print(json.dumps(kernelspecs.list_kernelspecs(found)))"
        )
        told = json.loads(
            subprocess.check_output([sys.executable, "-c", program, str(self.folder.resolve())], cwd=ROOT)
        )
        self.assertEqual((list(told["kernelspecs"]), list(told["broken"])), (["good"], ["large"]))

    def test_a_broken_kernelspec_is_told_and_skipped(self) -> None:
        """One bad file hides no other; each has its sentence."""
        self.install("good", '{"argv": ["x"], "display_name": "Good", "language": "x"}')
        self.install("empty", '{"argv": [], "display_name": "Empty"}')
        self.install("number", '{"argv": ["x", 5], "display_name": "Number"}')
        self.install("torn", '{"argv": ["x"')
        listed = self.listed()
        assert isinstance(listed["broken"], dict) and isinstance(listed["kernelspecs"], dict)
        self.assertEqual((list(listed["kernelspecs"]), list(listed["broken"])), (["good"], ["empty", "number", "torn"]))
        self.assertEqual(
            listed["broken"]["empty"],
            "The kernelspec empty cannot be used: its argv is not a list of strings with a command in it",
        )

    def test_the_default_is_python3_else_the_first(self) -> None:
        """`python3` if it is there; else the first by name; else none."""
        self.assertIsNone(self.listed()["default"])
        self.install("b", '{"argv": ["x"], "display_name": "", "language": "x"}')
        self.install("zz", '{"argv": ["x"], "display_name": "Z", "language": "x"}')
        self.assertEqual(self.listed()["default"], "b")
        self.install("python3", '{"argv": ["x"], "display_name": "P", "language": "python"}')
        self.assertEqual(self.listed()["default"], "python3")

    def test_the_program_prints_one_json_object(self) -> None:
        """It lists this Python's own kernel, whatever is installed elsewhere."""
        done = subprocess.run(
            [sys.executable, "-m", "webipy.kernelspecs"], cwd=ROOT, capture_output=True, timeout=60, check=True
        )
        listed = json.loads(done.stdout)
        self.assertEqual(
            (list(listed), listed["default"]), (["default", "kernelspecs", "broken", "looked_at"], "python3")
        )
        self.assertIn("ipykernel_launcher", listed["kernelspecs"]["python3"]["argv"])
