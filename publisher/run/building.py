"""The files of the next release. In: prepared tables, what was planned. Out: a Release on this machine, complete."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from publisher import layout
from publisher.diff import write
from publisher.diff.tombstones import write_tombstones
from publisher.engine import Engine
from publisher.model import Descriptor, File, Release
from publisher.notes import write_notes
from publisher.package.archive import write_zip
from publisher.package.companions import write_companions
from publisher.package.metadata import read_metadata
from publisher.package.published import Published, read_checksums
from publisher.package.release import build
from publisher.run.context import Prepared, Run, Wishes
from publisher.run.difference import Planned, table_settings
from publisher.run.divide import complete
from publisher.run.languages import languages_of
from publisher.version import Bump

ARCHIVE_LIMIT = 64 << 20
"""Bytes of canonical CSV beyond which a release gets no zip: such tables are taken one by one."""


ARCHIVED = frozenset({".csv", ".json", ".md", ".cff", ".ndjson"})
"""What the zip holds: the CSV package with all that describes it, not the same rows in every format."""


def build_release(
    run: Run, engine: Engine, prepared: Prepared, planned: Planned, wishes: Wishes, version: str, created: str
) -> Release:
    """Every file of the release, those about what changed among them, and what the pointer will say."""
    folder = _fresh(engine.folder / "release")
    parent = planned.parent.version if planned.parent else None
    changes = replace(planned.changes, to_version=version)
    former = {str(item["name"]): item for item in planned.parent.descriptor["resources"]} if planned.parent else {}
    tables = complete(
        prepared.tables, former, run.workers, engine.folder / "parts-again" / version, run.settings.memory
    )
    package = tables.loaded.package
    languages = languages_of(package)
    sentences = write_notes(changes, languages, table_settings(package))
    said = {**_rule(planned.bump), "notes": sentences, "message": wishes.message}
    tombstones = write_tombstones(engine, planned.removed, changes, planned.notes, folder)
    release = build(
        engine,
        tables,
        prepared.canonical,
        version=version,
        parent=parent,
        created=created,
        content=prepared.content,
        parent_descriptor=planned.parent.descriptor if planned.parent else None,
        folder=folder,
        languages=languages,
        changes=(*write(engine, changes, folder, said), tombstones),
        companions=partial(_companions, run, prepared, folder),
        sign=run.signer.sign if run.signer else None,
    )
    release = replace(release, files=_spare(release.files, planned.parent))
    counts = changes.counts
    added = counts.added + counts.returned if planned.parent else sum(table.rows for table in prepared.tables.tables)
    entry = {
        "read_at": prepared.tables.loaded.read_at,
        "bump": planned.bump.level,
        "rule": planned.bump.rule,
        "languages": list(languages),
        "rows": {table.resource.name: table.rows for table in prepared.tables.tables},
        "changes": {"added": added, "changed": counts.changed, "removed": counts.removed},
    }
    return replace(release, entry=entry)


def _fresh(folder: Path) -> Path:
    """An empty folder. What an attempt that lost has built is removed and never written to: a store may hold the same bytes by a
    second name."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def _companions(
    run: Run, prepared: Prepared, folder: Path, descriptor: Descriptor, files: Sequence[File]
) -> list[File]:
    """What describes the release to other programs, and what people take along as one file."""
    info = read_metadata(descriptor)
    languages = languages_of(prepared.tables.loaded.package)
    canonical = {name: file.path for name, file in prepared.canonical.items() if file.path is not None}
    made = list(write_companions(info, canonical, folder, languages=languages, base_url=run.settings.base_url))
    parted = any(table.parts for table in prepared.tables.tables)
    if not parted and sum(file.bytes for file in prepared.canonical.values()) <= ARCHIVE_LIMIT:
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


def whole_seconds(moment: str) -> str:
    """RFC 3339 as readers like it: `2026-11-24T06:00:00Z`."""
    return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _rule(bump: Bump) -> Descriptor:
    return {"bump": bump.level, "rule": bump.rule, "explanation": bump.explanation}
