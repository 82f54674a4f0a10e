"""Names of a package that are loaded when they are first used. In: which module holds which name. Out: the package's `__getattr__`."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def load_late(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """A `__getattr__` (PEP 562) for `package`; `homes` are modules below it by the names they hold."""

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{package}.{homes[name]}"), name)

    return find
