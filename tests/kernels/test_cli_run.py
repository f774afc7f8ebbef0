"""`webipy run` as a user has it: real processes, a real server, real kernels, real files."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
from pathlib import Path
from typing import Any

from tests.kernels.commands import CommandCase, environment, read_until
from tests.live import PATIENCE_S


def notebook(*sources: str, kernel: str | None = "python3", tags: dict[int, list[str]] | None = None) -> str:
    """The JSON of a notebook with code cells."""
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {"tags": (tags or {}).get(number, [])} if tags else {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for number, source in enumerate(sources)
    ]
    metadata = {"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}} if kernel else {}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


class NotebookTests(CommandCase):
    """Notebooks below the root of a server."""

    def write(self, name: str, *sources: str, **more: Any) -> Path:
        """A notebook below the root."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(notebook(*sources, **more))
        return path

    def texts(self, path: Path) -> list[str]:
        """What each code cell of a notebook file has printed, or its results, or the names of errors."""
        found = []
        for cell in json.loads(path.read_text())["cells"]:
            outputs = cell.get("outputs", [])
            found.append("".join(self.text(output) for output in outputs))
        return found

    @staticmethod
    def text(output: dict[str, Any]) -> str:
        """An output as text."""
        if output["output_type"] == "error":
            return str(output["ename"])
        return "".join(output.get("text") or output["data"]["text/plain"])


class RunTests(NotebookTests):
    """The whole way."""

    def test_a_notebook_is_run_and_saved(self) -> None:
        """One line for each cell on standard error; outputs only in the file; the session that was made for it is closed."""
        path = self.write("nb.ipynb", "x = 6", "", "print(x)", "# answer\nx * 7")
        outcome = self.webipy("run", str(path))
        self.assertEqual((outcome.returncode, outcome.stdout), (0, ""), outcome.stderr)
        lines = outcome.stderr.splitlines()
        self.assertEqual([line.split()[0:2] for line in lines[:3]], [[f"[{n}/3]", "ok"] for n in (1, 2, 3)])
        self.assertTrue(lines[0].endswith("x = 6") and lines[2].endswith("# answer"), lines)
        self.assertEqual(lines[3:], ["webipy: Saved nb.ipynb"])
        self.assertEqual(self.texts(path), ["", "", "6\n", "42"])
        self.assertEqual([c["execution_count"] for c in json.loads(path.read_text())["cells"]], [1, None, 2, 3])
        self.assertEqual(self.sessions(), [])

    def test_a_copy_with_parameters(self) -> None:
        """-o leaves the notebook alone; -p counts more than --params; values are those of papermill; an existing file is not replaced by chance."""
        path = self.write("nb.ipynb", "n, who, more = 1, '', []", "print(n, who, more)", tags={0: ["parameters"]})
        before = path.read_text()
        (self.folder / "params.yaml").write_text("n: 2\nmore: [1, {a: .nan}]\n")
        line = [str(path), "-o", str(self.folder / "out.ipynb"), "--params", str(self.folder / "params.yaml")]
        line += ["-p", "n", "5", "-r", "who=False"]
        outcome = self.webipy("run", *line)
        self.assertEqual(outcome.returncode, 0, outcome.stderr)
        self.assertEqual(path.read_text(), before)
        made = json.loads((self.folder / "out.ipynb").read_text())
        self.assertEqual(made["cells"][1]["metadata"]["tags"], ["injected-parameters"])
        self.assertEqual(self.texts(self.folder / "out.ipynb"), ["", "", "5 False [1, {'a': nan}]\n"])
        outcome = self.webipy("run", *line)
        self.assertEqual(outcome.returncode, 2)
        self.assertIn("--overwrite replaces it", outcome.stderr)
        self.assertEqual(self.webipy("run", *line, "--overwrite", "-p", "n=6").returncode, 0)
        self.assertEqual(self.texts(self.folder / "out.ipynb")[2], "6 False [1, {'a': nan}]\n")

    def test_a_failure_is_shown_and_stops_the_run(self) -> None:
        """The traceback, the cell by number and first line, status 1; what ran is saved. --keep-going runs the rest."""
        path = self.write("nb.ipynb", "print('first')", "# fails\n1 / 0", "print('last')")
        outcome = self.webipy("run", str(path))
        self.assertEqual((outcome.returncode, outcome.stdout), (1, ""))
        self.assertIn("ZeroDivisionError", outcome.stderr)
        self.assertIn("webipy: Cell 2 of 3 failed (# fails): ZeroDivisionError: division by zero\n", outcome.stderr)
        self.assertIn("webipy: 1 cell was not run.\n", outcome.stderr)
        self.assertEqual(self.texts(path), ["first\n", "ZeroDivisionError", ""])
        outcome = self.webipy("run", str(path), "--keep-going")
        self.assertEqual(outcome.returncode, 1)
        self.assertEqual(self.texts(path), ["first\n", "ZeroDivisionError", "last\n"])

    def test_where_it_is_run(self) -> None:
        """In the folder of the notebook, or another one, with variables of its own; what a parameter is called wrong is said, and what there are."""
        source = "import os\nprint(os.getcwd(), os.environ.get('X'))"
        path = self.write("sub/nb.ipynb", "n = 1  # type: int how many", source, tags={0: ["parameters"]})
        line = ["run", str(path), str(self.folder / "out.ipynb"), "--overwrite"]
        outcome = self.webipy(*line, "-p", "m", "1")
        self.assertIn("webipy: The notebook declares no parameter m; it has n.\n", outcome.stderr)
        self.assertEqual(self.texts(self.folder / "out.ipynb")[-1], f"{self.folder}/sub None\n")
        self.check_ok(self.webipy(*line, "--cwd", str(self.folder), "--env", "X=y"))
        self.assertEqual(self.texts(self.folder / "out.ipynb")[-1], f"{self.folder} y\n")
        outcome = self.webipy("run", str(path), "--inspect")
        self.assertEqual((outcome.returncode, outcome.stdout.split()[-5:]), (0, ["n", "int", "1", "how", "many"]))
        self.assertEqual(self.sessions(), [])

    def test_standard_streams(self) -> None:
        """`-` for the notebook and for its result, which is all that stands there, whether a cell fails or not; nothing is left."""
        for source, status, shown in (("print(1)", 0, "1\n"), ("1 / 0", 1, "ZeroDivisionError")):
            outcome = self.webipy("run", "-", stdin=notebook(source, kernel="python3"))
            made = json.loads(outcome.stdout)
            self.assertEqual(
                (outcome.returncode, self.text(made["cells"][-1]["outputs"][0])), (status, shown), outcome.stderr
            )
            self.assertIn("papermill", made["metadata"])
            self.assertEqual(made["metadata"]["language_info"]["name"], "python")
            self.assertEqual(self.sessions(), [])
        outcome = self.webipy("run", "-", str(self.folder / "from stdin.ipynb"), stdin=notebook("print(2)"))
        self.assertEqual(self.texts(self.folder / "from stdin.ipynb"), ["2\n"], outcome.stderr)
        outcome = self.webipy("run", "-", stdin="no notebook")
        self.assertEqual((outcome.returncode, outcome.stdout), (2, ""))
        self.assertIn("Standard input is no notebook", outcome.stderr)

    def test_a_text_notebook_becomes_a_result_with_outputs(self) -> None:
        """And a failed result says so at its top, with a link to the cell."""
        (self.folder / "nb.py").write_text("# %% [markdown]\n# Title\n\n# %%\nprint(6)\n\n# %%\n1 / 0\n")
        outcome = self.webipy("run", str(self.folder / "nb.py"), "-o", str(self.folder / "out.ipynb"))
        self.assertEqual(outcome.returncode, 1, outcome.stderr)
        cells = json.loads((self.folder / "out.ipynb").read_text())["cells"]
        self.assertIn("#papermill-error-cell", "".join(cells[0]["source"]))
        statuses = [cell["metadata"].get("papermill", {}).get("status") for cell in cells]
        self.assertEqual(statuses, [None, "completed", "completed", None, "failed"])

    def test_tags_and_a_good_end(self) -> None:
        """A cell is skipped, one may fail, and `sys.exit(0)` ends the run well: the rest is not run, and not missed."""
        tags = {0: ["skip-execution"], 1: ["raises-exception"]}
        path = self.write(
            "nb.ipynb", "print('no')", "1 / 0", "print('on')", "import sys; sys.exit(0)", "print('no')", tags=tags
        )
        outcome = self.webipy("run", str(path))
        self.assertEqual(outcome.returncode, 0, outcome.stderr)
        self.assertIn("webipy: The notebook has ended itself by sys.exit().\n", outcome.stderr)
        *others, ended, last = self.texts(path)
        self.assertEqual((others, ended[:10], last), (["", "ZeroDivisionError", "on\n"], "SystemExit", ""))

    def test_outputs_are_shown_when_asked_for(self) -> None:
        """On their own streams."""
        path = self.write("nb.ipynb", "import sys\nprint('out')\nprint('err', file=sys.stderr)", "6 * 7")
        outcome = self.webipy("run", str(path), "--show")
        self.assertEqual((outcome.returncode, outcome.stdout), (0, "out\n42\n"))
        self.assertIn("\nerr\n", outcome.stderr)

    def test_json_tells_how_each_cell_ended(self) -> None:
        """One object on standard output."""
        path = self.write("nb.ipynb", "1", "1 / 0", "3")
        outcome = self.webipy("run", str(path), "--json")
        found = json.loads(outcome.stdout)
        self.assertEqual((outcome.returncode, found["status"], found["path"]), (1, "error", "nb.ipynb"))
        self.assertEqual([cell["status"] for cell in found["cells"]], ["ok", "error", "aborted"])
        self.assertEqual([cell["cell"] for cell in found["cells"]], ["c0", "c1", "c2"])
        self.assertEqual(found["cells"][1]["error"], "ZeroDivisionError: division by zero")

    def test_a_kernel_that_dies(self) -> None:
        """Status 3, with the reason; what was printed is saved."""
        path = self.write("nb.ipynb", "print('before', flush=True)", "import os; os._exit(7)", "print('never')")
        outcome = self.webipy("run", str(path))
        self.assertEqual(outcome.returncode, 3, outcome.stderr)
        self.assertIn("exit status 7", outcome.stderr)
        self.assertEqual(self.texts(path)[0], "before\n")

    def test_an_open_notebook_is_run_where_it_is_open(self) -> None:
        """With the variables of its kernel; it stays open. --keep leaves one open that was made for the run."""
        path = self.write("nb.ipynb", "x = globals().get('x', 0) + 1\nprint(x)")
        self.check_ok(self.webipy("run", str(path), "--keep"))
        (session,) = self.sessions()
        outcome = self.webipy("run", str(path))
        self.assertIn("The notebook is open: it runs in its kernel", outcome.stderr)
        self.assertEqual(self.texts(path), ["2\n"])
        self.assertEqual([one["id"] for one in self.sessions()], [session["id"]])
        outcome = self.webipy("run", str(path), "-k", "other")
        self.assertEqual((outcome.returncode, "not other" in outcome.stderr), (2, True))

    def check_ok(self, finished: subprocess.CompletedProcess[str]) -> None:
        """A command that went well."""
        self.assertEqual(finished.returncode, 0, finished.stderr)

    def test_what_is_wrong_is_said(self) -> None:
        """A file that is not there or elsewhere, a kernel that is not installed, parameters that are none: nothing is made."""
        path = self.write("nb.ipynb", "1", kernel="fortran-77")
        for line, status, words in (
            (["missing.ipynb"], 1, "missing.ipynb"),
            (["/etc/passwd"], 2, "not below the root of the server"),
            ([str(path)], 2, "There is no kernelspec 'fortran-77'"),
            ([str(path), "-p", "x"], 2, "write name=value"),
            ([str(path), "-p", "a b=1"], 2, "cannot be the name of a parameter"),
            ([str(path), "-o", str(path)], 2, "is the notebook itself"),
            ([str(path), "--follow", "ghost"], 2, "has no run 'ghost'"),
        ):
            outcome = self.webipy("run", *line)
            self.assertEqual((outcome.returncode, outcome.stdout), (status, ""), (line, outcome.stderr))
            self.assertIn(words, outcome.stderr)
        self.check_ok(self.webipy("run", str(path), "-k", "python3"))

    def test_a_restarted_server_goes_unnoticed_by_the_run(self) -> None:
        """The line is lost in the middle; the run goes on, and so does the command, which tells of every cell once."""
        path = self.write("nb.ipynb", f"print('begun')\n{self.wait}\nwait()", "print('second')", "print('third')")
        process = self.begin("run", str(path), "--show")
        assert process.stdout is not None
        read_until(process.stdout, b"begun\n")
        self.server.kill()
        self.open_gate()
        self.server.start()
        status, out, err = self.finish(process)
        self.assertEqual((status, out), (0, "second\nthird\n"), err)
        self.assertIn("The server is back.", err)
        self.assertEqual(self.texts(path), ["begun\n", "second\n", "third\n"])

    def test_input_comes_from_standard_input(self) -> None:
        """As for `webipy exec`; at its end the run is stopped."""
        path = self.write("nb.ipynb", "print(input('who? '))", "print(input('and? '))", "print('never')")
        outcome = self.webipy("run", str(path), stdin="Ada\n")
        self.assertEqual(outcome.returncode, 1)
        self.assertIn("standard input has ended", outcome.stderr)
        self.assertEqual(self.texts(path), ["Ada\n", "KeyboardInterrupt", ""])

    def test_time_can_be_limited(self) -> None:
        """What runs is interrupted, what waits is taken back, and what there is is saved."""
        path = self.write("nb.ipynb", "1")
        self.check_ok(self.webipy("run", str(path), "--keep"))  # a kernel that is there already
        self.write("nb.ipynb", self.wait + "\nwait()", "print('never')")
        outcome = self.webipy("run", str(path), "--timeout", "1.5")
        self.assertEqual(outcome.returncode, 124)
        self.assertIn("The run takes longer than --timeout: stopping.", outcome.stderr)
        self.assertEqual(self.texts(path), ["TimeoutErrorKeyboardInterrupt", ""])


class InterruptTests(NotebookTests):
    """^C."""

    def start_waiting(self) -> tuple[Path, subprocess.Popen[bytes]]:
        """A run whose first cell waits for the gate."""
        path = self.write("nb.ipynb", f"print('begun')\n{self.wait}\nwait()\nprint('went on')", "print('second')")
        process = self.begin("run", str(path), "--show")
        assert process.stdout is not None
        read_until(process.stdout, b"begun\n")
        return path, process

    def test_the_first_stops_the_run(self) -> None:
        """What ran until then is saved."""
        path, process = self.start_waiting()
        process.send_signal(signal.SIGINT)
        status, _, err = self.finish(process)
        self.assertEqual(status, 1)
        self.assertIn("Press ^C again to leave it running", err)
        self.assertEqual(self.texts(path), ["begun\nKeyboardInterrupt", ""])

    def test_the_second_leaves_it_running_and_it_can_be_followed(self) -> None:
        """Status 130 and the command that goes on: it shows all of it, saves, and gives its status."""
        path = self.write(
            "nb.ipynb",
            "import signal\n_ = signal.signal(signal.SIGINT, lambda *_: print('ignored', flush=True))\n"
            f"print('begun')\n{self.wait}\nwait()\nprint('went on')",
            "print('taken back')",
        )
        process = self.begin("run", str(path), "--show")
        assert process.stdout is not None and process.stderr is not None
        read_until(process.stdout, b"begun\n")
        process.send_signal(signal.SIGINT)
        read_until(process.stdout, b"ignored\n")
        process.send_signal(signal.SIGINT)
        status, _, err = self.finish(process)
        self.assertEqual(status, 130)
        run = err.partition("--follow ")[2].split()[0]
        process = self.begin("run", str(path), "--follow", run, "--show")
        assert process.stdout is not None
        shown = read_until(process.stdout, b"ignored\n")
        self.open_gate()
        status, out, err = self.finish(process)
        self.assertEqual((status, shown.decode() + out), (1, "begun\nignored\nwent on\n"), err)
        self.assertIn("1 cell was not run.", err)
        self.assertEqual(self.texts(path), ["begun\nignored\nwent on\n", ""])
        self.assertEqual(self.sessions(), [])
        outcome = self.webipy("run", str(path), "--follow", run)
        self.assertEqual(
            (outcome.returncode, "The run has ended already: it was stopped." in outcome.stderr), (1, True)
        )
        outcome = self.webipy("run", str(path), "--follow", run, "--show")
        self.assertEqual((outcome.returncode, outcome.stdout), (1, "begun\nignored\nwent on\n"), outcome.stderr)
        self.assertIn("The run has ended already: it was stopped.", outcome.stderr)
        outcome = self.webipy("run", str(path), "--follow", run, "--json")
        self.assertEqual([cell["status"] for cell in json.loads(outcome.stdout)["cells"]], ["ok", "cancelled"])


class TerminalTests(NotebookTests):
    """On a terminal."""

    def test_the_cell_that_runs_has_a_line_that_is_written_over(self) -> None:
        """Its number, its time, the first line of its source without what a terminal would act on."""
        path = self.write("nb.ipynb", f"# one \x1b]0;title\x07\n{self.wait}\nwait()", "print('hidden')")
        ours, its = pty.openpty()
        process = subprocess.Popen(
            self.arguments("run", str(path)),
            env=environment(),
            stdin=its,
            stdout=its,
            stderr=its,
            start_new_session=True,
        )
        self.addCleanup(os.close, ours)
        self.addCleanup(self.end, process)
        os.close(its)
        shown = read_until(ours, b"[1/2] running")
        self.open_gate()
        shown += read_until(ours, b"Saved nb.ipynb")
        self.assertEqual(process.wait(PATIENCE_S), 0)
        self.assertIn(b"\r\x1b[K[1/2] ok ", shown)
        self.assertNotIn(b"\x1b]0", shown)
        self.assertNotIn(b"hidden\r\n", shown.replace(b"print('hidden')", b""))
