"""SemVer of data: every scenario of the Data Package recipe, levels that people ask for, numbers that are taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.errors import GateRefused, UsageError
from publisher.version import LEVELS, RULES, Bump, Fact, compare, expect, next_version, parse, raise_level, rule

NUMBERS = st.builds("{}.{}.{}".format, *[st.integers(0, 10**6)] * 3)


def bump(level: str, reason: str = "") -> Bump:
    return Bump(level, "rows_added", level, reason)


@given(left=NUMBERS, right=NUMBERS)
def test_order_is_that_of_the_numbers(left: str, right: str) -> None:
    one, two = ([int(part) for part in text.split(".")] for text in (left, right))
    assert compare(left, right) == (one > two) - (one < two)
    assert str(parse(left)) == left


@pytest.mark.parametrize(
    "text", ["", "1", "1.0", "1.0.0.0", "01.0.0", "v1.0.0", "1.0.0-rc.1", "1.0.0+x", " 1.0.0", "1.0.0\n", "١.٠.٠"]
)
def test_what_is_no_version(text: str) -> None:
    with pytest.raises(UsageError, match="not a version number"):
        parse(text)


def test_every_rule_stands_below_those_of_higher_levels() -> None:
    levels = [LEVELS.index(level) for level, _ in RULES.values()]
    assert levels == sorted(levels, reverse=True)


@pytest.mark.parametrize("kind", RULES)
def test_each_kind_of_fact_decides_alone(kind: str) -> None:
    found = rule([Fact(kind, "members", "status")])
    assert (found.level, found.rule) == (RULES[kind][0], kind)
    assert "members.status" in found.explanation


@given(kinds=st.lists(st.sampled_from([*RULES]), min_size=1))
def test_the_highest_level_wins_in_any_order(kinds: list[str]) -> None:
    found = rule(Fact(kind) for kind in kinds)
    assert found.level == max((RULES[kind][0] for kind in kinds), key=LEVELS.index)
    assert found == rule(Fact(kind) for kind in reversed(kinds))


def test_what_people_did_explains_a_number_before_what_followed_from_it() -> None:
    for done, followed in [("rows_added", "added"), ("rows_removed", "removed"), ("rows_withdrawn", "changed")]:
        assert rule([Fact(f"computed_rows_{followed}"), Fact(done)]).rule == done


def test_nothing_but_bytes_is_a_patch() -> None:
    assert rule([]).level == "patch"
    assert rule([]).rule == "rewritten"


def test_places_are_named_a_few_at_a_time() -> None:
    assert rule(Fact("field_removed", "t", name) for name in "abcde").explanation.endswith("(t.a, t.b, t.c and 2 more)")


@pytest.mark.parametrize(
    ("parent", "level", "expected"),
    [
        (None, "major", "1.0.0"),
        ("1.4.2", "major", "2.0.0"),
        ("1.4.2", "minor", "1.5.0"),
        ("1.4.2", "patch", "1.4.3"),
        ("0.1.0", "major", "0.2.0"),
        ("0.1.0", "minor", "0.2.0"),
        ("0.1.0", "patch", "0.1.1"),
    ],
)
def test_next_number(parent: str | None, level: str, expected: str) -> None:
    assert next_version(parent, bump(level)) == expected


def test_a_consultation_starts_below_one_and_leaves_it_by_decision() -> None:
    assert next_version(None, bump("major"), first="0.1.0") == "0.1.0"
    decided = raise_level(bump("minor"), "major", "The consultation is over")
    assert next_version("0.3.1", decided) == "1.0.0"
    assert next_version("0.3.1", raise_level(bump("major"), "major", "It is over")) == "1.0.0"


def test_numbers_that_were_claimed_are_passed_over() -> None:
    assert next_version("1.0.0", bump("minor"), taken={"1.1.0", "1.2.0", "2.0.0"}) == "1.3.0"
    assert next_version("1.0.0", bump("major"), taken={"2.0.0"}) == "3.0.0"
    assert next_version("1.0.0", bump("patch"), taken={"1.0.1"}) == "1.0.2"
    assert next_version(None, bump("major"), taken={"1.0.0"}) == "1.1.0"
    assert next_version("0.9.0", bump("major", "ready"), taken={"1.0.0"}) == "2.0.0"


@given(parent=NUMBERS, level=st.sampled_from(LEVELS), taken=st.sets(NUMBERS))
def test_the_next_number_is_higher_and_free(parent: str, level: str, taken: set[str]) -> None:
    found = next_version(parent, bump(level), taken)
    assert compare(found, parent) == 1
    assert found not in taken


def test_a_lower_level_is_refused() -> None:
    with pytest.raises(GateRefused, match="cannot be published as patch") as refused:
        raise_level(rule([Fact("field_removed", "members", "note")]), "patch", "it is small")
    assert refused.value.exit_code == 6
    assert "members.note" in str(refused.value)


def test_a_higher_level_needs_a_reason() -> None:
    with pytest.raises(UsageError, match="without a reason"):
        raise_level(bump("patch"), "major", " ")
    raised = raise_level(bump("patch"), "minor", "A whole chapter was revised")
    assert (raised.level, raised.reason) == ("minor", "A whole chapter was revised")
    assert "A whole chapter" in raised.explanation


def test_the_computed_level_needs_none() -> None:
    assert raise_level(bump("minor"), "minor", "") == bump("minor")
    with pytest.raises(UsageError, match="no level"):
        raise_level(bump("minor"), "huge", "x")


def test_expectations() -> None:
    expect("1.4.0", "1.4.0")
    with pytest.raises(GateRefused, match=r"would be 1\.5\.0, and 1\.4\.0 was expected"):
        expect("1.5.0", "1.4.0")
    with pytest.raises(UsageError):
        expect("1.5.0", "next")
