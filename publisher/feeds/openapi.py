"""OpenAPI 3.1 of everything programs may read. In: the latest release of a package, or what was made of several. Out: openapi.json.

Each package has a description of its own. Of a few packages, that of the store holds all of theirs; of many, it says what all packages
have in common, and leads to each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from publisher import layout
from publisher.engine import Engine
from publisher.feeds.answers import ANSWERS, HEADERS, PARAMETERS, get, parameter
from publisher.feeds.envelope import Api
from publisher.feeds.paths import Described, package_paths
from publisher.feeds.schemas import facet_schema, index_schema, pointer_schema, tombstone_schema
from publisher.feeds.served import ROWS, left_to_files, served
from publisher.package.published import Published

Part = Mapping[str, Any]
"""What one package adds: `tag`, `licence` (its name and address, or empty), `paths` and `schemas`; plain JSON."""

_DESCRIPTION = (
    "Files on object storage: no key, no limit, no query parameters. `versions.json` of a package says which release is the latest; "
    "files below `v/` never change. Keys in addresses: letters, digits, `-`, `_` and `.` stand for themselves, every other character is "
    "written as `~` and the hexadecimal of its UTF-8 bytes; the values of a key of several columns are joined by commas. "
    f"Tables of more than {ROWS:,} rows have no paths for pages and records: they are read as files of a release, and `data/index.json` "
    "lists them under `files`."
)


def describe_package(engine: Engine, published: Published, *, base_url: str, languages: Sequence[str]) -> Part:
    """Raises NotFound, Damaged."""
    small = served(published)
    described = Described(engine, small, Api(published.info, base_url, (published.version,)), languages)
    return {
        "tag": {"name": published.info.name, "description": _about(published)},
        "licence": [text for item in published.info.licenses[:1] for text in (item.name or item.path, item.path)],
        "paths": dict(described.paths()),
        "schemas": dict(described.schemas()),
    }


def write_openapi(key: str, parts: Sequence[Part], *, base_url: str) -> dict[str, Any]:
    """The description at `key` of everything there is."""
    tags = [part["tag"] for part in parts]
    paths = {path: item for part in parts for path, item in part["paths"].items()}
    schemas = {name: item for part in parts for name, item in part["schemas"].items()}
    return _document(key, base_url, _licence(parts), tags, paths, schemas)


def write_brief_openapi(base_url: str, languages: Sequence[str]) -> dict[str, Any]:
    """The description of a store whose packages are too many to be described each."""
    name = "{package}"
    package = parameter("package", "A package: index.json lists all.", None)
    tags = [
        {
            "name": "packages",
            "description": f"What all packages have. {layout.openapi(name)} describes the tables of one.",
        }
    ]
    paths = dict(package_paths(name, languages, "packages", None, None))
    for item in paths.values():
        item["get"]["parameters"].insert(0, package)
    return _document(layout.OPENAPI, base_url, {}, tags, paths, {})


def _document(
    key: str,
    base_url: str,
    licence: Mapping[str, Any],
    tags: Sequence[Mapping[str, Any]],
    paths: Mapping[str, Any],
    schemas: Mapping[str, Any],
) -> dict[str, Any]:
    common = {
        "index": index_schema(),
        "facet": facet_schema(),
        "tombstone": tombstone_schema(),
        "pointer": pointer_schema(),
    }
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Open data as files",
            "version": str(layout.FEED_MAJOR),
            "description": _DESCRIPTION,
            **licence,
        },
        "servers": [{"url": layout.address(base_url, key, "").rstrip("/")}],
        "security": [],
        "tags": [{"name": "catalogue"}, *tags],
        "paths": {quote(path, safe="/{},~"): item for path, item in {**_catalogue(), **paths}.items()},
        "components": {
            "schemas": {**common, **schemas},
            "headers": HEADERS,
            "parameters": PARAMETERS,
            "responses": ANSWERS,
        },
    }


def _about(published: Published) -> str:
    """A package's title, and its tables that have no paths."""
    large = [f"{table.name} ({table.rows:,} rows)" for table in left_to_files(published)]
    title = published.info.title.default
    return f"{title}. Read as files: {', '.join(large)}." if large else title


def _licence(parts: Sequence[Part]) -> dict[str, Any]:
    """The licence of the data where all packages have the same one."""
    found = {tuple(part["licence"]) for part in parts if part["licence"]}
    if len(found) != 1:
        return {}
    name, path = found.pop()
    return {"license": {"name": name, **({"url": path} if path else {})}}


def _catalogue() -> dict[str, Any]:
    """What belongs to the store as a whole."""
    said = {
        layout.INDEX: ("Packages, their current releases and links", "application/json"),
        layout.OPENAPI: ("This description", "application/json"),
        layout.STATUS: (
            "When each package was last published and is next due, where a scheduler runs",
            "application/json",
        ),
        layout.CATALOG: ("The catalogue as DCAT-AP 3, Turtle", "text/turtle"),
        layout.CATALOG_JSON: ("The catalogue as DCAT-AP 3, JSON-LD", "application/ld+json"),
        layout.DATA_CATALOG: ("The catalogue as schema.org/DataCatalog", "application/ld+json"),
        layout.API_CATALOG: ("Links to the descriptions of this API (RFC 9727)", "application/linkset+json"),
    }
    return {f"/{key}": get("catalogue", summary, kind) for key, (summary, kind) in said.items()}
