"""`publisher run`: one pass, its exit codes, and what it tells status.json; `publish` tells it too."""

from __future__ import annotations

import json
import os
import shutil
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import pytest

from publisher import layout
from publisher.scheduler.lease import take_lease
from publisher.status import PackageStatus, read_status
from publisher.store.files import FileStore
from tests.cli.program import publisher
from tests.cli.small import Held, make_due, make_project, write_rows
from tests.tools import ROOT


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return make_project(tmp_path)


def store(project: Path) -> FileStore:
    return FileStore(project / "public", layout.headers)


def known(project: Path, name: str = "small") -> PackageStatus:
    return read_status(store(project)).packages[name]


def outcome(project: Path, name: str = "small") -> str:
    attempt = known(project, name).last_attempt
    return attempt.outcome if attempt else ""


def test_due_only_from_the_first_moment_on_and_then_once(small: Path) -> None:
    first = publisher(small, "run", "--due")
    assert (first.returncode, first.stderr) == (0, "")
    assert "nothing was published" in first.stdout
    assert known(small).state == "fresh"
    make_due(store(small))
    second = publisher(small, "run", "--due", "--json")
    assert second.returncode == 0
    document = json.loads(second.stdout)
    assert [item["outcome"] for item in document["attempts"]] == ["published"]
    assert document["next_due"]["small"] == known(small).next_due.isoformat()  # type: ignore[union-attr]
    third = json.loads(publisher(small, "run", "--due", "--json").stdout)
    assert third["attempts"] == []
    assert outcome(small) == "published"


def test_all_or_named_without_regard_to_schedules(small: Path) -> None:
    shutil.copytree(small / "datasets" / "small", small / "datasets" / "other")
    descriptor = small / "datasets" / "other" / "datapackage.yaml"
    descriptor.write_text(descriptor.read_text().partition("publisher:")[0].replace("name: small", "name: other"))
    assert publisher(small, "run", "other").returncode == 0
    assert set(read_status(store(small)).packages) == {"other"}
    assert known(small, "other").state == "unscheduled"
    ran = publisher(small, "run", "--jobs", "2")
    assert ran.returncode == 0
    assert (outcome(small), outcome(small, "other")) == ("published", "unchanged")
    assert publisher(small, "run", "nobody").returncode == 2


def test_what_is_wrong_is_counted_and_not_shown(small: Path) -> None:
    (small / "datasets" / "small" / "things.csv").write_text("id,word\n1,fine\nx,Somebody <somebody@example.org>\n")
    ran = publisher(small, "run")
    assert ran.returncode == 1
    attempt = known(small).last_attempt
    assert attempt is not None
    assert (attempt.outcome, attempt.exit) == ("invalid", 1)
    assert "type-error" in {item.type for item in attempt.findings}
    assert {item.table for item in attempt.findings} == {"things"}
    assert "somebody" not in (small / "public" / "status.json").read_text().lower()


def test_publish_tells_too(small: Path) -> None:
    assert publisher(small, "publish").returncode == 0
    assert (outcome(small), known(small).version) == ("published", "1.0.0")
    assert publisher(small, "publish").returncode == 0
    assert outcome(small) == "unchanged"
    write_rows(small)
    ran = publisher(small, "publish")
    assert ran.returncode in {1, 6}
    assert outcome(small) in {"invalid", "refused"}
    assert (known(small).failures, known(small).version) == (1, "1.0.0")


def test_a_slip_on_the_command_line_is_no_news(small: Path) -> None:
    publisher(small, "publish")
    before = known(small)
    write_rows(small, "first", "second")
    assert publisher(small, "publish", "--level", "major").returncode == 2
    assert known(small) == before


def test_a_package_that_cannot_be_read_stops_no_other(small: Path) -> None:
    (small / "datasets" / "broken").mkdir()
    (small / "datasets" / "broken" / "datapackage.yaml").write_text("{")
    ran = publisher(small, "run")
    assert ran.returncode == 2
    assert "broken" in ran.stderr
    assert outcome(small) == "published"


def test_a_project_broken_since_is_told_as_failed(small: Path) -> None:
    held = Held(small)

    def break_it() -> None:
        with held.wait():
            (small / "datasets" / "small" / "datapackage.yaml").write_text("{")

    thread = threading.Thread(target=break_it)
    thread.start()
    ran = publisher(small, "run", **held.variables)
    thread.join()
    assert ran.returncode == 2
    assert "datapackage.yaml" in ran.stderr
    attempt = known(small).last_attempt
    assert attempt is not None
    assert (attempt.outcome, attempt.exit) == ("failed", 2)
    assert attempt.message == "the project or its settings cannot be used"


def test_a_time_limit(small: Path) -> None:
    held = Held(small)
    held_open: list[IO[bytes]] = []
    thread = threading.Thread(target=lambda: held_open.append(held.wait()))
    thread.start()
    ran = publisher(small, "run", PUBLISHER_JOB_SECONDS="1", **held.variables)
    thread.join()
    held_open[0].close()
    assert ran.returncode == 5
    assert outcome(small) == "timeout"


def test_a_process_that_is_killed(small: Path) -> None:
    (small / "sitecustomize.py").write_text(
        "import os, signal, sys\nif '--answer' in sys.argv: print('oops', flush=True); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ran = publisher(small, "run", PYTHONPATH=f"{small}{os.pathsep}{ROOT}")
    assert ran.returncode == 5
    assert "ended by signal 9" in ran.stderr
    assert "oops" in ran.stderr
    assert outcome(small) == "crashed"
    assert "oops" not in (small / "public" / "status.json").read_text()


def test_what_another_replica_publishes_is_left_to_it(small: Path) -> None:
    assert take_lease(store(small), "small", "another", datetime.now(UTC)) is not None
    ran = publisher(small, "run")
    assert ran.returncode == 0
    assert "another replica is publishing it" in ran.stdout
    assert not (small / "public" / "small").exists()


def test_a_store_that_cannot_be_reached(small: Path) -> None:
    ran = publisher(
        small,
        "run",
        "--target",
        "s3://bucket/x",
        AWS_ENDPOINT_URL="http://127.0.0.1:9",
        AWS_ACCESS_KEY_ID="AKTEST",
        AWS_SECRET_ACCESS_KEY="SKTEST",
    )
    assert ran.returncode == 4
    assert "Traceback" not in ran.stderr
