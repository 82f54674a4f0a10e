"""Everything that pages share. In: languages, an address. Out: Edition: words, templates, assets by hashed name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from publisher import layout
from publisher.canonical import content_hash, sha256_bytes
from publisher.load import tool_version
from publisher.site.words import Words, read_words


@dataclass(frozen=True, slots=True)
class Edition:
    """`languages` begins with the main one, whose pages have no prefix. `base` is the site's address with its final slash, or "".

    `bodies` are the assets by key, `assets` their keys by plain name; `status` says whether status.json is there to be read by pages;
    `identity` changes with all that every page follows from."""

    languages: tuple[str, ...]
    base: str
    words: Mapping[str, Words]
    assets: Mapping[str, str]
    bodies: Mapping[str, bytes]
    templates: Environment = field(repr=False)
    chart_css: str
    identity: str

    def prefix(self, language: str) -> str:
        return "" if language == self.languages[0] else language

    def render(self, template: str, view: Any, **values: Any) -> str:
        return self.templates.get_template(template).render(v=view, _=view.words, count=view.words.count, **values)


def make_edition(languages: Sequence[str], base: str) -> Edition:
    bodies = _read("assets")
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
        {language: read_words(language) for language in languages},
        assets,
        {assets[name]: body for name, body in bodies.items()},
        environment,
        chart_css=chart_css.decode(),
        identity=content_hash([tool_version(), list(languages), base, assets, templates]),
    )


def _read(folder: str) -> dict[str, bytes]:
    return {item.name: item.read_bytes() for item in _items(folder)}


def _items(folder: str) -> list[Traversable]:
    found = [item for item in files("publisher.site").joinpath(folder).iterdir() if item.is_file()]
    return sorted(found, key=lambda item: item.name)
