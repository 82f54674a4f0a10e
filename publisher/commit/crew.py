"""Many small writes. In: actions, one after the other. Out: all of them done, several at a time, few of them waiting: whoever makes them
faster than they are done is held up, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Semaphore
from types import TracebackType

WAITING = 4
"""Actions that may be begun or wait, for each worker."""


class Crew:
    """With one worker actions are done at once, in the caller's thread: threads that take turns on the processor take longer."""

    def __init__(self, workers: int) -> None:
        self._pool = ThreadPoolExecutor(workers) if workers > 1 else None
        self._free = Semaphore(workers * WAITING)
        self._failure: BaseException | None = None

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=kind is not None)
        if kind is None:
            self._check()

    def do(self, action: Callable[[], object]) -> None:
        """Raises what an earlier action raised."""
        if self._pool is None:
            action()
            return
        self._free.acquire()
        self._check()
        self._pool.submit(action).add_done_callback(self._done)

    def _done(self, task: Future[object]) -> None:
        if not task.cancelled():
            self._failure = self._failure or task.exception()
        self._free.release()

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure
