"""Texts of others in Markdown: shown as they are, whatever the reader lets through."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from publisher.markdown import block, line
from tests.security.attacks.markup import PAYLOADS
from tests.security.reading import in_markdown


@pytest.mark.parametrize("text", ["a_b", "_a_", "*x* [y](z) `c` <b> # d | e & f ~ g \\", "- x", "= x", "1 & 2"])
def test_a_line_shows_its_text(text: str) -> None:
    shown = MarkdownIt("commonmark").parseInline(line(text))[0].children or []
    assert "".join(token.content for token in shown) == text


def test_a_plain_name_stays_readable() -> None:
    assert line("policy_targets") == "policy_targets"


def test_a_description_keeps_its_markup() -> None:
    text = "See *this* [page](https://example.org/x).\n\n- one\n- two"
    assert block(text) == text


@pytest.mark.parametrize("text", PAYLOADS)
def test_nothing_runs(text: str) -> None:
    assert list(in_markdown(line(text).encode())) == []
    assert list(in_markdown(block(text).encode())) == []
