"""The files of a release that describe it to other programs are taken by those programs, and say what the data says."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import hxl
import pytest
import yaml
from csvw import CSVW

from publisher import layout
from publisher.package.companions import write_companions
from publisher.package.metadata import PackageInfo
from publisher.package.published import read_release
from publisher.store.memory import MemoryStore
from tests.shelf import three_releases
from tests.tools import ROOT, require

LANGUAGES = ("en", "ar", "fr")
CSVWVALIDATE = Path(sys.executable).with_name("csvwvalidate")
HXLVALIDATE = Path(sys.executable).with_name("hxlvalidate")
CROISSANT = Path(os.environ.get("PUBLISHER_CROISSANT", ROOT / ".venv-croissant" / "bin" / "mlcroissant"))
"""mlcroissant has an environment of its own: it pulls scipy, and nothing of ours imports it."""


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> tuple[PackageInfo, Path]:
    """A folder with the CSVs of the Alliance and their companions."""
    folder, store = tmp_path_factory.mktemp("release"), MemoryStore()
    three_releases(store, tmp_path_factory.mktemp("shelf"))
    info = read_release(store, "global-alliance", "1.1.0", folder).info
    canonical = {}
    for table in info.tables:
        canonical[table.name] = folder / f"{table.name}.csv"
        canonical[table.name].write_bytes(
            store.read(layout.release_file(info.name, info.version, f"{table.name}.csv"))[0]
        )
    write_companions(info, canonical, folder, languages=LANGUAGES, base_url="")
    return info, folder


def test_csvw_metadata_are_valid_and_rows_fulfil_them(release: tuple[PackageInfo, Path]) -> None:
    info, folder = release
    for name in ("csv-metadata.json", *(f"{table.name}.csv-metadata.json" for table in info.tables)):
        described = CSVW(str(folder / name), validate=True)
        assert described.is_valid, name
        assert not described.warnings, name
    checked = subprocess.run([CSVWVALIDATE, folder / "csv-metadata.json"], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout.strip()) == (0, "OK")
    metadata = json.loads((folder / "members.csv-metadata.json").read_text())
    column = next(item for item in metadata["tableSchema"]["columns"] if item["name"] == "status")
    assert column["titles"]["en"][0] == "status"
    assert set(column["titles"]) == set(LANGUAGES)


def test_csvw_finds_what_is_wrong(release: tuple[PackageInfo, Path], tmp_path: Path) -> None:
    _, folder = release
    for name in ("members.csv", "members.csv-metadata.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "members.csv").write_text((folder / "members.csv").read_text().replace("2013-06-17", "yesterday"))
    metadata = tmp_path / "members.csv-metadata.json"
    checked = subprocess.run([CSVWVALIDATE, metadata], capture_output=True, text=True, check=False)
    assert checked.returncode != 0
    assert "FAIL" in checked.stdout


def test_hxl_reads_tagged_tables(release: tuple[PackageInfo, Path]) -> None:
    info, folder = release
    tagged = [table for table in info.tables if table.hxl]
    assert {table.name for table in tagged} >= {"members", "commitments", "policy_targets"}
    for table in tagged:
        path = folder / layout.hxl_file(table.name)
        assert path.read_bytes().count(b"\n") == (folder / f"{table.name}.csv").read_bytes().count(b"\n") + 1
        with path.open(encoding="utf-8", newline="") as file:
            data = hxl.data(list(csv.reader(file)))
        assert len(data.values) == table.rows
        assert [column.display_tag for column in data.columns if column.tag] == list(table.hxl.values())
        checked = subprocess.run([HXLVALIDATE, path], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stdout
        assert "0 error(s), 0 warnings" in checked.stdout + checked.stderr


def test_croissant_loads_the_rows_without_a_warning(release: tuple[PackageInfo, Path]) -> None:
    require(CROISSANT.exists(), f"no mlcroissant at {CROISSANT}: .ci/run installs it")
    info, folder = release
    checked = subprocess.run(
        [CROISSANT, "validate", "--jsonld", folder / "croissant.json"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    assert "warning" not in checked.stderr.lower()
    loaded = subprocess.run(
        [
            CROISSANT,
            "load",
            "--jsonld",
            folder / "croissant.json",
            "--record_set",
            "commitments",
            "--num_records",
            "-1",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert loaded.returncode == 0, loaded.stderr
    assert (loaded.stdout + loaded.stderr).count("commitments/commitment_id") == info.table("commitments").rows


def test_a_release_says_how_it_is_cited(release: tuple[PackageInfo, Path]) -> None:
    info, folder = release
    cited = yaml.safe_load((folder / layout.CITATION).read_text())
    assert {"cff-version", "message", "title", "authors"} <= set(cited)
    assert (cited["type"], cited["version"], cited["license"]) == ("dataset", info.version, "CC-BY-4.0")
    assert str(cited["date-released"]) == info.created[:10]
    text = (folder / layout.README).read_text()
    assert "sha256sum --check SHA256SUMS" in text
    assert all(f"| {table.name} |" in text for table in info.tables)


def test_the_same_release_gives_the_same_bytes(release: tuple[PackageInfo, Path], tmp_path: Path) -> None:
    info, folder = release
    canonical = {table.name: folder / f"{table.name}.csv" for table in info.tables}
    for file in write_companions(info, canonical, tmp_path, languages=LANGUAGES, base_url=""):
        assert (tmp_path / file.name).read_bytes() == (folder / file.name).read_bytes()
