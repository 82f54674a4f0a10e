"""The project: the folder people work in. In: a start folder, the environment. Out: Project, and its packages by name or path."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from publisher.errors import ProjectError, UsageError
from publisher.model import Package
from publisher.project.files import did_you_mean, read_text
from publisher.project.package import read_package
from publisher.project.settings import Settings, read_settings

DESCRIPTORS = ("datapackage.yaml", "datapackage.yml", "datapackage.json")


@dataclass(frozen=True, slots=True)
class Project:
    """`root` is None outside any project: then only packages given by path can be used, with settings from the environment."""

    root: Path | None
    settings: Settings

    @property
    def packages(self) -> tuple[str, ...]:
        """Names of the packages under `datasets/`, sorted."""
        if self.root is None:
            return ()
        found = (path.parent.name for name in DESCRIPTORS for path in self.root.glob(f"datasets/*/{name}"))
        return tuple(sorted(set(found)))


def find_project(start: Path, environment: Mapping[str, str]) -> Project:
    """The nearest folder at or above `start` whose pyproject.toml has `[tool.publisher]`."""
    for folder in (start, *start.parents):
        path = folder / "pyproject.toml"
        if not path.is_file():
            continue
        try:
            document = tomllib.loads(read_text(path))
        except tomllib.TOMLDecodeError as error:
            raise ProjectError(f"{path}: is not TOML: {error}") from error
        table = document.get("tool", {}).get("publisher")
        if table is not None:
            return Project(folder, read_settings(table, environment, f"{path}: [tool.publisher]"))
    return Project(None, read_settings({}, environment, "environment"))


def find_package(project: Project, reference: str) -> Package:
    """The package that a command line names: a name under `datasets/`, a folder, or the path of a descriptor."""
    path = Path(reference)
    if project.root is not None and reference in project.packages:
        path = project.root / "datasets" / reference
    if path.is_dir():
        found = [path / name for name in DESCRIPTORS if (path / name).is_file()]
        if not found:
            raise UsageError(f"{path}: there is no {DESCRIPTORS[0]} or {DESCRIPTORS[-1]} in this folder")
        path = found[0]
    if not path.is_file():
        near = did_you_mean(reference, project.packages)
        known = (
            f"Packages here: {', '.join(project.packages)}." if project.packages else "Give the path of a descriptor."
        )
        raise UsageError(f"{reference}: there is no such package or descriptor", near or known)
    inside = (
        project.root if project.root is not None and path.resolve().is_relative_to(project.root.resolve()) else None
    )
    return read_package(path, project_root=inside)
