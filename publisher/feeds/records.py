"""Single records. In: tables in the engine, how they hang together. Out: a document a row with what it refers to and what refers to it;
tombstones in place of rows that went."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from publisher import layout
from publisher.diff.tombstones import Tombstone
from publisher.engine import Engine, literal
from publisher.feeds.envelope import Api, document, members, text
from publisher.feeds.past import JOINT, Past
from publisher.feeds.relations import Reference, Relation, Ties, relation_sql, touch_columns
from publisher.feeds.rows import Rows
from publisher.package.metadata import TableInfo

Object = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class Plan:
    """How records of one table are put together. `facets` are the subsets that exist, by table."""

    rows: Rows
    ties: Ties
    facets: Mapping[str, Sequence[str]]


def build_records(engine: Engine, api: Api, past: Past, plan: Plan) -> Iterator[Object]:
    """A document for each row of a table with a primary key, in the published order."""
    if not plan.rows.info.primary_key:
        return
    writer = _Writer(api, plan)
    for row in engine.stream(_select(past, plan)):
        yield writer.write(row)


def _select(past: Past, plan: Plan) -> str:
    """SQL of the key's values, the row, its release, then (total, rows) of each relation and (key's values, row) of each reference."""
    rows, table = plan.rows, plan.rows.info
    since = ["b.s", str(max(past.shaped[name] for name in (table.name, *plan.ties.tables)))]
    columns = [rows.column(name, "b") for name in table.primary_key] + ["b.j"]
    extra: list[str] = []
    joins: list[str] = []
    for place, relation in enumerate(plan.ties.relations):
        own = rows.joint(table.primary_key if relation.via else relation.key.references, "b")
        joins.append(f"LEFT JOIN {relation_sql(relation, table)} x{place} ON x{place}.k = {own}")
        extra += [f"coalesce(x{place}.total, 0)", f"x{place}.rows"]
        since.append(f"coalesce(x{place}.s, 0)")
        if len(past.versions) > 1:
            tbl, col = touch_columns(relation)
            value = f"{literal(table.name + JOINT)} || {own}" if relation.via else own
            joins.append(
                f"LEFT JOIN {past.touched} t{place} ON t{place}.tbl = {tbl} AND t{place}.col = {col} AND t{place}.value = {value}"
            )
            since.append(f"coalesce(t{place}.s, 0)")
    for place, reference in enumerate(plan.ties.references):
        joins.append(f"LEFT JOIN {_target(reference)} y{place} ON y{place}.k = {rows.joint(reference.key.fields, 'b')}")
        extra += [rows.column(name, "b") for name in reference.key.fields] + [f"y{place}.j"]
        since.append(f"coalesce(y{place}.s, 0)")
    columns += [f"greatest({', '.join(since)})", *extra]
    return f"SELECT {', '.join(columns)} FROM {rows.relation} b {' '.join(joins)} ORDER BY b.rowid"


def _target(reference: Reference) -> str:
    """The rows that may be referred to, each once."""
    target, names = reference.target, reference.key.references
    plain = f"SELECT {target.joint(names)} AS k, j, s, rowid AS r FROM {target.relation}"
    if names == target.info.primary_key:
        return f"({plain})"
    return f"(SELECT k, first(j ORDER BY r) AS j, max(s) AS s FROM ({plain}) GROUP BY k)"


class _Writer:
    """Puts documents together; whatever all records of a table share is written once."""

    def __init__(self, api: Api, plan: Plan) -> None:
        self._api = api
        self._plan = plan
        self._table = plan.rows.info
        self._heads: dict[int, list[tuple[str, str]]] = {}
        self._sample = layout.data_record(api.info.name, self._table.name, "x")
        self._collection = self._link(layout.data_page(api.info.name, self._table.name, 1))
        self._keys = len(self._table.primary_key)
        self._types = {item.name: item.type for item in self._table.fields}

    def _link(self, target: str) -> str:
        """Records of a table lie in one folder, so a link from one of them is the same from all."""
        return self._api.link(self._sample, target)

    def write(self, row: Sequence[Any]) -> Object:
        keys, (record, since, *rest) = row[: self._keys], row[self._keys :]
        name = layout.record_name(keys)
        key = layout.data_record(self._api.info.name, self._table.name, name)
        related, others = self._related(keys, rest)
        if since not in self._heads:
            schema = f"tables/{self._table.name}#/$defs/record"
            self._heads[since] = [*self._api.head(key, since, schema), ("table", text(self._table.name))]
        values = dict(zip(self._table.primary_key, keys, strict=True))
        links = {"self": self._api.link(key, key), "collection": self._collection}
        parts = [
            *self._heads[since],
            (
                "key",
                "{"
                + ",".join(f"{text(field)}:{_typed(value, self._types[field])}" for field, value in values.items())
                + "}",
            ),
            ("record", record),
            ("references", "{" + ",\n".join(self._references(others)) + "}"),
            ("related", related),
            ("links", text(links)),
        ]
        return key, document(parts)

    def _related(self, keys: Sequence[str], rest: Sequence[Any]) -> tuple[str, Sequence[Any]]:
        parts = []
        for place, relation in enumerate(self._plan.ties.relations):
            total, found = rest[2 * place], rest[2 * place + 1]
            rows = ",\n".join(found.split("\n")) if found else ""
            links = text(self._subset(relation, keys)) if total else "{}"
            parts.append(
                f'{text(relation.name)}:{{"table":{text(relation.source.info.name)},"total":{total},"rows":[{rows}],"links":{links}}}'
            )
        return "{" + ",\n".join(parts) + "}", rest[2 * len(self._plan.ties.relations) :]

    def _subset(self, relation: Relation, keys: Sequence[str]) -> dict[str, str]:
        """Where all related rows are, if their table is cut by this column."""
        key, source = relation.key, relation.source.info
        plain = relation.via is None and key.references == self._table.primary_key and len(keys) == 1
        if not plain or key.fields[0] not in self._plan.facets.get(source.name, ()):
            return {}
        return {"all": self._link(layout.data_subset(self._api.info.name, source.name, key.fields[0], keys[0]))}

    def _references(self, rest: Sequence[Any]) -> Iterator[str]:
        place = 0
        for reference in self._plan.ties.references:
            width = len(reference.key.fields)
            *values, found = rest[place : place + width + 1]
            place += width + 1
            if found is None:
                continue
            target = reference.target.info
            links = {}
            if reference.key.references == target.primary_key:
                links = {
                    "self": self._link(layout.data_record(self._api.info.name, target.name, layout.record_name(values)))
                }
            name = ",".join(reference.key.fields)
            yield f'{text(name)}:{{"table":{text(target.name)},"record":{found},"links":{text(links)}}}'


def _typed(value: str, kind: str) -> str:
    """A key's value as JSON. Only whole numbers are written bare; the record itself has the exact form of every type."""
    return value if kind == "integer" else text(value)


def build_tombstones(
    api: Api,
    tombstones: Iterable[Tombstone],
    parents: Mapping[str, str],
    taken_back: Iterable[tuple[str, tuple[str, ...], str]],
) -> Iterator[Object]:
    """What stands where a record was, so that no identifier ever ends in nothing.

    `parents` gives each release's parent; `taken_back` (table, key, version) are records that only a release that was taken back had.
    """
    tables = {table.name: table for table in api.info.tables}
    for item in tombstones:
        key = tuple(value or "" for value in item.key)
        facts = {"removed_in": item.removed_in, "reason": item.reason or None, "replaced_by": item.replaced_by or None}
        detail = item.reason or f"This record was removed in release {item.removed_in}."
        last = parents.get(item.removed_in)
        yield _tombstone(api, tables.get(item.table), item.table, key, {"detail": detail, **facts}, last)
    for name, key, version in taken_back:
        detail = f"Only release {version} had this record, and that release was taken back."
        facts = {"removed_in": None, "reason": None, "replaced_by": None}
        yield _tombstone(api, tables.get(name), name, key, {"detail": detail, **facts}, version)


def _tombstone(
    api: Api, table: TableInfo | None, name: str, key: tuple[str, ...], facts: Mapping[str, Any], last: str | None
) -> Object:
    place = layout.data_record(api.info.name, name, layout.record_name(key))
    links = {"self": api.link(place, place), "history": api.link(place, layout.pointer(api.info.name))}
    if last:
        links["last"] = api.link(place, layout.release_file(api.info.name, last, layout.DESCRIPTOR))
    names = (
        table.primary_key
        if table and len(table.primary_key) == len(key)
        else tuple(f"key{n}" for n in range(1, len(key) + 1))
    )
    body = {
        "type": api.link(place, layout.data_schema(api.info.name, "tombstone")),
        "title": "This record was removed",
        "status": 410,
        **facts,
        "schema": api.link(place, layout.data_schema(api.info.name, "tombstone")),
        "licence": api.licence(),
        "table": name,
        "key": dict(zip(names, key, strict=True)),
        "links": links,
    }
    return place, document(members(body))
