"""The documentation keeps up: every command, exit code and finding is told of, every link leads somewhere."""

from __future__ import annotations

import re

import pytest

from publisher import errors
from publisher.cli import COMMANDS
from publisher.findings import HOUSE
from publisher.privacy import FIELD_KEYS, KINDS
from publisher.project.package import PACKAGE_KEYS, RESOURCE_KEYS
from tests.tools import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
TEXT = {page.name: page.read_text(encoding="utf-8") for page in PAGES}
ALL = "\n".join(TEXT.values())


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_told_of(command: str) -> None:
    assert f"publisher {command}" in ALL


@pytest.mark.parametrize("code", HOUSE)
def test_every_finding_of_our_own_is_told_of(code: str) -> None:
    assert code in TEXT["validation.md"]


@pytest.mark.parametrize("key", [*PACKAGE_KEYS, *RESOURCE_KEYS])
def test_every_setting_of_a_package_is_told_of(key: str) -> None:
    assert re.search(rf"\b{key}\b", TEXT["settings.md"] + TEXT["changes.md"] + TEXT["validation.md"])


@pytest.mark.parametrize("key", FIELD_KEYS)
def test_every_setting_of_a_column_is_told_of(key: str) -> None:
    assert f"`{key}`" in TEXT["settings.md"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_personal_data_is_told_of(kind: str) -> None:
    assert f"`{kind}`" in TEXT["security.md"]


def test_every_exit_code_is_told_of() -> None:
    classes = [
        item for item in vars(errors).values() if isinstance(item, type) and issubclass(item, errors.PublisherError)
    ]
    for code in {item.exit_code for item in classes}:
        assert f"| {code} |" in TEXT["getting-started.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: object) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", TEXT[page.name]):  # type: ignore[attr-defined]
        if "://" not in target:
            assert (page.parent / target).exists(), target  # type: ignore[attr-defined]


def test_no_target_is_written_twice() -> None:
    targets = re.findall(r"^([^\s#:=]+):(?!=)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert sorted(targets) == sorted(set(targets))
