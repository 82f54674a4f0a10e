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

    def each(
        self,
        work: Callable[[Task], Result],
        tasks: Sequence[Task],
        failed: Callable[[Task, Exception], Result] | None = None,
    ) -> Iterator[tuple[int, Result]]:
        """The place of each task with its result, in the order in which they end. Raises what `work` raises, unless `failed` makes a
        result of it."""


class Here:
    """This process, one task after the other: DuckDB uses all cores for each."""

    threads = None

    def memory(self, setting: str) -> str:
        return setting

    def each(
        self,
        work: Callable[[Task], Result],
        tasks: Sequence[Task],
        failed: Callable[[Task, Exception], Result] | None = None,
    ) -> Iterator[tuple[int, Result]]:
        for place, task in enumerate(tasks):
            try:
                result = work(task)
            except Exception as error:
                if failed is None:
                    raise
                result = failed(task, error)
            yield place, result
