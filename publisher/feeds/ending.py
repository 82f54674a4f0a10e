"""What will go away. In: a package's metadata, a release's changes. Out: the announced ends, as programs read them.

Each is `{table, column, since, until, replaced_by, reason}`; without a column it is the table's end, without both the package's. The dates
are what RFC 9745 (Deprecation) and RFC 8594 (Sunset) put into headers that files cannot send.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from publisher.model import Descriptor
from publisher.package.metadata import PackageInfo

_SAID = ("since", "until", "replaced_by", "reason")


def endings(info: PackageInfo) -> list[dict[str, str]]:
    """Everything of a release whose end was announced."""
    return list(_endings(info))


def _endings(info: PackageInfo) -> Iterator[dict[str, str]]:
    if info.deprecated:
        yield _said(info.deprecated)
    for table in info.tables:
        if table.deprecated:
            yield {"table": table.name, **_said(table.deprecated)}
        for item in table.fields:
            if item.deprecated:
                yield {"table": table.name, "column": item.name, **_said(item.deprecated)}


def announced(changes: Descriptor) -> list[dict[str, str]]:
    """The ends that a release announces or changes, from its changes.json."""
    found = [
        {
            "table": str(table["table"]),
            **({"column": str(item["field"])} if item.get("field") else {}),
            **_said(item["after"]),
        }
        for table in changes["tables"]
        for item in table.get("schema", ())
        if item["kind"] == "deprecated" and isinstance(item.get("after"), Mapping)
    ]
    package = (item.get("after") for item in changes.get("metadata", ()) if item.get("property") == "deprecated")
    return [_said(item) for item in package if isinstance(item, Mapping)] + found


def _said(deprecated: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(deprecated[name]) for name in _SAID if deprecated.get(name)}
