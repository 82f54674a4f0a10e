"""Reading what a publisher published, from anywhere. In: a package's address. Out: verified files, relations, a current copy.

    pull(url, folder)      a release, or some tables of it, as files
    follow(folder)         what was pulled, brought up to the latest release by its row changes
    open(url)              the tables of a release as DuckDB relations

Every byte is checked: versions.json names the sha256 of datapackage.json and SHA256SUMS, those name every file. `follow` is loaded when it
is first used: rebuilding tables takes all that writes them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from publisher.client.opened import Opened, open  # noqa: A004 - the name that readers of files expect
from publisher.client.pull import Pulled, pull

if TYPE_CHECKING:
    from publisher.client.current import Followed, follow

__all__ = ["Followed", "Opened", "Pulled", "follow", "open", "pull"]


def __getattr__(name: str) -> Any:
    if name not in {"Followed", "follow"}:
        raise AttributeError(f"module 'publisher.client' has no attribute {name!r}")
    return getattr(importlib.import_module("publisher.client.current"), name)
