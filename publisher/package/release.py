"""A whole release on this machine. In: Tables, their canonical CSVs, the number of the release. Out: Release, every file named and hashed.

    write_canonical   the CSVs, which decide whether anything changed and so what the number is
    build             every other file, once the number is known

What covers what: datapackage.json names the files of all tables with their hashes; SHA256SUMS names every file of the release,
datapackage.json among them, save itself, its signature and the claim (release.json, which the commit writes); the pointer carries
the sha256 of SHA256SUMS, of its signature and of datapackage.json (commit/). So the chain from the pointer to every byte is closed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from publisher import layout
from publisher.canonical import readable_json, sha256_bytes
from publisher.engine import Engine
from publisher.errors import UsageError
from publisher.model import Descriptor, File, Release, Table, Tables
from publisher.package.descriptor import published_descriptor
from publisher.package.schema import published_schema
from publisher.package.tables import FORMATS, measure, write_csv, write_json, write_parquet


def write_canonical(engine: Engine, tables: Tables, folder: Path) -> dict[str, File]:
    """The canonical CSV of every table, by name of table. `folder` lies below `engine.folder`; it is made.

    Raises UsageError where the folder cannot be written or is full."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return {
            table.resource.name: write_csv(engine, table, measure(engine, table), folder) for table in tables.tables
        }
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
    changes: Sequence[File] = (),
    companions: Callable[[Descriptor, Sequence[File]], Sequence[File]] = lambda _descriptor, _files: (),
    sign: Callable[[bytes], bytes] | None = None,
) -> Release:
    """Every file of a release.

    `canonical` comes from write_canonical, `content` from identity; `created` is RFC 3339 UTC; `rule` says why the number is what
    it is (for the pointer's entry); `changes` are files made elsewhere (row changes). `parent_descriptor` is the published
    descriptor of the release `parent`: a table that did not change since is not written again, its files are copies of the
    parent's. `sign` makes the signature of SHA256SUMS, the same for the same bytes. `folder` lies below `engine.folder`.
    Raises UsageError where the folder cannot be written or is full.
    """
    package = tables.loaded.package.name
    former = {str(item["name"]): item for item in (parent_descriptor or {}).get("resources", ())}
    files: dict[str, list[File]] = {}
    written_in: dict[str, str] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for table in tables.tables:
            name = table.resource.name
            copies = _copies(table, canonical[name], former.get(name), package, parent)
            files[name] = copies or _write(engine, table, canonical[name], folder, package, version)
            written_in[name] = str(former[name]["version"]) if copies else version
        descriptor = published_descriptor(tables, files, written_in, version=version, created=created)
        listed = [file for group in files.values() for file in group] + list(changes)
        listed.append(_document(folder, layout.VALIDATION, readable_json(tables.validation)))
        described = _document(folder, layout.DESCRIPTOR, readable_json(descriptor))
        listed.extend(companions(descriptor, (*listed, described)))
        proof = checksums([*listed, described])
        listed.append(_document(folder, layout.CHECKSUMS, proof))
        if sign is not None:
            listed.append(_document(folder, layout.SIGNATURE, sign(proof)))
    except OSError as error:
        raise _unwritable(folder, error) from error
    return Release(package, version, parent, created, content, tables.loaded.inputs, (*listed, described), {})


def checksums(files: Sequence[File]) -> bytes:
    """SHA256SUMS of files, sorted by name, as `sha256sum -c` reads it."""
    return "".join(f"{file.sha256}  {file.name}\n" for file in sorted(files, key=lambda file: file.name)).encode()


def _copies(table: Table, csv: File, former: Descriptor | None, package: str, parent: str | None) -> list[File]:
    """The parent's files of a table that is equal in bytes and schema, as copies; nothing where it is not.

    The JSON and Parquet files keep the version they were written with (docs/decisions.md)."""
    if former is None or parent is None or "version" not in former:
        return []
    described = [former, *former.get("formats", ())]
    wanted = [layout.table_file(table.resource.name, suffix) for suffix in FORMATS]
    if former.get("hash") != f"sha256:{csv.sha256}" or former.get("schema") != published_schema(table.resource):
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


def _write(engine: Engine, table: Table, csv: File, folder: Path, package: str, version: str) -> list[File]:
    slices = measure(engine, table)
    document, lines = write_json(engine, table, slices, folder, package, version)
    return [csv, document, lines, write_parquet(engine, table, slices, folder, package, version)]


def _document(folder: Path, name: str, body: bytes) -> File:
    path = folder / name
    path.write_bytes(body)
    return File(name, len(body), sha256_bytes(body), path)


def _unwritable(folder: Path, error: OSError) -> UsageError:
    return UsageError(
        f"{error.filename or folder} cannot be written: {error.strerror or error}", "Check its rights and its room."
    )
