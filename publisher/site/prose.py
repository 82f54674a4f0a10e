"""Descriptions as people write them: plain text or CommonMark (Data Package 2.0). In: a description. Out: text alone, or safe HTML."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

_MARKS = re.compile(r"[*_`\[\]#<>&\\]|\n\s*[-+\d]")
"""Without any of these a text is what it says."""


def plain(text: str) -> str:
    """The words of a description in one line, without marks."""
    if not _MARKS.search(text):
        return " ".join(text.split())
    parts: list[str] = []
    for token in _parser().parse(text):
        parts += [_words(child) for child in token.children or ()]
        parts.append(token.content if token.type in {"fence", "code_block"} else " " * token.type.endswith("_close"))
    return " ".join("".join(parts).split())


def _words(token: Token) -> str:
    return token.content if token.type in {"text", "code_inline"} else " " * token.type.endswith("break")


def html(text: str) -> Markup:
    """Paragraphs, lists and links. HTML in it stays text, headings and pictures are left out, addresses that run something are no links."""
    return Markup(_parser().render(text))  # noqa: S704 - the parser escapes, and was told not to let HTML through


def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).disable(["heading", "lheading", "image"])
