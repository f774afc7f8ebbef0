"""Nothing blocks the reactor: calls that wait for a disk or a process are made in threads, or stand here with the reason why they may not matter.

The calls are found in the syntax trees by their names. What a called function does further down is its own matter: it is in the tables, too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from twisted.trial.unittest import SynchronousTestCase

from tests.test_floors import is_within, modules

WATCHED = ("webipy.server", "webipy.io")
"""What runs in the process of the server."""

ANYWHERE = frozenset(
    [
        "exists",
        "fsync",
        "glob",
        "is_dir",
        "is_file",
        "isdir",
        "isfile",
        "iterdir",
        "listdir",
        "lstat",
        "mkdir",
        "mkdtemp",
        "mkstemp",
        "Popen",
        "read_bytes",
        "read_text",
        "rglob",
        "rmtree",
        "scandir",
        "sleep",
        "touch",
        "unlink",
        "write_bytes",
        "write_text",
    ]
)
"""Names of methods and functions that block, whatever they are called on."""

OF_MODULES = {
    "os": ["access", "link", "makedirs", "open", "readlink", "remove", "rename", "replace", "stat"],
    "shutil": ["copyfile", "move"],
    "sqlite3": ["connect"],
    "subprocess": ["check_output", "run"],
}
"""The same, of these modules only."""

BLOCKS = "here blocks"
"""Stands in the docstring of a module whose functions all run in threads."""

IN_THREADS = frozenset(
    [
        "webipy.io.conversion.converter_process.LocalConverter._keep_as_it_is",
        "webipy.io.conversion.converter_process.LocalConverter._make_folder",
        "webipy.io.conversion.converter_process._read_answer",
        "webipy.io.conversion.converter_process._read_output",
        "webipy.io.conversion.converter_process._start",
        "webipy.io.files.folder_watch._look_at_file",
        "webipy.io.files.folder_watch._state_of_folder",
        "webipy.io.files.uploads._opened",
        "webipy.io.jupyter.channels._read",
        "webipy.io.jupyter.config_sections._read",
        "webipy.io.jupyter.config_sections._write",
        "webipy.io.jupyter.conversions._read",
        "webipy.io.jupyter.joined_sessions._read",
        "webipy.io.jupyter.kernelspecs._read",
        "webipy.io.jupyter.kernelspecs._resources",
        "webipy.io.jupyter.lab_files._read",
        "webipy.io.jupyter.lab_pages._read",
        "webipy.io.kernels.launcher.LocalLauncher._launch",
        "webipy.io.kernels.launcher.LocalLauncher._make_directory",
        "webipy.io.kernels.launcher.LocalLauncher.logs.read",
        "webipy.io.kernels.launcher.announce",
        "webipy.io.kernels.launcher._at_once",
        "webipy.io.kernels.launcher.read_connection",
        "webipy.io.kernels.log_file.read_log",
        "webipy.io.notifications.web_push.WebPush._key_of_file",
        "webipy.io.terminals.terminal_launcher.LocalTerminals._find",
        "webipy.io.terminals.terminal_launcher.LocalTerminals._launch",
        "webipy.io.terminals.terminal_launcher.LocalTerminals._make_directory",
        "webipy.io.terminals.terminal_launcher._read_launch",
        "webipy.io.terminals.terminal_launcher._remove",
        "webipy.io.terminals.terminal_launcher.login_shell",
        "webipy.io.terminals.terminal_launcher._remove_hosts",
        "webipy.io.kernels.process_usage.LocalProcesses._memory",
        "webipy.io.kernels.process_usage.LocalProcesses._process",
        "webipy.io.kernels.process_usage.LocalProcesses.read",
        "webipy.io.storage.lab_token_file.LabTokenFile._read",
        "webipy.io.storage.script_token_file.ScriptTokenFile._read",
        "webipy.io.tls.renewal._mark",
        "webipy.io.storage.registry._opened",
        "webipy.io.storage.notification_store.SqliteNotifications._open",
        "webipy.io.web.metrics.Metrics._spool_bytes",
        "webipy.io.web.libraries_resource._opened",
        "webipy.io.web.outputs_resource._opened",
    ]
)
"""Functions that are called in threads only, in modules of which others are not."""

_START = "when the server starts or stops, and nobody waits"
_OWN = "a small file of the state folder, which the system has in memory"
_PAGE = "a small file of the built page, which the system has in memory"
ALLOWED = {
    "webipy.io.conversion.converter_process.LocalConverter.start": _START,
    "webipy.io.free_memory.resident_bytes": "/proc, which is no disk",
    "webipy.io.kernels.kernelspec_cache.changed": "some 20 names that the system has in memory, at most every 0.2 s: 50 microseconds",
    "webipy.io.kernels.launcher.LocalLauncher.remove_others": _START,
    "webipy.io.kernels.launcher.LocalLauncher.start": _START,
    "webipy.io.terminals.terminal_launcher.LocalTerminals.start": _START,
    "webipy.io.kernels.launcher.LocalLauncher.stop": _START,
    "webipy.io.kernels.launcher.living": _OWN,
    "webipy.io.storage.client_cursors.ClientCursors.__init__": _START,
    "webipy.io.machine_addresses._rank": _START,
    "webipy.io.machine_addresses._version_6": _START,
    "webipy.io.storage.notification_store.SqliteNotifications.addresses": _START,
    "webipy.io.storage.notification_store.SqliteNotifications.load": _START,
    "webipy.io.storage.notification_store.SqliteNotifications.subscriptions": _START,
    "webipy.io.storage.private_files.make_private_folder": _START,
    "webipy.io.storage.private_files.sync_names": _START,
    "webipy.io.storage.registry.forget": "the command, while no server runs",
    "webipy.io.storage.registry.listed": "the command, in a process of its own",
    "webipy.io.storage.state_folder.hold": _START,
    "webipy.io.storage.token_file.read_token": _START,
    "webipy.io.web.exports_resource.ExportsResource._send": "opens a file of the state folder",
    "webipy.io.conversion.export_store.ExportStore.remove": "one name in the state folder",
    "webipy.io.conversion.export_store.ExportStore.start": _START,
    "webipy.io.web.frame_document.Frame.render_GET": _PAGE,
    "webipy.io.web.site.Page.render_GET": _PAGE,
    "webipy.io.web.site.PushWorker.render_GET": _PAGE,
    "webipy.io.web.site.Static._list": "names of the built page, when the server starts and when webipy was upgraded",
    "webipy.io.web.site.Static.render_GET": "a name of the built page, which the system has in memory",
}
"""Functions that block the reactor, and why they may."""


def is_blocking(call: ast.Call) -> bool:
    """Whether a call has the name of one that waits for a disk or a process."""
    function = call.func
    if isinstance(function, ast.Name):
        return function.id == "open"
    if not isinstance(function, ast.Attribute):
        return False
    module = function.value.id if isinstance(function.value, ast.Name) else ""
    return function.attr in ANYWHERE or function.attr in OF_MODULES.get(module, ())


def blocking(node: ast.AST, name: str) -> Iterator[str]:
    """The functions in a syntax tree that make such calls, once for each call."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from blocking(child, f"{name}.{child.name}")
            continue
        if isinstance(child, ast.Call) and is_blocking(child):
            yield name
        yield from blocking(child, name)


class Blocking(SynchronousTestCase):
    """Rule: every wait is in a thread."""

    def test_what_blocks_is_in_threads_or_listed(self) -> None:
        """And what is listed is there."""
        found: set[str] = set()
        for name, tree in modules().items():
            if any(is_within(name, part) for part in WATCHED) and BLOCKS not in " ".join(
                (ast.get_docstring(tree) or "").split()
            ):
                found |= set(blocking(tree, name))
        self.assertEqual(sorted(found - IN_THREADS - set(ALLOWED)), [], "blocks the reactor")
        self.assertEqual(sorted((IN_THREADS | set(ALLOWED)) - found), [], "is listed and blocks nothing")
        self.assertEqual(IN_THREADS & set(ALLOWED), set())
