"""Graphs as texts that can be put together. In: the graph of a package, of a catalogue. Out: fragments, documents of many of them, the
same bytes however they came about.

What many packages say of words that portals agreed on (a licence, a language, a format) is kept apart, so that a document says it once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rdflib import Graph, URIRef

from publisher.canonical import canonical_json, readable_list
from publisher.catalog.dcat import PREFIXES, new_graph

_HEAD = "".join(f"@prefix {name}: <{space}> .\n" for name, space in PREFIXES.items())


@dataclass(frozen=True, slots=True)
class Fragment:
    """Turtle without prefixes, JSON-LD nodes, one a line, and N-Triples of nodes that belong to nobody here."""

    turtle: str
    nodes: tuple[str, ...]
    words: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return {"turtle": self.turtle, "nodes": list(self.nodes), "words": list(self.words)}


def from_json(value: Any) -> Fragment:
    """What to_json gave."""
    return Fragment(value["turtle"], tuple(value["nodes"]), tuple(value["words"]))


def cut(graph: Graph, base_url: str) -> Fragment:
    """A graph as a fragment of a document; addresses below `base_url`, or relative ones, are our own."""
    own, words = new_graph(), new_graph()
    for triple in graph:
        (own if _is_own(triple[0], base_url) else words).add(triple)
    # texts may hold line ends of Unicode's own, at which splitlines() splits and N-Triples does not
    lines = sorted(line for line in words.serialize(format="nt").split("\n") if line)
    return Fragment(_turtle(own), tuple(_nodes(own)), tuple(lines))


def write_turtle(head: Graph, fragments: Sequence[Fragment]) -> bytes:
    """The catalogue, the words, then the fragments in their order."""
    parts = [_HEAD, _turtle(head + new_graph(_words(fragments))), *(item.turtle for item in fragments)]
    return ("\n\n".join(part.strip() for part in parts if part.strip()) + "\n").encode()


def write_json_ld(head: Graph, fragments: Sequence[Fragment]) -> bytes:
    """The same as JSON-LD."""
    nodes = [*_nodes(head + new_graph(_words(fragments))), *(node for item in fragments for node in item.nodes)]
    return readable_list({"@context": PREFIXES}, "@graph", nodes)


def _words(fragments: Iterable[Fragment]) -> list[str]:
    return sorted({line for item in fragments for line in item.words})


def _is_own(node: Any, base_url: str) -> bool:
    text = str(node)
    return text.startswith(base_url) if base_url else isinstance(node, URIRef) and "://" not in text


def _turtle(graph: Graph) -> str:
    text = graph.serialize(format="turtle")
    head, _, body = text.partition("\n\n")
    return (body if head.startswith("@prefix") else text).strip()


def _nodes(graph: Graph) -> list[str]:
    """Sorted by address, values by their text, so that equal graphs have equal bytes."""
    document = json.loads(graph.serialize(format="json-ld", context=PREFIXES, auto_compact=False))
    document.pop("@context", None)
    nodes = document.get("@graph", [document] if document else [])
    return [f"    {canonical_json(node).decode()}" for node in _sorted(nodes)]


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return sorted((_sorted(item) for item in value), key=canonical_json)
    return value
