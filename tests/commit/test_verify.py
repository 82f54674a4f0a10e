"""verify reads every object of every release and names each that is not as published."""

from __future__ import annotations

import pytest

from publisher import layout
from publisher.canonical import sha256_bytes
from publisher.commit.verify import verify
from publisher.store.base import Store
from publisher.store.retry import NEVER
from tests.commit.world import PACKAGE, Publisher, cats
from tests.servers.fixtures import Place


def put(store: Store, key: str, body: bytes) -> None:
    store.put(key, body, sha256=sha256_bytes(body), headers=layout.headers(key))


def publish(store: Store, count: int = 3) -> None:
    for number in range(count):
        Publisher(store, cats(number), window=2).publish()


def test_whole_stores_are_sound(place: Place) -> None:
    store = place.open()
    publish(store)
    told: list[tuple[int, int]] = []
    found = verify(store, [PACKAGE], retry=NEVER, watch=lambda done, total, key: told.append((done, total)))
    assert (found.releases, found.objects, found.problems) == (3, 12, ())
    assert found.bytes > 0
    assert told == [(number, 12) for number in range(1, 13)]


def test_every_kind_of_damage_is_named(place: Place) -> None:
    store = place.open()
    publish(store)
    folder = f"{PACKAGE}/v/1.1.0"
    store.delete(f"{PACKAGE}/v/1.0.0/dogs.csv")
    store.delete(f"{folder}/{layout.CLAIM}")
    put(store, f"{folder}/cats.csv", cats(1)["cats.csv"].replace(b"Minka", b"Moggy"))
    put(store, f"{folder}/dogs.csv", b"name\n")
    put(store, f"{folder}/index.html", b"a page that was made later")
    put(store, f"{folder}/extra.csv", b"name\n")
    put(store, f"{PACKAGE}/v/1.2.0/datapackage.json", b"{}")
    found = {problem.key: problem.what for problem in verify(store, [PACKAGE], retry=NEVER).problems}
    assert list(found) == sorted(found)
    assert {key.removeprefix(f"{PACKAGE}/v/"): what.split(":")[0].split(",")[0] for key, what in found.items()} == {
        "1.0.0/dogs.csv": "missing",
        "1.1.0/cats.csv": found[f"{folder}/cats.csv"].split(",")[0],
        "1.1.0/dogs.csv": "5 bytes",
        "1.1.0/extra.csv": "is not part of the release",
        "1.1.0/release.json": "missing",
        "1.2.0/": "damaged",
    }
    assert "was published" in found[f"{folder}/cats.csv"]


@pytest.mark.parametrize("name", [layout.CHECKSUMS, layout.DESCRIPTOR])
def test_an_incomplete_release_is_named(place: Place, name: str) -> None:
    store = place.open()
    publish(store, 1)
    store.delete(f"{PACKAGE}/v/1.0.0/{name}")
    problems = verify(store, [PACKAGE], retry=NEVER).problems
    assert [(problem.key, problem.what.split(":")[0]) for problem in problems] == [
        (f"{PACKAGE}/v/1.0.0/", "incomplete")
    ]


def test_a_damaged_pointer_is_a_problem_of_its_own(place: Place) -> None:
    store = place.open()
    publish(store, 1)
    put(store, layout.pointer(PACKAGE), b"{")
    problems = verify(store, [PACKAGE], retry=NEVER).problems
    assert [problem.key for problem in problems] == [layout.pointer(PACKAGE)]
