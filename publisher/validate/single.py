"""Tables that belong to no package. In: a path, a schema and a dialect as descriptors or paths of them. Out: a Resource."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from publisher.model import Resource
from publisher.project.files import check_values, read_object, require_file
from publisher.shape import check_dialect, check_schema

Reference = tuple[str | Path, Mapping[str, Any] | str | Path]
"""A table that a foreign key names: its path and its schema."""


def resource_of(name: str, path: Path, schema: Any, dialect: Any, encoding: str | None) -> Resource:
    """A resource for a file that belongs to no package; schema and dialect as descriptors or paths of them.

    Raises ProjectError where one of them does not exist."""
    require_file(path)
    found, written = descriptor_at(schema), descriptor_at(dialect)
    check_schema(found, f"table {name}")
    check_dialect(written, f"table {name}: dialect")
    return Resource(
        name=name,
        paths=(path,),
        schema=found,
        dialect=written,
        encoding=encoding or "utf-8",
        descriptor={"name": name, "path": path.name},
    )


def descriptor_at(value: Mapping[str, Any] | str | Path | None) -> Mapping[str, Any]:
    """A descriptor, read where its path is given; empty where there is none. Raises ProjectError for what no file of one could hold."""
    if isinstance(value, (str, Path)):
        return read_object(Path(value))
    check_values("a descriptor", value or {})
    return value or {}
