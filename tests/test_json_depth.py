"""webipy.core.json_depth, and webipy.core.ipynb.notebook_file: whatever comes from outside is refused at its limit and works up to it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import attrs
import msgspec
from twisted.trial.unittest import SynchronousTestCase

from tests import test_session
from tests.test_calls import least
from webipy.core import errors
from webipy.core.api import rpc
from webipy.core.ipynb import json_source, notebook_file
from webipy.core.json_depth import AROUND, IN_FILES, MAX_DEPTH, is_too_deep
from webipy.server.methods.api import METHODS, answered


def depth_of(value: Any) -> int:
    """Levels of a decoded value."""
    level, depth = [value], 0
    while any(isinstance(one, (dict, list)) for one in level):
        depth += 1
        level = [
            inner
            for one in level
            if isinstance(one, (dict, list))
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return depth


def nested(depth: int, chance: random.Random | None = None, text: str = "0") -> str:
    """JSON of so many levels around a text (one more, at its end), of maps and lists with something beside the next level."""
    if chance is None:
        return "[" * depth + text + "]" * depth
    for _ in range(depth):
        kind = chance.randrange(5)
        text = (
            f"[{text}]",
            f'{{"a": {text}}}',
            f'["]]}}\\"[[", {text}, []]',
            f'{{"\\\\": 1e-05, "{{[": {text}}}',
            f"[ {text} , {{}} ]",
        )[kind]
    return text


def deeper(frames: int, call: Callable[..., bytes], *arguments: Any) -> bytes:
    """Makes a call with so many more frames on the stack: whoever saves has others below it than whoever has read."""
    return deeper(frames - 1, call, *arguments) if frames else call(*arguments)


class Depth(SynchronousTestCase):
    """How deep JSON is."""

    def test_it_is_counted_as_a_decoder_sees_it(self) -> None:
        """Random documents, with brackets, quotes and backslashes in their strings."""
        chance = random.Random(5)
        for _ in range(300):
            depth = chance.randrange(12)
            value: Any = chance.choice(["", "[[[", '"{"', "\\", '\\"[', "]}", "é[\u2028", 1.5, None, [], {}])
            for _ in range(depth):
                beside = [chance.choice(["]", '"[', "\\\\", '\\"', [], 7]) for _ in range(chance.randrange(4))]
                value = [*beside, value] if chance.random() < 0.5 else {"".join(map(str, beside)): value, "z": beside}
            text = json.dumps(value, ensure_ascii=chance.random() < 0.5, indent=chance.choice([None, 1])).encode()
            real = depth_of(value)
            self.assertFalse(is_too_deep(text, real), text)
            self.assertEqual(is_too_deep(text, max(0, real - 1)), real > 0, text)

    def test_what_is_no_json_does_no_harm(self) -> None:
        """Whatever the bytes; what only opens is as deep as it opens."""
        chance = random.Random(6)
        for _ in range(500):
            is_too_deep(bytes(chance.choices(b'[]{}"\\a,:0', k=chance.randrange(60))), chance.randrange(4))
        self.assertTrue(is_too_deep(b"[" * (MAX_DEPTH + 1)))
        self.assertFalse(is_too_deep(b'"' + b"[" * 10_000 + b'"'))
        self.assertFalse(is_too_deep(b"[]" * 10_000))

    def test_a_message_of_a_client(self) -> None:
        """`parse_error` with the limit in it, the same wherever on the stack it is read."""
        call = '{"jsonrpc": "2.0", "id": 1, "method": "m", "params": {"a": %s}}'
        for depth, is_refused in ((MAX_DEPTH, False), (MAX_DEPTH + AROUND + 1, True), (954, True), (100_000, True)):
            body = (call % nested(depth)).encode()
            if is_refused:
                fault = self.assertRaises(errors.ParseError, rpc.parse, body)
                self.assertIn("levels deep", fault.message)
                self.assertEqual(fault.facts, {"limit": MAX_DEPTH + AROUND})
            else:
                self.assertEqual(len(rpc.parse(body).calls), 1)

    def test_the_normal_form(self) -> None:
        """Up to the limit, also where it has to be taken apart, and with much of the stack in use; one more is refused."""
        for kind in range(5):
            chance = random.Random(kind)
            text = nested(MAX_DEPTH - 1, chance, "1e999")  # beyond a float: it is taken apart
            for raw in (text, nested(MAX_DEPTH - 1, chance)):
                self.assertEqual(json_source.normal(json_source.normal(raw.encode())), json_source.normal(raw.encode()))
            with self.assertRaises(json_source.TooDeep):
                json_source.normal(f"[[{text}]]".encode())

    def test_notebooks(self) -> None:
        """A value that is too deep costs no more than itself; a file that is so all over is no notebook, in words."""
        page = '{"cells": [{"cell_type": "code", "id": "a", "metadata": {"m": %s}, "source": "1", "execution_count": null, "outputs": [%s]}]'
        page += ', "metadata": {"top": %s}, "nbformat": 4, "nbformat_minor": 5}'
        shown = '{"output_type": "display_data", "metadata": {}, "data": {"application/json": %s}}'
        for depth, repairs in ((MAX_DEPTH - 3, 0), (MAX_DEPTH + 1, 1), (600, 1)):
            deep = nested(depth, random.Random(depth))
            told = notebook_file.read((page % (deep, shown % deep, deep)).encode())
            self.assertEqual(len(told.document.cells), 1)
            self.assertEqual(
                len(" ".join(told.repairs).split("cells[0].metadata.m, metadata.top")) - 1, repairs, told.repairs
            )
            self.assertEqual("cells[0].outputs[0]." in " ".join(told.repairs), repairs > 0)
        for levels, is_read in ((IN_FILES - 20, True), (IN_FILES + 1, False), (954, False)):
            for top, meta in ((nested(levels), "0"), ("0", nested(levels))):
                body = (page % (meta, "", top)).encode()
                if not is_read:
                    fault = self.assertRaises(errors.InvalidNotebook, notebook_file.read, body)
                    self.assertIn(f"more than {IN_FILES} levels", fault.message)
                    continue
                document = notebook_file.read(body).document
                changed = attrs.evolve(document, cells=(attrs.evolve(document.cells[0], source="2"),))
                written = deeper(150, notebook_file.write, changed, body)
                self.assertEqual(written, body.replace(b'"source": "1"', b'"source": "2"'))
        self.assertRaises(errors.InvalidNotebook, notebook_file.read, (page % ("0", "", nested(200_000))).encode())


class Calls(test_session.SessionTestCase):
    """Every method, every field."""

    def test_a_file_that_the_stack_has_no_room_for_is_refused_in_words(self) -> None:
        """Whoever reads it may stand deep itself: it is read, or it is no notebook; also one that had to be repaired first."""
        cell = '{"cell_type":"code","source":"","outputs":[],"execution_count":null,"metadata":{"a":%s}}'
        deep = "[" * (IN_FILES - 10) + "%s" + "]" * (IN_FILES - 10)
        for inner in ("1", "NaN"):
            body = ('{"nbformat":4,"nbformat_minor":4,"metadata":{},"cells":[%s]}' % (cell % deep % inner)).encode()
            refused = 0
            for frames in (*range(150, 340), 500):
                try:
                    deeper(frames, lambda body: bytes(len(notebook_file.read(body).document.cells)), body)
                except errors.InvalidNotebook as fault:
                    self.assertIn("nested too deeply", fault.message)
                    refused += 1
            self.assertTrue(0 < refused < 191, refused)

    def test_deep_params_are_no_mistake_of_the_server(self) -> None:
        """They work, or are refused in words."""
        deep = {
            depth: msgspec.Raw(nested(depth).encode())
            for depth in (MAX_DEPTH - 1, MAX_DEPTH, MAX_DEPTH + AROUND - 2, 954)
        }
        for name, method in METHODS.items():
            known = {"session": self.session} if "session" in least(method.params) else {}
            for field in method.params.__struct_fields__:
                for value in deep.values():
                    params = {**least(method.params), **known, field: value}
                    body = msgspec.json.encode({"jsonrpc": "2.0", "id": 1, "method": name, "params": params})
                    reply = self.rig.wait(answered(self.rig.api, body, self.rig.me.connection))
                    told = json.loads(reply or b"{}").get("error", {}).get("data", {}).get("name")
                    self.assertNotEqual(told, "internal_error", (name, field))
