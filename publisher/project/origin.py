"""Where tables come from. In: a resource as written. Out: its origins, and how the files are written; nothing is read but a query's text.

    path: members.csv                                          a file of the package (no origin)
    path: https://data.example.org/members.xlsx                the web; also s3://bucket/key; a list of addresses is a table's parts
    publisher: {source: {authorization: SOURCE_TOKEN}}         … with what this variable holds as the request's Authorization
    publisher: {source: {address: SOURCE_URL}}                 … an address that is itself a secret (no `path`)
    publisher: {source: {database: SOURCE_DB, query: x.sql}}   PostgreSQL (no `path`)
    publisher: {source: {prefix: measurements/}}               every file below a folder of the package, a part each (no `path`)
    publisher: {source: {prefix: s3://bucket/measurements/}}   … every object below a prefix
    publisher: {source: {inbox: true}}                         the project's inbox; `path`, if there is one, until something is dropped

Variables are named SOURCE_…, so that no descriptor can have another secret of the machine sent to where it likes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from publisher.address import shown
from publisher.errors import ProjectError
from publisher.model import Descriptor, Origin
from publisher.project.files import inside, read_text, refuse_unknown, regular

SOURCE_KEYS = ("inbox", "database", "query", "address", "authorization", "prefix")
FORMATS: Mapping[str, str] = {
    "csv": "csv",
    "tsv": "csv",
    "tab": "csv",
    "txt": "csv",
    "xlsx": "xlsx",
    "xlsm": "xlsx",
    "json": "json",
    "ndjson": "ndjson",
    "jsonl": "ndjson",
}
"""Formats by the end of a file's name, and how such files are written."""
PACKED = (".gz", ".zip")
_TABULAR = {
    "header",
    "headerRows",
    "headerJoin",
    "headerCase",
    "commentRows",
    "commentChar",
    "skipBlankRows",
    "sheetName",
    "sheetNumber",
    "property",
}
_VARIABLE = re.compile(r"^SOURCE_[A-Z0-9_]+$")


def read_origins(descriptor: Descriptor, root: Path, where: str, *, trusted: bool) -> tuple[Origin, ...]:
    """A table's origins, none where it is a file of its package. Only `trusted` packages, those of a project, may have any.

    Raises ProjectError."""
    source = (descriptor.get("publisher") or {}).get("source", {})
    if not isinstance(source, Mapping):
        raise ProjectError(
            f"{where}.publisher.source: must be an object", "Write {inbox: true} or {database: …, query: …}."
        )
    refuse_unknown(source, SOURCE_KEYS, f"{where}.publisher.source")
    written = descriptor.get("path", [])
    addresses = [item for item in (written if isinstance(written, list) else [written]) if "://" in str(item)]
    if not source and not addresses:
        return ()
    if folder_of(descriptor):
        _refuse_mixture(descriptor, source, addresses, where)
        return ()
    if not trusted:
        raise ProjectError(
            f"{where}: comes from outside its package, which is for the packages of a project",
            "Download the file into the package's folder and name it in `path`, or put the package under datasets/.",
        )
    _refuse_mixture(descriptor, source, addresses, where)
    if "database" in source:
        return (_database(source, root, where),)
    if "inbox" in source:
        return (Origin("inbox", f"inbox: {descriptor.get('name')}"),)
    if "prefix" in source:
        return (_prefix(source["prefix"], str(descriptor.get("format", "")), where),)
    suffix = _suffix(descriptor, addresses, where)
    if "address" in source:
        variable = _variable(source, "address", where)
        origin = Origin("web", f"the address in {variable}", variable=variable, suffix=suffix)
        return (_authorized(origin, source, where),)
    return tuple(_authorized(_address(item, suffix, where), source, where) for item in addresses)


def folder_of(descriptor: Descriptor) -> str:
    """The folder of its package whose files are the parts of a table; "" where the table is made otherwise."""
    source = (descriptor.get("publisher") or {}).get("source")
    prefix = source.get("prefix") if isinstance(source, Mapping) else None
    return prefix if isinstance(prefix, str) and "://" not in prefix else ""


def list_folder(folder: str, root: Path, where: str) -> tuple[Path, ...]:
    """The files below a folder of a package, in the order of their names (see is_part). Raises ProjectError."""
    relative = PurePosixPath(folder)
    if relative.is_absolute() or ".." in relative.parts or "\\" in folder or "\0" in folder or not relative.parts:
        raise ProjectError(
            f"{where}: {folder!r} is not a folder inside the package", "Use a relative path without `..`."
        )
    found = {
        item.relative_to(root / relative).as_posix(): item for item in (root / relative).rglob("*") if not item.is_dir()
    }
    names = sorted(filter(is_part, found), key=str.encode)
    if not names:
        raise ProjectError(f"{where}: there is no file below {folder}", "Put the parts of the table there.")
    return tuple(regular(found[name], root, where=where) for name in names)


def is_part(name: str) -> bool:
    """Whether what lies below a prefix under `name` is a part. Hidden files and marks of other programs (`_SUCCESS`) are not."""
    return bool(name) and not any(segment.startswith((".", "_")) for segment in name.split("/"))


def file_format(name: str, declared: str, where: str) -> str:
    """The format of a file by its name (`members.xlsx`, `members.csv.gz`) or, where that says nothing, by `format`. Raises ProjectError."""
    plain = PurePosixPath(name)
    ending = (plain.with_suffix("") if plain.suffix.lower() in PACKED else plain).suffix.lstrip(".").lower()
    found = declared.lower() or ending
    if f".{found}" in PACKED:
        found = ending or "csv"
    if found not in FORMATS or FORMATS.get(ending, FORMATS[found]) != FORMATS[found]:
        raise ProjectError(
            f"{where}: {name or 'what comes'} is {found or 'of no known format'}"
            + (f" by `format` and {ending} by its name" if ending and ending != found else ", not a table"),
            f"Save it as CSV, UTF-8, or say its `format`: {', '.join(FORMATS)}.",
        )
    return found


def tabular_dialect(dialect: Descriptor) -> Descriptor:
    """What a dialect says of a sheet or a list of records. What says how CSV is written is not meant for it."""
    return {name: value for name, value in dialect.items() if name in _TABULAR}


def _refuse_mixture(descriptor: Descriptor, source: Descriptor, addresses: Sequence[object], where: str) -> None:
    """A table comes from one kind of place."""
    written = descriptor.get("path", [])
    paths = written if isinstance(written, list) else [written]
    kinds = [name for name in ("inbox", "database", "address", "prefix") if name in source]
    if len(kinds) > 1 or (kinds and addresses) or (addresses and len(addresses) != len(paths)):
        raise ProjectError(
            f"{where}: comes from several places", "Name one: `path`, `inbox`, `database`, `address` or `prefix`."
        )
    if kinds and kinds != ["inbox"] and paths:
        raise ProjectError(
            f"{where}: has a `path` beside `{kinds[0]}`", "Drop `path`: the table does not come from there."
        )
    if source.get("inbox", True) is not True:
        raise ProjectError(f"{where}.publisher.source.inbox: must be true", "Drop it where the inbox is not meant.")
    if "query" in source and "database" not in source:
        raise ProjectError(f"{where}.publisher.source: `query` needs `database`", "Name the variable with its address.")
    if "authorization" in source and kinds not in ([], ["address"]):
        raise ProjectError(f"{where}.publisher.source: `authorization` is for the web", "Drop it.")
    if "authorization" in source and not addresses and not kinds:
        raise ProjectError(f"{where}.publisher.source: `authorization` needs an address", "Give one as `path`.")


def _prefix(written: object, declared: str, where: str) -> Origin:
    where = f"{where}.publisher.source.prefix"
    address = str(written).rstrip("/") + "/"
    parts = urlsplit(address)
    if (
        not isinstance(written, str)
        or parts.scheme != "s3"
        or not parts.netloc
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
    ):
        raise ProjectError(
            f"{where}: {shown(str(written))} is neither a folder of the package nor a prefix in a bucket",
            "Write `measurements/` or `s3://bucket/measurements/`.",
        )
    return Origin("prefix", address, address, suffix=f".{file_format('', declared or 'csv', where)}")


def _database(source: Descriptor, root: Path, where: str) -> Origin:
    variable = _variable(source, "database", where)
    where = f"{where}.publisher.source.query"
    if not isinstance(source.get("query"), str):
        raise ProjectError(f"{where}: must name a file with the SQL to ask", "Write `query: sources/members.sql`.")
    sql = read_text(inside(source["query"], root, where=where))
    return Origin("database", f"the database in {variable}", variable=variable, sql=sql)


def _address(written: object, suffix: str, where: str) -> Origin:
    address = str(written)
    parts = urlsplit(address)
    if parts.username is not None or parts.password is not None:
        raise ProjectError(
            f"{where}.path: {shown(address)} carries credentials",
            "Put them in a variable: `source: {authorization: SOURCE_…}`.",
        )
    if parts.scheme == "s3" and parts.netloc and parts.path.strip("/") and not parts.query and not parts.fragment:
        return Origin("bucket", address, address, suffix=suffix)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ProjectError(
            f"{where}.path: {shown(address)} cannot be read from",
            "Use https:// or s3://bucket/key, in a key %3F for ? and %23 for #.",
        )
    return Origin("web", shown(address), address, suffix=suffix)


def _authorized(origin: Origin, source: Descriptor, where: str) -> Origin:
    if "authorization" not in source:
        return origin
    if origin.kind != "web":
        raise ProjectError(f"{where}.publisher.source: `authorization` is for the web", "Buckets have AWS_* variables.")
    return replace(origin, authorization=_variable(source, "authorization", where))


def _variable(source: Descriptor, key: str, where: str) -> str:
    name = source[key]
    if not isinstance(name, str) or not _VARIABLE.match(name):
        raise ProjectError(
            f"{where}.publisher.source.{key}: must name an environment variable that begins with SOURCE_",
            "Put the secret itself into that variable, never into a descriptor.",
        )
    return name


def _suffix(descriptor: Descriptor, addresses: Sequence[object], where: str) -> str:
    """How the files that are kept of it end."""
    names = [PurePosixPath(urlsplit(str(item)).path).name for item in addresses] or [""]
    formats = {file_format(name, str(descriptor.get("format", "")), where) for name in names}
    packed = {ending if (ending := PurePosixPath(name).suffix.lower()) in PACKED else "" for name in names}
    if len(formats) > 1 or len(packed) > 1:
        raise ProjectError(f"{where}.path: its parts are of several formats", "Use one for all parts.")
    return f".{formats.pop()}{packed.pop()}"
