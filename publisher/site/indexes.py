"""What leads to pages, and to whoever keeps them: search, sitemap, robots.txt, security.txt. In: an Edition, shelves. Out: bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from publisher import layout
from publisher.site.edition import Edition
from publisher.site.figures import drawable
from publisher.site.shelf import Shelf
from publisher.site.view import View

URLS = 50_000
"""Addresses that a sitemap may hold."""


def search_entries(edition: Edition, language: str, shelf: Shelf) -> list[str]:
    """What a package adds to the lists of search_index: elements of `pages`, elements of `more`, as JSON without brackets."""
    prefix = edition.prefix(language)
    title = shelf.info.title(language)
    found = [[title, edition.words[language]("Package"), layout.page(prefix, shelf.package, "/")]]
    found += [
        [table.title(language), title, layout.page(prefix, shelf.package, "tables", table.name)]
        for table in shelf.info.tables
    ]
    has_list = any(shelf.has_pages(table.name) for table in shelf.info.tables)
    more = [layout.search_index(prefix, shelf.package)] if has_list else []
    return [_json(value).decode()[1:-1] for value in (found, more)]


def search_index(packages: Iterable[Sequence[str]]) -> bytes:
    """What the search of the home page looks through: `pages` as [name, where, key], and in `more` the keys of packages' own lists. In:
    search_entries of each package."""
    pages, more = (",".join(filter(None, texts)) for texts in zip(*packages, ("", ""), strict=True))
    return f'{{"pages":[{pages}],"more":[{more}]}}'.encode()


def entry_index(edition: Edition, language: str, shelf: Shelf) -> bytes:
    """The rows of a package that have pages, as the search looks through them."""
    found = []
    prefix = edition.prefix(language)
    cells = View(edition, language, (shelf.package, "/"), shelf).cells
    for table in shelf.info.tables:
        if shelf.has_pages(table.name):
            for row in shelf.rows[table.name]:
                key = row.get(table.primary_key[0]) or ""
                address = layout.record_page(prefix, shelf.package, table.name, [key])
                found.append([cells.title(table.name, row) or key, table.title(language), address])
    return _json({"pages": found, "more": []})


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def sitemap(edition: Edition, packages: Iterable[str]) -> bytes:
    """The index of sitemaps (sitemaps.org): that of the home page, and one for each package."""
    keys = [layout.HOME_SITEMAP, *map(layout.sitemap, packages)]
    lines = [f"<sitemap><loc>{layout.address(edition.base, '', key)}</loc></sitemap>" for key in keys]
    return _xml("sitemapindex", lines)


def home_sitemap(edition: Edition) -> bytes:
    return _urls(edition, [()])


def package_sitemap(edition: Edition, shelf: Shelf) -> bytes:
    """The pages of a package; of more rows than a sitemap may name, the first."""
    name = shelf.package
    parts = [(name, part) for part in ("/", "about", "sources", "releases")]
    pages: list[tuple[str, ...]] = [*parts, *((name, "tables", table.name) for table in shelf.info.tables)]
    pages += [(name, "charts", chart.name) for chart in drawable(shelf)]
    for table in shelf.info.tables:
        if shelf.has_pages(table.name):
            keys = (layout.record_name([row.get(table.primary_key[0]) or ""]) for row in shelf.rows[table.name])
            pages += [(name, "records", table.name, key) for key in keys]
    return _urls(edition, pages[: URLS // len(edition.languages)])


def _urls(edition: Edition, pages: Iterable[tuple[str, ...]]) -> bytes:
    """Pages in every language, each with its twins (xhtml:link as Google reads it)."""
    lines = []
    for item in pages:
        keys = {
            language: layout.address(edition.base, "", layout.page(edition.prefix(language), *item))
            for language in edition.languages
        }
        twins = "".join(
            f'<xhtml:link rel="alternate" hreflang="{language}" href="{address}"/>'
            for language, address in keys.items()
        )
        lines += [f"<url><loc>{address}</loc>{twins}</url>" for address in keys.values()]
    return _xml("urlset", lines, ' xmlns:xhtml="http://www.w3.org/1999/xhtml"')


def _xml(name: str, lines: Iterable[str], more: str = "") -> bytes:
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<{name} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"{more}>'
    return "\n".join([head, *lines, f"</{name}>", ""]).encode()


def robots(edition: Edition) -> bytes:
    """Everything may be read; the sitemap is named, which needs the site's address (RFC 9309)."""
    return f"User-agent: *\nAllow: /\nSitemap: {layout.address(edition.base, '', layout.SITEMAP)}\n".encode()


def security(edition: Edition, lines: Sequence[str]) -> bytes:
    """security.txt as the maintainer wrote it, with its own address where that is known (RFC 9116)."""
    own = layout.address(edition.base, "", layout.SECURITY) if edition.base else ""
    told = any(line.lower().startswith("canonical:") for line in lines)
    return "\n".join([*lines, *([f"Canonical: {own}"] if own and not told else []), ""]).encode()
