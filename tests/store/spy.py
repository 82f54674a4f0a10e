"""A store that remembers what it was asked. In: a store. Out: the same store, its calls in order."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from publisher.store.base import Store


@dataclass(frozen=True)
class Call:
    name: str
    key: str
    if_absent: bool = False
    if_match: str | None = None


class Spy:
    """`before` and `after` are called around every operation; subclasses override what they want to spoil."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.calls: list[Call] = []

    @property
    def url(self) -> str:
        return self.store.url

    @property
    def remote(self) -> bool:
        return self.store.remote

    def batch(self):
        return nullcontext(self)

    def before(self, call: Call) -> None:
        self.calls.append(call)

    def after(self, call: Call) -> None:
        pass

    def stat(self, key: str):
        return self._do(Call("stat", key), lambda: self.store.stat(key))

    def read(self, key: str):
        return self._do(Call("read", key), lambda: self.store.read(key))

    def open(self, key: str, start: int = 0):
        return self._do(Call("open", key), lambda: self.store.open(key, start))

    def put(self, key: str, body, *, sha256: str, headers, if_absent: bool = False, if_match: str | None = None):
        call = Call("put", key, if_absent, if_match)
        conditions = {"if_absent": if_absent, "if_match": if_match}
        return self._do(call, lambda: self.store.put(key, body, sha256=sha256, headers=headers, **conditions))

    def copy(self, source: str, key: str, *, headers, replace: bool = False):
        call = Call("copy", key, if_absent=not replace)
        return self._do(call, lambda: self.store.copy(source, key, headers=headers, replace=replace))

    def delete(self, key: str):
        return self._do(Call("delete", key), lambda: self.store.delete(key))

    def list(self, prefix: str = ""):
        return self._do(Call("list", prefix), lambda: iter([*self.store.list(prefix)]))

    def probe(self):
        return self.store.probe()

    def forget(self, prefix: str):
        return self._do(Call("forget", prefix), lambda: self.store.forget(prefix))

    def sweep(self, before, *, remove: bool):
        return self._do(Call("sweep", ""), lambda: self.store.sweep(before, remove=remove))

    def _do(self, call: Call, action) -> Any:
        self.before(call)
        result = action()
        self.after(call)
        return result
