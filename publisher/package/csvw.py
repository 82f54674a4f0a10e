"""CSV on the Web metadata. In: a package's metadata. Out: plain JSON values for one table, and for all of them with their foreign keys.

W3C Recommendations tabular-data-model and tabular-metadata of 17 December 2015. Nothing in them names a version, so a table that did not
change keeps its bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from publisher.package.metadata import FieldInfo, PackageInfo, TableInfo, Text

CONTEXT = "http://www.w3.org/ns/csvw"
GROUP = "csv-metadata.json"
"""The file that describes all tables of a folder."""

_TYPES = {
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "date": "date",
    "datetime": "dateTime",
    "time": "time",
    "year": "gYear",
    "yearmonth": "gYearMonth",
    "duration": "duration",
    "object": "json",
    "array": "json",
    "geojson": "json",
}


def metadata_file(path: str) -> str:
    """The name of the metadata beside a CSV: `members.csv-metadata.json`."""
    return f"{path}-metadata.json"


def describe_table(info: PackageInfo, table: TableInfo, languages: Sequence[str]) -> dict[str, Any]:
    """The metadata of one table; foreign keys lead to other tables, which only the group knows."""
    return {"@context": [CONTEXT, {"@language": languages[0]}], **_table(table, languages), **_terms(info)}


def describe_group(info: PackageInfo, languages: Sequence[str]) -> dict[str, Any]:
    """The metadata of all tables together."""
    tables = [_table(table, languages, info.tables) for table in info.tables if table.file("csv")]
    head = {"@context": [CONTEXT, {"@language": languages[0]}], "dc:title": _natural(info.title, languages)}
    return {**head, **_terms(info), "tables": tables}


def _terms(info: PackageInfo) -> dict[str, Any]:
    found = next((item.path for item in info.licenses if item.path), "")
    return {"dc:license": {"@id": found}} if found else {}


def _table(table: TableInfo, languages: Sequence[str], others: Sequence[TableInfo] = ()) -> dict[str, Any]:
    file = table.file("csv")
    assert file is not None
    schema: dict[str, Any] = {"columns": [_column(item, languages) for item in table.fields]}
    if table.primary_key:
        schema["primaryKey"] = list(table.primary_key)
    if found := _foreign_keys(table, others):
        schema["foreignKeys"] = found
    return {
        "url": file.path,
        "dc:title": _natural(table.title, languages),
        "dc:description": _natural(table.description, languages),
        "dialect": {"encoding": "utf-8", "header": True, "delimiter": ",", "quoteChar": '"', "lineTerminators": ["\n"]},
        "tableSchema": schema,
    }


def _foreign_keys(table: TableInfo, others: Sequence[TableInfo]) -> list[dict[str, Any]]:
    """Keys whose columns are never empty: readers of CSVW take an empty cell for a reference to nothing."""
    files = {other.name: file.path for other in others if (file := other.file("csv"))}
    required = {
        item.name for item in table.fields if item.constraints.get("required") or item.name in table.primary_key
    }
    return [
        {
            "columnReference": list(key.fields),
            "reference": {"resource": files[key.table], "columnReference": list(key.references)},
        }
        for key in table.foreign_keys
        if key.table in files and {*key.fields} <= required
    ]


def _column(item: FieldInfo, languages: Sequence[str]) -> dict[str, Any]:
    """A column; its first title is the CSV's heading, by which readers match it."""
    titles = {language: item.title(language) for language in languages}
    titles[languages[0]] = [item.name, *([item.title.default] if item.title.default != item.name else [])]  # type: ignore[assignment]
    column: dict[str, Any] = {"name": _name(item.name), "titles": titles, "datatype": _TYPES.get(item.type, "string")}
    if item.description:
        column["dc:description"] = _natural(item.description, languages)
    if item.constraints.get("required"):
        column["required"] = True
    return column


def _name(name: str) -> str:
    """Column names in CSVW take part in addresses and do not start with an underscore."""
    return name.lstrip("_") or "column"


def _natural(text: Text, languages: Sequence[str]) -> list[Mapping[str, str]]:
    """A text in the languages it was written in, as JSON-LD values."""
    written = [item for item in languages[1:] if item in text.translations]
    found = [{"@value": text.default, "@language": languages[0]}] if text else []
    return [*found, *({"@value": text(item), "@language": item} for item in written)]
