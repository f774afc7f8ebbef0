"""webipy.core.api.formats: which files are documents."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from webipy.core.api.formats import HEAD_BYTES, format_of, suffix_of

HEADER = b"# ---\n# jupyter:\n#   jupytext:\n#     text_representation:\n#       extension: .py\n#       format_name: light\n# ---\n"

TABLE: list[tuple[str, bytes, str | None]] = [
    ("a.ipynb", b"", "ipynb"),
    ("deep/er/A.IPYNB", b"anything", "ipynb"),
    ("a.py", b"", "py:percent"),
    ("a.py", b"print(1)\n", "py:percent"),
    ("a.py", b"# %%\nprint(1)\n", "py:percent"),
    ("a.py", b"#%%\nprint(1)\n", "py:percent"),
    ("a.py", b"# + tags=['x']\nprint(1)\n", "py:light"),
    ("a.py", b"x = 1\n# +\nprint(1)\n", "py:light"),
    ("a.py", HEADER + b"# %%\n", "py:light"),
    ("a.py", HEADER.replace(b"light", b"evil../../x"), "py:percent"),
    ("a.py", b" " * HEAD_BYTES + b"\n# +\n", "py:percent"),
    ("a.R", b"", "R:percent"),
    ("a.r", b"# %%\n", "r:percent"),
    ("a.jl", b"", "jl:percent"),
    ("a.js", b"// %%\nlet a\n", "js:percent"),
    ("a.m", b"% %%\n", "m:percent"),
    ("a.md", b"# Title\n", "md:markdown"),
    ("a.md", b"---\njupytext:\n  text_representation:\n    format_name: myst\n---\n", "md:myst"),
    ("a.markdown", b"", "markdown:markdown"),
    ("a.Rmd", b"", "Rmd:rmarkdown"),
    ("a.qmd", b"", "qmd:rmarkdown"),
    ("a.csv", b"# %%\n", None),
    ("a", b"", None),
    (".py", b"", None),
    ("folder.py/a", b"", None),
    ("", b"", None),
]


class FormatTests(SynchronousTestCase):
    """By the suffix, and where that is not enough by the first lines."""

    def test_the_suffix_and_the_first_lines_decide(self) -> None:
        """A table of names and beginnings."""
        for path, head, wanted in TABLE:
            self.assertEqual((path, head[:40], format_of(path, head)), (path, head[:40], wanted))

    def test_a_suffix_is_of_the_last_part_alone(self) -> None:
        """Folders have none, nor has a name that begins with its only dot."""
        self.assertEqual(
            [suffix_of(path) for path in ("a.PY", "a.b/c", ".py", "a.tar.gz", "a.")], [".py", "", "", ".gz", "."]
        )
