"""The Alliance's own history: the launch list of 2012 and the list of 2014 as two releases, told apart by their published changes."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from publisher import diff, layout
from publisher.diff.state import TableState, load_text
from publisher.engine import Engine
from publisher.notes import write_notes
from publisher.project import find_package, find_project
from publisher.run import Run, Wishes, publish_package
from publisher.store.memory import MemoryStore
from publisher.version import rule
from tests.diff.worlds import engine_in
from tests.tools import ROOT

JOINED = {"AM", "BA", "CA", "CR", "IL", "XK", "MX"}
SCHEMA = json.loads((ROOT / "schemas/members.json").read_text(encoding="utf-8"))
FIELDS = [item["name"] for item in SCHEMA["fields"]]
REASON = "Named in the launch lists of 2012 only"
RECORD = {
    "en": {"one": "{n} member", "other": "{n} members"},
    "ar": {"one": "عضو واحد", "few": "{n} أعضاء", "other": "{n} عضو"},
}
SETTINGS: dict[str, Any] = {"members": {"label": {"en": "name_en", "ar": "name_ar", "fr": "name_fr"}, "record": RECORD}}


def listed(column: str) -> list[list[str | None]]:
    """The rows of members.csv that a list names."""
    with (ROOT / "datasets/global-alliance/members.csv").open(encoding="utf-8", newline="") as file:
        return [[row[name] or None for name in FIELDS] for row in csv.DictReader(file) if row[column] == "true"]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with engine_in(tmp_path / "engine") as found:
        yield found


def table(engine: Engine, rows: Any) -> TableState:
    return TableState("members", load_text(engine, FIELDS, rows), SCHEMA, tuple(SCHEMA["primaryKey"]))


def test_the_difference_names_the_seven_and_viet_nam(engine: Engine) -> None:
    launch, later = listed("listed_at_launch"), listed("listed_in_2014")
    assert (len(launch), len(later)) == (48, 54)
    why = diff.load_notes(engine, (), [diff.Removal("members", ("VN",), REASON)])
    changes = diff.compare(
        engine, [table(engine, launch)], [table(engine, later)], notes=why, from_version="1.0.0", to_version="1.1.0"
    )
    (found,) = changes.tables
    assert {key for (key,) in diff.keys_of(engine, found, "add")} == JOINED
    assert diff.keys_of(engine, found, "remove") == [("VN",)]
    assert found.counts.changed == 0
    assert rule(changes.facts).rule == "rows_added"
    notes = write_notes(changes, ("en", "ar", "fr"), SETTINGS)
    assert (
        notes["en"][0]
        == "7 members added: Armenia, Bosnia & Herzegovina, Canada, Costa Rica, Israel, Mexico, and Kosovo"
    )
    assert notes["en"][1] == f"1 member removed: Vietnam ({REASON})"
    assert notes["ar"][0].startswith("إضافة 7 أعضاء: ")
    assert "فييتنام" in notes["ar"][1] or "فيتنام" in notes["ar"][1]


def test_published_as_releases(tmp_path: Path) -> None:
    store = MemoryStore()
    schema = {key: value for key, value in SCHEMA.items() if key != "foreignKeys"}
    folder = tmp_path / "project" / "datasets" / "alliance"
    folder.mkdir(parents=True)
    (tmp_path / "project/pyproject.toml").write_text("[tool.publisher]\ntarget = 'public'\n")
    resource = {"name": "members", "path": "members.csv", "schema": schema}
    (folder / "datapackage.json").write_text(json.dumps({"name": "alliance", "resources": [resource]}))
    versions = []
    for column in ("listed_at_launch", "listed_in_2014"):
        with (folder / "members.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([FIELDS, *listed(column)])
        project = find_project(tmp_path / "project", {})
        receipt = publish_package(Run(store, project.settings), find_package(project, "alliance"), Wishes())
        assert receipt.outcome == "published"
        versions.append(receipt.version)
    assert versions == ["1.0.0", "1.1.0"]
    rows, _ = store.read(layout.release_file("alliance", "1.1.0", layout.CHANGE_ROWS))
    lines = [json.loads(line) for line in rows.splitlines()]
    assert {line["key"]["country_code"] for line in lines if line["op"] == "add"} == JOINED
    assert [(line["op"], line["key"]["country_code"]) for line in lines if line["op"] != "add"] == [("remove", "VN")]
    summary, _ = store.read(layout.release_file("alliance", "1.1.0", layout.CHANGES))
    assert json.loads(summary)["counts"]["added"] == 7
