"""What a terminal shows of a change set: of long texts, the place where they differ."""

from __future__ import annotations

from pathlib import Path

from publisher import diff
from publisher.diff.report import samples
from publisher.diff.state import TableState, load_text
from publisher.engine import Engine
from tests.diff.worlds import engine_in

SCHEMA = {"fields": [{"name": "id", "type": "string"}, {"name": "note", "type": "string"}], "primaryKey": ["id"]}


def state(engine: Engine, note: str) -> TableState:
    return TableState("t", load_text(engine, ["id", "note"], [("1", note)]), SCHEMA, ("id",), {"name": "t"})


def test_a_long_text_is_shown_where_it_differs(tmp_path: Path) -> None:
    with engine_in(tmp_path / "engine") as engine:
        start = "A sentence that goes on for long before anything in it is another, "
        changes = diff.compare(engine, [state(engine, f"{start}title only.")], [state(engine, f"{start}opening only.")])
        assert [sample.text for sample in samples(changes)] == [
            "note: …g in it is another, title only. → …g in it is another, opening only."
        ]


def test_a_short_text_is_shown_whole(tmp_path: Path) -> None:
    with engine_in(tmp_path / "engine") as engine:
        changes = diff.compare(engine, [state(engine, "Albenia")], [state(engine, "Albania")])
        assert [sample.text for sample in samples(changes)] == ["note: Albenia → Albania"]
