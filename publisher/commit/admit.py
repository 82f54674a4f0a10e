"""Who may publish where. In: a store, the promise of a single writer. Out: a store to publish to, or a refusal with the way out."""

from __future__ import annotations

from publisher.errors import StoreError
from publisher.store.base import Store
from publisher.store.retry import Retry
from publisher.store.steady import SingleWriterStore


def admit(store: Store, *, single_writer: bool, retry: Retry) -> Store:
    """The store itself where it honours conditional writes; with `single_writer`, one that looks before it writes.

    Called once in a run, before the first write: the probe's answer is kept. Raises StoreError, AccessDenied, Unavailable."""
    found = store.probe()
    if found.create_only and found.compare_and_swap:
        return store
    if single_writer:
        return SingleWriterStore(store, retry)
    raise StoreError(
        f"{store.url} does not honour conditional writes, so two publishers could overwrite each other: {found.detail}",
        "Publish to a store that does (AWS S3, a folder, Ceph without versioning of the bucket); or set single_writer = true, "
        "if nobody else ever writes there.",
    )
