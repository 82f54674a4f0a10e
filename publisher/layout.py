"""Where everything published lies, and with which headers. In: names and versions. Out: keys below the store's root, headers.

The only module that knows; pages, feeds, catalogues and the commit ask here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from urllib.parse import quote

from publisher.model import Headers

INDEX = "index.json"
STATUS = "status.json"
SITEMAP = "sitemap.xml"
HOME_SITEMAP = "sitemap-home.xml"
ROBOTS = "robots.txt"
SECURITY = ".well-known/security.txt"
CATALOG = "catalog.ttl"
CATALOG_JSON = "catalog.jsonld"
DATA_CATALOG = "datacatalog.jsonld"
OPENAPI = "openapi.json"
API_CATALOG = ".well-known/api-catalog"
SIGNERS = "allowed_signers"
"""Who may sign releases, as ssh-keygen reads it."""

CITATION = "CITATION.cff"
README = "README.md"
CROISSANT = "croissant.json"

FEED_MAJOR = 1
"""Major of the static API and its schemas; docs/api.md says what stays within one."""

CLAIM = "release.json"
DESCRIPTOR = "datapackage.json"
CHECKSUMS = "SHA256SUMS"
SIGNATURE = "SHA256SUMS.sig"
VALIDATION = "validation.json"
CHANGES = "changes.json"
CHANGE_ROWS = "changes.ndjson"
REMOVED = "removed.ndjson"

IMMUTABLE = "public, max-age=31536000, immutable"
POINTER = "public, max-age=60, must-revalidate"
DERIVED = "public, max-age=300"
PRIVATE = "private, no-store"
"""For what the publisher keeps for itself, below keys that begin with a dot; docs/stores.md keeps readers out of it."""

AUDIT = ".audit/"
ALERTS = ".alerts.json"

CORS_METHODS = ("GET", "HEAD")
CORS_ASKED = ("Range", "If-None-Match", "If-Modified-Since", "If-Range")
CORS_SHOWN = ("ETag", "Content-Length", "Content-Range", "Accept-Ranges", "Content-Disposition", "Last-Modified")
CORS_SECONDS = 86400
"""What pages of other addresses may ask with, which headers of the answer they see, and how long they may remember that."""

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
    ".atom": "application/atom+xml; charset=utf-8",
    ".sig": "text/plain; charset=utf-8",
    "": "text/plain; charset=utf-8",
}
_FEED = re.compile(r"^[^/]+/feeds/.+\.json$")
_LINKS = re.compile(r"^[^/]+/linkset\.json$|^\.well-known/api-catalog$")
_DOWNLOADED = {".csv", ".xlsx", ".parquet", ".zip"}
_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
_LONGEST = 150
_VERSIONED = re.compile(r"^(?P<package>[^/]+)/v/(?P<version>[^/]+)/(?P<name>.+)$")


def pointer(package: str) -> str:
    """The only object whose replacement publishes anything."""
    return f"{package}/versions.json"


def audit_hint() -> str:
    """Where the number of a late event of the audit log stands."""
    return ".audit-newest.json"


def audit_event(number: int) -> str:
    """The key of an event of the audit log, counted from 1; keys stand in the order of numbers."""
    return f"{AUDIT}{number:08}.json"


def audit_number(key: str) -> int:
    """The number of the event at a key; 0 for a key that is none."""
    digits = key.removeprefix(AUDIT).removesuffix(".json")
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def release_folder(package: str, version: str) -> str:
    """The folder of one release, with its final slash."""
    return f"{package}/v/{version}/"


def release_file(package: str, version: str, name: str) -> str:
    """The key of one file of a release."""
    return release_folder(package, version) + name


def history_page(package: str, version: str, sha256: str) -> str:
    """The key of a page of older history: `version` is its newest, `sha256` its own."""
    return f"{package}/v/history/{version}-{sha256[:12]}.json"


def latest_file(package: str, name: str = "") -> str:
    """The key of the copy of a file of the current release; of their folder, with its final slash, without `name`."""
    return f"{package}/latest/{name}"


def manifest(package: str = "") -> str:
    """What is known of a package's derived objects, or (without a name) of those that belong to the store as a whole."""
    return manifest_folder(package) + "manifest.json"


def manifest_folder(package: str = "") -> str:
    """The folder of a manifest and its list, with its final slash. Hidden: nobody but publishers reads it."""
    return f".derived/packages/{package}/" if package else ".derived/store/"


def digest(package: str) -> str:
    """What publishers keep of a package's past, so as not to read it again."""
    return manifest_folder(package) + "past/digest.json.gz"


def changelog(package: str, form: str, language: str = "") -> str:
    """The changelog of a package's data, as `json` for all languages or as `md` in one."""
    return f"{package}/changes/changelog.{language}.{form}" if language else f"{package}/changes/changelog.{form}"


def changelog_page(package: str, number: int, form: str, language: str = "") -> str:
    """A full page of the changelog's past, counted from 1, the oldest first; it never changes."""
    end = f"{language}.{form}" if language else form
    return f"{package}/changes/earlier/changelog.{number:04}.{end}"


def rollup(package: str, since: str, version: str, name: str) -> str:
    """A file (changes.json, changes.ndjson) of all changes from one release to a later one."""
    return f"{package}/changes/{since}..{version}/{name}"


def table_file(table: str, suffix: str) -> str:
    """The name of a table's file inside its release: `members` and `csv` give `members.csv`."""
    return f"{table}.{suffix}"


def part_file(table: str, number: int, suffix: str) -> str:
    """The name of a file of one part of a table, counted from 1; names stand in the order of the parts."""
    return f"{table}.part-{number:05}.{suffix}"


def workbook_file(package: str, language: str = "") -> str:
    """The name of the workbook of a package; that of the main language carries no language."""
    return f"{package}.{language}.xlsx" if language else f"{package}.xlsx"


def excel_file(table: str, language: str) -> str:
    """The name of a table's CSV for Excel in a language."""
    return f"{table}.{language}.excel.csv"


def hxl_file(table: str) -> str:
    """The name of a table's CSV with HXL hashtags."""
    return f"{table}.hxl.csv"


def archive_file(package: str) -> str:
    """The name of the zip of a release's files."""
    return f"{package}.zip"


def page(language: str, *parts: str) -> str:
    """The key of a page; `language` is "" for the main one. Parts are a package and what lies below it: `tables/members`.

    A part that ends in a slash is a folder, whose page is its index."""
    path = "/".join(item.strip("/") for item in (language, *parts) if item.strip("/"))
    folder = not parts or parts[-1].endswith("/")
    return f"{path}/index.html".lstrip("/") if folder else f"{path}.html"


def record_page(language: str, package: str, table: str, key: Iterable[str]) -> str:
    """The key of the page of one row."""
    return page(language, package, "records", table, record_name(key))


def chart_file(language: str, package: str, chart: str, suffix: str) -> str:
    """A chart as `svg`, its table as `csv`."""
    return page(language, package, "charts", f"{chart}.{suffix}").removesuffix(".html")


def search_index(language: str, package: str = "") -> str:
    """What the site's search looks through, in a language ("" for the main one): all packages, or the rows of one."""
    return "/".join(part for part in (language, package, "search.json") if part)


def sitemap(package: str) -> str:
    """The sitemap of a package's pages."""
    return f"{package}/{SITEMAP}"


def asset(name: str, sha256: str) -> str:
    """The key of a site file that never changes: its name carries its content's hash."""
    path = PurePosixPath(name)
    return f"assets/{path.stem}.{sha256[:12]}{path.suffix}"


def data_index(package: str) -> str:
    """The entry of the static API of a package."""
    return f"{package}/data/index.json"


def data_whole(package: str, table: str) -> str:
    """A table in one document."""
    return f"{package}/data/{table}/pages/all.json"


def data_page(package: str, table: str, number: int) -> str:
    """A page of a table, counted from 1."""
    return f"{package}/data/{table}/pages/{number:04}.json"


def data_record(package: str, table: str, name: str) -> str:
    """A record; `name` is record_name of its key."""
    return f"{package}/data/{table}/{name}.json"


def data_facet(package: str, table: str, column: str) -> str:
    """The values of a column by which a table is cut into subsets."""
    return f"{package}/data/{table}/by/{segment(column)}.json"


def data_subset(package: str, table: str, column: str, value: str, number: int = 1) -> str:
    """A page of the rows with a value in a column; the first one has the plain name."""
    more = "" if number == 1 else f"~p{number}"
    return f"{package}/data/{table}/by/{segment(column)}/{segment(value)}{more}.json"


def data_schema(package: str, name: str) -> str:
    """A JSON Schema of the static API: `tables/members` or `pointer`."""
    return f"{package}/schemas/v{FEED_MAJOR}/{name}.json"


def linkset(package: str) -> str:
    """Everything about a package as typed links (RFC 9264)."""
    return f"{package}/linkset.json"


def catalog(package: str) -> str:
    """The package and its releases as DCAT, in Turtle."""
    return f"{package}/{CATALOG}"


def catalog_json(package: str) -> str:
    """The same as JSON-LD."""
    return f"{package}/{CATALOG_JSON}"


def openapi(package: str) -> str:
    """The description of a package's API."""
    return f"{package}/{OPENAPI}"


def dataset_card(package: str) -> str:
    """The package in the words of schema.org."""
    return f"{package}/dataset.jsonld"


def feed(package: str, kind: str, language: str, form: str) -> str:
    """A feed: `releases` or `changes`, in `json` or `atom`."""
    return f"{package}/feeds/{kind}.{language}.{form}"


def feed_archive(package: str, kind: str, language: str, number: int, form: str) -> str:
    """A full page of a feed's past, counted from 1, the oldest first; it never changes."""
    return f"{package}/feeds/archive/{kind}.{language}.{number:04}.{form}"


def lease(package: str) -> str:
    """Who publishes a package at the moment, for replicas that share the work. No package can be named so."""
    return f".lease/{package}.json"


def segment(value: str) -> str:
    """Any text as one part of a key that needs no escaping in an address: other characters become `~` and the hexadecimal of their
    UTF-8 bytes. Different texts give different segments; long ones end in a hash."""
    if _PLAIN.fullmatch(value) and len(value) <= _LONGEST:
        return value
    plain = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-."
    name = "".join(
        chr(byte) if byte in plain and (byte != 0x2E or place) else f"~{byte:02X}"
        for place, byte in enumerate(value.encode())
    )
    if len(name) <= _LONGEST:
        return name or "~"
    return f"{name[:100].rpartition('~')[0] if '~' in name[97:100] else name[:100]}~h{hashlib.sha256(value.encode()).hexdigest()[:32]}"


def record_name(key: Iterable[str]) -> str:
    """The name of a record: the values of its key, joined by commas."""
    return ",".join(segment(value) for value in key)


def address(base_url: str, source: str, target: str) -> str:
    """How the document at `source` links to the object at `target`: absolute where the public address is known, else relative to
    the document (RFC 3986), so that a copied folder stays whole."""
    if base_url:
        return base_url + quote(target, safe="/,~@")
    here, there = [part for part in source.split("/")[:-1] if part], [part for part in target.split("/") if part]
    shared = 0
    for one, other in zip(here, there, strict=False):
        if one != other:
            break
        shared += 1
    found = quote("../" * (len(here) - shared) + "/".join(there[shared:]), safe="/,~@").removesuffix("/") or "."
    return f"{found}/" if not target or target.endswith("/") else found


def headers(key: str) -> Headers:
    """The headers that the object at `key` is served with (design: publishing.md, Headers)."""
    name = key.rpartition("/")[2]
    suffix = _suffix(name)
    content_type = _TYPES.get(suffix, "application/octet-stream")
    if _FEED.match(key):
        content_type = "application/feed+json"
    elif _LINKS.match(key):
        content_type = "application/linkset+json"
    release = _VERSIONED.match(key)
    if key.startswith(".") and not key.startswith(".well-known/"):
        return Headers(content_type, PRIVATE)
    if release is None and key.startswith("assets/"):
        return Headers(content_type, IMMUTABLE)
    if release is None or suffix == ".html":
        cache = POINTER if name in {"versions.json", INDEX, STATUS} else DERIVED
        return Headers(content_type, cache)
    disposition = attachment(name, release["version"]) if suffix in _DOWNLOADED else ""
    return Headers(content_type, IMMUTABLE, disposition)


def _suffix(name: str) -> str:
    """`.csv` of `members.csv`; nothing of `.hidden` and of names without one. Asked a hundred thousand times, so without pathlib."""
    stem, dot, end = name.rpartition(".")
    return f".{end.lower()}" if dot and stem and end else ""


def attachment(name: str, version: str) -> str:
    """Content-Disposition that saves `members.csv` of 1.4.0 as `members-1.4.0.csv` (RFC 6266; RFC 8187 for names beyond ASCII)."""
    path = PurePosixPath(name)
    saved = f"{path.stem}-{version}{path.suffix}"
    plain = re.sub(r'[^\x20-\x7e]|["\\]', "_", saved)
    value = f'attachment; filename="{plain}"'
    return value if plain == saved else f"{value}; filename*=UTF-8''{quote(saved, safe='')}"
