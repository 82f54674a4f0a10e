"""The doors to object storage. In: a target such as `public`, `s3://bucket/prefix`. Out: a Store (see store/base.py)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from publisher import layout
from publisher.errors import UsageError
from publisher.store.base import Sharing, Store
from publisher.store.files import FileStore
from publisher.store.memory import MemoryStore
from publisher.store.retry import Retry
from publisher.store.steady import SteadyStore

RETRY = Retry()

_REMEDY = "Use a folder, or s3://bucket/prefix."


def open_store(target: str, *, env: Mapping[str, str], retry: Retry = RETRY, lock_days: int = 0) -> Store:
    """The store that `target` names: a folder or `file:` URL (relative ones from the working directory), `memory:` (lost when the
    process ends), `s3://bucket/prefix` with credentials, region and endpoint from `env` as boto3 reads them.

    A bucket is asked again after passing failures, as `retry` says; what is written to it as immutable is locked for `lock_days`.
    Nothing is contacted or created yet. Raises UsageError."""
    scheme, separator, rest = target.partition(":")
    if scheme == "s3" and separator:
        if "@" in rest.removeprefix("//").partition("/")[0]:
            raise UsageError("the target holds credentials", "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead.")
        # boto3 takes 0.3 s to import, which a publication to a folder need not pay.
        from publisher.store.s3 import open_bucket

        return SteadyStore(open_bucket(target, env, retry=retry, lock_days=lock_days), retry)
    if scheme == "memory" and separator:
        return MemoryStore(rest)
    if scheme == "file" and separator:
        return _open_folder(_file_path(target))
    if "://" in target:
        raise UsageError(f"cannot publish to {target}: unknown kind of target", _REMEDY)
    return _open_folder(target)


def open_sharing(target: str, *, env: Mapping[str, str]) -> Sharing | None:
    """The bucket that `target` names, to ask and set who may read it; None for a target that serves nothing itself. Raises UsageError."""
    if not target.startswith("s3:"):
        return None
    # see open_store
    from publisher.store.s3 import open_bucket

    return open_bucket(target, env, retry=RETRY)


def _file_path(target: str) -> str:
    parts = urlsplit(target)
    if parts.netloc not in {"", "localhost"}:
        raise UsageError(f"cannot publish to {target}: it names another machine", "Write file:/path or file:///path.")
    return unquote(parts.path)


def _open_folder(text: str) -> FileStore:
    if not text.strip():
        raise UsageError("no target is set", _REMEDY)
    root = Path(text).expanduser()
    if root.exists() and not root.is_dir():
        raise UsageError(f"cannot publish to {root}: it is a file", _REMEDY)
    return FileStore(root.absolute(), layout.headers)
