"""What decides a release. In: a package whose files are on this machine. Out: Loaded, every file hashed, and one hash over all of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from publisher.canonical import content_hash
from publisher.digests import Digests
from publisher.errors import ProjectError
from publisher.load.large import is_large
from publisher.load.plain import require_file
from publisher.model import Loaded, Package, Reading, Resource, SourceFile
from publisher.project.origin import folder_of


def load(package: Package, *, read_at: str, digests: Digests | None = None) -> Loaded:
    """Find and hash every source file of a package; of large tables of many parts only those that `digests` does not know untouched.

    A table that is read from a folder learns which files that were.
    Raises ProjectError for a file that is missing or cannot be read, with the resource and the nearest name that exists."""
    files = {resource.name: _hash_files(resource, digests) for resource in package.tables}
    if digests is not None:
        digests.save()
    package = replace(package, resources=tuple(_with_readings(item, package.root, files) for item in package.resources))
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


def _hash_files(resource: Resource, digests: Digests | None) -> tuple[SourceFile, ...]:
    if len(resource.readings) == len(resource.paths) and all(item.sha256 for item in resource.readings):
        # what was brought here was hashed on its way
        pairs = zip(resource.paths, resource.readings, strict=True)
        return tuple(SourceFile(path, item.bytes, item.sha256) for path, item in pairs)
    if digests is None or not is_large(resource):
        return tuple(_hash_file(resource, path) for path in resource.paths)
    for path in resource.paths:
        require_file(resource.name, path)
    try:
        return tuple(
            SourceFile(path, *its) for path, its in zip(resource.paths, digests.all(resource.paths), strict=True)
        )
    except OSError as error:
        raise _unreadable(resource, Path(error.filename or resource.paths[0]), error) from error


def _with_readings(resource: Resource, root: Path, files: Mapping[str, tuple[SourceFile, ...]]) -> Resource:
    """The parts of a folder by their names, so that a release says which it was made of."""
    if resource.origins or not folder_of(resource.descriptor):
        return resource
    readings = (
        Reading("file", item.path.relative_to(root).as_posix(), "", item.bytes, item.sha256)
        for item in files[resource.name]
    )
    return replace(resource, readings=tuple(readings))


def _hash_file(resource: Resource, path: Path) -> SourceFile:
    require_file(resource.name, path)
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return SourceFile(path, file.tell(), digest)
    except OSError as error:
        raise _unreadable(resource, path, error) from error


def _unreadable(resource: Resource, path: Path, error: OSError) -> ProjectError:
    return ProjectError(f"{path}: table {resource.name} cannot be read: {error.strerror}", "Check its permissions.")


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
