"""How often something is updated, and how its last update went, in words. In: codes of metadata and of status.json. Out: words."""

from __future__ import annotations

import json

from publisher.site.words import Words, mark

_STATES = {
    "fresh": mark("Up to date"),
    "due": mark("An update is due"),
    "overdue": mark("An update is late"),
    "delinquent": mark("Long out of date"),
    "unscheduled": mark("No date was promised"),
    "published": mark("A new release was published"),
    "unchanged": mark("Nothing had changed"),
    "superseded": mark("Newer data had been published already"),
    "invalid": mark("The data had errors, so nothing was published"),
    "refused": mark("The change was too large to be published unseen"),
    "failed": mark("It failed"),
    "unknown": mark("It is not known whether the release became visible"),
    "timeout": mark("It took too long and was stopped"),
    "crashed": mark("It ended unexpectedly"),
    "errors": mark("Errors by table:"),
}
"""States of a package and outcomes of an attempt, as status.json calls them."""

_FREQUENCIES = {
    "IRREG": mark("Irregular: when something is found or corrected"),
    "DAILY": mark("Daily"),
    "WEEKLY": mark("Weekly"),
    "MONTHLY": mark("Monthly"),
    "QUARTERLY": mark("Every three months"),
    "ANNUAL": mark("Yearly"),
    "NEVER": mark("Not expected"),
}
"""By the codes of the EU's list of frequencies, which accrualPeriodicity may name by its address, too."""
_INTERVALS = {"P1D": "DAILY", "P1W": "WEEKLY", "P7D": "WEEKLY", "P1M": "MONTHLY", "P3M": "QUARTERLY", "P1Y": "ANNUAL"}
"""As ISO 8601 writes them: `R/P1W`."""


def frequency(code: str, words: Words) -> str:
    """How often a package is updated; what it says itself where that is no known code."""
    name = code.rsplit("/", 1)[-1].upper()
    text = _FREQUENCIES.get(_INTERVALS.get(name, name), "")
    return words(text) if text else code


def state_words(words: Words) -> str:
    """What the script calls states and outcomes, as JSON."""
    return json.dumps({name: words(text) for name, text in _STATES.items()}, ensure_ascii=False)
