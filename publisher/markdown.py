"""Texts of others in Markdown of ours. In: a text. Out: Markdown that shows it and runs nothing, whatever its reader lets through."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

from markdown_it import MarkdownIt
from markdown_it.token import Token

from publisher.address import is_link

_SIGNS = re.compile(r"[\\`*<>\[\]#|&~]|(?<!\w)_|_(?!\w)")
"""What could begin markup; an underscore inside a word does not."""


def line(text: str) -> str:
    """Text as one line that starts no markup."""
    words = " ".join(_SIGNS.sub(r"\\\g<0>", text).split())
    return f"\\{words}" if words[:1] in {"-", "+", "=", ":"} else words


def link(text: str, address: str) -> str:
    """A link to an address that was found fit (publisher/address.py), or to a file beside the document."""
    return f"[{line(text)}]({quote(address, safe='/:?#@!$&*+,;=~%-._')})"


def block(text: str) -> str:
    """A description, which may be CommonMark (Data Package 2.0): as it is, or without any markup where it has HTML, pictures or links
    that are no links."""
    if all(_is_harmless(token) for token in _tokens(text)):
        return text
    return "\n\n".join(filter(None, (line(part) for part in text.split("\n\n"))))


def _tokens(text: str) -> Iterator[Token]:
    parser = MarkdownIt("commonmark")
    # readers differ in what they let through: all are looked at
    parser.validateLink = lambda url: True  # type: ignore[method-assign] # noqa: ARG005
    for token in parser.parse(text):
        yield token
        yield from token.children or ()


def _is_harmless(token: Token) -> bool:
    if token.type == "link_open":
        return is_link(str(token.attrGet("href")))
    return token.type not in {"html_block", "html_inline", "image"}
