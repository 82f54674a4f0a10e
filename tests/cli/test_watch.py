"""The program as it is watched: alerts of `publish`, `run` and `schedule`, metrics, health, log lines of all of its processes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.cli.heart import PATIENCE, Heart
from tests.alerts.receivers import Hook, run_hook
from tests.cli.program import CLEAN, publisher
from tests.servers.process import free_port, stop, wait_for
from tests.test_metrics import samples


@pytest.fixture
def hook() -> Iterator[Hook]:
    with run_hook() as found:
        yield found


@pytest.fixture
def watched(small: Path) -> Path:
    """The small project with a schedule, and somebody to tell."""
    alerts = '[tool.publisher.alerts]\non = ["failure", "recovery", "publication"]\nwebhooks = ["ALERT_WEBHOOK"]\n'
    (small / "pyproject.toml").write_text(f'[tool.publisher]\ntarget = "public"\n{alerts}')
    descriptor = small / "datasets" / "pets" / "datapackage.yaml"
    descriptor.write_text(descriptor.read_text() + "publisher: {schedule: {every: day}}\n")
    return small


def spoil(project: Path) -> None:
    cats = project / "datasets" / "pets" / "cats.csv"
    cats.write_text(cats.read_text().replace("2019-05-01", "5 May"))


def test_publish_tells_of_a_release_and_of_the_cells_that_are_wrong(watched: Path, hook: Hook) -> None:
    assert publisher(watched, "publish", ALERT_WEBHOOK=hook.url).returncode == 0
    spoil(watched)
    assert publisher(watched, "publish", ALERT_WEBHOOK=hook.url).returncode == 1
    assert publisher(watched, "publish", ALERT_WEBHOOK=hook.url).returncode == 1
    assert [item["kind"] for item in hook.got] == ["publication", "failure"]
    assert "cats, record 2, line 2, column 3 (born): “5 May” is not a date" in hook.got[1]["text"]
    assert "readers get 1.0.0" in hook.got[1]["text"]


def test_a_failing_alert_fails_no_run(watched: Path) -> None:
    ended = publisher(watched, "publish", ALERT_WEBHOOK="http://127.0.0.1:1/canary")
    assert ended.returncode == 0
    assert "alert not delivered" in ended.stderr
    assert "canary" not in ended.stdout + ended.stderr


def test_one_pass_is_logged_measured_and_told_of(watched: Path, hook: Hook) -> None:
    spoil(watched)
    path = watched / "publisher.prom"
    ended = publisher(watched, "--log-format", "json", "run", "--metrics", str(path), ALERT_WEBHOOK=hook.url)
    assert ended.returncode == 1
    assert ended.stdout == ""
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    (run,) = {line["run"] for line in lines if line.get("run")}
    told = {line["message"] for line in lines if line.get("run") == run}
    assert {"run started", "attempt begun", "attempt ended: invalid"} <= told
    assert [item["run"] for item in hook.got] == [run]
    assert samples(path.read_text())[("publisher_attempts_total", (("outcome", "invalid"), ("package", "pets")))] == 1
    assert samples(path.read_text())[("publisher_last_attempt_findings", (("package", "pets"),))] == 1


def test_a_scheduler_answers_machines(watched: Path, hook: Hook) -> None:
    port = free_port()
    command = [sys.executable, "-m", "publisher", "schedule", "--now", "--listen", f"127.0.0.1:{port}"]
    log = (watched / "log").open("wb")
    process = subprocess.Popen(
        command, cwd=watched, env=CLEAN | {"ALERT_WEBHOOK": hook.url, "PUBLISHER_LOG_FORMAT": "json"}, stderr=log
    )
    try:
        text = wait_for_metric(port, "publisher_attempts_total")
        assert samples(text)[("publisher_release_info", (("package", "pets"), ("version", "1.0.0")))] == 1
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            assert json.loads(answer.read())["healthy"] is True
    finally:
        stop(process)
        log.close()
    assert process.returncode == 0
    assert [item["kind"] for item in hook.got] == ["publication"]
    lines = [json.loads(line) for line in (watched / "log").read_text().splitlines()]
    assert {"run started", "attempt ended: published"} <= {line["message"] for line in lines}


def wait_for_metric(port: int, name: str) -> str:
    found = ""

    def there() -> bool:
        nonlocal found
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                found = answer.read().decode()
        except OSError:
            return False
        return re.search(rf"^{name}\{{", found, re.MULTILINE) is not None

    wait_for(f"metric {name}", there)
    return found


def test_a_loop_that_does_not_come_back_is_not_healthy() -> None:
    time = 0.0
    heart = Heart(lambda _seconds: frozenset(), lambda: time)
    heart.wait(60.0)
    time = PATIENCE
    assert heart.problems() == {}
    time = PATIENCE + 2
    assert heart.problems() == {"scheduler": "it has not come back for 302 seconds"}


def test_a_loop_that_waits_long_is_healthy() -> None:
    time = 0.0

    def wait(_seconds: float) -> frozenset[str]:
        nonlocal time
        time = 3500.0
        seen.append(dict(heart.problems()))
        return frozenset()

    seen: list[dict[str, str]] = []
    heart = Heart(wait, lambda: time)  # type: ignore[arg-type]
    heart.wait(3600.0)
    assert seen == [{}]


def test_doctor_names_what_alerts_miss(watched: Path) -> None:
    ended = publisher(watched, "doctor")
    assert ended.returncode == 2
    assert "FAIL  alerts: ALERT_WEBHOOK not set" in ended.stdout
    assert (
        "ok    alerts: failure, recovery, publication to ALERT_WEBHOOK"
        in publisher(watched, "doctor", ALERT_WEBHOOK="https://example.org/").stdout
    )
