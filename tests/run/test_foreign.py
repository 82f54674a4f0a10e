"""A Data Package that nobody here wrote is published whole: every type of field, odd names, no titles, no project around it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from publisher import layout
from publisher.commit.verify import verify
from publisher.project import Settings, read_package
from publisher.run import Run, Wishes, publish_package
from publisher.store.files import FileStore
from publisher.store.retry import NEVER

FIELDS: list[dict[str, Any]] = [
    {"name": "id", "type": "integer", "constraints": {"required": True, "minimum": 1}},
    {"name": "name", "type": "string", "constraints": {"maxLength": 20}},
    {"name": "share of it", "type": "number", "decimalChar": ",", "constraints": {"minimum": 0, "maximum": 100}},
    {"name": "yes", "type": "boolean", "trueValues": ["ja"], "falseValues": ["nein"]},
    {"name": "day", "type": "date", "format": "%d.%m.%Y"},
    {"name": "moment", "type": "datetime"},
    {"name": "hour", "type": "time"},
    {"name": "year", "type": "year"},
    {"name": "month", "type": "yearmonth"},
    {"name": "span", "type": "duration"},
    {"name": "place", "type": "geopoint"},
    {"name": "shape", "type": "geojson"},
    {"name": "more", "type": "object"},
    {"name": "list", "type": "array"},
    {"name": "what", "type": "any"},
    {"name": "الاسم", "type": "string"},
]
ROWS = [
    (
        '1;Ärger;9,50;ja;05.12.2012;2012-12-05T10:00:00Z;10:00:00;2012;2012-12;P1D;"1.5,2.5";"{""type"":""Point"",""coordinates"":[1,2]}";'
        '"{""a"":1}";"[1,2]";x;اسم'
    ),
    "2;;;;;;;;;;;;;;;",
]


def test_any_data_package_is_published(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    header = ";".join(field["name"] for field in FIELDS)
    (source / "odd.csv").write_text("\n".join([header, *ROWS, ""]), encoding="utf-8")
    (source / "plain.csv").write_text("a,b\n1,=2\n", encoding="utf-8")
    resources = [
        {
            "name": "odd table",
            "path": "odd.csv",
            "dialect": {"delimiter": ";"},
            "schema": {"fields": FIELDS, "primaryKey": "id"},
        },
        {"name": "plain", "path": "plain.csv"},
    ]
    (source / "datapackage.json").write_text(json.dumps({"resources": resources}))
    store = FileStore(tmp_path / "public", layout.headers)
    run = Run(store, Settings(), now=lambda: datetime(2026, 11, 24, tzinfo=UTC))
    receipt = publish_package(run, read_package(source / "datapackage.json", project_root=None), Wishes())
    assert (receipt.outcome, receipt.version, receipt.stale) == ("published", "1.0.0", "")
    assert not verify(store, ["source"], retry=NEVER).problems
    row = json.loads(store.read("source/v/1.0.0/odd table.json")[0])["rows"][0]
    assert (row["yes"], row["day"], row["more"]) == (True, "2012-12-05", {"a": 1})
    assert b'"share of it":9.50' in store.read("source/v/1.0.0/odd table.json")[0]
    assert store.read("source/v/1.0.0/plain.en.excel.csv")[0] == b"\xef\xbb\xbfa,b\r\n1,'=2\r\n"
