"""Objects in an S3 bucket. In: `s3://bucket/prefix`, keys, bytes or files. Out: the guarantees of store/base.py.

The only module that imports boto3.

Integrity: every body is signed with its sha256 (SigV4), which the server compares with what arrived; trailing checksums are off, since
servers other than AWS refuse them. Our own sha256 is recorded as object metadata; ETags are tokens for `If-Match` and nothing else.

What servers differ in, and what is done about it:
- Ceph 16 wants the ETag of `If-Match` without the quotes that it came with: the probe finds the form that works.
- Completing a multipart upload and copying honour `If-None-Match: *` on AWS, while Ceph ignores it: absence is looked up as well, right
  before. Between look and write another writer can slip in there. The publisher lives with that, since these keys lie in the folder of
  one claim, whose writers all send the same bytes.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    InvalidRegionError,
    MetadataRetrievalError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

from publisher.canonical import CHUNK, sha256_bytes
from publisher.errors import AccessDenied, Damaged, NotFound, PreconditionFailed, Unavailable, UsageError
from publisher.model import Headers
from publisher.store.base import Capabilities, Stat, Store, check_key, metadata
from publisher.store.probe import probe_store
from publisher.store.retry import NEVER, Retry
from publisher.store.s3_cors import Rule, lets_all_read, with_ours
from publisher.store.s3_errors import CREDENTIALS, HANDED_OUT, explain
from publisher.store.s3_lock import Lock
from publisher.store.s3_parts import LIMITS, Limits, Parts, copy_parts, put_parts
from publisher.store.s3_versions import forget_versions

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONNECTIONS = 32

_NO_CREDENTIALS = (NoCredentialsError, PartialCredentialsError)
_NOT_HANDED_OUT = (CredentialRetrievalError, MetadataRetrievalError, SSOError, TokenRetrievalError)


def open_bucket(
    target: str,
    env: Mapping[str, str],
    *,
    retry: Retry = NEVER,
    lock_days: int = 0,
    connect: float = 10,
    read: float = 30,
) -> S3Store:
    """The store at `s3://bucket/prefix`. Credentials, region and endpoint come from `env` and, where it names none, from boto3's own
    chain (profiles, web identity, instance roles). `retry` is for the parts
    of large objects, `lock_days` is as S3Store has it, `connect` and `read` are seconds without an answer. Raises UsageError."""
    parts = urlsplit(target)
    if not parts.netloc or parts.query or parts.fragment:
        raise UsageError(f"cannot publish to {target}: no bucket is named", "Write s3://bucket/prefix.")
    endpoint = env.get("AWS_ENDPOINT_URL_S3") or env.get("AWS_ENDPOINT_URL") or None
    config = Config(
        connect_timeout=connect,
        read_timeout=read,
        max_pool_connections=CONNECTIONS,
        retries={"total_max_attempts": 1, "mode": "standard"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        tcp_keepalive=True,
        # Servers other than AWS seldom answer to bucket.host, and all of them to host/bucket.
        s3={"payload_signing_enabled": True, "addressing_style": "path" if endpoint else "auto"},
    )
    try:
        session = boto3.session.Session(
            aws_access_key_id=env.get("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=env.get("AWS_SECRET_ACCESS_KEY"),
            aws_session_token=env.get("AWS_SESSION_TOKEN"),
            region_name=env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION"),
            profile_name=env.get("AWS_PROFILE"),
        )
        client = session.client("s3", endpoint_url=endpoint, config=config)
    except ProfileNotFound as error:
        raise UsageError(f"{target}: {error}", "Set AWS_PROFILE to a profile of ~/.aws/config.") from error
    except _NOT_HANDED_OUT as error:
        raise AccessDenied(f"{target}: {error}", HANDED_OUT) from error
    except (BotoCoreError, ValueError) as error:
        raise UsageError(
            f"{target}: {error}", "Check the AWS_* variables; AWS_ENDPOINT_URL is http(s)://host."
        ) from error
    return S3Store(client, parts.netloc, parts.path.strip("/"), retry=retry, lock_days=lock_days)


class S3Store:
    """A bucket, or the part of one below `prefix`. `retry` is for the parts of large objects alone; `quoted` fixes the form of the ETag
    in `If-Match`, None lets a probe find it. `lock_days` is for S3 Object Lock, which the
    bucket must have (s3_lock.py)."""

    remote = True

    def __init__(
        self,
        client: S3Client,
        bucket: str,
        prefix: str = "",
        *,
        limits: Limits = LIMITS,
        retry: Retry = NEVER,
        quoted: bool | None = None,
        lock_days: int = 0,
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = f"{check_key(prefix)}/" if prefix else ""
        self._limits = limits
        self._retry = retry
        self._quoted = quoted
        self._lock = Lock(lock_days)
        self._probing = threading.Lock()
        self._capabilities: Capabilities | None = None
        self._slots = threading.BoundedSemaphore(self._limits.parts_in_memory)

    @property
    def url(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def stat(self, key: str) -> Stat | None:
        try:
            with self._asking("read", key):
                answer = self._client.head_object(Bucket=self._bucket, Key=self._key(key))
        except NotFound:
            return None
        return _stat(key, answer)

    def read(self, key: str) -> tuple[bytes, Stat]:
        with self._asking("read", key):
            answer = self._client.get_object(Bucket=self._bucket, Key=self._key(key))
            body = answer["Body"].read()
        stat = _stat(key, answer)
        if stat.sha256 and sha256_bytes(body) != stat.sha256:
            raise Damaged(f"{self.url}: {key} does not have the bytes that were recorded for it", "Run `verify`.")
        return body, stat

    @contextmanager
    def open(self, key: str, start: int = 0) -> Iterator[BinaryIO]:
        with self._asking("read", key):
            if start:
                answer = self._client.get_object(Bucket=self._bucket, Key=self._key(key), Range=f"bytes={start}-")
            else:
                # no range reaches into an empty object
                answer = self._client.get_object(Bucket=self._bucket, Key=self._key(key))
            try:
                # botocore's body iterates over blocks; a binary stream iterates over lines
                yield io.BufferedReader(cast("io.RawIOBase", answer["Body"]), CHUNK)
            finally:
                answer["Body"].close()

    def put(
        self,
        key: str,
        body: bytes | Path,
        *,
        sha256: str,
        headers: Headers,
        if_absent: bool = False,
        if_match: str | None = None,
    ) -> Stat:
        condition = self._condition(if_absent=if_absent, if_match=if_match)
        if isinstance(body, Path) and body.stat().st_size >= self._limits.multipart_from:
            self._recheck(key, if_absent=if_absent, if_match=if_match)
            put_parts(self._parts("write", key, headers, sha256, condition), body)
            self._lock_written(key, headers)
            return self._written(key)
        data = body.read_bytes() if isinstance(body, Path) else body
        if sha256_bytes(data) != sha256:
            raise Damaged(f"{key}: the bytes to write do not have the promised sha256", "Build the release again.")
        try:
            with self._asking("write", key):
                answer = self._client.put_object(
                    Bucket=self._bucket,
                    Key=self._key(key),
                    Body=data,
                    **_meta(sha256, headers),
                    **self._lock.at_creation(data, headers),
                    **condition,
                )
        except NotFound as error:
            raise PreconditionFailed(f"{self.url}: {key} is gone since it was read") from error
        return Stat(key, len(data), _etag(answer["ETag"]), sha256, _date(answer), headers)

    def copy(self, source: str, key: str, *, headers: Headers, replace: bool = False) -> bool:
        origin = self.stat(source)
        if origin is None:
            raise NotFound(f"{self.url}: no object {source}")
        if not replace:
            self._recheck(key, if_absent=True, if_match=None)
        condition = self._condition(if_absent=not replace, if_match=None)
        if origin.size > self._limits.copy_at_once:
            parts = self._parts("copy", key, headers, origin.sha256, condition)
            copy_parts(parts, self._key(source), origin.size)
        else:
            with self._asking("copy", key):
                self._client.copy_object(
                    Bucket=self._bucket,
                    Key=self._key(key),
                    CopySource={"Bucket": self._bucket, "Key": self._key(source)},
                    MetadataDirective="REPLACE",
                    **_meta(origin.sha256, headers),
                    **condition,
                )
        self._lock_written(key, headers)
        return False

    def delete(self, key: str) -> None:
        with suppress(NotFound), self._asking("delete", key):
            self._client.delete_object(Bucket=self._bucket, Key=self._key(key))

    def list(self, prefix: str = "") -> Iterator[Stat]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix + prefix
        )
        with self._asking("list", prefix or "all objects"):
            for page in pages:
                for item in page.get("Contents", ()):
                    # Consoles make empty objects that end with a slash and call them folders.
                    if not item["Key"].endswith("/"):
                        key = item["Key"].removeprefix(self._prefix)
                        yield Stat(key, item["Size"], _etag(item["ETag"]), "", item["LastModified"])

    def batch(self) -> AbstractContextManager[Store]:
        return nullcontext(self)

    def probe(self) -> Capabilities:
        with self._probing:
            if self._capabilities is None:
                self._capabilities = self._find_form()
            return self._capabilities

    def forget(self, prefix: str) -> int:
        with self._asking("remove older versions below", prefix or "the root"):
            return forget_versions(self._client, self._bucket, self._prefix + prefix)

    def sweep(self, before: datetime, *, remove: bool) -> tuple[str, ...]:
        found = []
        pages = self._client.get_paginator("list_multipart_uploads").paginate(Bucket=self._bucket, Prefix=self._prefix)
        with self._asking("list", "unfinished uploads"):
            for upload in [upload for page in pages for upload in page.get("Uploads", ())]:
                if upload["Initiated"] < before:
                    found.append(f"unfinished upload of {upload['Key'].removeprefix(self._prefix)}")
                    if remove:
                        self._client.abort_multipart_upload(
                            Bucket=self._bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                        )
        return tuple(found)

    def shares(self) -> bool:
        return lets_all_read(self._rules())

    def share(self) -> None:
        rules = cast("Any", with_ours(self._rules()))
        with self._asking("set the CORS rules of", "the bucket"):
            self._client.put_bucket_cors(Bucket=self._bucket, CORSConfiguration={"CORSRules": rules})

    def _rules(self) -> Sequence[Rule]:
        try:
            with self._asking("read the CORS rules of", "the bucket"):
                return cast("Sequence[Rule]", self._client.get_bucket_cors(Bucket=self._bucket)["CORSRules"])
        except NotFound:
            return ()

    def _find_form(self) -> Capabilities:
        """Ceph 16 answers 412 to a current ETag with quotes. A server that takes neither form has no compare-and-swap."""
        prefix = self._prefix.rstrip("/")
        quoted = probe_store(S3Store(self._client, self._bucket, prefix, quoted=True))
        self._quoted = True
        if quoted.compare_and_swap or not quoted.create_only:
            return quoted
        bare = probe_store(S3Store(self._client, self._bucket, prefix, quoted=False))
        if not bare.compare_and_swap:
            return quoted
        self._quoted = False
        return Capabilities(True, True, f"{bare.detail}; this server takes the ETag of If-Match without quotes")

    def _key(self, key: str) -> str:
        return self._prefix + check_key(key)

    def _parts(self, verb: str, key: str, headers: Headers, sha256: str, condition: dict[str, Any]) -> Parts:
        return Parts(
            client=self._client,
            bucket=self._bucket,
            place=self._key(key),
            key=key,
            sha256=sha256,
            meta=_meta(sha256, headers),
            condition=condition,
            limits=self._limits,
            slots=self._slots,
            retry=self._retry,
            asking=lambda: self._asking(verb, key),
        )

    def _lock_written(self, key: str, headers: Headers) -> None:
        if self._lock.covers(headers):
            with self._asking("lock", key):
                self._client.put_object_retention(Bucket=self._bucket, Key=self._key(key), **self._lock.afterwards())

    def _condition(self, *, if_absent: bool, if_match: str | None) -> dict[str, Any]:
        if if_absent:
            return {"IfNoneMatch": "*"}
        if if_match is None:
            return {}
        if self._quoted is None:
            self.probe()
        return {"IfMatch": if_match if self._quoted else if_match.strip('"')}

    def _recheck(self, key: str, *, if_absent: bool, if_match: str | None) -> None:
        """The condition looked up, for the requests whose own conditions some servers ignore."""
        if if_absent or if_match is not None:
            found = self.stat(key)
            if if_absent and found is not None:
                raise PreconditionFailed(f"{self.url}: {key} exists already")
            if if_match is not None and (found is None or found.etag != if_match):
                raise PreconditionFailed(f"{self.url}: {key} has changed since it was read")

    def _written(self, key: str) -> Stat:
        """The record of an object made of parts, whose ETag not every server tells when the last request is answered."""
        found = self._retry.call(lambda: self.stat(key))
        if found is None:
            raise Unavailable(f"{self.url}: {key} was written and is not there", "Run this again.")
        return found

    @contextmanager
    def _asking(self, verb: str, key: str) -> Iterator[None]:
        """boto3's exceptions become those of errors.py."""
        what = f"{self.url}: cannot {verb} {key}"
        try:
            yield
        except ClientError as error:
            answer = cast("dict[str, Any]", error.response)
            status = int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            details = answer.get("Error", {})
            raise explain(what, str(details.get("Code", "")), status, str(details.get("Message", ""))) from error
        except _NO_CREDENTIALS as error:
            raise AccessDenied(f"{what}: {error}", CREDENTIALS) from error
        except _NOT_HANDED_OUT as error:
            raise AccessDenied(f"{what}: {error}", HANDED_OUT) from error
        except (ParamValidationError, InvalidRegionError) as error:
            raise UsageError(f"{what}: {error}", "Check the target's bucket name and AWS_REGION.") from error
        except (BotoCoreError, HTTPException, OSError) as error:
            raise Unavailable(
                f"{what}: {error}", "Check AWS_ENDPOINT_URL and the network, then run this again."
            ) from error


def _meta(sha256: str, headers: Headers) -> dict[str, Any]:
    """What is recorded with an object. Empty headers are not sent."""
    given = {
        "ContentType": headers.content_type,
        "CacheControl": headers.cache_control,
        "ContentDisposition": headers.content_disposition,
    }
    return {"Metadata": dict(metadata(sha256)), **{name: value for name, value in given.items() if value}}


def _stat(key: str, answer: Any) -> Stat:
    headers = Headers(
        answer.get("ContentType", ""), answer.get("CacheControl", ""), answer.get("ContentDisposition", "")
    )
    digest = answer.get("Metadata", {}).get("sha256", "")
    return Stat(key, answer["ContentLength"], _etag(answer["ETag"]), digest, answer["LastModified"], headers)


def _etag(text: str) -> str:
    """Always in its quotes, which some answers of some servers leave out."""
    return '"' + text.strip('"') + '"'


def _date(answer: Any) -> datetime:
    """The server's clock, which is the one that modification times are read on."""
    text = answer["ResponseMetadata"]["HTTPHeaders"].get("date", "")
    return parsedate_to_datetime(text) if text else datetime.now(UTC)
