"""Metrics in Prometheus' text format. In: status.json, changes. Out: text for a scraper, or a file for node_exporter's textfile collector.

What is told of packages follows from their status alone, so every replica tells the same; attempts are counted by the process that made
them. States are worked out when they are asked for: a publisher that stands still does not go on calling its data fresh.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, write_to_textfile
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from publisher.errors import UsageError
from publisher.status import Change, PackageStatus, State, Status

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (1, 5, 15, 60, 300, 900, 3600)
_GAUGES: dict[str, tuple[str, Callable[[PackageStatus], float | None]]] = {
    "publisher_last_success_timestamp_seconds": (
        "When the last successful attempt began.",
        lambda item: _seconds(item.last_success),
    ),
    "publisher_last_attempt_timestamp_seconds": (
        "When the last attempt began.",
        lambda item: _seconds(item.last_attempt.at) if item.last_attempt else None,
    ),
    "publisher_last_attempt_success": (
        "1 where the last attempt succeeded, else 0.",
        lambda item: float(item.last_attempt.succeeded) if item.last_attempt else None,
    ),
    "publisher_last_attempt_duration_seconds": (
        "How long the last attempt took.",
        lambda item: item.last_attempt.seconds if item.last_attempt else None,
    ),
    "publisher_last_attempt_findings": (
        "What was wrong in the data of the last attempt, cell by cell.",
        lambda item: item.last_attempt.findings_total if item.last_attempt else None,
    ),
    "publisher_failures": ("Failed attempts since the last success.", lambda item: item.failures),
    "publisher_next_due_timestamp_seconds": (
        "When the next attempt is to begin.",
        lambda item: _seconds(item.next_due),
    ),
    "publisher_overdue_from_timestamp_seconds": (
        "From when on the package is overdue without a success.",
        lambda item: _seconds(item.overdue_from),
    ),
}


class Metrics:
    """Call it with every Change (status.Tell); `show` replaces what is known of all packages."""

    def __init__(self, now: Callable[[], datetime], version: str) -> None:
        self._now = now
        self._version = version
        self._packages: dict[str, PackageStatus] = {}
        self._lock = Lock()
        self._registry = CollectorRegistry()
        labels = ("package", "outcome")
        self._attempts = Counter("publisher_attempts", "Attempts of this process.", labels, registry=self._registry)
        self._lengths = Histogram(
            "publisher_attempt_duration_seconds",
            "How long the attempts of this process took.",
            ("package",),
            registry=self._registry,
            buckets=_BUCKETS,
        )
        self._registry.register(self)

    def __call__(self, change: Change) -> None:
        with self._lock:
            self._packages[change.after.name] = change.after
        if change.attempt is not None:
            self._attempts.labels(change.after.name, change.attempt.outcome).inc()
            self._lengths.labels(change.after.name).observe(change.attempt.seconds)

    def show(self, status: Status) -> None:
        """What is known of all packages, those that are gone left out."""
        with self._lock:
            self._packages = dict(status.packages)

    def render(self) -> bytes:
        """The text, of content type CONTENT_TYPE."""
        return generate_latest(self._registry)

    def write(self, path: Path) -> None:
        """The text as a file, replaced as a whole. Raises UsageError where that cannot be."""
        try:
            write_to_textfile(str(path), self._registry)
        except OSError as error:
            raise UsageError(
                f"{path}: metrics cannot be written: {error.strerror}", "Name a file in a folder that exists."
            ) from error

    def collect(self) -> Iterator[Metric]:
        """For the registry: what follows from the status of the packages now."""
        with self._lock:
            packages = [self._packages[name] for name in sorted(self._packages)]
        program = GaugeMetricFamily("publisher_build_info", "The version of this program.", labels=("version",))
        program.add_metric((self._version,), 1)
        yield program
        yield _states(packages, self._now())
        release = GaugeMetricFamily(
            "publisher_release_info", "The release that readers get.", labels=("package", "version")
        )
        for item in packages:
            if item.version is not None:
                release.add_metric((item.name, item.version), 1)
        yield release
        for name, (text, value) in _GAUGES.items():
            gauge = GaugeMetricFamily(name, text, labels=("package",))
            for item in packages:
                found = value(item)
                if found is not None:
                    gauge.add_metric((item.name,), found)
            yield gauge


def _states(packages: list[PackageStatus], moment: datetime) -> Metric:
    states = GaugeMetricFamily("publisher_package_state", "1 for the state it is in.", labels=("package", "state"))
    for item in packages:
        now = item.state_at(moment)
        for state in get_args(State):
            states.add_metric((item.name, state), float(state == now))
    return states


def _seconds(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None
