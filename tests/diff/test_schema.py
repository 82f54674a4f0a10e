"""Every change of a description is of one kind, and the recipe's scenarios get the level that the recipe asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from publisher import diff
from publisher.diff.schema import compare_schemas, former_names, pair_fields
from publisher.diff.state import TableState, load_text
from publisher.engine import Engine
from publisher.version import rule
from tests.diff.worlds import engine_in

BASE: dict[str, Any] = {
    "fields": [
        {"name": "id", "type": "string", "constraints": {"required": True}},
        {"name": "status", "type": "string", "title": "Status", "constraints": {"enum": ["planned", "done"]}},
        {"name": "year", "type": "integer", "constraints": {"minimum": 2010, "maximum": 2020}},
        {"name": "since", "type": "date", "constraints": {"minimum": "2012-12-05"}},
    ],
    "primaryKey": ["id"],
    "foreignKeys": [{"fields": ["status"], "reference": {"resource": "codes", "fields": ["code"]}}],
}


def with_field(name: str, /, **properties: Any) -> dict[str, Any]:
    """BASE with properties of one column replaced; a constraint of None goes."""
    fields = []
    for item in BASE["fields"]:
        if item["name"] == name:
            item = {**item, **properties}
            rules = {
                **next(f for f in BASE["fields"] if f["name"] == name).get("constraints", {}),
                **properties.get("constraints", {}),
            }
            item["constraints"] = {key: value for key, value in rules.items() if value is not None}
        fields.append(item)
    return {**BASE, "fields": fields}


def kinds(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [item.kind for item in compare_schemas("t", before, after, pair_fields(before, after))]


@pytest.mark.parametrize(
    ("name", "constraints", "kind"),
    [
        ("year", {"minimum": 2011}, "constraint_tightened"),
        ("year", {"minimum": 2009}, "constraint_relaxed"),
        ("year", {"maximum": 2019}, "constraint_tightened"),
        ("year", {"maximum": 2021}, "constraint_relaxed"),
        ("year", {"minimum": None}, "constraint_relaxed"),
        ("year", {"exclusiveMaximum": 2030}, "constraint_tightened"),
        ("since", {"minimum": "2013-01-01"}, "constraint_tightened"),
        ("since", {"minimum": "2011-01-01"}, "constraint_relaxed"),
        ("since", {"minimum": "soon"}, "constraint_tightened"),
        ("year", {"required": True}, "constraint_tightened"),
        ("id", {"required": None}, "constraint_relaxed"),
        ("id", {"unique": True}, "constraint_tightened"),
        ("id", {"pattern": "[A-Z]+"}, "constraint_tightened"),
        ("id", {"maxLength": 3}, "constraint_tightened"),
        ("status", {"enum": ["planned", "done", "dropped"]}, "constraint_relaxed"),
        ("status", {"enum": ["done"]}, "constraint_tightened"),
        ("status", {"enum": ["planned", "dropped"]}, "constraint_tightened"),
        ("status", {"enum": None}, "constraint_relaxed"),
    ],
)
def test_constraints(name: str, constraints: dict[str, Any], kind: str) -> None:
    after = with_field(name, constraints=constraints)
    assert kinds(BASE, after) == [kind]
    back = {"constraint_tightened": "constraint_relaxed", "constraint_relaxed": "constraint_tightened"}[kind]
    if constraints not in ({"minimum": "soon"}, {"enum": ["planned", "dropped"]}):
        assert kinds(after, BASE) == [back]


@pytest.mark.parametrize(
    ("name", "constraints"),
    [
        ("status", {"enum": ["done", "planned"]}),
        ("year", {"minimum": "2010"}),
        ("year", {"required": False}),
        ("year", {"maximum": 2020.0}),
    ],
)
def test_constraints_written_otherwise(name: str, constraints: dict[str, Any]) -> None:
    assert kinds(BASE, with_field(name, constraints=constraints)) == []


def test_patterns_cannot_be_compared_so_they_count_as_stricter() -> None:
    one = with_field("id", constraints={"pattern": "[A-Z]+"})
    assert kinds(one, with_field("id", constraints={"pattern": "[A-Z]*"})) == ["constraint_tightened"]


def test_values_of_categories_bind_as_an_enum_does() -> None:
    one = with_field("id", categories=[{"value": "a", "label": "A"}])
    two = with_field("id", categories=[{"value": "a", "label": "Á"}])
    three = with_field("id", categories=["a", "b"])
    assert kinds(one, two) == ["metadata_changed"]
    assert kinds(one, three) == ["constraint_relaxed", "metadata_changed"]
    assert kinds(three, one) == ["constraint_tightened", "metadata_changed"]


def test_columns() -> None:
    first, *rest = BASE["fields"]
    assert kinds(BASE, {**BASE, "fields": [first, *rest, {"name": "note", "type": "string"}]}) == ["field_added"]
    assert kinds(BASE, {**BASE, "fields": [first, {"name": "note", "type": "string"}, *rest]}) == ["field_added"]
    assert kinds(BASE, {**BASE, "fields": [first, *rest[:-1]]}) == ["field_removed"]
    assert kinds(BASE, {**BASE, "fields": [*rest, first]}) == ["fields_reordered"]
    assert kinds(BASE, with_field("year", type="number")) == ["field_retyped"]
    assert kinds(BASE, with_field("since", format="any")) == ["field_retyped"]
    assert kinds(BASE, with_field("status", title="State", **{"title@ar": "الحالة"})) == ["metadata_changed"] * 2
    assert kinds(BASE, with_field("since", format="default")) == []


def test_renamed_by_declaration() -> None:
    after = with_field("year", name="since_year", publisher={"renamed_from": "year"})
    assert kinds(BASE, after) == ["field_renamed"]
    assert kinds(BASE, with_field("year", name="since_year", renamed_from=["year"])) == ["field_renamed"]
    assert pair_fields(BASE, after)["since_year"] == "year"
    assert kinds(after, after) == []
    assert pair_fields(after, after)["since_year"] == "since_year"


def test_a_column_keeps_its_name_whatever_it_declares() -> None:
    assert pair_fields(BASE, with_field("year", publisher={"renamed_from": "since"}))["year"] == "year"
    both = {
        "fields": [
            {"name": "a"},
            {"name": "b", "publisher": {"renamed_from": "x"}},
            {"name": "c", "publisher": {"renamed_from": ["x"]}},
        ]
    }
    assert pair_fields({"fields": [{"name": "x"}]}, both) == {"b": "x"}
    assert former_names({"publisher": {"renamed_from": ["y", "x"]}}) == ("y", "x")
    assert former_names({}) == ()


def test_keys_and_references() -> None:
    assert kinds(BASE, {**BASE, "primaryKey": ["id", "year"]}) == ["key_changed"]
    assert kinds(BASE, {**BASE, "primaryKey": "id"}) == []
    assert kinds(BASE, {**BASE, "uniqueKeys": [["year", "id"]]}) == ["constraint_tightened"]
    assert kinds({**BASE, "uniqueKeys": [["year", "id"]]}, BASE) == ["constraint_relaxed"]
    assert kinds({**BASE, "uniqueKeys": [["year", "id"]]}, {**BASE, "uniqueKeys": [["id", "year"]]}) == []
    assert kinds(BASE, {**BASE, "foreignKeys": []}) == ["constraint_relaxed"]
    assert kinds({**BASE, "foreignKeys": []}, BASE) == ["constraint_tightened"]
    other = [{"fields": "status", "reference": {"resource": "codes_2026", "fields": "code"}}]
    assert kinds(BASE, {**BASE, "foreignKeys": other}) == ["reference_changed"]
    spelled = [{"fields": "status", "reference": {"resource": "codes", "fields": "code"}}]
    assert kinds(BASE, {**BASE, "foreignKeys": spelled}) == []


def test_an_announcement() -> None:
    ends = {"since": "2026-01-01", "until": "2027-01-01", "replaced_by": "date", "reason": "x"}
    for after in (with_field("since", deprecated=ends), with_field("since", publisher={"deprecated": ends})):
        assert kinds(BASE, after) == ["deprecated"]
        assert kinds(after, BASE) == ["metadata_changed"]
    assert kinds(with_field("since", deprecated=ends), with_field("since", publisher={"deprecated": ends})) == []


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with engine_in(tmp_path_factory.mktemp("schema")) as found:
        yield found


ROWS = [("A", "planned", "2012", None), ("B", "done", "2013", None)]
CODES: dict[str, Any] = {
    "fields": [{"name": "code", "type": "string"}, {"name": "label", "type": "string"}],
    "primaryKey": ["code"],
}


def table(
    engine: Engine, name: str = "t", schema: dict[str, Any] = BASE, rows: Any = ROWS, **descriptor: Any
) -> TableState:
    fields = [item["name"] for item in schema["fields"]]
    return TableState(name, load_text(engine, fields, rows), schema, tuple(schema.get("primaryKey", ())), descriptor)


def codes(engine: Engine, *rows: tuple[str, str], name: str = "codes") -> TableState:
    return table(engine, name, CODES, rows)


def test_the_recipes_scenarios(engine: Engine) -> None:
    """https://datapackage.org/recipes/data-package-version/, Scenarios; the one departure is in docs/changes.md."""
    known = (("planned", "Planned"), ("done", "Done"))

    def level(before: list[TableState], after: list[TableState], package: Any = ({}, {})) -> tuple[str, str]:
        found = rule(diff.compare(engine, before, after, package=package).facts)
        return found.level, found.rule

    here = [table(engine), codes(engine, *known)]
    column = {**BASE, "fields": [*BASE["fields"], {"name": "note", "type": "string"}]}
    # "You append last months data to an existing release. Increment the MINOR version number"
    assert level(here, [table(engine, rows=[*ROWS, ("C", "done", "2014", None)]), here[1]]) == ("minor", "rows_added")
    # "You append a column to the data. Increment the MAJOR version number": here minor (design, publishing.md)
    assert level(here, [table(engine, schema=column, rows=[(*row, "x") for row in ROWS]), here[1]]) == (
        "minor",
        "field_added",
    )
    # "You relocate the data to a new URL or path. No change in the version number": no fact at all
    moved = [table(engine, path="a.csv"), table(engine, path="https://example.org/a.csv")]
    assert diff.compare(engine, moved[:1], moved[1:]).facts == ()
    # "You change a title, description, or other descriptive metadata. Increment the PATCH version"
    assert level(here, [table(engine, title="T"), here[1]]) == ("patch", "metadata_changed")
    assert level(here, here, ({"title": "a"}, {"title": "b"})) == ("patch", "metadata_changed")
    assert level(here, [table(engine, schema=with_field("year", description="x")), here[1]]) == (
        "patch",
        "metadata_changed",
    )
    # "You fix a data entry error by modifying a value. Increment the PATCH version"
    assert level(here, [table(engine, rows=[ROWS[0], ("B", "done", "2014", None)]), here[1]]) == (
        "patch",
        "rows_corrected",
    )
    # "You split a row of data in a foreign key reference table. Increment the MAJOR version number"
    split = codes(engine, ("planned", "Planned"), ("done_early", "Done early"), ("done_late", "Done late"))
    assert level(here, [here[0], split]) == ("major", "referenced_rows_removed")
    # "You update the data and schema to refer to a new version of a foreign key reference table. Increment the MINOR version"
    newer = {
        **BASE,
        "foreignKeys": [{"fields": ["status"], "reference": {"resource": "codes_2026", "fields": ["code"]}}],
    }
    assert level(here, [table(engine, schema=newer), here[1], codes(engine, *known, name="codes_2026")]) == (
        "minor",
        "table_added",
    )
    assert level(here, [table(engine, schema=newer), here[1]]) == ("minor", "reference_changed")


def test_identity_of_the_package(engine: Engine) -> None:
    def facts(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
        return [fact.kind for fact in diff.compare(engine, [], [], package=(before, after)).facts]

    assert facts({"name": "a"}, {"name": "b"}) == ["package_renamed"]
    assert facts({"name": "a"}, {"name": "a", "id": "x"}) == ["metadata_changed"]
    assert facts({"name": "a", "version": "1.0.0", "created": "x"}, {"name": "a", "version": "1.0.1"}) == []


def test_tables_come_go_and_are_renamed(engine: Engine) -> None:
    one, two = table(engine), table(engine, "u", publisher={"renamed_from": "t"})
    changes = diff.compare(engine, [one], [two])
    assert [(item.name, item.status) for item in changes.tables] == [("u", "renamed")]
    assert [fact.kind for fact in changes.facts] == ["table_renamed"]
    assert [fact.kind for fact in diff.compare(engine, [one], []).facts] == ["table_removed"]
    assert [fact.kind for fact in diff.compare(engine, [], [one]).facts] == ["table_added"]
    apart = diff.compare(engine, [one], [table(engine, "u")])
    assert {fact.kind for fact in apart.facts} == {"table_added", "table_removed"}
    both = diff.compare(engine, [one], [one, two])
    assert [fact.kind for fact in both.facts] == ["table_added"]
