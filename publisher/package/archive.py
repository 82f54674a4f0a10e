"""A release's files as one zip. In: files of this machine. Out: a zip whose bytes depend on theirs alone.

Order, dates and rights are fixed.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterable
from pathlib import Path

from publisher.canonical import CHUNK, sha256_file
from publisher.model import File

_STORED = {".parquet", ".xlsx", ".zip"}
_DAY = (1980, 1, 1, 0, 0, 0)


def write_zip(files: Iterable[File], path: Path) -> File:
    """Zip files under their names, sorted; those already compressed are stored. Every file must lie on this machine."""
    with zipfile.ZipFile(path, "w", compresslevel=6) as archive:
        for file in sorted(files, key=lambda item: item.name):
            assert file.path is not None, f"{file.name} is not on this machine"
            entry = zipfile.ZipInfo(file.name, _DAY)
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_STORED if file.path.suffix in _STORED else zipfile.ZIP_DEFLATED
            entry.file_size = file.bytes
            with file.path.open("rb") as source, archive.open(entry, "w") as target:
                shutil.copyfileobj(source, target, CHUNK)
    return File(path.name, path.stat().st_size, sha256_file(path), path)
