"""The pipeline, the only place where stages meet. In: a package, a store. Out: a Receipt or a Plan.

    load ──▶ check ──▶ derive ──▶ write_canonical ──▶ compare ──▶ claim ──▶ build ──▶ commit ──▶ refresh

A release is compared with the head of the store, numbered, built and committed; when another publisher was faster, these four are
done again on the new head. What is derived is rebuilt last, and failing there never undoes a publication.
"""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from publisher import gates, layout
from publisher.commit import CONTEST, Head, Lost, admit, claim, commit, read_head, settle
from publisher.commit.derive import Refreshed, refresh
from publisher.diff import ChangeSet, Notes, TableState, begin, compare, read_published, write
from publisher.diff.tombstones import Removal, load_notes, read_removals, read_tombstones, write_tombstones
from publisher.engine import Engine, open_engine
from publisher.errors import GateRefused, NotFound, StoreError
from publisher.load import load
from publisher.model import Descriptor, File, Loaded, Package, Receipt, Release, Tables
from publisher.notes import write_notes
from publisher.package.archive import write_zip
from publisher.package.companions import write_companions
from publisher.package.descriptor import described, described_package, identity
from publisher.package.metadata import read_metadata
from publisher.package.office import write_office
from publisher.package.published import Published, fetch_file, read_checksums, read_release
from publisher.package.release import build, write_canonical
from publisher.package.schema import published_schema
from publisher.project import Settings, find_package, find_project
from publisher.project.package import REMOVALS
from publisher.query import derive
from publisher.run.derived import builders, folders
from publisher.store import open_store
from publisher.store.base import Store
from publisher.store.retry import Retry
from publisher.validate import check
from publisher.version import Bump, expect, next_version, raise_level, rule

Progress = Callable[[str, int, int], None]
"""Told of a stage, how much of it is done and how much there is (0: nobody can tell)."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Run:
    """What a run gets from outside: where to publish, settings, time, a name of its own, somebody who watches."""

    store: Store
    settings: Settings
    now: Callable[[], datetime] = _now
    name: str = field(default_factory=lambda: secrets.token_hex(8))
    retry: Retry = field(default_factory=Retry)
    progress: Progress = lambda _stage, _done, _total: None

    def stamp(self) -> str:
        """Now, as RFC 3339 in UTC."""
        return self.now().astimezone(UTC).isoformat(timespec="microseconds")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a maintainer asks of a publication: the only version that may come out, a higher level and why, a message to readers,
    gates that may be passed."""

    expect: str = ""
    level: str = ""
    reason: str = ""
    message: str = ""
    allow: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """Valid tables and their canonical CSVs, not yet compared with anything. `content` identifies them."""

    tables: Tables
    canonical: Mapping[str, File]
    content: str


@dataclass(frozen=True, slots=True)
class Planned:
    """How the next release differs from the head's latest one, which number follows, and what the gates say.

    `notes` and `removed` are what is known of removed records: reasons, and the parent's tombstones."""

    parent: Published | None
    changes: ChangeSet
    bump: Bump
    version: str
    gates: tuple[gates.Gate, ...]
    notes: Notes
    removed: Path | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What `publish` would do now. `release` is None where nothing has changed; `sent` counts the bytes that would leave this machine."""

    package: str
    head: Head
    planned: Planned | None
    release: Release | None

    @property
    def sent(self) -> int:
        return sum(item.bytes for item in self.release.files if item.copy_of is None) if self.release else 0


ARCHIVE_LIMIT = 64 << 20
"""Bytes of canonical CSV beyond which a release gets no zip: such tables are taken one by one."""
ARCHIVED = frozenset({".csv", ".json", ".md", ".cff", ".ndjson"})
"""What the zip holds: the CSV package with all that describes it, not the same rows in every format."""
FIRST_RELEASE = Bump("major", "first", "the first release")


def publish(package: str | Path, *, target: str | None = None, wishes: Wishes | None = None) -> Receipt:
    """Publish a package by its name under `datasets/` or the path of its descriptor, with the settings around the working folder.

    Raises InvalidData, GateRefused, Superseded, StoreError, OutcomeUnknown, UsageError; see errors.py."""
    project = find_project(Path.cwd(), os.environ)
    store = open_store(target or project.settings.target, env=os.environ)
    return publish_package(Run(store, project.settings), find_package(project, str(package)), wishes or Wishes())


def publish_package(run: Run, package: Package, wishes: Wishes) -> Receipt:
    """Publish one package; nothing happens where its newest release says the same already."""
    loaded = load(package, read_at=run.stamp())
    head = read_head(run.store, package.name)
    receipt = _same_inputs(head, loaded)
    if receipt is None:
        run = replace(run, store=admit(run.store, single_writer=run.settings.single_writer, retry=run.retry))
        with open_workspace(run.settings) as engine:
            prepared = prepare(run, engine, loaded)
            receipt = settle(head, partial(_attempt, run, engine, prepared, wishes), CONTEST)
    if receipt.outcome == "published" or not _is_indexed(run.store, receipt):
        try:
            refresh_derived(run, package.name)
        except StoreError as error:
            return replace(receipt, stale=error.message)
    return receipt


def plan_package(run: Run, package: Package, wishes: Wishes) -> Plan:
    """What publish_package would do; the store is only read. Raises what it would raise before the first write."""
    loaded = load(package, read_at=run.stamp())
    head = read_head(run.store, package.name)
    if _same_inputs(head, loaded):
        return Plan(package.name, head, None, None)
    with open_workspace(run.settings) as engine:
        prepared = prepare(run, engine, loaded)
        if head.latest and head.latest.content == prepared.content:
            return Plan(package.name, head, None, None)
        planned = compare_with(run, engine, prepared, head, wishes)
        release = _build(run, engine, prepared, planned, wishes, planned.version, _whole_seconds(run.stamp()))
        return Plan(package.name, head, planned, release)


def prepare(run: Run, engine: Engine, loaded: Loaded) -> Prepared:
    """Validate, query, and write the canonical CSVs. Raises InvalidData, ProjectError."""
    run.progress("validate", 0, 0)
    checked = check(loaded, engine)
    run.progress("query", 0, 0)
    tables = derive(checked, engine, seconds=run.settings.query_seconds)
    run.progress("package", 0, 0)
    canonical = write_canonical(engine, tables, engine.folder / "release")
    return Prepared(tables, canonical, identity(tables, canonical))


def compare_with(run: Run, engine: Engine, prepared: Prepared, head: Head, wishes: Wishes) -> Planned:
    """The difference to the head's latest release, the number that follows, the gates. Raises GateRefused, UsageError, StoreError."""
    package = prepared.tables.loaded.package
    run.progress("compare", 0, 0)
    after = _after(prepared.tables)
    rows = {table.resource.name: table.rows for table in prepared.tables.tables}
    judge = partial(
        gates.check,
        engine,
        rows=rows,
        tables=_table_settings(package),
        package=package.settings,
        today=run.now().date(),
        allowed=wishes.allow,
    )
    if head.latest is None:
        version = next_version(None, FIRST_RELEASE, first=str(package.settings.get("initial_version", "")))
        planned = Planned(None, begin(engine, after), FIRST_RELEASE, version, judge(None, None), Notes(), None)
    else:
        folder = engine.folder / "parent"
        folder.mkdir(exist_ok=True)
        parent = read_release(run.store, package.name, head.latest.version, folder)
        removed = fetch_file(run.store, package.name, parent.version, layout.REMOVED, folder)
        notes = load_notes(engine, read_tombstones(removed), _removals(package))
        before, same = _before(parent, prepared)
        described = (parent.descriptor, described_package(package))
        changes = compare(engine, before, after, same, package=described, notes=notes, from_version=parent.version)
        bump = rule(changes.facts)
        if wishes.level:
            bump = raise_level(bump, wishes.level, wishes.reason)
        version = next_version(parent.version, bump, head.numbers)
        planned = Planned(parent, changes, bump, version, judge(changes, bump), notes, removed)
    if wishes.expect:
        expect(planned.version, wishes.expect)
    return planned


def compare_releases(engine: Engine, before: Published, after: Published) -> ChangeSet:
    """What differs between two published releases, whichever came first. The rows stay in the engine."""
    hashes = [
        {table.name: file.sha256 for table in side.info.tables if (file := table.file("csv"))}
        for side in (before, after)
    ]
    same = {name for name, sha256 in hashes[0].items() if hashes[1].get(name) == sha256}
    return compare(
        engine,
        _published_states(before, same),
        _published_states(after, same),
        same,
        package=(before.descriptor, after.descriptor),
        from_version=before.version,
        to_version=after.version,
    )


def compare_sources(run: Run, engine: Engine, before: Published, package: Package) -> ChangeSet:
    """What differs between a published release and the package's sources as they are now. Raises InvalidData, ProjectError."""
    prepared = prepare(run, engine, load(package, read_at=run.stamp()))
    states, same = _before(before, prepared)
    described = (before.descriptor, described_package(package))
    return compare(engine, states, _after(prepared.tables), same, package=described, from_version=before.version)


def refresh_derived(run: Run, *packages: str) -> Refreshed:
    """Rebuild what follows from releases: pages, feeds, catalogues, copies; the index last."""
    run.progress("refresh", 0, 0)
    with open_workspace(run.settings) as engine:
        makers = builders(engine, run.settings)
        return refresh(run.store, packages, makers, folders=folders(packages, run.settings), retry=run.retry)


def _attempt(run: Run, engine: Engine, prepared: Prepared, wishes: Wishes, head: Head) -> Receipt | Lost:
    """One try to publish on `head`."""
    name = prepared.tables.loaded.package.name
    if head.latest and head.latest.content == prepared.content:
        return Receipt(name, "unchanged", head.latest.version)
    if withdrawn := head.withdrawn(prepared.content):
        raise GateRefused(
            f"{name}: this is the content of {withdrawn.version}, which was taken back",
            f"Correct the data, or bring it back on purpose: `publisher rollback {name} {withdrawn.version}`.",
        )
    planned = compare_with(run, engine, prepared, head, wishes)
    gates.refuse(planned.gates)
    now = run.now()
    inputs = prepared.tables.loaded.inputs
    claimed = claim(
        run.store,
        head,
        version=planned.version,
        level=planned.bump.level,
        content=prepared.content,
        inputs=inputs,
        run=run.name,
        now=now,
    )
    release = _build(run, engine, prepared, planned, wishes, claimed.version, _whole_seconds(claimed.created))
    total = len(release.files)
    run.progress("store", 0, total)
    safe = iter(range(1, total + 1))
    return commit(
        run.store,
        release,
        head,
        claimed,
        now=run.now,
        window=run.settings.retention_releases,
        progress=lambda _name, _size: run.progress("store", next(safe), total),
    )


def _build(
    run: Run, engine: Engine, prepared: Prepared, planned: Planned, wishes: Wishes, version: str, created: str
) -> Release:
    """Every file of the release, those about what changed among them, and what the pointer will say."""
    folder = engine.folder / "release"
    parent = planned.parent.version if planned.parent else None
    changes = replace(planned.changes, to_version=version)
    package = prepared.tables.loaded.package
    languages = _languages(run, package)
    sentences = write_notes(changes, languages, _table_settings(package))
    said = {**_rule(planned.bump), "notes": sentences, "message": wishes.message}
    tombstones = write_tombstones(engine, planned.removed, changes, planned.notes, folder)
    release = build(
        engine,
        prepared.tables,
        prepared.canonical,
        version=version,
        parent=parent,
        created=created,
        content=prepared.content,
        parent_descriptor=planned.parent.descriptor if planned.parent else None,
        folder=folder,
        changes=(*write(engine, changes, folder, said), tombstones),
        companions=partial(_companions, run, engine, prepared, folder),
    )
    release = replace(release, files=_spare(release.files, planned.parent))
    counts = changes.counts
    added = counts.added + counts.returned if planned.parent else sum(table.rows for table in prepared.tables.tables)
    entry = {
        "read_at": prepared.tables.loaded.read_at,
        "bump": planned.bump.level,
        "rule": planned.bump.rule,
        "rows": {table.resource.name: table.rows for table in prepared.tables.tables},
        "changes": {"added": added, "changed": counts.changed, "removed": counts.removed},
    }
    return replace(release, entry=entry)


def _companions(
    run: Run, engine: Engine, prepared: Prepared, folder: Path, descriptor: Descriptor, files: Sequence[File]
) -> list[File]:
    """What describes the release to other programs, and what people open in Excel or take along as one file."""
    info = read_metadata(descriptor)
    languages = _languages(run, prepared.tables.loaded.package)
    canonical = {name: file.path for name, file in prepared.canonical.items() if file.path is not None}
    made = list(write_companions(info, canonical, folder, languages=languages, base_url=run.settings.base_url))
    made += write_office(engine, prepared.tables.tables, info, languages, folder)
    if sum(file.bytes for file in prepared.canonical.values()) <= ARCHIVE_LIMIT:
        kept = {file.name: file for file in (*prepared.canonical.values(), *files, *made) if file.path is not None}
        packed = [kept[name] for name in kept if Path(name).suffix in ARCHIVED]
        made.append(write_zip(packed, folder / layout.archive_file(info.name)))
    return made


def _spare(files: Sequence[File], parent: Published | None) -> tuple[File, ...]:
    """Files that the parent has under the same name with the same bytes are copied inside the store, not sent again."""
    if parent is None:
        return tuple(files)
    sums = read_checksums(parent.store, parent.package, parent.version)
    return tuple(
        replace(file, path=None, copy_of=layout.release_file(parent.package, parent.version, file.name))
        if file.copy_of is None and sums.get(file.name) == file.sha256
        else file
        for file in files
    )


def _languages(run: Run, package: Package) -> tuple[str, ...]:
    return tuple(package.settings.get("languages") or run.settings.languages)


def _whole_seconds(moment: str) -> str:
    """RFC 3339 as readers like it: `2026-11-24T06:00:00Z`."""
    return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _rule(bump: Bump) -> Descriptor:
    return {"bump": bump.level, "rule": bump.rule, "explanation": bump.explanation}


def _table_settings(package: Package) -> Mapping[str, Descriptor]:
    return {item.name: item.descriptor.get("publisher") or {} for item in package.resources}


def _removals(package: Package) -> tuple[Removal, ...]:
    keys = {item.name: item.primary_key for item in package.resources if item.primary_key}
    return read_removals(package.removals, keys, str(package.root / REMOVALS))


def _after(tables: Tables) -> list[TableState]:
    return [
        TableState(
            table.resource.name,
            table.relation,
            published_schema(table.resource),
            table.resource.primary_key,
            described(table.resource),
            table.rows,
        )
        for table in tables.tables
    ]


def _before(parent: Published, prepared: Prepared) -> tuple[list[TableState], set[str]]:
    """The parent's tables, and which of them have the same bytes; those are not fetched."""
    hashes = {table.name: file.sha256 for table in parent.info.tables if (file := table.file("csv"))}
    same = {name for name, file in prepared.canonical.items() if hashes.get(name) == file.sha256}
    return _published_states(parent, same), same


def _published_states(release: Published, same: Collection[str]) -> list[TableState]:
    """A release's tables for a comparison; the rows of those in `same` are not fetched."""
    return [
        TableState(
            table.name,
            "" if table.name in same else read_published(release.csv_path(table), table.schema),
            table.schema,
            table.primary_key,
            resource,
            table.rows,
        )
        for table, resource in zip(release.info.tables, release.descriptor["resources"], strict=True)
    ]


def _same_inputs(head: Head, loaded: Loaded) -> Receipt | None:
    """Nothing that decides a release has changed since the latest one, so nothing needs to be read."""
    if head.latest is None or head.latest.inputs != loaded.inputs:
        return None
    return Receipt(loaded.package.name, "unchanged", head.latest.version)


def _is_indexed(store: Store, receipt: Receipt) -> bool:
    """Whether what is derived was finished for this release: the index, written last, names it."""
    try:
        packages = json.loads(store.read(layout.INDEX)[0])["packages"]
        return any((item["name"], item["version"]) == (receipt.package, receipt.version) for item in packages)
    except (NotFound, ValueError, KeyError, TypeError):
        return False


@contextmanager
def open_workspace(settings: Settings) -> Iterator[Engine]:
    """An engine in a scratch folder of its own, removed at the end."""
    with (
        tempfile.TemporaryDirectory(prefix="publisher-") as folder,
        open_engine(Path(folder), memory=settings.memory) as engine,
    ):
        yield engine
