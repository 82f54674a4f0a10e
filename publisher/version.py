"""Version numbers of data. In: facts about what changed, the parent's number. Out: the rule that fired, the next number.

The rules are those of the design (publishing.md, Version numbers) and, where it is silent, of the Data Package recipe
(https://datapackage.org/recipes/data-package-version/). docs/changes.md holds them side by side with the one difference:
a column that is added is minor here, since tables are read by the names of their columns, and major in the recipe.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from publisher.errors import GateRefused, UsageError

LEVELS = ("patch", "minor", "major")
_NUMBER = re.compile(
    r"(0|[1-9][0-9]{0,17})\.(0|[1-9][0-9]{0,17})\.(0|[1-9][0-9]{0,17})(?:\+redacted\.[1-9][0-9]{0,8})?"
)

RULES: Mapping[str, tuple[str, str]] = {
    "package_renamed": ("major", "the package has another name or id"),
    "table_removed": ("major", "a table was removed"),
    "table_renamed": ("major", "a table was renamed"),
    "field_removed": ("major", "a column was removed"),
    "field_renamed": ("major", "a column was renamed"),
    "field_retyped": ("major", "a column has another type or format"),
    "fields_reordered": ("major", "columns stand in another order"),
    "key_changed": ("major", "rows are identified by another key"),
    "constraint_tightened": ("major", "a constraint became stricter"),
    "referenced_rows_removed": ("major", "rows that other tables may refer to were removed without a reason"),
    "table_added": ("minor", "a table was added"),
    "field_added": ("minor", "a column was added"),
    "rows_added": ("minor", "rows were added"),
    "rows_returned": ("minor", "rows came back"),
    "rows_removed": ("minor", "rows were removed without a reason"),
    "computed_rows_added": ("minor", "rows came into computed tables, since what these are computed from changed"),
    "computed_rows_removed": ("minor", "rows left computed tables, since what these are computed from changed"),
    "constraint_relaxed": ("minor", "a constraint became less strict"),
    "reference_changed": ("minor", "a column refers to another table"),
    "rows_corrected": ("patch", "values were corrected"),
    "rows_withdrawn": ("patch", "rows were removed with a reason"),
    "computed_rows_changed": ("patch", "values of computed tables changed with what these are computed from"),
    "deprecated": ("patch", "the end of a column or table was announced"),
    "metadata_changed": ("patch", "only descriptions changed"),
    "rewritten": ("patch", "the same rows were written anew"),
}
"""Every kind of fact: the level it asks for and the sentence that explains it. First of a level comes first in explanations."""


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """A version number, ordered as SemVer 2.0.0 orders them. A release from which something was removed by law keeps its number with a
    mark that does not count in that order (`1.4.0+redacted.1`)."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


FIRST = Version(1, 0, 0)


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that changed: a kind of RULES, where (table and column, either may be empty) and how many rows or properties."""

    kind: str
    table: str = ""
    field: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True)
class Bump:
    """The level a release needs, the rule that fired and a sentence saying why; `reason` where a person raised the level."""

    level: str
    rule: str
    explanation: str
    reason: str = ""


def parse(text: str) -> Version:
    """`1.4.0` or `1.4.0+redacted.1` as a Version. Raises UsageError for anything else, pre-release parts included."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise UsageError(f"{text!r} is not a version number", "Write three numbers, such as 1.4.0.")
    return Version(*(int(part) for part in match.groups()))


def redacted(version: str, number: int) -> str:
    """The name of a release that takes the place of `version`, the `number`th one."""
    return f"{plain(version)}+redacted.{number}"


def plain(version: str) -> str:
    """A version without the mark of a redaction."""
    return version.partition("+")[0]


def compare(left: str, right: str) -> int:
    """-1, 0 or 1 as `left` is older than, equal to or newer than `right`. Raises UsageError."""
    one, other = parse(left), parse(right)
    return (one > other) - (one < other)


def rule(facts: Iterable[Fact]) -> Bump:
    """The highest level that any fact asks for, and which rule that was.

    No fact at all means that equal rows and metadata were written as other bytes, which is a patch (`rewritten`).
    """
    found = list(facts) or [Fact("rewritten")]
    order = list(RULES)
    first = min(found, key=lambda fact: (order.index(fact.kind), fact.table, fact.field))
    level, sentence = RULES[first.kind]
    places = list(dict.fromkeys(_place(fact) for fact in found if fact.kind == first.kind and _place(fact)))
    shown = ", ".join(places[:3]) + (f" and {len(places) - 3} more" if len(places) > 3 else "")
    return Bump(level, first.kind, f"{level}: {sentence}" + (f" ({shown})" if shown else ""))


def _place(fact: Fact) -> str:
    return f"{fact.table}.{fact.field}" if fact.field else fact.table


def raise_level(computed: Bump, level: str, reason: str) -> Bump:
    """The level that a person asks for in place of the computed one; with a reason, the computed one may be asked for, too.

    Raises GateRefused for a lower level, UsageError for a higher one without a reason or for no level at all.
    """
    if level not in LEVELS:
        raise UsageError(f"{level!r} is no level of a version", f"Use one of {', '.join(reversed(LEVELS))}.")
    if LEVELS.index(level) < LEVELS.index(computed.level):
        raise GateRefused(
            f"what changed is {computed.explanation}; it cannot be published as {level}",
            f"Publish it as {computed.level}, or take the change back.",
        )
    if level == computed.level and not reason.strip():
        return computed
    if not reason.strip():
        raise UsageError(
            f"the changes are {computed.level}, and {level} was asked for without a reason",
            "Say why readers should see the higher number: --reason TEXT.",
        )
    return Bump(level, computed.rule, f"{level}: {reason.strip()} (computed: {computed.explanation})", reason.strip())


def next_version(parent: str | None, bump: Bump, taken: Collection[str] = (), first: str = "") -> str:
    """The first free number of the bump's level above the parent; numbers in `taken` were claimed and are never reused.

    Without a parent it is `first` (1.0.0 unless the package says otherwise, 0.1.0 for a consultation). Below 1.0.0 a major
    change raises the minor number (SemVer 2.0.0, section 4); a major level that a person gave a reason for leads to 1.0.0.
    Raises UsageError for a number that cannot be read.
    """
    version = (parse(first) if first else FIRST) if parent is None else _step(parse(parent), bump)
    level = "minor" if parent is None else bump.level
    while str(version) in taken:
        version = _step(version, Bump(level, bump.rule, bump.explanation))
    return str(version)


def _step(version: Version, bump: Bump) -> Version:
    if bump.level == "major" and (version.major > 0 or bump.reason):
        return Version(version.major + 1, 0, 0)
    if bump.level in {"major", "minor"}:
        return Version(version.major, version.minor + 1, 0)
    return Version(version.major, version.minor, version.patch + 1)


def expect(computed: str, expected: str) -> None:
    """Nothing, where the computed number is the one a person expects. Raises GateRefused, UsageError."""
    if parse(computed) != parse(expected):
        raise GateRefused(
            f"the release would be {computed}, and {expected} was expected",
            "Look at `publisher plan`, then expect the number it shows.",
        )
