"""The same commands with a bucket for a target: moto everywhere, a real Ceph gateway where there is one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.program import publisher
from tests.servers.bucket import Bucket
from tests.servers.fixtures import CEPH

CREDENTIALS = "AWS_SECRET_ACCESS_KEY"


@pytest.fixture(params=["moto", CEPH])
def bucket(request: pytest.FixtureRequest) -> Bucket:
    server: Bucket = request.getfixturevalue(request.param)
    return server.fresh()


def test_publish_correct_verify(small: Path, bucket: Bucket) -> None:
    variables = {**bucket.env, "PUBLISHER_TARGET": bucket.target}
    first = publisher(small, "publish", **variables)
    assert (first.returncode, first.stderr) == (0, "")
    assert "up to date" in publisher(small, "publish", **variables).stdout
    table = small / "datasets" / "pets" / "cats.csv"
    table.write_text(table.read_text().replace(",Minka,", ",Minka (corrected),", 1))
    receipt = json.loads(publisher(small, "publish", "--json", **variables).stdout)
    assert (receipt["outcome"], receipt["version"]) == ("published", "1.0.1")
    verified = json.loads(publisher(small, "verify", "--json", **variables).stdout)
    assert verified["problems"] == []
    assert verified["releases"] == 2
    assert publisher(small, "doctor", **variables).returncode == 0
    said = "".join(done.stdout + done.stderr for done in (first, publisher(small, "doctor", **variables)))
    assert bucket.secret not in said


def test_objects_are_served_with_their_headers(small: Path, bucket: Bucket) -> None:
    publisher(small, "publish", **{**bucket.env, "PUBLISHER_TARGET": bucket.target})
    client = bucket.client()
    found = client.head_object(Bucket=bucket.name, Key="data/pets/v/1.0.0/cats.csv")
    assert found["ContentType"] == "text/csv; charset=utf-8; header=present"
    assert found["CacheControl"] == "public, max-age=31536000, immutable"
    assert found["ContentDisposition"] == 'attachment; filename="cats-1.0.0.csv"'
    pointer = client.head_object(Bucket=bucket.name, Key="data/pets/versions.json")
    assert pointer["CacheControl"] == "public, max-age=60, must-revalidate"


@pytest.mark.ceph
def test_wrong_credentials_are_told_and_nothing_is_written(small: Path, ceph: Bucket) -> None:
    bucket = ceph.fresh()
    ran = publisher(small, "publish", "--target", bucket.target, **{**bucket.env, CREDENTIALS: "wrong-and-secret"})
    assert ran.returncode == 4
    assert "The secret key does not fit" in ran.stderr
    assert "wrong-and-secret" not in ran.stdout + ran.stderr
    assert "Contents" not in bucket.client().list_objects_v2(Bucket=bucket.name)


def test_no_such_bucket_and_no_credentials(small: Path, moto: Bucket) -> None:
    ran = publisher(small, "publish", "--target", "s3://there-is-none/x", **moto.env)
    assert ran.returncode == 4
    assert "no such bucket" in ran.stderr
    ran = publisher(small, "publish", "--target", "s3://there-is-none/x", AWS_ENDPOINT_URL=moto.endpoint)
    assert ran.returncode == 4
    assert "AWS_ACCESS_KEY_ID" in ran.stderr
    assert "Traceback" not in ran.stderr
