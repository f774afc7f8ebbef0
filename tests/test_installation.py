"""webipy.io.installation."""

from __future__ import annotations

import os
import platform
from unittest import mock

from twisted.trial.unittest import SynchronousTestCase

from webipy.io import installation


class Installation(SynchronousTestCase):
    """What is told of this one."""

    def test_it_is_versions_and_nothing_else(self) -> None:
        """No path, and no name of a person or a machine; what is missing is said."""
        with mock.patch.object(installation, "PACKAGES", ("twisted", "no-such-package")):
            found = installation.installed()
        self.assertEqual(found["no-such-package"], "not installed")
        self.assertRegex(found["twisted"], r"^\d+\.")
        self.assertIn(platform.python_version(), found["Python"])
        said = " ".join(found.values())
        for secret in (os.path.expanduser("~"), os.getcwd(), platform.node()):
            self.assertNotIn(secret, said)
