"""A whole publication beside the naive way and the floor: `python -m tests.bench.pipeline [--rows 1000000] [--runs 3] [--ceph]`.

    visible    `publisher publish` until the pointer has moved: validated, four formats, workbooks, hashed, put, read back
    ours       the same process to its exit, with pages, feeds, the static API, catalogues and `latest/`
    naive      frictionless, pandas to_csv, to_json and to_parquet, sha256, a copy of each file (boto3 upload_file with --ceph)
    floor      the same four formats by DuckDB's plain COPY, and a copy of each file (`aws s3 cp` with --ceph); nothing validated or hashed
    unchanged  `publisher publish` again, beside reading and hashing the sources, each less what it takes with ten rows

Whole processes in turn, medians; the folder lies in memory where there is room, so that the disk is not measured.
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
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from tests.bench.data import write_tables
from tests.bench.figures import Figure, keep
from tests.servers.ceph import find_ceph, run_ceph
from tests.tools import ROOT

NAIVE = """
import hashlib, json, os, shutil, sys
from pathlib import Path
import pandas, frictionless
folder, target = Path(sys.argv[1]), sys.argv[2]
frictionless.system.trusted = True
report = frictionless.Package(str(folder / 'datapackage.json')).validate(limit_errors=10**9)
assert report.valid, report.flatten(['type', 'note'])[:3]
frame = pandas.read_csv(folder / 'commitments.csv')
made = [folder / f'naive.{kind}' for kind in ('csv', 'json', 'ndjson', 'parquet')]
frame.to_csv(made[0], index=False)
frame.to_json(made[1], orient='records')
frame.to_json(made[2], orient='records', lines=True)
frame.to_parquet(made[3], compression='zstd')
if target.startswith('s3://'):
    import boto3
    bucket, _, prefix = target[5:].partition('/')
    client = boto3.client('s3')
for path in made:
    hashlib.file_digest(path.open('rb'), 'sha256')
    if target.startswith('s3://'): client.upload_file(str(path), bucket, f'{prefix}/naive/{path.name}')
    else: os.makedirs(target, exist_ok=True); shutil.copy(path, target)
"""
OURS = """
import json, os, sys, time
from contextlib import contextmanager
from publisher.cli import main, output
moments = [('start', float(os.environ['BEGUN']))]
@contextmanager
def watch(_):
    yield lambda stage, done, total: moments[-1][0] != stage and moments.append((stage, time.monotonic()))
output.Output.progress = watch
try: main()
finally: open(os.environ['MOMENTS'], 'w').write(json.dumps([*moments, ('end', time.monotonic())]))
"""
HASHED = """
import hashlib, sys
for path in sys.argv[1:]: hashlib.file_digest(open(path, 'rb'), 'sha256')
"""
FLOOR = """
import os, shutil, subprocess, sys
from pathlib import Path
import duckdb
folder, target = Path(sys.argv[1]), sys.argv[2]
base = duckdb.connect(str(folder / 'floor.duckdb'), config={'memory_limit': '512MB', 'temp_directory': str(folder)})
base.execute(f"CREATE TABLE t AS SELECT * FROM read_csv('{folder}/commitments.csv') ORDER BY 1")
kinds = {'csv': 'FORMAT csv', 'json': 'FORMAT json, ARRAY true', 'ndjson': 'FORMAT json', 'parquet': 'FORMAT parquet, COMPRESSION zstd'}
for kind, options in kinds.items():
    path = folder / f'floor.{kind}'
    base.execute(f"COPY t TO '{path}' ({options})")
    if target.startswith('s3://'):
        subprocess.run(['aws', 's3', 'cp', '--quiet', str(path), f'{target}/floor/{path.name}'], check=True)
    else: os.makedirs(target, exist_ok=True); shutil.copy(path, target)
"""


def make_package(folder: Path, rows: int) -> None:
    """A package of two tables with a foreign key, as validation's benchmark has them."""
    write_tables(folder, rows)
    resources = []
    for name in ("members", "commitments"):
        schema = json.loads((folder / f"{name}.json").read_text())
        resources.append(
            {
                "name": name,
                "type": "table",
                "path": f"{name}.csv",
                "encoding": "utf-8",
                "format": "csv",
                "schema": schema,
            }
        )
    (folder / "datapackage.json").write_text(json.dumps({"name": "bench", "resources": resources}))


@dataclass
class Taken:
    """What the runs of one way took: seconds on the wall, peak memory in MiB."""

    seconds: list[float] = field(default_factory=list)
    peak: int = 0

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def run(command: list[str], environment: Mapping[str, str], taken: Taken) -> None:
    """One process, added to what its way took."""
    started = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, env={**environment, "BEGUN": str(started)}, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    taken.seconds.append(time.monotonic() - started)
    taken.peak = max(taken.peak, usage.ru_maxrss >> 10)


class Bench:
    """One place to publish to, and all ways to it."""

    def __init__(self, folder: Path, target: str, environment: Mapping[str, str]) -> None:
        self.folder, self.target = folder, target
        self.environment = {**environment, "TMPDIR": str(folder), "MOMENTS": str(folder / "moments")}
        self.taken: dict[str, Taken] = {}
        self.stages: dict[str, list[float]] = {}

    def time(self, way: str, command: list[str]) -> None:
        run(command, self.environment, self.taken.setdefault(way, Taken()))

    def publish(self, source: Path, target: str, way: str) -> None:
        self.time(way, [sys.executable, "-c", OURS, "publish", str(source / "datapackage.json"), "--target", target])

    def round(self, number: int, large: Path, small: Path, *, naive: bool) -> None:
        """Each way once, to a place of its own; what was sent to a folder is removed again."""
        places = {way: f"{self.target}-{way}-{number}" for way in ("ours", "small", "floor", "naive")}
        self.publish(large, places["ours"], "ours")
        self.note_stages()
        self.publish(large, places["ours"], "unchanged")
        self.publish(small, places["small"], "small")
        self.publish(small, places["small"], "unchanged, ten rows")
        for name, source in (("hashing", large), ("hashing, ten rows", small)):
            self.time(name, [sys.executable, "-c", HASHED, *map(str, source.glob("*.csv"))])
        self.time("floor", [sys.executable, "-c", FLOOR, str(large), places["floor"]])
        if naive:
            self.time("naive", [sys.executable, "-W", "ignore", "-c", NAIVE, str(large), places["naive"]])
        for made in (*large.glob("floor.*"), *large.glob("naive.*")):
            made.unlink()
        for place in places.values():
            if not place.startswith("s3:"):
                shutil.rmtree(place, ignore_errors=True)

    def note_stages(self) -> None:
        """How long each stage of the publication took that has just ended, and when it became visible."""
        moments = json.loads((self.folder / "moments").read_text())
        for (stage, begun), (_, ended) in pairwise(moments):
            self.stages.setdefault(stage, []).append(ended - begun)
        visible = next(begun for stage, begun in moments if stage == "refresh") - moments[0][1]
        taken = self.taken.setdefault("visible", Taken())
        taken.seconds.append(visible)
        taken.peak = self.taken["ours"].peak

    def show(self, naive: bool) -> None:
        ours, visible, floor = (self.taken[way].median for way in ("ours", "visible", "floor"))
        for way in ("visible", "ours", "floor", *(["naive"] if naive else []), "unchanged", "hashing"):
            found = self.taken[way]
            beside = f"{found.median / floor:6.2f} x floor" if way in {"visible", "ours"} else ""
            print(f"{way:12} {found.median:8.2f} s {found.peak:6} MiB  {beside}")
        spent = {stage: statistics.median(seconds) for stage, seconds in self.stages.items()}
        print("of which     " + ", ".join(f"{stage} {seconds:.2f}" for stage, seconds in spent.items()))
        again = self.taken["unchanged"].median - self.taken["unchanged, ten rows"].median
        hashed = self.taken["hashing"].median - self.taken["hashing, ten rows"].median
        print(f"unchanged, beside process start: {again:.2f} s; hashing beside process start: {hashed:.2f} s")
        kind = "bucket" if self.target.startswith("s3:") else "folder"
        keep(
            Figure(f"until visible, {kind}, beside the floor", visible / floor, most=1.4),
            Figure(f"to the exit, {kind}, beside the floor", ours / floor),
            Figure(f"unchanged, {kind}, beside hashing the sources", again / max(hashed, 0.001), most=1.5),
            Figure(f"peak memory, {kind}", self.taken["ours"].peak, "MiB", most=800),
        )
        if naive:
            keep(
                Figure(f"naive way, {kind}, beside ours until visible", self.taken["naive"].median / visible, least=10)
            )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--ceph", action="store_true")
    parser.add_argument("--no-naive", action="store_true")
    chosen = parser.parse_args()
    memory = Path("/dev/shm")
    roomy = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 8 << 30
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=memory if roomy else None)))
        target, environment = str(folder / "target"), dict(os.environ)
        if chosen.ceph:
            home = find_ceph()
            if home is None:
                sys.exit("there is no Ceph gateway here: bash .ci/ceph.sh unpacks one")
            # A cluster of its own: what is published here would fill the one that tests start again and again.
            own = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
            (own / "root").symlink_to(home / "root")
            bucket = stack.enter_context(run_ceph(own)).fresh()
            environment |= bucket.env
            target = bucket.target
        bench, large, small = Bench(folder, target, environment), folder / "large", folder / "small"
        for source, rows in ((large, chosen.rows), (small, 10)):
            source.mkdir()
            make_package(source, rows)
        size = (large / "commitments.csv").stat().st_size >> 20
        print(
            f"{chosen.rows} rows, {size} MiB of CSV, into a {'bucket' if chosen.ceph else 'folder'}, {chosen.runs} runs"
        )
        for number in range(chosen.runs):
            bench.round(number, large, small, naive=not chosen.no_naive)
        bench.show(naive=not chosen.no_naive)


if __name__ == "__main__":
    main()
