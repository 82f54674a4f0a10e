"""The page of sources. In: a view. Out: the page: every source as a bibliography has it, and the rows that rest on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from publisher.site.cells import anchor
from publisher.site.declare import Row
from publisher.site.records import origin
from publisher.site.view import View

WEIGHT = 150_000
"""Bytes that the sources of a page may weigh; a page stays below 200 kB."""
USES = 60
"""Rows of a table named below a source."""

Use = tuple[str, list[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A source on the page. `used` names rows that rest on it, by table: its title, and address and key of each; `count` counts all."""

    id: str
    key: str
    title: Markup
    origin: Markup
    facts: tuple[Markup, ...]
    note: Markup
    used: list[Use]
    count: int


def sources_page(view: View) -> bytes:
    lines, total = [], 0
    declared = view.shelf.site.sources
    if declared is not None:
        rows = view.shelf.rows[declared.table]
        total, weight, used = len(rows), 0, _uses(view)
        for row in rows:
            line = _line(view, row, used)
            weight += 600 + len(line.title) + len(line.note) + sum(90 * len(keys) for _, keys in line.used)
            if weight > WEIGHT:
                break
            lines.append(line)
    more = total if len(lines) < total else 0
    return view.edition.render("sources.html", view, sources=lines, more=more).encode()


def _line(view: View, row: Row, used: Mapping[str, list[Use]]) -> SourceLine:
    cells, declared = view.cells, view.shelf.site.sources
    assert declared is not None
    table = view.info.table(declared.table)
    key = row.get(table.primary_key[0]) or ""
    told = origin(cells, key)
    facts = tuple(cells.value(table, table.column(name), row) for name in declared.facts if row.get(name) is not None)
    rests = used.get(key, [])
    return SourceLine(
        anchor([key]),
        key,
        told.title,
        told.origin,
        facts,
        cells.paragraph(table.name, "note", row),
        [(title, keys[:USES]) for title, keys in rests],
        sum(len(keys) for _, keys in rests),
    )


def _uses(view: View) -> dict[str, list[Use]]:
    """Rows that rest on each source, by its key."""
    found: dict[str, list[Use]] = {}
    for table in view.info.tables:
        if table.query or table.row_links or not table.primary_key:
            continue
        own: dict[str, list[tuple[str, str]]] = {}
        for row in view.shelf.rows[table.name]:
            key = [row.get(name) or "" for name in table.primary_key]
            for source in view.shelf.sources(table, row):
                own.setdefault(source, []).append((view.cells.record_address(table.name, key), ", ".join(key)))
        for source, keys in own.items():
            found.setdefault(source, []).append((table.title(view.language), keys))
    return found
