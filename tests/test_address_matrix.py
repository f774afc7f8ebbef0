"""Every address by everybody: what is no call of the method table, from the tree of resources and the table of Jupyter routes as they are served.

A resource or a kind of route that is new has to be declared here, and is then in the walk. What each may reach is told once more, in a few lines that
share no code with the server: `may_here` for files and what belongs to sessions, `Who.runs` for Jupyter's API.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

import attrs
from twisted.internet.defer import execute
from twisted.web.resource import IResource

from tests.accounts import give, known, principal
from tests.fakes import TOKEN
from tests.test_access import ORDER
from tests.test_jupyter_routes import DOORS
from tests.test_lab_pages import PLACES, LabTestCase
from tests.test_site import Answer
from webipy.core import errors
from webipy.core.api.access import Principal, Verb
from webipy.core.api.scopes import Scopes
from webipy.io.files.files import files_below
from webipy.io.jupyter.tree import TOPS
from webipy.io.web.byte_resources import OfSessions, byte_resources
from webipy.io.web.requests import TOKEN_TOP
from webipy.server.people.logins import TOKEN_LOGIN
from webipy.server.ports.conversion import ExportedFile

OPEN: Final = {
    b"": "the page, which holds nothing of the server",
    b"s": "the page",
    b"n": "the page",
    b"static": "files of the page",
    b"frame": "the sealed frame",
    b"push-worker.js": "the service worker of the page",
    b"share": "who has made a link, for who has it",
    b"invitation": "whom an invitation is for, for who has it",
    b"login": "signs in",
    b"logout": "signs out",
    b"healthz": "whether the server works",
}
"""Addresses at the top that ask nobody who it is, and what they give."""

BY_METHOD: Final = (b"rpc",)
"""Those that only make calls: tests/test_rights_matrix.py."""

BY_PLACE: Final = (b"exports", b"files", b"libraries", b"metrics", b"outputs", b"widgets")
"""Those that ask for the right at a place: `Addresses` walks over them."""

PLACES_HERE: Final[dict[str, Verb]] = {"mine": "own", "shared": "read", "theirs": "none"}
"""Folders, and what Ada may do there by the grants."""

BLOB: Final = "0" * 64


@attrs.frozen
class Who:
    """Somebody.

    Args:
        principal: Whom the server takes them for; `None`: nobody.
        held: What they may do in each place; `None`: by the grants of Ada.
        runs: Whether they run the server, or are an admin.
        reads_server: Whether they may read what is of the server as a whole.
    """

    principal: Principal | None
    held: Mapping[str, Verb] | None = None
    runs: bool = False
    reads_server: bool = False


def everywhere(verb: Verb) -> dict[str, Verb]:
    """The same right in all places."""
    return dict.fromkeys(PLACES_HERE, verb)


def token(of: Principal, **scopes: Any) -> Principal:
    """A script token of somebody."""
    return attrs.evolve(of, token="ci", scopes=Scopes(**scopes))


OWNER: Final = Principal("ada", "own", TOKEN_LOGIN)
ADA: Final = principal("Ada")


def everybody(sessions: Mapping[str, str]) -> dict[str, Who]:
    """Everybody, by what they are; guests are of the session in the shared folder.

    Args:
        sessions: The ids of the sessions, by their folders.
    """
    none = everywhere("none")
    visitor = Principal("Grace (guest)", "execute", "g", session=sessions["shared"])
    return {
        "nobody": Who(None, none),
        "guest": Who(visitor, none),
        "guest's token": Who(token(visitor), none),
        "member": Who(ADA),
        "member of no role": Who(attrs.evolve(ADA, role=None)),
        "stranger with an account": Who(principal("Mallory"), none),
        "viewer": Who(principal("Eve", "viewer"), {**none, "shared": "read"}),
        "member's token": Who(token(ADA)),
        "member's token that reads": Who(token(ADA, read=True), {**none, "mine": "read", "shared": "read"}),
        "member's token for what is not theirs": Who(token(ADA, folder="theirs"), none),
        "member's token for a folder": Who(token(ADA, folder="mine"), {**none, "mine": "own"}),
        "admin": Who(principal("Root", "admin"), everywhere("own"), runs=True, reads_server=True),
        "owner": Who(OWNER, everywhere("own"), runs=True, reads_server=True),
        "token": Who(token(OWNER), everywhere("own"), runs=True, reads_server=True),
        "token that reads": Who(token(OWNER, read=True), everywhere("read"), reads_server=True),
        "token for a folder": Who(token(OWNER, folder="shared"), {**none, "shared": "own"}),
        "token for a session": Who(token(OWNER, session=sessions["mine"]), none),
        "token for kernels": Who(token(OWNER, methods=("kernel.interrupt",)), none),
    }


OF_SESSION: Final[dict[str, tuple[str, ...]]] = {
    "guest": ("shared",),
    "guest's token": ("shared",),
    "token for a session": ("mine",),
}
"""Who reaches sessions otherwise than files."""


class AddressesTestCase(LabTestCase):
    """A site with all resources, three folders with a file and a session each, and everybody."""

    who: Principal | None = None

    def setUp(self) -> None:
        self.path = Path(self.mktemp()).resolve()
        for folder in PLACES_HERE:
            (self.path / folder).mkdir(parents=True)
            (self.path / folder / "f.txt").write_text(f"in {folder}")
        super().setUp()
        self.sessions: dict[str, str] = {}
        self.rig.disk.launcher.has_any_folder = True
        known(self.rig, "Ada", "Eve", "Mallory")
        for folder, verb in PLACES_HERE.items():
            path = f"{folder}/n.ipynb"
            self.rig.disk.files.put(f"{folder}/f.txt", b"")
            self.sessions[folder] = self.rig.me.call("session.create", path=path, create=True)["id"]
            if verb != "none":
                give(self.rig, folder, verb, "ada")
        give(self.rig, "shared", "read", "eve")
        for folder, session in self.sessions.items():
            self.rig.services.rights.note_export(f"of-{folder}", session)

    def more_resources(self) -> Mapping[bytes, IResource]:
        """Those of bytes, too."""
        files = files_below(self.path, (), cast(Any, self.rig.clock), execute, is_notified=False)
        self.addCleanup(files.tree.root.close)

        def environment(session: str) -> Any:
            raise errors.NotFound("no kernel", kind="kernel", id=session)

        exported = self.path.parent / "exported"
        exported.write_text("exported")

        class Exports:
            """Whatever is asked for is there."""

            def find(self, id: str, name: str) -> ExportedFile:
                """One of a session."""
                return ExportedFile(id, str(exported), name, "text/html", 8)

        of_sessions = OfSessions(lambda session, blob: str(self.path / "no-blob"), lambda session: "title", environment)
        made = byte_resources(self.auth, of_sessions, cast(Any, Exports()), files, execute)
        return {**made, **super().more_resources()}

    def by(self, who: Who, method: str, path: str, body: bytes = b"", **given: str) -> Answer:
        """A request of somebody, however they came in."""
        self.who = who.principal
        logins = type(self.auth.logins)
        if not getattr(self, "_is_patched", False):
            self._is_patched = True
            self.patch(logins, "principal_of", lambda logins, given: self.who)
        return self.ask(method, path, body, Authorization=f"token {TOKEN}", **given)


class Declared(AddressesTestCase):
    """Nothing is served that is not in one of the lists."""

    def test_every_address_at_the_top_is_declared(self) -> None:
        """A new one has to be put into a list above, and is then walked over."""
        root: Any = self.site.resource
        while not hasattr(root, "children") or b"rpc" not in root.children:
            root = root._resource if hasattr(root, "_resource") else root.original
        jupyter = {*TOPS, TOKEN_TOP.encode(), b"favicons"}
        self.assertEqual({*root.children} - jupyter, {*OPEN, *BY_METHOD, *BY_PLACE})

    def test_every_route_of_jupyter_needs_to_own_or_is_a_door(self) -> None:
        """A third kind would have to be declared, and walked over, here."""
        self.assertEqual({route.path for route in self.routes() if route.verb != "own"}, {"/api", *DOORS})


class Addresses(AddressesTestCase):
    """Files, outputs, exports, widgets, libraries and numbers."""

    def test_who_reaches_what(self) -> None:
        """Refused with 401 or 403 exactly where the right lacks."""
        for name, who in everybody(self.sessions).items():
            for folder, held in (who.held or PLACES_HERE).items():
                session = self.sessions[folder]
                for verb, needed, method, path in (
                    ("read a file", "read", "GET", f"/files/{folder}/f.txt"),
                    ("look at a file", "read", "HEAD", f"/files/{folder}/f.txt"),
                    ("pack a folder", "read", "GET", f"/files/{folder}?zip=1"),
                    ("ask for an upload", "read", "GET", f"/files/{folder}/f.txt?upload=1"),
                    ("write a file", "write", "PUT", f"/files/{folder}/f.txt"),
                    ("make a file", "write", "PUT", f"/files/{folder}/new.txt"),
                ):
                    is_held = ORDER.index(held) >= ORDER.index(cast(Verb, needed))
                    self.look(name, who, f"{verb} in {folder}", method, path, is_held)
                for what in (
                    f"/outputs/{session}/{BLOB}",
                    f"/widgets/{session}?module=x",
                    f"/libraries/{session}?address=x",
                    f"/exports/of-{folder}/n.html",
                ):
                    is_held = folder in OF_SESSION[name] if name in OF_SESSION else held != "none"
                    self.look(name, who, f"{what.split('/')[1]} of {folder}", "GET", what, is_held)
            self.look(name, who, "numbers", "GET", "/metrics", who.reads_server)
            self.look(
                name, who, "an export that is forgotten", "GET", "/exports/older/n.html", who.runs or who.reads_server
            )

    def look(self, name: str, who: Who, what: str, method: str, path: str, is_held: bool) -> None:
        """One address by somebody; what is refused says nothing of what is there, and changes nothing."""
        before = self.disk()
        answer = self.by(who, method, path, b"new" if method == "PUT" else b"")
        if is_held:
            self.assertNotIn(answer.status, (0, 401, 403, 500), (name, what))
        else:
            self.assertEqual(answer.status, 401 if who.principal is None else 403, (name, what))
            self.assertNotRegex(answer.body, rb"in (mine|shared|theirs)$|exported", (name, what))
            self.assertEqual(self.disk(), before, (name, what))

    def disk(self) -> dict[str, bytes]:
        """All files."""
        return {str(path): path.read_bytes() for path in sorted(self.path.rglob("*")) if path.is_file()}

    def test_an_upload_gathers_for_nobody_else(self) -> None:
        """Its parts are refused as the whole is."""
        part = {"Content_Range": "bytes 0-2/6", "Upload_Id": "x" * 32}
        for name, who in everybody(self.sessions).items():
            for folder, held in (who.held or PLACES_HERE).items():
                answer = self.by(who, "PUT", f"/files/{folder}/{BLOB[:8]}.bin", b"new", **part)
                is_held = ORDER.index(held) >= ORDER.index("write")
                self.assertEqual(answer.status in (202, 409), is_held, (name, folder, answer.status))


class Jupyter(AddressesTestCase):
    """Every route of Jupyter's API, and the pages of JupyterLab."""

    def test_all_of_it_is_for_who_runs_the_server(self) -> None:
        """Members, viewers, guests and their tokens are refused with a sentence, whatever the route, also for a WebSocket; and nothing happens."""
        before = self.world()
        for name, who in everybody(self.sessions).items():
            if who.runs or who.reads_server or name.startswith("token"):
                continue  # those who run the server, and their tokens: tests/test_token_resources.py
            for route in self.routes():
                path = re.sub(r"\{[^}]*\}", "mine", route.path)
                if route.verb == "none":
                    continue
                methods = [*route.functions, *(["HEAD"] if "GET" in route.functions else [])]
                asked = [self.by(who, method, path, b"{}") for method in methods]
                if route.upgrade is not None:
                    asked.append(self.by(who, "GET", path, Upgrade="websocket"))
                    with_token = self.by(who, "GET", f"/{TOKEN_TOP}/{TOKEN}{path}", Upgrade="websocket")
                    self.assertIn(with_token.status, (403, 404), (name, path))  # those of kernels alone are there, too
                for answer in asked:
                    self.assertEqual(answer.status, 403, (name, path))
                    if who.principal is not None and who.principal.account is not None and answer.body:
                        self.assertIn(
                            "whoever runs this server, and its admins", answer.json()["message"], (name, path)
                        )
        self.assertEqual(self.world(), before)
        self.assertEqual(self.stopped, [])

    def world(self) -> Any:
        """What a request could have changed."""
        disk = self.rig.disk
        kept = sorted(str(path) for path in self.state.rglob("*")) if self.state.exists() else []
        return dict(disk.registry.records), dict(disk.files.entries), list(disk.launcher.hosts), kept

    def test_admins_get_in(self) -> None:
        """As whoever runs the server: a route that refuses everybody would pass the test above."""
        for name in ("admin", "owner"):
            for path in ("/api/status", "/api/kernels", "/api/sessions", "/api/contents", "/api/terminals", "/api/me"):
                self.assertEqual(self.by(everybody(self.sessions)[name], "GET", path).status, 200, (name, path))

    def test_pages_of_jupyterlab_and_their_files_hold_no_secret(self) -> None:
        """Who does not run the server is told so, or gets the door that everybody gets: no page is made, and no token."""
        for name, who in everybody(self.sessions).items():
            if who.runs:
                continue
            for path in PLACES:
                answer = self.by(who, "GET", path, X_Webipy_Key="x")
                self.assertNotIn(b"jupyter-config-data", answer.body, (name, path))
                self.assertNotIn(TOKEN.encode(), answer.body, (name, path))
                self.assertEqual([asked for asked, _ in self.installed.asked if asked == "page"], [], (name, path))
