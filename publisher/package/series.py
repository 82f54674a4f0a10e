"""A list that only grows, known by its end. In: items. Out: Series: full pages, which stay as they are, and what is newest.

With pages of SIZE items, page n (from 1) holds the items from (n - 1) * SIZE on, oldest first, and is there once an item follows it. So
whatever grows with every release, a list of releases or a feed, needs no more of its past than the last two pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

SIZE = 50
"""Items of a page."""
BLOCK = 20
"""Pages of one kind that are kept account of together."""


@dataclass(frozen=True, slots=True)
class Series:
    """`count` items in all, of which `tail` are the last, as JSON has them."""

    count: int = 0
    tail: tuple[Any, ...] = ()

    @property
    def pages(self) -> int:
        """How many full pages there are."""
        return max(0, (self.count - 1) // SIZE)

    def grown(self, items: Iterable[Any]) -> Series:
        """With `items` at its end; the last page from before and everything after it are kept."""
        new = tuple(items)
        start = max(0, self.pages - 1) * SIZE - (self.count - len(self.tail))
        return Series(self.count + len(new), self.tail[start:] + new)

    def page(self, number: int) -> tuple[Any, ...]:
        """The items of a page that is still known."""
        start = (number - 1) * SIZE - (self.count - len(self.tail))
        assert start >= 0, f"page {number} is known no more"
        return self.tail[start : start + SIZE]

    @property
    def newest(self) -> tuple[Any, ...]:
        """The newest SIZE items, fewer where there are not so many; some may stand on the last page as well."""
        return self.tail[-SIZE:]

    @property
    def rest(self) -> tuple[Any, ...]:
        """Items that stand on no page: one at least, if there are any, and SIZE at most."""
        return self.tail[self.pages * SIZE - (self.count - len(self.tail)) :]


@dataclass(frozen=True, slots=True)
class Sheet:
    """An object that tells of the past. `block` names what it is kept account of with; `source` identifies all that its bytes follow
    from."""

    block: str
    key: str
    source: str
    make: Callable[[], bytes]


def turned(before: Series, after: Series) -> Iterator[int]:
    """The pages that are new, and the one before them, which has a following one now."""
    if after.pages > before.pages:
        yield from range(max(1, before.pages), after.pages + 1)


def block(kind: str, number: int, size: int = BLOCK) -> str:
    """The name of the block of a page, or of another thing counted from 1."""
    return f"{kind}/{(number - 1) // size + 1:04}"
