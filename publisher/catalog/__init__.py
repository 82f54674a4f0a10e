"""Catalogues for portals and search engines. In: published releases. Out: DCAT-AP 3, schema.org."""

from publisher.catalog.build import build_package, build_root, make_card

__all__ = ["build_package", "build_root", "make_card"]
