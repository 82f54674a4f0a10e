"""What stands where a row was. In: a view, a removed row. Out: its page, or its line below the table it was in."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup, escape

from publisher.package.metadata import TableInfo
from publisher.site.cells import anchor
from publisher.site.declare import localized
from publisher.site.stones import Stone
from publisher.site.view import View

SHOWN = 100
"""Removed rows told of below a table."""


@dataclass(frozen=True, slots=True)
class Gone:
    """A removed row as pages tell it. `name` is what it was called, its key where that is not known; `replaced` leads to the row that
    took its place, `removed` and `last` are (version, address of its page) or ("", "")."""

    id: str
    key: str
    name: Markup
    reason: Markup
    replaced: Markup
    removed: tuple[str, str]
    last: tuple[str, str]
    href: str


def removed_rows(view: View, table: TableInfo) -> list[Gone]:
    """The removed rows of a table, as many as a page can tell of."""
    return [gone(view, table, stone) for stone in view.shelf.removed(table.name)[:SHOWN]]


def gone_page(view: View, table: TableInfo, stone: Stone) -> bytes:
    return view.edition.render("gone.html", view, table=table, gone=gone(view, table, stone)).encode()


def gone(view: View, table: TableInfo, stone: Stone) -> Gone:
    key = ", ".join(stone.key)
    return Gone(
        anchor(stone.key),
        key,
        _name(view, table, stone) or Markup("<bdi>{}</bdi>").format(key),
        _foreign(view, stone.reason),
        _replacement(view, table, stone),
        _release(view, stone.removed_in),
        _release(view, stone.last),
        view.cells.record_address(table.name, stone.key) if view.shelf.has_pages(table.name) else "",
    )


def _name(view: View, table: TableInfo, stone: Stone) -> Markup:
    """Its title, or the text that lists show of such rows."""
    stem = view.shelf.site.caption(table.name)
    column = localized(table, stem, view.language, view.edition.languages)
    value = stone.row.get(column) if column else None
    return view.cells.text(table.column(column), value) if value else Markup("")


def _foreign(view: View, text: str) -> Markup:
    """What a maintainer wrote, in the main language."""
    main = view.edition.languages[0]
    return escape(text) if view.language == main else Markup('<span lang="{}" dir="auto">{}</span>').format(main, text)


def _replacement(view: View, table: TableInfo, stone: Stone) -> Markup:
    """The row that took its place, which may lie in another table."""
    if not stone.replaced_by:
        return Markup("")
    for name in (table.name, *(item.name for item in view.info.tables)):
        if link := view.cells.record_link(name, (stone.replaced_by,)):
            return link
    return Markup("<bdi>{}</bdi>").format(stone.replaced_by)


def _release(view: View, version: str) -> tuple[str, str]:
    return (version, view.release_page(version)) if version else ("", "")
