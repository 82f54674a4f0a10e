"""The door to the project's folder and the environment. In: a folder, environment variables. Out: Project, Settings, Package.

Only this room reads the project's own files (`pyproject.toml`, descriptors, schemas, queries) and the environment; the
files that hold rows are left to load.py. Each name is loaded when it is first used: a table that belongs to no project needs none.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

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

_HOMES = {
    "SETTINGS": "settings",
    "Project": "project",
    "Setting": "settings",
    "Settings": "settings",
    "find_package": "project",
    "find_project": "project",
    "read_package": "package",
    "read_settings": "settings",
    "read_signer": "key",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'publisher.project' has no attribute {name!r}")
    return getattr(importlib.import_module(f"publisher.project.{_HOMES[name]}"), name)
