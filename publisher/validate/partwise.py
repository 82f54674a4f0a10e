"""The parts of tables by the rules of their package. In: a package; the path of one part. Out: PartRules; what the part told."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from publisher.engine import Engine
from publisher.model import Package, Resource
from publisher.schema import parse_dialect, parse_schema
from publisher.validate import house
from publisher.validate.house import LEFT_TO_GATES
from publisher.validate.keys import keyed_fields
from publisher.validate.package import LIMIT, own_of, plain_of, where_of
from publisher.validate.parts import KeySet, PartScan, key_sets, scan_part
from publisher.validate.scan import Scan, Source
from publisher.validate.table import read_path


@dataclass(frozen=True, slots=True)
class PartRules:
    """What is asked of each part of a table; plain values, which another process can be told. `convert`: what would be published of it is
    made, too."""

    resource: Resource
    profile: str
    where: str
    suffix: str
    sets: tuple[KeySet, ...]
    keyed: frozenset[str]
    on: frozenset[str]
    limit: int | None
    convert: bool


def part_rules(
    package: Package,
    *,
    checks: str | None = "house",
    limit: int | None = LIMIT,
    without: Collection[str] = LEFT_TO_GATES,
    convert: bool = True,
) -> dict[str, PartRules]:
    """The rules of each table that has a schema; those of a publication, unless said otherwise. Raises ProjectError as it does."""
    profile = str(package.descriptor.get("$schema", ""))
    schemas = {
        item.name: parse_schema(item.schema, where_of(item, package.root), profile)
        for item in package.tables
        if item.schema
    }
    found = {}
    for item in package.tables:
        if item.name in schemas:
            settings = item.descriptor.get("publisher") or {}
            on = house.switched_on(item.place, settings, without) if checks == "house" else frozenset()
            suffix, where = read_path(item.paths[0]), where_of(item, package.root)
            sets, keyed = key_sets(schemas, item.name), keyed_fields(schemas, item.name)
            found[item.name] = PartRules(item, profile, where, suffix, sets, keyed, on, limit, convert)
    return found


def read_part(engine: Engine, rules: PartRules, path: Path, folder: Path) -> tuple[Scan, PartScan]:
    """One part of a table, read and judged by itself; hashes of its keys go into `folder`."""
    resource, where = replace(rules.resource, paths=(path,)), rules.where
    source = Source(
        number=0,
        name=resource.name,
        path=rules.resource.place,
        schema=parse_schema(resource.schema, where, rules.profile),
        dialect=parse_dialect(resource.dialect, where, rules.suffix),
        suffix=rules.suffix,
        plain=plain_of(engine, 0, resource, where),
        keyed=rules.keyed,
        own=own_of(resource.schema, where),
        checks=rules.on,
    )
    return scan_part(engine, source, rules.sets, folder, rules.limit)
