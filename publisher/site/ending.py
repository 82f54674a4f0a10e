"""What will go away, for people. In: what was announced. Out: Ending: a sentence, a reason, what to use instead.

`publisher/feeds/ending.py` says the same to programs. Pages know no clock, so they name the day and do not count to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from publisher.model import Descriptor
from publisher.package.metadata import text
from publisher.site.cells import marked
from publisher.site.words import Words, mark

_DATED = {
    "package": mark("This package will end on {day}."),
    "table": mark("This table will end on {day}."),
    "column": mark("This column will end on {day}."),
}
_UNDATED = {
    "package": mark("This package will end."),
    "table": mark("This table will end."),
    "column": mark("This column will end."),
}
_WEB = ("https://", "http://")
_LINK, _NAME = Markup('<a href="{}">{}</a>'), Markup("<bdi>{}</bdi>")


@dataclass(frozen=True, slots=True)
class Ending:
    """An announced end. `instead` is a link where the successor has a page here or an address; it and `reason` may be empty."""

    sentence: str
    reason: Markup
    instead: Markup


def tell_ending(
    announced: Descriptor, kind: str, words: Words, main: str, places: Mapping[str, tuple[str, str]]
) -> Ending | None:
    """`kind` is package, table or column; `places` are title and address of what may take its place, by name."""
    if not announced:
        return None
    until, said = str(announced.get("until") or ""), text(announced, "reason")
    return Ending(
        words(_DATED[kind], day=words.day(until)) if until else words(_UNDATED[kind]),
        marked(said, said(words.language), words.language, main),
        _successor(str(announced.get("replaced_by") or ""), places),
    )


def _successor(name: str, places: Mapping[str, tuple[str, str]]) -> Markup:
    if not name:
        return Markup("")
    title, address = places.get(name, (name, name if name.startswith(_WEB) else ""))
    return _LINK.format(address, title) if address else _NAME.format(title)
