"""The catalogue as portals harvest it: no violation of DCAT-AP 3.0.1, and what is recommended but left out is listed here."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyshacl import validate
from rdflib import RDF, Graph, URIRef
from rdflib.compare import isomorphic

from publisher import catalog, layout
from publisher.catalog.dcat import DCAT, SPDX
from publisher.commit.history import walk
from publisher.commit.pointer import read_head
from publisher.package.published import read_release
from publisher.store.memory import MemoryStore
from tests.shelf import three_releases
from tests.tools import shared

BASE = "https://data.example.org/open/"
LANGUAGES = ("en", "ar", "fr")

LEFT_OUT = {
    (
        "http://xmlns.com/foaf/0.1/Agent",
        "type",
    ),  # the kind of organisation: no list fits a small project; a contributor may give one
    ("http://purl.org/dc/terms/Location", "bbox"),  # the whole world
    ("http://purl.org/dc/terms/Location", "centroid"),
}
"""Recommended properties that the Alliance's catalogue does not give, by class."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> MemoryStore:
    found = MemoryStore()
    three_releases(found, tmp_path_factory.mktemp("catalog"))
    return found


def objects(store: MemoryStore, folder: Path, base: str) -> dict[str, bytes]:
    published = read_release(store, "global-alliance", "1.1.0", folder)
    history = list(walk(store, read_head(store, "global-alliance")))
    how = {"base_url": base, "languages": LANGUAGES}
    card = catalog.make_card(published.info, history, True, whole=True, **how)
    return dict(catalog.build_package(published.info, history, True, **how)) | dict(catalog.build_root([card], **how))


@pytest.fixture(scope="module")
def made(store: MemoryStore, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return objects(store, tmp_path_factory.mktemp("made"), BASE)


def graph(body: bytes, form: str = "turtle", base: str = BASE + layout.CATALOG) -> Graph:
    return Graph().parse(data=body.decode(), format=form, publicID=base)


def check(found: Graph, shapes: str) -> list[tuple[str, str]]:
    """Violations as (class of the node, last part of the path)."""
    conforms, report, _ = validate(found, shacl_graph=Graph().parse(shared(f"standards/{shapes}.ttl")))
    if conforms:
        return []
    sh = "http://www.w3.org/ns/shacl#"
    violations = []
    for result in report.objects(None, URIRef(f"{sh}result")):
        node, path = report.value(result, URIRef(f"{sh}focusNode")), report.value(result, URIRef(f"{sh}resultPath"))
        kinds = sorted(str(kind) for kind in found.objects(node, RDF.type)) or [str(node)]
        violations.append((kinds[0], re.split(r"[/#]", str(path))[-1]))
    return violations


@pytest.mark.parametrize("shapes", ["dcatap301-shapes", "dcatap301-range", "dcatap301-deprecateduris"])
@pytest.mark.parametrize("base", [BASE, ""])
def test_nothing_mandatory_is_violated(store: MemoryStore, tmp_path: Path, shapes: str, base: str) -> None:
    assert check(graph(objects(store, tmp_path, base)[layout.CATALOG]), shapes) == []


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("shapes", ["dcatap301-shapes", "dcatap301-range"])
def test_a_catalogue_of_several_packages_violates_nothing(
    store: MemoryStore, tmp_path: Path, shapes: str, whole: bool
) -> None:
    """All of each where there are few, briefly where there are many."""
    published = read_release(store, "global-alliance", "1.1.0", tmp_path)
    history = list(walk(store, read_head(store, "global-alliance")))
    how: dict[str, Any] = {"base_url": BASE, "languages": LANGUAGES}
    infos = [published.info, replace(published.info, name="other", licenses=(), contributors=())]
    cards = [catalog.make_card(info, history, True, whole=whole, **how) for info in infos]
    assert check(graph(dict(catalog.build_root(cards, **how))[layout.CATALOG]), shapes) == []


def test_what_is_recommended_is_there_but_for_a_listed_few(made: dict[str, bytes]) -> None:
    assert set(check(graph(made[layout.CATALOG]), "dcatap301-shapes_recommended")) == LEFT_OUT


def test_vocabularies_are_those_of_the_european_lists(made: dict[str, bytes]) -> None:
    """All but two: publishers are no EU bodies, and the shapes want https in SPDX's addresses where the profile's text has http."""
    found = set(check(graph(made[layout.CATALOG]), "dcatap301-mdr-vocabularies.shape"))
    assert {path for _, path in found} <= {"publisher", "algorithm"}


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
def test_both_forms_hold_the_same_graph(made: dict[str, bytes]) -> None:
    assert isomorphic(graph(made[layout.CATALOG]), graph(made[layout.CATALOG_JSON], "json-ld"))


def test_the_graph_names_every_file_and_release(made: dict[str, bytes], store: MemoryStore, tmp_path: Path) -> None:
    found = graph(made[layout.CATALOG])
    dataset = URIRef(f"{BASE}global-alliance/")
    info = read_release(store, "global-alliance", "1.1.0", tmp_path).info
    sums = {str(value) for value in found.objects(None, SPDX.checksumValue)}
    assert sums == {file.sha256 for table in info.tables for file in table.files}
    releases = {str(item) for item in found.objects(dataset, DCAT.hasVersion)}
    assert releases == {f"{BASE}global-alliance/v/{version}/" for version in ("1.0.0", "1.0.1", "1.1.0")}
    newest = URIRef(f"{BASE}global-alliance/v/1.1.0/")
    assert found.value(newest, DCAT.previousVersion) == URIRef(f"{BASE}global-alliance/v/1.0.1/")
    titles = {title.language for title in found.objects(dataset, URIRef("http://purl.org/dc/terms/title"))}  # type: ignore[attr-defined]
    assert titles == set(LANGUAGES)


def test_the_same_releases_give_the_same_bytes(made: dict[str, bytes], store: MemoryStore, tmp_path: Path) -> None:
    assert objects(store, tmp_path, BASE) == made


def test_search_engines_find_what_they_require(made: dict[str, bytes]) -> None:
    """Google: name, description of 50 to 5000 characters, and contentUrl of each distribution."""
    card = json.loads(made[layout.dataset_card("global-alliance")])
    assert (card["@type"], card["version"]) == ("Dataset", "1.1.0")
    assert 50 <= len(card["description"]) <= 5000
    assert card["license"] == ["https://creativecommons.org/licenses/by/4.0/"]
    assert card["temporalCoverage"] == "2011-11-28/2020-04-30"
    assert all(item["contentUrl"].startswith(f"{BASE}global-alliance/v/1.1.0/") for item in card["distribution"])
    root = json.loads(made[layout.DATA_CATALOG])
    assert [item["@id"] for item in root["dataset"]] == [card["@id"]] == [f"{BASE}global-alliance/"]
    assert card["includedInDataCatalog"]["@id"] == root["@id"]
