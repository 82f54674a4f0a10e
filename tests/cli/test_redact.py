"""`publisher redact` as people run it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.program import publisher
from tests.security.search import find

SECRET = "canary-note-4711"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "datasets" / "p"
    folder.mkdir(parents=True)
    schema = {
        "primaryKey": "id",
        "fields": [
            {"name": "id", "type": "integer"},
            {"name": "name", "type": "string"},
            {"name": "note", "type": "string"},
        ],
    }
    resources = [{"name": "t", "path": "t.csv", "schema": schema, "publisher": {"label": "name"}}]
    (folder / "datapackage.json").write_text(json.dumps({"name": "p", "resources": resources}))
    (folder / "t.csv").write_text(f"id,name,note\n1,one,\n2,two,{SECRET}\n")
    (tmp_path / "pyproject.toml").write_text('[tool.publisher]\ntarget = "public"\n')
    assert publisher(tmp_path, "publish", "p").returncode == 0
    return tmp_path


def test_from_order_to_end(project: Path) -> None:
    order = ("redact", "p", "t:2", "--reason", "ordered by a court")
    refused = publisher(project, *order)
    assert refused.returncode == 2
    assert "still holds it" in refused.stderr
    (project / "datasets/p/t.csv").write_text("id,name,note\n1,one,\n")
    dry = publisher(project, *order, "--dry-run")
    assert "1.0.0 would be replaced by 1.0.0+redacted.1" in dry.stdout
    assert find(project / "public", [SECRET])
    done = publisher(project, *order, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["replaced"] == {"1.0.0": "1.0.0+redacted.1"}
    assert told["caches_to_purge"] == ["p/v/1.0.0/", "p/"]
    assert "cannot be recalled" in done.stderr
    assert find(project / "public", [SECRET]) == []
    for command in (("verify",), ("versions", "p")):
        ran = publisher(project, *command)
        assert ran.returncode == 0
    assert "1.0.0+redacted.1" in ran.stdout
    assert "nothing was published" in publisher(project, "publish", "p").stdout
    ran = publisher(project, "audit", "--json")
    assert ran.returncode == 0, ran.stderr
    audit = ran.stdout
    assert audit.count('"redact"') == 1
    assert "ordered by a court" in audit
    again = publisher(project, *order)
    assert again.returncode == 0
    assert "no release holds it any more" in again.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("p", "t:9", "--reason", "x"), "no release holds it"),
        (("p", "t", "--reason", "x"), "what is to go from this table"),
        (("p", ":9", "--reason", "x"), "names no record"),
        (("p", "t:", "--reason", "x"), "names no record"),
        (("p", "t:2", "--reason", " "), "needs a reason"),
        (("q", "t:2", "--reason", "x"), "nothing is published"),
    ],
)
def test_orders_that_make_no_sense_are_refused(project: Path, arguments: tuple[str, ...], message: str) -> None:
    (project / "datasets/p/t.csv").write_text("id,name,note\n1,one,\n")
    ran = publisher(project, "redact", *arguments)
    assert (ran.returncode, "Traceback" in ran.stderr) == (2, False)
    assert message in ran.stderr


def test_a_column_that_became_private_is_taken_out_of_the_past(project: Path) -> None:
    descriptor = project / "datasets/p/datapackage.json"
    document = json.loads(descriptor.read_text())
    document["resources"][0]["schema"]["fields"][2]["publisher"] = {"private": True}
    descriptor.write_text(json.dumps(document))
    planned = publisher(project, "plan", "p").stdout
    assert "publisher redact p t --field note" in planned
    assert publisher(project, "publish", "p").returncode == 0
    assert find(project / "public/p/v/1.0.0", [SECRET])
    done = publisher(project, "redact", "p", "t", "--field", "note", "--reason", "it was never meant to be public")
    assert done.returncode == 0, done.stderr
    assert find(project / "public", [SECRET]) == []
