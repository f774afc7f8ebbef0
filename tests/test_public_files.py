"""webipy.core.kernel.public_files and webipy.io.kernels.package_folders: files of packages by their public addresses."""

from __future__ import annotations

import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from webipy.core.kernel.public_files import PackageFile, package_file
from webipy.io.kernels.package_folders import find_file


class Addresses(SynchronousTestCase):
    """What an address means."""

    def test_well_known_addresses_mean_files_of_packages(self) -> None:
        """In the version that they name, wherever the query leads."""
        js = "bokeh/server/static/js/"
        for address, meant in {
            "https://cdn.bokeh.org/bokeh/release/bokeh-3.6.2.min.js": ("bokeh", "3.6.2", js + "bokeh.min.js"),
            "https://cdn.bokeh.org/bokeh/release/bokeh-widgets-3.6.2.js?v=1": ("bokeh", "3.6.2", js + "bokeh-widgets.js"),
            "https://cdn.bokeh.org/bokeh/dev/bokeh-3.7.0-rc.1.min.js": ("bokeh", "3.7.0rc1", js + "bokeh.min.js"),
            "https://unpkg.com/@bokeh/bokehjs@3.6.2/build/js/bokeh-gl.min.js": ("bokeh", "3.6.2", js + "bokeh-gl.min.js"),
            "https://cdn.holoviz.org/panel/1.5.4/dist/panel.min.js": ("panel", "1.5.4", "panel/dist/panel.min.js"),
            "https://cdn.holoviz.org/panel/1.5.4/dist/bundled/a/b@^1.10.0/c.js": ("panel", "1.5.4", "panel/dist/bundled/a/b@^1.10.0/c.js"),
            "https://cdn.jsdelivr.net/npm/@holoviz/panel@1.5.4/dist/css/loading.css": ("panel", "1.5.4", "panel/dist/css/loading.css"),
        }.items():  # fmt: skip
            self.assertEqual(package_file(address), PackageFile(*meant), address)

    def test_other_addresses_mean_nothing(self) -> None:
        """Neither those of other servers nor ways out of a package."""
        for address in (
            "", "http://cdn.bokeh.org/bokeh/release/bokeh-3.6.2.min.js", "https://cdn.bokeh.org.evil.example/bokeh/release/bokeh-3.6.2.min.js",
            "https://cdn.holoviz.org/panel/1.5.4/dist/../../../secret.py", "https://cdn.bokeh.org/bokeh/release/bokeh.min.js",
            "https://cdn.holoviz.org/panel/1.5.4/dist/a\nb", "https://cdn.holoviz.org/panel/1.5.4/dist/%2e%2e/x",
        ):  # fmt: skip
            self.assertIsNone(package_file(address), address)


class Files(SynchronousTestCase):
    """Where they are found."""

    def setUp(self) -> None:
        """A kernel's Python, with a package."""
        self.home = Path(self.mktemp()).absolute()
        self.packages = self.home / "lib/python3.12/site-packages"
        (self.packages / "bokeh/server").mkdir(parents=True)
        (self.packages / "bokeh-3.6.2.dist-info").mkdir()
        (self.packages / "bokeh/server/a.js").write_text("a")
        (self.packages / "secret.js").write_text("secret")
        (self.packages / "bokeh/out.js").symlink_to(self.packages / "secret.js")
        (self.home / "bin").mkdir()
        (self.home / "bin/python").symlink_to(sys.executable)
        self.argv = [str(self.home / "bin/python"), "-m", "ipykernel"]

    def test_the_version_is_that_of_the_package(self) -> None:
        """Another version is not there."""
        found = find_file(self.argv, PackageFile("bokeh", "3.6.2", "bokeh/server/a.js"), {})
        self.assertEqual(found, str((self.packages / "bokeh/server/a.js").resolve()))
        self.assertIsNone(find_file(self.argv, PackageFile("bokeh", "3.6.3", "bokeh/server/a.js"), {}))

    def test_nothing_outside_of_the_package_is_found(self) -> None:
        """No link leads out, nothing that is no file, and nothing without a Python."""
        for path in ("bokeh/out.js", "bokeh/server", "bokeh/nowhere.js", "bokeh/../secret.js"):
            self.assertIsNone(find_file(self.argv, PackageFile("bokeh", "3.6.2", path), {}), path)
        for argv in ([], ["/nowhere/python"], ["no-such-program"]):
            self.assertIsNone(find_file(argv, PackageFile("bokeh", "3.6.2", "bokeh/server/a.js"), {}))

    def test_the_python_that_an_environment_was_made_with_counts(self) -> None:
        """As `pyvenv.cfg` names it."""
        other = Path(self.mktemp()).absolute()
        (other / "bin").mkdir(parents=True)
        (other / "bin/python").symlink_to(sys.executable)
        (other / "pyvenv.cfg").write_text(f"home = {self.home / 'bin'}\nversion = 3.12\n")
        self.assertIsNotNone(
            find_file([str(other / "bin/python")], PackageFile("bokeh", "3.6.2", "bokeh/server/a.js"), {})
        )
