"""Reading the project's own files. In: paths inside the project. Out: plain JSON values and text, or a ProjectError that names the file."""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from publisher.errors import ProjectError

MAX_BYTES = 16 << 20
"""A descriptor, schema or query larger than this is taken for a mistake."""
MAX_PATH = 1000
"""Letters of a reference; longer ones no file system holds."""
MAX_DEPTH = 64
"""Nesting beyond this is refused, so that no file can exhaust the stack of a later step."""
MAX_INTEGER = 10**38
"""Whole numbers of as many digits are refused: nothing that a descriptor says is counted in them."""
_SURROGATE = re.compile("[\ud800-\udfff]")


def require_file(path: Path) -> None:
    """Raise ProjectError, with the nearest name that exists, where a file does not."""
    if not path.is_file():
        raise ProjectError(f"{path}: there is no such file", did_you_mean(path.name, _siblings(path)))


def read_text(path: Path) -> str:
    """A text file of the project, UTF-8, without a byte order mark."""
    try:
        require_file(path)
        if path.stat().st_size > MAX_BYTES:
            raise ProjectError(
                f"{path}: is larger than {MAX_BYTES >> 20} MiB", "Keep rows in tables, not in descriptors."
            )
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ProjectError(f"{path}: is not UTF-8 at byte {error.start}", "Save the file as UTF-8.") from error
    except OSError as error:
        raise ProjectError(f"{path}: {error.strerror or error}", "Check the file's permissions.") from error


def read_object(path: Path) -> dict[str, Any]:
    """A JSON or YAML file whose top level is an object. Duplicate keys, NaN, aliases and tags are refused."""
    text = read_text(path)
    if path.suffix in {".yaml", ".yml"}:
        # PyYAML takes as long to load as a small table to validate, which JSON need not pay.
        from publisher.project.strict_yaml import parse_yaml

        value = parse_yaml(path, text)
    else:
        value = _parse_json(path, text)
    if not isinstance(value, dict):
        raise ProjectError(f"{path}: must hold an object, found {_kind(value)}")
    check_values(path, value)
    return value


def inside(reference: str, *roots: Path, where: str) -> Path:
    """The file that a relative reference names, below the first of `roots` that has it.

    References are relative POSIX paths that stay inside their root, links included (Data Package 2.0, Path Safety)."""
    relative = PurePosixPath(reference)
    if len(reference) > MAX_PATH:
        raise ProjectError(f"{where}: is a path of {len(reference)} letters", f"Use at most {MAX_PATH}.")
    if "://" in reference:
        raise ProjectError(
            f"{where}: {reference} is a web address", "Download the file into the package's folder and name it there."
        )
    if relative.is_absolute() or ".." in relative.parts or "\\" in reference or "\0" in reference or not relative.parts:
        raise ProjectError(
            f"{where}: {reference!r} is not a path inside the package", "Use a relative path without `..`."
        )
    for root in roots:
        if _is_there(candidate := root / relative):
            return regular(candidate, root, where=where)
    known = [str(item.relative_to(root)) for root in roots for item in _files(root / relative.parent)]
    raise ProjectError(f"{where}: there is no file {reference}", did_you_mean(reference, known))


def regular(path: Path, root: Path, *, where: str) -> Path:
    """`path` itself, where it is a regular file that lies below `root`, links followed. Devices and pipes are none: reading one may
    never end. Raises ProjectError."""
    if not path.resolve().is_relative_to(root.resolve()):
        raise ProjectError(
            f"{where}: {path.name} is a link that leaves {root}", "Copy the file into the package's folder."
        )
    if not path.is_file():
        raise ProjectError(f"{where}: {path.name} is no regular file", "Name a file, no folder, device or pipe.")
    return path


def _is_there(path: Path) -> bool:
    """A link to nothing is not; nor is what no file system could hold."""
    try:
        return path.exists()
    except OSError:
        return False


def refuse_unknown(found: Iterable[str], known: Iterable[str], where: str) -> None:
    """Raise ProjectError for a key that nobody reads, with the nearest known one."""
    names = list(known)
    for key in found:
        if key not in names:
            remedy = did_you_mean(key, names) or f"Known are: {', '.join(sorted(names))}."
            raise ProjectError(f"{where}: unknown key {key!r}", remedy)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`Did you mean members.csv?`, or nothing where nothing is near."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"Did you mean {near[0]}?" if near else ""


def _siblings(path: Path) -> list[str]:
    return [item.name for item in _files(path.parent)]


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(item for item in folder.iterdir() if item.is_file())
    except OSError:
        return []


def _kind(value: Any) -> str:
    return {list: "a list", str: "text", type(None): "nothing"}.get(type(value), type(value).__name__)


def _parse_json(path: Path, text: str) -> Any:
    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(items)
        if len(result) < len(items):
            names = [name for name, _ in items]
            twice = next(name for name in names if names.count(name) > 1)
            raise ProjectError(f"{path}: the key {twice!r} stands twice in one object", "Remove one of the two.")
        return result

    def constant(name: str) -> Any:
        raise ProjectError(f"{path}: {name} is not a JSON value", "Write a number, or null where there is none.")

    try:
        return json.loads(text, object_pairs_hook=pairs, parse_constant=constant)
    except json.JSONDecodeError as error:
        raise ProjectError(f"{path}:{error.lineno}:{error.colno}: is not JSON: {error.msg}") from error
    except (RecursionError, ValueError) as error:
        raise ProjectError(f"{path}: is not usable JSON: {error}") from error


def check_values(where: str | Path, value: Any) -> None:
    """Raise ProjectError for what JSON can say and no later step could hold: nesting without end, numbers beyond all, half a letter."""
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        for item in level:
            _check_value(where, item)
        level = [
            child
            for item in level
            for child in (
                (*item.keys(), *item.values()) if isinstance(item, Mapping) else item if isinstance(item, list) else ()
            )
        ]
        if not level:
            return
    raise ProjectError(f"{where}: is nested deeper than {MAX_DEPTH} levels", "Say it with less nesting.")


def _check_value(where: str | Path, value: Any) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise ProjectError(f"{where}: holds a number that is none, or is beyond all bounds", "Write a number, or null.")
    if isinstance(value, int) and abs(value) >= MAX_INTEGER:
        raise ProjectError(f"{where}: holds a whole number of more than {len(str(MAX_INTEGER)) - 1} digits")
    if isinstance(value, str) and not value.isascii() and _SURROGATE.search(value):
        raise ProjectError(
            f"{where}: holds half a letter (a surrogate) in {ascii(value)[:60]}", "Write the whole letter."
        )
