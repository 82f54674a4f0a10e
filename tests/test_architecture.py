"""The house stands as designed: imports go strictly down, no circles, one door to each outside (docs/decisions.md)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools import ROOT

SOURCE = ROOT / "publisher"
FLOORS = [
    {"errors", "model", "canonical", "address", "late"},
    {
        "schema",
        "privacy",
        "shape",
        "findings",
        "version",
        "layout",
        "markdown",
        "messages",
        "logs",
        "health",
        "signing",
        "store.base",
    },
    {"project", "engine", "digests", "store", "web", "report"},
    {"load", "sources", "diff", "audit", "status"},
    {"validate", "draft", "alerts", "metrics"},
    {"query"},
    {"package", "gates", "notes"},
    {"publish", "commit", "site", "feeds", "catalog", "client"},
    {"run"},
    {"scheduler"},
    {"cli"},
    {"__init__", "__main__"},
]
DOORS = {
    "boto3": "store.s3",
    "botocore": "store.s3",
    "dask": "run.cluster",
    "distributed": "run.cluster",
    "duckdb": "engine",
    "openpyxl": "load.workbook",
    "psycopg": "sources.database",
    "schedule": "scheduler.timer",
}


def modules() -> dict[str, ast.Module]:
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        name = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        found[name.removesuffix(".__init__")] = ast.parse(path.read_text(encoding="utf-8"))
    return found


MODULES = modules()


def room(module: str) -> str:
    """The room of a module: `validate.exact` is in `validate`, `store.base` is a room of its own."""
    return module if module == "store.base" else module.split(".")[0]


def floor(module: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if room(module) in rooms)


def imports(tree: ast.Module) -> Iterator[str]:
    """Every import of a module wherever it stands, inside functions and TYPE_CHECKING too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (item.name for item in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{item.name}" for item in node.names)


def inner(tree: ast.Module) -> set[str]:
    """The modules of the house that a module imports."""
    found = set()
    for name in imports(tree):
        if not name.startswith("publisher."):
            continue
        parts = name.split(".")[1:]
        while parts and ".".join(parts) not in MODULES:
            parts.pop()
        found.add(".".join(parts) or "__init__")
    return found


@pytest.mark.parametrize("module", MODULES)
def test_every_module_has_a_floor(module: str) -> None:
    assert floor(module) >= 0


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_strictly_down(module: str) -> None:
    upward = {name for name in inner(MODULES[module]) if room(name) != room(module) and floor(name) >= floor(module)}
    assert not upward, f"{module} imports {upward} from its own floor or above"


def test_no_circles() -> None:
    graph = {name: inner(tree) - {name} for name, tree in MODULES.items()}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, f"circle: {' -> '.join((*trail, name))}"
        if name in done:
            return
        for below in graph.get(name, ()):
            visit(below, (*trail, name))
        done.add(name)

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize("library", DOORS)
def test_one_door_to_each_library(library: str) -> None:
    users = {name for name, tree in MODULES.items() if any(item.split(".")[0] == library for item in imports(tree))}
    assert users <= {DOORS[library]}


def test_no_print_outside_the_command_line() -> None:
    printing = {
        name
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert all(room(name) == "cli" for name in printing)


@pytest.mark.parametrize("module", MODULES)
def test_every_module_says_what_it_is(module: str) -> None:
    path = SOURCE / Path(*module.split("."))
    empty = (path / "__init__.py").exists() and not (path / "__init__.py").read_text().strip()
    assert empty or ast.get_docstring(MODULES[module]), f"{module} has no docstring"
