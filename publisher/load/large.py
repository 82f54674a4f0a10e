"""Which tables are read and published part by part. In: a package, loaded or not. Out: their names.

Such a table is large, made of several CSV files that can be read without each other, and holds nothing that stays behind. Every other
table is published as one file, which is what most readers want.
"""

from __future__ import annotations

from collections.abc import Sequence

from publisher.model import Loaded, Package, Resource, SourceFile
from publisher.privacy import public_resource
from publisher.schema import parse_dialect

PARTED = 64 << 20
"""Bytes of all its files from which a table is published in parts: what nobody opens in a spreadsheet any more."""


def parted(loaded: Loaded) -> tuple[str, ...]:
    """The names of the tables that are published part by part, in the package's order. Raises ProjectError for a wrong dialect."""
    return tuple(item.name for item in loaded.package.tables if _is_parted(item, loaded.files.get(item.name, ())))


def has_large(package: Package) -> bool:
    """Whether a table is large enough for that, by what the disk says; nothing is read."""
    return any(map(is_large, package.tables))


def is_large(resource: Resource) -> bool:
    """Whether its files are, by what the disk says."""
    return _are_large([path.stat().st_size for path in resource.paths if path.is_file()])


def _are_large(sizes: Sequence[int]) -> bool:
    return len(sizes) > 1 and sum(sizes) >= PARTED


def _is_parted(resource: Resource, files: Sequence[SourceFile]) -> bool:
    large = _are_large([file.bytes for file in files])
    different = len({file.sha256 for file in files}) == len(files)
    return (
        large
        and different
        and resource.kind == "csv"
        and bool(resource.schema)
        and public_resource(resource) is resource
        and parse_dialect(resource.dialect, resource.name).divisible
    )
