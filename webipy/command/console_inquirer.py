"""What the line editor of a console asks the kernel: how a name goes on, what it is, whether code is whole.

The editor has a thread of its own (console_editor.py), the connection belongs to the reactor. A question goes over as a function that is called
there, and its answer comes back as a future of `concurrent.futures`, which a thread can wait for and an event loop can await.

Invariants: nothing of this is in the journal; a question that nobody waits for any more is not sent; a failure is the failure of its future.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, TypeVar

import msgspec
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure as Fault

from webipy.client.client import Client
from webipy.core.api import calls

ANSWER_S: Final = 60.0
"""How long the kernel may think about a name: nobody waits for that, and the first answer of a kernel may take long."""

JUDGE_S: Final = 1.0
"""How long it may think about whether code is whole: Enter waits for that."""

_Result = TypeVar("_Result")


class Inquirer(msgspec.Struct, eq=False):
    """Asks the kernel of a session from another thread than the reactor's.

    Args:
        client: The connection.
        session: The session's id.
        call: Calls a function in the reactor; `reactor.callFromThread`.
    """

    client: Client
    session: str
    call: Callable[..., object]

    def complete(self, code: str, cursor: int) -> Future[calls.Completion]:
        """What may stand at the cursor.

        Args:
            code: The code.
            cursor: Unicode characters before the cursor.
        """
        asked = calls.GetCompletion(session=self.session, code=code, cursor=cursor, timeout_s=ANSWER_S)
        return self._ask("completion.get", asked, calls.Completion)

    def inspect(self, code: str, cursor: int) -> Future[calls.Inspection]:
        """The signature and the documentation of the name at the cursor.

        Args:
            code: The code.
            cursor: Unicode characters before the cursor.
        """
        asked = calls.GetInspection(session=self.session, code=code, cursor=cursor, timeout_s=ANSWER_S)
        return self._ask("inspection.get", asked, calls.Inspection)

    def judge(self, code: str) -> Future[calls.Completeness]:
        """Whether code may be run as it is."""
        asked = calls.IsComplete(session=self.session, code=code, timeout_s=JUDGE_S)
        return self._ask("code.is_complete", asked, calls.Completeness)

    def _ask(self, method: str, params: msgspec.Struct, result: type[_Result]) -> Future[_Result]:
        answer: Future[_Result] = Future()
        self.call(self._send, answer, method, params, result)
        return answer

    def _send(self, answer: Future[Any], method: str, params: msgspec.Struct, result: type[Any]) -> None:
        if answer.set_running_or_notify_cancel():
            asking = Deferred.fromCoroutine(self.client.call(method, params, result, repeat=True))
            asking.addCallbacks(answer.set_result, lambda fault: self._fail(answer, fault))

    @staticmethod
    def _fail(answer: Future[Any], fault: Fault) -> None:
        answer.set_exception(fault.value)
