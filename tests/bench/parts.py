"""Tables of many parts: what a further part costs, what workers bring. `python -m tests.bench.parts [--rows N] [--parts N] [--append N]`.

Every run is a publication in a process of its own, with a cache and a folder of its own. The cost of appending one part to many is
compared with publishing that part alone; two workers with one; one worker with none, both on one core, since without workers DuckDB
takes all there are. On two cores the publishing process has one to itself beside one worker, so two workers are shown beside one worker
on one core as well.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.figures import Figure, keep

SCHEMA = {
    "fields": [
        {"name": "id", "type": "integer"},
        {"name": "day", "type": "date", "constraints": {"required": True}},
        {"name": "country", "type": "string", "constraints": {"pattern": "[A-Z]{2}"}},
        {"name": "kind", "type": "string", "constraints": {"enum": ["policy", "law", "helpline", "training"]}},
        {"name": "amount", "type": "number", "constraints": {"minimum": 0}},
        {"name": "note", "type": "string"},
    ],
    "primaryKey": "id",
}
MIB = 1 << 20
TURNS = 3
"""How often each is measured, in turns; medians are compared, since single runs differ by a tenth and more."""


def write_part(path: Path, number: int, rows: int) -> None:
    """A day's records: about 60 bytes each, ids that no other part has."""
    day, kinds = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number), SCHEMA["fields"][3]["constraints"]["enum"]
    with path.open("w", encoding="utf-8") as file:
        file.write("id,day,country,kind,amount,note\n")
        first = number * rows
        for at in range(first, first + rows):
            country = chr(65 + at % 26) + chr(65 + at // 26 % 26)
            file.write(
                f"{at},{day:%Y-%m-%d},{country},{kinds[at % 4]},{at % 9973}.{at % 100:02},measure {at % 5003} of the plan\n"
            )


def publish(folder: Path, names: list[str], target: str, cluster: str, core: bool) -> dict[str, Any]:
    """One publication of the parts `names` of `folder` in a process of its own: seconds, bytes sent, peak memory of it and its workers."""
    table = {"name": "events", "path": names, "schema": SCHEMA}
    (folder / "datapackage.json").write_text(json.dumps({"name": "p", "resources": [table]}))
    command = [sys.executable, "-m", "tests.bench.parts", "--one", str(folder), target, cluster, "1" if core else ""]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def one(folder: Path, target: str, cluster: str, core: str) -> None:
    from publisher import layout
    from publisher.load import large
    from publisher.project import Settings, read_package
    from publisher.run import Run, Wishes, publish_package
    from publisher.store.files import FileStore

    if core:
        os.sched_setaffinity(0, {0})
    large.PARTED = 1
    settings = Settings(cache=str(folder / target / "cache"), cluster=cluster)
    package = read_package(folder / "datapackage.json", project_root=None)
    run = Run(FileStore(folder / target / "public", layout.headers), settings, now=lambda: datetime.now(UTC))
    begin = time.perf_counter()
    receipt = publish_package(run, package, Wishes())
    seconds = time.perf_counter() - begin
    peaks = [resource.getrusage(who).ru_maxrss * 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(json.dumps({"seconds": seconds, "bytes": receipt.bytes, "peak": peaks[0], "worker": peaks[1]}))


def appending(folder: Path, rows: int, parts: int) -> list[Figure]:
    names = [f"{number:03}.csv" for number in range(parts + 1)]
    for number, name in enumerate(names):
        write_part(folder / name, number, rows)
    (folder / "few.csv").write_text("".join((folder / names[0]).open().readlines()[:2]))
    first = publish(folder, names[:-1], "many", "", core=False)
    appended = publish(folder, names, "many", "", core=False)
    alone = publish(folder, ["few.csv", names[-1]], "alone", "", core=False)
    print(
        f"{parts} parts of {rows:,} rows: {first['seconds']:.1f} s, {first['bytes'] / MIB:.0f} MiB sent, peak {first['peak'] / MIB:.0f} MiB"
    )
    print(f"one part more:  {appended['seconds']:.1f} s, {appended['bytes'] / MIB:.1f} MiB sent")
    print(f"that part alone: {alone['seconds']:.1f} s, {alone['bytes'] / MIB:.1f} MiB sent")
    shutil.rmtree(folder / "many")
    shutil.rmtree(folder / "alone")
    return [
        Figure(
            f"appending a part to {parts} / that part alone, time", appended["seconds"] / alone["seconds"], most=1.3
        ),
        Figure(f"appending a part to {parts} / that part alone, bytes", appended["bytes"] / alone["bytes"], most=1.3),
    ]


def clusters(folder: Path, rows: int, parts: int) -> list[Figure]:
    names = [f"{number:03}.csv" for number in range(parts)]
    for number, name in enumerate(names):
        if not (folder / name).exists():
            write_part(folder / name, number, rows)
    runs = {
        "no cluster, one core": ("", True),
        "one worker, one core": ("local:1", True),
        "one worker": ("local:1", False),
        "two workers": ("local:2", False),
    }
    found: dict[str, list[dict[str, Any]]] = {title: [] for title in runs}
    for _ in range(TURNS):
        for title, (cluster, core) in runs.items():
            its = publish(folder, names, "cluster", cluster, core)
            shutil.rmtree(folder / "cluster")
            found[title].append(its)
            print(
                f"{title}: {its['seconds']:.1f} s, peak {its['peak'] / MIB:.0f} MiB, of a worker {its['worker'] / MIB:.0f} MiB"
            )
    seconds = {title: median(its["seconds"] for its in every) for title, every in found.items()}
    return [
        Figure(f"{parts} parts, one worker / two workers", seconds["one worker"] / seconds["two workers"], least=1.7),
        Figure(
            f"{parts} parts, one worker on one core / two workers on two",
            seconds["one worker, one core"] / seconds["two workers"],
        ),
        Figure(
            f"{parts} parts on one core, one worker / none",
            seconds["one worker, one core"] / seconds["no cluster, one core"],
            most=1.15,
        ),
        Figure(
            "memory of a worker",
            max(its["worker"] for title in ("one worker", "two workers") for its in found[title]) / MIB,
            "MiB",
            most=600,
        ),
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--parts", type=int, default=16)
    parser.add_argument("--append", type=int, default=50)
    parser.add_argument("--one", nargs=4)
    wanted = parser.parse_args()
    if wanted.one:
        one(Path(wanted.one[0]), *wanted.one[1:])
        return
    figures = []
    with tempfile.TemporaryDirectory(prefix="bench-parts-") as folder:
        if wanted.append:
            figures += appending(Path(folder), wanted.rows, wanted.append)
        if wanted.parts:
            figures += clusters(Path(folder), wanted.rows, wanted.parts)
    keep(*figures)
    for figure in figures:
        print(f"{figure.name}: {figure.value:.2f} {figure.unit} ({figure.bound})")


if __name__ == "__main__":
    main()
