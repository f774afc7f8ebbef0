"""webipy.server.people.hub_logins at every route of a Jupyter Server: the walk of credentials on the server of a user of a hub."""

from __future__ import annotations

from collections.abc import Mapping

from twisted.web.resource import IResource

from tests.fake_hub import PREFIX, Person
from tests.fakes import TOKEN
from tests.test_hub_site import HubSiteTestCase
from tests.test_jupyter_routes import JupyterTestCase


class Doors(HubSiteTestCase, JupyterTestCase):
    """Who gets in."""

    def more_resources(self) -> Mapping[bytes, IResource]:
        """The routes, and the sign-in."""
        return {**JupyterTestCase.more_resources(self), **HubSiteTestCase.more_resources(self)}

    def test_every_route_asks_the_hub(self) -> None:
        """Nobody, a made-up token, a user without the scope, a cookie without its key: 403, in the header as in the address; the owner gets in."""
        self.hub.tokens["of-bo"] = Person("bo", frozenset(["access:servers!user=bo"]))
        browser = self.signed_in()
        refused: list[tuple[str, dict[str, str]]] = [
            ("", {}),
            ("", {"Authorization": "token made-up"}),
            ("?token=made-up", {}),
            ("", {"Authorization": "Bearer of-bo"}),
            ("?token=of-bo", {}),
            ("", {"Cookie": browser["Cookie"]}),
        ]
        right: list[tuple[str, dict[str, str]]] = [
            ("", {"Authorization": "token ada-token"}),
            ("?token=ada-token", {}),
            ("", {"Authorization": f"token {TOKEN}"}),
            ("", browser),
        ]
        walked = 0
        for route in self.routes():
            path = route.path.replace("{", "").replace("}", "")
            if (
                route.verb == "none"
                or "GET" not in route.functions
                or path.startswith(("/lab", "/doc", "/tree", "/notebooks", "/edit", "/consoles"))
            ):
                continue
            walked += 1
            for query, headers in refused:
                answer = self.below_prefix("GET", path[1:] + query, **headers)
                self.assertEqual(answer.status, 403, (path, query, headers, answer.raw[:300]))
            for query, headers in right:
                answer = self.below_prefix("GET", path[1:] + query, **headers)
                self.assertNotIn(answer.status, (401, 403), (path, query, headers, answer.raw[:300]))
        self.assertGreater(walked, 10)

    def test_a_hub_that_does_not_answer_shuts_every_route_with_503(self) -> None:
        """In words, and not as if the token were wrong: clients of Jupyter try again then."""
        self.hub.is_down = True
        answer = self.below_prefix("GET", "api/kernels", Authorization="token ada-token")
        self.assertEqual(answer.status, 503)
        self.assertIn("The hub does not answer", answer.json()["message"])
        self.assertEqual(self.ask("GET", PREFIX + "api", host="hub.example.org").status, 200)
