"""The site of a store's packages. In: published releases, languages, an address. Out: objects, each a key and its bytes.

A pure function of what is published: no clock, no source, nothing but releases and pointers. See docs/site.md for what depends on what.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from publisher import layout
from publisher.canonical import content_hash, readable_json
from publisher.errors import NotFound
from publisher.package.metadata import TableInfo, read_metadata
from publisher.package.published import read_document
from publisher.site import past
from publisher.site.declare import Row
from publisher.site.edition import Edition, make_edition
from publisher.site.figures import Figure, figures, picture, twin_csv
from publisher.site.preview import preview, row_id
from publisher.site.records import record, source_line
from publisher.site.share import draw_share
from publisher.site.shelf import Shelf, read_shelf
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
        shelves, languages, base_url, draw_share(_countries(shelves)), status=store.stat(layout.STATUS) is not None
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
        yield Page(layout.SITEMAP, everything, partial(_sitemap, edition))


def folders(packages: Iterable[str], languages: Sequence[str]) -> list[str]:
    """Folders in which only the site has objects, so that whatever else lies there is out of date."""
    own = [f"{name}/{part}/" for name in packages for part in ("tables", "records", "charts")]
    return own + [f"{language}/" for language in languages[1:]]


def _page(view: View, depends: str, template: str, **values: Any) -> Page:
    return Page(view.key, depends, lambda: view.edition.render(template, view, **values).encode())


def _common(edition: Edition, language: str, depends: str) -> Iterator[Page]:
    yield _page(View(edition, language, (), kind="home"), depends, "home.html")
    yield _page(View(edition, language, ("status",), kind="status"), depends, "status.html")
    yield Page(layout.search_index(edition.prefix(language)), depends, partial(_search, edition, language))
    if language == edition.languages[0]:
        yield _page(View(edition, language, ("404",), kind="missing"), depends, "missing.html")


def _package(edition: Edition, language: str, shelf: Shelf, depends: str) -> Iterator[Page]:
    name = shelf.package

    def view(*parts: str, kind: str = "") -> View:
        return View(edition, language, (name, *parts), shelf, kind)

    yield Page(view("/").key, depends, partial(_landing, view("/", kind="landing")))
    yield Page(view("about").key, depends, partial(_about, view("about", kind="about")))
    yield Page(view("sources").key, depends, partial(_sources, view("sources", kind="sources")))
    yield _page(view("releases", kind="releases"), depends, "releases.html")
    for entry in shelf.releases:
        page = view("v", str(entry["version"]), "/", kind="release")
        yield Page(page.key, depends, partial(_release, page, entry))
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


def _sources(view: View) -> bytes:
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


def _release(view: View, entry: Mapping[str, Any]) -> bytes:
    assert view.shelf is not None
    shelf, version = view.shelf, str(entry["version"])
    told = view.release(entry)
    try:
        info = read_metadata(read_document(shelf.release.store, shelf.package, version, layout.DESCRIPTOR))
        files = _files(view, version)
    except NotFound:
        info, files = view.info, []
    titles = {table.name: table for table in info.tables}
    tables = [
        {
            "title": titles[line.name].title(view.language) if line.name in titles else line.name,
            "href": view.page(shelf.package, "tables", line.name)
            if line.name in {item.name for item in shelf.info.tables}
            else "",
            "sentence": line.sentence,
            "rows": line.rows,
            "more": line.more,
        }
        for line in past.table_lines(shelf, version, view.words)
    ]
    sums = entry.get("checksums")
    told |= {
        "tables": tables,
        "files": files,
        "bytes": sum(item["bytes"] for item in files),
        "change_rows": view.links.file(shelf.package, version, layout.CHANGE_ROWS),
        "sha256": str(sums.get("sha256", "") if isinstance(sums, Mapping) else sums or ""),
        "citations": view.cited(info),
    }
    return view.edition.render("release.html", view, release=told).encode()


def _files(view: View, version: str) -> list[dict[str, Any]]:
    """Files of a release with their sizes and sums. Raises NotFound where it was removed."""
    assert view.shelf is not None
    store, prefix = view.shelf.release.store, layout.release_folder(view.shelf.package, version)
    body, _ = store.read(prefix + layout.CHECKSUMS)
    sums = {name: digest for digest, _, name in (line.partition("  ") for line in body.decode().splitlines())}
    sizes = {stat.key.removeprefix(prefix): stat.size for stat in store.list(prefix)}
    names = [*sorted(sums), layout.CHECKSUMS]
    return [
        {
            "name": name,
            "href": view.to(prefix + name),
            "bytes": sizes.get(name, 0),
            "size": view.words.size(sizes.get(name, 0)),
            "sha256": sums.get(name, ""),
        }
        for name in names
    ]


def _countries(shelves: Sequence[Shelf]) -> set[str]:
    """Codes of countries that a declared map fills."""
    found: set[str] = set()
    for shelf in shelves:
        for chart in shelf.site.charts:
            if chart.kind == "map":
                found |= {row.get(str(chart.options["country"])) or "" for row in shelf.rows[chart.table]}
    return found


def _search(edition: Edition, language: str) -> bytes:
    """What the search of the home page looks through: (name, where, address below the root)."""
    found = []
    prefix = edition.prefix(language)
    for shelf in edition.shelves:
        title = shelf.info.title(language)
        found.append([title, edition.words[language]("Package"), layout.page(prefix, shelf.package, "/")])
        found += [
            [table.title(language), title, layout.page(prefix, shelf.package, "tables", table.name)]
            for table in shelf.info.tables
        ]
        view = View(edition, language, (shelf.package, "/"), shelf)
        for declared in shelf.site.records:
            table = shelf.info.table(declared.table)
            if shelf.has_pages(declared.table):
                for row in shelf.rows[declared.table]:
                    key = row.get(table.primary_key[0]) or ""
                    found.append(
                        [
                            view.cells.title(table.name, row) or key,
                            table.title(language),
                            layout.record_page(prefix, shelf.package, table.name, [key]),
                        ]
                    )
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()


def _sitemap(edition: Edition) -> bytes:
    """Pages that have an address, in the main language with their twins (sitemaps.org, with xhtml:link as Google reads it)."""
    parts: list[tuple[str, ...]] = [()]
    for shelf in edition.shelves:
        name = shelf.package
        parts += [(name, "/"), (name, "about"), (name, "sources"), (name, "releases")]
        parts += [(name, "tables", table.name) for table in shelf.info.tables]
        parts += [(name, "charts", chart.name) for chart in shelf.site.charts]
        for declared in shelf.site.records:
            if shelf.has_pages(declared.table):
                key = shelf.info.table(declared.table).primary_key[0]
                parts += [
                    (name, "records", declared.table, layout.record_name([row.get(key) or ""]))
                    for row in shelf.rows[declared.table]
                ]
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">',
    ]
    for item in parts:
        keys = {
            language: layout.address(edition.base, "", layout.page(edition.prefix(language), *item))
            for language in edition.languages
        }
        twins = "".join(
            f'<xhtml:link rel="alternate" hreflang="{language}" href="{address}"/>'
            for language, address in keys.items()
        )
        lines += [f"<url><loc>{address}</loc>{twins}</url>" for address in keys.values()]
    return "\n".join([*lines, "</urlset>", ""]).encode()


def ledger(pages: Iterable[Page]) -> bytes:
    """What each page was made from, to be kept so that the next build makes only what differs."""
    return readable_json({page.key: page.depends for page in pages})
