"""The page of sources. In: a view. Out: the page: every source as a bibliography has it, and the rows that rest on it."""

from __future__ import annotations

from typing import Any

from publisher.site.preview import row_id
from publisher.site.records import source_line
from publisher.site.view import View


def sources_page(view: View) -> bytes:
    assert view.shelf is not None
    shelf, cells, declared = view.shelf, view.cells, view.shelf.site.sources
    found: list[dict[str, Any]] = []
    if declared is not None:
        table = shelf.info.table(declared.table)
        used = _uses(view)
        for number, row in enumerate(shelf.rows[table.name]):
            key = row.get(table.primary_key[0]) or ""
            facts = [
                cells.value(table, table.column(name), row) for name in declared.facts if row.get(name) is not None
            ]
            note = cells.text(table.column("note"), row["note"] or "") if row.get("note") else ""
            found.append(
                {
                    "id": row_id(table, row, number),
                    "key": key,
                    "html": source_line(cells, key),
                    "facts": facts,
                    "note": note,
                    "used": used.get(key, []),
                }
            )
    return view.edition.render("sources.html", view, sources=found).encode()


def _uses(view: View) -> dict[str, list[tuple[str, str]]]:
    """Rows that rest on each source, by its key: address and key of the row."""
    assert view.shelf is not None
    found: dict[str, list[tuple[str, str]]] = {}
    for table in view.info.tables:
        if table.query or table.row_links or not table.primary_key:
            continue
        for row in view.shelf.rows[table.name]:
            key = [row.get(name) or "" for name in table.primary_key]
            for source in view.shelf.sources(table, row):
                found.setdefault(source, []).append((view.cells.record_address(table.name, key), ", ".join(key)))
    return found
