"""One plain CSV file of a table's files. In: paths, how they are written. Out: an uncompressed CSV file in the run's scratch folder.

Archives are unpacked, sheets and lists of records become CSV, parts are joined (the header once), all in chunks.
"""

from __future__ import annotations

import codecs
import difflib
import gzip
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from publisher.canonical import CHUNK
from publisher.errors import ProjectError
from publisher.load.records import RATIO, Unreadable, most_unpacked, write_records

BOMS = {
    "utf-8": (codecs.BOM_UTF8, "utf-8-sig"),
    "utf-16-be": (codecs.BOM_UTF16_BE, "utf-16"),
    "utf-16-le": (codecs.BOM_UTF16_LE, "utf-16"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One file of several that were joined: the line of the whole on which it begins, and how many of its own were left out."""

    path: Path
    line: int
    left_out: int


@dataclass(frozen=True, slots=True)
class Plain:
    """One uncompressed file in its own encoding. `damage` says why there is none (empty: there is), `code` what kind of finding that is;
    lines of a `converted` one are nobody's lines. `parts` are the files of one that was joined, in order."""

    path: Path
    encoding: str
    damage: str = ""
    code: str = "compression-error"
    converted: bool = False
    parts: tuple[Part, ...] = ()


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
        except (gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
            # RuntimeError, and NotImplementedError below it, is what zipfile says of passwords and of methods it does not know
            return Plain(path, name, str(error) or "the file ends too early")
        except Unreadable as error:
            return Plain(path, name, str(error), "source-error")
    if len(parts) == 1:
        return Plain(parts[0], _with_mark(name, parts[0]), converted=kind != "csv")
    whole = folder / "joined"
    begins = _join(parts, whole, header)
    joined = tuple(
        Part(path, line, int(header and number > 0))
        for number, (path, line) in enumerate(zip(paths, begins, strict=True))
    )
    return Plain(whole, _with_mark(name, whole), converted=kind != "csv", parts=joined)


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
        with gzip.open(path, "rb") as packed:
            return _pour(packed, target, path)
    if suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            names = [item for item in archive.namelist() if not item.endswith("/")]
            if len(names) != 1:
                raise ProjectError(
                    f"{where}: {path} holds {len(names)} files", "Pack exactly one CSV file into the archive."
                )
            with archive.open(names[0]) as packed:
                return _pour(packed, target, path)
    return path


def _pour(packed: gzip.GzipFile | IO[bytes], target: Path, path: Path) -> Path:
    """Unpack into `target`, as far as the sizes are those of a table. Raises BadZipFile for what would fill the disk."""
    most = most_unpacked(path)
    left = most
    with target.open("wb") as plain:
        while data := packed.read(CHUNK):
            left -= len(data)
            if left < 0:
                raise zipfile.BadZipFile(f"it unpacks to more than {most >> 20} MiB, {RATIO} times its size")
            plain.write(data)
    return target


def _join(parts: Sequence[Path], target: Path, header: bool) -> list[int]:
    """Write the parts one after the other. Returns the line on which each begins."""
    begins, line = [], 1
    with target.open("wb") as whole:
        for number, part in enumerate(parts):
            begins.append(line)
            with part.open("rb") as file:
                if number and header:
                    file.readline()
                while chunk := file.read(CHUNK):
                    line += chunk.count(b"\n")
                    whole.write(chunk)
            line += _end_line(whole)
    return begins


def _end_line(whole: IO[bytes]) -> bool:
    """A part that does not end its last line would otherwise run into the next. Whether a line end was written."""
    if not whole.tell():
        return False
    whole.flush()
    with open(whole.name, "rb") as file:  # noqa: PTH123 - `name` of a file object is plain text
        file.seek(-1, 2)
        ended = file.read(1) in b"\r\n"
    if not ended:
        whole.write(b"\n")
    return not ended


def require_file(name: str, path: Path) -> None:
    if path.is_file():
        return
    siblings = sorted(item.name for item in path.parent.iterdir() if item.is_file()) if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, siblings, n=1)
    remedy = f"Did you mean {near[0]}?" if near else "Check `path` in the descriptor."
    raise ProjectError(f"{path}: the file of table {name} does not exist", remedy)
