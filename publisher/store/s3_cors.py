"""Which pages of other addresses may read a bucket (CORS). In: the bucket's rules. Out: whether ours holds, rules in which it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from publisher import layout

Rule = Mapping[str, Any]
RULE: Rule = {
    "AllowedOrigins": ["*"],
    "AllowedMethods": list(layout.CORS_METHODS),
    "AllowedHeaders": list(layout.CORS_ASKED),
    "ExposeHeaders": list(layout.CORS_SHOWN),
    "MaxAgeSeconds": layout.CORS_SECONDS,
}
_LISTS = ("AllowedMethods", "AllowedHeaders", "ExposeHeaders")


def lets_all_read(rules: Sequence[Rule]) -> bool:
    """Whether the first rule for everybody allows what ours allows: a server looks no further than the first that fits."""
    first = next((rule for rule in rules if "*" in rule.get("AllowedOrigins", ())), None)
    return first is not None and all(_covers(first.get(name, ()), RULE[name]) for name in _LISTS)


def with_ours(rules: Sequence[Rule]) -> list[Rule]:
    """Our rule, then the others."""
    return [RULE, *(rule for rule in rules if {name: rule.get(name) for name in RULE} != RULE)]


def _covers(found: Sequence[str], wanted: Sequence[str]) -> bool:
    names = {name.lower() for name in found}
    return "*" in names or {name.lower() for name in wanted} <= names
