"""A feed before it takes a form. In: a package, a kind of news, a language. Out: Channel and its Items, with their addresses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from publisher import layout
from publisher.package.metadata import PackageInfo


@dataclass(frozen=True, slots=True)
class Item:
    """`text` is plain text, lines apart; `published` and `updated` are RFC 3339; `facts` is what happened, for programs."""

    id: str
    title: str
    text: str
    published: str
    updated: str
    version: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Channel:
    """`kind` is releases or changes; `prefix` the folder of the language's pages ("" for the main one); `id` never changes."""

    info: PackageInfo
    kind: str
    language: str
    prefix: str
    base_url: str
    id: str

    @property
    def authors(self) -> tuple[str, ...]:
        """Who publishes, in the feed's language."""
        found = [item.title(self.language) for item in self.info.contributors]
        return tuple(found) or (self.info.title(self.language),)

    def key(self, number: int, form: str) -> str:
        """Where the feed (0) or an archive of it lies."""
        if number:
            return layout.feed_archive(self.info.name, self.kind, self.language, number, form)
        return layout.feed(self.info.name, self.kind, self.language, form)

    def link(self, source: str, target: str) -> str:
        return layout.address(self.base_url, source, target)

    def home(self) -> str:
        """The key of the package's page."""
        return layout.page(self.prefix, f"{self.info.name}/")

    def page(self, item: Item) -> str:
        """The key of the page that an item is about."""
        return layout.page(self.prefix, self.info.name, f"v/{item.version}/")
