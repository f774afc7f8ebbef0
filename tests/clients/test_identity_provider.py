"""Single sign-on at an identity provider that others have written: oidc-provider-mock, which is made of Authlib and Flask.

It is 20 MB that nothing else here needs, so `make clients` installs it, and a fresh `make test` does without: there tests/fake_provider.py is the
provider, which also lies.
"""

from __future__ import annotations

import importlib
import logging
from urllib.parse import parse_qs, urlencode, urlsplit

from twisted.trial.unittest import SkipTest

from tests.programs import test_sso


class OtherProvider(test_sso.SignOnCase):
    """From the page to an account."""

    def test_a_provider_of_others(self) -> None:
        """oidc-provider-mock, which is made of Authlib: whoever is known comes in."""
        try:
            others = importlib.import_module("oidc_provider_mock")
        except ImportError:
            raise SkipTest("make clients installs oidc-provider-mock") from None
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        running = others.run_server_in_thread(require_nonce=True)
        there = running.__enter__()
        self.addCleanup(running.__exit__, None, None, None)
        server = self.serve(f"http://localhost:{there.server_port}", "any-secret", "--sso-allow", "everybody")
        visitor = test_sso.Visitor()

        def chosen(**form: str) -> str:
            address = self.begin(server, visitor)
            self.assertEqual(parse_qs(urlsplit(address).query)["code_challenge_method"], ["S256"])
            kind = "application/x-www-form-urlencoded"
            status, headers, _ = visitor.ask("POST", address, urlencode(form).encode(), Content_Type=kind)
            self.assertEqual(status, 302)
            return headers["location"]

        self.assertEqual(self.come_back(server, visitor, chosen(sub="grace@example.org"))[0], 200)
        self.assertEqual(self.own(server, visitor)["name"], "grace")
