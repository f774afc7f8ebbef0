"""webipy.core.session.snapshot: `fold(log) == fold(snapshot(log[:k]) + log[k:])`."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Raw
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from webipy.core.events import events, outputs
from webipy.core.events.events import AnyEvent
from webipy.core.session.file_state import FileState
from webipy.core.session.lifecycle import LAST_CHECKPOINTS, LAST_LOSSES
from webipy.core.session.notebook import Notebook
from webipy.core.session.session_state import SessionState
from webipy.core.session.shown_outputs import LAST_WITHOUT_CELL
from webipy.core.session.snapshot import snapshot_of

CELLS = ("a", "b", "c")


def numbered(log: list[AnyEvent]) -> list[AnyEvent]:
    """The same events with dense seqs, without those that could not happen."""
    notebook, known, open_now, started = Notebook(), set[str](), set[str](), set[str]()
    origin = FileState()
    possible: list[AnyEvent] = []
    for event in log:
        if not _can_happen(event, notebook, known, open_now):
            continue
        if isinstance(event, events.ExecutionStarted) and event.execution in started:
            continue
        if isinstance(event, events.NotebookConflicted | events.NotebookSaveFailed) and origin.path is None:
            continue
        notebook.apply(event)
        origin.apply(event)
        if isinstance(event, events.ExecutionQueued):
            known.add(event.execution)
            open_now.add(event.execution)
        elif isinstance(event, events.ExecutionFinished):
            open_now.discard(event.execution)
        elif isinstance(event, events.ExecutionStarted):
            started.add(event.execution)
        possible.append(msgspec.structs.replace(event, seq=len(possible) + 1, time="t"))
    return possible


def _can_happen(event: AnyEvent, notebook: Notebook, known: set[str], open_now: set[str]) -> bool:
    match event:
        case events.CellInserted():
            return not notebook.has(event.cell) and (event.after is None or notebook.has(event.after))
        case events.CellDeleted() | events.CellTypeSet() | events.CellMetadataSet() | events.CellOutputsSet():
            return notebook.has(event.cell)
        case events.CellAttachmentsSet():
            return notebook.has(event.cell)
        case events.CellMoved():
            return (
                notebook.has(event.cell)
                and event.after != event.cell
                and (event.after is None or notebook.has(event.after))
            )
        case events.ExecutionQueued():
            return event.execution not in known and (event.cell is None or notebook.has(event.cell))
        case events.ExecutionFinished() | events.ExecutionStarted() | events.OutputAdded() | events.OutputsCleared():
            return event.execution in open_now
        case _:
            return True


def state(log: list[AnyEvent]) -> object:
    """What a reader shows: the cells with what is under them, open executions, prompts, the kernel."""
    notebook, shown = Notebook(), outputs.fold(log)
    inputs: dict[str, AnyEvent] = {}
    runs: dict[str, list[str]] = {}
    kernel: dict[str, AnyEvent] = {}
    laid: dict[str | None, list[Raw]] = {}
    origin, checkpoints = FileState(), []
    for event in log:
        notebook.apply(event)
        origin.apply(event)
        match event:
            case events.CellOutputsSet():
                laid[event.cell] = event.outputs
            case events.CellDeleted():
                laid.pop(event.cell, None)
            case events.CellOutputsCleared():
                laid = {} if event.cell is None else {cell: o for cell, o in laid.items() if cell != event.cell}
            case events.CheckpointMade():
                checkpoints.append(event)
            case events.ExecutionQueued():
                runs[event.execution] = ["queued"]
                laid.pop(event.cell, None)
            case events.ExecutionStarted() | events.ExecutionFinished():
                runs[event.execution].append(type(event).__name__)
            case events.InputRequested():
                inputs[event.request] = event
            case events.InputReplied():
                inputs.pop(event.request, None)
            case events.KernelStarted():
                kernel = {"started": event}
            case events.KernelStateChanged():
                kernel["state"] = event
            case _:
                pass
    cells = [
        (
            c.id,
            c.cell_type,
            c.source,
            c.version,
            c.execution,
            shown.get(c.execution or "", []),
            runs.get(c.execution or ""),
            c.ran_version,
            c.metadata,
            laid.get(c.id) if c.execution is None else None,
        )
        for c in notebook.cells()
    ]
    unfinished = {run: (shown.get(run, []), told) for run, told in runs.items() if told[-1] != "ExecutionFinished"}
    return cells, unfinished, sorted(inputs), kernel, notebook.metadata, origin, checkpoints


def _text(name: str, text: str) -> Raw:
    return outputs.stream(name, text)


def _display(number: int) -> Raw:
    return Raw(b'{"output_type":"display_data","data":{"text/plain":"%d"},"metadata":{}}' % number)


executions = st.integers(0, 6).map(str)
cells = st.sampled_from(CELLS)
places = st.one_of(st.none(), cells)
one_event: st.SearchStrategy[AnyEvent] = st.one_of(
    st.builds(
        lambda c, a, s: events.CellInserted(cell=c, after=a, cell_type="code", source=s),
        cells,
        places,
        st.text(max_size=3),
    ),
    st.builds(lambda c: events.CellDeleted(cell=c), cells),
    st.builds(lambda c, a: events.CellMoved(cell=c, after=a), cells, places),
    st.builds(lambda c: events.CellTypeSet(cell=c, cell_type="markdown"), cells),
    st.builds(lambda c: events.CellOutputsCleared(cell=c), places),
    st.builds(
        lambda c, n: events.CellOutputsSet(cell=c, outputs=[_display(n)], execution_count=n or None),
        cells,
        st.integers(0, 9),
    ),
    st.builds(lambda c, n: events.CellMetadataSet(cell=c, metadata=Raw(b'{"n":%d}' % n)), cells, st.integers(0, 9)),
    st.builds(
        lambda c, n: events.CellAttachmentsSet(cell=c, attachments=Raw(b'{"%d":{}}' % n) if n else UNSET),
        cells,
        st.integers(0, 9),
    ),
    st.builds(lambda n: events.NotebookMetadataSet(metadata=Raw(b'{"n":%d}' % n)), st.integers(0, 9)),
    st.builds(lambda p: events.NotebookOpened(path=p, etag="e"), executions),
    st.builds(lambda p, u: events.NotebookSaved(path=p, etag="f", until=u), executions, st.integers(0, 9)),
    st.builds(lambda p: events.NotebookConflicted(path=p, reason="r", etag="g"), executions),
    st.builds(lambda p: events.NotebookSaveFailed(path=p, reason="r"), executions),
    st.builds(lambda n: events.CheckpointMade(name=n), executions),
    st.builds(
        lambda e, c, v: events.ExecutionQueued(execution=e, code="x", cell=c, version=v),
        executions,
        places,
        st.integers(0, 2),
    ),
    st.builds(lambda e: events.ExecutionStarted(execution=e, execution_count=1), executions),
    st.builds(lambda e: events.ExecutionFinished(execution=e, status="ok", duration_s=1), executions),
    st.builds(
        lambda e, n, t: events.OutputAdded(execution=e, output=_text(n, t)),
        executions,
        st.sampled_from(["stdout", "stderr"]),
        st.text(max_size=3),
    ),
    st.builds(
        lambda e, n: events.OutputAdded(execution=e, output=_display(n), display_id="d"), executions, st.integers(0, 9)
    ),
    st.builds(
        lambda n: events.OutputUpdated(display_id="d", data=Raw(b'{"text/plain":"%d"}' % n), metadata=Raw(b"{}")),
        st.integers(0, 9),
    ),
    st.builds(lambda e, w: events.OutputsCleared(execution=e, wait=w), executions, st.booleans()),
    st.builds(lambda r: events.InputRequested(request=r, prompt="?"), executions),
    st.builds(lambda r: events.InputReplied(request=r, withdrawn=True), executions),
    st.builds(
        lambda: events.KernelStarted(
            kernel="k", kernelspec="p", display_name="P", language="python", url_without_key="ipc://x"
        )
    ),
    st.builds(lambda s: events.KernelStateChanged(state=s), st.sampled_from(["idle", "busy", "dead"])),
)


class SnapshotTests(SynchronousTestCase):
    """What a reader that is far behind is given."""

    def test_a_snapshot_and_the_tail_fold_to_what_the_log_folds_to(self) -> None:
        """For every log and every place in it."""

        @examples(200)
        @given(st.lists(one_event, max_size=40), st.integers(0, 40))
        def holds(log: list[AnyEvent], place: int) -> None:
            log = numbered(log)
            place = min(place, len(log))
            snapshot = SessionState()
            for event in log[:place]:
                snapshot.apply(event)
            self.assertEqual(state([*snapshot_of(snapshot), *log[place:]]), state(log))

        holds()

    def test_outputs_that_were_put_away_stay_away(self) -> None:
        """Also while what writes them still runs."""
        snapshot = SessionState()
        for event in numbered(
            [
                events.CellInserted(cell="a", after=None, cell_type="code", source="x"),
                events.ExecutionQueued(execution="e", code="x", cell="a"),
                events.CellOutputsCleared(cell=None),
            ]
        ):
            snapshot.apply(event)
        notebook = Notebook()
        for event in snapshot_of(snapshot):
            notebook.apply(event)
        self.assertEqual([cell.execution for cell in notebook.cells()], [None])

    def test_outputs_that_events_put_under_cells_stay_there(self) -> None:
        """With their count and the version that they came from; what was put under a cell that is gone is gone."""
        whole = SessionState()
        put = events.CellOutputsSet(cell="a", outputs=[_display(1)], execution_count=3)
        log: list[AnyEvent] = [
            events.CellInserted(cell="a", after=None, cell_type="code", source="x"),
            events.CellInserted(cell="b", after="a", cell_type="code", source="y"),
            put,
            events.CellEdited(cell="a", version=1, changes=[1, [0, "z"]]),
            events.CellOutputsSet(cell="b", outputs=[_display(2)]),
            events.CellDeleted(cell="b"),
        ]
        for seq, event in enumerate(log, 1):
            whole.apply(msgspec.structs.replace(event, seq=seq))
        again = SessionState()
        for one in snapshot_of(whole):
            again.apply(one)
        self.assertEqual(list(again.outputs.put), ["a"])
        kept = again.outputs.put["a"]
        self.assertEqual((list(map(bytes, kept.outputs)), kept.execution_count), ([bytes(_display(1))], 3))
        self.assertEqual((again.notebook.get("a").is_stale, whole.notebook.get("a").is_stale), (True, True))

    def test_a_snapshot_of_a_snapshot_is_the_same(self) -> None:
        """Folding it again changes nothing, so a journal may keep one in place of its oldest events."""

        @examples(100)
        @given(st.lists(one_event, max_size=40))
        def holds(log: list[AnyEvent]) -> None:
            once, twice = SessionState(), SessionState()
            for event in numbered(log):
                once.apply(event)
            for event in snapshot_of(once):
                twice.apply(event)
            self.assertEqual(
                [events.encode(e) for e in snapshot_of(twice)], [events.encode(e) for e in snapshot_of(once)]
            )

        holds()

    def test_long_text_is_cut_and_says_so(self) -> None:
        """Head and tail are kept, `omitted` tells where and how much; the tail goes on growing."""
        snapshot = SessionState()
        snapshot.apply(events.ExecutionQueued(seq=1, execution="e", code="x"))
        text = "".join(f"{number:03}\n" for number in range(100))
        for at in range(0, len(text), 7):
            snapshot.apply(events.OutputAdded(seq=2 + at, execution="e", output=_text("stdout", text[at : at + 7])))
        (added,) = [event for event in snapshot_of(snapshot, 40) if isinstance(event, events.OutputAdded)]
        shown = msgspec.json.decode(added.output, type=outputs.Stream).text
        assert added.omitted is not None
        at, characters = added.omitted.at, added.omitted.characters
        self.assertEqual(len(shown) + characters, len(text))
        self.assertEqual(shown[:at], text[:at])
        self.assertEqual(shown[at:], text[at + characters :])
        self.assertTrue(len(shown) <= 40 * 2 + 40)

    def test_only_the_last_executions_without_a_cell_are_kept(self) -> None:
        """Those of the command line are shown below the cells, the newest of them."""
        snapshot = SessionState()
        for number in range(LAST_WITHOUT_CELL + 5):
            snapshot.apply(events.ExecutionQueued(seq=2 * number + 1, execution=str(number), code="x"))
            snapshot.apply(
                events.ExecutionFinished(seq=2 * number + 2, execution=str(number), status="ok", duration_s=0)
            )
        kept = [event.execution for event in snapshot_of(snapshot) if isinstance(event, events.ExecutionQueued)]
        self.assertEqual(kept, [str(number) for number in range(5, LAST_WITHOUT_CELL + 5)])

    def test_what_is_kept_of_each_kind(self) -> None:
        """A table: what has happened, and the numbers of the events that are left, in their order."""
        created = events.SessionCreated(session="s", title="t", temporary=True)
        started = events.KernelStarted(
            kernel="k", kernelspec="p", display_name="P", language="python", url_without_key="ipc://x"
        )
        idle, busy = events.KernelStateChanged(state="idle"), events.KernelStateChanged(state="busy")
        died = events.KernelDied(kernel="k", reason="r")
        run, stopped = events.RunStarted(run="r", executions=1), events.RunStopped(run="r", cause="asked")
        other_run, finished = events.RunStarted(run="q", executions=2), events.RunFinished(run="r", status="ok")
        lost, comm = (
            events.OutputLost(reason="r"),
            events.CommOpened(comm="c", target="x", content=Raw(b"{}"), metadata=Raw(b"{}")),
        )
        asked = events.InputRequested(request="i", prompt="?")
        saved = events.CheckpointMade(name="n")
        table: dict[str, tuple[list[AnyEvent], list[int]]] = {
            "the last title": ([created, events.SessionRenamed(title="a"), events.SessionRenamed(title="b")], [1, 3]),
            "the end": ([created, events.SessionClosed()], [1, 2]),
            "no end that was undone": ([created, started, events.SessionClosed(), events.SessionReopened()], [1, 4]),
            "the kernel's start and its last state": ([started, busy, idle, died, busy], [1, 4, 5]),
            "of the last kernel alone": ([started, busy, died, started], [4]),
            "an open run": ([run, stopped], [1, 2]),
            "no run that has finished": ([run, other_run, stopped, finished], [2]),
            "no end of an unknown run": ([stopped, finished], []),
            "losses": ([lost, lost], [1, 2]),
            "checkpoints": ([saved, saved], [1, 2]),
            "a comm": ([comm], [1]),
            "no comm that was closed": ([comm, events.CommClosed(comm="c", content=Raw(b"{}"))], []),
            "a prompt that waits": ([asked, lost], [1, 2]),
            "no prompt that was answered": ([asked, events.InputReplied(request="i")], []),
        }
        for what, (log, kept) in table.items():
            snapshot = SessionState()
            for number, event in enumerate(log, 1):
                snapshot.apply(msgspec.structs.replace(event, seq=number, time="t"))
            self.assertEqual(sorted(event.seq for event in snapshot_of(snapshot)), kept, what)

    def test_a_session_that_is_kept_is_temporary_no_more(self) -> None:
        """Neither since it was created nor since it was reopened."""
        snapshot = SessionState()
        for event in (
            events.SessionCreated(seq=1, session="s", title="t", temporary=True),
            events.SessionReopened(seq=2, temporary=True),
            events.SessionKept(seq=3),
        ):
            snapshot.apply(event)
        created, reopened = snapshot_of(snapshot)
        assert isinstance(created, events.SessionCreated) and isinstance(reopened, events.SessionReopened)
        self.assertEqual((created.temporary, reopened.temporary), (False, False))

    def test_an_execution_that_is_over_is_forgotten_with_the_next_of_its_cell(self) -> None:
        """One that runs on is kept until it is over."""
        snapshot = SessionState()

        def kept(*log: AnyEvent) -> list[str]:
            for event in log:
                snapshot.apply(event)
            return [event.execution for event in snapshot_of(snapshot) if isinstance(event, events.ExecutionQueued)]

        def queued(execution: str) -> AnyEvent:
            return events.ExecutionQueued(execution=execution, code="x", cell="a")

        def over(execution: str) -> AnyEvent:
            return events.ExecutionFinished(execution=execution, status="ok", duration_s=0)

        inserted = events.CellInserted(cell="a", after=None, cell_type="code", source="x")
        self.assertEqual(kept(inserted, queued("1")), ["1"])
        self.assertEqual(kept(queued("2")), ["1", "2"])
        self.assertEqual(kept(over("1")), ["2"])
        self.assertEqual(kept(over("2")), ["2"])
        self.assertEqual(kept(queued("3")), ["3"])

    def test_executions_are_kept_in_the_order_of_the_queue(self) -> None:
        """One that was moved is before the other, or at the end; who moves what is not there changes nothing."""
        snapshot = SessionState()

        def order(event: AnyEvent) -> list[str]:
            snapshot.apply(event)
            return [event.execution for event in snapshot_of(snapshot) if isinstance(event, events.ExecutionQueued)]

        for execution in "abc":
            order(events.ExecutionQueued(execution=execution, code="x"))
        self.assertEqual(order(events.ExecutionMoved(execution="c", before="b")), ["a", "c", "b"])
        self.assertEqual(order(events.ExecutionMoved(execution="a")), ["c", "b", "a"])
        self.assertEqual(order(events.ExecutionMoved(execution="b", before="gone")), ["c", "a", "b"])
        self.assertEqual(order(events.ExecutionMoved(execution="gone", before="a")), ["c", "a", "b"])

    def test_there_are_limits(self) -> None:
        """The newest losses and checkpoints are kept."""
        for kind, limit in (
            (events.OutputLost(reason="r"), LAST_LOSSES),
            (events.CheckpointMade(name="n"), LAST_CHECKPOINTS),
        ):
            snapshot = SessionState()
            for number in range(1, limit + 3):
                snapshot.apply(msgspec.structs.replace(kind, seq=number))
            self.assertEqual([event.seq for event in snapshot_of(snapshot)], list(range(3, limit + 3)))
