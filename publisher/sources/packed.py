"""Packed files that are whole and not too large. In: a file that came, how its name ends. Out: nothing, or what is wrong with it."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from pathlib import Path
from typing import Protocol

from publisher.canonical import CHUNK
from publisher.errors import SourceError, Unavailable


class _Bytes(Protocol):
    def read(self, size: int, /) -> bytes: ...


_ZIPPED = (".zip", ".xlsx", ".xlsm")


def refuse_packed(path: Path, suffix: str, limit: int, where: str) -> None:
    """Raise Unavailable for a packed file that is cut or damaged, SourceError for one that unpacks to more than `limit` bytes."""
    try:
        if suffix.endswith(".gz"):
            with gzip.open(path, "rb") as file:
                _read(file, limit, where)
        elif suffix.endswith(_ZIPPED):
            with zipfile.ZipFile(path) as archive:
                if sum(item.file_size for item in archive.infolist()) > limit:
                    raise _too_large(limit, where)
                for item in archive.infolist():
                    with archive.open(item) as file:
                        _read(file, limit, where)
    except (gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise Unavailable(
            f"{where}: what came is cut or damaged ({error})", "Try again later, or tell its owner."
        ) from error
    except (NotImplementedError, RuntimeError) as error:
        raise SourceError(f"{where}: cannot be unpacked ({error})", "Pack it without a password.") from error


def _read(file: _Bytes, limit: int, where: str) -> None:
    came = 0
    while data := file.read(CHUNK):
        came += len(data)
        if came > limit:
            raise _too_large(limit, where)


def _too_large(limit: int, where: str) -> SourceError:
    return SourceError(
        f"{where}: unpacks to more than {limit / 1e6:g} MB", "Raise `source_megabytes` if that is right."
    )
