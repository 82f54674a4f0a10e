"""One page in one language, as templates see it. In: an Edition, a key, a package. Out: addresses and texts by short names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from markupsafe import Markup, escape

from publisher import layout
from publisher.package.metadata import FieldInfo, PackageInfo, TableInfo, Text
from publisher.site import dictionary, past, structured
from publisher.site.cells import Cells, marked
from publisher.site.contact import Contact, contacts, report_address
from publisher.site.edition import Edition
from publisher.site.ending import Ending, tell_ending
from publisher.site.links import Links
from publisher.site.offers import Offers
from publisher.site.prose import html, plain
from publisher.site.reuse import Reuse
from publisher.site.shelf import Shelf
from publisher.site.states import frequency, state_words
from publisher.site.words import Words

_SENTENCE = re.compile(r"(?<=[\w)\]”»\"'][.؟?!])(?<![\s.][^\W\d_]\.)\s+(?=[^\sa-z\d])")
"""The end of a sentence: not that of an initial or of an abbreviation such as U.S. or e.g."""


@dataclass(frozen=True, slots=True)
class Other:
    """The same page in another language."""

    language: str
    name: str
    direction: str
    href: str
    absolute: str


class View:
    """What a template calls `v`. `parts` are the page's own, below its language: a package, `tables`, a table's name."""

    def __init__(
        self,
        edition: Edition,
        language: str,
        parts: Sequence[str],
        shelf: Shelf | None = None,
        kind: str = "",
        share: str = "",
    ) -> None:
        self.edition, self.language, self.parts, self.kind = edition, language, tuple(parts), kind
        self.words: Words = edition.words[language]
        self.prefix = edition.prefix(language)
        self.key = layout.page(self.prefix, *parts)
        self.links = Links(self.key, edition.base, kind == "missing")
        self.base, self._shelf = edition.base, shelf
        self._info = shelf.info if shelf else None
        self.share = share or (layout.chart_file("", shelf.package, "share", "png") if shelf else "")

    @property
    def shelf(self) -> Shelf:
        assert self._shelf is not None
        return self._shelf

    @property
    def has_package(self) -> bool:
        return self._shelf is not None

    @property
    def info(self) -> PackageInfo:
        """What is said of the release that the page is about: the latest one, unless another was set."""
        assert self._info is not None
        return self._info

    @info.setter
    def info(self, info: PackageInfo) -> None:
        self._info = info

    @cached_property
    def cells(self) -> Cells:
        return Cells(self.shelf, self.words, self.links, self.edition.languages, self.prefix)

    @cached_property
    def offers(self) -> Offers:
        return Offers(self.shelf, self.words, self.links, self.edition.languages[0])

    @property
    def reuse(self) -> Reuse:
        return Reuse(self.info, self.language, self.links, self.prefix)

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
        return self.links.absolute(self.share)

    @property
    def pointer(self) -> str:
        return layout.pointer(self.info.name)

    @property
    def search_key(self) -> str:
        return layout.search_index(self.prefix)

    def here(self, kind: str) -> Markup:
        return Markup(' aria-current="page"') if kind == self.kind else Markup("")

    @property
    def others(self) -> list[Other]:
        """This page in all languages, its own among them."""
        found = []
        for language in self.edition.languages:
            words = self.edition.words[language]
            key = layout.page(self.edition.prefix(language), *self.parts)
            found.append(Other(language, words.name, words.direction, self.links.to(key), self.links.absolute(key)))
        return found

    def framed(self, name: str) -> Markup:
        """What stands around all pages of a kind in one folder alike, made once for all of them."""
        known = self._shelf.framed if self._shelf else {}
        version = self._info.version if self._info else ""
        place = (name, self.language, self.kind, self.key.rpartition("/")[0], version)
        if place not in known:
            known[place] = self.edition.render(f"{name}.html", self)
        return Markup(known[place])  # noqa: S704 - a template escaped it

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

    def say(self, text: Text) -> Markup:
        """A text that may have no translation: then it says which language it is in."""
        return self.marked(text, text(self.language))

    def marked(self, text: Text, shown: str) -> Markup:
        """What is shown of such a text."""
        return marked(text, shown, self.language, self.edition.languages[0])

    def name(self, text: Text, name: str) -> Markup:
        """A title; a name that stands in for one is in no language."""
        return Markup("<bdi>{}</bdi>").format(name) if text.default == name else self.say(text)

    def own(self, text: str) -> Markup:
        """What a maintainer wrote in the main language alone."""
        return self.say(Text(text))

    def plain(self, text: Text) -> str:
        """A description in one line."""
        return plain(text(self.language))

    def prose(self, text: Text) -> Markup:
        """A description in one line, saying its language."""
        return self.marked(text, self.plain(text))

    def paragraphs(self, text: Text) -> Markup:
        """A description with its paragraphs, lists and links."""
        body, main = html(text(self.language)), self.edition.languages[0]
        if self.language == main or self.language in text.translations:
            return body
        return Markup('<div lang="{}" dir="auto">{}</div>').format(main, body)

    @cached_property
    def lead(self) -> tuple[str, str]:
        """The description's first sentence, and the rest."""
        first, *rest = _SENTENCE.split(self.plain(self.info.description), maxsplit=1)
        return first, rest[0] if rest else ""

    def first_sentence(self, text: Text) -> Markup:
        return self.marked(text, _SENTENCE.split(self.plain(text), maxsplit=1)[0])

    @property
    def figures(self) -> list[dict[str, Markup | str]]:
        """Declared numbers that have a label; without any, the rows of the first tables."""
        declared = [item for item in self.shelf.site.counts if item.label]
        if declared:
            return [
                {"label": self.say(item.label), "number": self.words.number(self.shelf.numbers[item.name])}
                for item in declared
            ]
        return [
            {
                "label": escape(self.words("rows in")) + " " + self.name(table.title, table.name),
                "number": self.words.number(table.rows),
            }
            for table in self.info.tables[:4]
        ]

    @property
    def notes(self) -> list[str]:
        return [self.fill(item(self.language)) for item in self.shelf.site.notes]

    def fill(self, text: str) -> str:
        """A declared text with the declared numbers in it: `{members} members`."""
        for name, value in self.shelf.numbers.items():
            text = text.replace("{" + name + "}", self.words.number(value))
        return text

    @property
    def frequency(self) -> str:
        return self.often(self.info.frequency)

    def often(self, code: str) -> str:
        """How often something is updated."""
        return frequency(code, self.words)

    def type(self, field: FieldInfo) -> str:
        return dictionary.type_name(field, self.words)

    def rules(self, table: TableInfo, field: FieldInfo) -> list[Markup]:
        tables = {
            item.name: (self.page(self.info.name, "tables", item.name), item.title(self.language))
            for item in self.info.tables
        }
        return dictionary.rules(table, field, self.words, tables)

    @property
    def ending(self) -> Ending | None:
        """The announced end of the package."""
        return tell_ending(self.info.deprecated, "package", self.words, self.edition.languages[0], {})

    def table_ending(self, table: TableInfo) -> Ending | None:
        places = {
            item.name: (item.title(self.language), self.page(self.info.name, "tables", item.name))
            for item in self.info.tables
        }
        return tell_ending(table.deprecated, "table", self.words, self.edition.languages[0], places)

    def column_ending(self, table: TableInfo, field: FieldInfo) -> Ending | None:
        places = {item.name: (item.title(self.language), f"#column-{self.id(item.name)}") for item in table.fields}
        return tell_ending(field.deprecated, "column", self.words, self.edition.languages[0], places)

    @staticmethod
    def id(name: str) -> str:
        """A name as an element's id."""
        return layout.segment(name)

    @property
    def example(self) -> TableInfo:
        """The table that snippets read where no other is asked for."""
        return self.info.tables[0]

    def tables_behind(self, table: TableInfo) -> list[tuple[str, str]]:
        """Title and page of each table that a query names."""
        words = set(re.findall(r"\w+", table.query))
        return [
            (item.title(self.language), self.page(self.info.name, "tables", item.name))
            for item in self.info.tables
            if item.name in words and item.name != table.name
        ]

    def record_data(self, table: TableInfo, key: str) -> str:
        """A row as a document of the static API."""
        return self.to(layout.data_record(self.info.name, table.name, layout.record_name([key])))

    def catalog_card(self, titles: Mapping[str, Text]) -> Markup:
        """The catalogue, titles by keys of packages' pages, as search engines read it."""
        items = [{"name": title(self.language), "url": self.links.absolute(key)} for key, title in titles.items()]
        return structured.script(structured.catalog(self.words("Open data"), self.language, self.absolute, items))

    @property
    def status_words(self) -> str:
        """What the script calls states and outcomes of status.json, as JSON."""
        return state_words(self.words)

    # People

    @property
    def publishers(self) -> list[str]:
        return [item.title(self.language) for item in self.info.contributors]

    @property
    def contacts(self) -> list[Contact]:
        return contacts(self.info, self.language)

    def report_address(self, about: str = "") -> str:
        """Where an error is reported, the letter begun with what it is about; "" where nobody gave an address."""
        subject = ", ".join(part for part in (f"{self.info.name} {self.info.version}", about) if part)
        return report_address(self.contacts[0], subject) if self.contacts else ""

    # Releases

    def tell(self, entry: Mapping[str, Any]) -> past.Told:
        """A release or a rollback in sentences."""
        return past.tell(entry, self.words, self.release_page(str(entry["version"])))

    @property
    def changes(self) -> list[past.Told]:
        """The current release and those before it, three at most."""
        return [self.tell(entry) for entry in reversed(self.shelf.memory.line)]

    @property
    def back(self) -> past.Back | None:
        return past.told_back(self.shelf.back, self.words)

    def release_page(self, version: str) -> str:
        return self.page(self.info.name, "v", version, "/")

    # Other views

    @property
    def all_words(self) -> Iterator[Words]:
        return iter(self.edition.words.values())

    def home_of(self, language: str) -> str:
        return self.links.to(layout.page(self.edition.prefix(language)))
