"""What the static API and the feeds cost: 100 k records in two releases, one of a thousand rows changed.

    python -m tests.bench.feeds [--rows 100000] [--json FILE]

Each build runs in a process of its own; its seconds, its objects, its peak memory, and how many records got other bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from publisher import layout
from publisher.commit.history import walk
from publisher.commit.pointer import read_head
from publisher.engine import open_engine
from publisher.feeds import build
from publisher.package.published import read_release
from publisher.store.files import FileStore
from tests.shelf import Shelf, TableOf

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


def publish(store: FileStore, folder: Path, rows: int) -> None:
    def items(note: str) -> TableOf:
        return TableOf(
            {"name": "items"},
            ITEMS,
            [
                {
                    "id": str(number),
                    "land": f"L{number % 200:03}",
                    "parent": str(number // 10) if number else None,
                    "title": f"Item {number} with a title of some length",
                    "amount": f"{number}.50",
                    "day": "2012-12-05",
                    "note": note if number % 1000 == 0 else "x" * 100,
                }
                for number in range(rows)
            ],
        )

    lands = TableOf({"name": "lands"}, LANDS, [{"land": f"L{number:03}"} for number in range(200)])
    shelf = Shelf(store, folder)
    shelf.publish({"name": "p"}, [lands, items("first")], "1.0.0")
    shelf.publish({"name": "p"}, [lands, items("second")], "1.0.1")


def measure(root: Path, version: str) -> dict[str, Any]:
    """One build in this process. The hashes of all objects are written to a file beside the store."""
    store = FileStore(root, layout.headers)
    hashes, size = {}, 0
    with tempfile.TemporaryDirectory() as scratch, open_engine(Path(scratch)) as engine:
        started = time.perf_counter()
        published = read_release(store, "p", version, Path(scratch))
        history = [
            item for item in walk(store, read_head(store, "p")) if version == "1.0.1" or item["version"] == "1.0.0"
        ]
        for key, body in build(
            engine, published, history, base_url="https://data.example.org/", languages=("en", "ar", "fr")
        ):
            data = body.read_bytes() if isinstance(body, Path) else body
            hashes[key] = hashlib.sha256(data).hexdigest()
            size += len(data)
        seconds = time.perf_counter() - started
    (root.parent / f"{version}.json").write_text(json.dumps(hashes))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "seconds": round(seconds, 2),
        "objects": len(hashes),
        "megabytes": round(size / 1e6),
        "peak_mb": round(peak),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--one", nargs=2)
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(measure(Path(chosen.one[0]), chosen.one[1])))
        return
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "public"
        publish(FileStore(root, layout.headers), Path(name) / "shelf", chosen.rows)
        found: dict[str, Any] = {"rows": chosen.rows}
        for version in ("1.0.0", "1.0.1"):
            ran = subprocess.run(
                [sys.executable, "-m", "tests.bench.feeds", "--one", str(root), version],
                capture_output=True,
                text=True,
                check=True,
            )
            found[version] = json.loads(ran.stdout)
        before, after = (json.loads((root.parent / f"{version}.json").read_text()) for version in ("1.0.0", "1.0.1"))
        found["other_bytes"] = sum(before.get(key) != digest for key, digest in after.items())
    print(json.dumps(found, indent=2))
    if chosen.json:
        chosen.json.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
