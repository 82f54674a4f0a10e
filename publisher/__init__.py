"""An open-data publisher. In: tables people edit. Out: validated, versioned releases on object storage.

The Python interface; each name is loaded when it is first used, so that `publisher --help` stays quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from publisher.client.current import follow
    from publisher.client.opened import open  # noqa: A004 - the name that readers of files expect
    from publisher.client.pull import pull
    from publisher.run import publish
    from publisher.validate import validate_package, validate_table

__all__ = ["follow", "open", "publish", "pull", "validate_package", "validate_table"]

_HOMES = {
    "follow": "publisher.client",
    "open": "publisher.client",
    "publish": "publisher.run",
    "pull": "publisher.client",
    "validate_package": "publisher.validate",
    "validate_table": "publisher.validate",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'publisher' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
