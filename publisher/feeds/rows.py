"""Published tables as relations that documents are made from. In: a release's CSVs, its Past. Out: Rows: each row as JSON, with its key
and the release since which it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from publisher.canonical import canonical_json
from publisher.diff.state import new_table, read_published
from publisher.engine import Engine, literal, quote
from publisher.feeds.past import JOINT, KEY, Past
from publisher.package.metadata import TableInfo
from publisher.package.published import Published
from publisher.package.values import json_value


@dataclass(frozen=True, slots=True)
class Rows:
    """A table in the engine. `relation` has c0, c1, ... (canonical text, in the order of the columns), j (the row as JSON on one
    line) and s (the place in Past.versions since which the row stands); its rowid is the published order."""

    info: TableInfo
    relation: str

    def column(self, name: str, alias: str = "") -> str:
        """SQL of a column."""
        place = next(index for index, item in enumerate(self.info.fields) if item.name == name)
        return f"{alias}.c{place}" if alias else f"c{place}"

    def joint(self, names: Sequence[str], alias: str = "") -> str:
        """SQL of several columns as one value, NULL where one of them is."""
        return f" || {literal(JOINT)} || ".join(self.column(name, alias) for name in names)

    def has(self, names: Sequence[str]) -> bool:
        return {*names} <= {item.name for item in self.info.fields}


def load_rows(engine: Engine, published: Published, table: TableInfo, past: Past) -> Rows:
    """Raises NotFound, Damaged."""
    plain = new_table(engine)
    cells = ", ".join(f"{quote(item.name)} AS c{place}" for place, item in enumerate(table.fields))
    source = read_published(published.csv_paths(table), table.schema)
    fields = table.schema.get("fields", ())
    engine.run(f"CREATE TABLE {plain} AS SELECT {cells}, {json_object(fields)} AS j, 0 AS s FROM {source}")
    rows = Rows(table, plain)
    if not table.primary_key or len(past.versions) < 2:
        return rows
    same = f"t.value = {rows.joint(table.primary_key, plain)}"
    stamp = f"{past.touched} t WHERE t.tbl = {literal(table.name)} AND t.col = {literal(KEY)} AND {same}"
    engine.run(f"UPDATE {plain} SET s = t.s FROM {stamp}")
    return rows


def json_object(fields: Sequence[Mapping[str, Any]]) -> str:
    """SQL of a row as a JSON object on one line, numbers with their digits, as in the release's own JSON."""
    members = [
        f"{literal(canonical_json(str(item['name'])).decode() + ':')}, {json_value(dict(item), quote(str(item['name'])))}"
        for item in fields
    ]
    return "concat('{', " + ", ',', ".join(members) + ", '}')" if members else "'{}'"
