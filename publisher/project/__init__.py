"""The door to the project's folder and the environment. In: a folder, environment variables. Out: Project, Settings, Package.

Only this room reads the project's own files (`pyproject.toml`, descriptors, schemas, queries) and the environment; the
files that hold rows are left to load.py. Each name is loaded when it is first used: a table that belongs to no project needs none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from publisher.late import load_late

if TYPE_CHECKING:
    from publisher.project.key import read_signer
    from publisher.project.package import read_package
    from publisher.project.project import Project, find_package, find_project
    from publisher.project.settings import SETTINGS, Setting, Settings, read_settings

__all__ = [
    "SETTINGS",
    "Project",
    "Setting",
    "Settings",
    "find_package",
    "find_project",
    "read_package",
    "read_settings",
    "read_signer",
]

__getattr__ = load_late(
    __name__,
    {
        "SETTINGS": "settings",
        "Project": "project",
        "Setting": "settings",
        "Settings": "settings",
        "find_package": "project",
        "find_project": "project",
        "read_package": "package",
        "read_settings": "settings",
        "read_signer": "key",
    },
)
