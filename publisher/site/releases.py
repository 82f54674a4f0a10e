"""The page of a release. In: a view, the pointer's entry. Out: the page: what changed, files with their sums, how to verify and cite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from publisher import layout
from publisher.errors import NotFound
from publisher.model import Descriptor
from publisher.package.metadata import read_metadata
from publisher.package.published import read_checksums, read_document
from publisher.site import past
from publisher.site.reuse import Citations
from publisher.site.shelf import for_pages
from publisher.site.view import View


@dataclass(frozen=True, slots=True)
class TableChanges:
    """What a release changed in a table. `href` is "" where the table is gone; `computed` says whether it follows from other tables."""

    title: str
    href: str
    sentence: str
    rows: tuple[past.RowLine, ...]
    more: int
    computed: bool


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    """A file of a release."""

    name: str
    href: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class FileGroup:
    """The files of one table, or those of the whole package; `href` leads to the table's page, where there is one."""

    title: str
    href: str
    files: tuple[ReleaseFile, ...]


@dataclass(frozen=True, slots=True)
class ReleasePage:
    """All of a release's page besides what lists tell of it. `sha256` is that of SHA256SUMS, as the pointer records it."""

    told: past.Told
    notes: tuple[str, ...]
    message: str
    is_current: bool
    parent_href: str
    tables: tuple[TableChanges, ...]
    groups: tuple[FileGroup, ...]
    files: int
    bytes: int
    change_rows: str
    sha256: str
    citations: Citations


def release_page(view: View, entry: Mapping[str, Any]) -> bytes:
    """Says of the current release no more than whether this is it, so that the pages of old ones stay as they are."""
    shelf, version = view.shelf, str(entry["version"])
    told = past.tell(entry, view.words, view.release_page(version))
    summary: Descriptor = {}
    with suppress(NotFound):
        summary = read_document(shelf.release.store, shelf.package, version, layout.CHANGES)
    try:
        descriptor = read_document(shelf.release.store, shelf.package, version, layout.DESCRIPTOR)
        view.info = for_pages(read_metadata(descriptor))
        files = _files(view, version)
    except NotFound:
        files = []
    sums = entry.get("checksums")
    page = ReleasePage(
        told,
        past.spoken(summary, view.language),
        str(summary.get("message") or ""),
        version == shelf.info.version,
        view.release_page(told.parent) if told.parent else "",
        tuple(_tables(view, summary)),
        tuple(_groups(view, files)),
        len(files),
        sum(item.bytes for item in files),
        view.links.file(shelf.package, version, layout.CHANGE_ROWS),
        str(sums.get("sha256", "") if isinstance(sums, Mapping) else sums or ""),
        view.reuse.citations,
    )
    return view.edition.render("release.html", view, release=page).encode()


def _tables(view: View, summary: Descriptor) -> Iterator[TableChanges]:
    """In the order of the package, computed tables last."""
    tables = {table.name: table for table in view.info.tables}
    computed = {name for name, table in tables.items() if table.query}
    order = {name: (name in computed, place) for place, name in enumerate(tables)}
    lines = past.table_lines(view.shelf.release, view.info, summary, view.words)
    for line in sorted(lines, key=lambda line: order.get(line.name, (False, len(order)))):
        if not line.sentence and not line.rows:
            continue  # its columns were described anew, which the notes say
        href = _table_page(view, line.name)
        title = tables[line.name].title(view.language) if line.name in tables else line.name
        yield TableChanges(title, href, line.sentence, line.rows, line.more, line.name in computed)


def _table_page(view: View, name: str) -> str:
    here = any(table.name == name for table in view.shelf.info.tables)
    return view.page(view.shelf.package, "tables", name) if here else ""


def _files(view: View, version: str) -> list[ReleaseFile]:
    """Files of a release with their sizes and sums. Raises NotFound where it was removed."""
    store, prefix = view.shelf.release.store, layout.release_folder(view.shelf.package, version)
    sums = read_checksums(store, view.shelf.package, version)
    sizes = {stat.key.removeprefix(prefix): stat.size for stat in store.list(prefix)}
    return [
        ReleaseFile(name, view.to(prefix + name), sizes.get(name, 0), sums.get(name, ""))
        for name in (*sorted(sums), layout.CHECKSUMS)
    ]


def _groups(view: View, files: Sequence[ReleaseFile]) -> Iterator[FileGroup]:
    """Files of the package first, then those of each table."""
    of = {item.name: _table_of(view, item.name) for item in files}
    package = tuple(item for item in files if not of[item.name])
    if package:
        yield FileGroup(view.words("The whole package"), "", package)
    for table in view.info.tables:
        if own := tuple(item for item in files if of[item.name] == table.name):
            yield FileGroup(table.title(view.language), _table_page(view, table.name), own)


def _table_of(view: View, name: str) -> str:
    """The table that a file holds; the longest name that fits, since one table's may begin another's."""
    fits = [table.name for table in view.info.tables if name.startswith(f"{table.name}.")]
    return "" if name in _PACKAGE else max(fits, key=len, default="")


_PACKAGE = {layout.DESCRIPTOR, layout.CHANGES, layout.CHANGE_ROWS, layout.REMOVED, layout.VALIDATION}
"""Files that are no table's, even where one is called so."""
