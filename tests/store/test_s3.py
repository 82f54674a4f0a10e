"""What only buckets have: parts, unfinished uploads, credentials, permissions, versions."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from publisher import layout
from publisher.canonical import sha256_bytes, sha256_file
from publisher.commit import read_head
from publisher.errors import AccessDenied, Damaged, PreconditionFailed, StoreError, Unavailable, UsageError
from publisher.store import open_store
from publisher.store.retry import NEVER, Retry
from publisher.store.s3 import S3Store, open_bucket
from publisher.store.s3_errors import explain
from publisher.store.s3_parts import Limits
from tests.commit.world import PACKAGE, Publisher, cats, seen
from tests.servers.bucket import Bucket
from tests.servers.faulty import run_faulty
from tests.servers.fixtures import CEPH
from tests.store.spy import Spy
from tests.store.test_behaviour import KEY, put

MIB = 1 << 20
SMALL = Limits(multipart_from=6 * MIB, part=5 * MIB, parts_in_memory=2, copy_at_once=5 * MIB)
QUICK = Retry(tries=12, first=0.001, most=0.01)


@pytest.fixture(params=["moto", CEPH])
def bucket(request: pytest.FixtureRequest) -> Bucket:
    found: Bucket = request.getfixturevalue(request.param)
    return found.fresh()


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.csv"
    path.write_bytes(os.urandom(MIB) * 13 + b"end")
    return path


def limited(bucket: Bucket, **rest) -> S3Store:
    return S3Store(bucket.client(), bucket.name, "data", limits=SMALL, **rest)


def put_file(store: S3Store, path: Path, **conditions) -> None:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    store.put(KEY, path, sha256=digest, headers=layout.headers(KEY), **conditions)


def test_large_files_go_up_in_parts(bucket: Bucket, large: Path) -> None:
    store = limited(bucket)
    put_file(store, large, if_absent=True)
    body, stat = store.read(KEY)
    assert body == large.read_bytes()
    assert stat.headers == layout.headers(KEY)
    assert "-3" in stat.etag, "in three parts"
    with pytest.raises(PreconditionFailed):
        put_file(store, large, if_absent=True)
    assert store.sweep(datetime.now(UTC) + timedelta(days=1), remove=False) == ()


def test_large_objects_are_copied_in_parts(bucket: Bucket, large: Path) -> None:
    store = limited(bucket)
    put_file(store, large)
    target = "pets/v/1.1.0/cats.csv"
    store.copy(KEY, target, headers=layout.headers(target))
    body, stat = store.read(target)
    assert body == large.read_bytes()
    assert stat.sha256 == sha256_file(large)
    with pytest.raises(PreconditionFailed):
        store.copy(KEY, target, headers=layout.headers(target))


def test_a_large_file_that_changed_leaves_nothing(bucket: Bucket, large: Path) -> None:
    store = limited(bucket)
    with pytest.raises(Damaged, match="changed after it was hashed"):
        store.put(KEY, large, sha256="0" * 64, headers=layout.headers(KEY))
    assert store.stat(KEY) is None
    assert store.sweep(datetime.now(UTC) + timedelta(days=1), remove=False) == ()


def test_each_part_is_tried_again(bucket: Bucket, large: Path) -> None:
    with run_faulty(bucket.endpoint, share=0.3, seed=5) as proxy:
        line = open_bucket(bucket.target, replace(bucket, endpoint=proxy.address).env, retry=QUICK, read=0.5)
        store = S3Store(line._client, bucket.name, "data", limits=SMALL, retry=QUICK)
        for _ in range(4):
            try:
                put_file(store, large)
            except Unavailable:
                continue
            break
    assert limited(bucket).read(KEY)[0] == large.read_bytes()


def test_unfinished_uploads_are_swept_once_old(bucket: Bucket, request: pytest.FixtureRequest) -> None:
    client, store = bucket.client(), open_store(bucket.target, env=bucket.env)
    upload = client.create_multipart_upload(Bucket=bucket.name, Key=f"data/{KEY}")["UploadId"]
    client.upload_part(Bucket=bucket.name, Key=f"data/{KEY}", UploadId=upload, PartNumber=1, Body=b"part")
    if "ceph" in request.node.callspec.id:  # moto dates every upload to 2010
        assert store.sweep(datetime.now(UTC) - timedelta(days=1), remove=True) == ()
    late = datetime.now(UTC) + timedelta(days=1)
    assert store.sweep(late, remove=False) == (f"unfinished upload of {KEY}",)
    assert store.sweep(late, remove=True) == (f"unfinished upload of {KEY}",)
    assert store.sweep(late, remove=True) == ()


def test_no_such_bucket(bucket: Bucket) -> None:
    store = open_store("s3://there-is-none/data", env=bucket.env)
    for action in (lambda: read_head(store, PACKAGE), store.probe, lambda: put(store), lambda: [*store.list()]):
        with pytest.raises(StoreError, match="no such bucket") as caught:
            action()
        assert "Create the bucket" in caught.value.remedy


@pytest.mark.ceph
def test_wrong_credentials_are_told_apart(ceph: Bucket) -> None:
    for spoiled, remedy in (
        (replace(ceph, secret="wrong"), "secret key"),
        (replace(ceph, access="nobody"), "not known"),
    ):
        with pytest.raises(AccessDenied) as caught:
            read_head(open_store("s3://some/data", env=spoiled.env), PACKAGE)
        assert remedy in caught.value.remedy
        assert spoiled.secret not in str(caught.value)


def test_no_credentials(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    store = open_store(bucket.target, env={"AWS_ENDPOINT_URL": bucket.endpoint})
    with pytest.raises(AccessDenied) as caught:
        read_head(store, PACKAGE)
    assert "AWS_ACCESS_KEY_ID" in caught.value.remedy


def test_nobody_answers() -> None:
    env = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    store = open_store("s3://some/data", env=env, retry=Retry(tries=2, first=0))
    with pytest.raises(Unavailable) as caught:
        read_head(store, PACKAGE)
    assert "AWS_ENDPOINT_URL" in caught.value.remedy


@pytest.mark.ceph
def test_a_bucket_that_may_only_be_read(ceph: Bucket) -> None:
    bucket = ceph.fresh()
    Publisher(open_store(bucket.target, env=bucket.env), cats(1)).publish()
    everything = [f"arn:aws:s3:::{bucket.name}", f"arn:aws:s3:::{bucket.name}/*"]
    deny = {"Effect": "Deny", "Principal": "*", "Action": ["s3:PutObject", "s3:DeleteObject"], "Resource": everything}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    bucket.client().put_bucket_policy(Bucket=bucket.name, Policy=policy)
    store = open_store(bucket.target, env=bucket.env)
    with pytest.raises(AccessDenied) as caught:
        Publisher(store, cats(2)).publish()
    assert caught.value.remedy
    assert list(seen(store)) == ["1.0.0"]


@pytest.mark.parametrize("at", range(12))
def test_credentials_that_expire_midway(moto: Bucket, at: int) -> None:
    class Expiring(Spy):
        def before(self, call) -> None:
            super().before(call)
            if len(self.calls) > at:
                raise explain("s3: cannot write", "ExpiredToken", 400, "The provided token has expired.")

    bucket = moto.fresh()
    store = open_store(bucket.target, env=bucket.env)
    with pytest.raises(AccessDenied, match="expired") as caught:
        Publisher(Expiring(store), cats(1), workers=1).publish()
    assert "what was uploaded is kept" in caught.value.remedy
    assert seen(store) == {}
    assert Publisher(store, cats(1), run="renewed").publish().version == "1.0.0"
    assert list(seen(store)) == ["1.0.0"]


def test_a_bucket_that_keeps_versions(moto: Bucket) -> None:
    bucket = moto.fresh()
    bucket.client().put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    store = open_store(bucket.target, env=bucket.env)
    assert store.probe().compare_and_swap
    for number in range(3):
        publisher = Publisher(store, cats(number))
        publisher.publish()
        publisher.refresh()
    assert list(seen(store)) == ["1.2.0", "1.1.0", "1.0.0"]
    found = bucket.client().list_object_versions(Bucket=bucket.name, Prefix="data/pets/v/")
    assert len(found["Versions"]) == 15, "nothing in a release was ever written twice"


@pytest.mark.ceph
def test_ceph_ignores_conditions_once_a_bucket_keeps_versions(ceph: Bucket) -> None:
    """Found here on 16.2: the probe must not be fooled by what the same server does for other buckets."""
    bucket = ceph.fresh()
    bucket.client().put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    store = open_store(bucket.target, env=bucket.env)
    with pytest.raises(StoreError, match="does not honour conditional writes") as caught:
        Publisher(store, cats(1)).publish()
    assert "versioning" in caught.value.remedy


def test_folders_that_consoles_make_are_no_objects(bucket: Bucket) -> None:
    bucket.client().put_object(Bucket=bucket.name, Key="data/pets/", Body=b"")
    store = open_store(bucket.target, env=bucket.env)
    assert [*store.list()] == []


def test_altered_bytes_are_noticed(bucket: Bucket) -> None:
    store = open_bucket(bucket.target, bucket.env)
    put(store)
    bucket.client().put_object(
        Bucket=bucket.name, Key=f"data/{KEY}", Body=b"?", Metadata={"sha256": sha256_bytes(b"!")}
    )
    with pytest.raises(Damaged):
        store.read(KEY)


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("ConditionalRequestConflict", 409, "Conflict"),
        ("PreconditionFailed", 412, "PreconditionFailed"),
        ("SlowDown", 503, "Unavailable"),
        ("RequestTimeout", 400, "Unavailable"),
        ("XAmzContentSHA256Mismatch", 400, "Unavailable"),
        ("NotImplemented", 501, "StoreError"),
        ("NoSuchKey", 404, "NotFound"),
        ("NoSuchBucket", 404, "StoreError"),
        ("ExpiredToken", 400, "AccessDenied"),
        ("RequestTimeTooSkewed", 403, "AccessDenied"),
        ("PermanentRedirect", 301, "StoreError"),
        ("QuotaExceeded", 403, "StoreError"),
    ],
)
def test_what_refusals_mean(code: str, status: int, kind: str) -> None:
    error = explain("s3://b: cannot write k", code, status, "because")
    assert type(error).__name__ == kind
    assert error.message.startswith("s3://b: cannot write k")
    assert error.remedy or kind in {"PreconditionFailed", "NotFound"}


@pytest.mark.parametrize("target", ["s3://", "s3:///prefix", "s3://bucket/a/../b", "s3://bucket?x=1", "s3:bucket"])
def test_targets_that_name_no_place(target: str) -> None:
    with pytest.raises(UsageError):
        open_store(target, env={})


@pytest.mark.parametrize("env", [{"AWS_ENDPOINT_URL": "nonsense"}, {"AWS_PROFILE": "there-is-none"}])
def test_settings_that_cannot_be_meant(env: dict[str, str]) -> None:
    with pytest.raises(UsageError) as caught:
        open_store("s3://bucket/x", env=env)
    assert caught.value.remedy


def test_memory_does_not_grow_with_the_file(moto: Bucket, large: Path) -> None:
    """No more parts are held than the limit says, however many uploads run."""
    store = limited(moto.fresh())
    held, most, lock = 0, 0, threading.Lock()
    send = store._client.upload_part

    def counted(**arguments):
        nonlocal held, most
        with lock:
            held += 1
            most = max(most, held)
        try:
            return send(**arguments)
        finally:
            with lock:
                held -= 1

    store._client.upload_part = counted
    threads = [threading.Thread(target=put_file, args=(store, large)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= most <= SMALL.parts_in_memory


def test_credentials_that_nobody_hands_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[profile data]\nsso_start_url = https://example.org/\nsso_region = eu-west-1\n"
        "sso_account_id = 123456789012\nsso_role_name = data\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    env = {"AWS_PROFILE": "data", "AWS_REGION": "eu-west-1"}
    with pytest.raises(AccessDenied, match="single sign-on"):
        read_head(open_store("s3://some/data", env=env, retry=NEVER), PACKAGE)


def test_older_versions_are_forgotten(moto: Bucket) -> None:
    """AWS keeps them in a bucket with versioning; Ceph 16 ignores conditions there and is refused."""
    bucket = moto.fresh()
    client = bucket.client()
    client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    store = open_store(bucket.target, env=bucket.env)
    for key in ("pets/a.txt", "pets/b.txt", "other/c.txt"):
        for body in (b"old", b"new"):
            store.put(key, body, sha256=sha256_bytes(body), headers=layout.headers(key))
    store.delete("pets/b.txt")
    assert store.forget("pets/") == 3
    left = client.list_object_versions(Bucket=bucket.name)
    assert sorted(item["Key"] for item in left["Versions"]) == [
        "data/other/c.txt",
        "data/other/c.txt",
        "data/pets/a.txt",
    ]
    assert "DeleteMarkers" not in left
    assert store.read("pets/a.txt")[0] == b"new"
    assert store.forget("pets/") == 0


def test_where_nothing_is_kept_nothing_is_forgotten(bucket: Bucket) -> None:
    store = open_store(bucket.target, env=bucket.env)
    store.put("pets/a.txt", b"x", sha256=sha256_bytes(b"x"), headers=layout.headers("pets/a.txt"))
    assert store.forget("") == 0
    assert store.read("pets/a.txt")[0] == b"x"
