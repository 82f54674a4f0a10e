"""Catalogues for the portals of the world. In: packages, or the cards that were made of them. Out: DCAT-AP as Turtle and JSON-LD,
schema.org; the same releases give the same bytes.

Of a few packages, the store's catalogue holds all that the packages' own ones hold; of many, it is brief about each and leads there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from publisher import layout
from publisher.canonical import readable_item, readable_json, readable_list
from publisher.catalog.dcat import (
    Entry,
    Face,
    address_of_licence,
    address_of_publisher,
    describe_catalog,
    describe_package,
    new_graph,
)
from publisher.catalog.fragments import cut, from_json, write_json_ld, write_turtle
from publisher.package.metadata import PackageInfo, Text
from publisher.package.schema_org import Address, data_catalog, dataset, listed_dataset

TITLE = Text("Open data", {"ar": "بيانات مفتوحة", "fr": "Données ouvertes"})
"""What a catalogue of several packages is called; one of a single package bears that one's title."""


def build_package(
    info: PackageInfo,
    history: Sequence[Mapping[str, Any]],
    complete: bool,
    *,
    base_url: str,
    languages: Sequence[str],
) -> Iterator[tuple[str, bytes]]:
    """A package's own catalogue, from its latest release's metadata and its pointer's entries, newest first; `complete` says that these
    are all."""
    key = layout.catalog(info.name)
    graph = describe_package(Entry(info, history, complete), key=key, base_url=base_url, languages=languages)
    fragments = [cut(graph, base_url)]
    yield key, write_turtle(new_graph(), fragments)
    yield layout.catalog_json(info.name), write_json_ld(new_graph(), fragments)
    card = layout.dataset_card(info.name)
    yield card, readable_json(dataset(info, languages[0], _address(base_url, card)))


def make_card(
    info: PackageInfo,
    history: Sequence[Mapping[str, Any]],
    complete: bool,
    *,
    base_url: str,
    languages: Sequence[str],
    whole: bool,
) -> dict[str, Any]:
    """What the catalogue of the store needs of a package; `whole` where all of it is to stand there."""
    entry, key = Entry(info, history, complete), layout.CATALOG
    graph = describe_package(entry, key=key, base_url=base_url, languages=languages, brief=not whole)
    moments = [str(item["published"]) for item in history if item["kind"] == "release"]
    return {
        "title": [info.title.default, dict(info.title.translations)],
        "issued": min(moments, default="") if complete else "",
        "modified": max(moments, default=""),
        "licence": address_of_licence(info),
        "publisher": address_of_publisher(info, base_url),
        "dataset": readable_item(listed_dataset(info, _address(base_url, layout.DATA_CATALOG))),
        "dcat": cut(graph, base_url).to_json(),
    }


def build_root(
    cards: Sequence[Mapping[str, Any]], *, base_url: str, languages: Sequence[str]
) -> Iterator[tuple[str, bytes]]:
    """The catalogues of a store from the cards of its packages, in the order of their names."""
    face = _face(cards)
    head = describe_catalog(face, key=layout.CATALOG, base_url=base_url, languages=languages)
    fragments = [from_json(card["dcat"]) for card in cards]
    yield layout.CATALOG, write_turtle(head, fragments)
    yield layout.CATALOG_JSON, write_json_ld(head, fragments)
    document = data_catalog(languages, face.title.default, _address(base_url, layout.DATA_CATALOG))
    yield layout.DATA_CATALOG, readable_list(document, "dataset", [str(card["dataset"]) for card in cards])


def _face(cards: Sequence[Mapping[str, Any]]) -> Face:
    """The catalogue is as old as the oldest release where that is known, and under the licence that all packages have. A catalogue has one
    publisher: that of the first package."""
    issued, licences = [card["issued"] for card in cards], {card["licence"] for card in cards}
    return Face(
        Text(*cards[0]["title"]) if len(cards) == 1 else TITLE,
        min(issued) if all(issued) and issued else "",
        max((card["modified"] for card in cards), default=""),
        licences.pop() if len(licences) == 1 else "",
        cards[0]["publisher"] if cards else "",
    )


def _address(base_url: str, source: str) -> Address:
    return lambda key: layout.address(base_url, source, key)
