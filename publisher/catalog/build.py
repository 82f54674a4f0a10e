"""Catalogues of a store for the portals of the world. In: the latest release of each package, the pointers' histories. Out: DCAT-AP as
Turtle and JSON-LD, schema.org; the same releases give the same bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rdflib import Graph

from publisher import layout
from publisher.canonical import canonical_json, readable_json
from publisher.catalog.dcat import Entry, describe
from publisher.package.metadata import PackageInfo, Text
from publisher.package.schema_org import data_catalog, dataset

TITLE = Text("Open data", {"ar": "بيانات مفتوحة", "fr": "Données ouvertes"})
"""What a catalogue of several packages is called; one of a single package bears that one's title."""


def build(
    packages: Sequence[tuple[PackageInfo, Sequence[Mapping[str, Any]]]], *, base_url: str, languages: Sequence[str]
) -> Iterator[tuple[str, bytes]]:
    """Each package is its latest release's metadata and its pointer's entries, newest first."""
    entries = sorted((Entry(info, tuple(history)) for info, history in packages), key=lambda item: item.info.name)
    title = entries[0].info.title if len(entries) == 1 else TITLE
    graph = describe(entries, title, base_url=base_url, languages=languages)
    yield layout.CATALOG, turtle(graph)
    yield layout.CATALOG_JSON, json_ld(graph)
    infos = [entry.info for entry in entries]
    yield (
        layout.DATA_CATALOG,
        readable_json(data_catalog(infos, languages, title.default, _address(base_url, layout.DATA_CATALOG))),
    )
    for info in infos:
        key = layout.dataset_card(info.name)
        yield key, readable_json(dataset(info, languages[0], _address(base_url, key)))


def turtle(graph: Graph) -> bytes:
    return graph.serialize(format="turtle", encoding="utf-8").strip() + b"\n"


def json_ld(graph: Graph) -> bytes:
    """Nodes sorted by address and values by their text, so that equal graphs have equal bytes."""
    prefixes = {str(prefix): str(space) for prefix, space in graph.namespaces()}
    used = {
        prefix: space
        for prefix, space in sorted(prefixes.items())
        if prefix and any(str(name).startswith(space) for name in _names(graph))
    }
    document = json.loads(graph.serialize(format="json-ld", context=used, auto_compact=False))
    return readable_json(_sorted(document))


def _names(graph: Graph) -> set[str]:
    """Predicates and types, which a context shortens."""
    return {str(name) for name in graph.predicates()} | {str(kind) for kind in graph.objects(None, None)}


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return sorted((_sorted(item) for item in value), key=canonical_json)
    return value


def _address(base_url: str, source: str) -> Any:
    return lambda key: layout.address(base_url, source, key)
