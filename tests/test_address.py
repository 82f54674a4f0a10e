"""What pages may link to."""

from __future__ import annotations

import pytest

from publisher.address import is_link, is_mail


@pytest.mark.parametrize(
    ("text", "fit"),
    [
        ("https://example.org", True),
        ("http://example.org:80/a?b=c#d", True),
        ("HTTPS://EXAMPLE.org/é", True),
        ("https://[::1]/x", True),
        ("https://example.org/@name", True),
        ("sources/report.pdf", True),
        ("//example.org/x", True),
        ("", False),
        ("https://", False),
        ("https:///x", False),
        ("https://user@example.org/", False),
        ("https://user:password@example.org", False),
        ("javascript:alert(1)", False),
        ("JAVASCRIPT:alert(1)", False),
        (" javascript:alert(1)", False),
        ("java\tscript:alert(1)", False),
        ("data:text/html,x", False),
        ("vbscript:x", False),
        ("file:///etc/passwd", False),
        ("a b", False),
        ("x<y", False),
        ('x"y', False),
        ("x\u2028y", False),
    ],
)
def test_links(text: str, fit: bool) -> None:
    assert is_link(text) is fit


@pytest.mark.parametrize(
    ("text", "fit"),
    [
        ("a@example.org", True),
        ("a.b+c@example.org", True),
        ("a", False),
        ("a@b?cc=c@d", False),
        ("<a@b>", False),
        ("a b@c", False),
    ],
)
def test_mails(text: str, fit: bool) -> None:
    assert is_mail(text) is fit
