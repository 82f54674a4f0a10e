"""What only the maintainer is told: missing translations and addresses, declarations that come to nothing."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from publisher.model import Package
from publisher.project.project import Project, find_package
from publisher.project.settings import Settings
from publisher.site import notices
from tests.tools import ROOT

LANGUAGES = ("en", "ar", "fr")
ADDRESS = {"title": "Somebody", "email": "data@example.org", "roles": ["maintainer"]}


@pytest.fixture
def alliance() -> Package:
    """The package as it is shipped, with an address, which the project cannot give."""
    found = find_package(Project(ROOT, Settings()), "global-alliance")
    return replace(found, descriptor={**copy.deepcopy(found.descriptor), "contributors": [ADDRESS]})


def test_the_alliance_has_every_text_in_every_language(alliance: Package) -> None:
    assert notices(alliance, LANGUAGES) == []


def test_the_alliance_says_that_it_has_no_address() -> None:
    found = notices(find_package(Project(ROOT, Settings()), "global-alliance"), LANGUAGES)
    assert found == ["contributors: nobody has an `email` or `path`, so readers cannot report an error"]


def test_missing_translations_are_named(alliance: Package) -> None:
    descriptor: dict[str, Any] = dict(alliance.descriptor)
    del descriptor["title@ar"]
    del descriptor["site"]["charts"][0]["title@fr"]
    del descriptor["site"]["notes"][1]["text@ar"]
    members = alliance.resources[0]
    schema = copy.deepcopy(members.schema)
    del schema["fields"][0]["title@ar"]
    changed = replace(
        alliance, descriptor=descriptor, resources=(replace(members, schema=schema), *alliance.resources[1:])
    )
    assert notices(changed, LANGUAGES) == [
        "title: no translation into ar",
        "members.country_code, title: no translation into ar",
        "site.charts coverage, title: no translation into fr",
        "site.notes 2: no translation into ar",
    ]
    assert notices(changed, ("en",)) == []


@pytest.mark.parametrize(
    ("site", "told"),
    [
        ({"chart": []}, "site.chart: there is no such part; known are numbers, records, sources, charts, notes"),
        ({"numbers": {"a": 1}}, "site.numbers: must be a list of objects"),
        ({"numbers": [{"name": "n", "table": "nowhere"}]}, "site.numbers[0].table: there is no table 'nowhere'"),
        (
            {"numbers": [{"name": "n", "table": "members", "where": {"colour": "red"}}]},
            "site.numbers[0].where: table members has no column 'colour'",
        ),
        ({"records": [{"table": "members", "titel": "x"}]}, "site.records[0].titel: there is no such property"),
        (
            {"records": [{"table": "members", "title": "nom"}]},
            "site.records[0].title: table members has no column 'nom', nor one that begins so",
        ),
        (
            {"records": [{"table": "members", "lists": [{"table": "events", "when": "day"}]}]},
            "site.records[0].lists[0].when: table events has no column day_earliest",
        ),
        (
            {"records": [{"table": "commitment_coverage"}]},
            "site.records[0]: table commitment_coverage needs a primary key of one column",
        ),
        (
            {"charts": [{"name": "c", "kind": "pie", "table": "members"}]},
            "site.charts[0].kind: 'pie' does not fit table members, so the chart is not drawn",
        ),
        (
            {"charts": [{"name": "c", "kind": "map", "table": "members", "country": "country_code"}]},
            "site.charts[0].group: None does not fit table members, so the chart is not drawn",
        ),
        ("charts", "site: must be an object (docs/site.md, Declarations)"),
    ],
)
def test_declarations_that_come_to_nothing_are_named(alliance: Package, site: Any, told: str) -> None:
    changed = replace(alliance, descriptor={**alliance.descriptor, "site": site})
    assert told in notices(changed, ("en",))
