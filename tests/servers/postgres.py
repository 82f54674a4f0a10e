"""A PostgreSQL cluster of our own, on a free port, without a password for this machine alone. A process that ends with the tests."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers.process import free_port, start, stop, wait_for

NOBODY = "nobody"
"""PostgreSQL refuses to run as root."""


@dataclass(frozen=True)
class Cluster:
    """`dsn` is for the owner of everything."""

    port: int

    @property
    def dsn(self) -> str:
        return f"postgresql://owner:hush@127.0.0.1:{self.port}/postgres"


def find_postgres() -> Path | None:
    """The folder with `initdb`, which Debian keeps out of the path."""
    found = shutil.which("initdb")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda item: int(item.parent.name))
    known = [path for path in folders if (path / "initdb").exists()]
    return Path(found).resolve().parent if found else known[-1] if known else None


@contextmanager
def run_postgres(programs: Path) -> Iterator[Cluster]:
    # pytest's own folders are closed to other users
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        yield from _run(programs, Path(folder))


def _run(programs: Path, folder: Path) -> Iterator[Cluster]:
    data, secret, port = folder / "data", folder / "password", free_port()
    secret.write_text("hush")
    who = _unprivileged(folder, secret)
    choices = [
        "--username=owner",
        "--auth=scram-sha-256",
        f"--pwfile={secret}",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    ]
    subprocess.run(
        [programs / "initdb", "--pgdata", data, *choices], check=True, capture_output=True, cwd=folder, **who
    )
    options = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off"}
    command = [str(programs / "postgres"), "-D", str(data), *(f"--{name}={value}" for name, value in options.items())]
    process = start(command, folder=folder, **who)
    ready = [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    try:
        wait_for("PostgreSQL", lambda: subprocess.run(ready, check=False).returncode == 0)
        yield Cluster(port)
    finally:
        stop(process)


def _unprivileged(*paths: Path) -> Mapping[str, Any]:
    """Arguments of subprocess that leave root behind; `paths` belong to that user then."""
    if os.geteuid() != 0:
        return {}
    owner = pwd.getpwnam(NOBODY)
    for path in paths:
        os.chown(path, owner.pw_uid, owner.pw_gid)
    return {"user": NOBODY, "group": owner.pw_gid, "extra_groups": []}
