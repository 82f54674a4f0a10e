"""What serialising costs. Run: `python -m tests.bench.publishing [rows]`. Out: seconds, ratio to the floor, peak memory, one line each.

The floor is DuckDB's own writers on typed columns: the same table, sorted, then one plain COPY for each of the four formats, nothing
hashed, numbers and dates as DuckDB likes them. Each runs in a process of its own, in turn, and the best of the rounds counts.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from publisher.engine import Engine, literal, open_engine
from publisher.findings import Report
from publisher.model import Loaded, Package, Resource
from publisher.package.descriptor import identity
from publisher.package.release import build, write_canonical
from publisher.query import derive
from publisher.validate import Checked

ROUNDS = 3
FIELDS = {
    "commitment_id": "string",
    "member_id": "string",
    "date": "date",
    "status": "string",
    "amount": "number",
    "persons": "integer",
    "year": "year",
    "verified": "boolean",
    "url": "string",
    "title": "string",
    "title_ar": "string",
}
FLOOR = {"date": "DATE", "number": "DECIMAL(18, 2)", "integer": "BIGINT", "year": "INTEGER", "boolean": "BOOLEAN"}


def generate(engine: Engine, rows: int, path: Path) -> None:
    """A table like commitments, its rows not sorted by key: quotes, commas, line ends, Arabic and missing values among them."""
    engine.run(f"""COPY (
        SELECT printf('C%07d', i) AS commitment_id, printf('M%05d', i % 10000) AS member_id,
            DATE '2010-01-01' + CAST(i * 7919 % 5000 AS INTEGER) AS date,
            ['planned', 'active', 'done', 'withdrawn'][i % 4 + 1] AS status,
            CAST(i * 104729 % 1000000 AS VARCHAR) || '.' || printf('%02d', i % 100) AS amount,
            i * 31 % 90000 AS persons, 2000 + i % 25 AS year, i % 3 = 0 AS verified,
            'https://example.org/' || left(md5(CAST(i AS VARCHAR)), 20) AS url,
            CASE WHEN i % 17 = 0 THEN 'He said "no", then left' WHEN i % 10 = 0 THEN NULL
                ELSE 'Commitment number ' || i || ' of the plan: train ' || i % 977 || ' officers' END AS title,
            CASE WHEN i % 7 = 0 THEN NULL WHEN i % 501 = 0 THEN 'two' || chr(10) || 'lines'
                ELSE 'التزام رقم ' || i || ' في الخطة الوطنية' END AS title_ar
        FROM range({rows}) AS numbers (i) ORDER BY hash(i)
    ) TO {literal(path)} (FORMAT csv)""")


def source(path: Path) -> str:
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in FIELDS)
    return f"read_csv({literal(path)}, columns = {{{columns}}}, header = true, auto_detect = false, delim = ',', quote = '\"')"


def publish(engine: Engine, path: Path, folder: Path) -> dict[str, float]:
    """Our way: canonical table, four formats, every hash, the whole release."""
    schema = {
        "fields": [{"name": name, "type": kind} for name, kind in FIELDS.items()],
        "primaryKey": ["commitment_id"],
    }
    table = Resource("commitments", (path,), schema, {}, "utf-8", {"name": "commitments"})
    loaded = Loaded(Package("bench", folder, {"name": "bench"}, (table,)), {}, "", "")
    clock = time.perf_counter()
    tables = derive(Checked(loaded, Report(), {"commitments": f"SELECT * FROM {source(path)}"}), engine)
    times = {"table": time.perf_counter() - clock}
    clock = time.perf_counter()
    canonical = write_canonical(engine, tables, engine.folder / "release")
    times["csv"] = time.perf_counter() - clock
    clock = time.perf_counter()
    build(
        engine,
        tables,
        canonical,
        version="1.0.0",
        parent=None,
        created="2026-01-01T00:00:00Z",
        content=identity(tables, canonical),
        parent_descriptor=None,
        folder=engine.folder / "release",
    )
    times["json, ndjson, parquet"] = time.perf_counter() - clock
    return times


def floor(engine: Engine, path: Path, folder: Path) -> dict[str, float]:
    """DuckDB's way: a typed table, four plain COPYs."""
    typed = ", ".join(
        f'CAST("{name}" AS {FLOOR[kind]}) AS "{name}"' if kind in FLOOR else f'"{name}"'
        for name, kind in FIELDS.items()
    )
    clock = time.perf_counter()
    engine.run("ATTACH ':memory:' AS canonical")
    engine.run(f"CREATE TABLE canonical.t AS SELECT {typed} FROM {source(path)} ORDER BY commitment_id")
    times = {"table": time.perf_counter() - clock}
    for name, options in {
        "csv": "FORMAT csv",
        "json": "FORMAT json, ARRAY true",
        "ndjson": "FORMAT json",
        "parquet": "FORMAT parquet, COMPRESSION zstd",
    }.items():
        clock = time.perf_counter()
        engine.run(f"COPY canonical.t TO {literal(folder / name)} ({options})")
        times[name] = time.perf_counter() - clock
    return times


def run_alone(way: str, path: Path) -> tuple[dict[str, float], float]:
    """One way in a process of its own. Out: seconds by step, peak MiB."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.publishing", way, str(path)], capture_output=True, text=True, check=True
    )
    times, peak = json.loads(done.stdout)
    return times, peak


def compare(rows: int) -> None:
    with tempfile.TemporaryDirectory(prefix="publisher-bench-") as name:
        folder = Path(name)
        path = folder / "commitments.csv"
        with open_engine(folder) as engine:
            generate(engine, rows, path)
        print(f"{rows} rows x {len(FIELDS)} columns, {path.stat().st_size / 1e6:.0f} MB of CSV, best of {ROUNDS}")
        best: dict[str, tuple[dict[str, float], float]] = {}
        for _ in range(ROUNDS):
            for way in ("floor", "publish"):
                found = run_alone(way, path)
                if way not in best or sum(found[0].values()) < sum(best[way][0].values()):
                    best[way] = found
    for way, (times, peak) in best.items():
        steps = ", ".join(f"{step} {seconds:.2f}" for step, seconds in times.items())
        written = sum(times.values()) - times["table"]
        print(f"{way:8} {sum(times.values()):6.2f} s, files alone {written:5.2f} s, peak {peak:4.0f} MiB  ({steps})")
    totals = {way: sum(times.values()) for way, (times, _) in best.items()}
    files = {way: sum(times.values()) - times["table"] for way, (times, _) in best.items()}
    print(
        f"ratio    {totals['publish'] / totals['floor']:.2f} with the table, {files['publish'] / files['floor']:.2f} files alone"
    )


def main() -> None:
    if sys.argv[1:2] and sys.argv[1] in {"publish", "floor"}:
        with tempfile.TemporaryDirectory(prefix="publisher-bench-") as name, open_engine(Path(name)) as engine:
            times = {"publish": publish, "floor": floor}[sys.argv[1]](engine, Path(sys.argv[2]), Path(name))
        print(json.dumps([times, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
    else:
        compare(int(sys.argv[1]) if sys.argv[1:] else 1_000_000)


if __name__ == "__main__":
    main()
