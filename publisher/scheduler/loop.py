"""How long a service runs. In: a Service, a way to wait, calls from outside. Out: until it is stopped, or one pass over what is due."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Literal

from publisher.scheduler.lease import RENEW
from publisher.scheduler.service import Answer, Service

Call = Literal["stop", "reload"]
Wait = Callable[[float], Collection[Call]]
"""Waits for that many seconds, or less: until a process ends or somebody calls. Returns the calls."""


def serve(
    service: Service, wait: Wait, *, reload: Callable[[], None], grace: float, clock: Callable[[], float]
) -> None:
    """Until the call to stop; then what runs has `grace` seconds to end, or until the second call, and is abandoned."""
    while "stop" not in (calls := wait(service.step())):
        if "reload" in calls:
            reload()
    end = clock() + grace
    while service.running and (left := end - clock()) > 0:
        if "stop" in wait(min(left, RENEW.total_seconds())):
            break
        service.collect()
    service.abandon()


def one_pass(service: Service, names: Iterable[str], wait: Wait) -> dict[str, Answer]:
    """One attempt at each package, as many at once as the service's terms allow. Returns which were begun and why not the others; those
    that had no turn before the call to stop are left out."""
    waiting, answers = list(names), dict[str, Answer]()
    while True:
        service.collect()
        while waiting and (answer := service.start(waiting[0])) != "full":
            answers[waiting.pop(0)] = answer
        if not service.running:
            return answers
        if "stop" in wait(service.patience):
            service.abandon()
            return answers
