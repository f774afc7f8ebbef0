"""Spare kernels, with a real server, real kernel hosts and real ipykernels."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

from tests.kernels import IPYKERNEL
from tests.live import Server, ServerCase, is_alive, until, until_ended


class SpareTestCase(ServerCase):
    """A server of its own for each test, with one spare."""

    def make_server(self) -> Server:
        """With one spare."""
        return self.own_server("--spare-kernels=1")

    def hosts(self) -> list[dict[str, Any]]:
        """What the hosts say of themselves that live and have a kernel."""
        return [facts for facts in self.server.hosts() if facts["kernel_pid"] is not None]

    def spare(self) -> dict[str, Any]:
        """The spare, when it is there and waits: it sleeps, and has done nothing since the last look."""
        until(lambda: len(self.hosts()) == 1, "the spare")
        (fact,) = self.hosts()
        looks: list[tuple[str, int]] = [("", 0)]

        def waits() -> bool:
            fields = Path(f"/proc/{fact['kernel_pid']}/stat").read_text().rpartition(")")[2].split()
            looks.append((fields[0], int(fields[11]) + int(fields[12])))
            return len(looks) > 20 and looks[-1] == looks[-20] and looks[-1][0] == "S" and looks[-1][1] > 10

        until(waits, "it waits")
        return fact


class Taking(SpareTestCase):
    """A session gets the spare."""

    def test_it_is_as_if_it_had_been_started_there(self) -> None:
        """Folder, search path, directory history, counts and names are those of a kernel that was started for the session."""
        (self.folder / "sub dir'é").mkdir()
        (self.folder / "sub dir'é" / "mine_own.py").write_text("x = 5")
        look = (
            "import os, sys, json, mine_own; print(json.dumps([os.getcwd(), sys.path, [str(d) for d in _dh], "
            "sorted(n for n in globals() if not n.startswith('_i')), In, len(Out), mine_own.x]))"
        )
        told = {}
        for kind in ("spare", "cold"):
            if kind == "spare":
                pid = self.spare()["kernel_pid"]
            else:
                self.server.stop()
                self.server.start("--spare-kernels=0")
            self.open(cwd="sub dir'é")
            told[kind] = json.loads(self.printed(look))
            self.assertEqual(self.kernel["pid"] == pid, kind == "spare")
            self.assertEqual(self.wait(self.start("1"))["execution_count"], 2)
        self.assertEqual(told["spare"], told["cold"])
        self.assertEqual(told["spare"][0], str(self.folder / "sub dir'é"))

    def test_what_runs_at_the_start_runs_in_the_folder(self) -> None:
        """Startup files of IPython, `sitecustomize` of the user's, and relative paths of PYTHONPATH."""
        startup = self.folder / "ipython" / "profile_default" / "startup"
        for folder in (startup, self.folder / "sub" / "lib", self.folder / "lib", self.folder / "site"):
            folder.mkdir(parents=True)
        (startup / "where.py").write_text("import os; started_in = os.getcwd(), os.environ['PWD']")
        (self.folder / "sub" / "lib" / "mine_here.py").write_text("x = 'sub'")
        (self.folder / "lib" / "mine_here.py").write_text("x = 'root'")
        env = {"IPYTHONDIR": str(self.folder / "ipython"), "PYTHONPATH": f"lib:{self.folder / 'site'}"}
        spec = {"argv": IPYKERNEL, "display_name": "Mine", "language": "python", "env": env}
        kernelspec = self.server.folder / "jupyter" / "kernels" / "python3" / "kernel.json"
        kernelspec.parent.mkdir(parents=True)
        kernelspec.write_text(json.dumps(spec))
        look = "import mine_here, os; print(*started_in, mine_here.x, os.environ.get('SITE_RAN_IN'))"
        site = "import os; os.environ['SITE_RAN_IN'] = os.getcwd()"
        for text, ran_in in (("", "None"), (site, str(self.folder / "sub"))):
            (self.folder / "site" / ("sitecustomize.py" if text else "none.py")).write_text(text)
            self.server.stop()
            self.server.start()
            pid = self.spare()["kernel_pid"]
            self.open(cwd="sub")
            sub = self.folder / "sub"
            self.assertEqual(self.printed(look), f"{sub} {sub} sub {ran_in}\n")
            self.assertEqual(self.kernel["pid"], pid)
            self.call("session.close", session=self.session)

    def test_a_restart_begins_in_the_folder(self) -> None:
        """Of the session, not of the spare."""
        (self.folder / "sub").mkdir()
        self.spare()
        self.open(cwd="sub")
        self.call("kernel.restart", session=self.session)
        self.assertEqual(self.printed("import os; print(os.getcwd())"), f"{self.folder / 'sub'}\n")

    def test_it_is_taken_before_it_is_ready(self) -> None:
        """Code that is sent at once waits for it, and runs in the folder."""
        (self.folder / "sub").mkdir()
        until(lambda: len(self.hosts()) == 1, "the spare begins")
        self.open(cwd="sub")
        self.assertEqual(self.printed("import os; print(os.getcwd())"), f"{self.folder / 'sub'}\n")
        self.assertIn(self.kernel["pid"], [facts["kernel_pid"] for facts in self.hosts()])
        until(lambda: len(self.hosts()) == 2, "its own, and one spare: the next one, or this one if it came too late")

    def test_its_kernel_survives_the_server_as_any_other(self) -> None:
        """kill -9, the next server, the same process and its variables."""
        pid = self.spare()["kernel_pid"]
        self.open()
        self.run_code("x = 5")
        self.server.kill()
        self.server.start()
        self.assertEqual(self.printed("import os; print(x, os.getpid())"), f"5 {pid}\n")

    def test_the_next_spare_comes(self) -> None:
        """After each use."""
        first = self.spare()["kernel_pid"]
        self.open()
        self.run_code("1")
        until(lambda: len(self.hosts()) == 2, "another spare")
        self.assertEqual(self.kernel["pid"], first)


class Ending(SpareTestCase):
    """No spare is left behind."""

    def test_it_ends_with_the_server(self) -> None:
        """In order."""
        fact = self.spare()
        self.server.stop()
        until(lambda: not is_alive(fact["pid"]) and not is_alive(fact["kernel_pid"]), "it ends")
        until(lambda: not list((self.server.state / "hosts").iterdir()), "its folder is removed")

    def test_one_that_a_killed_server_left_ends_with_the_next_one(self) -> None:
        """Which has one of its own, and says nothing of any session."""
        fact = self.spare()
        self.server.kill()
        self.assertTrue(is_alive(fact["pid"]))
        self.server.start()
        until(lambda: not is_alive(fact["pid"]) and not is_alive(fact["kernel_pid"]), "it ends")
        self.assertEqual(self.call("session.list")["sessions"], [])
        self.assertNotEqual(self.spare()["pid"], fact["pid"])

    def test_one_that_nobody_comes_back_to_has_a_minute(self) -> None:
        """Its launch says so."""
        self.spare()
        (launch,) = (self.server.state / "hosts").glob("*/launch.json")
        self.assertEqual(json.loads(launch.read_text())["grace_s"], 60.0)

    def test_one_that_dies_is_replaced(self) -> None:
        """Its host is killed."""
        fact = self.spare()
        os.kill(fact["pid"], signal.SIGKILL)
        until_ended(fact["kernel_pid"])
        until(lambda: any(one["pid"] != fact["pid"] for one in self.hosts()), "another one")
        self.open()
        self.assertEqual(self.printed("print(1)"), "1\n")
