"""The site of a store's packages. In: published releases, an Edition. Out: Page: every object, made when it is wanted.

A pure function of what is published: no clock, no source, nothing but releases and pointers. The pages of a package follow from that
package alone, so that those of others need not be made again; what shows several packages is little.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from publisher import layout
from publisher.canonical import content_hash, sha256_bytes
from publisher.package.metadata import TableInfo
from publisher.package.series import Series, Sheet, block, turned
from publisher.site.cards import Card, language_told, read_card
from publisher.site.declare import Chart, Row
from publisher.site.edition import Edition
from publisher.site.figures import drawable, figure, figures, picture, twin_csv
from publisher.site.gone import gone_page, removed_rows
from publisher.site.indexes import (
    entry_index,
    home_sitemap,
    package_sitemap,
    robots,
    search_index,
    security,
    sitemap,
)
from publisher.site.preview import preview
from publisher.site.records import in_order, record
from publisher.site.releases import release_page
from publisher.site.share import countries, draw_share
from publisher.site.shelf import Shelf
from publisher.site.sources import sources_page
from publisher.site.view import View

NAMED = 400
"""Packages up to which the home page names each."""

TURNED = 100
"""Releases whose pages are kept account of together."""


@dataclass(frozen=True, slots=True)
class Page:
    """An object of the site. `source` identifies all that its bytes follow from, where that can be told without making it, else ""."""

    key: str
    make: Callable[[], bytes]
    source: str = ""


def build_package(edition: Edition, shelf: Shelf) -> Iterator[Page]:
    """The pages of one package in all languages, without those that are made by build_lists and build_release."""
    yield Page(layout.chart_file("", shelf.package, "share", "png"), lambda: draw_share(countries(shelf)))
    if edition.base:
        yield Page(layout.sitemap(shelf.package), partial(package_sitemap, edition, shelf))
    for language in edition.languages:
        yield from _pages(edition, language, shelf)


def build_root(edition: Edition, cards: Mapping[str, Card], *, security_txt: Sequence[str] = ()) -> Iterator[Page]:
    """What belongs to no package, from the cards of all by name: assets, the catalogue, its search, the page of states, the sitemap."""
    for key, body in edition.bodies.items():
        yield Page(key, partial(bytes, body), key)
    image = draw_share({code for card in cards.values() for code in card.get("countries", ())})
    share = layout.asset("share.png", sha256_bytes(image))
    yield Page(share, partial(bytes, image), share)
    for language in edition.languages:
        view, total = partial(View, edition, language, share=share), len(cards)
        told = [read_card(name, card, edition.words[language]) for name, card in islice(cards.items(), NAMED)]
        featured = [item for item in told if item.showcase]
        named = [item for item in told if not item.showcase]
        titles = {item.key(): item.title for item in featured}
        yield _page(view((), kind="home"), "home.html", featured=featured, named=named, titles=titles, total=total)
        yield _page(view(("status",), kind="status"), "status.html", packages=told[: NAMED // 2], total=total)
        found = partial(search_index, [card["search"][language_told(card, language)] for card in cards.values()])
        yield Page(layout.search_index(edition.prefix(language)), found)
    yield _page(View(edition, edition.languages[0], ("404",), kind="missing", share=share), "missing.html")
    if edition.base:
        yield Page(layout.SITEMAP, partial(sitemap, edition, [*cards]))
        yield Page(layout.HOME_SITEMAP, partial(home_sitemap, edition))
        yield Page(layout.ROBOTS, partial(robots, edition))
    if security_txt:
        yield Page(layout.SECURITY, partial(security, edition, security_txt))


def folders(package: str, languages: Sequence[str]) -> list[str]:
    """Folders in which only a package's pages lie, so that whatever else is there is out of date."""
    own = [f"{package}/{part}/" for part in ("tables", "records", "charts", "releases")]
    return own + [f"{language}/{package}/" for language in languages[1:]]


def _page(view: View, template: str, **values: Any) -> Page:
    return Page(view.key, lambda: view.edition.render(template, view, **values).encode())


def _pages(edition: Edition, language: str, shelf: Shelf) -> Iterator[Page]:
    def view(*parts: str, kind: str = "") -> View:
        return View(edition, language, (shelf.package, *parts), shelf, kind)

    yield _later(_landing, view("/", kind="landing"))
    yield _later(_about, view("about", kind="about"))
    yield _later(sources_page, view("sources", kind="sources"))
    yield _later(_newest, view("releases", kind="releases"))
    for table in shelf.info.tables:
        yield _later(_table, view("tables", table.name, kind="table"), table)
        yield from _records(view, shelf, table)
    for chart in drawable(shelf):
        yield from _chart(view("charts", chart.name, kind="chart"), chart)
    if any(shelf.has_pages(table.name) for table in shelf.info.tables):
        prefix = edition.prefix(language)
        yield Page(layout.search_index(prefix, shelf.package), partial(entry_index, edition, language, shelf))


def _later(make: Callable[..., bytes], view: View, *arguments: Any) -> Page:
    return Page(view.key, partial(make, view, *arguments))


def _landing(view: View) -> bytes:
    return view.edition.render("package.html", view, charts=list(figures(view))).encode()


def _about(view: View) -> bytes:
    """`fill` says of each table how many cells of its columns hold a value, where not all do."""
    fill = []
    for table in filter(view.shelf.whole, view.info.tables):
        rows = view.shelf.rows[table.name]
        counts = [(field, sum(row.get(field.name) is not None for row in rows)) for field in view.cells.shown(table)]
        if partly := [(field, filled) for field, filled in counts if filled < len(rows)]:
            fill.append((table, partly, len(rows)))
    has_map = any(chart.kind == "map" for chart in view.shelf.site.charts)
    return view.edition.render("about.html", view, fill=fill, has_map=has_map).encode()


def _newest(view: View) -> bytes:
    """The list of the newest releases."""
    listed = view.shelf.memory.listed
    return view.edition.render("releases.html", view, entries=listed.rest[::-1], number=0, full=listed.pages).encode()


def build_lists(edition: Edition, shelf: Shelf, before: Series, face: str) -> Iterator[Sheet]:
    """The pages of older releases that came to be, or got a follower, since the list was as `before`. `face` identifies what pages say
    of a package whatever its rows."""
    listed = shelf.memory.listed
    for number in turned(before, listed):
        entries = listed.page(number)[::-1]
        for language in edition.languages:
            view = View(edition, language, (shelf.package, "releases", f"{number:04}"), shelf, "older")
            page = _page(view, "releases.html", entries=entries, number=number, full=listed.pages)
            source = content_hash([face, page.key, list(entries), number == listed.pages])
            yield Sheet(block("lists", number), page.key, source, page.make)


def build_release(edition: Edition, shelf: Shelf, entry: Mapping[str, Any], number: int, face: str) -> Iterator[Sheet]:
    """The page of a release in all languages; `number` is its place among all releases, from 1."""
    version = str(entry["version"])
    for language in edition.languages:
        view = View(edition, language, (shelf.package, "v", version, "/"), shelf, "release")
        source = content_hash([face, view.key, entry, version == shelf.info.version])
        yield Sheet(block("releases", number, TURNED), view.key, source, partial(release_page, view, entry))


def _table(view: View, table: TableInfo) -> bytes:
    shown, removed = preview(view.cells, table), removed_rows(view, table)
    return view.edition.render("table.html", view, table=table, preview=shown, removed=removed).encode()


def _records(view: Callable[..., View], shelf: Shelf, table: TableInfo) -> Iterator[Page]:
    """A page for each row, and one for each that was removed."""
    if not shelf.has_pages(table.name):
        return

    def at(key: str) -> View:
        return view("records", table.name, key, kind="record")

    rows = in_order(at("").cells, table)
    for place, row in enumerate(rows):
        around = rows[place - 1] if place else None, rows[place + 1] if place + 1 < len(rows) else None
        yield _later(_record, at(layout.record_name([row.get(table.primary_key[0]) or ""])), table, row, around)
    for stone in shelf.removed(table.name):
        yield _later(gone_page, at(layout.record_name(stone.key)), table, stone)


def _record(view: View, table: TableInfo, row: Row, around: tuple[Row | None, Row | None]) -> bytes:
    return view.edition.render("record.html", view, table=table, record=record(view.cells, table, row, around)).encode()


def _chart(view: View, chart: Chart) -> Iterator[Page]:
    yield _later(_chart_page, view, chart)
    for suffix in ("svg", "csv"):
        key = layout.chart_file(view.prefix, view.info.name, chart.name, suffix)
        yield Page(key, partial(_chart_file, view, chart, suffix))


def _chart_page(view: View, chart: Chart) -> bytes:
    return view.edition.render("chart.html", view, item=figure(view, chart)).encode()


def _chart_file(view: View, chart: Chart, suffix: str) -> bytes:
    item = figure(view, chart)
    return picture(item, view.edition.chart_css) if suffix == "svg" else twin_csv(item.drawing.twin)
