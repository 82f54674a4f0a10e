"""One model of a package's metadata, in all its languages. In: a published datapackage.json. Out: PackageInfo.

Pages, feeds, catalogues, citations and the release notes read this and never the descriptor, so that all of them say the same.
Translations follow the Data Package recipe: `title` is the main language's text, `title@ar` the Arabic one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from publisher.address import is_link
from publisher.model import Descriptor

PAGE_SIZE = 500
"""Rows of a page of the static API, where a table declares nothing else."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text in the languages it was written in; `default` is that of the main language."""

    default: str = ""
    translations: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, language: str) -> str:
        """The text in a language, the main one's where nobody translated it."""
        return self.translations.get(language) or self.default

    def missing(self, languages: Sequence[str]) -> tuple[str, ...]:
        """Languages without a translation, for the maintainer (the first language is the main one)."""
        return tuple(item for item in languages[1:] if self.default and item not in self.translations)

    def __bool__(self) -> bool:
        return bool(self.default)


@dataclass(frozen=True, slots=True)
class Category:
    """A value of an enumeration and what it is called."""

    value: str
    label: Text


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """A column. `constraints` are the schema's, `deprecated` is `{since, until, replaced_by, reason}` or empty."""

    name: str
    type: str
    format: str
    title: Text
    description: Text
    constraints: Descriptor
    categories: tuple[Category, ...]
    example: str
    deprecated: Descriptor

    def label(self, value: str, language: str) -> str:
        """What a value is called in a language: its category's label, or the value itself."""
        return next((item.label(language) for item in self.categories if item.value == value and item.label), value)


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Columns whose values are the key of another table."""

    fields: tuple[str, ...]
    table: str
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileInfo:
    """A file of a release: path below its folder, size in bytes, lower-case hexadecimal sha256."""

    path: str
    format: str
    mediatype: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class TableInfo:
    """A table as published. `query` is the SQL a derived table came from ("" for one that people edit).

    `row_links` are two columns that name a row of any table, its table and its key, as `rowLinks: {table: ..., key: ...}` declares;
    `page_size` is `pageSize`, the rows of a page of the static API; `hxl` gives columns their HXL hashtags."""

    name: str
    title: Text
    description: Text
    rows: int
    fields: tuple[FieldInfo, ...]
    primary_key: tuple[str, ...]
    foreign_keys: tuple[ForeignKey, ...]
    files: tuple[FileInfo, ...]
    query: str
    deprecated: Descriptor
    schema: Descriptor
    row_links: tuple[str, ...] = ()
    page_size: int = PAGE_SIZE
    hxl: Mapping[str, str] = field(default_factory=dict)

    def column(self, name: str) -> FieldInfo:
        return next(item for item in self.fields if item.name == name)

    def parts(self, kind: str) -> tuple[FileInfo, ...]:
        """The table's files in a format such as `csv`, in the order of its rows; most tables have one."""
        return tuple(item for item in self.files if item.format == kind)

    def file(self, kind: str) -> FileInfo | None:
        """The one file of the whole table in a format; None where there is none, or a table in parts has several."""
        found = self.parts(kind)
        return found[0] if len(found) == 1 else None

    @property
    def by_format(self) -> tuple[tuple[FileInfo, ...], ...]:
        """All files, those of one format together."""
        return tuple(self.parts(kind) for kind in dict.fromkeys(item.format for item in self.files))

    @property
    def divided(self) -> bool:
        """Whether the table is published in parts."""
        return len(self.parts("csv")) > 1


@dataclass(frozen=True, slots=True)
class Link:
    """Something with a title and maybe an address: a licence, a source, a contributor. `more` holds its other properties."""

    title: Text
    path: str
    name: str
    more: Descriptor


@dataclass(frozen=True, slots=True)
class PackageInfo:
    """A release of a package as readers need it. `created` is RFC 3339 UTC; `temporal` is (start, end), either may be empty; `themes` are
    addresses or codes of the EU's data-theme list, as `theme` gives them; `deprecated` is as FieldInfo has it."""

    name: str
    version: str
    created: str
    title: Text
    description: Text
    keywords: Mapping[str, tuple[str, ...]]
    licenses: tuple[Link, ...]
    contributors: tuple[Link, ...]
    sources: tuple[Link, ...]
    spatial: Text
    spatial_uri: str
    temporal: tuple[str, str]
    frequency: str
    homepage: str
    version_rules: Text
    tables: tuple[TableInfo, ...]
    themes: tuple[str, ...] = ()
    deprecated: Descriptor = field(default_factory=dict)

    def table(self, name: str) -> TableInfo:
        return next(item for item in self.tables if item.name == name)


def read_metadata(descriptor: Descriptor) -> PackageInfo:
    """The model of a published descriptor (publisher/package/descriptor.py writes it)."""
    spatial = descriptor.get("spatial") or {}
    temporal = descriptor.get("temporal") or {}
    return PackageInfo(
        name=str(descriptor["name"]),
        version=str(descriptor.get("version", "")),
        created=str(descriptor.get("created", "")),
        title=text(descriptor, "title") or Text(str(descriptor["name"])),
        description=text(descriptor, "description"),
        keywords=_keywords(descriptor),
        licenses=tuple(_links(descriptor, "licenses")),
        contributors=tuple(_links(descriptor, "contributors")),
        sources=tuple(_sources(descriptor)),
        spatial=text(spatial, "title") if isinstance(spatial, Mapping) else Text(str(spatial)),
        spatial_uri=_address(spatial, "uri") if isinstance(spatial, Mapping) else "",
        temporal=(str(temporal.get("start", "")), str(temporal.get("end", "")))
        if isinstance(temporal, Mapping)
        else ("", ""),
        frequency=str(descriptor.get("accrualPeriodicity", "")),
        homepage=_address(descriptor, "homepage"),
        version_rules=text(descriptor, "versionRules"),
        tables=tuple(_table(item) for item in descriptor.get("resources", ())),
        themes=_names(descriptor.get("theme")),
        deprecated=descriptor.get("deprecated") or {},
    )


def text(descriptor: Descriptor, key: str) -> Text:
    """A translatable property: `title`, `title@ar`, `title@fr`."""
    prefix = f"{key}@"
    translations = {
        name[len(prefix) :]: str(value) for name, value in descriptor.items() if name.startswith(prefix) and value
    }
    return Text(str(descriptor.get(key) or ""), translations)


def _keywords(descriptor: Descriptor) -> Mapping[str, tuple[str, ...]]:
    names = [key for key in descriptor if key == "keywords" or key.startswith("keywords@")]
    return {key.partition("@")[2]: tuple(str(item) for item in descriptor[key] or ()) for key in names}


def _address(descriptor: Descriptor, key: str) -> str:
    """An address that pages link to; "" for what is none, which releases of before may hold."""
    found = str(descriptor.get(key) or "")
    return found if is_link(found) else ""


def _links(descriptor: Descriptor, key: str) -> Iterator[Link]:
    for item in descriptor.get(key) or ():
        title = text(item, "title") or Text(str(item.get("name") or item.get("path") or ""))
        yield Link(title, _address(item, "path"), str(item.get("name") or ""), item)


def _sources(descriptor: Descriptor) -> Iterator[Link]:
    """What the maintainers name, and the addresses on the web that tables were read from, with the day on which they were."""
    named = [*_links(descriptor, "sources")]
    yield from named
    seen = {item.path for item in named}
    for origin in (item for resource in descriptor.get("resources", ()) for item in resource.get("origin") or ()):
        path = str(origin.get("path") or "")
        if origin.get("kind") == "web" and path and path not in seen:
            seen.add(path)
            yield Link(Text(path), path, "", {"path": path, "version": str(origin.get("readAt", ""))[:10]})


def _table(resource: Descriptor) -> TableInfo:
    schema = resource.get("schema") or {}
    key = schema.get("primaryKey") or ()
    return TableInfo(
        name=str(resource["name"]),
        title=text(resource, "title") or Text(str(resource["name"])),
        description=text(resource, "description"),
        rows=int(resource.get("rows") or 0),
        fields=tuple(_field(item) for item in schema.get("fields", ())),
        primary_key=(key,) if isinstance(key, str) else tuple(key),
        foreign_keys=tuple(_foreign_key(item, str(resource["name"])) for item in schema.get("foreignKeys") or ()),
        files=tuple(file for item in (resource, *(resource.get("formats") or ())) for file in _files(item)),
        query=str(resource.get("query") or ""),
        deprecated=resource.get("deprecated") or {},
        schema=schema,
        row_links=_row_links(resource.get("rowLinks") or {}),
        page_size=max(1, int(resource.get("pageSize") or PAGE_SIZE)),
        hxl={str(name): str(tag) for name, tag in (resource.get("hxl") or {}).items()},
    )


def _row_links(declared: Descriptor) -> tuple[str, ...]:
    return (str(declared["table"]), str(declared["key"])) if {"table", "key"} <= {*declared} else ()


def _field(item: Descriptor) -> FieldInfo:
    return FieldInfo(
        name=str(item["name"]),
        type=str(item.get("type", "any")),
        format=str(item.get("format", "default")),
        title=text(item, "title") or Text(str(item["name"])),
        description=text(item, "description"),
        constraints=item.get("constraints") or {},
        categories=tuple(_category(value) for value in item.get("categories") or ()),
        example=str(item.get("example", "")),
        deprecated=item.get("deprecated") or {},
    )


def _category(item: Any) -> Category:
    if isinstance(item, Mapping):
        return Category(str(item.get("value", "")), text(item, "label") or Text(str(item.get("value", ""))))
    return Category(str(item), Text(str(item)))


def _foreign_key(item: Descriptor, own: str) -> ForeignKey:
    reference = item.get("reference") or {}
    return ForeignKey(
        _names(item.get("fields")), str(reference.get("resource") or own), _names(reference.get("fields"))
    )


def _names(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())


def _files(item: Descriptor) -> Iterator[FileInfo]:
    """The file of a table in one format, or those of its parts."""
    shared = {name: item.get(name, "") for name in ("format", "mediatype")}
    yield from (_file(shared | dict(part)) for part in item.get("parts") or (item,))


def _file(item: Descriptor) -> FileInfo:
    path = item.get("path", "")
    return FileInfo(
        path=str(path[0] if isinstance(path, list) else path),
        format=str(item.get("format", "")),
        mediatype=str(item.get("mediatype", "")),
        bytes=int(item.get("bytes") or 0),
        sha256=str(item.get("hash", "")).removeprefix("sha256:"),
    )
