"""Objects too large for one request. In: a client, a place, a file or the key of a source. Out: the object, whole, or no object.

Any failure before the last request aborts the upload, so that no parts are left behind and paid for. Memory is bounded by `Limits`
for all uploads of a store together, however many threads call.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from publisher.errors import Damaged, NotFound, PublisherError, Unavailable
from publisher.store.retry import Retry

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

T = TypeVar("T")

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes. Files of at least `multipart_from` go up in parts; `parts_in_memory` of them are held at once."""

    multipart_from: int = 16 * MIB
    part: int = 16 * MIB
    parts_in_memory: int = 6
    copy_at_once: int = 5 << 30
    most_parts: int = 10_000

    def part_size(self, size: int) -> int:
        """S3 takes at most `most_parts` parts, so the largest files need larger ones."""
        return max(self.part, -(-size // self.most_parts))


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Parts:
    """One object on its way: where it goes, what is recorded with it, on which condition, within which bounds. `asking` turns boto3's
    exceptions into those of errors.py; each part is tried again on its own, or a large object would never get through a bad line."""

    client: S3Client
    bucket: str
    place: str
    key: str
    sha256: str
    meta: dict[str, Any]
    condition: dict[str, Any]
    limits: Limits
    slots: threading.BoundedSemaphore
    retry: Retry
    asking: Callable[[], AbstractContextManager[None]]

    def ask(self, request: Callable[[], T]) -> T:
        """One request, repeated where it failed in passing."""

        def once() -> T:
            with self.asking():
                return request()

        return self.retry.call(once)


def put_parts(parts: Parts, path: Path) -> None:
    """Upload a file in parts. Raises Damaged where the file is not the one that was promised, and boto3's exceptions."""
    size = path.stat().st_size
    part_size = parts.limits.part_size(size)

    def send(upload: str, pool: ThreadPoolExecutor) -> list[Future[dict[str, Any]]]:
        digest = hashlib.sha256()
        sent: list[Future[dict[str, Any]]] = []
        with path.open("rb") as file:
            while True:
                parts.slots.acquire()
                chunk = file.read(part_size)
                if not chunk or any(item.done() and item.exception() for item in sent):
                    parts.slots.release()
                    break
                digest.update(chunk)
                future = pool.submit(_send_part, parts, upload, len(sent) + 1, chunk)
                future.add_done_callback(lambda _: parts.slots.release())
                sent.append(future)
        if not chunk and digest.hexdigest() != parts.sha256:
            raise Damaged(f"{parts.key}: the file changed after it was hashed", "Build the release again.")
        return sent

    _complete(parts, send)


def copy_parts(parts: Parts, source: str, size: int) -> None:
    """Copy within the bucket in parts of the largest size that one request may copy."""
    step = parts.limits.copy_at_once

    def send(upload: str, pool: ThreadPoolExecutor) -> list[Future[dict[str, Any]]]:
        starts = range(0, size, step)
        return [
            pool.submit(_copy_part, parts, upload, number, source, start, min(start + step, size))
            for number, start in enumerate(starts, 1)
        ]

    _complete(parts, send)


def _complete(parts: Parts, send: Callable[[str, ThreadPoolExecutor], list[Future[dict[str, Any]]]]) -> None:
    where: dict[str, Any] = {"Bucket": parts.bucket, "Key": parts.place}
    upload = parts.ask(lambda: parts.client.create_multipart_upload(**where, **parts.meta))["UploadId"]
    try:
        with ThreadPoolExecutor(parts.limits.parts_in_memory) as pool:
            sent = send(upload, pool)
            wait(sent, return_when=FIRST_EXCEPTION)
            for item in sent:
                item.cancel()
        whole: Any = {"Parts": [item.result() for item in sent]}
        parts.ask(
            lambda: parts.client.complete_multipart_upload(
                **where, UploadId=upload, MultipartUpload=whole, **parts.condition
            )
        )
    except BaseException as error:
        # Where a completion landed and its answer was lost, nothing is left to abort, and the server says so.
        with suppress(PublisherError), parts.asking():
            parts.client.abort_multipart_upload(**where, UploadId=upload)
        if isinstance(error, NotFound):
            raise Unavailable(f"{error.message}: the upload is gone, finished or aborted", error.remedy) from error
        raise


def _send_part(parts: Parts, upload: str, number: int, chunk: bytes) -> dict[str, Any]:
    answer = parts.ask(
        lambda: parts.client.upload_part(
            Bucket=parts.bucket, Key=parts.place, UploadId=upload, PartNumber=number, Body=chunk
        )
    )
    return {"PartNumber": number, "ETag": answer["ETag"]}


def _copy_part(parts: Parts, upload: str, number: int, source: str, start: int, end: int) -> dict[str, Any]:
    answer = parts.ask(
        lambda: parts.client.upload_part_copy(
            Bucket=parts.bucket,
            Key=parts.place,
            UploadId=upload,
            PartNumber=number,
            CopySource={"Bucket": parts.bucket, "Key": source},
            CopySourceRange=f"bytes={start}-{end - 1}",
        )
    )
    return {"PartNumber": number, "ETag": answer["CopyPartResult"]["ETag"]}
