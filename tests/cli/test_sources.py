"""The program on a package whose tables come from elsewhere: validate, plan, diff and publish read them; failures are one message."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from tests.cli.program import publisher
from tests.web.server import Certificates, Server, file_page, run_server

BODY = b"id,name\n1,Belgium\n"
DESCRIPTOR = """
name: p
resources:
  - name: web
    path: {address}?hush
    schema: {{primaryKey: id, fields: [{{name: id, type: integer}}, {{name: name, type: string}}]}}
  - name: sheet
    path: book.xlsx
    schema: {{primaryKey: id, fields: [{{name: id, type: integer}}, {{name: day, type: date}}]}}
"""


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def server(certificates: Certificates) -> Iterator[Server]:
    with run_server(certificates.server) as found:
        found.pages["/t.csv"] = file_page(BODY)
        yield found


@pytest.fixture
def project(tmp_path: Path, server: Server) -> Path:
    folder = tmp_path / "datasets" / "p"
    folder.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text("[tool.publisher]\n")
    (folder / "datapackage.yaml").write_text(DESCRIPTOR.format(address=server.address("/t.csv")))
    fill(folder / "book.xlsx", "2012-12-05")
    return tmp_path


def fill(path: Path, day: str) -> None:
    book = openpyxl.Workbook()
    for row in (["id", "day"], [1, day]):
        book.active.append(row)
    book.save(path)


def test_the_commands_read_sources(project: Path, server: Server, certificates: Certificates) -> None:
    refused = publisher(project, "validate", SSL_CERT_FILE=str(certificates.path))
    assert refused.returncode == 4
    assert "table web: https://127.0.0.1" in refused.stderr
    assert "127.0.0.1 is not a public address" in refused.stderr
    assert "Traceback" not in refused.stderr
    given = {"SSL_CERT_FILE": str(certificates.path), "PUBLISHER_ALLOW_HOSTS": "127.0.0.1"}
    for command in ("validate", "plan", "publish"):
        ran = publisher(project, command, **given)
        assert ran.returncode == 0, ran.stderr
        assert "hush" not in ran.stdout + ran.stderr
    assert (project / "public/p/v/1.0.0/sheet.csv").read_text() == "id,day\n1,2012-12-05\n"
    server.pages["/t.csv"] = file_page(BODY + b"2,Lebanon\n")
    changed = publisher(project, "diff", "p", **given)
    assert "Lebanon" in changed.stdout, changed.stderr
    doubted = publisher(project, "validate", "--engine", "frictionless", **given)
    assert "both agree" in doubted.stdout, doubted.stderr


def test_findings_and_failures_of_sources(project: Path, server: Server, certificates: Certificates) -> None:
    given = {"SSL_CERT_FILE": str(certificates.path), "PUBLISHER_ALLOW_HOSTS": "127.0.0.1"}
    assert publisher(project, "publish", **given).returncode == 0
    fill(project / "datasets/p/book.xlsx", "someday")
    invalid = publisher(project, "publish", "--json", **given)
    assert invalid.returncode == 1
    (error,) = (item for task in json.loads(invalid.stdout)["tasks"] for item in task["errors"])
    assert (error["rowNumber"], error["fieldName"], "line" in error) == (2, "day", False)
    fill(project / "datasets/p/book.xlsx", "2012-12-05")
    server.pages.clear()
    failed = publisher(project, "publish", **given)
    assert failed.returncode == 4
    assert "what was published before stays" in failed.stderr
    assert "there is no such document" in failed.stderr
    assert publisher(project, "verify", **given).returncode == 0
