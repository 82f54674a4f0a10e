"""The commands as a maintainer uses them: real processes, a real project folder, what is printed and the exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.program import CLEAN, publisher


def edit(project: Path, table: str, old: str, new: str) -> None:
    path = project / "datasets" / "global-alliance" / table
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def files(folder: Path) -> dict[str, bytes]:
    """All but status.json, which tells of every attempt."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "status.json")
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_publish_twice_then_a_correction(project: Path) -> None:
    first = publisher(project, "publish")
    assert (first.returncode, first.stderr) == (0, "")
    assert "published global-alliance 1.0.0" in first.stdout
    before = files(project / "public")

    again = publisher(project, "publish")
    assert again.returncode == 0
    assert "up to date" in again.stdout
    assert files(project / "public") == before

    edit(project, "members.csv", ",Albania,", ",Albania (corrected),")
    plan = publisher(project, "plan", "--json")
    assert json.loads(plan.stdout)["version"] == "1.0.1"
    assert files(project / "public") == before

    second = publisher(project, "publish", "--json")
    receipt = json.loads(second.stdout)
    assert (receipt["outcome"], receipt["version"]) == ("published", "1.0.1")
    assert receipt["copied"] > 30
    after = files(project / "public")
    kept = [name for name in before if "/v/1.0.0/" in name and not name.endswith(".html")]
    assert len(kept) > 100
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    listed = json.loads(publisher(project, "versions", "--json").stdout)
    assert [item["version"] for item in listed["releases"]] == ["1.0.1", "1.0.0"]
    assert publisher(project, "verify").returncode == 0


def test_rollback_yank_and_verify(project: Path) -> None:
    publisher(project, "publish")
    edit(project, "members.csv", ",Albania,", ",Albania (wrong),")
    publisher(project, "publish")
    assert publisher(project, "rollback", "global-alliance", "1.0.0", "--reason", "wrong name").returncode == 0
    assert json.loads(publisher(project, "versions", "--json").stdout)["latest"] == "1.0.0"
    refused = publisher(project, "publish")
    assert refused.returncode == 6
    assert "taken back" in refused.stderr
    assert publisher(project, "yank", "global-alliance", "1.0.1", "--reason", "wrong name").returncode == 0
    damaged = project / "public" / "global-alliance" / "v" / "1.0.0" / "members.csv"
    damaged.write_bytes(damaged.read_bytes().replace(b"Albania", b"Albanie"))
    verified = publisher(project, "verify")
    assert verified.returncode == 4
    assert "members.csv" in verified.stderr


BAD = {
    "a wrong cell": ("members.csv", ",2012-12-05,", ",5 December 2012,", 1, "type-error"),
    "a foreign key to nowhere": ("commitments.csv", ",S16,", ",S99,", 1, "foreign-key"),
    "a value outside its category": ("members.csv", ",founding,", ",foundin,", 1, "constraint-error"),
}


@pytest.mark.parametrize("case", BAD)
def test_invalid_data_is_named_and_nothing_is_published(project: Path, case: str) -> None:
    table, old, new, code, says = BAD[case]
    edit(project, table, old, new)
    for command in ("validate", "publish"):
        ran = publisher(project, command)
        assert ran.returncode == code
        assert says in ran.stdout + ran.stderr
        assert table in ran.stdout + ran.stderr
        assert "Traceback" not in ran.stderr
    assert not (project / "public" / "global-alliance").exists()


def break_project(project: Path, what: str) -> None:
    package = project / "datasets" / "global-alliance"
    if what == "a missing file":
        (package / "members.csv").unlink()
    elif what == "a broken schema":
        (project / "schemas" / "members.json").write_text('{"fields": [')
    elif what == "a schema that is none":
        (project / "schemas" / "members.json").write_text('{"fields": [{"name": "country_code", "type": "strin"}]}')
    elif what == "a query that does not run":
        (package / "queries" / "members_by_region.sql").write_text("SELECT nothing FROM members ORDER BY 1")
    elif what == "a query without an order":
        (package / "queries" / "members_by_region.sql").write_text("SELECT * FROM members")
    elif what == "a query that reads files":
        (package / "queries" / "members_by_region.sql").write_text("SELECT * FROM read_text('/etc/passwd') ORDER BY 1")
    elif what == "a check that does not run":
        (package / "checks" / "wrong.sql").write_text("SELECT * FROM nowhere")
    elif what == "an unknown setting":
        (project / "pyproject.toml").write_text('[tool.publisher]\ntarge = "public"\n')
    elif what == "a target that is a file":
        (project / "public").write_text("")


@pytest.mark.parametrize(
    "what",
    [
        "a missing file",
        "a broken schema",
        "a schema that is none",
        "a query that does not run",
        "a query without an order",
        "a query that reads files",
        "a check that does not run",
        "an unknown setting",
        "a target that is a file",
    ],
)
def test_a_broken_project_is_one_message(project: Path, what: str) -> None:
    break_project(project, what)
    ran = publisher(project, "publish")
    assert ran.returncode == 2, ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr
    assert 1 <= len(ran.stderr.strip().splitlines()) <= 6, ran.stderr
    assert not (project / "public" / "global-alliance").exists()


def test_json_is_alone_on_standard_output(project: Path) -> None:
    for command in ("validate", "plan", "publish", "versions", "verify", "refresh", "gc", "doctor"):
        ran = publisher(project, command, "--json")
        json.loads(ran.stdout)
        assert ran.returncode == 0, ran.stderr


def test_quiet_says_nothing(project: Path) -> None:
    ran = publisher(project, "publish", "--quiet")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_help_names_every_command_and_loads_none(project: Path) -> None:
    code = "import sys; sys.argv = ['publisher', '--help']\nfrom publisher.cli import main\ntry: main()\nexcept SystemExit: pass\n"
    code += (
        "heavy = {'duckdb', 'boto3', 'frictionless'} & set(sys.modules); sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=project, env=CLEAN, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    for command in (
        "validate",
        "plan",
        "publish",
        "versions",
        "diff",
        "rollback",
        "yank",
        "verify",
        "refresh",
        "gc",
        "preview",
        "doctor",
    ):
        assert command in ran.stdout


@pytest.mark.parametrize(
    ("typed", "meant"), [(["validat"], "validate"), (["publish", "global-aliance"], "global-alliance")]
)
def test_typing_errors_are_met_with_the_nearest(project: Path, typed: list[str], meant: str) -> None:
    ran = publisher(project, *typed)
    assert ran.returncode == 2
    assert f"Did you mean {meant}" in ran.stderr.replace("'", "")
