"""Reports as documents: every code has its words in every language, every form is well made."""

from __future__ import annotations

import json
import re

import frictionless
import pytest

from publisher.errors import UsageError
from publisher.findings import HOUSE, Finding, Report, Task
from publisher.messages import read_messages
from publisher.report import FIX, FORMS, WHAT, remedy, sentence, write_report

BAD = Finding(
    "type-error",
    'a | "note"',
    path="data/a:b.csv",
    row=3,
    line=4,
    field=2,
    name="x",
    cell="12\n%",
    cells=("k", "12\n%"),
    rule="integer/default",
    expected="12",
    nearest="12",
)
REPORT = Report((Task("t", "data/a:b.csv", ("k", "x"), 2, {"type-error": 5}, (BAD,)), Task("u", "u.csv", ("k",), 1)))


def test_every_code_has_a_sentence_and_a_remedy() -> None:
    messages = read_messages("findings", "en")
    for code in [error.type for error in frictionless.Error.list_children(root=True) if error.type in WHAT] + list(
        HOUSE
    ):
        assert sentence(Finding(code, "a note", cell="x", rule="r", name="n"), messages)
        assert code in WHAT
        assert remedy(Finding(code), messages) or code.endswith("-header"), code


def test_arabic_is_complete() -> None:
    texts = read_messages("findings", "ar").texts
    for text in [*WHAT.values(), *FIX.values()]:
        assert texts.get(text), text
        assert set(re.findall(r"\{\w+\}", texts[text])) <= set(re.findall(r"\{\w+\}", text))


@pytest.mark.parametrize("form", list(FORMS))
@pytest.mark.parametrize("language", ["en", "ar"])
def test_forms(form: str, language: str) -> None:
    text = write_report(REPORT, form, language=language)
    if form in ("json", "sarif"):
        json.loads(text)
    if form == "github":
        assert text.count("\n") == 1
        assert "a%3Ab.csv" in text
        assert "line=4" in text


def test_text_shows_the_cell_in_its_row_and_what_is_left_out() -> None:
    text = write_report(REPORT, "text")
    assert "record 3, line 4, column 2 (x): “12␊%”" in text
    assert "k | »12␊%«" in text
    assert "did you mean 12?" in text
    assert "and 4 more" in text


def test_a_rule_between_tables_names_the_record_that_breaks_it() -> None:
    finding = Finding(
        "check", "S99 (A note) is used by nothing", rule="used", key=(("key", "S99"),), path="checks/used.sql"
    )
    written = write_report(Report((Task("sources", "sources.csv", (), 1, {"check": 1}, (finding,)),)), "text")
    assert "checks/used.sql: record S99: S99 (A note) is used by nothing [check]" in written


def test_an_unknown_form() -> None:
    with pytest.raises(UsageError, match="pdf"):
        write_report(REPORT, "pdf")


def test_merge_joins_tasks_of_the_same_name() -> None:
    merged = REPORT.merge(REPORT)
    assert [task.name for task in merged.tasks] == ["t", "u"]
    assert merged.counts == {"type-error": 10}
