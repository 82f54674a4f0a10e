"""`publisher schedule` as a process: killed and restarted, stopped, told to read again, stuck; against a folder, moto and Ceph."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher import layout
from publisher.commit import read_head
from publisher.status import read_status
from publisher.store import open_store
from publisher.store.base import Store
from publisher.store.files import FileStore
from tests.cli.program import publisher
from tests.cli.small import DESCRIPTOR, Held, Schedule, make_due, make_project, write_rows
from tests.servers.bucket import Bucket
from tests.servers.ceph import find_ceph
from tests.tools import require


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return make_project(tmp_path)


@pytest.fixture
def store(small: Path) -> Store:
    """The folder that `small` publishes to, with one release in it."""
    assert publisher(small, "publish").returncode == 0
    return FileStore(small / "public", layout.headers)


@pytest.fixture
def bucket(request: pytest.FixtureRequest) -> Bucket:
    """On Ceph where it is installed or must be, else on moto."""
    server: Bucket = request.getfixturevalue("ceph" if find_ceph() or os.environ.get("REQUIRE_ALL") == "1" else "moto")
    return server.fresh()


@pytest.fixture
def started() -> Iterator[list[Schedule]]:
    """Schedules to be killed at the end, whatever became of the test."""
    running: list[Schedule] = []
    yield running
    for item in running:
        if item.process.poll() is None:
            item.process.kill()
            item.process.wait()
        if item.process.stdout:
            item.process.stdout.close()


def last_attempt(store: Store) -> tuple[str, str]:
    """Outcome and run."""
    attempt = read_status(store).packages["small"].last_attempt
    return (attempt.outcome, attempt.run) if attempt else ("", "")


@pytest.mark.timeout(600)
def test_killed_and_restarted_ten_times(small: Path, bucket: Bucket, started: list[Schedule]) -> None:
    """Killed in the midst of its work, ever later, and restarted; something new to publish, and its moment, as soon as the last is
    published and told. Afterwards each is published, once, in order."""
    require(Path("/proc/self/task").exists(), "no /proc here, where the system tells which processes belong together")
    variables = {**bucket.env, "PUBLISHER_TARGET": bucket.target}
    store = open_store(bucket.target, env=bucket.env)
    begun = time.monotonic()
    assert publisher(small, "publish", **variables).returncode == 0
    step = (time.monotonic() - begun) * 1.2 / 10
    edits, told = 0, ""
    for kill in range(11):
        if last_attempt(store)[1] != told:
            edits += 1
            write_rows(small, "first", f"edit {edits}")
            make_due(store)
            told = last_attempt(store)[1]
        schedule = Schedule(small, **variables)
        started.append(schedule)
        schedule.read_until("small: every day at 06:00 Europe/Brussels")
        if kill < 10:
            # every third has just told of its attempt; how far the others have come is for the machine to decide
            schedule.read_for(60 if kill % 3 == 2 else kill * step, "small 1.")
            schedule.kill()
        else:
            schedule.read_until("small 1.")
            assert schedule.stop() == 0
    head = read_head(store, "small")
    assert edits > 1
    assert len({entry.content for entry in head.entries}) == len(head.entries) == edits + 1
    words = [published_word(store, entry.version) for entry in head.entries[:-1]]
    assert words == [f"edit {number}" for number in range(edits, 0, -1)]
    entry = read_status(store).packages["small"]
    assert (entry.version, entry.state, entry.failures) == (head.current, "fresh", 0)
    assert json.loads(publisher(small, "verify", "--json", **variables).stdout)["problems"] == []
    assert list((small / "tmp").iterdir()) == []


def published_word(store: Store, version: str) -> str:
    rows = json.loads(store.read(layout.release_file("small", version, "things.json"))[0])["rows"]
    return str(rows[1]["word"])


def test_a_job_that_runs_may_end(small: Path, store: Store, started: list[Schedule]) -> None:
    held = Held(small)
    write_rows(small, "second")
    make_due(store)
    schedule = Schedule(small, **held.variables)
    started.append(schedule)
    with held.wait():
        schedule.process.terminate()
        schedule.read_until("stopping; small may run on for 20 seconds")
    schedule.read_until("small 1.0.1: published")
    assert schedule.process.wait(30) == 0
    assert read_head(store, "small").current == "1.0.1"
    assert last_attempt(store)[0] == "published"


def test_a_job_that_does_not_end_is_abandoned_and_is_due_still(
    small: Path, store: Store, started: list[Schedule]
) -> None:
    held = Held(small)
    make_due(store)
    before = last_attempt(store)
    schedule = Schedule(small, "--grace", "0.1", **held.variables)
    started.append(schedule)
    with held.wait():
        assert schedule.stop() == 0
    assert last_attempt(store) == before
    assert json.loads(store.read(layout.lease("small"))[0])["holder"] == ""
    assert list((small / "tmp").iterdir()) == []
    again = Schedule(small)
    started.append(again)
    again.read_until("small 1.0.0: unchanged")
    assert again.stop() == 0


def test_the_second_call_to_stop_does_not_wait(small: Path, store: Store, started: list[Schedule]) -> None:
    held = Held(small)
    make_due(store)
    schedule = Schedule(small, "--grace", "600", **held.variables)
    started.append(schedule)
    with held.wait():
        schedule.process.send_signal(signal.SIGINT)
        schedule.read_until("stopping; small may run on")
        schedule.process.send_signal(signal.SIGINT)
        schedule.read_until("small: abandoned")
        assert schedule.process.wait(30) == 0


def test_what_hangs_is_stopped_at_its_time_limit(small: Path, store: Store, started: list[Schedule]) -> None:
    held = Held(small)
    make_due(store)
    schedule = Schedule(small, **held.variables, PUBLISHER_JOB_SECONDS="1")
    started.append(schedule)
    with held.wait():
        schedule.read_until("small: timeout: stopped at its time limit of 1 seconds")
    assert schedule.stop() == 0
    entry = read_status(store).packages["small"]
    assert entry.last_attempt is not None
    assert (entry.last_attempt.outcome, entry.last_attempt.exit, entry.failures) == ("timeout", None, 1)
    assert list((small / "tmp").iterdir()) == []


def test_sighup_reads_the_project_again(small: Path, store: Store, started: list[Schedule]) -> None:
    descriptor = small / "datasets" / "small" / "datapackage.yaml"
    schedule = Schedule(small)
    started.append(schedule)
    schedule.read_until("small: every day at 06:00 Europe/Brussels")
    descriptor.write_text(
        DESCRIPTOR.replace('{every: day, at: "06:00", timezone: Europe/Brussels}', "{every: 2 weeks}")
    )
    schedule.process.send_signal(signal.SIGHUP)
    schedule.read_until("the project was read again")
    schedule.read_until("small: every 2 weeks")
    descriptor.write_text("{")
    schedule.process.send_signal(signal.SIGHUP)
    assert "datapackage.yaml" in schedule.read_until("datapackage.yaml")
    schedule.read_until("small: every 2 weeks")
    (small / "pyproject.toml").write_text("[tool.publisher]\nnonsense = 1\n")
    schedule.process.send_signal(signal.SIGHUP)
    schedule.read_until("nothing was changed")
    assert schedule.stop() == 0
    assert read_status(store).packages["small"].schedule == "every 2 weeks"


def test_a_store_that_never_answers_cannot_keep_it_from_stopping(small: Path, started: list[Schedule]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        deaf.listen()
        schedule = Schedule(
            small,
            "--grace",
            "0.1",
            PUBLISHER_TARGET="s3://bucket/x",
            AWS_ENDPOINT_URL=f"http://127.0.0.1:{deaf.getsockname()[1]}",
            AWS_ACCESS_KEY_ID="AKTEST",
            AWS_SECRET_ACCESS_KEY="SKTEST",
        )
        started.append(schedule)
        schedule.read_until("small: every day")
        asked, _ = deaf.accept()
        with asked:
            assert schedule.stop() == 0
        assert "stopped without waiting for the store any longer" in "\n".join(schedule.lines)


def test_now_runs_every_job_at_the_start(small: Path, store: Store, started: list[Schedule]) -> None:
    schedule = Schedule(small, "--now")
    started.append(schedule)
    schedule.read_until("small 1.0.0: unchanged")
    assert schedule.stop() == 0


def test_without_any_schedule_it_does_not_start(small: Path) -> None:
    descriptor = small / "datasets" / "small" / "datapackage.yaml"
    descriptor.write_text(DESCRIPTOR.partition("publisher:")[0])
    ran = publisher(small, "schedule")
    assert ran.returncode == 2
    assert "no package declares a schedule" in ran.stderr
