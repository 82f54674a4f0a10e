"""Values of private columns, looked for in every byte that is published, logged or reported: from the first release on, over several
releases and everything derived from them."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.program import CLEAN
from tests.security.sandbox import Driver, Ended
from tests.security.search import find, holds

MAIL, PHONE, NOTE, ROW = "canary-mail-4711", "canary-phone-0815", "canary-note-1234", "canary-extra-5678"
CANARIES = (MAIL, PHONE, NOTE, ROW)
PRIVATE = {"private": True}
CONTACTS = {
    "fieldsMatch": "subset",
    "primaryKey": "id",
    "uniqueKeys": [["office", "mail"]],
    "fields": [
        {"name": "id", "type": "integer"},
        {"name": "office", "type": "string"},
        {
            "name": "mail",
            "type": "string",
            "constraints": {"unique": True, "pattern": "canary.*"},
            "publisher": PRIVATE,
        },
        {"name": "phone", "type": "string", "publisher": PRIVATE},
    ],
}
OFFICES = {
    "primaryKey": "office",
    "fields": [
        {"name": "office", "type": "string"},
        {"name": "reachable", "type": "integer", "publisher": {"discloses": ["contacts.phone"]}},
    ],
}
PLAIN = {"primaryKey": "id", "fields": [{"name": "id", "type": "integer"}, {"name": "office", "type": "string"}]}
QUERY = "SELECT office, count(phone) AS reachable FROM contacts GROUP BY office ORDER BY office"
CHECK = """SELECT 'contacts' AS resource, id AS key, 'mail of ' || mail AS message FROM contacts
WHERE mail NOT LIKE 'canary%' OR office = 'Broken'"""
DAY = "SELECT 'contacts' AS resource, id AS key, office AS message FROM contacts WHERE office IS NULL"


def rows(count: int = 3, *, suffix: str = "", office: str = "Oslo", more: str = "") -> str:
    lines = [
        f"{n},{office},{MAIL}-{n}{suffix},{PHONE}-{n}{suffix},{NOTE}-{n}{suffix}{more}" for n in range(1, count + 1)
    ]
    return "\n".join(["id,office,mail,phone,note", *lines, ""])


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project" / "datasets" / "people"
    for name in ("queries", "checks"):
        (folder / name).mkdir(parents=True)
    (folder / "queries/offices.sql").write_text(QUERY)
    (folder / "queries/plain.sql").write_text("SELECT * FROM contacts ORDER BY id")
    (folder / "checks/mail.sql").write_text(CHECK)
    (folder / "checks/day.sql").write_text(DAY)
    descriptor = {
        "name": "people",
        "title": "Offices",
        "licenses": [{"name": "CC0-1.0"}],
        "resources": [
            {"name": "contacts", "path": "contacts.csv", "schema": CONTACTS},
            {"name": "offices", "query": "queries/offices.sql", "schema": OFFICES},
            {"name": "plain", "query": "queries/plain.sql", "schema": PLAIN},
        ],
    }
    (folder / "datapackage.json").write_text(json.dumps(descriptor))
    (folder / "contacts.csv").write_text(rows())
    settings = (
        '[tool.publisher]\ntarget = "public"\nbase_url = "https://data.example.org/"\nlanguages = ["en", "ar", "fr"]\n'
    )
    (tmp_path / "project/pyproject.toml").write_text(settings)
    return tmp_path / "project"


Run = Callable[..., Ended]


@pytest.fixture
def run(drivers: list[Driver], project: Path) -> Run:
    """A command, as a process, whose output holds no canary."""

    def run(*arguments: str, code: int = 0, secret: bool = True) -> Ended:
        done = drivers[0].run(project.parent, arguments, cwd="project", env={"COLUMNS": "120"})
        assert done.code == code, done.stdout + done.stderr
        said = (done.stdout + done.stderr + done.events).encode()
        assert not (secret and [needle for needle in CANARIES if holds(said, needle)]), arguments
        assert "Traceback" not in done.stderr
        return done

    return run


def write(project: Path, text: str) -> str:
    """Replace the table. Returns the hash of its file, which would let anybody try values until it fits."""
    path = project / "datasets/people/contacts.csv"
    path.write_text(text)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def everything(project: Path, *hashes: str) -> None:
    assert find(project / "public", [*CANARIES, *hashes]) == []
    assert not list((project.parent / ".scratch").iterdir()), "temporary files stay behind"


def test_nothing_private_is_published_over_several_releases(project: Path, run: Run) -> None:
    hashes = [write(project, rows())]
    assert "1.0.0" in run("publish", "people").stdout
    everything(project, *hashes)

    hashes.append(write(project, rows(suffix="-changed")))
    assert "publish would do nothing" in run("plan", "people").stdout
    assert "nothing was published" in run("publish", "people").stdout, "a release tells that something private changed"
    assert not (project / "public/people/v/1.0.1").exists()

    hashes.append(write(project, rows(4, office="Bergen", suffix="-again")))
    run("plan", "people", "--json")
    assert "1.1.0" in run("publish", "people").stdout
    hashes.append(write(project, rows(2, office="Bergen")))
    run("publish", "people")
    everything(project, *hashes)

    for arguments in (
        ("versions", "people"),
        ("verify",),
        ("diff", "people", "1.0.0", "1.1.0"),
        ("diff", "people"),
        ("doctor",),
    ):
        run(*arguments)
    descriptor = json.loads((project / "public/people/latest/datapackage.json").read_text())
    fields = {item["name"]: [field["name"] for field in item["schema"]["fields"]] for item in descriptor["resources"]}
    assert fields == {"contacts": ["id", "office"], "offices": ["office", "reachable"], "plain": ["id", "office"]}
    assert (
        "uniqueKeys" not in descriptor["resources"][0]["schema"]
        or not descriptor["resources"][0]["schema"]["uniqueKeys"]
    )
    offices = (project / "public/people/latest/offices.csv").read_text()
    assert offices == "office,reachable\nBergen,2\n"


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github", "markdown"])
@pytest.mark.parametrize(
    "table",
    [
        pytest.param(rows().replace(MAIL, "x" + MAIL), id="private-cell-wrong"),
        pytest.param(rows().replace("1,Oslo", "one,Oslo"), id="public-cell-wrong-beside-private-ones"),
        pytest.param(rows().replace("-2", "-1"), id="private-value-twice"),
        pytest.param(rows(more=f",{ROW}"), id="more-cells-than-columns"),
        pytest.param(rows().replace("Oslo", "Oslo,Bergen"), id="cells-moved-to-the-right"),
        pytest.param(rows().replace("3,Oslo,", "3,"), id="cells-moved-to-the-left"),
        pytest.param(rows().replace("id,office", "office,id"), id="columns-exchanged"),
        pytest.param(rows().replace("mail", "e-mail", 1), id="header-wrong"),
        pytest.param(rows().split("\n", 1)[1], id="header-missing"),
        pytest.param(rows().replace("2,Oslo", '2,"Oslo'), id="quote-not-closed"),
        pytest.param(rows().replace(f"{MAIL}-2", f"{MAIL}\u200e-2"), id="invisible-letter"),
    ],
)
def test_findings_show_no_private_value(project: Path, run: Run, table: str, form: str) -> None:
    write(project, table)
    run("validate", "people", "--format", form, code=1)
    if form == "text":
        run("publish", "people", code=1)
        run("plan", "people", code=1)
        run("validate", "people", "--json", code=1)
        assert not list((project / "public").glob("people/**/*"))


def test_a_check_over_private_columns_names_the_key_and_withholds_the_rest(project: Path, run: Run) -> None:
    write(project, rows(office="Broken"))
    told = run("publish", "people", code=1).stdout
    assert "check" in told
    assert "withheld" in told


def test_sql_errors_show_no_private_value(project: Path, run: Run) -> None:
    check = project / "datasets/people/checks/mail.sql"
    check.write_text("SELECT 'contacts' AS resource, CAST(mail AS INTEGER) AS key, '' AS message FROM contacts")
    assert "ConversionException" in run("publish", "people", code=2).stderr
    check.unlink()
    query = project / "datasets/people/queries/offices.sql"
    query.write_text(
        "SELECT office, max(CAST(phone AS INTEGER)) AS reachable FROM contacts GROUP BY office ORDER BY office"
    )
    assert "ConversionException" in run("publish", "people", code=2).stderr
    query.write_text("SELECT office, count(mail) AS reachable FROM contacts GROUP BY office ORDER BY office")
    assert '"mail" not found' in run("publish", "people", code=2).stderr, "only the phone is disclosed"


def test_a_query_sees_no_private_column_that_its_schema_does_not_disclose(project: Path, run: Run) -> None:
    query = project / "datasets/people/queries/plain.sql"
    for sql in (
        "SELECT id, mail AS office FROM contacts ORDER BY id",
        "SELECT id, office FROM contacts WHERE mail LIKE '%2' ORDER BY id",
        "SELECT id, CAST(contacts AS VARCHAR) || mail AS office FROM contacts ORDER BY id",
        "SELECT id, mail AS office FROM private.contacts ORDER BY id",
        "SELECT id, (SELECT max(phone) FROM contacts) AS office FROM contacts ORDER BY id",
    ):
        query.write_text(sql)
        run("publish", "people", code=2)
    query.write_text("SELECT id, CAST(contacts AS VARCHAR) AS office FROM contacts ORDER BY id")
    run("publish", "people")
    everything(project)


def test_the_maintainer_sees_the_value_on_a_terminal_of_validate_alone(project: Path) -> None:
    write(project, rows().replace(MAIL, "x" + MAIL))
    for arguments, shown in (
        (["validate", "people"], True),
        (["validate", "people", "--format", "json"], False),
        (["plan", "people"], False),
    ):
        assert holds(on_a_terminal(project, *arguments), MAIL) is shown, arguments


def on_a_terminal(project: Path, *arguments: str) -> bytes:
    """What a command writes to a terminal of its own."""
    read, write_end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "publisher", *arguments],
        cwd=project,
        env=CLEAN,
        stdout=write_end,
        stderr=write_end,
        stdin=write_end,
    )
    os.close(write_end)
    said = b""
    while True:
        try:
            data = os.read(read, 65536)
        except OSError:
            break
        said += data
        if not data:
            break
    process.wait(60)
    os.close(read)
    return said


def test_a_column_that_becomes_private_is_not_told_of_again(project: Path, run: Run) -> None:
    folder = project / "datasets/people"
    descriptor = json.loads((folder / "datapackage.json").read_text())
    contacts = descriptor["resources"][0]["schema"]
    for name in ("mail", "phone"):
        del contacts["fields"][["id", "office", "mail", "phone"].index(name)]["publisher"]
    descriptor["resources"][1]["schema"]["fields"][1].pop("publisher")
    (folder / "queries/plain.sql").write_text("SELECT id, office FROM contacts ORDER BY id")
    (folder / "datapackage.json").write_text(json.dumps(descriptor))
    run("publish", "people", secret=False)
    assert find(project / "public/people/v/1.0.0", [MAIL]), "the column was public"

    contacts["fields"][2] |= {"name": "email", "publisher": {"private": True, "renamed_from": "mail"}}
    contacts["fields"][3]["publisher"] = PRIVATE
    contacts["uniqueKeys"] = [["office", "email"]]
    descriptor["resources"][1]["schema"]["fields"][1]["publisher"] = {"discloses": ["contacts.phone"]}
    (folder / "datapackage.json").write_text(json.dumps(descriptor))
    (folder / "checks/mail.sql").unlink()
    text = rows(2, office="Bergen").replace("mail", "email", 1)
    write(project, text)
    assert "2.0.0" in run("publish", "people").stdout
    assert find(project / "public/people/v/2.0.0", list(CANARIES)) == []
    assert find(project / "public/people/latest", list(CANARIES)) == []
