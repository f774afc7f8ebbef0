"""The tests of jupyter_kernel_test for the kernel of a session: its messages come over the socket of webipy.

pytest runs them, in an environment of their own. The server is known by the variables `WEBIPY_ORIGIN` and `WEBIPY_TOKEN`; without them the kernel is
one of this machine, as the tests mean it.
"""

# mypy: disable-error-code="import-not-found,import-untyped,misc,no-any-return"
# these packages are not in the environment of this project

from __future__ import annotations

import os
from typing import Any

import jupyter_kernel_test
from jupyter_kernel_client.manager import KernelHttpManager

SECONDS = 60


class PythonTests(jupyter_kernel_test.KernelTests):
    """Everything that the tests ask of Python."""

    kernel_name = "python3"
    language_name = "python"
    file_extension = ".py"
    code_hello_world = "print('hello, world')"
    code_stderr = "import sys; print('test', file=sys.stderr)"
    completion_samples = ({"text": "zi", "matches": {"zip"}},)
    complete_code_samples = ("1", "print('hello, world')", "def f(x):\n  return x*2\n\n")
    incomplete_code_samples = ("print('''hello", "def f(x):\n  x*2")
    invalid_code_samples = ("import = 7q",)
    code_page_something = "zip?"
    code_generate_error = "raise"
    code_execute_result = ({"code": "1+2+3", "result": "6"},)
    code_display_data = (
        {"code": "from IPython.display import HTML, display; display(HTML('<b>test</b>'))", "mime": "text/html"},
    )
    code_history_pattern = "1?2*"
    supported_history_operations = (
        "tail",
        "search",
    )  # IPython calls the running session 0 in a range, which the test does not expect
    code_inspect_sample = "zip"
    code_clear_output = "from IPython.display import clear_output; clear_output()"

    @classmethod
    def setUpClass(cls) -> None:
        """Starts a kernel, and opens its socket."""
        origin = os.environ.get("WEBIPY_ORIGIN")
        if not origin:
            super().setUpClass()
            return
        cls.km: Any = KernelHttpManager(server_url=origin, token=os.environ["WEBIPY_TOKEN"])
        cls.km.start_kernel(cls.kernel_name)
        cls.kc: Any = cls.km.client
        cls.kc.start_channels()
        cls.kc.wait_for_ready(SECONDS)

    @classmethod
    def tearDownClass(cls) -> None:
        """Ends the kernel; the client asks for it over the socket, which is open until then."""
        cls.km.shutdown_kernel()
        cls.kc.stop_channels()
