"""`webipy ls` and `webipy exec` of people who have an account: webipy.command.lookup and running, on a server in memory."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, cast

from twisted.internet.defer import Deferred

from tests.accounts import known, rig_of, somebody
from tests.fakes import Client as Caller
from tests.fakes import RigTestCase
from tests.test_cli_share import InMemory
from webipy.client.client import Client
from webipy.command import lookup, running
from webipy.core.api import calls
from webipy.server.sessions.kernel_usage import Usage


class MemberTests(RigTestCase):
    """What works for whoever runs the server works for a member, in what is theirs."""

    def setUp(self) -> None:
        self.rig = rig_of()
        known(self.rig, "Ada", "Bo")

    def wait(self, caller: Caller, command: Any) -> Any:
        """What a command gives on a connection of somebody."""
        work: Coroutine[Any, Any, Any] = command(cast(Client, InMemory(caller.call)))
        return self.successResultOf(Deferred.fromCoroutine(work))

    def test_each_has_a_shell_of_their_own(self) -> None:
        """The same the second time; none is that of whoever runs the server, which is the one without an account."""
        callers = [self.rig.me, somebody(self.rig, "Ada"), somebody(self.rig, "Bo")]
        made = [self.wait(caller, lambda client: running.named_session(client, running.SHELL)) for caller in callers]
        self.assertEqual([is_made for _, is_made in made], [True, True, True])
        self.assertEqual(len({session.id for session, _ in made}), 3)
        for caller, (session, _) in zip(callers[1:], made[1:], strict=True):
            again, is_made = self.wait(caller, lambda client: running.named_session(client, running.SHELL))
            self.assertEqual((again.id, is_made), (session.id, False))

    def test_what_kernels_use_is_listed_for_those_that_are_theirs(self) -> None:
        """A member may not ask for all at once."""
        ada = somebody(self.rig, "Ada")
        session, _ = self.wait(ada, lambda client: running.named_session(client, running.SHELL))
        self.refused("not_permitted", "kernel.usage", ada)
        theirs = ada.call("session.list")["sessions"]
        self.assertEqual([one["id"] for one in theirs], [session.id])
        self.assertEqual(self.wait(ada, self.usage), [])
        ada.call("kernel.start", session=session.id)
        used = calls.KernelUsage(session=session.id, kernel="k", memory_bytes=5, cpu=None, processes=1)

        async def of(usage: Usage, session: str | None) -> list[calls.KernelUsage]:
            return [used]

        self.patch(Usage, "of", of)
        self.assertEqual(self.wait(ada, self.usage), [used])

    async def usage(self, client: Client) -> list[calls.KernelUsage]:
        """What `webipy ls` asks."""
        found = await client.call("session.list", {}, calls.SessionList)
        return await lookup.usage_of(client, found.sessions)
