"""The corpus of frictionless' answers: equal on every case but those that docs/validation.md lists."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.tools import shared

from .conformance import findings

EXCEPTIONS = Path(__file__).with_name("exceptions.json")
SHARE = int(os.environ.get("CORPUS_SHARE", "8"))
"""One case in so many is tried; 1 tries them all."""


def test_corpus(tmp_path: Path) -> None:
    corpus = shared("conformance/cases.jsonl.gz")
    listed: dict[str, list[str]] = json.loads(EXCEPTIONS.read_text())
    allowed = {name for names in listed.values() for name in names}
    wrong: list[Any] = []
    with gzip.open(corpus, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            case = json.loads(line)
            if "sniff" in case["tags"] or (number % SHARE and case["id"] not in allowed):
                continue
            found = Counter(tuple(item) for item in _ask(case, corpus.parent, tmp_path / str(number)))
            if (found == Counter(map(tuple, case["expected"]))) == (case["id"] in allowed):
                wrong.append((case["id"], case["name"]))
    assert not wrong


def _ask(case: dict[str, Any], corpus: Path, folder: Path) -> list[list[Any]]:
    folder.mkdir()
    path = folder / f"t.{case['format']}"
    if "csv" in case:
        path.write_bytes(case["csv"].encode())
    else:
        shutil.copyfile(corpus / case["csv_path"], path)
    references = {}
    for name, item in (case.get("refs") or {}).items():
        (folder / f"{name}.csv").write_bytes(item["csv"].encode())
        references[name] = {"path": str(folder / f"{name}.csv"), "schema": item["schema"]}
    return findings(str(path), case["schema"], case["dialect"], case["encoding"], case["checklist"], references)


@pytest.mark.parametrize("reason", json.loads(EXCEPTIONS.read_text()))
def test_every_exception_is_explained(reason: str) -> None:
    page = Path(__file__).parents[2] / "docs" / "validation.md"
    assert reason in page.read_text(encoding="utf-8")
