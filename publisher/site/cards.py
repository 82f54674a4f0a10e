"""A package on pages that show several. In: its latest release. Out: a card, plain JSON that is kept; Told: the card as templates see it.

Only facts, no pages: what a page looks like may change without any package being read again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from markupsafe import Markup

from publisher import layout
from publisher.package.metadata import Link, Text
from publisher.package.published import Published
from publisher.site.edition import Edition
from publisher.site.ending import Ending
from publisher.site.indexes import search_entries
from publisher.site.past import Back, told_back
from publisher.site.share import countries
from publisher.site.shelf import Shelf
from publisher.site.view import View
from publisher.site.words import Words

Card = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Showcase:
    """What the home page tells of a package where there are few: `lead` is the description's first sentence, `figures` are labels and
    numbers, `files` what most readers want, `ending` its end where one is announced."""

    tables: int
    licenses: tuple[Link, ...]
    lead: Markup
    figures: Sequence[Mapping[str, str]]
    files: Sequence[Mapping[str, str]]
    ending: Ending | None


@dataclass(frozen=True, slots=True)
class Told:
    """One package; `prefix` is that of its pages in the language in which it is told here: the page's own or, where it has none in that,
    its main one, which `foreign` then names. `frequency` is a code of the EU's list, as PackageInfo has it. `showcase` is there where
    there are few packages, `back` where a later release was taken back."""

    package: str
    title: Text
    version: str
    created: str
    frequency: str
    showcase: Showcase | None
    back: Back | None
    prefix: str
    foreign: str

    def key(self, *parts: str) -> str:
        """Of its first page, or of another."""
        return layout.page(self.prefix, self.package, *parts, "/")


def make_card(
    edition: Edition, published: Published, *, whole: bool, back: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What the site of the store needs of a package; `whole` where the home page tells what it holds, `back` as Shelf has it. Raises
    NotFound, Damaged."""
    shelf = Shelf(published)
    info = shelf.info
    card: dict[str, Any] = {
        "languages": list(edition.languages),
        "title": _plain(info.title),
        "version": info.version,
        "created": info.created,
        "frequency": info.frequency,
        "back": {name: back[name] for name in ("from", "version", "at", "reason") if name in back} if back else {},
        "search": {language: search_entries(edition, language, shelf) for language in edition.languages},
    }
    if whole:
        card |= {
            "tables": len(info.tables),
            "licenses": [{"title": _plain(item.title), "path": item.path, "name": item.name} for item in info.licenses],
            "countries": sorted(countries(shelf)),
            "shown": {language: _shown(View(edition, language, (), shelf, "home")) for language in edition.languages},
        }
    return card


def read_card(package: str, card: Card, words: Words) -> Told:
    """What make_card made, in a language, or in the main one of a package that has no pages in that."""
    language = language_told(card, words.language)
    showcase = None
    if "shown" in card:
        shown = card["shown"][language]
        figures = [{**item, "label": Markup(item["label"])} for item in shown["figures"]]  # noqa: S704 - escaped when it was made
        showcase = Showcase(
            int(card["tables"]),
            tuple(Link(Text(*item["title"]), item["path"], item["name"], {}) for item in card["licenses"]),
            Markup(shown["lead"]),  # noqa: S704 - escaped when it was made
            figures,
            shown["files"],
            _ending(shown["ending"]) if shown["ending"] else None,
        )
    back = told_back(card["back"], words)
    return Told(
        package,
        Text(*card["title"]),
        card["version"],
        card["created"],
        card["frequency"],
        showcase,
        back,
        "" if language == card["languages"][0] else language,
        "" if language == words.language else language,
    )


def language_told(card: Card, language: str) -> str:
    """The language in which a package is told on a page in `language`."""
    return language if language in card["languages"] else str(card["languages"][0])


def _shown(view: View) -> dict[str, Any]:
    """In the language of the view, which is that of a home page, with its addresses."""
    lead = view.lead[0]
    return {
        "lead": str(view.marked(view.info.description, lead)) if lead else "",
        "figures": [{"label": str(item["label"]), "number": str(item["number"])} for item in view.figures],
        "ending": asdict(view.ending) if view.ending else None,
        "files": [{"href": item.href, "label": item.label, "detail": item.detail} for item in view.offers.package],
    }


def _ending(kept: Mapping[str, str]) -> Ending:
    return Ending(kept["sentence"], Markup(kept["reason"]), Markup(kept["instead"]))  # noqa: S704 - escaped when it was made


def _plain(text: Text) -> list[Any]:
    return [text.default, dict(text.translations)]
