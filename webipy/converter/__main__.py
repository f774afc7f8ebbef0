"""Does one job and ends: `python -P -m webipy.converter FOLDER`, with the other end of its standard input held by the server.

    FOLDER/job.json   what to do: `Job`
    FOLDER/body       the document
    FOLDER/original   for `from_notebook`: the text it was made from
    FOLDER/images/    for `export`: the pictures beside the document that it shows, with numbers as names
    FOLDER/output     what came of it                     (made here)
    FOLDER/answer.json  `Answer`, written last            (made here)

It is a process of its own because nbformat, nbconvert and jupytext cost 100 MB and a second to import, and because a document from anywhere may make
them run for ever or eat all memory: here that ends with the process. It imports them only after its limits are set.

Invariants: no code of a document is executed; no configuration of the user or of a folder is read (the server gives an environment without one, and
exporters are made from our own options only); where the system allows it there
is no network (webipy.converter.seclusion); the process and all it started die with the server, because standard input ends then.

Exit status: 0 when there is an answer, also when that is a refusal.
"""

from __future__ import annotations

import json
import os
import resource
import secrets
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from webipy.converter.problems import Refused, first_line
from webipy.converter.seclusion import leave_the_network

if TYPE_CHECKING:
    from webipy.converter.exports import Options

MAX_OUTPUT_BYTES = 1 << 30
"""Of one file that is written here."""


class Job(TypedDict):
    """What to do.

    Fields: `operation` is `upgrade`, `to_notebook`, `from_notebook` or `export`; `format` as `webipy.core.api.formats` names it; `name` is the
    document's, without its suffix for `export`; `memory_bytes` is the address space of this process. For `export`: `assets` is the built page, of
    which exports take what shows formulas and charts, or null; `addresses` are those of the pictures, in the order of their numbers;
    `has_scripts` says whether the scripts of the document run when it is printed.
    """

    operation: str
    format: str
    name: str
    memory_bytes: int
    assets: str | None
    addresses: list[str]
    options: Options
    has_scripts: bool


def main(folder: Path) -> int:
    """Does the job in a folder; returns the exit status."""
    network = leave_the_network()
    threading.Thread(target=end_with_the_server, daemon=True).start()
    job: Job = json.loads((folder / "job.json").read_bytes())
    before = limit(job["memory_bytes"])
    try:
        answer = work(folder, job, before)
    except Refused as fault:
        answer = {"failure": fault.kind, "message": fault.message, "fact": fault.fact}
    except ModuleNotFoundError as fault:
        answer = {"failure": "missing", "message": "", "fact": (fault.name or "").partition(".")[0]}
    except MemoryError:
        answer = {"failure": "memory", "message": "", "fact": ""}
    except RecursionError:
        answer = {"failure": "deep", "message": "", "fact": ""}
    except Exception as fault:  # nbconvert, jupytext and nbformat each fail in their own ways on foreign documents
        traceback.print_exc()
        answer = {"failure": "failed", "message": first_line(fault), "fact": ""}
    (folder / "answer.json").write_text(json.dumps({**answer, "network": network}))
    return 0


def work(folder: Path, job: Job, before: tuple[int, int]) -> dict[str, Any]:
    """Runs the operation of a job.

    Args:
        folder: The folder of the job.
        job: What to do.
        before: The limit of the address space that a browser gets, which reserves more than it uses.

    Returns:
        The answer: `name` and `media_type` of the output.
    """
    if job["operation"] != "export":
        from webipy.converter import texts

        return texts.convert(folder, job["operation"], job["format"], job["name"])
    from webipy.converter import exports

    assets = Path(job["assets"]) if job["assets"] else None
    if job["format"] != "pdf":
        return exports.export(folder, job["format"], job["name"], assets, job["addresses"], job["options"])
    from webipy.converter import pictures, printing

    browser = printing.find_browser()
    beside = pictures.read(folder, job["addresses"])
    nonce = secrets.token_urlsafe()
    html = exports.to_page(exports.read(folder), "pdf", job["name"], assets, beside, job["options"], nonce)
    resource.setrlimit(resource.RLIMIT_AS, before)
    resource.setrlimit(resource.RLIMIT_DATA, (job["memory_bytes"], job["memory_bytes"]))
    printing.print_pdf(browser, printing.sealed(html, nonce, job["has_scripts"]), folder / "output", folder)
    return {"name": f"{job['name']}.pdf", "media_type": "application/pdf"}


def limit(memory_bytes: int) -> tuple[int, int]:
    """Limits this process before anything large is read; returns the former limit of its address space."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    hard = before[1]
    soft = memory_bytes if hard == resource.RLIM_INFINITY else min(memory_bytes, hard)
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    size = MAX_OUTPUT_BYTES if most == resource.RLIM_INFINITY else min(MAX_OUTPUT_BYTES, most)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))
    return before


def end_with_the_server() -> None:
    """Waits for the end of standard input, which the server holds open, and ends this process and all it started."""
    while os.read(0, 4096):
        pass
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
