"""Whether a loop is alive. In: a way to wait, a clock. Out: the same way to wait, and what is wrong where nobody comes back to it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from publisher.scheduler.loop import Call, Wait

PATIENCE = 300.0
"""Seconds that a step may take: all that the store's tries and alerts may wait for, and more."""


class Heart:
    """Beats whenever the loop begins or ends to wait. `clock` counts seconds; asked from another thread."""

    def __init__(self, wait: Wait, clock: Callable[[], float]) -> None:
        self._wait = wait
        self._clock = clock
        self._expected = clock()

    def wait(self, seconds: float) -> Collection[Call]:
        """Wait as was given."""
        self._expected = self._clock() + min(seconds, 3600.0)
        calls = self._wait(seconds)
        self._expected = self._clock()
        return calls

    def problems(self) -> Mapping[str, str]:
        """Empty while the loop beats."""
        late = self._clock() - self._expected
        return {"scheduler": f"it has not come back for {late:.0f} seconds"} if late > PATIENCE else {}
