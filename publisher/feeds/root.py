"""What programs read of a store as a whole. In: the latest release of each package. Out: index.json, openapi.json, the API catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from publisher import layout
from publisher.canonical import readable_json
from publisher.engine import Engine
from publisher.feeds.ending import endings
from publisher.feeds.envelope import licence
from publisher.feeds.index import FEEDS, FORMS
from publisher.feeds.openapi import build_openapi
from publisher.package.published import Published


def build_root(
    engine: Engine, packages: Sequence[Published], *, base_url: str, languages: Sequence[str]
) -> Iterator[tuple[str, bytes]]:
    """The machine's entries, for all packages of a store in the order of their names. Raises NotFound, Damaged."""
    ordered = sorted(packages, key=lambda item: item.info.name)
    key, description = build_openapi(engine, ordered, base_url=base_url, languages=languages)
    yield key, readable_json(description)
    yield _api_catalog(ordered, base_url)
    yield _index(ordered, base_url, languages)


def _index(packages: Sequence[Published], base_url: str, languages: Sequence[str]) -> tuple[str, bytes]:
    key = layout.INDEX

    def link(target: str) -> str:
        return layout.address(base_url, key, target)

    body = {
        "feed_version": layout.FEED_MAJOR,
        "links": {
            "self": link(key),
            "service-desc": link(layout.OPENAPI),
            "catalog": link(layout.CATALOG),
            "catalog-jsonld": link(layout.CATALOG_JSON),
            "api-catalog": link(layout.API_CATALOG),
            "status": link(layout.STATUS),
        },
        "packages": [_package(item, base_url, languages) for item in packages],
    }
    return key, readable_json(body)


def _package(published: Published, base_url: str, languages: Sequence[str]) -> dict[str, Any]:
    info = published.info

    def link(target: str) -> str:
        return layout.address(base_url, layout.INDEX, target)

    return {
        "name": info.name,
        "title": {item: info.title(item) for item in languages},
        "description": {item: info.description(item) for item in languages if info.description},
        "version": info.version,
        "created": info.created,
        "licences": [licence(item) for item in info.licenses],
        "tables": [{"name": table.name, "rows": table.rows} for table in info.tables],
        "deprecations": endings(info),
        "links": {
            "versions": link(layout.pointer(info.name)),
            "release": link(layout.release_folder(info.name, info.version)),
            "datapackage": link(layout.release_file(info.name, info.version, layout.DESCRIPTOR)),
            "checksums": link(layout.release_file(info.name, info.version, layout.CHECKSUMS)),
            "data": link(layout.data_index(info.name)),
            "linkset": link(layout.linkset(info.name)),
            "feeds": {
                kind: {
                    language: {form: link(layout.feed(info.name, kind, language, form)) for form in FORMS}
                    for language in languages
                }
                for kind in FEEDS
            },
        },
    }


def _api_catalog(packages: Sequence[Published], base_url: str) -> tuple[str, bytes]:
    """RFC 9727: where this host describes its APIs."""
    key = layout.API_CATALOG

    def target(place: str, kind: str) -> dict[str, str]:
        return {"href": layout.address(base_url, key, place), "type": kind}

    description = target(layout.OPENAPI, "application/vnd.oai.openapi+json;version=3.1")
    links = [
        {
            "anchor": layout.address(base_url, key, layout.data_index(item.info.name)),
            "service-desc": [description],
            "status": [target(layout.STATUS, "application/json")],
            "describedby": [target(layout.linkset(item.info.name), "application/linkset+json")],
        }
        for item in packages
    ]
    return key, readable_json({"linkset": links})
