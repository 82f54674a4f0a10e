"""What will end is said where readers are: until when, why, what to use instead. A number is explained by the rule that gave it."""

from __future__ import annotations

from typing import Any

import pytest

from publisher.site import past
from publisher.store.memory import MemoryStore
from publisher.version import RULES
from tests.shelf import Shelf, TableOf
from tests.site.test_pages import Reader
from tests.site.world import build_site

LANGUAGES = ("en", "ar", "fr")
PACKAGE = {"until": "2028-01-01", "replaced_by": "https://data.example.org/next/", "reason": "Another office keeps it"}
TABLE = {"until": "2027-01-31", "replaced_by": "cats", "reason": "Dogs moved", "reason@fr": "Les chiens ont déménagé."}
COLUMN = {"until": "2027-06-30", "replaced_by": "name"}
BREEDS: list[dict[str, Any]] = [
    {"value": "Hound", "label": "Hound", "label@fr": "Chien courant"},
    {"value": "x1", "label": "x1"},
]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    store, folder = MemoryStore(), tmp_path_factory.mktemp("ending")
    shelf = Shelf(store, folder / "shelf")
    fields = [{"name": "id", "type": "string"}, {"name": "name", "type": "string"}]
    old = {"name": "old", "type": "string", "deprecated": COLUMN}
    breed = {"name": "breed", "type": "string", "categories": BREEDS}
    cats = TableOf({"name": "cats"}, {"fields": [*fields, old], "primaryKey": ["id"]}, [{"id": "1", "name": "Tom"}])
    schema = {"fields": [*fields, breed], "primaryKey": ["id"]}
    dogs = [
        TableOf({"name": "dogs", "deprecated": TABLE}, schema, [{"id": key, "breed": breed} for key, breed in rows])
        for rows in ((("1", "Hound"), ("2", "x1")), (("1", "x1"),))
    ]
    site = {"records": [{"table": "dogs", "title": "id", "facts": ["breed"]}]}
    said = {"name": "p", "title": "Pets", "site": site, "deprecated": PACKAGE}
    shelf.publish(said, [cats, dogs[0]], "1.0.0")
    shelf.publish(said, [cats, dogs[1]], "1.1.0")
    return build_site(store, folder / "site", languages=LANGUAGES)


def words(body: bytes) -> str:
    return " ".join(" ".join(Reader(body.decode()).text).split())


@pytest.mark.parametrize("page", ["p/index.html", "p/about.html", "p/tables/cats.html", "p/records/dogs/1.html"])
def test_every_page_of_a_package_says_that_it_ends(pages: dict[str, bytes], page: str) -> None:
    assert "This package will end on 1 January 2028. Another office keeps it. In its place:" in words(pages[page])
    assert "https://data.example.org/next/" in {link.get("href") for link in Reader(pages[page].decode()).of("a")}
    assert "Ce jeu de données prendra fin le 1 janvier 2028." in words(pages[f"fr/{page}"])
    assert "تنتهي هذه الحزمة في 1 يناير 2028." in words(pages[f"ar/{page}"])


def test_a_list_of_packages_says_it_too(pages: dict[str, bytes]) -> None:
    assert "This package will end on 1 January 2028." in words(pages["index.html"])
    assert "This package" not in words(pages["status.html"])


@pytest.mark.parametrize(
    ("page", "href"),
    [
        ("p/tables/dogs.html", "cats.html"),
        ("p/records/dogs/1.html", "../../tables/cats.html"),
        ("p/index.html", "tables/cats.html"),
    ],
)
def test_a_table_says_it_with_a_link_to_the_one_that_stays(pages: dict[str, bytes], page: str, href: str) -> None:
    assert "This table will end on 31 January 2027. Dogs moved. In its place: cats" in words(pages[page])
    assert href in {link.get("href") for link in Reader(pages[page].decode()).of("a")}
    assert "Cette table prendra fin le 31 janvier 2027. Les chiens ont déménagé. À" in words(pages[f"fr/{page}"])


def test_a_column_says_it_where_columns_are_told(pages: dict[str, bytes]) -> None:
    assert "This column will end on 30 June 2027. In its place: name" in words(pages["p/tables/cats.html"])
    assert "This column" not in words(pages["p/tables/dogs.html"])


def test_a_value_that_is_its_own_label_is_translated(pages: dict[str, bytes]) -> None:
    assert "Chien courant" in words(pages["fr/p/v/1.1.0/index.html"])
    assert "x1" in words(pages["fr/p/records/dogs/1.html"])


def test_a_number_is_explained_by_its_own_rule(pages: dict[str, bytes]) -> None:
    assert "Why this number Rows were removed, and no reason was given." in words(pages["p/v/1.1.0/index.html"])
    assert "Des lignes ont été supprimées sans motif indiqué." in words(pages["fr/p/releases.html"])


def test_every_rule_has_words() -> None:
    assert set(past.RULES) == set(RULES)
