"""The attack suite: at least a hundred inputs of every family, each a process of its own under limits. Refused in a clear line,
or published harmlessly: no traceback, nothing written where it must not be, no connection made."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.security.attacks import formulas, limits, links, markup, names, paths, patterns, secrets, shapes, sql, twins
from tests.security.sandbox import Attack, Sandbox

FAMILIES: dict[str, Callable[[], Iterator[Attack]]] = {
    "paths": paths.attacks,
    "limits": limits.attacks,
    "twins": twins.attacks,
    "shapes": shapes.attacks,
    "patterns": patterns.attacks,
    "names": names.attacks,
    "sql": sql.attacks,
    "formulas": formulas.attacks,
    "markup": markup.attacks,
    "secrets": secrets.attacks,
}


@pytest.mark.parametrize("family", FAMILIES)
def test_family(family: str, sandbox: Sandbox) -> None:
    sandbox.expect(FAMILIES[family]())


def test_links(sandbox: Sandbox) -> None:
    with counting() as (server, visitors):
        sandbox.expect(links.attacks(server))
        assert visitors == []


@contextmanager
def counting() -> Iterator[tuple[str, list[str]]]:
    """A server on this machine that notes whoever comes."""
    visitors: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def note() -> None:
            while True:
                try:
                    connection, address = server.accept()
                except OSError:
                    return
                visitors.append(repr(address))
                connection.close()

        threading.Thread(target=note, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}", visitors
        server.shutdown(socket.SHUT_RDWR)
