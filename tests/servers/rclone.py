"""rclone's S3 server: it overwrites whatever the conditions of a request say. A store to be refused."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.bucket import Bucket
from tests.servers.process import answers, free_port, start, stop, wait_for


def find_rclone() -> str | None:
    """The program, beside this Python or on the path."""
    beside = Path(sys.executable).parent / "rclone"
    return str(beside) if beside.exists() else shutil.which("rclone")


@contextmanager
def run_rclone(program: str, folder: Path) -> Iterator[Bucket]:
    port = free_port()
    address = f"127.0.0.1:{port}"
    served = folder / "served"
    served.mkdir(exist_ok=True)
    command = [
        program,
        "serve",
        "s3",
        "--config",
        "/dev/null",
        "--addr",
        address,
        "--auth-key",
        "AKTEST,SKTEST",
        served,
    ]
    process = start(command)
    try:
        wait_for("rclone", lambda: answers(f"http://{address}/"))
        yield Bucket(f"http://{address}", "AKTEST", "SKTEST", "unused")
    finally:
        stop(process)
