"""Workers of a Dask cluster. In: `local:N` or the address of a scheduler. Out: Workers.

Dask's scheduler places tasks and gives those of a worker that died to another one; nothing of that kind is here. A cluster on this machine
lives for as long as its run; one elsewhere must see the same folders under the same names and have the same versions.
"""

from __future__ import annotations

import logging
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from multiprocessing import current_process
from typing import Any, Self

import dask
from distributed import Client, Future, KilledWorker, LocalCluster, as_completed

from publisher.errors import UsageError
from publisher.load import tool_version
from publisher.run.workers import Result, Task

SECONDS = 10
"""How long a scheduler may take to answer."""
_DECIDING = ("duckdb", "frictionless")
"""Libraries on whose version bytes depend."""
UNWATCHED = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "10s",
    # by default a worker would give memory back, and ask for it again, with every megabyte that is read; and say when it is slow
    "distributed.nanny.pre-spawn-environ": {"DASK_LOGGING__DISTRIBUTED": "critical"},
}
"""Nobody looks at what Dask records of a cluster that ends with its run, nor is memory short: by default both take a tenth of the
processors."""


class Cluster:
    """`place` is `local:N` or `tcp://host:port`. Workers of one on this machine are there from the first work until the context ends."""

    threads = 1

    def __init__(self, place: str) -> None:
        self._place = place
        self._opened = ExitStack()
        self._client: Client | None = None
        self._futures: list[Future[Any]] = []

    def __enter__(self) -> Self:
        self._opened.enter_context(_quiet())
        return self

    def __exit__(self, *error: object) -> None:
        self._stop()
        self._opened.close()

    def _stop(self) -> None:
        """Leave no work to be done by anybody: a cluster that ends waits for what its workers are at."""
        if self._client is not None and self._futures:
            self._client.cancel(self._futures, force=True)
        self._futures = []

    def memory(self, setting: str) -> str:
        """Half of the setting: a worker's own share is as large, and there are several on a machine."""
        amount = int(setting[:-2]) * (1000 if setting.endswith("GB") else 1)
        return f"{max(1, amount // 2)}MB"

    def each(
        self,
        work: Callable[[Task], Result],
        tasks: Sequence[Task],
        failed: Callable[[Task, Exception], Result] | None = None,
    ) -> Iterator[tuple[int, Result]]:
        """The place of each task with its result, in the order in which they end. Raises UsageError where the cluster cannot be reached or
        has other versions; of a task what `work` raises, or UsageError if several workers were lost over it, unless `failed` makes a
        result of that."""
        if not tasks:
            return
        if self._client is None:
            self._client = self._opened.enter_context(self._open())
        self._futures = futures = [self._client.submit(work, task, pure=False) for task in tasks]
        places = {future.key: place for place, future in enumerate(futures)}
        try:
            for future, result in as_completed(futures, with_results=True, raise_errors=False):
                place = places[future.key]
                if future.status == "error":
                    error = _told(future.exception())
                    if failed is None:
                        raise error
                    result = failed(tasks[place], error)
                yield place, result
        finally:
            self._stop()

    @contextmanager
    def _open(self) -> Iterator[Client]:
        kind, _, count = self._place.partition(":")
        if kind == "local":
            with (
                tempfile.TemporaryDirectory(prefix="publisher-", ignore_cleanup_errors=True) as scratch,
                dask.config.set({"temporary-directory": scratch, **UNWATCHED}),
                _start(int(count)) as cluster,
                Client(cluster) as client,
            ):
                yield client
            return
        try:
            client = Client(self._place, timeout=SECONDS)
        except (OSError, TimeoutError) as error:
            raise UsageError(
                f"{self._place}: no scheduler answers there: {error}",
                "Start one (`dask scheduler`), or correct `cluster`.",
            ) from error
        with client:
            self._compare(client)
            yield client

    def _compare(self, client: Client) -> None:
        """Other versions could give other bytes."""
        own = versions()
        for worker, its in client.run(versions).items():
            if its != own:
                raise UsageError(
                    f"{self._place}: worker {worker} has {its}, this machine {own}",
                    "Install the same versions on both.",
                )


def _start(count: int) -> LocalCluster:
    """Workers on this machine. Each reads the script from which it was begun once more, and would begin workers itself, without end, where
    nothing keeps the script from it: such a process ends here, and the first one says why."""
    if getattr(current_process(), "_inheriting", False):
        sys.exit(UsageError.exit_code)
    try:
        # DuckDB has a limit of its own, beyond which it spills
        return LocalCluster(n_workers=count, threads_per_worker=1, memory_limit=0, dashboard_address="127.0.0.1:0")
    except RuntimeError as error:
        raise UsageError(
            f"local:{count}: workers could not be started: {error}",
            'In a script, publish below `if __name__ == "__main__":`, since workers read it from its top.',
        ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """What Dask says of its own life is for nobody who publishes; what goes wrong is raised."""
    logger = logging.getLogger("distributed")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def _told(error: Exception) -> Exception:
    """What a task ended with, as people are told of it."""
    if not isinstance(error, KilledWorker):
        return error
    told = UsageError(
        f"the cluster lost several workers over the same task: {error}",
        "Look into the workers' logs; give them more memory, or lower the setting `memory`.",
    )
    told.__cause__ = error
    return told


def versions() -> dict[str, str]:
    """What decides the bytes of a part besides its task."""
    return {"publisher": tool_version(), **{name: version(name) for name in _DECIDING}}
