"""S3 Object Lock: what is immutable cannot be taken away, and publishing goes on."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from publisher import layout
from publisher.canonical import sha256_bytes, sha256_file
from publisher.commit.verify import verify
from publisher.errors import AccessDenied
from publisher.project import Settings, read_package
from publisher.run import Run, Wishes, publish_package
from publisher.store import open_store
from publisher.store.retry import NEVER
from publisher.store.s3 import S3Store
from publisher.store.s3_parts import Limits
from tests.servers.bucket import Bucket
from tests.servers.fixtures import moto  # noqa: F401 - a fixture that is asked for by name

DAYS = 30
_NUMBERS = itertools.count()


@pytest.fixture
def bucket(moto: Bucket) -> Bucket:  # noqa: F811
    bucket = replace(moto, name=f"locked-{next(_NUMBERS)}")
    bucket.client().create_bucket(Bucket=bucket.name, ObjectLockEnabledForBucket=True)
    return bucket


def is_locked(bucket: Bucket, key: str) -> bool:
    """Whether the object is locked for DAYS, and its version cannot be deleted."""
    client = bucket.client()
    head = client.head_object(Bucket=bucket.name, Key=key)
    if "ObjectLockMode" not in head:
        return False
    assert head["ObjectLockMode"] == "GOVERNANCE"
    left = head["ObjectLockRetainUntilDate"] - datetime.now(UTC)
    assert timedelta(days=DAYS - 1) < left <= timedelta(days=DAYS)
    with pytest.raises(ClientError, match="AccessDenied"):
        client.delete_object(Bucket=bucket.name, Key=key, VersionId=head["VersionId"])
    return True


def test_releases_are_locked_and_nothing_else(bucket: Bucket, tmp_path: Path) -> None:
    (tmp_path / "datapackage.json").write_text(
        '{"name": "cats", "resources": [{"name": "cats", "path": "cats.csv"}, {"name": "dogs", "path": "dogs.csv"}]}'
    )
    (tmp_path / "dogs.csv").write_text("id\n1\n")
    store = open_store(bucket.target, env=bucket.env, retry=NEVER, lock_days=DAYS)
    for names in ("id\n1\n", "id\n1\n2\n"):
        (tmp_path / "cats.csv").write_text(names)
        receipt = publish_package(
            Run(store, Settings(), retry=NEVER),
            read_package(tmp_path / "datapackage.json", project_root=None),
            Wishes(),
        )
        assert (receipt.outcome, receipt.stale) == ("published", "")
    assert not verify(store, ["cats"], retry=NEVER).problems
    names = ("cats.csv", "dogs.csv", layout.CLAIM, layout.DESCRIPTOR)
    assert all(is_locked(bucket, f"data/{layout.release_file('cats', receipt.version, name)}") for name in names)
    for key in (layout.pointer("cats"), layout.INDEX, layout.latest_file("cats", "cats.csv")):
        assert not is_locked(bucket, f"data/{key}")


def test_objects_made_of_parts_are_locked_too(bucket: Bucket, tmp_path: Path) -> None:
    limits = Limits(multipart_from=1, part=5 << 20)
    store = S3Store(bucket.client(), bucket.name, "data", limits=limits, lock_days=DAYS)
    body = tmp_path / "large.csv"
    body.write_bytes(b"x" * (6 << 20))
    key = layout.release_file("cats", "9.0.0", "large.csv")
    store.put(key, body, sha256=sha256_file(body), headers=layout.headers(key))
    assert is_locked(bucket, f"data/{key}")


def test_what_is_locked_cannot_be_forgotten(bucket: Bucket) -> None:
    store = open_store(bucket.target, env=bucket.env, retry=NEVER, lock_days=DAYS)
    key = layout.release_file("cats", "1.0.0", "cats.csv")
    for body in (b"id\n1\n", b""):
        store.put(key, body, sha256=sha256_bytes(body), headers=layout.headers(key))
    with pytest.raises(AccessDenied):
        store.forget("cats/v/")
