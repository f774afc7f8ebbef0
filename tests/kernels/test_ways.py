"""Kernels start everywhere: the ways that a host tries, with kernels that know no ipc, or cannot read the boot file."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.kernels import HostClient, Item, RunningHost, is_a, start_host
from webipy.host.ways import BOOT_FILE, LOWEST_PORT, free_ports, knows_curve, ways, with_boot_file

TCP_KERNEL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tcp_kernel.py")


class Choosing(SynchronousTestCase):
    """Values in, values out."""

    def test_the_boot_file_stands_in_for_modules_of_python(self) -> None:
        """For ipykernel's launcher in any command, for other modules where the command is Python's."""
        table: list[tuple[list[str], list[str], str]] = [
            (
                ["python3", "-m", "ipykernel_launcher", "-f", "x"],
                ["python3", "-Xfrozen_modules=off", BOOT_FILE, "-f", "x"],
                "ipykernel",
            ),
            (
                ["conda", "run", "python", "-m", "ipykernel", "-f", "x"],
                ["conda", "run", "python", "-Xfrozen_modules=off", BOOT_FILE, "-f", "x"],
                "ipykernel",
            ),
            (
                ["/opt/bin/python3.9", "-Xfrozen_modules=off", "-m", "bash_kernel", "-f", "x"],
                ["/opt/bin/python3.9", "-Xfrozen_modules=off", BOOT_FILE, "--run", "bash_kernel", "-f", "x"],
                "module",
            ),
            (["java", "-m", "kernel", "x"], ["java", "-m", "kernel", "x"], ""),
            (["R", "--slave", "-e", "IRkernel::main()"], ["R", "--slave", "-e", "IRkernel::main()"], ""),
            (["python", "kernel.py", "-m", "x"], ["python", "kernel.py", "-m", "x"], ""),
        ]
        for argv, wanted, boot in table:
            self.assertEqual(with_boot_file(argv), (wanted, boot))
            kinds = [(way.boot, way.transport) for way in ways(argv)]
            self.assertEqual(kinds, [*([(boot, "ipc")] if boot else []), ("", "ipc"), ("", "tcp")])

    def test_ports_are_free_and_not_those_of_outgoing_connections(self) -> None:
        """Five, each its own."""
        ports = free_ports()
        self.assertEqual(set(ports), {"shell", "iopub", "stdin", "control", "hb"})
        self.assertEqual(len(set(ports.values())), 5)
        self.assertTrue(all(port >= LOWEST_PORT for port in ports.values()))
        for port in ports.values():
            one = socket.socket()
            self.addCleanup(one.close)
            one.bind(("127.0.0.1", port))

    def test_who_knows_curve(self) -> None:
        """As jupyter_client reads it: a word or a list of words."""
        for names, knows in ((["curve"], True), ("CURVE", True), ([], False), (None, False), (3, False)):
            self.assertEqual(knows_curve({"supported_encryption": names}), knows)
        self.assertFalse(knows_curve({}))


class Starting(SynchronousTestCase):
    """Hosts with real kernels."""

    def start(self, argv: list[str], **launch: Any) -> tuple[RunningHost, HostClient, list[Item]]:
        """A host whose kernel gets ready, and what came until then."""
        host = start_host(self, argv=argv, **launch)
        client = HostClient(self, host)
        client.attach()
        return host, client, client.until(is_a("kernel_ready"))

    def test_a_kernel_that_knows_no_ipc_is_started_over_tcp(self) -> None:
        """Whether it ends, aborts or hangs before; what was sent meanwhile is run, and a restart begins with what has worked."""
        for word, reason in (("ends", "exit status 1"), ("aborts", "SIGABRT"), ("hangs", "did not answer within 1 s")):
            argv = [sys.executable, TCP_KERNEL, word, "{connection_file}"]
            host = start_host(self, argv=argv, ready_timeout_s=3 if word == "hangs" else 60)
            client = HostClient(self, host)
            client.attach()
            came = client.run("hello")
            kinds = [item.msg_type for item in came if item.channel == "host" and item.number]
            self.assertEqual(kinds, ["kernel_starting", "start_retried", "kernel_starting", "kernel_ready"])
            (retried,) = [item.content for item in came if item.msg_type == "start_retried"]
            self.assertIn(reason, retried["reason"])
            self.assertEqual(retried["how"], "as its kernelspec says, over loopback TCP")
            self.assertIn("over loopback TCP", host.log())
            (ready,) = [item.content for item in came if item.msg_type == "kernel_ready"]
            self.assertEqual(
                (ready["way"], ready["is_encrypted"], ready["start"]), ({"boot": "", "transport": "tcp"}, False, 1)
            )
            self.assertIn(f"hello over {word} tcp\n", [item.text for item in came])
            client.command("restart")
            again = client.until(is_a("kernel_ready"))
            self.assertNotIn("start_retried", [item.msg_type for item in again])
            self.assertEqual(client.printed("x"), f"x over {word} tcp\n")
            client.close()
            host.kill()

    def test_the_connection_is_encrypted_where_the_kernel_can(self) -> None:
        """Its kernelspec says so; who has no key of it hears nothing."""
        spec = {"metadata": {"supported_encryption": ["curve"]}}
        argv = [sys.executable, TCP_KERNEL, "ends", "{connection_file}"]
        _, client, came = self.start(argv, spec=spec, way={"transport": "tcp"})
        self.assertTrue(came[-1].content["is_encrypted"])
        self.assertEqual(client.printed("x"), "x over ends tcp\n")

    def test_what_has_worked_before_is_tried_first(self) -> None:
        """The server says it in launch.json; a way that there is not is left alone."""
        argv = [sys.executable, TCP_KERNEL, "ends", "{connection_file}"]
        _, _, came = self.start(argv, way={"transport": "tcp"})
        self.assertNotIn("start_retried", [item.msg_type for item in came])

    def test_an_interpreter_that_cannot_use_the_boot_file(self) -> None:
        """It cannot read it, or cannot find it: ipykernel is started as its kernelspec says."""
        folder = Path(self.mktemp())
        folder.mkdir()
        elsewhere = folder / "python"
        elsewhere.write_text(
            f"#!{sys.executable}\nimport os, sys\n"
            "if any('boot.py' in part for part in sys.argv):\n"
            "    sys.exit('SyntaxError: future feature annotations is not defined')\n"
            f"os.execv({sys.executable!r}, [{sys.executable!r}, *sys.argv[1:]])\n"
        )
        elsewhere.chmod(0o700)
        host, client, came = self.start(
            [str(elsewhere.resolve()), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        )
        (retried,) = [item.content for item in came if item.msg_type == "start_retried"]
        self.assertIn("SyntaxError", retried["tail"])
        self.assertEqual(came[-1].content["way"], {"boot": "", "transport": "ipc"})
        self.assertEqual(client.printed("print(6 * 7)"), "42\n")
        self.assertIn("future feature", host.log())

    def test_a_kernel_that_starts_in_no_way_tells_the_last_reason_and_the_last_words(self) -> None:
        """And the next restart begins from the best way, for somebody will have changed something."""
        code = "import sys; sys.exit('no such luck')"
        host = start_host(self, argv=[sys.executable, "-c", code, "{connection_file}"])
        client = HostClient(self, host)
        client.attach()
        for _ in range(2):
            came = client.until(is_a("start_failed"))
            kinds = [item.msg_type for item in came if item.msg_type in ("start_retried", "start_failed")]
            self.assertEqual(kinds, ["start_retried", "start_failed"])
            self.assertIn("exit status 1", came[-1].content["reason"])
            self.assertIn("no such luck", came[-1].content["tail"])
            client.command("restart")

    def test_a_module_that_builds_on_ipykernel_loses_nothing(self) -> None:
        """It is run inside the boot file: its publisher waits instead of dropping."""
        folder = Path(self.mktemp())
        folder.mkdir()
        (folder / "echo_kernel.py").write_text(
            "import sys\n"
            "from ipykernel.kernelapp import IPKernelApp\n"
            "from ipykernel.kernelbase import Kernel\n"
            "class Echo(Kernel):\n"
            "    implementation = banner = 'echo'\n"
            "    implementation_version = language_version = '1'\n"
            "    language_info = {'name': 'echo', 'mimetype': 'text/plain', 'file_extension': '.txt'}\n"
            "    async def do_execute(self, code, silent, *args, **kwargs):\n"
            "        for n in range(int(code)):\n"
            "            self.send_response(self.iopub_socket, 'stream', {'name': 'stdout', 'text': f'{n}\\n'})\n"
            "        return {'status': 'ok', 'execution_count': 1, 'payload': [], 'user_expressions': {}}\n"
            "if __name__ == '__main__':\n"
            "    assert sys.argv[0] == __file__ and sys.path[0], (sys.argv, sys.path)\n"
            "    IPKernelApp.launch_instance(kernel_class=Echo)\n"
        )
        argv = [sys.executable, "-m", "echo_kernel", "-f", "{connection_file}"]
        _, client, came = self.start(argv, cwd=str(folder.resolve()))
        self.assertEqual(came[-1].content["way"], {"boot": "module", "transport": "ipc"})
        self.assertEqual(client.printed("20000"), "".join(f"{n}\n" for n in range(20_000)))
