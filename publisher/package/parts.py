"""Tables in parts as files of a release. In: a table's parts, what the parent published of it. Out: every file named; the parent's where
a part did not change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from publisher import layout
from publisher.engine import Engine
from publisher.model import Descriptor, File, Table
from publisher.package.schema import published_schema
from publisher.package.tables import PART_FORMATS, write_csv, write_ndjson, write_parquet


def write_part(engine: Engine, rows: Table, package: str, folder: Path) -> tuple[File, ...]:
    """The files of one part, whose `rows` lie in the engine. They name no release, since many will have them."""
    csv = write_csv(engine, rows, folder)
    return csv, write_ndjson(engine, rows, folder), write_parquet(engine, rows, csv, folder, package, "")


def former_parts(table: Table, former: Descriptor) -> dict[str, tuple[File, ...]]:
    """The files of each part of a published table by the sha256 of its CSV, where the table is still of the same form."""
    groups = [former, *former.get("formats", ())]
    wanted = [item.get("format") for item in groups] == [*PART_FORMATS] and all(item.get("parts") for item in groups)
    if not wanted or former.get("schema") != published_schema(table.resource):
        return {}
    rows = zip(*(item["parts"] for item in groups), strict=True)
    return {_file(first).sha256: tuple(map(_file, (first, *others))) for first, *others in rows}


def lacking(table: Table, former: Descriptor) -> list[int]:
    """The places of parts whose files are neither here nor in the parent."""
    known = former_parts(table, former)
    return [
        place
        for place, part in enumerate(table.parts)
        if part.files[0].sha256 not in known and any(file.path is None for file in part.files)
    ]


def place_parts(table: Table, former: Descriptor, package: str, parent: str | None) -> tuple[list[File], bool]:
    """The files of a table in parts, format by format, and whether all of them are the parent's.

    A part that the parent has is its copy, under whatever number it had there."""
    known = former_parts(table, former) if parent is not None else {}
    placed: list[tuple[File, ...]] = []
    for number, part in enumerate(table.parts, start=1):
        its = known.get(part.files[0].sha256)
        files = _copies(its, package, parent) if its and parent else part.files
        names = (layout.part_file(table.resource.name, number, suffix) for suffix in PART_FORMATS)
        placed.append(tuple(replace(file, name=name) for file, name in zip(files, names, strict=True)))
    same = [part.files[0].sha256 for part in table.parts] == [*known]
    return [file for group in zip(*placed, strict=True) for file in group], same


def _copies(files: Sequence[File], package: str, parent: str) -> tuple[File, ...]:
    return tuple(replace(file, copy_of=layout.release_file(package, parent, file.name)) for file in files)


def _file(item: Mapping[str, object]) -> File:
    return File(str(item["path"]), int(str(item["bytes"])), str(item["hash"]).removeprefix("sha256:"))
