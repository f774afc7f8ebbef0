"""webipy.server.sessions.kernel_environment: the kernelspec of a session, without a kernel too."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import make_rig
from webipy.core import errors
from webipy.server.sessions.kernel_environment import environment_of


class EnvironmentTests(SynchronousTestCase):
    """`environment_of`."""

    def setUp(self) -> None:
        self.rig = make_rig()

    def found(self, session: str) -> tuple[str | None, dict[str, str]]:
        """The name of the kernelspec, and the variables."""
        spec, env = self.rig.wait(Deferred.fromCoroutine(environment_of(self.rig.services.sessions, session)))
        return spec.name if spec is not None else None, dict(env)

    def test_the_kernelspec_of_the_kernel_the_document_or_the_default(self) -> None:
        """With the variables of the session; one that is not installed is none."""
        default = self.rig.wait(self.rig.services.world.launcher.specs()).default
        session = self.rig.session()
        self.assertEqual(self.found(session), (default, {}))
        for metadata, name in (({"kernelspec": {"name": "gone"}}, None), ({"kernelspec": 1}, default), ({}, default)):
            self.rig.me.call("notebook.set_metadata", session=session, metadata=metadata)
            self.assertEqual(self.found(session)[0], name)
        self.rig.me.call("notebook.set_metadata", session=session, metadata={"kernelspec": {"name": "gone"}})
        self.rig.me.call("kernel.start", session=session, kernelspec=default, env={"JUPYTER_PATH": "/x"})
        self.assertEqual(self.found(session), (default, {"JUPYTER_PATH": "/x"}))

    def test_a_session_that_is_not_there(self) -> None:
        """It is said."""
        self.assertRaises(errors.NotFound, self.found, "none")
