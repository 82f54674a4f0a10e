"""What a diff costs: 1 M against 1 M rows with 1 % changes, beside hand-written ways, each in a process of its own.

    python -m tests.bench.diff [--rows 1000000] [--runs 3] [--json FILE]

Ours compares two published CSV files and writes changes.json and changes.ndjson; the others stop at their result in memory.
csv-diff (`pip install csv-diff`) and pandas take part where they are installed. Figures are medians; ratios are of one run.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from publisher import diff
from publisher.canonical import canonical_json
from publisher.engine import open_engine
from tests.bench.figures import Figure, keep

COLUMNS = ["id", "country", "target", "kind", "amount", "date", "title", "text", "url", "status", "note"]
TYPES = {"amount": "number", "date": "date"}
WORDS = (
    "protect",
    "children",
    "online",
    "victims",
    "identify",
    "support",
    "hotline",
    "police",
    "school",
    "training",
    "report",
)
RATIO, MEMORY, NAIVE = 1.3, 600, 8


def generate(rows: int, folder: Path) -> tuple[Path, Path]:
    """Two releases of a table of 11 columns: about 0.2 % added, 0.2 % removed, 0.6 % changed; rows.json counts their rows, as
    the descriptors of releases do."""
    chance = random.Random(7)
    paths = folder / "before.csv", folder / "after.csv"
    with (
        paths[0].open("w", encoding="utf-8", newline="") as one,
        paths[1].open("w", encoding="utf-8", newline="") as two,
    ):
        before, after = csv.writer(one, lineterminator="\n"), csv.writer(two, lineterminator="\n")
        before.writerow(COLUMNS)
        after.writerow(COLUMNS)
        counts = {path.name: 0 for path in paths}
        for number in range(rows):
            row = make_row(number, chance)
            fate = chance.random()
            if fate >= 0.002:
                before.writerow(row)
                counts["before.csv"] += 1
            if 0.004 <= fate < 0.010:
                row[chance.choice([4, 7, 9])] += "9"
            if not 0.002 <= fate < 0.004:
                after.writerow(row)
                counts["after.csv"] += 1
    (folder / "rows.json").write_text(json.dumps(counts))
    return paths


def make_row(number: int, chance: random.Random) -> list[str]:
    return [
        f"C{number:08d}",
        chance.choice(["AL", "AM", "CA", "CR", "FR", "VN"]),
        f"T{chance.randint(1, 4)}",
        chance.choice(["existing", "planned", "pledge"]),
        f"{chance.randint(0, 10**7) / 100:.2f}",
        f"20{chance.randint(10, 26)}-0{chance.randint(1, 9)}-1{chance.randint(0, 9)}",
        " ".join(chance.choices(WORDS, k=4)),
        " ".join(chance.choices(WORDS, k=9)) + (', "quoted"' if number % 50 == 0 else ""),
        f"https://example.org/{number}",
        chance.choice(["done", "open"]),
        "" if number % 3 else "التزام",
    ]


def ours(before: Path, after: Path, folder: Path) -> Any:
    schema = {"fields": [{"name": name, "type": TYPES.get(name, "string")} for name in COLUMNS], "primaryKey": ["id"]}
    rows = json.loads((before.parent / "rows.json").read_text())
    sides = [
        diff.TableState("t", diff.read_published(path, schema), schema, ("id",), rows=rows[path.name])
        for path in (before, after)
    ]
    with open_engine(folder) as engine:
        changes = diff.compare(engine, sides[:1], sides[1:], from_version="1.0.0", to_version="1.1.0")
        diff.write(engine, changes, folder)
        return [changes.counts.added, changes.counts.changed, changes.counts.removed]


def duckdb_join(before: Path, after: Path, folder: Path) -> Any:
    """A full outer join written by hand, its result kept as a table."""
    names = ", ".join(f"'{name}': 'VARCHAR'" for name in COLUMNS)
    read = "read_csv('{}', columns = {{" + names + "}}, header = true, delim = ',', quote = '\"', escape = '\"')"
    differs = " OR ".join(f"b.{name} IS DISTINCT FROM a.{name}" for name in COLUMNS[1:])
    values = ", ".join(f"{side}.{name} AS {side}_{name}" for side in "ba" for name in COLUMNS)
    with open_engine(folder) as engine:
        engine.run(
            "CREATE TABLE found AS SELECT CASE WHEN b.id IS NULL THEN 'add' WHEN a.id IS NULL THEN 'remove' ELSE 'change' END "
            f"AS op, {values} FROM {read.format(before)} b FULL OUTER JOIN {read.format(after)} a ON b.id = a.id "
            f"WHERE b.id IS NULL OR a.id IS NULL OR {differs}"
        )
        return [count for (count,) in engine.rows("SELECT count(*) FROM found GROUP BY op ORDER BY op")]


def pandas_merge(before: Path, after: Path, folder: Path) -> Any:
    import pandas

    one, two = (pandas.read_csv(path, dtype=str, keep_default_na=False) for path in (before, after))
    both = one.merge(two, on="id", how="outer", suffixes=("_b", "_a"), indicator=True)
    shared = both[both["_merge"] == "both"]
    differs = (
        shared[[f"{name}_b" for name in COLUMNS[1:]]].to_numpy()
        != shared[[f"{name}_a" for name in COLUMNS[1:]]].to_numpy()
    )
    sides = both["_merge"].value_counts()
    return [int(sides["right_only"]), int(differs.any(axis=1).sum()), int(sides["left_only"])]


def csv_diff(before: Path, after: Path, folder: Path) -> Any:
    import csv_diff as library

    with before.open(encoding="utf-8", newline="") as one, after.open(encoding="utf-8", newline="") as two:
        found = library.compare(library.load_csv(one, key="id"), library.load_csv(two, key="id"))
    return [len(found["added"]), len(found["changed"]), len(found["removed"])]


WAYS = {"ours": ours, "duckdb join": duckdb_join, "pandas merge": pandas_merge, "csv-diff": csv_diff}
NEEDS = {"pandas merge": "pandas", "csv-diff": "csv_diff"}


def work(way: str, before: Path, after: Path) -> None:
    """One contender in this process: its figures as a line of JSON."""
    started, spent = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory(dir=before.parent) as folder:
        counts = WAYS[way](before, after, Path(folder))
    seconds, cpu = time.perf_counter() - started, time.process_time() - spent
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    figures = {"counts": counts, "seconds": seconds, "cpu": cpu, "mebibytes": int(peak.split()[1]) // 1024}
    print(canonical_json(figures).decode())


def measure(way: str, before: Path, after: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.diff", "--work", way, str(before), str(after)]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def run(rows: int, runs: int) -> dict[str, Any]:
    """Medians of every contender and whether the figures that were promised hold."""
    ways = [way for way in WAYS if way not in NEEDS or importlib.util.find_spec(NEEDS[way])]
    with tempfile.TemporaryDirectory() as folder:
        before, after = generate(rows, Path(folder))
        found: dict[str, list[dict[str, Any]]] = {way: [] for way in ways}
        for _ in range(runs):
            for way in ways:
                found[way].append(measure(way, before, after))
    seconds = {way: statistics.median(one["seconds"] for one in found[way]) for way in ways}
    peak = {way: max(one["mebibytes"] for one in found[way]) for way in ways}
    assert len({tuple(one["counts"]) for way in ways for one in found[way]}) == 1, "the contenders disagree"
    promises = [
        Figure("time beside a join by hand", seconds["ours"] / seconds["duckdb join"], most=RATIO),
        Figure("peak memory", peak["ours"], "MiB", most=MEMORY),
        *(Figure(f"faster than {way}", seconds[way] / seconds["ours"], least=NAIVE) for way in NEEDS if way in ways),
    ]
    return {
        "rows": rows,
        "counts": found["ours"][0]["counts"],
        "seconds": seconds,
        "cpu seconds": {way: statistics.median(one["cpu"] for one in found[way]) for way in ways},
        "times ours": {way: seconds[way] / seconds["ours"] for way in ways},
        "mebibytes": peak,
        "promises": promises,
        "absent": [way for way in WAYS if way not in ways],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(options.work[0], Path(options.work[1]), Path(options.work[2]))
        return 0
    result = run(options.rows, options.runs)
    promises = result.pop("promises")
    text = json.dumps(result, indent=2)
    print(text)
    if options.json:
        options.json.write_text(text + "\n")
    keep(*promises)
    return 0


if __name__ == "__main__":
    sys.exit(main())
