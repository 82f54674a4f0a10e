"""OpenAPI 3.1 of everything programs may read. In: the latest release of each package. Out: openapi.json, with examples from the data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote

from publisher import layout
from publisher.engine import Engine
from publisher.feeds.envelope import Api
from publisher.feeds.index import FEEDS, FORMS, variable
from publisher.feeds.relations import facets, tie
from publisher.feeds.rows import Rows
from publisher.feeds.schemas import facet_schema, index_schema, pointer_schema, table_schema, tombstone_schema
from publisher.feeds.served import ROWS, left_to_files, served
from publisher.package.metadata import TableInfo
from publisher.package.published import Published

Paths = dict[str, Any]

_ANSWERS = {
    "304": {"description": "The document is still the one whose ETag was sent in If-None-Match."},
    "404": {
        "description": "There is no such document and never was: removed records leave a tombstone (200, `status` 410)."
    },
}
_HEADERS = {
    "ETag": {"description": "Changes with the bytes; send it back in If-None-Match.", "schema": {"type": "string"}},
    "Last-Modified": {"description": "When the document was last written.", "schema": {"type": "string"}},
    "Cache-Control": {
        "description": "How long the document may be kept; `immutable` for files of a release.",
        "schema": {"type": "string"},
    },
    "Content-Length": {"description": "Bytes.", "schema": {"type": "integer"}},
}
_PARAMETERS = {
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "The ETag of the copy you have.",
        "schema": {"type": "string"},
    },
    "Range": {
        "name": "Range",
        "in": "header",
        "description": "A part of the document, such as bytes=0-1023; answered by 206.",
        "schema": {"type": "string"},
    },
}
_DESCRIPTION = (
    "Files on object storage: no key, no limit, no query parameters. `versions.json` of a package says which release is the latest; "
    "files below `v/` never change. Keys in addresses: letters, digits, `-`, `_` and `.` stand for themselves, every other character is "
    "written as `~` and the hexadecimal of its UTF-8 bytes; the values of a key of several columns are joined by commas. "
    f"Tables of more than {ROWS:,} rows have no paths for pages and records: they are read as files of a release, and `data/index.json` "
    "lists them under `files`."
)


def build_openapi(
    engine: Engine, packages: Sequence[Published], *, base_url: str, languages: Sequence[str]
) -> tuple[str, dict[str, Any]]:
    """The description as a plain value; the caller writes it. Raises NotFound, Damaged."""
    paths = _catalogue()
    schemas: dict[str, Any] = {
        "index": index_schema(),
        "facet": facet_schema(),
        "tombstone": tombstone_schema(),
        "pointer": pointer_schema(),
    }
    for published in map(served, packages):
        described = _Described(engine, published, Api(published.info, base_url, (published.version,)), languages)
        paths |= dict(described.paths())
        schemas |= dict(described.schemas())
    return layout.OPENAPI, {
        "openapi": "3.1.1",
        "info": {
            "title": "Open data as files",
            "version": str(layout.FEED_MAJOR),
            "description": _DESCRIPTION,
            **_licence(packages),
        },
        "servers": [{"url": base_url.rstrip("/") or "."}],
        "security": [],
        "tags": [
            {"name": "catalogue"},
            *({"name": item.info.name, "description": _about(item)} for item in packages),
        ],
        "paths": {quote(path, safe="/{},~"): item for path, item in paths.items()},
        "components": {"schemas": schemas, "headers": _HEADERS, "parameters": _PARAMETERS, "responses": _ANSWERS},
    }


def _about(published: Published) -> str:
    """A package's title, and its tables that have no paths."""
    large = [f"{table.name} ({table.rows:,} rows)" for table in left_to_files(published)]
    title = published.info.title.default
    return f"{title}. Read as files: {', '.join(large)}." if large else title


def _licence(packages: Sequence[Published]) -> dict[str, Any]:
    """The licence of the data where all packages have the same one."""
    found = {(item.name, item.path) for published in packages for item in published.info.licenses[:1]}
    if len(found) != 1:
        return {}
    name, path = found.pop()
    return {"license": {"name": name or path, **({"url": path} if path else {})}}


def _get(
    tag: str, summary: str, kind: str, schema: str = "", parameters: Sequence[Any] = (), **more: Any
) -> dict[str, Any]:
    """A path that can be read."""
    content: dict[str, Any] = {"schema": {"$ref": f"#/components/schemas/{schema}"}} if schema else {}
    answer = {
        "description": summary,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS},
        "content": {kind: content | more},
    }
    part = {"description": "The part that Range asked for.", "content": {kind: {}}}
    found: dict[str, Any] = {"tags": [tag], "summary": summary}
    shared = [{"$ref": f"#/components/parameters/{name}"} for name in _PARAMETERS]
    found["parameters"] = [*parameters, *shared]
    found["responses"] = {"200": answer, "206": part} | {
        code: {"$ref": f"#/components/responses/{code}"} for code in _ANSWERS
    }
    return {"get": found}


def _parameter(name: str, description: str, example: str | None, **schema: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "in": "path", "required": True, "description": description}
    found["schema"] = {"type": "string", **schema}
    return found | ({"example": example} if example is not None else {})


def _catalogue() -> Paths:
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
    return {f"/{key}": _get("catalogue", summary, kind) for key, (summary, kind) in said.items()}


class _Described:
    """The paths and schemas of one package."""

    def __init__(self, engine: Engine, published: Published, api: Api, languages: Sequence[str]) -> None:
        self._engine = engine
        self._published = published
        self._api = api
        self._languages = languages
        self._name = published.info.name
        self._rows = {table.name: Rows(table, "") for table in published.info.tables}

    def paths(self) -> Iterator[tuple[str, Any]]:
        name, info = self._name, self._published.info
        yield (
            f"/{layout.pointer(name)}",
            _get(name, "Every release and which one is the latest", "application/json", "pointer"),
        )
        yield f"/{layout.data_index(name)}", _get(name, "The entry of the static API", "application/json", "index")
        yield f"/{layout.linkset(name)}", _get(name, "Typed links (RFC 9264)", "application/linkset+json")
        yield f"/{layout.dataset_card(name)}", _get(name, "The package as schema.org/Dataset", "application/ld+json")
        version = _parameter("version", "A release.", info.version)
        file = _parameter("file", "A file that datapackage.json or SHA256SUMS names.", layout.DESCRIPTOR)
        place = layout.release_file(name, "{version}", "{file}")
        yield f"/{place}", _get(name, "A file of a release; it never changes", "*/*", parameters=(version, file))
        place = layout.latest_file(name, "{file}")
        yield f"/{place}", _get(name, "The same file of the latest release", "*/*", parameters=(file,))
        yield from self._changes()
        schema = _parameter(
            "schema",
            "The name of a schema.",
            "pointer",
            enum=["index", "facet", "tombstone", "change", "changes", "pointer"],
        )
        yield (
            f"/{layout.data_schema(name, '{schema}')}",
            _get(name, "A JSON Schema", "application/json", parameters=(schema,)),
        )
        if info.tables:
            table = _parameter("table", "A table.", info.tables[0].name, enum=[item.name for item in info.tables])
            place = layout.data_schema(name, "tables/{table}")
            yield f"/{place}", _get(name, "A table's JSON Schema", "application/json", parameters=(table,))
        yield from self._feeds()
        for item in info.tables:
            for path, found in self._table(item):
                if item.deprecated or info.deprecated:
                    found["get"]["deprecated"] = True
                yield path, found

    def _changes(self) -> Iterator[tuple[str, Any]]:
        name = self._name
        language = _parameter("language", "A language.", self._languages[0], enum=list(self._languages))
        told = "The changelog of the data"
        yield f"/{layout.changelog(name, 'json')}", _get(name, f"{told}, all languages", "application/json")
        place = layout.changelog(name, "md", "{language}")
        yield f"/{place}", _get(name, f"{told}, Markdown", "text/markdown", parameters=(language,))
        counted = "A page of older releases, counted from 0001; `links.earlier` leads to the newest."
        number = _parameter("number", counted, None, pattern="^[0-9]{4,}$")
        place = layout.changelog_page(name, 1, "json").replace("0001", "{number}")
        yield f"/{place}", _get(name, f"{told}, older releases", "application/json", parameters=(number,))
        since = _parameter("since", "One of the ten releases before the latest.", None)
        version = _parameter("version", "The latest release.", self._published.info.version)
        file = _parameter(
            "file", "The summary, or a line a row.", layout.CHANGES, enum=[layout.CHANGES, layout.CHANGE_ROWS]
        )
        place = layout.rollup(name, "{since}", "{version}", "{file}")
        summary = "All changes from an earlier release to the latest"
        yield f"/{place}", _get(name, summary, "*/*", parameters=(since, version, file))

    def _feeds(self) -> Iterator[tuple[str, Any]]:
        language = _parameter("language", "A language of the feed.", self._languages[0], enum=list(self._languages))
        number = _parameter(
            "number", "An archive, counted from 0001; the feed links to it.", None, pattern="^[0-9]{4,}$"
        )
        for kind in FEEDS:
            for form, media in FORMS.items():
                title = f"News about {kind}, {'JSON Feed 1.1' if form == 'json' else 'Atom'}"
                yield (
                    f"/{layout.feed(self._name, kind, '{language}', form)}",
                    _get(self._name, title, media, parameters=(language,)),
                )
                place = layout.feed_archive(self._name, kind, "{language}", 1, form).replace(".0001.", ".{number}.")
                yield f"/{place}", _get(self._name, f"{title}: an archive", media, parameters=(language, number))

    def _table(self, table: TableInfo) -> Iterator[tuple[str, Any]]:
        name, title = self._name, table.title.default
        schema = component(name, table.name, "page")
        sample = next(self._published.rows(table, 1), None)
        yield f"/{layout.data_whole(name, table.name)}", _get(name, f"{title}: all rows", "application/json", schema)
        page = _parameter("page", "A page, counted from 0001.", "0001", pattern="^[0-9]{4,}$")
        place = layout.data_page(name, table.name, 1).replace("0001", "{page}")
        yield f"/{place}", _get(name, f"{title}: a page", "application/json", schema, (page,))
        if table.primary_key:
            yield self._record(table, sample)
        for column in facets(self._engine, self._published, table):
            yield (
                f"/{layout.data_facet(name, table.name, column)}",
                _get(name, f"{title} by {column}: values", "application/json", "facet"),
            )
            value = _parameter(
                "value",
                f"A value of {column}; `~p2` after it is its second page.",
                _value(self._published, table, column),
            )
            place = layout.data_subset(name, table.name, column, "VALUE").replace("VALUE", "{value}")
            yield f"/{place}", _get(name, f"{title} by {column}: rows", "application/json", schema, (value,))

    def _record(self, table: TableInfo, sample: Mapping[str, str | None] | None) -> tuple[str, Any]:
        keys = [
            _parameter(
                variable(item), table.column(item).title.default, layout.segment(sample[item] or "") if sample else None
            )
            for item in table.primary_key
        ]
        names = ",".join("{" + variable(item) + "}" for item in table.primary_key)
        place = layout.data_record(self._name, table.name, "KEY").replace("KEY.json", f"{names}.json")
        path = _get(self._name, f"{table.title.default}: one record with related rows", "application/json", "", keys)
        found = [component(self._name, table.name, "record"), "tombstone"]
        content = {"schema": {"anyOf": [{"$ref": f"#/components/schemas/{item}"} for item in found]}}
        path["get"]["responses"]["200"]["content"] = {"application/json": content}
        return f"/{place}", path

    def schemas(self) -> Iterator[tuple[str, Any]]:
        for table in self._published.info.tables:
            schema = table_schema(self._api, table, tie(table, self._rows))
            for part, definition in schema["$defs"].items():
                yield component(self._name, table.name, part), _rewired(definition, self._name, table.name)


def component(package: str, table: str, part: str) -> str:
    """The name of a schema among the components; those allow fewer characters than addresses."""
    return f"{variable(package)}.{variable(table)}.{part}"


def _rewired(value: Any, package: str, table: str) -> Any:
    """A schema whose references lead to components in place of files."""
    if isinstance(value, list):
        return [_rewired(item, package, table) for item in value]
    if not isinstance(value, Mapping):
        return value
    found = {name: _rewired(item, package, table) for name, item in value.items()}
    if isinstance(reference := found.get("$ref"), str):
        file, _, part = reference.partition("#/$defs/")
        other = unquote(file.rpartition("/")[2]).removesuffix(".json") if file else table
        found["$ref"] = f"#/components/schemas/{component(package, other, part)}"
    return found


def _value(published: Published, table: TableInfo, column: str) -> str | None:
    """A value that the column has, if one of the first rows has any."""
    found = (row[column] for row in published.rows(table, 1000))
    return next((layout.segment(value) for value in found if value), None)
