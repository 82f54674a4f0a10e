"""Older versions in a bucket with versioning. In: a client, a bucket, a prefix. Out: how many were removed; the current objects stay."""

from __future__ import annotations

from typing import Any

KEPT = frozenset({"Enabled", "Suspended"})
"""States in which a bucket has older versions; one that never had versioning tells no state."""


def forget_versions(client: Any, bucket: str, prefix: str) -> int:
    """Remove every version below `prefix` that is not the current one, then the marks of deletions, which hide older versions only.

    Lets botocore's errors through."""
    if client.get_bucket_versioning(Bucket=bucket).get("Status") not in KEPT:
        return 0
    versions, marks = [], []
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        versions += [(item["Key"], item["VersionId"]) for item in page.get("Versions", ()) if not item["IsLatest"]]
        marks += [(item["Key"], item["VersionId"]) for item in page.get("DeleteMarkers", ())]
    for key, version in (*versions, *marks):
        client.delete_object(Bucket=bucket, Key=key, VersionId=version)
    return len(versions)
