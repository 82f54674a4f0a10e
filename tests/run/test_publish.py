"""What a publication promises beyond its stages: a claim is resumed only for the same bytes, an expectation holds for what is claimed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from publisher import layout
from publisher.commit.verify import verify
from publisher.errors import GateRefused, Unavailable
from publisher.model import Package
from publisher.project import Settings, read_package
from publisher.run import Run, Wishes, publish_package
from publisher.store.base import Stat
from publisher.store.files import FileStore
from publisher.store.memory import MemoryStore
from publisher.store.retry import NEVER


class Dying(MemoryStore):
    """A store whose publisher dies before it writes datapackage.json."""

    def put(self, key: str, *arguments: Any, **more: Any) -> Any:
        if key.endswith("/datapackage.json"):
            raise Unavailable("the machine went away")
        return super().put(key, *arguments, **more)


@pytest.fixture
def package(tmp_path: Path) -> Package:
    (tmp_path / "cats.csv").write_text("id,name\n1,Mia\n")
    (tmp_path / "datapackage.json").write_text('{"name": "cats", "resources": [{"name": "cats", "path": "cats.csv"}]}')
    return read_package(tmp_path / "datapackage.json", project_root=None)


def run(store: MemoryStore, settings: Settings | None = None) -> Run:
    return Run(store, settings or Settings(), now=lambda: datetime.now(UTC), retry=NEVER)


def die(store: MemoryStore, package: Package, wishes: Wishes) -> None:
    dying = Dying()
    dying.__dict__.update(store.__dict__)
    with pytest.raises(Unavailable):
        publish_package(run(dying), package, wishes)


@pytest.mark.parametrize(
    ("again", "version"),
    [
        (lambda store, package: publish_package(run(store), package, Wishes(message="first")), "1.0.0"),
        (lambda store, package: publish_package(run(store), package, Wishes(message="another")), "2.0.0"),
        (
            lambda store, package: publish_package(
                run(store, Settings(base_url="https://data.example.org/")), package, Wishes(message="first")
            ),
            "2.0.0",
        ),
    ],
)
def test_a_claim_is_resumed_for_the_same_bytes_only(
    package: Package, again: Callable[[MemoryStore, Package], Any], version: str
) -> None:
    store = MemoryStore()
    die(store, package, Wishes(message="first"))
    receipt = again(store, package)
    assert (receipt.outcome, receipt.version) == ("published", version)
    assert not verify(store, ["cats"], retry=NEVER).problems


def test_an_expectation_holds_for_the_number_that_is_claimed(package: Package) -> None:
    store = MemoryStore()
    die(store, package, Wishes(message="first"))
    with pytest.raises(GateRefused, match=r"2\.0\.0"):
        publish_package(run(store), package, Wishes(expect="1.0.0", message="another"))


class Overtaken(FileStore):
    """A folder in which somebody else publishes right before our first pointer is written."""

    rival: Callable[[], Any] | None = None

    def put(self, key: str, *arguments: Any, **more: Any) -> Stat:
        if self.rival and key.endswith("/versions.json"):
            rival, self.rival = self.rival, None
            rival()
        return super().put(key, *arguments, **more)


def test_an_attempt_that_lost_leaves_its_files_as_they_were(package: Package, tmp_path: Path) -> None:
    """A folder takes finished files by a second name, so building again must not write to them."""
    store = Overtaken(tmp_path / "public", layout.headers)
    (tmp_path / "other.csv").write_text("id,name\n1,Mia\n2,Minka\n")
    (tmp_path / "other.json").write_text('{"name": "cats", "resources": [{"name": "cats", "path": "other.csv"}]}')
    other = read_package(tmp_path / "other.json", project_root=None)
    settings, start = Settings(), datetime.now(UTC)
    left: dict[str, bytes] = {}

    def overtake() -> None:
        left.update((item.key, store.read(item.key)[0]) for item in store.list("cats/v/"))
        publish_package(Run(store, settings, now=lambda: start, retry=NEVER), other, Wishes())

    store.rival = overtake
    receipt = publish_package(Run(store, settings, now=lambda: datetime.now(UTC), retry=NEVER), package, Wishes())
    assert (receipt.outcome, receipt.version) == ("published", "2.1.0")
    assert left, "the attempt that lost had sent its files"
    assert {key: store.read(key)[0] for key in left} == left
    assert not verify(store, ["cats"], retry=NEVER).problems
