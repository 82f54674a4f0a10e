"""All measurements, one after the other: `python -m tests.bench [--write FILE] [--check] [NAME ...]`.

In: names (all when none). Out: what each prints; with `--write` a page of it (docs/performance.md; sections of benches that are not
named stay as they are), with `--check` exit code 1 where a figure is not within its bound.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.bench.figures import VARIABLE, Figure, read_figures, table

BENCHES = {
    "commands": ["tests.bench.commands"],
    "validation": ["tests.bench.validation", "--reference", "--peers", "--large"],
    "publishing": ["tests.bench.publishing"],
    "pipeline": ["tests.bench.pipeline"],
    "diff": ["tests.bench.diff"],
    "upload": ["tests.bench.upload"],
    "parts": ["tests.bench.parts"],
    "feeds": ["tests.bench.feeds"],
    "site": ["tests.bench.site"],
    "scale": ["tests.bench.scale"],
}
LIBRARIES = ("duckdb", "frictionless", "polars", "pandas", "boto3")
HEAD = """# Performance

Written by `make bench`; every figure with the command that gives it, peers measured in the same run. `make bench-check` fails where a \
figure passes its bound. Ratios differ less from machine to machine than seconds do.

The bench of many releases and packages takes longest; its figures are in [Scale](scale.md) where they are not here."""


def run(name: str) -> tuple[int, str, list[Figure]]:
    """Exit code, output and figures of one bench; the output is shown as it comes."""
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "figures"
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", *BENCHES[name]],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, VARIABLE: str(kept)},
        )
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
        return process.wait(), "".join(lines), read_figures(kept)


def machine() -> str:
    """What the figures were measured on, in a sentence."""
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if "model name" in line
    ]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"{os.cpu_count()} cores ({names[0] if names else platform.machine()}), {memory:.0f} GiB of memory, "
        f"Python {platform.python_version()}, {libraries}."
    )


def page(results: dict[str, tuple[int, str, list[Figure]]], before: str) -> str:
    """docs/performance.md; sections of benches that were not measured now are those of `before`, the page as it was."""
    sections = {text.partition("\n")[0].lower(): f"## {text.strip()}" for text in before.split("\n## ")[1:]}
    for name, (_, output, figures) in results.items():
        measured = (
            f"`python -m {' '.join(BENCHES[name])}` on {datetime.now(UTC):%Y-%m-%d}, all modules compiled: {machine()}"
        )
        parts = [f"## {name.capitalize()}", measured, f"```text\n{output.strip()}\n```"]
        sections[name] = "\n\n".join([*parts, table(figures)] if figures else parts)
    return "\n\n".join([HEAD, *(sections[name] for name in BENCHES if name in sections)]) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--write", type=Path, metavar="FILE")
    parser.add_argument("--check", action="store_true")
    chosen = parser.parse_args()
    unknown = [name for name in chosen.names if name not in BENCHES]
    if unknown:
        parser.error(f"there is no bench {unknown[0]}; there are: {', '.join(BENCHES)}")
    before = chosen.write.read_text(encoding="utf-8") if chosen.write and chosen.write.exists() else ""
    results = {}
    for name in chosen.names or BENCHES:
        print(f"== {name}", flush=True)
        results[name] = run(name)
        if chosen.write:
            chosen.write.write_text(page(results, before), encoding="utf-8")
    broken = [
        f"{name}: {item.name} is {item.value:.3g}, {item.bound} was promised"
        for name, (_, _, found) in results.items()
        for item in found
        if not item.kept
    ]
    for line in broken:
        print(line)
    failed = any(code for code, _, _ in results.values())
    return 1 if failed or (chosen.check and broken) else 0


if __name__ == "__main__":
    sys.exit(main())
