"""Publications that are killed. In: lines of JSON on standard input, each an order. Out: a line for each: how the process ended.

A process of its own, without threads, forks for every order; the fork publishes and kills itself with SIGKILL before or after its
`at`th store operation. Run as `python -m tests.commit.victim`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

from publisher.store import open_store
from tests.commit.world import Publisher, cats
from tests.store.spy import Call, Spy


class Dying(Spy):
    """Dies `when` the operation numbered `at` (from 0) is about to begin or has just ended."""

    def __init__(self, store: Any, at: int, when: str) -> None:
        super().__init__(store)
        self.at = at
        self.when = when
        self.done = 0

    def before(self, call: Call) -> None:
        super().before(call)
        if self.when == "before" and len(self.calls) - 1 == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def after(self, call: Call) -> None:
        if self.when == "after" and self.done == self.at:
            os.kill(os.getpid(), signal.SIGKILL)
        self.done += 1

    def probe(self) -> Any:
        self.before(Call("probe", ""))
        found = super().probe()
        self.after(Call("probe", ""))
        return found


def die(order: dict[str, Any]) -> None:
    store = Dying(open_store(order["target"], env=order["env"]), order["at"], order["when"])
    publisher = Publisher(store, cats(order["number"]), run="victim", package=order["package"], workers=1)
    publisher.publish()
    publisher.refresh()


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                die(json.loads(line))
            except BaseException as error:  # noqa: BLE001
                print(repr(error), file=sys.stderr, flush=True)
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
