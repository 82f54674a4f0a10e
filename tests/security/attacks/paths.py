"""References that lead somewhere else: out of the package, to devices, to nothing. Out: attacks on all that a descriptor names."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.security.sandbox import SCHEMA, TABLE, Attack, package, project, resource

OUTSIDE = "../../../outside/secret.csv"
LEADING_OUT = [
    OUTSIDE,
    "../p/../../../outside/secret.csv",
    "sub/../../../../outside/secret.csv",
    "./../../../outside/secret.csv",
    "..",
    "../",
    "/etc/passwd",
    "//etc/passwd",
    "/dev/zero",
    "/dev/stdin",
    "/proc/self/environ",
    "/proc/self/fd/0",
    "..\\..\\..\\outside\\secret.csv",
    "C:\\Windows\\win.ini",
    "C:/Windows/win.ini",
    "\\\\host\\share\\x.csv",
    "file:///etc/passwd",
    "file:/etc/passwd",
    "file:t.csv",
    "FILE:///etc/passwd",
    "~/t.csv",
    "~root/t.csv",
    "$HOME/t.csv",
    "${HOME}/t.csv",
    "%2e%2e/%2e%2e/outside/secret.csv",
    "..%2f..%2foutside/secret.csv",
    "..;/t.csv",
    "....//....//outside/secret.csv",
    "t.csv/../../../../outside/secret.csv",
    "t.csv\0.json",
    "\0",
    "t.csv\n",
    "t\ncsv",
    "t.csv ",
    " t.csv",
    "*",
    "*.csv",
    "t.cs?",
    "{t,u}.csv",
    "|cat /etc/passwd",
    "`id`.csv",
    "$(id).csv",
    "-",
    "--help",
    ".",
    "./",
    "a" * 300 + ".csv",
    "a/" * 3000 + "t.csv",
    "\u202et.csv",
    "..\u2215secret.csv",
    "\uff0e\uff0e/secret.csv",
]
"""Names of nothing in the package; each must be refused by name."""


def place(where: str, reference: Any) -> str:
    """A descriptor with a reference in one of its places."""
    if where == "query":
        return package(resource(), {"name": "q", "query": reference, "schema": SCHEMA})
    return package(resource(**{where: reference}))


PLACES = ("path", "schema", "dialect", "query")
SPECIAL: dict[str, Callable[[Path], None]] = {
    "link to a file outside": lambda path: path.symlink_to(path.parents[3] / "outside/secret.csv"),
    "relative link to a file outside": lambda path: path.symlink_to(OUTSIDE),
    "link to passwd": lambda path: path.symlink_to("/etc/passwd"),
    "link to a device": lambda path: path.symlink_to("/dev/zero"),
    "link to standard input": lambda path: path.symlink_to("/dev/stdin"),
    "link to the environment": lambda path: path.symlink_to("/proc/self/environ"),
    "link to itself": lambda path: path.symlink_to(path.name),
    "link to nothing": lambda path: path.symlink_to("nothing"),
    "link to a link": lambda path: (path.with_name("between").symlink_to(OUTSIDE), path.symlink_to("between"))[0],
    "named pipe": lambda path: os.mkfifo(path),
    "link to a named pipe": lambda path: (os.mkfifo(path.with_name("pipe")), path.symlink_to("pipe"))[0],
    "socket": lambda path: _socket(path),
    "folder": lambda path: path.mkdir(),
}


def _socket(path: Path) -> None:
    here = Path.cwd()
    with socket.socket(socket.AF_UNIX) as one:
        os.chdir(path.parent)
        try:
            one.bind(path.name)
        finally:
            os.chdir(here)


def attacks() -> Iterator[Attack]:
    for where in PLACES:
        for value in LEADING_OUT:
            yield Attack(f"{where} {value[:40]!r} {len(value)}", project(place(where, value)))
    for value in LEADING_OUT[:12]:
        yield Attack(f"second part {value!r}", project(place("path", ["t.csv", value])))
    for name, make in SPECIAL.items():
        for where, file in (("path", "x.csv"), ("schema", "x.json"), ("query", "x.sql")):
            yield Attack(f"{where} is a {name}", project(place(where, file), **{file: make}))
        # Without a schema the header is read to learn the names of the columns.
        bare = package({"name": "t", "path": "x.csv"})
        yield Attack(f"table without a schema is a {name}", project(bare, **{"x.csv": make}))
    yield Attack("folder on the way is a link", project(place("path", "sub/secret.csv"), sub=_link_out))
    yield Attack(
        "checks folder is a link", project(place("path", "t.csv"), checks=_link_out), ends=("harmless", "refused")
    )
    yield Attack(
        "check is a link",
        project(place("path", "t.csv"), **{"checks/x.sql": lambda path: path.symlink_to("/etc/passwd")}),
    )
    yield Attack(
        "check is a named pipe", project(place("path", "t.csv"), **{"checks/x.sql": lambda path: os.mkfifo(path)})
    )
    yield Attack(
        "removals are a named pipe",
        project(place("path", "t.csv"), **{"removals.yaml": lambda path: os.mkfifo(path)}),
        ends=("harmless", "refused"),
    )
    yield Attack(
        "descriptor is a link outside", {"datasets/p/datapackage.json": SPECIAL["link to passwd"]}, ends=("refused",)
    )
    yield Attack("descriptor is a named pipe", {"datasets/p/datapackage.json": lambda path: os.mkfifo(path)})
    yield Attack(
        "package by an absolute path to a device", project(place("path", "t.csv")), arguments=("plan", "/dev/zero")
    )
    yield Attack(
        "package by a path to a table", project(place("path", "t.csv")), arguments=("plan", "datasets/p/t.csv")
    )
    yield Attack("a table that is its own schema", project(place("schema", "t.csv")))
    yield Attack("a folder for a descriptor", {"datasets/p/datapackage.json/x": TABLE})


def _link_out(path: Path) -> None:
    path.symlink_to("../../../outside")
