"""What changed in a description. In: package or resource descriptors before and after. Out: schema changes, property by property.

Left out is what every release changes or what says where bytes lie: moving data to another path changes no version
(Data Package recipe on versions).
"""

from __future__ import annotations

from collections.abc import Collection

from publisher.diff.schema import SchemaChange, deprecation
from publisher.model import Descriptor

_PACKAGE = {"$schema", "profile", "resources", "publisher", "version", "created", "modified"}
_BYTES = {
    "path",
    "formats",
    "parts",
    "data",
    "encoding",
    "format",
    "mediatype",
    "bytes",
    "hash",
    "rows",
    "stats",
    "version",
    "dialect",
    "origin",
}
_SOURCES = {"scheme", "compression", "innerpath", "extrapaths", "publisher"}
_RESOURCE = {"$schema", "name", "type", "profile", "schema", "deprecated", "renamed_from"} | _BYTES | _SOURCES
_IDENTITY = ("name", "id")


def compare_package(before: Descriptor, after: Descriptor) -> tuple[SchemaChange, ...]:
    """What differs in a package's own properties; another `name` or `id` makes it another package to its readers."""
    return tuple(
        SchemaChange(
            "package_renamed" if _identity(key, before) else "metadata_changed",
            "",
            "",
            key,
            before.get(key),
            after.get(key),
        )
        for key in _differing(before, after, _PACKAGE)
    )


def _identity(key: str, before: Descriptor) -> bool:
    return key in _IDENTITY and before.get(key) is not None


def compare_resource(table: str, before: Descriptor, after: Descriptor) -> tuple[SchemaChange, ...]:
    """What differs in a table's own properties, the announcement of its end included."""
    changes = [
        SchemaChange("metadata_changed", table, "", key, before.get(key), after.get(key))
        for key in _differing(before, after, _RESOURCE)
    ]
    was, now = deprecation(before), deprecation(after)
    if was != now:
        changes.append(SchemaChange("deprecated" if now else "metadata_changed", table, "", "deprecated", was, now))
    return tuple(changes)


def _differing(before: Descriptor, after: Descriptor, without: Collection[str]) -> list[str]:
    return [key for key in sorted({*before, *after}) if key not in without and before.get(key) != after.get(key)]
