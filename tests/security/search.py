"""Looking for text in everything that was published. In: files or bytes. Out: where the text stands, however it is packed."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow.parquet


def find(folder: Path, needles: Sequence[str]) -> list[str]:
    """`file: needle` for each file below `folder`, names of files included, that holds one of the texts."""
    found = []
    for path in sorted(item for item in folder.rglob("*") if item.is_file()):
        name = path.relative_to(folder).as_posix()
        for part, data in unpack(name, path.read_bytes()):
            found += [f"{part}: {needle}" for needle in needles if holds(part.encode() + b"\n" + data, needle)]
    return found


def holds(data: bytes, needle: str) -> bool:
    """Whether bytes hold a text in any encoding that we write."""
    forms = {needle.encode(), needle.encode("utf-16-le"), needle.encode("utf-16-be"), ascii(needle)[1:-1].encode()}
    lower = data.lower()
    return any(form in data or form.lower() in lower for form in forms)


def unpack(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """The bytes as they are, and what is packed in them."""
    yield name, data
    if data[:2] == b"\x1f\x8b":
        yield from unpack(f"{name}!", gzip.decompress(data))
    elif data[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for item in archive.namelist():
                yield from unpack(f"{name}!{item}", archive.read(item))
    elif data[:4] == b"PAR1":
        table = pyarrow.parquet.read_table(io.BytesIO(data))
        yield f"{name}!rows", repr(table.to_pydict()).encode()
        yield f"{name}!schema", table.schema.to_string(show_schema_metadata=True).encode()
