"""In which languages a package is told. In: a package, settings, a store. Out: its languages, which each release states.

What follows from a release follows from the languages that it states, whatever the settings are of whoever derives it: two projects, or
one with two settings, that publish into one store do not take each other's pages away. Pages of the store as a whole have the languages
of all its packages.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from publisher import layout
from publisher.commit import Head
from publisher.errors import NotFound, UsageError
from publisher.model import Package
from publisher.project import Settings
from publisher.store.base import Store


def speaking(package: Package, settings: Settings) -> Package:
    """The package with the languages of the project where it names none of its own."""
    languages = package.settings.get("languages") or settings.languages
    return replace(package, settings={**package.settings, "languages": list(languages)})


def languages_of(package: Package) -> tuple[str, ...]:
    """The languages of a package that is `speaking`, the main one first."""
    return tuple(package.settings["languages"])


def published_languages(head: Head, settings: Settings) -> tuple[str, ...]:
    """The languages of the latest release; those of the project for one that was made before releases stated theirs."""
    record: Mapping[str, Any] = head.latest.record if head.latest else {}
    return tuple(record.get("languages") or settings.languages)


def joined(languages: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """The languages of several packages in the order of their names, so that nothing hangs on who published last."""
    return tuple(dict.fromkeys(language for its in languages for language in its))


def expect_main_language(store: Store, package: Package, head: Head) -> None:
    """Raise UsageError where the other packages of the store have another main language: its pages have no prefix, and those of the
    store as a whole can be in one language only."""
    main = languages_of(package)[0]
    if head.latest is not None and (head.latest.record.get("languages") or [""])[0] == main:
        return
    others = {name: language for name, language in _main_languages(store) if name != package.name}
    if unlike := [name for name, language in others.items() if language != main]:
        raise UsageError(
            f"{package.name} has {main} as its main language, and {', '.join(unlike[:3])} in {store.url} {others[unlike[0]]}",
            f"Put {others[unlike[0]]} first in `languages`, or publish to a target of its own.",
        )


def _main_languages(store: Store) -> Iterable[tuple[str, str]]:
    """Packages that the store's index names, with the first of their languages."""
    try:
        found = json.loads(store.read(layout.INDEX)[0])["packages"]
        return [(str(item["name"]), str(item["languages"][0])) for item in found if item.get("languages")]
    except (NotFound, ValueError, KeyError, TypeError):
        return []
