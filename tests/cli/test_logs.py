"""Logs of the program: JSON on standard error with the run's name, results on standard output, no secret in either."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.cli.program import publisher


def test_every_step_is_a_line_with_the_name_of_the_run(small: Path) -> None:
    ended = publisher(small, "--log-format", "json", "publish", "--json")
    assert json.loads(ended.stdout)["outcome"] == "published"
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    assert [line["message"] for line in lines] == ["run started", "claimed 1.0.0", "run ended: published"]
    assert len({line["run"] for line in lines}) == 1


def test_a_failed_run_and_a_failed_command_are_lines_too(small: Path) -> None:
    cats = small / "datasets" / "pets" / "cats.csv"
    cats.write_text(cats.read_text().replace("2019-05-01", "5 May 2019"))
    ended = publisher(small, "publish", "--quiet", PUBLISHER_LOG_FORMAT="json")
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    assert [(line["level"], line["error"], line["exit_code"]) for line in lines[1:]] == [
        ("error", "InvalidData", 1)
    ] * 2


def test_without_a_form_an_error_is_told_once(small: Path) -> None:
    ended = publisher(small, "rollback", "pets", "9.9.9", "--reason", "x")
    assert ended.stderr.count("has no release 9.9.9") == 1


def test_no_secret_reaches_output_or_log(small: Path) -> None:
    for form in ((), ("--log-format", "json"), ("--log-format", "text")):
        place = "https://anna:canary@host/x?token=canary"
        ended = publisher(small, *form, "publish", "--target", place, SIGNING_KEY="cannot publish")
        assert ended.returncode == 2
        assert "*** to https://***@host/x?token=***" in ended.stderr
        assert "canary" not in ended.stdout + ended.stderr


def test_a_fault_of_the_program_is_kept_apart_from_wrong_data(small: Path) -> None:
    (small / "sitecustomize.py").write_text(
        "import sys, types\n"
        "module = types.ModuleType('publisher.cli.versions')\n"
        "def versions() -> None:\n    raise RuntimeError('canarykey')\n"
        "module.versions = versions\n"
        "sys.modules['publisher.cli.versions'] = module\n"
    )
    path = os.pathsep.join([str(small), os.environ.get("PYTHONPATH", "")])
    ended = publisher(small, "versions", PYTHONPATH=path, SIGNING_KEY="canarykey")
    assert ended.returncode == 70
    assert "RuntimeError: ***" in ended.stderr
    assert "canarykey" not in ended.stderr
