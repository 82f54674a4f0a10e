"""What leads to pages: the search of the home page, the sitemap. In: an Edition. Out: their bytes."""

from __future__ import annotations

import json

from publisher import layout
from publisher.site.edition import Edition
from publisher.site.view import View


def search_index(edition: Edition, language: str) -> bytes:
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


def sitemap(edition: Edition) -> bytes:
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


def robots(edition: Edition) -> bytes:
    """Everything may be read; the sitemap is named, which needs the site's address (RFC 9309)."""
    return f"User-agent: *\nAllow: /\nSitemap: {layout.address(edition.base, '', layout.SITEMAP)}\n".encode()
