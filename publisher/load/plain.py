"""One plain CSV file of a table's files. In: paths, how they are written. Out: an uncompressed CSV file in the run's scratch folder.

Archives are unpacked, sheets and lists of records become CSV, parts are joined (the header once), all in chunks.
"""

from __future__ import annotations

import codecs
import difflib
import gzip
import shutil
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from publisher.canonical import CHUNK
from publisher.errors import ProjectError
from publisher.load.records import Unreadable, write_records

BOMS = {
    "utf-8": (codecs.BOM_UTF8, "utf-8-sig"),
    "utf-16-be": (codecs.BOM_UTF16_BE, "utf-16"),
    "utf-16-le": (codecs.BOM_UTF16_LE, "utf-16"),
}


@dataclass(frozen=True, slots=True)
class Plain:
    """One uncompressed file in its own encoding. `damage` says why there is none (empty: there is), `code` what kind of finding that is;
    lines of a `converted` one are nobody's lines."""

    path: Path
    encoding: str
    damage: str = ""
    code: str = "compression-error"
    converted: bool = False


def make_plain(
    paths: Sequence[Path],
    encoding: str,
    folder: Path,
    *,
    header: bool,
    where: str,
    kind: str = "csv",
    dialect: Mapping[str, Any] | None = None,
) -> Plain:
    """One plain file of a table's parts. `header` says whether each part begins with a header line, of which the first stays; `kind` and
    `dialect` are the resource's.

    Raises ProjectError for a missing file, an unknown encoding and an archive that does not hold exactly one file."""
    if not paths:
        raise ProjectError(f"{where}: it comes from elsewhere and has not been read", "Bring its sources first.")
    for path in paths:
        require_file(where, path)
    try:
        name = "utf-8" if kind != "csv" else codecs.lookup(encoding).name
    except LookupError as error:
        raise ProjectError(
            f"{where}: unknown encoding {encoding!r}", "Save the file as UTF-8 and drop `encoding`."
        ) from error
    parts = []
    for number, path in enumerate(paths):
        try:
            part = _unpack(path, folder / f"part-{number}", where)
            parts.append(_convert(part, folder / f"table-{number}", kind, dialect or {}, encoding))
        except (gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
            return Plain(path, name, str(error) or "the file ends too early")
        except Unreadable as error:
            return Plain(path, name, str(error), "source-error")
    whole = parts[0] if len(parts) == 1 else _join(parts, folder / "joined", header)
    return Plain(whole, _with_mark(name, whole), converted=kind != "csv")


def _convert(path: Path, target: Path, kind: str, dialect: Mapping[str, Any], encoding: str) -> Path:
    """A CSV file of what is none. Raises Unreadable."""
    if kind == "xlsx":
        # openpyxl takes 0.2 s to import, which packages of CSV files need not pay
        from publisher.load.workbook import write_sheet

        write_sheet(path, target, dialect)
    elif kind in {"json", "ndjson"}:
        write_records(path, target, kind, dialect, encoding)
    else:
        return path
    return target


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


def require_file(name: str, path: Path) -> None:
    if path.is_file():
        return
    siblings = sorted(item.name for item in path.parent.iterdir() if item.is_file()) if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, siblings, n=1)
    remedy = f"Did you mean {near[0]}?" if near else "Check `path` in the descriptor."
    raise ProjectError(f"{path}: the file of table {name} does not exist", remedy)
