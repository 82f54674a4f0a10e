"""Signals as calls to a loop. In: SIGTERM, SIGINT, SIGHUP, SIGCHLD. Out: a way to wait that wakes for them and says what they ask.

The system writes each signal's number into a pipe (signal.set_wakeup_fd), which the loop waits on, so that none is lost between a look
and a wait. For a loop that is stuck in a request when it is told to stop, there is an alarm once the time to stop is over.
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from publisher.scheduler.loop import Call

_CALLS: dict[int, Call] = {signal.SIGTERM: "stop", signal.SIGINT: "stop", signal.SIGHUP: "reload"}
_WATCHED = (*_CALLS, signal.SIGCHLD, signal.SIGALRM)


class Signals:
    """See the module's text. Only in the main thread."""

    def __init__(self, pipe: int, limit: float, give_up: Callable[[], None]) -> None:
        self._pipe = pipe
        self._limit = limit
        self._give_up = give_up
        self.stopped = False

    def wait(self, seconds: float) -> frozenset[Call]:
        """Up to so many seconds, or until a signal. Returns what signals ask for."""
        ready, _, _ = select.select([self._pipe], [], [], min(seconds, 3600.0))
        came = os.read(self._pipe, 4096) if ready else b""
        return frozenset(_CALLS[number] for number in came if number in _CALLS)

    def heed(self, number: int, _frame: FrameType | None) -> None:
        """The handler of every watched signal."""
        if number == signal.SIGALRM:
            self._give_up()
        elif _CALLS.get(number) == "stop" and not self.stopped:
            self.stopped = True
            signal.setitimer(signal.ITIMER_REAL, self._limit)


@contextmanager
def watch_signals(limit: float, give_up: Callable[[], None]) -> Iterator[Signals]:
    """Signals from here on; `limit` seconds after the first that asks to stop, `give_up` is called wherever the program is."""
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    signals = Signals(read, limit, give_up)
    before = {number: signal.signal(number, signals.heed) for number in _WATCHED}
    wakeup = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    try:
        yield signals
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.set_wakeup_fd(wakeup)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(read)
        os.close(write)
