"""Who does the work on parts. In: tasks that are plain values. Out: what came of each, as it is done, in this process or on a cluster.

With Dask, its scheduler places tasks, and gives those of a worker that died to another one; nothing of that kind is here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


class Workers(Protocol):
    """Something that does tasks."""

    def each(self, work: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[tuple[int, Result]]:
        """The place of each task with its result, in the order in which they end. Raises what `work` raises."""


class Here:
    """This process, one task after the other: DuckDB uses all cores for each."""

    def each(self, work: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[tuple[int, Result]]:
        for place, task in enumerate(tasks):
            yield place, work(task)
