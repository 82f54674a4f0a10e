"""The website. In: published releases. Out: pages for people, as objects of the store, those of one package or those of all."""

from publisher.site.build import Page, build_lists, build_package, build_release, build_root, folders
from publisher.site.cards import make_card
from publisher.site.edition import Edition, make_edition
from publisher.site.memory import Memory
from publisher.site.notices import notices
from publisher.site.shelf import Shelf

__all__ = [
    "Edition",
    "Memory",
    "Page",
    "Shelf",
    "build_lists",
    "build_package",
    "build_release",
    "build_root",
    "folders",
    "make_card",
    "make_edition",
    "notices",
]
