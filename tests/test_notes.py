"""Release notes: the right sentences with the right plural in every language, and nothing left untranslated."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import extract_from_file

import publisher.notes
from publisher import diff
from publisher.diff.state import TableState, load_text
from publisher.engine import Engine
from publisher.messages import read_messages
from publisher.notes import Entry, changelog_json, changelog_markdown, read_entry, write_notes
from publisher.version import rule
from tests.diff.worlds import engine_in

LANGUAGES = ("en", "ar", "fr")
SCHEMA: dict[str, Any] = {
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "name_en", "type": "string", "title": "Name"},
        {"name": "name_ar", "type": "string"},
        {
            "name": "status",
            "type": "string",
            "title": "status",
            "title@ar": "الحالة",
            "title@fr": "statut",
            "categories": [
                {"value": "planned", "label": "planned", "label@ar": "مزمع", "label@fr": "prévu"},
                {"value": "done", "label": "done", "label@ar": "منجز", "label@fr": "fait"},
            ],
        },
        {"name": "listed", "type": "boolean", "title": "Listed"},
    ],
    "primaryKey": ["id"],
}
TITLES = {"title": "Members", "title@ar": "الأعضاء", "title@fr": "Membres"}
LABEL: dict[str, Any] = {"label": {"en": "name_en", "ar": "name_ar"}}
RECORD = {
    "en": {"name": "member", "one": "{n} member", "other": "{n} members"},
    "fr": {"name": "membre", "one": "{n} membre", "other": "{n} membres"},
    "ar": {
        "name": "العضو",
        "zero": "{n} عضو",
        "one": "عضو واحد",
        "two": "عضوين",
        "few": "{n} أعضاء",
        "many": "{n} عضوًا",
        "other": "{n} عضو",
    },
}
ALBANIA = ("AL", "Albania", "ألبانيا", "planned", "true")
VIET_NAM = ("VN", "Viet Nam", "فييت نام", "planned", "true")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with engine_in(tmp_path / "engine") as found:
        yield found


def table(engine: Engine, *rows: Any, schema: dict[str, Any] = SCHEMA, **descriptor: Any) -> TableState:
    names = [item["name"] for item in schema["fields"]]
    return TableState(
        "members", load_text(engine, names, rows), schema, tuple(schema.get("primaryKey", ())), TITLES | descriptor
    )


def notes(engine: Engine, before: Any, after: Any, settings: Any = None, said: Any = None) -> dict[str, list[str]]:
    changes = diff.compare(engine, before, after, notes=said, from_version="1.0.0", to_version="1.1.0")
    return write_notes(changes, LANGUAGES, settings or {"members": LABEL | {"record": RECORD}})


def plain(text: str) -> str:
    return text.replace("\u2068", "").replace("\u2069", "")


def test_every_text_is_translated() -> None:
    source = Path(publisher.notes.__file__)
    keywords: dict[str, Any] = {"say": None, "count": (1, 2)}
    found = list(extract_from_file("python", source, keywords=keywords))
    assert len(found) > 25
    for language in LANGUAGES[1:]:
        words = read_messages("notes", language)
        ids = {message if isinstance(message, str) else message[0] for _, message, _, _ in found}
        assert ids == {*words.texts, *words.forms} - {""}, language
        assert all(words.texts[text] for text in ids if text in words.texts)


@pytest.mark.parametrize(
    ("number", "english", "french", "arabic", "generic"),
    [
        (1, "1 member added", "Ajout de 1 membre", "إضافة عضو واحد", "سجل واحد"),
        (2, "2 members added", "Ajout de 2 membres", "إضافة عضوين", "سجلين"),
        (3, "3 members added", "Ajout de 3 membres", "إضافة 3 أعضاء", "3 سجلات"),
        (10, "10 members added", "Ajout de 10 membres", "إضافة 10 أعضاء", "10 سجلات"),
        (11, "11 members added", "Ajout de 11 membres", "إضافة 11 عضوًا", "11 سجلًا"),
        (99, "99 members added", "Ajout de 99 membres", "إضافة 99 عضوًا", "99 سجلًا"),
        (100, "100 members added", "Ajout de 100 membres", "إضافة 100 عضو", "100 سجل"),
        (103, "103 members added", "Ajout de 103 membres", "إضافة 103 أعضاء", "103 سجلات"),
        (1102, "1,102 members added", "Ajout de 1\u202f102 membres", "إضافة 1,102 عضو", "1,102 سجل"),
    ],
)
def test_plurals(engine: Engine, number: int, english: str, french: str, arabic: str, generic: str) -> None:
    rows = [(f"{index:04d}", None, None, None, None) for index in range(number)]
    found = notes(engine, [table(engine)], [table(engine, *rows)])
    assert [found[language][0].split(":")[0].rstrip("\u202f\u00a0 ") for language in LANGUAGES] == [
        english,
        arabic,
        french,
    ]
    assert f"إضافة {generic}:" in notes(engine, [table(engine)], [table(engine, *rows)], {"members": {}})["ar"][0]


def test_names_and_how_many_more(engine: Engine) -> None:
    rows = [(f"M{index}", f"Member {index}", f"عضو {index}", None, None) for index in range(14)]
    found = notes(engine, [table(engine)], [table(engine, *rows)])
    shown = [0, 1, 10, 11, 12, 13, 2, 3, 4, 5]
    assert found["en"] == [f"14 members added: {', '.join(f'Member {place}' for place in shown)}, and 4 more"]
    assert plain(found["ar"][0]) == f"إضافة 14 عضوًا: {' و'.join(f'عضو {place}' for place in shown)} و4 غيرها"
    assert found["fr"] == [f"Ajout de 14 membres\u00a0: {', '.join(f'Member {place}' for place in shown)} et 4 autres"]


def test_a_correction_is_told_with_its_values(engine: Engine) -> None:
    found = notes(engine, [table(engine, ALBANIA)], [table(engine, ("AL", "Albania", "ألبانيا", "done", "false"))])
    assert found["en"] == ["Member Albania: status planned → done; Listed yes → no"]
    assert plain(found["ar"][0]) == "العضو ألبانيا: «الحالة» من مزمع إلى منجز؛ «Listed» من نعم إلى لا"
    assert found["fr"] == ["Membre Albania\u00a0: statut prévu → fait\u202f; Listed oui → non"]


def test_computed_tables_are_told_by_numbers(engine: Engine) -> None:
    before = table(engine, ALBANIA, VIET_NAM, query="SELECT 1")
    after = table(engine, (*ALBANIA[:3], "done", "true"), query="SELECT 1")
    found = notes(engine, [before], [after])
    assert found["en"] == ["Members, computed from other tables: 1 member removed and 1 member changed"]


def test_rows_that_left_a_computed_table_explain_the_number(engine: Engine) -> None:
    """Nobody removed them, so nobody could give a reason for each."""
    before, after = table(engine, ALBANIA, VIET_NAM, query="SELECT 1"), table(engine, ALBANIA, query="SELECT 1")
    bump = rule(diff.compare(engine, [before], [after], from_version="1.0.0", to_version="1.1.0").facts)
    assert (bump.level, bump.rule) == ("minor", "computed_rows_removed")
    assert bump.explanation == "minor: rows left computed tables, since what these are computed from changed (members)"
    back = rule(diff.compare(engine, [after], [before], from_version="1.0.0", to_version="1.1.0").facts)
    assert (back.level, back.rule) == ("minor", "computed_rows_added")
    plain_rows = rule(diff.compare(engine, [table(engine, ALBANIA, VIET_NAM)], [table(engine, ALBANIA)]).facts)
    assert plain_rows.rule == "rows_removed"


def test_without_settings_the_key_and_the_tables_title_stand_in(engine: Engine) -> None:
    settings: dict[str, Any] = {"members": {}}
    found = notes(engine, [table(engine, ALBANIA)], [table(engine, (*ALBANIA[:3], "done", None), VIET_NAM)], settings)
    assert found["en"] == ["Members: 1 record added: VN", "Members AL: status planned → done; Listed yes → (none)"]
    assert found["fr"][0] == "Membres\u00a0: Ajout de 1 enregistrement\u00a0: VN"


def test_removals_and_returns(engine: Engine) -> None:
    why = diff.load_notes(engine, (), [diff.Removal("members", ("VN",), "Named in the launch lists only")])
    found = notes(engine, [table(engine, ALBANIA, VIET_NAM)], [table(engine, ALBANIA)], said=why)
    assert found["en"] == ["1 member removed: Viet Nam (Named in the launch lists only)"]
    stones = diff.load_notes(engine, [diff.Tombstone("members", ("VN",), "1.0.0")], ())
    back = notes(engine, [table(engine, ALBANIA)], [table(engine, ALBANIA, VIET_NAM)], said=stones)
    assert back["en"] == ["1 member came back: Viet Nam"]
    assert back["ar"] == ["عودة عضو واحد: فييت نام"]


def test_many_corrections_are_counted(engine: Engine) -> None:
    rows = [(f"M{index}", f"Member {index}", None, "planned", None) for index in range(11)]
    found = notes(engine, [table(engine, *rows)], [table(engine, *[(*row[:3], "done", None) for row in rows])])
    assert found["en"] == [
        (
            "11 members changed: Member 0, Member 1, Member 10, Member 2, Member 3, Member 4, Member 5, Member 6, Member 7, "
            "Member 8, and 1 more"
        )
    ]


def test_long_texts_are_not_repeated(engine: Engine) -> None:
    found = notes(engine, [table(engine, ALBANIA)], [table(engine, ("AL", "A" * 99, *ALBANIA[2:]))])
    assert found["en"] == [f"Member {'A' * 99}: Name reworded"]


def test_columns_and_tables(engine: Engine) -> None:
    ends = {"since": "2026-01-01", "until": "2027-01-01", "replaced_by": "status"}
    fields = [
        SCHEMA["fields"][0],
        {**SCHEMA["fields"][1], "name": "name", "publisher": {"renamed_from": "name_en"}},
        {**SCHEMA["fields"][3], "constraints": {"required": True}},
        {**SCHEMA["fields"][4], "deprecated": ends},
        {"name": "region", "type": "string", "title": "Region"},
    ]
    after = table(engine, ("AL", "Albania", "planned", "true", "Europe"), schema={**SCHEMA, "fields": fields})
    found = notes(engine, [table(engine, ALBANIA)], [after])
    assert found["en"] == [
        "Members: column name_en → name has a new name",
        "Members: stricter rule for status",
        "Members: column Listed will end on 1 January 2027; use status",
        "Members: column Region added",
        "Members: column name_ar removed",
    ]
    assert all(len(found[language]) == 5 for language in LANGUAGES)
    assert notes(engine, [], [after])["en"] == ["Members: new table, 1 member"]
    assert notes(engine, [after], [])["fr"] == ["Membres\u00a0: table supprimée"]


def test_nothing_but_descriptions(engine: Engine) -> None:
    assert notes(engine, [table(engine, ALBANIA)], [table(engine, ALBANIA, description="x")])["en"] == [
        "Members: descriptions revised"
    ]
    assert notes(engine, [table(engine, ALBANIA)], [table(engine, ALBANIA)])["en"] == ["The same data, written anew"]


def test_rows_without_a_key_have_no_names(engine: Engine) -> None:
    schema = {"fields": SCHEMA["fields"]}
    found = notes(engine, [table(engine, schema=schema)], [table(engine, ALBANIA, ALBANIA, schema=schema)])
    assert found["en"] == ["2 members added"]


def test_a_latin_name_is_kept_apart_in_arabic(engine: Engine) -> None:
    found = notes(engine, [table(engine)], [table(engine, ("AL", "Albania", None, None, None))])
    assert found["ar"] == ["إضافة عضو واحد: \u2068AL\u2069"]


def test_the_changelog(engine: Engine, tmp_path: Path) -> None:
    changes = diff.compare(engine, [table(engine)], [table(engine, ALBANIA)], from_version="1.0.0", to_version="1.1.0")
    sentences = write_notes(changes, LANGUAGES, {"members": LABEL | {"record": RECORD}})
    diff.write(
        engine,
        changes,
        tmp_path,
        {"bump": "minor", "explanation": "rows were added", "message": "*Hello*", "notes": sentences},
    )
    entry = read_entry(json.loads((tmp_path / "changes.json").read_text()), "2026-11-24T06:00:00+00:00")
    first = Entry("1.0.0", "2026-11-01T06:00:00+00:00", "major", "", {"en": ["First release"]})
    assert changelog_markdown("Members", [entry, first], "en").splitlines() == [
        *["# Changes in Members", "", "## 1.1.0, 2026-11-24", "", r"\*Hello\*", "", "- 1 member added: Albania", ""],
        *["## 1.0.0, 2026-11-01", "", "- First release"],
    ]
    assert "# Modifications, Members" in changelog_markdown("Members", [entry], "fr")
    assert "- First release" in changelog_markdown("Members", [first], "ar")
    assert changelog_json([entry])[0]["notes"]["ar"] == ["إضافة عضو واحد: ألبانيا"]
