"""What an interrupt does in a kernel, and that it does it at once.

Purpose: SIGINT ends the user's code wherever that is, and nothing of ipykernel's. `boot` has one `Interrupts`: it is the handler of the signal, and
`boot` tells it where requests and cells begin and end.

Data flow: the system runs Python's own handler, which notes the signal and writes its number into a pipe; the main thread calls `strike` before
its next instruction. Where it waits in a call of the system, the signal ends that call first: but not when the signal came in the
microseconds between the last instruction and the call, nor when the system gave it to another thread. Then nobody would look before the call
is over, and `time.sleep(600)` took ten minutes to be interrupted. So a thread reads the pipe. It wakes the loop of the main thread, and where
`strike` was not called `NUDGES_S` later, it sends the main thread a signal that does nothing but end the call.

Invariants: a nudge raises nothing and ends no code; calls of Python's library go on after it with what time they had left (PEP 475).

Rejected: SIGINT once more, which would end what the first one has already reached, or the cell after it; a timer that looks every few
milliseconds, which wakes an idle machine.
"""

from __future__ import annotations

import os
import signal
import threading
from time import monotonic, sleep

STUBBORN_S = 1.0  # an interrupt that had no effect for so long lets the next one strike wherever it is
NUDGES_S = (0.02, 0.2, 1.0)  # waits before each signal that ends a call in which the main thread misses an interrupt
NUDGE = signal.SIGURG  # nobody else has a use for it, and without a handler it does nothing


class Interrupts:
    """What SIGINT does, by where it finds the kernel's main thread.

    - In the user's code, however deep: `KeyboardInterrupt`, there. That is below the frames of `doors`.
    - In a cell that awaits: its task is cancelled.
    - In ipykernel, while it handles a request: it strikes when the user's code begins, if it does.
    - Elsewhere: nothing. There is nothing to interrupt.

    Where the second of two has found the first one without effect for `STUBBORN_S`, it strikes wherever it is.
    """

    def __init__(self) -> None:
        self.doors = set()  # type: ignore[var-annotated]  # code objects that call the user's code and stand what it raises
        self.is_due = False
        self.has_struck = False
        self.cell = None  # the task of a cell that may await
        self._handling, self._since_s, self._strikes = 0, 0.0, 0
        self._main = threading.main_thread()
        self._wakes = -1

    @property
    def is_here(self) -> bool:
        """Whether this is the thread that signals interrupt."""
        return threading.current_thread() is self._main

    def begin(self) -> None:
        """Notes that a request is being handled."""
        if not self._handling:
            self.is_due = self.has_struck = False
        self._handling += 1
        if signal.getsignal(signal.SIGINT) is not self.strike:  # the user's code had one of its own
            signal.signal(signal.SIGINT, self.strike)
        theirs = signal.set_wakeup_fd(self._wakes, warn_on_full_buffer=False)
        if theirs not in (-1, self._wakes):  # a loop of the user's code hears of its signals by it
            signal.set_wakeup_fd(theirs)

    def end(self) -> None:
        """Notes that a request was handled."""
        self._handling -= 1

    def claim(self) -> bool:
        """Whether an interrupt is due; it is not any more after that."""
        is_due = self.is_due and self.is_here
        if is_due:
            self.is_due, self.has_struck = False, True
        return is_due

    def wake(self, loop) -> None:  # type: ignore[no-untyped-def]
        """Let signals wake the main thread, whichever thread the system gives them to and whatever call of the system it has just begun."""
        woken, self._wakes = os.pipe()
        os.set_blocking(self._wakes, False)
        signal.set_wakeup_fd(self._wakes, warn_on_full_buffer=False)
        if signal.getsignal(NUDGE) == signal.SIG_DFL:
            signal.signal(NUDGE, lambda number, frame: None)
        threading.Thread(target=self._watch, args=(woken, loop), name="Interrupts", daemon=True).start()

    def _watch(self, woken, loop) -> None:  # type: ignore[no-untyped-def]
        known = 0
        while True:
            numbers = os.read(woken, 4096)
            try:
                loop.call_soon_threadsafe(int)
            except RuntimeError:  # the loop is closed: the kernel ends
                return
            if signal.SIGINT not in numbers:
                continue
            for wait_s in NUDGES_S:
                sleep(wait_s)
                if self._strikes != known:
                    break
                signal.pthread_kill(self._main.ident, NUDGE)  # type: ignore[arg-type]  # it has begun
            known = self._strikes

    def strike(self, number, frame):  # type: ignore[no-untyped-def]
        """Handles SIGINT.

        Args:
            number: Number of the signal.
            frame: Frame that it interrupts.

        Raises:
            KeyboardInterrupt: The user's code runs there.
        """
        self._strikes += 1
        now_s = monotonic()
        is_stubborn = self.is_due and now_s - self._since_s > STUBBORN_S
        if self._is_in_code(frame) or (is_stubborn and not _waits(frame)):
            self.is_due, self.has_struck = False, True
            raise KeyboardInterrupt
        if not self.is_due:
            self._since_s = now_s
        self.is_due = not _waits(frame)
        if self.cell is not None and not self.cell.done():
            self.has_struck = True
            self.cell.get_loop().call_soon_threadsafe(self.cell.cancel)

    def _is_in_code(self, frame) -> bool:  # type: ignore[no-untyped-def]
        while frame.f_back is not None:
            inner, frame = frame, frame.f_back
            if frame.f_code in self.doors and inner.f_code.co_filename != frame.f_code.co_filename:
                return True
        return False


def _waits(frame) -> bool:  # type: ignore[no-untyped-def]
    """Tell whether the main thread waits for the next request."""
    return str(frame.f_code.co_filename).endswith("selectors.py")
