"""Tables whole, in pages and in subsets. In: tables in the engine. Out: documents with rows and links to their neighbours.

All pages of a table name one release, so that a reader who walks them while a release is made sees that they differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import Any, BinaryIO

from publisher import layout
from publisher.canonical import sha256_bytes
from publisher.diff.state import new_table
from publisher.engine import Engine, literal
from publisher.feeds.envelope import Api, Member, document, members, rows_text, text
from publisher.feeds.past import Past
from publisher.feeds.rows import Rows
from publisher.package.metadata import TableInfo

Object = tuple[str, bytes | Path]
SMALL = 1 << 20
"""Bytes of a whole table that are kept in memory; larger ones wait in a file."""


def build_pages(engine: Engine, api: Api, past: Past, rows: Rows, most: int) -> Iterator[Object]:
    """A table's pages and the table as one document. `most` is the most rows that the table ever had: pages that were there and
    are no more say so."""
    table, package = rows.info, api.info.name
    since = max(past.shaped[table.name], past.changed[table.name])
    pages = count_pages(table.rows, table.page_size)
    whole = layout.data_whole(package, table.name)
    path = engine.folder / f"{sha256_bytes(whole.encode())[:32]}.json"
    lines = (str(line) for (line,) in engine.stream(f"SELECT j FROM {rows.relation} ORDER BY rowid"))
    with path.open("wb") as file:
        head = _whole_head(api, table, since, whole)
        file.write(document(head)[: -len(b"\n}\n")] + b',\n"rows":[\n')
        for number in range(1, pages + 1):
            part = list(islice(lines, table.page_size))
            _append(file, part, first=number == 1)
            key = layout.data_page(package, table.name, number)
            yield key, _page(api, table, since, key, number, pages, part)
        file.write(b"\n]}\n")
    yield whole, path.read_bytes() if path.stat().st_size <= SMALL else path
    for number in range(pages + 1, count_pages(most, table.page_size) + 1):
        key = layout.data_page(package, table.name, number)
        yield key, _past_end(api, table, since, key, number, pages)


def count_pages(rows: int, size: int) -> int:
    """A table without rows has one page, which is empty."""
    return max(1, -(-rows // size))


def _append(file: BinaryIO, lines: Sequence[str], *, first: bool) -> None:
    if lines:
        file.write((b"" if first else b",\n") + ",\n".join(lines).encode())


def _schema(table: TableInfo) -> str:
    return f"tables/{table.name}#/$defs/page"


def _counts(table: TableInfo, total: int, count: int) -> dict[str, Any]:
    return {"table": table.name, "total": total, "count": count}


def _whole_head(api: Api, table: TableInfo, since: int, key: str) -> list[Member]:
    links = {"self": api.link(key, key), "first": api.link(key, layout.data_page(api.info.name, table.name, 1))}
    counts = _counts(table, table.rows, table.rows)
    return [*api.head(key, since, _schema(table)), *members(counts), ("links", text(links))]


def _page(api: Api, table: TableInfo, since: int, key: str, number: int, pages: int, rows: Sequence[str]) -> bytes:
    counts = {**_counts(table, table.rows, len(rows)), "page": number, "pages": pages}
    places = [layout.data_page(api.info.name, table.name, place) for place in range(1, pages + 1)]
    links = _neighbours(api, key, places, number) | {
        "collection": api.link(key, layout.data_whole(api.info.name, table.name))
    }
    return document(
        [*api.head(key, since, _schema(table)), *members(counts), ("links", text(links)), ("rows", rows_text(rows))]
    )


def _neighbours(api: Api, key: str, places: Sequence[str], number: int) -> dict[str, str]:
    """Links between pages; where there is no neighbour there is no link."""
    links = {"self": places[number - 1], "first": places[0], "last": places[-1]}
    if number > 1:
        links["prev"] = places[number - 2]
    if number < len(places):
        links["next"] = places[number]
    return {name: api.link(key, place) for name, place in links.items()}


def _past_end(api: Api, table: TableInfo, since: int, key: str, number: int, pages: int) -> bytes:
    counts = {**_counts(table, table.rows, 0), "page": number, "pages": pages}
    places = {
        "self": key,
        "first": layout.data_page(api.info.name, table.name, 1),
        "last": layout.data_page(api.info.name, table.name, pages),
    }
    links = {name: api.link(key, place) for name, place in places.items()}
    return document([*api.head(key, since, _schema(table)), *members(counts), ("links", text(links)), ("rows", "[]")])


def build_subsets(engine: Engine, api: Api, past: Past, rows: Rows, column: str) -> Iterator[Object]:
    """The rows of a table by the values of one column, each value in pages, and the list of values."""
    table, package = rows.info, api.info.name
    counts = _values(engine, past, rows, column)
    floor = past.shaped[table.name]
    sizes = {
        value: (int(total), max(floor, int(since)))
        for value, total, since in engine.stream(f"SELECT * FROM {counts} ORDER BY 1")
    }
    listed = []
    for value, (total, _) in sizes.items():
        if total:
            place = layout.data_subset(package, table.name, column, value)
            listed.append(
                {
                    "value": value,
                    "total": total,
                    "links": {"self": api.link(layout.data_facet(package, table.name, column), place)},
                }
            )
    select = f"SELECT {rows.column(column)} AS v, j FROM {rows.relation} WHERE v IS NOT NULL ORDER BY v, rowid"
    for value, group in groupby(engine.stream(select), key=lambda row: str(row[0])):
        yield from _subset(api, table, column, value, sizes[value], (str(line) for _, line in group))
    for value, size in sizes.items():
        if not size[0]:
            yield from _subset(api, table, column, value, size, iter(()))
    yield _facet(api, past, table, column, listed)


def _values(engine: Engine, past: Past, rows: Rows, column: str) -> str:
    """A relation of (value, total, s): every value that is or was in the column, and the last release that touched one of its rows."""
    name = new_table(engine)
    kept = f"tbl = {literal(rows.info.name)} AND col = {literal(column)}"
    engine.run(
        f"CREATE TABLE {name} AS SELECT coalesce(a.v, t.value) AS value, coalesce(a.n, 0) AS total, coalesce(t.s, 0) AS s FROM "
        f"(SELECT {rows.column(column)} AS v, count(*) AS n FROM {rows.relation} WHERE v IS NOT NULL GROUP BY v) a "
        f"FULL OUTER JOIN (SELECT value, s FROM {past.touched} WHERE {kept}) t ON a.v = t.value"
    )
    return name


def _subset(
    api: Api, table: TableInfo, column: str, value: str, size: tuple[int, int], lines: Iterator[str]
) -> Iterator[Object]:
    total, since = size
    pages = count_pages(total, table.page_size)
    places = [layout.data_subset(api.info.name, table.name, column, value, number) for number in range(1, pages + 1)]
    for number, key in enumerate(places, start=1):
        part = list(islice(lines, table.page_size))
        counts: Mapping[str, Any] = {
            **_counts(table, total, len(part)),
            "page": number,
            "pages": pages,
            "where": {column: value},
        }
        links = _neighbours(api, key, places, number) | {
            "values": api.link(key, layout.data_facet(api.info.name, table.name, column))
        }
        yield (
            key,
            document(
                [
                    *api.head(key, since, _schema(table)),
                    *members(counts),
                    ("links", text(links)),
                    ("rows", rows_text(part)),
                ]
            ),
        )


def _facet(api: Api, past: Past, table: TableInfo, column: str, listed: Sequence[Mapping[str, Any]]) -> Object:
    key = layout.data_facet(api.info.name, table.name, column)
    since = max(past.shaped[table.name], past.changed[table.name])
    counts = {"table": table.name, "column": column, "total": len(listed)}
    links = {"self": api.link(key, key), "collection": api.link(key, layout.data_page(api.info.name, table.name, 1))}
    values = rows_text([text(item) for item in listed])
    return key, document([*api.head(key, since, "facet"), *members(counts), ("links", text(links)), ("values", values)])
