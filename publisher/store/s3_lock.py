"""S3 Object Lock. In: days, an object's headers. Out: what a request says to keep an object from deletion and replacement.

Objects that are served as immutable are locked, in governance mode: what a law orders to remove must be removable by somebody, whom the
bucket's policy names.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from publisher.model import Headers

MODE = "GOVERNANCE"


@dataclass(frozen=True, slots=True)
class Lock:
    """For how many days; 0 locks nothing."""

    days: int = 0

    def covers(self, headers: Headers) -> bool:
        """Whether an object with these headers is locked."""
        return self.days > 0 and "immutable" in headers.cache_control

    def at_creation(self, data: bytes, headers: Headers) -> dict[str, Any]:
        """Arguments of put_object. AWS demands a checksum header of what is to be locked; the signed sha256 is none."""
        if not self.covers(headers):
            return {}
        digest = base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
        return {"ContentMD5": digest, "ObjectLockMode": MODE, "ObjectLockRetainUntilDate": self._until()}

    def afterwards(self) -> dict[str, Any]:
        """Arguments of put_object_retention, for copies and objects made of parts: not every server takes a lock with those requests."""
        return {"Retention": {"Mode": MODE, "RetainUntilDate": self._until()}}

    def _until(self) -> datetime:
        return datetime.now(UTC) + timedelta(days=self.days)
