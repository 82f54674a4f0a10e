"""What everything for programs costs: 100 k records, and the Alliance's tables.

    python -m tests.bench.feeds [--rows 100000] [--place files|moto|ceph] [--json FILE]

Each step runs in a process of its own, so that its peak memory is its own: `build` makes the documents and keeps none; `first` is the first
refresh into an empty store, `again` one after which nothing changed, `check` one that asks the store for each object, `changed` the one
after a release that corrected a single record. `sent` counts objects and megabytes, `asked` requests that write nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from publisher.engine import open_engine
from publisher.feeds import build
from publisher.project import Settings
from publisher.run import Run, refresh_derived
from publisher.store import open_store
from publisher.store.base import Store
from tests.bench.figures import Figure, keep
from tests.servers.ceph import find_ceph, run_ceph
from tests.servers.moto import run_moto
from tests.shelf import Shelf, TableOf, alliance, edit, learn
from tests.store.spy import Call, Spy

SETTINGS = Settings(languages=("en", "ar", "fr"), base_url="https://data.example.org/")

LANDS = {"fields": [{"name": "land", "type": "string"}], "primaryKey": ["land"], "missingValues": [""]}
ITEMS: dict[str, Any] = {
    "fields": [
        {"name": name, "type": kind}
        for name, kind in (
            ("id", "integer"),
            ("land", "string"),
            ("parent", "integer"),
            ("title", "string"),
            ("amount", "number"),
            ("day", "date"),
            ("note", "string"),
        )
    ],
    "primaryKey": ["id"],
    "missingValues": [""],
    "foreignKeys": [
        {"fields": ["land"], "reference": {"resource": "lands", "fields": ["land"]}},
        {"fields": ["parent"], "reference": {"fields": ["id"]}},
    ],
}


STEPS = ("build", "first", "again", "check", "changed")


class Counting(Spy):
    """Counts requests by kind and the bytes of what is written."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.counts: Counter[str] = Counter()
        self.bytes = 0

    def before(self, call: Call) -> None:
        self.counts[call.name] += 1

    def put(self, key: str, body: bytes | Path, **how: Any):
        self.bytes += body.stat().st_size if isinstance(body, Path) else len(body)
        return super().put(key, body, **how)

    @contextmanager
    def batch(self) -> Iterator[Spy]:
        with self.store.batch() as quick:
            mine, self.store = self.store, quick
            yield self
            self.store = mine


def many(rows: int) -> list[TableOf]:
    """A table of `rows` records that refer to 200 others and to each other."""
    items = [
        {
            "id": str(number),
            "land": f"L{number % 200:03}",
            "parent": str(number // 10) if number else None,
            "title": f"Item {number} with a title of some length",
            "amount": f"{number}.50",
            "day": "2012-12-05",
            "note": "x" * 100,
        }
        for number in range(rows)
    ]
    lands = [{"land": f"L{number:03}"} for number in range(200)]
    return [TableOf({"name": "lands"}, LANDS, lands), TableOf({"name": "items"}, ITEMS, items)]


def correct(tables: list[TableOf], name: str, column: str) -> list[TableOf]:
    """One value in the middle of a table changed."""

    def change(rows: list[Any]) -> list[Any]:
        rows[len(rows) // 2] = {**rows[len(rows) // 2], column: "corrected"}
        return rows

    return edit(tables, name, change)


def measure(step: str, target: str, package: str) -> dict[str, Any]:
    """One step in this process."""
    store = Counting(open_store(target, env=os.environ))
    started = time.perf_counter()
    if step == "build":
        count, size = build_only(store, package)
        found = {"objects": count, "megabytes": round(size / 1e6, 1)}
    else:
        done = refresh_derived(Run(store, SETTINGS), package, check=step == "check")
        asked = sum(store.counts[name] for name in ("read", "open", "stat", "list"))
        found = {"sent": len(done.written), "megabytes": round(store.bytes / 1e6, 1), "kept": done.kept, "asked": asked}
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": round(seconds, 2), **found, "peak_mb": round(peak)}


def build_only(store: Store, package: str) -> tuple[int, int]:
    """The static API and the feeds, made and thrown away: how many documents, how many bytes."""
    count = size = 0
    with tempfile.TemporaryDirectory() as scratch, open_engine(Path(scratch)) as engine:
        told, _ = learn(store, package, Path(scratch), SETTINGS)
        digest = told.digest
        made = build(engine, told.published, digest.versions, digest.api, digest.news, told.voice)
        for _, body in made:
            count += 1
            size += body.stat().st_size if isinstance(body, Path) else len(body)
    return count, size


def compare(target: str, package: dict[str, Any], tables: list[TableOf], column: tuple[str, str]) -> dict[str, Any]:
    """Every step for one package in a store of its own."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        shelf = Shelf(open_store(target, env=os.environ), Path(folder))
        shelf.publish(package, tables, "1.0.0")
        for step in STEPS:
            if step == "changed":
                shelf.publish(package, correct(tables, *column), "1.0.1")
            ran = subprocess.run(
                [sys.executable, "-m", "tests.bench.feeds", "--step", step, target, str(package["name"])],
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
            found[step] = json.loads(ran.stdout)
            print(f"  {step:8}", "  ".join(f"{name} {value}" for name, value in found[step].items()), flush=True)
    return found


def figures(small: dict[str, Any], large: dict[str, Any]) -> Iterator[Figure]:
    """What is promised: quick, in bounded memory, and nothing sent that did not change."""
    yield Figure("static API of the Alliance, built", small["build"]["seconds"], "s", most=2)
    yield Figure("static API of 100 k records, built", large["build"]["seconds"], "s", most=20)
    yield Figure("the same, all derived objects into an empty folder", large["first"]["seconds"], "s", most=30)
    yield Figure("its peak memory, DuckDB's 512 MB included", large["first"]["peak_mb"], "MB", most=700)
    yield Figure("objects sent where nothing changed", large["again"]["sent"], "objects", most=0)
    yield Figure("objects sent for one corrected record of 100 k", large["changed"]["sent"], "objects", most=400)
    yield Figure("requests that write nothing, for the same", large["changed"]["asked"], "requests", most=100)


@contextmanager
def places(kind: str) -> Iterator[Iterator[str]]:
    """Targets, each a fresh, empty store."""
    if kind == "files":
        with tempfile.TemporaryDirectory() as folder:
            yield (str(Path(folder) / str(number)) for number in range(9))
        return
    home = find_ceph()
    assert kind == "moto" or home is not None, "no Ceph here; run .ci/ceph.sh first"
    with run_moto() if kind == "moto" or home is None else run_ceph(home) as bucket:
        os.environ |= bucket.env
        yield (bucket.fresh().target for _ in range(9))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--place", choices=("files", "moto", "ceph"), default="files")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--step", nargs=3)
    chosen = parser.parse_args()
    if chosen.step:
        print(json.dumps(measure(*chosen.step)))
        return
    found: dict[str, Any] = {"rows": chosen.rows, "place": chosen.place}
    with places(chosen.place) as targets:
        package, tables = alliance()
        print(f"the Alliance, {chosen.place}")
        found["alliance"] = compare(next(targets), package, tables, ("commitments", "text_en"))
        print(f"{chosen.rows} records, {chosen.place}")
        found["many"] = compare(next(targets), {"name": "p"}, many(chosen.rows), ("items", "note"))
    if chosen.place == "files":
        keep(*figures(found["alliance"], found["many"]))
    if chosen.json:
        chosen.json.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
