"""From source files to bytes that can be read. In: a package, paths. Out: hashes of everything that decides a release; plain files.

A plain file is one uncompressed CSV file: gzip and zip are unpacked, the parts of a table joined (the header once), all in the
run's scratch folder and in chunks.
"""

from __future__ import annotations

import codecs
import difflib
import gzip
import hashlib
import json
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, Any

from publisher.canonical import CHUNK, content_hash
from publisher.errors import ProjectError
from publisher.model import Loaded, Package, Resource, SourceFile

BOMS = {
    "utf-8": (codecs.BOM_UTF8, "utf-8-sig"),
    "utf-16-be": (codecs.BOM_UTF16_BE, "utf-16"),
    "utf-16-le": (codecs.BOM_UTF16_LE, "utf-16"),
}


@dataclass(frozen=True, slots=True)
class Plain:
    """One uncompressed file in its own encoding. `damage` says why it could not be unpacked (empty: it was)."""

    path: Path
    encoding: str
    damage: str = ""


def load(package: Package, *, read_at: str) -> Loaded:
    """Find and hash every source file of a package.

    Raises ProjectError for a file that is missing or cannot be read, with the resource and the nearest name that exists."""
    files = {resource.name: tuple(_hash_file(resource, path) for path in resource.paths) for resource in package.tables}
    inputs = {
        "tool": tool_version(),
        "descriptor": package.descriptor,
        "settings": package.settings,
        "removals": package.removals,
        "resources": [_identity(resource) for resource in package.resources],
        "files": {name: [item.sha256 for item in items] for name, items in files.items()},
        "checks": [[check.name, check.sql] for check in package.checks],
    }
    return Loaded(package, files, content_hash(_plain_json(inputs)), read_at)


def tool_version() -> str:
    """The version of this program, as installed."""
    try:
        return version("publisher")
    except PackageNotFoundError:
        return "0"


def make_plain(paths: Sequence[Path], encoding: str, folder: Path, *, header: bool, where: str) -> Plain:
    """One plain file of a table's parts. `header` says whether each part begins with a header line, of which the first stays.

    Raises ProjectError for a missing file, an unknown encoding and an archive that does not hold exactly one file."""
    for path in paths:
        _require_file(where, path)
    try:
        name = codecs.lookup(encoding).name
    except LookupError as error:
        raise ProjectError(
            f"{where}: unknown encoding {encoding!r}", "Save the file as UTF-8 and drop `encoding`."
        ) from error
    unpacked = []
    for number, path in enumerate(paths):
        try:
            unpacked.append(_unpack(path, folder / f"part-{number}", where))
        except (gzip.BadGzipFile, zipfile.BadZipFile, EOFError, OSError) as error:
            return Plain(path, name, str(error) or "the file ends too early")
    whole = unpacked[0] if len(unpacked) == 1 else _join(unpacked, folder / "joined", header)
    return Plain(whole, _with_mark(name, whole))


def _with_mark(encoding: str, path: Path) -> str:
    """The codec that skips a byte order mark, where the file has one (as frictionless does)."""
    if encoding not in BOMS:
        return encoding
    mark, skipping = BOMS[encoding]
    with path.open("rb") as file:
        return skipping if file.read(len(mark)) == mark else encoding


def _unpack(path: Path, target: Path, where: str) -> Path:
    suffix = path.suffix.lower()
    if suffix == ".gz":
        with gzip.open(path, "rb") as packed, target.open("wb") as plain:
            shutil.copyfileobj(packed, plain, CHUNK)
        return target
    if suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            names = [item for item in archive.namelist() if not item.endswith("/")]
            if len(names) != 1:
                raise ProjectError(
                    f"{where}: {path} holds {len(names)} files", "Pack exactly one CSV file into the archive."
                )
            with archive.open(names[0]) as packed, target.open("wb") as plain:
                shutil.copyfileobj(packed, plain, CHUNK)
        return target
    return path


def _join(parts: Sequence[Path], target: Path, header: bool) -> Path:
    with target.open("wb") as whole:
        for number, part in enumerate(parts):
            with part.open("rb") as file:
                if number and header:
                    file.readline()
                shutil.copyfileobj(file, whole, CHUNK)
            _end_line(whole)
    return target


def _end_line(whole: IO[bytes]) -> None:
    """A part that does not end its last line would otherwise run into the next."""
    if not whole.tell():
        return
    whole.flush()
    with open(whole.name, "rb") as file:  # noqa: PTH123 - `name` of a file object is plain text
        file.seek(-1, 2)
        ended = file.read(1) in b"\r\n"
    if not ended:
        whole.write(b"\n")


def _hash_file(resource: Resource, path: Path) -> SourceFile:
    _require_file(resource.name, path)
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return SourceFile(path, file.tell(), digest)
    except OSError as error:
        raise ProjectError(
            f"{path}: table {resource.name} cannot be read: {error.strerror}", "Check its permissions."
        ) from error


def _require_file(name: str, path: Path) -> None:
    if path.is_file():
        return
    siblings = sorted(item.name for item in path.parent.iterdir() if item.is_file()) if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, siblings, n=1)
    remedy = f"Did you mean {near[0]}?" if near else "Check `path` in the descriptor."
    raise ProjectError(f"{path}: the file of table {name} does not exist", remedy)


def _identity(resource: Resource) -> dict[str, Any]:
    return {
        "name": resource.name,
        "descriptor": resource.descriptor,
        "schema": resource.schema,
        "dialect": resource.dialect,
        "encoding": resource.encoding,
        "query": resource.query,
        "parts": [path.name for path in resource.paths],
    }


def _plain_json(value: Any) -> Any:
    """The value as JSON would read it back: mappings and tuples of other kinds become plain ones."""
    return json.loads(json.dumps(value, default=lambda item: dict(item) if hasattr(item, "keys") else str(item)))
