"""Everything that pages share. In: packages, languages, an address. Out: Edition: words, assets by hashed name, templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from publisher import layout
from publisher.canonical import content_hash, sha256_bytes
from publisher.package.workbook import ROW_LIMIT
from publisher.site.shelf import Shelf
from publisher.site.words import Words, read_words

_FOLDERS = ("templates", "assets", "shapes", "charts", "")


@dataclass(frozen=True, slots=True)
class Edition:
    """`languages` begins with the main one, whose pages have no prefix. `base` is the site's address with its final slash, or "".

    `bodies` are the assets by key, `assets` their keys by plain name, `tool` identifies templates, assets and code."""

    languages: tuple[str, ...]
    base: str
    shelves: tuple[Shelf, ...]
    words: Mapping[str, Words]
    assets: Mapping[str, str]
    bodies: Mapping[str, bytes]
    templates: Environment = field(repr=False)
    chart_css: str
    status: bool
    tool: str = ""
    sheet_rows: int = ROW_LIMIT

    def prefix(self, language: str) -> str:
        return "" if language == self.languages[0] else language

    def render(self, template: str, view: Any, **values: Any) -> str:
        return self.templates.get_template(template).render(v=view, _=view.words, count=view.words.count, **values)


def make_edition(
    shelves: Sequence[Shelf], languages: Sequence[str], base: str, share: bytes, *, status: bool
) -> Edition:
    """`share` is the picture of shared links; `status` says whether status.json is there to be read by pages."""
    bodies = _read("assets") | {"share.png": share}
    chart_css = bodies.pop("chart.css")
    bodies["site.css"] += chart_css
    assets = {name: layout.asset(name, sha256_bytes(body)) for name, body in bodies.items()}
    templates = {name: body.decode() for name, body in _read("templates").items()}
    environment = Environment(
        loader=FunctionLoader(templates.get),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    return Edition(
        tuple(languages),
        base if not base or base.endswith("/") else base + "/",
        tuple(shelves),
        {language: read_words(language) for language in languages},
        assets,
        {assets[name]: body for name, body in bodies.items()},
        environment,
        chart_css=chart_css.decode(),
        status=status,
        tool=_identity(languages),
    )


def _read(folder: str) -> dict[str, bytes]:
    return {item.name: item.read_bytes() for item in _items(folder)}


def _items(folder: str) -> list[Traversable]:
    root = files("publisher.site")
    found = [item for item in (root.joinpath(folder) if folder else root).iterdir() if item.is_file()]
    return sorted(found, key=lambda item: item.name)


def _identity(languages: Sequence[str]) -> str:
    """Changes with anything of this package that pages are made by."""
    parts = [[folder, item.name, sha256_bytes(item.read_bytes())] for folder in _FOLDERS for item in _items(folder)]
    for language in languages:
        for domain in ("site", "workbook"):
            catalogue = files("publisher").joinpath("locale", language, f"{domain}.po")
            parts.append([language, domain, sha256_bytes(catalogue.read_bytes()) if catalogue.is_file() else ""])
    return content_hash(parts)
