"""What search engines read in a page: schema.org as JSON-LD. In: a release's metadata, addresses. Out: text for a script element."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from publisher.package.metadata import PackageInfo
from publisher.site.prose import plain

CONTEXT = "https://schema.org/"


def dataset(info: PackageInfo, language: str, address: str, files: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """A schema.org Dataset; `files` have `href` (absolute where the site knows its address), `type`, `label`."""
    start, end = info.temporal
    found: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "Dataset",
        "name": info.title(language),
        "description": plain(info.description(language))[:5000],
        "url": address,
        "version": info.version,
        "dateModified": info.created,
        "inLanguage": language,
        "isAccessibleForFree": True,
        "license": next((item.path for item in info.licenses if item.path), ""),
        "creator": [{"@type": "Organization", "name": item.title(language)} for item in info.contributors],
        "keywords": list(info.keywords.get(language) or info.keywords.get("", ())),
        "temporalCoverage": f"{start}/{end}" if start else "",
        "spatialCoverage": info.spatial(language),
        "variableMeasured": sorted({field.title(language) for table in info.tables for field in table.fields})[:40],
        "distribution": [
            {"@type": "DataDownload", "name": item["label"], "contentUrl": item["href"], "encodingFormat": item["type"]}
            for item in files
        ],
    }
    return {name: value for name, value in found.items() if value not in ("", [])}


def catalog(title: str, language: str, address: str, datasets: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """A schema.org DataCatalog of (name, url) datasets."""
    return {
        "@context": CONTEXT,
        "@type": "DataCatalog",
        "name": title,
        "url": address,
        "inLanguage": language,
        "dataset": [{"@type": "Dataset", **item} for item in datasets],
    }


def script(value: Mapping[str, Any]) -> Markup:
    """JSON that cannot end the element it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704 - escaped right here
