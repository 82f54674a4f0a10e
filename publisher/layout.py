"""Where everything published lies, and with which headers. In: names and versions. Out: keys below the store's root, headers.

The only module that knows; pages, feeds, catalogues and the commit ask here.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import quote

from publisher.model import Headers

INDEX = "index.json"
STATUS = "status.json"

CLAIM = "release.json"
DESCRIPTOR = "datapackage.json"
CHECKSUMS = "SHA256SUMS"
VALIDATION = "validation.json"
CHANGES = "changes.json"
CHANGE_ROWS = "changes.ndjson"

IMMUTABLE = "public, max-age=31536000, immutable"
POINTER = "public, max-age=60, must-revalidate"
DERIVED = "public, max-age=300"

_TYPES = {
    ".csv": "text/csv; charset=utf-8; header=present",
    ".json": "application/json",
    ".jsonld": "application/ld+json",
    ".ndjson": "application/x-ndjson",
    ".parquet": "application/vnd.apache.parquet",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".zip": "application/zip",
    ".md": "text/markdown; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ttl": "text/turtle; charset=utf-8",
    ".cff": "application/yaml",
    ".txt": "text/plain; charset=utf-8",
    ".xml": "application/xml",
    ".atom": "application/atom+xml",
    "": "text/plain; charset=utf-8",
}
_DOWNLOADED = {".csv", ".xlsx", ".parquet", ".zip"}
_VERSIONED = re.compile(r"^(?P<package>.+)/v/(?P<version>[^/]+)/(?P<name>.+)$")


def pointer(package: str) -> str:
    """The only object whose replacement publishes anything."""
    return f"{package}/versions.json"


def release_folder(package: str, version: str) -> str:
    """The folder of one release, with its final slash."""
    return f"{package}/v/{version}/"


def release_file(package: str, version: str, name: str) -> str:
    """The key of one file of a release."""
    return release_folder(package, version) + name


def table_file(table: str, suffix: str) -> str:
    """The name of a table's file inside its release: `members` and `csv` give `members.csv`."""
    return f"{table}.{suffix}"


def headers(key: str) -> Headers:
    """The headers that the object at `key` is served with (design: publishing.md, Headers)."""
    name = PurePosixPath(key).name
    suffix = PurePosixPath(key).suffix.lower()
    content_type = _TYPES.get(suffix, "application/octet-stream")
    release = _VERSIONED.match(key)
    if release is None:
        cache = POINTER if name in {"versions.json", INDEX, STATUS} else DERIVED
        return Headers(content_type, cache)
    disposition = attachment(name, release["version"]) if suffix in _DOWNLOADED else ""
    return Headers(content_type, IMMUTABLE, disposition)


def attachment(name: str, version: str) -> str:
    """Content-Disposition that saves `members.csv` of 1.4.0 as `members-1.4.0.csv` (RFC 6266; RFC 8187 for names beyond ASCII)."""
    path = PurePosixPath(name)
    saved = f"{path.stem}-{version}{path.suffix}"
    plain = re.sub(r'[^\x20-\x7e]|["\\]', "_", saved)
    value = f'attachment; filename="{plain}"'
    return value if plain == saved else f"{value}; filename*=UTF-8''{quote(saved, safe='')}"
