"""Reading what a publisher published, from anywhere. In: a package's address. Out: verified files, relations, a current copy.

    pull(url, folder)      a release, or some tables of it, as files
    follow(folder)         what was pulled, brought up to the latest release by its row changes
    open(url)              the tables of a release as DuckDB relations

Every byte is checked: versions.json names the sha256 of datapackage.json and SHA256SUMS, those name every file.
"""

from publisher.client.follow import Followed, follow
from publisher.client.opened import Opened, open  # noqa: A004 - the name that readers of files expect
from publisher.client.pull import Pulled, pull

__all__ = ["Followed", "Opened", "Pulled", "follow", "open", "pull"]
