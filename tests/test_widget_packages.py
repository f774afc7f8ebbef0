"""webipy.io.kernels.widget_packages: packages in folders as pip leaves them."""

from __future__ import annotations

import json
import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from webipy.core import errors
from webipy.core.kernel.host_protocol import Kernelspec
from webipy.io.kernels.widget_packages import Source, jupyter_folders, read, sources


def write(path: Path, text: str = "") -> Path:
    """A file, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def extension(folder: Path, name: str, *, has_widgets: bool = True, load: str = "static/entry.js") -> None:
    """An extension of JupyterLab."""
    shared = {"@jupyter-widgets/base": {"bundled": False, "singleton": True}} if has_widgets else {}
    lab = {"_build": {"load": load, "extension": "./extension"}, "sharedPackages": shared}
    write(folder / "labextensions" / name / "package.json", json.dumps({"name": name, "jupyterlab": lab}))


class PackagesCase(SynchronousTestCase):
    """A test with a folder."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp()).resolve()
        self.path.mkdir()

    def share(self, name: str) -> Path:
        """The data folder of an environment."""
        folder = self.path / name / "share" / "jupyter"
        folder.mkdir(parents=True)
        return folder


class Folders(PackagesCase):
    """Where is looked."""

    def test_the_environment_of_the_kernel_counts(self) -> None:
        """That of its Python, one that the command names, the kernelspec's own; then the user's. The server's is none of them."""
        named, prefix, conda, spec, user, unasked = map(
            self.share, ("named", "venv", "conda", "spec", "user", "unasked")
        )
        write(self.path / "venv" / "bin" / "python").chmod(0o755)
        env = {"PATH": str(self.path / "venv" / "bin"), "JUPYTER_PATH": f"relative:{named}", "HOME": str(self.path)}
        env["JUPYTER_DATA_DIR"] = str(user)
        argv = ["python", "-m", "runner", str(self.path / "conda"), "{connection_file}"]
        kernelspec = Kernelspec(name="k", argv=argv, resource_dir=str(spec / "kernels" / "k"))
        found = [folder for folder in jupyter_folders(kernelspec, env) if self.path in folder.parents]
        self.assertEqual(found, [named, prefix, conda, spec, user])
        self.assertNotIn(unasked, found)
        found = [folder for folder in jupyter_folders(None, env) if self.path in folder.parents]
        self.assertEqual(found, [named, user])


class Sources(PackagesCase):
    """Where a module may be."""

    def test_what_has_the_name_is_tried_first(self) -> None:
        """AMD, the extension of that name, then others with widgets, one of which may have the module: a name that is alike first."""
        folder = self.share("venv")
        write(folder / "nbextensions" / "jupyter-plot" / "index.js")
        extension(folder, "jupyter-plot", load="static\\entry.js")
        for name in ("@scope/one", "another", "jupyterlab-plot", "@jupyter-widgets/jupyterlab-manager"):
            extension(folder, name)
        extension(folder, "theme", has_widgets=False)
        write(folder / "labextensions" / "broken" / "package.json", "{")
        found = sources([folder, self.share("none")], "jupyter-plot")
        self.assertEqual(found[0], Source("amd", "nbextensions/jupyter-plot", "jupyter-plot", "index.js"))
        wanted = ["jupyter-plot", "jupyterlab-plot", "@scope/one", "another"]
        self.assertEqual([one.name for one in found[1:]], wanted)
        self.assertEqual(
            found[1],
            Source("federated", "labextensions/jupyter-plot", "jupyter-plot", "static/entry.js", "./extension"),
        )

    def test_names_that_are_none_are_nowhere(self) -> None:
        """A name is one folder, or two with a scope."""
        folder = self.share("venv")
        write(folder / "index.js")
        write(folder / "nbextensions" / "index.js")
        for name in ("", "..", ".", "../x", "a/b", "@/a", "@a/", "@a/../..", "a/../b", "/etc", "a\0b", "x" * 500):
            self.assertEqual(sources([folder], name), [], name)


class Files(PackagesCase):
    """What is read."""

    def setUp(self) -> None:
        super().setUp()
        self.folder = self.share("venv")
        write(self.folder / "nbextensions" / "a" / "index.js", "a")
        write(self.folder / "labextensions" / "@s" / "b" / "static" / "1.js", "b")
        write(self.path / "secret", "secret")

    def test_files_of_packages_are_read(self) -> None:
        """From the first folder that has the package, whole."""
        other = self.share("other")
        write(other / "nbextensions" / "a" / "index.js", "later")
        self.assertEqual(read([self.folder, other], "nbextensions/a/index.js"), b"a")
        self.assertEqual(read([self.folder], "labextensions/@s/b/static/1.js"), b"b")

    def test_nothing_else_is_read(self) -> None:
        """No path and no link leads out of a package; the folder of a package may be a link, as one that is being developed is."""
        package = self.folder / "nbextensions" / "a"
        (package / "out").symlink_to(self.path)
        (package / "file.js").symlink_to(self.path / "secret")
        (package / "in.js").symlink_to("index.js")
        write(package / ".hidden", "h")
        os.mkfifo(package / "pipe")
        write(self.folder / "kernels" / "k" / "kernel.json", "{}")
        for path in ("out/secret", "file.js", ".hidden", "pipe", "missing.js", "", "out"):
            self.assertRaises((errors.NotFound, errors.InvalidParams), read, [self.folder], f"nbextensions/a/{path}")
        for path in (
            "kernels/k/kernel.json",
            "nbextensions/a",
            "nbextensions/../kernels/k/kernel.json",
            "/etc/passwd",
            "nbextensions//a/index.js",
        ):
            self.assertRaises((errors.NotFound, errors.InvalidParams), read, [self.folder], path)
        self.assertEqual(read([self.folder], "nbextensions/a/in.js"), b"a")
        (self.folder / "nbextensions" / "linked").symlink_to(package)
        self.assertEqual(read([self.folder], "nbextensions/linked/index.js"), b"a")

    def test_what_is_too_large_is_not_read(self) -> None:
        """No page could run it."""
        with (self.folder / "nbextensions" / "a" / "large.js").open("wb") as file:
            file.truncate((64 << 20) + 1)
        self.assertRaises(errors.TooLarge, read, [self.folder], "nbextensions/a/large.js")
