"""Metrics as the Prometheus client reads them, from status and changes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from publisher.errors import UsageError
from publisher.metrics import Metrics
from publisher.status import Status
from tests.alerts.story import START, Story


def samples(text: bytes | str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    plain = text.decode() if isinstance(text, bytes) else text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(plain)
        for sample in family.samples
    }


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return samples(metrics.render()).get((name, tuple(sorted(labels.items()))))


def test_what_is_known_of_packages() -> None:
    story = Story('pets "and" \\ others')
    metrics = Metrics(story.now, "1.2.3")
    metrics(story.attempt("published", "1.0.0"))
    metrics(story.attempt("invalid"))
    metrics(story.attempt("invalid"))
    at = {"package": story.name}
    assert value(metrics, "publisher_build_info", version="1.2.3") == 1
    assert value(metrics, "publisher_release_info", version="1.0.0", **at) == 1
    assert value(metrics, "publisher_attempts_total", outcome="invalid", **at) == 2
    assert value(metrics, "publisher_attempt_duration_seconds_count", **at) == 3
    assert value(metrics, "publisher_failures", **at) == 2
    assert value(metrics, "publisher_last_attempt_success", **at) == 0
    assert value(metrics, "publisher_last_success_timestamp_seconds", **at) == (START + timedelta(days=1)).timestamp()
    assert value(metrics, "publisher_last_attempt_timestamp_seconds", **at) == story.moment.timestamp()


def test_the_state_is_that_of_the_moment_of_asking() -> None:
    story = Story()
    metrics = Metrics(story.now, "1")
    metrics(story.attempt("published", "1.0.0"))
    for days, state in ((0, "fresh"), (1, "due"), (1, "overdue"), (5, "delinquent")):
        story.moment += timedelta(days=days)
        found = {
            labels: count
            for (name, labels), count in samples(metrics.render()).items()
            if name == "publisher_package_state"
        }
        assert {dict(labels)["state"] for labels, count in found.items() if count} == {state}
        assert len(found) == 5


def test_packages_that_are_gone_are_not_told_of() -> None:
    story = Story()
    metrics = Metrics(story.now, "1")
    metrics(story.attempt("published", "1.0.0"))
    metrics.show(Status({}))
    assert value(metrics, "publisher_failures", package="pets") is None


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    story = Story()
    metrics = Metrics(story.now, "1")
    path = tmp_path / "publisher.prom"
    metrics.write(path)
    before = path.stat().st_ino
    metrics(story.attempt("published", "1.0.0"))
    metrics.write(path)
    assert path.stat().st_ino != before
    assert samples(path.read_text())[("publisher_failures", (("package", "pets"),))] == 0
    assert [item.name for item in tmp_path.iterdir()] == ["publisher.prom"]
    with pytest.raises(UsageError, match="metrics cannot be written"):
        metrics.write(tmp_path / "nowhere" / "x.prom")
