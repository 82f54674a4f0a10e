"""The files of a new project. In: drafts, keys, references, where to write. Out: files, none of them ever overwritten.

What a person has to fill in begins with TODO, and `publisher validate` lists what is left of it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from publisher.canonical import readable_json
from publisher.draft.keys import Reference
from publisher.draft.reading import Draft
from publisher.errors import UsageError

_HEAD = """# A draft made by `publisher init`. Replace what says TODO; `publisher validate` lists what is left.
# More keys: https://datapackage.org/standard/data-package/
"""
_SETTINGS = """[tool.publisher]
target = "public"      # a folder, or s3://bucket/prefix
languages = ["en"]     # en, ar, fr; the first is the main one
"""
_MAKEFILE = """# Every target runs `publisher`, which must be installed.
.PHONY: validate plan publish preview

validate: ## Check the tables and say what is wrong in which cell
	publisher validate {name}

plan: ## Show what publishing would do; nothing is written
	publisher plan {name}

publish: ## Publish a release
	publisher publish {name}

preview: ## Show what is published in a browser
	publisher preview
"""
_IGNORED = "/public/\n/.venv/\n"


@dataclass(frozen=True, slots=True)
class Made:
    """A file of the project: written now, or kept because it was there."""

    path: Path
    written: bool


def write_project(
    root: Path,
    name: str,
    drafts: Sequence[Draft],
    keys: Mapping[str, tuple[str, ...]],
    references: Sequence[Reference],
) -> tuple[Made, ...]:
    """Write a project into `root`, or a package into the project that is there; tables are copied byte for byte.

    Raises UsageError where the package is there already, or where files would have to be changed."""
    _refuse(root, name)
    return tuple(_write(root, name, drafts, keys, references))


def _refuse(root: Path, name: str) -> None:
    folder = root / "datasets" / name
    for path in folder.glob("datapackage.*"):
        raise UsageError(f"{path}: there is a package already", "Give another --name, or change that file by hand.")
    settings = root / "pyproject.toml"
    if settings.is_file() and "[tool.publisher]" not in settings.read_text(encoding="utf-8", errors="replace"):
        raise UsageError(
            f"{settings}: has no [tool.publisher], and no file is ever changed here",
            "Add the line `[tool.publisher]` to it and run this again, or give another folder with --into.",
        )


def _write(
    root: Path,
    name: str,
    drafts: Sequence[Draft],
    keys: Mapping[str, tuple[str, ...]],
    references: Sequence[Reference],
) -> Iterator[Made]:
    folder = root / "datasets" / name
    folder.mkdir(parents=True, exist_ok=True)
    resources = []
    for draft in drafts:
        table = _table_path(folder, draft)
        yield _copy(draft.path, table)
        schema = _schema_path(root, folder, draft.name)
        yield _create(schema, readable_json(_schema(draft, keys[draft.name], references)))
        base = folder if schema.is_relative_to(folder) else root
        resources.append(_resource(draft, table.name, schema.relative_to(base).as_posix()))
    yield _create(folder / "datapackage.yaml", _HEAD.encode() + _yaml(_package(name, resources)))
    yield _create(root / "pyproject.toml", _SETTINGS.encode())
    yield _create(root / "Makefile", _MAKEFILE.format(name=name).encode())
    yield _create(root / ".gitignore", _IGNORED.encode())


def _package(name: str, resources: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "name": name,
        "title": "TODO: what the whole is called",
        "description": "TODO: what it is about, where it comes from, what is not in it.",
        "licenses": [{"name": "TODO: such as CC-BY-4.0", "path": "https://creativecommons.org/licenses/by/4.0/"}],
        "sources": [{"title": "TODO: where the tables come from"}],
        "resources": list(resources),
    }


def _resource(draft: Draft, path: str, schema: str) -> dict[str, Any]:
    found: dict[str, Any] = {"name": draft.name, "path": path, "title": f"TODO: what the rows of {draft.name} are"}
    if draft.encoding != "utf-8":
        found["encoding"] = draft.encoding
    if draft.dialect:
        found["dialect"] = dict(draft.dialect)
    return found | {"schema": schema}


def _schema(draft: Draft, key: tuple[str, ...], references: Sequence[Reference]) -> dict[str, Any]:
    fields = [
        dict(field) | ({"constraints": {"required": True}} if field["name"] in key else {}) for field in draft.fields
    ]
    schema: dict[str, Any] = {"fields": fields}
    if key:
        schema["primaryKey"] = list(key)
    foreign = [
        {"fields": [item.column], "reference": {"resource": item.other, "fields": [item.key]}}
        for item in references
        if item.table == draft.name and not item.missing
    ]
    return schema | ({"foreignKeys": foreign} if foreign else {})


def _table_path(folder: Path, draft: Draft) -> Path:
    """A table that lies in the package's folder stays as it is; another is copied under the table's name."""
    if draft.path.resolve().parent == folder.resolve():
        return draft.path
    return folder / f"{draft.name}{draft.path.suffix.lower()}"


def _schema_path(root: Path, folder: Path, name: str) -> Path:
    """In the project's schemas/, or in the package's own where another package has taken the name."""
    shared = root / "schemas" / f"{name}.json"
    return folder / "schemas" / f"{name}.json" if shared.exists() else shared


def _copy(source: Path, target: Path) -> Made:
    if target.exists():
        if source.resolve() != target.resolve() and source.read_bytes() != target.read_bytes():
            raise UsageError(f"{target}: is another file, and no file is ever overwritten", "Move it, or give --name.")
        return Made(target, written=False)
    shutil.copyfile(source, target)
    return Made(target, written=True)


def _create(path: Path, body: bytes) -> Made:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("xb") as file:
            file.write(body)
    except FileExistsError:
        return Made(path, written=False)
    return Made(path, written=True)


def _yaml(value: Any) -> bytes:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=110).encode()
