"""How tables hang together. In: the tables of a package. Out: for each one its references, what relates to it, its facets.

All of it follows from foreign keys, and from `rowLinks` where the rows of one table name rows of any other:

    reference   the row that a foreign key of this table points to
    relation    the rows of another table whose foreign key points here
    via         the rows that a table of links joins to a row of this table
    facet       a column with a foreign key of its own, by whose values the table is cut into subsets
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from publisher.diff.state import read_published
from publisher.engine import Engine, literal, quote
from publisher.feeds.past import JOINT, LINK
from publisher.feeds.rows import Rows
from publisher.package.metadata import ForeignKey, TableInfo
from publisher.package.published import Published

MOST = 100
"""Related rows that a record holds itself; it links to all of them."""
FEW = 1000
"""A column with more values than this, and with fewer than ten rows a value, is no facet."""


@dataclass(frozen=True, slots=True)
class Reference:
    key: ForeignKey
    target: Rows


@dataclass(frozen=True, slots=True)
class Relation:
    """`name` is the member of `related`; `via` is the table of links, None where `source` has the foreign key itself."""

    name: str
    source: Rows
    key: ForeignKey
    via: Rows | None = None


@dataclass(frozen=True, slots=True)
class Ties:
    references: tuple[Reference, ...]
    relations: tuple[Relation, ...]

    @property
    def tables(self) -> tuple[str, ...]:
        """Other tables whose rows stand in this table's records."""
        vias = (item.via.info.name for item in self.relations if item.via)
        return (
            *(item.target.info.name for item in self.references),
            *(item.source.info.name for item in self.relations),
            *vias,
        )


def tie(table: TableInfo, tables: Mapping[str, Rows]) -> Ties:
    """What records of a table hold of other tables. Keys that name unknown tables or columns are passed over."""
    references = tuple(
        Reference(key, tables[key.table])
        for key in table.foreign_keys
        if key.table in tables and tables[key.table].has(key.references)
    )
    found = [
        (rows, key, None)
        for rows in tables.values()
        for key in rows.info.foreign_keys
        if key.table == table.name and tables[table.name].has(key.references)
    ]
    linked = [
        (tables[key.table], key, rows)
        for rows in tables.values()
        for key in rows.info.foreign_keys
        if rows.info.row_links
        and rows.has(rows.info.row_links)
        and table.name != rows.info.name
        and len(table.primary_key) == 1
        if key.table in tables and key.table != table.name and tables[key.table].has(key.references)
    ]
    names: dict[str, int] = {}
    for rows, _, _ in (*found, *linked):
        names[rows.info.name] = names.get(rows.info.name, 0) + 1
    relations = []
    for rows, key, via in (*found, *linked):
        name = rows.info.name
        if names[name] > 1:
            name += f":{via.info.name if via else ','.join(key.fields)}"
        relations.append(Relation(name, rows, key, via))
    return Ties(references, tuple(relations))


def facets(engine: Engine, published: Published, table: TableInfo) -> tuple[str, ...]:
    """Columns by whose values a table is cut into subsets. Raises NotFound, Damaged."""
    names = {item.name for item in table.fields}
    columns = tuple(
        dict.fromkeys(key.fields[0] for key in table.foreign_keys if len(key.fields) == 1 and {*key.fields} <= names)
    )
    if table.rows <= FEW or not columns:
        return columns
    counts = ", ".join(f"count(DISTINCT {quote(name)})" for name in columns)
    (found,) = engine.rows(f"SELECT {counts} FROM {read_published(published.csv_paths(table), table.schema)}")
    return tuple(name for name, count in zip(columns, found, strict=True) if count <= FEW or count * 10 <= table.rows)


def relation_sql(relation: Relation, owner: TableInfo) -> str:
    """SQL of (k, total, rows, s): for each row that others relate to how many do, the first of them as JSON, their newest release."""
    source, key = relation.source, relation.key
    if relation.via is None:
        rows = f"SELECT {source.joint(key.fields)} AS k, j, s, rowid AS r FROM {source.relation}"
    else:
        via = relation.via
        kind, record = (via.column(name, "l") for name in via.info.row_links)
        joined = f"{via.joint(key.fields, 'l')} = {source.joint(key.references, 'v')}"
        rows = (
            f"SELECT {record} AS k, v.j AS j, greatest(l.s, v.s) AS s, v.rowid AS r FROM {via.relation} l "
            f"JOIN {source.relation} v ON {joined} WHERE {kind} = {literal(owner.name)}"
        )
    return (
        f"(SELECT k, count(*) AS total, string_agg(j, chr(10) ORDER BY r) FILTER (place <= {MOST}) AS rows, max(s) AS s "
        f"FROM (SELECT *, row_number() OVER (PARTITION BY k ORDER BY r) AS place FROM ({rows}) WHERE k IS NOT NULL) GROUP BY k)"
    )


def touch_columns(relation: Relation) -> tuple[str, str]:
    """SQL of (tbl, col) under which Past.touched keeps changes of related rows."""
    if relation.via is None:
        return literal(relation.source.info.name), literal(JOINT.join(relation.key.fields))
    return literal(relation.via.info.name), literal(LINK)
