"""What every server needs: a free port, patience until it answers, an orderly end."""

from __future__ import annotations

import ctypes
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def answers(url: str) -> bool:
    """Any HTTP answer will do."""
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return True
    except OSError:
        return False


def start(
    command: list[str],
    *,
    output: IO[bytes] | int = subprocess.DEVNULL,
    env: Mapping[str, str] | None = None,
    folder: Path | None = None,
    **more: Any,
) -> subprocess.Popen[bytes]:
    """A server that ends with this process, however that ends (prctl PR_SET_PDEATHSIG). `more` is for Popen."""
    death = 1
    libc = ctypes.CDLL(None)
    return subprocess.Popen(
        command,
        stdout=output,
        stderr=output,
        env=env,
        cwd=folder,
        preexec_fn=lambda: libc.prctl(death, signal.SIGTERM),
        **more,
    )


def wait_for(name: str, ready: Callable[[], bool]) -> None:
    for _ in range(600):
        if ready():
            return
        time.sleep(0.05)
    raise RuntimeError(f"{name} did not become ready in 30 s")


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
