"""Reading what a publisher published, from anywhere. In: a package's address. Out: verified files, relations, a current copy.

    pull(url, folder)      a release, or some tables of it, as files
    follow(folder)         what was pulled, brought up to the latest release by its row changes
    open(url)              the tables of a release as DuckDB relations

Every byte is checked: versions.json names the sha256 of datapackage.json and SHA256SUMS, those name every file. `follow` is loaded when it
is first used: rebuilding tables takes all that writes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from publisher.client.opened import Opened, open  # noqa: A004 - the name that readers of files expect
from publisher.client.pull import Pulled, pull
from publisher.late import load_late

if TYPE_CHECKING:
    from publisher.client.current import Followed, follow

__all__ = ["Followed", "Opened", "Pulled", "follow", "open", "pull"]

__getattr__ = load_late(__name__, {"Followed": "current", "follow": "current"})
