"""Python patterns as RE2 patterns. In: a pattern constraint. Out: an RE2 pattern that matches nothing Python would refuse, or None.

frictionless asks `re.match("^" + pattern + "$", cell)`, so `a|b` accepts `ax` and a final newline is let through. What comes
out here may match less (`\\d` becomes ASCII digits), never more; a cell it does not match goes to the exact lane.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from re import _constants as names  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

MAX_REPEAT = 1000
"""RE2's own limit; also a guard against nested repetition that RE2 refuses to compile."""
LARGEST = 400_000
"""Instructions of the largest pattern that is given to RE2, which has room for some more. An ASCII letter is one."""

SHORT = 32
"""Most repeats, within each other, of a pattern that is matched beside others: it has a state for each."""

_CATEGORIES = {
    names.CATEGORY_DIGIT: "0-9",
    names.CATEGORY_WORD: "0-9A-Za-z_",
    names.CATEGORY_SPACE: r"\t\n\f\r ",
}


def matching(pattern: str) -> str | None:
    """RE2 pattern for an unanchored search that succeeds only where frictionless' pattern constraint is fulfilled."""
    try:
        return f"^(?:{_sequence(_tree(pattern), 1)})"
    except (_Untranslatable, re.error, RecursionError, OverflowError):
        return None


def whole(pattern: str) -> str | None:
    """RE2 pattern of the texts that fulfil frictionless' pattern constraint, each as a whole, to be matched beside others; None where there
    is none without anchors or it is long."""
    try:
        first, *tree, last = _tree(pattern)
        text = _sequence(tree, MAX_REPEAT // SHORT)
    except (_Untranslatable, re.error, RecursionError, OverflowError, ValueError):
        return None
    anchored = first[0] is names.AT and last[0] is names.AT and r"\A" not in text and r"\z" not in text
    return text if anchored else None


def _tree(pattern: str) -> Any:
    """What Python asks of a cell. Raises _Untranslatable where RE2 has no room for it, and what Python raises."""
    tree = parser.parse(f"^{pattern}$")
    if _size(tree) > LARGEST:
        raise _Untranslatable
    return tree


def _size(tree: Any) -> int:
    return sum(_size_of(kind, value) for kind, value in tree)


def _size_of(kind: Any, value: Any) -> int:
    """The instructions that RE2 makes, at most, of one part of a pattern: a letter has up to four bytes, and a class ranges of them."""
    if kind in _REPEATS:
        low, high, body = value
        return ((low if high is names.MAXREPEAT else int(high)) + 1) * (_size(body) + 2)
    if kind is names.SUBPATTERN:
        return _size(value[3])
    if kind is names.BRANCH:
        return sum(_size(branch) + 1 for branch in value[1])
    if kind is names.IN:
        return 16 * (len(value) + 1)
    return 16 if kind in (names.ANY, names.NOT_LITERAL) else 4


def any_of(texts: Iterable[str]) -> str:
    """RE2 pattern for a full match with exactly one of the texts."""
    return "|".join("".join(map(_letter, text)) for text in sorted(set(texts)))


def count_repeats(pattern: str) -> int | None:
    """How many repeats of one sign a pattern has, so that a search in n letters takes at most n to the power of that many steps; None
    where a repeat holds something that can itself be matched in several ways, which may take longer than anybody waits.

    `pattern` is one that Python compiles."""
    return _repeats(parser.parse(f"^{pattern}$"))


_SIGNS = (names.LITERAL, names.NOT_LITERAL, names.ANY, names.IN, names.AT, names.CATEGORY)
_REPEATS = tuple(getattr(names, name) for name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"))


def _repeats(tree: Any) -> int | None:
    counts = [_repeats_of(kind, value) for kind, value in tree]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _repeats_of(kind: Any, value: Any) -> int | None:
    if kind in _SIGNS:
        return 0
    if kind in _REPEATS:
        low, high, body = value
        if len(body) == 1 and body[0][0] in _SIGNS:
            return int(low != high)
        inner = _repeats(body)
        return 0 if inner == 0 and low == high and not _branches(body) else None if high != 1 else inner and inner + 1
    if kind is names.SUBPATTERN:
        return _repeats(value[3])
    if kind is names.BRANCH:
        counts = [_repeats(branch) for branch in value[1]]
        return None if None in counts else sum(count or 0 for count in counts)
    if kind in (names.ASSERT, names.ASSERT_NOT):
        return _repeats(value[1])
    return _repeats(value) if kind is names.ATOMIC_GROUP else None


def _branches(tree: Any) -> bool:
    return any(kind is names.BRANCH or (kind is names.SUBPATTERN and _branches(value[3])) for kind, value in tree)


_NUL = r"\x{0}"
"""What stands between the texts that are matched at once, and is in none of them. In one with a pattern of its own it is left to Python."""


class _Untranslatable(Exception):
    """The pattern uses something that RE2 lacks or understands otherwise."""


def _sequence(tree: Any, times: int) -> str:
    return "".join(_node(kind, value, times) for kind, value in tree)


def _node(kind: Any, value: Any, times: int) -> str:
    if kind is names.LITERAL:
        return _letter(chr(value))
    if kind is names.NOT_LITERAL:
        return f"[^{_letter(chr(value))}{_NUL}]"
    if kind is names.ANY:
        return rf"[^\n{_NUL}]"
    if kind is names.AT and value in (names.AT_BEGINNING, names.AT_BEGINNING_STRING):
        return r"\A"
    if kind is names.AT and value in (names.AT_END, names.AT_END_STRING):
        return r"\z"
    if kind is names.IN:
        return _letters(value)
    if kind is names.BRANCH:
        return "(?:" + "|".join(_sequence(branch, times) for branch in value[1]) + ")"
    if kind is names.SUBPATTERN and not value[1] and not value[2]:
        return f"(?:{_sequence(value[3], times)})"
    if kind in (names.MAX_REPEAT, names.MIN_REPEAT):
        return _repeat(value[0], value[1], value[2], times)
    raise _Untranslatable


def _repeat(low: int, high: Any, tree: Any, times: int) -> str:
    bound = low if high is names.MAXREPEAT else int(high)
    times *= max(bound, 1)
    if times > MAX_REPEAT:
        raise _Untranslatable
    upper = "" if high is names.MAXREPEAT else str(high)
    return f"(?:{_sequence(tree, times)}){{{low},{upper}}}"


def _letters(items: Any) -> str:
    negated = items[0][0] is names.NEGATE
    parts = []
    for kind, value in items[negated:]:
        if kind is names.LITERAL:
            parts.append(_letter(chr(value)))
        elif kind is names.RANGE:
            parts.append(f"{_letter(chr(value[0]))}-{_letter(chr(value[1]))}")
        elif kind is names.CATEGORY and value in _CATEGORIES and not negated:
            parts.append(_CATEGORIES[value])
        else:
            raise _Untranslatable
    return f"[{'^' if negated else ''}{''.join(parts)}{_NUL if negated else ''}]"


def _letter(letter: str) -> str:
    if letter.isascii() and letter.isalnum():
        return letter
    if 0xD800 <= ord(letter) <= 0xDFFF:
        raise _Untranslatable
    return f"\\x{{{ord(letter):x}}}"
