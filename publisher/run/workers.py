"""Who does the work on parts. In: tasks that are plain values. Out: what came of each, as it is done (cluster.py: by other processes)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


class Workers(Protocol):
    """Something that does tasks."""

    @property
    def threads(self) -> int | None:
        """Threads that a task may use; None: as many as there are."""

    def memory(self, setting: str) -> str:
        """What DuckDB may use for a task, of what the setting `memory` says."""

    def each(self, work: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[tuple[int, Result]]:
        """The place of each task with its result, in the order in which they end. Raises what `work` raises."""


class Here:
    """This process, one task after the other: DuckDB uses all cores for each."""

    threads = None

    def memory(self, setting: str) -> str:
        return setting

    def each(self, work: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[tuple[int, Result]]:
        for place, task in enumerate(tasks):
            yield place, work(task)
