"""Files on offer. In: a shelf, a language. Out: what most readers want of a package, and every file of a table, with formats and sizes."""

from __future__ import annotations

from dataclasses import dataclass

from publisher import layout
from publisher.package.metadata import TableInfo
from publisher.package.workbook import ROW_LIMIT
from publisher.site.links import Links
from publisher.site.shelf import Shelf
from publisher.site.words import Words

_FORMATS = {"csv": "CSV", "json": "JSON", "ndjson": "NDJSON", "parquet": "Parquet"}


@dataclass(frozen=True, slots=True)
class Offer:
    """A file on offer: where, what it is called, its size, its media type."""

    href: str
    label: str
    detail: str
    type: str


@dataclass(frozen=True, slots=True)
class Offers:
    """Of the shelf's latest release; `main` is the site's main language."""

    shelf: Shelf
    words: Words
    links: Links
    main: str

    def _offer(self, name: str, label: str, media: str = "application/octet-stream") -> Offer | None:
        size = self.shelf.files.get(name)
        if size is None:
            return None
        href = self.links.file(self.shelf.package, self.shelf.release.version, name)
        return Offer(href, label, self.words.size(size), media)

    @property
    def package(self) -> list[Offer]:
        """What most readers want: the workbook, everything as a zip."""
        name, words = self.shelf.package, self.words
        own = "" if words.language == self.main else words.language
        offers = (
            self._offer(layout.workbook_file(name, own), words("Excel workbook, all tables"))
            or self._offer(layout.workbook_file(name), words("Excel workbook, all tables")),
            self._offer(layout.archive_file(name), words("All CSV files, zip"), "application/zip"),
            self._offer(layout.DESCRIPTOR, words("Metadata, JSON"), "application/json"),
        )
        return [item for item in offers if item]

    def table(self, table: TableInfo) -> list[Offer]:
        """A table's files, the canonical CSV first; of one in parts, the newest part of each format and the descriptor, which names all."""
        if table.divided:
            return self._parts(table)
        offers = [
            Offer(
                self.links.file(self.shelf.package, self.shelf.release.version, file.path),
                _FORMATS.get(file.format, file.format.upper()),
                self.words.size(file.bytes),
                file.mediatype,
            )
            for file in table.files
        ]
        name = layout.excel_file(table.name, self.words.language)
        excel = self._offer(name, self.words("CSV for Excel"), "text/csv")
        return [*offers[:1], *([excel] if excel else []), *offers[1:]]

    def _parts(self, table: TableInfo) -> list[Offer]:
        formats = dict.fromkeys(file.format for file in table.files)
        found = [(table.parts(form)[-1], len(table.parts(form))) for form in formats]
        offers = (
            self._offer(file.path, f"{_FORMATS.get(file.format, file.format.upper())} {count}/{count}", file.mediatype)
            for file, count in found
        )
        described = self._offer(layout.DESCRIPTOR, self.words("Metadata, JSON"), "application/json")
        return [item for item in (*offers, described) if item]

    def citation(self) -> Offer | None:
        return self._offer(layout.CITATION, layout.CITATION, "application/yaml")

    @staticmethod
    def is_too_long_for_excel(table: TableInfo) -> bool:
        """Whether a table has no sheet in the workbook, because it is too large."""
        return table.rows > ROW_LIMIT or table.divided
