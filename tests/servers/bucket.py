"""Where a test's bucket is. In: an endpoint and credentials. Out: Bucket, with the environment that `open_store` takes."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

import boto3
from botocore.config import Config

_NUMBERS = itertools.count()


@dataclass(frozen=True, slots=True)
class Bucket:
    """An S3 bucket on this machine."""

    endpoint: str
    access: str
    secret: str
    name: str

    @property
    def target(self) -> str:
        return f"s3://{self.name}/data"

    @property
    def env(self) -> Mapping[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_REGION": "us-east-1",
        }

    def of(self, user: str) -> Bucket:
        """The same bucket with the keys of another user of the Ceph gateway (ceph.ROLES)."""
        return replace(self, access=f"AK{user.upper()}", secret=f"SK{user.upper()}")

    def client(self):
        """A client without retries, for arranging and looking."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=self.access,
            aws_secret_access_key=self.secret,
            region_name="us-east-1",
            config=Config(
                s3={"addressing_style": "path"},
                retries={"total_max_attempts": 1},
                request_checksum_calculation="when_required",
            ),
        )

    def fresh(self) -> Bucket:
        """A new, empty bucket on the same server."""
        bucket = replace(self, name=f"test-{os.getpid()}-{next(_NUMBERS)}")
        bucket.client().create_bucket(Bucket=bucket.name)
        return bucket
