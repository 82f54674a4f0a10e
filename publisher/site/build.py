"""The site of a store's packages. In: published releases, languages, an address. Out: objects, each a key and its bytes.

A pure function of what is published: no clock, no source, nothing but releases and pointers. See docs/site.md for what depends on what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from publisher import layout
from publisher.canonical import content_hash
from publisher.package.metadata import TableInfo
from publisher.site.declare import Row
from publisher.site.edition import Edition, make_edition
from publisher.site.figures import Figure, figures, picture, twin_csv
from publisher.site.indexes import robots, search_index, sitemap
from publisher.site.preview import preview
from publisher.site.records import record
from publisher.site.releases import release_page
from publisher.site.share import countries, draw_share
from publisher.site.shelf import Shelf, read_shelf
from publisher.site.sources import sources_page
from publisher.site.view import View
from publisher.store.base import Store


@dataclass(frozen=True, slots=True)
class Current:
    """What a pointer says: the latest version, and its history, newest first."""

    version: str
    history: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Page:
    """An object of the site, not yet made. `depends` changes whenever its bytes could."""

    key: str
    depends: str
    make: Callable[[], bytes]


def build(
    store: Store, packages: Mapping[str, Current], languages: Sequence[str], base_url: str, folder: Path
) -> Iterator[tuple[str, bytes]]:
    """Every object of the site. `folder` is scratch space. Raises NotFound, Damaged, StoreError."""
    for page in plan(store, packages, languages, base_url, folder):
        yield page.key, page.make()


def plan(
    store: Store, packages: Mapping[str, Current], languages: Sequence[str], base_url: str, folder: Path
) -> Iterator[Page]:
    """Every object of the site, to be made when wanted."""
    shelves = [read_shelf(store, name, item.version, item.history, folder) for name, item in sorted(packages.items())]
    edition = make_edition(
        shelves, languages, base_url, draw_share(countries(shelves)), status=store.stat(layout.STATUS) is not None
    )
    everything = content_hash([edition.tool, edition.languages, edition.base, [shelf.identity for shelf in shelves]])
    for key, body in edition.bodies.items():
        yield Page(key, key, partial(bytes, body))
    for language in languages:
        yield from _common(edition, language, everything)
        for shelf in shelves:
            depends = content_hash([edition.tool, edition.languages, edition.base, shelf.identity])
            yield from _package(edition, language, shelf, depends)
    if edition.base:
        yield Page(layout.SITEMAP, everything, partial(sitemap, edition))
        yield Page(layout.ROBOTS, edition.base, partial(robots, edition))


def folders(packages: Iterable[str], languages: Sequence[str]) -> list[str]:
    """Folders in which only the site has objects, so that whatever else lies there is out of date."""
    own = [f"{name}/{part}/" for name in packages for part in ("tables", "records", "charts")]
    return own + [f"{language}/" for language in languages[1:]]


def _page(view: View, depends: str, template: str, **values: Any) -> Page:
    return Page(view.key, depends, lambda: view.edition.render(template, view, **values).encode())


def _common(edition: Edition, language: str, depends: str) -> Iterator[Page]:
    yield _page(View(edition, language, (), kind="home"), depends, "home.html")
    yield _page(View(edition, language, ("status",), kind="status"), depends, "status.html")
    yield Page(layout.search_index(edition.prefix(language)), depends, partial(search_index, edition, language))
    if language == edition.languages[0]:
        yield _page(View(edition, language, ("404",), kind="missing"), depends, "missing.html")


def _package(edition: Edition, language: str, shelf: Shelf, depends: str) -> Iterator[Page]:
    name = shelf.package

    def view(*parts: str, kind: str = "") -> View:
        return View(edition, language, (name, *parts), shelf, kind)

    yield Page(view("/").key, depends, partial(_landing, view("/", kind="landing")))
    yield Page(view("about").key, depends, partial(_about, view("about", kind="about")))
    yield Page(view("sources").key, depends, partial(sources_page, view("sources", kind="sources")))
    yield _page(view("releases", kind="releases"), depends, "releases.html")
    for entry in shelf.releases:
        page = view("v", str(entry["version"]), "/", kind="release")
        yield Page(page.key, depends, partial(release_page, page, entry))
    for table in shelf.info.tables:
        page = view("tables", table.name, kind="table")
        yield Page(page.key, depends, partial(_table, page, table))
    for declared in shelf.site.records:
        if shelf.has_pages(declared.table):
            yield from _records(edition, language, shelf, declared.table, depends)
    for item in figures(view("/")):
        yield from _chart(view("charts", item.name, kind="chart"), item.name, depends)


def _landing(view: View) -> bytes:
    view.charts = list(figures(view))
    return view.edition.render("package.html", view).encode()


def _about(view: View) -> bytes:
    assert view.shelf is not None
    view.charts_map = any(chart.kind == "map" for chart in view.shelf.site.charts)
    fill = []
    for table in view.info.tables:
        rows = view.shelf.rows[table.name]
        for field in view.cells.shown(table):
            filled = sum(row.get(field.name) is not None for row in rows)
            if view.shelf.whole(table) and filled < len(rows):
                fill.append((table, field, filled, len(rows)))
    return view.edition.render("about.html", view, fill=fill).encode()


def _table(view: View, table: TableInfo) -> bytes:
    return view.edition.render("table.html", view, table=table, preview=preview(view.cells, table)).encode()


def _records(edition: Edition, language: str, shelf: Shelf, name: str, depends: str) -> Iterator[Page]:
    table, rows = shelf.info.table(name), shelf.rows[name]
    for row in rows:
        key = layout.record_name([row.get(table.primary_key[0]) or ""])
        view = View(edition, language, (shelf.package, "records", name, key), shelf, "record")
        yield Page(view.key, depends, partial(_record, view, table, row))


def _record(view: View, table: TableInfo, row: Row) -> bytes:
    assert view.shelf is not None
    declared = view.shelf.site.record(table.name)
    assert declared is not None
    rows = sorted(view.shelf.rows[table.name], key=lambda item: view.cells.title(table.name, item))
    place = rows.index(row)
    around = rows[place - 1] if place else None, rows[place + 1] if place + 1 < len(rows) else None
    item = record(view.cells, declared, table, row, around)
    return view.edition.render("record.html", view, table=table, record=item).encode()


def _chart(view: View, name: str, depends: str) -> Iterator[Page]:
    yield Page(view.key, depends, lambda: view.edition.render("chart.html", view, item=_figure(view, name)).encode())
    for suffix in ("svg", "csv"):
        key = layout.chart_file(view.prefix, view.info.name, name, suffix)
        yield Page(key, depends, partial(_chart_file, view, name, suffix))


def _figure(view: View, name: str) -> Figure:
    return next(item for item in figures(view) if item.name == name)


def _chart_file(view: View, name: str, suffix: str) -> bytes:
    item = _figure(view, name)
    return picture(item, view.edition.chart_css) if suffix == "svg" else twin_csv(item.drawing.twin)
