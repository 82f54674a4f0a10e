"""What programs may read of a package, as OpenAPI has it. In: its latest release. Out: paths, with examples from the data, and schemas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from publisher import layout
from publisher.engine import Engine
from publisher.feeds.answers import get, parameter
from publisher.feeds.envelope import Api
from publisher.feeds.index import FEEDS, FORMS, variable
from publisher.feeds.relations import facets, tie
from publisher.feeds.rows import Rows
from publisher.feeds.schemas import table_schema
from publisher.package.metadata import TableInfo
from publisher.package.published import Published


def package_paths(
    name: str, languages: Sequence[str], tag: str, version: str | None, tables: Sequence[str] | None
) -> Iterator[tuple[str, Any]]:
    """Paths that every package has. `name` may be a parameter, such as {package}; then neither `version`, the latest release, nor
    `tables` are known."""
    yield (
        f"/{layout.pointer(name)}",
        get(tag, "Every release and which one is the latest", "application/json", "pointer"),
    )
    yield f"/{layout.data_index(name)}", get(tag, "The entry of the static API", "application/json", "index")
    yield f"/{layout.linkset(name)}", get(tag, "Typed links (RFC 9264)", "application/linkset+json")
    yield f"/{layout.openapi(name)}", get(tag, "The API of this package alone (OpenAPI 3.1)", "application/json")
    yield f"/{layout.catalog(name)}", get(tag, "The package as DCAT-AP 3, Turtle", "text/turtle")
    yield f"/{layout.catalog_json(name)}", get(tag, "The package as DCAT-AP 3, JSON-LD", "application/ld+json")
    yield f"/{layout.dataset_card(name)}", get(tag, "The package as schema.org/Dataset", "application/ld+json")
    release = parameter("version", "A release.", version)
    file = parameter("file", "A file that datapackage.json or SHA256SUMS names.", layout.DESCRIPTOR)
    place = layout.release_file(name, "{version}", "{file}")
    yield f"/{place}", get(tag, "A file of a release; it never changes", "*/*", parameters=(release, file))
    place = layout.latest_file(name, "{file}")
    yield f"/{place}", get(tag, "The same file of the latest release", "*/*", parameters=(file,))
    yield from _changes(name, languages, tag, version)
    schema = parameter(
        "schema",
        "The name of a schema.",
        "pointer",
        enum=["index", "facet", "tombstone", "change", "changes", "pointer"],
    )
    yield (
        f"/{layout.data_schema(name, '{schema}')}",
        get(tag, "A JSON Schema", "application/json", parameters=(schema,)),
    )
    if tables is None or tables:
        table = parameter("table", "A table.", tables[0] if tables else None, **({"enum": tables} if tables else {}))
        place = layout.data_schema(name, "tables/{table}")
        yield f"/{place}", get(tag, "A table's JSON Schema", "application/json", parameters=(table,))
    yield from _feeds(name, languages, tag)


def _changes(name: str, languages: Sequence[str], tag: str, version: str | None) -> Iterator[tuple[str, Any]]:
    language = parameter("language", "A language.", languages[0], enum=list(languages))
    told = "The changelog of the data"
    yield f"/{layout.changelog(name, 'json')}", get(tag, f"{told}, all languages", "application/json")
    place = layout.changelog(name, "md", "{language}")
    yield f"/{place}", get(tag, f"{told}, Markdown", "text/markdown", parameters=(language,))
    counted = "A page of older releases, counted from 0001; `links.earlier` leads to the newest."
    number = parameter("number", counted, None, pattern="^[0-9]{4,}$")
    place = layout.changelog_page(name, 1, "json").replace("0001", "{number}")
    yield f"/{place}", get(tag, f"{told}, older releases", "application/json", parameters=(number,))
    since = parameter("since", "One of the ten releases before the latest.", None)
    latest = parameter("version", "The latest release.", version)
    file = parameter("file", "The summary, or a line a row.", layout.CHANGES, enum=[layout.CHANGES, layout.CHANGE_ROWS])
    place = layout.rollup(name, "{since}", "{version}", "{file}")
    summary = "All changes from an earlier release to the latest"
    yield f"/{place}", get(tag, summary, "*/*", parameters=(since, latest, file))


def _feeds(name: str, languages: Sequence[str], tag: str) -> Iterator[tuple[str, Any]]:
    language = parameter("language", "A language of the feed.", languages[0], enum=list(languages))
    number = parameter("number", "An archive, counted from 0001; the feed links to it.", None, pattern="^[0-9]{4,}$")
    for kind in FEEDS:
        for form, media in FORMS.items():
            title = f"News about {kind}, {'JSON Feed 1.1' if form == 'json' else 'Atom'}"
            yield (
                f"/{layout.feed(name, kind, '{language}', form)}",
                get(tag, title, media, parameters=(language,)),
            )
            place = layout.feed_archive(name, kind, "{language}", 1, form).replace(".0001.", ".{number}.")
            yield f"/{place}", get(tag, f"{title}: an archive", media, parameters=(language, number))


class Described:
    """The paths and schemas of one package, whose release is without the tables that the API does not serve."""

    def __init__(self, engine: Engine, published: Published, api: Api, languages: Sequence[str]) -> None:
        self._engine = engine
        self._published = published
        self._api = api
        self._languages = languages
        self._name = published.info.name
        self._rows = {table.name: Rows(table, "") for table in published.info.tables}

    def paths(self) -> Iterator[tuple[str, Any]]:
        info = self._published.info
        tables = [item.name for item in info.tables]
        yield from package_paths(self._name, self._languages, self._name, info.version, tables)
        for item in info.tables:
            for path, found in self._table(item):
                if item.deprecated or info.deprecated:
                    found["get"]["deprecated"] = True
                yield path, found

    def _table(self, table: TableInfo) -> Iterator[tuple[str, Any]]:
        name, title = self._name, table.title.default
        schema = component(name, table.name, "page")
        sample = next(self._published.rows(table, 1), None)
        yield f"/{layout.data_whole(name, table.name)}", get(name, f"{title}: all rows", "application/json", schema)
        page = parameter("page", "A page, counted from 0001.", "0001", pattern="^[0-9]{4,}$")
        place = layout.data_page(name, table.name, 1).replace("0001", "{page}")
        yield f"/{place}", get(name, f"{title}: a page", "application/json", schema, (page,))
        if table.primary_key:
            yield self._record(table, sample)
        for column in facets(self._engine, self._published, table):
            yield (
                f"/{layout.data_facet(name, table.name, column)}",
                get(name, f"{title} by {column}: values", "application/json", "facet"),
            )
            value = parameter(
                "value",
                f"A value of {column}; `~p2` after it is its second page.",
                _value(self._published, table, column),
            )
            place = layout.data_subset(name, table.name, column, "VALUE").replace("VALUE", "{value}")
            yield f"/{place}", get(name, f"{title} by {column}: rows", "application/json", schema, (value,))

    def _record(self, table: TableInfo, sample: Mapping[str, str | None] | None) -> tuple[str, Any]:
        keys = [
            parameter(
                variable(item), table.column(item).title.default, layout.segment(sample[item] or "") if sample else None
            )
            for item in table.primary_key
        ]
        names = ",".join("{" + variable(item) + "}" for item in table.primary_key)
        place = layout.data_record(self._name, table.name, "KEY").replace("KEY.json", f"{names}.json")
        path = get(self._name, f"{table.title.default}: one record with related rows", "application/json", "", keys)
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
