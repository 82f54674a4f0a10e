"""Line ends of Unicode's own (U+0085, U+2028, U+2029) in names, texts and reasons: lists of lines stay whole."""

from __future__ import annotations

import json
from pathlib import Path

from tests.security.sandbox import Driver, write_project

NAME, TEXT = "a\u2028b\x85c\u2029d", "x\u2028y\x85z\u2029."
SCHEMA = {
    "fields": [{"name": "id", "type": "integer"}, {"name": NAME, "type": "string", "title": TEXT}],
    "primaryKey": "id",
}


def test_a_package_of_them_is_published_checked_pulled_and_redacted(drivers: list[Driver], tmp_path: Path) -> None:
    package = {
        "name": "p",
        "title": TEXT,
        "description": TEXT,
        "resources": [{"name": NAME, "path": "t.csv", "title": TEXT, "schema": SCHEMA}],
    }
    files = {"datasets/p/datapackage.json": json.dumps(package), "datasets/p/t.csv": table(5)}
    write_project(tmp_path, files)

    def run(*arguments: str) -> None:
        done = drivers[0].run(tmp_path, arguments, cwd="project", env={})
        assert done.code == 0, done.stdout + done.stderr

    run("publish", "p", "--message", TEXT)
    for last in (4, 3):
        (tmp_path / "project/datasets/p/t.csv").write_text(table(last), encoding="utf-8")
        run("redact", "p", f"{NAME}:{last}", "--reason", TEXT)
    run("publish", "p")
    run("verify")
    for _ in range(2):
        run("pull", str(tmp_path / "project/public/p"), "copy")


def table(last: int) -> str:
    return f"id,{NAME}\n" + "".join(f"{number},x\n" for number in range(last))
