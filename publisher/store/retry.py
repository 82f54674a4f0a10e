"""When to try again. In: how often, how long, a clock, a way to wait, randomness. Out: tries with growing pauses between them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from publisher.errors import Conflict, StoreError, Unavailable

T = TypeVar("T")

TRANSIENT: tuple[type[StoreError], ...] = (Unavailable, Conflict)


@dataclass(frozen=True, slots=True)
class Retry:
    """At most `tries`, within `budget` seconds. The pause before the nth repetition is drawn from the upper half of `first` * 2^n
    seconds, at most `most`, so that publishers that failed together do not come back together."""

    tries: int = 8
    first: float = 0.1
    most: float = 5.0
    budget: float = 120.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = random.random

    def attempts(self) -> Iterator[int]:
        """Numbers from 0 on, waiting in between; ends when tries or time are used up."""
        started = self.clock()
        for number in range(self.tries):
            yield number
            pause = min(self.most, self.first * 2**number) * (0.5 + 0.5 * self.random())
            if number + 1 == self.tries or self.clock() + pause - started > self.budget:
                return
            self.sleep(pause)

    def call(self, action: Callable[[], T], on: tuple[type[StoreError], ...] = TRANSIENT) -> T:
        """`action` until it ends otherwise than with one of `on`. Only for what may be done twice. Raises its last error."""
        last: StoreError | None = None
        for _ in self.attempts():
            try:
                return action()
            except on as error:
                last = error
        assert last is not None
        raise last


NEVER = Retry(tries=1)
