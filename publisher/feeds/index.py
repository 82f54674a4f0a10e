"""The entry of a package's API and everything about it as typed links. In: metadata, facets. Out: data/index.json, linkset.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from publisher import layout
from publisher.canonical import readable_json
from publisher.feeds.ending import endings
from publisher.feeds.envelope import Api
from publisher.feeds.pages import count_pages
from publisher.package.metadata import TableInfo

FEEDS = ("releases", "changes")
FORMS = {"json": "application/feed+json", "atom": "application/atom+xml"}


def build_index(
    api: Api, facets: Mapping[str, Sequence[str]], languages: Sequence[str], large: Sequence[TableInfo]
) -> tuple[str, bytes]:
    """What there is and where, for a program that knows nothing but this address. `large` tables have no pages and records."""
    info, key = api.info, layout.data_index(api.info.name)

    def link(target: str) -> str:
        return api.link(key, target)

    version = api.versions[-1]
    body = {
        "feed_version": layout.FEED_MAJOR,
        "package": info.name,
        "title": info.title.default,
        "version": version,
        "created": info.created,
        "generated_from": link(layout.release_file(info.name, version, layout.DESCRIPTOR)),
        "schema": link(layout.data_schema(info.name, "index")),
        "licence": api.licence(),
        "links": {
            "self": link(key),
            "versions": link(layout.pointer(info.name)),
            "release": link(layout.release_folder(info.name, version)),
            "service-desc": link(layout.openapi(info.name)),
            "linkset": link(layout.linkset(info.name)),
            "describedby": link(layout.dataset_card(info.name)),
            **{
                f"feed-{kind}-{language}": link(layout.feed(info.name, kind, language, "json"))
                for kind in FEEDS
                for language in languages
            },
        },
        "tables": [_table(api, key, table, facets[table.name]) for table in info.tables],
        "files": [_file_table(api, key, table) for table in large],
        "deprecations": endings(replace(info, tables=(*info.tables, *large))),
    }
    return key, readable_json(body)


def _table(api: Api, key: str, table: TableInfo, columns: Sequence[str]) -> dict[str, Any]:
    package = api.info.name

    def link(target: str) -> str:
        return api.link(key, target)

    links = {
        "whole": link(layout.data_whole(package, table.name)),
        "first": link(layout.data_page(package, table.name, 1)),
        "schema": link(layout.data_schema(package, f"tables/{table.name}")),
    }
    if table.primary_key:
        links["record"] = record_template(api, key, table)
    return {
        **_said(table),
        "page_size": table.page_size,
        "pages": count_pages(table.rows, table.page_size),
        "links": links,
        "facets": [
            {"column": name, "links": {"values": link(layout.data_facet(package, table.name, name))}}
            for name in columns
        ],
    }


def _said(table: TableInfo) -> dict[str, Any]:
    return {
        "name": table.name,
        "title": table.title.default,
        "description": table.description.default,
        "rows": table.rows,
        "key": list(table.primary_key),
    }


def _file_table(api: Api, key: str, table: TableInfo) -> dict[str, Any]:
    """A table that is read as a file."""
    version = api.versions[-1]

    def link(name: str) -> str:
        return api.link(key, layout.release_file(api.info.name, version, name))

    if table.divided:
        # the descriptor names the parts, with rows, sizes and hashes
        return {**_said(table), "links": {"describedby": link(layout.DESCRIPTOR)}}
    return {**_said(table), "links": {file.format: link(file.path) for file in table.files}}


def record_template(api: Api, key: str, table: TableInfo) -> str:
    """The address of a record as a template (RFC 6570): `members/{country_code}.json`."""
    names = ",".join("{" + variable(name) + "}" for name in table.primary_key)
    return api.link(key, layout.data_record(api.info.name, table.name, "KEY")).replace("KEY.json", f"{names}.json")


def variable(name: str) -> str:
    """A column's name as it may stand in a template (RFC 6570) and among the components of OpenAPI."""
    return layout.segment(name).replace("~", "_").replace("-", "_")


def build_linkset(api: Api, languages: Sequence[str]) -> tuple[str, bytes]:
    """RFC 9264. Relations of RFC 8288 and RFC 5829, since a bucket cannot send Link headers."""
    info, key = api.info, layout.linkset(api.info.name)

    def target(place: str, kind: str, **more: Any) -> dict[str, Any]:
        return {"href": api.link(key, place), "type": kind, **more}

    version = api.versions[-1]
    release = {name: layout.release_file(info.name, version, name) for name in (layout.DESCRIPTOR, layout.CHECKSUMS)}
    feeds = [
        target(layout.feed(info.name, name, language, form), kind, hreflang=[language])
        for name in FEEDS
        for language in languages
        for form, kind in FORMS.items()
    ]
    links: dict[str, Any] = {
        "anchor": api.link(key, f"{info.name}/"),
        "describedby": [
            target(release[layout.DESCRIPTOR], "application/json"),
            target(layout.dataset_card(info.name), "application/ld+json"),
            target(layout.CATALOG, "text/turtle"),
        ],
        "service-desc": [target(layout.openapi(info.name), "application/vnd.oai.openapi+json;version=3.1")],
        "service": [target(layout.data_index(info.name), "application/json")],
        "version-history": [target(layout.pointer(info.name), "application/json")],
        "latest-version": [{"href": api.link(key, layout.release_folder(info.name, version))}],
        "license": [{"href": item.path} for item in info.licenses if item.path],
        "alternate": feeds,
        "item": [
            target(layout.release_file(info.name, version, file.path), file.mediatype)
            for table in info.tables
            for file in table.files
        ],
    }
    if len(api.versions) > 1:
        links["predecessor-version"] = [{"href": api.link(key, layout.release_folder(info.name, api.versions[-2]))}]
    return key, readable_json({"linkset": [{name: value for name, value in links.items() if value}]})
