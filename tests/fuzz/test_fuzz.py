"""Random documents and tables, and what fuzzing found before: nothing but the program's own errors comes of them."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import DESCRIPTOR, DIALECT, ROWS, TABLE, Fuzzed, open_targets
from tests.validate.draws import cases

DRAWS = int(os.environ.get("FUZZ_EXAMPLES", "200"))
UNKNOWN_DELIMITER = {
    "name": "p",
    "resources": [{"name": "t", "path": "t.csv", "dialect": {"delimiter": ",title@fr"}}],
}
FINDS: list[tuple[str, bytes]] = [
    ("descriptor", json.dumps(UNKNOWN_DELIMITER).encode()),
    ("descriptor", json.dumps(UNKNOWN_DELIMITER).replace(",title@fr", "").encode()),
    ("descriptor", json.dumps(UNKNOWN_DELIMITER).replace(",title@fr", "\\n").encode()),
    *(("dialect", json.dumps({name: None, "csv": {name: None}}).encode()) for name in DIALECT),
]
"""Inputs that once made the program fail."""

WORDS = [
    "",
    "x",
    "p",
    "t.csv",
    "..",
    "\n",
    "é",
    "\U0010ffff",
    "a" * 300,
    "name",
    "id",
    "2020-01-01",
    "https://example.org",
    "#",
]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([10**37, 1e308, -1e308, 5e-324])
    | st.sampled_from(WORDS)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where a document could be changed."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


@st.composite
def documents(draw: st.DrawFn, good: dict[str, Any]) -> bytes:
    """A good document with some of its values replaced by others, or moved."""
    document = copy.deepcopy(good)
    for _ in range(draw(st.integers(1, 3))):
        *above, last = draw(st.sampled_from([*places(document), ("name",)]))
        holder = document
        for key in above:
            holder = holder[key]
        if isinstance(holder, dict) and last in holder and draw(st.booleans()):
            other = draw(st.sampled_from(list(holder)))
            holder[other] = holder.pop(last)
        else:
            holder[last] = draw(VALUES)
    return json.dumps(document).encode()


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    with ExitStack() as stack:
        yield open_targets(stack, tmp_path_factory.mktemp("fuzz"))


QUIET = settings(max_examples=DRAWS, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize(("target", "data"), FINDS)
def test_what_was_found_before(fuzzed: Fuzzed, target: str, data: bytes) -> None:
    fuzzed.targets[target][0](data)


@pytest.mark.parametrize("target", ["descriptor", "dialect", "table"])
def test_a_good_input_is_taken(fuzzed: Fuzzed, target: str) -> None:
    run, seeds = fuzzed.targets[target]
    for seed in seeds:
        run(seed)


@QUIET
@given(document=documents(DESCRIPTOR))
def test_descriptors(fuzzed: Fuzzed, document: bytes) -> None:
    fuzzed.descriptor(document)


@QUIET
@given(
    document=documents(DIALECT),
    table=st.sampled_from([TABLE.encode(), b"", b"a;b\nc|d\n'x\\'';\n#\n"]) | st.binary(max_size=60),
)
def test_dialects(fuzzed: Fuzzed, document: bytes, table: bytes) -> None:
    fuzzed.dialect(document + b"\0" + table)


@QUIET
@given(cuts=st.lists(st.integers(0, len(ROWS)), min_size=2, max_size=6), dirt=st.binary(max_size=8))
def test_tables(fuzzed: Fuzzed, cuts: list[int], dirt: bytes) -> None:
    ends = sorted(cuts)
    pieces = [ROWS[start:end] for start, end in zip([0, *ends], [*ends, len(ROWS)], strict=True)]
    fuzzed.table(dirt.join(pieces[::-1] if len(cuts) % 2 else pieces))


@QUIET
@given(case=cases())
def test_tables_of_any_schema(fuzzed: Fuzzed, case: Any) -> None:
    fuzzed.any_table(case.data, case.schema, case.dialect)
