"""Static API and feeds of a package. In: published releases. Out: objects for programs (docs/api.md)."""

from publisher.feeds.build import build
from publisher.feeds.root import build_description, build_root, make_card

__all__ = ["build", "build_description", "build_root", "make_card"]
