"""The page of a release. In: a view, the pointer's entry. Out: the page: what changed, files with their sums, how to verify and cite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from publisher import layout
from publisher.errors import NotFound
from publisher.package.metadata import read_metadata
from publisher.package.published import read_document
from publisher.site import past
from publisher.site.view import View


def release_page(view: View, entry: Mapping[str, Any]) -> bytes:
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
