"""How a release differs from another. In: prepared tables, published releases. Out: change sets; Planned: the next number, the gates."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from publisher import gates, layout
from publisher.commit import Head
from publisher.diff import ChangeSet, Notes, TableState, begin, compare, read_published
from publisher.diff.tombstones import Removal, load_notes, read_removals, read_tombstones
from publisher.engine import Engine, literal, quote
from publisher.model import Descriptor, Package, Table, Tables
from publisher.package.descriptor import described, described_package
from publisher.package.metadata import TableInfo
from publisher.package.published import Published, fetch_file, read_release
from publisher.package.schema import published_schema
from publisher.project.package import REMOVALS
from publisher.project.unfinished import find_unfinished
from publisher.run.context import Prepared, Run, Wishes
from publisher.run.exchange import Exchange
from publisher.version import Bump, expect, next_version, raise_level, rule

AT_A_TIME = 8
"""Parts of the parent that are fetched at once."""
FIRST_RELEASE = Bump("major", "first", "the first release")


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


def compare_with(run: Run, engine: Engine, prepared: Prepared, head: Head, wishes: Wishes) -> Planned:
    """The difference to the head's latest release, the number that follows, the gates. Raises GateRefused, UsageError, StoreError."""
    package = prepared.tables.loaded.package
    run.progress("compare", 0, 0)
    sensitive = _sensitive_gates(engine, prepared)
    rows = {table.resource.name: table.rows for table in prepared.tables.tables}
    judge = partial(
        gates.check,
        engine,
        rows=rows,
        tables=table_settings(package),
        package=package.settings,
        today=run.now().date(),
        allowed=wishes.allow,
        unfinished=find_unfinished(package),
    )
    if head.latest is None:
        version = next_version(None, FIRST_RELEASE, first=str(package.settings.get("initial_version", "")))
        planned = Planned(
            None, begin(engine, states_after(prepared.tables)), FIRST_RELEASE, version, judge(None, None), Notes(), None
        )
    else:
        folder = engine.folder / "parent"
        folder.mkdir(exist_ok=True)
        parent = read_release(run.store, package.name, head.latest.version, folder)
        for line in moved_parts(parent.descriptor, prepared.tables):
            run.tell(line, logging.WARNING, package=package.name)
        removed = fetch_file(run.store, package.name, parent.version, layout.REMOVED, folder)
        notes = load_notes(engine, read_tombstones(removed), _removals(package))
        before, same = states_before(parent, prepared)
        after = states_after(prepared.tables, parent)
        described = (parent.descriptor, described_package(package))
        exchange = Exchange(run.workers, run.settings.memory, run.progress)
        changes = compare(
            engine, before, after, same, package=described, notes=notes, from_version=parent.version, rows=exchange
        )
        bump = rule(changes.facts)
        if wishes.level:
            bump = raise_level(bump, wishes.level, wishes.reason)
        version = next_version(parent.version, bump, head.numbers)
        planned = Planned(parent, changes, bump, version, judge(changes, bump), notes, removed)
    if wishes.expect:
        expect(planned.version, wishes.expect)
    past = gates.look_back(package.name, planned.changes, prepared.tables.private)
    return replace(planned, gates=(*planned.gates, *sensitive, *past))


def moved_parts(former: Descriptor, tables: Tables) -> Iterator[str]:
    """What became of the parts of tables that are read from a prefix, by their names, since a published release: those that are not there
    any more, and those that are not the same. Further ones are what a prefix is for."""
    released = {str(item["name"]): item for item in former.get("resources", ())}
    for table in tables.tables:
        name, source = table.resource.name, (table.resource.descriptor.get("publisher") or {}).get("source") or {}
        if "prefix" not in source or name not in released:
            continue
        now = {item.place: f"sha256:{item.sha256}" for item in table.resource.readings}
        for item in released[name].get("origin", ()):
            place = str(item.get("path", ""))
            if place not in now:
                yield f"{name}: {place} is not there any more"
            elif item.get("hash", now[place]) != now[place]:
                yield f"{name}: {place} is not the same as in {former['version']}"


def _sensitive_gates(engine: Engine, prepared: Prepared) -> tuple[gates.Gate, ...]:
    """What looks like personal data or a secret in what would be published: rows, descriptions, SQL."""
    tables = prepared.tables
    package = tables.loaded.package
    said = {
        item.resource.name: described(item.resource) | {"schema": published_schema(item.resource)}
        for item in tables.tables
    }
    told = {"package": described_package(package), **said}
    return (
        *gates.look_through(engine, tables.tables, prepared.suspects),
        *gates.look_for_secrets(told, package.settings),
    )


def compare_releases(engine: Engine, before: Published, after: Published) -> ChangeSet:
    """What differs between two published releases, whichever came first. The rows stay in the engine."""
    hashes = [_hashes(side) for side in (before, after)]
    same = {name for name, its in hashes[0].items() if hashes[1].get(name) == its}
    return compare(
        engine,
        _published_states(before, same, hashes[1]),
        _published_states(after, same, hashes[0]),
        same,
        package=(before.descriptor, after.descriptor),
        from_version=before.version,
        to_version=after.version,
    )


def table_settings(package: Package) -> Mapping[str, Descriptor]:
    return {item.name: item.descriptor.get("publisher") or {} for item in package.resources}


def _removals(package: Package) -> tuple[Removal, ...]:
    keys = {item.name: item.primary_key for item in package.resources if item.primary_key}
    return read_removals(package.removals, keys, str(package.root / REMOVALS))


def states_after(tables: Tables, parent: Published | None = None) -> list[TableState]:
    """The tables of a release that is being made. Parts that `parent` has are left out of the rows of tables in parts, as states_before
    leaves them out."""
    former = _hashes(parent) if parent else {}
    return [_state_after(table, former.get(table.resource.name, [])) for table in tables.tables]


def _state_after(table: Table, former: Sequence[str]) -> TableState:
    state = TableState(
        table.resource.name,
        table.relation,
        published_schema(table.resource),
        table.resource.primary_key,
        described(table.resource),
        table.rows,
    )
    if not table.parts:
        return state
    own = [part.files[0].sha256 for part in table.parts]
    files = [literal(table.parts[place].data) for place in _only(own, former)]
    rows = f"read_parquet([{', '.join(files)}])" if files else _nothing(table.resource.fields)
    parts = tuple(f"read_parquet({file})" for file in files)
    return replace(state, relation_sql=rows, divided=True, parts=parts)


def _nothing(fields: Sequence[str]) -> str:
    return f"(SELECT {', '.join(f'NULL::VARCHAR AS {quote(name)}' for name in fields)} WHERE FALSE)"


def _only(own: Sequence[str], others: Sequence[str]) -> list[int]:
    """The places of hashes that the other side does not have; each of several equal ones answers to one over there."""
    left = Counter(others) if len(others) > 1 else Counter()
    found = []
    for place, sha256 in enumerate(own):
        if left[sha256]:
            left[sha256] -= 1
        else:
            found.append(place)
    return found


def _hashes(release: Published) -> dict[str, list[str]]:
    """The sha256 of each table's CSV, or of those of its parts."""
    return {table.name: [file.sha256 for file in table.parts("csv")] for table in release.info.tables}


def states_before(parent: Published, prepared: Prepared) -> tuple[list[TableState], set[str]]:
    """The parent's tables, and which of them have the same bytes; those are not fetched."""
    former = _hashes(parent)
    own = {name: [file.sha256] for name, file in prepared.canonical.items()}
    own |= {
        table.resource.name: [part.files[0].sha256 for part in table.parts]
        for table in prepared.tables.tables
        if table.parts
    }
    same = {name for name, hashes in own.items() if former.get(name) == hashes}
    return _published_states(parent, same, own, prepared.tables.private), same


def _published_states(
    release: Published,
    same: Collection[str],
    others: Mapping[str, Sequence[str]],
    private: Mapping[str, tuple[str, ...]] | None = None,
) -> list[TableState]:
    """A release's tables for a comparison; rows of those in `same`, and of parts that the `others` have, are not fetched. `private`
    columns are not told of again."""
    states = []
    for table, resource in zip(release.info.tables, release.descriptor["resources"], strict=True):
        paths = [] if table.name in same else _published_paths(release, table, others.get(table.name, ()))
        rows = read_published(paths, table.schema) if paths else _nothing([item.name for item in table.fields])
        parts = tuple(read_published(path, table.schema) for path in paths) if table.divided else ()
        columns = (private or {}).get(table.name, ())
        states.append(
            TableState(
                table.name, rows, table.schema, table.primary_key, resource, table.rows, table.divided, columns, parts
            )
        )
    return states


def _published_paths(release: Published, table: TableInfo, others: Sequence[str]) -> list[Path]:
    if not table.divided:
        return release.csv_paths(table)
    files = table.parts("csv")
    wanted = [files[place] for place in _only([file.sha256 for file in files], others)]
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        return list(pool.map(release.csv_path, wanted))
