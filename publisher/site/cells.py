"""One value as HTML. In: a column, a value, the language of the page. Out: markup: labels, dates, links to rows, sources and addresses.

A value in another language says so (`lang`, `dir`), codes and numbers are isolated, and what is missing says why.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from publisher import layout
from publisher.package.metadata import FieldInfo, TableInfo, Text
from publisher.site.declare import Row, language_of, localized
from publisher.site.links import Links
from publisher.site.shelf import Shelf
from publisher.site.words import Words, collate

Place = tuple[int, tuple[str, str]]
"""What things are put in order by."""
NUMERIC = frozenset({"integer", "number"})
_CODE = re.compile(r"^[A-Za-z0-9_.:/-]{1,24}$")
_ADDRESS = re.compile(r"^https?://[^\s]+$")
LONGEST = 1_200
"""Letters of a text that pages show; the files hold all of it."""
_NOTHING = Markup('<span class="none" title="%s">–</span>')
_ABROAD = Markup('<a href="{}" rel="noopener noreferrer external">{}</a>')
_OUTSIDE = Markup('<a href="%s" rel="noopener noreferrer external" dir="ltr">%s</a>')
_LINK = Markup('<a href="%s">%s</a>')
_APART = Markup("<bdi>%s</bdi>")
_SAID = Markup('<span lang="%s" dir="auto">%s</span>')


_OWN = frozenset({"main", "rows", "columns", "removed", "query", "use", "data", "search"})
"""Fragments of a table's page itself; others begin with `column-` or `f-`."""


def anchor(key: Sequence[str]) -> str:
    """The fragment of a row's key on the page of its table: the key, unless the page itself has that fragment."""
    name = layout.record_name(key)
    return f"~{name}" if name in _OWN or name.startswith(("column-", "f-")) else name


def marked(text: Text, shown: str, language: str, main: str) -> Markup:
    """What is shown of a text; where nobody translated it, it says that it is in the main language."""
    if language == main or language in text.translations or not shown:
        return escape(shown)
    return _SAID % (main, shown)


@dataclass(frozen=True, slots=True)
class Cells:
    """Renders values of one package for one page."""

    shelf: Shelf
    words: Words
    links: Links
    languages: Sequence[str]
    prefix: str

    def shown(self, table: TableInfo) -> list[FieldInfo]:
        """Columns shown on a page: of columns that each language has its own of, that of the page's language."""
        names = {field.name for field in table.fields}
        main = self.languages[0]

        def other(field: FieldInfo) -> bool:
            language = language_of(field.name, self.languages)
            if not language or language == self.words.language:
                return False
            stem = field.name.removesuffix(f"_{language}")
            wanted = f"{stem}_{self.words.language}"
            return wanted in names or (language != main and f"{stem}_{main}" in names)

        return [field for field in table.fields if not other(field)]

    def value(self, table: TableInfo, field: FieldInfo, row: Row) -> Markup:
        """A value as a table shows it."""
        value = row.get(field.name)
        if value is None:
            return _NOTHING % self.words("Empty: not known, or does not apply")
        if link := self._reference(table, field, row, value):
            return link
        return self.plain(field, value)

    def plain(self, field: FieldInfo, value: str) -> Markup:
        """A value by itself."""
        if field.categories:
            label = next((item.label for item in field.categories if item.value == value), Text(value))
            # a value that has no label of its own is a code, in no language
            is_code = label.default == value and not label.translations
            own = Text(value, {self.words.language: value}) if is_code else label
            return marked(own, own(self.words.language), self.words.language, self.languages[0])
        if field.type == "boolean":
            return escape(self.words("Yes") if value == "true" else self.words("No"))
        if field.type in NUMERIC or field.type == "date":
            return _APART % value
        if _ADDRESS.match(value):
            return self.address(value)
        if _CODE.match(value):
            return _APART % value
        return self.text(field, value)

    def text(self, field: FieldInfo, value: str, most: int = LONGEST) -> Markup:
        """A text with its language, where that is not the page's; what is longer than `most` letters ends in an ellipsis."""
        value = value if len(value) <= most else f"{value[:most]}…"
        language = language_of(field.name, self.languages) or self.languages[0]
        if language == self.words.language:
            return escape(value)
        return _SAID % (language, value)

    def address(self, value: str) -> Markup:
        """A link to another site, shortened for the eye; no opener, no referrer."""
        short = re.sub(r"^https?://(www\.)?", "", value).rstrip("/")
        short = short if len(short) <= 48 else short[:47] + "…"
        return _OUTSIDE % (value, short)

    def _reference(self, table: TableInfo, field: FieldInfo, row: Row, value: str) -> Markup | None:
        """A value that names a row of another table, as a link there, by that row's title."""
        declared = self.shelf.site.sources
        for key in table.foreign_keys:
            if key.fields != (field.name,):
                continue
            if declared is not None and key.table == declared.table:
                return Markup(" ").join(self.source(item) for item in self.shelf.sources(table, row))
            found = self.record_link(key.table, (value,))
            if found is not None:
                return found
        return None

    def source(self, key: str) -> Markup:
        """A source by its key, as a link into the list of sources."""
        return Markup('<a class="source" href="{}"><bdi>{}</bdi></a>').format(self.source_address(key), key)

    def source_address(self, key: str) -> str:
        return self.links.to(layout.page(self.prefix, self.shelf.package, "sources"), anchor([key]))

    def paragraph(self, table: str, stem: str, row: Row, address: str = "") -> Markup:
        """A text of a row as a paragraph that runs in its own language's direction; a link where it has a web address."""
        info = self.shelf.info.table(table)
        name = localized(info, stem, self.words.language, self.languages)
        value = row.get(name) if name else None
        if not value:
            return Markup("")
        language = language_of(name, self.languages) or self.languages[0]
        other = Markup(' lang="{}" dir="auto"').format(language) if language != self.words.language else Markup("")
        value = value if len(value) <= LONGEST else f"{value[:LONGEST]}…"
        inner = _ABROAD.format(address, value) if _ADDRESS.match(address) else escape(value)
        return Markup("<p{}>{}</p>").format(other, inner)

    def record_link(self, table: str, key: tuple[str, ...]) -> Markup | None:
        """A row of a table by its title, as a link to its page or to its place in the table; None where there is no such row."""
        row = self.shelf.row(table, key)
        if row is None:
            return None
        name = self.title(table, row) or _APART % key[0]
        return _LINK % (self.record_address(table, key), name) + self.note_mark(table, row)

    def note_mark(self, table: str, row: Row) -> Markup:
        """A mark after a name that has a note, the note itself behind it."""
        declared = self.shelf.site.record(table)
        note = self.localized(table, declared.note, row) if declared and declared.note else Markup("")
        return Markup('<sup title="{}">*</sup>').format(note.striptags()) if note else Markup("")

    def record_address(self, table: str, key: Sequence[str]) -> str:
        if self.shelf.has_pages(table):
            return self.links.to(layout.record_page(self.prefix, self.shelf.package, table, key))
        return self.links.to(layout.page(self.prefix, self.shelf.package, "tables", table), anchor(key))

    def table_address(self, table: str) -> str:
        return self.links.to(layout.page(self.prefix, self.shelf.package, "tables", table))

    def title(self, table: str, row: Row) -> str:
        """What a row is called, where its table declares it."""
        declared = self.shelf.site.record(table)
        if declared is None:
            return ""
        info = self.shelf.info.table(table)
        return row.get(localized(info, declared.title, self.words.language, self.languages)) or ""

    def place(self, table: str, row: Row) -> Place:
        """What a table's rows are put in order by: the declared column, else what they are called."""
        declared = self.shelf.site.record(table)
        value = row.get(declared.order) if declared and declared.order else self.title(table, row)
        return (int(value) if value and value.isdecimal() else 0), collate(value or "")

    def place_of(self, table: TableInfo, column: str, value: str) -> Place:
        """What the values of a column are put in order by: their categories, the rows they name, themselves."""
        field = next((item for item in table.fields if item.name == column), None)
        known = [item.value for item in field.categories] if field else []
        if value in known:
            return known.index(value), ("", "")
        for key in table.foreign_keys:
            if key.fields == (column,) and (row := self.shelf.row(key.table, (value,))) is not None:
                return self.place(key.table, row)
        return len(known), collate(value)

    def localized(self, table: str, stem: str, row: Row, most: int = LONGEST) -> Markup:
        """A text of a row in the page's language, or in the main one, marked; empty where there is none."""
        info = self.shelf.info.table(table)
        name = localized(info, stem, self.words.language, self.languages)
        value = row.get(name) if name else None
        return self.text(info.column(name), value, most) if value else Markup("")

    def when(self, stem: str, row: Row) -> str:
        """When a row says something was, as exactly as it is known."""
        parts = [row.get(f"{stem}_{end}") for end in ("earliest", "latest", "precision")]
        return self.words.when(*parts)
