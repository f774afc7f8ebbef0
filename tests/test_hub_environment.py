"""webipy.io.hub.environment, webipy.io.hub.activity, webipy.server.ports.hub and webipy.command.singleuser: what a hub says, and what it is told."""

from __future__ import annotations

import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from types import SimpleNamespace
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.fake_hub import ACCESS, CLIENT, PREFIX, SERVER_TOKEN, environment
from tests.fakes import RigTestCase
from webipy.command.singleuser import USAGE, main, options_of, understood
from webipy.core import errors
from webipy.hub_parts import last_activity
from webipy.io.hub.activity import Activity
from webipy.io.hub.environment import BadHub, forget_secrets, read_environment

API = "http://127.0.0.1:8081/hub/api"

WRONG: list[tuple[dict[str, str], str]] = [
    ({"JUPYTERHUB_SERVICE_URL": ""}, "JUPYTERHUB_SERVICE_URL is not set. A JupyterHub starts this command"),
    ({"JUPYTERHUB_SERVICE_URL": "http://127.0.0.1:many/"}, "JUPYTERHUB_SERVICE_URL=http://127.0.0.1:many/: "),
    ({"JUPYTERHUB_SERVICE_PREFIX": "/a/../b/"}, "has a part that is empty, . or .."),
    ({"JUPYTERHUB_API_URL": ""}, "JUPYTERHUB_API_URL is not set"),
    ({"JUPYTERHUB_API_URL": "ftp://hub/"}, "JUPYTERHUB_API_URL=ftp://hub/ is no address"),
    ({"JUPYTERHUB_API_URL": "http://hub:x/"}, "JUPYTERHUB_API_URL=http://hub:x/ is no address"),
    ({"JUPYTERHUB_API_TOKEN": ""}, "JUPYTERHUB_API_TOKEN is not set"),
    ({"JUPYTERHUB_CLIENT_ID": ""}, "JUPYTERHUB_CLIENT_ID is not set"),
    ({"JUPYTERHUB_USER": ""}, "JUPYTERHUB_USER is not set"),
    ({"JUPYTERHUB_OAUTH_ACCESS_SCOPES": "ada"}, "is no list of scopes as JSON"),
    ({"JUPYTERHUB_OAUTH_ACCESS_SCOPES": "[]"}, "webipy needs JupyterHub 2.0 or newer"),
    ({"JUPYTERHUB_OAUTH_ACCESS_SCOPES": "", "JUPYTERHUB_OAUTH_SCOPES": ""}, "webipy needs JupyterHub 2.0 or newer"),
    ({"JUPYTERHUB_ACTIVITY_INTERVAL": "often"}, "JUPYTERHUB_ACTIVITY_INTERVAL=often is no number of seconds"),
    ({"JUPYTERHUB_SSL_CERTFILE": "/srv/cert.pem"}, "Turn internal_ssl off"),
]
"""What is wrong with the environment of a hub, and the words for it."""


class Environment(SynchronousTestCase):
    """What the hub says."""

    def test_it_is_read_whole(self) -> None:
        """Each variable where it belongs."""
        more = {
            "JUPYTERHUB_SERVER_NAME": "lab",
            "JUPYTERHUB_HOST": "https://hub.example.org",
            "JUPYTERHUB_BASE_URL": "/jh/",
        }
        more |= {"JUPYTERHUB_ROOT_DIR": "~/work", "JUPYTERHUB_DEFAULT_URL": "/lab"}
        more |= {"JUPYTERHUB_PUBLIC_URL": f"https://ada.hub.example.org{PREFIX}"}
        found = read_environment({**environment(API + "/", 4711), **more})
        self.assertEqual((found.interface, found.port, found.path), ("127.0.0.1", 4711, PREFIX))
        self.assertEqual((found.api, found.token, found.client), (API, SERVER_TOKEN, CLIENT))
        self.assertEqual((found.callback, found.scopes), (PREFIX + "oauth_callback", frozenset(ACCESS)))
        self.assertEqual(
            (found.place.user, found.place.server, found.root, found.default), ("ada", "lab", "~/work", "/lab")
        )
        self.assertEqual(found.place.authorize, "https://hub.example.org/jh/hub/api/oauth2/authorize")
        self.assertEqual(found.place.sign_out, "https://hub.example.org/jh/hub/logout")
        assert found.public is not None
        self.assertEqual(found.public.url, f"https://ada.hub.example.org{PREFIX}")
        self.assertNotIn(SERVER_TOKEN, repr(found))

    def test_what_may_be_missing(self) -> None:
        """All interfaces, the port of the scheme, the callback below the prefix, the scopes under their former name."""
        given = environment(API)
        for name in (
            "OAUTH_CALLBACK_URL",
            "OAUTH_ACCESS_SCOPES",
            "HOST",
            "BASE_URL",
            "ACTIVITY_URL",
            "ACTIVITY_INTERVAL",
        ):
            del given[f"JUPYTERHUB_{name}"]
        found = read_environment({**given, "JUPYTERHUB_SERVICE_URL": "http://:8888/user/ada/"})
        self.assertEqual((found.interface, found.port), ("", 8888))
        self.assertEqual((found.callback, found.scopes), (PREFIX + "oauth_callback", frozenset(ACCESS)))
        self.assertEqual((found.place.authorize, found.activity), ("/hub/api/oauth2/authorize", ""))
        ports = [
            read_environment({**given, "JUPYTERHUB_SERVICE_URL": f"{scheme}://a/"}).port for scheme in ("http", "https")
        ]
        self.assertEqual(ports, [80, 443])

    def test_what_is_wrong_is_said_in_a_sentence(self) -> None:
        """Which variable it is, and what would be right."""
        for change, words in WRONG:
            with self.assertRaises(BadHub) as caught:
                read_environment({**environment(API), **change})
            self.assertIn(words, str(caught.exception), change)

    def test_a_public_address_that_is_none_of_ours_is_left(self) -> None:
        """Plain http, or another path: then the origin is what the browser says."""
        for url in ("http://hub.lan/user/ada/", "https://hub.lan/other/", "hub.lan"):
            self.assertIsNone(read_environment({**environment(API), "JUPYTERHUB_PUBLIC_URL": url}).public)

    def test_a_first_page_of_another_server_is_none(self) -> None:
        """It would be an open redirect."""
        for page in ("//evil.example", "/\\evil.example", "https://evil.example", "lab"):
            self.assertEqual(read_environment({**environment(API), "JUPYTERHUB_DEFAULT_URL": page}).default, "/", page)

    def test_kernels_do_not_inherit_the_token(self) -> None:
        """Under neither of its names."""
        given = environment(API)
        forget_secrets(given)
        self.assertNotIn(SERVER_TOKEN, given.values())
        self.assertEqual(given["JUPYTERHUB_USER"], "ada")


class CommandLine(SynchronousTestCase):
    """`webipy-singleuser`."""

    def test_what_the_hub_says_becomes_options(self) -> None:
        """Where to listen, the path, the folder, the public address; a named server has a state folder of its own."""
        more = {"JUPYTERHUB_SERVER_NAME": "my lab/1", "JUPYTERHUB_ROOT_DIR": "/srv/ada"}
        more |= {"JUPYTERHUB_PUBLIC_URL": f"https://hub.example.org{PREFIX}"}
        self.assertEqual(
            options_of(read_environment({**environment(API, 4711), **more}), {"XDG_STATE_HOME": "/state"}),
            [
                "--hub",
                "--behind-proxy",
                "--grace=1",
                "--port=4711",
                "--interface=127.0.0.1",
                f"--base-url={PREFIX}",
                "--display-name=ada",
                "--root=/srv/ada",
                f"--public-url=https://hub.example.org{PREFIX}",
                "--state=/state/webipy-my-lab-1",
            ],
        )
        plain = options_of(read_environment(environment(API)), {})
        self.assertFalse([option for option in plain if option.startswith(("--state", "--root", "--public"))])

    def test_options_of_jupyterhub_singleuser_are_understood(self) -> None:
        """What means something is carried out under its name here, the rest is named; ours go through."""
        ends = "--kernels-stop-with-server"
        table: list[tuple[str, list[str], list[str]]] = [
            ("--ip=0.0.0.0 --port 9000", [ends, "--interface=0.0.0.0", "--port=9000"], []),
            (
                "--notebook-dir=/a --root-dir /b --ServerApp.root_dir=/c",
                [ends, "--root=/a", "--root=/b", "--root=/c"],
                [],
            ),
            ("--allow-root --NotebookApp.allow_root=False", [ends, "--allow-root"], []),
            ("--ServerApp.allow_root=True", [ends, "--allow-root"], []),
            ("--debug -y --no-browser", [ends], ["--debug", "-y", "--no-browser"]),
            ("--config /x.py --log-level=10 --user ada", [ends], ["--config", "--log-level", "--user"]),
            ("--LabApp.collaborative=True --default-url", [ends], ["--LabApp.collaborative", "--default-url"]),
            ("--keep-kernels", [], []),
            ("--spare-kernels=0 --hub-token-in-kernels", [ends, "--spare-kernels=0", "--hub-token-in-kernels"], []),
            ("--port", [ends, "--port"], []),
        ]
        for line, given, ignored in table:
            self.assertEqual(understood(line.split()), (given, ignored), line)

    def run_main(self, *arguments: str) -> tuple[int, str, str]:
        """Runs the command without the environment of a hub: status, output, errors."""
        out, err = StringIO(), StringIO()
        self.patch(sys, "argv", ["webipy-singleuser", *arguments])
        status = 0
        with redirect_stdout(out), redirect_stderr(err):
            try:
                main()
            except SystemExit as ended:
                status = int(str(ended.code))
        return status, out.getvalue(), err.getvalue()

    def test_help(self) -> None:
        """Also where no hub is."""
        self.assertEqual(self.run_main("--help"), (0, USAGE + "\n", ""))

    def test_without_a_hub_it_says_what_to_start(self) -> None:
        """Somebody tries it by hand."""
        status, out, err = self.run_main()
        self.assertEqual((status, out), (2, ""))
        self.assertIn("JUPYTERHUB_SERVICE_URL is not set. A JupyterHub starts this command", err)


class Reports(RigTestCase):
    """What the hub is told."""

    def setUp(self) -> None:
        super().setUp()
        self.clock, self.told, self.is_down = Clock(), [""], False
        self.last = "2026-01-01T00:00:00.000000Z"
        self.activity = Activity(self.report, lambda: self.last, self.clock.seconds, 300.0)

    async def report(self, at: str) -> None:
        """A hub that may be away."""
        if self.is_down:
            raise errors.HubUnreachable("away")
        self.told.append(at)

    def look(self) -> list[str]:
        """Looks once; gives what was told by it."""
        before = len(self.told)
        self.successResultOf(Deferred.fromCoroutine(self.activity.look()))
        return self.told[before:]

    def test_only_what_is_new_is_told_and_not_too_often(self) -> None:
        """At most once in the time that the hub wants."""
        self.assertEqual(self.look(), [self.last])
        self.last = "2026-01-01T00:00:10.000000Z"
        self.clock.advance(30)
        self.assertEqual(self.look(), [])
        self.clock.advance(270)
        self.assertEqual(self.look(), [self.last])
        self.clock.advance(1000)
        self.assertEqual(self.look(), [])

    def test_a_hub_that_was_away_is_told_at_the_next_look(self) -> None:
        """Not only after the whole time again."""
        self.is_down = True
        self.assertEqual(self.look(), [])
        self.is_down = False
        self.clock.advance(30)
        self.assertEqual(self.look(), [self.last])

    def test_calls_kernels_and_terminals_count(self) -> None:
        """The last of them; while code runs, it is now."""
        services = self.rig.services
        self.rig.clock.advance(100)
        quiet = last_activity(services)
        self.assertEqual(quiet, services.started)
        self.rig.me.call("session.list")
        called = last_activity(services)
        self.assertGreater(called, quiet)
        self.rig.clock.advance(50)
        self.assertEqual(last_activity(services), called)
        session = self.rig.session("python3")
        kernel: Any = services.sessions.get(session).kernel
        self.patch(kernel, "state", "busy")
        self.rig.clock.advance(500)
        self.assertEqual(last_activity(services), services.world.now())
        later = "2999-01-01T00:00:00.000000Z"
        terminals: Any = SimpleNamespace(all=lambda: [SimpleNamespace(last_activity=later)])
        services.terminals = terminals
        self.patch(kernel, "state", "idle")
        self.assertEqual(last_activity(services), later)
