"""moto: a quick S3 server that honours every conditional request, and checks neither signatures nor hashes. A process of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.servers.bucket import Bucket
from tests.servers.process import answers, free_port, start, stop, wait_for


@contextmanager
def run_moto() -> Iterator[Bucket]:
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = start(command)
    try:
        wait_for("moto", lambda: answers(f"http://127.0.0.1:{port}/"))
        yield Bucket(f"http://127.0.0.1:{port}", "AKTEST", "SKTEST", "unused")
    finally:
        stop(process)
