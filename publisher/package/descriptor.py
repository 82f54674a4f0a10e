"""The published descriptor. In: Tables, the files of a release. Out: datapackage.json, and the identity of a release's content.

Data Package 2.0 (https://datapackage.org/standard/data-package/), self-contained: every schema embedded, every path inside the
release's folder. What steers the publication (`publisher`) stays behind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import PurePosixPath
from typing import Any

from publisher.canonical import content_hash
from publisher.model import Descriptor, File, Package, Reading, Resource, Table, Tables
from publisher.package.schema import announced, published_schema

PACKAGE_PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
RESOURCE_PROFILE = "https://datapackage.org/profiles/2.0/dataresource.json"
DIALECT_PROFILE = "https://datapackage.org/profiles/2.0/tabledialect.json"

MEDIATYPES = {
    "csv": "text/csv",
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}

DIALECT: Descriptor = {
    "$schema": DIALECT_PROFILE,
    "header": True,
    "delimiter": ",",
    "lineTerminator": "\n",
    "quoteChar": '"',
    "doubleQuote": True,
    "skipInitialSpace": False,
}

_PACKAGE_GONE = frozenset({"$schema", "profile", "resources", "publisher", "version", "created"})
_OWN = frozenset({"$schema", "name", "type", "path", "format", "mediatype", "encoding", "dialect", "schema"})
_OWN_FACTS = frozenset({"bytes", "hash", "parts", "rows", "version", "formats", "stats", "origin"})
_OF_SOURCES = frozenset({"profile", "data", "query", "publisher", "scheme", "compression", "innerpath", "extrapaths"})
_RESOURCE_GONE = _OWN | _OWN_FACTS | _OF_SOURCES
"""Properties that describe the source, or that the publication states itself."""


def identity(tables: Tables, canonical: Mapping[str, File]) -> str:
    """The identity of a release's content: what is said of the package and of each table, and the hashes of the canonical CSVs.

    `canonical` is what write_canonical returned; a table in parts is told by the hashes of theirs. Independent of clock, machine,
    version and of all other formats.
    """
    said = [
        described(table.resource)
        | {
            "schema": published_schema(table.resource),
            "sha256": [part.files[0].sha256 for part in table.parts] or canonical[table.resource.name].sha256,
        }
        for table in tables.tables
    ]
    return content_hash({"package": described_package(tables.loaded.package), "tables": said})


def published_descriptor(
    tables: Tables, files: Mapping[str, Sequence[File]], written_in: Mapping[str, str], *, version: str, created: str
) -> dict[str, Any]:
    """datapackage.json. `files` are each table's files, the CSV first; `written_in` the release that last changed the table."""
    head = described_package(tables.loaded.package)
    dates = {"version": version, "created": created}
    resources = [
        published_resource(table, files[table.resource.name], written_in[table.resource.name])
        for table in tables.tables
    ]
    return {"$schema": PACKAGE_PROFILE, "name": head.pop("name"), **dates, **head, "resources": resources}


def published_resource(table: Table, files: Sequence[File], written_in: str) -> dict[str, Any]:
    """A table's entry in datapackage.json."""
    first, *others = _formats(table, files)
    return {
        "$schema": RESOURCE_PROFILE,
        "name": table.resource.name,
        "type": "table",
        **described(table.resource),
        **first,
        "encoding": "utf-8",
        "dialect": dict(DIALECT),
        "rows": table.rows,
        "version": written_in,
        "formats": others,
        **({"origin": [_reading(item) for item in table.resource.readings]} if table.resource.readings else {}),
        "schema": published_schema(table.resource),
    }


def _reading(item: Reading) -> dict[str, Any]:
    """What was read from elsewhere, and when; `path` is left out where it is not for the public, hash and size where they would tell of
    private columns."""
    told = {
        "kind": item.kind,
        "path": item.place,
        "readAt": item.read_at,
        **({"bytes": item.bytes, "hash": f"sha256:{item.sha256}"} if item.sha256 else {}),
        "etag": item.etag,
        "modified": item.modified,
    }
    return {name: value for name, value in told.items() if value != ""}


def described_package(package: Package) -> dict[str, Any]:
    """What is said of a package for its readers, as it is published."""
    head: dict[str, Any] = {"name": package.name}
    head |= {name: value for name, value in package.descriptor.items() if name not in _PACKAGE_GONE | {"name"}}
    if head.get("contributors"):
        head["contributors"] = [_contributor(item) for item in package.descriptor["contributors"]]
    head |= {name: package.settings[name] for name in ("deprecated", "languages") if name in package.settings}
    return head


def _contributor(item: Descriptor) -> dict[str, Any]:
    """`role` of Data Package 1 becomes `roles`."""
    plain = {name: value for name, value in item.items() if name != "role"}
    return plain if "role" not in item or "roles" in item else {**plain, "roles": [item["role"]]}


def described(resource: Resource) -> dict[str, Any]:
    """What is said of a table for its readers; `query` is the SQL that made it, so that anybody can follow."""
    said = {name: value for name, value in resource.descriptor.items() if name not in _RESOURCE_GONE}
    said |= announced(resource.descriptor)
    if resource.query is not None:
        said["query"] = resource.query
    return said


def _formats(table: Table, files: Sequence[File]) -> list[dict[str, Any]]:
    """A table's files as they are described. Those of a table in parts come together by format; hash and size are those of each part,
    since the standard has only one of either."""
    if not table.parts:
        return [{"path": file.name, **_format(file), **_facts(file)} for file in files]
    found = []
    for _, group in groupby(files, key=_suffix):
        parts = list(group)
        told = [
            {"path": file.name, **_facts(file), "rows": part.rows}
            for file, part in zip(parts, table.parts, strict=True)
        ]
        found.append({"path": [file.name for file in parts], **_format(parts[0]), "parts": told})
    return found


def _format(file: File) -> dict[str, Any]:
    return {"format": _suffix(file), "mediatype": MEDIATYPES[_suffix(file)]}


def _facts(file: File) -> dict[str, Any]:
    return {"bytes": file.bytes, "hash": f"sha256:{file.sha256}"}


def _suffix(file: File) -> str:
    return PurePosixPath(file.name).suffix.lstrip(".")
