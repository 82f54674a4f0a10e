"""An open-data publisher. In: tables people edit. Out: validated, versioned releases on object storage.

The Python interface; each name is loaded when it is first used, so that `publisher --help` stays quick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from publisher.late import load_late

if TYPE_CHECKING:
    from publisher.client.current import follow
    from publisher.client.opened import open  # noqa: A004 - the name that readers of files expect
    from publisher.client.pull import pull
    from publisher.run import publish
    from publisher.validate import validate_package, validate_table

__all__ = ["follow", "open", "publish", "pull", "validate_package", "validate_table"]

__getattr__ = load_late(
    __name__,
    {
        "follow": "client",
        "open": "client",
        "publish": "run",
        "pull": "client",
        "validate_package": "validate",
        "validate_table": "validate",
    },
)
