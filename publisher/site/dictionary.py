"""What a column is, in words. In: its description in the schema. Out: its type's name, its rules."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup, escape

from publisher.package.metadata import FieldInfo, TableInfo
from publisher.site.words import Words, mark

_TYPES = {
    "string": mark("Text"),
    "integer": mark("Whole number"),
    "number": mark("Number"),
    "boolean": mark("Yes or no"),
    "date": mark("Date"),
    "datetime": mark("Date and time"),
    "time": mark("Time"),
    "year": mark("Year"),
    "yearmonth": mark("Month"),
    "duration": mark("Duration"),
    "geopoint": mark("Longitude and latitude"),
    "array": mark("List, as JSON"),
    "object": mark("Object, as JSON"),
    "geojson": mark("Shape, as GeoJSON"),
}
_BOUNDS = {
    "minimum": mark("At least {value}"),
    "maximum": mark("At most {value}"),
    "minLength": mark("At least {value} characters"),
    "maxLength": mark("At most {value} characters"),
}


def type_name(field: FieldInfo, words: Words) -> str:
    """What people call a column's type."""
    if field.categories and field.type == "string":
        return words("One of a list")
    return words(_TYPES.get(field.type, _TYPES["string"]))


def rules(table: TableInfo, field: FieldInfo, words: Words, tables: Mapping[str, tuple[str, str]]) -> list[Markup]:
    """What a column's values must fulfil, in words. `tables` are address and title of each table, by name."""
    found = []
    if field.name in table.primary_key:
        found.append(
            escape(
                words("Part of the key")
                if len(table.primary_key) > 1
                else words("The key: names the row, never reused")
            )
        )
    elif field.constraints.get("required"):
        found.append(escape(words("Never empty")))
    if field.constraints.get("unique") and field.name not in table.primary_key:
        found.append(escape(words("No two rows alike")))
    for name, told in _BOUNDS.items():
        if name in field.constraints:
            found.append(escape(words(told, value=field.constraints[name])))
    if pattern := field.constraints.get("pattern"):
        found.append(Markup('{} <bdi class="code">{}</bdi>').format(words("Form"), pattern))
    for key in table.foreign_keys:
        if key.fields == (field.name,):
            address, title = tables[key.table]
            found.append(Markup('{} <a href="{}">{}</a>').format(words("Names a row of"), address, title))
    return found
