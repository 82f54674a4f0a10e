"""A package's descriptor with its references resolved. In: datapackage.yaml or .json. Out: model.Package; no row is read."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from publisher.errors import ProjectError
from publisher.model import Check, Descriptor, Origin, Package, Resource
from publisher.privacy import check_allowed, check_privacy
from publisher.project.files import inside, read_object, read_text, refuse_unknown, regular
from publisher.project.origin import FORMATS, file_format, folder_of, list_folder, read_origins, tabular_dialect
from publisher.project.settings import read_languages
from publisher.shape import (
    MAX_COLUMNS,
    PACKAGE_SETTINGS,
    check_dialect,
    check_package,
    check_resource,
    check_schema,
    check_shape,
)

PACKAGE_KEYS = ("allow", "languages", "schedule", "max_level", "initial_version", "deprecated")
MAX_TABLES = 1000
MAX_NAME = 10_000
"""Letters of a column's name in a header; Python's own limit holds only until frictionless has lifted it for the process."""
REMOVALS = "removals.yaml"
RESOURCE_KEYS = (
    "min_rows",
    "max_rows",
    "max_removed_percent",
    "allow_removals",
    "allow_returns",
    "frozen",
    "label",
    "record",
    "deprecated",
    "renamed_from",
    "checks",
    "source",
)
RESERVED = {
    "index.json",
    "index.html",
    "status.json",
    "assets",
    "en",
    "ar",
    "fr",
    "catalog.jsonld",
    "catalog.ttl",
    "openapi.json",
    ".well-known",
}
_NAME = re.compile(r"^[^\s./\\:*?\"<>|\x00-\x1f\x7f][^/\\:*?\"<>|\x00-\x1f\x7f]*$")


def read_package(path: Path, *, project_root: Path | None) -> Package:
    """Read a descriptor and everything it names but the rows.

    `path` and `schema` references are looked up in the package's folder, schemas also in `project_root`.
    Raises ProjectError with the file, the place and the remedy.
    """
    document = read_object(path)
    where = str(path)
    settings = _mapping(document.get("publisher", {}), f"{where}: publisher")
    refuse_unknown(settings, PACKAGE_KEYS, f"{where}: publisher")
    check_shape(settings, PACKAGE_SETTINGS, f"{where}: publisher")
    check_allowed(settings, f"{where}: publisher.allow")
    _check_languages(settings.get("languages"), f"{where}: publisher.languages")
    check_package(document, where)
    name = _name(document.get("name") or path.parent.name, f"{where}: name")
    items = document.get("resources")
    if not isinstance(items, list) or not items:
        raise ProjectError(f"{where}: resources must be a list with at least one table")
    if len(items) > MAX_TABLES:
        raise ProjectError(
            f"{where}: has {len(items)} tables, more than {MAX_TABLES}", "Make several packages of them."
        )
    roots = (path.parent,) if project_root is None else (path.parent, project_root)
    resources = tuple(_resource(item, roots, f"{where}: resources[{index}]") for index, item in enumerate(items))
    _refuse_twins(resources, where)
    check_privacy(resources, where)
    checks = tuple(_check(item, path.parent) for item in sorted(path.parent.glob("checks/*.sql")))
    descriptor = {key: value for key, value in document.items() if key not in {"resources", "publisher"}}
    removals = _removals(path.parent)
    return Package(name, path.parent, descriptor | {"name": name}, resources, checks, settings, removals)


def _check(path: Path, root: Path) -> Check:
    return Check(path.stem, path, read_text(regular(path, root, where=str(path))))


def _removals(root: Path) -> Descriptor:
    path = root / REMOVALS
    return read_object(regular(path, root, where=str(path))) if path.exists() else {}


def _resource(item: Any, roots: tuple[Path, ...], where: str) -> Resource:
    descriptor = _mapping(item, where)
    name = _name(descriptor.get("name"), f"{where}.name")
    where = f"{where} ({name})"
    refuse_unknown(_mapping(descriptor.get("publisher", {}), f"{where}.publisher"), RESOURCE_KEYS, f"{where}.publisher")
    check_resource(descriptor, where)
    encoding = descriptor.get("encoding") or "utf-8"
    if "query" in descriptor:
        query_path = inside(_text(descriptor["query"], f"{where}.query"), roots[0], where=f"{where}.query")
        schema = _schema(descriptor, roots, where)
        if not schema.get("fields"):
            raise ProjectError(
                f"{where}: the result of a query needs a schema with fields", "Name a file: `schema: schemas/x.json`."
            )
        return Resource(name, (), schema, {}, "utf-8", descriptor, read_text(query_path), query_path)
    origins = read_origins(descriptor, roots[0], where, trusted=len(roots) > 1)
    paths = (
        ()
        if origins and (origins[0].kind != "inbox" or "path" not in descriptor)
        else _paths(descriptor, roots[0], where)
    )
    form = _format(paths, origins, descriptor, where)
    dialect = _dialect(descriptor, form, roots, where)
    schema = _schema(descriptor, roots, where)
    if not schema.get("fields"):
        if origins or FORMATS[form] != "csv":
            raise ProjectError(
                f"{where}: a table that is not a CSV file of its package needs a schema with fields",
                "Name a file: `schema: schemas/x.json`.",
            )
        schema = {**schema, "fields": _text_fields(paths[0], dialect, encoding, where)}
    return Resource(name, paths, schema, dialect, encoding, descriptor, kind=FORMATS[form], origins=origins)


def _schema(descriptor: Descriptor, roots: tuple[Path, ...], where: str) -> Descriptor:
    schema = _reference(descriptor.get("schema"), roots, f"{where}.schema")
    check_schema(schema, f"{where}.schema")
    return {name: value for name, value in schema.items() if value is not None}


def _check_languages(value: Any, where: str) -> None:
    try:
        _ = value is None or read_languages(value)
    except ValueError as error:
        raise ProjectError(f"{where}: {error}") from error


def _paths(descriptor: Descriptor, root: Path, where: str) -> tuple[Path, ...]:
    if folder := folder_of(descriptor):
        return list_folder(folder, root, f"{where}.publisher.source.prefix")
    if "path" not in descriptor:
        found = "inline `data`" if "data" in descriptor else "neither"
        raise ProjectError(
            f"{where}: needs `path` or `query`, found {found}", "Save the rows as a CSV file and name it in `path`."
        )
    written = descriptor["path"]
    items = written if isinstance(written, list) else [written]
    if not items:
        raise ProjectError(f"{where}.path: names no file")
    return tuple(inside(_text(item, f"{where}.path"), root, where=f"{where}.path") for item in items)


def _format(paths: tuple[Path, ...], origins: tuple[Origin, ...], descriptor: Descriptor, where: str) -> str:
    """The format of a table's files, which is that of all of them; of what comes from elsewhere as far as it is known."""
    if not paths:
        return origins[0].suffix.split(".")[1]
    formats = {file_format(path.name, str(descriptor.get("format", "")), where) for path in paths}
    if len({FORMATS[item] for item in formats}) > 1:
        raise ProjectError(f"{where}.path: its parts are of several formats", "Use one for all parts.")
    return file_format(paths[0].name, str(descriptor.get("format", "")), where)


def _dialect(descriptor: Descriptor, form: str, roots: tuple[Path, ...], where: str) -> Descriptor:
    written = dict(_reference(descriptor.get("dialect", {}), roots, f"{where}.dialect"))
    check_dialect(written, f"{where}.dialect")
    dialect = {
        name: value for name, value in {**(written.pop("csv", None) or {}), **written}.items() if value is not None
    }
    if FORMATS[form] != "csv":
        return tabular_dialect(dialect)
    return {"delimiter": "\t", **dialect} if form in {"tsv", "tab"} else dialect


def _text_fields(path: Path, dialect: Descriptor, encoding: str, where: str) -> list[dict[str, str]]:
    """Fields of a table that nobody described: the header's names, all text, so that no value is changed by a guess."""
    try:
        with (
            gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as binary,
            io.TextIOWrapper(binary, encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="") as text,
        ):
            header = next(csv.reader(text, delimiter=str(dialect.get("delimiter", ","))), [])
    except (OSError, UnicodeError, LookupError, csv.Error, TypeError, ValueError, EOFError, zlib.error) as error:
        raise ProjectError(
            f"{where}: the header of {path.name} cannot be read: {error}", "Give the resource a `schema`."
        ) from error
    if not header:
        raise ProjectError(f"{where}: {path.name} is empty", "A table needs a header row.")
    if len(header) > MAX_COLUMNS:
        raise ProjectError(f"{where}: has {len(header)} columns, more than {MAX_COLUMNS}", "Divide the table.")
    if (longest := max(map(len, header))) > MAX_NAME:
        raise ProjectError(
            f"{where}: the header of {path.name} has a name of {longest} letters", "Close the quote that was opened."
        )
    return [{"name": name, "type": "string"} for name in header]


def _reference(value: Any, roots: tuple[Path, ...], where: str) -> Descriptor:
    if isinstance(value, str):
        return read_object(inside(value, *roots, where=where))
    return _mapping(value if value is not None else {}, where)


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise ProjectError(f"{where}: must be an object with text keys")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise ProjectError(f"{where}: must be text")
    return value


def _name(value: Any, where: str) -> str:
    """Names become folders, files and parts of addresses: any script, but nothing a path or a URL would read as structure."""
    name = _text(value, where)
    if not _NAME.match(name) or len(name.encode()) > 200 or name in RESERVED:
        raise ProjectError(f"{where}: {name[:80]!r} cannot be a name", "Use lower-case letters, digits, `-` and `_`.")
    return name


def _refuse_twins(resources: tuple[Resource, ...], where: str) -> None:
    seen: dict[str, str] = {}
    for item in resources:
        folded = item.name.casefold()
        if folded in seen:
            raise ProjectError(
                f"{where}: two tables are named {seen[folded]} and {item.name}", "Table names differ by more than case."
            )
        seen[folded] = item.name
