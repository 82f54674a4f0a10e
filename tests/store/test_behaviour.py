"""One suite that every store passes: the guarantees of publisher/store/base.py."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from publisher import layout
from publisher.canonical import sha256_bytes
from publisher.errors import Damaged, NotFound, PreconditionFailed, UsageError
from publisher.store.base import Stat, Store
from tests.servers.fixtures import Place

KEY = "pets/v/1.0.0/cats.csv"
ROWS = "name,age\nMinka,3\nقطة,4\n".encode()


def put(store: Store, key: str = KEY, body: bytes = ROWS, **conditions: object) -> Stat:
    return store.put(key, body, sha256=sha256_bytes(body), headers=layout.headers(key), **conditions)  # type: ignore[arg-type]


def test_reads_back_what_was_written(place: Place) -> None:
    store = place.open()
    written = put(store)
    body, stat = place.open().read(KEY)
    assert body == ROWS
    assert (stat.key, stat.size, stat.sha256) == (KEY, len(ROWS), sha256_bytes(ROWS))
    assert stat.headers == layout.headers(KEY)
    assert (written.key, written.size, written.sha256, written.etag) == (KEY, len(ROWS), sha256_bytes(ROWS), stat.etag)
    found = store.stat(KEY)
    assert found is not None
    assert (found.size, found.etag, found.sha256) == (stat.size, stat.etag, stat.sha256)
    assert abs(found.modified - datetime.now(UTC)) < timedelta(minutes=2)


def test_takes_files_and_the_empty_object(place: Place, tmp_path: Path) -> None:
    store = place.open()
    path = tmp_path / "source.csv"
    path.write_bytes(ROWS * 1000)
    store.put(KEY, path, sha256=sha256_bytes(ROWS * 1000), headers=layout.headers(KEY), if_absent=True)
    assert store.read(KEY)[0] == ROWS * 1000
    put(store, "pets/empty.txt", b"")
    assert store.read("pets/empty.txt")[0] == b""
    with store.open("pets/empty.txt") as stream:
        assert stream.read() == b""


def test_streams_are_read_in_lines(place: Place) -> None:
    lines = [b"%d " % number * 700 + b"\n" for number in range(5)]
    store = place.open()
    put(store, "pets/lines.txt", b"".join(lines))
    with store.open("pets/lines.txt") as stream:
        assert list(stream) == lines


def test_refuses_a_file_that_changed_after_it_was_hashed(place: Place, tmp_path: Path) -> None:
    store = place.open()
    path = tmp_path / "source.csv"
    path.write_bytes(b"changed")
    with pytest.raises(Damaged):
        store.put(KEY, path, sha256=sha256_bytes(ROWS), headers=layout.headers(KEY))
    assert store.stat(KEY) is None
    assert [*store.list()] == []


def test_absence_is_none_or_not_found(place: Place) -> None:
    store = place.open()
    assert store.stat(KEY) is None
    with pytest.raises(NotFound):
        store.read(KEY)
    with pytest.raises(NotFound), store.open(KEY):
        pass
    with pytest.raises(NotFound):
        store.copy(KEY, "pets/copy.csv", headers=layout.headers(KEY))
    assert [*store.list("pets/")] == []
    store.delete(KEY)
    put(store)
    assert store.stat("pets/v") is None, "a folder is no object"


def test_streams_from_any_byte(place: Place) -> None:
    store = place.open()
    put(store)
    for start in (0, 5, len(ROWS) - 1):
        with store.open(KEY, start) as file:
            assert file.read() == ROWS[start:]


def test_creates_only_once(place: Place) -> None:
    store = place.open()
    put(store, if_absent=True)
    with pytest.raises(PreconditionFailed):
        put(store, body=b"other", if_absent=True)
    assert store.read(KEY)[0] == ROWS


def test_replaces_only_what_was_read(place: Place) -> None:
    store = place.open()
    store.probe()
    first = put(store)
    second = put(store, body=b"second", if_match=first.etag)
    with pytest.raises(PreconditionFailed):
        put(store, body=b"third", if_match=first.etag)
    assert store.read(KEY)[0] == b"second"
    read = store.read(KEY)[1]
    assert read.etag == second.etag
    store.delete(KEY)
    with pytest.raises(PreconditionFailed):
        put(store, body=b"third", if_match=second.etag)
    assert store.stat(KEY) is None


def test_finds_the_form_of_etags_without_being_told(place: Place) -> None:
    store = place.open()
    first = put(store)
    put(store, body=b"second", if_match=first.etag)
    assert store.read(KEY)[0] == b"second"


def test_one_of_many_creates(place: Place) -> None:
    for number in range(4):
        winners = race(place, lambda store, body, n=number: put(store, f"race/{n}", body, if_absent=True))
        assert len(winners) == 1
        assert place.open().read(f"race/{number}")[0] == winners[0]


def test_one_of_many_replaces(place: Place) -> None:
    etag = put(place.open(), body=b"start").etag
    for _ in range(4):
        winners = race(place, lambda store, body, tag=etag: put(store, body=body, if_match=tag))
        assert len(winners) == 1
        body, stat = place.open().read(KEY)
        assert body == winners[0]
        etag = stat.etag


def race(place: Place, write: object) -> list[bytes]:
    stores = [place.open()] * 4 + [place.open()] * 4
    for store in stores:
        store.probe()

    def run(number: int) -> bytes | None:
        # Bodies differ, since an ETag made from content cannot tell that equal bytes were written again.
        body = f"writer {number} {secrets.token_hex(4)}".encode()
        try:
            write(stores[number], body)  # type: ignore[operator]
        except PreconditionFailed:
            return None
        return body

    with ThreadPoolExecutor(len(stores)) as pool:
        return [body for body in pool.map(run, range(len(stores))) if body]


def test_copies_inside_the_store(place: Place) -> None:
    store = place.open()
    put(store)
    target = "pets/v/1.1.0/cats.csv"
    store.copy(KEY, target, headers=layout.headers(target))
    body, stat = store.read(target)
    assert body == ROWS
    assert stat.headers == layout.headers(target)
    assert (stat.size, stat.sha256) == (len(ROWS), sha256_bytes(ROWS))
    put(store, body=b"replaced")
    with pytest.raises(PreconditionFailed):
        store.copy(KEY, target, headers=layout.headers(target))
    assert store.read(target)[0] == ROWS
    store.copy(KEY, target, headers=layout.headers(target), replace=True)
    assert store.read(target)[0] == b"replaced"
    assert store.read(target)[1].sha256 == sha256_bytes(b"replaced")


def test_lists_in_byte_order_below_a_prefix(place: Place) -> None:
    keys = ["a.txt", "a/é.csv", "a/b.json", "a/b/c", "b", "a-1/x", "a/قطة.json"]
    store = place.open()
    for key in keys:
        put(store, key, key.encode())
    listed = [(stat.key, stat.size) for stat in store.list()]
    assert listed == [(key, len(key.encode())) for key in sorted(keys, key=str.encode)]
    assert [stat.key for stat in store.list("a/b")] == ["a/b.json", "a/b/c"]
    assert [stat.key for stat in store.list("a/b/")] == ["a/b/c"]
    assert [*store.list("nothing/")] == []


def test_deletes_and_takes_the_name_again(place: Place) -> None:
    store = place.open()
    put(store)
    store.delete(KEY)
    assert store.stat(KEY) is None
    assert [*store.list()] == []
    put(store, body=b"again", if_absent=True)
    assert store.read(KEY)[0] == b"again"


@pytest.mark.parametrize("key", ["", "/a", "a//b", "a/../b", "..", "a/", "a\\b", "a\nb", "a/" + "x" * 1000])
def test_refuses_keys_that_some_store_cannot_hold(place: Place, key: str) -> None:
    with pytest.raises(UsageError):
        put(place.open(), key)


def test_probe_finds_conditional_writes_and_leaves_nothing(place: Place) -> None:
    store = place.open()
    found = store.probe()
    assert (found.create_only, found.compare_and_swap) == (True, True), found.detail
    assert [*store.list()] == []
    assert store.probe() is found


def test_a_batch_gives_what_single_writes_give(place: Place) -> None:
    store = place.open()
    with store.batch() as quick:
        written = put(quick, if_absent=True)
        with pytest.raises(PreconditionFailed):
            put(quick, body=b"other", if_absent=True)
        put(quick, body=b"other", if_match=written.etag)
        quick.copy(KEY, "pets/latest/cats.csv", headers=layout.headers(KEY), replace=True)
    for key in (KEY, "pets/latest/cats.csv"):
        assert place.open().read(key)[0] == b"other"


def test_nothing_is_left_to_sweep_after_whole_writes(place: Place) -> None:
    store = place.open()
    put(store)
    assert store.sweep(datetime.now(UTC) + timedelta(days=1), remove=True) == ()


def test_names_itself_without_secrets(place: Place) -> None:
    url = place.open().url
    assert url
    assert "SKTEST" not in url
