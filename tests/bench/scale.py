"""What growth costs: `python -m tests.bench.scale [--releases 10000] [--packages 1000]`. In: sizes. Out: a table of times and requests.

    releases   a package publishes, is given a past of as many releases, and publishes again
    packages   a store is given as many packages, and one of them publishes again, beside the same one in a store of its own

The past and the neighbours are made by writing the objects that a publication would have written, each of its own bytes and hashes, and
what derives from a past by one `refresh`, which reads all of it; what is measured is real: `publish_package` in this process, its store
counted, medians of five, in turns with a store that has no such past and no neighbours.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from publisher import layout
from publisher.canonical import sha256_bytes
from publisher.commit.derive import find_packages
from publisher.commit.history import trim
from publisher.commit.pointer import Head, read_head, write_head
from publisher.model import Package
from publisher.package.published import read_checksums
from publisher.project import Settings, read_package
from publisher.run import Run, Wishes, publish_package, refresh_derived
from publisher.store.base import Store
from publisher.store.files import FileStore
from tests.bench.figures import Figure, keep

TIMED = 5
PACKAGE = "growth"
ROWS = 200


class Counted:
    """A store whose requests are counted by kind."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.counts: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if name not in {"stat", "read", "open", "put", "copy", "delete", "list"}:
            return found

        def counted(*arguments: Any, **more: Any) -> Any:
            self.counts[name] += 1
            return found(*arguments, **more)

        return counted


@dataclass(frozen=True)
class Cost:
    """Seconds and requests of one publication, its derived objects included."""

    seconds: float
    requests: Counter[str]


class World:
    """A project of one package in `folder`, and a store in the folder `root`."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.folder, self.root, self.edits = folder, root, 0
        self.store = FileStore(root, layout.headers)
        self.settings = Settings(languages=("en",), base_url="https://data.example.org/")
        folder.mkdir(parents=True)
        schema = {
            "fields": [{"name": "id", "type": "string"}, {"name": "value", "type": "integer"}],
            "primaryKey": ["id"],
        }
        resource = {"name": "numbers", "path": "numbers.csv", "schema": schema}
        (folder / "datapackage.json").write_text(json.dumps({"name": PACKAGE, "resources": [resource]}))

    def package(self) -> Package:
        self.edits += 1
        rows = [f"R{number:04},{number + (self.edits if number == self.edits % ROWS else 0)}" for number in range(ROWS)]
        (self.folder / "numbers.csv").write_text("id,value\n" + "\n".join(rows) + "\n")
        return read_package(self.folder / "datapackage.json", project_root=None)

    def publish(self) -> Cost:
        package = self.package()
        counted = Counted(self.store)
        started = time.perf_counter()
        receipt = publish_package(Run(cast("Store", counted), self.settings), package, Wishes())
        seconds = time.perf_counter() - started
        assert (receipt.outcome, receipt.stale) == ("published", ""), receipt
        return Cost(seconds, counted.counts)


def beside(world: World, small: World) -> tuple[Cost, Cost]:
    """What a publication costs in each, taken in turns, so that a machine with other work to do slows both."""
    costs = [(world.publish(), small.publish()) for _ in range(TIMED)]
    first, second = (sorted(side, key=lambda item: item.seconds)[TIMED // 2] for side in zip(*costs, strict=True))
    return first, second


def give_past(world: World, releases: int) -> None:
    """Let the package have `releases` releases: the latest one again and again, each with what readers of history read. How long it
    takes to derive everything from such a past is printed."""
    store, root, package = world.store, world.root, PACKAGE
    head = read_head(store, package)
    assert head.latest is not None
    record = dict(head.history[0])
    version = str(record["version"])
    folder = root / layout.release_folder(package, version)
    names = (layout.CLAIM, layout.DESCRIPTOR, layout.CHANGES, layout.CHANGE_ROWS)
    bodies = {name: (folder / name).read_bytes() for name in names}
    sums = read_checksums(store, package, version)
    done = int((head.earlier or {}).get("entries", 0)) + len(head.history)
    major = int(version.partition(".")[0])
    parent = version
    for number in range(done, releases):
        version = f"{major}.0.{number + 1_000}"
        named = {str(record["parent"]): parent, str(record["version"]): version}
        made = {name: _renamed(body, named) for name, body in bodies.items()}
        hashes = sums | {name: sha256_bytes(body) for name, body in made.items() if name in sums}
        made[layout.CHECKSUMS] = "".join(f"{digest}  {name}\n" for name, digest in sorted(hashes.items())).encode()
        at = root / layout.release_folder(package, version)
        at.mkdir(parents=True)
        for name, body in made.items():
            (at / name).write_bytes(body)
        for file in folder.iterdir():
            if file.name not in made and file.suffix != ".html":
                os.link(file, at / file.name)
        entry = record | {
            "version": version,
            "parent": parent,
            "path": f"v/{version}/",
            "content": "sha256:" + hashlib.sha256(version.encode()).hexdigest(),
            "sha256": sha256_bytes(made[layout.DESCRIPTOR]),
            "checksums": sha256_bytes(made[layout.CHECKSUMS]),
        }
        parent = version
        head = trim(store, replace(head, history=(entry, *head.history), current=version), 100)
    write_head(store, head, updated=str(record["published"]))
    started = time.perf_counter()
    refreshed = refresh_derived(Run(store, world.settings), PACKAGE)
    print(
        f"  all that follows from {releases} releases: {time.perf_counter() - started:.1f} s, {len(refreshed.written)} objects written"
    )


def _renamed(body: bytes, names: Mapping[str, str]) -> bytes:
    """The body with every version, which stands in quotation marks, replaced by another, all at once."""
    pattern = b"|".join(re.escape(f'"{name}"'.encode()) for name in names)
    return re.sub(pattern, lambda found: f'"{names[found[0].decode()[1:-1]]}"'.encode(), body)


def give_neighbours(world: World, packages: int) -> None:
    """Let the store have `packages` packages: copies of the one under other names, with pointer, release and all that is derived."""
    store, root, package = world.store, world.root, PACKAGE
    known = find_packages(store)
    head = read_head(store, package)
    assert head.latest is not None
    source = root / layout.release_folder(package, head.latest.version)
    for number in range(len(known), packages):
        name = f"neighbour-{number:05}"
        target = root / layout.release_folder(name, head.latest.version)
        shutil.copytree(source, target, copy_function=os.link)
        for file in (layout.DESCRIPTOR,):
            body = (source / file).read_bytes().replace(f'"{package}"'.encode(), f'"{name}"'.encode())
            (target / file).unlink()
            (target / file).write_bytes(body)
        record = dict(head.history[0]) | {
            "sha256": sha256_bytes((target / layout.DESCRIPTOR).read_bytes()),
            "parent": None,
        }
        write_head(store, Head(name, None, head.current, (record,)), updated=str(record["published"]))
    started = time.perf_counter()
    done = refresh_derived(Run(store, world.settings), *find_packages(store), check=True)
    seconds = time.perf_counter() - started
    print(
        f"{'refreshing everything':28} {seconds:8.2f} s   {len(done.written)} objects written, {done.kept} right already"
    )


def tell(label: str, cost: Cost, first: Cost, root: Path) -> None:
    pointer = (root / layout.pointer(PACKAGE)).stat().st_size
    requests = ", ".join(f"{kind} {count}" for kind, count in sorted(cost.requests.items()))
    print(
        f"{label:28} {cost.seconds:8.2f} s {cost.seconds / first.seconds:7.2f} x   pointer {pointer / 1024:7.1f} kB"
        f"   {sum(cost.requests.values())} requests: {requests}",
        flush=True,
    )


@contextmanager
def open_world() -> Iterator[World]:
    """A project and an empty store, in memory where there is some, so that the disk is not measured."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield World(Path(folder) / "project", Path(folder) / "store")


def grow_past(before: int, most: int) -> None:
    """What a publication costs after `before` others, and beside it after ten times as many again and again."""
    with open_world() as world, open_world() as small:
        for _ in range(before):
            world.publish()
            small.publish()
        cost, first = beside(world, small)
        tell("at first", cost, first, world.root)
        size = 10
        while size <= most:
            give_past(world, size)
            cost, first = beside(world, small)
            tell(f"with {size} releases", cost, first, world.root)
            size *= 10
        keep(
            Figure(f"a publication with {size // 10} releases beside the first", cost.seconds / first.seconds, most=1.2)
        )


def grow_store(most: int) -> None:
    """What a publication costs in a store of ten packages, of a hundred and so on, beside the same one in a store of its own."""
    with open_world() as alone, open_world() as among:
        for world in (alone, among):
            world.publish()
        size = 10
        while size <= most:
            give_neighbours(among, size)
            pairs = [(alone.publish(), among.publish()) for _ in range(TIMED)]
            first, cost = (
                sorted(costs, key=lambda item: item.seconds)[TIMED // 2] for costs in zip(*pairs, strict=True)
            )
            tell("alone", first, first, alone.root)
            tell(f"among {size} packages", cost, first, among.root)
            size *= 10
        name = f"a publication among {size // 10} packages beside one alone"
        keep(Figure(name, cost.seconds / first.seconds, most=1.5))
        requests = [sum(each.requests.values()) for each in (cost, first)]
        keep(Figure(f"requests of {name}", requests[0] / requests[1], most=1.0))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--releases", type=int, default=10_000)
    parser.add_argument("--packages", type=int, default=1_000)
    arguments = parser.parse_args()
    grow_past(7, arguments.releases)
    grow_store(arguments.packages)


if __name__ == "__main__":
    main()
