"""`publisher status`: for people and monitoring; what the public gets, seen from outside."""

from __future__ import annotations

import functools
import http.server
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from publisher import layout
from publisher.canonical import sha256_bytes
from publisher.status import Attempt, update_status
from publisher.store.files import FileStore
from publisher.store.retry import Retry
from tests.cli.program import publisher
from tests.cli.small import make_due, make_project, write_rows
from tests.servers.threads import running

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = make_project(tmp_path_factory.mktemp("model"))
    assert publisher(project, "publish").returncode == 0
    return project


@pytest.fixture
def small(model: Path, tmp_path: Path) -> Path:
    """A project with one release."""
    return shutil.copytree(model, tmp_path / "small")


@pytest.fixture
def served(small: Path) -> Iterator[str]:
    """The address of what a cache still serves: a copy of the store's folder."""
    shutil.copytree(small / "public", small / "cache")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(small / "cache")))
    with running(server) as address:
        yield address


def store(project: Path) -> FileStore:
    return FileStore(project / "public", layout.headers)


def age(project: Path, name: str, **moments: datetime) -> None:
    """As if the record had been written then."""
    update_status(
        store(project),
        {name: lambda entry: entry and replace(entry, **moments)},
        moment=datetime.now(UTC),
        retry=Retry(),
    )


def test_well(small: Path) -> None:
    ran = publisher(small, "status")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("OK: 1 package, nothing is late\n")
    assert "1.0.0" in ran.stdout
    assert publisher(small, "status", "--quiet").stdout == ""


@pytest.mark.parametrize(
    ("overdue", "delinquent", "code", "first"),
    [(-1, 1, 1, "WARNING: small overdue"), (-2, -1, 2, "CRITICAL: small delinquent")],
)
def test_late_by_the_clock_of_who_asks(small: Path, overdue: int, delinquent: int, code: int, first: str) -> None:
    """The document says fresh, and nobody is there any more to say otherwise."""
    now = datetime.now(UTC).replace(microsecond=0)
    age(
        small,
        "small",
        due_from=now - 3 * HOUR,
        overdue_from=now + overdue * HOUR,
        delinquent_from=now + delinquent * HOUR,
    )
    ran = publisher(small, "status")
    assert ran.returncode == code
    assert ran.stderr.startswith(first)
    document = json.loads(publisher(small, "status", "small", "--json").stdout)
    assert document["level"] == first.partition(":")[0].lower()
    assert document["packages"][0]["state"] in first


def test_a_failure_warns_before_anything_is_late(small: Path) -> None:
    (small / "datasets" / "small" / "things.csv").write_text("id,word\nx,y\n")
    assert publisher(small, "publish").returncode == 1
    ran = publisher(small, "status")
    assert ran.returncode == 1
    assert "the last attempt ended as invalid: 2 findings in 1 table" in ran.stdout + ran.stderr


def test_unknown_where_nothing_can_be_found_out(small: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = make_project(tmp_path_factory.mktemp("empty"))
    assert publisher(empty, "status").returncode == 3
    assert publisher(small, "status", "nobody").returncode == 3
    assert publisher(small, "status", "--url", "ftp://example.org/").returncode == 3
    (small / "public" / "status.json").chmod(0o644)
    (small / "public" / "status.json").write_text("{")
    ran = publisher(small, "status", "--json")
    assert (ran.returncode, json.loads(ran.stdout)["level"]) == (3, "unknown")


def test_a_package_that_is_no_more_can_be_forgotten(small: Path) -> None:
    assert publisher(small, "status", "--forget").returncode == 3
    assert "taken out" in publisher(small, "status", "small", "--forget").stdout
    assert publisher(small, "status").returncode == 3


def test_the_public_gets_what_the_store_holds(small: Path, served: str) -> None:
    ran = publisher(small, "status", "--url", served)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_seen_from_outside_without_a_project(
    small: Path, served: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    assert publisher(outside, "status", "--url", served).returncode == 0
    shutil.rmtree(small / "cache" / "small" / "v" / "1.0.0")
    ran = publisher(outside, "status", "--url", served)
    assert ran.returncode == 2
    assert "the public cannot read it" in ran.stdout + ran.stderr


def test_bytes_that_were_altered_on_their_way(small: Path, served: str) -> None:
    path = small / "cache" / "small" / "v" / "1.0.0" / "datapackage.json"
    path.chmod(0o644)
    path.write_text(path.read_text().replace("Small", "Large"))
    ran = publisher(small, "status", "--url", served)
    assert ran.returncode == 2
    assert "sha256" in ran.stdout + ran.stderr


def test_a_cache_that_keeps_an_old_release(small: Path, served: str) -> None:
    """Right after a publication that is as it should be; five minutes later it is not."""
    write_rows(small, "first", "second")
    assert publisher(small, "publish").returncode == 0
    assert publisher(small, "status", "--url", served).returncode == 0
    pointer = json.loads((small / "public" / "small" / "versions.json").read_text())
    then = (datetime.now(UTC) - timedelta(minutes=6)).isoformat(timespec="seconds")
    pointer["history"][0]["published"] = then
    body = json.dumps(pointer).encode()
    key = layout.pointer("small")
    store(small).put(key, body, sha256=sha256_bytes(body), headers=layout.headers(key))
    ran = publisher(small, "status", "--url", served)
    assert ran.returncode == 2
    assert "the public gets 1.0.0, the store has 1.1.0" in ran.stdout + ran.stderr


def test_a_cache_that_keeps_an_old_status(small: Path, served: str) -> None:
    then = datetime.now(UTC) - timedelta(minutes=6)
    one = Attempt(then, "unchanged", "later")
    update_status(store(small), {"small": lambda entry: entry and entry.after(one)}, moment=then, retry=Retry())
    ran = publisher(small, "status", "--url", served)
    assert ran.returncode == 1
    assert "the public gets status.json of" in ran.stderr


def test_an_address_that_nobody_answers_at(small: Path) -> None:
    ran = publisher(small, "status", "--url", "http://127.0.0.1:9/")
    assert ran.returncode == 3
    assert ran.stderr.startswith("UNKNOWN: ")


def test_a_release_that_was_taken_back_is_not_called_published(small: Path) -> None:
    """Rolled back, brought on again, withdrawn for good: the version is what readers get, and it is said what was taken back."""

    def told() -> tuple[str | None, str | None, str | None]:
        entry = json.loads((small / "public" / "status.json").read_text())["packages"][0]
        gone = entry["withdrawn"] or {}
        assert not gone or datetime.now(UTC) - datetime.fromisoformat(gone["at"]) < HOUR
        return entry["version"], gone.get("version"), gone.get("by")

    write_rows(small, "first", "second")
    assert publisher(small, "publish").returncode == 0
    assert told() == ("1.1.0", None, None)
    assert publisher(small, "rollback", "small", "1.0.0", "--reason", "Wrong word").returncode == 0
    assert told() == ("1.0.0", "1.1.0", "rollback")
    ran = publisher(small, "status")
    assert "small    fresh  1.0.0" in ran.stdout
    assert "small: 1.1.0 was taken back on " in ran.stdout
    page = (small / "public" / "status.html").read_text()
    assert "Version 1.1.0 was taken back on " in page
    assert "Wrong word" in page
    assert "Version 1.1.0 was taken back on " in (small / "public" / "small" / "index.html").read_text()
    assert publisher(small, "publish").returncode == 6, "its content was taken back"
    assert told() == ("1.0.0", "1.1.0", "rollback")

    assert publisher(small, "rollback", "small", "1.1.0", "--reason", "It was right").returncode == 0
    assert told() == ("1.1.0", None, None)
    assert "was taken back" not in (small / "public" / "small" / "index.html").read_text()
    assert publisher(small, "yank", "small", "1.1.0", "--reason", "Wrong after all").returncode == 0
    assert told() == ("1.0.0", "1.1.0", "yank")
    write_rows(small, "first", "third", "fourth")
    assert publisher(small, "publish").returncode == 0
    assert told() == ("1.2.0", None, None)
    assert "was taken back" not in (small / "public" / "status.html").read_text()
    assert publisher(small, "yank", "small", "1.2.0", "--reason", "All wrong").returncode == 0
    assert publisher(small, "yank", "small", "1.0.0", "--reason", "All wrong").returncode == 0
    assert told() == (None, "1.0.0", "yank")


def test_a_release_that_was_made_anew_is_called_by_its_new_number(small: Path) -> None:
    write_rows(small, "first", "second")
    assert publisher(small, "publish").returncode == 0
    write_rows(small, "first")
    assert publisher(small, "redact", "small", "things:2", "--reason", "By law").returncode == 0
    pointer = json.loads((small / "public" / "small" / "versions.json").read_text())
    entry = json.loads((small / "public" / "status.json").read_text())["packages"][0]
    assert entry["version"] == pointer["latest"] != "1.1.0"


def test_due_is_well(small: Path) -> None:
    make_due(store(small))
    now = datetime.now(UTC).replace(microsecond=0)
    age(small, "small", due_from=now - HOUR, overdue_from=now + HOUR, delinquent_from=now + 2 * HOUR)
    assert publisher(small, "status").returncode == 0
