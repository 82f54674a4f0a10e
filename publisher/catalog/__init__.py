"""Catalogues for portals and search engines. In: published releases. Out: DCAT-AP 3, schema.org."""

from publisher.catalog.build import build

__all__ = ["build"]
