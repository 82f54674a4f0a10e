"""The bucket policy of docs/policies, on a real Ceph gateway: each role can do its work and nothing beyond it."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from publisher import layout
from publisher.audit import read_events
from publisher.commit.verify import verify
from publisher.errors import AccessDenied
from publisher.model import Package
from publisher.project import Settings, read_package
from publisher.run import Run, Wishes, publish_package
from publisher.store import open_store
from publisher.store.base import Store
from publisher.store.retry import NEVER
from tests.servers.bucket import Bucket
from tests.servers.ceph import ROLES
from tests.servers.fixtures import ceph  # noqa: F401 - a fixture that is asked for by name
from tests.tools import ROOT

POLICY = ROOT / "docs" / "policies" / "bucket.json"


@pytest.fixture
def bucket(ceph: Bucket) -> Bucket:  # noqa: F811
    """A bucket with the policy."""
    bucket = ceph.fresh()
    text = POLICY.read_text().replace("BUCKET", bucket.name).replace("PREFIX", bucket.target.rpartition("/")[2])
    for role in ROLES:
        text = text.replace(role.upper(), role)
    bucket.client().put_bucket_policy(Bucket=bucket.name, Policy=text)
    return bucket


def opened(bucket: Bucket, role: str) -> Store:
    own = bucket.of(role)
    return open_store(own.target, env=own.env, retry=NEVER)


def package(folder: Path, names: str) -> Package:
    (folder / "cats.csv").write_text("id,name\n" + names)
    schema = '{"fields": [{"name": "id"}, {"name": "name"}], "primaryKey": "id"}'
    (folder / "datapackage.json").write_text(
        '{"name": "cats", "resources": [{"name": "cats", "path": "cats.csv", "schema": ' + schema + "}]}"
    )
    return read_package(folder / "datapackage.json", project_root=None)


def refused(bucket: Bucket, role: str, call: str, key: str, **more: object) -> bool:
    """Whether a request of a role is refused by the gateway itself, whatever our own code would do."""
    try:
        getattr(bucket.of(role).client(), call)(Bucket=bucket.name, Key=key, **more)
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    return False


@pytest.mark.ceph
def test_each_role_does_its_work_and_nothing_beyond(bucket: Bucket, tmp_path: Path) -> None:
    store = opened(bucket, "publisher")
    for names in ("1,Mia\n2,Tom\n", "1,Mia\n3,Kit\n"):
        receipt = publish_package(Run(store, Settings(), retry=NEVER), package(tmp_path, names), Wishes())
        assert (receipt.outcome, receipt.stale) == ("published", "")
    assert not verify(store, ["cats"], retry=NEVER).problems

    release, pointer = f"data/{layout.release_file('cats', '1.0.0', 'cats.csv')}", f"data/{layout.pointer('cats')}"
    for key in (release, pointer):
        assert refused(bucket, "publisher", "delete_object", key)
        assert refused(bucket, "reader", "delete_object", key)
        assert refused(bucket, "reader", "put_object", key, Body=b"x")
        assert not refused(bucket, "reader", "get_object", key)
    assert refused(bucket, "reader", "put_object", "data/new", Body=b"x")
    event, alerts = f"data/{layout.audit_event(1)}", f"data/{layout.ALERTS}"
    bucket.of("publisher").client().put_object(Bucket=bucket.name, Key=alerts, Body=b"{}")
    assert [event for event in read_events(store) if event.action == "publish"]
    assert refused(bucket, "publisher", "delete_object", event)
    hidden = [layout.manifest("cats"), layout.lease("cats"), layout.audit_hint()]
    for name in hidden:
        bucket.of("publisher").client().put_object(Bucket=bucket.name, Key=f"data/{name}", Body=b"{}")
    bucket.client().put_object(Bucket=bucket.name, Key="elsewhere/x", Body=b"x")
    for key in (event, alerts, "elsewhere/x", *(f"data/{name}" for name in hidden)):
        assert refused(bucket, "reader", "get_object", key), key
    bucket.client().put_object(Bucket=bucket.name, Key=f"data/{layout.SECURITY}", Body=b"x")
    assert not refused(bucket, "reader", "get_object", f"data/{layout.SECURITY}")
    with pytest.raises(AccessDenied):
        list(opened(bucket, "reader").list())
    with pytest.raises(AccessDenied):
        store.delete(layout.release_file("cats", "1.0.0", "cats.csv"))
    assert not refused(bucket, "keeper", "delete_object", release)
