"""Repeated keys are found whichever way they are looked for: in order, out of order here and there, or in any order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publisher.engine import Engine, literal, open_engine
from publisher.validate import keys

KEYS = st.lists(st.sampled_from(["1", "2", "3", "9", "10", "11", "a", "b", None]), max_size=8)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with open_engine(tmp_path_factory.mktemp("engine")) as opened:
        yield opened


def repeated(engine: Engine, texts: Sequence[str | None], blank: bool = False) -> list[tuple[int, int | None]]:
    rows = ", ".join(f"({n}, {'NULL' if text is None else literal(text)})" for n, text in enumerate(texts))
    engine.run("CREATE OR REPLACE TEMP TABLE its (row BIGINT, k1 VARCHAR)")
    if rows:
        engine.run(f"INSERT INTO its VALUES {rows}")
    return [(row, other) for row, other, _ in keys._repeated(engine, "(SELECT * FROM its)", ["k1"], blank=blank)]


def expected(texts: Sequence[str | None], blank: bool = False) -> list[tuple[int, int | None]]:
    last: dict[str, int] = {}
    found: list[tuple[int, int | None]] = []
    for number, text in enumerate(texts):
        if text is None:
            found += [(number, None)] * blank
            continue
        if text in last:
            found.append((number, last[text]))
        last[text] = number
    return found


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(texts=KEYS, ordered=st.sampled_from(["no", "text", "length"]), blank=st.booleans(), strays=KEYS)
def test_repeated_keys_are_those_of_a_plain_search(
    engine: Engine, texts: list[str | None], ordered: str, blank: bool, strays: list[str | None]
) -> None:
    if ordered != "no":
        kept = {text for text in texts if text is not None}
        texts = [*sorted(kept, key=lambda text: (len(text) if ordered == "length" else 0, text))]
        for at, stray in enumerate(strays):
            texts.insert(at * 2 % (len(texts) + 1), stray)
    assert repeated(engine, texts, blank) == expected(texts, blank)


@pytest.mark.parametrize(
    ("texts", "few"),
    [
        (["1", "2", "1", "3", "4"], True),
        (["1", "2", "10", "2", "11"], True),
        (["1", "5", "2", "3", "4"], False),
        (["3", "2", "1", "4"], False),
        (["1", None, "2", "2"], False),
        (["2", "1", "3", "1", "4", "1"], False),
    ],
    ids=["once", "numbers", "one too great", "descending", "missing", "too many"],
)
def test_only_keys_out_of_order_are_suspected_where_the_others_ascend(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, texts: list[str | None], few: bool
) -> None:
    monkeypatch.setattr(keys, "SUSPECTS", 2)
    assert repeated(engine, texts) == expected(texts)
    assert keys._find_suspects(engine, "(SELECT * FROM its)", "k1") == few
