"""A whole publication beside the naive way and the floor: `python -m tests.bench.pipeline [--rows 1000000] [--runs 3] [--ceph]`.

    ours     `publisher publish`: validated, four formats, hashed, put, read back, with pages, feeds and catalogues
    naive    frictionless, pandas to_csv, to_json and to_parquet, sha256, a copy of each file (boto3 upload_file with --ceph)
    floor    the same four formats by DuckDB's plain COPY, and a copy of each file (`aws s3 cp` with --ceph); nothing validated or hashed

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
from pathlib import Path

from tests.bench.data import write_tables
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


def run(command: list[str], environment: Mapping[str, str]) -> tuple[float, int]:
    """Seconds on the wall and peak memory in MiB of one process."""
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return time.perf_counter() - started, usage.ru_maxrss >> 10


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--ceph", action="store_true")
    parser.add_argument("--no-naive", action="store_true")
    arguments = parser.parse_args()
    memory = Path("/dev/shm")
    roomy = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 8 << 30
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=memory if roomy else None)))
        environment = {**os.environ, "TMPDIR": str(folder)}
        target = str(folder / "target")
        if arguments.ceph:
            home = find_ceph()
            if home is None:
                sys.exit("there is no Ceph gateway here: bash .ci/ceph.sh unpacks one")
            bucket = stack.enter_context(run_ceph(home)).fresh()
            environment |= bucket.env
            target = bucket.target
        source = folder / "source"
        source.mkdir()
        make_package(source, arguments.rows)
        descriptor = str(source / "datapackage.json")
        ways = {"ours": lambda at: [sys.executable, "-m", "publisher", "publish", descriptor, "--target", at]}
        ways["unchanged"] = lambda _: [
            sys.executable,
            "-m",
            "publisher",
            "publish",
            descriptor,
            "--target",
            f"{target}-0",
        ]
        ways["hashing the sources"] = lambda _: [
            "sha256sum",
            *(str(source / f"{name}.csv") for name in ("members", "commitments")),
        ]
        ways["floor"] = lambda at: [sys.executable, "-c", FLOOR, str(source), at]
        if not arguments.no_naive:
            ways["naive"] = lambda at: [sys.executable, "-W", "ignore", "-c", NAIVE, str(source), at]
        results: dict[str, list[tuple[float, int]]] = {name: [] for name in ways}
        for number in range(arguments.runs):
            for name, way in ways.items():
                for left in source.glob("floor.*"):
                    left.unlink()
                results[name].append(
                    run(way(f"{target}-{number}" if name == "ours" else f"{target}-{name}"), environment)
                )
        ours = statistics.median(item[0] for item in results["ours"])
        print(
            f"{arguments.rows} rows, {(source / 'commitments.csv').stat().st_size >> 20} MiB of CSV, target {target.split(':')[0]}"
        )
        for name, found in results.items():
            wall = statistics.median(item[0] for item in found)
            print(
                f"{name:22} {wall:8.2f} s   {max(item[1] for item in found):6} MiB   {wall / ours:6.2f} x ours",
                flush=True,
            )


if __name__ == "__main__":
    main()
