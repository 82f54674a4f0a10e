"""How long the commands take on the shipped data: `python -m tests.bench.commands [runs]`. Out: medians of whole processes, peak memory.

The releases go into a folder in memory where there is one, so that the disk's flushing is not measured.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.tools import ROOT

PYTHON = [sys.executable, "-m", "publisher"]
SPINE = (
    "import sys\n"
    "from publisher.run import pipeline\n"
    "pipeline.refresh_derived = lambda *_: None\n"
    "print(pipeline.publish('global-alliance', target=sys.argv[1]).outcome)\n"
)
"""The publication alone: until the release is visible, without the pages, feeds and catalogues that follow from it."""


def run(command: list[str]) -> tuple[float, float, int]:
    """Seconds on the wall and of CPU, and the peak memory in MiB of one process."""
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss >> 10


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        target = Path(folder) / "public"
        fresh = Path(folder) / "fresh"
        subprocess.run(
            [*PYTHON, "publish", "global-alliance", "--target", str(target)],
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        commands = {
            "--help": [*PYTHON, "--help"],
            "validate": [*PYTHON, "validate", "global-alliance"],
            "publish, unchanged": [*PYTHON, "publish", "global-alliance", "--target", str(target)],
            "publish, until visible": [sys.executable, "-c", SPINE, str(fresh)],
            "publish, with pages and feeds": [*PYTHON, "publish", "global-alliance", "--target", str(fresh)],
        }
        print(f"{'command':32} {'wall s':>8} {'CPU s':>8} {'peak MiB':>9}   (medians of {runs})")
        for name, command in commands.items():
            results = []
            for _ in range(runs):
                shutil.rmtree(fresh, ignore_errors=True)
                results.append(run(command))
            wall, cpu = (statistics.median(item[index] for item in results) for index in (0, 1))
            print(f"{name:32} {wall:8.2f} {cpu:8.2f} {max(item[2] for item in results):9}", flush=True)


if __name__ == "__main__":
    main()
