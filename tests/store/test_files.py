"""What only folders have: a clean look, full disks, missing rights, files in the way."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from publisher import layout
from publisher.canonical import sha256_bytes
from publisher.errors import (
    AccessDenied,
    Damaged,
    PreconditionFailed,
    PublisherError,
    StoreError,
    Unavailable,
    UsageError,
)
from publisher.store import files, open_store
from publisher.store.base import Stat
from publisher.store.files import FileStore
from tests.commit.world import PACKAGE, Publisher, cats, seen
from tests.store.test_behaviour import KEY, ROWS, put


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "public", layout.headers)


def test_the_folder_looks_clean_and_a_copied_release_checks_out(store: FileStore, tmp_path: Path) -> None:
    for number in range(2):
        Publisher(store, cats(number)).publish()
    shown = sorted(path.name for path in store.root.iterdir() if not path.name.startswith("."))
    assert shown == [PACKAGE]
    names = sorted(path.name for path in (store.root / PACKAGE / "v/1.1.0").iterdir())
    assert names == ["SHA256SUMS", "cats.csv", "datapackage.json", "dogs.csv", "release.json"]
    subprocess.run(["cp", "-r", store.root / PACKAGE / "v/1.1.0", tmp_path / "copy"], check=True)
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=tmp_path / "copy", check=True)


def test_nobody_replaces_between_look_and_replacement(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second writer begins while the first holds the lock, having looked: it has to wait, and then finds that it has lost."""
    etag = put(store).etag
    look, ends = files.sha256_file, []

    def write(body: bytes) -> None:
        try:
            put(store, body=body, if_match=etag)
        except PreconditionFailed:
            ends.append("lost")
        else:
            ends.append("won")

    rival = threading.Thread(target=write, args=(b"rival",))

    def look_slowly(path: Path) -> str:
        found = look(path)
        if threading.current_thread() is not rival:
            rival.start()
            rival.join(timeout=0.2)
        return found

    monkeypatch.setattr(files, "sha256_file", look_slowly)
    write(b"first")
    rival.join()
    assert sorted(ends) == ["lost", "won"]
    assert store.read(KEY)[0] == b"first"


def test_unchanged_files_are_shared_and_read_only(store: FileStore) -> None:
    for number in range(2):
        Publisher(store, cats(number)).publish()
    one, other = (store.root / PACKAGE / "v" / version / "dogs.csv" for version in ("1.0.0", "1.1.0"))
    assert one.samefile(other)
    assert one.stat().st_mode & 0o222 == 0


def finished(folder: Path, body: bytes = ROWS) -> Path:
    """A file that nobody may write to any more."""
    path = folder / "finished.csv"
    path.write_bytes(body)
    path.chmod(0o444)
    return path


def put_file(store: FileStore, path: Path, body: bytes = ROWS) -> Stat:
    return store.put(KEY, path, sha256=sha256_bytes(body), headers=layout.headers(KEY), if_absent=True)


def test_a_finished_file_is_taken_without_a_copy(store: FileStore, tmp_path: Path) -> None:
    path = finished(tmp_path)
    stat = put_file(store, path)
    assert (store.root / KEY).samefile(path)
    assert stat.proven
    path.unlink()
    assert store.read(KEY)[0] == ROWS
    assert store.stat(KEY) == stat


def test_a_file_that_may_yet_be_written_to_is_copied(store: FileStore, tmp_path: Path) -> None:
    path = finished(tmp_path)
    path.chmod(0o644)
    stat = put_file(store, path)
    path.write_bytes(b"something else")
    assert not stat.proven
    assert store.read(KEY)[0] == ROWS


def test_a_symbolic_link_is_followed_not_taken(store: FileStore, tmp_path: Path) -> None:
    link = tmp_path / "link.csv"
    link.symlink_to(finished(tmp_path))
    put_file(store, link)
    assert not (store.root / KEY).is_symlink()
    assert not (store.root / KEY).samefile(link)


def test_a_finished_file_of_another_file_system_is_copied(
    store: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def refuse(source: Path, target: Path, **rest: object) -> None:
        if Path(source).name == "finished.csv":
            raise OSError(errno.EXDEV, "another file system")
        link(source, target)

    monkeypatch.setattr(os, "link", refuse)
    path = finished(tmp_path)
    assert not put_file(store, path).proven
    assert not (store.root / KEY).samefile(path)
    assert store.read(KEY)[0] == ROWS


def test_a_finished_file_with_other_bytes_than_promised_is_refused(store: FileStore, tmp_path: Path) -> None:
    with pytest.raises(Damaged, match="promised"):
        put_file(store, finished(tmp_path, b"spoilt"))
    assert list(store.list()) == []
    assert list((store.root / ".publisher").glob("*.tmp")) == []


def test_copies_where_the_file_system_has_no_hard_links(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **rest: object) -> None:
        raise OSError(errno.EPERM, "not here")

    monkeypatch.setattr(os, "link", refuse)
    for number in range(3):
        Publisher(store, cats(number)).publish()
    assert list(seen(store)) == ["1.2.0", "1.1.0", "1.0.0"]
    assert store.probe().create_only


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (errno.ENOSPC, StoreError, "Free some space"),
        (errno.EDQUOT, StoreError, "Free some space"),
        (errno.EROFS, AccessDenied, "right to write"),
        (errno.EACCES, AccessDenied, "right to write"),
        (errno.EIO, StoreError, "Check the disk"),
    ],
)
def test_what_the_disk_refuses_is_told_and_leaves_nothing(
    store: FileStore, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[PublisherError], words: str
) -> None:
    def refuse(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    put(store, "pets/other.txt", b"here before")
    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(kind) as caught:
        put(store)
    assert words in caught.value.remedy
    assert KEY in caught.value.message
    assert [item.key for item in store.list()] == ["pets/other.txt"]
    assert list((store.root / ".publisher").glob("*.tmp")) == []


def test_a_name_that_is_written_but_not_flushed_is_uncertain(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, "pets/other.txt", b"here before")
    flush = os.fsync

    def refuse_folders(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EIO, "the disk is ill")
        flush(handle)

    monkeypatch.setattr(os, "fsync", refuse_folders)
    with pytest.raises(Unavailable):
        put(store)


def test_a_batch_is_flushed_as_a_whole(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, before its context has ended; an empty one not at all."""
    put(store, "pets/other.txt")
    flushed: list[str] = []
    monkeypatch.setattr(os, "sync", lambda: flushed.append("all"))
    with store.batch():
        pass
    assert flushed == []
    with monkeypatch.context() as inner, store.batch() as quick:
        put(quick, "pets/before.txt")
        inner.setattr(os, "fsync", lambda _: flushed.append("one"))
        for number in range(3):
            put(quick, f"pets/{number}.txt")
    assert flushed == ["all"]


def test_something_else_in_the_way_is_named(store: FileStore) -> None:
    store.root.mkdir()
    (store.root / "pets").write_text("a file where a folder belongs")
    with pytest.raises(StoreError, match="in the way") as caught:
        put(store)
    assert "Move it" in caught.value.remedy
    assert (store.root / "pets").read_text() == "a file where a folder belongs"


def test_old_temporary_files_are_swept(store: FileStore) -> None:
    put(store)
    left = store.root / ".publisher" / "1-dead.tmp"
    left.write_bytes(b"half")
    now = datetime.now(UTC)
    assert store.sweep(now - timedelta(days=1), remove=True) == ()
    assert store.sweep(now + timedelta(days=1), remove=False) == ("temporary file .publisher/1-dead.tmp",)
    assert store.sweep(now + timedelta(days=1), remove=True)
    assert not left.exists()
    assert store.read(KEY)[0] == ROWS


def test_its_own_folder_is_no_place_for_objects(store: FileStore) -> None:
    with pytest.raises(StoreError, match="own folder"):
        put(store, ".publisher/lock")


def test_reading_makes_no_folder(store: FileStore) -> None:
    assert store.stat(KEY) is None
    assert [*store.list()] == []
    assert not store.root.exists()


@pytest.mark.parametrize("form", ["{0}", "file:{0}", "file://{0}", "file://localhost{0}"])
def test_targets_that_are_folders(tmp_path: Path, form: str) -> None:
    root = tmp_path / "a b"
    target = form.format(root if form == "{0}" else str(root).replace(" ", "%20"))
    store = open_store(target, env={})
    put(store)
    assert (root / KEY).read_bytes() == ROWS
    assert store.url == str(root)


@pytest.mark.parametrize("target", ["", "  ", "ftp://host/x", "https://host/x", "file://host/x"])
def test_targets_that_are_refused(target: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_store(target, env={})
    assert caught.value.remedy


def test_a_file_is_no_target(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="it is a file"):
        open_store(str(tmp_path / "file"), env={})


def test_the_hash_of_what_is_served_is_that_of_its_bytes(store: FileStore) -> None:
    """Nothing is recorded beside the files, so nothing can disagree with them."""
    put(store)
    path = store.root / KEY
    path.unlink()
    path.write_bytes(b"edited")
    found = store.stat(KEY)
    assert found is not None
    assert found.sha256 == sha256_bytes(b"edited")
