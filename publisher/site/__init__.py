"""The website. In: published releases. Out: pages for people, as objects of the store, those of one package or those of all."""

from publisher.site.build import Page, build_package, build_root, folders
from publisher.site.cards import make_card
from publisher.site.edition import Edition, make_edition
from publisher.site.notices import notices

__all__ = ["Edition", "Page", "build_package", "build_root", "folders", "make_card", "make_edition", "notices"]
