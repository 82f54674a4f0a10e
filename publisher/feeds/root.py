"""What programs read of a store as a whole. In: packages, or the cards that were made of them. Out: index.json, openapi.json, the API
catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from publisher import layout
from publisher.canonical import readable_item, readable_json, readable_list
from publisher.engine import Engine
from publisher.feeds.ending import endings
from publisher.feeds.envelope import licence
from publisher.feeds.index import FEEDS, FORMS
from publisher.feeds.openapi import describe_package, write_brief_openapi, write_openapi
from publisher.package.published import Published


def make_card(
    engine: Engine, published: Published, *, base_url: str, languages: Sequence[str], whole: bool
) -> dict[str, Any]:
    """What the store's documents need of a package; `whole` where its API is described there. Raises NotFound, Damaged."""
    described = describe_package(engine, published, base_url=base_url, languages=languages) if whole else None
    return {
        "index": readable_item(_package(published, base_url, languages)),
        "api": readable_item(_linked(published.info.name, base_url)),
        "openapi": described,
    }


def build_description(
    engine: Engine, published: Published, *, base_url: str, languages: Sequence[str]
) -> Iterator[tuple[str, bytes]]:
    """A package's own description. Raises NotFound, Damaged."""
    key = layout.openapi(published.info.name)
    part = describe_package(engine, published, base_url=base_url, languages=languages)
    yield key, readable_json(write_openapi(key, [part], base_url=base_url))


def build_root(
    cards: Sequence[Mapping[str, Any]], *, base_url: str, languages: Sequence[str], whole: bool
) -> Iterator[tuple[str, bytes]]:
    """The machine's entries, from the cards of all packages of a store in the order of their names; `whole` as the cards are."""
    if whole:
        description = write_openapi(layout.OPENAPI, [card["openapi"] for card in cards], base_url=base_url)
    else:
        description = write_brief_openapi(base_url, languages)
    yield layout.OPENAPI, readable_json(description)
    yield layout.API_CATALOG, readable_list({}, "linkset", [str(card["api"]) for card in cards])
    yield layout.INDEX, _index([str(card["index"]) for card in cards], base_url)


def _index(packages: Sequence[str], base_url: str) -> bytes:
    def link(target: str) -> str:
        return layout.address(base_url, layout.INDEX, target)

    head = {
        "feed_version": layout.FEED_MAJOR,
        "links": {
            "self": link(layout.INDEX),
            "service-desc": link(layout.OPENAPI),
            "catalog": link(layout.CATALOG),
            "catalog-jsonld": link(layout.CATALOG_JSON),
            "api-catalog": link(layout.API_CATALOG),
            "status": link(layout.STATUS),
        },
    }
    return readable_list(head, "packages", packages)


def _package(published: Published, base_url: str, languages: Sequence[str]) -> dict[str, Any]:
    info = published.info

    def link(target: str) -> str:
        return layout.address(base_url, layout.INDEX, target)

    return {
        "name": info.name,
        "languages": list(languages),
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
            "service-desc": link(layout.openapi(info.name)),
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


def _linked(name: str, base_url: str) -> dict[str, Any]:
    """A package in the API catalogue (RFC 9727)."""

    def target(place: str, kind: str) -> dict[str, str]:
        return {"href": layout.address(base_url, layout.API_CATALOG, place), "type": kind}

    return {
        "anchor": layout.address(base_url, layout.API_CATALOG, layout.data_index(name)),
        "service-desc": [target(layout.openapi(name), "application/vnd.oai.openapi+json;version=3.1")],
        "status": [target(layout.STATUS, "application/json")],
        "describedby": [target(layout.linkset(name), "application/linkset+json")],
    }
