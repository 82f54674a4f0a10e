"""How long validation takes, beside its peers. In: sizes. Out: a table of medians, all measured in one run.

    python -m tests.bench.validation [--rows 1000000] [--runs 3] [--reference] [--peers] [--large] [--folder FOLDER]

Each figure is a whole process: seconds on the wall and of CPU, peak memory. `--reference` adds frictionless (a minute a run for a
million rows) and compares findings, `--peers` adds polars, pandera and dataframely where they are installed, `--large` ten times
the rows. Measures take turns, so that a busy machine slows all of them.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench.data import write_tables

OURS = """
from publisher import validate_table
report = validate_table(f"{d}/commitments.csv", f"{d}/commitments.json",
    references={"members": (f"{d}/members.csv", f"{d}/members.json")}, limit=None)
found = report.flatten(["rowNumber", "fieldNumber", "type"])
"""
SCAN = """
import duckdb
names = open(f"{d}/commitments.csv").readline().strip().split(",")
sums = ", ".join(f"max(strlen({name}))" for name in names)
duckdb.sql(f"SELECT {sums} FROM read_csv('{d}/commitments.csv', all_varchar=true, header=true)").fetchall()
found = None
"""
GATE = """
from pathlib import Path
from publisher.validate.structure import take_census
take_census(Path(d) / "commitments.csv", '"')
found = None
"""
REFERENCE = """
from publisher.validate.reference import reference_table
report = reference_table(f"{d}/commitments.csv", f"{d}/commitments.json",
    references={"members": (f"{d}/members.csv", f"{d}/members.json")})
found = report.flatten(["rowNumber", "fieldNumber", "type"])
"""
POLARS = """
import polars as pl
f = pl.read_csv(f"{d}/commitments.csv", infer_schema=False).with_columns(pl.all().fill_null("")).with_row_index("row", offset=2)
m = pl.read_csv(f"{d}/members.csv", infer_schema=False)
c = pl.col
rules = {
    (1, "constraint-error"): ~c("commitment_id").str.contains("^C[0-9]{8}$"),
    (3, "constraint-error"): (c("title") == "") | (c("title").str.len_chars() > 80),
    (5, "constraint-error"): (c("status") != "") & ~c("status").is_in(["planned", "started", "on track", "delayed", "done"]),
    (6, "type-error"): (c("year") != "") & ~c("year").str.contains("^-?[0-9]+$"),
    (6, "constraint-error"): ~c("year").cast(pl.Int64, strict=False).is_between(2000, 2030),
    (7, "type-error"): (c("amount") != "") & c("amount").cast(pl.Float64, strict=False).is_null(),
    (8, "type-error"): (c("due") != "") & c("due").str.to_date("%Y-%m-%d", strict=False).is_null(),
    (9, "type-error"): (c("contact") != "") & ~c("contact").str.contains("^[^@ ]+@[^@ ]+[.][a-z]+$"),
    (11, "type-error"): (c("published") != "") & ~c("published").is_in(["true", "false", "True", "False", "TRUE", "FALSE", "1", "0"]),
    (None, "primary-key"): ~c("commitment_id").is_first_distinct(),
    (None, "foreign-key"): ~c("member_id").is_in(m["member_id"].implode()),
}
found = [[row, at[0], at[1]] for at, rule in rules.items() for row in f.filter(rule)["row"]]
"""
PANDERA = """
import pandera.polars as pa, polars as pl
f = pl.read_csv(f"{d}/commitments.csv", infer_schema=False).with_columns(pl.all().fill_null(""))
m = pl.read_csv(f"{d}/members.csv", infer_schema=False)["member_id"].to_list()
matches = lambda pattern: pa.Check.str_matches(pattern)
schema = pa.DataFrameSchema({
    "commitment_id": pa.Column(str, [matches("^C[0-9]{8}$")], unique=True),
    "member_id": pa.Column(str, [pa.Check.isin(m)]),
    "title": pa.Column(str, [pa.Check.str_length(1, 80)]),
    "status": pa.Column(str, [pa.Check.isin(["", "planned", "started", "on track", "delayed", "done"])]),
    "year": pa.Column(str, [matches("^(|20[0-2][0-9]|2030)$")]),
    "amount": pa.Column(str, [matches("^[0-9]*([.][0-9]+)?$")]),
    "due": pa.Column(str, [matches("^(|[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]))$")]),
    "contact": pa.Column(str, [matches("^(|[^@ ]+@[^@ ]+[.][a-z]+)$")]),
    "published": pa.Column(str, [pa.Check.isin(["", "true", "false"])]),
}, strict=False)
try:
    schema.validate(f, lazy=True); found = []
except pa.errors.SchemaErrors as error:
    found = [[row["index"] + 2, None, row["check"]] for row in error.failure_cases.to_dicts() if row["index"] is not None]
"""
DATAFRAMELY = """
import dataframely as dy, polars as pl
class Commitment(dy.Schema):
    commitment_id = dy.String(primary_key=True, regex="^C[0-9]{8}$")
    title = dy.String(min_length=1, max_length=80)
    status = dy.String(regex="^(|planned|started|on track|delayed|done)$")
    year = dy.String(regex="^(|20[0-2][0-9]|2030)$")
    amount = dy.String(regex="^[0-9]*([.][0-9]+)?$")
    due = dy.String(regex="^(|[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]))$")
    contact = dy.String(regex="^(|[^@ ]+@[^@ ]+[.][a-z]+)$")
    published = dy.String(regex="^(|true|false)$")
f = pl.read_csv(f"{d}/commitments.csv", infer_schema=False).with_columns(pl.all().fill_null(""))
good, bad = Commitment.filter(f)
found = [[None, None, name] for name, count in bad.counts().items() for _ in range(count)]
"""
PEERS = {"polars": ("polars", POLARS), "pandera": ("pandera", PANDERA), "dataframely": ("dataframely", DATAFRAMELY)}
FRAME = """
import json, resource, sys, time
begin = time.perf_counter()
d = sys.argv[1]
{body}
end = time.perf_counter()
usage = resource.getrusage(resource.RUSAGE_SELF)
key = lambda item: json.dumps(item)
# ru_maxrss begins with the parent's memory, VmHWM does not.
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps([usage.ru_utime + usage.ru_stime, peak / 1024, sorted(found, key=key) if found is not None else None]))
"""


def measure(body: str, folder: Path) -> tuple[float, float, float, Any]:
    """(seconds, seconds of CPU, MiB at the peak, findings) of one process."""

    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FRAME.replace("{body}", body), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - begin
    if done.returncode:
        raise SystemExit(done.stderr)
    cpu, memory, found = json.loads(done.stdout.splitlines()[-1])
    return seconds, cpu, memory, found


def compare(folder: Path, bodies: dict[str, str], runs: int) -> dict[str, list[tuple[float, float, float, Any]]]:
    """Measure everything in turns."""
    results: dict[str, list[tuple[float, float, float, Any]]] = {name: [] for name in bodies}
    for _ in range(runs):
        for name, body in bodies.items():
            results[name].append(measure(body, folder))
    return results


def show(title: str, results: dict[str, list[tuple[float, float, float, Any]]]) -> None:
    scan = statistics.median(item[0] for item in results["scan"])
    reference = results.get("frictionless")
    base = statistics.median(item[0] for item in reference) if reference else None
    print(
        f"\n{title}\n{'':14}{'s min/median/max':>22}{'CPU s':>8}{'MiB':>7}{'x scan':>8}{'x faster than frictionless':>28}{'findings':>10}"
    )
    for name, items in results.items():
        walls = sorted(item[0] for item in items)
        median = statistics.median(walls)
        found = items[0][3]
        print(
            f"{name:14}{walls[0]:7.2f}/{median:6.2f}/{walls[-1]:6.2f}{statistics.median(item[1] for item in items):8.2f}"
            f"{max(item[2] for item in items):7.0f}{median / scan:8.2f}{f'{base / median:.1f}' if base else '-':>28}"
            f"{'-' if found is None else len(found):>10}"
        )
    if reference:
        same = results["publisher"][0][3] == reference[0][3]
        print("every finding equal to frictionless:", same)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--reference", action="store_true")
    options.add_argument("--peers", action="store_true")
    options.add_argument("--large", action="store_true")
    options.add_argument("--folder", type=Path)
    chosen = options.parse_args()
    bodies = {"scan": SCAN, "publisher": OURS, "gate alone": GATE}
    if chosen.peers:
        from importlib.util import find_spec

        bodies |= {name: body for name, (module, body) in PEERS.items() if find_spec(module)}
    if chosen.reference:
        bodies["frictionless"] = REFERENCE
    with tempfile.TemporaryDirectory() as scratch:
        root = chosen.folder or Path(scratch)
        for title, share in (("clean", 0.0), ("1 % dirty", 0.01)):
            folder = root / f"{chosen.rows}-{share}"
            if not folder.exists():
                write_tables(folder, chosen.rows, share)
            show(f"{chosen.rows:,} rows x 11 columns, {title}", compare(folder, bodies, chosen.runs))
        if chosen.large:
            folder = root / f"{chosen.rows * 10}-0"
            if not folder.exists():
                write_tables(folder, chosen.rows * 10)
            show(f"{chosen.rows * 10:,} rows", compare(folder, {"scan": SCAN, "publisher": OURS}, chosen.runs))


if __name__ == "__main__":
    main()
