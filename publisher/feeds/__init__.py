"""Static API and feeds of a package. In: published releases. Out: objects for programs (docs/api.md)."""

from publisher.feeds.build import build
from publisher.feeds.news import News, Voice, build_archives, make_voice
from publisher.feeds.past import Memory
from publisher.feeds.root import build_description, build_root, make_card

__all__ = [
    "Memory",
    "News",
    "Voice",
    "build",
    "build_archives",
    "build_description",
    "build_root",
    "make_card",
    "make_voice",
]
