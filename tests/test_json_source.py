"""webipy.core.ipynb.json_source: JSON in one form, and JSON taken apart and put together again.

How whole notebooks are laid out is in tests/test_notebook_file.py.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from webipy.core.ipynb import json_source
from webipy.core.ipynb.json_source import Style, normal, rebuilt_object, split_array, split_object, style_of

NAMES = st.sampled_from(["a", "b", "é", '"', "\n"])
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.sampled_from([0.5, 1e-05, 1e300])
    | st.text('a"é\\\n', max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
LAYOUTS: list[dict[str, Any]] = [
    {},
    {"indent": 1},
    {"indent": "\t", "ensure_ascii": False},
    {"separators": (",", ":")},
    {"indent": 2, "sort_keys": True},
]


class Normal(SynchronousTestCase):
    """`normal`."""

    def test_values_that_are_equal_are_equal_bytes(self) -> None:
        """However they are laid out, and whether formed at once or part by part; it is the same value, and forming it again changes nothing."""

        @examples(150)
        @given(VALUES, st.sampled_from(LAYOUTS), st.sampled_from([1, 1 << 20]))
        def holds(value: Any, layout: dict[str, Any], at_once: int) -> None:
            self.patch(json_source, "_AT_ONCE", at_once)
            formed = normal(json.dumps(value, **layout).encode())
            self.assertEqual(json.loads(formed), value)
            self.assertEqual(formed, normal(json.dumps(value, separators=(",", ":"), sort_keys=True).encode()))
            self.assertEqual(normal(formed), formed)

        holds()


class Parts(SynchronousTestCase):
    """Objects and arrays, taken apart."""

    def test_what_is_taken_apart_is_put_together_again(self) -> None:
        """Byte for byte, in any layout; the members are there by their names, and all large parts are views."""

        @examples(150)
        @given(st.dictionaries(NAMES, VALUES, max_size=4), st.sampled_from(LAYOUTS), st.sampled_from(["", " ", "\n\n"]))
        def holds(value: dict[str, Any], layout: dict[str, Any], space: str) -> None:
            body = (json.dumps(value, **layout) + space).encode()
            outline = split_object(body)
            assert outline is not None
            self.assertEqual((outline.rejoin(), len(outline.names)), (body, len(value)))
            self.assertEqual({name: json.loads(bytes(outline.get(name) or b"")) for name in outline.names}, value)
            items = json.dumps(list(value.values()), **layout).encode()
            self.assertEqual(split_array(items).rejoin(), items)

        holds()

    def test_names_that_occur_twice_are_laid_out_anew(self) -> None:
        """The last of each stays, as every reader has it; what stands behind the object stays, too."""
        for body in (
            b'{"a": 1, "a": 2, "b": 3}',
            b'{"a": 1, "b": 3, "a": 2}',
            b'{"b": 3, "a": 1, "a": 2}\n',
            b'{"a": 11, "a": 2}',
            b'{"a": 1, "\\u0061": 2}',
        ):
            self.assertIsNone(split_object(body), body)
            outline = rebuilt_object(body, Style(), 0)
            made = outline.rejoin()
            self.assertEqual(json.loads(made), json.loads(body))
            self.assertEqual((len(outline.names), made.endswith(b"\n")), (len(json.loads(body)), body.endswith(b"\n")))
            self.assertIsNotNone(split_object(made))
        self.assertEqual(rebuilt_object(b'{"b":1,"b":2,"a":3}', Style(), 0).rejoin(), b'{\n "b": 2,\n "a": 3\n}')

    def test_what_is_no_object_is_none(self) -> None:
        """It is refused."""
        for body in (b"[]", b"5", b"{"):
            self.assertRaises(msgspec.DecodeError, split_object, body)

    def test_an_object_has_the_style_that_it_begins_with(self) -> None:
        """One without members has the usual one."""
        table = [
            (b"{}", Style()),
            (b'{"a": 1, "b": 2}', Style(None, b"\n", b", ", b": ")),
            (b'{"a":1,"b":2}', Style(None, b"\n", b",", b":")),
            (b'{\r\n\t"a" : "\\u00e9"}', Style(b"\t", b"\r\n", b", ", b" : ", True)),
            (b'{\n  "a": "\\\\u00e9"}', Style(b"  ", b"\n", b", ", b": ", False)),
        ]
        for body, style in table:
            outline = split_object(body)
            assert outline is not None
            self.assertEqual(style_of(outline, body), style, body)
