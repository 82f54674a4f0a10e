"""What decides a release. In: a package whose files are on this machine. Out: Loaded, every file hashed, and one hash over all of it."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from publisher.canonical import content_hash
from publisher.errors import ProjectError
from publisher.load.plain import require_file
from publisher.model import Loaded, Package, Resource, SourceFile


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


def _hash_file(resource: Resource, path: Path) -> SourceFile:
    require_file(resource.name, path)
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return SourceFile(path, file.tell(), digest)
    except OSError as error:
        raise ProjectError(
            f"{path}: table {resource.name} cannot be read: {error.strerror}", "Check its permissions."
        ) from error


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
