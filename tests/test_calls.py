"""webipy.core.api.calls: every params struct refuses what it does not know, and tells limits."""

from __future__ import annotations

from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from webipy.core.api import (
    calls,
    cell_calls,
    file_calls,
    history_calls,
    journal_calls,
    login_calls,
    notebook_calls,
    people_calls,
    push_calls,
    right_calls,
    terminal_calls,
    token_calls,
    user_calls,
)
from webipy.core.api.calls import Params, Result

STRUCTS: list[Any] = [
    kind
    for module in (
        calls,
        cell_calls,
        notebook_calls,
        file_calls,
        people_calls,
        journal_calls,
        login_calls,
        terminal_calls,
        token_calls,
        user_calls,
        push_calls,
        right_calls,
    )
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind.__module__ == module.__name__
]
PARAMS = [kind for kind in STRUCTS if issubclass(kind, Params)]
RESULTS = [kind for kind in STRUCTS if issubclass(kind, Result)]
SOME: dict[str, Any] = {
    "query": "x",
    "after": "c", "at": 0, "attachments": {}, "cell": "c", "cells": ["c", "d"], "cell_type": "code",
    "changes": [[1, [1, "a"]]], "channel": "shell", "code": "1", "comm": "k",
    "address": "/files/a.txt", "checkpoint": "p", "content": "x", "connection": "/k.json", "cursor": 0,
    "execution": "e", "msg_type": "custom_request",
    "format": "html", "html": "<table>", "label": "ci", "id": "x", "metadata": {}, "path": "a.ipynb", "since": 1, "to": "b.ipynb",
    "notebook": {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, "output": 0, "outputs": [], "person": "g",
    "request": "r", "run": "u",
    "session": "s", "share": "h", "guest": "g", "whom": "g", "source": "x", "target": "t", "title": "T", "value": "v", "verb": "read",
    "name": "bo", "user": "nobody", "password": "x", "old": "x", "new": "x", "display_name": "Bo",
    "endpoint": "https://push.example/x", "p256dh": "k", "auth": "s",
    "version": 0, "terminal": "1", "text": "x", "position": 0, "rows": 24, "cols": 80,
}  # fmt: skip


def least(kind: Any) -> dict[str, Any]:
    """The fields that must be given, with good values."""
    return {field.name: SOME[field.name] for field in msgspec.structs.fields(kind) if field.required}


def decoded(kind: Any, **fields: Any) -> Any:
    """What the method table makes of params."""
    return msgspec.json.decode(msgspec.json.encode({**least(kind), **fields}), type=kind)


class ParamsStructs(SynchronousTestCase):
    """All of them."""

    def test_the_least_params_are_accepted(self) -> None:
        """What is not required has a default."""
        for kind in PARAMS:
            decoded(kind)

    def test_a_field_that_is_unknown_is_refused(self) -> None:
        """A typing mistake is told and not ignored."""
        for kind in PARAMS:
            fault = self.assertRaises(msgspec.ValidationError, decoded, kind, sesion="s")
            self.assertIn("`sesion`", str(fault), kind.__name__)

    def test_a_field_that_is_missing_is_named(self) -> None:
        """Each required one."""
        for kind in PARAMS:
            for name in least(kind):
                rest = {key: value for key, value in least(kind).items() if key != name}
                fault = self.assertRaises(
                    msgspec.ValidationError, msgspec.json.decode, msgspec.json.encode(rest), type=kind
                )
                self.assertIn(f"`{name}`", str(fault), kind.__name__)

    def test_values_out_of_bounds_are_refused(self) -> None:
        """A table: struct, field, good values, bad ones."""
        ids = (["a", "A-z_9", "x" * 64], ["", "x" * 65, "a b", "a/b", "../x", "é", "a\n", "a\x00"])
        table: list[tuple[Any, str, list[Any], list[Any]]] = [
            (calls.CreateSession, "id", *ids),
            (calls.StartExecution, "id", *ids),
            (cell_calls.InsertCell, "id", *ids),
            (calls.OpenComm, "comm", *ids),
            (calls.CreateSession, "title", ["", "x" * 200], ["x" * 201, 5]),
            (calls.CreateSession, "path", ["a.ipynb", "x" * 4096], ["x" * 4097]),
            (calls.RenameSession, "title", ["x"], ["", "x" * 201]),
            (calls.Subscribe, "since", [0, None, 2**40], [-1, 1.5, "0"]),
            (calls.ReadEvents, "limit", [1, 10_000], [0, 10_001, -1]),
            (calls.ReadEvents, "wait_s", [0, 60, 0.5], [-1, 61]),
            (calls.WaitExecution, "timeout_s", [0, 86_400], [-1, 86_401]),
            (calls.ReplyInput, "value", ["", "x" * 10_000_000], ["x" * 10_000_001]),
            (calls.GetCompletion, "cursor", [0], [-1]),
            (calls.GetCompletion, "timeout_s", [0.1, 60], [0, 61]),
            (calls.GetInspection, "detail", [0, 1], [2, "0"]),
            (history_calls.GetHistory, "n", [1, 100_000], [0, 100_001]),
            (calls.SendMessage, "channel", ["shell", "control"], ["iopub", "stdin", "host", "hb"]),
            (calls.SendMessage, "msg_type", ["debug_request"], ["", "Debug", "a b", "x" * 65, "a\n"]),
            (calls.SendMessage, "timeout_s", [600], [0, 601]),
            (cell_calls.EditCell, "version", [0], [-1, None]),
            (cell_calls.EditCell, "changes", [[[1]], [[]]], [[], [1], [["a"]], [[1.5]], [[[1, [2]]]], [[1]] * 1001]),
            (cell_calls.EditCell, "client", ["x" * 64], ["x" * 65]),
            (cell_calls.SetSource, "version", [None, 0], [-1]),
            (cell_calls.InsertCell, "cell_type", ["code", "markdown", "raw"], ["heading", "Code", None]),
            (calls.AttachKernel, "connection", ["/k.json", "x" * 4096], ["", "x" * 4097, None]),
            (calls.StartExecution, "user_expressions", [{"a": "1"}], [{"a": 1}, []]),
        ]
        for kind, field, good, bad in table:
            for value in good:
                decoded(kind, **{field: value})
            for value in bad:
                with self.assertRaises(msgspec.ValidationError, msg=(kind.__name__, field, value)):
                    decoded(kind, **{field: value})

    def test_every_field_may_only_be_added_with_a_default(self) -> None:
        """A struct's field is never renamed or re-typed: what must be given today is all that must ever be given."""
        self.assertEqual(
            {kind.__name__: sorted(least(kind)) for kind in PARAMS if least(kind) not in ({}, {"session": "s"})},
            {
                "FindFiles": ["query"],
                "CreateToken": ["label"],
                "SubscribePush": ["auth", "endpoint", "p256dh"],
                "UnsubscribePush": ["id"],
                "RenameSession": ["session", "title"],
                "AttachKernel": ["connection", "session"],
                "StartExecution": ["code", "session"],
                "OfExecution": ["execution", "session"],
                "WaitExecution": ["execution", "session"],
                "ReadOutput": ["execution", "output", "session"],
                "ReplyInput": ["request", "session", "value"],
                "GetCompletion": ["code", "cursor", "session"],
                "GetInspection": ["code", "cursor", "session"],
                "IsComplete": ["code", "session"],
                "OpenComm": ["session", "target"],
                "SendComm": ["comm", "session"],
                "CloseComm": ["comm", "session"],
                "SendMessage": ["channel", "msg_type", "session"],
                "OfCell": ["cell", "session"],
                "MoveCell": ["cell", "session"],
                "EditCell": ["cell", "changes", "session", "version"],
                "SetSource": ["cell", "session", "source"],
                "SetCellType": ["cell", "cell_type", "session"],
                "SplitCell": ["at", "cell", "session", "version"],
                "MergeCells": ["cells", "session"],
                "SetCellMetadata": ["cell", "metadata", "session"],
                "SetAttachments": ["attachments", "cell", "session"],
                "RestoreOutputs": ["cells", "session"],
                "SetOutputs": ["cell", "outputs", "session"],
                "SetNotebookMetadata": ["metadata", "session"],
                "MoveExecution": ["execution", "session"],
                "CheckRun": ["path", "to"],
                "MakeTicket": ["address"],
                "AddUser": ["name"],
                "OfUser": ["user"],
                "SetUser": ["user"],
                "SetPassword": ["password", "user"],
                "Invite": ["user"],
                "Rename": ["display_name"],
                "SetMail": ["address"],
                "ChangePassword": ["new", "old"],
                "StopRun": ["run", "session"],
                "OfRun": ["run"],
                "MakeCheckpoint": ["checkpoint", "session"],
                "DiffNotebook": ["session", "since"],
                "ReadNotebook": ["path"],
                "MergeNotebook": ["notebook", "path"],
                "ExportNotebook": ["format", "session"],
                "OfFile": ["path"],
                "CreateFile": ["path"],
                "MoveFile": ["path", "to"],
                "CopyFile": ["path"],
                "DeleteFile": ["path"],
                "AnswerAsk": ["person", "session"],
                "OfTrashed": ["id", "path"],
                "RestoreFile": ["id", "path"],
                "ReadFile": ["path"],
                "WriteFile": ["content", "path"],
                "LinkSession": ["session", "verb"],
                "OfShare": ["session", "share"],
                "SetShare": ["session", "share", "verb"],
                "OfGuest": ["guest", "session"],
                "SetGuest": ["guest", "session", "verb"],
                "AllowPerson": ["person", "session", "verb"],
                "GiveRight": ["verb"],
                "OfTerminal": ["terminal"],
                "ReadTerminal": ["terminal"],
                "ResizeTerminal": ["cols", "rows", "terminal"],
                "TypeTerminal": ["terminal", "text"],
                "AcknowledgeTerminal": ["position", "terminal"],
            },
        )


class ResultStructs(SynchronousTestCase):
    """All of them."""

    def test_every_struct_says_what_it_is(self) -> None:
        """The description of the API is made of these docstrings."""
        for kind in STRUCTS:
            self.assertTrue((kind.__doc__ or "").strip(), kind.__name__)

    def test_a_result_carries_no_secret(self) -> None:
        """A kernel's key is told to nobody, and a login code or a script token only where it was asked for."""
        for kind in RESULTS:
            for field in msgspec.structs.fields(kind):
                if kind is token_calls.NewToken:
                    continue
                self.assertNotIn(field.name, {"key", "token", "password", "cookie", "secret"}, kind.__name__)
