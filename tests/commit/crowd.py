"""Publishers that start at once. In: `TARGET THREADS`, and a round as JSON on each line of input. Out: what each thread heard.

Run as `python -m tests.commit.crowd`, several times side by side: threads and processes race alike.
"""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from publisher.errors import PublisherError
from publisher.store import open_store
from publisher.store.base import Store
from publisher.store.retry import Retry
from tests.commit.world import Publisher, cats

PATIENT = Retry(tries=200, first=0.02, most=0.5, budget=3000)
"""How quick the machine is, which others use as well, is not what is tested."""


def run(store: Store, order: dict[str, Any], number: int, read_at: str) -> list[Any]:
    """Number, how it ended, version. Any error is told by its name and text."""
    publisher = Publisher(
        store,
        cats(number),
        read_at=read_at,
        run=f"run-{number}",
        package=order["package"],
        workers=2,
        retry=PATIENT,
    )
    try:
        receipt = publisher.publish()
    except PublisherError as error:
        return [number, type(error).__name__, str(error)]
    return [number, receipt.outcome, receipt.version]


def main() -> None:
    target, threads = sys.argv[1], int(sys.argv[2])
    store = open_store(target, env=os.environ, retry=Retry(tries=12, budget=600))
    store.probe()
    print("ready", flush=True)
    with ThreadPoolExecutor(threads) as pool:
        for line in sys.stdin:
            order = json.loads(line)
            tasks = [pool.submit(run, store, order, number, read_at) for number, read_at in order["publishers"]]
            print(json.dumps([task.result() for task in tasks]), flush=True)


if __name__ == "__main__":
    main()
