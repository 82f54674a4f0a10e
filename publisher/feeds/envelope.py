"""What every document of a package's API begins with. In: the package's metadata, its public address. Out: JSON text, links."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import Any

from publisher import layout
from publisher.canonical import canonical_json
from publisher.package.metadata import Link, PackageInfo

Member = tuple[str, str]
"""A member of a JSON object: its name and its value as JSON text."""


@dataclass(frozen=True, slots=True)
class Api:
    """One package's API. `versions` are the releases on the line to the latest one, oldest first."""

    info: PackageInfo
    base_url: str
    versions: Sequence[str]

    def link(self, source: str, target: str) -> str:
        """How the document at `source` links to `target`."""
        return layout.address(self.base_url, source, target)

    def head(self, key: str, since: int, schema: str) -> list[Member]:
        """version, generated_from, schema and licence of the document at `key`, which is as it was in release number `since`;
        `schema` is a name for layout.data_schema and maybe a fragment."""
        name, _, fragment = schema.partition("#")
        version = self.versions[since]
        descriptor = layout.release_file(self.info.name, version, layout.DESCRIPTOR)
        address = self.link(key, layout.data_schema(self.info.name, name))
        return [
            ("version", text(version)),
            ("generated_from", text(self.link(key, descriptor))),
            ("schema", text(f"{address}#{fragment}" if fragment else address)),
            ("licence", text(self.licence())),
        ]

    def licence(self) -> dict[str, str] | None:
        """The package's licence by SPDX id and address."""
        return next((licence(item) for item in self.info.licenses), None)


def licence(item: Link) -> dict[str, str]:
    return {key: value for key, value in {"id": item.name, "url": item.path}.items() if value}


def text(value: Any) -> str:
    """A value as JSON on one line, its members in the order given."""
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{text(str(key))}:{text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(text(item) for item in value) + "]"
    return canonical_json(value).decode()


def members(value: Mapping[str, Any]) -> list[Member]:
    return [(name, text(item)) for name, item in value.items()]


def document(parts: Iterable[Member]) -> bytes:
    """A JSON object with a member a line: small, and still to be read by people."""
    return ("{\n" + ",\n".join(f"{text(name)}:{value}" for name, value in parts) + "\n}\n").encode()


def rows_text(rows: Iterable[str]) -> str:
    """An array of rows, one a line."""
    joined = ",\n".join(rows)
    return f"[\n{joined}\n]" if joined else "[]"
