"""What follows from releases: rebuilt from them alone, linked as promised, equal whoever builds it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from publisher import layout
from publisher.diff import TableState, apply, read, read_published
from publisher.engine import open_engine
from publisher.package.published import Published, read_release
from publisher.project import Settings, read_package
from publisher.run import Run, Wishes, publish_package, refresh_derived
from publisher.store.files import FileStore
from publisher.store.memory import MemoryStore
from tests.shelf import three_releases
from tests.tools import ROOT

NAME = "global-alliance"
SETTINGS = Settings(languages=("en", "ar", "fr"))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> MemoryStore:
    """The Alliance's data published three times, each time with one more correction."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("datasets", "schemas"):
        shutil.copytree(ROOT / name, folder / name)
    store = MemoryStore()
    run = Run(store, SETTINGS, now=lambda: datetime(2026, 11, 24, tzinfo=UTC))
    table = folder / "datasets" / NAME / "members.csv"
    for old, new in (("", ""), (",Albania,", ",Albania (one),"), (",Armenia,", ",Armenia (two),")):
        table.write_text(table.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
        package = read_package(folder / "datasets" / NAME / "datapackage.yaml", project_root=folder)
        assert publish_package(run, package, Wishes(message="a correction")).outcome == "published"
    return store


def derived(store: MemoryStore) -> dict[str, bytes]:
    return {
        stat.key: store.read(stat.key)[0]
        for stat in store.list()
        if "/v/" not in stat.key and "versions.json" not in stat.key and not stat.key.startswith(".")
    }


def test_what_is_lost_comes_back_byte_for_byte(store: MemoryStore) -> None:
    before = derived(store)
    assert len(before) > 500
    for key in before:
        store.delete(key)
    refresh_derived(Run(store, SETTINGS), NAME, check=True)
    assert derived(store) == before


@pytest.mark.parametrize("check", [False, True])
def test_a_second_rebuild_writes_nothing(store: MemoryStore, check: bool) -> None:
    done = refresh_derived(Run(store, SETTINGS), NAME, check=check)
    assert (done.written, done.removed) == (set(), set())


def test_every_process_makes_the_same_bytes(tmp_path: Path) -> None:
    """Python orders sets otherwise in each: nothing that is published may follow that order."""
    three_releases(FileStore(tmp_path / "public", layout.headers), tmp_path / "shelf")
    program = (
        "import sys; from publisher.run import Run, refresh_derived; from publisher.project import Settings;"
        "from publisher.store import open_store; run = Run(open_store(sys.argv[1], env={}), Settings(languages=('en', 'ar', 'fr')));"
        f"print(*sorted(refresh_derived(run, '{NAME}', check=True).written))"
    )

    def refresh(seed: str) -> list[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", program, str(tmp_path / "public")]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return done.stdout.split()

    assert len(refresh("1")) > 500
    assert refresh("2") == []


def test_the_changelog_tells_of_every_release(store: MemoryStore) -> None:
    told = json.loads(store.read(layout.changelog(NAME, "json"))[0])["releases"]
    assert [item["version"] for item in told] == ["1.0.2", "1.0.1", "1.0.0"]
    assert told[0]["message"] == "a correction"
    assert "Armenia" in told[0]["notes"]["en"][0]
    for language in ("en", "ar", "fr"):
        assert b"## 1.0.2" in store.read(layout.changelog(NAME, "md", language))[0]


@pytest.mark.parametrize("since", ["1.0.0", "1.0.1"])
def test_a_rollup_leads_from_an_older_release_to_the_latest(store: MemoryStore, tmp_path: Path, since: str) -> None:
    old, new = (read_release(store, NAME, version, tmp_path) for version in (since, "1.0.2"))
    paths = []
    for name in (layout.CHANGES, layout.CHANGE_ROWS):
        paths.append(tmp_path / name)
        paths[-1].write_bytes(store.read(layout.rollup(NAME, since, "1.0.2", name))[0])
    with open_engine(tmp_path) as engine:
        changes = read(engine, *paths)
        assert (changes.from_version, changes.to_version) == (since, "1.0.2")
        before, after = (states(side) for side in (old, new))
        result = {state.name: state.relation_sql for state in apply(engine, before, changes)}
        for state in after:
            ours = f"FROM {result[state.name]}"
            theirs = f"FROM {state.relation_sql}"
            assert not engine.rows(f"({ours} EXCEPT ALL {theirs}) UNION ALL ({theirs} EXCEPT ALL {ours})")


def states(release: Published) -> list[TableState]:
    return [
        TableState(table.name, read_published(release.csv_paths(table), table.schema), table.schema, table.primary_key)
        for table in release.info.tables
    ]


def test_another_address_changes_links_only_where_there_are_any(store: MemoryStore) -> None:
    settings = replace(SETTINGS, base_url="https://data.example.org/")
    refresh_derived(Run(store, settings), NAME)
    index = json.loads(store.read(layout.INDEX)[0])
    assert index["packages"][0]["version"] == "1.0.2"
    assert b"https://data.example.org/" in store.read(layout.SITEMAP)[0]
    refresh_derived(Run(store, SETTINGS), NAME)
