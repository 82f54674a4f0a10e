"""Texts as people write them: descriptions in plain words or CommonMark (Data Package 2.0), titles with HTML in them. In: a text. Out:
its words alone, or HTML that is safe."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

_MARKS = re.compile(r"[*_`\[\]#<>&\\]|\n\s*[-+\d=]")
"""Without any of these a text is what it says."""
_TAG = re.compile(r"</?(?:a|abbr|b|br|code|em|font|i|p|small|span|strong|sub|sup|u)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_ENTITIES = {"&amp;": "&", "&quot;": '"', "&#39;": "'", "&nbsp;": " "}
_BARE = {"html_block", "html_inline", "image"}


def without_tags(text: str) -> str:
    """A title without the tags that it was copied with; what only looks like one (`a < b`) stays."""
    if "<" in text:
        text = _TAG.sub("", text)
    if "&" in text:
        for name, sign in _ENTITIES.items():
            text = text.replace(name, sign)
    return text


def plain(text: str) -> str:
    """The words of a description in one line, without marks, headings and HTML."""
    if not _MARKS.search(text):
        return " ".join(text.split())
    parts: list[str] = []
    for token in _tokens(text):
        if token.type not in {"heading_open", "heading_close"}:
            parts += [_words(child) for child in token.children or ()]
            parts.append(
                token.content if token.type in {"fence", "code_block"} else " " * token.type.endswith("_close")
            )
    return " ".join("".join(parts).split())


def html(text: str) -> Markup:
    """Paragraphs, lists and links. HTML and pictures are left out, headings are paragraphs, addresses that run something are no links."""
    parser = _parser()
    tokens = list(_tokens(text, keep_headings=True))
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = "p"
    return Markup(parser.renderer.render(tokens, parser.options, {}))  # noqa: S704 - it escapes, and HTML was taken out


def _tokens(text: str, *, keep_headings: bool = False) -> Iterator[Token]:
    """Without HTML and pictures, and without headings where they are not wanted."""
    heading = False
    for token in _parser().parse(text):
        heading = token.type == "heading_open" or (heading and token.type != "heading_close")
        if token.type not in _BARE and (keep_headings or not heading):
            token.children = [child for child in token.children or () if child.type not in _BARE]
            yield token


def _words(token: Token) -> str:
    return token.content if token.type in {"text", "code_inline"} else " " * token.type.endswith("break")


def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark")
