"""Documents of several packages: the same bytes whether they are made package by package or all at once, and brief where there are many."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate
from rdflib import Graph
from rdflib.compare import isomorphic

from publisher import layout
from publisher.commit import CONTEST, read_head
from publisher.commit.derive import find_packages
from publisher.commit.manifest import open_ledger, read_manifest
from publisher.commit.withdraw import rollback, yank
from publisher.project import Settings, read_package
from publisher.run import Run, Wishes, derived, publish_package, refresh_derived
from publisher.store.base import Store
from publisher.store.memory import MemoryStore
from tests.store.spy import Spy

BASE = "https://data.example.org/open/"
SETTINGS = Settings(languages=("en", "ar"), base_url=BASE, signers=("a@example.org ssh-ed25519 AAAA",))
FEW = 2


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(derived, "FEW", FEW)


def publish(store: Store, folder: Path, name: str, number: int) -> str:
    """A package of one table with a map, a licence of its own, texts with what markup would make something of."""
    path = folder / name
    path.mkdir(exist_ok=True)
    (path / "lands.csv").write_text(f"code,people\nAL,{number}\nFR,{number + 1}\n")
    fields = [{"name": "code", "type": "string"}, {"name": "people", "type": "integer", "title": "How many"}]
    descriptor = {
        "name": name,
        "title": f"About {name} & others",
        "title@ar": f"عن {name}",
        "description": "What <b>it</b> is.\n\nMore of it, with a blank line before.",
        "licenses": [{"name": "CC-BY-4.0" if name < "b" else "CC0-1.0", "path": f"https://example.org/{name}"}],
        "contributors": [{"title": "Office", "roles": ["publisher"]}],
        "site": {
            "numbers": [{"name": "lands", "table": "lands", "label": "lands"}],
            "records": [{"table": "lands", "title": "code"}],
        },
        "resources": [{"name": "lands", "path": "lands.csv", "schema": {"fields": fields, "primaryKey": ["code"]}}],
    }
    (path / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")
    package = read_package(path / "datapackage.json", project_root=None)
    receipt = publish_package(Run(store, SETTINGS), package, Wishes())
    assert receipt.stale == ""
    return receipt.outcome


def made(store: Store) -> dict[str, bytes]:
    """All that is derived, and the cards as they follow from releases (a pointer's ETag is the store's own)."""
    found = {
        stat.key: store.read(stat.key)[0]
        for stat in store.list()
        if not stat.key.startswith((".derived/", ".audit")) and not stat.key.endswith("/versions.json")
    }
    ledger = open_ledger(store, read_manifest(store, ""))
    assert ledger is not None
    cards = {name: {**card, "source": ""} for name, card in ledger.cards.items()}
    return found | {"cards": json.dumps(cards).encode()}


def anew(store: Store) -> dict[str, bytes]:
    """The same from the same releases, where nothing was derived yet."""
    other = MemoryStore()
    for stat in store.list():
        if stat.key.endswith("/versions.json") or ("/v/" in stat.key and not stat.key.endswith(".html")):
            other.put(stat.key, store.read(stat.key)[0], sha256=stat.sha256, headers=stat.headers)
    refresh_derived(Run(other, SETTINGS), *find_packages(other), check=True)
    return made(other)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_package_by_package_gives_what_refreshing_everything_gives(tmp_path: Path, seed: int) -> None:
    """Publications, rollbacks and yanks in any order, across the bound between few packages and many."""
    store, dice, run = MemoryStore(), random.Random(seed), Run(MemoryStore(), SETTINGS)
    run = replace(run, store=store)
    for number in range(9):
        name = dice.choice(["ants", "bees", "cows"])
        head = read_head(store, name)
        kept = [entry.version for entry in head.entries if entry.yanked is None]
        what = dice.choice(["publish", "publish", "yank", "rollback"]) if kept and head.latest else "publish"
        if what == "publish":
            publish(store, tmp_path, name, number)
            continue
        if what == "yank":
            yank(store, name, str(head.current), "wrong", now=run.now, retry=CONTEST)
        else:
            rollback(store, name, kept[-1], "wrong", now=run.now, retry=CONTEST)
        refresh_derived(run, name)
    one, other = made(store), anew(store)
    assert {key for key in one.keys() | other.keys() if one.get(key) != other.get(key)} == set()


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[int, dict[str, bytes]]:
    """What a store of two packages has, and what it has once there are three."""
    store, folder, found = MemoryStore(), tmp_path_factory.mktemp("stores"), {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(derived, "FEW", FEW)
        for number, name in enumerate(["ants", "bees", "cows"], 1):
            publish(store, folder, name, number)
            found[number] = made(store)
    return found


def graph(body: bytes, key: str, form: str = "turtle") -> Graph:
    return Graph().parse(data=body.decode(), format=form, publicID=BASE + key)


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
@pytest.mark.parametrize("count", [1, 2, 3])
def test_both_forms_of_the_catalogue_say_the_same(stores: dict[int, dict[str, bytes]], count: int) -> None:
    found = stores[count]
    for name in ["", "ants/"]:
        turtle, json_ld = name + layout.CATALOG, name + layout.CATALOG_JSON
        assert isomorphic(graph(found[turtle], turtle), graph(found[json_ld], json_ld, "json-ld"))
    validate(json.loads(found[layout.OPENAPI]))
    validate(json.loads(found[layout.openapi("ants")]))


def test_of_few_packages_everything_stands_in_the_root(stores: dict[int, dict[str, bytes]]) -> None:
    found = stores[2]
    whole = graph(found[layout.CATALOG], layout.CATALOG)
    for name in ("ants", "bees"):
        assert set(graph(found[layout.catalog(name)], layout.catalog(name))) <= set(whole)
        own = json.loads(found[layout.openapi(name)])["paths"]
        assert own.items() <= json.loads(found[layout.OPENAPI])["paths"].items()
    assert "What <b>it</b> is." not in (home := found["index.html"].decode())
    assert "What it is." in home
    assert home.count('class="figures"') == 2


def test_of_many_it_is_brief_and_leads_to_each(stores: dict[int, dict[str, bytes]]) -> None:
    found = stores[3]
    names = [item["name"] for item in json.loads(found[layout.INDEX])["packages"]]
    assert names == ["ants", "bees", "cows"]
    ttl = found[layout.CATALOG].decode()
    assert "DatasetSeries" not in ttl
    described: dict[str, Any] = json.loads(found[layout.OPENAPI])
    assert "/{package}/versions.json" in described["paths"]
    assert not [path for path in described["paths"] if "lands" in path]
    for name in names:
        assert f"<{BASE}{layout.catalog(name)}>" in ttl
        assert b"DatasetSeries" in found[layout.catalog(name)]
        assert f"{name}/index.html" in found["index.html"].decode()
        assert [path for path in json.loads(found[layout.openapi(name)])["paths"] if "lands" in path]


def test_publishing_asks_for_nothing_of_other_packages(tmp_path: Path) -> None:
    store = Spy(MemoryStore())
    for number, name in enumerate(["ants", "bees", "cows"]):
        publish(store.store, tmp_path, name, number)
    store.calls.clear()
    publish(store, tmp_path, "bees", 9)
    assert layout.INDEX in {call.key for call in store.calls if call.name == "put"}
    assert not [call for call in store.calls if "ants" in call.key or "cows" in call.key]


def test_a_run_without_news_finishes_what_another_left(tmp_path: Path) -> None:
    """The pointer was replaced, and nothing more: `publish` with the same data derives what is missing."""
    store = MemoryStore()
    for number in (1, 2):
        publish(store, tmp_path, "ants", number)
    rollback(store, "ants", "1.0.0", "wrong", now=Run(store, SETTINGS).now, retry=CONTEST)
    publish(store, tmp_path, "bees", 1)
    assert made(store) != anew(store), "it is not for others to do"
    assert publish(store, tmp_path, "ants", 1) == "unchanged"
    assert made(store) == anew(store)
