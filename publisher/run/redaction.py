"""Removing what law orders removed. In: a package, what must go, a reason. Out: no release holds it, nor what follows from releases.

    look ──▶ rebuild ──▶ send ──▶ replace the pointer ──▶ erase ──▶ refresh ──▶ forget older versions

Releases from the first that held it on are made again and take new names; see commit/redact.py for what readers see meanwhile. Each step
after the pointer is replaced can be done again, and is, whenever the same is asked for once more: so a run that died is completed by
running it again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from publisher import layout
from publisher.commit import CONTEST, Head, admit, read_head
from publisher.commit.history import releases, walk
from publisher.commit.pointer import Entry
from publisher.commit.redact import KIND, Replacement, erase, next_number, replace_releases, send
from publisher.engine import Engine, literal, open_engine, quote
from publisher.errors import PreconditionFailed, StoreError, UsageError
from publisher.load import load
from publisher.model import Descriptor, Package, Table
from publisher.package.published import Published, read_release
from publisher.privacy import settings_of
from publisher.run.context import Run, open_workspace, with_workers
from publisher.run.difference import table_settings
from publisher.run.languages import published_languages
from publisher.run.pipeline import prepare, refresh_derived
from publisher.run.rebuild import Former, Order, Rebuilt, Spoken, rebuild
from publisher.run.removal import Held, Removal, look
from publisher.sources import bring
from publisher.version import redacted


@dataclass(frozen=True, slots=True)
class Target:
    """What a person names: a table, a record of it by its key, a column. `silent` leaves no tombstone."""

    table: str
    key: tuple[str, ...] = ()
    field: str = ""
    replacement: str | None = None
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Redacted:
    """What was, or would be, done. `replaced` are versions by the ones whose place they take, `places` counts what held it by table,
    `erased` are versions whose folders were emptied, `forgotten` older versions that a bucket kept. `left` and `again` are for a person to
    look at: derived tables that could not be made anew, places where a text that went still stands."""

    package: str
    replaced: Mapping[str, str]
    places: Mapping[str, int]
    left: tuple[str, ...]
    again: tuple[str, ...]
    erased: tuple[str, ...] = ()
    forgotten: int = 0

    @property
    def recalled(self) -> tuple[str, ...]:
        """Prefixes that caches in front of the store should be told to drop."""
        folders = (layout.release_folder(self.package, version) for version in (*self.replaced, *self.erased))
        return (*dict.fromkeys(folders), f"{self.package}/")


def redact(
    run: Run, package: str, targets: Sequence[Target], reason: str, *, project: Package | None = None, dry: bool = False
) -> Redacted:
    """Remove `targets` from every release of `package`. `project` is the package as it is maintained, where it is at hand: how its
    records are called in notes. With `dry` nothing is written.

    Raises UsageError for a reason that is missing, for something that no release holds, and where a release would not be valid without
    it; StoreError, OutcomeUnknown."""
    if not reason.strip():
        raise UsageError("a redaction needs a reason", "Readers will see it: --reason TEXT.")
    if not dry:
        run = replace(run, store=admit(run.store, single_writer=run.settings.single_writer, retry=run.retry))
    head, done = read_head(run.store, package), Redacted(package, {}, {}, (), ())
    if head.etag is None:
        raise UsageError(f"{package}: nothing is published in {run.store.url}", "`publisher versions` lists what is.")
    for _ in CONTEST.attempts():
        with tempfile.TemporaryDirectory(prefix="publisher-") as folder:
            plan = _rebuild_all(run, head, targets, reason, project, Path(folder))
            done = _outcome(package, plan)
            if dry or not plan:
                break
            try:
                head = _publish(run, head, plan, reason, targets)
            except PreconditionFailed:
                head = read_head(run.store, package)
                continue
            # At once: the rest may be left to another run, which cannot tell any more what was replaced.
            run.record("redact", package, head.current or "", reason.strip(), replaced=dict(done.replaced))
            break
    else:
        raise StoreError(f"{package}: other publishers were faster {CONTEST.tries} times", "Run this again.")
    return done if dry else _finish(run, head, done)


@dataclass(frozen=True, slots=True)
class _Step:
    former: Former
    rebuilt: Rebuilt


def _rebuild_all(
    run: Run, head: Head, targets: Sequence[Target], reason: str, project: Package | None, folder: Path
) -> list[_Step]:
    """Every release from the first that holds something on, made again, in the order of commits."""
    entries = [*reversed(list(releases(run.store, head)))]
    number = next_number(run.store, head.package)
    removals = _removals(run, head, entries, targets, folder)
    held = _look(run, head, entries, removals, folder)
    texts = frozenset(text for item in held.values() for text in item.texts)
    order = Order(removals, reason.strip(), _settings(project), texts)
    made: dict[str, Rebuilt] = {}
    steps: list[_Step] = []
    for place, entry in enumerate(entries):
        run.progress("redact", place, len(entries))
        if not held[entry.version] and entry.parent not in made:
            continue
        scratch = folder / str(place)
        former = _former(run, head, entry, made, held[entry.version], scratch)
        name = redacted(entry.version, number)
        rebuilt = rebuild(run, former, name, order, scratch / "work")
        made[entry.version] = rebuilt
        steps.append(_Step(former, rebuilt))
    return steps


def _look(run: Run, head: Head, entries: Sequence[Entry], removals: Sequence[Removal], folder: Path) -> dict[str, Held]:
    """What each release holds, by version."""
    scratch = folder / "look"
    scratch.mkdir()
    with open_engine(scratch, memory=run.settings.memory) as engine:
        return {
            entry.version: look(engine, read_release(run.store, head.package, entry.version, scratch), removals)
            for entry in entries
        }


def _former(run: Run, head: Head, entry: Entry, made: Mapping[str, Rebuilt], held: Held, scratch: Path) -> Former:
    for name in ("own", "parent", "work"):
        (scratch / name).mkdir(parents=True)
    published = read_release(run.store, head.package, entry.version, scratch / "own")
    parent: Published | None = None
    if entry.parent is not None and entry.parent in made:
        parent = made[entry.parent].published
    elif entry.parent is not None:
        parent = read_release(run.store, head.package, entry.parent, scratch / "parent")
    return Former(entry, published, parent, held)


def _settings(project: Package | None) -> Spoken:
    return {} if project is None else table_settings(project)


def _removals(
    run: Run, head: Head, entries: Sequence[Entry], targets: Sequence[Target], folder: Path
) -> tuple[Removal, ...]:
    """What is named, under all names that table and column had. Raises UsageError for a table that no release has."""
    tables = {
        str(item["name"]): item
        for entry in entries
        for item in read_release(run.store, head.package, entry.version, folder).descriptor["resources"]
    }
    for target in targets:
        if target.table not in tables:
            raise UsageError(f"{head.package} has no table {target.table}", f"Tables are: {', '.join(sorted(tables))}.")
    return tuple(_removal(target, tables[target.table]) for target in targets)


def _removal(target: Target, table: Descriptor) -> Removal:
    assert target.key or target.field
    fields: tuple[str, ...] = ()
    if target.field:
        known = {str(item["name"]): item for item in table["schema"]["fields"]}
        fields = (target.field, *_former_names(known.get(target.field, {})))
    names = (target.table, *_former_names(table))
    return Removal(names, target.key, fields, target.replacement, target.silent)


def _former_names(item: Descriptor) -> tuple[str, ...]:
    declared = item.get("renamed_from", settings_of(item).get("renamed_from"))
    return (declared,) if isinstance(declared, str) else tuple(map(str, declared or ()))


def _publish(run: Run, head: Head, plan: Sequence[_Step], reason: str, targets: Sequence[Target]) -> Head:
    """Send what was made, and list it. Raises PreconditionFailed where the pointer moved."""
    replacements = [Replacement(step.rebuilt.release, step.former.entry.record) for step in plan]
    now = run.now()
    event: dict[str, Any] = {
        "tables": [*dict.fromkeys(target.table for target in targets)],
        "reason": reason.strip(),
        "at": now.isoformat(timespec="seconds"),
    }
    run.progress("store", 0, len(replacements))
    send(run.store, head, replacements, run=run.name, now=now)
    return replace_releases(run.store, head, replacements, event, window=run.settings.retention_releases)


def _outcome(package: str, plan: Sequence[_Step]) -> Redacted:
    places: dict[str, int] = {}
    for step in plan:
        for table, count in step.former.held.places.items():
            places[table] = places.get(table, 0) + count
    names = {step.former.entry.version: step.rebuilt.release.version for step in plan}
    left = tuple(dict.fromkeys(name for step in plan for name in step.rebuilt.left))
    again = tuple(dict.fromkeys(place for step in plan for place in step.rebuilt.again))
    return Redacted(package, names, places, left, again)


def _finish(run: Run, head: Head, done: Redacted) -> Redacted:
    """What must follow once the pointer lists the new releases, whoever replaced it."""
    if not done.replaced and all(record["kind"] != KIND for record in walk(run.store, head)):
        raise UsageError(
            f"{head.package}: no release holds it", "Look at the key: it is written as in the published CSV."
        )
    erased = erase(run.store, head)
    refresh_derived(run, head.package)
    forgotten = sum(map(run.store.forget, _prefixes(run, head)))
    return replace(done, erased=erased, forgotten=forgotten)


def _prefixes(run: Run, head: Head) -> list[str]:
    """Where something of a package may lie: its folder, what is kept of its past, and what is told of all packages together."""
    root = (stat.key for stat in run.store.list() if "/" not in stat.key)
    languages = {*run.settings.languages, *published_languages(head, run.settings)}
    pages = (f"{language}/" for language in sorted(languages))
    return [f"{head.package}/", layout.manifest_folder(head.package), *pages, *root]


def still_held(run: Run, package: Package, targets: Sequence[Target]) -> tuple[str, ...]:
    """The tables that people edit which still hold a target, private columns left out. Raises InvalidData, ProjectError,
    SourceError."""
    with open_workspace(run.settings) as engine, with_workers(run) as run:
        prepared = prepare(run, engine, load(bring(package, run.outside).package, read_at=run.stamp()))
        return tuple(
            table.resource.name
            for table in prepared.tables.tables
            for target in targets
            if target.table == table.resource.name and _holds(engine, table, target)
        )


def _holds(engine: Engine, table: Table, target: Target) -> bool:
    fields, key = table.resource.fields, table.resource.primary_key
    if target.field and target.field not in fields:
        return False
    if not target.key:
        return True
    if len(target.key) != len(key):
        return False
    tests = [f"{quote(name)} = {literal(value)}" for name, value in zip(key, target.key, strict=True)]
    if target.field:
        wanted = "NULL" if target.replacement is None else literal(target.replacement)
        tests.append(f"{quote(target.field)} IS DISTINCT FROM {wanted}")
    return bool(engine.value(f"SELECT count(*) FROM {table.relation} WHERE {' AND '.join(tests)}"))
