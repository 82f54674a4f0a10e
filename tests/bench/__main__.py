"""All measurements, one after the other: `python -m tests.bench [NAME ...]`. In: names (all when none). Out: what each prints."""

from __future__ import annotations

import subprocess
import sys

BENCHES = {
    "commands": ["tests.bench.commands"],
    "validation": ["tests.bench.validation", "--reference", "--peers"],
    "publishing": ["tests.bench.publishing"],
    "pipeline": ["tests.bench.pipeline"],
    "diff": ["tests.bench.diff"],
    "upload": ["tests.bench.upload"],
    "feeds": ["tests.bench.feeds"],
}


def main() -> int:
    wanted = sys.argv[1:] or list(BENCHES)
    unknown = [name for name in wanted if name not in BENCHES]
    if unknown:
        print(f"there is no bench {unknown[0]}; there are: {', '.join(BENCHES)}")
        return 2
    worst = 0
    for name in wanted:
        print(f"== {name}", flush=True)
        worst = max(worst, subprocess.run([sys.executable, "-m", *BENCHES[name]], check=False).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
