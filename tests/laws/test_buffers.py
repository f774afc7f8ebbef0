"""Every buffer has a limit: what grows by what comes from outside is listed here, with what limits it.

A buffer is an attribute of a class, in a module that runs as long as the server or a kernel host, that holds a list, dict, set or deque and that
something in the same module adds to. `NUMBERS` names the constant that limits it, which its module reads; `AS_MANY` says of what there is one entry
each, where that is limited itself; `floods` brings more than the limit to those that stand alone, and counts.

What this cannot see: a buffer in a variable of a running coroutine, one that only other modules add to, bytes in a string, what Twisted, ZeroMQ and
SQLite keep, and whether a constant is small enough. The state of a session (`webipy.core.session`, and what of `webipy.core` is made for one value)
is left out: it is a fold of the journal, which `Retention` limits.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Callable, Iterator

from twisted.trial.unittest import SynchronousTestCase

from tests.test_floors import PACKAGE, is_within, modules
from webipy.core.api import access
from webipy.core.kernel.reply_gate import REMEMBERED_IDLES, ReplyGate
from webipy.io.web.anonymous_connections import AnonymousConnections
from webipy.server.people.failed_attempts import MOST_ADDRESSES, FailedAttempts
from webipy.server.people.logins import MAX_CODES, Codes
from webipy.server.people.quotas import MOST_KNOWN, Quotas

WATCHED = ("webipy.server", "webipy.io", "webipy.host", "webipy.core.kernel", "webipy.core.terminals")
KINDS = ("list", "dict", "set", "deque", "bytearray", "OrderedDict", "Counter", "defaultdict")
GROWING = ("add", "append", "appendleft", "extend", "insert", "setdefault", "update")
LITERALS = {"List": "list", "Dict": "dict", "Set": "set", "ListComp": "list"}

NUMBERS = {
    "core.kernel.client_messages.ClientMessages._finished": "KEPT_FINISHED",
    "core.kernel.comm_fold.Comms._ended": "LAST_ENDED",
    "core.kernel.comm_fold.Comms._others": "LAST_OF_COMM",
    "core.kernel.executions.Executions._cells": "KEPT_EXECUTIONS",
    "core.kernel.host_queue.HostQueue._failed_runs": "REMEMBERED_RUNS",
    "core.kernel.host_queue.HostQueue._seen": "REMEMBERED_IDS",
    "core.kernel.host_queue.HostQueue._seen_order": "REMEMBERED_IDS",
    "core.kernel.large_messages.Large._failed": "MAX_FAILED",
    "core.kernel.outbox.Outbox._memory": "MEMORY_BYTES",
    "core.kernel.reply_gate.ReplyGate._idle": "REMEMBERED_IDLES",
    "core.terminals.scrollback.Scrollback._pieces": "KEPT_BYTES",
    "core.terminals.terminal_outbox.TerminalOutbox._in_flight": "WINDOW_BYTES",
    "host.terminal_process.TerminalProcess._waiting": "INPUT_BYTES",
    "io.passwords.Argon2Passwords._rows": "MOST_WAITING",
    "server.people.account_logins.AccountLogins._logins": "MOST_OF_ACCOUNT",
    "server.people.accounts.Accounts._accounts": "MOST_ACCOUNTS",
    "server.people.password_attempts.PasswordAttempts._counts": "MOST_KNOWN",
    "server.people.hub_logins.HubLogins._browsers": "MOST_BROWSERS",
    "server.people.hub_logins.HubLogins._codes": "MOST_CODES",
    "server.people.hub_logins.HubLogins._vouched": "MOST_TOKENS",
    "server.terminals.terminals.Terminals._open": "MAX_TERMINALS",
    "server.terminals.terminals.Terminals._starting": "MAX_TERMINALS",
    "core.kernel.widget_state.Model.state": "MAX_BYTES",
    "core.kernel.widget_state._Widgets.state": "MAX_BYTES",
    "host.execution_ends.ExecutionEnds._over": "REMEMBERED_OVER",
    "host.spool_file.SpoolFile._segments": "SPOOL_BYTES",
    "io.conversion.converter_process.LocalConverter._under_way": "MAX_GUESTS_WAITING",
    "io.conversion.export_store.ExportStore._kept": "MAX_KEPT",
    "io.conversion.export_store.ExportStore._of": "MAX_KEPT",
    "io.files.archives.Surveyed.left_out": "MAX_PACKED",
    "io.files.archives.Surveyed.paths": "MAX_PACKED",
    "io.files.archives._Sink._bytes": "PIECE_BYTES",
    "io.files.atomic_write.Sweeper._swept": "SWEEPS_KEPT",
    "io.files.file_search._Names.folded": "MOST_NAMES",
    "io.files.file_search._Names.paths": "MOST_NAMES",
    "io.files.file_search._Names.waiting": "MOST_NAMES",
    "io.files.tables.Ordering._pieces": "MAX_ORDERED_BYTES",
    "io.files.tables.Table.orders": "ORDERS_KEPT",
    "io.files.tables.Tables._known": "TABLES_KEPT",
    "io.files.uploads.Upload._waiting": "WAITING_BYTES",
    "io.files.uploads.Uploads._finished": "FINISHED_KEPT",
    "io.http_client._Body._parts": "MOST_BYTES",
    "io.jupyter.channels.ChannelsProtocol._names": "MAX_NAMES",
    "io.storage.client_cursors.ClientCursors._slots": "SLOTS",
    "io.jupyter.contents.Contents._written": "MOST_WRITTEN",
    "io.jupyter.lab_link._Process._asked": "MOST_QUESTIONS",
    "io.jupyter.lab_link._Process._line": "MOST_ANSWER_BYTES",
    "io.web.anonymous_connections.AnonymousConnections._by_network": "MOST",
    "io.web.anonymous_connections.AnonymousConnections._networks": "MOST",
    "io.web.websocket.RpcFactory.clients": "MOST_OF_LOGIN",
    "io.web.websocket.RpcProtocol._waiting": "MAX_WAITING",
    "io.web.websocket.TurnWrites._frames": "SMALL_BYTES",
    "server.notebooks.client_copies.ClientCopies._copies": "MOST_COPIES",
    "server.notebooks.rooms.Rooms._rooms": "MOST_ROOMS",
    "server.notebooks.shared_notebook.SharedNotebook._places": "MOST_CELLS",
    "server.notebooks.shared_notebook.Touched.parts": "MOST_CELLS",
    "server.notebooks.client_copies.ClientCopies._texts": "MOST_TEXTS",
    "server.people.audit.Audit._seen": "MOST_SEEN",
    "server.people.audit.Audit._waiting": "MOST_WAITING",
    "server.people.budgets.Budgets._by_login": "MOST_BUDGETS",
    "server.people.failed_attempts.FailedAttempts._counts": "MOST_ADDRESSES",
    "server.people.lab_tokens.LabTokens._tokens": "MOST_OF_LOGIN",
    "server.people.sso_attempts.SsoAttempts._begun": "MOST",
    "server.people.sso_attempts.SsoAttempts._finished": "MOST",
    "server.people.script_tokens.TokenTable._ids": "MOST_REMEMBERED",
    "server.people.script_tokens.TokenTable._tokens": "MOST_REMEMBERED",
    "server.people.logins.Codes._until": "MAX_CODES",
    "server.people.quotas.Quotas._used": "MOST_KNOWN",
    "server.people.shares.Shares._guests": "MAX_GUESTS",
    "server.people.shares.GuestCalls._times": "MAX_GUESTS",
    "server.people.shares.Joins._counts": "MOST_JOINS_KNOWN",
    "server.people.rights.Rights._exports": "MAX_EXPORTS",
    "server.people.shares.Shares._logins": "MAX_GUESTS",
    "server.people.shares.Shares._shares": "MAX_SHARES",
    "server.sessions.notifications.Notifications._all": "MOST_WAITING",
    "server.sessions.notifications.Notifications._offers": "MOST_WAITING",
    "server.sessions.notifications.Notifications._works": "MOST_WAITING",
    "server.sessions.feed.Tail._blocks": "LAGGING_BYTES",
    "server.sessions.feed._Block.bodies": "CHUNK_EVENTS",
}
"""What limits a buffer: a number that its module has."""

AS_MANY = {
    "cells of a document that is edited together, `MOST_CELLS`": """
        server.notebooks.room.Room._known
        server.notebooks.room.Room.order
        server.notebooks.room_outputs.RoomOutputs._known
        server.notebooks.room_outputs.RoomOutputs._shown
        server.notebooks.room_outputs.RoomOutputs._sizes
        server.notebooks.room_runs.RoomRuns._leads
        server.notebooks.room_runs.RoomRuns._theirs
    """,
    "changes of a shared document whose events are not in the journal yet; while it cannot be written, it takes none": """
        server.notebooks.room.Room._fresh
        server.notebooks.room.Room._parcels
    """,
    "items of one update of a shared document, which has the size of a message at most": """
        server.notebooks.update_depth._Client.places
        server.notebooks.update_depth._Client.types
        server.notebooks.update_depth._Update.clients
    """,
    "programs in rooms, `MOST_MEMBERS` in one": """
        io.jupyter.collaboration.Presence._states
        server.notebooks.room.Room.members
    """,
    "logins that a hub answers for, `MOST_BROWSERS`, and tokens, `MOST_TOKENS`": """
        server.people.hub_logins.HubLogins._cookies
        server.people.hub_logins.HubLogins._programs
    """,
    "accounts, `MOST_ACCOUNTS`, their logins, their addresses of mail, and their browsers": """
        server.people.account_logins.AccountLogins._digests
        server.people.accounts.Accounts._invitations
        server.people.accounts.Accounts._keys
        server.people.people.People.codes
        server.sessions.mail_addresses.MailAddresses._by_person
        server.sessions.push_browsers.PushBrowsers._by_id
    """,
    "requests that wait for a hub, each on a connection that is anonymous until then": """
        server.people.hub_logins.HubLogins._waiting
    """,
    "ways by which people are told, of which there are four": """
        server.sessions.notifications.Notifications._turns
    """,
    "connections that listen, which their login limits": """
        server.sessions.notifications.Notifications._listeners
    """,
    "what a server in memory keeps, which is for tests": """
        server.sessions.forgetful_notifications.Forgetful.browsers
        server.sessions.forgetful_notifications.Forgetful.kept
        server.sessions.forgetful_notifications.Forgetful.mail
    """,
    "calls under way, which the budget of their login limits": """
        core.kernel.question_order.Questions._held
        core.kernel.reply_gate.ReplyGate._replies
        io.files.uploads.Uploads.busy
        io.kernels.kernelspec_cache.KernelspecCache._asking
        io.storage.journal._Batch.waiting
        server.methods.method.Connection._waits
        server.ports.confinement.Confinement.made
        server.people.budgets.Budget._intakes
        server.people.budgets.Budget._waiting
        server.ports.turns.Turns._rows
        server.sessions.feed.Feed._waiting
        server.sessions.kernel_usage.Usage._waiting
        server.sessions.pending_requests.PendingRequests._waiting
        server.sessions.session.Session._ends
        server.terminals.terminal.Terminal._ready
        server.terminals.terminal.Terminal._typed
        server.sessions.session.Session._news
    """,
    "executions that wait, each of which is in the journal": """
        core.kernel.client_messages.ClientMessages._runs
        core.kernel.client_messages.ClientMessages.inputs
        core.kernel.executions.Executions._asked_by
        core.kernel.executions.Executions.answers
        core.kernel.executions.Executions.inputs
        core.kernel.executions.Executions.open
        core.kernel.host_queue.HostQueue._early
        core.kernel.host_queue.HostQueue._forwarded
        core.kernel.host_queue.HostQueue._held
        host.commands.Commands._later
        server.sessions.kernel_connection.RequestQueue._waiting
    """,
    "widgets that live in the kernel, which holds each of them itself": """
        core.kernel.comm_fold.Comms._widgets
        core.kernel.comm_fold._Widget.pending
        core.kernel.output_capture.OutputCapture._captors
        core.kernel.output_capture.OutputCapture._widgets
    """,
    "messages of one batch of the host, flushed at its end": """
        core.kernel.kernel.Kernel._busy_with
        core.kernel.kernel.Kernel._dropped
        core.kernel.kernel.Kernel._ended
        core.kernel.kernel.Kernel._replies
    """,
    "events and blobs since the last commit or sync: the host sends a window and waits until they are written": """
        io.storage.blob_store.BlobStore._fresh
        io.storage.blob_store.BlobStore._unsynced
        io.storage.journal._Batch.bodies
        io.storage.journal._Batch.parts
    """,
    "messages that a full disk keeps out of the spool: the host reads nothing from its kernel meanwhile": """
        core.kernel.outbox.Outbox._overflow
    """,
    "open sessions, and their kernels": """
        server.notebooks.rooms.Rooms._promises
        io.kernels.launcher.LocalLauncher._children
        io.kernels.launcher.LocalLauncher._connected
        io.kernels.launcher.LocalLauncher._keys
        io.kernels.launcher.LocalLauncher._launched
        io.kernels.launcher.LocalLauncher._unwanted
        io.storage.journal.SqliteJournals._open
        io.storage.journal.SqliteJournals._pending
        io.storage.journal.SqliteJournals._retries
        io.storage.journal.SqliteJournals._unsynced
        server.methods.method.Connection._leaving
        server.methods.method.Connection.feeds
        server.methods.method.Connection.participants
        server.notebooks.autosave.Autosaves._all
        server.notebooks.temporary_sessions.TemporarySessions._watched
        server.people.presence.Presence._sessions
        server.sessions.kernel_pool.KernelPool.ready
        server.sessions.retention.Retention._checking
        server.sessions.sessions.Sessions._open
        server.sessions.sessions.Sessions._unreadable
    """,
    "open runs of notebooks, and the cells of one": """
        server.notebooks.runs.RunSupervisor._interrupted
        server.notebooks.runs.RunSupervisor._timers
        server.notebooks.runs.Runs._supervisors
    """,
    "connections, limited for each login and each link": """
        host.endpoint.Endpoint._connected
        server.notebooks.temporary_sessions.TemporarySessions._holders
        server.terminals.terminal_readers.TerminalReaders._readers
        server.people.presence._Attendance.participants
    """,
    "messages of one notification of a feed, which is paused while one of them waits for its large values": """
        io.jupyter.channels.ChannelsProtocol._outgoing
    """,
    "people who asked, each of them by a login: within the last minute, or in a session that they follow or left half a minute ago": """
        server.people.hands.Hands._asked
        server.people.hands.Hands._hands
    """,
    "terminals, `MAX_TERMINALS` of a server": """
        io.terminals.terminal_launcher.LocalTerminals._watches
    """,
    "messages of the host that are not acknowledged: it sends a window": """
        server.terminals.terminal.Terminal._ends
    """,
    "folders that are watched, `MAX_WATCHES` for a connection": """
        io.files.folder_watch.FolderWatch._all
        io.files.folder_watch.FolderWatch._by_wd
        server.methods.method.Connection._held
        server.methods.method.Connection.watches
    """,
    "logins, which the token alone makes; they end when they are not used": """
        server.people.logins.Logins._cookies
        server.people.logins.Logins._logins
    """,
    "files of the disk: kernelspecs, and journals that cannot be read": """
        io.kernels.launcher.LocalLauncher._ways
        io.storage.journal_repair.Check.blobs
        io.storage.journal_repair.Check.faults
        server.sessions.closed_sessions.ClosedSessions._unreadable
    """,
    "MiB and parts of journals: some bytes for each": """
        server.sessions.snapshots.Snapshots._marks
        server.sessions.snapshots.Snapshots._mebibytes
    """,
    "what the code itself names: channels, alarms, methods, observers, bounds": """
        host.channels.Channels.sockets
        host.kernel_lifecycle.Alarms._due
        host.watch.Watch._unsure
        io.web.metrics.Pulse.counts
        server.methods.api.Api._decoders
        server.methods.method.Methods.table
        server.people.login_connections.LoginConnections._counts
        server.people.login_connections.LoginConnections._ends
        server.sessions.observers.Observers._calls
        core.terminals.terminal_modes.TerminalModes._modes
        core.terminals.terminal_modes.TerminalModes._sets
    """,
}
"""Of what a buffer has one entry each, and what limits that."""


def kind_of(node: ast.expr | None) -> str:
    """The type that an annotation or a value begins with: `dict` for `dict[str, int] | None`, `dict(…)` and `{}`."""
    while isinstance(node, ast.Call | ast.Subscript | ast.BinOp):
        node = node.func if isinstance(node, ast.Call) else node.value if isinstance(node, ast.Subscript) else node.left
    return node.id if isinstance(node, ast.Name) else LITERALS.get(type(node).__name__, "")


def containers(owner: ast.ClassDef) -> Iterator[str]:
    """The attributes of a class that hold a list, dict, set or deque."""
    for node in ast.walk(owner):
        if isinstance(node, ast.AnnAssign) and kind_of(node.annotation) in KINDS:
            if isinstance(node.target, ast.Attribute):
                yield node.target.attr
            elif isinstance(node.target, ast.Name) and node in owner.body:
                yield node.target.id
        elif isinstance(node, ast.Assign) and kind_of(node.value) in KINDS:
            yield from (target.attr for target in node.targets if isinstance(target, ast.Attribute))


def grown(tree: ast.Module) -> Iterator[str]:
    """The attributes that something in a module adds to."""
    for node in ast.walk(tree):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in GROWING:
            targets = [node.func.value]
        elif isinstance(node, ast.Assign):
            targets = [target for target in node.targets if isinstance(target, ast.Subscript)]
        elif isinstance(node, ast.AugAssign):
            targets = [node.target]
        for place in targets:
            while isinstance(place, ast.Call | ast.Subscript):  # `self._rows.setdefault(who, deque()).append(work)`
                place = place.func if isinstance(place, ast.Call) else place.value
                if isinstance(place, ast.Attribute) and place.attr in GROWING:
                    place = place.value
            if isinstance(place, ast.Attribute):
                yield place.attr


def buffers(name: str, tree: ast.Module) -> Iterator[str]:
    """The buffers of the classes of a module."""
    added = set(grown(tree))
    for owner in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        yield from (f"{name}.{owner.name}.{attribute}" for attribute in sorted(added.intersection(containers(owner))))


class Bounded(SynchronousTestCase):
    """Law 12: every buffer has a named limit."""

    def test_bounded_every_buffer_is_listed_with_its_limit(self) -> None:
        """Once; and what is listed is there."""
        found = {
            buffer.removeprefix("webipy.")
            for name, tree in modules().items()
            if any(is_within(name, part) for part in WATCHED)
            for buffer in buffers(name, tree)
        }
        listed = [*NUMBERS, *(name for names in AS_MANY.values() for name in names.split())]
        self.assertEqual(sorted(found - set(listed)), [], "grows, and nothing is known that limits it")
        self.assertEqual(sorted(set(listed) - found), [], "is listed, and is no buffer")
        self.assertEqual(len(set(listed)), len(listed))

    def test_bounded_the_limits_are_numbers_that_are_read(self) -> None:
        """Each constant is a number, and its module does more with it than to name it."""
        for buffer, limit in NUMBERS.items():
            name = f"webipy.{buffer.rsplit('.', 2)[0]}"
            self.assertGreater(getattr(importlib.import_module(name), limit), 0, buffer)
            text = (PACKAGE.parent / (name.replace(".", "/") + ".py")).read_text("utf-8")
            self.assertGreater(len(re.findall(rf"\b{limit}\b(?!`)", text)), 1, f"{name} does not read {limit}")

    def test_bounded_a_buffer_that_is_new_is_found(self) -> None:
        """However it is declared and added to."""
        text = """
class A:
    rows: dict[str, list[int]] = field()
    last: deque[bytes] | None = None
    name: str = ""
    def __init__(self):
        self.found: list[int] = []
        self.plain = set()
        self.kept = {}
    def add(self, x):
        self.rows.setdefault(x, []).append(x)
        self.last.append(x)
        self.name += x
        self.found += [x]
        self.plain.add(x)
        self.kept[x] = x
"""
        names = [f"m.A.{name}" for name in ("found", "kept", "last", "plain", "rows")]
        self.assertEqual(list(buffers("m", ast.parse(text))), names)

    def test_bounded_a_flood_stays_within_the_limit(self) -> None:
        """Three times as much as each buffer may hold: its peak is the limit."""
        for name, (limit, add, size) in floods().items():
            peak = 0
            for number in range(3 * limit):
                add(number)
                peak = max(peak, size())
            self.assertEqual(peak, limit, name)


Flood = tuple[int, Callable[[int], object], Callable[[], int]]


def floods() -> dict[str, Flood]:
    """By buffer: its limit, what adds one to it, and how many it holds."""
    anonymous, attempts, codes = AnonymousConnections(300, 300), FailedAttempts(lambda: 0.0), Codes(lambda: 0.0)
    quotas, gate = Quotas(lambda: 0.0), ReplyGate()
    return {
        "anonymous": (300, lambda n: anonymous.opened(_Line(), f"10.0.{n >> 8}.{n & 255}"), lambda: len(anonymous)),
        "attempts": (
            MOST_ADDRESSES,
            lambda n: attempts.record(f"10.{n >> 8}.{n & 255}.1"),
            lambda: len(attempts._counts),
        ),
        "codes": (MAX_CODES, lambda n: codes.add(str(n), 60.0), lambda: len(codes._until)),
        "quotas": (MOST_KNOWN, lambda n: quotas.charge("s", access.marked(str(n)), 1), lambda: len(quotas._used)),
        "idles": (REMEMBERED_IDLES, lambda n: gate.idle(str(n)), lambda: len(gate._idle)),
    }


class _Line:
    """A connection that nothing happens to."""

    def abortConnection(self) -> None:
        """Ends it."""
