"""Whole packages and single tables. In: descriptors and paths. Out: Reports.

The only place that puts the lanes together: every table is scanned once, then keys are compared between the scans.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import frictionless
from frictionless.table.label_matching import deduplicate_names

from publisher.engine import Engine, open_engine
from publisher.errors import ProjectError
from publisher.findings import Collector, Report
from publisher.load import Plain, make_plain
from publisher.model import Package, Resource
from publisher.schema import known_types, own_constraints, parse_dialect, parse_schema
from publisher.validate import house
from publisher.validate.checklist import apply_checklist
from publisher.validate.explain import explain
from publisher.validate.json_rules import check_json_rules
from publisher.validate.keys import broken_reference, check_keys, keyed_fields, referenced_fields
from publisher.validate.reading import read_head
from publisher.validate.scan import Scan, Source
from publisher.validate.single import Reference, descriptor_at, resource_of
from publisher.validate.table import read_path, scan_table
from publisher.validate.union import Divided, compared, unite
from publisher.validate.withhold import withhold

LIMIT = 1000
"""Samples kept of each code in each table; counts are always exact."""
MEMORY = "256MB"
"""DuckDB's limit where validation opens an engine of its own; what does not fit spills to the scratch folder."""


def validate_table(
    path: str | Path,
    schema: Mapping[str, Any] | str | Path | None = None,
    *,
    dialect: Mapping[str, Any] | str | Path | None = None,
    encoding: str | None = "utf-8",
    references: Mapping[str, Reference] | None = None,
    checks: str | None = None,
    checklist: Mapping[str, Any] | str | Path | None = None,
    limit: int | None = LIMIT,
    reveal: bool = False,
) -> Report:
    """The findings of one table.

    `schema` and `dialect` are descriptors or paths of them; without a schema only the structure is judged. `references` are the
    tables that foreign keys name, as (path, schema). `checks="house"` adds our own checks, `checklist` those of frictionless
    (a descriptor or its path). `limit` caps the samples of a code.
    `reveal` shows values of private columns, which the report else withholds.
    Raises ProjectError for a file that is missing and for rules that are themselves wrong.
    """
    path = Path(path)
    main = resource_of(path.stem, path, schema, dialect, encoding)
    others = [resource_of(name, Path(at), its, None, encoding) for name, (at, its) in (references or {}).items()]
    with tempfile.TemporaryDirectory(prefix="publisher-") as folder, open_engine(Path(folder), memory=MEMORY) as engine:
        scans = validate_resources(engine, [main, *others], limit=limit, only=main.name, house_checks=checks == "house")
        report = report_of({main.name: scans[main.name]}, reveal=reveal)
    return apply_checklist(report, [main, *others], descriptor_at(checklist)) if checklist else report


def validate_package(
    package: Package, *, checks: str | None = "house", limit: int | None = LIMIT, reveal: bool = False
) -> Report:
    """The findings of all tables of a package that people edit; arguments as those of validate_table, and what it raises."""
    with tempfile.TemporaryDirectory(prefix="publisher-") as folder, open_engine(Path(folder), memory=MEMORY) as engine:
        return report_of(validate_tables(engine, package, checks=checks, limit=limit), reveal=reveal)


def validate_tables(
    engine: Engine,
    package: Package,
    *,
    checks: str | None,
    limit: int | None,
    without: Collection[str] = (),
    divided: Mapping[str, Divided] | None = None,
) -> dict[str, Scan]:
    """The scans of a package's tables, all findings added; house checks in `without` are left out. `divided` are tables whose parts were
    read before."""
    profile = str(package.descriptor.get("$schema", ""))
    on = checks == "house"
    return validate_resources(
        engine,
        package.tables,
        limit=limit,
        profile=profile,
        house_checks=on,
        without=without,
        root=package.root,
        divided=divided or {},
    )


def check_relation(
    engine: Engine, sql: str, resource: Resource, references: Mapping[str, str], *, limit: int | None = LIMIT
) -> Report:
    """The findings of a relation of text columns, named as the resource's fields, against the resource's schema.

    `references` are the relations (SQL) of the tables that its foreign keys name, their columns as canonical text."""
    where = str(resource.query_path or resource.name)
    schema = parse_schema(resource.schema, where)
    sources = [(resource.name, schema, sql)]
    for name in sorted({key["reference"]["resource"] for key in schema.foreign_keys} - {"", resource.name}):
        if name not in references:
            raise ProjectError(
                f"{where}: a foreign key refers to {name!r}, which does not exist", "Name a table of the package."
            )
        sources.append((name, _lookup_schema(schema, name), references[name]))
    schemas = {name: its for name, its, _ in sources}
    scans: dict[str, Scan] = {}
    for number, (name, its, relation) in enumerate(sources):
        source = Source(
            number=number,
            name=name,
            path=where,
            schema=its,
            dialect=parse_dialect(None, where),
            sql=relation,
            keyed=keyed_fields(schemas, name),
            own=own_of(resource.schema, where) if not number else {},
        )
        scans[name] = scan_table(engine, source, limit)
    scan = scans[resource.name]
    check_keys(engine, scan, scans)
    explain(engine, scan, scans)
    drop_scans(engine, scans)
    return report_of({resource.name: scan})


def validate_resources(
    engine: Engine,
    resources: Sequence[Resource],
    *,
    limit: int | None,
    only: str | None = None,
    profile: str = "",
    house_checks: bool = False,
    without: Collection[str] = (),
    root: Path | None = None,
    divided: Mapping[str, Divided] | None = None,
) -> dict[str, Scan]:
    """Scan tables and compare their keys. `only` is the one table whose findings are wanted, where the others are references.

    Tables in `divided` are put together from their parts, unless only the joined table can tell what is wrong."""
    parted = {name: item for name, item in (divided or {}).items() if item.whole}
    plains = {
        item.name: plain_of(engine, number, item, where_of(item, root))
        for number, item in enumerate(resources)
        if item.name not in parted
    }
    schemas = {}
    for item in resources:
        schema = item.schema or _schema_of_labels(plains[item.name], item, where_of(item, root))
        schemas[item.name] = parse_schema(schema, where_of(item, root), profile)
    scans: dict[str, Scan] = {}
    for number, resource in enumerate(resources):
        source = _source(number, resource, plains.get(resource.name), schemas, where_of(resource, root))
        if only not in (None, resource.name):
            source = replace(source, lookup=True, keyed=referenced_fields({only: schemas[only]}, resource.name))
        if house_checks and not source.lookup:
            settings = resource.descriptor.get("publisher") or {}
            source = replace(source, checks=house.switched_on(source.path, settings, without))
        for key in () if source.lookup else source.schema.foreign_keys:
            name = key["reference"]["resource"]
            if name and name not in schemas:
                raise ProjectError(
                    f"{source.path}: a foreign key of table {resource.name} refers to {name!r}, which does not exist",
                    f"Tables are: {', '.join(sorted(schemas))}.",
                )
        if resource.name in parted:
            scans[resource.name] = unite(source, parted[resource.name], limit)
        else:
            scans[resource.name] = scan_table(engine, source, limit)
    read = {name: scan for name, scan in scans.items() if name not in parted}
    if parted and not compared(engine, schemas, read, parted):
        drop_scans(engine, read)
        return validate_resources(
            engine,
            resources,
            limit=limit,
            only=only,
            profile=profile,
            house_checks=house_checks,
            without=without,
            root=root,
        )
    for name, scan in scans.items():
        if only in (None, name):
            _finish(engine, scan, scans)
            if house_checks:
                house.check_table(engine, scan)
            explain(engine, scan, scans)
    return scans


def _finish(engine: Engine, scan: Scan, scans: Mapping[str, Scan]) -> None:
    fatal = None if scan.fatal and not scan.keys else broken_reference(scan, scans)
    if fatal:
        scan.found = Collector(scan.source.name, scan.source.path, scan.found.limit)
        scan.found.add(fatal)
    else:
        check_keys(engine, scan, scans)


def report_of(scans: Mapping[str, Scan], *, reveal: bool = False) -> Report:
    """The report of finished scans, one task a table; values of private columns are withheld unless `reveal`."""
    tasks = ((scan, scan.found.task(scan.labels, scan.rows)) for scan in scans.values())
    return Report(tuple(task if reveal else withhold(scan, task) for scan, task in tasks))


def drop_scans(engine: Engine, scans: Mapping[str, Scan]) -> None:
    """Free what the lanes kept; the relations of Checked do not need it."""
    for scan in scans.values():
        for table in ("narrow", "patched", "odd"):
            engine.run(f"DROP TABLE IF EXISTS {table}{scan.source.number}")


def plain_of(engine: Engine, number: int, resource: Resource, where: str) -> Plain:
    """A resource's files as one plain file in the engine's folder. Raises ProjectError as make_plain does."""
    folder = engine.folder / f"source-{number}"
    folder.mkdir(exist_ok=True)
    header = bool(resource.dialect.get("header", True))
    return make_plain(
        resource.paths,
        resource.encoding or "utf-8",
        folder,
        header=header,
        where=where,
        kind=resource.kind,
        dialect=resource.dialect,
    )


def _schema_of_labels(plain: Plain, resource: Resource, where: str) -> dict[str, Any]:
    """Where no schema is given, every column holds anything and only the structure is judged."""
    suffix = read_path(resource.paths[0])
    labels = read_head(plain, parse_dialect(resource.dialect, where, suffix), suffix).labels
    names = deduplicate_names([label or f"field{number}" for number, label in enumerate(labels, start=1)])
    return {"fields": [{"name": name, "type": "any"} for name in names]}


def _source(number: int, resource: Resource, plain: Plain | None, schemas: Mapping[str, Any], where: str) -> Source:
    suffix = read_path(resource.paths[0])
    return Source(
        number=number,
        name=resource.name,
        path=resource.place,
        schema=schemas[resource.name],
        dialect=parse_dialect(resource.dialect, where, suffix),
        suffix=suffix,
        plain=plain,
        keyed=keyed_fields(schemas, resource.name),
        own=own_of(resource.schema, where),
    )


def own_of(schema: Mapping[str, Any], where: str) -> dict[str, dict[str, Any]]:
    """Constraints that frictionless does not know, found fit."""
    own = own_constraints(schema)
    check_json_rules(own, where)
    return own


def where_of(resource: Resource, root: Path | None) -> str:
    """A table's place in messages."""
    return f"{root or Path(resource.place).parent}: table {resource.name}"


def _lookup_schema(schema: frictionless.Schema, name: str) -> frictionless.Schema:
    """A schema for the referenced columns alone, typed as the fields that refer to them."""
    fields = {}
    for key in schema.foreign_keys:
        if key["reference"]["resource"] == name:
            for own, other in zip(key["fields"], key["reference"]["fields"], strict=True):
                fields[other] = {**schema.get_field(own).to_descriptor(), "name": other, "constraints": {}}
    with known_types():
        return frictionless.Schema.from_descriptor({"fields": list(fields.values())})
