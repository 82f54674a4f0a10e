"""`publisher init` as a newcomer uses it: a folder of CSV files becomes a project that validates, plans and publishes."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.program import publisher


def test_from_a_folder_of_files_to_a_release(tmp_path: Path) -> None:
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "members.csv").write_bytes(
        "iso2;name;joined\nDE;Deutschland;31.01.2020\nCI;Côte d'Ivoire;01.02.2021\n".encode("latin-1")
    )
    (folder / "schools.csv").write_text("id,member,pupils\n1,DE,120\n2,CI,n/a\n3,XX,7\n", encoding="utf-8-sig")
    made = publisher(tmp_path, "init", "sources", "--into", "project", "--name", "schools")
    assert made.returncode == 0, made.stderr
    assert "schools.member -> members.iso2: 1 values are not there" in made.stdout
    assert "it was read as cp1252: is “Côte” right?" in made.stdout

    project = tmp_path / "project"
    checked = publisher(project, "validate")
    assert checked.returncode == 0
    assert "still to be filled in, where it says TODO (" in checked.stdout
    refused = publisher(project, "publish")
    assert refused.returncode == 6
    assert "say TODO" in refused.stderr
    for path in (*project.glob("schemas/*.json"), *project.glob("datasets/*/datapackage.yaml")):
        path.write_text(path.read_text(encoding="utf-8").replace("TODO: ", ""), encoding="utf-8")
    assert "TODO" not in publisher(project, "validate").stdout
    published = publisher(project, "publish")
    assert published.returncode == 0, published.stderr
    rows = json.loads((project / "public" / "schools" / "latest" / "members.json").read_text(encoding="utf-8"))["rows"]
    assert rows[0] == {"iso2": "CI", "name": "Côte d'Ivoire", "joined": "2021-02-01"}


def test_for_programs_it_is_one_document(tmp_path: Path) -> None:
    (tmp_path / "cats.csv").write_text("id,name\n1,Minka\n")
    made = json.loads(publisher(tmp_path, "init", "--name", "pets", "--json").stdout)
    assert made["tables"][0]["key"] == ["id"]
    assert made["findings"] == 0
    assert all(item["written"] for item in made["files"])
