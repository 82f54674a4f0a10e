"""Whom readers write to: addresses that were given, and never one that was not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from publisher.package.metadata import read_metadata
from publisher.site.contact import contacts, report_address
from tests.site.test_other_packages import site_of, table
from tests.site.test_pages import Reader


def of(*contributors: dict[str, Any]) -> list[tuple[str, str]]:
    info = read_metadata({"name": "p", "contributors": list(contributors), "resources": []})
    return [(item.name, item.href) for item in contacts(info, "en")]


def test_roles_decide_who_is_asked_first() -> None:
    assert of(
        {"title": "Author", "path": "https://example.org/author"},
        {"title": "Keeper", "email": "keeper@example.org", "roles": ["maintainer"]},
        {"title": "Desk", "email": "desk@example.org", "roles": ["contact person"]},
        {"title": "Nobody", "roles": ["contact"]},
    ) == [
        ("Desk", "mailto:desk@example.org"),
        ("Keeper", "mailto:keeper@example.org"),
        ("Author", "https://example.org/author"),
    ]


@pytest.mark.parametrize(
    "mail", ["nobody", "a@b", "a b@example.org", "a@example.org?bcc=x@example.org", "a@example.org\nx"]
)
def test_what_is_no_address_is_none(mail: str) -> None:
    assert of({"title": "X", "email": mail}) == []


def test_a_letter_begins_with_what_it_is_about() -> None:
    info = read_metadata({"name": "p", "contributors": [{"title": "X", "email": "x@example.org"}], "resources": []})
    assert (
        report_address(contacts(info, "en")[0], "p 1.0.0, t, a&b")
        == "mailto:x@example.org?subject=p%201.0.0%2C%20t%2C%20a%26b"
    )


def test_pages_lead_there(tmp_path: Path) -> None:
    who = {"title": "The desk", "email": "desk@example.org", "roles": ["contact"]}
    descriptor = {"name": "p", "contributors": [who], "site": {"records": [{"table": "t", "title": "id"}]}}
    found = site_of(tmp_path, descriptor, table("t", [{"id": "a"}], id={"type": "string"}))
    links = [item.get("href", "") for item in Reader(found["p/records/t/a.html"].decode()).of("a")]
    assert "mailto:desk@example.org?subject=p%201.0.0%2C%20t%2C%20a" in links
    assert b"mailto:desk@example.org" in found["p/index.html"]
    assert b"desk@example.org" in found["p/about.html"]


def test_without_an_address_pages_say_so(tmp_path: Path) -> None:
    found = site_of(tmp_path, {"name": "p"}, table("t", [{"id": "a"}], id={"type": "string"}))
    assert b"No address for questions or errors was given with this release." in found["p/index.html"]
    assert not any(b"mailto:" in body for body in found.values())
