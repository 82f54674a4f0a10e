"""What changed in a Table Schema. In: the schemas before and after. Out: pairs of columns, schema changes of known kinds.

Rules: https://datapackage.org/standard/table-schema/ says what a property means; version.RULES says what a change costs readers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from publisher.model import Descriptor

_FLOORS = ("minimum", "exclusiveMinimum", "minLength")
_CEILINGS = ("maximum", "exclusiveMaximum", "maxLength")
_SWITCHES = ("required", "unique")
_OWN = ("name", "type", "format", "constraints", "publisher", "missingValues")
_READING = ("trueValues", "falseValues", "decimalChar", "groupChar", "bareNumber", "delimiter", "itemType")
_SCHEMA_OWN = (
    "$schema",
    "fields",
    "primaryKey",
    "foreignKeys",
    "uniqueKeys",
    "missingValues",
    "fieldsMatch",
    "publisher",
)


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """One change of a description: a kind of version.RULES, its place, the property and its values (None where absent)."""

    kind: str
    table: str = ""
    field: str = ""
    property: str = ""
    before: Any = None
    after: Any = None


def pair_fields(before: Descriptor, after: Descriptor) -> dict[str, str]:
    """Columns that are the same one: name after to name before, in the order of `after`.

    A column whose `renamed_from: old` names one of before (a list names all former ones, latest first) is paired
    with it, unless it is there under its present name; every other column is paired by name.
    """
    old = [str(item["name"]) for item in before.get("fields", ())]
    pairs: dict[str, str] = {}
    for item in after.get("fields", ()):
        name = str(item["name"])
        former = next((past for past in former_names(item) if past in old), None)
        if name not in old and former is not None and former not in pairs.values():
            pairs[name] = former
    for item in after.get("fields", ()):
        name = str(item["name"])
        if name not in pairs and name in old and name not in pairs.values():
            pairs[name] = name
    return {
        str(item["name"]): pairs[str(item["name"])] for item in after.get("fields", ()) if str(item["name"]) in pairs
    }


def former_names(descriptor: Descriptor) -> tuple[str, ...]:
    """The names that a column or table had: `renamed_from` as published, `publisher: {renamed_from: ...}` as maintained."""
    declared = (descriptor.get("publisher") or {}).get("renamed_from", descriptor.get("renamed_from"))
    return (declared,) if isinstance(declared, str) else tuple(str(name) for name in declared or ())


def deprecation(descriptor: Descriptor) -> Descriptor | None:
    """The announced end of a column or table: `{since, until, replaced_by, reason}`, from `deprecated` as published or
    from `publisher: {deprecated: ...}` as maintained."""
    found = (descriptor.get("publisher") or {}).get("deprecated", descriptor.get("deprecated"))
    return found if isinstance(found, Mapping) else None


def compare_schemas(
    table: str, before: Descriptor, after: Descriptor, pairs: Mapping[str, str]
) -> tuple[SchemaChange, ...]:
    """Everything that differs between two schemas of one table, in the order of the columns after, removed columns last."""
    return tuple(_changes(table, before, after, pairs))


def _changes(table: str, before: Descriptor, after: Descriptor, pairs: Mapping[str, str]) -> Iterator[SchemaChange]:
    old = {str(item["name"]): item for item in before.get("fields", ())}
    for item in after.get("fields", ()):
        name = str(item["name"])
        if name in pairs:
            yield from _field_changes(table, name, old[pairs[name]], item)
        else:
            yield SchemaChange("field_added", table, name, after=_plain(item))
    for name, item in old.items():
        if name not in pairs.values():
            yield SchemaChange("field_removed", table, name, before=_plain(item))
    order = [name for name in old if name in pairs.values()]
    if list(pairs.values()) != order:
        yield SchemaChange("fields_reordered", table, property="fields", before=order, after=list(pairs.values()))
    yield from _key_changes(table, before, after, pairs)
    for key in _differing(before, after, _SCHEMA_OWN):
        yield SchemaChange("metadata_changed", table, "", f"schema.{key}", before.get(key), after.get(key))


def _plain(field: Descriptor) -> dict[str, Any]:
    return {key: value for key, value in field.items() if key != "publisher"} | (
        {"deprecated": dict(found)} if (found := deprecation(field)) else {}
    )


def _field_changes(table: str, name: str, before: Descriptor, after: Descriptor) -> Iterator[SchemaChange]:
    if before["name"] != name:
        yield SchemaChange("field_renamed", table, name, "name", before["name"], name)
    for key, default in (("type", "any"), ("format", "default")):
        was, now = before.get(key) or default, after.get(key) or default
        if was != now:
            yield SchemaChange("field_retyped", table, name, key, was, now)
    rules_before, rules_after = _rules(before), _rules(after)
    for key in dict.fromkeys((*rules_before, *rules_after)):
        was, now = rules_before.get(key), rules_after.get(key)
        if was != now and (kind := _rule_kind(key, was, now)):
            yield SchemaChange(kind, table, name, key, was, now)
    if deprecation(before) != deprecation(after):
        kind = "deprecated" if deprecation(after) else "metadata_changed"
        yield SchemaChange(kind, table, name, "deprecated", deprecation(before), deprecation(after))
    for key in _differing(before, after, (*_OWN, *_READING, "deprecated", "renamed_from")):
        yield SchemaChange("metadata_changed", table, name, key, before.get(key), after.get(key))


def _rules(field: Descriptor) -> dict[str, Any]:
    """Constraints of a column; the values of its categories bind like an `enum` where there is none (design: validation.md, 7)."""
    rules = dict(field.get("constraints") or {})
    categories = field.get("categories")
    if categories and "enum" not in rules:
        rules["enum"] = [item.get("value") if isinstance(item, Mapping) else item for item in categories]
    return rules


def _rule_kind(key: str, before: Any, after: Any) -> str:
    """Whether a constraint that differs became stricter; one that cannot be compared (a pattern) counts as stricter."""
    if key in _SWITCHES:
        if bool(before) == bool(after):
            return ""
        stricter = bool(after)
    elif after is None:
        stricter = False
    elif before is None:
        stricter = True
    elif key == "enum":
        was, now = {str(value) for value in before}, {str(value) for value in after}
        if was == now:
            return ""
        stricter = not was < now
    else:
        order = _order(before, after)
        if order == 0:
            return ""
        stricter = not ((key in _FLOORS and order == -1) or (key in _CEILINGS and order == 1))
    return "constraint_tightened" if stricter else "constraint_relaxed"


def _order(before: Any, after: Any) -> int | None:
    """-1 where the bound fell, 1 where it rose, 0 where both are the same value; None where the two cannot be compared."""
    try:
        was, now = Decimal(str(before)), Decimal(str(after))
        return (now > was) - (now < was)
    except InvalidOperation:
        pass
    if isinstance(before, str) and isinstance(after, str) and len(before) == len(after):
        return (after > before) - (after < before)
    return None


def _key_changes(table: str, before: Descriptor, after: Descriptor, pairs: Mapping[str, str]) -> Iterator[SchemaChange]:
    back = {old: new for new, old in pairs.items()}

    def present(names: Sequence[str]) -> tuple[str, ...]:
        return tuple(back.get(name, name) for name in names)

    was, now = present(names_of(before.get("primaryKey"))), names_of(after.get("primaryKey"))
    if was != now:
        yield SchemaChange("key_changed", table, property="primaryKey", before=list(was), after=list(now))
    unique_before = {frozenset(present(names_of(key))): key for key in before.get("uniqueKeys") or ()}
    unique_after = {frozenset(names_of(key)): key for key in after.get("uniqueKeys") or ()}
    for columns in (columns for columns in unique_after if columns not in unique_before):
        yield SchemaChange("constraint_tightened", table, property="uniqueKeys", after=sorted(columns))
    for columns in (columns for columns in unique_before if columns not in unique_after):
        yield SchemaChange("constraint_relaxed", table, property="uniqueKeys", before=sorted(columns))
    yield from _reference_changes(
        table,
        {present(names_of(key["fields"])): _target(key) for key in before.get("foreignKeys") or ()},
        {names_of(key["fields"]): _target(key) for key in after.get("foreignKeys") or ()},
    )


def _reference_changes(
    table: str, before: Mapping[tuple[str, ...], Descriptor], after: Mapping[tuple[str, ...], Descriptor]
) -> Iterator[SchemaChange]:
    for columns in dict.fromkeys((*before, *after)):
        was, now = before.get(columns), after.get(columns)
        if was == now:
            continue
        kind = "constraint_tightened" if was is None else "constraint_relaxed" if now is None else "reference_changed"
        yield SchemaChange(kind, table, ", ".join(columns), "foreignKeys", was, now)


def _target(key: Descriptor) -> Descriptor:
    reference = key.get("reference") or {}
    return {"resource": reference.get("resource", ""), "fields": list(names_of(reference.get("fields")))}


def names_of(value: Any) -> tuple[str, ...]:
    """Column names of a key as Table Schema writes them: one name or a list."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(str(name) for name in value)


def _differing(before: Descriptor, after: Descriptor, without: Sequence[str]) -> list[str]:
    return [key for key in sorted({*before, *after}) if key not in without and before.get(key) != after.get(key)]
