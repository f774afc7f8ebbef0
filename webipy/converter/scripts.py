"""A notebook as a program: its code alone, or all of it as jupytext writes it, with the suffix of its language."""

from __future__ import annotations

import re
from typing import Any

from webipy.converter.exporters import made
from webipy.converter.problems import Refused
from webipy.converter.texts import written

_PLAIN_SUFFIX = re.compile(r"\.[A-Za-z0-9+_]{1,12}")

SUFFIXES = {
    "python": ".py", "r": ".r", "julia": ".jl", "scala": ".scala", "bash": ".sh", "zsh": ".sh", "sh": ".sh", "fish": ".fish",
    "javascript": ".js", "typescript": ".ts", "ruby": ".rb", "perl": ".pl", "php": ".php", "lua": ".lua", "go": ".go", "rust": ".rs",
    "java": ".java", "kotlin": ".kt", "groovy": ".groovy", "clojure": ".clj", "haskell": ".hs", "ocaml": ".ml", "elixir": ".exs",
    "swift": ".swift", "c": ".c", "c++": ".cpp", "c#": ".cs", "csharp": ".cs", "f#": ".fsx", "fsharp": ".fsx",
    "powershell": ".ps1", "pwsh": ".ps1", "matlab": ".m", "octave": ".m", "fortran": ".f90", "sql": ".sql", "tcl": ".tcl",
    "scheme": ".scm", "racket": ".rkt", "common-lisp": ".lisp", "stata": ".do", "sas": ".sas", "maxima": ".mac", "gnuplot": ".gp",
    "sage": ".sage", "wolfram language": ".wolfram", "coconut": ".coco", "q": ".q", "idl": ".pro", "logtalk": ".lgt", "xonsh": ".xsh",
}  # fmt: skip
"""The suffix of a program, by the name of its language."""

_NAMES = {
    "ir": "r",
    "irkernel": "r",
    "ark": "r",
    "xr": "r",
    "ijulia": "julia",
    "gophernotes": "go",
    "gonb": "go",
    "evcxr": "rust",
}
_NAMES |= {
    "deno": "typescript",
    "tslab": "typescript",
    "jslab": "javascript",
    "ijava": "java",
    "irb": "ruby",
    "iruby": "ruby",
}
_NAMES |= {"xcpp": "c++", "ihaskell": "haskell", "sagemath": "sage", "calysto": "scheme", "ilua": "lua", "xlua": "lua"}
"""The languages of kernels whose names do not begin with that of their language."""


def language_of(notebook: Any) -> str:
    """The language of a notebook in lower case, by its metadata or the name of its kernel; empty when it is not known."""
    language_info = notebook.metadata.get("language_info", {})
    kernel = notebook.metadata.get("kernelspec", {})
    found = str(language_info.get("name") or kernel.get("language") or "").lower()
    if not found:
        name = str(kernel.get("name") or "").lower()
        stem = re.split(r"[-_.\d]", name)[0]
        found = _NAMES.get(stem, stem)
    return "python" if found.startswith(("python", "ipython")) else re.sub(r"^c\+\+.*", "c++", found)


def script(notebook: Any, name: str) -> tuple[str, str]:
    """The code of a notebook as a program.

    Args:
        notebook: The document, which may be changed.
        name: Name of the document, without its suffix.

    Returns:
        The text, and the suffix of its language.
    """
    from nbconvert.exporters import PythonExporter, ScriptExporter

    language = language_of(notebook)
    resources = {"metadata": {"name": name}}
    if language == "python":
        return made(PythonExporter).from_notebook_node(notebook, resources=resources)[0], ".py"
    suffix = str(notebook.metadata.pop("language_info", {}).get("file_extension") or "")
    text: str = made(ScriptExporter).from_notebook_node(notebook, resources=resources)[0]
    return text, suffix if _PLAIN_SUFFIX.fullmatch(suffix) else SUFFIXES.get(language, ".txt")


def percent(notebook: Any) -> tuple[str, str]:
    """All of a notebook as text that jupytext reads, and the suffix of its language; Python's when that is not known.

    Raises:
        Refused: jupytext has no form for that language.
    """
    from jupytext.languages import _SCRIPT_EXTENSIONS

    language = language_of(notebook)
    suffix = SUFFIXES.get(language, ".py" if not language else "")
    if suffix not in _SCRIPT_EXTENSIONS:
        raise Refused(
            "failed", f"jupytext has no percent form for {language}; script, markdown and ipynb can be had", language
        )
    return written(notebook, f"{suffix[1:]}:percent"), suffix
