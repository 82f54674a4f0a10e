"""Folders for jobs, which no death leaves behind. In: a parent folder. Out: Scratch: a folder, a name of its own, the names of the dead.

A process holds a lock (flock) on a file of its folder, and the jobs that it starts inherit it. The system gives it back when the last of
them has ended, however it ended; so a folder whose lock is free is nobody's, and the next process removes it.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_PREFIX = "publisher-jobs-"
_LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Scratch:
    """`folder` is for this process, whose `name` no other ever had; `lock` is the file descriptor that jobs inherit; `dead` names
    processes of this machine that have ended without clearing up, with all their jobs."""

    folder: Path
    name: str
    lock: int
    dead: frozenset[str]


@contextmanager
def open_scratch(parent: Path) -> Iterator[Scratch]:
    """A scratch folder below `parent`, removed at the end; those of the dead are removed at the start."""
    dead = frozenset(_sweep(parent))
    name = secrets.token_hex(8)
    folder = parent / f"{_PREFIX}{name}"
    making = parent / f".{folder.name}"
    making.mkdir(mode=0o700)
    with (making / _LOCK).open("xb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Nobody may find the folder before it is locked.
        making.rename(folder)
        try:
            yield Scratch(folder, name, lock.fileno(), dead)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _sweep(parent: Path) -> Iterator[str]:
    for folder in sorted(parent.glob(f"{_PREFIX}*")):
        with suppress(OSError):
            if folder.lstat().st_uid != os.getuid():
                continue
            with (folder / _LOCK).open("rb") as lock:
                if not _is_free(lock):
                    continue
                shutil.rmtree(folder, ignore_errors=True)
                yield folder.name.removeprefix(_PREFIX)


def _is_free(lock: BinaryIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
