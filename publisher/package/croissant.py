"""Croissant 1.0 (https://docs.mlcommons.org/croissant/docs/croissant-spec.html). In: a package's metadata. Out: a plain JSON value whose
paths lie in the release's folder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from publisher.package.metadata import FieldInfo, FileInfo, PackageInfo, TableInfo

CONFORMS = "http://mlcommons.org/croissant/1.0"

CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context of the specification, term by term: readers compare it."""

_TYPES = {
    "integer": "sc:Integer",
    "number": "sc:Float",
    "boolean": "sc:Boolean",
    "date": "sc:Date",
    "datetime": "sc:DateTime",
}
"""Types of Table Schema; every other one is text."""
_MEDIA = {"csv": "text/csv", "parquet": "application/x-parquet"}
"""Formats that Croissant's reader knows under these names."""


def describe(info: PackageInfo, address: str, citation: str) -> dict[str, Any]:
    """`address` is where people find the package ("" where that is not known), `citation` a sentence. Tables in parts have files and no
    record set: Croissant reads sets of files out of archives only."""
    tables = [table for table in info.tables if table.file("csv")]
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS,
        "name": info.name,
        "description": info.description.default or info.title.default,
        "license": [item.path or item.name for item in info.licenses],
        "url": address or info.homepage or next((item.path for item in info.licenses if item.path), ""),
        "creator": [{"@type": "sc:Organization", "name": item.title.default} for item in info.contributors],
        "datePublished": info.created,
        "version": info.version,
        "citeAs": citation,
        "keywords": list(info.keywords.get("", ())),
        "isLiveDataset": False,
        "distribution": [_file(table, file) for table in info.tables for file in table.files if file.format in _MEDIA],
        "recordSet": [_records(table, tables) for table in tables],
    }


def _file(table: TableInfo, file: FileInfo) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": file.path,
        "name": file.path,
        "description": table.description.default or table.title.default,
        "contentUrl": file.path,
        "contentSize": f"{file.bytes} B",
        "encodingFormat": _MEDIA[file.format],
        "sha256": file.sha256,
    }


def _source(table: TableInfo) -> str:
    """The file that records are read from: Parquet where there is one, because readers guess types in CSV and make 8 of 008."""
    file = table.file("parquet") or table.file("csv")
    assert file is not None
    return file.path


def _records(table: TableInfo, tables: Sequence[TableInfo]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": table.description.default or table.title.default,
        "field": [_field(table, item, tables) for item in table.fields],
    }
    if table.primary_key:
        found["key"] = [{"@id": f"{table.name}/{name}"} for name in table.primary_key]
    return found


def _field(table: TableInfo, item: FieldInfo, tables: Sequence[TableInfo]) -> dict[str, Any]:
    field: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": f"{table.name}/{item.name}",
        "name": item.name,
        "description": item.description.default or item.title.default,
        "dataType": _TYPES.get(item.type, "sc:Text"),
        "source": {"fileObject": {"@id": _source(table)}, "extract": {"column": item.name}},
    }
    known = {other.name for other in tables}
    for key in table.foreign_keys:
        if key.fields == (item.name,) and key.table in known and len(key.references) == 1:
            field["references"] = {"field": {"@id": f"{key.table}/{key.references[0]}"}}
    return field
