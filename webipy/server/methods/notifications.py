"""The methods `notification.*`: who is told when what they have started has ended (webipy.server.sessions.notifications)."""

from __future__ import annotations

from webipy.core import errors
from webipy.core.api import calls, notification_calls
from webipy.core.api.access import Principal
from webipy.server.methods.failures import OF_SESSION
from webipy.server.methods.method import Connection, Methods, Services
from webipy.server.ports.notifications import Notification
from webipy.server.sessions.notifications import notification_id
from webipy.server.sessions.session import Session

METHODS = Methods()
method = METHODS.method

LISTENING = "notification.listen"


def _caller(connection: Connection) -> Principal:
    assert connection.principal is not None  # the verb says so
    return connection.principal


def _session(services: Services, connection: Connection, params: notification_calls.AskNotification) -> Session:
    """The session of an execution that the caller may see."""
    session = services.sessions.get(params.session)
    if session.state.spans.get(params.execution).queued <= connection.hidden(session):
        raise errors.NotFound(
            f"This session has no execution {params.execution!r}.", kind="execution", id=params.execution
        )
    return session


@method(
    "notification.ask",
    "read",
    "session",
    raises=(*OF_SESSION, errors.TooLarge),
    example={"execution": "e3"},
)
async def notification_ask(
    services: Services, connection: Connection, params: notification_calls.AskNotification
) -> notification_calls.Asked:
    """Tells the caller once when an execution has ended, wherever they are then: by a page of theirs, and in the ways that the server has.

    It survives the end of the connection, of the server and of the machine. `execution.start` and `notebook.run` take `notify` for the same.
    """
    session = _session(services, connection, params)
    asked = await services.notifications.tell(_caller(connection), session, [params.execution])
    return notification_calls.Asked(id=asked.id)


@method("notification.withdraw", "read", "session", raises=OF_SESSION, example={"execution": "e3"})
async def notification_withdraw(
    services: Services, connection: Connection, params: notification_calls.AskNotification
) -> calls.Done:
    """Takes back that the caller wants to know of an execution; it may have ended already."""
    session = _session(services, connection, params)
    person = _caller(connection).person
    await services.notifications.withdraw(notification_id(person, session.id, params.execution))
    return calls.Done()


@method("notification.list", "read", "connection")
async def notification_list(
    services: Services, connection: Connection, params: calls.Nothing
) -> notification_calls.NotificationList:
    """The notifications that the caller waits for."""
    return _listed(services, connection)


def _listed(services: Services, connection: Connection) -> notification_calls.NotificationList:
    found = services.notifications.of(_caller(connection).person)
    ways = services.notifications.ways_beside_pages(_caller(connection).person)
    return notification_calls.NotificationList(waiting=[_as_result(one) for one in found], ways=ways)


def _as_result(notification: Notification) -> notification_calls.Waiting:
    return notification_calls.Waiting(
        id=notification.id,
        session=notification.session,
        executions=list(notification.executions),
        asked=notification.asked,
    )


@method("notification.listen", "read", "connection")
async def notification_listen(
    services: Services, connection: Connection, params: calls.Nothing
) -> notification_calls.NotificationList:
    """Sends this connection the notifications of its person that no page has shown yet, and those that come, until it ends.

    Each comes to one connection at a time, as `notification`; it has been delivered when `notification.confirm` says so.
    """
    send = connection.send
    if send is None:
        raise errors.InvalidRequest("Notifications come over a WebSocket, and this call came by POST.")
    found = _listed(services, connection)
    person = _caller(connection).person

    def begin() -> None:
        if not connection.is_gone:
            connection.when_left(LISTENING, services.notifications.listen(person, send))

    connection.soon(begin)
    return found


@method("notification.confirm", "read", "connection", example={"id": "0123456789abcdef0123456789abcdef"})
async def notification_confirm(
    services: Services, connection: Connection, params: notification_calls.ConfirmNotification
) -> calls.Done:
    """Says that a page has shown a notification of its person; it comes never again. The same browser is not told by Web Push then."""
    caller = _caller(connection)
    await services.notifications.confirm(caller.person, params.id, caller.login, is_seen=params.seen)
    return calls.Done()
