"""How a release is cited, read by programs and found by search engines. In: its metadata, a language. Out: citations, snippets, JSON-LD."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from publisher import layout
from publisher.package.citation import bibtex, cite, csl_json, ris
from publisher.package.metadata import PackageInfo, TableInfo
from publisher.site import structured
from publisher.site.links import Links
from publisher.site.snippets import Snippet, snippets

NOWHERE = "https://ADDRESS-OF-THIS-SITE/"
"""Stands in snippets for the site's address where nobody told it; the script puts the real one in its place."""


@dataclass(frozen=True, slots=True)
class Citations:
    """A citation as a sentence and in the forms that programs read."""

    sentence: str
    forms: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Reuse:
    """Of one release, on a page of one language; `prefix` is that of the language's pages."""

    info: PackageInfo
    language: str
    links: Links
    prefix: str

    @property
    def citations(self) -> Citations:
        info, language = self.info, self.language
        address = self.links.absolute(layout.page(self.prefix, info.name, "v", info.version, "/"))
        forms = (
            ("BibTeX", bibtex(info, language, address)),
            ("RIS", ris(info, language, address)),
            ("CSL-JSON", csl_json(info, language, address)),
        )
        return Citations(cite(info, language, address), forms)

    def snippets(self, table: TableInfo) -> list[Snippet]:
        folder = layout.release_folder(self.info.name, self.info.version)
        return list(snippets(table, layout.address(self.links.base or NOWHERE, "", folder)))

    def card(self) -> Markup:
        """The package as search engines read it."""
        files = [
            {"href": self._address(file.path), "type": file.mediatype, "label": file.path}
            for table in self.info.tables
            for file in table.files
        ]
        return structured.script(
            structured.dataset(self.info, self.language, self.links.absolute(self.links.key), files)
        )

    def _address(self, name: str) -> str:
        key = layout.release_file(self.info.name, self.info.version, name)
        return self.links.absolute(key) or self.links.to(key)
