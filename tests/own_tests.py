"""Which unit tests are a module's own: those that `make mutants` and `make coverage` judge it by.

They are, in this order:

1. those that `TESTED_BY` names: modules that are reached by name only, such as the methods of the API, or through others;
2. the test modules whose docstring names the module in full, such as `webipy.core.events.outputs`;
3. the two that use most of what they import from it;
4. the two that test most of the modules that import it: the parts of a larger whole are tested with it.

Invariants: read from the syntax trees alone, nothing is imported; what is derived are unit tests (directly in tests/), which
start no program.

Rejected: a table of all modules (it is wrong after the next move); the test module of the same name (a test may cover a module with those that it is
made of).
"""

from __future__ import annotations

import ast
import functools
import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
JUDGED = ("webipy.core", "webipy.server", "webipy.io", "webipy.command")

TESTED_BY: dict[str, tuple[str, ...]] = {
    "webipy.command.exporting": ("tests.test_cli",),
    "webipy.command.journal_commands": ("tests.test_cli",),
    "webipy.command.journals": ("tests.test_cli",),
    "webipy.command.login_commands": ("tests.test_cli",),
    "webipy.command.logins": ("tests.test_cli",),
    "webipy.command.logs": ("tests.test_cli",),
    "webipy.command.merge_commands": ("tests.test_cli",),
    "webipy.command.audit_commands": ("tests.test_cli_audit", "tests.test_cli"),
    "webipy.command.audits": ("tests.test_cli_audit",),
    "webipy.command.token_commands": ("tests.test_cli",),
    "webipy.command.transcript": ("tests.test_cli",),
    "webipy.command.user_commands": ("tests.test_users", "tests.test_cli"),
    "webipy.core.api.definition_calls": ("tests.test_definition_methods",),
    "webipy.core.api.variable_calls": ("tests.test_inquiries",),
    "webipy.core.errors": ("tests.test_rpc",),
    "webipy.core.ipynb.json_source": ("tests.test_json_source", "tests.test_notebook_file", "tests.test_json_depth"),
    "webipy.core.session.runs": ("tests.test_plans",),
    "webipy.core.api.grants": ("tests.test_grants",),
    "webipy.core.api.token_scopes": ("tests.test_token_scopes", "tests.test_script_tokens"),
    "webipy.server.methods.rules": ("tests.test_rights_matrix", "tests.test_rights", "tests.test_script_tokens"),
    "webipy.server.notebooks.shared_notebook": (
        "tests.test_room",
        "tests.test_update_depth",
        "tests.test_collaboration",
    ),
    "webipy.server.notebooks.update_depth": ("tests.test_update_depth", "tests.test_room"),
    "webipy.server.people.accounts": (
        "tests.test_people",
        "tests.test_user_methods",
        "tests.test_single_sign_on",
        "tests.test_account_tables",
    ),
    "webipy.server.people.rights": ("tests.test_rights", "tests.test_rights_matrix", "tests.test_confined_files"),
    "webipy.server.ports.confinement": ("tests.test_rights", "tests.test_confined_files", "tests.test_script_tokens"),
    "webipy.server.methods.api": ("tests.test_api", "tests.test_batches"),
    "webipy.server.methods.cells": ("tests.test_cell_methods", "tests.test_api", "tests.test_documents"),
    "webipy.server.methods.definitions": ("tests.test_definition_methods",),
    "webipy.server.methods.executions": ("tests.test_execution_methods", "tests.test_session", "tests.test_runs"),
    "webipy.server.methods.files": ("tests.test_file_methods", "tests.test_trash"),
    "webipy.server.methods.inquiries": ("tests.test_inquiries",),
    "webipy.server.methods.journals": ("tests.test_closed_sessions",),
    "webipy.server.methods.kernel_inquiries": ("tests.test_inquiries", "tests.test_definition_methods"),
    "webipy.server.methods.logins": ("tests.test_login_methods",),
    "webipy.server.methods.notebooks": ("tests.test_documents", "tests.test_merge"),
    "webipy.command.handing_out": ("tests.test_cli_hand_out",),
    "webipy.command.handout_commands": ("tests.test_cli_hand_out",),
    "webipy.core.api.handout_calls": ("tests.test_handouts",),
    "webipy.server.methods.handouts": ("tests.test_handouts",),
    "webipy.server.notebooks.handouts": ("tests.test_handouts",),
    "webipy.server.methods.plans": ("tests.test_plans",),
    "webipy.server.methods.presence": ("tests.test_presence", "tests.test_hands"),
    "webipy.server.methods.runs": ("tests.test_runs", "tests.test_plans"),
    "webipy.server.methods.sessions": (
        "tests.test_sessions",
        "tests.test_session",
        "tests.test_api",
        "tests.test_plans",
        "tests.test_closed_sessions",
        "tests.test_retention",
    ),
    "webipy.server.methods.shares": ("tests.test_shares",),
    "webipy.server.methods.tokens": ("tests.test_script_tokens",),
    "webipy.core.api.scopes": ("tests.test_token_scopes",),
    "webipy.core.api.token_calls": ("tests.test_script_tokens",),
    "webipy.io.storage.script_token_file": ("tests.test_script_tokens",),
    "webipy.server.notebooks.autosave": ("tests.test_autosave", "tests.test_documents", "tests.test_pair_documents"),
    "webipy.server.notebooks.documents": (
        "tests.test_opened_documents",
        "tests.test_documents",
        "tests.test_pair_documents",
        "tests.test_closed_sessions",
        "tests.test_plans",
        "tests.test_large_values",
    ),
    "webipy.server.notebooks.notebook_codec": (
        "tests.test_pair_documents",
        "tests.test_text_documents",
        "tests.test_large_values",
        "tests.test_documents",
    ),
    "webipy.server.notebooks.notebook_file": (
        "tests.test_notebook_saves",
        "tests.test_documents",
        "tests.test_pair_documents",
        "tests.test_text_documents",
        "tests.test_plans",
    ),
    "webipy.server.notebooks.outside_changes": (
        "tests.test_pair_documents",
        "tests.test_documents",
        "tests.test_text_documents",
        "tests.test_closed_sessions",
    ),
    "webipy.server.notebooks.pair_files": ("tests.test_pair_documents",),
    "webipy.server.notebooks.run_results": ("tests.test_run_results", "tests.test_plans"),
    "webipy.server.notebooks.run_report_writer": ("tests.test_run_results", "tests.test_run_reports"),
    "webipy.server.people.login_connections": ("tests.test_shares",),
    "webipy.server.sessions.kernel_connection": (
        "tests.test_kernel_connection",
        "tests.test_session",
        "tests.test_sessions",
    ),
    "webipy.server.sessions.session": ("tests.test_session", "tests.test_sessions", "tests.test_retention"),
    "webipy.server.sessions.sessions": ("tests.test_sessions", "tests.test_closed_sessions"),
    "webipy.server.sessions.snapshots": ("tests.test_quotas", "tests.test_closed_sessions"),
    "webipy.io.conversion.converter_process": ("tests.programs.test_conversion",),
    "webipy.io.files.file_tree": ("tests.test_file_tree", "tests.test_files", "tests.test_in_place"),
    "webipy.io.web.requests": ("tests.test_http_channel", "tests.test_site", "tests.test_files_resource"),
    "webipy.io.web.listening": ("tests.test_server_options",),
}
"""Modules that the other rules find no test for, or tests that reach less of them than these."""


@functools.cache
def modules() -> dict[str, Path]:
    """The files of the modules that are judged, by dotted name; packages have no code and are left out."""
    found = {}
    for part in JUDGED:
        for path in sorted((ROOT / part.replace(".", "/")).rglob("*.py")):
            if path.name != "__init__.py":
                found[".".join(path.relative_to(ROOT).with_suffix("").parts)] = path
    return found


@functools.cache
def _tests() -> dict[str, tuple[str, Counter[str]]]:
    """By test module: its docstring, and how often it uses what it imports from each module."""
    found = {}
    for path in sorted((ROOT / "tests").glob("test_*.py")):
        tree = ast.parse(path.read_text("utf-8"), str(path))
        found[f"tests.{path.stem}"] = ast.get_docstring(tree) or "", _uses(tree)
    return found


def _origins(tree: ast.Module) -> dict[str, str]:
    """By name that a module imports: the module that it comes from."""
    known, origins = modules(), dict[str, str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                origin = whole if whole in known else node.module
                if origin in known:
                    origins[alias.asname or alias.name] = origin
    return origins


def _uses(tree: ast.Module) -> Counter[str]:
    origins = _origins(tree)
    names = (node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
    return Counter(origins[name] for name in names if name in origins)


@functools.cache
def _importers() -> dict[str, list[str]]:
    """By module: the modules that import it."""
    found: dict[str, list[str]] = {}
    for name, path in modules().items():
        for imported in set(_origins(ast.parse(path.read_text("utf-8"), str(path))).values()) - {name}:
            found.setdefault(imported, []).append(name)
    return found


def _direct(module: str) -> list[str]:
    """The tests that rules 1 to 3 find."""
    if module in TESTED_BY:
        return list(TESTED_BY[module])
    word = re.compile(re.escape(module) + r"(?![\w.]*\w)")
    named = [test for test, (docstring, _) in _tests().items() if word.search(docstring)]
    if named:
        return sorted(named, key=lambda test: -_tests()[test][1][module])
    uses = Counter({test: found[module] for test, (_, found) in _tests().items() if found[module]})
    return [test for test, _ in uses.most_common(2)]


def own_tests(module: str) -> list[str]:
    """The test modules of a module, the nearest first.

    Args:
        module: Its dotted name, such as `webipy.core.events.outputs`.

    Returns:
        Dotted names of test modules; an empty list when none of the four rules finds any.
    """
    found, reached, importers = _direct(module), {module}, [module]
    while not found and importers:
        importers = [name for one in importers for name in _importers().get(one, []) if name not in reached]
        reached.update(importers)
        found = [test for test, _ in Counter(test for name in importers for test in _direct(name)).most_common(2)]
    return found
