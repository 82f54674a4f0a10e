"""A store that is asked again. In: a store and a Retry. Out: the same store, transient failures gone, their outcomes settled.

What failed without taking effect is repeated. What may have taken effect is repeated too: a conditional write can land only once, so
the repetition either lands or is refused, and when it is refused the object tells whether it holds our bytes. Only when tries and time
are used up does Unavailable remain, and then it means that the outcome is not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from publisher.errors import Conflict, Damaged, PreconditionFailed, PublisherError, StoreError, Unavailable
from publisher.model import Headers
from publisher.store.base import Capabilities, Stat, Store
from publisher.store.retry import TRANSIENT, Retry


class SteadyStore:
    """See the module's text."""

    def __init__(self, store: Store, retry: Retry) -> None:
        self._store = store
        self._retry = retry

    @property
    def url(self) -> str:
        return self._store.url

    @property
    def remote(self) -> bool:
        return self._store.remote

    def stat(self, key: str) -> Stat | None:
        return self._retry.call(lambda: self._store.stat(key))

    def read(self, key: str) -> tuple[bytes, Stat]:
        return self._retry.call(lambda: self._store.read(key), (*TRANSIENT, Damaged))

    @contextmanager
    def open(self, key: str, start: int = 0) -> Iterator[BinaryIO]:
        """Only opening is repeated: what was read already cannot be taken back."""

        def enter() -> tuple[ExitStack, BinaryIO]:
            stack = ExitStack()
            return stack, stack.enter_context(self._store.open(key, start))

        stack, file = self._retry.call(enter)
        with stack:
            yield file

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
        uncertain: StoreError | None = None
        last: StoreError | None = None
        for _ in self._retry.attempts():
            try:
                return self._store.put(
                    key, body, sha256=sha256, headers=headers, if_absent=if_absent, if_match=if_match
                )
            except Unavailable as error:
                uncertain = last = error
            except Conflict as error:
                last = error
            except PreconditionFailed:
                found = self.stat(key) if uncertain else None
                if found is None or found.sha256 != sha256:
                    raise
                return found
            except PublisherError as error:
                if uncertain is None:
                    raise
                raise _unknown(uncertain) from error
        assert last is not None
        raise _unknown(uncertain) if uncertain else last

    def copy(self, source: str, key: str, *, headers: Headers, replace: bool = False) -> bool:
        return self._retry.call(lambda: self._store.copy(source, key, headers=headers, replace=replace))

    def delete(self, key: str) -> None:
        self._retry.call(lambda: self._store.delete(key))

    def list(self, prefix: str = "") -> Iterator[Stat]:
        return iter(self._retry.call(lambda: [*self._store.list(prefix)]))

    @contextmanager
    def batch(self) -> Iterator[Store]:
        with self._store.batch() as inner:
            yield type(self)(inner, self._retry)

    def probe(self) -> Capabilities:
        return self._retry.call(self._store.probe)

    def forget(self, prefix: str) -> int:
        return self._retry.call(lambda: self._store.forget(prefix))

    def sweep(self, before: datetime, *, remove: bool) -> tuple[str, ...]:
        return self._retry.call(lambda: self._store.sweep(before, remove=remove))


def _unknown(error: StoreError) -> Unavailable:
    return Unavailable(error.message, error.remedy)


class SingleWriterStore(SteadyStore):
    """For stores without conditional writes, on the promise that nobody else writes: conditions are looked up, then the write is made
    without them. Two writers at once would overwrite each other here, which is why this must be asked for."""

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
        found = self.stat(key) if if_absent or if_match is not None else None
        if if_absent and found is not None:
            raise PreconditionFailed(f"{self.url}: {key} exists already")
        if if_match is not None and (found is None or found.etag != if_match):
            raise PreconditionFailed(f"{self.url}: {key} has changed since it was read")
        return super().put(key, body, sha256=sha256, headers=headers)

    def copy(self, source: str, key: str, *, headers: Headers, replace: bool = False) -> bool:
        if not replace and self.stat(key) is not None:
            raise PreconditionFailed(f"{self.url}: {key} exists already")
        return super().copy(source, key, headers=headers, replace=True)
