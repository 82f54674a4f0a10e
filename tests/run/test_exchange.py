"""Rows compared range by range: what one engine would find, byte for byte."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publisher import layout
from publisher.diff import TableState, compare, write
from publisher.engine import Engine, literal, open_engine
from publisher.project import Settings
from publisher.run.exchange import Exchange
from publisher.run.part import work
from publisher.run.workers import Here
from tests.run.test_parts import World
from tests.tools import load


class OneByOne(Here):
    """As workers would be used, in this process."""

    threads = 1


CELLS = st.none() | st.text(st.sampled_from("ab é\n"), max_size=2)
ROWS = st.lists(st.lists(st.tuples(st.integers(0, 9).map(str), CELLS, CELLS), max_size=5), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(before=ROWS, after=ROWS, keyed=st.booleans(), renamed=st.booleans())
def test_changes_are_those_of_the_whole_tables(before: Any, after: Any, keyed: bool, renamed: bool) -> None:
    if keyed:
        before, after = (unique(parts) for parts in (before, after))
    with tempfile.TemporaryDirectory() as name, open_engine(Path(name)) as engine:
        names = ("id", "x", "z" if renamed else "y")
        sides = [state(engine, "before", before, ("id", "x", "y"), keyed), state(engine, "after", after, names, keyed)]
        found = Exchange(OneByOne(), "64MB", lambda _stage, _done, _total: None)
        texts = [written(engine, sides, how) for how in ({}, {"rows": found})]
        assert texts[0] == texts[1]


def unique(parts: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Each key once, over all parts."""
    seen: set[str] = set()
    return [[row for row in part if row[0] not in seen and not seen.add(row[0])] for part in parts]


def state(engine: Engine, side: str, parts: Sequence[Sequence[Any]], names: Sequence[str], keyed: bool) -> TableState:
    """A table in parts, each a file."""
    files = []
    for number, rows in enumerate(parts):
        files.append(literal(engine.folder / f"{side}-{number}.parquet"))
        engine.run(f"CREATE OR REPLACE TEMP TABLE part ({', '.join(f'{name} VARCHAR' for name in names)})")
        for row in rows:
            engine.run("INSERT INTO part VALUES (?, ?, ?)", list(row))
        engine.run(f"COPY part TO {files[-1]} (FORMAT parquet)")
    fields = [{"name": name, "type": "integer" if name == "id" else "string"} for name in names]
    fields = [item | ({"publisher": {"renamed_from": "y"}} if item["name"] == "z" else {}) for item in fields]
    return TableState(
        "t",
        f"read_parquet([{', '.join(files)}])",
        {"fields": fields},
        ("id",) if keyed else (),
        rows=sum(map(len, parts)),
        divided=True,
        parts=tuple(f"read_parquet({file})" for file in files),
    )


def written(engine: Engine, sides: Sequence[TableState], how: dict[str, Any]) -> list[bytes]:
    changes = replace(compare(engine, sides[:1], sides[1:], from_version="1.0.0", **how), to_version="2.0.0")
    with tempfile.TemporaryDirectory() as folder:
        return [file.path.read_bytes() for file in write(engine, changes, Path(folder)) if file.path]


def test_a_release_is_the_same_whoever_compares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load("distributed")
    here = changed_rows(tmp_path / "here", "", monkeypatch)
    monkeypatch.setattr("publisher.run.exchange.compare_rows", lambda *_: pytest.fail("compared in this process"))
    assert changed_rows(tmp_path / "there", "local:2", monkeypatch) == here


def changed_rows(folder: Path, cluster: str, patch: pytest.MonkeyPatch) -> bytes:
    """The changes.ndjson of a release of which two parts of three changed."""
    folder.mkdir()
    world = World(folder, patch)
    # what is patched here is not patched in other processes
    patch.setattr("publisher.run.divide.work", work)
    world.settings = Settings(cache=str(folder / "cache"), cluster=cluster)
    names = ["p0", "p1", "p2"]
    for number, name in enumerate(names):
        world.part(name, [[10 * number + row, "2026-01-01", row / 4, f"n{row}"] for row in range(10)])
    world.publish(names)
    world.part("p0", [[row, "2026-01-01", row / 4, f"n{row}"] for row in range(3, 10)])
    world.part("p2", [[20 + row, "2026-01-01", row / 4, "now"] for row in range(10)])
    receipt = world.publish(names, publisher={"allow_removals": True})
    counts = world.document(receipt.version, layout.CHANGES)["counts"]
    assert (counts["changed"], counts["removed"]) == (10, 3)
    return world.store.read(layout.release_file("p", receipt.version, layout.CHANGE_ROWS))[0]
