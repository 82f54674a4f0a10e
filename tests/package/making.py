"""Releases for tests. In: a schema and rows of canonical text, or a folder with a descriptor. Out: a Release on disk."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from publisher.engine import Engine, open_engine, quote
from publisher.findings import Report
from publisher.load import load
from publisher.model import Check, Loaded, Package, Release, Resource, Tables
from publisher.package.descriptor import identity
from publisher.package.release import build, write_canonical
from publisher.project.package import read_package
from publisher.query import derive
from publisher.validate import Checked, check

CREATED = "2026-01-01T00:00:00Z"
Row = Sequence[str | None]


def table(name: str, schema: Mapping[str, Any], **more: Any) -> Resource:
    return Resource(name, (), schema, {}, "utf-8", {"name": name, **more})


def query(name: str, schema: Mapping[str, Any], sql: str) -> Resource:
    return Resource(name, (), schema, {}, "utf-8", {"name": name}, sql, Path(f"queries/{name}.sql"))


def package(*resources: Resource, checks: Sequence[Check] = (), **descriptor: Any) -> Package:
    return Package("example", Path("/nowhere"), {"name": "example", **descriptor}, resources, tuple(checks))


def checked(engine: Engine, of: Package, rows: Mapping[str, Sequence[Row]]) -> Checked:
    """Rows of canonical text as what validation would have passed on."""
    relations = {}
    for resource in of.tables:
        source = quote(f"rows of {resource.name}")
        width = len(resource.fields)
        engine.run(f"CREATE TEMP TABLE {source} ({', '.join(f'c{number} VARCHAR' for number in range(width))})")
        if rows[resource.name]:
            marks = ", ".join(["unnest(CAST(? AS VARCHAR[]))"] * width)
            values = [list(column) for column in zip(*rows[resource.name], strict=True)]
            engine.run(f"INSERT INTO {source} SELECT {marks}", values)
        columns = ", ".join(f"c{number} AS {quote(name)}" for number, name in enumerate(resource.fields))
        relations[resource.name] = f"SELECT {columns} FROM {source}"
    return Checked(Loaded(of, {}, "sha256:inputs", CREATED), Report(), relations)


def serialise(engine: Engine, tables: Tables, folder: Path, **how: Any) -> Release:
    canonical = write_canonical(engine, tables, folder)
    settings: dict[str, Any] = {
        "version": "1.0.0",
        "parent": None,
        "created": CREATED,
        "content": identity(tables, canonical),
        "parent_descriptor": None,
        "folder": folder,
    }
    return build(engine, tables, canonical, **(settings | how))


def publish(
    folder: Path,
    of: Package,
    rows: Mapping[str, Sequence[Row]],
    *,
    memory: str = "512MB",
    threads: int | None = None,
    **how: Any,
) -> Release:
    """A release of rows, its files in `folder/release`."""
    with opened(folder, memory=memory, threads=threads) as engine:
        return serialise(engine, derive(checked(engine, of, rows), engine), folder / "release", **how)


def publish_one(folder: Path, schema: Mapping[str, Any], rows: Sequence[Row], **how: Any) -> Release:
    return publish(folder, package(table("t", schema)), {"t": rows}, **how)


def publish_files(folder: Path, descriptor: Path, *, root: Path | None = None, **how: Any) -> Release:
    """A release of a package on disk, validated as every other."""
    with opened(folder) as engine:
        found = check(load(read_package(descriptor, project_root=root), read_at=CREATED), engine)
        return serialise(engine, derive(found, engine), folder / "release", **how)


@contextmanager
def opened(folder: Path, **how: Any) -> Iterator[Engine]:
    folder.mkdir(parents=True, exist_ok=True)
    with open_engine(folder, **how) as engine:
        yield engine


def sums(release: Release) -> dict[str, str]:
    return {file.name: file.sha256 for file in release.files}


def document(folder: Path, name: str = "datapackage.json") -> Any:
    return json.loads((folder / "release" / name).read_bytes())
