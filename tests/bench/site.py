"""How long the pages of a package take: the Alliance's, one of 20,000 records with a page each, one of a million rows.

    python -m tests.bench.site [--records 20000] [--rows 1000000] [--profile]

Only pages are measured, in three languages and into nothing; `--profile` says where the time of the records goes.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import tempfile
import time
from pathlib import Path
from typing import Any

from publisher import site
from publisher.project.settings import Settings
from publisher.store import open_store
from publisher.store.base import Store
from tests.bench.figures import Figure, keep
from tests.shelf import Shelf, TableOf, learn
from tests.site.world import LANGUAGES, PACKAGE, publish_alliance

FIELDS: list[dict[str, Any]] = [
    {"name": "id", "type": "string", "title": "Id"},
    {"name": "name", "type": "string"},
    {"name": "kind", "type": "string", "categories": ["a", "b", "c"]},
    {"name": "value", "type": "number"},
    {"name": "day", "type": "date"},
]
RECORDS = {"records": [{"table": "t", "title": "name", "facts": ["kind", "value", "day"]}]}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--profile", action="store_true")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        alliance = publish_alliance(Path(folder)).store
        tell("the Alliance", alliance, PACKAGE)  # templates are compiled once, by the first page that wants them
        own = tell("the Alliance", alliance, PACKAGE)
    small = measure(wanted.records // 4, RECORDS)
    many = measure(wanted.records, RECORDS, profile=wanted.profile)
    large = measure(wanted.rows, {})
    keep(
        Figure("the Alliance's pages, three languages", own, "s", most=5),
        Figure("pages of four times as many records", many / small, most=5),
        Figure(f"pages of a table of {wanted.rows:,} rows", large, "s", most=5),
    )


def measure(rows: int, declared: dict[str, Any], *, profile: bool = False) -> float:
    """Seconds for the pages of a table with so many rows."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(str(Path(folder) / "public"), env={})
        table = TableOf(
            {"name": "t"},
            {"fields": FIELDS, "primaryKey": ["id"]},
            [
                {"id": f"{n:07}", "name": f"Entry {n}", "kind": "abc"[n % 3], "value": str(n), "day": "2024-01-02"}
                for n in range(rows)
            ],
        )
        Shelf(store, Path(folder) / "shelf").publish({"name": "p", "site": declared}, [table], "1.0.0")
        if not profile:
            return tell(f"{rows:,} rows", store, "p")
        with cProfile.Profile() as found:
            seconds = tell(f"{rows:,} rows", store, "p")
        pstats.Stats(found).sort_stats("tottime").print_stats(25)
        return seconds


def tell(name: str, store: Store, package: str) -> float:
    """Make every page of a package and say how many there were, how heavy, how long it took."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(languages=LANGUAGES, base_url="https://data.example.org/")
        told, sheets = learn(store, package, Path(folder), settings)
        edition = site.make_edition(settings.languages, settings.base_url)
        begun = time.perf_counter()
        made = (*site.build_package(edition, told.shelf), *sheets.values())
        sizes = [(len(page.make()), page.key.endswith(".html")) for page in made]
        seconds = time.perf_counter() - begun
    heaviest = max(size for size, is_page in sizes if is_page)
    told_of = f"{len(sizes):,} objects, {sum(size for size, _ in sizes) / 1e6:.1f} MB, the heaviest page {heaviest / 1e3:.0f} kB"
    print(f"{name}: {told_of}, {seconds:.2f} s", flush=True)
    return seconds


if __name__ == "__main__":
    main()
