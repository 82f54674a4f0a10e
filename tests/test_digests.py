"""Hashes that are remembered: an untouched file is not read, whatever else is."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from publisher.canonical import sha256_bytes, sha256_file
from publisher.digests import MOMENTS, Digests, open_digests

LATER = 2 * MOMENTS


def opened(folder: Path, after: timedelta = LATER) -> Digests:
    return open_digests(folder / "cache", "p", datetime.now(UTC) + after)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.csv"
    path.write_bytes(b"id\n1\n")
    digests = opened(tmp_path)
    assert digests.all((path,)) == [(5, sha256_file(path))]
    digests.save()
    return path


def test_an_untouched_file_is_not_read(file: Path, tmp_path: Path) -> None:
    memory = next((tmp_path / "cache").rglob("*.json"))
    found = json.loads(memory.read_text())
    found[str(file)][-1] = "remembered"
    memory.write_text(json.dumps(found))
    assert opened(tmp_path).of(file) == (5, "remembered")


def test_a_touched_file_is_read_whatever_its_times_say(file: Path, tmp_path: Path) -> None:
    status = file.stat()
    file.write_bytes(b"id\n2\n")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert opened(tmp_path).of(file) == (5, sha256_bytes(b"id\n2\n"))


def test_what_was_touched_a_moment_ago_is_not_remembered(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"id\n")
    digests = opened(tmp_path, timedelta())
    digests.of(path)
    digests.save()
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("text", ["", "[]", "{"])
def test_a_damaged_memory_is_none(file: Path, tmp_path: Path, text: str) -> None:
    next((tmp_path / "cache").rglob("*.json")).write_text(text)
    assert opened(tmp_path).of(file) == (5, sha256_file(file))


def test_what_nobody_asks_for_is_forgotten(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "b.csv"
    other.write_bytes(b"id\n")
    digests = opened(tmp_path)
    digests.of(other)
    digests.save()
    assert [*opened(tmp_path).known] == [str(other)] != [str(file)]
