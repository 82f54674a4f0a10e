"""What an upload costs beside `aws s3 cp`: one large file, and 500 small ones, to the same Ceph gateway, in one run.

    python -m tests.bench.upload [--megabytes 512] [--files 500] [--runs 3] [--json FILE]

Both sides are whole processes, one after the other, in alternating order, to fresh prefixes. `upload` sends with create-only writes;
`verified` reads back as well, as every publication does (small objects whole, of large ones the record), which `aws s3 cp` does not.
Ratios are throughput of ours against that of aws: more is better, 0.9 is the goal for `upload`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from publisher import layout
from publisher.canonical import sha256_file
from publisher.commit.upload import WORKERS, upload
from publisher.model import File
from publisher.store import open_store
from tests.servers.bucket import Bucket
from tests.servers.ceph import find_ceph, run_ceph
from tests.tools import ROOT

MIB = 1 << 20


def send(mode: str, folder: Path, target: str, version: str) -> None:
    """One of our processes. The files' hashes are known to a publication, so they are read from beside the folder."""
    hashes = json.loads(folder.with_suffix(".json").read_text())
    store = open_store(target, env=os.environ)
    files = [File(name, (folder / name).stat().st_size, digest, path=folder / name) for name, digest in hashes.items()]
    if mode == "verified":
        upload(store, "bench", version, files)
        return

    def put(file: File) -> None:
        key = layout.release_file("bench", version, file.name)
        assert file.path is not None
        store.put(key, file.path, sha256=file.sha256, headers=layout.headers(key), if_absent=True)

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(put, files))


def make(folder: Path, count: int, size: int) -> Path:
    dice = random.Random(size)
    folder.mkdir()
    for number in range(count):
        with (folder / f"file-{number:04}.csv").open("wb") as file:
            for start in range(0, size, MIB):
                file.write(dice.randbytes(min(MIB, size - start)))
    hashes = {path.name: sha256_file(path) for path in sorted(folder.iterdir())}
    folder.with_suffix(".json").write_text(json.dumps(hashes))
    return folder


def measure(bucket: Bucket, folder: Path, runs: int) -> dict[str, float]:
    """Median seconds of each way."""
    env = {**os.environ, **bucket.env, "PYTHONPATH": str(ROOT), "AWS_EC2_METADATA_DISABLED": "true"}
    seconds: dict[str, list[float]] = {"aws": [], "upload": [], "verified": []}
    for run in range(runs):
        ways = list(seconds)
        for way in ways if run % 2 == 0 else reversed(ways):
            place = f"{folder.name}-{way}-{run}"
            if way == "aws":
                command = ["aws", "s3", "cp", "--recursive", "--quiet", str(folder), f"s3://{bucket.name}/{place}"]
            else:
                command = [sys.executable, "-m", "tests.bench.upload", "--send", way, str(folder), bucket.target, place]
            begun = time.perf_counter()
            subprocess.run(command, env=env, cwd=ROOT, check=True)
            seconds[way].append(time.perf_counter() - begun)
            delete(bucket, place if way == "aws" else f"data/bench/v/{place}")
    return {way: statistics.median(taken) for way, taken in seconds.items()}


def delete(bucket: Bucket, prefix: str) -> None:
    client = bucket.client()
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket.name, Prefix=prefix):
        for item in page.get("Contents", ()):
            client.delete_object(Bucket=bucket.name, Key=item["Key"])


def run(megabytes: int, files: int, runs: int) -> dict[str, Any]:
    """Seconds and ratios of both cases. Ends with a reason where a tool is missing."""
    home = find_ceph()
    if home is None or shutil.which("aws") is None:
        sys.exit("needs Ceph (.ci/ceph.sh) and the aws command line (pip install awscli)")
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as scratch, run_ceph(home) as server:
        bucket = server.fresh()
        cases = {
            f"one file of {megabytes} MiB": make(Path(scratch) / "large", 1, megabytes * MIB),
            f"{files} files of 16 KiB": make(Path(scratch) / "small", files, 16 << 10),
        }
        for name, folder in cases.items():
            seconds = measure(bucket, folder, runs)
            ratios = {way: round(seconds["aws"] / seconds[way], 2) for way in ("upload", "verified")}
            figures[name] = {"seconds": {way: round(taken, 2) for way, taken in seconds.items()}, "ratio": ratios}
    return figures


def main() -> None:
    if sys.argv[1:2] == ["--send"]:
        mode, folder, target, version = sys.argv[2:]
        send(mode, Path(folder), target, version)
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("--megabytes", type=int, default=512)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    figures = run(options.megabytes, options.files, options.runs)
    for name, found in figures.items():
        print(name)
        for way, taken in found["seconds"].items():
            print(f"  {way:10} {taken:6.2f} s" + (f"  {found['ratio'][way]:.2f} x aws s3 cp" if way != "aws" else ""))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
