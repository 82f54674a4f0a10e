"""The constraint `jsonSchema`. In: a JSON Schema, values. Out: a rule that asks nobody for anything, what a value breaks of it.

A rule refers to itself alone (`#/...`), and its patterns are such as Python finishes: what it is applied to is not known beforehand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from frictionless.platform import platform
from referencing.exceptions import Unresolvable
from referencing.jsonschema import EMPTY_REGISTRY

from publisher.errors import ProjectError
from publisher.validate.patterns import count_repeats

_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
MOST_REPEATS = 2


class JsonRule:
    """A rule that was found fit."""

    def __init__(self, rule: Any) -> None:
        # An empty registry: nothing is looked up anywhere, not even where a reference asks for it.
        self._validator = platform.jsonschema_validators.Draft202012Validator(rule, registry=EMPTY_REGISTRY)

    def fault(self, value: Any) -> str:
        """What is wrong with a value first, "" where nothing is. Raises ProjectError for a rule that refers to nothing, or for ever."""
        try:
            found = next(self._validator.iter_errors(value), None)
        except (Unresolvable, RecursionError) as error:
            raise ProjectError(
                f"a constraint jsonSchema refers to nothing, or to itself without end: {error!s:.100}"
            ) from error
        except (ArithmeticError, ValueError) as error:
            # jsonschema divides by `multipleOf`: no number may come of it where a value is huge, infinite or none
            return f"a number cannot be judged ({error!s:.100})"
        return str(found.message) if found else ""


def check_json_rules(own: Mapping[str, Mapping[str, Any]], where: str) -> None:
    """Raise ProjectError for a rule that is no JSON Schema, refers to another document or has a pattern that may take for ever."""
    for name, constraints in own.items():
        rule = constraints.get("jsonSchema")
        at = f"{where}: field {name!r}, constraint jsonSchema"
        if not isinstance(rule, Mapping | bool):
            raise ProjectError(f"{at} must be an object, found {rule!r:.60}", "Write a JSON Schema.")
        try:
            platform.jsonschema_validators.Draft202012Validator.check_schema(rule)
        except (platform.jsonschema.exceptions.SchemaError, RecursionError, OverflowError) as error:
            raise ProjectError(
                f"{at} is no JSON Schema: {str(error).splitlines()[0]:.200}", "Correct the rule."
            ) from error
        for key, value in _pairs(rule):
            _check_pair(key, value, at)


def _pairs(rule: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(rule, Mapping):
        for key, value in rule.items():
            yield str(key), value
            yield from _pairs(value)
    elif isinstance(rule, list):
        for item in rule:
            yield from _pairs(item)


def _check_pair(key: str, value: Any, at: str) -> None:
    if key in _REFERENCES and not (isinstance(value, str) and value.startswith("#")):
        raise ProjectError(f"{at} refers to {value!r:.80}", "Put what it refers to into the rule, under `$defs`.")
    patterns = [value] if key == "pattern" else list(value) if key == "patternProperties" else []
    for pattern in patterns:
        if isinstance(pattern, str) and not _is_quick(pattern):
            raise ProjectError(
                f"{at}: the pattern {pattern[:80]!r} may take for ever", "Write it without repeats inside repeats."
            )


def _is_quick(pattern: str) -> bool:
    try:
        re.compile(pattern)
        repeats = count_repeats(pattern)
    except (re.error, RecursionError, OverflowError):
        return False
    return repeats is not None and repeats <= MOST_REPEATS
