"""Copies of real releases, kept current: every format from row changes where that is less, whole files otherwise, from any release."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from publisher import client, layout
from publisher.commit.withdraw import yank
from publisher.errors import Damaged, NotFound
from publisher.project import Settings, read_package
from publisher.run import Run, Wishes, pipeline, publish_package
from publisher.store.files import FileStore
from publisher.store.retry import NEVER
from tests.client.conftest import published

FIELDS = [
    {"name": "id", "type": "integer"},
    {"name": "name", "type": "string"},
    {"name": "amount", "type": "number"},
    {"name": "day", "type": "date"},
]
ROWS = 400


class Press:
    """Publishes a package of two tables; `change` says what becomes of the rows."""

    def __init__(self, folder: Path, window: int = 100) -> None:
        self.folder = folder / "source"
        self.folder.mkdir()
        self.root = folder / "public"
        self.store = FileStore(self.root, layout.headers)
        self.settings = Settings(retention_releases=window)
        self.rows = [[str(n), f"Name {n}", f"{n}.50", "2012-12-05"] for n in range(1, ROWS + 1)]

    def publish(self, change: Callable[[list[list[str]]], None] = lambda rows: None) -> str:
        change(self.rows)
        lines = ["id,name,amount,day", *(",".join(row) for row in self.rows)]
        (self.folder / "items.csv").write_text("\n".join(lines) + "\n")
        (self.folder / "still.csv").write_text("id\n1\n")
        key = {"fields": FIELDS, "primaryKey": ["id"]}
        resources = [{"name": "items", "path": "items.csv", "schema": key}, {"name": "still", "path": "still.csv"}]
        (self.folder / "datapackage.json").write_text(json.dumps({"name": "p", "resources": resources}))
        package = read_package(self.folder / "datapackage.json", project_root=None)
        receipt = publish_package(Run(self.store, self.settings, retry=NEVER), package, Wishes())
        assert receipt.outcome == "published"
        return receipt.version

    @property
    def address(self) -> str:
        return str(self.root / "p")

    def release(self, version: str) -> dict[str, bytes]:
        """What `pull` brings of a release: all that SHA256SUMS names, and that."""
        folder = self.root / "p" / "v" / version
        names = [line.partition("  ")[2] for line in (folder / layout.CHECKSUMS).read_text().splitlines()]
        return {name: (folder / name).read_bytes() for name in (*names, layout.CHECKSUMS)}


def rename(number: int) -> Callable[[list[list[str]]], None]:
    def change(rows: list[list[str]]) -> None:
        rows[number][1] = f"Renamed {number}"

    return change


@pytest.fixture(autouse=True)
def without_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies are made of releases alone."""
    monkeypatch.setattr(pipeline, "refresh_derived", lambda *_: None)


@pytest.fixture
def press(tmp_path: Path) -> Press:
    return Press(tmp_path)


def test_every_format_is_made_from_the_changes(press: Press, tmp_path: Path) -> None:
    press.publish()
    copy = tmp_path / "copy"
    client.pull(press.address, copy)
    press.publish(rename(7))
    latest = press.publish(lambda rows: rows.append(["401", "New", "1.25", "2013-06-17"]))
    done = client.follow(copy)
    assert (done.after, done.rebuilt) == (latest, ("items",))
    assert published(copy / "v" / latest) == press.release(latest)
    kept = [f"items.{kind}" for kind in ("csv", "json", "ndjson", "parquet")]
    assert done.fetched <= len(press.release(latest)) - 1 - len(kept), "none of the four was fetched"


@pytest.mark.parametrize("formats", [("csv",), ("csv", "parquet"), ("ndjson", "csv")])
def test_of_a_narrow_copy_only_the_descriptor_is_fetched(
    press: Press, tmp_path: Path, formats: tuple[str, ...]
) -> None:
    press.publish()
    copy = tmp_path / "copy"
    client.pull(press.address, copy, formats=formats)
    latest = press.publish(rename(7))
    done = client.follow(copy)
    assert (done.rebuilt, done.fetched) == (("items",), 1)
    for kind in formats:
        assert (copy / "v" / latest / f"items.{kind}").read_bytes() == press.release(latest)[f"items.{kind}"]
    assert not (copy / "v" / latest / "items.json").exists()


@pytest.mark.parametrize("formats", [("json",), ("parquet",), ("ndjson", "parquet")])
def test_without_csv_whole_files_keep_a_copy_current(press: Press, tmp_path: Path, formats: tuple[str, ...]) -> None:
    press.publish()
    copy = tmp_path / "copy"
    client.pull(press.address, copy, formats=formats)
    latest = press.publish(rename(7))
    done = client.follow(copy)
    assert (done.after, done.rebuilt, done.fetched) == (latest, (), len(formats) + 1)
    for kind in formats:
        assert (copy / "v" / latest / f"items.{kind}").read_bytes() == press.release(latest)[f"items.{kind}"]


def test_changes_that_are_more_than_the_table_are_not_fetched(press: Press, tmp_path: Path) -> None:
    press.publish()
    copy = tmp_path / "copy"
    client.pull(press.address, copy, formats=("csv",))

    def rename_all(rows: list[list[str]]) -> None:
        for row in rows:
            row[1] = row[1].upper()

    latest = press.publish(rename_all)
    (press.root / "p" / "v" / latest / layout.CHANGE_ROWS).unlink()
    done = client.follow(copy)
    assert (done.after, done.rebuilt, done.fetched) == (latest, (), 2)


def test_releases_on_pages_of_the_past_are_found(tmp_path: Path) -> None:
    """The pointer lists two entries; the first of four releases is pulled, and an old copy of it followed to the last."""
    press = Press(tmp_path, window=2)
    first = press.publish()
    old, all_of_it = tmp_path / "old", tmp_path / "all"
    client.pull(press.address, old, formats=("csv",))
    for number in range(3):
        latest = press.publish(rename(number))
    document = json.loads((press.root / "p" / "versions.json").read_text())
    assert len(document["history"]) <= 2
    pulled = client.pull(press.address, all_of_it, version=first)
    assert published(pulled.folder) == press.release(first)
    with pytest.raises(NotFound, match=r"no release 9\.9\.9"):
        client.pull(press.address, all_of_it, version="9.9.9")
    done = client.follow(old)
    assert (done.before, done.after, done.rebuilt, done.back) == (first, latest, ("items",), False)
    assert (old / "v" / latest / "items.csv").read_bytes() == press.release(latest)["items.csv"]


def test_a_release_that_lies_on_a_page_is_known_to_be_withdrawn(tmp_path: Path) -> None:
    press = Press(tmp_path, window=2)
    press.publish()
    bad = press.publish(rename(1))
    for number in range(2, 4):
        press.publish(rename(number))
    yank(press.store, "p", bad, "A name was wrong", now=lambda: datetime.now(UTC), retry=NEVER)
    assert client.pull(press.address, tmp_path / "copy", version=bad).withdrawn == "A name was wrong"


@pytest.mark.parametrize("version", ["../../../evil", "", "1.0.0/../../.."])
def test_a_version_that_leads_elsewhere_is_refused(press: Press, tmp_path: Path, version: str) -> None:
    real = press.publish()
    path = press.root / "p" / "versions.json"
    text = path.read_text().replace(f'"{real}"', json.dumps(version or "."))
    path.chmod(0o644)
    path.write_text(text)
    with pytest.raises(Damaged, match="no version"):
        client.pull(press.address, tmp_path / "deep" / "copy")
    assert not (tmp_path / "evil").exists()
