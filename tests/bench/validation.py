"""How long validation takes, beside its peers. In: sizes. Out: a table of medians, all measured in one run.

    python -m tests.bench.validation [--rows 1000000] [--runs 3] [--reference] [--peers] [--large] [--folder FOLDER]

Each figure is a whole process: seconds on the wall and of CPU, peak memory. `--reference` adds frictionless (a minute a run for a
million rows) and compares findings, `--peers` adds polars, pandera and dataframely where they are installed, `--large` ten times
the rows. Measures take turns and ratios are of the same turn, so that a busy machine slows both sides; a measure during which other
processes used more than a tenth of a core (`others`) is taken again, up to four times. One blank line shows what an odd record costs.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.bench.data import write_tables
from tests.bench.figures import Figure, keep

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
# ru_maxrss begins with the parent's memory, VmHWM does not.
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps([usage.ru_utime + usage.ru_stime, peak / 1024, found]))
"""


SMALL = """
import time
import duckdb
from publisher import validate_table
def validate():
    validate_table(f"{d}/commitments.csv", f"{d}/commitments.json", references={"members": (f"{d}/members.csv", f"{d}/members.json")})
def timed(work):
    begin = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - begin[0], time.process_time() - begin[1]
opened, first = timed(lambda: duckdb.connect().close()), timed(validate)
later = sorted(timed(validate) for _ in range(20))[10]
found = [["opened", *opened], ["first", *first], ["later", *later]]
"""
"""A process has started when DuckDB was opened in it: that touches some 1,700 pages of its code for the first time, and is told apart."""
DISTURBED = 0.1
"""Share of a core that others may use while something is measured; beyond it the measure is taken again."""
TRIES = 4


@dataclass(frozen=True, slots=True)
class Run:
    """One process: seconds on the wall and of CPU, MiB at the peak, cores that other processes used meanwhile, its findings."""

    seconds: float
    cpu: float
    memory: float
    others: float
    found: Any


def measure(body: str, folder: Path) -> Run:
    """The least disturbed of a few tries, the first that was not disturbed ending them."""
    tries: list[Run] = []
    for _ in range(TRIES):
        tries.append(_measure(body, folder))
        if tries[-1].others <= DISTURBED:
            break
    return min(tries, key=lambda run: run.others)


def _measure(body: str, folder: Path) -> Run:
    busy, begin = _busy(), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FRAME.replace("{body}", body), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - begin
    if done.returncode:
        raise SystemExit(done.stderr)
    others = _busy() - busy
    cpu, memory, found = json.loads(done.stdout.splitlines()[-1])
    return Run(seconds, cpu, memory, max(0.0, (others - cpu) / seconds), found and sorted(found, key=json.dumps))


def _busy() -> float:
    """Seconds of CPU that all processes of the machine have used."""
    times = [int(number) for number in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    return (sum(times) - times[3] - times[4]) / os.sysconf("SC_CLK_TCK")


def compare(folder: Path, bodies: dict[str, str], runs: int) -> dict[str, list[Run]]:
    """Measure everything in turns."""
    results: dict[str, list[Run]] = {name: [] for name in bodies}
    for _ in range(runs):
        for name, body in bodies.items():
            results[name].append(measure(body, folder))
    return results


def ratio(slow: list[Run], quick: list[Run]) -> float:
    """The median of how many times longer one takes than the other in the same turn."""
    return statistics.median(one.seconds / other.seconds for one, other in zip(slow, quick, strict=True))


def show(title: str, results: dict[str, list[Run]], *, scans: float | None = None, memory: int | None = None) -> None:
    """Print one table. Our process may take at most `scans` times DuckDB's scan, and `memory` MiB."""
    reference = results.get("frictionless")
    heads = f"{'s min/median/max':>24}{'CPU s':>8}{'MiB':>7}{'x scan':>8}{'frictionless x':>16}{'findings':>10}{'others':>8}"
    print(f"\n{title}\n{'':14}{heads}")
    for name, items in results.items():
        walls = sorted(item.seconds for item in items)
        print(
            f"{name:14}{walls[0]:8.2f}/{statistics.median(walls):7.2f}/{walls[-1]:7.2f}"
            f"{statistics.median(item.cpu for item in items):8.2f}{max(item.memory for item in items):7.0f}"
            f"{ratio(items, results['scan']):8.2f}{f'{ratio(reference, items):.1f}' if reference else '-':>16}"
            f"{'-' if items[0].found is None else len(items[0].found):>10}{max(item.others for item in items):8.2f}",
            flush=True,
        )
    ours = results["publisher"]
    keep(
        Figure(f"{title}, beside a scan of all text by DuckDB", ratio(ours, results["scan"]), most=scans),
        Figure(f"{title}, peak memory", max(item.memory for item in ours), "MiB", most=memory),
    )
    if reference:
        equal = ours[0].found == reference[0].found
        print("every finding equal to frictionless:", equal)
        keep(
            Figure(f"{title}, frictionless beside it", ratio(reference, ours), least=40),
            Figure(f"{title}, findings equal to those of frictionless", int(equal), "", least=1),
        )


def write_blank(source: Path, target: Path) -> None:
    """The tables of `source` with one blank line between two records about the middle."""
    target.mkdir()
    for name in ("members.csv", "members.json", "commitments.json"):
        shutil.copyfile(source / name, target / name)
    middle = (source / "commitments.csv").stat().st_size // 2
    with (source / "commitments.csv").open("rb") as lines, (target / "commitments.csv").open("wb") as file:
        written, done = 0, False
        for line in lines:
            if not done and written > middle and line.startswith(b"C0"):
                file.write(b"\n")
                done = True
            file.write(line)
            written += len(line)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--reference", action="store_true")
    options.add_argument("--peers", action="store_true")
    options.add_argument("--large", action="store_true")
    options.add_argument("--folder", type=Path)
    chosen = options.parse_args()
    ours = {"scan": SCAN, "publisher": OURS}
    bodies = {**ours, "gate alone": GATE}
    if chosen.peers:
        bodies |= {name: body for name, (module, body) in PEERS.items() if find_spec(module)}
    if chosen.reference:
        bodies["frictionless"] = REFERENCE
    with tempfile.TemporaryDirectory() as scratch:
        root = chosen.folder or Path(scratch)
        clean = root / f"{chosen.rows}-0.0"
        once: list[Run] = []
        for title, share in (("clean", 0.0), ("1 % dirty", 0.01)):
            folder = root / f"{chosen.rows}-{share}"
            if not folder.exists():
                write_tables(folder, chosen.rows, share)
            results = compare(folder, bodies, chosen.runs)
            show(f"{chosen.rows:,} rows x 11 columns, {title}", results, scans=None if share else 3, memory=400)
            once = once or results["publisher"]
        blank = root / f"{chosen.rows}-one-blank-line"
        if not blank.exists():
            write_blank(clean, blank)
        show(f"{chosen.rows:,} rows x 11 columns, one blank line", compare(blank, ours, chosen.runs))
        if chosen.large:
            folder = root / f"{chosen.rows * 10}-0"
            if not folder.exists():
                write_tables(folder, chosen.rows * 10)
            many = compare(folder, ours, chosen.runs)
            show(f"{chosen.rows * 10:,} rows x 11 columns, clean", many, memory=1024)
            keep(
                Figure(
                    "ten times the rows, time beside ten times that of one",
                    ratio(many["publisher"], once) / 10,
                    most=1.1,
                )
            )
        small = root / "55-0.0"
        if not small.exists():
            write_tables(small, 55)
        print("\n55 rows, in a process that has started: s on the wall, s of CPU")
        for name, seconds, cpu in measure(SMALL, small).found:
            print(f"{name:14}{seconds:8.3f}{cpu:8.3f}")
            if name == "opened":
                keep(Figure("DuckDB, opened and closed for the first time in a process", cpu, "s of CPU"))
            else:
                keep(Figure(f"55 rows in a process that has started, {name}", cpu, "s of CPU", most=0.05))


if __name__ == "__main__":
    main()
