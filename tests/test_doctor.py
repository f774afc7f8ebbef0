"""What `webipy doctor` finds, and what it says to do."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import metadata
from pathlib import Path

import msgspec
from click.testing import CliRunner
from twisted.trial.unittest import SynchronousTestCase

from webipy.cli import main
from webipy.client.client import Address, NoServer
from webipy.command import doctor
from webipy.command.reaching import Finding
from webipy.command.reaching import server as asked


def nobody() -> Address:
    """No server is known."""
    raise NoServer("No webipy server uses it. Start one: webipy serve")


@contextmanager
def server(status: int, body: bytes) -> Iterator[Callable[[], Address]]:
    """An HTTP server that answers everything alike; gives what finds it."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.send_response(101)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Answers) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        try:
            yield lambda: Address(f"http://127.0.0.1:{listening.server_address[1]}", "token")
        finally:
            listening.shutdown()
            thread.join()


class DoctorTests(SynchronousTestCase):
    """Each thing that is looked at."""

    def test_this_installation_has_its_packages_and_its_plugin(self) -> None:
        """Python, the packages and twistd's subcommand are as they should be where the tests run."""
        for found in (*doctor.python(), *doctor.packages(), *doctor.plugin(), *doctor.sqlite()):
            self.assertFalse(found.is_problem, found)

    def test_a_missing_package_is_a_problem(self) -> None:
        """A requirement that is not installed, or is too old, is named with the command that installs it."""
        self.patch(
            metadata,
            "requires",
            lambda name: ["nowhere-to-be-found>=1", "twisted>=9999", "mypy; extra == 'test'"],
        )
        missing, old, _ = doctor.packages()
        self.assertEqual(
            (missing.name, missing.advice), ("nowhere-to-be-found", "Run: pip install 'nowhere-to-be-found>=1'")
        )
        self.assertTrue(missing.is_problem and old.is_problem)
        self.assertIn(">=9999 is needed", old.text)

    def test_a_missing_page_is_a_problem(self) -> None:
        """An installation without the built page says how to build it."""
        folder = Path(self.mktemp())
        folder.mkdir()
        self.patch(doctor, "STATIC", folder)
        (found,) = doctor.page()
        self.assertTrue(found.is_problem)
        self.assertIn("pip install .", found.advice)
        (folder / "index.html").write_text("")
        self.assertEqual(list(doctor.page()), [Finding(name="page", text="it is built")])

    def test_a_state_folder_that_others_can_read_is_a_problem(self) -> None:
        """Journals hold everything that was run: the folder is for its owner alone."""
        state = Path(self.mktemp()).resolve()
        (made,) = doctor.state_folder(state)
        self.assertFalse(made.is_problem)
        self.assertIn("made by the first start", made.text)
        state.mkdir(mode=0o755)
        state.chmod(0o755)
        open_, _ = doctor.state_folder(state)
        self.assertTrue(open_.is_problem)
        self.assertEqual(open_.advice, f"Run: chmod 700 {state}")
        state.chmod(0o700)
        (closed,) = doctor.state_folder(state)
        self.assertFalse(closed.is_problem)

    def test_a_long_path_is_reported(self) -> None:
        """Sockets have paths of at most 107 bytes; where they do not fit, the finding says where they go."""
        (short,) = doctor.socket_path(Path("/s"))
        (long,) = doctor.socket_path(Path("/" + "s" * 100))
        self.assertNotIn("temporary", short.text)
        self.assertIn("temporary files instead", long.text)
        self.assertFalse(long.is_problem)

    def test_broken_kernels_are_problems(self) -> None:
        """A kernelspec whose command is gone, and one that cannot be read, are named with what to do."""
        listed = {
            "default": "gone",
            "kernelspecs": {
                "gone": {"argv": ["/nowhere/python"], "display_name": "Gone"},
                "own": {"argv": ["python3.99", "-m", "ipykernel"], "display_name": "Started with the Python of webipy"},
            },
            "broken": {"torn": "The kernelspec torn cannot be used: it is no JSON"},
        }

        class Listed:
            returncode = 0
            stdout = msgspec.json.encode(listed).decode()

        self.patch(subprocess, "run", lambda *args, **options: Listed)
        gone, torn, _ = doctor.kernelspecs()
        self.assertEqual((gone.name, gone.text), ("kernel gone", "its command /nowhere/python does not exist"))
        self.assertEqual(torn.text, "The kernelspec torn cannot be used: it is no JSON")
        self.assertTrue(gone.is_problem and torn.is_problem)

    def test_no_server_is_no_problem(self) -> None:
        """A server that was never started is told and is no problem."""
        (found,) = asked(nobody)
        self.assertFalse(found.is_problem)
        self.assertIn("webipy serve", found.text)

    def test_a_server_that_answers_is_reported(self) -> None:
        """Its version and its address; that it cannot write its journal is a problem."""
        outcome = {"name": "webipy", "version": "9", "degraded": False}
        with server(200, msgspec.json.encode({"result": outcome})) as find:
            found, line = asked(find)
        self.assertEqual((found.text, found.is_problem), (f"webipy 9 answers at {find().url}", False))
        self.assertEqual((line.text, line.is_problem), ("its WebSocket opens", False))
        with server(200, msgspec.json.encode({"result": {**outcome, "degraded": True}})) as find:
            found, _ = asked(find)
        self.assertTrue(found.is_problem)
        self.assertIn("make room", found.advice)

    def test_a_server_that_does_not_answer_is_a_problem(self) -> None:
        """One that refuses our token, one that is something else, and one that is gone."""
        for status, body, expected in (
            (401, b"", "it refuses the token"),
            (404, b"", "HTTP status 404"),
            (200, b"hello", "does not answer"),
        ):
            with server(status, body) as find:
                (found,) = asked(find)
            self.assertTrue(found.is_problem, expected)
            self.assertIn(expected, found.text)
        (gone,) = asked(find)
        self.assertTrue(gone.is_problem)
        self.assertIn("Start it again: webipy serve", gone.advice)

    def test_what_a_proxy_answers_is_explained(self) -> None:
        """A table: the status, words of the advice. Nobody is sent to start a server again that they have named by its address."""
        for status, expected in (
            (401, "--token-file"),
            (404, "--base-url"),
            (413, "client_max_body_size"),
            (421, "--public-url"),
            (502, "--port"),
            (403, "a login of its own"),
            (200, "give the address of webipy with --url"),
        ):
            with server(status, b"<html>") as find:
                (found,) = asked(find, True)
            self.assertTrue(found.is_problem, status)
            self.assertIn(expected, found.advice)
        (gone,) = asked(find, True)
        self.assertIn("does the proxy run", gone.advice)

    def test_a_public_url_is_asked_too(self) -> None:
        """Through it, what stands in front is seen: here nothing does."""
        outcome = {"name": "webipy", "version": "9", "degraded": False, "public_url": "http://127.0.0.1:9/lab/"}
        with server(200, msgspec.json.encode({"result": outcome})) as find:
            *_, public = asked(find)
        self.assertEqual((public.name, public.is_problem), ("public URL", True))
        self.assertIn("http://127.0.0.1:9/lab does not answer", public.text)

    def test_findings_are_lines_and_an_end(self) -> None:
        """Each finding is a line that begins with ok or PROBLEM; advice follows; the last line is the verdict."""
        good, bad = Finding(name="a", text="fine"), Finding(name="b", text="torn", is_problem=True, advice="Mend it.")
        self.assertEqual(doctor.text_of([good]), "ok       a: fine\n\nAll is well.")
        self.assertEqual(
            doctor.text_of([good, bad]), "ok       a: fine\nPROBLEM  b: torn\n         -> Mend it.\n\n1 problem found."
        )

    def test_the_exit_status_says_whether_there_is_a_problem(self) -> None:
        """0 when all is well, 1 when there is a problem; --json holds the same findings."""
        bad = [Finding(name="b", text="torn", is_problem=True)]
        for findings, status in (([], 0), (bad, 1)):
            self.patch(doctor, "examine", lambda *_, findings=findings: findings)
            self.assertEqual(CliRunner().invoke(main, ["doctor"]).exit_code, status)
            outcome = CliRunner().invoke(main, ["doctor", "--json"])
            self.assertEqual(msgspec.json.decode(outcome.stdout, type=doctor.Report).findings, findings)
