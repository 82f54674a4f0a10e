"""What flows through the house. Data climbs once, each type made by exactly one stage:

    Project ──▶ Package ──▶ Loaded ──▶ Checked ──▶ Tables ──▶ Release ──▶ Receipt
    project.py  project.py  load.py    validate/   query.py   package/    publish.py

`Checked` can be made only from a passing report, so invalid data cannot reach the packager.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Descriptor = Mapping[str, Any]
"""A JSON object as written in a descriptor."""


@dataclass(frozen=True, slots=True)
class Headers:
    """HTTP headers an object is served with; empty ones are not set."""

    content_type: str = "application/octet-stream"
    cache_control: str = ""
    content_disposition: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a part of a table comes from that is not a file of its package.

    `kind` is web, bucket, prefix (every object below an address, each a part), database or inbox; `place` names it for people, without
    anything secret. `address` is an http(s) or s3 address ("" where a variable holds it), `variable` the environment variable with the
    address or with a database's connection string, `authorization` the one whose value is sent along; `sql` is asked of a database.
    `suffix` ends the name of the file it is kept as.
    """

    kind: str
    place: str
    address: str = ""
    variable: str = ""
    authorization: str = ""
    sql: str = ""
    suffix: str = ".csv"


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read from an origin, as the release tells it: `place` is fit for the public ("" where it is not), `read_at` RFC 3339 UTC,
    when these bytes were first seen; size in bytes, lower-case hexadecimal sha256; `etag` and `modified` as the server gave them."""

    kind: str
    place: str
    read_at: str
    bytes: int
    sha256: str
    etag: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """One table of a package: files that people maintain, or the result of a query.

    `paths` are local files in the order of the table's parts (empty for a query, and for a table whose `origins` have not been read);
    `query` is SQL text (None for files). `schema` and `dialect` are descriptors, resolved; `descriptor` is the resource as written (titles,
    descriptions). `kind` is how its files are written: csv, xlsx, json or ndjson. `readings` says what was read from the origins.
    """

    name: str
    paths: tuple[Path, ...]
    schema: Descriptor
    dialect: Descriptor
    encoding: str
    descriptor: Descriptor
    query: str | None = None
    query_path: Path | None = None
    kind: str = "csv"
    origins: tuple[Origin, ...] = ()
    readings: tuple[Reading, ...] = ()

    @property
    def place(self) -> str:
        """Where the table comes from, for people."""
        return self.origins[0].place if self.origins else str(self.paths[0])

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(str(item["name"]) for item in self.schema.get("fields", ()))

    @property
    def primary_key(self) -> tuple[str, ...]:
        key = self.schema.get("primaryKey", ())
        return (key,) if isinstance(key, str) else tuple(key)


@dataclass(frozen=True, slots=True)
class Check:
    """A SQL rule over a package's tables; each row it returns is a finding."""

    name: str
    path: Path
    sql: str


@dataclass(frozen=True, slots=True)
class Package:
    """One Data Package, its references resolved, its rows not yet read.

    `descriptor` is the package as written without `resources` and `publisher`; `settings` is its `publisher` object;
    `removals` says by table why rows may go (removals.yaml, empty where there is none).
    """

    name: str
    root: Path
    descriptor: Descriptor
    resources: tuple[Resource, ...]
    checks: tuple[Check, ...] = ()
    settings: Descriptor = field(default_factory=dict)
    removals: Descriptor = field(default_factory=dict)

    @property
    def tables(self) -> tuple[Resource, ...]:
        return tuple(item for item in self.resources if item.query is None)

    @property
    def queries(self) -> tuple[Resource, ...]:
        return tuple(item for item in self.resources if item.query is not None)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as it was when read: size in bytes and lower-case hexadecimal sha256."""

    path: Path
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """A package whose source files have been found and hashed. `inputs` identifies everything that decides the release:
    source bytes, schemas, queries, checks, descriptor and the tool's version (`sha256:...`)."""

    package: Package
    files: Mapping[str, tuple[SourceFile, ...]]
    inputs: str
    read_at: str


@dataclass(frozen=True, slots=True)
class File:
    """One file of a release. `name` is its path below the release's folder, `path` where its bytes lie on this machine;
    a file that did not change since the parent has no `path` but `copy_of`, the store's key of the parent's equal file."""

    name: str
    bytes: int
    sha256: str
    path: Path | None = None
    copy_of: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a table that is published in parts. `data` is a Parquet file on this machine: the rows as canonical text, in published
    order; `files` are the published ones (CSV, NDJSON, Parquet), of which hash and size are known even where they are not here."""

    rows: int
    data: Path
    files: tuple[File, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table ready to be serialised: `relation` names a DuckDB table (already quoted) whose columns are the schema's fields,
    in order, as canonical text (VARCHAR, NULL for missing), its rows sorted by primary key.

    A table in `parts` is a view of all their rows, sorted within each part, which stand in the order of the descriptor."""

    resource: Resource
    relation: str
    rows: int
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Tables:
    """All tables of a release, those of people first, then those of queries, in the descriptor's order; without private columns, of
    which only the names are known here, by table, former names included."""

    loaded: Loaded
    tables: tuple[Table, ...]
    validation: Descriptor
    private: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Release:
    """A release built on this machine, complete, not yet in the store. `entry` is what the pointer will say of it."""

    package: str
    version: str
    parent: str | None
    created: str
    content: str
    inputs: str
    files: tuple[File, ...]
    entry: Descriptor


@dataclass(frozen=True, slots=True)
class Receipt:
    """How a publication ended. `outcome` is published or unchanged; every other end is an exception. `stale` says why pages, feeds and
    copies could not be brought up to date ("" where they were); the release itself is published all the same."""

    package: str
    outcome: str
    version: str
    objects: int = 0
    bytes: int = 0
    copied: int = 0
    stale: str = ""
