"""Rules of `jsonSchema` that hostile hands wrote: refused as errors of the project, or applied without a fault of ours."""

from __future__ import annotations

from typing import Any

import pytest

from publisher.errors import ProjectError
from publisher.validate.json_rules import JsonRule, check_json_rules

HUGE = "a{99999999999999999999}"


@pytest.mark.parametrize(
    "rule",
    [
        {"pattern": HUGE},
        {"items": {"pattern": HUGE}},
        {"patternProperties": {HUGE: True}},
        {"pattern": "(a+)+"},
        {"pattern": "("},
        {"type": "nothing"},
        {"minimum": "x"},
        {"$ref": "https://example.org/rule.json"},
        {"multipleOf": 0},
        [],
        "x",
    ],
)
def test_a_rule_that_is_none_is_an_error_of_the_project(rule: Any) -> None:
    with pytest.raises(ProjectError, match="field 'a', constraint jsonSchema"):
        check_json_rules({"a": {"jsonSchema": rule}}, "t")


@pytest.mark.parametrize(
    ("rule", "value", "fault"),
    [
        ({"multipleOf": 0.1}, 10**400, "cannot be judged"),
        ({"multipleOf": 0.1}, float("inf"), "cannot be judged"),
        ({"multipleOf": 0.1}, float("nan"), "cannot be judged"),
        ({"multipleOf": 0.5}, 1e300, ""),
        ({"multipleOf": 1e-300}, 1e300, "multiple"),
        ({"maximum": 1.5}, 10**400, "greater than"),
        ({"minLength": 10**30}, "x", "short"),
        ({"maxItems": 1e3}, [], ""),
        ({"pattern": "^a{2}$"}, "aa", ""),
        ({"enum": [10**400]}, 10**400, ""),
        ({"uniqueItems": True}, [[], {}, 1, True, None, "x"], ""),
        ({"uniqueItems": True}, [{"a": 1}, {"a": 1}], "non-unique"),
        ({"format": "regex"}, HUGE, ""),
        (True, 1, ""),
        (False, 1, "False schema"),
    ],
    ids=lambda value: f"{value!s:.30}",
)
def test_values_at_the_edge_are_judged(rule: Any, value: Any, fault: str) -> None:
    check_json_rules({"a": {"jsonSchema": rule}}, "t")
    found = JsonRule(rule).fault(value)
    assert fault in found if fault else found == ""


@pytest.mark.parametrize(
    "rule", [{"$ref": "#"}, {"$ref": "#/$defs/none"}, {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#"}}}]
)
def test_a_reference_without_end_or_without_an_aim_is_an_error_of_the_project(rule: Any) -> None:
    check_json_rules({"a": {"jsonSchema": rule}}, "t")
    with pytest.raises(ProjectError, match="nothing, or to itself"):
        JsonRule(rule).fault({})
