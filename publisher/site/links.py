"""Links between published objects. In: keys. Out: relative addresses, absolute ones where the site has an address."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from publisher import layout


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses as the page at `key` writes them. `base` is the site's address with its final slash, or "". With `anywhere` the page is
    shown at addresses that are not its own, so that only full ones hold."""

    key: str
    base: str = ""
    anywhere: bool = False

    def to(self, key: str, fragment: str = "", query: str = "") -> str:
        """A relative address of another object, so that the site works wherever it is put, opened from a disk too."""
        base = self.base if self.anywhere else ""
        path = "" if key == self.key and (fragment or query) else layout.address(base, self.key, key)
        return path + (f"?{query}" if query else "") + (f"#{quote(fragment, safe='~,')}" if fragment else "")

    def file(self, package: str, version: str, name: str) -> str:
        """A file of a release."""
        return self.to(layout.release_file(package, version, name))

    def absolute(self, key: str) -> str:
        """The full address, or "" where the site does not know its own."""
        return layout.address(self.base, self.key, key) if self.base else ""
