"""A package in the words of schema.org, for search engines. In: its metadata, a language, addresses. Out: plain JSON-LD values.

Properties are those of https://developers.google.com/search/docs/appearance/structured-data/dataset.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from publisher import layout
from publisher.package.citation import cite
from publisher.package.metadata import PackageInfo, TableInfo

CONTEXT = "https://schema.org/"
Address = Callable[[str], str]
"""Gives the address of an object by its key, as the document at hand writes it."""


def dataset(info: PackageInfo, language: str, address: Address) -> dict[str, Any]:
    """A schema.org/Dataset. Empty properties are left out."""
    release = layout.release_folder(info.name, info.version)
    found: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "Dataset",
        "@id": address(f"{info.name}/"),
        "name": info.title(language),
        "alternateName": _others(info, language),
        "description": info.description(language) or info.title(language),
        "url": address(f"{info.name}/"),
        "identifier": info.name,
        "version": info.version,
        "dateModified": info.created,
        "datePublished": info.created,
        "inLanguage": language,
        "license": [item.path or item.name for item in info.licenses],
        "keywords": list(info.keywords.get(language) or info.keywords.get("", ())),
        "creator": _organisations(info, language),
        "publisher": _organisations(info, language),
        "isAccessibleForFree": True,
        "spatialCoverage": info.spatial(language),
        "temporalCoverage": "/".join(info.temporal) if any(info.temporal) else "",
        "citation": cite(info, language),
        "isBasedOn": [item.path for item in info.sources if item.path],
        "includedInDataCatalog": {"@type": "DataCatalog", "@id": address(layout.DATA_CATALOG), "url": address("")},
        "distribution": [
            _download(table, file.path, release, address) for table in info.tables for file in table.files
        ],
        "variableMeasured": [
            {"@type": "PropertyValue", "name": item.name, "description": item.title(language)}
            for table in info.tables
            for item in table.fields
        ],
    }
    return {name: value for name, value in found.items() if value not in ("", [], {})}


def data_catalog(languages: Sequence[str], title: str, address: Address) -> dict[str, Any]:
    """A schema.org/DataCatalog of no packages yet."""
    return {
        "@context": CONTEXT,
        "@type": "DataCatalog",
        "@id": address(layout.DATA_CATALOG),
        "name": title,
        "url": address(""),
        "inLanguage": list(languages),
        "dataset": [],
    }


def listed_dataset(info: PackageInfo, address: Address) -> dict[str, Any]:
    """A package as an element of its `dataset`."""
    return {
        "@type": "Dataset",
        "@id": address(f"{info.name}/"),
        "name": info.title.default,
        "description": info.description.default or info.title.default,
        "url": address(f"{info.name}/"),
        "license": [item.path or item.name for item in info.licenses],
    }


def _others(info: PackageInfo, language: str) -> list[str]:
    texts = [info.title.default, *(text for _, text in sorted(info.title.translations.items()))]
    return [text for text in dict.fromkeys(texts) if text != info.title(language)]


def _organisations(info: PackageInfo, language: str) -> list[dict[str, str]]:
    return [
        {"@type": "Organization", "name": item.title(language), **({"url": item.path} if item.path else {})}
        for item in info.contributors
    ]


def _download(table: TableInfo, path: str, release: str, address: Address) -> dict[str, Any]:
    file = next(item for item in table.files if item.path == path)
    return {
        "@type": "DataDownload",
        "name": file.path,
        "contentUrl": address(release + file.path),
        "encodingFormat": file.mediatype,
        "contentSize": f"{file.bytes} B",
        "sha256": file.sha256,
    }
