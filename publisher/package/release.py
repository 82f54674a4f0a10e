"""A whole release on this machine. In: Tables, their canonical CSVs, the number of the release. Out: Release, every file named and hashed.

    write_canonical   the CSVs, which decide whether anything changed and so what the number is
    build             every other file, once the number is known

What covers what: datapackage.json names the files of all tables with their hashes; SHA256SUMS names every file of the release,
datapackage.json among them, save itself, its signature and the claim (release.json, which the commit writes); the pointer carries
the sha256 of SHA256SUMS, of its signature and of datapackage.json (commit/). So the chain from the pointer to every byte is closed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from publisher import layout
from publisher.canonical import readable_json, sha256_bytes
from publisher.engine import Engine
from publisher.errors import UsageError
from publisher.model import Descriptor, File, Release, Table, Tables
from publisher.package.descriptor import published_descriptor
from publisher.package.metadata import read_metadata
from publisher.package.office import write_office
from publisher.package.parts import place_parts
from publisher.package.schema import published_schema
from publisher.package.tables import FORMATS, write_csv, write_json, write_parquet


def write_canonical(engine: Engine, tables: Tables, folder: Path) -> dict[str, File]:
    """The canonical CSV of every table that is one file, by name of table. `folder` lies below `engine.folder`; it is made.

    Raises UsageError where the folder cannot be written or is full."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return {table.resource.name: write_csv(engine, table, folder) for table in tables.tables if not table.parts}
    except OSError as error:
        raise _unwritable(folder, error) from error


def build(
    engine: Engine,
    tables: Tables,
    canonical: Mapping[str, File],
    *,
    version: str,
    parent: str | None,
    created: str,
    content: str,
    parent_descriptor: Descriptor | None,
    folder: Path,
    languages: Sequence[str] = (),
    changes: Sequence[File] = (),
    companions: Callable[[Descriptor, Sequence[File]], Sequence[File]] = lambda _descriptor, _files: (),
    sign: Callable[[bytes], bytes] | None = None,
) -> Release:
    """Every file of a release.

    `canonical` comes from write_canonical, `content` from identity; `created` is RFC 3339 UTC. `parent_descriptor` is the published
    descriptor of the release `parent`: a table that did not change since is not written again, its files are copies of the
    parent's, and so are those of each part of a table in parts; of the other parts all files are here. `languages` are those of
    workbooks and CSV for Excel, the main one first; `changes` are files made elsewhere (row changes), `companions` makes those
    that describe the others; `sign` makes the signature of SHA256SUMS, the same for the same
    bytes. `folder` lies below `engine.folder`. Raises UsageError where the folder cannot be written or is full.
    """
    package = tables.loaded.package.name
    former = {str(item["name"]): item for item in (parent_descriptor or {}).get("resources", ())}
    whole = [table for table in tables.tables if not table.parts]
    files = {table.resource.name: _copies(table, canonical, former, package, parent) for table in whole}
    written_in = {name: str(former[name]["version"]) if copies else version for name, copies in files.items()}
    for table in (item for item in tables.tables if item.parts):
        name = table.resource.name
        files[name], same = place_parts(table, former.get(name, {}), package, parent)
        written_in[name] = str(former[name]["version"]) if same else version
    describe = partial(published_descriptor, tables, written_in=written_in, version=version, created=created)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        changed = [table for table in whole if not files[table.resource.name]]
        files |= {table.resource.name: [canonical[table.resource.name]] for table in changed}
        with ThreadPoolExecutor(2) as pool:
            # DuckDB, hashing and workbooks leave each other room: one alone keeps no machine busy. The largest tables first, since
            # small ones wait for the workbooks' Python longest.
            changed.sort(key=lambda table: -table.rows)
            lines = pool.submit(_write_lines, engine.beside(), changed, folder, package, version)
            parquet = pool.submit(_write_parquet, engine.beside(), changed, canonical, folder, package, version)
            office = write_office(engine, whole, read_metadata(describe(files)), languages, folder)
            for table in changed:
                name = table.resource.name
                files[name] += [*lines.result()[name], parquet.result()[name]]
        listed = [*(file for group in files.values() for file in group), *changes, *office]
        listed.append(_document(folder, layout.VALIDATION, readable_json(tables.validation)))
        described = _describe(folder, describe(files), listed, companions, sign)
    except OSError as error:
        raise _unwritable(folder, error) from error
    return Release(package, version, parent, created, content, tables.loaded.inputs, (*listed, *described), {})


def _describe(
    folder: Path,
    descriptor: Descriptor,
    listed: Sequence[File],
    companions: Callable[[Descriptor, Sequence[File]], Sequence[File]],
    sign: Callable[[bytes], bytes] | None,
) -> list[File]:
    """What says what the `listed` files are and proves them, datapackage.json last."""
    described = _document(folder, layout.DESCRIPTOR, readable_json(descriptor))
    made = list(companions(descriptor, (*listed, described)))
    proof = checksums([*listed, *made, described])
    made.append(_document(folder, layout.CHECKSUMS, proof))
    if sign is not None:
        made.append(_document(folder, layout.SIGNATURE, sign(proof)))
    return [*made, described]


def checksums(files: Sequence[File]) -> bytes:
    """SHA256SUMS of files, sorted by name, as `sha256sum -c` reads it."""
    return "".join(f"{file.sha256}  {file.name}\n" for file in sorted(files, key=lambda file: file.name)).encode()


def _copies(
    table: Table, canonical: Mapping[str, File], former: Mapping[str, Descriptor], package: str, parent: str | None
) -> list[File]:
    """The parent's files of a table that is equal in bytes and schema, as copies; nothing where it is not.

    The JSON and Parquet files keep the version they were written with (docs/decisions.md)."""
    name = table.resource.name
    before = former.get(name, {})
    if parent is None or "version" not in before:
        return []
    described = [before, *before.get("formats", ())]
    wanted = [layout.table_file(name, suffix) for suffix in FORMATS]
    if before.get("hash") != f"sha256:{canonical[name].sha256}":
        return []
    if before.get("schema") != published_schema(table.resource):
        return []
    if [item["path"] for item in described] != wanted:
        return []
    return [
        File(
            str(item["path"]),
            int(item["bytes"]),
            str(item["hash"]).removeprefix("sha256:"),
            copy_of=layout.release_file(package, parent, str(item["path"])),
        )
        for item in described
    ]


def _write_lines(
    engine: Engine, changed: Sequence[Table], folder: Path, package: str, version: str
) -> dict[str, tuple[File, File]]:
    return {table.resource.name: write_json(engine, table, folder, package, version) for table in changed}


def _write_parquet(
    engine: Engine, changed: Sequence[Table], canonical: Mapping[str, File], folder: Path, package: str, version: str
) -> dict[str, File]:
    named = ((table.resource.name, table) for table in changed)
    return {name: write_parquet(engine, table, canonical[name], folder, package, version) for name, table in named}


def _document(folder: Path, name: str, body: bytes) -> File:
    path = folder / name
    path.write_bytes(body)
    return File(name, len(body), sha256_bytes(body), path)


def _unwritable(folder: Path, error: OSError) -> UsageError:
    return UsageError(
        f"{error.filename or folder} cannot be written: {error.strerror or error}", "Check its rights and its room."
    )
