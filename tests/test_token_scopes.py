"""webipy.core.api.token_scopes: what a script token may be used for, method by method."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from webipy.core import errors
from webipy.core.api import token_scopes
from webipy.core.api.grants import is_within
from webipy.core.api.scopes import Scopes
from webipy.core.api.token_scopes import GUARDED, NEVER, OPEN, PATHS, Touched, covers, is_below, names, narrower, normal
from webipy.server.methods.api import METHODS
from webipy.server.ports.confinement import Confinement

DOCUMENTS = {"in": "lab/a.ipynb", "out": "b.ipynb", "none": "", "near": "laboratory/c.ipynb"}


def allowed(scopes: Scopes, touched: Touched) -> bool:
    """Whether scopes include a call."""
    try:
        token_scopes.check("ci", scopes, touched, DOCUMENTS.get)
    except errors.NotPermitted as fault:
        assert fault.facts["reason"] == "scope" and "'ci'" in fault.message
        return False
    return True


class Table(SynchronousTestCase):
    """The lists against the method table."""

    def test_every_noun_has_its_place(self) -> None:
        """A new noun is guarded until somebody says otherwise, and has to be named here either way."""
        self.assertEqual({name.partition(".")[0] for name in METHODS}, OPEN | GUARDED)
        self.assertEqual(OPEN & GUARDED, frozenset())
        self.assertLessEqual(NEVER, METHODS.keys())

    def test_every_param_that_names_a_file_is_known(self) -> None:
        """Those called `path`, `to` or `cwd`, in methods that reach the whole server; a new one has to be added."""
        for name, method in METHODS.items():
            fields = set(method.params.__struct_fields__) & {"path", "to", "cwd"}
            if method.reach == "server" and fields:
                self.assertEqual(set(PATHS[name]), fields, name)
        for name, known in PATHS.items():
            self.assertLessEqual(set(known), set(METHODS[name].params.__struct_fields__), name)

    def test_a_method_that_reaches_the_server_is_refused_unless_its_paths_are_inside(self) -> None:
        """Tokens for a session call none of them, tokens for a folder only those that name a place."""
        for name, method in METHODS.items():
            if method.reach != "server" or method.verb == "none" or name in token_scopes.FILTERED or name in NEVER:
                continue
            group = (f"{name.partition('.')[0]}.*",)
            paths = ("lab/x",) if name in PATHS else None
            touched = Touched(name, method.verb, paths=paths)
            self.assertFalse(allowed(Scopes(session="in", methods=group), touched), name)
            self.assertEqual(allowed(Scopes(folder="lab", methods=group), touched), paths is not None, name)


class Check(SynchronousTestCase):
    """One call, one token."""

    def test_without_limits_all_but_people(self) -> None:
        """What anybody may call is open, what manages people is not, and nothing makes a login."""
        for name, method in METHODS.items():
            noun = name.partition(".")[0]
            touched = Touched(name, method.verb)
            is_open = method.verb == "none" or (noun in OPEN and name not in NEVER)
            self.assertEqual(allowed(Scopes(), touched), is_open, name)
            by_group = method.verb == "none" or name not in NEVER
            self.assertEqual(allowed(Scopes(methods=(f"{noun}.*",)), touched), by_group, name)

    def test_a_noun_that_nobody_knows_is_guarded(self) -> None:
        """Until the token names it."""
        self.assertFalse(allowed(Scopes(), Touched("world.end", "read")))
        self.assertTrue(allowed(Scopes(methods=("world.end",)), Touched("world.end", "read")))

    def test_read(self) -> None:
        """Only what needs no more than `read`."""
        for verb in ("read", "write", "execute", "own"):
            self.assertEqual(allowed(Scopes(read=True), Touched("cell.x", verb, "in")), verb == "read")

    def test_one_session(self) -> None:
        """What stays in it, and what stays in the connection."""
        scopes = Scopes(session="in")
        self.assertTrue(allowed(scopes, Touched("execution.start", "execute", "in")))
        self.assertTrue(allowed(scopes, Touched("server.sync", "read", is_own=True)))
        self.assertTrue(allowed(scopes, Touched("session.list", "read")))
        for session, paths in (("out", None), (None, None), (None, ("lab/a.ipynb",))):
            self.assertFalse(allowed(scopes, Touched("notebook.read", "read", session, paths)), (session, paths))

    def test_one_folder(self) -> None:
        """Sessions by their documents, files by their paths; all of them, and not upwards."""
        scopes = Scopes(folder="lab")
        for session, inside in (("in", True), ("out", False), ("none", False), ("near", False), ("gone", False)):
            self.assertEqual(allowed(scopes, Touched("execution.start", "execute", session)), inside, session)
        for paths, inside in (
            (("lab/x",), True),
            (("lab",), True),
            (("lab//./x/",), True),
            (("/lab/x",), True),
            (("laboratory/x",), False),
            (("lab/../b",), False),
            (("lab/..",), False),
            (("lab/x", "b"), False),
            (("",), False),
            ((), False),
            (None, False),
        ):
            self.assertEqual(allowed(scopes, Touched("file.copy", "write", None, paths)), inside, paths)

    def test_a_session_that_is_named_beside_a_path(self) -> None:
        """`session.create` with the id of a session elsewhere, `notebook.save` of one from outside to the folder."""
        scopes = Scopes(folder="lab")
        for named, inside in (("in", True), ("new", True), ("out", False), ("none", False)):
            touched = Touched("session.create", "write", None, ("lab/a.ipynb",), named)
            self.assertEqual(allowed(scopes, touched), inside, named)

    def test_methods(self) -> None:
        """By name and by group; the start of a name is no group."""
        scopes = Scopes(methods=("file.*", "execution.start"))
        for method, is_in in (
            ("file.read", True),
            ("execution.start", True),
            ("execution.cancel", False),
            ("filer.read", False),
        ):
            self.assertEqual(allowed(scopes, Touched(method, "read")), is_in, method)
            self.assertEqual(names(scopes.methods, method), is_in)

    def test_it_costs_next_to_nothing(self) -> None:
        """A call asks it once; the figure is generous, for a machine that does something else, too."""
        scopes, touched = Scopes(folder="lab", methods=("file.*",)), Touched("file.read", "read", None, ("lab/x",))
        began = time.process_time()
        for _ in range(1000):
            token_scopes.check("ci", scopes, touched, DOCUMENTS.get)
        self.assertLess((time.process_time() - began) / 1000, 100e-6)


SCOPES = st.builds(
    Scopes,
    read=st.booleans(),
    session=st.sampled_from([None, "in", "out"]),
    folder=st.sampled_from([None, "lab", "lab/deep", "other"]),
    methods=st.sampled_from([(), ("file.*",), ("file.read",), ("file.*", "execution.*"), ("token.*", "file.read")]),
)
TOUCHED = st.builds(
    Touched,
    method=st.sampled_from(
        ["file.read", "file.write", "execution.start", "token.create", "session.list", "login.list"]
    ),
    verb=st.sampled_from(["none", "read", "write", "execute", "own"]),
    session=st.sampled_from([None, "in", "out", "none"]),
    paths=st.sampled_from([None, (), ("lab/x",), ("lab/deep/x",), ("b",), ("lab/deep/x", "b")]),
    named=st.sampled_from([None, "in", "out"]),
    is_own=st.booleans(),
)


class Narrower(SynchronousTestCase):
    """Tokens that tokens make."""

    def test_a_narrower_token_can_do_nothing_else(self) -> None:
        """For any two tokens and any call; only that people are not managed without being named is no part of it."""

        @examples(2000)
        @given(SCOPES, SCOPES, TOUCHED)
        def holds(one: Scopes, other: Scopes, touched: Touched) -> None:
            if narrower(one, other) and allowed(one, touched):
                assert allowed(other, touched), (one, other, touched)

        holds()

    def test_limits_are_kept(self) -> None:
        """One by one."""
        parent = Scopes(read=True, session="in", folder="lab", methods=("file.*", "token.create"))
        self.assertTrue(narrower(parent, parent))
        for change in ({"read": False}, {"session": None}, {"session": "out"}, {"folder": None}, {"folder": "other"},
                       {"methods": ()}, {"methods": ("file.*", "cell.*")}, {"methods": ("token.*",)}):  # fmt: skip
            self.assertFalse(narrower(msgspec.structs.replace(parent, **change), parent), change)
        self.assertTrue(narrower(msgspec.structs.replace(parent, folder="lab/deep", methods=("file.read",)), parent))
        self.assertFalse(narrower(parent, Scopes()), "it makes tokens, which the other one does not")
        self.assertTrue(narrower(Scopes(methods=("file.*",)), Scopes()))


class Lists(SynchronousTestCase):
    """What else is asked of scopes."""

    def test_which_sessions_are_listed(self) -> None:
        """All for who has no token."""
        for scopes, found in (
            (None, {"in", "out", "none", "near"}),
            (Scopes(read=True), {"in", "out", "none", "near"}),
            (Scopes(session="out"), {"out"}),
            (Scopes(folder="lab"), {"in"}),
            (Scopes(folder="lab", session="out"), set()),
        ):
            listed = {session for session, path in DOCUMENTS.items() if covers(scopes, session, path or None)}
            self.assertEqual(listed, found)
            self.assertEqual(token_scopes.is_confined(scopes), scopes is not None and not scopes.read)

    def test_paths(self) -> None:
        """However they are written."""
        cases: list[tuple[str, Any]] = [
            ("a//b/./c/", "a/b/c"),
            ("", ""),
            ("..", None),
            ("a/../b", None),
            ("...", "..."),
        ]
        for path, found in cases:
            self.assertEqual(normal(path), found)
        self.assertTrue(is_below("a", "a/b") and not is_below("a", "ab"))


NAMES = st.sampled_from(["lab", "Lab", "LAB", "labs", "é", "e\u0301", "deep", ".", "..", "", "lab ", "l\u0430b"])
PATHS_GIVEN = st.lists(NAMES, max_size=5).map("/".join)


class OneAnswer(SynchronousTestCase):
    """Whether something is below a folder: by its name in a call, and by where it is when it is opened."""

    def test_a_name_that_is_inside_is_inside_when_it_is_opened(self) -> None:
        """Of any path and folder, as long as no link is in between; other letters of the same look are another folder."""

        @examples(2000)
        @given(PATHS_GIVEN, PATHS_GIVEN)
        def holds(given_folder: str, path: str) -> None:
            folder, real = normal(given_folder), normal(path)
            if not folder:
                return
            opened = Confinement(lambda path: "own", "read", folder=folder)
            assert is_below(folder, path) == (real is not None and opened.is_inside(real)), (folder, path)
            assert real is None or opened.is_inside(real) == opened.allows(real) == is_within(real, folder)

        holds()
