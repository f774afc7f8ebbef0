"""webipy.server.methods.descriptions and webipy.core.api.shared_fields: every field of the API and of its events says what it means."""

from __future__ import annotations

from collections import Counter
from typing import get_args

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from webipy.core.api import calls, file_calls, people_calls
from webipy.core.api.shared_fields import SHARED
from webipy.core.events.events import AnyEvent, KernelReady
from webipy.server.methods.api import METHODS
from webipy.server.methods.descriptions import Struct, all_structs, described, own_descriptions

STRUCTS = all_structs(
    [
        *get_args(AnyEvent),
        *(struct for method in METHODS.values() for struct in (method.params, method.result)),
        calls.Events,
        file_calls.FolderChanged,
        people_calls.Presence,
    ]
)


def own_names(struct: Struct) -> list[str]:
    """The fields that a struct adds to its root."""
    inherited = getattr(struct.__bases__[0], "__struct_fields__", ())
    return [name for name in struct.__struct_fields__ if name not in inherited]


class Parent(msgspec.Struct):
    """A root."""

    session: str
    one: int
    """What the root says
    of it."""
    two: int
    four: int


class Child(Parent):
    """What is made of it."""

    two: int
    """What the child says of it."""
    cell: str | None
    after: str | None
    three: int


class Descriptions(SynchronousTestCase):
    """Of every struct that crosses the wire."""

    def test_no_field_is_without_a_description(self) -> None:
        """Each is a sentence, or more than one."""
        for struct in STRUCTS:
            found = described(struct)
            self.assertEqual(list(found), list(struct.__struct_fields__), struct.__name__)
            for name, description in found.items():
                self.assertTrue(description.endswith("."), (struct.__name__, name, description))

    def test_a_shared_description_is_of_more_than_one_struct(self) -> None:
        """One that is of a single struct stands in that struct."""
        users = Counter(
            described(struct)[name]
            for struct in STRUCTS
            for name in own_names(struct)
            if name not in own_descriptions(struct)
        )
        self.assertEqual({name for name, text in SHARED.items() if users[text] < 2}, set())

    def test_no_struct_repeats_a_shared_description(self) -> None:
        """What it says below a field is something else."""
        for struct in STRUCTS:
            for name, description in own_descriptions(struct).items():
                self.assertNotIn(description, (SHARED.get(name), SHARED.get(f"{name}?")), f"{struct.__name__}.{name}")

    def test_where_a_description_comes_from(self) -> None:
        """From the struct, else from its root, else from the table; where the field may be null, from what the table says of null."""
        self.assertEqual(
            described(Child),
            {
                "session": SHARED["session"],
                "one": "What the root says of it.",
                "two": "What the child says of it.",
                "cell": SHARED["cell?"],
                "after": SHARED["after?"],
            },
        )

    def test_what_has_no_source_is_described_by_the_table_alone(self) -> None:
        """As in an installation of compiled files."""
        made = msgspec.defstruct("Made", [("session", str), ("other", int)], module="sys")
        self.assertEqual(described(made), {"session": SHARED["session"]})

    def test_a_process_does_not_keep_the_descriptions(self) -> None:
        """Strings below fields are dropped by the compiler: they cost a server neither time nor memory."""
        code = compile('class A:\n    a: int = 1\n    """Text below."""\n', "a.py", "exec")
        self.assertNotIn(
            "Text below.", [const for part in code.co_consts if hasattr(part, "co_consts") for const in part.co_consts]
        )
        self.assertIn("seconds", own_descriptions(KernelReady))
