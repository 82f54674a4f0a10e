"""The slow reference. In: the tables that the validator judged. Out: frictionless' own report on them, and where the two differ.

For anyone who doubts us (`publisher validate --engine frictionless`), and the oracle of the tests. frictionless is told the
dialect in full, so that it guesses as little as we do.
"""

from __future__ import annotations

import copy
import os
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import frictionless

from publisher.findings import Collector, Finding, Report
from publisher.load import make_plain
from publisher.model import Package, Resource
from publisher.schema import OWN_CONSTRAINTS, Dialect, parse_dialect
from publisher.validate.single import Reference, resource_of
from publisher.validate.table import read_path

PACKAGE_PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"

Place = tuple[str, int | None, int | None, str]
"""(table, record, field, code): what two reports are compared by."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two reports and the findings that only one of them has, with how often."""

    ours: Report
    theirs: Report
    missed: Mapping[Place, int]
    extra: Mapping[Place, int]

    @property
    def equal(self) -> bool:
        return not self.missed and not self.extra


def reference_table(
    path: str | Path,
    schema: Any,
    *,
    dialect: Any = None,
    encoding: str | None = "utf-8",
    references: Mapping[str, Reference] | None = None,
) -> Report:
    """frictionless' report on one table; arguments as those of validate_table."""
    path = Path(path)
    main = resource_of(path.stem, path, schema, dialect, encoding)
    others = [resource_of(name, Path(at), its, None, encoding) for name, (at, its) in (references or {}).items()]
    return reference_resources([main, *others], only=main.name)


def reference_package(package: Package) -> Report:
    """frictionless' report on the tables of a package that people edit."""
    with tempfile.TemporaryDirectory(prefix="publisher-") as folder:
        tables = [_as_csv(item, Path(folder) / str(number)) for number, item in enumerate(package.tables)]
        return reference_resources(tables, profile=str(package.descriptor.get("$schema", "")))


def _as_csv(resource: Resource, folder: Path) -> Resource:
    """A table that is no CSV file as the CSV file that we make of it: what is in question is the judgement, not the reading."""
    if resource.kind == "csv":
        return resource
    folder.mkdir()
    header = bool(resource.dialect.get("header", True))
    plain = make_plain(
        resource.paths,
        "utf-8",
        folder,
        header=header,
        where=resource.name,
        kind=resource.kind,
        dialect=resource.dialect,
    )
    return replace(resource, paths=(plain.path,), kind="csv", encoding="utf-8")


def reference_resources(
    resources: Sequence[Resource],
    *,
    only: str | None = None,
    profile: str = "",
    checklist: frictionless.Checklist | None = None,
) -> Report:
    """Validate resources with frictionless, one after the other. Exceptions that escape it are not caught."""
    root = Path(os.path.commonpath([path.resolve().parent for item in resources for path in item.paths]))
    descriptor: dict[str, Any] = {"name": "reference", "resources": [descriptor_of(item, root) for item in resources]}
    if profile or any("/2." in str(item.schema.get("$schema", "")) for item in resources):
        descriptor["$schema"] = profile or PACKAGE_PROFILE
    package = frictionless.Package.from_descriptor(descriptor, basepath=str(root))
    tasks = []
    for item in resources:
        if only not in (None, item.name):
            continue
        report = package.get_resource(item.name).validate(checklist, limit_errors=2**62)
        found = Collector(item.name, str(item.paths[0]), None)
        errors = [*report.errors, *(error for task in report.tasks for error in task.errors)]
        for error in errors:
            found.add(_finding(error))
        tasks.append(found.task(report.tasks[0].labels if report.tasks else (), 0))
    return Report(tuple(tasks))


def compare(ours: Report, theirs: Report) -> Comparison:
    """What frictionless found and we did not, and the reverse. Codes of our own are left out: frictionless has none of them."""
    mine, its = _places(ours), _places(theirs)
    return Comparison(ours, theirs, dict(its - mine), dict(mine - its))


def _places(report: Report) -> Counter[Place]:
    known = {error.type for error in frictionless.Error.list_children(root=True)}
    return Counter((item.resource, item.row, item.field, item.type) for item in report.findings if item.type in known)


def _finding(error: Any) -> Finding:
    return Finding(
        error.type,
        note=error.note,
        row=getattr(error, "row_number", None),
        field=getattr(error, "field_number", None),
        name=getattr(error, "field_name", ""),
        cell=getattr(error, "cell", None),
    )


def descriptor_of(resource: Resource, root: Path) -> dict[str, Any]:
    """A resource as frictionless takes it, its dialect written out; paths relative to `root`."""
    paths = [path.resolve().relative_to(root).as_posix() for path in resource.paths]
    suffix = read_path(resource.paths[0])
    schema = copy.deepcopy(dict(resource.schema))
    for field in schema.get("fields", ()):
        for name in OWN_CONSTRAINTS:
            field.get("constraints", {}).pop(name, None)
    return {
        "name": resource.name,
        "type": "table",
        "path": paths[0],
        **({"extrapaths": paths[1:]} if paths[1:] else {}),
        "format": suffix,
        "encoding": resource.encoding,
        "dialect": _pinned(parse_dialect(resource.dialect, resource.name, suffix)),
        "schema": schema,
    }


def _pinned(dialect: Dialect) -> dict[str, Any]:
    """Our dialect written out, so that nothing is left to detection."""
    control = {
        "delimiter": dialect.delimiter,
        "quoteChar": dialect.quote,
        "doubleQuote": dialect.double_quote,
        "skipInitialSpace": dialect.skip_initial_space,
        "lineTerminator": "\r\n",
        **({"escapeChar": dialect.escape} if dialect.escape else {}),
    }
    return {
        "header": dialect.header,
        "headerRows": list(dialect.header_rows),
        "headerJoin": dialect.header_join,
        "headerCase": dialect.header_case,
        "commentRows": sorted(dialect.comment_rows),
        "skipBlankRows": dialect.skip_blank_rows,
        **({"commentChar": dialect.comment_char} if dialect.comment_char else {}),
        "csv": control,
    }
