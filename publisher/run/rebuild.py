"""A published release made again without something. In: the release, its parent, what must go. Out: a release in its place, built here.

The release is its own source: its CSVs are the tables, its descriptor the package, its SQL makes the derived tables anew. All the rest
(every format, changes, tombstones, checksums) is built as for any release, so that everything agrees; where nothing must go, the same
bytes come out.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from publisher import layout
from publisher.canonical import canonical_json
from publisher.commit.pointer import Entry
from publisher.diff import ChangeSet, Notes, begin, compare, read_published
from publisher.diff.lines import json_sql
from publisher.diff.tombstones import Removal as Reason
from publisher.diff.tombstones import load_notes, read_tombstones
from publisher.engine import Engine, literal, open_engine
from publisher.errors import InvalidData, NotFound, UsageError
from publisher.findings import Report
from publisher.model import Descriptor, File, Loaded, Package, Part, Reading, Release, Resource, Tables
from publisher.package.descriptor import described_package, identity
from publisher.package.metadata import TableInfo, read_metadata
from publisher.package.published import Published, fetch_file
from publisher.package.release import write_canonical
from publisher.project import Settings
from publisher.query import derive
from publisher.run.building import build_release
from publisher.run.context import Prepared, Run, Wishes
from publisher.run.difference import Planned, states_after, states_before
from publisher.run.languages import speaking
from publisher.run.part import make_part
from publisher.run.remaking import remade
from publisher.run.removal import Held, Removal, columns_of, relation_of, removals_of, silenced
from publisher.store import open_store
from publisher.validate import Checked, check_relation
from publisher.version import Bump

Spoken = Mapping[str, Descriptor]
"""`publisher` settings by table: what is said in notes."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A release as it will be, and the same as the parent of the next one. `left` names derived tables that could not be made anew,
    `again` places where a text that went still stands."""

    release: Release
    published: Published
    left: tuple[str, ...] = ()
    again: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Former:
    """A release as it is published: its entry, its files, its parent as it will be (None for the first), what it holds of what must go."""

    entry: Entry
    published: Published
    parent: Published | None
    held: Held


@dataclass(frozen=True, slots=True)
class Order:
    """What must go and why, how records are called in notes, and the texts that go from all releases."""

    removals: tuple[Removal, ...]
    reason: str
    settings: Spoken
    texts: frozenset[str] = frozenset()


def rebuild(run: Run, former: Former, version: str, order: Order, folder: Path) -> Rebuilt:
    """The release `former` as `version`. `folder` is empty and keeps the files. Raises UsageError where what is left would not be valid,
    NotFound, Damaged."""
    published = former.published
    former = replace(former, parent=_within(former.parent, folder / "parent"))
    with open_engine(folder, memory=run.settings.memory) as engine:
        tables, left = _tables(engine, former, order, folder, run.settings)
        canonical = write_canonical(engine, tables, folder / "canonical")
        content = identity(tables, canonical)
        tables = replace(tables, loaded=replace(tables.loaded, inputs=content))
        prepared = Prepared(tables, canonical, content)
        told = published.document(layout.CHANGES)
        changes, notes, stones = _changes(engine, former, prepared, version, order)
        bump = Bump(former.entry.bump, former.entry.rule, str(told.get("explanation") or ""))
        planned = Planned(former.parent, changes, bump, version, (), notes, stones)
        wishes = Wishes(message=str(told.get("message") or ""))
        created = str(published.descriptor["created"])
        release = build_release(run, engine, prepared, planned, wishes, version, created)
        again = tuple(_again(engine, tables, release, order.texts))
    files = [*canonical.values(), *(part.files[0] for table in tables.tables for part in table.parts)]
    return Rebuilt(release, _shelve(release, files, folder), left, again)


def _tables(
    engine: Engine, former: Former, order: Order, folder: Path, settings: Settings
) -> tuple[Tables, tuple[str, ...]]:
    """The tables without what must go, derived ones made anew where they are made from it, and the names of those that cannot be."""
    published = former.published
    infos = {item.name: item for item in published.info.tables}
    resources = [_resource(item, infos[item["name"]], order) for item in published.descriptor["resources"]]
    touched = {name for name in infos if removals_of(name, order.removals)}
    again, left = remade(resources, touched, folder / "binding")
    stored = {item.name: item for item in resources if item.query is not None and item.name not in again}
    resources = [replace(item, query=None) if item.name in stored else item for item in resources]
    package = _package(published, resources, settings, folder)
    relations = {
        item.name: relation_of(
            infos[item.name],
            read_published(published.csv_paths(infos[item.name]), infos[item.name].schema),
            removals_of(item.name, order.removals),
            item.fields,
        )
        for item in resources
        if item.query is None and not infos[item.name].divided
    }
    parts = {
        item.name: _parts(published, infos[item.name], item, order, folder, settings.memory)
        for item in resources
        if item.query is None and infos[item.name].divided
    }
    loaded = Loaded(package, {}, former.entry.inputs, former.entry.read_at)
    try:
        tables = derive(Checked(loaded, Report(), relations), engine, parts=parts)
        _expect_valid(engine, tables, touched)
    except InvalidData as error:
        raise _invalid(former, error.report) from None
    names = [item.name for item in resources]
    found = sorted(tables.tables, key=lambda table: names.index(table.resource.name))
    found = [
        replace(table, resource=stored[table.resource.name]) if table.resource.name in stored else table
        for table in found
    ]
    return replace(tables, tables=tuple(found), validation=_validation(published, tables)), left


def _parts(
    published: Published, info: TableInfo, resource: Resource, order: Order, folder: Path, memory: str
) -> tuple[Part, ...]:
    """The parts of a table without what must go; those that held nothing of it come out as they were."""
    removals = removals_of(info.name, order.removals)
    return tuple(
        make_part(
            relation_of(info, read_published(published.csv_path(file), info.schema), removals, resource.fields),
            resource,
            published.package,
            folder / "parts" / f"{info.name}-{number}",
            memory,
        )
        for number, file in enumerate(info.parts("csv"))
    )


def _resource(item: Descriptor, info: TableInfo, order: Order) -> Resource:
    """A published table as a resource; dropped columns leave its schema, too."""
    gone = {
        name for each in removals_of(info.name, order.removals) if each.of_column for name in columns_of(each, info)
    }
    schema = {**info.schema, "fields": [field for field in info.schema["fields"] if field["name"] not in gone]}
    if "uniqueKeys" in schema:
        schema["uniqueKeys"] = [key for key in schema["uniqueKeys"] if not {*key} & gone]
    said = {name: value for name, value in item.items() if name != "query"}
    if "hxl" in said:
        said["hxl"] = {name: tag for name, tag in said["hxl"].items() if name not in gone}
    # Only what notes are told with: other settings of today say nothing about this release.
    spoken = {name: value for name, value in order.settings.get(info.name, {}).items() if name in {"label", "record"}}
    said["publisher"] = spoken
    lost = bool(removals_of(info.name, order.removals))
    readings = tuple(_reading(origin, lost=lost) for origin in item.get("origin", ()))
    return Resource(info.name, (), schema, {}, "utf-8", said, info.query or None, readings=readings)


def _reading(origin: Descriptor, *, lost: bool) -> Reading:
    """What was told of a source. The hash of one that held what went would tell whoever tries values."""
    told = {name: str(origin.get(name, "")) for name in ("kind", "path", "readAt", "etag", "modified", "hash")}
    size, sha256 = int(origin.get("bytes", 0)), told["hash"].removeprefix("sha256:")
    if lost:
        size, sha256, told["etag"] = 0, "", ""
    return Reading(told["kind"], told["path"], told["readAt"], size, sha256, told["etag"], told["modified"])


def _package(published: Published, resources: Sequence[Resource], own: Settings, folder: Path) -> Package:
    descriptor = {name: value for name, value in published.descriptor.items() if name != "resources"}
    languages = published.descriptor.get("languages")
    settings = {"languages": languages} if languages else {}
    return speaking(Package(published.package, folder, descriptor, tuple(resources), settings=settings), own)


def _expect_valid(engine: Engine, tables: Tables, touched: set[str]) -> None:
    """Raise InvalidData where a table that lost something, or one that refers to it, breaks its schema."""
    references = {table.resource.name: f"SELECT * FROM {table.relation}" for table in tables.tables}
    report = Report()
    for table in tables.tables:
        resource = table.resource
        targets = {str(key["reference"].get("resource", "")) for key in resource.schema.get("foreignKeys", ())}
        if resource.name in touched or targets & touched:
            report = report.merge(check_relation(engine, references[resource.name], resource, references))
    if not report.valid:
        raise InvalidData("not valid", report)


def _invalid(former: Former, report: object) -> UsageError:
    assert isinstance(report, Report)
    kinds = dict.fromkeys(f"{item.resource}.{item.name or '-'} ({item.rule or item.type})" for item in report.findings)
    return UsageError(
        f"{former.published.package} {former.entry.version} would not be valid without it: {', '.join([*kinds][:5])}",
        "Name the records that refer to it as well, or give --replacement for a value that must be there.",
    )


def _validation(published: Published, tables: Tables) -> Descriptor:
    """The report that was published, with the rows and columns that are left."""
    try:
        document = dict(published.document(layout.VALIDATION))
    except NotFound:
        return tables.validation
    known = {table.resource.name: table for table in tables.tables}
    document["tasks"] = [
        _task(item, known[item["name"]].rows, known[item["name"]].resource.fields) if item["name"] in known else item
        for item in document.get("tasks", ())
    ]
    return document


def _task(item: Mapping[str, Any], rows: int, fields: Sequence[str]) -> dict[str, Any]:
    labels = [label for label in item.get("labels", ()) if label in fields]
    return {**item, "labels": labels, "stats": {**item.get("stats", {}), "fields": len(labels), "rows": rows}}


def _changes(
    engine: Engine, former: Former, prepared: Prepared, version: str, order: Order
) -> tuple[ChangeSet, Notes, Path]:
    """How the release differs from its parent, with the reasons once given, and the tombstones to go on from."""
    published, parent = former.published, former.parent
    stones = engine.folder / "tombstones.ndjson"
    lines = _stones(engine, former, version, order)
    stones.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    own = [item for item in read_tombstones(_removed(published)) if item.removed_in == former.entry.version]
    reasons = [
        Reason(item.table, tuple(map(str, item.key)), item.reason, item.replaced_by) for item in own if item.reason
    ]
    notes = load_notes(engine, read_tombstones(stones), reasons)
    if parent is None:
        return begin(engine, states_after(prepared.tables)), notes, stones
    before, same = states_before(parent, prepared)
    described = (parent.descriptor, described_package(prepared.tables.loaded.package))
    after = states_after(prepared.tables, parent)
    changes = compare(engine, before, after, same, package=described, notes=notes, from_version=parent.version)
    return changes, notes, stones


def _removed(published: Published) -> Path:
    return fetch_file(published.store, published.package, published.version, layout.REMOVED, published.folder)


def _stones(engine: Engine, former: Former, version: str, order: Order) -> Iterator[str]:
    """The parent's tombstones, and one for each record that is removed here first."""
    known = set()
    if former.parent is not None:
        path = _removed(former.parent)
        for stone, line in zip(read_tombstones(path), path.read_bytes().splitlines(), strict=True):
            if not silenced(stone.table, stone.key, order.removals):
                known.add((stone.table, stone.key))
                yield line.decode()
    for table in former.published.info.tables:
        for item in removals_of(table.name, order.removals):
            if (
                item.of_record
                and not item.silent
                and (table.name, item.key) not in known
                and former.held.places.get(table.name)
            ):
                yield _stone(engine, table, item, version, order.reason)


def _stone(engine: Engine, table: TableInfo, item: Removal, version: str, reason: str) -> str:
    pairs = zip(table.primary_key, item.key, strict=True)
    key = {
        name: json.loads(engine.value(f"SELECT {json_sql(table.column(name).type, literal(value))}"))
        for name, value in pairs
    }
    said = {"table": table.name, "key": key, "removed_in": version, "reason": reason, "replaced_by": None}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def _again(engine: Engine, tables: Tables, release: Release, texts: Collection[str]) -> Iterator[str]:
    """Places where a text that was removed still stands; short ones and numbers stand everywhere."""
    wanted = sorted(text for text in texts if len(text) >= 8 and not text.replace(".", "").replace("-", "").isdigit())[
        :100
    ]
    if not wanted:
        return
    for table in tables.tables:
        for name in table.resource.fields:
            column = '"' + name.replace('"', '""') + '"'
            tests = " OR ".join(f"contains({column}, {literal(text)})" for text in wanted)
            if engine.value(f"SELECT count(*) FROM {table.relation} WHERE {tests}"):
                yield f"{table.resource.name}.{name}"
    for file in release.files:
        if file.name in {layout.DESCRIPTOR, layout.CHANGES} and file.path is not None:
            document = file.path.read_text(encoding="utf-8")
            if any(canonical_json(text).decode()[1:-1] in document for text in wanted):
                yield file.name


def _within(parent: Published | None, folder: Path) -> Published | None:
    """The parent with its CSVs where the engine, once locked, still reaches them."""
    if parent is None:
        return None
    folder.mkdir()
    for path in parent.folder.glob("*.csv"):
        (folder / path.name).hardlink_to(path)
    return replace(parent, folder=folder)


def _shelve(release: Release, canonical: Sequence[File], folder: Path) -> Published:
    """The release as the parent of the next one: its documents in a store of their own, its CSVs at hand."""
    store = open_store(str(folder / "shelf"), env={})
    root = layout.release_folder(release.package, release.version)
    for file in release.files:
        # What is copied inside the store was written here all the same, tables excepted.
        path = folder / "release" / file.name
        if path.suffix in {".json", ".ndjson", ""} and path.is_file():
            store.put(root + file.name, path, sha256=file.sha256, headers=layout.headers(root + file.name))
    scratch = folder / "csv"
    scratch.mkdir()
    for file in {file.sha256: file for file in canonical}.values():
        assert file.path is not None
        (scratch / f"{file.sha256}.csv").hardlink_to(file.path)
    descriptor = json.loads((folder / "release" / layout.DESCRIPTOR).read_bytes())
    info = read_metadata(descriptor)
    return Published(store, release.package, release.version, descriptor, info, scratch, root)
