"""Laws of changes over random releases: they reproduce the release, put together they equal the direct comparison."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publisher import diff
from publisher.diff.changes import ChangeSet
from publisher.diff.state import TableState
from publisher.engine import Engine, quote
from publisher.version import LEVELS, rule
from tests.diff.worlds import World, engine_in, histories, state

DRAWS = int(os.environ.get("FUZZ_EXAMPLES", "120"))
LAWS = settings(
    max_examples=DRAWS, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with engine_in(tmp_path_factory.mktemp("laws"), threads=2) as found:
        yield found


def rows_of(engine: Engine, table: TableState) -> Counter[tuple[Any, ...]]:
    return Counter(engine.rows(f"SELECT {', '.join(map(quote, table.fields))} FROM {table.relation_sql}"))


def states(engine: Engine, release: list[World]) -> list[TableState]:
    return [state(engine, world) for world in release]


def written(engine: Engine, changes: ChangeSet, folder: Path) -> tuple[Path, Path]:
    folder.mkdir(exist_ok=True)
    summary, rows = diff.write(engine, changes, folder)
    assert summary.path is not None
    assert rows.path is not None
    return summary.path, rows.path


@LAWS
@given(release=histories(2))
def test_changes_reproduce_the_release(engine: Engine, tmp_path: Path, release: list[list[World]]) -> None:
    before, after = states(engine, release[0]), states(engine, release[1])
    changes = diff.compare(engine, before, after, from_version="1.0.0", to_version="1.1.0")
    assert changes.empty or rule(changes.facts).level in LEVELS
    for found in (changes, diff.read(engine, *written(engine, changes, tmp_path))):
        replayed = {table.name: table for table in diff.apply(engine, before, found)}
        assert set(replayed) == {table.name for table in after}
        for table in after:
            assert replayed[table.name].fields == table.fields
            assert rows_of(engine, replayed[table.name]) == rows_of(engine, table)


@LAWS
@given(release=histories(1))
def test_a_release_does_not_differ_from_itself(engine: Engine, tmp_path: Path, release: list[list[World]]) -> None:
    before, after = states(engine, release[0]), states(engine, release[0])
    changes = diff.compare(engine, before, after)
    assert changes.empty
    assert changes.facts == ()
    summary, rows = written(engine, changes, tmp_path)
    assert rows.read_bytes() == b""
    assert diff.read(engine, summary, rows).empty


@LAWS
@given(release=histories(2))
def test_reading_and_writing_again_gives_the_same_bytes(
    engine: Engine, tmp_path: Path, release: list[list[World]]
) -> None:
    changes = diff.compare(engine, states(engine, release[0]), states(engine, release[1]), to_version="1.0.1")
    first = [path.read_bytes() for path in written(engine, changes, tmp_path / "one")]
    again = diff.read(engine, tmp_path / "one" / "changes.json", tmp_path / "one" / "changes.ndjson")
    assert [path.read_bytes() for path in written(engine, again, tmp_path / "two")] == first
    assert again.facts == changes.facts


@LAWS
@given(release=st.integers(2, 4).flatmap(histories))
def test_a_rollup_equals_the_direct_comparison(engine: Engine, tmp_path: Path, release: list[list[World]]) -> None:
    ends = [states(engine, tables) for tables in release]
    steps = [
        diff.compare(engine, before, after, from_version=f"1.{number}.0", to_version=f"1.{number + 1}.0")
        for number, (before, after) in enumerate(pairwise(ends))
    ]
    read = [diff.read(engine, *written(engine, step, tmp_path)) for step in steps]
    composed = diff.compose(engine, read)
    direct = diff.compare(engine, ends[0], ends[-1], from_version="1.0.0", to_version=f"1.{len(steps)}.0")
    one = [path.read_bytes() for path in written(engine, composed, tmp_path / "composed")]
    two = [path.read_bytes() for path in written(engine, direct, tmp_path / "direct")]
    assert one == two
    assert composed.facts == direct.facts
