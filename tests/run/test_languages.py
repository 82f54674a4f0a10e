"""Two projects with other languages, one store: neither takes the other's pages away, and those of the store have the languages of both."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from publisher import layout
from publisher.commit import read_head
from publisher.commit.derive import find_packages
from publisher.errors import GateRefused, UsageError
from publisher.model import Package
from publisher.project import Settings, read_package
from publisher.run import Run, Wishes, plan_package, publish_package, refresh_derived
from publisher.store.base import Store
from publisher.store.memory import MemoryStore
from tests.run.test_cards import made
from tests.site.test_pages import Reader

BOTH = Settings(languages=("en", "ar"), base_url="https://data.example.org/")
ONE = replace(BOTH, languages=("en",))
FRENCH = replace(BOTH, languages=("en", "fr"))


def package(folder: Path, name: str, value: int = 1) -> Package:
    path = folder / name
    path.mkdir(exist_ok=True)
    (path / "t.csv").write_text(f"id,value\na,{value}\n")
    fields = [{"name": "id", "type": "string"}, {"name": "value", "type": "integer"}]
    descriptor = {
        "name": name,
        "title": f"About {name}",
        "title@ar": f"عن {name}",
        "description": "What it is. And more.",
        "site": {"records": [{"table": "t", "title": "id"}]},
        "resources": [{"name": "t", "path": "t.csv", "schema": {"fields": fields, "primaryKey": ["id"]}}],
    }
    (path / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")
    return read_package(path / "datapackage.json", project_root=None)


def publish(store: Store, found: Package, settings: Settings, *allow: str) -> str:
    receipt = publish_package(Run(store, settings), found, Wishes(allow=allow))
    assert receipt.stale == ""
    return receipt.outcome


def page(store: Store, key: str) -> Reader:
    return Reader(store.read(key)[0].decode())


def links(store: Store, key: str) -> set[str]:
    return {item.get("href", "") for item in page(store, key).of("a")}


@pytest.mark.parametrize("order", [("ants", "bees"), ("bees", "ants")])
def test_neither_takes_the_others_pages_away(tmp_path: Path, order: tuple[str, str]) -> None:
    store, settings = MemoryStore(), {"ants": ONE, "bees": BOTH}
    for name in order:
        publish(store, package(tmp_path, name), settings[name])
    kept = {stat.key for stat in store.list()}
    assert {"ar/index.html", "ar/status.html", "ar/bees/index.html", "index.html"} <= kept
    assert "ar/ants/index.html" not in kept
    assert page(store, "index.html").of("html")[0]["lang"] == "en"
    arabic = links(store, "ar/index.html")
    assert {"bees/index.html", "../ants/index.html"} <= arabic, "each package where it has pages"
    assert {"../ants/index.html", "../ants/v/1.0.0/index.html"} <= links(store, "ar/status.html")
    found = json.loads(store.read("ar/" + layout.search_index(""))[0])
    assert {"ants/index.html", "ar/bees/index.html"} <= {key for _, _, key in found["pages"]}
    assert [item["languages"] for item in json.loads(store.read(layout.INDEX)[0])["packages"]] == [["en"], ["en", "ar"]]

    before = made(store)
    for settings_of_whoever in (ONE, BOTH):
        refresh_derived(Run(store, settings_of_whoever), *find_packages(store), check=True)
        assert made(store) == before, "it follows from the releases, whoever asks"


def test_a_text_in_another_language_says_so(tmp_path: Path) -> None:
    store = MemoryStore()
    publish(store, package(tmp_path, "ants"), ONE)
    publish(store, package(tmp_path, "bees"), BOTH)
    foreign = [item for item in page(store, "ar/index.html").of("div") if item.get("lang") == "en"]
    assert len(foreign) == 1


def test_another_configuration_of_the_same_project_removes_nothing_by_mistake(tmp_path: Path) -> None:
    store = MemoryStore()
    publish(store, package(tmp_path, "ants"), BOTH)
    keys = {stat.key for stat in store.list()}
    assert publish(store, package(tmp_path, "ants"), BOTH) == "unchanged"
    with pytest.raises(GateRefused, match=r"in ar would go, which 1\.0\.0 has") as caught:
        publish(store, package(tmp_path, "ants"), ONE)
    assert "--allow languages" in str(caught.value)
    assert {stat.key for stat in store.list()} == keys
    assert publish(store, package(tmp_path, "ants"), ONE, "languages") == "published"
    assert read_head(store, "ants").current == "1.0.1"
    assert not [stat.key for stat in store.list() if stat.key.startswith("ar/")]


def test_a_language_more_is_a_release(tmp_path: Path) -> None:
    """Its notes and workbooks come with it."""
    store = MemoryStore()
    publish(store, package(tmp_path, "ants"), ONE)
    assert publish(store, package(tmp_path, "ants"), FRENCH) == "published"
    release = layout.release_folder("ants", "1.0.1")
    assert {"fr/ants/index.html", "fr/index.html", f"{release}ants.fr.xlsx"} <= {stat.key for stat in store.list()}
    assert json.loads(store.read(release + layout.DESCRIPTOR)[0])["languages"] == ["en", "fr"]


def test_a_store_has_one_main_language(tmp_path: Path) -> None:
    store, french = MemoryStore(), replace(BOTH, languages=("fr", "en"))
    publish(store, package(tmp_path, "ants"), BOTH)
    for act in (publish, lambda *_: plan_package(Run(store, french), package(tmp_path, "bees"), Wishes())):
        with pytest.raises(UsageError, match=r"bees has fr as its main language, and ants in memory:.* en") as caught:
            act(store, package(tmp_path, "bees"), french)
        assert "Put en first in `languages`" in str(caught.value)
    assert "bees" not in find_packages(store)
    with pytest.raises(GateRefused, match="the addresses of pages in en would lead to pages in ar"):
        publish(store, package(tmp_path, "ants"), replace(BOTH, languages=("ar", "en")))
