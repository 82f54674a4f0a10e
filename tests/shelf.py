"""Published releases for tests of what reads them. In: tables as text. Out: a store with releases, their changes and a pointer, made by
the house's own parts (diff, pointer) but without a project behind them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from publisher import layout
from publisher.canonical import readable_json, sha256_bytes
from publisher.commit.history import walk_marked
from publisher.commit.pointer import Head, read_head, write_head
from publisher.diff import TableState, compare, read_published, write
from publisher.diff.tombstones import Removal, load_notes, read_tombstones, write_tombstones
from publisher.engine import open_engine
from publisher.feeds import build
from publisher.notes import write_notes
from publisher.package.published import read_release
from publisher.package.schema import published_schema
from publisher.package.series import Sheet
from publisher.package.steps import read_steps
from publisher.project.project import Project, find_package
from publisher.project.settings import Settings
from publisher.run.digest import Digest, line_to
from publisher.run.own import Told
from publisher.site import make_edition
from publisher.store.base import Store
from publisher.version import rule
from tests.tools import ROOT

Row = Mapping[str, str | None]


@dataclass(frozen=True)
class TableOf:
    """A table of a release: its resource descriptor without files, its schema, its rows in order."""

    resource: Mapping[str, Any]
    schema: Mapping[str, Any]
    rows: Sequence[Row]

    @property
    def name(self) -> str:
        return str(self.resource["name"])

    def csv(self) -> bytes:
        fields = [str(item["name"]) for item in self.schema["fields"]]
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(fields)
        writer.writerows([row.get(name) or "" for name in fields] for row in self.rows)
        return text.getvalue().encode()


@dataclass
class Shelf:
    """Publishes into `store`; `folder` is scratch space, `minute` the clock of its releases."""

    store: Store
    folder: Path
    minute: int = 0
    _published: dict[str, tuple[dict[str, Any], list[TableState], Path]] = field(default_factory=dict)

    def publish(self, package: Mapping[str, Any], tables: Sequence[TableOf], version: str, *removals: Removal) -> None:
        """A release after the latest one. `removals` are reasons for rows that went."""
        name = str(package["name"])
        head = read_head(self.store, name)
        parent = head.latest.version if head.latest else None
        self.minute += 1
        created = f"2026-11-24T06:{self.minute % 60:02}:00+00:00"
        folder = self.folder / name / version
        folder.mkdir(parents=True)
        resources = [self._write_table(folder, table) for table in tables]
        descriptor = {**package, "version": version, "created": created, "resources": resources}
        states = [
            TableState(
                item.name,
                read_published(folder / f"{item.name}.csv", item.schema),
                item.schema,
                tuple(item.schema.get("primaryKey", ())),
                resource,
            )
            for item, resource in zip(tables, resources, strict=True)
        ]
        was, before, past = self._published.get(f"{name} {parent}", ({}, [], folder / "none"))
        with open_engine(self._fresh()) as engine:
            stones = list(read_tombstones(past)) if past.exists() else []
            notes = load_notes(engine, stones, removals)
            changes = compare(
                engine,
                before,
                states,
                package=(was, descriptor),
                notes=notes,
                from_version=parent or "",
                to_version=version,
            )
            spoken = write_notes(changes, ("en", "ar", "fr"), {table.name: {} for table in tables})
            write(engine, changes, folder, {"notes": spoken})
            write_tombstones(engine, past if past.exists() else None, changes, notes, folder)
            bump = rule(changes.facts)
        (folder / layout.VALIDATION).write_bytes(readable_json({"valid": True}))
        (folder / layout.DESCRIPTOR).write_bytes(readable_json(descriptor))
        files = sorted(path for path in folder.iterdir() if path.name != layout.CHECKSUMS)
        sums = "".join(f"{sha256_bytes(path.read_bytes())}  {path.name}\n" for path in files)
        (folder / layout.CHECKSUMS).write_text(sums)
        for path in folder.iterdir():
            self._put(layout.release_file(name, version, path.name), path.read_bytes(), if_absent=True)
        self._published[f"{name} {version}"] = descriptor, states, folder / layout.REMOVED
        record = {
            "kind": "release",
            "version": version,
            "path": f"v/{version}/",
            "created": created,
            "published": created,
            "parent": parent,
            "content": f"sha256:{sha256_bytes(readable_json([name, version, resources]))}",
            "inputs": "sha256:0",
            "read_at": created,
            "bump": bump.level,
            "rule": bump.rule,
            "rows": {item.name: len(item.rows) for item in tables},
            "run": version,
            "files": len(files),
            "bytes": 0,
            "sha256": sha256_bytes((folder / layout.DESCRIPTOR).read_bytes()),
            "checksums": sha256_bytes(sums.encode()),
            "status": "published",
        }
        write_head(self.store, replace(head, current=version, history=(record, *head.history)), updated=created)

    def yank(self, package: str, version: str, reason: str) -> None:
        head = read_head(self.store, package)
        self.minute += 1
        at = f"2026-11-24T06:{self.minute:02}:00+00:00"
        history = tuple(
            {**item, "yanked": {"reason": reason, "at": at}}
            if item["version"] == version and item["kind"] == "release"
            else item
            for item in head.history
        )
        note = {"kind": "yank", "version": version, "reason": reason, "at": at}
        left = [str(item["version"]) for item in history if item["kind"] == "release" and not item.get("yanked")]
        write_head(self.store, replace(head, current=left[0] if left else None, history=(note, *history)), updated=at)

    def head(self, package: str) -> Head:
        return read_head(self.store, package)

    def _write_table(self, folder: Path, table: TableOf) -> dict[str, Any]:
        data = table.csv()
        (folder / f"{table.name}.csv").write_bytes(data)
        file = {"path": f"{table.name}.csv", "format": "csv", "mediatype": "text/csv", "bytes": len(data)}
        head = {
            "$schema": "https://datapackage.org/profiles/2.0/dataresource.json",
            "name": table.name,
            "type": "table",
        }
        return {
            **head,
            **{key: value for key, value in table.resource.items() if key != "publisher"},
            **file,
            "hash": f"sha256:{sha256_bytes(data)}",
            "encoding": "utf-8",
            "rows": len(table.rows),
            "formats": [],
            "schema": table.schema,
        }

    def _put(self, key: str, body: bytes, *, if_absent: bool = False) -> None:
        self.store.put(key, body, sha256=sha256_bytes(body), headers=layout.headers(key), if_absent=if_absent)

    def _fresh(self) -> Path:
        folder = self.folder / f"engine{len(list(self.folder.glob('engine*')))}"
        folder.mkdir(parents=True)
        return folder


def alliance() -> tuple[dict[str, Any], list[TableOf]]:
    """The Alliance's package as it is shipped: descriptor and tables; those of queries are left out."""
    package = find_package(Project(ROOT, Settings()), "global-alliance")
    tables = []
    for resource in package.tables:
        schema = published_schema(resource)
        with resource.paths[0].open(encoding="utf-8", newline="") as file:
            rows = [{name: value or None for name, value in row.items()} for row in csv.DictReader(file)]
        rows.sort(key=lambda row: [str(row[name]) for name in schema["primaryKey"]])
        described = {key: value for key, value in resource.descriptor.items() if key not in {"path", "schema"}}
        tables.append(TableOf(described, schema, rows))
    return dict(package.descriptor), tables


def edit(tables: Sequence[TableOf], name: str, change: Callable[[list[Row]], list[Row]]) -> list[TableOf]:
    """The tables with the rows of one of them changed."""
    return [replace(table, rows=change(list(table.rows))) if table.name == name else table for table in tables]


def learn(store: Store, package: str, folder: Path, settings: Settings) -> tuple[Told, dict[str, Sheet]]:
    """A package's whole past, and the objects that tell of it, by key."""
    head = read_head(store, package)
    assert head.current is not None
    folder.mkdir(parents=True, exist_ok=True)
    published = read_release(store, package, head.current, folder)
    told = Told(published, make_edition(settings.languages, settings.base_url), settings, Digest(""))
    told.forget()
    records = list(walk_marked(store, head))[::-1]
    sheets = {}
    for step in read_steps(published, records, line_to(records, head.current)):
        sheets |= {sheet.key: sheet for sheet in told.learn(step)}
    return told, sheets


def derive(
    store: Store, package: str, folder: Path, base_url: str = "", languages: Sequence[str] = ("en", "ar", "fr")
) -> dict[str, bytes]:
    """Everything that feeds make of a package's latest release."""
    folder.mkdir(parents=True, exist_ok=True)
    with open_engine(folder) as engine:
        told, sheets = learn(store, package, folder, Settings(languages=tuple(languages), base_url=base_url))
        found = {key: sheet.make() for key, sheet in sheets.items() if "/feeds/" in key}
        digest = told.digest
        for key, body in build(engine, told.published, digest.versions, digest.api, digest.news, told.voice):
            assert key not in found, f"{key} is made twice"
            found[key] = body.read_bytes() if isinstance(body, Path) else body
    (folder / "work.duckdb").unlink(missing_ok=True)
    return found


def three_releases(store: Store, folder: Path) -> Shelf:
    """The Alliance's data in three releases: as shipped; a value corrected and a row removed with a reason; a row added."""
    shelf = Shelf(store, folder)
    package, tables = alliance()
    shelf.publish(package, tables, "1.0.0")
    tables = edit(
        tables,
        "commitments",
        lambda rows: [{**row, "kind": "undertaken"} if row["commitment_id"] == "C010" else row for row in rows],
    )
    tables = edit(tables, "national_measures", lambda rows: [row for row in rows if row["measure_id"] != "N028"])
    shelf.publish(package, tables, "1.0.1", Removal("national_measures", ("N028",), "Moved to commitments", "C039"))
    tables = edit(tables, "events", lambda rows: [*rows, {**rows[-1], "event_id": "E25"}])
    shelf.publish(package, tables, "1.1.0")
    return shelf
