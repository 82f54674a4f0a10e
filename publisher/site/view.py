"""One page in one language, as templates see it. In: an Edition, a key, a package. Out: addresses, texts and files by short names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from markupsafe import Markup, escape

from publisher import layout
from publisher.package.citation import bibtex, cite, csl_json, ris
from publisher.package.metadata import FieldInfo, PackageInfo, TableInfo, Text
from publisher.site import dictionary, past, structured
from publisher.site.cells import Cells
from publisher.site.edition import Edition
from publisher.site.links import Links
from publisher.site.shelf import Shelf
from publisher.site.snippets import snippets
from publisher.site.words import Words, mark

NOWHERE = "https://ADDRESS-OF-THIS-SITE/"
"""Stands in snippets for the site's address where nobody told it; the script puts the real one in its place."""

_SENTENCE = re.compile(r"(?<=[.؟?!。])\s+(?=\S)")
_FORMATS = {"csv": "CSV", "json": "JSON", "ndjson": "NDJSON", "parquet": "Parquet"}
_FREQUENCIES = {
    "IRREG": mark("Irregular: when something is found or corrected"),
    "DAILY": mark("Daily"),
    "WEEKLY": mark("Weekly"),
    "MONTHLY": mark("Monthly"),
    "QUARTERLY": mark("Every three months"),
    "ANNUAL": mark("Yearly"),
    "NEVER": mark("Not expected"),
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A file on offer: where, what it is called, its size or format, its media type."""

    href: str
    label: str
    detail: str
    type: str


@dataclass(frozen=True, slots=True)
class Other:
    """The same page in another language."""

    language: str
    name: str
    direction: str
    href: str
    absolute: str


@dataclass(frozen=True, slots=True)
class Citations:
    """A citation as a sentence and in the forms that programs read."""

    sentence: str
    forms: tuple[tuple[str, str], ...]


class View:
    """What a template calls `v`. `parts` are the page's own, below its language: a package, `tables`, a table's name."""

    def __init__(
        self, edition: Edition, language: str, parts: Sequence[str], shelf: Shelf | None = None, kind: str = ""
    ) -> None:
        self.edition, self.language, self.parts, self.shelf, self.kind = edition, language, tuple(parts), shelf, kind
        self.words: Words = edition.words[language]
        self.prefix = edition.prefix(language)
        self.key = layout.page(self.prefix, *parts)
        self.links = Links(self.key, edition.base)
        self.base = edition.base

    @cached_property
    def cells(self) -> Cells:
        assert self.shelf is not None
        return Cells(self.shelf, self.words, self.links, self.edition.languages, self.prefix)

    @property
    def info(self) -> PackageInfo:
        assert self.shelf is not None
        return self.shelf.info

    # Addresses

    def to(self, key: str) -> str:
        return self.links.to(key)

    def page(self, *parts: str) -> str:
        """A page of this language."""
        return self.links.to(layout.page(self.prefix, *(part for part in parts if part)))

    def file(self, name: str) -> str:
        return self.links.file(self.info.name, self.info.version, name)

    def asset(self, name: str) -> str:
        return self.links.to(self.edition.assets[name])

    @property
    def root(self) -> str:
        return self.links.to("")

    @property
    def absolute(self) -> str:
        return self.links.absolute(self.key)

    @property
    def absolute_main(self) -> str:
        return self.links.absolute(layout.page("", *self.parts))

    @property
    def absolute_share(self) -> str:
        return self.links.absolute(self.edition.assets["share.png"])

    @property
    def pointer(self) -> str:
        return layout.pointer(self.info.name)

    @property
    def search_key(self) -> str:
        return layout.search_index(self.prefix)

    def here(self, kind: str) -> Markup:
        return Markup(' aria-current="page"') if kind == self.kind else Markup("")

    def others(self, own: bool = False) -> list[Other]:
        """This page in the other languages (and its own, for hreflang)."""
        found = []
        for language in self.edition.languages:
            if language != self.language or own:
                words = self.edition.words[language]
                key = layout.page(self.edition.prefix(language), *self.parts)
                found.append(Other(language, words.name, words.direction, self.links.to(key), self.links.absolute(key)))
        return found

    @property
    def feeds(self) -> list[dict[str, str]]:
        """Feeds of the package's releases, Atom first."""
        types = {"atom": "application/atom+xml", "json": "application/feed+json"}
        return [
            {
                "href": self.to(layout.feed(self.info.name, "releases", self.language, form)),
                "type": types[form],
                "title": self.words("Releases"),
            }
            for form in ("atom", "json")
        ]

    # Texts

    def foreign(self, text: Text) -> Markup:
        """A text that may have no translation: then it says which language it is in."""
        main = self.edition.languages[0]
        if self.language == main or self.language in text.translations:
            return escape(text(self.language))
        return Markup('<span lang="{}" dir="auto">{}</span>').format(main, text.default)

    @property
    def lead(self) -> tuple[str, str]:
        """The description's first sentence, and the rest."""
        first, *rest = _SENTENCE.split(" ".join(self.info.description(self.language).split()), maxsplit=1)
        return first, rest[0] if rest else ""

    @staticmethod
    def first_sentence(text: str) -> str:
        return _SENTENCE.split(text, maxsplit=1)[0]

    @property
    def figures(self) -> list[dict[str, str]]:
        """Declared numbers that have a label; without any, the rows of the first tables."""
        assert self.shelf is not None
        declared = [item for item in self.shelf.site.counts if item.label]
        if declared:
            return [
                {"label": item.label(self.language), "number": self.words.number(self.shelf.numbers[item.name])}
                for item in declared
            ]
        return [
            {"label": table.title(self.language), "number": self.words.number(table.rows)}
            for table in self.info.tables[:4]
        ]

    @property
    def notes(self) -> list[str]:
        assert self.shelf is not None
        return [self.fill(item(self.language)) for item in self.shelf.site.notes]

    def fill(self, text: str) -> str:
        """A declared text with the declared numbers in it: `{members} members`."""
        assert self.shelf is not None
        for name, value in self.shelf.numbers.items():
            text = text.replace("{" + name + "}", self.words.number(value))
        return text

    @property
    def frequency(self) -> str:
        text = _FREQUENCIES.get(self.info.frequency.rsplit("/", 1)[-1].upper(), "")
        return self.words(text) if text else self.info.frequency

    def type(self, field: FieldInfo) -> str:
        return dictionary.type_name(field, self.words)

    def rules(self, table: TableInfo, field: FieldInfo) -> list[Markup]:
        tables = {
            item.name: (self.page(self.info.name, "tables", item.name), item.title(self.language))
            for item in self.info.tables
        }
        return dictionary.rules(table, field, self.words, tables)

    @staticmethod
    def id(name: str) -> str:
        """A name as an element's id."""
        return layout.segment(name)

    # Files

    def _offer(self, name: str, label: str, media: str = "application/octet-stream") -> Offer | None:
        assert self.shelf is not None
        size = self.shelf.files.get(name)
        return None if size is None else Offer(self.file(name), label, self.words.size(size), media)

    @property
    def downloads(self) -> list[Offer]:
        """What most readers want: the workbook, everything as a zip."""
        main = "" if self.language == self.edition.languages[0] else self.language
        offers = (
            self._offer(layout.workbook_file(self.info.name, main), self.words("Excel workbook, all tables"))
            or self._offer(layout.workbook_file(self.info.name), self.words("Excel workbook, all tables")),
            self._offer(layout.archive_file(self.info.name), self.words("All files, zip"), "application/zip"),
            self._offer(layout.DESCRIPTOR, self.words("Metadata, JSON"), "application/json"),
        )
        return [item for item in offers if item]

    def table_files(self, table: TableInfo) -> list[Offer]:
        """A table's files with their formats and sizes, the canonical CSV first."""
        offers = [
            Offer(
                self.file(file.path),
                _FORMATS.get(file.format, file.format.upper()),
                self.words.size(file.bytes),
                file.mediatype,
            )
            for file in table.files
        ]
        excel = self._offer(layout.excel_file(table.name, self.language), self.words("CSV for Excel"), "text/csv")
        return [*offers[:1], *([excel] if excel else []), *offers[1:]]

    def has_workbook(self, table: TableInfo) -> bool:
        """Whether the workbook holds a table."""
        assert self.shelf is not None
        return table.rows <= self.edition.sheet_rows or layout.workbook_file(self.info.name) not in self.shelf.files

    # Snippets, citations, structured data

    @property
    def example(self) -> TableInfo:
        return self.info.tables[0]

    @property
    def snippets_html(self) -> Markup:
        return self.snippets_for(self.example)

    def snippets_for(self, table: TableInfo) -> Markup:
        folder = (self.base or NOWHERE) + layout.release_folder(self.info.name, self.info.version)
        found = list(snippets(table, folder))
        return Markup(self.edition.render("snippets.html", self, snippets=found))  # noqa: S704 - a template escapes

    @property
    def citations(self) -> Citations:
        return self.cited(self.info)

    def cited(self, info: PackageInfo) -> Citations:
        address = self.links.absolute(layout.page(self.prefix, info.name, "v", info.version, "/"))
        forms = (
            ("BibTeX", bibtex(info, self.language, address)),
            ("RIS", ris(info, self.language, address)),
            ("CSL-JSON", csl_json(info, self.language, address)),
        )
        return Citations(cite(info, self.language, address), forms)

    def card(self) -> Markup:
        files = [
            {
                "href": self.links.absolute(layout.release_file(self.info.name, self.info.version, file.path))
                or self.file(file.path),
                "type": file.mediatype,
                "label": file.path,
            }
            for table in self.info.tables
            for file in table.files
        ]
        return structured.script(structured.dataset(self.info, self.language, self.absolute, files))

    def catalog_card(self) -> Markup:
        items = [
            {
                "name": shelf.info.title(self.language),
                "url": self.links.absolute(layout.page(self.prefix, shelf.package, "/")),
            }
            for shelf in self.edition.shelves
        ]
        return structured.script(structured.catalog(self.words("Open data"), self.language, self.absolute, items))

    @property
    def publishers(self) -> list[str]:
        return [item.title(self.language) for item in self.info.contributors]

    @property
    def contacts(self) -> list[tuple[str, str, str]]:
        """Name, address and what is shown of it, of contributors that gave one."""
        found = []
        for item in self.info.contributors:
            mail = str(item.more.get("email") or "")
            if mail:
                found.append((item.title(self.language), f"mailto:{mail}", mail))
            elif item.path:
                found.append((item.title(self.language), item.path, item.path))
        return found

    # Releases

    @property
    def changes(self) -> list[dict[str, Any]]:
        """Releases, newest first, each told in a sentence."""
        assert self.shelf is not None
        return [self.release(entry) for entry in self.shelf.releases]

    def release(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        assert self.shelf is not None
        version = str(entry["version"])
        return {
            "notes": past.notes(self.shelf, version, self.language),
            "version": version,
            "created": str(entry.get("created", "")),
            "parent": entry.get("parent"),
            "sentence": past.sentence(entry, self.words),
            "rule": past.rule(entry, self.words),
            "yanked": (entry.get("yanked") or {}).get("reason", "") if isinstance(entry.get("yanked"), Mapping) else "",
            "message": str(past.read_summary(self.shelf, version).get("message") or ""),
            "href": self.page(self.info.name, "v", version, "/"),
        }

    # Other views

    def of(self, shelf: Shelf) -> View:
        """This page's view of one of several packages."""
        return View(self.edition, self.language, self.parts, shelf, self.kind)

    @property
    def all_words(self) -> Iterator[Words]:
        return iter(self.edition.words.values())

    def home_of(self, language: str) -> str:
        return self.links.to(layout.page(self.edition.prefix(language)))

    charts: Sequence[Any] = ()
    charts_map = False
